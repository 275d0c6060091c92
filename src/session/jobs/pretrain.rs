//! Stage 1: a language model from a general corpus.

use std::ops::ControlFlow;
use std::path::PathBuf;

use burn::tensor::Device;
use serde_json::{Map, json};

use super::super::control::{Control, Stage};
use super::super::digest::Digest;
use super::super::engine::{JobError, Outcome, start};
use super::super::protocol::{Encoding, Event, Pretrain, TokenizerKind};
use super::card::{Card, count};
use super::load;
use super::outputs::MODEL;
use super::prepare;
use super::work::Work;
use crate::io::{
    Kind, ModelConfig, ModelFiles, OutputDir, Precision, Progress, Splitting, as_stored, documents,
    tensors_of, total_bytes,
};
use crate::model::{Dropouts, LanguageModel, Network as _};
use crate::text::corpus::{Corpus, Encoded, VocabChoice, encode_corpus};
use crate::text::subword::{SubwordConfig, SubwordTrainer};
use crate::text::{Tokenizer, word::WordTokenizer};
use crate::train::defaults::{PRESETS, preset, pretraining};
use crate::train::{evaluate, language_model};

/// Tokens that occur less often are unknown.
const MIN_FREQ: u64 = 3;
/// Share of the documents that is kept aside where no validation text is named.
const HELD_OUT: f64 = 0.01;
/// Text that a subword tokeniser is trained on.
const SUBWORD_TEXT: usize = 50 << 20;

pub async fn run(mut job: Pretrain, control: &mut Control) -> Outcome {
    let names = PRESETS.map(|p| p.name).join(", ");
    let preset = preset(&job.preset).ok_or_else(|| {
        JobError::Usage(format!(
            "there is no preset '{}'; the presets are {names}",
            job.preset
        ))
    })?;
    let resume = std::mem::take(&mut job.resume);
    let overwrite = std::mem::take(&mut job.overwrite);
    let device = start(control, "pretrain", &job.common).await?;
    let inputs = job.corpus.iter().chain(&job.valid).map(PathBuf::as_path);
    let work = Work::open(&job.out, &job, inputs, resume, overwrite)?;
    let started = crate::host::clock::Instant::now();

    let mut arch = preset.arch;
    arch.embedding = job.embedding.unwrap_or(arch.embedding);
    arch.hidden = job.hidden.unwrap_or(arch.hidden);
    arch.layers = job.layers.unwrap_or(arch.layers);
    arch.vocab = job.vocab.unwrap_or(arch.vocab);
    if arch.embedding == 0 || arch.hidden == 0 || arch.layers == 0 || arch.vocab < 16 {
        return Err(JobError::Usage(
            "embedding, hidden and layers must be at least 1, the vocabulary at least 16".into(),
        ));
    }

    let start_model = job.from.as_deref().map(ModelFiles::read).transpose()?;
    if let Some(files) = &start_model {
        files.check_language_model()?;
        job.backward = files.config.backward;
        arch = files.config.architecture;
    }
    let vocab_model = job.vocab_from.as_deref().map(ModelFiles::read).transpose()?;
    let from = start_model.as_ref().or(vocab_model.as_ref());
    let tokenizer = match (from, job.tokenizer) {
        (Some(model), _) => model.tokenizer.clone(),
        (None, TokenizerKind::Word) => Tokenizer::Word(WordTokenizer::new()),
        (None, TokenizerKind::Subword) => subword(control, &job, arch.vocab)?,
    };
    let fixed = match (from, &tokenizer) {
        (Some(model), _) => Some(model.vocab.clone()),
        (None, Tokenizer::Subword(subword)) => {
            Some(subword.vocab().map_err(|e| JobError::Failed(e.to_string()))?)
        }
        (None, Tokenizer::Word(_)) => None,
    };
    let choice = match &fixed {
        Some(vocab) => VocabChoice::Fixed(vocab),
        None => VocabChoice::Build {
            min_freq: MIN_FREQ,
            max_size: arch.vocab,
        },
    };
    let encoded = encode(
        control,
        "tokenize the corpus",
        (&job.corpus, &job.text_columns, job.encoding),
        &tokenizer,
        choice,
        job.max_tokens,
    )?;
    let Encoded { corpus, vocab, stats } = encoded;
    arch.vocab = vocab.len();
    control.note(format!(
        "Corpus: {} documents, {} tokens, {} distinct words; the vocabulary of {} leaves {:.1} % unknown",
        count(stats.documents),
        count(stats.tokens),
        count(stats.distinct),
        count(vocab.len()),
        100.0 * stats.unknown_rate
    ));
    let (corpus, valid) = match &job.valid {
        Some(path) => {
            let choice = VocabChoice::Fixed(&vocab);
            let paths = std::slice::from_ref(path);
            (
                corpus,
                encode(
                    control,
                    "tokenize the validation text",
                    (paths, &job.text_columns, job.encoding),
                    &tokenizer,
                    choice,
                    None,
                )?
                .corpus,
            )
        }
        None => {
            let all: Vec<Vec<u32>> = (0..corpus.documents())
                .map(|i| corpus.document(i).to_vec())
                .collect();
            load::hold_out(&all, HELD_OUT)
        }
    };
    let direction = |c: Corpus| if job.backward { c.reversed() } else { c };
    let (corpus, valid) = (direction(corpus), direction(valid));
    let mut read = Digest::default();
    read.add(bytemuck::cast_slice(corpus.tokens()));
    read.add(bytemuck::cast_slice(valid.tokens()));
    work.reads(&read)?;

    let mut config = pretraining(
        job.epochs,
        job.batch.unwrap_or(preset.batch),
        job.rate.unwrap_or(preset.rate),
        job.drop_mult.unwrap_or(preset.drop_mult),
        job.common.seed,
    );
    config.max_seconds = job.max_minutes.map(|m| m * 60.0);
    let model = match &start_model {
        Some(files) => files.language_model(&device)?,
        None => {
            let mut model = LanguageModel::new(arch, job.common.seed, &device);
            model.start_from_frequencies(corpus.tokens());
            model
        }
    };
    control.note(format!("Model: {} parameters", count(model.parameter_count())));
    let checkpoint = if resume {
        work.checkpoint("pretrain")?
    } else {
        None
    };
    let seconds_before = checkpoint.as_ref().map_or(0.0, |c| c.position.seconds);
    let tokens = corpus.tokens().len();
    prepare::language_model(control, &model, &config).await?;
    let mut stage = Stage::start(control, "pretrain", model.groups(), 0, "steps")
        .with_checkpoint(work.checkpoint_path("pretrain"));
    let valid = (valid.documents() > 0).then_some(valid);
    let model = language_model::train(model, corpus, valid.as_ref(), &config, checkpoint, &mut stage).await?;
    // Windows vary in length about `bptt`, so this is right to a few per cent.
    let seen = stage.steps() as usize * config.batch * config.bptt;
    let seconds = seconds_before + stage.done();

    let parameters = model.parameter_count();
    let mut files = ModelFiles {
        origin: job.out.display().to_string(),
        config: ModelConfig::new(Kind::LanguageModel, arch, job.backward, &tokenizer),
        tokenizer,
        vocab,
        tensors: tensors_of(&model).await?,
        labels: Vec::new(),
    };
    let (measured, precision, quality) = match &valid {
        Some(valid) => {
            let full = evaluate::perplexity(&model, valid, config.bptt).await?.nll.exp();
            let (found, precision) = smallest(&files, valid, config.bptt, full, &device).await?;
            let perplexity = found.nll.exp();
            control.emit(Event::Evaluation {
                stage: "pretrain".into(),
                epoch: job.epochs,
                nll: found.nll,
                perplexity: Some(perplexity),
                error: None,
            });
            let predictions = count(found.predictions);
            let before = format!("{full:.2} before it was stored {}", in_words(precision));
            (
                Some(found),
                precision,
                format!(
                    "{perplexity:.2} ({predictions} predictions; unknown words count as one token; {before})"
                ),
            )
        }
        None => {
            control.warn("The corpus has too few documents to keep some aside, so perplexity was not measured; name texts with `--valid`");
            (None, Precision::F16, "not measured".to_string())
        }
    };
    let seen_before = start_model
        .as_ref()
        .and_then(|files| files.config.training["tokens_seen"].as_u64())
        .unwrap_or(0) as usize;
    let perplexity = measured.as_ref().map(|m| m.nll.exp());
    let corpus_name = job.corpus_name.clone().unwrap_or_else(|| "not named".into());
    let licence = job.corpus_licence.clone().unwrap_or_else(|| "unknown".into());
    let mut training = Map::new();
    for (key, value) in [
        ("corpus", json!(corpus_name)),
        ("licence", json!(licence)),
        ("corpus_tokens", json!(tokens)),
        ("tokens_seen", json!(seen + seen_before)),
        ("epochs", json!(job.epochs)),
        ("seconds", json!(seconds)),
        ("perplexity", json!(perplexity)),
        ("seed", json!(job.common.seed)),
    ] {
        training.insert(key.into(), value);
    }
    files.config.training = training.clone().into();
    let facts = [
        ("Corpus", corpus_name),
        ("Licence of the corpus", licence.clone()),
        ("Tokens in the corpus", count(tokens)),
        (
            "Tokens read in training",
            format!("about {}", count(seen + seen_before)),
        ),
        (
            "Reads",
            if job.backward {
                "from the end".into()
            } else {
                "from the beginning".into()
            },
        ),
        (
            "Sizes",
            format!(
                "embedding {}, hidden {}, {} layers, {} tokens",
                arch.embedding,
                arch.hidden,
                arch.layers,
                count(arch.vocab)
            ),
        ),
        ("Parameters", count(parameters)),
        ("Dropouts", dropouts(&config.dropouts)),
        ("Perplexity on held-out text", quality),
        ("Training time", time(seconds, start_model.as_ref())),
        ("Seed", job.common.seed.to_string()),
    ];
    let card = Card {
        title: "AWD-LSTM language model",
        licence: &licence,
        tags: &["text-generation", "ulmfit", "awd-lstm"],
        summary: "A general-domain language model (stage 1 of ULMFiT), made by `unfreeze pretrain` to be fine-tuned on texts and then on labels.",
        facts: &facts,
        limits: "It repeats what its corpus says and how it says it, biases included. Words outside the vocabulary are unknown to it.",
    };
    let out = OutputDir::create(&job.out, MODEL.if_asked(overwrite))?;
    files.write(out.path(), precision, &card.render())?;
    out.commit()?;
    work.finish(control);
    training.insert("out".into(), json!(job.out));
    training.insert("nll".into(), json!(measured.as_ref().map(|m| m.nll)));
    training.insert(
        "predictions".into(),
        json!(measured.as_ref().map_or(0, |m| m.predictions)),
    );
    training.insert("tokens_per_second".into(), json!(seen as f64 / seconds));
    training.insert(
        "total_seconds".into(),
        json!(seconds_before + started.elapsed().as_secs_f64()),
    );
    Ok(training)
}

fn encode(
    control: &mut Control,
    stage: &str,
    (paths, text_columns, encoding): (&[PathBuf], &[String], Option<Encoding>),
    tokenizer: &Tokenizer,
    vocab: VocabChoice<'_>,
    max_tokens: Option<usize>,
) -> Result<Encoded, JobError> {
    let total = total_bytes(paths)?;
    let progress = Progress::default();
    let docs = documents(paths, Splitting::Articles, text_columns, Some(&progress))?;
    let mut docs = docs.written_in(encoding);
    let mut stage = Stage::start(control, stage, Vec::new(), total, "bytes");
    let encoded = encode_corpus(&mut docs, tokenizer, vocab, max_tokens, &mut |_| {
        stage.progress(progress.bytes(), total);
        if stage.control.stop_asked() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    stage.done();
    for warning in docs.warnings() {
        control.warn(warning.to_string());
    }
    encoded.ok_or_else(|| JobError::Stopped("nothing was written".into()))
}

/// How much perplexity may rise, as a share, for a file that is smaller.
const STORED_LOSS: f64 = 0.005;

/// The smallest way to store the model that costs its held-out perplexity, `full`, next to nothing, and what it measures so.
async fn smallest(
    files: &ModelFiles,
    valid: &Corpus,
    bptt: usize,
    full: f64,
    device: &Device,
) -> Result<(evaluate::Nll, Precision), JobError> {
    let mut found = evaluate::Nll::default();
    for precision in [Precision::MatricesI8, Precision::EmbeddingI8, Precision::F16] {
        let stored = ModelFiles {
            tensors: as_stored(&files.tensors, precision),
            ..files.clone()
        };
        found = evaluate::perplexity(&stored.language_model(device)?, valid, bptt).await?;
        if found.nll.exp() <= full * (1.0 + STORED_LOSS) {
            return Ok((found, precision));
        }
    }
    Ok((found, Precision::F16))
}

fn in_words(precision: Precision) -> &'static str {
    match precision {
        Precision::F32 => "in single precision",
        Precision::F16 => "in half precision",
        Precision::EmbeddingI8 => "with eight bits a number in the embedding and half precision elsewhere",
        Precision::MatricesI8 => "with eight bits a number in its matrices",
    }
}

/// "output 0.01, hidden 0.015, ...", without the noise of binary fractions.
fn dropouts(p: &Dropouts) -> String {
    let parts = [
        ("output", p.output),
        ("hidden", p.hidden),
        ("input", p.input),
        ("embedding", p.embedding),
        ("weights", p.weight),
    ];
    let parts = parts.map(|(name, p)| format!("{name} {}", (f64::from(p) * 1e4).round() / 1e4));
    parts.join(", ")
}

/// "125 minutes", and how long the model that it went on from had trained.
fn time(seconds: f64, before: Option<&ModelFiles>) -> String {
    let minutes = |seconds: f64| format!("{:.0} minutes", seconds / 60.0);
    match before.and_then(|files| files.config.training["seconds"].as_f64()) {
        Some(first) => format!("{}, after {} before", minutes(seconds), minutes(first)),
        None => minutes(seconds),
    }
}

fn subword(control: &mut Control, job: &Pretrain, vocab_size: usize) -> Result<Tokenizer, JobError> {
    let stage = Stage::start(control, "train the subword tokeniser", Vec::new(), 0, "texts");
    let mut trainer = SubwordTrainer::default();
    let mut bytes = 0;
    let documents = documents(&job.corpus, Splitting::Articles, &job.text_columns, None)?;
    for document in documents.written_in(job.encoding) {
        let document = document?;
        bytes += document.len();
        trainer.add(&[document]);
        if bytes >= SUBWORD_TEXT {
            break;
        }
    }
    let config = SubwordConfig {
        vocab_size: job.vocab.map(|_| vocab_size),
        max_vocab: vocab_size,
        ..SubwordConfig::default()
    };
    let subword = trainer
        .train(config)
        .map_err(|e| JobError::Failed(e.to_string()))?;
    stage.done();
    Ok(Tokenizer::Subword(Box::new(subword)))
}

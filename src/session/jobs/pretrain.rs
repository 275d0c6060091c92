//! Stage 1: a language model from a general corpus.

mod report;

use std::ops::ControlFlow;
use std::path::PathBuf;

use serde_json::json;

use super::super::control::{Control, Stage};
use super::super::digest::Digest;
use super::super::engine::{JobError, Outcome, start};
use super::super::protocol::{Encoding, Pretrain, TokenizerKind};
use super::card::count;
use super::load;
use super::outputs::MODEL;
use super::prepare;
use super::work::Work;
use crate::io::{
    Kind, ModelConfig, ModelFiles, OutputDir, Progress, Splitting, documents, tensors_of, total_bytes,
};
use crate::model::{Architecture, LanguageModel, Network as _};
use crate::text::corpus::{Corpus, Encoded, VocabChoice, encode_corpus};
use crate::text::subword::{SubwordConfig, SubwordTokenizer, SubwordTrainer};
use crate::text::vocab::Vocab;
use crate::text::{Tokenizer, word::WordTokenizer};
use crate::train::defaults::{MIN_FREQ, PRESETS, Preset, preset, pretraining};
use crate::train::language_model;
use report::{Quality, Trained, quality};

/// Share of the documents that is kept aside where no validation text is named.
const HELD_OUT: f64 = 0.01;
/// Text that a subword tokeniser is trained on.
const SUBWORD_TEXT: usize = 50 << 20;

pub async fn run(mut job: Pretrain, control: &mut Control) -> Outcome {
    let preset = named(&job.preset)?;
    let resume = std::mem::take(&mut job.resume);
    let overwrite = std::mem::take(&mut job.overwrite);
    let device = start(control, "pretrain", &job.common).await?;
    let inputs = job.corpus.iter().chain(&job.valid).map(PathBuf::as_path);
    let work = Work::open(&job.out, &job, inputs, resume, overwrite)?;
    let started = crate::host::clock::Instant::now();

    let mut arch = sizes(&job, preset.arch)?;
    let start_model = job.from.as_deref().map(ModelFiles::read).transpose()?;
    if let Some(files) = &start_model {
        files.check_language_model()?;
        job.backward = files.config.backward;
        arch = files.config.architecture;
    }
    let vocab_model = job.vocab_from.as_deref().map(ModelFiles::read).transpose()?;
    let from = start_model.as_ref().or(vocab_model.as_ref());
    let (tokenizer, fixed) = tokenizer(control, &job, from, arch.vocab)?;
    let Corpora { corpus, valid, vocab } = corpora(control, &job, &tokenizer, fixed.as_ref(), arch.vocab)?;
    arch.vocab = vocab.len();
    let mut read = Digest::default();
    read.add(bytemuck::cast_slice(corpus.tokens()));
    read.add(bytemuck::cast_slice(valid.tokens()));
    work.reads(&read)?;

    let config = config(&job, &preset);
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

    let mut files = ModelFiles {
        origin: job.out.display().to_string(),
        config: ModelConfig::new(Kind::LanguageModel, arch, job.backward, &tokenizer),
        tokenizer,
        vocab,
        tensors: tensors_of(&model).await?,
        labels: Vec::new(),
    };
    let quality = match &valid {
        Some(valid) => quality(control, &job, (&model, &files), valid, config.bptt, &device).await?,
        None => {
            control.warn("The corpus has too few documents to keep some aside, so perplexity was not measured; name texts with `--valid`");
            Quality::unmeasured()
        }
    };
    let trained = Trained {
        job: &job,
        before: start_model.as_ref(),
        arch,
        parameters: model.parameter_count(),
        dropouts: config.dropouts,
        tokens,
        seen,
        seconds,
        quality: &quality,
    };
    let mut result = trained.record();
    files.config.training = result.clone().into();
    let out = OutputDir::create(&job.out, MODEL.if_asked(overwrite))?;
    files.write(out.path(), quality.precision, &trained.card())?;
    out.commit()?;
    work.finish(control);
    let measured = quality.measured;
    result.insert("out".into(), json!(job.out));
    result.insert("nll".into(), json!(measured.map(|m| m.nll)));
    result.insert("predictions".into(), json!(measured.map_or(0, |m| m.predictions)));
    result.insert("tokens_per_second".into(), json!(seen as f64 / seconds));
    result.insert(
        "total_seconds".into(),
        json!(seconds_before + started.elapsed().as_secs_f64()),
    );
    Ok(result)
}

/// The preset of that name.
fn named(name: &str) -> Result<Preset, JobError> {
    let names = PRESETS.map(|p| p.name).join(", ");
    preset(name)
        .ok_or_else(|| JobError::Usage(format!("there is no preset '{name}'; the presets are {names}")))
}

/// The preset's sizes, where the job has none of its own.
fn sizes(job: &Pretrain, preset: Architecture) -> Result<Architecture, JobError> {
    let sizes = Architecture {
        vocab: job.vocab.unwrap_or(preset.vocab),
        embedding: job.embedding.unwrap_or(preset.embedding),
        hidden: job.hidden.unwrap_or(preset.hidden),
        layers: job.layers.unwrap_or(preset.layers),
    };
    if sizes.embedding == 0 || sizes.hidden == 0 || sizes.layers == 0 || sizes.vocab < 16 {
        return Err(JobError::Usage(
            "embedding, hidden and layers must be at least 1, the vocabulary at least 16".into(),
        ));
    }
    Ok(sizes)
}

/// How texts are cut, and the vocabulary where it does not come of the corpus: that of the model `from` which this one starts from,
/// or of the subwords.
fn tokenizer(
    control: &mut Control,
    job: &Pretrain,
    from: Option<&ModelFiles>,
    most: usize,
) -> Result<(Tokenizer, Option<Vocab>), JobError> {
    if let Some(model) = from {
        return Ok((model.tokenizer.clone(), Some(model.vocab.clone())));
    }
    match job.tokenizer {
        TokenizerKind::Word => Ok((Tokenizer::Word(WordTokenizer::new()), None)),
        TokenizerKind::Subword => {
            let subword = subword(control, job, most)?;
            let vocab = subword.vocab().map_err(|e| JobError::Failed(e.to_string()))?;
            Ok((Tokenizer::Subword(Box::new(subword)), Some(vocab)))
        }
    }
}

/// What is learned from and what perplexity is measured on, as the model reads them.
struct Corpora {
    corpus: Corpus,
    /// Without a document where there are too few.
    valid: Corpus,
    vocab: Vocab,
}

/// Reads the corpus and what is kept aside of it, or the validation text; without a `fixed` vocabulary with one of the corpus's
/// words, `most` at most.
fn corpora(
    control: &mut Control,
    job: &Pretrain,
    tokenizer: &Tokenizer,
    fixed: Option<&Vocab>,
    most: usize,
) -> Result<Corpora, JobError> {
    let choice = match fixed {
        Some(vocab) => VocabChoice::Fixed(vocab),
        None => VocabChoice::Build {
            min_freq: MIN_FREQ,
            max_size: most,
        },
    };
    let encoded = encode(
        control,
        "tokenize the corpus",
        (&job.corpus, &job.text_columns, job.encoding),
        tokenizer,
        choice,
        job.max_tokens,
    )?;
    let Encoded { corpus, vocab, stats } = encoded;
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
                    tokenizer,
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
    Ok(Corpora {
        corpus: direction(corpus),
        valid: direction(valid),
        vocab,
    })
}

/// How to train, as the job or the preset has it.
fn config(job: &Pretrain, preset: &Preset) -> language_model::Config {
    let mut config = pretraining(
        job.epochs,
        job.batch.unwrap_or(preset.batch),
        job.rate.unwrap_or(preset.rate),
        job.drop_mult.unwrap_or(preset.drop_mult),
        job.common.seed,
    );
    config.max_seconds = job.max_minutes.map(|m| m * 60.0);
    config
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

fn subword(control: &mut Control, job: &Pretrain, vocab_size: usize) -> Result<SubwordTokenizer, JobError> {
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
    Ok(subword)
}

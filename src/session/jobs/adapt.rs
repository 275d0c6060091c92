//! Stage 2: the base model fine-tuned on the user's texts.

use std::ops::ControlFlow;

use burn::tensor::Device;
use serde_json::{Map, Number, json};

use super::super::control::{Control, Stage};
use super::super::digest::Digest;
use super::super::engine::{JobError, Outcome, start};
use super::super::protocol::{Adapt, Event, LmOptions};
use super::card::{ADAPTED_LIMITS, count, language_model_card, licence};
use super::load;
use super::observe::{General, Observed};
use super::outputs::MODEL;
use super::prepare;
use super::work::Work;
use crate::io::{
    Error, Kind, ModelConfig, ModelFiles, NamedTensor, OutputDir, Precision, Splitting, Tensors, tensors_of,
};
use crate::model::{Dropouts, LanguageModel, Network as _};
use crate::text::corpus::Corpus;
use crate::text::vocab::{Vocab, transfer};
use crate::text::{Tokenizer, rules};
use crate::train::defaults::{MIN_FREQ, adaptation, regularisation};
use crate::train::find_rate::find_rate;
use crate::train::schedule::lr_finder::LrFinder;
use crate::train::{evaluate, language_model};

/// Most words that get a new row. The decoder's cost grows with the rows, so that a large corpus of new words would make a
/// small model several times slower; these leave few words of most texts unknown.
const MOST_NEW: usize = 8_000;
/// Share of the texts that is kept aside to measure perplexity.
const HELD_OUT: f64 = 0.05;
/// Tokens that are about enough for that: they tell perplexity to some two percent, and more only make the user wait.
const HELD_OUT_TOKENS: f64 = 40_000.0;
/// Of fewer texts none is kept aside: each is a large part of what there is to learn from.
const LEAST_TO_HOLD_OUT: usize = 10;
/// Tokens of a piece of running text that is one long document, or a few.
const PIECE: usize = 500;

/// The base vocabulary with the texts' frequent new words behind it.
///
/// Base words that the texts lack stay: the texts still to be classified will have some of them. Subwords cover any
/// text, so theirs stays as it is.
fn extended(base: &ModelFiles, documents: &[Vec<String>]) -> Result<Vocab, JobError> {
    if matches!(base.tokenizer, Tokenizer::Subword(_)) {
        return Ok(base.vocab.clone());
    }
    let mut counts = std::collections::HashMap::<&str, u64>::new();
    for token in documents.iter().flatten() {
        if base.vocab.get(token).is_none() {
            *counts.entry(token).or_default() += 1;
        }
    }
    let mut new: Vec<(&str, u64)> = counts.into_iter().filter(|&(_, n)| n >= MIN_FREQ).collect();
    new.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let mut tokens = base.vocab.tokens().to_vec();
    tokens.extend(new.into_iter().map(|(word, _)| word.to_string()).take(MOST_NEW));
    while !tokens.len().is_multiple_of(8) {
        tokens.push(crate::text::vocab::FILLER.to_string());
    }
    Vocab::from_tokens(tokens).map_err(|e| JobError::Failed(e.to_string()))
}

/// Embedding and decoder bias for a new vocabulary: the old row of a known word, the mean row of a new one.
fn transferred(base: &ModelFiles, vocab: &Vocab) -> Tensors {
    let map = transfer(&base.vocab, vocab);
    let mut tensors = base.tensors.clone();
    for name in ["0.encoder.weight", "1.decoder.bias"] {
        let Some(old) = base.tensors.get(name) else {
            continue;
        };
        let rows = base.vocab.len();
        let width = old.data.len() / rows;
        let mut mean = vec![0f64; width];
        for row in old.data.chunks_exact(width) {
            mean.iter_mut()
                .zip(row)
                .for_each(|(m, &x)| *m += f64::from(x) / rows as f64);
        }
        let mean: Vec<f32> = mean.iter().map(|&m| m as f32).collect();
        let mut data = Vec::with_capacity(vocab.len() * width);
        for row in &map.rows {
            match row {
                Some(r) => data.extend_from_slice(&old.data[*r as usize * width..][..width]),
                None => data.extend_from_slice(&mean),
            }
        }
        let mut shape = old.shape.clone();
        shape[0] = vocab.len();
        tensors.insert(
            name.to_string(),
            NamedTensor {
                name: name.to_string(),
                shape,
                data,
            },
        );
    }
    tensors
}

/// A language model made ready for texts: vocabulary extended, weights not yet trained.
pub fn prepare(
    control: &Control,
    base: &ModelFiles,
    documents: &[Vec<String>],
) -> Result<ModelFiles, JobError> {
    let vocab = extended(base, documents)?;
    let unknown = |v: &Vocab| 100.0 * v.unknown_rate(documents.iter().flatten());
    control.note(format!(
        "Vocabulary: {} new words get a row; unknown words fall from {:.1} % to {:.1} %",
        count(vocab.len().saturating_sub(base.vocab.len())),
        unknown(&base.vocab),
        unknown(&vocab)
    ));
    Ok(with_vocab(base, vocab))
}

/// The base model with another vocabulary, not trained.
pub fn with_vocab(base: &ModelFiles, vocab: Vocab) -> ModelFiles {
    let mut config = base.config.clone();
    config.architecture.vocab = vocab.len();
    let tensors = transferred(base, &vocab);
    ModelFiles {
        config,
        vocab,
        tensors,
        ..base.clone()
    }
}

/// What adaptation gives.
pub struct Adapted {
    pub files: ModelFiles,
    /// Perplexity on held-out texts, before and after.
    pub perplexity: (f64, f64),
    pub seconds: f64,
}

/// How and where stage 2 is run: all that it takes beside a model and texts.
pub struct Adaptation<'a> {
    /// The stage's name.
    pub stage: &'a str,
    pub options: &'a LmOptions,
    pub seed: u64,
    pub device: &'a Device,
    /// What a run that was interrupted goes on from.
    pub work: &'a Work,
    /// General text, where forgetting is measured.
    pub general: Option<&'a General>,
}

impl Adaptation<'_> {
    /// Fine-tunes a prepared model on documents.
    pub async fn run(
        &self,
        control: &mut Control,
        mut files: ModelFiles,
        documents: &[Vec<String>],
    ) -> Result<Adapted, JobError> {
        let (stage, options) = (self.stage, self.options);
        let mut ids = load::encode(&files.vocab, documents, files.config.backward);
        if let Some(limit) = options.max_tokens {
            keep_first(&mut ids, limit);
        }
        let (corpus, valid) = parts(control, ids, options.keep_best);
        let mut config = config(corpus.tokens().len(), options, self.seed);
        config.report_every = prepare::report_every(self.device, config.report_every);
        let model = files.language_model(self.device)?;
        prepare::language_model(control, &model, &config).await?;
        if options.find_rate {
            config.rate = self.found_rate(control, &model, &corpus, &config).await?;
        }
        let checkpoint = self.work.checkpoint(stage)?;
        let seconds_before = checkpoint.as_ref().map_or(0.0, |c| c.position.seconds);
        // Training measures before its first step and after every epoch; a run that goes on measures no beginning.
        let mut before = None;
        if let (Some(valid), Some(_)) = (&valid, &checkpoint) {
            before = Some(evaluate::perplexity(&model, valid, config.bptt).await?.nll);
        }
        let training = Stage::start(control, stage, model.groups(), 0, "steps")
            .with_checkpoint(self.work.checkpoint_path(stage));
        let mut monitor = Observed::new(training, stage).with_general(self.general);
        let model =
            language_model::train(model, corpus, valid.as_ref(), &config, checkpoint, &mut monitor).await?;
        let measured = monitor.evaluations();
        let seconds = seconds_before + monitor.done();
        let after = match (&valid, measured) {
            // The best epoch need not be the last.
            (Some(valid), _) if config.keep_best => {
                Some(evaluate::perplexity(&model, valid, config.bptt).await?.nll)
            }
            (_, measured) => measured.map(|(_, last)| last.nll),
        };
        let before = before.or(measured.map(|(first, _)| first.nll));
        let [before, after] = [before, after].map(|nll| nll.map_or(f64::NAN, f64::exp));
        if after > before {
            control.note(format!(
                "Held-out texts are read worse after adaptation than before (perplexity {after:.1}, {before:.1} before): so \
                 few texts are soon known by heart; more of them, with or without a label, would help"
            ));
        }
        files.tensors = tensors_of(&model).await?;
        Ok(Adapted {
            files,
            perplexity: (before, after),
            seconds,
        })
    }

    /// The rate that the learning-rate finder suggests, or the configured one. A resumed run takes the one that was found
    /// before.
    async fn found_rate(
        &self,
        control: &mut Control,
        model: &LanguageModel,
        corpus: &Corpus,
        config: &language_model::Config,
    ) -> Result<f64, JobError> {
        let stage = self.stage;
        let name = format!("{stage} rate.json").replace(' ', "-");
        if let Some(kept) = self.work.kept::<Number>(&name)? {
            // Runs that an older version began have kept the rate itself.
            let itself = kept.as_f64().unwrap_or(config.rate);
            return Ok(kept.as_u64().map_or(itself, f64::from_bits));
        }
        let finder = LrFinder::default();
        let total = finder.steps as u64;
        let name_of_stage = format!("{stage}: find the rate");
        let mut sweep = Stage::start(control, &name_of_stage, Vec::new(), total, "steps");
        let mut heard = |done: usize| {
            sweep.progress(done as u64, total);
            if sweep.control.stop_asked() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let curve = find_rate(model, corpus, config, &finder, &mut heard).await?;
        sweep.done();
        let suggestion = curve.suggest(&finder);
        control.note(match suggestion {
            Some(rate) => {
                format!("The learning-rate finder suggests {rate:.2e}, where the loss falls steadily")
            }
            None => format!(
                "The learning-rate finder saw no steady fall; the rate stays {:.2e}",
                config.rate
            ),
        });
        control.emit(Event::RateFinder {
            stage: stage.to_string(),
            points: curve.points().to_vec(),
            suggestion,
        });
        let rate = suggestion.unwrap_or(config.rate);
        // JSON, as it is read here, may lose the last bit, and a checkpoint of another rate is refused.
        self.work.keep(&name, &rate.to_bits())?;
        Ok(rate)
    }
}

/// Leaves the first documents, up to the one that reaches so many tokens.
fn keep_first(ids: &mut Vec<Vec<u32>>, limit: usize) {
    let mut room = limit;
    ids.retain(|d| {
        let keep = room > 0;
        room = room.saturating_sub(d.len());
        keep
    });
}

/// What is learned from, and what is kept aside to measure perplexity, where there are texts enough.
fn parts(control: &Control, ids: Vec<Vec<u32>>, keep_best: bool) -> (Corpus, Option<Corpus>) {
    let tokens: usize = ids.iter().map(Vec::len).sum();
    let held = share_aside(ids.len(), tokens).map(|share| load::hold_out(&ids, share));
    // A token alone has none before it to be predicted from.
    let held = held.filter(|(_, valid)| valid.tokens().len() > 1);
    if let Some((corpus, valid)) = held {
        return (corpus, Some(valid));
    }
    let what = "Too few texts to keep some aside: perplexity is not measured";
    control.warn(if keep_best {
        format!("{what}, and `--keep-best` has nothing to choose by")
    } else {
        what.to_string()
    });
    (Corpus::from_documents(&ids), None)
}

/// How to train on so many tokens, as the options have it.
fn config(tokens: usize, options: &LmOptions, seed: u64) -> language_model::Config {
    let mut config = adaptation(tokens, seed);
    config.epochs = options.epochs.unwrap_or(config.epochs);
    config.rate = options.rate.unwrap_or(config.rate);
    config.batch = options.batch.unwrap_or(config.batch);
    config.bptt = options.bptt.unwrap_or(config.bptt);
    if let Some(drop_mult) = options.drop_mult {
        config.dropouts = Dropouts::LANGUAGE_MODEL.scaled(drop_mult);
        config.regularisation = regularisation(drop_mult);
    }
    config.keep_best = options.keep_best;
    config.sampled_softmax &= !options.full_softmax;
    config
}

/// The share of so many texts that is kept aside, where there are enough: what tells perplexity well, and of few texts, or
/// of few and long ones, still one.
fn share_aside(texts: usize, tokens: usize) -> Option<f64> {
    let enough = HELD_OUT_TOKENS / tokens.max(1) as f64;
    (texts >= LEAST_TO_HOLD_OUT).then(|| HELD_OUT.min(enough).max(1.0 / texts as f64))
}

/// Running text cut into pieces: of a book in one document none could be kept aside.
fn pieces(documents: &[Vec<String>]) -> Vec<Vec<String>> {
    let cut = documents.iter().flat_map(|tokens| tokens.chunks(PIECE));
    cut.map(<[String]>::to_vec).collect()
}

/// Perplexity before and after, for the card.
fn change((before, after): (f64, f64)) -> String {
    if before.is_finite() && after.is_finite() {
        format!("{before:.1} before, {after:.1} after")
    } else {
        "not measured".into()
    }
}

pub async fn run(mut job: Adapt, control: &mut Control) -> Outcome {
    let resume = std::mem::take(&mut job.resume);
    let overwrite = std::mem::take(&mut job.overwrite);
    let device = start(control, "adapt", &job.common).await?;
    load::have(control, job.model.as_deref(), job.backward).await?;
    let base = load::model(control, job.model.as_deref(), job.backward)?;
    let load::Reading { texts, running } = load::reading(control, &job.texts, Splitting::Articles)?;
    if texts.is_empty() {
        let path = job.texts.path.clone();
        return Err(Error::NoTexts { path }.into());
    }
    let work = Work::open(&job.out, &job, job.texts.file(), resume, overwrite)?;
    work.reads(&Digest::of(&texts))?;
    let mut documents = load::tokenize(&base.tokenizer, &texts);
    if running && documents.len() < LEAST_TO_HOLD_OUT {
        if let [text] = texts.as_slice()
            && text.lines().count() > 1
        {
            control.warn("This is read as one running text; where each line is a text of its own, give a table of one column");
        }
        documents = pieces(&documents);
        if base.config.backward {
            // Each is turned round, and they follow one another.
            documents.reverse();
        }
    }
    let prepared = prepare(control, &base, &documents)?;
    let seed = job.common.seed;
    let adaptation = Adaptation {
        stage: "adapt",
        options: &job.lm,
        seed,
        device: &device,
        work: &work,
        general: None,
    };
    let mut adapted = adaptation.run(control, prepared, &documents).await?;
    let tokens: usize = documents.iter().map(Vec::len).sum();
    let (before, after) = adapted.perplexity;
    let mut result = Map::new();
    for (key, value) in [
        ("texts", json!(texts.len())),
        ("tokens", json!(tokens)),
        ("perplexity_before", json!(before)),
        ("perplexity", json!(after)),
        ("seconds", json!(adapted.seconds)),
    ] {
        result.insert(key.into(), value);
    }
    let licence = licence(&base.config.training);
    adapted.files.config.training = json!({ "adapted_from": base.origin, "base": base.config.training, "texts": texts.len(), "result": result, "options": job.lm, "seed": seed });
    let card = language_model_card(
        &licence,
        &[
            ("Adapted from", base.origin.clone()),
            ("Licence of the base model", licence.clone()),
            (
                "Texts",
                format!("{} ({} tokens)", count(texts.len()), count(tokens)),
            ),
            ("Perplexity on held-out texts", change(adapted.perplexity)),
            ("Seed", seed.to_string()),
        ],
        ADAPTED_LIMITS,
    );
    write_language_model(&adapted.files, &job.out, overwrite, &card)?;
    work.finish(control);
    result.insert("out".into(), json!(job.out));
    Ok(result)
}

/// Writes a language model with its card.
pub fn write_language_model(
    files: &ModelFiles,
    out: &std::path::Path,
    overwrite: bool,
    card: &str,
) -> Result<(), JobError> {
    let dir = OutputDir::create(out, MODEL.if_asked(overwrite))?;
    files.write(dir.path(), Precision::F32, card)?;
    dir.commit()?;
    Ok(())
}

/// A language model's files from imported tensors.
pub fn language_model_files(
    origin: String,
    architecture: crate::model::Architecture,
    backward: bool,
    tokenizer: Tokenizer,
    vocab: Vocab,
    tensors: Tensors,
) -> ModelFiles {
    let config = ModelConfig::new(Kind::LanguageModel, architecture, backward, &tokenizer);
    ModelFiles {
        origin,
        config,
        tokenizer,
        vocab,
        tensors,
        labels: Vec::new(),
    }
}

/// The marks that no reader wants to see, for generation.
pub fn is_special(token: &str) -> bool {
    [rules::UNK, rules::PAD, crate::text::vocab::FILLER].contains(&token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_text_is_kept_aside_where_there_are_few() {
        let held = |texts: usize, tokens: usize| {
            let documents = vec![vec![5; tokens]; texts];
            let share = share_aside(texts, texts * tokens)?;
            Some(load::hold_out(&documents, share).1.documents())
        };
        assert_eq!([held(0, 9), held(9, 9)], [None, None]);
        for texts in 10..40 {
            // Short ones, and ones of which one alone is more than enough.
            assert_eq!([held(texts, 9), held(texts, 50_000)], [Some(1); 2], "{texts}");
        }
        assert_eq!(held(400, 9), Some(20));
    }

    #[test]
    fn a_book_has_pieces_to_keep_aside() {
        let book = vec!["word".to_string(); 10 * PIECE + 1];
        let cut = pieces(&[book.clone(), vec!["end".into()]]);
        assert_eq!(cut.len(), 12);
        assert_eq!(cut[..11].concat(), book);
        assert_eq!(cut[11], ["end"]);
    }

    #[test]
    fn the_scale_of_the_dropouts_is_that_of_ar_and_tar_too() {
        let of = |drop_mult| {
            let options = LmOptions {
                drop_mult,
                ..LmOptions::default()
            };
            config(1_000, &options, 1).regularisation
        };
        assert_eq!(
            [of(Some(0.0)), of(Some(0.5)), of(Some(1.0))],
            [(0.0, 0.0), (1.0, 0.5), (2.0, 1.0)]
        );
        assert_eq!(of(None), of(Some(0.3)));
    }

    #[test]
    fn what_was_not_measured_is_not_told_as_a_number() {
        assert_eq!(change((120.04, 60.0)), "120.0 before, 60.0 after");
        assert_eq!(change((f64::NAN, f64::NAN)), "not measured");
    }
}

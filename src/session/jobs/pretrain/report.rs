//! What came of stage 1: how well the model reads as it is stored, and its card.

use burn::tensor::Device;
use serde_json::{Map, Value, json};

use super::super::card::{Card, count};
use crate::io::{ModelFiles, Precision, as_stored};
use crate::model::{Architecture, Dropouts, LanguageModel};
use crate::session::control::Control;
use crate::session::engine::JobError;
use crate::session::protocol::{Event, Pretrain};
use crate::text::corpus::Corpus;
use crate::train::evaluate;

/// How much perplexity may rise, as a share, for a file that is smaller.
const STORED_LOSS: f64 = 0.005;

/// How well the model reads held-out text once it is stored.
pub struct Quality {
    /// `None` where no text is held out.
    pub measured: Option<evaluate::Nll>,
    pub precision: Precision,
    /// The same in words.
    pub told: String,
}

impl Quality {
    /// That of a model that there is no text to measure on.
    pub fn unmeasured() -> Self {
        Self {
            measured: None,
            precision: Precision::F16,
            told: "not measured".to_string(),
        }
    }
}

/// Measures the model on held-out text, and how small it can be stored.
pub async fn quality(
    control: &Control,
    job: &Pretrain,
    (model, files): (&LanguageModel, &ModelFiles),
    valid: &Corpus,
    bptt: usize,
    device: &Device,
) -> Result<Quality, JobError> {
    let full = evaluate::perplexity(model, valid, bptt).await?.nll.exp();
    let (found, precision) = smallest(files, valid, bptt, full, device).await?;
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
    Ok(Quality {
        measured: Some(found),
        precision,
        told: format!(
            "{perplexity:.2} ({predictions} predictions; unknown words count as one token; {before})"
        ),
    })
}

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

/// What came of the training, for the model's card and its configuration.
pub struct Trained<'a> {
    pub job: &'a Pretrain,
    /// The model that it went on from.
    pub before: Option<&'a ModelFiles>,
    pub arch: Architecture,
    pub parameters: usize,
    pub dropouts: Dropouts,
    /// Of the corpus.
    pub tokens: usize,
    /// Tokens that this run read.
    pub seen: usize,
    pub seconds: f64,
    pub quality: &'a Quality,
}

impl Trained<'_> {
    fn corpus_name(&self) -> String {
        self.job.corpus_name.clone().unwrap_or_else(|| "not named".into())
    }

    fn licence(&self) -> String {
        let licence = self.job.corpus_licence.clone();
        licence.unwrap_or_else(|| "unknown".into())
    }

    /// Tokens read in training, by the model that it went on from too.
    fn seen_in_all(&self) -> usize {
        let before = self
            .before
            .and_then(|files| files.config.training["tokens_seen"].as_u64());
        self.seen + before.unwrap_or(0) as usize
    }

    /// What the model's configuration says of it.
    pub fn record(&self) -> Map<String, Value> {
        let perplexity = self.quality.measured.map(|m| m.nll.exp());
        let record = [
            ("corpus", json!(self.corpus_name())),
            ("licence", json!(self.licence())),
            ("corpus_tokens", json!(self.tokens)),
            ("tokens_seen", json!(self.seen_in_all())),
            ("epochs", json!(self.job.epochs)),
            ("seconds", json!(self.seconds)),
            ("perplexity", json!(perplexity)),
            ("seed", json!(self.job.common.seed)),
        ];
        let record = record.into_iter();
        record.map(|(key, value)| (key.to_string(), value)).collect()
    }

    /// Its card.
    pub fn card(&self) -> String {
        let (job, arch, licence) = (self.job, self.arch, self.licence());
        let facts = [
            ("Corpus", self.corpus_name()),
            ("Licence of the corpus", licence.clone()),
            ("Tokens in the corpus", count(self.tokens)),
            (
                "Tokens read in training",
                format!("about {}", count(self.seen_in_all())),
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
            ("Parameters", count(self.parameters)),
            ("Dropouts", dropouts(&self.dropouts)),
            ("Perplexity on held-out text", self.quality.told.clone()),
            ("Training time", time(self.seconds, self.before)),
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
        card.render()
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

//! What is told at the end of an epoch: how much general language was forgotten, and what the classifier says of the
//! texts that are watched.

use std::ops::ControlFlow;

use super::super::control::{Control, Stage};
use super::super::engine::JobError;
use super::super::protocol::{Event, Prediction};
use super::load;
use crate::io::ModelFiles;
use crate::model::classifier::Chunking;
use crate::model::{AwdLstm, Classifier};
use crate::ops::reading::Rounding;
use crate::text::corpus::Corpus;
use crate::text::vocab::FILLER;
use crate::train;
use crate::train::checkpoint::Checkpoint;
use crate::train::defaults::{BPTT, CLASSIFY_BATCH};
use crate::train::evaluate::classify;
use crate::train::forgetting::{Decoder, perplexity};
use crate::train::monitor::{Evaluation, Monitor, Signal, Snapshot, Step};
use crate::train::plan::Plan;

/// Plain encyclopaedic English, an article a paragraph.
const TEXT: &str = include_str!("../../../assets/sample/general.txt");
/// With more unknown words than this, the model was not made for English, and the text says nothing about it.
const MOST_UNKNOWN: f64 = 0.35;
/// Epochs of a classifier from one measurement of forgetting to the next. Its texts may be few and short, and the general text is
/// then more to read than an epoch.
const EVERY: usize = 4;

/// General text as a pretrained model reads it, and how well that model reads it.
pub struct General {
    corpus: Corpus,
    /// Words that the pretrained model knows.
    vocab: usize,
    pretrained: f64,
}

impl General {
    /// Measures the pretrained model; `None`, with a note, where the text is not in its language.
    pub async fn measure(
        control: &Control,
        base: &ModelFiles,
        device: &burn::tensor::Device,
    ) -> Result<Option<Self>, JobError> {
        let articles: Vec<String> = TEXT
            .split("\n\n")
            .map(|article| article.trim().to_string())
            .filter(|article| !article.is_empty())
            .collect();
        let tokens = load::tokenize(&base.tokenizer, &articles);
        let unknown = base.vocab.unknown_rate(tokens.iter().flatten());
        if unknown > MOST_UNKNOWN {
            control.note(format!(
                "Forgetting is not measured: the general text is English, and this model does not know {:.0} % of its words",
                100.0 * unknown
            ));
            return Ok(None);
        }
        let documents = load::encode(&base.vocab, &tokens, base.config.backward);
        let corpus = Corpus::from_documents(&documents);
        let model = base.language_model(device)?;
        // Rows that only fill up the matrix stand for no word, and a longer vocabulary has other ones there.
        let words = base.vocab.tokens().iter().rposition(|t| t != FILLER);
        let vocab = words.map_or(0, |last| last + 1);
        let decoder = Decoder::of(&model, vocab);
        let pretrained = perplexity(&model.encoder, &decoder, &corpus, BPTT).await?;
        Ok(pretrained.is_finite().then_some(Self {
            corpus,
            vocab,
            pretrained,
        }))
    }

    /// The decoder of a language model that came from the pretrained one.
    pub fn decoder(&self, model: &crate::model::LanguageModel) -> Decoder {
        Decoder::of(model, self.vocab)
    }

    async fn event(
        &self,
        stage: &str,
        step: u64,
        (encoder, decoder): (&AwdLstm, &Decoder),
    ) -> Result<Option<Event>, train::Error> {
        let perplexity = perplexity(encoder, decoder, &self.corpus, BPTT).await?;
        // JSON has no infinity.
        Ok(perplexity.is_finite().then(|| Event::Forgetting {
            stage: stage.to_string(),
            step,
            perplexity,
            pretrained: self.pretrained,
        }))
    }
}

/// Texts whose predictions are told, with what they are told by.
pub struct Watched<'a> {
    /// Token ids of each.
    pub documents: &'a [Vec<u32>],
    /// The classes.
    pub labels: &'a [String],
    /// As in training.
    pub chunking: Chunking,
}

impl Watched<'_> {
    async fn event(&self, stage: &str, epoch: usize, model: &Classifier) -> Result<Event, train::Error> {
        let documents: Vec<&[u32]> = self.documents.iter().map(Vec::as_slice).collect();
        let mut go_on = |_| ControlFlow::Continue(());
        let reader = model
            .encoder
            .reader(Rounding::None)
            .await
            .map_err(train::Error::Device)?;
        let found = classify(
            model,
            reader.as_ref(),
            &documents,
            CLASSIFY_BATCH,
            self.chunking,
            &mut go_on,
        )
        .await?;
        let predictions = found.iter().enumerate().map(|(row, p)| Prediction {
            row,
            probabilities: p.iter().map(|&p| p as f32).collect(),
        });
        Ok(Event::Watched {
            stage: stage.to_string(),
            epoch,
            labels: self.labels.to_vec(),
            predictions: predictions.collect(),
        })
    }
}

/// The epochs, from 1, after which other groups train.
fn thaws(plan: &Plan) -> Vec<usize> {
    let mut done = 0;
    let ends = plan.phases.iter().map(|phase| {
        done += phase.epochs;
        done
    });
    let mut ends: Vec<usize> = ends.collect();
    ends.pop();
    ends
}

/// A stage that is measured at the ends of its epochs.
pub struct Observed<'a> {
    stage: Stage<'a>,
    name: String,
    general: Option<&'a General>,
    decoder: Option<Decoder>,
    /// See [`thaws`].
    thaws: Vec<usize>,
    watched: Option<Watched<'a>>,
    /// What was measured first and last on held-out texts.
    evaluations: Option<(Evaluation, Evaluation)>,
}

impl<'a> Observed<'a> {
    pub fn new(stage: Stage<'a>, name: &str) -> Self {
        Self {
            stage,
            name: name.to_string(),
            general: None,
            decoder: None,
            thaws: Vec::new(),
            watched: None,
            evaluations: None,
        }
    }

    /// Measures how much a language model forgets, after every epoch.
    pub fn with_general(mut self, general: Option<&'a General>) -> Self {
        self.general = general;
        self
    }

    /// Measures how much a classifier's encoder forgets under the decoder that it came with: before each thaw of `plan`, after
    /// every fourth epoch and after the last.
    pub fn with_general_under(mut self, general: Option<&'a (General, Decoder)>, plan: &Plan) -> Self {
        self.general = general.map(|(general, _)| general);
        self.decoder = general.map(|(_, decoder)| decoder.clone());
        self.thaws = thaws(plan);
        self
    }

    /// Tells what a classifier says of these texts.
    pub fn with_watched(mut self, watched: Watched<'a>) -> Self {
        self.watched = Some(watched).filter(|w| !w.documents.is_empty());
        self
    }

    /// The measurements on held-out texts that came first and last since this began.
    pub fn evaluations(&self) -> Option<(Evaluation, Evaluation)> {
        self.evaluations
    }

    /// Ends the stage; returns its seconds.
    pub fn done(self) -> f64 {
        self.stage.done()
    }
}

impl Monitor for Observed<'_> {
    fn step(&mut self, step: Step) {
        self.stage.step(step);
    }

    fn single_step(&self) -> bool {
        self.stage.single_step()
    }

    fn evaluation(&mut self, evaluation: Evaluation) {
        let first = self.evaluations.map_or(evaluation, |(first, _)| first);
        self.evaluations = Some((first, evaluation));
        self.stage.evaluation(evaluation);
    }

    async fn epoch(&mut self, epoch: usize, step: u64, model: Snapshot<'_>) -> Result<(), train::Error> {
        let name = &self.name;
        if let Some(general) = self.general {
            let event = match (model, &self.decoder) {
                (Snapshot::LanguageModel(model), _) => {
                    let own = general.decoder(model);
                    general.event(name, step, (&model.encoder, &own)).await?
                }
                (Snapshot::Classifier { model, is_last }, Some(decoder))
                    if is_last || epoch.is_multiple_of(EVERY) || self.thaws.contains(&epoch) =>
                {
                    general.event(name, step, (&model.encoder, decoder)).await?
                }
                (Snapshot::Classifier { .. }, _) => None,
            };
            if let Some(event) = event {
                self.stage.control.emit(event);
            }
        }
        // Before the first step the head says nothing but chance.
        if let (Snapshot::Classifier { model, .. }, Some(watched), 1..) = (model, &self.watched, epoch) {
            let event = watched.event(name, epoch, model).await?;
            self.stage.control.emit(event);
        }
        Ok(())
    }

    async fn signal(&mut self) -> Signal {
        self.stage.signal().await
    }

    fn save(&mut self, checkpoint: Checkpoint) -> Result<(), train::Error> {
        self.stage.save(checkpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::plan::Method;

    #[test]
    fn a_thaw_is_where_other_groups_begin_to_train() {
        let of = |method: Method, epochs| thaws(&method.plan(5, epochs, None));
        assert_eq!(of(Method::Ulmfit, 20), [1, 2, 3, 4]);
        assert_eq!(of(Method::Ulmfit, 2), [1]);
        assert_eq!(of(Method::ChainThaw, 20), [3, 6, 9, 12, 16]);
        assert_eq!(of(Method::Full, 20), [0; 0]);
    }
}

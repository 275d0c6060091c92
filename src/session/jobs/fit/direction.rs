//! Stage 2 for one direction: the language model that a classifier starts from.

use std::path::PathBuf;

use burn::tensor::Device;
use serde_json::{Map, Value, json};

use super::super::adapt::{self, Adaptation, Adapted};
use super::super::load;
use super::super::observe::General;
use super::super::outputs::MODEL;
use super::super::work::{BACKWARD, Work};
use super::data::Data;
use super::report;
use crate::io::{ModelFiles, OutputDir, Precision};
use crate::model::AwdLstm;
use crate::session::control::Control;
use crate::session::engine::JobError;
use crate::session::protocol::Fit;
use crate::train::forgetting::Decoder;

/// One direction's language model and documents.
pub struct Direction {
    /// The language model.
    pub files: ModelFiles,
    /// Its encoder.
    pub encoder: AwdLstm,
    /// The encoder before stage 2.
    pub pretrained: AwdLstm,
    /// The labelled texts.
    pub documents: Vec<Vec<u32>>,
    /// The texts that are watched.
    pub watched: Vec<Vec<u32>>,
    /// General text, where forgetting is measured, and the decoder that reads it on.
    pub general: Option<(General, Decoder)>,
}

/// A stage's name in one direction.
pub fn stage_name(what: &str, backward: bool) -> String {
    if backward {
        format!("{what}{BACKWARD}")
    } else {
        what.to_string()
    }
}

/// What stage 2 is asked for, and where it is run.
#[derive(Clone, Copy)]
pub struct StageTwo<'a> {
    pub job: &'a Fit,
    pub data: &'a Data,
    /// Texts that are read beside the labelled ones.
    pub further: &'a [String],
    pub device: &'a Device,
    pub work: &'a Work,
}

/// Perplexity of held-out texts before and after.
type Perplexity = (f64, f64);

impl StageTwo<'_> {
    /// Stage 2 in the direction of `base`, or that model as it is; a finished one is taken from the work directory. Its seconds
    /// are put into `seconds`.
    pub async fn run(
        &self,
        control: &mut Control,
        base: &ModelFiles,
        seconds: &mut Map<String, Value>,
    ) -> Result<(Direction, Option<Perplexity>), JobError> {
        let Self { job, device, .. } = *self;
        let backward = base.config.backward;
        let pretrained = job.method.plan(2, 1, None).pretrained;
        let general = if job.forgetting && pretrained {
            General::measure(control, base, device).await?
        } else {
            None
        };
        let stage = stage_name("adapt", backward);
        let labelled = load::tokenize(&base.tokenizer, &self.data.texts);
        let kept = Kept::of(self.work, &stage);
        let (files, perplexity) = if job.adapt && crate::host::fs::is_file(&kept.model.join("config.json")) {
            self.taken_up(base, &stage, &kept, seconds)?
        } else {
            let mut documents = labelled.clone();
            documents.extend(load::tokenize(&base.tokenizer, self.further));
            let prepared = adapt::prepare(control, base, &documents)?;
            if job.adapt && pretrained {
                let adaptation = Adaptation {
                    stage: &stage,
                    options: &job.lm,
                    seed: job.common.seed,
                    device,
                    work: self.work,
                    general: general.as_ref(),
                };
                let adapted = adaptation.run(control, prepared, &documents).await?;
                seconds.insert(stage.clone(), json!(adapted.seconds));
                let perplexity = adapted.perplexity;
                (self.keep(adapted, base, &kept)?, Some(perplexity))
            } else {
                (prepared, None)
            }
        };
        let documents = load::encode(&files.vocab, &labelled, backward);
        let watched = load::tokenize(&base.tokenizer, &job.watch);
        let watched = load::encode(&files.vocab, &watched, backward);
        let model = files.language_model(device)?;
        let general = general.map(|general| {
            let decoder = general.decoder(&model);
            (general, decoder)
        });
        let before = adapt::with_vocab(base, files.vocab.clone());
        let pretrained = before.language_model(device)?.encoder;
        let direction = Direction {
            files,
            encoder: model.encoder,
            pretrained,
            documents,
            watched,
            general,
        };
        Ok((direction, perplexity))
    }

    /// What an interrupted run has made of `base`.
    fn taken_up(
        &self,
        base: &ModelFiles,
        stage: &str,
        kept: &Kept,
        seconds: &mut Map<String, Value>,
    ) -> Result<(ModelFiles, Option<Perplexity>), JobError> {
        // JSON has no NaN, which stands for too few texts to measure on.
        let number = |x: Option<f64>| x.unwrap_or(f64::NAN);
        let perplexity = self
            .work
            .kept::<(Option<f64>, Option<f64>)>(&kept.perplexity)?
            .map(|(b, a)| (number(b), number(a)));
        if let Some(before) = self.work.kept::<f64>(&kept.seconds)? {
            seconds.insert(stage.to_string(), json!(before));
        }
        let mut files = ModelFiles::read(&kept.model)?;
        // What it says of itself is for whoever finds it; a run that goes on ends with the same result as one without a break.
        files.config.training.clone_from(&base.config.training);
        Ok((files, perplexity))
    }

    /// Keeps what was made of `base` for a run that goes on, or takes this one's place.
    fn keep(&self, mut adapted: Adapted, base: &ModelFiles, kept: &Kept) -> Result<ModelFiles, JobError> {
        let training = &base.config.training;
        self.work.keep(&kept.perplexity, &adapted.perplexity)?;
        self.work.keep(&kept.seconds, &adapted.seconds)?;
        let dir = OutputDir::create(&kept.model, MODEL)?;
        let second = base.config.backward && self.job.bidirectional;
        adapted.files.config.training = report::adapted(self.job, training, second);
        adapted.files.write(dir.path(), Precision::F32, "")?;
        dir.commit()?;
        adapted.files.config.training.clone_from(training);
        Ok(adapted.files)
    }
}

/// Where the work directory keeps what stage 2 has made in one direction.
struct Kept {
    model: PathBuf,
    /// The file of its perplexities.
    perplexity: String,
    /// The file of its seconds.
    seconds: String,
}

impl Kept {
    fn of(work: &Work, stage: &str) -> Self {
        let stem = stage.replace(' ', "-");
        Self {
            model: work.path(&stem),
            perplexity: format!("{stem}.json"),
            seconds: format!("{stem}-seconds.json"),
        }
    }
}

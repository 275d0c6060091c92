//! Stage 3 for one direction and some of the rows.

use std::cell::Cell;
use std::ops::ControlFlow;

use super::super::observe::{Observed, Watched};
use super::super::prepare;
use super::super::work::Work;
use super::data::Data;
use super::direction::Direction;
use crate::model::classifier::Chunking;
use crate::model::{AwdLstm, Classifier, Dropouts, Network as _};
use crate::ops::reading::Rounding;
use crate::session::control::{Control, Stage};
use crate::session::engine::JobError;
use crate::session::preview;
use crate::session::protocol::Fit;
use crate::train::classifier::{self, Config, Labelled};
use crate::train::defaults;
use crate::train::evaluate::classify;
use crate::train::plan::Plan;
use crate::train::split::{self, Split, class_weights};

/// Everything that training a classifier needs beside its rows.
pub struct Trainer<'a> {
    job: &'a Fit,
    data: &'a Data,
    device: &'a burn::tensor::Device,
    work: &'a Work,
    /// Whether the device has compiled what classifiers need; those of every fold need the same.
    prepared: Cell<bool>,
}

/// The plan that the job describes, for so many layer groups.
pub fn plan(job: &Fit, groups: usize) -> Result<Plan, JobError> {
    preview::plan(job.method, &job.classifier, groups).map_err(|e| JobError::Usage(e.to_string()))
}

/// Checks the schedule's options before any work is done, and says which of them the method has no use for.
pub fn check_shape(control: &Control, job: &Fit) -> Result<(), JobError> {
    let takes = plan(job, 2)?.takes();
    let options = &job.classifier;
    let name = job.method.name();
    if !takes.triangle && (options.cut_frac.is_some() || options.ratio.is_some()) {
        control.warn(format!(
            "`--cut-frac` and `--ratio` change nothing: the method {name} has no slanted triangle of its own to shape"
        ));
    }
    if !takes.factor && options.factor.is_some() {
        control.warn(format!(
            "`--factor` changes nothing: the method {name} has no discriminative rates"
        ));
    }
    Ok(())
}

impl<'a> Trainer<'a> {
    /// For the rows of `data`.
    pub fn new(job: &'a Fit, data: &'a Data, device: &'a burn::tensor::Device, work: &'a Work) -> Self {
        Self {
            job,
            data,
            device,
            work,
            prepared: Cell::new(false),
        }
    }

    /// Chunks and pooled tokens.
    pub fn chunking(&self) -> Chunking {
        let options = &self.job.classifier;
        Chunking {
            bptt: options.bptt.unwrap_or(defaults::BPTT).max(1),
            max_len: options.max_len.unwrap_or(defaults::MAX_LEN).max(1),
        }
    }

    fn config(&self, labels: &[usize], seed: u64) -> Config {
        let options = &self.job.classifier;
        let drop_mult = options.drop_mult.unwrap_or(defaults::CLASSIFIER_DROP_MULT);
        let weights = class_weights(labels, self.data.names.len());
        Config {
            batch: options
                .batch
                .unwrap_or_else(|| defaults::classifier_batch(labels.len())),
            chunking: self.chunking(),
            weight_decay: defaults::WEIGHT_DECAY,
            clip: defaults::CLASSIFIER_CLIP,
            dropouts: Dropouts::CLASSIFIER.scaled(drop_mult),
            drop_mult,
            class_weights: options
                .balance
                .then(|| weights.iter().map(|&w| w as f32).collect()),
            patience: defaults::PATIENCE,
            pretrained: None,
            seed,
            measure_every: 10,
            report_every: prepare::report_every(self.device, 1),
            save_every: 50,
        }
    }

    /// Trains on `rows`; resumes from the work directory's checkpoint if that is of this stage.
    ///
    /// Forgetting is measured where the classifier is `kept`: those of the folds go the same way.
    pub async fn train(
        &self,
        control: &mut Control,
        stage: &str,
        direction: &Direction,
        rows: &[usize],
        (seed, kept): (u64, bool),
    ) -> Result<(Classifier, f64), JobError> {
        let classes = self.data.names.len();
        let plan = plan(self.job, direction.encoder.arch.layers + 2)?;
        let encoder = if plan.pretrained {
            direction.encoder.clone()
        } else {
            AwdLstm::new(direction.encoder.arch, seed, self.device)
        };
        let pooling = self.job.classifier.pooling.unwrap_or(defaults::POOLING);
        let model = Classifier::new(encoder, classes, pooling, seed, self.device);
        let pick = |rows: &[usize]| -> (Vec<&[u32]>, Vec<usize>) {
            (
                rows.iter().map(|&r| direction.documents[r].as_slice()).collect(),
                rows.iter().map(|&r| self.data.labels[r]).collect(),
            )
        };
        // Methods that stop early watch a part of their own training rows, never the rows that the estimate is made on.
        let labels: Vec<usize> = rows.iter().map(|&r| self.data.labels[r]).collect();
        let watched = defaults::is_watched(&plan, rows.len()).then(|| {
            let all = self.data.groups();
            let groups: Vec<u64> = rows.iter().map(|&r| all[r]).collect();
            split::hold_out(&labels, Some(&groups), defaults::WATCHED, seed)
        });
        let (train_rows, valid_rows) = match &watched {
            Some(split) => {
                let map = |part: &[usize]| part.iter().map(|&i| rows[i]).collect::<Vec<_>>();
                (map(&split.train), map(&split.valid))
            }
            None => (rows.to_vec(), Vec::new()),
        };
        let (documents, labels) = pick(&train_rows);
        let (valid_documents, valid_labels) = pick(&valid_rows);
        let valid = (!valid_rows.is_empty()).then_some(Labelled {
            documents: &valid_documents,
            labels: &valid_labels,
        });
        let mut config = self.config(&labels, seed);
        config.pretrained = plan.pretrained.then(|| direction.pretrained.clone());
        let checkpoint = self.work.checkpoint(stage)?;
        let before = checkpoint.as_ref().map_or(0.0, |c| c.position.seconds);
        if !self.prepared.replace(true) {
            prepare::classifier(control, &model, plan.adam, &config).await?;
        }
        let training = Stage::start(control, stage, model.groups(), 0, "steps")
            .with_checkpoint(self.work.checkpoint_path(stage));
        let general = direction.general.as_ref().filter(|_| kept);
        let mut monitor = Observed::new(training, stage)
            .with_general_under(general, &plan)
            .with_watched(Watched {
                documents: &direction.watched,
                labels: &self.data.names,
                chunking: self.chunking(),
            });
        let data = Labelled {
            documents: &documents,
            labels: &labels,
        };
        let model = classifier::train(model, data, valid, &plan, &config, checkpoint, &mut monitor).await?;
        let seconds = before + monitor.done();
        Ok((model, seconds))
    }

    /// What a classifier that was trained on a split's one part says of the other, `[rows][classes]`, and the seconds of its
    /// training. An interrupted run takes over what it has kept.
    pub async fn held_out(
        &self,
        control: &mut Control,
        stage: &str,
        direction: &Direction,
        split: &Split,
        seed: u64,
    ) -> Result<(Vec<Vec<f64>>, f64), JobError> {
        let stem = stage.replace(' ', "-");
        let (name, took) = (format!("{stem}.json"), format!("{stem}-seconds.json"));
        if let Some(kept) = self.work.kept(&name)? {
            return Ok((kept, self.work.kept(&took)?.unwrap_or_default()));
        }
        let (model, seconds) = self
            .train(control, stage, direction, &split.train, (seed, false))
            .await?;
        let documents = split.valid.iter().map(|&row| direction.documents[row].as_slice());
        let documents: Vec<&[u32]> = documents.collect();
        let reader = (model.encoder.reader(Rounding::None).await).map_err(JobError::Failed)?;
        let found = classify(
            &model,
            reader.as_ref(),
            &documents,
            defaults::CLASSIFY_BATCH,
            self.chunking(),
            &mut |_| ControlFlow::Continue(()),
        )
        .await?;
        self.work.keep(&took, &seconds)?;
        self.work.keep(&name, &found)?;
        Ok((found, seconds))
    }
}

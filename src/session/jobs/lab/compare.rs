//! Every way of training in its turn, measured on the same splits.

use burn::tensor::Device;
use serde_json::{Map, Value};

use super::super::fit::{Data, Direction, StageTwo, Trainer, chance, estimate};
use super::super::work::Work;
use super::{Found, Said};
use crate::host::clock::Instant;
use crate::io::ModelFiles;
use crate::session::control::Control;
use crate::session::engine::JobError;
use crate::session::protocol::{Compared, Event, Fit, Lab, LeftOut, Way};
use crate::train::split::Split;

/// The stage around those of all classifiers.
const STAGE: &str = "lab";

/// What the ways are trained and measured on.
pub struct Comparison<'a> {
    pub job: &'a Lab,
    pub data: &'a Data,
    /// Texts that stage 2 reads beside the labelled ones.
    pub further: &'a [String],
    pub splits: &'a [Split],
    /// What counting words says of the texts that are held out.
    pub words: Option<&'a Said>,
    /// The language model that the ways start from.
    pub base: &'a ModelFiles,
    /// One that has read the texts, for the ways with stage 2.
    pub adapted: Option<&'a ModelFiles>,
    pub device: &'a Device,
    pub work: &'a Work,
}

impl Comparison<'_> {
    /// Trains and measures every way, each as its `fit` says. The seconds of stage 2 are put into `seconds`.
    pub async fn run(
        &self,
        control: &mut Control,
        ways: &[Way],
        fits: &[Fit],
        seconds: &mut Map<String, Value>,
    ) -> Result<Found, JobError> {
        let Self {
            data, splits, work, ..
        } = *self;
        let mut directions: [Option<Direction>; 2] = [None, None];
        let mut progress = Progress::start(control, ways.len() * splits.len());
        let mut found = Found::default();
        for (&way, fit) in ways.iter().zip(fits) {
            // Stage 2 is the same for every way that has it; the others start from the language model as it is.
            let direction = &mut directions[usize::from(way.adapt)];
            if direction.is_none() {
                *direction = Some(self.direction(control, way, fit, seconds).await?);
            }
            let Some(direction) = direction else { continue };
            let gone = format!("{}-left-out.json", way.name());
            if let Some(left_out) = work.kept::<LeftOut>(&gone)? {
                progress.skip(splits.len());
                found.leave_out(control, left_out);
                continue;
            }
            let trainer = Trainer::new(fit, data, self.device, work);
            let seed = self.job.common.seed;
            let said = out_of_sample(control, &trainer, direction, (way, seed), splits, &mut progress);
            match said.await {
                Ok(said) => self.measure(control, way, said, &mut found)?,
                // The others are worth measuring all the same, where there is something to judge them against.
                Err(JobError::Diverged { message, .. }) if !found.rows.is_empty() => {
                    let way = way.name().to_string();
                    let left_out = LeftOut { way, message };
                    // It would only diverge again, over the checkpoint of what comes after it.
                    work.keep(&gone, &left_out)?;
                    found.leave_out(control, left_out);
                }
                Err(error) => return Err(error),
            }
        }
        progress.done(control);
        Ok(found)
    }

    /// The language model that a way starts from, as stage 2 leaves it where the way has that.
    async fn direction(
        &self,
        control: &mut Control,
        way: Way,
        fit: &Fit,
        seconds: &mut Map<String, Value>,
    ) -> Result<Direction, JobError> {
        let stage_two = StageTwo {
            job: fit,
            data: self.data,
            // What has no stage 2 takes no words from texts without labels either, as in `train`.
            further: if fit.adapt { self.further } else { &[] },
            device: self.device,
            work: self.work,
        };
        let base = self.adapted.filter(|_| way.adapt).unwrap_or(self.base);
        let (direction, _) = stage_two.run(control, base, seconds).await?;
        Ok(direction)
    }

    /// Adds a way by what its classifiers said and how long they took to train; behind the first one the baselines.
    fn measure(
        &self,
        control: &Control,
        way: Way,
        (said, took): (Said, f64),
        found: &mut Found,
    ) -> Result<(), JobError> {
        let measured = Measured {
            data: self.data,
            splits: self.splits,
            first: found.rows.first().map(|(_, said)| said),
        };
        let mut new = vec![(measured.row(way.name(), &said, took)?, said)];
        if found.rows.is_empty() {
            let measured = Measured {
                first: Some(&new[0].1),
                ..measured
            };
            let baselines = measured.baselines(self.words)?;
            new.extend(baselines);
        }
        for (row, _) in &new {
            control.emit(Event::Compared(row.clone()));
        }
        found.rows.extend(new);
        Ok(())
    }
}

impl Found {
    fn leave_out(&mut self, control: &Control, left_out: LeftOut) {
        control.emit(Event::LeftOut(left_out.clone()));
        self.left_out.push(left_out);
    }
}

/// What classifiers of one way say of the labelled texts that they had not seen, `[rows][classes]`, and the seconds of their
/// training.
async fn out_of_sample(
    control: &mut Control,
    trainer: &Trainer<'_>,
    direction: &Direction,
    (way, seed): (Way, u64),
    splits: &[Split],
    progress: &mut Progress,
) -> Result<(Said, f64), JobError> {
    let (mut said, mut took) = (vec![Vec::new(); direction.documents.len()], 0.0);
    for (fold, split) in splits.iter().enumerate() {
        let stage = stage(way, fold, splits.len());
        let seed = seed.wrapping_add(1 + fold as u64);
        let found = trainer.held_out(control, &stage, direction, split, seed).await;
        let (probabilities, seconds) = match found {
            Ok(found) => found,
            Err(error) => {
                progress.skip(splits.len() - fold);
                return Err(error);
            }
        };
        for (&row, p) in split.valid.iter().zip(probabilities) {
            said[row] = p;
        }
        took += seconds;
        progress.advance(control, seconds);
    }
    Ok((said, took))
}

/// The stage of one classifier.
fn stage(way: Way, fold: usize, folds: usize) -> String {
    let name = way.name();
    if folds == 1 {
        name.to_string()
    } else {
        format!("{name} fold {} of {folds}", fold + 1)
    }
}

/// Says of every text that is held out what most of the others are.
fn most_frequent(data: &Data, splits: &[Split]) -> Said {
    let mut said = vec![vec![0.0; data.names.len()]; data.labels.len()];
    for split in splits {
        let mut counts = vec![0; data.names.len()];
        split.train.iter().for_each(|&row| counts[data.labels[row]] += 1);
        let most = counts
            .iter()
            .max()
            .and_then(|most| counts.iter().position(|n| n == most));
        for &row in &split.valid {
            said[row][most.unwrap_or_default()] = 1.0;
        }
    }
    said
}

/// What a way is measured by.
#[derive(Clone, Copy)]
struct Measured<'a> {
    data: &'a Data,
    splits: &'a [Split],
    /// What the first way said.
    first: Option<&'a Said>,
}

impl Measured<'_> {
    /// The rows that are no way of training.
    fn baselines(&self, words: Option<&Said>) -> Result<Vec<(Compared, Said)>, JobError> {
        let guess = most_frequent(self.data, self.splits);
        let said = words.map(|said| (Compared::TFIDF, said)).into_iter();
        said.chain([(Compared::MOST_FREQUENT, &guess)])
            .map(|(name, said)| Ok((self.row(name, said, 0.0)?, said.clone())))
            .collect()
    }

    fn row(&self, way: &str, said: &Said, seconds: f64) -> Result<Compared, JobError> {
        let report = estimate(self.data, self.splits, said)?
            .ok_or_else(|| JobError::Failed("no label was held out to measure on".into()))?;
        Ok(Compared {
            way: way.to_string(),
            what: Compared::describe(way),
            error: report.error,
            error_low: report.error_interval.low,
            error_high: report.error_interval.high,
            p: self
                .first
                .map(|first| chance(self.data, self.splits, first, said)),
            seconds,
        })
    }
}

/// How many classifiers of all are trained.
struct Progress {
    done: u64,
    total: u64,
    since: Instant,
    /// Seconds of training, those of an interrupted run included: stage 2 comes once, and says nothing of the rest.
    trained: f64,
}

impl Progress {
    fn start(control: &Control, total: usize) -> Self {
        let total = total as u64;
        control.emit(Event::StageStarted {
            stage: STAGE.into(),
            groups: Vec::new(),
            total,
            unit: "classifiers".into(),
        });
        Self {
            done: 0,
            total,
            since: Instant::now(),
            trained: 0.0,
        }
    }

    /// So many are not trained after all.
    fn skip(&mut self, classifiers: usize) {
        self.total -= (classifiers as u64).min(self.total);
    }

    fn advance(&mut self, control: &Control, seconds: f64) {
        self.done += 1;
        self.trained += seconds;
        let per_second = self.done as f64 / self.trained.max(1e-9);
        control.emit(Event::Progress {
            stage: STAGE.into(),
            done: self.done,
            total: self.total,
            per_second,
            seconds_left: Some((self.total - self.done) as f64 / per_second),
        });
    }

    fn done(self, control: &Control) {
        control.emit(Event::StageDone {
            stage: STAGE.into(),
            seconds: self.since.elapsed().as_secs_f64(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guessing_knows_the_labels_of_the_training_part_alone() {
        let data = Data {
            rows: (0..5).collect(),
            texts: vec!["text".into(); 5],
            labels: vec![1, 1, 0, 0, 0],
            names: ["a", "b"].map(String::from).to_vec(),
            fields: 1,
            ..Data::default()
        };
        let splits = [
            Split {
                train: vec![0, 1, 2],
                valid: vec![3, 4],
            },
            Split {
                train: vec![2, 3, 4],
                valid: vec![0],
            },
        ];
        let said = most_frequent(&data, &splits);
        assert_eq!(said[3], [0.0, 1.0]);
        assert_eq!(said[0], [1.0, 0.0]);
        let measured = Measured {
            data: &data,
            splits: &splits,
            first: None,
        };
        let row = measured.row("guess", &said, 0.0).unwrap();
        assert_eq!((row.error, row.p), (1.0, None));
        assert!(row.error_low < 1.0);
        let measured = Measured {
            first: Some(&said),
            ..measured
        };
        assert_eq!(measured.row("guess", &said, 0.0).unwrap().p, Some(1.0));
    }
}

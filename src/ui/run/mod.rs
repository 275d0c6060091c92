//! A run as a fold over the engine's events: what the Train screen draws and what can be scrubbed.
//!
//! An event costs the same however long the run is, and the memory of a run is bounded: numbers go into [`Series`] and the
//! events themselves are not kept. A [`Record`] can be written to the project and laid over a later one.

pub mod bounds;
pub mod kept;
pub mod left;
mod record;
pub mod series;
pub mod stage;
#[cfg(test)]
mod tests;

pub use record::{Outcome, Playhead, Recipe, Record, Share, Status, words};
pub use series::Series;
pub use stage::{Kind, Stage, read_backward};

use crate::session::Event;

/// What the engine was told and has not answered yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asked {
    /// Nothing.
    #[default]
    Nothing,
    /// To hold.
    Pause,
    /// To end.
    Stop,
}

/// What the next job that begins is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Expected {
    #[default]
    Nothing,
    Training,
    /// The finished model measured on the labels that were kept aside.
    Measuring,
    /// One that is not about this run: every text is classified.
    Other,
}

/// The run that is going on or was last, and those before it.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// The run that is going on, or the last one.
    pub record: Record,
    /// Earlier runs, oldest first.
    pub earlier: Vec<Record>,
    /// What the engine was told and has not answered yet.
    pub asked: Asked,
    expected: Expected,
    /// The job that the engine works on.
    job: Option<String>,
    /// That job is none of this project's: nothing of it is shown.
    elsewhere: bool,
    runs: usize,
    /// It ended, well or not, and nobody has looked since.
    unseen: bool,
}

/// Earlier runs that are kept.
const MOST_EARLIER: usize = 8;
const MOST_STAGES: usize = 128;
const MOST_NOTES: usize = 32;

/// Jobs that train a classifier.
const TRAINING: [&str; 3] = ["fit", "train", "demo"];

impl Run {
    /// A training job is about to be sent. The run before it, if it came to anything, becomes an earlier one.
    pub fn begin(&mut self, recipe: Recipe, watch: Vec<String>) {
        self.renew();
        self.record.recipe = recipe;
        self.record.watch = watch;
        self.record.status = Status::Starting;
        self.expected = Expected::Training;
    }

    /// The job of this record is about to be sent again, to go on from its checkpoint.
    pub fn resume(&mut self) {
        self.record.status = Status::Starting;
        (self.asked, self.unseen) = (Asked::Nothing, false);
        self.expected = Expected::Training;
    }

    /// The finished model is about to be measured on labels that were kept aside.
    pub fn measure(&mut self) {
        self.expected = Expected::Measuring;
    }

    /// A job that is not about this run was sent: until it has begun nothing else may be sent, since the engine would
    /// refuse it.
    pub fn occupy(&mut self) {
        self.expected = Expected::Other;
    }

    /// The job could not be sent.
    pub fn fail(&mut self, message: impl Into<String>) {
        (self.expected, self.unseen) = (Expected::Nothing, true);
        self.record.status = Status::Failed {
            message: message.into(),
            device: None,
            diverged: None,
        };
    }

    /// Another project is open from now on, whose last run had this number. What the engine still does for the one before
    /// keeps it busy until it ends, and is not shown.
    pub fn change_project(&mut self, last: usize) {
        let elsewhere = self.busy();
        *self = Self {
            elsewhere,
            job: self.job.take(),
            runs: last,
            ..Self::default()
        };
    }

    /// The runs that the project kept, in any order: the latest is shown again, unless another has begun since.
    pub fn restore(&mut self, mut records: Vec<Record>) {
        records.sort_by_key(|record| record.number);
        for record in &mut records {
            record.interrupted();
        }
        if self.record.status == Status::Idle
            && let Some(last) = records.pop()
        {
            self.record = last;
        }
        records.append(&mut self.earlier);
        records.drain(..records.len().saturating_sub(MOST_EARLIER));
        self.earlier = records;
    }

    /// The run of this number, which was read from the project, ended well when nobody listened. What it showed at its end
    /// is not known.
    pub fn ended_unheard(&mut self, number: usize, outcome: Outcome) {
        let record = &self.record;
        if record.number == number && !record.status.active() && record.outcome.is_none() {
            self.record.outcome = Some(outcome);
            self.record.status = Status::Done;
            self.note(
                "Nobody listened when this run ended, for the window was closed or showed another project: the drawing stops where \
                 it was kept last, the classifier is whole."
                    .into(),
            );
        }
    }

    /// Whether the run has ended, well or not, and nobody has looked since.
    pub fn is_unseen(&self) -> bool {
        self.unseen
    }

    /// The user looks at it.
    pub fn seen(&mut self) {
        self.unseen = false;
    }

    /// Whether the engine works on something.
    pub fn busy(&self) -> bool {
        self.job.is_some() || self.elsewhere || self.expected != Expected::Nothing
    }

    /// Whether the engine still works for what was open before.
    pub fn is_elsewhere(&self) -> bool {
        self.elsewhere
    }

    /// Whether the finished model is being measured on the labels that were kept aside.
    pub fn measuring(&self) -> bool {
        self.expected == Expected::Measuring
    }

    /// Whether training goes on, or holds.
    pub fn is_running(&self) -> bool {
        self.record.status.active()
    }

    /// The job that keeps the engine busy, where it is none of this run's.
    pub fn other_job(&self) -> Option<&str> {
        self.job.as_deref().filter(|_| !self.record.status.active())
    }

    /// Whether the engine compares methods for the project that is open.
    pub fn compares(&self) -> bool {
        !self.elsewhere && self.job.as_deref() == Some("lab")
    }

    fn renew(&mut self) {
        let last = std::mem::take(&mut self.record);
        if last.stages.iter().any(Stage::trains) {
            if self.earlier.len() >= MOST_EARLIER {
                self.earlier.remove(0);
            }
            self.earlier.push(last);
        }
        self.runs += 1;
        self.record.number = self.runs;
        (self.asked, self.unseen) = (Asked::Nothing, false);
    }

    /// Takes in the next event.
    pub fn push(&mut self, event: Event) {
        if self.elsewhere {
            if event.ends_a_job() {
                (self.elsewhere, self.job) = (false, None);
            }
            return;
        }
        match event {
            Event::Started {
                job, device, seed, ..
            } => self.started(job, device, seed),
            Event::Done { job, result } => {
                self.job = None;
                if self.training() {
                    self.record.outcome = Some(Outcome::of(&result));
                    self.end(Status::Done);
                } else if self.expected == Expected::Measuring && job == "evaluate" {
                    self.expected = Expected::Nothing;
                    if let Some(outcome) = &mut self.record.outcome {
                        outcome.aside = Share::of(&result, "", "rows");
                    }
                } else if self.expected == Expected::Other {
                    self.expected = Expected::Nothing;
                }
            }
            Event::Stopped { message } => self.ended(Status::Stopped { message }),
            Event::Failed {
                message,
                device,
                diverged,
                ..
            } => self.ended(Status::Failed {
                message,
                device,
                diverged,
            }),
            Event::Warning { message } if self.expected == Expected::Training && self.job.is_some() => {
                // The engine does one job at a time and has refused this one.
                self.fail(format!("{message} (it is busy with another job)"));
            }
            Event::Warning { .. } if self.expected == Expected::Measuring && self.other_than("evaluate") => {
                // Refused as well: no answer will come. A job that ends without refusing it makes room for it.
                self.expected = Expected::Nothing;
                self.unmeasured("the engine was busy with another job");
            }
            event if self.training() => self.fold(event),
            _ => {}
        }
    }

    /// Whether events are of a training run: it has begun, or is the next to begin.
    fn training(&self) -> bool {
        self.record.status.active() && (self.job.is_some() || self.expected == Expected::Nothing)
    }

    /// Whether the engine works on something else than this job.
    fn other_than(&self, job: &str) -> bool {
        self.job.as_deref().is_some_and(|now| now != job)
    }

    fn started(&mut self, job: String, device: String, seed: u64) {
        let training = TRAINING.contains(&job.as_str());
        if training {
            // A run that another part of the program began.
            if self.expected != Expected::Training {
                self.renew();
            }
            self.expected = Expected::Nothing;
            self.record.device = device;
            self.record.seed = seed;
            self.record.status = Status::Running;
        } else if self.expected == Expected::Other {
            self.expected = Expected::Nothing;
        }
        self.job = Some(job);
    }

    fn ended(&mut self, status: Status) {
        let of_this_run = self.training() || self.expected == Expected::Training && self.job.is_none();
        self.job = None;
        if of_this_run {
            self.end(status);
        } else if self.expected == Expected::Measuring {
            self.expected = Expected::Nothing;
            if let Status::Failed { message, device, .. } = status {
                self.unmeasured(&words(message, device));
            }
        } else if self.expected == Expected::Other {
            self.expected = Expected::Nothing;
        }
    }

    /// The finished model is not measured on the labels that were kept aside: says why.
    pub fn leave_unmeasured(&mut self, why: &str) {
        self.note(why.into());
    }

    fn unmeasured(&mut self, why: &str) {
        self.note(format!("The labels kept aside could not be measured: {why}"));
    }

    fn end(&mut self, status: Status) {
        self.expected = Expected::Nothing;
        self.asked = Asked::Nothing;
        self.unseen = matches!(status, Status::Done | Status::Failed { .. });
        self.record.status = status;
        if let Some(stage) = self.record.stages.last_mut() {
            stage.seconds_left = None;
        }
    }

    fn note(&mut self, sentence: String) {
        let notes = &mut self.record.notes;
        if notes.len() >= MOST_NOTES {
            notes.remove(0);
        }
        notes.push(sentence);
    }

    /// The stage of that name; a new one where there is none.
    fn stage(&mut self, name: &str) -> Option<&mut Stage> {
        let stages = &mut self.record.stages;
        // Nearly always the last one.
        let at = match stages.iter().rposition(|s| s.name == name) {
            Some(at) => at,
            None if stages.len() < MOST_STAGES => {
                stages.push(Stage::new(name));
                stages.len() - 1
            }
            None => return None,
        };
        stages.get_mut(at)
    }

    fn fold(&mut self, event: Event) {
        match event {
            Event::StageStarted {
                stage,
                groups,
                total,
                unit,
            } => {
                if let Some(stage) = self.stage(&stage) {
                    stage.name_groups(&groups);
                    stage.total = stage.total.max(total);
                    stage.unit = unit;
                    stage.seconds = None;
                }
            }
            Event::Progress {
                stage,
                done,
                total,
                per_second,
                seconds_left,
            } => {
                if let Some(stage) = self.stage(&stage) {
                    (stage.done, stage.total) = (done, total);
                    stage.pace(per_second, seconds_left);
                }
            }
            Event::Step {
                stage,
                step,
                total,
                epoch,
                loss,
                cross_entropy,
                ar,
                tar,
                groups,
                tokens_per_second,
                seconds_left,
            } => {
                if let Some(stage) = self.stage(&stage) {
                    stage.step(&stage::Step {
                        step,
                        total,
                        epoch,
                        loss,
                        cross_entropy,
                        ar,
                        tar,
                        groups: &groups,
                    });
                    stage.pace(tokens_per_second, Some(seconds_left));
                }
            }
            Event::Evaluation {
                stage,
                epoch,
                nll,
                perplexity,
                error,
            } => {
                if let Some(stage) = self.stage(&stage) {
                    let step = stage.done;
                    stage.measure(stage::Measured {
                        epoch,
                        step,
                        nll,
                        perplexity,
                        error,
                    });
                }
            }
            Event::Forgetting {
                stage,
                step,
                perplexity,
                pretrained,
            } => {
                if let Some(stage) = self.stage(&stage) {
                    stage.forgetting.push(step, perplexity);
                    stage.pretrained = Some(pretrained).filter(|p| p.is_finite());
                }
            }
            Event::Watched {
                stage,
                epoch,
                labels,
                predictions,
            } => {
                if let Some(stage) = self.stage(&stage) {
                    stage.labels = labels;
                    let step = stage.done;
                    stage.say(stage::Said {
                        epoch,
                        step,
                        predictions,
                    });
                }
            }
            Event::OutOfSample {
                labels, predictions, ..
            } => {
                self.record.labels = labels;
                self.record.out_of_sample = predictions;
            }
            Event::StageDone { stage, seconds } => {
                if let Some(stage) = self.stage(&stage) {
                    stage.seconds = Some(seconds).filter(|s| s.is_finite());
                    stage.seconds_left = None;
                }
            }
            Event::Saved { step, .. } => self.record.saved = Some(step),
            Event::Paused { .. } => {
                self.asked = Asked::Nothing;
                self.record.status = Status::Paused;
            }
            Event::Resumed => self.record.status = Status::Running,
            Event::Warning { message } | Event::Note { message } => self.note(message),
            _ => {}
        }
    }
}

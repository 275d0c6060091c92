//! How far a comparison has come: a fold over the engine's events while it goes on.

use crate::session::Event;
use crate::session::protocol::GroupStep;

/// The stage that counts the classifiers, around those of each.
const WHOLE: &str = "lab";
/// A stage has to have come so far before its length says how long the others take: the first epochs are the fastest.
const TELLING: f64 = 0.25;

/// What the engine is at.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Doing {
    /// The stage, as the engine calls it.
    pub stage: String,
    /// The way of training that it belongs to, by name.
    pub way: String,
    /// The fold, from 1, and how many there are.
    pub fold: Option<(usize, usize)>,
    /// Whether it trains.
    pub trains: bool,
    /// Steps, or whatever is counted.
    pub done: u64,
    pub total: u64,
    /// What is counted.
    pub unit: String,
    /// Epoch, from 1; 0 before the first.
    pub epoch: usize,
    /// Of each layer group, first to last, its share of the fastest one's rate; `None` while it is frozen.
    pub groups: Vec<Option<f64>>,
    /// Seconds left in the stage.
    pub seconds_left: Option<f64>,
}

impl Doing {
    fn of(stage: &str) -> Self {
        let fold = stage.rsplit_once(" fold ").and_then(|(way, rest)| {
            let (fold, folds) = rest.split_once(" of ")?;
            Some((way, (fold.parse().ok()?, folds.parse().ok()?)))
        });
        Self {
            stage: stage.into(),
            way: fold.map_or(stage, |(way, _)| way).into(),
            fold: fold.map(|(_, fold)| fold),
            ..Self::default()
        }
    }

    /// Whether it is stage 2, which all ways share that have it.
    pub fn reads(&self) -> bool {
        self.stage == "adapt"
    }

    /// Whether a way's classifier is trained.
    pub fn is_classifier(&self) -> bool {
        self.trains && !self.reads()
    }

    /// The share that is done.
    pub fn share(&self) -> f64 {
        self.done as f64 / self.total.max(1) as f64
    }
}

/// How far it has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// Classifiers that are trained and measured.
    pub done: u64,
    /// Of so many; 0 before that is known.
    pub total: u64,
    /// What the engine is at.
    pub doing: Option<Doing>,
    /// Classifiers that were trained since it began or went on, and the seconds that they took.
    trained: (u32, f64),
    /// The way whose classifier was trained last, and how many of its classifiers were.
    behind: Option<(String, usize)>,
    /// What the engine warned of last.
    pub warning: Option<String>,
}

impl Course {
    /// Takes in what the engine says.
    pub fn hear(&mut self, event: &Event) {
        match event {
            Event::StageStarted { stage, total, .. } if stage == WHOLE => self.total = *total,
            Event::Progress {
                stage, done, total, ..
            } if stage == WHOLE => (self.done, self.total) = (*done, *total),
            Event::StageStarted {
                stage,
                groups,
                total,
                unit,
            } => {
                self.doing = Some(Doing {
                    trains: !groups.is_empty(),
                    total: *total,
                    unit: unit.clone(),
                    ..Doing::of(stage)
                });
            }
            Event::Progress {
                stage,
                done,
                total,
                seconds_left,
                ..
            } => {
                let doing = self.stage(stage);
                (doing.done, doing.total) = (*done, *total);
                doing.seconds_left = seconds_left.filter(|s| s.is_finite());
            }
            Event::Step {
                stage,
                step,
                total,
                epoch,
                groups,
                seconds_left,
                ..
            } => {
                let doing = self.stage(stage);
                (doing.done, doing.total, doing.epoch) = (*step, *total, *epoch);
                doing.trains = true;
                doing.groups = warmth(groups);
                doing.seconds_left = Some(*seconds_left).filter(|s| s.is_finite());
            }
            Event::StageDone { stage, seconds } => {
                let done = self.doing.take_if(|doing| doing.stage == *stage);
                let Some(classifier) = done.filter(Doing::is_classifier) else {
                    return;
                };
                if seconds.is_finite() {
                    self.trained.0 += 1;
                    self.trained.1 += seconds;
                }
                let fold = classifier.fold.map_or(1, |(fold, _)| fold);
                self.behind = Some((classifier.way, fold));
            }
            Event::Warning { message } => self.warning = Some(message.clone()),
            _ => {}
        }
    }

    /// The stage of that name, which the engine is at.
    fn stage(&mut self, name: &str) -> &mut Doing {
        match &mut self.doing {
            Some(doing) if doing.stage == name => {}
            other => *other = Some(Doing::of(name)),
        }
        self.doing.get_or_insert_default()
    }

    /// The classifier that is trained now.
    pub fn classifier(&self) -> Option<&Doing> {
        self.doing.as_ref().filter(|doing| doing.is_classifier())
    }

    /// The share of one way's classifiers that is done, of so many.
    pub fn share_of(&self, way: &str, folds: usize) -> f64 {
        let now = self.classifier().filter(|doing| doing.way == way).map(|doing| {
            let before = doing.fold.map_or(0, |(fold, _)| fold.saturating_sub(1));
            before as f64 + doing.share()
        });
        let behind = || {
            self.behind
                .as_ref()
                .filter(|(of, _)| of == way)
                .map(|(_, done)| *done as f64)
        };
        (now.or_else(behind).unwrap_or_default() / folds.max(1) as f64).min(1.0)
    }

    /// The share of all classifiers that is done, the one that trains counted as far as it has come.
    pub fn share(&self) -> f64 {
        let now = self.classifier().map_or(0.0, Doing::share);
        ((self.done as f64 + now) / self.total.max(1) as f64).min(1.0)
    }

    /// Seconds left, going by the classifiers that were trained so far; `None` before the first tells.
    pub fn seconds_left(&self) -> Option<f64> {
        let now = self.classifier();
        let of_now = now.and_then(|doing| doing.seconds_left);
        let (number, seconds) = self.trained;
        let each = if number > 0 {
            seconds / f64::from(number)
        } else {
            let share = now.map(Doing::share).filter(|share| *share >= TELLING)?;
            of_now? / (1.0 - share).max(0.05)
        };
        let whole = self.total.saturating_sub(self.done + u64::from(now.is_some()));
        Some(whole as f64 * each + of_now.unwrap_or_default())
    }
}

/// How fast each layer group learns beside the fastest.
fn warmth(groups: &[GroupStep]) -> Vec<Option<f64>> {
    let fastest = groups.iter().map(|group| group.rate).fold(0.0, f64::max);
    let share = |group: &GroupStep| {
        let share = if fastest > 0.0 { group.rate / fastest } else { 1.0 };
        (!group.frozen).then_some(share)
    };
    groups.iter().map(share).collect()
}

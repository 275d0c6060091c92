//! What a comparison found, and what it was given: kept with the project, so that it outlives the window.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::job::Shape;
use crate::session::clock::seconds_since_1970;
use crate::session::project::{OpenProject, Project};
use crate::session::protocol::{Compared, Lab, LeftOut};
use crate::ui::panels::classify::Lesson;

/// The setting of the project that keeps it.
const SETTING: &str = "comparison of methods";
/// Names of the rows that are no way of training.
pub const TFIDF: &str = Compared::TFIDF;
pub const MOST_FREQUENT: &str = Compared::MOST_FREQUENT;

/// A comparison, as far as it has come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Comparison {
    /// The ways that were asked for, by name; the others are judged against the first.
    pub ways: Vec<String>,
    /// What was measured so far: a row a way, and one a baseline.
    pub rows: Vec<Compared>,
    /// Ways that gave nothing to measure.
    pub left_out: Vec<LeftOut>,
    /// The labels that it was given: what was labelled since is not in it.
    pub given: Lesson,
    /// Classes among them.
    pub classes: usize,
    /// Labels that every way was measured on.
    pub measured_on: usize,
    /// Folds; 1 is a hold-out.
    pub folds: usize,
    /// When it began, in seconds since 1970.
    pub begun: u64,
    /// The numbers that every way trains by, in words.
    pub settings: String,
    /// How long all of it took, where it was done without a break.
    pub seconds: f64,
    /// How long stage 2 took of that.
    pub reading: f64,
    /// Whether every way was measured.
    pub done: bool,
    /// The last one that was done, until this one is.
    pub before: Option<Box<Self>>,
}

impl Comparison {
    /// One that begins now.
    pub fn begin(project: &Project, job: &Lab, classes: usize, shape: Shape) -> Self {
        Self {
            ways: job.ways.iter().map(|way| way.name().to_string()).collect(),
            given: Lesson::begin(project),
            classes,
            measured_on: shape.measured,
            folds: shape.folds,
            begun: seconds_since_1970(),
            ..Self::default()
        }
    }

    /// The last one that was done: this, or the one before it.
    pub fn last(self) -> Option<Box<Self>> {
        if self.done {
            Some(Box::new(self))
        } else {
            self.before
        }
    }

    /// What the project keeps.
    pub fn kept(open: &OpenProject) -> Option<Self> {
        open.setting::<Option<Self>>(SETTING).flatten()
    }

    /// Keeps it with the project.
    pub fn keep(&self, open: &mut OpenProject) {
        open.set(SETTING, &Some(self));
    }

    /// Takes in what one way gave. One that goes on tells again what it had told.
    pub fn hear(&mut self, row: &Compared) {
        match self.rows.iter_mut().find(|before| before.way == row.way) {
            Some(before) => *before = row.clone(),
            None => self.rows.push(row.clone()),
        }
    }

    /// Takes in that one way gave nothing.
    pub fn hear_left_out(&mut self, gone: &LeftOut) {
        if self.why_left_out(&gone.way).is_none() {
            self.left_out.push(gone.clone());
        }
    }

    /// Takes in the result: what the `done` event has, or the file that the engine has written.
    pub fn finish(&mut self, result: &Map<String, Value>) {
        let number = |key: &str| result.get(key).and_then(Value::as_f64);
        let whole = |key: &str| number(key).map(|n| n as usize);
        let rows: Option<Vec<Compared>> = (result.get("ways"))
            .and_then(|rows| serde_json::from_value(rows.clone()).ok())
            .filter(|rows: &Vec<_>| !rows.is_empty());
        self.rows = rows.unwrap_or_else(|| std::mem::take(&mut self.rows));
        self.left_out = (result.get("left_out"))
            .and_then(|gone| serde_json::from_value(gone.clone()).ok())
            .unwrap_or_default();
        self.measured_on = whole("estimated_on").unwrap_or(self.measured_on);
        self.folds = whole("folds").unwrap_or(self.folds);
        self.seconds = number("seconds").unwrap_or_default();
        let stages = result.get("stage_seconds");
        self.reading = stages
            .and_then(|stages| stages.get("adapt")?.as_f64())
            .unwrap_or_default();
        self.done = true;
        self.before = None;
    }

    /// What this way, or baseline, gave.
    pub fn row(&self, name: &str) -> Option<&Compared> {
        self.rows.iter().find(|row| row.way == name)
    }

    /// Why this way gave nothing to measure, where it did not.
    pub fn why_left_out(&self, name: &str) -> Option<&str> {
        let gone = self.left_out.iter().find(|gone| gone.way == name)?;
        Some(&gone.message)
    }

    /// How many ways are measured.
    pub fn measured(&self) -> usize {
        let measured = self.rows.iter().filter(|row| !is_baseline(&row.way));
        measured.count()
    }

    /// What the others are judged against, once it is measured.
    pub fn reference(&self) -> Option<&Compared> {
        self.row(self.ways.first()?)
    }

    /// Labels that it was given.
    pub fn labels(&self) -> usize {
        self.given.trained.len()
    }

    /// Whether this job is the one that goes on with it.
    pub fn is_of(&self, job: &Lab) -> bool {
        let names = job.ways.iter().map(|way| way.name());
        let rows = job.data.rows.as_ref().map(Vec::len);
        !self.done && names.eq(self.ways.iter().map(String::as_str)) && rows == Some(self.labels())
    }

    /// Everything that has or will have a row: the ways as they were asked for, and behind the first the baselines.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let (first, others) = self.ways.split_at(self.ways.len().min(1));
        let baselines = [TFIDF, MOST_FREQUENT].into_iter();
        // They are told with the first. TF-IDF cannot be fitted to some texts, and then has no row.
        let told = self.reference().is_some();
        let baselines = baselines.filter(move |name| !told || self.row(name).is_some());
        let first = first.iter().map(String::as_str);
        first.chain(baselines).chain(others.iter().map(String::as_str))
    }
}

/// Whether it is no way of training.
pub fn is_baseline(name: &str) -> bool {
    name == TFIDF || name == MOST_FREQUENT
}

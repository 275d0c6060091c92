//! What stage 3 will do, before it runs. The engine makes its plans here too, so that what was drawn is what happens.

use std::collections::HashMap;

use crate::io::classes;
use crate::train::defaults;
use crate::train::plan::{Plan, Shape};
use crate::train::split::{choose, held_out, hold_out, joined, text_group, untestable};

use super::protocol::{ClassifierOptions, Method};

pub use crate::train::course::{Course, Epoch};
pub use crate::train::defaults::CLASSIFIER_EPOCHS;
pub use crate::train::plan::Takes;
pub use crate::train::schedule::{CUT_FRAC, DISCRIMINATIVE_FACTOR, RATIO, ScheduleError};

/// The plan that the options describe, for so many layer groups.
pub(super) fn plan(
    method: Method,
    options: &ClassifierOptions,
    groups: usize,
) -> Result<Plan, ScheduleError> {
    let shape = Shape {
        cut_frac: options.cut_frac,
        ratio: options.ratio,
        factor: options.factor,
    };
    method
        .plan(groups.max(1), epochs(options), options.rate)
        .shaped(&shape)
}

/// Passes over the labelled texts.
pub fn epochs(options: &ClassifierOptions) -> usize {
    options.epochs.unwrap_or(CLASSIFIER_EPOCHS).max(1)
}

/// Which of `cut_frac` and `ratio`, and of `factor`, change what a method does.
pub fn takes(method: Method) -> Takes {
    method.plan(2, 1, None).takes()
}

/// Whether a method starts from a pretrained language model, which may read the texts first.
pub fn is_pretrained(method: Method) -> bool {
    method.plan(2, 1, None).pretrained
}

/// The highest rate of the last layer group where the options say nothing else.
pub fn own_rate(method: Method) -> f64 {
    method.plan(2, 1, None).rate
}

/// Each layer group's share of the rate in stage 2, first to last of so many.
pub fn adaptation_multiples(groups: usize) -> Vec<f64> {
    // They do not depend on how much there is to read.
    defaults::adaptation(0, 0).rates.multiples(groups)
}

/// The share of the labelled texts that a method watches and does not learn from, and the epochs without improvement after which
/// it stops; `None` where it does not stop early.
pub fn stops_early(method: Method) -> Option<(f64, usize)> {
    let plan = method.plan(2, 1, None);
    plan.early_stopping
        .then_some((defaults::WATCHED, defaults::PATIENCE))
}

/// Whether a method that learns from so many labelled texts watches some of them, to stop early.
pub fn is_watched(method: Method, rows: usize) -> bool {
    defaults::is_watched(&method.plan(2, 1, None), rows)
}

/// How many of so many labelled texts methods with early stopping watch, whatever their classes.
pub fn watched_of(rows: usize) -> usize {
    (defaults::WATCHED * rows as f64).round() as usize
}

/// How many of the labelled texts methods with early stopping watch, of classes of these sizes.
pub fn watched(classes: &[usize]) -> usize {
    classes.iter().map(|&n| held_out(n, defaults::WATCHED)).sum()
}

/// Steps of each epoch over so many labelled texts, of which methods with early stopping watch `watched`. Texts of thousands
/// of words can make more: their batches are split to fit into memory.
pub fn steps(method: Method, options: &ClassifierOptions, rows: usize, watched: usize) -> Vec<usize> {
    let plan = method.plan(2, 1, None);
    let rows = if defaults::is_watched(&plan, rows) {
        rows.saturating_sub(watched)
    } else {
        rows
    };
    let batch = options
        .batch
        .unwrap_or_else(|| defaults::classifier_batch(rows))
        .max(1);
    vec![rows.div_ceil(batch).max(1); epochs(options)]
}

/// The rate of every layer group at every step, `steps` being those of each epoch.
///
/// # Errors
/// Names the first option that is out of its range.
pub fn course(
    method: Method,
    options: &ClassifierOptions,
    groups: usize,
    steps: &[usize],
) -> Result<Course, ScheduleError> {
    Ok(Course::new(&plan(method, options, groups)?, groups, steps))
}

/// Labelled texts as the engine splits them, copies of a text and texts that were labelled together in one part.
pub struct Labelled<'a> {
    /// The classes, in the order of their numbers.
    names: Vec<&'a str>,
    labels: Vec<usize>,
    groups: Vec<u64>,
}

impl<'a> Labelled<'a> {
    /// Of each text its class, the text, and the number of those that it was labelled together with.
    pub fn new<'b>(texts: impl IntoIterator<Item = (&'a str, &'b str, Option<u64>)>) -> Self {
        let (mut called, mut copies, mut given) = (Vec::new(), Vec::new(), Vec::new());
        for (class, text, group) in texts {
            called.push(class);
            copies.push(text_group(text));
            given.push(group);
        }
        // Which of a class's groups a seed draws hangs on the numbers of the classes before it.
        let names = classes(called.iter().copied());
        let numbers: HashMap<&str, usize> = names.iter().copied().zip(0..).collect();
        let labels: Vec<usize> = called.iter().map(|class| numbers[class]).collect();
        let groups = joined(&copies, &given, &labels);
        Self {
            names,
            labels,
            groups,
        }
    }

    /// How many classifiers `Estimate::Auto` trains to measure one way of training, and on how many labels it measures it. No
    /// classifier where nothing can be held out.
    pub fn measured(&self, seed: u64) -> (usize, usize) {
        let (labels, groups) = (&self.labels, Some(&self.groups[..]));
        let splits = choose(labels, groups).split(labels, groups, seed);
        (splits.len(), splits.iter().map(|split| split.valid.len()).sum())
    }

    /// How many of them methods with early stopping watch.
    pub fn watched(&self, seed: u64) -> usize {
        let split = hold_out(&self.labels, Some(&self.groups), defaults::WATCHED, seed);
        split.valid.len()
    }

    /// The classes of which none can be held out, so that the error is that of the others.
    pub fn not_measured(&self) -> Vec<&'a str> {
        let classes = untestable(&self.labels, Some(&self.groups));
        classes.into_iter().map(|class| self.names[class]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Labelled;

    #[test]
    fn few_labels_are_each_left_out_once_and_of_many_some_are_held_out() {
        let texts: Vec<String> = (0..400).map(|i| format!("text number {i}")).collect();
        let labelled = |n: usize| -> Vec<(&str, &str, Option<u64>)> {
            let texts = texts.iter().enumerate().take(n);
            texts
                .map(|(i, text)| (["even", "odd"][i % 2], text.as_str(), None))
                .collect()
        };
        let of = |rows: &[(&'static str, &str, Option<u64>)]| {
            let rows = Labelled::new(rows.iter().copied());
            (rows.measured(1), rows.not_measured())
        };
        assert_eq!(of(&labelled(60)), ((5, 60), vec![]));
        assert_eq!(of(&labelled(400)), ((1, 80), vec![]));
        // The one text of a class is always learned from, and where all classes have one nothing is measured.
        let mut further = labelled(60);
        further.extend([("none", "no comment", None); 12]);
        assert_eq!(of(&further), ((5, 60), vec!["none"]));
        assert_eq!(of(&further[59..]), ((0, 0), vec!["none", "odd"]));
        further.push(("rare", "something rare", None));
        assert_eq!(of(&further), ((5, 60), vec!["none", "rare"]));
        // So is what was labelled together, where it is all that a class has.
        let mut together = labelled(60);
        together.extend(texts[60..90].iter().map(|text| ("none", text.as_str(), Some(5))));
        assert_eq!(of(&together), ((5, 60), vec!["none"]));
        together.push(("none", "by itself", None));
        assert_eq!(of(&together), ((5, 91), vec![]));
        // One of them whose label is corrected takes none of the others with it.
        together[70].0 = "rare";
        assert_eq!(of(&together), ((5, 90), vec!["rare"]));
        assert_eq!(Labelled::new(labelled(60)).watched(1), super::watched(&[30, 30]));
    }
}

//! What stage 3 will do, before it runs. The engine makes its plans here too, so that what was drawn is what happens.

use crate::train::defaults;
use crate::train::plan::{Plan, Shape};
use crate::train::split::{choose, held_out, text_group};

use super::protocol::{ClassifierOptions, Method};

pub use crate::train::course::{Course, Epoch};
pub use crate::train::schedule::ScheduleError;

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
    options.epochs.unwrap_or(defaults::CLASSIFIER_EPOCHS).max(1)
}

/// Whether `cut_frac` and `ratio` change what a method does, and whether `factor` does.
pub fn takes(method: Method) -> (bool, bool) {
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

/// How many classifiers `Estimate::Auto` trains to measure one way of training, and on how many labels it measures it: of each
/// labelled text its class, by number, and the text. No classifier where nothing can be held out.
pub fn measured(labelled: &[(usize, &str)], seed: u64) -> (usize, usize) {
    let labels: Vec<usize> = labelled.iter().map(|row| row.0).collect();
    let groups: Vec<u64> = labelled.iter().map(|row| text_group(row.1)).collect();
    let splits = choose(&labels, Some(&groups)).split(&labels, Some(&groups), seed);
    (splits.len(), splits.iter().map(|split| split.valid.len()).sum())
}

#[cfg(test)]
mod tests {
    use super::measured;

    #[test]
    fn few_labels_are_each_left_out_once_and_of_many_some_are_held_out() {
        let texts: Vec<String> = (0..400).map(|i| format!("text number {i}")).collect();
        let labelled = |n: usize| -> Vec<(usize, &str)> {
            let texts = texts.iter().enumerate().take(n);
            texts.map(|(i, text)| (i % 2, text.as_str())).collect()
        };
        assert_eq!(measured(&labelled(60), 1), (5, 60));
        assert_eq!(measured(&labelled(400), 1), (1, 80));
        // The one text of a class is always learned from, and where all classes have one nothing is measured.
        let mut further = labelled(60);
        further.extend([(2, "no comment"); 12]);
        assert_eq!(measured(&further, 1), (5, 60));
        assert_eq!(measured(&further[59..], 1), (0, 0));
    }
}

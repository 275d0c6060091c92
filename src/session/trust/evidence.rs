//! Texts whose label is known and that the classifier had not seen: scores, mistakes, and labels that look wrong.

use super::{Report, most_probable};
use crate::session::project::TextId;

/// What a report calls the labels that the classifier has no class for, all together.
pub const NOT_LEARNED: &str = "not learned";

/// What a classifier that had not seen a text says of it, beside the label that it was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The text.
    pub text: TextId,
    /// The class that the user gave it; the one behind the last where that is none of the classifier's.
    pub truth: usize,
    /// Probability of each class.
    pub probabilities: Vec<f32>,
}

impl Judged {
    /// The most probable class, the first of equals.
    pub fn predicted(&self) -> usize {
        most_probable(&self.probabilities).unwrap_or(0)
    }

    /// Whether that is the label it was given.
    pub fn right(&self) -> bool {
        self.predicted() == self.truth
    }

    /// Whether its label is a class of the classifier's.
    pub(super) fn is_learned(&self) -> bool {
        self.truth < self.probabilities.len()
    }

    /// Whether its label is none: whatever the classifier says of it is wrong.
    pub(super) fn is_not_learned(&self) -> bool {
        !self.probabilities.is_empty() && self.truth == self.probabilities.len()
    }

    fn probability(&self, class: usize) -> f64 {
        let p = self.probabilities.get(class).copied().unwrap_or(0.0);
        if p.is_finite() { f64::from(p) } else { 0.0 }
    }
}

/// Error with its interval, confusion matrix, and precision, recall and F1 of every class; `None` without a judgement
/// that fits the names. `judges` tells the classifier of each judgement by a number: those of one go wrong together, and
/// the interval is wider where the classifiers differ. Texts whose labels it has not learned are of a further class,
/// [`NOT_LEARNED`], where there are any.
pub fn report(names: &[String], evidence: &[Judged], judges: &[usize]) -> Option<Report> {
    let fits = |j: &Judged| j.probabilities.len() == names.len();
    let mut all = names.to_vec();
    if evidence.iter().any(|j| fits(j) && j.is_not_learned()) {
        all.push(NOT_LEARNED.into());
    }
    let (mut truth, mut probabilities, mut folds) = (Vec::new(), Vec::new(), Vec::new());
    for (judged, &judge) in evidence.iter().zip(judges) {
        if fits(judged) && judged.truth < all.len() {
            let mut said: Vec<f64> = judged.probabilities.iter().map(|&p| f64::from(p)).collect();
            said.resize(all.len(), 0.0);
            truth.push(judged.truth);
            probabilities.push(said);
            folds.push(judge);
        }
    }
    Report::pooled(&all, &truth, &probabilities, &folds).ok()
}

/// Places of the judgements that are wrong, the worst first: those whose true class was held least likely.
pub fn losses(evidence: &[Judged]) -> Vec<usize> {
    let likely = |i: usize| evidence.get(i).map_or(1.0, |j| j.probability(j.truth));
    let wrong = evidence.iter().enumerate().filter(|(_, j)| !j.right());
    let mut wrong: Vec<usize> = wrong.map(|(i, _)| i).collect();
    wrong.sort_by(|&a, &b| likely(a).total_cmp(&likely(b)).then(a.cmp(&b)));
    wrong
}

/// Places of the judgements whose label looks wrong, the clearest first.
///
/// Confident learning (Northcutt et al. 2021): a text is held to be of another class where that class is at least as
/// likely as it is, on average, for texts that carry it, while its own label is less likely than it is for its own.
pub fn label_errors(evidence: &[Judged]) -> Vec<usize> {
    let classes = evidence.iter().map(|j| j.probabilities.len()).max().unwrap_or(0);
    let (mut sums, mut counts) = (vec![0.0; classes], vec![0_usize; classes]);
    for judged in evidence {
        if let (Some(sum), Some(count)) = (sums.get_mut(judged.truth), counts.get_mut(judged.truth)) {
            *sum += judged.probability(judged.truth);
            *count += 1;
        }
    }
    // A class without any text has no usual likelihood, and none looks like it.
    let usual = |class: usize| match (sums.get(class), counts.get(class)) {
        (Some(sum), Some(&count)) if count > 0 => sum / count as f64,
        _ => f64::INFINITY,
    };
    let mut found: Vec<(usize, f64)> = Vec::new();
    for (i, judged) in evidence.iter().enumerate() {
        let own = judged.probability(judged.truth);
        let other = judged.predicted();
        let likely = judged.probability(other);
        // A classifier that has not learned a label has no say in whose it is.
        let learned = judged.is_learned();
        if learned && other != judged.truth && likely >= usual(other) && own < usual(judged.truth) {
            found.push((i, own - likely));
        }
    }
    found.sort_by(|a, b| a.1.total_cmp(&b.1).then(a.0.cmp(&b.0)));
    found.into_iter().map(|(i, _)| i).collect()
}

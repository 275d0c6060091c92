//! What a classifier's predictions are worth: error with its interval, per-class precision, recall and F1,
//! confusion matrix, mean negative log-likelihood and calibration.

use serde::Serialize;

mod interval;
mod most_probable;
mod paired;

pub use interval::{Interval, inflation, pooled_interval, wilson, wilson_of};
pub use most_probable::most_probable;
pub use paired::{CHANCE, difference};

/// Equal-width bins of the expected calibration error (Guo et al. 2017).
const CALIBRATION_BINS: usize = 15;

/// The least probability that the log-likelihood reckons with, so that one row cannot make the mean infinite.
const LEAST_PROBABILITY: f64 = 1e-15;

/// Predictions that cannot be scored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetricsError {
    /// Nothing to score.
    #[error("there are no labelled rows to evaluate on; give data with a label column")]
    Empty,
    /// Not one prediction and one fold number a label.
    #[error("{labels} labels, {predictions} predictions and {folds} fold numbers do not belong together")]
    Lengths {
        /// How many labels.
        labels: usize,
        /// How many predictions.
        predictions: usize,
        /// How many fold numbers.
        folds: usize,
    },
    /// A label that the model does not know.
    #[error("row {row}: label number {label} is not among the model's {classes} classes")]
    Label {
        /// Its row, from 1.
        row: usize,
        /// The label.
        label: usize,
        /// How many classes the model knows.
        classes: usize,
    },
    /// Not one probability a class.
    #[error("row {row}: {found} probabilities for {classes} classes")]
    Width {
        /// Its row, from 1.
        row: usize,
        /// How many probabilities it has.
        found: usize,
        /// How many classes the model knows.
        classes: usize,
    },
}

/// Precision, recall and F1 of one class, each 0 where its denominator is 0.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ClassReport {
    /// The class's label.
    pub label: String,
    /// The share of the rows given the class that belong to it.
    pub precision: f64,
    /// The share of the rows of the class that were given it.
    pub recall: f64,
    /// The harmonic mean of precision and recall.
    pub f1: f64,
    /// Rows that truly belong to the class.
    pub support: usize,
    /// Rows that were given the class.
    pub predicted: usize,
}

/// The evaluation of a classifier on labelled rows. Proportions are in 0..=1, `nll` in nats per row.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// How many rows were scored.
    pub rows: usize,
    /// The share of wrong predictions.
    pub error: f64,
    /// The share of right predictions.
    pub accuracy: f64,
    /// The 95 % interval of `error`.
    pub error_interval: Interval,
    /// The plain mean of the F1 of the classes that occur, truly or as a prediction; in cross-validation truly: of a class
    /// that no fold holds out there is nothing to be found.
    pub macro_f1: f64,
    /// The mean negative log-likelihood of the true class.
    pub nll: f64,
    /// Expected calibration error: how far confidence and accuracy lie apart, averaged over the rows.
    pub calibration_error: f64,
    /// Every class, by number.
    pub classes: Vec<ClassReport>,
    /// `confusion[truth][prediction]` counts rows.
    pub confusion: Vec<Vec<usize>>,
}

impl Report {
    /// Scores predictions on rows that had no part in training.
    ///
    /// `truth` `[rows]` holds class numbers, `probabilities` `[rows][classes]` what the classifier said. The
    /// prediction is the most probable class, the lowest-numbered of equals. NaN counts as a probability of
    /// 0, so that a diverged classifier is scored and its log-likelihood shows it.
    ///
    /// # Errors
    /// If there are no rows, or the labels and probabilities do not fit each other.
    pub fn new(names: &[String], truth: &[usize], probabilities: &[Vec<f64>]) -> Result<Self, MetricsError> {
        let outcome = Outcome::new(names.len(), truth, probabilities, truth.len())?;
        Ok(outcome.report(names, wilson(outcome.errors(), truth.len())))
    }

    /// Scores the pooled predictions of k-fold cross-validation: each row was predicted by the classifier of
    /// the fold that held it out, `folds[row]`. The interval is that of [`pooled_interval`].
    ///
    /// # Errors
    /// As [`Report::new`].
    pub fn pooled(
        names: &[String],
        truth: &[usize],
        probabilities: &[Vec<f64>],
        folds: &[usize],
    ) -> Result<Self, MetricsError> {
        let outcome = Outcome::new(names.len(), truth, probabilities, folds.len())?;
        // Fold numbers are sorted, not used as indices, so that any numbering will do.
        let mut rows: Vec<(usize, bool)> = folds.iter().copied().zip(outcome.wrong()).collect();
        rows.sort_unstable();
        let counts: Vec<(usize, usize)> = rows
            .chunk_by(|a, b| a.0 == b.0)
            .map(|fold| (fold.iter().filter(|row| row.1).count(), fold.len()))
            .collect();
        let report = outcome.report(names, pooled_interval(&counts));
        Ok(Self {
            macro_f1: macro_f1(&report.classes, |class| class.support > 0),
            ..report
        })
    }

    /// The pairs of classes that are confused most, as (truth, prediction, rows), most frequent first.
    #[must_use]
    pub fn most_confused(&self) -> Vec<(usize, usize, usize)> {
        let mut pairs: Vec<_> = self
            .confusion
            .iter()
            .enumerate()
            .flat_map(|(truth, row)| {
                row.iter()
                    .enumerate()
                    .map(move |(prediction, &n)| (truth, prediction, n))
            })
            .filter(|&(truth, prediction, n)| truth != prediction && n > 0)
            .collect();
        pairs.sort_by_key(|&(truth, prediction, n)| (std::cmp::Reverse(n), truth, prediction));
        pairs
    }
}

/// Labels and predictions that have been found to belong together.
struct Outcome<'a> {
    truth: &'a [usize],
    probabilities: &'a [Vec<f64>],
    predictions: Vec<usize>,
}

impl<'a> Outcome<'a> {
    fn new(
        classes: usize,
        truth: &'a [usize],
        probabilities: &'a [Vec<f64>],
        folds: usize,
    ) -> Result<Self, MetricsError> {
        if truth.len() != probabilities.len() || truth.len() != folds {
            return Err(MetricsError::Lengths {
                labels: truth.len(),
                predictions: probabilities.len(),
                folds,
            });
        }
        if truth.is_empty() {
            return Err(MetricsError::Empty);
        }
        for (i, (&label, row)) in truth.iter().zip(probabilities).enumerate() {
            if label >= classes {
                return Err(MetricsError::Label {
                    row: i + 1,
                    label,
                    classes,
                });
            }
            if row.len() != classes {
                return Err(MetricsError::Width {
                    row: i + 1,
                    found: row.len(),
                    classes,
                });
            }
        }
        let said = |row: &Vec<f64>| most_probable(row).unwrap_or(0);
        let predictions = probabilities.iter().map(said).collect();
        Ok(Self {
            truth,
            probabilities,
            predictions,
        })
    }

    fn wrong(&self) -> impl Iterator<Item = bool> {
        self.truth
            .iter()
            .zip(&self.predictions)
            .map(|(truth, prediction)| truth != prediction)
    }

    fn errors(&self) -> usize {
        self.wrong().filter(|&wrong| wrong).count()
    }

    fn report(&self, names: &[String], error_interval: Interval) -> Report {
        let rows = self.truth.len();
        let mut confusion = vec![vec![0; names.len()]; names.len()];
        for (&truth, &prediction) in self.truth.iter().zip(&self.predictions) {
            confusion[truth][prediction] += 1;
        }
        let classes: Vec<ClassReport> = names
            .iter()
            .enumerate()
            .map(|(class, label)| ClassReport::of(class, label, &confusion))
            .collect();
        let error = self.errors() as f64 / rows as f64;
        Report {
            rows,
            error,
            accuracy: 1.0 - error,
            error_interval,
            macro_f1: macro_f1(&classes, |class| class.support + class.predicted > 0),
            nll: self.nll(),
            calibration_error: self.calibration_error(),
            classes,
            confusion,
        }
    }

    fn nll(&self) -> f64 {
        let each = self.truth.iter().zip(self.probabilities);
        // f64::max drops a NaN, and so counts it as improbable.
        each.map(|(&truth, row)| -row[truth].max(LEAST_PROBABILITY).ln())
            .sum::<f64>()
            / self.truth.len() as f64
    }

    /// Rows are binned by confidence, the probability of the prediction; the gaps between mean confidence and
    /// accuracy are weighted by the rows of their bins.
    fn calibration_error(&self) -> f64 {
        let mut gaps = [0.0; CALIBRATION_BINS];
        for ((row, &prediction), wrong) in self.probabilities.iter().zip(&self.predictions).zip(self.wrong())
        {
            let confidence = row[prediction].clamp(0.0, 1.0).max(0.0);
            // Bins are open below and closed above.
            let bin = ((confidence * CALIBRATION_BINS as f64).ceil() as usize).clamp(1, CALIBRATION_BINS) - 1;
            gaps[bin] += confidence - f64::from(u8::from(!wrong));
        }
        gaps.iter().map(|gap: &f64| gap.abs()).sum::<f64>() / self.truth.len() as f64
    }
}

impl ClassReport {
    fn of(class: usize, label: &str, confusion: &[Vec<usize>]) -> Self {
        let hits = confusion[class][class] as f64;
        let support: usize = confusion[class].iter().sum();
        let predicted: usize = confusion.iter().map(|row| row[class]).sum();
        Self {
            label: label.to_owned(),
            precision: hits / predicted.max(1) as f64,
            recall: hits / support.max(1) as f64,
            f1: 2.0 * hits / (support + predicted).max(1) as f64,
            support,
            predicted,
        }
    }
}

/// The plain mean of the F1 of these classes.
fn macro_f1(classes: &[ClassReport], counts: impl Fn(&ClassReport) -> bool) -> f64 {
    let counted: Vec<f64> = classes.iter().filter(|c| counts(c)).map(|c| c.f1).collect();
    counted.iter().sum::<f64>() / counted.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|i| format!("class {i}")).collect()
    }

    fn close(got: f64, want: f64) {
        assert!((got - want).abs() < 1e-4, "got {got}, want {want}");
    }

    /// Six rows of three classes: class 0 once taken for 1, class 2 once taken for 0; class 3 occurs nowhere.
    fn sample() -> (Vec<usize>, Vec<Vec<f64>>) {
        let truth = vec![0, 0, 1, 1, 2, 2];
        let probabilities = vec![
            vec![0.9, 0.1, 0.0, 0.0],
            vec![0.3, 0.7, 0.0, 0.0],
            vec![0.2, 0.8, 0.0, 0.0],
            vec![0.25, 0.5, 0.25, 0.0],
            vec![0.6, 0.0, 0.4, 0.0],
            vec![0.0, 0.0, 1.0, 0.0],
        ];
        (truth, probabilities)
    }

    #[test]
    fn a_report_by_hand() {
        let (truth, probabilities) = sample();
        let report = Report::new(&names(4), &truth, &probabilities).unwrap();
        assert_eq!(report.confusion[..3], [[1, 1, 0, 0], [0, 2, 0, 0], [1, 0, 1, 0]]);
        close(report.error, 2.0 / 6.0);
        close(report.accuracy, 4.0 / 6.0);
        let class = |i: usize| {
            let c = &report.classes[i];
            (c.precision, c.recall, c.f1, c.support)
        };
        assert_eq!(class(0), (0.5, 0.5, 0.5, 2));
        assert_eq!(class(1), (2.0 / 3.0, 1.0, 0.8, 2)); // 2 * 2 / (2 + 3)
        assert_eq!(class(2), (1.0, 0.5, 2.0 / 3.0, 2)); // 2 * 1 / (2 + 1)
        assert_eq!(class(3), (0.0, 0.0, 0.0, 0));
        close(report.macro_f1, (0.5 + 0.8 + 2.0 / 3.0) / 3.0);
        // -(ln 0.9 + ln 0.3 + ln 0.8 + ln 0.5 + ln 0.4 + ln 1) = 3.141916
        close(report.nll, 3.141_916 / 6.0);
        // Every row has a bin of its own: gaps 0.1, 0.7, 0.2, 0.5, 0.6, 0.
        close(report.calibration_error, 2.1 / 6.0);
        assert_eq!(report.most_confused(), [(0, 1, 1), (2, 0, 1)]);
    }

    #[test]
    fn rows_of_one_bin_offset_each_other() {
        // Confidence 0.75, right three times of four: perfectly calibrated.
        let report = Report::new(&names(2), &[0, 0, 0, 1], &vec![vec![0.75, 0.25]; 4]).unwrap();
        close(report.calibration_error, 0.0);
    }

    #[test]
    fn pooled_uses_the_folds() {
        let (truth, probabilities) = sample();
        let plain = Report::new(&names(4), &truth, &probabilities).unwrap();
        let pooled = Report::pooled(&names(4), &truth, &probabilities, &[7, 3, 7, 7, 3, 7]).unwrap();
        assert_eq!(pooled.confusion, plain.confusion);
        assert_eq!(pooled.error_interval, pooled_interval(&[(2, 2), (0, 4)]));
        assert!(pooled.error_interval.high > plain.error_interval.high);
    }

    #[test]
    fn a_class_that_no_fold_holds_out_does_not_lower_the_mean() {
        let said = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9]].map(Vec::from);
        let pooled = Report::pooled(&names(2), &[0, 0, 0], &said, &[0, 0, 1]).unwrap();
        close(pooled.macro_f1, 0.8); // 2 * 2 / (3 + 2)
        close(Report::new(&names(2), &[0, 0, 0], &said).unwrap().macro_f1, 0.4);
    }

    #[test]
    fn a_diverged_classifier_is_scored() {
        let report = Report::new(&names(2), &[0, 1], &vec![vec![f64::NAN; 2]; 2]).unwrap();
        close(report.error, 0.5);
        close(report.nll, 15.0 * std::f64::consts::LN_10);
        assert!(report.calibration_error.is_finite());
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let row = vec![0.5, 0.5];
        let score = |truth: &[usize], rows: &[Vec<f64>]| Report::new(&names(2), truth, rows).unwrap_err();
        assert_eq!(score(&[], &[]), MetricsError::Empty);
        assert_eq!(
            score(&[2], std::slice::from_ref(&row)),
            MetricsError::Label {
                row: 1,
                label: 2,
                classes: 2
            }
        );
        assert_eq!(
            score(&[0], &[vec![1.0]]),
            MetricsError::Width {
                row: 1,
                found: 1,
                classes: 2
            }
        );
        assert_eq!(
            score(&[0, 1], &[row]),
            MetricsError::Lengths {
                labels: 2,
                predictions: 1,
                folds: 2
            }
        );
    }

    proptest! {
        #[test]
        fn any_probabilities_are_scored(
            rows in prop::collection::vec((0usize..3, prop::collection::vec(any::<f64>(), 3)), 1..40),
        ) {
            let (truth, probabilities): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
            let report = Report::new(&names(3), &truth, &probabilities).unwrap();
            prop_assert_eq!(report.confusion.iter().flatten().sum::<usize>(), truth.len());
            prop_assert!(report.nll.is_finite() && (0.0..=1.0).contains(&report.calibration_error));
            prop_assert!(report.error_interval.low <= report.error && report.error <= report.error_interval.high);
        }
    }
}

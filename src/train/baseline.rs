//! What TF-IDF with logistic regression gets from the same labels: the baseline beside every result.
//!
//! It is what scikit-learn makes of `TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)` followed by
//! `LogisticRegression(C=10)`: the same features and the same optimum, reached by another solver.

pub(crate) mod logistic;
mod stored;
pub(crate) mod tfidf;

use logistic::Logistic;
use tfidf::{Sparse, Tfidf};

/// The settings of a baseline.
#[derive(Clone, Copy, Debug, PartialEq)]
struct BaselineOptions {
    /// Inverse strength of the L2 penalty: the objective is the summed loss plus |w|^2 / (2 c). Above 0.
    c: f64,
    /// The shortest and the longest run of words that is a feature.
    ngrams: (usize, usize),
    /// Newton iterations at most; about ten are usual.
    max_iter: usize,
    /// The fit ends when no component of the mean loss's gradient is larger.
    tolerance: f64,
}

impl Default for BaselineOptions {
    fn default() -> Self {
        Self {
            c: 10.0,
            ngrams: (1, 2),
            max_iter: 100,
            tolerance: 1e-6,
        }
    }
}

/// Weights that a regression may have at most. Fitting it takes several vectors of that length, 320 MB each.
const MOST_WEIGHTS: usize = 40_000_000;

/// Labelled texts that no baseline can be fitted to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaselineError {
    /// Nothing to fit.
    #[error("there are no labelled texts for the baseline to learn from; label some rows first")]
    Empty,
    /// Not one label a text.
    #[error("{texts} texts have {labels} labels")]
    Lengths {
        /// How many texts.
        texts: usize,
        /// How many labels.
        labels: usize,
    },
    /// A label that no class has.
    #[error("row {row}: label number {label} is not among the {classes} classes")]
    Label {
        /// Its row, from 1.
        row: usize,
        /// The label.
        label: usize,
        /// How many classes there are.
        classes: usize,
    },
    /// A regression that memory may not hold.
    #[error("too many words and classes: {words} x {classes} weights")]
    TooLarge {
        /// Words and runs of words.
        words: usize,
        /// Classes that have labels.
        classes: usize,
    },
}

/// A fitted TF-IDF and logistic regression classifier.
#[derive(Clone, Debug)]
pub struct Baseline {
    tfidf: Tfidf,
    logistic: Logistic,
    /// The class of each column of the regression: those that have labels.
    fitted: Vec<usize>,
    classes: usize,
}

impl Baseline {
    /// Fits the default baseline to `texts` `[rows]` with class numbers `labels` `[rows]`, each below
    /// `classes`.
    ///
    /// # Errors
    /// If there are no texts, the labels do not fit them, or there are too many words and classes.
    pub fn fit(texts: &[&str], labels: &[usize], classes: usize) -> Result<Self, BaselineError> {
        Self::fit_with(BaselineOptions::default(), texts, labels, classes)
    }

    fn fit_with(
        options: BaselineOptions,
        texts: &[&str],
        labels: &[usize],
        classes: usize,
    ) -> Result<Self, BaselineError> {
        let (tfidf, features, fitted) = features(options, texts, labels, classes)?;
        let columns: Vec<usize> = labels
            .iter()
            .map(|&label| fitted.partition_point(|&class| class < label))
            .collect();
        let logistic = Logistic::fit(
            &features,
            &columns,
            fitted.len(),
            options.c,
            options.tolerance,
            options.max_iter,
        );
        Ok(Self {
            tfidf,
            logistic,
            fitted,
            classes,
        })
    }

    /// Whether the default baseline could be fitted, without the work of fitting it.
    ///
    /// # Errors
    /// As [`Baseline::fit`].
    pub fn check(texts: &[&str], labels: &[usize], classes: usize) -> Result<(), BaselineError> {
        features(BaselineOptions::default(), texts, labels, classes).map(drop)
    }

    /// The probability of each class for each text, `[texts][classes]`. A class that had no labels has
    /// probability 0.
    #[must_use]
    pub fn predict_proba(&self, texts: &[&str]) -> Vec<Vec<f64>> {
        let features = self.tfidf.transform(texts);
        features
            .rows()
            .map(|row| {
                let mut probabilities = vec![0.0; self.classes];
                for (&class, p) in self.fitted.iter().zip(self.logistic.predict_proba(row)) {
                    probabilities[class] = p;
                }
                probabilities
            })
            .collect()
    }
}

/// The texts' words and rows, and the classes that have labels; all that can be wrong with them is found here.
fn features(
    options: BaselineOptions,
    texts: &[&str],
    labels: &[usize],
    classes: usize,
) -> Result<(Tfidf, Sparse, Vec<usize>), BaselineError> {
    if texts.len() != labels.len() {
        return Err(BaselineError::Lengths {
            texts: texts.len(),
            labels: labels.len(),
        });
    }
    if texts.is_empty() {
        return Err(BaselineError::Empty);
    }
    if let Some((i, &label)) = labels.iter().enumerate().find(|&(_, &label)| label >= classes) {
        return Err(BaselineError::Label {
            row: i + 1,
            label,
            classes,
        });
    }
    // An unpenalised intercept of a class without labels would run off to minus infinity.
    let mut fitted = labels.to_vec();
    fitted.sort_unstable();
    fitted.dedup();
    let (tfidf, rows) = Tfidf::fit(texts, options.ngrams);
    if Logistic::parameters(rows.width, fitted.len()) > MOST_WEIGHTS {
        return Err(BaselineError::TooLarge {
            words: rows.width,
            classes: fitted.len(),
        });
    }
    Ok((tfidf, rows, fitted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(serde::Deserialize)]
    struct Fixture {
        fits: Vec<FixtureFit>,
    }

    /// Texts, labels and scikit-learn's probabilities, written by `tests/fixtures/baseline.py`.
    #[derive(serde::Deserialize)]
    struct FixtureFit {
        classes: usize,
        train: Vec<(String, usize)>,
        test: Vec<String>,
        probabilities: Vec<Vec<f64>>,
    }

    #[test]
    fn agrees_with_scikit_learn() {
        let json = include_str!(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/fixtures/baseline.json"
        ));
        let fixture: Fixture = serde_json::from_str(json).unwrap();
        assert!(!fixture.fits.is_empty());
        for fit in fixture.fits {
            let (texts, labels): (Vec<&str>, Vec<usize>) =
                fit.train.iter().map(|(t, l)| (t.as_str(), *l)).unzip();
            let options = BaselineOptions {
                tolerance: 1e-9,
                ..BaselineOptions::default()
            };
            let baseline = Baseline::fit_with(options, &texts, &labels, fit.classes).unwrap();
            let test: Vec<&str> = fit.test.iter().map(String::as_str).collect();
            let got = baseline.predict_proba(&test);
            assert_eq!(got.len(), fit.probabilities.len());
            for (got, want) in got.iter().flatten().zip(fit.probabilities.iter().flatten()) {
                assert!(
                    (got - want).abs() < 1e-6,
                    "{} classes: got {got}, want {want}",
                    fit.classes
                );
            }
        }
    }

    #[test]
    fn a_class_without_labels_is_never_predicted() {
        let baseline = Baseline::fit(&["good film", "bad film", "good"], &[3, 1, 3], 5).unwrap();
        let p = &baseline.predict_proba(&["good"])[0];
        assert!(p[3] > 0.6 && p[1] > 0.0 && (p[1] + p[3] - 1.0).abs() < 1e-12);
        assert_eq!((p[0], p[2], p[4]), (0.0, 0.0, 0.0));
        let one = Baseline::fit(&["good film", "bad film"], &[1, 1], 2).unwrap();
        assert_eq!(one.predict_proba(&["anything"]), [[0.0, 1.0]]);
    }

    #[test]
    fn without_known_words_the_class_shares_decide() {
        let baseline = Baseline::fit(&["", "!", "a", "?"], &[0, 0, 0, 1], 2).unwrap();
        let p = &baseline.predict_proba(&["words never seen"])[0];
        assert!((p[0] - 0.75).abs() < 1e-4, "{p:?}");
    }

    #[test]
    fn what_does_not_fit_is_named() {
        assert_eq!(Baseline::fit(&[], &[], 2).unwrap_err(), BaselineError::Empty);
        assert_eq!(
            Baseline::fit(&["a"], &[], 2).unwrap_err(),
            BaselineError::Lengths { texts: 1, labels: 0 }
        );
        let error = Baseline::fit(&["a", "b"], &[0, 2], 2).unwrap_err();
        assert_eq!(
            error,
            BaselineError::Label {
                row: 2,
                label: 2,
                classes: 2
            }
        );
    }

    #[test]
    fn what_memory_may_not_hold_is_refused_before_it_is_fitted() {
        let texts: Vec<String> = (0..4_000).map(|i| format!("left{i} right{i}")).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let labels: Vec<usize> = (0..4_000).collect();
        let too_large = BaselineError::TooLarge {
            words: 12_000,
            classes: 4_000,
        };
        assert_eq!(Baseline::fit(&texts, &labels, 4_000).unwrap_err(), too_large);
        assert_eq!(Baseline::check(&texts, &labels, 4_000), Err(too_large));
        let two: Vec<usize> = labels.iter().map(|label| label % 2).collect();
        assert_eq!(Baseline::check(&texts, &two, 4_000), Ok(()));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_texts_give_probabilities(
            rows in prop::collection::vec((".{0,40}", 0usize..4), 1..20), other in ".{0,40}",
        ) {
            let (texts, labels): (Vec<String>, Vec<usize>) = rows.into_iter().unzip();
            let mut texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let baseline = Baseline::fit(&texts, &labels, 4).unwrap();
            texts.push(&other);
            for row in baseline.predict_proba(&texts) {
                prop_assert!(row.iter().all(|p| (0.0..=1.0).contains(p)));
                prop_assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-9);
            }
        }
    }
}

//! How good the head is, was and would be: measured on labels that it never sees.

use super::head::{Example, Head};
use super::insight::{Churn, Estimate, MEASURED_ON};
use super::space::Space;
use crate::session::project::{LabelId, TextId};
use crate::train::baseline::Baseline;
use crate::train::metrics::{most_probable, wilson};

/// Labels after which the predictions are compared.
const CHURN_AFTER: usize = 20;
/// Texts whose predictions are compared, at most.
const COMPARED: usize = 5_000;
/// Numbers of labels at which earlier heads are looked at, beyond every tenth up to 100.
const LATER: [usize; 7] = [150, 200, 300, 400, 500, 750, 1_000];

/// The two classifiers of the same labels.
struct Fitted {
    head: Option<Head>,
    baseline: Option<Baseline>,
    /// What they were fitted to.
    examples: Vec<Example>,
    /// [`Space::version`] of the vectors.
    version: u64,
}

impl Fitted {
    fn new(space: &Space, texts: &[String], examples: &[Example], classes: usize) -> Self {
        let own: Vec<&str> = examples.iter().map(|e| text(texts, e.0)).collect();
        let labels: Vec<usize> = examples.iter().map(|e| usize::from(e.1)).collect();
        Self {
            head: Head::fit(&space.vectors, examples),
            baseline: Baseline::fit(&own, &labels, classes).ok(),
            examples: examples.to_vec(),
            version: space.version,
        }
    }

    fn holds(&self, examples: &[Example], version: u64) -> bool {
        self.version == version && self.examples == examples
    }

    fn estimate(&self, space: &Space, texts: &[String], aside: &[Example]) -> Option<Estimate> {
        let (head, baseline) = (self.head.as_ref()?, self.baseline.as_ref()?);
        if aside.len() < MEASURED_ON {
            return None;
        }
        let wrong =
            |predict: &dyn Fn(TextId) -> LabelId| aside.iter().filter(|e| predict(e.0) != e.1).count();
        let errors = wrong(&|t| head.predict(space.vectors.row(t as usize)));
        let theirs = wrong(&|t| {
            let p = baseline.predict_proba(&[text(texts, t)]);
            let p = p.first().map_or(&[][..], Vec::as_slice);
            most_probable(p).unwrap_or(0) as LabelId
        });
        let n = aside.len() as f64;
        let interval = wilson(errors, aside.len());
        Some(Estimate {
            trained_on: self.examples.len(),
            measured_on: aside.len(),
            error: errors as f64 / n,
            interval: (interval.low, interval.high),
            baseline: theirs as f64 / n,
        })
    }
}

fn text(texts: &[String], id: TextId) -> &str {
    texts.get(id as usize).map_or("", String::as_str)
}

/// Heads of the first labels, and the present one with its baseline.
///
/// Every head is measured on all labels that are kept aside now, also those that came after it was current: more of them
/// tell more, and points that are measured on the same texts can be compared.
#[derive(Default)]
pub(super) struct Curve {
    now: Option<Fitted>,
    earlier: Vec<Fitted>,
}

impl Curve {
    /// Numbers of labels whose heads are wanted when there are so many.
    fn wanted(trained: usize) -> Vec<usize> {
        let mut wanted: Vec<usize> = (10..=100)
            .step_by(10)
            .chain(LATER)
            .filter(|&k| k < trained)
            .collect();
        wanted.extend(Self::churn_from(trained));
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    }

    fn churn_from(trained: usize) -> Option<usize> {
        let k = trained.checked_sub(CHURN_AFTER)? / 10 * 10;
        (k >= 10).then_some(k)
    }

    /// Does a part of the work; whether there was any.
    pub fn advance(&mut self, space: &Space, texts: &[String], examples: &[Example], classes: usize) -> bool {
        let version = space.version;
        if !self.now.as_ref().is_some_and(|now| now.holds(examples, version)) {
            self.now = Some(Fitted::new(space, texts, examples, classes));
            return true;
        }
        let wanted = Self::wanted(examples.len());
        self.earlier.retain(|f| {
            wanted.contains(&f.examples.len()) && f.holds(&examples[..f.examples.len()], version)
        });
        // The latest first: churn and the end of the curve matter most.
        let missing = |k: &&usize| !self.earlier.iter().any(|f| f.examples.len() == **k);
        let Some(&k) = wanted.iter().rev().find(missing) else {
            return false;
        };
        let at = self.earlier.partition_point(|f| f.examples.len() < k);
        self.earlier
            .insert(at, Fitted::new(space, texts, &examples[..k], classes));
        true
    }

    /// The error now.
    pub fn estimate(&self, space: &Space, texts: &[String], aside: &[Example]) -> Option<Estimate> {
        self.now.as_ref()?.estimate(space, texts, aside)
    }

    /// The error with the first labels only, fewest first.
    pub fn history(&self, space: &Space, texts: &[String], aside: &[Example]) -> Vec<Estimate> {
        let estimates = self
            .earlier
            .iter()
            .filter_map(|f| f.estimate(space, texts, aside));
        estimates.collect()
    }

    /// What the labels since 20 to 30 labels ago changed.
    pub fn churn(&self, space: &Space) -> Option<Churn> {
        let now = self.now.as_ref()?;
        let k = Self::churn_from(now.examples.len())?;
        let before = self.earlier.iter().find(|f| f.examples.len() == k)?;
        let (new, old) = (now.head.as_ref()?, before.head.as_ref()?);
        let compared = &space.learned[..space.learned.len().min(COMPARED)];
        let changed = compared
            .iter()
            .filter(|&&t| {
                let vector = space.vectors.row(t as usize);
                new.predict(vector) != old.predict(vector)
            })
            .count();
        Some(Churn {
            labels: now.examples.len() - k,
            changed: changed as f64 / compared.len().max(1) as f64,
        })
    }
}

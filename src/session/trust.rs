//! How far a classifier's labels can be trusted, judged by labels that it had not seen.
//!
//! A network's probabilities are mostly too sure of themselves. One number, the temperature, puts them right on average
//! (Guo et al. 2017, "On Calibration of Modern Neural Networks"): it is fitted on the judged texts, and divides the
//! logits of every text. What is then above a threshold is right as often as an isotonic regression of the same
//! judgements says: the closest curve to them that never falls as confidence rises.

mod evidence;
mod words;

pub use crate::train::metrics::{CHANCE, ClassReport, Interval, Report, most_probable};
pub use evidence::{Judged, NOT_LEARNED, label_errors, losses, report};
pub use words::{Labelled, Words};

use crate::train::metrics::{inflation, wilson_of};

/// Judgements that the temperature is fitted on at most; more change its second decimal.
const ENOUGH: usize = 2_000;
/// How far the temperature strays from 1 without evidence: the standard deviation of its logarithm.
const SPREAD: f64 = 0.7;
/// The least probability that is reckoned with.
const LEAST: f64 = 1e-7;

/// What confidence is worth.
#[derive(Clone, Debug, PartialEq)]
pub struct Trust {
    temperature: f64,
    /// Every judged text, the least confident first.
    seen: Vec<Seen>,
    /// The classifiers that judged them.
    judges: usize,
    /// Lowest confidence and share right of each stretch, lowest first; both rise.
    steps: Vec<(f64, f64)>,
}

/// A judged text.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Seen {
    /// Its calibrated confidence.
    confidence: f64,
    right: bool,
    /// The classifier that judged it, from 0.
    judge: usize,
}

/// What lies above a threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accepted {
    /// About this share is right.
    pub right: f64,
    /// The 95 % interval of the share; wider where the classifiers that judged differ.
    pub interval: Interval,
    /// Labels above the threshold that it was measured on.
    pub measured_on: usize,
}

impl Trust {
    /// Measures how often the classifier is right at which confidence; `None` without a usable judgement. Texts whose
    /// labels it has not learned count as wrong, but no temperature puts them right.
    pub fn measured(evidence: &[Judged]) -> Option<Self> {
        Self::pooled(evidence, &vec![0; evidence.len()])
    }

    /// The same of several classifiers that are taken for one: `judges` tells that of each judgement by a number. Those of
    /// one go wrong together, and stand for fewer.
    pub fn pooled(evidence: &[Judged], judges: &[usize]) -> Option<Self> {
        let usable: Vec<&Judged> = evidence.iter().filter(|j| j.is_learned()).collect();
        if usable.is_empty() {
            return None;
        }
        let temperature = temperature(&usable);
        let mut numbers = judges.to_vec();
        numbers.sort_unstable();
        numbers.dedup();
        let counted = |j: &Judged| j.is_learned() || j.is_not_learned();
        let mut seen: Vec<Seen> = (evidence.iter().zip(judges))
            .filter(|(j, _)| counted(j))
            .map(|(j, judge)| {
                let p = scaled(j.probabilities.iter().map(|&p| f64::from(p)), temperature);
                let best = most_probable(&p).unwrap_or(0);
                Seen {
                    confidence: p.get(best).copied().unwrap_or(0.0),
                    right: best == j.truth,
                    judge: numbers.partition_point(|number| number < judge),
                }
            })
            .collect();
        seen.sort_by(|a, b| a.confidence.total_cmp(&b.confidence));
        Some(Self {
            temperature,
            steps: isotonic(&seen),
            seen,
            judges: numbers.len(),
        })
    }

    /// What the logits are divided by: above 1 where the classifier was too sure of itself.
    pub fn temperature(&self) -> f64 {
        self.temperature
    }

    /// Labels that all this was measured on.
    pub fn measured_on(&self) -> usize {
        self.seen.len()
    }

    /// Probabilities as they should have been; their order stays.
    pub fn calibrated(&self, probabilities: &[f32]) -> Vec<f32> {
        scaled(probabilities.iter().map(|&p| f64::from(p)), self.temperature)
            .into_iter()
            .map(|p| p as f32)
            .collect()
    }

    /// How likely a label of this calibrated confidence is right. It never falls as confidence rises.
    pub fn likely_right(&self, confidence: f64) -> f64 {
        let at = self.steps.partition_point(|&(from, _)| from <= confidence);
        let step = self.steps.get(at.saturating_sub(1));
        step.map_or(confidence, |&(_, right)| right)
    }

    /// Judged texts of at least this confidence, and how many that are as evidence: fewer where the classifiers that judged
    /// them differ.
    fn judged_above(&self, threshold: f64) -> (usize, f64) {
        let below = self.seen.partition_point(|seen| seen.confidence < threshold);
        let above = self.seen.get(below..).unwrap_or_default();
        // (wrong, all) of each.
        let mut counts = vec![(0, 0); self.judges];
        for seen in above {
            if let Some((wrong, all)) = counts.get_mut(seen.judge) {
                *wrong += usize::from(!seen.right);
                *all += 1;
            }
        }
        (above.len(), above.len() as f64 / inflation(&counts))
    }
}

/// The texts to be labelled, by confidence: what lies above every threshold is known at once.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// Lowest first.
    confidences: Vec<f64>,
    /// Texts that are likely right among the first so many; one longer than `confidences`, or empty without evidence.
    right: Vec<f64>,
}

impl Coverage {
    /// From the calibrated confidence of every text.
    pub fn new(confidences: impl Iterator<Item = f32>, trust: Option<&Trust>) -> Self {
        let mut confidences: Vec<f64> = confidences.map(f64::from).filter(|c| c.is_finite()).collect();
        confidences.sort_by(f64::total_cmp);
        let right = trust.map_or(Vec::new(), |trust| {
            let sums = confidences.iter().scan(0.0, |sum, &c| {
                *sum += trust.likely_right(c);
                Some(*sum)
            });
            std::iter::once(0.0).chain(sums).collect()
        });
        Self { confidences, right }
    }

    /// Texts in all.
    pub fn texts(&self) -> usize {
        self.confidences.len()
    }

    /// Texts of at least this confidence.
    pub fn above(&self, threshold: f64) -> usize {
        self.confidences.len() - self.below(threshold)
    }

    /// Texts of less confidence.
    pub fn below(&self, threshold: f64) -> usize {
        self.confidences.partition_point(|&c| c < threshold)
    }

    /// The share of what lies above a threshold that is right, and how well that is known; `None` where no text or no
    /// judged label does.
    pub fn accepted(&self, trust: &Trust, threshold: f64) -> Option<Accepted> {
        let (start, end) = (self.below(threshold), self.confidences.len());
        let (measured_on, worth) = trust.judged_above(threshold);
        let right = self.right_of(start, end)?;
        (measured_on > 0).then(|| Accepted {
            right,
            interval: wilson_of(right, worth),
            measured_on,
        })
    }

    /// The share of wrong labels among the texts below a threshold, now and once the `by_hand` least sure of them were
    /// put right; `None` where there are none or nothing is known.
    pub fn checking(&self, threshold: f64, by_hand: usize) -> Option<(f64, f64)> {
        let rest = self.below(threshold);
        let now = 1.0 - self.right_of(0, rest)?;
        let by_hand = by_hand.min(rest);
        let left = self.right_of(by_hand, rest).map_or(0.0, |right| 1.0 - right);
        Some((now, left * (rest - by_hand) as f64 / rest as f64))
    }

    /// Texts by confidence in `bins` equal stretches from 0 to 1.
    pub fn histogram(&self, bins: usize) -> Vec<usize> {
        let at = |i: usize| self.below(i as f64 / bins as f64);
        (0..bins)
            .map(|i| if i + 1 == bins { self.texts() } else { at(i + 1) } - at(i))
            .collect()
    }

    fn right_of(&self, start: usize, end: usize) -> Option<f64> {
        let sum = self.right.get(end)? - self.right.get(start)?;
        (end > start).then(|| (sum / (end - start) as f64).clamp(0.0, 1.0))
    }
}

/// Probabilities whose logits are divided by the temperature. What is no probability counts as the least one.
pub fn scaled(probabilities: impl Iterator<Item = f64>, temperature: f64) -> Vec<f64> {
    let logits: Vec<f64> = probabilities.map(|p| logit(p) / temperature).collect();
    let highest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exps: Vec<f64> = logits.iter().map(|l| (l - highest).exp()).collect();
    let sum: f64 = exps.iter().sum();
    exps.iter().map(|e| e / sum).collect()
}

fn logit(probability: f64) -> f64 {
    let p = if probability.is_finite() { probability } else { 0.0 };
    p.clamp(LEAST, 1.0).ln()
}

/// The temperature under which the judgements are likeliest, held near 1 where they are few: a lognormal prior.
fn temperature(evidence: &[&Judged]) -> f64 {
    let every = evidence.len().div_ceil(ENOUGH);
    // The logits once, relative to each text's highest: with many classes they take as long as all the rest. Before them
    // that of the true class.
    let chosen: Vec<(f64, Vec<f64>)> = (evidence.iter().step_by(every))
        .map(|j| {
            let mut logits: Vec<f64> = j.probabilities.iter().map(|&p| logit(f64::from(p))).collect();
            let highest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            logits.iter_mut().for_each(|l| *l -= highest);
            (logits.get(j.truth).copied().unwrap_or(0.0), logits)
        })
        .collect();
    let cost = |log: f64| {
        let sharper = (-log).exp();
        let nll = chosen.iter().map(|(truth, logits)| {
            let sum: f64 = logits.iter().map(|l| (l * sharper).exp()).sum();
            sum.ln() - truth * sharper
        });
        nll.sum::<f64>() + (log / SPREAD).powi(2) / 2.0
    };
    // A coarse walk first: the sum need not have one minimum only.
    let (lowest, step, points) = (-2.3, 0.23, 21);
    let place = |i: usize| lowest + step * i as f64;
    let costs: Vec<f64> = (0..points).map(|i| cost(place(i))).collect();
    let at = (0..points)
        .min_by(|&a, &b| costs[a].total_cmp(&costs[b]))
        .unwrap_or(10);
    let golden = (5.0_f64.sqrt() - 1.0) / 2.0;
    let (mut low, mut high) = (place(at) - step, place(at) + step);
    for _ in 0..24 {
        let (a, b) = (high - golden * (high - low), low + golden * (high - low));
        if cost(a) < cost(b) {
            high = b;
        } else {
            low = a;
        }
    }
    ((low + high) / 2.0).exp()
}

/// A stretch of neighbours by confidence that are held equally likely to be right.
#[derive(Clone, Copy)]
struct Stretch {
    from: f64,
    right: f64,
    all: f64,
}

impl Stretch {
    fn share(&self) -> f64 {
        self.right / self.all
    }

    /// Not quite 0 or 1 however often nothing else was seen: the mean under Jeffreys' prior.
    fn careful(&self) -> f64 {
        (self.right + 0.5) / (self.all + 1.0)
    }

    fn join(&mut self, next: &Self) {
        self.right += next.right;
        self.all += next.all;
    }
}

/// Pool adjacent violators: joins neighbours until `share` rises from each to the next.
fn pool(stretches: impl Iterator<Item = Stretch>, share: fn(&Stretch) -> f64) -> Vec<Stretch> {
    let mut pooled: Vec<Stretch> = Vec::new();
    for mut stretch in stretches {
        while let Some(last) = pooled.pop_if(|last| share(last) >= share(&stretch)) {
            let next = stretch;
            stretch = last;
            stretch.join(&next);
        }
        pooled.push(stretch);
    }
    pooled
}

/// The lowest confidence and the share right of each stretch, from judged texts in order of confidence.
fn isotonic(seen: &[Seen]) -> Vec<(f64, f64)> {
    let equal = seen
        .chunk_by(|a, b| a.confidence == b.confidence)
        .filter_map(|chunk| {
            Some(Stretch {
                from: chunk.first()?.confidence,
                right: chunk.iter().filter(|seen| seen.right).count() as f64,
                all: chunk.len() as f64,
            })
        });
    let pooled = pool(equal, Stretch::share);
    // Care weighs more on short stretches and may have turned two round.
    let pooled = pool(pooled.into_iter(), Stretch::careful);
    pooled.iter().map(|s| (s.from, s.careful())).collect()
}

#[cfg(test)]
mod tests;

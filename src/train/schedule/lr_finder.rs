//! The learning-rate finder (Smith 2017): a mock training in which the rate grows exponentially, and what
//! fastai's four heuristics read off the curve of its loss.

use serde::{Deserialize, Serialize};

/// The range of rates that a mock training goes through.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LrFinder {
    /// The first rate.
    pub start: f64,
    /// The rate that the last step ends at.
    pub end: f64,
    /// How many steps the range is gone through in.
    pub steps: usize,
}

impl Default for LrFinder {
    fn default() -> Self {
        Self {
            start: 1e-7,
            end: 10.0,
            steps: 100,
        }
    }
}

impl LrFinder {
    /// The rate of step `i` (from 0): exponential from `start`, reaching `end` at `i == steps`.
    #[must_use]
    pub fn rate(&self, i: usize) -> f64 {
        self.start * (self.end / self.start).powf(i as f64 / self.steps.max(1) as f64)
    }
}

/// The decay of the running mean of the loss (fastai's recorder).
const SMOOTHING: f64 = 0.98;

/// The losses of a mock training as it goes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct LrCurve {
    points: Vec<(f64, f64)>,
    mean: f64,
    best: Option<f64>,
}

impl LrCurve {
    /// Adds the batch loss seen at `rate`. False says that the loss has diverged and the search should stop:
    /// it is not finite, or its running mean has passed four times its lowest value.
    pub fn record(&mut self, rate: f64, loss: f64) -> bool {
        if !loss.is_finite() {
            return false;
        }
        self.mean = SMOOTHING * self.mean + (1.0 - SMOOTHING) * loss;
        // Without this correction the mean would start near 0 and look as if the loss were growing.
        let smooth = self.mean / (1.0 - SMOOTHING.powf(self.points.len() as f64 + 1.0));
        self.points.push((rate, smooth));
        let best = self.best.map_or(smooth, |best| best.min(smooth));
        self.best = Some(best);
        smooth <= 4.0 * best
    }

    /// The pairs of rate and smoothed loss, in the order of the steps.
    #[must_use]
    pub fn points(&self) -> &[(f64, f64)] {
        &self.points
    }

    /// The rate to train with, or `None` if the curve is too short to tell.
    ///
    /// The first tenth of the planned steps (the loss has not settled) and the last five (it is diverging)
    /// are left out.
    #[must_use]
    pub fn suggest(&self, finder: &LrFinder, by: Suggestion) -> Option<f64> {
        let end = self.points.len().saturating_sub(5);
        suggest(self.points.get(finder.steps / 10..end)?, by)
    }
}

/// How a rate is read off the curve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suggestion {
    /// Half way down the longest fall of the loss.
    #[default]
    Valley,
    /// The highest rate before the slope changes abruptly.
    Slide,
    /// A tenth of the rate at which the loss is lowest.
    Minimum,
    /// The rate at which the loss falls fastest over the logarithm of the rate.
    Steep,
}

/// Reads a rate off pairs of rate and loss, or `None` if there are too few.
#[must_use]
pub fn suggest(points: &[(f64, f64)], by: Suggestion) -> Option<f64> {
    let index = match by {
        Suggestion::Valley => valley(points)?,
        Suggestion::Slide => slide(points)?,
        Suggestion::Minimum => first_lowest(points.iter().map(|p| p.1))?,
        Suggestion::Steep => first_lowest(
            points
                .windows(2)
                .map(|w| (w[1].1 - w[0].1) / (w[1].0.ln() - w[0].0.ln())),
        )?,
    };
    let rate = points.get(index)?.0;
    Some(if by == Suggestion::Minimum {
        rate / 10.0
    } else {
        rate
    })
}

fn first_lowest(values: impl Iterator<Item = f64>) -> Option<usize> {
    values
        .enumerate()
        .min_by(|a, b| a.1.total_cmp(&b.1))
        .map(|(i, _)| i)
}

/// The longest strictly decreasing subsequence marks the valley; it is taken to reach back over as many
/// points as it has members, and the rate is half way into its middle third.
fn valley(points: &[(f64, f64)]) -> Option<usize> {
    let mut lengths: Vec<usize> = Vec::with_capacity(points.len());
    for (i, &(_, loss)) in points.iter().enumerate() {
        let before = (0..i)
            .filter(|&j| loss < points[j].1)
            .map(|j| lengths[j])
            .max()
            .unwrap_or(0);
        lengths.push(before + 1);
    }
    let longest = *lengths.iter().max()?;
    let bottom = lengths.iter().position(|&length| length == longest)?;
    Some((bottom + longest / 3 + longest / 6).saturating_sub(longest))
}

/// Moves an interval of `WIDTH` points leftwards from the end until the slopes at its two ends agree.
fn slide(points: &[(f64, f64)]) -> Option<usize> {
    const WIDTH: usize = 15;
    const THRESHOLD: f64 = 0.005;
    let slopes = gradient(points);
    let mut left = slopes.len().checked_sub(WIDTH + 1)?;
    let mut found = left;
    while (slopes[left + WIDTH] - slopes[left]).abs() > THRESHOLD {
        found = left;
        if left == 0 {
            break;
        }
        left -= 1;
    }
    Some(found)
}

/// Central differences of the loss per step, one-sided at the ends.
fn gradient(points: &[(f64, f64)]) -> Vec<f64> {
    let last = points.len().saturating_sub(1);
    (0..points.len())
        .map(|i| {
            let (a, b) = (i.saturating_sub(1), (i + 1).min(last));
            (points[b].1 - points[a].1) / (b - a).max(1) as f64
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn curve(losses: &[f64]) -> Vec<(f64, f64)> {
        let finder = LrFinder {
            start: 1e-6,
            end: 1.0,
            steps: losses.len(),
        };
        losses
            .iter()
            .enumerate()
            .map(|(i, &loss)| (finder.rate(i), loss))
            .collect()
    }

    #[test]
    fn rates_grow_exponentially() {
        let finder = LrFinder::default();
        // Eight decades in 100 steps: 25 steps are two of them.
        for (i, want) in [(0, 1e-7), (25, 1e-5), (50, 1e-3), (100, 10.0)] {
            assert!((finder.rate(i) / want - 1.0).abs() < 1e-9);
        }
    }

    #[test]
    fn the_search_stops_at_four_times_the_best_smoothed_loss() {
        let mut search = LrCurve::default();
        assert!(search.record(1e-7, 1.0) && search.record(1e-6, 1.0));
        assert!(
            (search.points()[1].1 - 1.0).abs() < 1e-12,
            "the mean of equal losses is that loss"
        );
        // Smoothed: (0.98 * 0.0396 + 0.02 * x) / (1 - 0.98^3) = (0.038808 + 0.02 x) / 0.058808 > 4 from x =
        // 9.8212.
        let mut below = search.clone();
        assert!(below.record(1e-5, 9.8));
        assert!(!search.record(1e-5, 9.9));
        assert!(!below.record(1e-4, f64::NAN));
        assert_eq!(below.points().len(), 3);
    }

    #[test]
    fn suggestions_read_off_a_hand_made_curve() {
        // Falls over indices 4..=12 from the flat start, lowest at 12.
        let losses = [
            5.0, 5.0, 5.0, 5.0, 4.9, 4.7, 4.0, 3.0, 2.5, 2.2, 2.0, 1.9, 1.8, 2.0, 3.0, 6.0,
        ];
        let points = curve(&losses);
        // One of the fives and nine more members, ending at 12: the index is 12 - 10 + 10/3 + 10/6 = 2 + 3 +
        // 1.
        assert_eq!(suggest(&points, Suggestion::Valley), Some(points[6].0));
        assert_eq!(suggest(&points, Suggestion::Minimum), Some(points[12].0 / 10.0));
        assert_eq!(
            suggest(&points, Suggestion::Steep),
            Some(points[6].0),
            "4.0 -> 3.0 is the steepest step"
        );
        assert_eq!(suggest(&points, Suggestion::Slide), Some(points[0].0));
    }

    #[test]
    fn slide_stops_where_the_slopes_agree() {
        // Straight (slope -0.1) up to index 30, then rising by 1 a step: gradient[30] = 0.45, later ones 1.
        // The interval (left, left + 15) has equal slopes first at left = 14 (right = 29), so the last one
        // was 15.
        let losses: Vec<f64> = (0..40)
            .map(|i| {
                if i <= 30 {
                    5.0 - 0.1 * f64::from(i)
                } else {
                    2.0 + f64::from(i - 30)
                }
            })
            .collect();
        let points = curve(&losses);
        assert_eq!(suggest(&points, Suggestion::Slide), Some(points[15].0));
    }

    proptest! {
        #[test]
        fn any_curve_gives_a_rate_or_none(losses in prop::collection::vec(-1e3f64..1e3, 0..=100)) {
            let mut search = LrCurve::default();
            let finder = LrFinder::default();
            for (i, loss) in losses.iter().enumerate() {
                search.record(finder.rate(i), *loss);
            }
            for by in [Suggestion::Valley, Suggestion::Slide, Suggestion::Minimum, Suggestion::Steep] {
                let rate = search.suggest(&finder, by);
                prop_assert!(rate.is_none_or(|r| r > 0.0 && r <= 10.0));
                // 15 points are cut off; a slope needs two, the sliding interval sixteen.
                let needed = match by {
                    Suggestion::Valley | Suggestion::Minimum => 16,
                    Suggestion::Steep => 17,
                    Suggestion::Slide => 31,
                };
                prop_assert_eq!(rate.is_some(), losses.len() >= needed);
            }
        }
    }
}

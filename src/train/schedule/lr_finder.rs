//! The learning-rate finder (Smith 2017): a mock training in which the rate grows exponentially, and the rate that
//! fastai's `valley` reads off the curve of its loss.

/// The range of rates that a mock training goes through.
#[derive(Clone, Copy, Debug, PartialEq)]
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
#[derive(Clone, Debug, Default)]
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

    /// The rate to train with, half way down the longest fall of the loss, or `None` if the curve is too short to tell.
    ///
    /// The first tenth of the planned steps (the loss has not settled) and the last five (it is diverging)
    /// are left out.
    #[must_use]
    pub fn suggest(&self, finder: &LrFinder) -> Option<f64> {
        let end = self.points.len().saturating_sub(5);
        let points = self.points.get(finder.steps / 10..end)?;
        points.get(valley(points)?).map(|point| point.0)
    }
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
    fn the_valley_of_a_hand_made_curve() {
        // Falls over indices 4..=12 from the flat start, lowest at 12.
        let losses = [
            5.0, 5.0, 5.0, 5.0, 4.9, 4.7, 4.0, 3.0, 2.5, 2.2, 2.0, 1.9, 1.8, 2.0, 3.0, 6.0,
        ];
        // One of the fives and nine more members, ending at 12: the index is 12 - 10 + 10/3 + 10/6 = 2 + 3 +
        // 1.
        assert_eq!(valley(&curve(&losses)), Some(6));
    }

    proptest! {
        #[test]
        fn any_curve_gives_a_rate_or_none(losses in prop::collection::vec(-1e3f64..1e3, 0..=100)) {
            let mut search = LrCurve::default();
            let finder = LrFinder::default();
            for (i, loss) in losses.iter().enumerate() {
                search.record(finder.rate(i), *loss);
            }
            let rate = search.suggest(&finder);
            prop_assert!(rate.is_none_or(|r| r > 0.0 && r <= 10.0));
            // 15 points are cut off.
            prop_assert_eq!(rate.is_some(), losses.len() >= 16);
        }
    }
}

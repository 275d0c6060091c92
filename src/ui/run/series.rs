//! Numbers over steps, in bounded memory.

use serde::{Deserialize, Serialize};

/// Most points of a series; one more halves it.
pub const CAPACITY: usize = 4096;

/// A number by the step at which it was measured, in the order of the steps.
///
/// A long run is thinned: of every four neighbours the lowest and the highest stay, so that a spike is never lost, and
/// the first and the last point always stay.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Series {
    steps: Vec<u64>,
    values: Vec<f32>,
}

impl Series {
    /// Adds a point. One that is not finite is left out; one at or before the last step replaces everything from there
    /// on, as a resumed run repeats steps.
    pub fn push(&mut self, step: u64, value: f64) {
        let value = value as f32;
        if !value.is_finite() {
            return;
        }
        if self.steps.last().is_some_and(|&last| last >= step) {
            let keep = self.steps.partition_point(|&s| s < step);
            self.steps.truncate(keep);
            self.values.truncate(keep);
        }
        self.steps.push(step);
        self.values.push(value);
        if self.steps.len() > CAPACITY {
            self.thin();
        }
    }

    fn thin(&mut self) {
        let last = self.steps.len().saturating_sub(1);
        let mut keep = vec![0];
        let inner: Vec<usize> = (1..last).collect();
        for four in inner.chunks(4) {
            let value = |i: &&usize| self.values.get(**i).copied().unwrap_or_default();
            let by = |a: &&usize, b: &&usize| value(a).total_cmp(&value(b));
            if let (Some(&low), Some(&high)) = (four.iter().min_by(by), four.iter().max_by(by)) {
                keep.push(low.min(high));
                if low != high {
                    keep.push(low.max(high));
                }
            }
        }
        keep.push(last);
        self.steps = keep.iter().filter_map(|&i| self.steps.get(i).copied()).collect();
        self.values = keep.iter().filter_map(|&i| self.values.get(i).copied()).collect();
    }

    /// Whether nothing was measured.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// How many points are kept.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// The points, by step.
    pub fn points(&self) -> impl DoubleEndedIterator<Item = (u64, f64)> + '_ {
        let values = self.values.iter().map(|&v| f64::from(v));
        self.steps.iter().copied().zip(values)
    }

    /// The last value that was measured at or before `step`.
    pub fn at(&self, step: u64) -> Option<f64> {
        let after = self.steps.partition_point(|&s| s <= step);
        let value = self.values.get(after.checked_sub(1)?)?;
        Some(f64::from(*value))
    }

    /// The first point.
    pub fn first(&self) -> Option<(u64, f64)> {
        self.points().next()
    }

    /// The last point.
    pub fn last(&self) -> Option<(u64, f64)> {
        self.points().next_back()
    }

    /// The lowest and the highest value.
    pub fn range(&self) -> Option<(f64, f64)> {
        let first = f64::from(*self.values.first()?);
        let widen = |(low, high): (f64, f64), v: &f32| (low.min(f64::from(*v)), high.max(f64::from(*v)));
        Some(self.values.iter().fold((first, first), widen))
    }
}

/// A state that seldom changes, by the step from which it holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Changes<T> {
    from: Vec<(u64, T)>,
}

impl<T> Default for Changes<T> {
    fn default() -> Self {
        Self { from: Vec::new() }
    }
}

impl<T: PartialEq + Copy> Changes<T> {
    /// The state holds from `step` on.
    pub fn push(&mut self, step: u64, state: T) {
        if self.from.last().is_some_and(|&(last, _)| last >= step) {
            let keep = self.from.partition_point(|&(s, _)| s < step);
            self.from.truncate(keep);
        }
        let changed = self.from.last().is_none_or(|&(_, last)| last != state);
        if changed && self.from.len() < CAPACITY {
            self.from.push((step, state));
        }
    }

    /// The state at a step.
    pub fn at(&self, step: u64) -> Option<T> {
        let after = self.from.partition_point(|&(s, _)| s <= step);
        Some(self.from.get(after.checked_sub(1)?)?.1)
    }

    /// Every change, by step.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, T)> + '_ {
        self.from.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn thinning_keeps_the_first_the_last_and_the_extremes(
            values in prop::collection::vec(-1e6f32..1e6, 1..3 * CAPACITY),
        ) {
            let mut series = Series::default();
            for (i, &v) in values.iter().enumerate() {
                series.push(i as u64, f64::from(v));
            }
            let low = values.iter().copied().fold(f32::INFINITY, f32::min);
            let high = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            prop_assert!(series.len() <= CAPACITY);
            prop_assert_eq!(series.first(), Some((0, f64::from(values[0]))));
            let end = values.len() - 1;
            prop_assert_eq!(series.last(), Some((end as u64, f64::from(values[end]))));
            prop_assert_eq!(series.range(), Some((f64::from(low), f64::from(high))));
            let steps: Vec<u64> = series.points().map(|(s, _)| s).collect();
            prop_assert!(steps.windows(2).all(|w| w[0] < w[1]));
        }
    }

    #[test]
    fn a_value_holds_until_the_next() {
        let mut series = Series::default();
        series.push(10, 1.0);
        series.push(20, 2.0);
        series.push(30, f64::NAN);
        let at: Vec<Option<f64>> = [9, 10, 19, 20, 99].map(|s| series.at(s)).to_vec();
        assert_eq!(at, [None, Some(1.0), Some(1.0), Some(2.0), Some(2.0)]);
        // A resumed run repeats step 15 and what follows.
        series.push(15, 1.5);
        assert_eq!(series.at(99), Some(1.5));
        let mut frozen = Changes::default();
        for (step, state) in [(1, true), (2, true), (3, false), (3, true), (4, false)] {
            frozen.push(step, state);
        }
        assert_eq!(frozen.iter().collect::<Vec<_>>(), [(1, true), (4, false)]);
        assert_eq!(
            (frozen.at(0), frozen.at(3), frozen.at(9)),
            (None, Some(true), Some(false))
        );
    }
}

//! How fast the user labels in this sitting.

/// Between two labels, anything longer is a break, not a text that was hard.
const BREAK: f64 = 90.0;
/// How many intervals make the pace: recent ones, because people grow faster.
const RECENT: usize = 20;
/// Fewer say nothing.
const LEAST: usize = 3;

/// When labels were given.
#[derive(Clone, Debug, Default)]
pub(super) struct Pace {
    last: Option<f64>,
    /// Seconds between labels, the latest last.
    intervals: Vec<f64>,
}

impl Pace {
    /// A label was given at this time, in seconds.
    pub fn labelled(&mut self, now: f64) {
        if let Some(last) = self.last.replace(now) {
            let interval = now - last;
            if (0.0..BREAK).contains(&interval) {
                self.intervals.push(interval);
            }
        }
        let old = self.intervals.len().saturating_sub(RECENT);
        self.intervals.drain(..old);
    }

    /// Seconds a label: the median of the recent ones.
    pub fn seconds(&self) -> Option<f64> {
        if self.intervals.len() < LEAST {
            return None;
        }
        let mut sorted = self.intervals.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        let upper = *sorted.get(middle)?;
        if sorted.len() % 2 == 1 {
            return Some(upper);
        }
        Some((upper + *sorted.get(middle - 1)?) / 2.0)
    }

    /// How long so many more take, in words.
    pub fn to_go(&self, labels: usize) -> Option<String> {
        let minutes = self.seconds()? * labels as f64 / 60.0;
        Some(match minutes.round() as u64 {
            _ if labels == 0 => return None,
            0 => "less than a minute to go at your pace".into(),
            1 => "about a minute to go at your pace".into(),
            m => format!("about {m} minutes to go at your pace"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_is_the_median_and_breaks_do_not_count() {
        let mut pace = Pace::default();
        for at in [0.0, 4.0, 8.0] {
            pace.labelled(at);
        }
        assert_eq!(pace.to_go(10), None);
        for at in [3_608.0, 3_612.0, 3_622.0] {
            pace.labelled(at);
        }
        // 4, 4, 4 and 10 seconds.
        assert_eq!(pace.seconds(), Some(4.0));
        assert_eq!(
            pace.to_go(63).as_deref(),
            Some("about 4 minutes to go at your pace")
        );
        assert_eq!(
            pace.to_go(2).as_deref(),
            Some("less than a minute to go at your pace")
        );
        assert_eq!(pace.to_go(0), None);
    }
}

//! How far a measured proportion can be trusted.

/// The normal quantile of a two-sided 95 % interval.
const Z95: f64 = 1.96;

/// A 95 % confidence interval of a proportion.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

/// The 95 % Wilson score interval of `hits` in `rows`.
///
/// Unlike the textbook p +- z sqrt(p(1-p)/n) it keeps its coverage when rows are few or the proportion is
/// near 0 or 1: no errors in 20 rows gives 0..0.16, not 0..0. Without rows it is 0..1.
#[must_use]
pub fn wilson(hits: usize, rows: usize) -> Interval {
    if rows == 0 {
        return Interval { low: 0.0, high: 1.0 };
    }
    wilson_of(hits as f64 / rows as f64, rows as f64)
}

/// The same of a share `p` that is worth `n` independent rows, more than 0 and not always a whole number.
#[must_use]
pub fn wilson_of(p: f64, n: f64) -> Interval {
    let z2 = Z95 * Z95;
    let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z95 / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    // The interval holds p; the clamps only take out rounding.
    Interval {
        low: (centre - half).clamp(0.0, p),
        high: (centre + half).clamp(p, 1.0),
    }
}

/// The 95 % interval of the pooled error of k-fold cross-validation, from (errors, rows) of each fold.
///
/// Every row is tested once, by a classifier that did not see it, so the pooled error is a proportion of all
/// rows. But the rows of a fold share one classifier: where that classifier is unlucky they go wrong
/// together, and counting them as independent makes the interval too narrow. So the Wilson interval is taken
/// for fewer rows, as [`inflation`] says. The classifiers also share training rows, which no formula can put right (Bengio &
/// Grandvalet 2004): read the interval as a lower bound of the uncertainty.
#[must_use]
pub fn pooled_interval(folds: &[(usize, usize)]) -> Interval {
    let errors: usize = folds.iter().map(|fold| fold.0).sum();
    let rows: usize = folds.iter().map(|fold| fold.1).sum();
    if rows == 0 {
        return wilson(errors, rows);
    }
    wilson_of(errors as f64 / rows as f64, rows as f64 / inflation(folds))
}

/// So many times fewer independent rows the rows of several classifiers stand for, from (errors, rows) of each; at
/// least 1.
///
/// It is the variance-inflation factor of cluster samples: the spread of the error rates set against what chance
/// alone would give, the chi-square statistic over k - 1. Where all rows are right, or all wrong, there is no spread
/// to be seen, and it is 1.
#[must_use]
pub fn inflation(folds: &[(usize, usize)]) -> f64 {
    let errors: usize = folds.iter().map(|fold| fold.0).sum();
    let rows: usize = folds.iter().map(|fold| fold.1).sum();
    let used = folds.iter().filter(|fold| fold.1 > 0).count();
    if used < 2 || errors == 0 || errors == rows {
        return 1.0;
    }
    let p = errors as f64 / rows as f64;
    let chi_square: f64 = folds
        .iter()
        .filter(|fold| fold.1 > 0)
        .map(|&(errors, rows)| (errors as f64 - rows as f64 * p).powi(2) / (rows as f64 * p * (1.0 - p)))
        .sum();
    (chi_square / (used - 1) as f64).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(got: f64, want: f64) {
        assert!((got - want).abs() < 1e-4, "got {got}, want {want}");
    }

    #[test]
    fn wilson_by_hand() {
        // p = 0.1, n = 100: centre (0.1 + 3.8416/200) / 1.038416 = 0.114798,
        // half 1.96 / 1.038416 * sqrt(0.0009 + 3.8416/40000) = 0.059569.
        let interval = wilson(10, 100);
        close(interval.low, 0.05523);
        close(interval.high, 0.17437);
        // No errors in 20: 0 to 3.8416 / 23.8416.
        let none = wilson(0, 20);
        close(none.low, 0.0);
        close(none.high, 0.16113);
        close(wilson(20, 20).low, 1.0 - 0.16113);
        assert_eq!(wilson(0, 0), Interval { low: 0.0, high: 1.0 });
    }

    #[test]
    fn folds_that_disagree_widen_the_interval() {
        let alike = pooled_interval(&[(2, 20); 5]);
        assert_eq!(alike, wilson(10, 100));
        // p = 0.1; chi-square = (4 * 2^2 + 8^2) / (20 * 0.1 * 0.9) = 44.444, over k - 1 = 4: 11.111, so n =
        // 9.
        let uneven = pooled_interval(&[(0, 20), (0, 20), (10, 20), (0, 20), (0, 20)]);
        let fewer = wilson_of(0.1, 9.0);
        close(uneven.low, fewer.low);
        close(uneven.high, fewer.high);
        assert_eq!(pooled_interval(&[(0, 5), (0, 5)]), wilson(0, 10));
        assert_eq!(pooled_interval(&[(0, 0)]), wilson(0, 0));
        close(
            inflation(&[(0, 20), (0, 20), (10, 20), (0, 20), (0, 20)]),
            400.0 / 36.0,
        );
        for certain in [
            &[(2, 20); 5][..],
            &[(3, 4)],
            &[(0, 5), (0, 9)],
            &[(5, 5), (9, 9)],
            &[],
        ] {
            assert_eq!(inflation(certain), 1.0);
        }
    }
}

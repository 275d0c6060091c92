//! Whether one of two classifiers is better, judged by the same rows.

/// A difference that chance alone makes more often than this is too small to be told.
pub const CHANCE: f64 = 0.05;

/// How often two classifiers that are equally good differ as much as these two do: the p-value of McNemar's exact test.
/// `rows` tells of each row whether the one is right, and whether the other is.
#[must_use]
pub fn difference(rows: impl IntoIterator<Item = (bool, bool)>) -> f64 {
    let mut only = (0, 0);
    for row in rows {
        match row {
            (true, false) => only.0 += 1,
            (false, true) => only.1 += 1,
            // What both get right, or both wrong, is no sign for either.
            _ => {}
        }
    }
    mcnemar(only.0, only.1)
}

/// As [`difference`], of so many rows that only the one gets right, and so many that only the other does: twice the
/// binomial distribution's tail of the smaller number, at most 1.
fn mcnemar(one: usize, other: usize) -> f64 {
    let (few, all) = (one.min(other), one + other);
    // The last term of the tail is its largest, C(all, few) / 2^all. Its logarithm neither overflows nor vanishes.
    let chosen = (1..=few).map(|i| ((all - few + i) as f64 / i as f64).ln());
    let largest = chosen.sum::<f64>() - all as f64 * std::f64::consts::LN_2;
    // The terms before it, as shares of it.
    let (mut tail, mut term) = (0.0, 1.0);
    for i in (0..=few).rev() {
        tail += term;
        term *= i as f64 / (all - i + 1) as f64;
    }
    (2.0 * largest.exp() * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_by_hand() {
        for (one, other, want) in [
            (0, 0, 1.0),
            (1, 0, 1.0),
            (3, 3, 1.0),
            // 2 / 2^5, 2 / 2^6.
            (0, 5, 0.0625),
            (6, 0, 0.03125),
            // 2 (1 + 12 + 66) / 2^12.
            (10, 2, 158.0 / 4096.0),
        ] {
            let got = mcnemar(one, other);
            assert!((got - want).abs() < 1e-12, "{one} {other}: {got}");
            assert_eq!(got, mcnemar(other, one));
        }
    }

    #[test]
    fn large_counts_are_no_trouble() {
        // The normal approximation with continuity correction: z = 99 / sqrt(2100) and 999 / sqrt(201,000).
        for (one, other, want) in [(1_000, 1_100, 0.03075), (100_000, 101_000, 0.02585)] {
            let got = mcnemar(one, other);
            assert!((got - want).abs() < 1e-4, "{one} {other}: {got}");
        }
        assert!(mcnemar(500_000, 500_000) > 0.999);
        assert!(mcnemar(0, 100_000) < 1e-300);
    }

    #[test]
    fn rows_on_which_both_agree_do_not_count() {
        let rows = [(true, true), (false, false), (true, false)];
        let many = rows.into_iter().cycle().take(18);
        assert!((difference(many) - 0.03125).abs() < 1e-12);
        assert_eq!(difference([(true, true); 50]), 1.0);
    }
}

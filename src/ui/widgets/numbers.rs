//! Numbers as people write them.

/// `12345` as `12,345`.
pub fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A share as `47 %`.
pub fn percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

/// The two ends of an interval of shares, as `0 to 32 %`.
pub fn range(low: f64, high: f64) -> String {
    format!("{:.0} to {}", 100.0 * low, percent(high))
}

/// `1 text`, `2 texts`.
pub fn texts(number: usize) -> String {
    format!("{} text{}", grouped(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(grouped),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!((texts(1), texts(2)), ("1 text".into(), "2 texts".into()));
        assert_eq!(percent(0.066), "7 %");
        assert_eq!(range(0.0, 0.324), "0 to 32 %");
    }
}

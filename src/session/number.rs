//! Numbers as people read them, in reports, in the terminal and in the window.

/// 12,345.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 row`, `2,000 rows`.
pub fn counted(number: u64, singular: &str) -> String {
    format!(
        "{} {singular}{}",
        count(number),
        if number == 1 { "" } else { "s" }
    )
}

/// A share of one with a digit behind the point, where it is to be compared: `8.3 %`.
pub fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// A share of one in whole per cent, where it is seen in passing: `8 %`.
pub fn whole_percent(share: f64) -> String {
    format!("{:.0} %", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        let shown = [0, 12, 999, 1000, 12_345, 123_456, 1_234_567].map(count);
        assert_eq!(
            shown,
            ["0", "12", "999", "1,000", "12,345", "123,456", "1,234,567"]
        );
        assert_eq!(
            [0, 1, 2_000].map(|n| counted(n, "row")),
            ["0 rows", "1 row", "2,000 rows"]
        );
    }

    #[test]
    fn shares_have_the_digits_that_matter() {
        assert_eq!([0.0834, 0.066, 1.0].map(percent), ["8.3 %", "6.6 %", "100.0 %"]);
        assert_eq!([0.184, 0.066, 1.0].map(whole_percent), ["18 %", "7 %", "100 %"]);
    }
}

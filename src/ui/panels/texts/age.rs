//! How long ago something was.

/// `just now`, `12 min ago`, `3 h ago`, `yesterday`, `9 days ago`, `4 months ago`, `2 years ago`.
pub(super) fn age(seconds: u64) -> String {
    const HOUR: u64 = 60 * 60;
    const DAY: u64 = 24 * HOUR;
    match seconds {
        0..120 => "just now".into(),
        120..HOUR => format!("{} min ago", seconds / 60),
        HOUR..DAY => format!("{} h ago", seconds / HOUR),
        _ => match seconds / DAY {
            1 => "yesterday".into(),
            days @ 2..61 => format!("{days} days ago"),
            days @ 61..730 => format!("{} months ago", days / 30),
            days => format!("{} years ago", days / 365),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::age;

    #[test]
    fn ages_are_told_in_the_unit_that_suits_them() {
        let said = [5, 720, 3 * 3_600, 86_400, 9 * 86_400, 120 * 86_400, 800 * 86_400].map(age);
        let expected = [
            "just now",
            "12 min ago",
            "3 h ago",
            "yesterday",
            "9 days ago",
            "4 months ago",
            "2 years ago",
        ];
        assert_eq!(said, expected);
    }
}

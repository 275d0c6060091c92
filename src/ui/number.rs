//! Numbers as people read them.

use crate::session::number;
pub use crate::session::number::whole_percent as percent;

/// 12,345
pub fn count(n: usize) -> String {
    number::count(n as u64)
}

/// `1 text`, `2 texts`.
pub fn texts(n: usize) -> String {
    number::counted(n as u64, "text")
}

/// The two ends of an interval of shares, as `0 to 32 %`.
pub fn range(low: f64, high: f64) -> String {
    format!("{:.0} to {}", 100.0 * low, percent(high))
}

/// Seconds: 41 s, 2 min, 1 h 05 min.
pub fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0);
    if seconds < 90.0 {
        return format!("{seconds:.0} s");
    }
    let minutes = (seconds / 60.0).round() as u64;
    if minutes < 60 {
        format!("{minutes} min")
    } else {
        format!("{} h {:02} min", minutes / 60, minutes % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!([999, 1000].map(count), ["999", "1,000"]);
        assert_eq!([1, 2].map(texts), ["1 text", "2 texts"]);
        assert_eq!(range(0.0, 0.324), "0 to 32 %");
        assert_eq!(
            [41.0, 125.0, 3900.0].map(duration),
            ["41 s", "2 min", "1 h 05 min"]
        );
    }
}

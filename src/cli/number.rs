//! Numbers as people read them.

pub use crate::session::number::{count, counted, percent};

/// Seconds as `4.2s`, `45s`, `3m 20s`, `2h 05m`; `?` for what is no time.
pub fn duration(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "?".into();
    }
    if seconds < 9.95 {
        return format!("{seconds:.1}s");
    }
    let whole = seconds.round() as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m {s:02}s"),
        (h, m, _) => format!("{h}h {m:02}m"),
    }
}

/// Items a second: whole above 10, otherwise with one digit behind the point.
pub fn speed(per_second: f64) -> String {
    if !per_second.is_finite() || per_second < 0.0 {
        "?".into()
    } else if per_second < 9.95 {
        format!("{per_second:.1}")
    } else {
        count(per_second.round() as u64)
    }
}

/// A learning rate: `4.0e-3`.
pub fn rate(rate: f64) -> String {
    if rate == 0.0 {
        "0".into()
    } else {
        format!("{rate:.1e}")
    }
}

/// Any number with about six significant digits and no trailing zeros.
pub fn general(number: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return number.to_string();
    }
    let magnitude = number.abs().log10().floor();
    if !(-5.0..15.0).contains(&magnitude) {
        return format!("{number:.4e}");
    }
    let decimals = (5.0 - magnitude).max(0.0) as usize;
    let text = format!("{number:.decimals$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').into()
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_two_units_at_most() {
        let shown: Vec<String> = [0.0, 9.94, 9.96, 59.6, 200.0, 7500.0].map(duration).into();
        assert_eq!(shown, ["0.0s", "9.9s", "10s", "1m 00s", "3m 20s", "2h 05m"]);
        assert_eq!(duration(f64::NAN), "?");
        assert_eq!(duration(f64::INFINITY), "?");
        assert_eq!(duration(-1.0), "?");
    }

    #[test]
    fn numbers_keep_what_matters() {
        assert_eq!(speed(3120.4), "3,120");
        assert_eq!(speed(0.25), "0.2");
        assert_eq!(rate(0.004), "4.0e-3");
        assert_eq!(rate(0.0), "0");
        let shown: Vec<String> = [0.0, 3.811_312_7, 250.0, 0.000_123_456_789, 1e-9, 123_456_789.0]
            .map(general)
            .into();
        assert_eq!(
            shown,
            ["0", "3.81131", "250", "0.000123457", "1.0000e-9", "123456789"]
        );
    }
}

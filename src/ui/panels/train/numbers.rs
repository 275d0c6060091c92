//! Numbers as people read them, of a run.

pub use crate::session::number::count;

/// Two figures with an exponent: 5.3e-3.
pub fn scientific(x: f64) -> String {
    if x == 0.0 { "0".into() } else { format!("{x:.1e}") }
}

/// A share as a percentage.
pub fn per_cent(x: f64) -> String {
    let x = 100.0 * x;
    if x == 0.0 {
        "0 %".into()
    } else if x.abs() < 0.1 {
        format!("{x:.2} %")
    } else if x.abs() < 10.0 {
        format!("{x:.1} %")
    } else {
        format!("{x:.0} %")
    }
}

/// The two ends of an interval of shares: 0 to 32 %.
pub fn ends(low: f64, high: f64) -> String {
    // What is left of 0 by rounding is 0.
    let low = per_cent((low * 1e4).round() / 1e4);
    format!("{} to {}", low.trim_end_matches(" %"), per_cent(high))
}

/// As short as it can be said: 12, 0.62, 1.2e-3.
pub fn short(x: f64) -> String {
    let size = x.abs();
    if size >= 100.0 {
        format!("{x:.0}")
    } else if size >= 10.0 {
        format!("{x:.1}")
    } else if size >= 0.01 || x == 0.0 {
        format!("{x:.2}")
    } else {
        scientific(x)
    }
}

/// Round numbers for a logarithmic axis from `low` to `high` that has room for so many lines, lowest first: 1, 2 and 5 of
/// each power of ten where there is room for all, else 1 and 3, else powers of ten. None where the ends make no axis.
pub fn log_ticks((low, high): (f64, f64), room: f32) -> Vec<(f64, String)> {
    let decades = (high / low).log10();
    if !(low > 0.0 && decades.is_finite() && decades > 0.0) {
        return Vec::new();
    }
    // How close the closest two of a set lie, in powers of ten.
    let sets: [(&[u32], f64); 3] = [
        (&[1, 2, 5], 2.0_f64.log10()),
        (&[1, 3], 3.0_f64.log10()),
        (&[1], 1.0),
    ];
    let fits = |gap: f64| gap / decades * f64::from(room) >= 1.0;
    let set = sets.iter().find(|(_, gap)| fits(*gap)).map_or(&[1][..], |s| s.0);
    // Where not even every power of ten has room, every so many-th.
    let every = (decades / f64::from(room.max(1.0))).ceil().clamp(1.0, 100.0) as i32;
    let powers = low.log10().floor() as i32..=high.log10().floor() as i32;
    powers
        .filter(|power| power % every == 0)
        .flat_map(|power| set.iter().map(move |&digit| (digit, power)))
        .map(|(digit, power)| (f64::from(digit) * 10.0_f64.powi(power), digit, power))
        .filter(|(value, ..)| (low..=high).contains(value))
        .map(|(value, digit, power)| {
            let number = match power {
                ..-3 => format!("{digit}e{power}"),
                power => format!("{value:.*}", usize::try_from(-power).unwrap_or(0)),
            };
            (value, number)
        })
        .collect()
}

/// Minutes and seconds, with hours where there are some.
pub fn clock(seconds: f64) -> String {
    let s = seconds.max(0.0).round() as u64;
    let (hours, minutes, seconds) = (s / 3600, s / 60 % 60, s % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{seconds:02}")
    } else {
        format!("{minutes}:{seconds:02}")
    }
}

/// A duration in words, no more exact than it can be known.
pub fn about(seconds: f64) -> String {
    let minutes = (seconds / 60.0).round() as u64;
    match minutes {
        0 => "less than a minute".into(),
        1 => "about a minute".into(),
        2..90 => format!("about {minutes} minutes"),
        _ => format!("about {} hours", (seconds / 3600.0).round() as u64),
    }
}

/// With a capital.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logarithmic_axis_has_round_numbers_as_many_as_there_is_room_for() {
        let of = |ends, room| -> Vec<String> {
            log_ticks(ends, room)
                .into_iter()
                .map(|(_, number)| number)
                .collect()
        };
        assert_eq!(
            of((3e-4, 0.015), 9.0),
            ["5e-4", "0.001", "0.002", "0.005", "0.01"]
        );
        assert_eq!(of((4e-4, 0.015), 4.0), ["0.001", "0.003", "0.01"]);
        assert_eq!(of((5e-6, 0.015), 5.0), ["1e-5", "1e-4", "0.001", "0.01"]);
        assert_eq!(of((5e-6, 0.015), 2.0), ["1e-4", "0.01"]);
        assert_eq!(of((0.6, 30.0), 9.0), ["1", "2", "5", "10", "20"]);
        for ends in [
            (0.0, 1.0),
            (1.0, 1.0),
            (2.0, 1.0),
            (f64::NAN, 1.0),
            (1.0, f64::INFINITY),
        ] {
            assert!(of(ends, 9.0).is_empty(), "{ends:?}");
        }
    }

    #[test]
    fn numbers_as_people_read_them() {
        assert_eq!([scientific(0.00533), scientific(0.0)], ["5.3e-3", "0"]);
        let shares = [0.0, 0.0004, 0.051, 0.14, 1.0].map(per_cent);
        assert_eq!(shares, ["0 %", "0.04 %", "5.1 %", "14 %", "100 %"]);
        assert_eq!(
            [ends(1e-18, 0.324), ends(0.051, 0.14)],
            ["0 to 32 %", "5.1 to 14 %"]
        );
        assert_eq!(
            [short(0.62), short(0.0012), short(123.4), short(0.0)],
            ["0.62", "1.2e-3", "123", "0.00"]
        );
        assert_eq!([clock(21.4), clock(3_723.0)], ["0:21", "1:02:03"]);
        let words = [20.0, 70.0, 130.0, 7_300.0].map(about);
        assert_eq!(
            words,
            [
                "less than a minute",
                "about a minute",
                "about 2 minutes",
                "about 2 hours"
            ]
        );
        assert_eq!(capital("classifier head"), "Classifier head");
    }
}

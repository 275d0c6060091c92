//! Days and times as people write them, whatever number a file has for them: also those that no calendar library knows, as
//! the infinities of databases are.

/// What a time is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Millis,
    Micros,
    Nanos,
}

const DAY: i64 = 86_400;

impl Unit {
    /// How many there are in a second.
    fn a_second(self) -> i64 {
        match self {
            Self::Millis => 1_000,
            Self::Micros => 1_000_000,
            Self::Nanos => 1_000_000_000,
        }
    }

    /// Digits behind the seconds: as many at every time, so that a column is of one form.
    fn digits(self) -> usize {
        match self {
            Self::Millis => 3,
            Self::Micros => 6,
            Self::Nanos => 9,
        }
    }
}

/// A day, counted from 1 January 1970, in the Gregorian calendar: `2024-01-31`. As in ISO 8601, a year of another number of
/// digits has its sign before it.
pub(super) fn date(day: i32) -> String {
    day_of(i64::from(day))
}

/// The same for any day that a time of 64 bits lies on.
fn day_of(day: i64) -> String {
    // Years are counted from 1 March of the year 0, so that the leap day is the last of its year, and in eras of 400 years,
    // which all have as many days.
    let day = day + 719_468;
    let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = 400 * era + year + i64::from(month <= 2);
    if (0..=9999).contains(&year) {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{year:+05}-{month:02}-{day:02}")
    }
}

/// A time of day, counted from midnight: `23:59:59.999`. What is none is the number that it is.
pub(super) fn time(count: i64, unit: Unit) -> String {
    let second = count.div_euclid(unit.a_second());
    let part = count.rem_euclid(unit.a_second());
    // The end of a day may be written as its 24th hour.
    if !(0..=DAY).contains(&second) {
        return count.to_string();
    }
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    let digits = unit.digits();
    format!("{hour:02}:{minute:02}:{second:02}.{part:0digits$}")
}

/// A moment, counted from the beginning of 1 January 1970; `utc` says that it is that of UTC and not of whatever place.
pub(super) fn timestamp(count: i64, unit: Unit, utc: bool) -> String {
    let day = DAY * unit.a_second();
    let zone = if utc { " +00:00" } else { "" };
    let (date, time) = (day_of(count.div_euclid(day)), time(count.rem_euclid(day), unit));
    format!("{date} {time}{zone}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (day, expected) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (19_782, "2024-02-29"),
            (19_783, "2024-03-01"),
            (11_016, "2000-02-29"),
            (-25_508, "1900-03-01"),
            (-719_528, "0000-01-01"),
            (-719_529, "-0001-12-31"),
            (2_932_896, "9999-12-31"),
            (2_932_897, "+10000-01-01"),
            (i32::MAX, "+5881580-07-11"),
            (i32::MIN, "-5877641-06-23"),
        ] {
            assert_eq!(date(day), expected, "{day}");
        }
    }

    #[test]
    fn times_have_the_digits_of_their_unit() {
        assert_eq!(time(86_399_999, Unit::Millis), "23:59:59.999");
        assert_eq!(time(86_400_000, Unit::Millis), "24:00:00.000");
        assert_eq!(time(1, Unit::Nanos), "00:00:00.000000001");
        assert_eq!(time(-1, Unit::Micros), "-1");
        let new_year = 1_704_067_200_000;
        assert_eq!(
            timestamp(new_year, Unit::Millis, true),
            "2024-01-01 00:00:00.000 +00:00"
        );
        assert_eq!(
            timestamp(new_year * 1_000_000 - 1, Unit::Nanos, false),
            "2023-12-31 23:59:59.999999999"
        );
    }

    #[test]
    fn every_number_is_some_moment() {
        for unit in [Unit::Millis, Unit::Micros, Unit::Nanos] {
            for count in [i64::MIN, i64::MIN + 1, -1, 0, i64::MAX] {
                assert!(timestamp(count, unit, false).contains(' '), "{count}");
                assert!(!time(count, unit).is_empty());
            }
        }
        assert_eq!(
            timestamp(i64::MAX, Unit::Micros, true),
            "+294247-01-10 04:00:54.775807 +00:00"
        );
    }
}

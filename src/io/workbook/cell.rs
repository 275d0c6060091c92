//! A value of a sheet as a cell: written as the spreadsheet program shows it, without its colours and currencies.

use calamine::{Data, ExcelDateTime};
use serde_json::Number;

use super::super::table::Cell;

/// The value; `None` where the cell is empty, holds nothing but an error, such as `#N/A`, or an empty text.
pub(super) fn cell(value: Data) -> Option<Cell> {
    match value {
        Data::Empty | Data::Error(_) => None,
        Data::String(text) => (!text.is_empty()).then_some(Cell::Text(text)),
        Data::DateTimeIso(text) => Some(Cell::Text(text.replacen('T', " ", 1))),
        Data::DurationIso(text) => Some(Cell::Text(clock(&text).unwrap_or(text))),
        Data::Bool(value) => Some(Cell::Text(if value { "TRUE" } else { "FALSE" }.to_string())),
        Data::Int(number) => Some(Cell::Json(number.to_string())),
        Data::Float(number) => float(number),
        Data::DateTime(moment) if moment.is_duration() => Some(Cell::Text(duration(moment.as_f64()))),
        Data::DateTime(moment) => Some(Cell::Text(date(&moment))),
    }
}

/// Sheets have no whole numbers, but `7.0` is nobody's label.
fn float(number: f64) -> Option<Cell> {
    const EXACT: f64 = (1_u64 << 53) as f64;
    if number.fract() == 0.0 && number.abs() <= EXACT {
        return Some(Cell::Json((number as i64).to_string()));
    }
    Number::from_f64(number).map(|number| Cell::Json(number.to_string()))
}

/// `2024-01-31`, `13:05:00` or both, whichever the number has.
fn date(moment: &ExcelDateTime) -> String {
    let (year, month, day, hour, minute, second, milli) = moment.to_ymd_hms_milli();
    let mut time = format!("{hour:02}:{minute:02}:{second:02}");
    if milli > 0 {
        time += &format!(".{milli:03}");
    }
    let date = format!("{year:04}-{month:02}-{day:02}");
    match moment.as_f64() {
        // Days begin with 1: what is less is a time, and 0 is midnight.
        number if number < 1.0 => time,
        number if number.fract() == 0.0 => date,
        _ => format!("{date} {time}"),
    }
}

/// `13:05:00` for `PT13H05M00S`, as OpenDocument has times.
fn clock(duration: &str) -> Option<String> {
    let (hours, rest) = duration.strip_prefix("PT")?.split_once('H')?;
    let (minutes, rest) = rest.split_once('M')?;
    let (seconds, "") = rest.split_once('S')? else {
        return None;
    };
    Some(format!("{hours:0>2}:{minutes:0>2}:{seconds:0>2}"))
}

/// Whether a text is what spreadsheet programs show where a formula failed.
pub(super) fn is_error(value: &Data) -> bool {
    const ERRORS: [&str; 7] = ["#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"];
    let Data::String(text) = value else {
        return matches!(value, Data::Error(_));
    };
    let is_numbered = |code: &str| !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit());
    ERRORS.contains(&text.as_str()) || text.strip_prefix("Err:").is_some_and(is_numbered)
}

/// Days as hours, minutes and seconds: `31:05:00`.
fn duration(days: f64) -> String {
    let seconds = (days * 86_400.0).round() as i64;
    let sign = if seconds < 0 { "-" } else { "" };
    let seconds = seconds.unsigned_abs();
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{sign}{hours:02}:{minutes:02}:{seconds:02}")
}

#[cfg(test)]
mod tests {
    use calamine::{CellErrorType, ExcelDateTimeType};

    use super::*;

    #[test]
    fn values_are_written_as_people_read_them() {
        let text = |text: &str| Some(Cell::Text(text.to_string()));
        let number = |json: &str| Some(Cell::Json(json.to_string()));
        let moment = |value, kind| Data::DateTime(ExcelDateTime::new(value, kind, false));
        for (value, expected) in [
            (Data::String("a\nb".into()), text("a\nb")),
            (Data::String(String::new()), None),
            (Data::Empty, None),
            (Data::Error(CellErrorType::NA), None),
            (Data::Bool(true), text("TRUE")),
            (Data::Int(-3), number("-3")),
            (Data::Float(7.0), number("7")),
            (Data::Float(0.25), number("0.25")),
            (Data::Float(f64::NAN), None),
            (Data::Float(1e300), number("1e+300")),
            (moment(45_322.0, ExcelDateTimeType::DateTime), text("2024-01-31")),
            (
                moment(45_322.5, ExcelDateTimeType::DateTime),
                text("2024-01-31 12:00:00"),
            ),
            (moment(0.75, ExcelDateTimeType::DateTime), text("18:00:00")),
            (moment(1.25, ExcelDateTimeType::TimeDelta), text("30:00:00")),
            (moment(-0.5, ExcelDateTimeType::TimeDelta), text("-12:00:00")),
            (moment(0.0, ExcelDateTimeType::DateTime), text("00:00:00")),
            (Data::DateTimeIso("2024-01-31".into()), text("2024-01-31")),
            (
                Data::DateTimeIso("2024-01-31T12:00:00".into()),
                text("2024-01-31 12:00:00"),
            ),
            (Data::DurationIso("PT13H05M00S".into()), text("13:05:00")),
            (Data::DurationIso("P1Y".into()), text("P1Y")),
        ] {
            let shown = format!("{value:?}");
            assert_eq!(cell(value), expected, "{shown}");
        }
    }

    #[test]
    fn failed_formulas_are_known_by_what_they_show() {
        for (text, expected) in [
            ("#N/A", true),
            ("Err:502", true),
            ("Err:", false),
            ("#1", false),
            ("N/A", false),
        ] {
            assert_eq!(is_error(&Data::String(text.into())), expected, "{text}");
        }
    }
}

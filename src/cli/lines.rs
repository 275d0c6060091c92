//! Single events as single lines.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::console::Look;
use super::number::{count, counted, duration, percent, rate, speed};
use crate::session::protocol::{Event, GroupStep};

/// Labels that are counted in a line before the others become a number.
const LABELS_SHOWN: usize = 10;

/// Text of the user's as a terminal may show it: what it would take for a command is a mark instead.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let commands = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if text.contains(commands) {
        Cow::Owned(text.replace(commands, "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// What was measured on held-out texts, in a line.
pub fn evaluated(stage: &str, epoch: usize, nll: f64, perplexity: Option<f64>, error: Option<f64>) -> String {
    let mut line = format!("{stage}, epoch {epoch}:");
    if let Some(error) = error {
        line += &format!(" error {},", percent(error));
    }
    if let Some(perplexity) = perplexity {
        line += &format!(" perplexity {perplexity:.2},");
    }
    format!("{line} nll {nll:.4}")
}

/// A file that was read.
pub fn loaded(
    what: &str,
    path: &str,
    rows: usize,
    text_columns: &[String],
    label_column: Option<&str>,
    labels: &[(String, usize)],
) -> String {
    let mut line = format!("{what}: {path}");
    // Running text has no columns.
    let unit = if text_columns.is_empty() {
        "document"
    } else {
        "row"
    };
    if rows > 0 {
        line += &format!(", {}", counted(rows as u64, unit));
    }
    if !text_columns.is_empty() {
        line += &format!(", text from {}", text_columns.join(" + "));
    }
    if let Some(column) = label_column {
        line += &format!(", label from {column}");
    }
    if !labels.is_empty() {
        let shown = labels
            .iter()
            .take(LABELS_SHOWN)
            .map(|(label, rows)| format!("{label} {}", count(*rows as u64)));
        line += &format!("; {}", shown.collect::<Vec<_>>().join(", "));
        if labels.len() > LABELS_SHOWN {
            line += &format!(" and {} more labels", labels.len() - LABELS_SHOWN);
        }
    }
    line
}

/// Items or bytes.
pub fn amount(number: u64, unit: &str) -> String {
    match unit {
        "" => count(number),
        "bytes" if number >= 1_000_000 => format!("{:.1} MB", number as f64 / 1e6),
        "bytes" => format!("{:.1} kB", number as f64 / 1e3),
        unit if number == 1 => format!("1 {}", unit.strip_suffix('s').unwrap_or(unit)),
        unit => format!("{} {unit}", count(number)),
    }
}

/// How far a stage that does not train is.
pub fn progress_line(
    done: u64,
    total: u64,
    unit: &str,
    per_second: f64,
    seconds_left: Option<f64>,
) -> String {
    let mut line = match (total, unit) {
        (0, _) => amount(done, unit),
        (_, "bytes") => format!("{} of {}", amount(done, unit), amount(total, unit)),
        _ => format!("{}/{}", count(done), amount(total, unit)),
    };
    line += &match unit {
        "bytes" if per_second.is_finite() => format!("  {:.1} MB/s", per_second / 1e6),
        _ => format!("  {}/s", speed(per_second)),
    };
    if let Some(seconds) = seconds_left {
        line += &format!("  {} left", duration(seconds));
    }
    line
}

/// A training step in one line, what matters most first, as a narrow terminal cuts the end; nothing for any other
/// event.
pub fn step_line(event: &Event, look: Look) -> String {
    let Event::Step {
        step,
        total,
        epoch,
        loss,
        groups,
        tokens_per_second,
        seconds_left,
        ..
    } = event
    else {
        return String::new();
    };
    let mut parts = vec![
        format!("{}/{}", count(*step), count(*total)),
        format!("{} left", duration(*seconds_left)),
        ice(groups, look),
        format!("loss {loss:.3}"),
    ];
    parts.extend(groups.last().map(|last| format!("lr {}", rate(last.rate))));
    parts.push(format!("epoch {epoch}"));
    parts.push(format!("{} tok/s", speed(*tokens_per_second)));
    parts.retain(|part| !part.is_empty());
    parts.join("  ")
}

/// One sign a layer group, first to last: frozen or training.
pub fn ice(groups: &[GroupStep], look: Look) -> String {
    groups
        .iter()
        .map(|group| {
            if group.frozen {
                look.pick("❄", "*")
            } else {
                look.pick("▲", "^")
            }
        })
        .collect()
}

/// Label, confidence and text between tabs, the first two empty where a text got no label; the text is cut so that the line
/// fits into `width` columns of a terminal.
pub fn classified(text: &str, found: Option<(&str, f64)>, width: Option<usize>) -> String {
    let flat = |text: &str| text.replace(char::is_control, " ");
    let head = match found {
        Some((label, confidence)) => format!("{}\t{confidence:.3}\t", flat(label)),
        None => "\t\t".into(),
    };
    let text = flat(text);
    // A tab, of which there are two, may be as wide as eight columns.
    let room = width.map_or(usize::MAX, |width| width.saturating_sub(head.width() + 14));
    if text.width() <= room {
        return head + &text;
    }
    let mut used = "...".width();
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= room
    };
    head + &text.chars().take_while(fits).collect::<String>() + "..."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_counted_in_its_unit() {
        assert_eq!(
            progress_line(500, 1000, "texts", 2500.0, Some(12.0)),
            "500/1,000 texts  2,500/s  12s left"
        );
        assert_eq!(progress_line(500, 0, "texts", 2.0, None), "500 texts  2.0/s");
        assert_eq!(progress_line(1, 1, "tokens", 2.0, None), "1/1 token  2.0/s");
        assert_eq!(
            progress_line(1_500_000, 3_000_000, "bytes", 5e5, None),
            "1.5 MB of 3.0 MB  0.5 MB/s"
        );
        assert_eq!(progress_line(1, 2, "", f64::NAN, None), "1/2  ?/s");
    }

    #[test]
    fn many_labels_become_a_number() {
        let labels: Vec<(String, usize)> = (0..77).map(|at| (format!("intent{at}"), 130)).collect();
        let line = loaded("labelled", "a.csv", 10_010, &[], None, &labels);
        assert!(line.ends_with("intent9 130 and 67 more labels"), "{line}");
        assert_eq!(loaded("model", "built-in", 0, &[], None, &[]), "model: built-in");
        let text = |documents| loaded("running text", "a.txt", documents, &[], None, &[]);
        assert_eq!(
            [text(1), text(2)],
            [
                "running text: a.txt, 1 document",
                "running text: a.txt, 2 documents"
            ]
        );
    }

    #[test]
    fn a_terminal_gets_one_line_a_text() {
        let line = classified(&"word ".repeat(100), Some(("pos", 1.0)), Some(80));
        assert!(line.ends_with("...") && line.chars().count() + 14 <= 80, "{line}");
        assert_eq!(
            classified("a\tb\r\nc", Some(("x\ty", 0.5)), None),
            "x y\t0.500\ta b  c"
        );
        assert_eq!(classified("", None, Some(80)), "\t\t");
        // Characters of two columns; the label and its confidence stay whole where there is no room at all.
        let line = classified(&"文".repeat(100), Some(("pos", 1.0)), Some(80));
        assert!(line.ends_with("文...") && line.width() + 14 <= 80, "{line}");
        assert_eq!(
            classified("a long text", Some(("pos", 1.0)), Some(10)),
            "pos\t1.000\t..."
        );
    }

    #[test]
    fn a_text_gives_the_terminal_no_commands() {
        let text = "\u{1b}]0;title\u{7}a\u{9b}31m b\u{7f}";
        let line = classified(text, Some(("\u{1b}[31mx", 0.5)), None);
        assert_eq!(line, " [31mx\t0.500\t ]0;title a 31m b ");
        assert_eq!(harmless(text), "\u{fffd}]0;title\u{fffd}a\u{fffd}31m b\u{fffd}");
        assert_eq!(harmless("two\nlines\tof é"), "two\nlines\tof é");
    }

    #[test]
    fn a_step_is_a_line() {
        let step = r#"{"event":"step","stage":"train","step":2,"total":1340,"epoch":2,"loss":0.6,"cross_entropy":0.6,
            "groups":[{"rate":0.0,"frozen":true},{"rate":0.001,"frozen":false},{"rate":0.004,"frozen":false}],
            "tokens_per_second":3100.0,"seconds_left":190.0}"#;
        let step: Event = serde_json::from_str(step).expect("is an event");
        let line = step_line(
            &step,
            Look {
                unicode: true,
                ..Look::default()
            },
        );
        assert_eq!(
            line,
            "2/1,340  3m 10s left  ❄▲▲  loss 0.600  lr 4.0e-3  epoch 2  3,100 tok/s"
        );
        assert_eq!(step_line(&Event::Resumed, Look::default()), "");
    }
}

//! What the lab found: a table for people, and the directory of results.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Map, Value};

use super::super::card::count;
use super::super::fit::{Data, told, untested};
use super::{Found, Said};
use crate::io::{Contents, OutputDir, Overwrite, write_atomic, write_mark, write_row};
use crate::session::control::Control;
use crate::session::engine::JobError;
use crate::session::number::percent;
use crate::session::preview::is_watched;
use crate::session::protocol::{Compared, Event, Lab, Way};
use crate::session::trust::CHANCE;
use crate::train::defaults::WATCHED;
use crate::train::metrics::most_probable;
use crate::train::split::Split;

/// The file by which a directory of results is known.
pub const MARKER: &str = "unfreeze-lab.json";
/// A directory of results, with all that is in one.
pub const RESULTS: Overwrite = Overwrite::Holding(
    MARKER,
    &Contents {
        files: &[MARKER, "results.csv", "predictions.csv", "README.md"],
        folders: &[],
    },
);

/// What the columns of the table are called, where the ways are judged against this one.
fn columns(first: &str) -> Vec<String> {
    let against = format!("against {first}");
    let columns = [
        "way",
        "error",
        "95 % interval",
        &against,
        "p",
        "trained in",
        "what it is",
    ];
    columns.map(String::from).to_vec()
}

/// Seconds as a person says them.
fn took(seconds: f64) -> String {
    match seconds {
        s if s <= 0.0 => "-".into(),
        s if s < 99.5 => format!("{s:.0} s"),
        s => format!("{:.0} min", s / 60.0),
    }
}

/// Rows for people, the least error first, with what they are judged against.
fn cells(found: &[(Compared, Said)]) -> Vec<Vec<String>> {
    let Some((first, _)) = found.first() else {
        return Vec::new();
    };
    let mut rows: Vec<&Compared> = found.iter().map(|(row, _)| row).collect();
    // Stable: of equals the one that was named first.
    rows.sort_by(|a, b| a.error.total_cmp(&b.error));
    let cells = |row: &&Compared| {
        let against = match row.p {
            None => "-".to_string(),
            Some(p) if p > CHANCE => "too close to tell".into(),
            Some(_) => format!("{:+.1} points", 100.0 * (row.error - first.error)),
        };
        vec![
            row.way.clone(),
            percent(row.error),
            format!("{} to {}", percent(row.error_low), percent(row.error_high)),
            against,
            row.p.map_or("-".into(), |p| {
                if p < 0.001 {
                    "< 0.001".into()
                } else {
                    format!("{p:.3}")
                }
            }),
            took(row.seconds),
            row.what.clone(),
        ]
    };
    rows.iter().map(cells).collect()
}

fn title(held: usize) -> String {
    format!(
        "Errors on {} labels that the classifiers had not seen",
        count(held)
    )
}

/// The way that the others are judged against.
fn first(found: &[(Compared, Said)]) -> &str {
    found.first().map_or("", |(row, _)| row.way.as_str())
}

/// Shows the table.
pub fn show(control: &Control, found: &Found, held: usize) {
    control.emit(Event::Table {
        title: title(held),
        columns: columns(first(&found.rows)),
        rows: cells(&found.rows),
    });
}

/// Which ways stop early, and what that takes from them.
fn early(splits: &[Split], found: &[(Compared, Said)]) -> String {
    let learned = splits
        .iter()
        .map(|split| split.train.len())
        .max()
        .unwrap_or_default();
    let ways = found.iter().filter_map(|(row, _)| Way::parse(&row.way));
    let stops = ways.filter(|way| is_watched(way.method, learned));
    let names: Vec<String> = stops.map(|way| format!("`{}`", way.name())).collect();
    if names.is_empty() {
        return String::new();
    }
    format!(
        " As in the paper these stop early: they watch {:.0} % of the labels that they are given, and learn from the others: {}.",
        100.0 * WATCHED,
        names.join(", ")
    )
}

/// The table in Markdown, and how it was made.
fn markdown(job: &Lab, data: &Data, splits: &[Split], found: &Found) -> String {
    let held: usize = splits.iter().map(|split| split.valid.len()).sum();
    let how = if splits.len() == 1 {
        format!("{} of them held out, the rest trained on", count(held))
    } else {
        format!("{}-fold cross-validation", splits.len())
    };
    let first = first(&found.rows);
    let mut out = format!("# {}\n\n", title(held));
    writeln!(
        out,
        "{} labelled texts of {} classes, {how}, the same splits for every way, seed {}. `p` is how often chance alone would set a \
         way as far from `{first}` as it is here (McNemar's exact test); above {CHANCE} the two are too close to tell, and of many \
         ways compared one in twenty falls below it by chance. Stage 2 reads all texts without their labels, also those that are held \
         out.{}\n",
        count(data.labels.len()),
        data.names.len(),
        job.common.seed,
        early(splits, &found.rows),
    )
    .ok();
    let line = |out: &mut String, cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
        writeln!(out, "| {} |", cells.join(" | ")).ok();
    };
    let columns = columns(first);
    line(&mut out, &columns);
    line(&mut out, &vec!["---".to_string(); columns.len()]);
    for row in cells(&found.rows) {
        line(&mut out, &row);
    }
    for told in told(data, &untested(data, splits)) {
        writeln!(out, "\n{told}.").ok();
    }
    for gone in &found.left_out {
        writeln!(out, "\n`{}` is left out: {}.", gone.way, gone.message).ok();
    }
    writeln!(
        out,
        "\n`results.csv` has the numbers, `predictions.csv` what each way said of each text, by where that begins in the file.\n\n\
         Made by Unfreeze {}.",
        env!("CARGO_PKG_VERSION")
    )
    .ok();
    out
}

fn results(found: &[(Compared, Said)], out: &mut dyn Write) -> io::Result<()> {
    write_row(out, ',', Compared::COLUMNS.into_iter())?;
    for (row, _) in found {
        write_row(out, ',', row.cells().iter().map(String::as_str))?;
    }
    Ok(())
}

/// A line for each text that was held out: where it begins in the file, its label, and what each way said.
fn predictions(
    data: &Data,
    splits: &[Split],
    found: &[(Compared, Said)],
    out: &mut dyn Write,
) -> io::Result<()> {
    let ways = found.iter().map(|(row, _)| row.way.as_str());
    write_mark(out, data.names.iter().map(String::as_str))?;
    write_row(out, ',', [data.place, "label"].into_iter().chain(ways))?;
    let mut held: Vec<usize> = splits
        .iter()
        .flat_map(|split| split.valid.iter().copied())
        .collect();
    held.sort_unstable();
    for row in held {
        let number = data.lines[row].to_string();
        let said = found
            .iter()
            .map(|(_, said)| data.names[most_probable(&said[row]).unwrap_or(0)].as_str());
        let cells = [number.as_str(), data.names[data.labels[row]].as_str()]
            .into_iter()
            .chain(said);
        write_row(out, ',', cells)?;
    }
    Ok(())
}

/// Writes the directory of results.
pub fn write(
    job: &Lab,
    data: &Data,
    splits: &[Split],
    found: &Found,
    result: &Map<String, Value>,
    overwrite: bool,
) -> Result<(), JobError> {
    let out = OutputDir::create(&job.out, RESULTS.if_asked(overwrite))?;
    let dir = out.path();
    write_atomic(&dir.join(MARKER), |w| {
        Ok(serde_json::to_writer_pretty(w, result)?)
    })?;
    write_atomic(&dir.join("results.csv"), |w| results(&found.rows, w))?;
    write_atomic(&dir.join("predictions.csv"), |w| {
        predictions(data, splits, &found.rows, w)
    })?;
    let markdown = markdown(job, data, splits, found);
    write_atomic(&dir.join("README.md"), |w| w.write_all(markdown.as_bytes()))?;
    out.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(way: &str, error: f64, p: Option<f64>) -> (Compared, Said) {
        let row = Compared {
            way: way.into(),
            what: "a|b".into(),
            error,
            error_low: error - 0.05,
            error_high: error + 0.05,
            p,
            seconds: 120.0,
        };
        (row, vec![vec![0.2, 0.8], vec![0.9, 0.1]])
    }

    #[test]
    fn the_best_comes_first_and_what_chance_could_make_is_no_difference() {
        let found = [
            row("ulmfit", 0.2, None),
            row("full", 0.15, Some(0.3)),
            row("last", 0.4, Some(0.0001)),
        ];
        let cells = cells(&found);
        let brief: Vec<[&str; 4]> = cells.iter().map(|c| [&*c[0], &*c[1], &*c[3], &*c[4]]).collect();
        assert_eq!(brief[0], ["full", "15.0 %", "too close to tell", "0.300"]);
        assert_eq!(brief[1], ["ulmfit", "20.0 %", "-", "-"]);
        assert_eq!(brief[2], ["last", "40.0 %", "+20.0 points", "< 0.001"]);
        assert_eq!(cells[0][5], "2 min");
    }

    #[test]
    fn every_text_that_was_held_out_has_a_line() {
        let mut data = Data {
            lines: vec![2, 9],
            place: "line",
            texts: vec!["text".into(); 2],
            labels: vec![1, 1],
            names: ["yes, sir", "no"].map(String::from).to_vec(),
            fields: 1,
            ..Data::default()
        };
        let split = Split {
            train: Vec::new(),
            valid: vec![1, 0],
        };
        let written = |data: &Data| {
            let mut out = Vec::new();
            let found = [row("ulmfit", 0.5, None)];
            predictions(data, std::slice::from_ref(&split), &found, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        let text = written(&data);
        assert_eq!(
            text.lines().collect::<Vec<_>>(),
            ["line,label,ulmfit", "2,no,no", "9,no,\"yes, sir\""]
        );
        // Names that a spreadsheet program would take for others are marked.
        data.names[1] = "nö".into();
        assert!(written(&data).starts_with("\u{feff}line,label,ulmfit\n2,nö,nö\n"));
    }
}

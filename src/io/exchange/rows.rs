//! Plain tables: CSV, JSON lines, Parquet.

use std::io::{self, Write};

use serde_json::Value;

use super::{Export, Item, LabelFile, Labelled, Verdict};
use crate::io::parquet::{self, Column};
use crate::io::table::{Cell, Row};
use crate::io::write_row;

/// The first columns of every table of ours: the number of the text from 1, the text, the user's label, what the user
/// answered (`label`, `skipped`, `unsure` or nothing), the model's label and its probability.
pub const COLUMNS: [&str; 6] = ["row", "text", "label", "answer", "predicted_label", "confidence"];

pub(super) fn null() -> Cell {
    Cell::Json("null".to_string())
}

pub(super) fn text_or_null(text: Option<&str>) -> Cell {
    text.map_or_else(null, |text| Cell::Text(text.to_string()))
}

pub(super) fn confidence(item: &Item) -> Cell {
    item.predicted
        .map_or_else(null, |(_, p)| Cell::Json(format!("{p:.4}")))
}

/// A cell of the user's own columns.
pub(super) fn extra(item: &Item, at: usize) -> Cell {
    Cell::Text(item.extra.get(at).cloned().unwrap_or_default())
}

fn columns(export: &Export) -> Vec<String> {
    let own = COLUMNS.map(str::to_string).into_iter();
    own.chain(export.extra_names(&COLUMNS)).collect()
}

fn cells(item: &Item, extras: usize) -> Vec<Cell> {
    let mut cells = vec![
        Cell::Json(item.row.to_string()),
        Cell::Text(item.text.to_string()),
        text_or_null(item.label),
        text_or_null(item.answer()),
        text_or_null(item.predicted.map(|(label, _)| label)),
        confidence(item),
    ];
    cells.extend((0..extras).map(|at| extra(item, at)));
    cells
}

/// What tells a spreadsheet program that a table is UTF-8; some take it for another encoding without.
const MARK: &[u8] = b"\xEF\xBB\xBF";

pub(super) fn write_csv(export: &Export, out: &mut dyn Write) -> io::Result<()> {
    let columns = columns(export);
    let texts = export.texts.iter().chain(export.extra.iter().flatten());
    let mut all = columns.iter().chain(export.labels).chain(texts);
    if !all.all(|text| text.is_ascii()) {
        out.write_all(MARK)?;
    }
    write_row(out, ',', columns.iter().map(String::as_str))?;
    for item in export.items() {
        let cells = cells(&item, export.extra_columns.len());
        write_row(out, ',', cells.iter().map(Cell::as_str))?;
    }
    Ok(())
}

pub(super) fn write_jsonl(export: &Export, out: &mut dyn Write) -> io::Result<()> {
    let columns = columns(export);
    for item in export.items() {
        let cells = cells(&item, export.extra_columns.len());
        for (at, (name, cell)) in columns.iter().zip(&cells).enumerate() {
            let before = if at == 0 { "{" } else { ", " };
            write!(out, "{before}{}: ", Value::from(name.as_str()))?;
            match cell {
                Cell::Json(json) => out.write_all(json.as_bytes())?,
                other => write!(out, "{}", Value::from(other.as_str()))?,
            }
        }
        out.write_all(b"}\n")?;
    }
    Ok(())
}

pub(super) fn write_parquet(export: &Export, out: &mut dyn Write) -> io::Result<()> {
    let names = columns(export);
    let rows: Vec<Vec<Cell>> = export
        .items()
        .map(|item| cells(&item, export.extra_columns.len()))
        .collect();
    let columns = names.iter().enumerate().map(|(at, name)| Column {
        name,
        cells: rows.iter().filter_map(|row| row.get(at)).collect(),
    });
    // The format's writer wants an output that can change threads.
    let mut bytes = Vec::new();
    parquet::write(&mut bytes, &columns.collect::<Vec<_>>()).map_err(io::Error::other)?;
    out.write_all(&bytes)
}

/// Whether a table is one of ours.
pub(super) fn is_own(columns: &[String]) -> bool {
    columns.len() >= COLUMNS.len() && columns.iter().zip(COLUMNS).all(|(found, own)| found == own)
}

/// The verdict of the columns `label` and `answer`. A label that was filled in by hand counts without an answer.
pub(super) fn verdict(label: &str, answer: &str) -> Option<Verdict> {
    match (label.trim(), answer) {
        ("", "skipped") => Some(Verdict::Skipped),
        ("", "unsure") => Some(Verdict::Unsure),
        ("", _) => None,
        (label, _) => Some(Verdict::Label(label.to_string())),
    }
}

/// The number of a text, from 0, out of the column `row`.
pub(super) fn number(cell: &str) -> Option<usize> {
    cell.parse::<usize>().ok()?.checked_sub(1)
}

/// Reads the rows of a table of ours.
pub(super) fn read_own(rows: Vec<Row>, file: &mut LabelFile) {
    for row in rows {
        let cell = |at: usize| row.cells.get(at).map_or("", Cell::as_str);
        file.rows.push(Labelled {
            line: row.line,
            row: number(cell(0)),
            text: cell(1).to_string(),
            verdict: verdict(cell(2), cell(3)),
            others: Vec::new(),
        });
    }
}

//! Plain tables: CSV, JSON lines, Parquet.

use std::io::{self, Write};

use serde::de::IgnoredAny;
use serde_json::Value;

use super::{Export, Item, LabelFile, Labelled, Verdict};
use crate::io::parquet::{self, Column};
use crate::io::table::{Cell, Row};
use crate::io::{write_mark, write_row};

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
    let cell = item.extra.get(at).map_or("", String::as_str);
    match item.extra_json.get(at) {
        Some(true) if cell.is_empty() => null(),
        Some(true) if is_json(cell) => Cell::Json(cell.to_string()),
        _ => Cell::Text(cell.to_string()),
    }
}

/// Whether a cell is JSON in fact, and of one line: a project file may promise what it likes.
fn is_json(cell: &str) -> bool {
    !cell.contains(['\n', '\r']) && serde_json::from_str::<IgnoredAny>(cell).is_ok()
}

/// The same inside a JSON object; a whole number of more digits than fit there is a string.
pub(super) fn extra_value(item: &Item, at: usize) -> Value {
    match extra(item, at) {
        Cell::Json(json) => match serde_json::from_str::<Value>(&json) {
            Ok(value) if !value.is_f64() || json.contains(['.', 'e', 'E']) => value,
            _ => Value::from(json),
        },
        other => Value::from(other.as_str()),
    }
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

pub(super) fn write_csv(export: &Export, out: &mut dyn Write) -> io::Result<()> {
    let columns = columns(export);
    let texts = export.texts.iter().chain(export.extra.iter().flatten());
    let all = columns.iter().chain(export.labels).chain(texts);
    write_mark(out, all.map(String::as_str))?;
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::{Format, export, label_studio, prodigy};
    use super::*;
    use crate::io::{TableOptions, read_table};

    #[test]
    fn columns_of_json_come_out_as_they_went_in() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_string()).collect::<Vec<_>>();
        let (labels, texts) = (words(&["x"]), words(&["a", "b"]));
        let columns = words(&["id", "tags", "hash", "note", "spoilt"]);
        let extra = [
            words(&["7", "[1]", "18446744073709551616", "7", "1}"]),
            words(&["", "", "", "", "2"]),
        ];
        let project = Export {
            name: "p",
            labels: &labels,
            texts: &texts,
            answers: &[],
            predictions: &[],
            extra_columns: &columns,
            extra: &extra,
            extra_json: &[true, true, true, false, true],
        };
        let mut out = Vec::new();
        write_jsonl(&project, &mut out).unwrap();
        let lines = String::from_utf8(out).unwrap();
        let ends: Vec<&str> = lines
            .lines()
            .filter_map(|line| Some(line.split_once("\"id\"")?.1))
            .collect();
        assert_eq!(
            ends,
            [
                r#": 7, "tags": [1], "hash": 18446744073709551616, "note": "7", "spoilt": "1}"}"#,
                r#": null, "tags": null, "hash": null, "note": "", "spoilt": 2}"#
            ]
        );
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.parquet");
        export(&project, Format::Parquet, &path).unwrap();
        let table = read_table(&path, &TableOptions::default()).unwrap();
        let at = |name: &str| table.columns.iter().position(|column| column == name).unwrap();
        let cells = ["id", "tags", "hash", "note"].map(|name| &table.rows[0].cells[at(name)]);
        let text = |text: &str| Cell::Text(text.into());
        assert_eq!(
            cells,
            [
                &Cell::Json("7".into()),
                &text("[1]"),
                &text("18446744073709551616"),
                &text("7")
            ]
        );
        assert!(table.rows[1].cells[at("id")].is_null());

        // The card says what is stored.
        let folder = dir.path().join("folder");
        export(&project, Format::HuggingFace, &folder).unwrap();
        let card = fs::read_to_string(folder.join("README.md")).unwrap();
        for said in ["\"id\"\n    dtype: int64\n", "\"note\"\n    dtype: string\n"] {
            assert!(card.contains(said), "{card}");
        }
        let expected = serde_json::json!([7, [1], "18446744073709551616", "7", "1}"]);
        let values = |object: &Value| -> Value { columns.iter().map(|name| object[name].clone()).collect() };
        let mut out = Vec::new();
        prodigy::write(&project, &mut out).unwrap();
        let lines = String::from_utf8(out).unwrap();
        let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
        assert_eq!(values(&first["meta"]), expected);
        let mut out = Vec::new();
        label_studio::write(&project, &mut out).unwrap();
        let tasks: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(values(&tasks[0]["data"]), expected);
    }
}

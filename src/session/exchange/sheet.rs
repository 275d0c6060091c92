//! A table that was opened and is not a project yet.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::io::exchange::{LabelFile, Verdict};
use crate::io::{Cell, Table, Warning, Workbook};

/// One row of a sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SheetRow {
    /// Where it begins in the file, from 1: the line in a text file, otherwise the number of the row.
    pub line: u64,
    /// A cell a column.
    pub cells: Vec<String>,
}

/// A table that was opened, with a guess of what its columns are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// What it is called: the file's name, `pasted`, [`SAMPLE_NAME`](super::SAMPLE_NAME).
    pub source: String,
    /// A project's name that suits it.
    pub name: String,
    /// The file, where it is one.
    pub path: Option<PathBuf>,
    /// Names of the columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<SheetRow>,
    /// Whether a row's line is its number, as in workbooks and Parquet, and not a line of text.
    pub counts_rows: bool,
    /// Columns that seem to hold the text.
    pub text_columns: Vec<usize>,
    /// The column that seems to hold the label.
    pub label_column: Option<usize>,
    /// Whether the file names its columns.
    pub has_header: bool,
    /// Whether it is delimited text or a sheet of a workbook, where whether the first row names the columns is guessed unless
    /// somebody says it.
    pub guessed_header: bool,
    /// Which sheet it is, where the file is a workbook.
    pub workbook: Option<Workbook>,
    /// How many rows above the table, such as a title, were left out.
    pub above: usize,
    /// How many cells are formulas that were never computed, and read as empty.
    pub not_computed: usize,
    /// Whether the file is not UTF-8 and was read as Windows-1252.
    pub guessed: bool,
    /// Which columns have JSON in every row that has them, as numbers are; those behind have text.
    pub(in crate::session) json: Vec<bool>,
    /// A row's label counts as given only where this column has this value: the sample holds every label, but a hundred
    /// of them are for training.
    pub(in crate::session) given_where: Option<(usize, &'static str)>,
}

/// Whether the encoding of a file is guessed.
pub(super) fn is_guessed(warnings: &[Warning]) -> bool {
    let guessed = |warning: &Warning| matches!(warning, Warning::Guessed { .. });
    warnings.iter().any(guessed)
}

impl Sheet {
    pub(super) fn of_table(table: Table) -> Self {
        let at = |name: &str| table.columns.iter().position(|column| column == name);
        let text_columns = table.text_columns().into_iter().filter_map(at).collect();
        let label_column = table.label_column().and_then(at);
        let has_header = !table
            .warnings
            .iter()
            .any(|w| matches!(w, Warning::NoHeader { .. }));
        let guessed = is_guessed(&table.warnings);
        let (mut above, mut not_computed) = (0, 0);
        for warning in &table.warnings {
            match warning {
                Warning::AboveTable { lines, .. } => above = lines.len(),
                Warning::NotComputed { cells, .. } => not_computed = *cells,
                _ => {}
            }
        }
        let guessed_header = table.has_guessed_header();
        let counts_rows = table.place == "row";
        let is_text = |at: usize| {
            let mut cells = table.rows.iter().filter_map(|row| row.cells.get(at));
            cells.any(|cell| matches!(cell, Cell::Text(_)))
        };
        let json = (0..table.columns.len()).map(|at| !is_text(at)).collect();
        let rows = table.rows.into_iter().map(|row| SheetRow {
            line: row.line,
            cells: row.cells.iter().map(|cell| cell.as_str().to_string()).collect(),
        });
        Self {
            rows: rows.collect(),
            columns: table.columns,
            text_columns,
            label_column,
            has_header,
            counts_rows,
            guessed_header,
            above,
            not_computed,
            workbook: table.workbook,
            guessed,
            json,
            ..Self::default()
        }
    }

    /// What a labelling tool wrote: the texts, their labels, and whatever else it has of each.
    pub(super) fn of_labels(file: LabelFile) -> Self {
        let mut columns = ["text", "label"].map(String::from).to_vec();
        for mut name in file.others {
            while columns.contains(&name) {
                name = format!("original_{name}");
            }
            columns.push(name);
        }
        let rows = file.rows.into_iter().map(|row| {
            let label = match row.verdict {
                Some(Verdict::Label(label)) => label,
                _ => String::new(),
            };
            let mut cells = [vec![row.text, label], row.others].concat();
            cells.resize(columns.len(), String::new());
            SheetRow {
                line: row.line,
                cells,
            }
        });
        Self {
            rows: rows.collect(),
            columns,
            text_columns: vec![0],
            label_column: Some(1),
            has_header: true,
            guessed: is_guessed(&file.warnings),
            ..Self::default()
        }
    }

    /// A cell; empty where the row has none.
    pub fn cell(&self, row: usize, column: usize) -> &str {
        self.rows
            .get(row)
            .and_then(|row| row.cells.get(column))
            .map_or("", String::as_str)
    }

    /// Whether a column has JSON and not text.
    pub(super) fn is_json(&self, column: usize) -> bool {
        self.json.get(column).copied().unwrap_or_default()
    }

    /// A row's text: the cells of these columns that are not blank, a line each.
    pub fn text(&self, row: usize, columns: &[usize]) -> String {
        let parts: Vec<&str> = columns
            .iter()
            .map(|&at| self.cell(row, at))
            .filter(|cell| !cell.trim().is_empty())
            .collect();
        parts.join("\n")
    }

    /// Whether the label that a row has counts as given by a person.
    pub fn is_given(&self, row: usize) -> bool {
        self.given_where
            .is_none_or(|(column, value)| self.cell(row, column) == value)
    }

    /// A row's label in this column, without the spaces round it.
    pub fn label(&self, row: usize, column: usize) -> Option<&str> {
        Some(self.cell(row, column).trim()).filter(|label| !label.is_empty())
    }

    /// The labels of these rows in this column: by number where every one is a number, by name otherwise. With each the
    /// rows whose label is given.
    pub fn labels(&self, column: usize, rows: impl Iterator<Item = usize>) -> Vec<(String, Vec<usize>)> {
        let mut found: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for row in rows {
            let Some(label) = self.label(row, column) else {
                continue;
            };
            let rows = found.entry(label).or_default();
            if self.is_given(row) {
                rows.push(row);
            }
        }
        let mut labels: Vec<(String, Vec<usize>)> = found
            .into_iter()
            .map(|(label, rows)| (label.to_string(), rows))
            .collect();
        let number = |label: &str| label.parse::<f64>().ok().filter(|n| n.is_finite());
        if labels.iter().all(|(label, _)| number(label).is_some()) {
            labels.sort_by(|a, b| {
                number(&a.0)
                    .unwrap_or_default()
                    .total_cmp(&number(&b.0).unwrap_or_default())
            });
        }
        labels
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::io::{TableOptions, parse_table};

    #[test]
    fn columns_without_a_text_hold_json() {
        let lines = b"{\"text\":\"a\",\"id\":7,\"tags\":[1],\"mixed\":1}\n\
            {\"text\":\"b\",\"id\":null,\"mixed\":\"x\",\"late\":true}\n";
        let table = parse_table(Path::new("a.jsonl"), lines, &TableOptions::default()).unwrap();
        let sheet = Sheet::of_table(table);
        assert_eq!(sheet.columns, ["text", "id", "tags", "mixed", "late"]);
        assert_eq!(sheet.json, [false, true, true, false, true]);
        assert_eq!((sheet.cell(0, 1), sheet.cell(1, 1)), ("7", ""));
        assert!(sheet.is_json(1) && !sheet.is_json(9));
        let table = parse_table(Path::new("a.csv"), b"id,text\n7,a\n", &TableOptions::default()).unwrap();
        assert_eq!(Sheet::of_table(table).json, [false, false]);
    }
}

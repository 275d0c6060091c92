//! Tables of texts and labels, whatever they are stored as.

mod check;
mod records;

use std::path::{Path, PathBuf};

use super::columns::Roles;
use super::compression::{Progress, unpack};
use super::csv::Style;
use super::encoding::Encoding;
use super::error::Error;
use super::warnings::Warning;
use super::workbook::Workbook;
use check::check;
pub(super) use check::{check_row, choose};
pub(super) use records::{Known, RecordReader, open_records, records_of};
use records::{Watched, records};

/// Whether labels are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Labels {
    /// A label column must be there, and at least one row must have a label.
    Required,
    /// Labels are read where a column's name says that they are labels.
    #[default]
    Optional,
    /// No column is read as labels.
    Ignored,
}

/// How to read a table.
#[derive(Clone, Debug, Default)]
pub struct TableOptions {
    /// Columns that hold the text, in this order; empty to guess.
    pub text_columns: Vec<String>,
    /// The column that holds the label; `None` to guess.
    pub label_column: Option<String>,
    /// Whether labels are wanted, and whether every row needs one.
    pub labels: Labels,
    /// Whether the first row of delimited text or of a sheet is a header; `None` to guess.
    pub header: Option<bool>,
    /// Keep rows whose text is empty: when classifying, every row in needs its row out.
    pub keep_empty_texts: bool,
    /// What text is written in that does not say so itself with a mark; `None` to find out. Parquet and workbooks are what they are.
    pub encoding: Option<Encoding>,
    /// The sheet of a workbook; `None` for the first that can be seen and holds something.
    pub sheet: Option<String>,
}

impl TableOptions {
    /// What they say of a file before it is read.
    pub(super) fn known(&self) -> Known<'_> {
        Known {
            header: self.header,
            // Only a table has what is asked for.
            table: !self.text_columns.is_empty() || self.labels == Labels::Required,
            encoding: self.encoding,
            sheet: self.sheet.as_deref(),
        }
    }
}

/// One value as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// Text.
    Text(String),
    /// Any other value, as JSON: a number, `true`, `null`, a list or an object.
    Json(String),
    /// A key that this row of JSON lines does not have.
    Missing,
}

impl Cell {
    /// The value as text; nothing for `null`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Json(json) if json != "null" => json,
            Self::Json(_) | Self::Missing => "",
        }
    }

    /// Whether there is no value, as opposed to an empty one.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Missing) || matches!(self, Self::Json(json) if json == "null")
    }
}

/// One row with all of its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where the row begins, from 1: the line in a text file, the number of the row in a sheet and in Parquet.
    pub line: u64,
    /// One cell a column, as in [`Table::columns`].
    pub cells: Vec<Cell>,
}

/// A table in memory. Texts and labels are borrowed from its rows, so nothing is held twice.
#[derive(Clone, Debug)]
pub struct Table {
    /// The file it was read from.
    pub path: PathBuf,
    /// Every column's name, in the order of the file; one without a name is called by its place, `column1`.
    pub columns: Vec<String>,
    /// The rows, in the order of the file.
    pub rows: Vec<Row>,
    /// What the user should know of, though the table can be used.
    pub warnings: Vec<Warning>,
    /// What [`Row::line`] counts: `line` of a text file, `row` of a sheet, of Parquet and of texts that were handed over.
    pub place: &'static str,
    /// Places of the columns that the header leaves without a name.
    pub(super) unnamed: Vec<usize>,
    /// Which sheet it is, where the file is a workbook.
    pub workbook: Option<Workbook>,
    /// How the file is written, where that is as delimited text.
    pub(super) style: Option<Style>,
    /// Whether its encoding was named and is not UTF-8.
    pub(super) recoded: bool,
    roles: Roles,
}

impl Table {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether it was delimited text or a sheet, of which nothing says whether its first row names the columns.
    #[must_use]
    pub fn has_guessed_header(&self) -> bool {
        self.style.is_some() || self.workbook.is_some()
    }

    /// Names of the columns that hold the text.
    #[must_use]
    pub fn text_columns(&self) -> Vec<&str> {
        self.roles
            .texts
            .iter()
            .map(|&at| self.columns[at].as_str())
            .collect()
    }

    /// Name of the column that holds the label.
    #[must_use]
    pub fn label_column(&self) -> Option<&str> {
        self.roles.label.map(|at| self.columns[at].as_str())
    }

    /// A row's text, one field a text column.
    #[must_use]
    pub fn fields<'a>(&self, row: &'a Row) -> Vec<&'a str> {
        self.roles.texts.iter().map(|&at| value(row, at)).collect()
    }

    /// A row's label, without the spaces round it; `None` where it has none.
    #[must_use]
    pub fn label<'a>(&self, row: &'a Row) -> Option<&'a str> {
        self.roles
            .label
            .map(|at| value(row, at).trim())
            .filter(|label| !label.is_empty())
    }

    /// Every row's text fields and label.
    pub fn examples(&self) -> impl Iterator<Item = (Vec<&str>, Option<&str>)> {
        self.rows.iter().map(|row| (self.fields(row), self.label(row)))
    }

    fn is_blank(&self, row: &Row) -> bool {
        self.roles
            .texts
            .iter()
            .all(|&at| value(row, at).trim().is_empty())
    }
}

fn value(row: &Row, at: usize) -> &str {
    row.cells.get(at).map_or("", Cell::as_str)
}

/// Reads a table from a CSV, TSV, JSON lines, Parquet, workbook or text file (one text a line), also compressed
/// (`.gz`, `.zst`). Where the name has no ending, as that of a pipe, the first bytes say what it is.
///
/// # Errors
/// The file cannot be read or is damaged, a row does not fit the others, a named column is not there, or
/// there is no text or no label where one is required. Each message names the file and the line.
pub fn read_table(path: &Path, options: &TableOptions) -> Result<Table, Error> {
    let reader = open_records(path, options.known(), None)?;
    collect(path, reader, options)
}

/// As [`read_table`], telling how far it is and asking after every row whether to go on.
///
/// # Errors
/// As [`read_table`]; also when it was told not to go on, which its caller knows.
pub fn read_table_watched(
    path: &Path,
    options: &TableOptions,
    progress: &Progress,
    go_on: &dyn Fn() -> bool,
) -> Result<Table, Error> {
    let inner = open_records(path, options.known(), Some(progress))?;
    let reader = Watched { path, inner, go_on };
    collect(path, Box::new(reader), options)
}

/// Reads a table from a file that is already in memory. `name` says what it is, as a path does.
///
/// # Errors
/// As [`read_table`].
pub fn parse_table(name: &Path, bytes: &[u8], options: &TableOptions) -> Result<Table, Error> {
    let stream = unpack(name, bytes)?;
    let reader = records(name, stream, options.known())?;
    collect(name, reader, options)
}

/// A table of texts that are in no file, each with its label where it has one. `name` is what they are called in errors;
/// they are counted from row 1. The options' columns do not apply.
///
/// # Errors
/// There is no text, or no label where one is required.
pub fn given_table(
    name: &Path,
    given: impl IntoIterator<Item = (String, Option<String>)>,
    options: &TableOptions,
) -> Result<Table, Error> {
    let cells = |(text, label): (String, Option<String>)| {
        vec![Cell::Text(text), label.map_or(Cell::Missing, Cell::Text)]
    };
    let mut rows: Vec<Row> = (1..)
        .zip(given)
        .map(|(line, row)| Row {
            line,
            cells: cells(row),
        })
        .collect();
    let path = name.to_path_buf();
    if rows.iter().all(|row| value(row, 0).trim().is_empty()) {
        return Err(Error::NoTexts { path });
    }
    let any = rows.iter().any(|row| !value(row, 1).trim().is_empty());
    let wanted = match options.labels {
        Labels::Required => true,
        Labels::Optional => any,
        Labels::Ignored => false,
    };
    let mut columns = vec!["text".to_string(), "label".to_string()];
    if !any && !wanted {
        columns.truncate(1);
        rows.iter_mut().for_each(|row| row.cells.truncate(1));
    }
    let table = Table {
        path,
        columns,
        rows,
        warnings: Vec::new(),
        place: "row",
        unnamed: Vec::new(),
        workbook: None,
        style: None,
        recoded: false,
        roles: Roles {
            texts: vec![0],
            label: wanted.then_some(1),
        },
    };
    check(table, options)
}

/// How many rows the columns are guessed from.
pub(super) const SAMPLE_ROWS: usize = 2000;

/// The table of these rows.
pub(super) fn collect(
    path: &Path,
    reader: Box<dyn RecordReader + '_>,
    options: &TableOptions,
) -> Result<Table, Error> {
    // What is wrong with one sheet may be right with another.
    let workbook = reader.workbook().filter(|book| book.sheets.len() > 1).cloned();
    collected(path, reader, options).map_err(|cause| match workbook {
        Some(workbook) => Error::OfSheet {
            workbook,
            cause: Box::new(cause),
        },
        None => cause,
    })
}

fn collected(
    path: &Path,
    mut reader: Box<dyn RecordReader + '_>,
    options: &TableOptions,
) -> Result<Table, Error> {
    let mut rows = reader.by_ref().collect::<Result<Vec<_>, _>>()?;
    let columns = reader.columns().to_vec();
    if rows.is_empty() {
        let path = path.to_path_buf();
        return Err(if columns.is_empty() {
            Error::Empty { path }
        } else {
            Error::HeaderOnly { path }
        });
    }
    for row in &mut rows {
        row.cells.resize(columns.len(), Cell::Missing);
    }
    let roles = choose(
        path,
        &columns,
        reader.has_header(),
        &rows[..rows.len().min(SAMPLE_ROWS)],
        options,
    )?;
    let mut warnings = reader.warnings();
    if !reader.has_header() {
        warnings.push(Warning::NoHeader {
            columns: columns.len(),
        });
    }
    if reader.guessed() {
        warnings.push(Warning::guessed(path));
    }
    let table = Table {
        path: path.to_path_buf(),
        columns,
        rows,
        warnings,
        place: reader.place(),
        unnamed: reader.unnamed().to_vec(),
        workbook: reader.workbook().cloned(),
        style: reader.style(),
        recoded: options.encoding.is_some_and(|encoding| !encoding.is_utf8()),
        roles,
    };
    check(table, options)
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;

//! Tables of texts and labels, whatever they are stored as.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use super::columns::{self, Roles};
use super::compression::{self, Compression, Kind, Progress, stream_error, unpack};
use super::csv::{self, Guess, Opened};
use super::error::Error;
use super::warnings::Warning;
use super::{jsonl, parquet};
use crate::host::fs::File;

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
    /// Whether the first row of delimited text is a header; `None` to guess.
    pub header: Option<bool>,
    /// Keep rows whose text is empty: when classifying, every row in needs its row out.
    pub keep_empty_texts: bool,
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
    /// Where the row begins, from 1: the line in a text file, the number of the row in Parquet.
    pub line: u64,
    /// One cell a column, as in [`Table::columns`].
    pub cells: Vec<Cell>,
}

/// Rows one by one, from any format.
pub(super) trait RecordReader: Iterator<Item = Result<Row, Error>> {
    /// The columns' names; more may come to light as rows are read.
    fn columns(&self) -> &[String];

    /// Whether the file itself names its columns.
    fn has_header(&self) -> bool {
        true
    }
}

/// A table in memory. Texts and labels are borrowed from its rows, so nothing is held twice.
#[derive(Clone, Debug)]
pub struct Table {
    /// The file it was read from.
    pub path: PathBuf,
    /// Every column's name, in the order of the file; `column1` and on where the file has no header.
    pub columns: Vec<String>,
    /// The rows, in the order of the file.
    pub rows: Vec<Row>,
    /// What the user should know of, though the table can be used.
    pub warnings: Vec<Warning>,
    /// What [`Row::line`] counts: `line` of a file, `row` of texts that were handed over.
    pub place: &'static str,
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

/// Reads a table from a CSV, TSV, JSON lines, Parquet or text file (one text a line), also compressed
/// (`.gz`, `.zst`).
///
/// # Errors
/// The file cannot be read or is damaged, a row does not fit the others, a named column is not there, or
/// there is no text or no label where one is required. Each message names the file and the line.
pub fn read_table(path: &Path, options: &TableOptions) -> Result<Table, Error> {
    collect(path, open_records(path, options.header, None)?, options)
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
    let inner = open_records(path, options.header, Some(progress))?;
    let reader = Watched { path, inner, go_on };
    collect(path, Box::new(reader), options)
}

/// Rows as long as somebody wants them.
struct Watched<'a> {
    path: &'a Path,
    inner: Box<dyn RecordReader>,
    go_on: &'a dyn Fn() -> bool,
}

impl Iterator for Watched<'_> {
    type Item = Result<Row, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if (self.go_on)() {
            return self.inner.next();
        }
        Some(Err(Error::Read {
            path: self.path.to_path_buf(),
            cause: "stopped".to_string(),
        }))
    }
}

impl RecordReader for Watched<'_> {
    fn columns(&self) -> &[String] {
        self.inner.columns()
    }

    fn has_header(&self) -> bool {
        self.inner.has_header()
    }
}

/// Reads a table from a file that is already in memory. `name` says what it is, as a path does.
///
/// # Errors
/// As [`read_table`].
pub fn parse_table(name: &Path, bytes: &[u8], options: &TableOptions) -> Result<Table, Error> {
    collect(
        name,
        records(name, unpack(name, bytes)?, options.header)?,
        options,
    )
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
        roles: Roles {
            texts: vec![0],
            label: wanted.then_some(1),
        },
    };
    check(table, options)
}

/// Opens a file's rows.
pub(super) fn open_records(
    path: &Path,
    header: Option<bool>,
    progress: Option<&Progress>,
) -> Result<Box<dyn RecordReader>, Error> {
    let stream = compression::open(path, progress)?;
    if compression::kind_of(path) == (Some(Kind::Parquet), Compression::None) {
        let file = File::open(path).map_err(|error| Error::read(path, &error))?;
        if let (Some(progress), Ok(data)) = (progress, file.metadata()) {
            progress.add(data.len());
        }
        return Ok(Box::new(parquet::open(path, file)?));
    }
    records(path, stream, header)
}

fn records<'a>(
    path: &Path,
    stream: Box<dyn Read + 'a>,
    header: Option<bool>,
) -> Result<Box<dyn RecordReader + 'a>, Error> {
    let guess = match compression::kind_of(path).0 {
        Some(Kind::Csv) => Guess::Any,
        Some(Kind::Tsv) => Guess::Tab,
        Some(Kind::Text) => Guess::OnlyIfSure,
        Some(Kind::Jsonl) => return Ok(Box::new(jsonl::Reader::new(path, stream))),
        Some(Kind::Parquet) => return Ok(Box::new(parquet::spool(path, stream)?)),
        None => {
            let found = match path.extension() {
                Some(end) => format!("a .{} file", end.to_string_lossy()),
                None => "a file without an ending".to_string(),
            };
            return Err(Error::UnknownFormat {
                path: path.to_path_buf(),
                found,
            });
        }
    };
    Ok(match csv::open(path, stream, guess, header)? {
        Opened::Table(reader) => Box::new(reader),
        Opened::Plain(stream) => Box::new(Lines {
            path: path.to_path_buf(),
            stream,
            line: 0,
            columns: ["text".into()],
        }),
    })
}

/// Plain text, one text a line.
struct Lines<R> {
    path: PathBuf,
    stream: R,
    line: u64,
    columns: [String; 1],
}

impl<R: std::io::BufRead> Iterator for Lines<R> {
    type Item = Result<Row, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut text = String::new();
        match self.stream.read_line(&mut text) {
            Ok(0) => None,
            Ok(_) => {
                self.line += 1;
                text.truncate(text.trim_end_matches(['\n', '\r']).len());
                Some(Ok(Row {
                    line: self.line,
                    cells: vec![Cell::Text(text)],
                }))
            }
            Err(error) => Some(Err(stream_error(&self.path, &error))),
        }
    }
}

impl<R: std::io::BufRead> RecordReader for Lines<R> {
    fn columns(&self) -> &[String] {
        &self.columns
    }
}

/// How many rows the columns are guessed from.
pub(super) const SAMPLE_ROWS: usize = 2000;

fn collect(
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
    let mut warnings = Vec::new();
    if !reader.has_header() {
        warnings.push(Warning::NoHeader {
            columns: columns.len(),
        });
    }
    let table = Table {
        path: path.to_path_buf(),
        columns,
        rows,
        warnings,
        place: "line",
        roles,
    };
    check(table, options)
}

/// Checks what the options ask for, and notes what is odd.
fn check(mut table: Table, options: &TableOptions) -> Result<Table, Error> {
    check_texts(&table)?;
    leave_out_empty(&mut table, options.keep_empty_texts)?;
    if options.labels == Labels::Required {
        let unlabelled: Vec<u64> = table
            .rows
            .iter()
            .filter(|row| table.label(row).is_none())
            .map(|row| row.line)
            .collect();
        if unlabelled.len() == table.len() {
            let column = table.label_column().unwrap_or_default().to_string();
            return Err(Error::NoLabels {
                path: table.path,
                column,
            });
        }
        if !unlabelled.is_empty() {
            table.warnings.push(Warning::Unlabelled { lines: unlabelled });
        }
    }
    table.warnings.extend(conflicts(&table));
    Ok(table)
}

/// Finds the columns that the options name, and guesses those that they do not.
pub(super) fn choose(
    path: &Path,
    names: &[String],
    has_header: bool,
    sample: &[Row],
    options: &TableOptions,
) -> Result<Roles, Error> {
    let find = |column: &str| find_column(path, names, column);
    let texts = options
        .text_columns
        .iter()
        .map(|column| find(column))
        .collect::<Result<Vec<_>, _>>()?;
    let label = match (&options.label_column, options.labels) {
        (Some(column), Labels::Required | Labels::Optional) => Some(find(column)?),
        _ => None,
    };
    if let Some(at) = label.filter(|at| texts.contains(at)) {
        return Err(Error::SameColumn {
            path: path.to_path_buf(),
            column: names[at].clone(),
        });
    }
    let by_value = options.labels == Labels::Required;
    let mut roles = columns::guess(names, has_header, sample, texts, label, by_value);
    if options.labels == Labels::Ignored {
        roles.label = None;
    }
    if roles.texts.is_empty() {
        return Err(Error::NoTextColumn {
            path: path.to_path_buf(),
            columns: names.to_vec(),
        });
    }
    if roles.label.is_none() && options.labels == Labels::Required {
        return Err(Error::NoLabelColumn {
            path: path.to_path_buf(),
            columns: names.to_vec(),
        });
    }
    Ok(roles)
}

fn find_column(path: &Path, names: &[String], wanted: &str) -> Result<usize, Error> {
    // An exact name wins; `Text` for `text` is no reason to stop, unless it could mean two columns.
    let folded = |name: &str| name.trim().to_lowercase();
    let mut alike = (0..names.len()).filter(|&at| folded(&names[at]) == folded(wanted));
    if let Some(at) = names.iter().position(|name| name == wanted) {
        return Ok(at);
    }
    if let (Some(at), None) = (alike.next(), alike.next()) {
        return Ok(at);
    }
    let likeness = |name: &String| strsim::jaro_winkler(&folded(name), &folded(wanted));
    let nearest = names.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    Err(Error::UnknownColumn {
        path: path.to_path_buf(),
        column: wanted.to_string(),
        nearest: nearest.filter(|name| likeness(name) > 0.75).cloned(),
        columns: names.to_vec(),
    })
}

/// Checks that every row has its text, and that it is text.
fn check_texts(table: &Table) -> Result<(), Error> {
    table
        .rows
        .iter()
        .try_for_each(|row| check_row(&table.path, &table.columns, &table.roles, row))
}

pub(super) fn check_row(path: &Path, names: &[String], roles: &Roles, row: &Row) -> Result<(), Error> {
    let fault = |at: usize| (path.to_path_buf(), row.line, names[at].clone());
    let cell = |at: usize| row.cells.get(at).unwrap_or(&Cell::Missing);
    for &at in &roles.texts {
        let found = match cell(at) {
            Cell::Json(json) if json.starts_with('{') => "an object",
            Cell::Json(json) if json.starts_with('[') => "a list",
            Cell::Json(json) if json == "true" || json == "false" => "true or false",
            _ => continue,
        };
        let (path, line, column) = fault(at);
        return Err(Error::NotText {
            path,
            line,
            column,
            found,
        });
    }
    // A title may be left out, but not every part of the text.
    match roles.texts.last() {
        Some(&last) if roles.texts.iter().all(|&at| *cell(at) == Cell::Missing) => {
            let (path, line, column) = fault(last);
            Err(Error::MissingKey { path, line, column })
        }
        _ => Ok(()),
    }
}

fn leave_out_empty(table: &mut Table, keep: bool) -> Result<(), Error> {
    let lines: Vec<u64> = table
        .rows
        .iter()
        .filter(|row| table.is_blank(row))
        .map(|row| row.line)
        .collect();
    if lines.len() == table.len() {
        let columns = table.text_columns().into_iter().map(str::to_string).collect();
        return Err(Error::AllTextsEmpty {
            path: table.path.clone(),
            columns,
        });
    }
    if lines.is_empty() {
        return Ok(());
    }
    if !keep {
        let rows = std::mem::take(&mut table.rows);
        table.rows = rows.into_iter().filter(|row| !table.is_blank(row)).collect();
    }
    table.warnings.push(Warning::EmptyTexts {
        lines,
        dropped: !keep,
    });
    Ok(())
}

fn conflicts(table: &Table) -> Option<Warning> {
    let mut first: HashMap<Vec<&str>, (&str, u64, bool)> = HashMap::new();
    let mut lines = Vec::new();
    for row in &table.rows {
        let Some(label) = table.label(row) else { continue };
        let seen = first.entry(table.fields(row)).or_insert((label, row.line, false));
        if seen.0 != label && !seen.2 {
            seen.2 = true;
            lines.push((seen.1, row.line));
        }
    }
    (!lines.is_empty()).then_some(Warning::Conflicts { lines })
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;

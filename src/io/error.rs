//! What can go wrong with a file, said in one line: which file, where in it, and what to do about it.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::workbook::Workbook;

/// A failure to read or write a file. The message is complete: it needs no chain of causes.
#[derive(Debug, Error)]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "the messages say what each failure is and what its fields hold"
)]
pub enum Error {
    #[error("{}: no such file; check the path", .path.display())]
    NotFound { path: PathBuf },
    #[error("{}: is a directory; name one file in it", .path.display())]
    IsDirectory { path: PathBuf },
    #[error("{}: cannot be read: {cause}", .path.display())]
    Read { path: PathBuf, cause: String },
    #[error("{}: the file is empty", .path.display())]
    Empty { path: PathBuf },
    #[error("{}: only a header and no rows; add rows below it", .path.display())]
    HeaderOnly { path: PathBuf },
    #[error(
        "{}: {found} is not a table; expected .csv, .tsv, .xlsx, .ods, .jsonl, .parquet or .txt, or one of these with .gz or .zst",
        .path.display()
    )]
    UnknownFormat { path: PathBuf, found: String },
    #[error("{}: is {found}; {advice}", .path.display())]
    WrongFormat {
        path: PathBuf,
        found: &'static str,
        advice: &'static str,
    },
    #[error("{}: line {line}, byte {offset}: not UTF-8 text; save the file again with the encoding UTF-8{}", .path.display(), or_name(*.nameable))]
    NotUtf8 {
        path: PathBuf,
        line: u64,
        offset: u64,
        /// Whether it may be read in another encoding.
        nameable: bool,
    },
    #[error("{}: line {line}, byte {offset}: not {encoding} text; name another encoding with --encoding", .path.display())]
    NotNamed {
        path: PathBuf,
        encoding: &'static str,
        line: u64,
        offset: u64,
    },
    #[error("{}: is damaged UTF-16 text; save the file again with the encoding UTF-8", .path.display())]
    Utf16 { path: PathBuf },
    #[error("{}: {format} data ends too early or is damaged ({cause}); fetch the file again", .path.display())]
    Compressed {
        path: PathBuf,
        format: &'static str,
        cause: String,
    },

    #[error(
        "{}: line {line} has {found} where the header has {expected}; a field that contains the delimiter '{delimiter}' or \
         a quote needs double quotes round it",
        .path.display(), expected = fields(*.expected), found = fields(*.found)
    )]
    Ragged {
        path: PathBuf,
        line: u64,
        expected: u64,
        found: u64,
        delimiter: String,
    },
    #[error("{}: line {line}: a double quote opens a field that is never closed or goes on after it; write each quote inside a quoted field twice", .path.display())]
    UnclosedQuote { path: PathBuf, line: u64 },
    #[error("{}: no column '{column}'{}; the columns are {}", .path.display(), suggestion(.nearest.as_deref()), list(.columns))]
    UnknownColumn {
        path: PathBuf,
        column: String,
        nearest: Option<String>,
        columns: Vec<String>,
    },
    #[error(
        "{}: no column holds text; the columns are {}; name one with --text-column",
        .path.display(), list(.columns)
    )]
    NoTextColumn { path: PathBuf, columns: Vec<String> },
    #[error(
        "{}: no column holds labels; the columns are {}; name one with --label-column",
        .path.display(), list(.columns)
    )]
    NoLabelColumn { path: PathBuf, columns: Vec<String> },
    #[error("{}: column '{column}' cannot be both the text and the label; name another with --label-column", .path.display())]
    SameColumn { path: PathBuf, column: String },
    #[error("{}: column '{column}' is named twice with --text-column; name each column once", .path.display())]
    RepeatedColumn { path: PathBuf, column: String },
    #[error("{}: line {line}, column {column}: broken JSON: {cause}", .path.display())]
    Json {
        path: PathBuf,
        line: u64,
        column: usize,
        cause: String,
    },
    #[error("{}: line {line}: {found}, where each line must be a JSON object such as {{\"text\": \"...\"}}", .path.display())]
    NotAnObject {
        path: PathBuf,
        line: u64,
        found: &'static str,
    },
    #[error(
        "{}: line {line}: more than {most} keys that the first line does not have; a table has the same keys in every line",
        .path.display()
    )]
    ManyKeys { path: PathBuf, line: u64, most: usize },
    #[error("{}: {place} {line}: the object has no '{column}'; add it or remove the {place}", .path.display())]
    MissingKey {
        path: PathBuf,
        place: &'static str,
        line: u64,
        column: String,
    },
    #[error("{}: {place} {line}: '{column}' is {found}, not text", .path.display())]
    NotText {
        path: PathBuf,
        place: &'static str,
        line: u64,
        column: String,
        found: &'static str,
    },
    #[error("{}: damaged or unsupported Parquet: {cause}; write the file again or export it as CSV", .path.display())]
    Parquet { path: PathBuf, cause: String },
    #[error("{}: damaged or unsupported workbook: {cause}; save it again as .xlsx, or the sheet as CSV", .path.display())]
    Workbook { path: PathBuf, cause: String },
    #[error("{}: opens with a password only; save the workbook without one", .path.display())]
    Protected { path: PathBuf },
    #[error("{}: too large for a workbook; save the sheet as CSV", .path.display())]
    LargeWorkbook { path: PathBuf },
    #[error("{}: the sheet '{sheet}' is empty", .path.display())]
    EmptySheet { path: PathBuf, sheet: String },
    #[error("{cause}; this is the sheet '{}' of {}; name another with --sheet", .workbook.sheet, list(&.workbook.sheets))]
    OfSheet { workbook: Workbook, cause: Box<Self> },
    #[error("{}: no sheet '{sheet}'; the sheets are {}", .path.display(), list(.sheets))]
    NoSheet {
        path: PathBuf,
        sheet: String,
        sheets: Vec<String>,
    },
    #[error("{}: workbooks are read but not written; name a .csv file, which spreadsheet programs open", .path.display())]
    NoWorkbook { path: PathBuf },
    #[error("{}: every text in {} is empty; name another column with --text-column", .path.display(), list(.columns))]
    AllTextsEmpty { path: PathBuf, columns: Vec<String> },
    #[error("{}: no row has a label in column '{column}'; label some rows, in at least two classes", .path.display())]
    NoLabels { path: PathBuf, column: String },
    #[error("{}: all {count} labels in column '{column}' are '{label}'; a classifier needs at least two classes", .path.display())]
    OneClass {
        path: PathBuf,
        column: String,
        label: String,
        count: usize,
    },
    #[error("{}: there are no texts; give at least one that is not empty", .path.display())]
    NoTexts { path: PathBuf },
    #[error("{}: no text files in this directory; expected .txt, .csv, .tsv, .jsonl or .parquet", .path.display())]
    NoDocuments { path: PathBuf },

    #[error("no space left on the disk of {}; free some and try again; nothing was changed", .path.display())]
    NoSpace { path: PathBuf },
    #[error("{}: cannot be written: {cause}", .path.display())]
    Write { path: PathBuf, cause: String },
    #[error("{}: the output directory exists and is not empty; name another or ask to overwrite it", .path.display())]
    OutputExists { path: PathBuf },
    #[error("{}: is not overwritten because it holds no {marker}, so it may hold something else; name another directory", .path.display())]
    NotOurs { path: PathBuf, marker: String },
    #[error("{}: is not overwritten because it holds {}, which may be your own; move that away or name another directory", .path.display(), .entry.display())]
    HoldsForeign { path: PathBuf, entry: PathBuf },
    #[error("{}: is not overwritten because {} is in it and would go; name another directory", .path.display(), .input.display())]
    HoldsInput { path: PathBuf, input: PathBuf },
    #[error("{}: is the file that is read; name another to write", .path.display())]
    OutputIsInput { path: PathBuf },
    #[error("{}: the file exists; name another, or have it replaced with `--overwrite`", .path.display())]
    FileExists { path: PathBuf },
    #[error("{}: exists and is not a directory; name another output directory", .path.display())]
    OutputIsFile { path: PathBuf },

    #[error("{origin}: not a whole safetensors file: {cause}; fetch or export it again")]
    Safetensors { origin: String, cause: String },
    #[error("{origin}: tensor '{tensor}': {cause}")]
    Tensor {
        origin: String,
        tensor: String,
        cause: String,
    },
    #[error("{origin}: cannot be written as ONNX: {cause}")]
    Onnx { origin: String, cause: String },
    #[error("{}: not a readable PyTorch checkpoint: {cause}", .path.display())]
    Checkpoint { path: PathBuf, cause: String },
    #[error("{origin}: not a usable model: {cause}")]
    ModelDir { origin: String, cause: String },
    #[error("the weights have no tensor '{tensor}'; expected a fastai AWD-LSTM (it has {})", list(.found))]
    MissingTensor { tensor: String, found: Vec<String> },
    #[error("tensor '{tensor}' has shape {found:?} where {expected:?} is expected from {from}")]
    Shape {
        tensor: String,
        found: Vec<usize>,
        expected: Vec<usize>,
        from: String,
    },
    #[error(
        "the weights are of {what}, which is not supported; expected a one-directional AWD-LSTM with tied weights"
    )]
    UnsupportedModel { what: String },
    #[error("{}: asks to run code ({callable}) and was refused; {advice}, and do not open this file in Python unless you trust it", .path.display())]
    RunsCode {
        path: PathBuf,
        callable: String,
        advice: &'static str,
    },
    #[error("{}: not a vocabulary: {cause}; expected a pickled or JSON list of strings, or one token a line", .path.display())]
    Vocabulary { path: PathBuf, cause: String },
}

impl Error {
    /// Whether what was asked for cannot be, whatever the files hold: something would be lost that may be the user's own.
    pub(crate) fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::NotOurs { .. }
                | Self::HoldsForeign { .. }
                | Self::HoldsInput { .. }
                | Self::OutputIsInput { .. }
        )
    }

    /// Whether the file is no text in the encoding that it was read in: it may be in another.
    pub(crate) fn is_of_encoding(&self) -> bool {
        matches!(self, Self::NotUtf8 { nameable: true, .. } | Self::NotNamed { .. })
    }

    /// Names the file in an error from opening or reading it.
    pub(super) fn read(path: &Path, error: &io::Error) -> Self {
        let path = path.to_path_buf();
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path },
            io::ErrorKind::IsADirectory => Self::IsDirectory { path },
            _ => Self::Read {
                path,
                cause: one_line(error),
            },
        }
    }

    /// The name of a file does not end as a table's does.
    pub(super) fn no_table(path: &Path) -> Self {
        let found = match path.extension() {
            Some(end) => format!("a .{} file", end.to_string_lossy()),
            None => "a file without an ending".to_string(),
        };
        Self::UnknownFormat {
            path: path.to_path_buf(),
            found,
        }
    }

    /// Names the file in an error from creating, writing or renaming it.
    pub(crate) fn write(path: &Path, error: &io::Error) -> Self {
        let path = path.to_path_buf();
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::NoSpace { path }
            }
            io::ErrorKind::NotFound => Self::Write {
                path,
                cause: "the directory does not exist".to_string(),
            },
            _ => Self::Write {
                path,
                cause: one_line(error),
            },
        }
    }
}

/// A foreign error's message on one line, shortened where it quotes what the file holds.
pub(super) fn one_line(error: &impl ToString) -> String {
    const LONGEST: usize = 300;
    let text = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// Names in quotes, the first dozen of them.
fn list(names: &[String]) -> String {
    const SHOWN: usize = 12;
    if names.is_empty() {
        return "none".to_string();
    }
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("'{name}'")).collect();
    let more = match names.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", shown.join(", "))
}

fn fields(count: u64) -> String {
    format!("{count} field{}", if count == 1 { "" } else { "s" })
}

fn or_name(nameable: bool) -> &'static str {
    if nameable {
        ", or name its encoding with --encoding"
    } else {
        ""
    }
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean '{name}'?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_cut_and_messages_stay_on_one_line() {
        let names: Vec<String> = (0..15).map(|n| format!("c{n}")).collect();
        assert!(list(&names).ends_with("'c11' and 3 more"));
        assert_eq!(list(&[]), "none");
        assert_eq!(one_line(&"two\n  lines"), "two lines");
        assert_eq!(one_line(&"é".repeat(400)).chars().count(), 303);
    }

    #[test]
    fn io_errors_become_the_matching_message() {
        let path = Path::new("a/b.csv");
        let full = Error::write(path, &io::Error::from(io::ErrorKind::StorageFull));
        assert_eq!(
            full.to_string(),
            "no space left on the disk of a/b.csv; free some and try again; nothing was changed"
        );
        let denied = Error::read(path, &io::Error::from(io::ErrorKind::PermissionDenied));
        assert_eq!(denied.to_string(), "a/b.csv: cannot be read: permission denied");
        let parent = Error::write(path, &io::Error::from(io::ErrorKind::NotFound));
        assert_eq!(
            parent.to_string(),
            "a/b.csv: cannot be written: the directory does not exist"
        );
    }
}

//! Rows one by one, from whatever a table is stored as.

use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};

use super::super::beginning;
use super::super::compression::{self, Compression, Kind, Progress, stream_error};
use super::super::csv::{self, Guess, Opened, Style};
use super::super::encoding::{Encoding, Guessed, decoded};
use super::super::warnings::Warning;
use super::super::workbook::{self, Workbook};
use super::super::{jsonl, parquet};
use super::{Cell, Error, Row};
use crate::host::fs::File;

/// Rows one by one, from any format.
pub(in crate::io) trait RecordReader: Iterator<Item = Result<Row, Error>> {
    /// The columns' names; more may come to light as rows are read.
    fn columns(&self) -> &[String];

    /// Whether the file itself names its columns.
    fn has_header(&self) -> bool {
        true
    }

    /// Places of the columns that the header leaves without a name.
    fn unnamed(&self) -> &[usize] {
        &[]
    }

    /// What [`Row::line`] counts.
    fn place(&self) -> &'static str {
        "line"
    }

    /// Whether what was read is not UTF-8 and was taken for Windows-1252.
    fn guessed(&self) -> bool {
        false
    }

    /// How it is written, where that is as delimited text.
    fn style(&self) -> Option<Style> {
        None
    }

    /// Which sheet it is, where it is one of a workbook.
    fn workbook(&self) -> Option<&Workbook> {
        None
    }

    /// What to know of it before any row is read.
    fn warnings(&self) -> Vec<Warning> {
        Vec::new()
    }
}

/// What is known of a file before it is read; the rest is found out.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::io) struct Known<'a> {
    /// Whether the first row of delimited text or of a sheet is a header.
    pub header: Option<bool>,
    /// Whether it has columns: what has no ending to its name may else be a text a line.
    pub table: bool,
    /// What text is written in that does not say so itself with a mark.
    pub encoding: Option<Encoding>,
    /// The sheet of a workbook.
    pub sheet: Option<&'a str>,
}

/// Opens a file's rows.
pub(in crate::io) fn open_records(
    path: &Path,
    known: Known,
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
    records(path, stream, known)
}

pub(super) fn records<'a>(
    path: &Path,
    stream: Box<dyn Read + 'a>,
    known: Known,
) -> Result<Box<dyn RecordReader + 'a>, Error> {
    match compression::kind_of(path).0 {
        Some(kind @ (Kind::Parquet | Kind::Workbook)) => records_of(kind, path, stream, known),
        Some(kind) => records_of(kind, path, decoded(stream, known.encoding), known),
        None if compression::says_nothing(path) => {
            let (kind, stream) = beginning::kind(path, stream, known.table, known.encoding)?;
            records_of(kind, path, stream, known)
        }
        None => Err(Error::no_table(path)),
    }
}

/// The rows of a stream that holds this, as UTF-8 or as it says itself.
pub(in crate::io) fn records_of<'a>(
    kind: Kind,
    path: &Path,
    stream: Box<dyn Read + 'a>,
    known: Known,
) -> Result<Box<dyn RecordReader + 'a>, Error> {
    let guess = match kind {
        Kind::Csv => Guess::Any,
        Kind::Tsv => Guess::Tab,
        Kind::Text => Guess::OnlyIfSure,
        Kind::Jsonl => return Ok(Box::new(jsonl::Reader::new(path, stream))),
        Kind::Parquet => return Ok(Box::new(parquet::spool(path, stream)?)),
        Kind::Workbook => return Ok(Box::new(workbook::open(path, stream, known)?)),
    };
    Ok(match csv::open(path, stream, guess, known.header)? {
        Opened::Table(reader) => Box::new(reader),
        Opened::Plain(stream, guessed) => Box::new(Lines {
            path: path.to_path_buf(),
            stream,
            guessed,
            line: 0,
            columns: ["text".into()],
        }),
    })
}

/// Plain text, one text a line.
struct Lines<R> {
    path: PathBuf,
    stream: R,
    guessed: Guessed,
    line: u64,
    columns: [String; 1],
}

impl<R: BufRead> Iterator for Lines<R> {
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

impl<R: BufRead> RecordReader for Lines<R> {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn guessed(&self) -> bool {
        self.guessed.is_so()
    }
}

/// Rows as long as somebody wants them.
pub(super) struct Watched<'a> {
    pub path: &'a Path,
    pub inner: Box<dyn RecordReader>,
    pub go_on: &'a dyn Fn() -> bool,
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

    fn unnamed(&self) -> &[usize] {
        self.inner.unnamed()
    }

    fn place(&self) -> &'static str {
        self.inner.place()
    }

    fn guessed(&self) -> bool {
        self.inner.guessed()
    }

    fn style(&self) -> Option<Style> {
        self.inner.style()
    }

    fn workbook(&self) -> Option<&Workbook> {
        self.inner.workbook()
    }

    fn warnings(&self) -> Vec<Warning> {
        self.inner.warnings()
    }
}

//! Documents for language models, one at a time: no file is ever held whole, whatever its size.
//!
//! Plain text is cut into documents by one rule. A line ` = Title = ` between blank lines starts an article,
//! which goes on to the next such line (` = = Section = = ` does not start one). Until the first title, and
//! in files without any, a blank line ends a document, so that a file without blank lines is one document.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::beginning;
use super::columns::Roles;
use super::compression::{self, Kind, Progress, kind_of, says_nothing, stream_error};
use super::encoding::{Encoding, Utf8, decoded};
use super::error::Error;
use super::table::{
    Cell, Known, Labels, RecordReader, Row, SAMPLE_ROWS, Table, TableOptions, check_row, choose, collect,
    open_records, read_table, records_of,
};
use super::warnings::Warning;
use crate::host::fs;

/// Longest document in bytes; a longer one is cut at the end of a line or word, which bounds the memory in
/// use.
const LONGEST: usize = 1 << 20;

/// How plain text becomes documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Splitting {
    /// At titles or blank lines, as the module's rule says.
    #[default]
    Articles,
    /// Each file is one document, of any length.
    Files,
}

/// Opens a corpus: files and directories (with everything in them, in sorted order), plain or compressed.
///
/// Tables give one document a row, the fields of `text_columns` (guessed if empty) each on a line of its own.
/// `progress` counts bytes as they lie on the disk; [`total_bytes`](super::total_bytes) is its end.
///
/// # Errors
/// A path does not exist or a directory holds no text. What is wrong inside a file comes out of the
/// iterator, which ends there.
pub fn documents(
    paths: &[PathBuf],
    splitting: Splitting,
    text_columns: &[String],
    progress: Option<&Progress>,
) -> Result<Documents, Error> {
    Ok(Documents {
        files: files(paths)?.into(),
        current: None,
        splitting,
        text_columns: text_columns.to_vec(),
        encoding: None,
        progress: progress.cloned(),
        warnings: Vec::new(),
    })
}

/// Texts for a language model.
pub enum Texts {
    /// Plain text, which runs on from line to line, or whatever lies in a directory.
    Running(Box<Documents>),
    /// A table, a text a row.
    Rows(Box<Table>),
}

/// Opens texts for a language model, which a path holds as running text or as a table. A `.txt` file is the first, unless it
/// is surely a table or columns of it are named.
///
/// # Errors
/// As [`documents`] and [`read_table`].
pub fn texts(path: &Path, splitting: Splitting, options: &TableOptions) -> Result<Texts, Error> {
    let columns = &options.text_columns;
    if fs::is_dir(path) {
        let all = documents(&[path.to_path_buf()], splitting, columns, None)?.written_in(options.encoding);
        return Ok(Texts::Running(Box::new(all)));
    }
    let named = kind_of(path).0;
    if named != Some(Kind::Text) && !says_nothing(path) {
        return read_table(path, options).map(|table| Texts::Rows(Box::new(table)));
    }
    let stream = compression::open(path, None)?;
    let (found, mut stream) = beginning::kind(path, stream, !columns.is_empty(), options.encoding)?;
    match found {
        // What is called text may begin like anything else.
        Kind::Jsonl if named.is_some() => {}
        Kind::Parquet | Kind::Workbook if named.is_some() => stream = decoded(stream, options.encoding),
        Kind::Text => {}
        table => {
            let reader = records_of(table, path, stream, options.known())?;
            return collect(path, reader, options).map(|table| Texts::Rows(Box::new(table)));
        }
    }
    Ok(Texts::Running(Box::new(Documents {
        files: VecDeque::new(),
        current: Some(Source::plain(path, stream, splitting)),
        splitting,
        text_columns: Vec::new(),
        encoding: None,
        progress: None,
        warnings: Vec::new(),
    })))
}

/// The iterator of [`documents`]. No document is blank.
pub struct Documents {
    files: VecDeque<PathBuf>,
    current: Option<Source>,
    splitting: Splitting,
    text_columns: Vec<String>,
    /// What the files are written in that do not say so themselves, where that is known.
    encoding: Option<Encoding>,
    progress: Option<Progress>,
    warnings: Vec<Warning>,
}

enum Source {
    Text(Articles),
    Whole {
        path: PathBuf,
        stream: Utf8<Box<dyn Read>>,
    },
    Table(Rows),
}

impl Source {
    fn plain(path: &Path, stream: Box<dyn Read>, splitting: Splitting) -> Self {
        let stream = Utf8::new(stream);
        let path = path.to_path_buf();
        match splitting {
            Splitting::Articles => Self::Text(Articles::new(path, BufReader::with_capacity(1 << 16, stream))),
            Splitting::Files => Self::Whole { path, stream },
        }
    }

    /// What to know of the file, as far as it was read.
    fn warnings(&self) -> Vec<Warning> {
        let (path, guessed, mut warnings) = match self {
            Self::Text(articles) => (
                &articles.path,
                articles.stream.get_ref().guessed().is_so(),
                Vec::new(),
            ),
            Self::Whole { path, stream } => (path, stream.guessed().is_so(), Vec::new()),
            Self::Table(rows) => (&rows.path, rows.reader.guessed(), rows.reader.warnings()),
        };
        for warning in &mut warnings {
            // Of many files, one name is that of no sheet of most.
            if let Warning::OtherSheets { nameable, .. } = warning {
                *nameable = false;
            }
        }
        warnings.extend(guessed.then(|| Warning::guessed(path)));
        warnings
    }
}

impl Documents {
    /// Has text that does not say with a mark what it is written in read as this encoding, where one is named.
    #[must_use]
    pub fn written_in(mut self, encoding: Option<Encoding>) -> Self {
        self.encoding = encoding;
        self
    }

    /// What to know of the files that were read so far.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        let current = self.current.iter().flat_map(Source::warnings);
        self.warnings.iter().cloned().chain(current).collect()
    }

    fn open(&self, path: &Path) -> Result<Source, Error> {
        let (columns, encoding, progress) = (&self.text_columns, self.encoding, self.progress.as_ref());
        if matches!(
            kind_of(path).0,
            Some(Kind::Csv | Kind::Tsv | Kind::Jsonl | Kind::Parquet | Kind::Workbook)
        ) {
            let known = Known {
                table: true,
                encoding,
                ..Known::default()
            };
            let reader = open_records(path, known, progress)?;
            return Rows::new(path, reader, columns).map(Source::Table);
        }
        let mut stream = compression::open(path, progress)?;
        if says_nothing(path) {
            let (kind, again) = beginning::kind(path, stream, !columns.is_empty(), encoding)?;
            if kind != Kind::Text {
                let reader = records_of(kind, path, again, Known::default())?;
                return Rows::new(path, reader, columns).map(Source::Table);
            }
            stream = again;
        } else {
            stream = decoded(stream, encoding);
        }
        Ok(Source::plain(path, stream, self.splitting))
    }

    fn read(&mut self) -> Result<Option<String>, Error> {
        loop {
            let document = match &mut self.current {
                Some(Source::Text(articles)) => articles.next_document()?,
                Some(Source::Table(rows)) => rows.next_document()?,
                Some(Source::Whole { path, stream }) => {
                    let mut text = String::new();
                    stream
                        .read_to_string(&mut text)
                        .map_err(|error| stream_error(path, &error))?;
                    (!text.is_empty()).then_some(text)
                }
                None => match self.files.pop_front() {
                    Some(path) => {
                        self.current = Some(self.open(&path)?);
                        continue;
                    }
                    None => return Ok(None),
                },
            };
            match document {
                Some(document) if document.trim().is_empty() => {}
                Some(document) => return Ok(Some(document)),
                None => {
                    let ended = self.current.take();
                    self.warnings.extend(ended.iter().flat_map(Source::warnings));
                }
            }
        }
    }
}

impl Iterator for Documents {
    type Item = Result<String, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let document = self.read();
        if document.is_err() {
            self.files.clear();
            self.current = None;
        }
        document.transpose()
    }
}

/// Every file under the given paths. A named file is taken whatever its ending; in a directory the ending
/// decides.
pub(super) fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for path in paths {
        let data = fs::metadata(path).map_err(|error| Error::read(path, &error))?;
        if !data.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        walk(path, &mut files)?;
        if files.len() == before {
            return Err(Error::NoDocuments { path: path.clone() });
        }
    }
    Ok(files)
}

fn walk(dir: &Path, files: &mut Vec<PathBuf>) -> Result<(), Error> {
    let failed = |error| Error::read(dir, &error);
    let entries = fs::read_dir(dir)
        .map_err(failed)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        // Somebody's papers, among which texts are only where they are named.
        let kind = kind_of(&path).0.filter(|&kind| kind != Kind::Workbook);
        // A linked directory could lead back here, round and round.
        let is_dir = fs::symlink_metadata(&path).is_ok_and(|data| data.is_dir());
        if is_dir && !hidden {
            walk(&path, files)?;
        } else if !hidden && kind.is_some() && fs::is_file(&path) {
            files.push(path);
        }
    }
    Ok(())
}

/// Rows of a table, after those from which the columns were guessed.
struct Rows {
    path: PathBuf,
    reader: Box<dyn RecordReader>,
    sample: VecDeque<Row>,
    roles: Roles,
}

impl Rows {
    fn new(path: &Path, mut reader: Box<dyn RecordReader>, text_columns: &[String]) -> Result<Self, Error> {
        let sample = reader.by_ref().take(SAMPLE_ROWS).collect::<Result<Vec<_>, _>>()?;
        let columns = reader.columns();
        if sample.is_empty() {
            let path = path.to_path_buf();
            return Err(if columns.is_empty() {
                Error::Empty { path }
            } else {
                Error::HeaderOnly { path }
            });
        }
        let options = TableOptions {
            text_columns: text_columns.to_vec(),
            labels: Labels::Ignored,
            ..TableOptions::default()
        };
        let roles = choose(path, columns, reader.has_header(), &sample, &options)?;
        Ok(Self {
            path: path.to_path_buf(),
            reader,
            sample: sample.into(),
            roles,
        })
    }

    fn next_document(&mut self) -> Result<Option<String>, Error> {
        let row = match self.sample.pop_front() {
            Some(row) => row,
            None => match self.reader.next() {
                Some(row) => row?,
                None => return Ok(None),
            },
        };
        check_row(
            &self.path,
            self.reader.columns(),
            &self.roles,
            self.reader.place(),
            &row,
        )?;
        let fields = self
            .roles
            .texts
            .iter()
            .filter_map(|&at| row.cells.get(at))
            .map(Cell::as_str);
        Ok(Some(fields.collect::<Vec<_>>().join("\n")))
    }
}

/// Plain text cut into documents by the module's rule.
struct Articles {
    path: PathBuf,
    stream: BufReader<Utf8<Box<dyn Read>>>,
    /// What was read past the end of the last line handed out, because that line was too long.
    rest: Vec<u8>,
    ahead: Option<String>,
    document: String,
    after_blank: bool,
    titled: bool,
}

impl Articles {
    fn new(path: PathBuf, stream: BufReader<Utf8<Box<dyn Read>>>) -> Self {
        let document = String::new();
        Self {
            path,
            stream,
            rest: Vec::new(),
            ahead: None,
            document,
            after_blank: true,
            titled: false,
        }
    }

    fn next_document(&mut self) -> Result<Option<String>, Error> {
        loop {
            let line = match self.ahead.take() {
                Some(line) => line,
                None => match self.next_line()? {
                    Some(line) => line,
                    None => return Ok(self.finish()),
                },
            };
            if line.is_empty() {
                self.after_blank = true;
                if !self.titled && !self.document.is_empty() {
                    return Ok(self.finish());
                }
                continue;
            }
            let starts = self.after_blank && is_title(&line) && {
                self.ahead = self.next_line()?;
                self.ahead.as_deref().unwrap_or_default().is_empty()
            };
            self.after_blank = false;
            self.titled |= starts;
            let full = self.document.len() + line.len() > LONGEST;
            let done = if starts || full { self.finish() } else { None };
            if !self.document.is_empty() {
                self.document.push('\n');
            }
            self.document.push_str(&line);
            if done.is_some() {
                return Ok(done);
            }
        }
    }

    fn finish(&mut self) -> Option<String> {
        let document = std::mem::take(&mut self.document);
        (!document.is_empty()).then_some(document)
    }

    /// The next line without the space round it; a piece of it where it is longer than a document may be.
    fn next_line(&mut self) -> Result<Option<String>, Error> {
        let mut line = std::mem::take(&mut self.rest);
        let room = (LONGEST - line.len().min(LONGEST)) as u64;
        let whole = line.contains(&b'\n');
        if !whole && room > 0 {
            let read = (&mut self.stream).take(room).read_until(b'\n', &mut line);
            read.map_err(|error| stream_error(&self.path, &error))?;
        }
        if line.is_empty() {
            return Ok(None);
        }
        if line.last() != Some(&b'\n') && line.len() >= LONGEST {
            self.rest = line.split_off(cut(&line));
        }
        Ok(Some(String::from_utf8_lossy(&line).trim().to_string()))
    }
}

/// Where to cut a line that goes on: after its last space, or before a character that is not complete yet.
fn cut(line: &[u8]) -> usize {
    match line.iter().rposition(u8::is_ascii_whitespace) {
        Some(space) => space + 1,
        None => line
            .utf8_chunks()
            .next()
            .map_or(line.len(), |chunk| chunk.valid().len().max(1)),
    }
}

/// Whether a line is ` = Title = ` and not ` = = Section = = `.
fn is_title(line: &str) -> bool {
    let inner = line.strip_prefix("= ").and_then(|line| line.strip_suffix(" ="));
    inner.is_some_and(|title| !title.trim().is_empty() && !title.starts_with('=') && !title.ends_with('='))
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;

//! Delimited text: comma, tab, semicolon or bar, with quotes, found out from the file's beginning.
//!
//! The parser is our own because every message has to name the physical line on which a row begins, an
//! unclosed quote must be an error rather than one huge field, and tab-separated files often use quotes as
//! plain characters.

mod write;

use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use super::columns;
use super::compression::stream_error;
use super::encoding::{Guessed, Utf8};
use super::error::Error;
use super::table::{Cell, RecordReader, Row};
pub(super) use write::Style;
pub use write::{write_mark, write_row};

/// How the fields of a file are set apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Dialect {
    delimiter: u8,
    quotes: bool,
    /// Last byte of a line; a carriage return only for the old Macintosh convention.
    line_end: u8,
}

impl Dialect {
    /// That of a sample whose delimiter is known.
    fn new(sample: &[u8], whole: bool, delimiter: u8) -> Self {
        let old_macintosh = !sample.contains(&b'\n') && sample.contains(&b'\r');
        let dialect = Self {
            delimiter,
            quotes: true,
            line_end: if old_macintosh { b'\r' } else { b'\n' },
        };
        Self {
            quotes: delimiter != b'\t' || quotes_hold(sample, whole, dialect),
            ..dialect
        }
    }
}

/// Which delimiters are tried, and when a file counts as delimited at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guess {
    /// `.csv`: any delimiter; with none found, a single column.
    Any,
    /// `.tsv`.
    Tab,
    /// `.txt`: plain text, unless its first line names a text or label column and every row agrees with it.
    OnlyIfSure,
}

/// Reads rows one by one; every row has as many cells as there are columns.
pub(super) struct Reader<'a> {
    path: PathBuf,
    parser: Parser<Box<dyn BufRead + 'a>>,
    columns: Vec<String>,
    unnamed: Vec<usize>,
    has_header: bool,
    /// The first row, where it turned out not to be a header.
    first: Option<(u64, Vec<String>)>,
    guessed: Guessed,
    style: Style,
}

/// What [`open`] makes of a file.
pub(super) enum Opened<'a> {
    Table(Reader<'a>),
    /// Not delimited; the stream from its beginning, and whether its encoding is guessed.
    Plain(Box<dyn BufRead + 'a>, Guessed),
}

/// Looks at the beginning of a stream and returns a reader of rows, the header already taken off.
///
/// `header` says whether the first row is one; `None` decides by its looks.
pub(super) fn open<'a>(
    path: &Path,
    stream: impl Read + 'a,
    guess: Guess,
    header: Option<bool>,
) -> Result<Opened<'a>, Error> {
    const SAMPLE: u64 = 1 << 16;
    let mut stream = Utf8::new(stream);
    let guessed = stream.guessed();
    let mut sample = Vec::new();
    (&mut stream)
        .take(SAMPLE)
        .read_to_end(&mut sample)
        .map_err(|error| stream_error(path, &error))?;
    if sample.iter().all(u8::is_ascii_whitespace) && (sample.len() as u64) < SAMPLE {
        return Err(Error::Empty {
            path: path.to_path_buf(),
        });
    }
    let marked = stream.is_marked();
    let whole = (sample.len() as u64) < SAMPLE;
    let named = named_delimiter(&sample);
    let skipped = named.map_or(0, |(_, length)| length);
    let rest = &sample[skipped..];
    let dialect = match named {
        Some((delimiter, _)) => Some(Dialect::new(rest, whole, delimiter)),
        None => sniff(rest, whole, guess),
    };
    let sampled = dialect
        .map(|dialect| parse_sample(rest, whole, dialect))
        .unwrap_or_default();
    let mut sample = Cursor::new(sample);
    sample.set_position(skipped as u64);
    let stream: Box<dyn BufRead + 'a> = Box::new(BufReader::with_capacity(1 << 16, sample.chain(stream)));
    let Some(dialect) = dialect else {
        return Ok(Opened::Plain(stream, guessed));
    };

    let mut parser = Parser::new(stream, dialect);
    parser.line = u64::from(named.is_some());
    let first = parser.next_row().map_err(|fault| fault.of(path))?;
    let Some(first) = first else {
        return Err(Error::Empty {
            path: path.to_path_buf(),
        });
    };
    let has_header =
        header.unwrap_or_else(|| columns::is_header(&first.1, sampled.get(1..).unwrap_or_default()));
    let path = path.to_path_buf();
    let style = Style {
        delimiter: char::from(dialect.delimiter),
        named: named.is_some(),
        marked,
    };
    Ok(Opened::Table(if has_header {
        let header = first.1;
        Reader {
            path,
            parser,
            columns: column_names(&header),
            unnamed: (0..header.len())
                .filter(|&at| header[at].trim().is_empty())
                .collect(),
            has_header,
            first: None,
            guessed,
            style,
        }
    } else {
        Reader {
            path,
            parser,
            columns: column_names(&vec![String::new(); first.1.len()]),
            unnamed: Vec::new(),
            has_header,
            first: Some(first),
            guessed,
            style,
        }
    }))
}

/// The columns' names, each of them once: of equal ones the second becomes `name (2)`. Where the header gives none, one is
/// made up from the place (`column1`) that no other column has.
pub(super) fn column_names(header: &[String]) -> Vec<String> {
    let given: Vec<&str> = header.iter().map(|name| name.trim()).collect();
    let mut taken: HashSet<String> = given.iter().map(ToString::to_string).collect();
    let mut next: HashMap<&str, usize> = HashMap::new();
    let mut names = Vec::with_capacity(given.len());
    for (at, &heading) in given.iter().enumerate() {
        let mut name = heading.to_string();
        if name.is_empty() {
            name = format!("column{}", at + 1);
            while taken.contains(&name) {
                name.push('_');
            }
        } else if let Some(number) = next.get_mut(heading) {
            while taken.contains(&name) {
                name = format!("{heading} ({number})");
                *number += 1;
            }
            taken.insert(name.clone());
        } else {
            next.insert(heading, 2);
        }
        names.push(name);
    }
    names
}

impl RecordReader for Reader<'_> {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn has_header(&self) -> bool {
        self.has_header
    }

    fn unnamed(&self) -> &[usize] {
        &self.unnamed
    }

    fn guessed(&self) -> bool {
        self.guessed.is_so()
    }

    fn style(&self) -> Option<Style> {
        Some(self.style)
    }
}

impl Iterator for Reader<'_> {
    type Item = Result<Row, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = match self.first.take() {
            Some(first) => Ok(Some(first)),
            None => self.parser.next_row().map_err(|fault| fault.of(&self.path)),
        };
        let (line, fields) = match row {
            Ok(row) => row?,
            Err(error) => return Some(Err(error)),
        };
        if fields.len() != self.columns.len() {
            return Some(Err(Error::Ragged {
                path: self.path.clone(),
                line,
                expected: self.columns.len() as u64,
                found: fields.len() as u64,
                delimiter: match self.parser.dialect.delimiter {
                    b'\t' => "tab".to_string(),
                    other => char::from(other).to_string(),
                },
            }));
        }
        Some(Ok(Row {
            line,
            cells: fields.into_iter().map(Cell::Text).collect(),
        }))
    }
}

/// The delimiter that a first line `sep=;` names, as Excel reads and other programs write it, and how long that line is.
fn named_delimiter(sample: &[u8]) -> Option<(u8, usize)> {
    let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
    let end = sample.iter().position(is_end).unwrap_or(sample.len());
    let line = &sample[..end];
    let line = line
        .strip_prefix(b"\"")
        .and_then(|line| line.strip_suffix(b"\""))
        .unwrap_or(line);
    let (name, &[delimiter]) = line.split_at_checked(4)? else {
        return None;
    };
    let delimits = delimiter == b'\t' || (delimiter.is_ascii_punctuation() && delimiter != b'"');
    let line_end = if sample[end..].starts_with(b"\r\n") { 2 } else { 1 };
    (name.eq_ignore_ascii_case(b"sep=") && delimits)
        .then_some((delimiter, (end + line_end).min(sample.len())))
}

/// Whether the beginning of a text is surely that of a table; `whole` says that there is no more of it.
pub(super) fn is_table(text: &str, whole: bool) -> bool {
    let sample = text.as_bytes();
    named_delimiter(sample).is_some() || sniff(sample, whole, Guess::OnlyIfSure).is_some()
}

/// The dialect of a sample, or `None` where it is plain text.
fn sniff(sample: &[u8], whole: bool, guess: Guess) -> Option<Dialect> {
    let dialect = |delimiter| Dialect::new(sample, whole, delimiter);
    if guess == Guess::Tab {
        return Some(dialect(b'\t'));
    }
    // A delimiter is believed when every row has as many fields as the first, then when the first row, split
    // by it, names a known column; ties go to the order given here.
    let mut best = None;
    for delimiter in *b",\t;|" {
        let candidate = dialect(delimiter);
        let rows = parse_sample(sample, whole, candidate);
        let Some(first) = rows.first().filter(|first| first.len() > 1) else {
            continue;
        };
        let even = rows.iter().all(|row| row.len() == first.len());
        let named = first.iter().any(|name| columns::is_known_name(name));
        let score = (even && named, even, named);
        if best.as_ref().is_none_or(|(most, _)| score > *most) {
            best = Some((score, candidate));
        }
    }
    match (guess, best) {
        (Guess::OnlyIfSure, Some(((true, ..), dialect))) => Some(dialect),
        (Guess::OnlyIfSure, _) => None,
        (_, Some((_, dialect))) => Some(dialect),
        (_, None) => Some(dialect(b',')),
    }
}

/// Whether quotes enclose fields in a tab-separated sample, rather than being plain characters: taken for
/// enclosing, plain ones swallow tabs and line ends.
fn quotes_hold(sample: &[u8], whole: bool, dialect: Dialect) -> bool {
    let mut parser = Parser {
        cut: !whole,
        ..Parser::new(sample, dialect)
    };
    loop {
        match parser.next_row() {
            Ok(Some(_)) => {}
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

/// The complete rows among the first few hundred of a sample.
fn parse_sample(sample: &[u8], whole: bool, dialect: Dialect) -> Vec<Vec<String>> {
    const ROWS: usize = 300;
    let mut parser = Parser::new(sample, dialect);
    let mut rows = Vec::new();
    while rows.len() < ROWS {
        match parser.next_row() {
            Ok(Some((_, row))) => rows.push(row),
            Ok(None) if !whole && rows.len() > 1 => {
                rows.pop();
                break;
            }
            _ => break,
        }
    }
    rows
}

enum Fault {
    Stream(io::Error),
    UnclosedQuote { line: u64 },
}

impl Fault {
    fn of(self, path: &Path) -> Error {
        match self {
            Self::Stream(error) => stream_error(path, &error),
            Self::UnclosedQuote { line } => Error::UnclosedQuote {
                path: path.to_path_buf(),
                line,
            },
        }
    }
}

struct Parser<R> {
    reader: R,
    dialect: Dialect,
    /// Whether this is the beginning of something longer, which may end inside a field.
    cut: bool,
    /// Lines read so far.
    line: u64,
    buffer: Vec<u8>,
}

impl<R: BufRead> Parser<R> {
    fn new(reader: R, dialect: Dialect) -> Self {
        Self {
            reader,
            dialect,
            cut: false,
            line: 0,
            buffer: Vec::new(),
        }
    }

    /// Appends one line with its end to the buffer; false at the end of the file.
    fn read_line(&mut self) -> Result<bool, Fault> {
        let count = self
            .reader
            .read_until(self.dialect.line_end, &mut self.buffer)
            .map_err(Fault::Stream)?;
        self.line += u64::from(count > 0);
        Ok(count > 0)
    }

    /// The next row that is not blank: the line it begins on, and its fields.
    fn next_row(&mut self) -> Result<Option<(u64, Vec<String>)>, Fault> {
        loop {
            self.buffer.clear();
            if !self.read_line()? {
                return Ok(None);
            }
            if !self.buffer.iter().all(|byte| matches!(byte, b'\n' | b'\r')) {
                break;
            }
        }
        let line = self.line;
        let mut fields = Vec::new();
        let mut at = 0;
        loop {
            let (field, next) = match self.buffer.get(at) {
                Some(b'"') if self.dialect.quotes => self.quoted(at, line)?,
                _ => self.bare(at),
            };
            fields.push(field);
            match next {
                Some(next) => at = next,
                None => return Ok(Some((line, fields))),
            }
        }
    }

    /// End of the buffered line, before its line end.
    fn content_end(&self) -> usize {
        let mut end = self.buffer.len();
        while end > 0 && matches!(self.buffer[end - 1], b'\n' | b'\r') {
            end -= 1;
        }
        end
    }

    /// A field without quotes from `at`, and where the next one starts.
    fn bare(&self, at: usize) -> (String, Option<usize>) {
        let end = self.content_end().max(at);
        let rest = &self.buffer[at..end];
        match rest.iter().position(|&byte| byte == self.dialect.delimiter) {
            Some(length) => (string(&rest[..length]), Some(at + length + 1)),
            None => (string(rest), None),
        }
    }

    /// A field whose opening quote is at `at`, over as many lines as it takes.
    fn quoted(&mut self, at: usize, line: u64) -> Result<(String, Option<usize>), Fault> {
        let mut field = Vec::new();
        let mut from = at + 1;
        loop {
            let Some(length) = self.buffer[from..].iter().position(|&byte| byte == b'"') else {
                field.extend_from_slice(&self.buffer[from..]);
                from = self.buffer.len();
                if !self.read_line()? {
                    // A field that was cut off is judged by what there is of it.
                    return if self.cut {
                        self.closed(&field, line, None)
                    } else {
                        Err(Fault::UnclosedQuote { line })
                    };
                }
                continue;
            };
            let close = from + length;
            field.extend_from_slice(&self.buffer[from..close]);
            match self.buffer.get(close + 1) {
                Some(b'"') => {
                    field.push(b'"');
                    from = close + 2;
                }
                Some(&byte) if byte == self.dialect.delimiter => {
                    return self.closed(&field, line, Some(close + 2));
                }
                _ if close + 1 >= self.content_end() => return self.closed(&field, line, None),
                // Text goes on after the closing quote: these quotes are part of it, as in `"Up" is a film`.
                Some(_) => {
                    // Over several lines, though, they can only have been opened by mistake.
                    if self.line > line && field.contains(&self.dialect.line_end) {
                        return Err(Fault::UnclosedQuote { line });
                    }
                    let (rest, next) = self.bare(close + 1);
                    return Ok((string(&self.buffer[at..=close]) + &rest, next));
                }
                None => return self.closed(&field, line, None),
            }
        }
    }

    fn closed(&self, field: &[u8], line: u64, next: Option<usize>) -> Result<(String, Option<usize>), Fault> {
        // Only a quote that was never meant to open a field reaches over tabs and line ends together.
        if self.dialect.delimiter == b'\t' && field.contains(&b'\t') && field.contains(&b'\n') {
            return Err(Fault::UnclosedQuote { line });
        }
        Ok((string(field), next))
    }
}

/// Bytes that lie between ASCII characters of checked UTF-8.
fn string(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
#[path = "csv_tests.rs"]
mod tests;

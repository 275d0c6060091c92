//! Documents for language models, one at a time: no file is ever held whole, whatever its size.
//!
//! Plain text is cut into documents by one rule. A line ` = Title = ` between blank lines starts an article,
//! which goes on to the next such line (` = = Section = = ` does not start one). Until the first title, and
//! in files without any, a blank line ends a document, so that a file without blank lines is one document.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::columns::Roles;
use super::compression::{self, Kind, Progress, Utf8, kind_of, stream_error};
use super::error::Error;
use super::table::{
    Cell, Labels, RecordReader, Row, SAMPLE_ROWS, TableOptions, check_row, choose, open_records,
};
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
        progress: progress.cloned(),
    })
}

/// The iterator of [`documents`]. No document is blank.
pub struct Documents {
    files: VecDeque<PathBuf>,
    current: Option<Source>,
    splitting: Splitting,
    text_columns: Vec<String>,
    progress: Option<Progress>,
}

enum Source {
    Text(Articles),
    Whole {
        path: PathBuf,
        stream: Utf8<Box<dyn Read>>,
    },
    Table(Rows),
}

impl Documents {
    fn open(&self, path: &Path) -> Result<Source, Error> {
        if matches!(
            kind_of(path).0,
            Some(Kind::Csv | Kind::Tsv | Kind::Jsonl | Kind::Parquet)
        ) {
            return Rows::open(path, &self.text_columns, self.progress.as_ref()).map(Source::Table);
        }
        let stream = Utf8::new(compression::open(path, self.progress.as_ref())?);
        let path = path.to_path_buf();
        Ok(match self.splitting {
            Splitting::Articles => {
                Source::Text(Articles::new(path, BufReader::with_capacity(1 << 16, stream)))
            }
            Splitting::Files => Source::Whole { path, stream },
        })
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
                None => self.current = None,
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
        // A linked directory could lead back here, round and round.
        let is_dir = fs::symlink_metadata(&path).is_ok_and(|data| data.is_dir());
        if is_dir && !hidden {
            walk(&path, files)?;
        } else if !hidden && kind_of(&path).0.is_some() && fs::is_file(&path) {
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
    fn open(path: &Path, text_columns: &[String], progress: Option<&Progress>) -> Result<Self, Error> {
        let mut reader = open_records(path, None, progress)?;
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
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(text: &[u8]) -> Vec<String> {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("a.txt");
        fs::write(&path, text).expect("written");
        let opened = documents(&[path], Splitting::Articles, &[], None).expect("opened");
        opened
            .map(|document| document.unwrap_or_else(|error| format!("ERROR {error}")))
            .collect()
    }

    #[test]
    fn titles_start_articles_and_sections_do_not() {
        let text = " \n = One = \n \n First . \n \n = = Part = = \n \n a = b = c \n = x = \n more\n\n = Two = \n\nLast.";
        assert_eq!(
            split(text.as_bytes()),
            [
                "= One =\nFirst .\n= = Part = =\na = b = c\n= x =\nmore",
                "= Two =\nLast."
            ]
        );
    }

    #[test]
    fn without_titles_blank_lines_part_documents() {
        assert_eq!(split(b"a\r\nb\r\n\r\n\r\nc\n"), ["a\nb", "c"]);
        assert_eq!(split(b"a\nb\nc"), ["a\nb\nc"]);
        assert_eq!(split(b"before\n\n= T =\n\na\n\nb"), ["before", "= T =\na\nb"]);
        assert!(split(b"a\n\xFF").concat().contains("line 2, byte 2: not UTF-8"));
        assert_eq!(split(b"\n \n"), [""; 0]);
    }

    #[test]
    fn endless_lines_and_articles_are_cut_between_words_and_nothing_is_lost() {
        let words = "wörd ".repeat(600_000);
        let parts = split(words.as_bytes());
        assert!(
            parts.len() > 2
                && parts
                    .iter()
                    .all(|part| part.len() <= LONGEST && part.ends_with("wörd"))
        );
        assert_eq!(parts.join(" ") + " ", words);
        let parts = split("é".repeat(LONGEST).as_bytes());
        assert_eq!(parts.concat(), "é".repeat(LONGEST));
        let lines = format!("= T =\n\n{}", "line of text\n".repeat(200_000));
        let parts = split(lines.as_bytes());
        assert!(parts.len() == 3 && parts.iter().all(|part| part.len() <= LONGEST));
        assert_eq!(parts.join("\n").lines().count(), 200_001);
    }

    #[test]
    fn directories_are_walked_in_order_and_progress_reaches_the_total() {
        let dir = tempfile::tempdir().expect("a directory");
        fs::create_dir(dir.path().join("b")).expect("made");
        let write = |name: &str, bytes: &[u8]| fs::write(dir.path().join(name), bytes).expect("written");
        write("c.jsonl", b"{\"text\":\"fifth\"}\n{\"text\":\"\"}\n");
        write("a.txt", b"first\n\nsecond");
        write(
            "b/z.txt.zst",
            &zstd::encode_all(b"fourth".as_slice(), 1).expect("compressed"),
        );
        write("b/a.csv", b"id,title,body\n1,third,and more\n2,third too,still\n");
        write("picture.png", b"\xFF");
        write(".hidden.txt", b"no");
        let paths = [dir.path().to_path_buf()];
        let progress = Progress::default();
        let all = documents(&paths, Splitting::Articles, &[], Some(&progress)).expect("opened");
        let all = all.collect::<Result<Vec<_>, _>>().expect("read");
        assert_eq!(
            all,
            [
                "first",
                "second",
                "third\nand more",
                "third too\nstill",
                "fourth",
                "fifth"
            ]
        );
        assert_eq!(progress.bytes(), total_bytes(&paths));
        let whole = documents(&[dir.path().join("a.txt")], Splitting::Files, &[], None).expect("opened");
        assert_eq!(
            whole.collect::<Result<Vec<_>, _>>().expect("read"),
            ["first\n\nsecond"]
        );
    }

    fn total_bytes(paths: &[PathBuf]) -> u64 {
        compression::total_bytes(paths).expect("sizes")
    }

    #[test]
    fn what_is_missing_is_named() {
        let dir = tempfile::tempdir().expect("a directory");
        let message = |path: PathBuf| match documents(&[path], Splitting::Articles, &[], None) {
            Err(error) => error.to_string(),
            Ok(mut opened) => opened.next().expect("an item").expect_err("an error").to_string(),
        };
        assert!(message(dir.path().join("no")).ends_with("no: no such file; check the path"));
        let none = message(dir.path().to_path_buf());
        assert!(
            none.ends_with("no text files in this directory; expected .txt, .csv, .tsv, .jsonl or .parquet")
        );
        fs::write(dir.path().join("a.csv"), "text,label\n").expect("written");
        assert!(message(dir.path().join("a.csv")).contains("only a header and no rows"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = split(&bytes);
        }

        #[test]
        fn every_word_comes_out_once_and_in_order(text in "[a=\n ]{0,60}") {
            let words = |text: &str| text.split_whitespace().map(str::to_string).collect::<Vec<_>>();
            prop_assert_eq!(words(&split(text.as_bytes()).join("\n")), words(&text));
        }
    }
}

//! Opening a file whatever it is compressed with.

use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

use super::beginning;
use super::encoding::BadText;
use super::error::{Error, one_line};
use crate::host::fs::{self, File};
use crate::host::zstd;

/// Bytes read so far, as they lie on the disk (compressed), shared with whoever draws the progress bar.
///
/// The decompressed size of a stream is unknown until it ends, so progress is measured on this side of it;
/// [`total_bytes`] is the matching total.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<AtomicU64>);

impl Progress {
    /// Bytes read so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn add(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// Size on disk of every file that [`documents`](super::documents) would read for these paths, in bytes.
///
/// # Errors
/// A path that does not exist or cannot be listed.
pub fn total_bytes(paths: &[PathBuf]) -> Result<u64, Error> {
    super::document::files(paths)?
        .iter()
        .map(|path| {
            fs::metadata(path)
                .map(|data| data.len())
                .map_err(|error| Error::read(path, &error))
        })
        .sum()
}

/// How a file's bytes are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Zstd,
}

/// What a file holds once unpacked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Csv,
    Tsv,
    Jsonl,
    Parquet,
    Text,
    Workbook,
}

/// The ending of a file's name in lower case, without that of its compression, and the compression.
fn ending_of(path: &Path) -> (Option<String>, Compression) {
    let lower = |path: &Path| path.extension().map(|end| end.to_string_lossy().to_lowercase());
    let (compression, inner) = match lower(path).as_deref() {
        Some("gz") => (Compression::Gzip, path.with_extension("")),
        Some("zst" | "zstd") => (Compression::Zstd, path.with_extension("")),
        _ => (Compression::None, path.to_path_buf()),
    };
    (lower(&inner), compression)
}

/// What the file name says: the content (`None` for an ending that is not known) and the compression.
pub(super) fn kind_of(path: &Path) -> (Option<Kind>, Compression) {
    let (ending, compression) = ending_of(path);
    let kind = match ending.as_deref() {
        Some("csv") => Some(Kind::Csv),
        Some("tsv" | "tab") => Some(Kind::Tsv),
        Some("jsonl" | "ndjson" | "json") => Some(Kind::Jsonl),
        Some("parquet" | "pq") => Some(Kind::Parquet),
        Some("txt" | "text" | "tokens") => Some(Kind::Text),
        Some("xlsx" | "xlsm" | "xls" | "ods") => Some(Kind::Workbook),
        _ => None,
    };
    (kind, compression)
}

/// Whether a file's name says that it holds running text and no table; `None` for a name without an ending, which says nothing.
pub fn is_plain_text(path: &Path) -> Option<bool> {
    ending_of(path).0?;
    Some(kind_of(path).0 == Some(Kind::Text))
}

/// Whether a file's name says nothing of what it holds: then it is told from how the file begins.
pub(super) fn says_nothing(path: &Path) -> bool {
    ending_of(path).0.is_none()
}

/// Whether a file's name says that it is a workbook of a spreadsheet program, which may hold more than a table.
pub fn is_workbook(path: &Path) -> bool {
    const NOT_READ: [&str; 2] = ["numbers", "xlsb"];
    let ending = ending_of(path).0;
    kind_of(path).0 == Some(Kind::Workbook)
        || ending.is_some_and(|ending| NOT_READ.contains(&ending.as_str()))
}

/// Whether it is such a workbook that cannot be read.
pub fn is_unread_workbook(path: &Path) -> bool {
    is_workbook(path) && kind_of(path).0.is_none()
}

/// Opens a file for reading, counting what is taken from the disk.
pub(super) fn open(path: &Path, progress: Option<&Progress>) -> Result<Box<dyn Read>, Error> {
    let file = File::open(path).map_err(|error| Error::read(path, &error))?;
    // Opening a directory succeeds on Unix; only reading it fails, with a message that helps nobody.
    if file.metadata().is_ok_and(|data| data.is_dir()) {
        return Err(Error::IsDirectory {
            path: path.to_path_buf(),
        });
    }
    match progress {
        Some(progress) => unpack(
            path,
            Counted {
                inner: file,
                progress: progress.clone(),
            },
        ),
        None => unpack(path, file),
    }
}

/// Unpacks a stream as its name's ending says, or its first bytes where the name has none.
pub(super) fn unpack<'a>(path: &Path, raw: impl Read + 'a) -> Result<Box<dyn Read + 'a>, Error> {
    let (compression, raw): (_, Box<dyn Read + 'a>) = match kind_of(path).1 {
        Compression::None if says_nothing(path) => beginning::compression(path, raw)?,
        named => (named, Box::new(raw)),
    };
    Ok(match compression {
        Compression::None => raw,
        Compression::Gzip => Box::new(Unpacked {
            format: "gzip",
            inner: MultiGzDecoder::new(BufReader::new(raw)),
        }),
        Compression::Zstd => Box::new(Unpacked {
            format: "Zstandard",
            inner: zstd::decode_any_window(raw).map_err(|error| Error::read(path, &error))?,
        }),
    })
}

/// What a decoder says of data that it cannot unpack; travels inside an [`io::Error`] as [`BadText`] does.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
struct Damaged {
    format: &'static str,
    cause: String,
}

/// A decoder whose errors name its format.
struct Unpacked<R> {
    format: &'static str,
    inner: R,
}

impl<R: Read> Read for Unpacked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(|error| {
            // The operating system's own errors carry a code; what a decoder reports does not.
            if error.raw_os_error().is_some() || error.kind() == io::ErrorKind::Interrupted {
                return error;
            }
            let damaged = Damaged {
                format: self.format,
                cause: one_line(&error),
            };
            io::Error::new(error.kind(), damaged)
        })
    }
}

struct Counted<R> {
    inner: R,
    progress: Progress,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.progress.add(count as u64);
        Ok(count)
    }
}

/// Names the file in an error that came out of [`unpack`] or [`Utf8`](super::encoding::Utf8).
pub(crate) fn stream_error(path: &Path, error: &io::Error) -> Error {
    if let Some(bad) = error.get_ref().and_then(|inner| inner.downcast_ref::<BadText>()) {
        let path = path.to_path_buf();
        return match *bad {
            BadText::Utf16 => Error::Utf16 { path },
            BadText::Archive => Error::WrongFormat {
                path,
                found: "a spreadsheet or an archive",
                advice: "give a workbook its ending (.xlsx, .xls, .ods), or save the sheet as CSV with the encoding UTF-8",
            },
            BadText::NotUtf8 { line, offset, marked } => Error::NotUtf8 {
                path,
                line,
                offset,
                // A mark goes before any name.
                nameable: !marked,
            },
            BadText::NotNamed {
                encoding,
                line,
                offset,
            } => Error::NotNamed {
                path,
                encoding,
                line,
                offset,
            },
        };
    }
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Damaged>()) {
        Some(Damaged { format, cause }) => Error::Compressed {
            path: path.to_path_buf(),
            format,
            cause: cause.clone(),
        },
        None => Error::read(path, error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_text_is_known_by_its_name() {
        for name in [
            "a.txt",
            "a.TXT",
            "a.text",
            "a.tokens",
            "a.txt.gz",
            "a.txt.zstd",
            "a.tokens.zst",
        ] {
            assert_eq!(is_plain_text(Path::new(name)), Some(true), "{name}");
        }
        for name in ["a", "a.gz"] {
            assert_eq!(is_plain_text(Path::new(name)), None, "{name}");
        }
        for name in ["a.csv", "a.tsv.gz", "a.jsonl", "a.parquet", "a.dat"] {
            assert_eq!(is_plain_text(Path::new(name)), Some(false), "{name}");
        }
    }

    #[test]
    fn endings_say_content_and_compression() {
        assert_eq!(
            kind_of(Path::new("a.CSV.gz")),
            (Some(Kind::Csv), Compression::Gzip)
        );
        assert_eq!(
            kind_of(Path::new("b.train.txt.zst")),
            (Some(Kind::Text), Compression::Zstd)
        );
        assert_eq!(
            kind_of(Path::new("c.xlsx")),
            (Some(Kind::Workbook), Compression::None)
        );
        let is_workbook = |name| is_workbook(Path::new(name));
        assert!(is_workbook("c.xlsx") && is_workbook("c.ODS.gz"));
        assert!(!is_workbook("c.csv") && !is_workbook("xlsx") && is_workbook("c.numbers"));
    }
}

//! Opening a file whatever it is compressed with, as checked UTF-8 where it is text.

use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

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
        _ => None,
    };
    (kind, compression)
}

/// Whether a file's name says that it holds running text and no table; `None` for a name without an ending, which says nothing.
pub fn is_plain_text(path: &Path) -> Option<bool> {
    ending_of(path).0?;
    Some(kind_of(path).0 == Some(Kind::Text))
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

/// Unpacks a stream as its name's ending says.
pub(super) fn unpack<'a>(path: &Path, raw: impl Read + 'a) -> Result<Box<dyn Read + 'a>, Error> {
    Ok(match kind_of(path).1 {
        Compression::None => Box::new(raw),
        Compression::Gzip => Box::new(MultiGzDecoder::new(BufReader::new(raw))),
        Compression::Zstd => {
            Box::new(zstd::decode_any_window(raw).map_err(|error| Error::read(path, &error))?)
        }
    })
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

/// Names the file in an error that came out of [`unpack`] or [`Utf8`].
pub(super) fn stream_error(path: &Path, error: &io::Error) -> Error {
    if let Some(bad) = error.get_ref().and_then(|inner| inner.downcast_ref::<BadText>()) {
        let path = path.to_path_buf();
        return match *bad {
            BadText::Utf16 => Error::Utf16 { path },
            BadText::Archive => Error::WrongFormat {
                path,
                found: "a spreadsheet or an archive",
                advice: "save the sheet as CSV with the encoding UTF-8",
            },
            BadText::NotUtf8 { line, offset } => Error::NotUtf8 { path, line, offset },
        };
    }
    // The operating system's own errors carry a code; what a decoder reports does not.
    let format = match (kind_of(path).1, error.raw_os_error()) {
        (Compression::Gzip, None) => "gzip",
        (Compression::Zstd, None) => "Zstandard",
        _ => return Error::read(path, error),
    };
    Error::Compressed {
        path: path.to_path_buf(),
        format,
        cause: one_line(error),
    }
}

/// Why bytes are not text; travels inside an [`io::Error`] through readers that know nothing of it.
#[derive(Debug, thiserror::Error)]
enum BadText {
    #[error("UTF-16 text")]
    Utf16,
    #[error("an archive")]
    Archive,
    #[error("not UTF-8 at line {line}, byte {offset}")]
    NotUtf8 { line: u64, offset: u64 },
}

impl From<BadText> for io::Error {
    fn from(bad: BadText) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, bad)
    }
}

/// Passes UTF-8 through unchanged, without its byte order mark, and stops at the first byte that is not
/// UTF-8.
///
/// Checking here, under the parsers, is what lets every format report the line and the byte of a bad
/// character.
pub(super) struct Utf8<R> {
    inner: R,
    buffer: Vec<u8>,
    /// Checked bytes not yet handed out: `buffer[start..checked]`; after them an incomplete character.
    start: usize,
    checked: usize,
    line: u64,
    offset: u64,
    begun: bool,
    ended: bool,
}

impl<R: Read> Utf8<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            buffer: Vec::new(),
            start: 0,
            checked: 0,
            line: 1,
            offset: 0,
            begun: false,
            ended: false,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        const CHUNK: usize = 1 << 16;
        self.buffer.drain(..self.checked);
        (self.start, self.checked) = (0, 0);
        // A decoder may hand out a byte at a time; the marks at the start need a few bytes to be seen.
        let wanted = if self.begun { self.buffer.len() + 1 } else { 4 };
        while !self.ended && self.buffer.len() < wanted {
            let kept = self.buffer.len();
            self.buffer.resize(kept + CHUNK, 0);
            let count = read_some(&mut self.inner, &mut self.buffer[kept..]);
            self.buffer.truncate(kept + *count.as_ref().unwrap_or(&0));
            self.ended = count? == 0;
        }
        if !self.begun {
            self.begun = true;
            self.check_start()?;
        }
        self.check()
    }

    fn check_start(&mut self) -> io::Result<()> {
        if self.buffer.starts_with(b"\xFF\xFE") || self.buffer.starts_with(b"\xFE\xFF") {
            return Err(BadText::Utf16.into());
        }
        if self.buffer.starts_with(b"PK\x03\x04") || self.buffer.starts_with(b"\xD0\xCF\x11\xE0") {
            return Err(BadText::Archive.into());
        }
        if self.buffer.starts_with(b"\xEF\xBB\xBF") {
            self.buffer.drain(..3);
            self.offset = 3;
        }
        Ok(())
    }

    fn check(&mut self) -> io::Result<()> {
        let (valid, broken) = match std::str::from_utf8(&self.buffer) {
            Ok(_) => (self.buffer.len(), false),
            // A character may be cut by the end of the chunk, but not by the end of the file.
            Err(error) => (error.valid_up_to(), error.error_len().is_some() || self.ended),
        };
        self.line += self.buffer[..valid].iter().filter(|&&byte| byte == b'\n').count() as u64;
        self.offset += valid as u64;
        self.checked = valid;
        // What came before the bad byte is not handed out: its rows would be thrown away anyway.
        if broken {
            return Err(BadText::NotUtf8 {
                line: self.line,
                offset: self.offset,
            }
            .into());
        }
        Ok(())
    }
}

fn read_some(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.start == self.checked && !(self.ended && self.buffer.len() == self.checked && self.begun) {
            self.fill()?;
        }
        let count = out.len().min(self.checked - self.start);
        out[..count].copy_from_slice(&self.buffer[self.start..self.start + count]);
        self.start += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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

    /// Hands out one byte a call, as a slow decoder may.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(buffer.len()).min(1);
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn message(bytes: &[u8]) -> String {
        let error = Utf8::new(bytes)
            .read_to_end(&mut Vec::new())
            .expect_err("bad bytes must be refused");
        stream_error(Path::new("a.csv"), &error).to_string()
    }

    #[test]
    fn names_the_line_and_byte_of_a_bad_character() {
        assert!(message(b"ab\nc\xE9d\n").starts_with("a.csv: line 2, byte 4: not UTF-8 text; save"));
        assert!(message(b"\xEF\xBB\xBFa\n\nb\xC3").starts_with("a.csv: line 3, byte 7: not UTF-8"));
        assert!(message(b"\xFF\xFEa\0").contains("is UTF-16 text; save the file again"));
        assert!(message(b"PK\x03\x04rest").contains("is a spreadsheet or an archive; save the sheet as CSV"));
    }

    #[test]
    fn a_bad_byte_after_many_chunks_has_its_true_offset() {
        let mut bytes = "é\n".repeat(100_000).into_bytes();
        bytes.push(0xFF);
        assert!(message(&bytes).starts_with("a.csv: line 100001, byte 300000: "));
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
        assert_eq!(kind_of(Path::new("c.xlsx")), (None, Compression::None));
    }

    proptest! {
        #[test]
        fn text_passes_unchanged_in_any_chunks(text in "\\PC{0,40}") {
            let mut out = String::new();
            Utf8::new(Drip(text.as_bytes())).read_to_string(&mut out).expect("valid text is passed on");
            prop_assert_eq!(out.as_str(), text.strip_prefix('\u{feff}').unwrap_or(&text));
        }

        #[test]
        fn passes_exactly_what_is_utf8(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut out = Vec::new();
            let passed = Utf8::new(Drip(&bytes)).read_to_end(&mut out).is_ok();
            prop_assert!(!passed || std::str::from_utf8(&bytes).is_ok());
        }
    }
}

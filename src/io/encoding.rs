//! Text as UTF-8, whatever a file is written in.

mod decoder;
mod name;

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

pub(crate) use decoder::decode;
pub(super) use decoder::decoded;
pub use name::{Encoding, UnknownEncoding};

/// Why bytes are not text; travels inside an [`io::Error`] through readers that know nothing of it.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadText {
    #[error("damaged UTF-16 text")]
    Utf16,
    #[error("an archive")]
    Archive,
    #[error("not UTF-8 at line {line}, byte {offset}")]
    NotUtf8 {
        line: u64,
        offset: u64,
        /// Whether it says with a mark that it is.
        marked: bool,
    },
    #[error("not {encoding} at line {line}, byte {offset}")]
    NotNamed {
        encoding: &'static str,
        line: u64,
        offset: u64,
    },
}

impl From<BadText> for io::Error {
    fn from(bad: BadText) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, bad)
    }
}

/// Whether a stream is not UTF-8 and was read as Windows-1252; certain once it was read to its end.
#[derive(Clone, Debug, Default)]
pub(super) struct Guessed(Rc<Cell<bool>>);

impl Guessed {
    pub(super) fn is_so(&self) -> bool {
        self.0.get()
    }
}

/// What a stream is found to be written in.
#[derive(Clone, Copy, Debug)]
enum Found {
    Utf8,
    /// What spreadsheet programs call "Unicode text", with the lower byte of each number first.
    Utf16Le,
    /// The same with the higher byte first.
    Utf16Be,
    /// What they write CSV in, unless they are asked for UTF-8.
    Windows1252,
}

/// Passes text on as UTF-8, without its byte order mark. Where the encoding was named, [`decoded()`] is below it and all is
/// UTF-8.
///
/// UTF-16 is known by its mark. What is not UTF-8 is taken for Windows-1252 as long as it may be that: every byte stands
/// for a character of text, and no character of UTF-8 came before. Whatever else is not UTF-8 is an error at its first bad
/// byte; so is what would be ASCII, but for what UTF-16 and ISO-2022-JP alone have.
///
/// Checking here, under the parsers, is what lets every format report the line and the byte of a bad character.
pub(crate) struct Utf8<R> {
    inner: R,
    encoding: Found,
    /// Whether it is UTF-8 beyond doubt: it says so, or has a character of it that is not ASCII.
    certain: bool,
    /// Whether its first bytes said what it is.
    marked: bool,
    guessed: Guessed,
    /// What was read and not yet turned into text; between two chunks the beginning of a character at most.
    raw: Vec<u8>,
    /// Text not yet handed out: `text[start..]`.
    text: Vec<u8>,
    start: usize,
    /// Where `raw` begins in the file.
    line: u64,
    offset: u64,
    begun: bool,
    ended: bool,
    /// Line and byte where it was taken for Windows-1252.
    doubt: (u64, u64),
}

impl<R: Read> Utf8<R> {
    pub(super) fn new(inner: R) -> Self {
        Self {
            inner,
            encoding: Found::Utf8,
            certain: false,
            marked: false,
            guessed: Guessed::default(),
            raw: Vec::new(),
            text: Vec::new(),
            start: 0,
            line: 1,
            offset: 0,
            begun: false,
            ended: false,
            doubt: (0, 0),
        }
    }

    /// Tells whether it had to be read as Windows-1252, also of what is read from now on.
    pub(super) fn guessed(&self) -> Guessed {
        self.guessed.clone()
    }

    /// Whether it had to be read as Windows-1252, so far.
    pub(crate) fn is_guessed(&self) -> bool {
        self.guessed.is_so()
    }

    /// Whether a byte order mark was before the text; known once some of it was read.
    pub(super) fn is_marked(&self) -> bool {
        self.marked
    }

    fn fill(&mut self) -> io::Result<()> {
        const CHUNK: usize = 1 << 16;
        self.text.clear();
        self.start = 0;
        self.raw.reserve(CHUNK);
        // A decoder may hand out a byte at a time; what is guessed from a chunk must not hang on that.
        let count = (&mut self.inner).take(CHUNK as u64).read_to_end(&mut self.raw)?;
        self.ended = count < CHUNK;
        if !self.begun {
            self.begun = true;
            self.check_start()?;
        }
        match self.encoding {
            Found::Utf8 => self.utf8(),
            Found::Utf16Le => self.utf16(u16::from_le_bytes),
            Found::Utf16Be => self.utf16(u16::from_be_bytes),
            Found::Windows1252 => self.windows_1252(),
        }
    }

    fn check_start(&mut self) -> io::Result<()> {
        let mark = match self.raw.as_slice() {
            [b'P', b'K', 3, 4, ..] | [0xD0, 0xCF, 0x11, 0xE0, ..] => return Err(BadText::Archive.into()),
            [0xFF, 0xFE, ..] => {
                self.encoding = Found::Utf16Le;
                2
            }
            [0xFE, 0xFF, ..] => {
                self.encoding = Found::Utf16Be;
                2
            }
            [0xEF, 0xBB, 0xBF, ..] => {
                self.certain = true;
                3
            }
            _ => 0,
        };
        self.marked = mark > 0;
        self.pass(mark);
        Ok(())
    }

    fn utf8(&mut self) -> io::Result<()> {
        let (valid, broken) = match std::str::from_utf8(&self.raw) {
            Ok(_) => (self.raw.len(), false),
            // A character may be cut by the end of the chunk, but not by the end of the file.
            Err(error) => (error.valid_up_to(), error.error_len().is_some() || self.ended),
        };
        if broken {
            // Two letters of another encoding may look like one of UTF-8.
            let (good, bad) = letters(&self.raw);
            let other = !self.certain && bad > good && self.raw.iter().all(is_text);
            if !other {
                // What came before the bad byte is not handed out: its rows would be thrown away anyway.
                return Err(self.not_utf8(valid));
            }
            self.encoding = Found::Windows1252;
            self.doubt = (self.line + lines(&self.raw[..valid]), self.offset + valid as u64);
            self.guessed.0.set(true);
            return self.windows_1252();
        }
        self.certain |= !self.raw[..valid].is_ascii();
        if !self.certain
            && let Some(at) = other_than_ascii(&self.raw[..valid])
        {
            return Err(self.not_utf8(at));
        }
        self.text.extend_from_slice(&self.raw[..valid]);
        self.pass(valid);
        Ok(())
    }

    fn utf16(&mut self, number: fn([u8; 2]) -> u16) -> io::Result<()> {
        let (pairs, odd) = self.raw.as_chunks::<2>();
        let mut numbers: Vec<u16> = pairs.iter().map(|&pair| number(pair)).collect();
        // Text has no NUL, and what is cut in the middle of a character is not whole.
        if numbers.contains(&0) || (self.ended && !odd.is_empty()) {
            return Err(BadText::Utf16.into());
        }
        // The other half of a character may be in the next chunk.
        if !self.ended && numbers.last().is_some_and(|last| (0xD800..0xDC00).contains(last)) {
            numbers.pop();
        }
        let used = 2 * numbers.len();
        let text: String = char::decode_utf16(numbers)
            .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect();
        self.text = text.into_bytes();
        self.pass(used);
        Ok(())
    }

    fn windows_1252(&mut self) -> io::Result<()> {
        if let Some(at) = self.raw.iter().position(|byte| !is_text(byte)) {
            return Err(self.not_utf8(at));
        }
        let (good, bad) = letters(&self.raw);
        if good > 2 * bad + 2 {
            // It is UTF-8 after all, with a damaged character before the first whole one.
            let (line, offset) = self.doubt;
            let marked = self.marked;
            return Err(BadText::NotUtf8 { line, offset, marked }.into());
        }
        let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&self.raw);
        self.text = text.into_owned().into_bytes();
        self.pass(self.raw.len());
        Ok(())
    }

    /// Goes on behind so many bytes of `raw`.
    fn pass(&mut self, count: usize) {
        self.line += lines(&self.raw[..count]);
        self.offset += count as u64;
        self.raw.drain(..count);
    }

    /// The byte of `raw` at this place is not text.
    fn not_utf8(&self, at: usize) -> io::Error {
        let bad = BadText::NotUtf8 {
            line: self.line + lines(&self.raw[..at]),
            offset: self.offset + at as u64,
            marked: self.marked,
        };
        bad.into()
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.start == self.text.len() && !(self.begun && self.ended && self.raw.is_empty()) {
            self.fill()?;
        }
        let count = out.len().min(self.text.len() - self.start);
        out[..count].copy_from_slice(&self.text[self.start..self.start + count]);
        self.start += count;
        Ok(count)
    }
}

fn lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|&&byte| byte == b'\n').count() as u64
}

/// Where what would be ASCII shows that it is in another encoding: half of a letter of UTF-16, or how ISO-2022-JP changes over
/// to Japanese.
fn other_than_ascii(bytes: &[u8]) -> Option<usize> {
    let changes = |at: usize| matches!(bytes.get(at + 1..at + 3), Some([b'$', b'@' | b'B']));
    let mut all = bytes.iter().enumerate();
    all.position(|(at, &byte)| byte == 0 || (byte == 0x1B && changes(at)))
}

/// How much of what is not ASCII is UTF-8, and how much is not.
fn letters(bytes: &[u8]) -> (usize, usize) {
    let (mut good, mut bad) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        good += chunk.valid().chars().filter(|letter| !letter.is_ascii()).count();
        bad += usize::from(!chunk.invalid().is_empty());
    }
    (good, bad)
}

/// Whether a byte is one of a text in Windows-1252: five stand for nothing there, and a file with control characters is
/// none. The mark with which DOS ended files is let through.
fn is_text(byte: &u8) -> bool {
    match byte {
        b'\t'..=b'\r' | 0x1A => true,
        0x81 | 0x8D | 0x8F | 0x90 | 0x9D => false,
        other => !other.is_ascii_control(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::io::compression::stream_error;

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

    /// The text, and whether its encoding was guessed.
    fn read(bytes: &[u8]) -> (String, bool) {
        let mut stream = Utf8::new(Drip(bytes));
        let mut text = String::new();
        stream.read_to_string(&mut text).expect("text is passed on");
        (text, stream.guessed().is_so())
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        format!("\u{feff}{text}").encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn names_the_line_and_byte_of_a_bad_character() {
        assert!(message(b"\xC3\xA9b\nc\xE9d\n").starts_with("a.csv: line 2, byte 5: not UTF-8 text; save"));
        assert!(message(b"\xEF\xBB\xBFa\n\nb\xC3").starts_with("a.csv: line 3, byte 7: not UTF-8"));
        assert!(message(b"\xFF\xFEa").contains("is damaged UTF-16 text; save the file again"));
        assert!(
            message(b"PK\x03\x04rest")
                .contains("is a spreadsheet or an archive; give a workbook its ending (.xlsx")
        );
    }

    #[test]
    fn a_bad_byte_after_many_chunks_has_its_true_offset() {
        let mut bytes = "é\n".repeat(100_000).into_bytes();
        bytes.push(0xFF);
        assert!(message(&bytes).starts_with("a.csv: line 100001, byte 300000: "));
    }

    #[test]
    fn what_spreadsheet_programs_write_is_read() {
        let text = "text\tlabel\r\ncafé – 5 €\tœuvre\r\n🐎\tŽ\r\n";
        for bytes in [utf16(text, u16::to_le_bytes), utf16(text, u16::to_be_bytes)] {
            assert_eq!(read(&bytes), (text.to_string(), false));
        }
        let bytes = b"text;label\r\ncaf\xE9 \x96 5 \x80;\x9Cuvre\r\n\xC9\xBB;\x8E\r\n";
        let text = "text;label\r\ncafé – 5 €;œuvre\r\nÉ»;Ž\r\n";
        assert_eq!(read(bytes), (text.to_string(), true));
        // The first letter that tells may come late.
        let plain = "a line of text\n".repeat(20_000);
        let late = [plain.as_bytes(), b"caf\xE9\n"].concat();
        assert_eq!(read(&late), (format!("{plain}café\n"), true));
    }

    #[test]
    fn characters_that_lie_across_two_chunks_are_whole() {
        for pad in 0..4 {
            let text = "x".repeat(pad) + &"🐎é".repeat(40_000);
            for bytes in [
                text.clone().into_bytes(),
                utf16(&text, u16::to_le_bytes),
                utf16(&text, u16::to_be_bytes),
            ] {
                let mut found = String::new();
                Utf8::new(bytes.as_slice())
                    .read_to_string(&mut found)
                    .expect("text is passed on");
                assert!(found == text, "{pad}");
            }
        }
    }

    #[test]
    fn what_would_be_ascii_in_another_encoding_is_refused() {
        for (bytes, place) in [
            (&b"a\0,\0\n\0"[..], "line 1, byte 1"),
            (b"text\n\x1B$B>.Jq\x1B(B\n", "line 2, byte 5"),
        ] {
            let said = message(bytes);
            assert!(
                said.starts_with(&format!("a.csv: {place}: not UTF-8 text")),
                "{said}"
            );
            assert!(said.ends_with("or name its encoding with --encoding"), "{said}");
        }
        // Colours of a terminal, and what is UTF-8 beyond doubt.
        for text in ["\u{1b}[31mred\u{1b}(B\n", "café \0 \u{1b}$B\n"] {
            assert_eq!(read(text.as_bytes()), (text.to_string(), false));
        }
        assert_eq!(read(b"\xEF\xBB\xBFa\0\n"), ("a\0\n".to_string(), false));
    }

    #[test]
    fn no_other_encoding_is_advised_for_what_says_that_it_is_utf8() {
        let said = message(b"\xEF\xBB\xBFcaf\xE9\n");
        assert!(
            said.ends_with("save the file again with the encoding UTF-8"),
            "{said}"
        );
    }

    #[test]
    fn what_is_no_text_in_any_encoding_is_refused() {
        // A program's bytes, letters of Windows-1252 behind ones of UTF-8, a byte that stands for nothing, UTF-16 without text.
        for bytes in [
            &b"a\xE9\0\x01"[..],
            b"\xC3\xA9\n\xC3\xA9\n\xE9",
            b"\x8F\xE9",
            b"\xFF\xFE\0\0a\0",
        ] {
            assert!(message(bytes).contains("save the file again with the encoding UTF-8"));
        }
        let late = [b"\xE9".as_slice(), &b"a\n".repeat(50_000), b"\0"].concat();
        assert!(message(&late).starts_with("a.csv: line 50001, byte 100001: not UTF-8"));
    }

    proptest! {
        #[test]
        fn text_passes_unchanged_in_any_chunks(text in "\\PC{0,40}") {
            let mut out = String::new();
            Utf8::new(Drip(text.as_bytes())).read_to_string(&mut out).expect("valid text is passed on");
            prop_assert_eq!(out.as_str(), text.strip_prefix('\u{feff}').unwrap_or(&text));
        }

        #[test]
        fn passes_nothing_that_is_not_utf8(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let mut out = Vec::new();
            let mut stream = Utf8::new(Drip(&bytes));
            if stream.read_to_end(&mut out).is_ok() {
                prop_assert!(std::str::from_utf8(&out).is_ok());
                prop_assert!(!stream.guessed().is_so() || std::str::from_utf8(&bytes).is_err());
            }
        }
    }
}

//! Text in an encoding that somebody has named, as UTF-8.

use std::io::{self, Read};

use encoding_rs::{Decoder, DecoderResult};

use super::{BadText, Encoding, Utf8, lines};

/// How much is read at once, in bytes.
const CHUNK: usize = 1 << 16;
/// Bytes of the longest mark.
const MARK: usize = 4;

/// A stream in a named encoding as UTF-8; where none is named, as it is.
pub(in crate::io) fn decoded<'a>(
    stream: Box<dyn Read + 'a>,
    encoding: Option<Encoding>,
) -> Box<dyn Read + 'a> {
    match encoding {
        Some(encoding) => Box::new(Decoded::new(stream, encoding, CHUNK)),
        None => stream,
    }
}

/// A stream of text as UTF-8, without a byte order mark; one that has a mark is what that says, any other is in the encoding that
/// is named, and where none is, in what [`Utf8`] takes it for. What is no text in it is an error that
/// [`stream_error`](crate::io::stream_error) puts in words.
pub(crate) fn decode<'a>(stream: impl Read + 'a, encoding: Option<Encoding>) -> Utf8<Box<dyn Read + 'a>> {
    Utf8::new(decoded(Box::new(stream), encoding))
}

/// Passes text in a named encoding on as UTF-8. What a stream says of itself goes before the name: one that begins with a byte
/// order mark, or as an archive does, is passed on as it is, for [`Utf8`] to read or to refuse.
struct Decoded<R> {
    inner: R,
    encoding: Encoding,
    /// Where nothing is to be decoded, none.
    decoder: Option<Decoder>,
    /// How much is read at once, in bytes.
    chunk: usize,
    raw: Vec<u8>,
    /// Text not yet handed out: `text[start..]`.
    text: Vec<u8>,
    start: usize,
    /// Where what is read next begins.
    line: u64,
    offset: u64,
    begun: bool,
    ended: bool,
}

impl<R: Read> Decoded<R> {
    fn new(inner: R, encoding: Encoding, chunk: usize) -> Self {
        Self {
            inner,
            encoding,
            decoder: None,
            chunk,
            raw: Vec::new(),
            text: Vec::new(),
            start: 0,
            line: 1,
            offset: 0,
            begun: false,
            ended: false,
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        let wanted = if self.begun { self.chunk } else { MARK };
        self.raw.clear();
        let count = (&mut self.inner).take(wanted as u64).read_to_end(&mut self.raw)?;
        self.ended = count < wanted;
        if !self.begun {
            self.begun = true;
            if !says_what_it_is(&self.raw) {
                self.decoder = Some(self.encoding.0.new_decoder_without_bom_handling());
            }
        }
        self.text.clear();
        self.start = 0;
        match self.decoder.take() {
            Some(mut decoder) => {
                let text = self.decode(&mut decoder);
                self.decoder = Some(decoder);
                self.text = text?.into_bytes();
            }
            None => std::mem::swap(&mut self.text, &mut self.raw),
        }
        Ok(())
    }

    /// What was read, decoded; the beginning of a character that the next chunk completes stays in the decoder.
    fn decode(&mut self, decoder: &mut Decoder) -> io::Result<String> {
        const LEAST: usize = 16;
        let end = self.nul().unwrap_or(self.raw.len());
        let last = self.ended && end == self.raw.len();
        let (mut text, mut read) = (String::new(), 0);
        loop {
            let rest = &self.raw[read..end];
            let room = decoder.max_utf8_buffer_length_without_replacement(rest.len());
            text.reserve(room.unwrap_or(rest.len()).max(LEAST));
            let (result, count) = decoder.decode_to_string_without_replacement(rest, &mut text, last);
            read += count;
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(length, after) => {
                    // It may have begun in an earlier chunk.
                    let here = self.offset + read as u64;
                    let bad = here.saturating_sub(u64::from(length) + u64::from(after));
                    return Err(self.bad(&text, bad));
                }
            }
        }
        if end < self.raw.len() {
            return Err(self.bad(&text, self.offset + end as u64));
        }
        self.line += lines(text.as_bytes());
        self.offset += self.raw.len() as u64;
        Ok(text)
    }

    /// Where a byte is that no text has: one of what is in truth UTF-16, or a program. In UTF-16 it is half of a letter, and
    /// [`Utf8`] sees to UTF-8.
    fn nul(&self) -> Option<usize> {
        let wide = [encoding_rs::UTF_16LE, encoding_rs::UTF_16BE];
        let has_none = !wide.contains(&self.encoding.0) && !self.encoding.is_utf8();
        let mut bytes = self.raw.iter();
        has_none.then(|| bytes.position(|&byte| byte == 0)).flatten()
    }

    /// The byte at this place, behind this text, is not text.
    fn bad(&self, before: &str, offset: u64) -> io::Error {
        let bad = BadText::NotNamed {
            encoding: self.encoding.name(),
            line: self.line + lines(before.as_bytes()),
            offset,
        };
        bad.into()
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.start == self.text.len() && !(self.begun && self.ended) {
            self.fill()?;
        }
        let count = out.len().min(self.text.len() - self.start);
        out[..count].copy_from_slice(&self.text[self.start..self.start + count]);
        self.start += count;
        Ok(count)
    }
}

/// Whether a stream that begins so is something whatever name it is given: Unicode with a mark, or an archive.
fn says_what_it_is(start: &[u8]) -> bool {
    let marks: [&[u8]; 5] = [
        &[0xFF, 0xFE],
        &[0xFE, 0xFF],
        &[0xEF, 0xBB, 0xBF],
        b"PK\x03\x04",
        &[0xD0, 0xCF, 0x11, 0xE0],
    ];
    marks.iter().any(|mark| start.starts_with(mark))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;

    use super::*;
    use crate::io::compression::stream_error;
    use crate::io::{TableOptions, parse_table};

    fn encoding(name: &str) -> Encoding {
        name.parse().expect(name)
    }

    fn read(bytes: &[u8], name: &str) -> String {
        let mut text = String::new();
        decode(bytes, Some(encoding(name)))
            .read_to_string(&mut text)
            .expect("text in this encoding");
        text
    }

    fn refused(bytes: &[u8], name: &str) -> String {
        let error = decode(bytes, Some(encoding(name)))
            .read_to_end(&mut Vec::new())
            .expect_err("bad bytes must be refused");
        stream_error(Path::new("a.csv"), &error).to_string()
    }

    fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn texts_are_read_in_the_encoding_that_is_named() {
        for (name, bytes, text) in [
            (
                "shift_jis",
                &b"\x8F\xAC\x95\xEF\x82\xCD\x82\xC7\x82\xB1\n"[..],
                "小包はどこ\n",
            ),
            ("gbk", b"\xB0\xFC\xB9\xFC\n", "包裹\n"),
            ("gb18030", b"\xB0\xFC\x94\x39\xDA\x33\n", "包💩\n"),
            ("big5", b"\xA5\x5D\xBB\x71\n", "包裹\n"),
            ("euc-kr", b"\xBC\xD2\xC6\xF7\n", "소포\n"),
            ("windows-1250", b"\xA3\xF3d\x9F, P\xF8\xEDli\x9A", "Łódź, Příliš"),
            ("windows-1251", b"\xCF\xF0\xE8\xE2\xE5\xF2 \xB9 1", "Привет № 1"),
            ("windows-1253", b"\xCA\xE1\xEB\xE7\xEC\xDD\xF1\xE1", "Καλημέρα"),
            ("windows-1254", b"\xDDstanbul, \xFE\xF0\xFD", "İstanbul, şğı"),
            ("windows-1257", b"\xD0iauliai, \xFEem\xEB", "Šiauliai, žemė"),
            ("iso-8859-2", b"\xA3\xF3d\xBC", "Łódź"),
            ("koi8-r", b"\xF0\xD2\xC9\xD7\xC5\xD4", "Привет"),
            ("utf-8", "café 🐎".as_bytes(), "café 🐎"),
        ] {
            assert_eq!(read(bytes, name), text, "{name}");
        }
        let text = "text,label\ncafé 🐎,x\n";
        assert_eq!(read(&utf16(text, u16::to_le_bytes), "utf-16le"), text);
        assert_eq!(read(&utf16(text, u16::to_be_bytes), "utf-16be"), text);
    }

    #[test]
    fn a_mark_goes_before_the_name() {
        let marked = "\u{feff}café\n";
        for bytes in [
            marked.as_bytes().to_vec(),
            utf16(marked, u16::to_le_bytes),
            utf16(marked, u16::to_be_bytes),
        ] {
            assert_eq!(read(&bytes, "gbk"), "café\n");
        }
        assert!(refused(b"PK\x03\x04rest", "gbk").contains("is a spreadsheet or an archive"));
        // The same character without being a mark of Unicode's own encodings.
        assert_eq!(read(b"\x84\x31\x95\x33text\n", "gb18030"), "text\n");
    }

    #[test]
    fn what_is_malformed_is_refused_with_its_line_and_byte() {
        for (name, bytes, place) in [
            (
                "shift_jis",
                &b"a\n\x82\xB1\x82\n"[..],
                "line 2, byte 4: not Shift_JIS text",
            ),
            ("shift_jis", b"ab\n\x82", "line 2, byte 3: not Shift_JIS text"),
            ("utf-8", b"caf\xE9\n", "line 1, byte 3: not UTF-8 text"),
            ("utf-16le", b"a\0\n\0b", "line 2, byte 4: not UTF-16LE text"),
            // UTF-16 under another name.
            (
                "windows-1251",
                b"a\0\n\0",
                "line 1, byte 1: not windows-1251 text",
            ),
            ("iso-2022-jp", b"a\0\n\0", "line 1, byte 1: not ISO-2022-JP text"),
        ] {
            let message = refused(bytes, name);
            assert!(message.starts_with(&format!("a.csv: {place}; ")), "{message}");
            assert!(message.contains("--encoding"), "{message}");
        }
        let late = [&b"\x82\xB1\n".repeat(50_000)[..], b"\xFF"].concat();
        assert!(refused(&late, "shift_jis").starts_with("a.csv: line 50001, byte 150000: "));
    }

    #[test]
    fn a_table_in_an_encoding_that_is_named_is_read_in_every_format() {
        let options = |name: &str| TableOptions {
            encoding: Some(name.parse().expect(name)),
            ..TableOptions::default()
        };
        // "parcel" and "box", in Japanese.
        let rows = [("小包", "箱"), ("遅い小包", "箱")];
        let csv: String = rows
            .iter()
            .map(|(text, label)| format!("{text},{label}\n"))
            .collect();
        let csv = format!("text,label\n{csv}");
        let json = |(text, label): &(&str, &str)| format!("{{\"text\":\"{text}\",\"label\":\"{label}\"}}\n");
        let json: String = rows.iter().map(json).collect();
        let shift_jis = |text: &str| encoding_rs::SHIFT_JIS.encode(text).0.into_owned();
        let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_be_bytes).collect() };
        for (name, bytes, encoding) in [
            ("a.csv", shift_jis(&csv), "shift_jis"),
            ("a.jsonl", shift_jis(&json), "shift_jis"),
            ("a.tsv", shift_jis(&csv.replace(',', "\t")), "shift_jis"),
            ("a", shift_jis(&csv), "shift_jis"),
            ("a.csv", wide(&csv), "utf-16be"),
            ("a.csv", format!("\u{feff}{csv}").into_bytes(), "shift_jis"),
        ] {
            let table = parse_table(Path::new(name), &bytes, &options(encoding)).expect(name);
            let found: Vec<_> = table.examples().collect();
            let expected = rows.map(|(text, label)| (vec![text], Some(label)));
            assert_eq!(found, expected, "{name} {encoding}");
            assert_eq!(table.warnings, [], "{name} {encoding}");
        }
        let bad = [&shift_jis(&csv)[..], b"\x82,x\n"].concat();
        let fault = parse_table(Path::new("a.csv"), &bad, &options("shift_jis")).expect_err("refused");
        assert!(
            fault
                .to_string()
                .starts_with("a.csv: line 4, byte 31: not Shift_JIS text"),
            "{fault}"
        );
    }

    proptest! {
        #[test]
        fn chunks_of_any_size_give_the_same_text(text in "\\PC{0,60}", at in 0..24_usize, chunk in 1..9_usize) {
            let (encoding, _) = Encoding::listed().nth(at).expect("one of the list");
            let bytes = match encoding.name() {
                "UTF-16LE" => utf16(&text, u16::to_le_bytes),
                "UTF-16BE" => utf16(&text, u16::to_be_bytes),
                // What it does not have becomes a number in ASCII.
                _ => encoding.0.encode(&text).0.into_owned(),
            };
            prop_assume!(!says_what_it_is(&bytes));
            let (whole, malformed) = encoding.0.decode_without_bom_handling(&bytes);
            prop_assert!(!malformed);
            let mut found = String::new();
            Decoded::new(&bytes[..], encoding, chunk).read_to_string(&mut found).expect("text in this encoding");
            prop_assert_eq!(found.as_str(), &*whole);
        }

        #[test]
        fn any_bytes_are_read_or_refused_alike_in_chunks_of_any_size(
            bytes in proptest::collection::vec(any::<u8>(), 0..64), at in 0..24_usize, chunk in 1..9_usize,
        ) {
            let (encoding, _) = Encoding::listed().nth(at).expect("one of the list");
            let read = |chunk: usize| {
                let mut text = Vec::new();
                let mut stream = Decoded::new(&bytes[..], encoding, chunk);
                stream.read_to_end(&mut text).map(|_| text).map_err(|error| error.to_string())
            };
            prop_assert_eq!(read(chunk), read(1 << 10));
        }
    }
}

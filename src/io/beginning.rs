//! What a stream holds whose name does not say, such as standard input and other pipes: told from how it begins.

use std::io::{Cursor, Read};
use std::path::Path;

use super::compression::{Compression, Kind, stream_error};
use super::encoding::{Encoding, decoded};
use super::error::Error;
use super::{csv, jsonl};

/// The beginning of a stream, and the stream with its beginning still in it: a pipe cannot be read twice.
fn begun<'a>(
    path: &Path,
    mut stream: impl Read + 'a,
    count: u64,
) -> Result<(Vec<u8>, Box<dyn Read + 'a>), Error> {
    let mut start = Vec::new();
    (&mut stream)
        .take(count)
        .read_to_end(&mut start)
        .map_err(|error| stream_error(path, &error))?;
    Ok((start.clone(), Box::new(Cursor::new(start).chain(stream))))
}

/// How a stream is packed.
pub(super) fn compression<'a>(
    path: &Path,
    stream: impl Read + 'a,
) -> Result<(Compression, Box<dyn Read + 'a>), Error> {
    let (start, stream) = begun(path, stream, 4)?;
    let compression = match start.as_slice() {
        [0x1F, 0x8B, ..] => Compression::Gzip,
        [0x28, 0xB5, 0x2F, 0xFD] => Compression::Zstd,
        _ => Compression::None,
    };
    Ok((compression, stream))
}

/// What a stream holds once unpacked, and the stream, decoded where the encoding of text is named. Text that is not surely a
/// table is plain text, unless `table` says that it has columns.
pub(super) fn kind<'a>(
    path: &Path,
    stream: impl Read + 'a,
    table: bool,
    encoding: Option<Encoding>,
) -> Result<(Kind, Box<dyn Read + 'a>), Error> {
    const SAMPLE: u64 = 1 << 16;
    const PARQUET: &[u8] = b"PAR1";
    // Archives, and what Office's files lay in before it packed them.
    const WORKBOOKS: [&[u8]; 2] = [b"PK\x03\x04", b"\xD0\xCF\x11\xE0"];
    let (start, stream) = begun(path, stream, PARQUET.len() as u64)?;
    if start == PARQUET {
        return Ok((Kind::Parquet, stream));
    }
    if WORKBOOKS.contains(&start.as_slice()) {
        return Ok((Kind::Workbook, stream));
    }
    let (start, stream) = begun(path, decoded(stream, encoding), SAMPLE)?;
    let text = text(&start);
    let kind = if jsonl::begins(&text) {
        Kind::Jsonl
    } else if table || csv::is_table(&text, (start.len() as u64) < SAMPLE) {
        Kind::Csv
    } else {
        Kind::Text
    };
    Ok((kind, stream))
}

/// The beginning of a text, whatever it is written in; what is not right in it is found where it is read.
fn text(start: &[u8]) -> String {
    let utf16 = |bytes: &[u8], number: fn([u8; 2]) -> u16| {
        let numbers = bytes.as_chunks::<2>().0.iter().map(|&pair| number(pair));
        char::decode_utf16(numbers)
            .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect::<String>()
    };
    match start {
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => String::from_utf8_lossy(start).into_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found, and that every byte is still there.
    fn told(bytes: &[u8], table: bool) -> Kind {
        let (kind, mut stream) = kind(Path::new("a"), bytes, table, None).expect("a slice can be read");
        let mut all = Vec::new();
        stream.read_to_end(&mut all).expect("a slice can be read");
        assert!(all == bytes);
        kind
    }

    #[test]
    fn contents_are_told_from_the_first_bytes() {
        let tabs: Vec<u8> = "\u{feff}text\tlabel\r\na b\tx\r\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        for (bytes, expected) in [
            (&b"PAR1\x15\x04"[..], Kind::Parquet),
            (b"PK\x03\x04\x14\0", Kind::Workbook),
            (b"\xD0\xCF\x11\xE0\xA1\xB1", Kind::Workbook),
            (b"\n{\"text\": \"a\"}\n", Kind::Jsonl),
            (b"\xEF\xBB\xBF{ \"text\": \"a\"", Kind::Jsonl),
            (b"[{\"text\": \"a\"}]", Kind::Jsonl),
            (b"text,label\n\"a, b\",x\n", Kind::Csv),
            (b"sep=;\nsaid;by\na;b\n", Kind::Csv),
            (&tabs[..], Kind::Csv),
            (b"Well, yes.\nNo, thanks.\n", Kind::Text),
            (b"[sic] {that} is a text\n", Kind::Text),
            (b"caf\xE9\n", Kind::Text),
            (b"", Kind::Text),
        ] {
            assert_eq!(told(bytes, false), expected, "{}", text(bytes));
        }
        assert_eq!(told(b"said\nWell, yes.\n", true), Kind::Csv);
        assert_eq!(told(b"{\"said\": \"a\"}\n", true), Kind::Jsonl);
        let long = format!("text,label\n{}", "a text of some words,x\n".repeat(9_000));
        assert_eq!(told(long.as_bytes(), false), Kind::Csv);
    }

    #[test]
    fn what_is_named_is_told_from_its_text_and_parquet_is_no_text() {
        let told = |bytes: &[u8], name: &str| {
            let encoding: Encoding = name.parse().expect(name);
            let (kind, mut stream) =
                kind(Path::new("a"), bytes, false, Some(encoding)).expect("a slice can be read");
            let mut all = Vec::new();
            stream.read_to_end(&mut all).expect("a slice can be read");
            (kind, all)
        };
        let wide: Vec<u8> = "text,label\na b,x\n"
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect();
        let (kind, text) = told(&wide, "utf-16be");
        assert_eq!((kind, text.as_slice()), (Kind::Csv, &b"text,label\na b,x\n"[..]));
        let parquet = b"PAR1\x15\x04\xFF\xFF";
        let (kind, bytes) = told(parquet, "utf-16be");
        assert_eq!((kind, bytes.as_slice()), (Kind::Parquet, &parquet[..]));
    }

    #[test]
    fn packed_streams_are_known_by_their_mark() {
        let packed = |bytes: &[u8]| {
            let (compression, mut stream) = compression(Path::new("a"), bytes).expect("a slice can be read");
            let mut all = Vec::new();
            stream.read_to_end(&mut all).expect("a slice can be read");
            assert!(all == bytes);
            compression
        };
        assert_eq!(packed(b"\x1F\x8B\x08\0\0"), Compression::Gzip);
        assert_eq!(packed(b"\x28\xB5\x2F\xFD\x04"), Compression::Zstd);
        assert_eq!(packed(b"abc"), Compression::None);
    }
}

//! Texts as bytes, for the project file: a line of JSON with the names and counts, then every cell with its length before
//! it. A hundred thousand texts are read in a fraction of the time that JSON would take.

use std::io::{self, BufRead, BufReader, Read, Write};

use serde::{Deserialize, Serialize};

use super::Texts;

#[derive(Serialize, Deserialize)]
struct Header {
    source: String,
    texts: u32,
    extra_columns: Vec<String>,
    /// Rows of other cells: as many as texts, or none.
    extra: u32,
    /// Columns of JSON. Files of before it was told have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    extra_json: Vec<bool>,
}

/// Longest header that is read, bytes.
const LONGEST_HEADER: u64 = 16 << 20;

fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_string())
}

fn count(n: usize) -> io::Result<u32> {
    u32::try_from(n).map_err(|_| invalid("there are more than four thousand million texts or cells"))
}

/// Writes texts.
///
/// # Errors
/// When there are too many, or `out` refuses.
pub fn write_texts(texts: &Texts, out: &mut dyn Write) -> io::Result<()> {
    let header = Header {
        source: texts.source.clone(),
        texts: count(texts.texts.len())?,
        extra_columns: texts.extra_columns.clone(),
        extra: count(texts.extra.len())?,
        extra_json: texts.extra_json.clone(),
    };
    serde_json::to_writer(&mut *out, &header)?;
    out.write_all(b"\n")?;
    for text in &texts.texts {
        write_cell(text, out)?;
    }
    for row in &texts.extra {
        out.write_all(&count(row.len())?.to_le_bytes())?;
        for cell in row {
            write_cell(cell, out)?;
        }
    }
    Ok(())
}

fn write_cell(cell: &str, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(&count(cell.len())?.to_le_bytes())?;
    out.write_all(cell.as_bytes())
}

/// Reads what [`write_texts`] wrote. Nothing is believed about lengths: memory is taken only for what is there.
///
/// # Errors
/// When it ends early, goes on, or is no text.
pub fn read_texts(from: &mut dyn Read) -> io::Result<Texts> {
    let mut from = BufReader::with_capacity(1 << 17, from);
    let mut line = Vec::new();
    (&mut from).take(LONGEST_HEADER).read_until(b'\n', &mut line)?;
    if line.last() != Some(&b'\n') {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    let header: Header = serde_json::from_slice(&line)?;
    let texts = (0..header.texts)
        .map(|_| read_cell(&mut from))
        .collect::<io::Result<_>>()?;
    let extra = (0..header.extra)
        .map(|_| {
            let cells = read_count(&mut from)?;
            (0..cells)
                .map(|_| read_cell(&mut from))
                .collect::<io::Result<Vec<_>>>()
        })
        .collect::<io::Result<_>>()?;
    if !from.fill_buf()?.is_empty() {
        return Err(invalid("there is more than was announced"));
    }
    Ok(Texts {
        source: header.source,
        texts,
        extra_columns: header.extra_columns,
        extra,
        extra_json: header.extra_json,
    })
}

fn read_count(from: &mut impl Read) -> io::Result<u32> {
    let mut bytes = [0; 4];
    from.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

fn read_cell(from: &mut impl Read) -> io::Result<String> {
    const CREDIT: usize = 1 << 16;
    let len = read_count(from)? as usize;
    let mut bytes = Vec::with_capacity(len.min(CREDIT));
    from.take(len as u64).read_to_end(&mut bytes)?;
    if bytes.len() < len {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    String::from_utf8(bytes).map_err(|_| invalid("not UTF-8"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_come_back_and_any_cut_is_noticed(
            cells in prop::collection::vec(".{0,40}", 0..12),
            extra in prop::collection::vec(prop::collection::vec(".{0,9}", 0..3), 0..5),
            extra_json in prop::collection::vec(any::<bool>(), 0..2),
            cut in any::<prop::sample::Index>(),
        ) {
            let texts = Texts {
                source: "a \"file\"\n.csv".into(),
                texts: cells,
                extra_columns: vec!["id".into()],
                extra,
                extra_json,
            };
            let mut bytes = Vec::new();
            write_texts(&texts, &mut bytes).unwrap();
            prop_assert_eq!(read_texts(&mut bytes.as_slice()).unwrap(), texts);
            let cut = cut.index(bytes.len());
            prop_assert!(read_texts(&mut &bytes[..cut]).is_err());
            bytes.push(0);
            prop_assert!(read_texts(&mut bytes.as_slice()).is_err());
        }
    }

    #[test]
    fn other_columns_of_an_older_file_are_text() {
        let mut bytes = b"{\"source\":\"\",\"texts\":0,\"extra_columns\":[\"id\"],\"extra\":0}\n".to_vec();
        let texts = read_texts(&mut bytes.as_slice()).unwrap();
        assert_eq!(texts.extra_columns, ["id"]);
        assert!(texts.extra_json.is_empty());
        // And without any JSON the file is as it was.
        let mut again = Vec::new();
        write_texts(&texts, &mut again).unwrap();
        assert_eq!(again, std::mem::take(&mut bytes));
    }

    #[test]
    fn announced_lengths_are_not_believed() {
        let mut bytes = b"{\"source\":\"\",\"texts\":4000000000,\"extra_columns\":[],\"extra\":0}\n".to_vec();
        bytes.extend(u32::MAX.to_le_bytes());
        assert!(read_texts(&mut bytes.as_slice()).is_err());
    }
}

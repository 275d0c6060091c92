//! Writing delimited text.

use std::io::{self, Write};

/// What sets a delimited file apart from others with the same rows: what a spreadsheet program needs to open it as it is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::io) struct Style {
    /// What stands between two fields; of one byte.
    pub(in crate::io) delimiter: char,
    /// Whether a first line `sep=;` says so.
    pub(in crate::io) named: bool,
    /// Whether its first bytes say that it is Unicode.
    pub(in crate::io) marked: bool,
}

impl Style {
    /// That which programs expect.
    pub(in crate::io) const PLAIN: Self = Self {
        delimiter: ',',
        named: false,
        marked: false,
    };

    /// Writes what stands before the rows.
    pub(in crate::io) fn write(self, out: &mut dyn Write) -> io::Result<()> {
        if self.marked {
            out.write_all(MARK)?;
        }
        if self.named {
            writeln!(out, "sep={}", self.delimiter)?;
        }
        Ok(())
    }
}

/// What tells a spreadsheet program that a table is UTF-8; some take it for another encoding without.
const MARK: &[u8] = b"\xEF\xBB\xBF";

/// Writes before the rows that they are UTF-8, unless all of their texts are ASCII, and without what would make another encoding
/// of it.
///
/// # Errors
/// Whatever `out` cannot take.
pub fn write_mark<'a>(out: &mut dyn Write, mut texts: impl Iterator<Item = &'a str>) -> io::Result<()> {
    if texts.all(|text| text.is_ascii() && !text.contains(['\0', '\u{1b}'])) {
        return Ok(());
    }
    out.write_all(MARK)
}

/// Writes one row, quoting the fields that need it.
///
/// # Errors
/// Whatever `out` cannot take.
pub fn write_row<'a>(
    out: &mut dyn Write,
    delimiter: char,
    fields: impl Iterator<Item = &'a str>,
) -> io::Result<()> {
    let mut buffer = [0; 4];
    let separator = delimiter.encode_utf8(&mut buffer);
    for (at, field) in fields.enumerate() {
        if at > 0 {
            out.write_all(separator.as_bytes())?;
        }
        // A lone empty field would read back as a blank line, and leading spaces are trimmed by some
        // programs.
        let plain =
            !field.is_empty() && !field.contains([delimiter, '"', '\n', '\r']) && field.trim() == field;
        if plain || (field.is_empty() && at > 0) {
            out.write_all(field.as_bytes())?;
        } else {
            write!(out, "\"{}\"", field.replace('"', "\"\""))?;
        }
    }
    out.write_all(b"\n")
}

//! Finding out what a file is, and reading it.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde_json::{Map, Value};

use super::{Format, LabelFile, Labelled, hugging_face, label_studio, prodigy, rows};
use crate::io::compression::{self, Kind, kind_of, stream_error};
use crate::io::encoding::{Encoding, Utf8, decoded};
use crate::io::error::Error;
use crate::io::table::{self, Known, Labels, RecordReader, TableOptions, read_table};
use crate::io::warnings::Warning;

/// How much of a JSON file is looked at to tell what it is.
const FIRST_LINE: u64 = 1 << 20;

/// What a JSON file begins with.
enum Beginning {
    List,
    Task,
    Other,
}

fn beginning(path: &Path, encoding: Option<Encoding>) -> Result<Beginning, Error> {
    let stream = Utf8::new(decoded(compression::open(path, None)?, encoding));
    let mut stream = BufReader::new(stream.take(FIRST_LINE));
    loop {
        let mut line = Vec::new();
        let count = stream
            .read_until(b'\n', &mut line)
            .map_err(|error| stream_error(path, &error))?;
        let line = line.trim_ascii();
        if count == 0 || line.starts_with(b"{") {
            let task = serde_json::from_slice::<Map<String, Value>>(line).is_ok_and(|o| prodigy::is_task(&o));
            return Ok(if task { Beginning::Task } else { Beginning::Other });
        }
        if line.starts_with(b"[") {
            return Ok(Beginning::List);
        }
        if !line.is_empty() {
            return Ok(Beginning::Other);
        }
    }
}

/// Whether the first row of a file is the header of our own tables: it needs no guessing then.
fn begins_as_ours(path: &Path, encoding: Option<Encoding>) -> Result<bool, Error> {
    let header = rows::COLUMNS.join(",");
    let mut start = Vec::new();
    Utf8::new(decoded(compression::open(path, None)?, encoding))
        .take(header.len() as u64)
        .read_to_end(&mut start)
        .map_err(|error| stream_error(path, &error))?;
    Ok(start == header.as_bytes())
}

/// Whether a path is what a labelling tool or a data set library wrote, and not a plain table. It is written in `encoding`
/// where that is named.
///
/// # Errors
/// The file cannot be read.
pub fn is_of_a_tool(path: &Path, encoding: Option<Encoding>) -> Result<bool, Error> {
    Ok(crate::host::fs::is_dir(path)
        || kind_of(path).0 == Some(Kind::Jsonl) && !matches!(beginning(path, encoding)?, Beginning::Other))
}

/// Reads texts with labels from any of the formats of [`Format`], and from any table with a column of labels.
///
/// # Errors
/// The file cannot be read, is damaged, or has no column of texts or labels.
pub fn read_labels(path: &Path) -> Result<LabelFile, Error> {
    read_labels_as(path, &TableOptions::default())
}

/// As [`read_labels`], with the header, the encoding and the sheet that these options name.
///
/// # Errors
/// As [`read_labels`]; also where it is no text in that encoding, or there is no such sheet.
pub fn read_labels_as(path: &Path, options: &TableOptions) -> Result<LabelFile, Error> {
    let encoding = options.encoding;
    if crate::host::fs::is_dir(path) {
        return hugging_face::read(path, encoding);
    }
    let kind = kind_of(path).0;
    let format = match kind {
        Some(Kind::Jsonl) => Format::Jsonl,
        Some(Kind::Parquet) => Format::Parquet,
        _ => Format::Csv,
    };
    let beginning = match kind {
        Some(Kind::Jsonl) => beginning(path, encoding)?,
        _ => Beginning::Other,
    };
    let mut file = LabelFile::new(format);
    match beginning {
        Beginning::List => return label_studio::read(path, encoding),
        Beginning::Task => file.format = Format::Prodigy,
        Beginning::Other => {}
    }
    let ours = kind == Some(Kind::Csv) && begins_as_ours(path, encoding)?;
    let known = Known {
        header: ours.then_some(true).or(options.header),
        table: true,
        ..options.known()
    };
    let mut reader = table::open_records(path, known, None)?;
    if file.format == Format::Prodigy {
        let records = reader.by_ref().collect::<Result<Vec<_>, _>>()?;
        let columns = reader.columns().to_vec();
        prodigy::read(&columns, records, &mut file);
        file.warnings.extend(warnings(path, &*reader));
        return Ok(file);
    }
    // The columns of JSON lines are only known once a row was read.
    let first = reader.next().transpose()?;
    if rows::is_own(reader.columns()) {
        let mut records: Vec<_> = first.into_iter().collect();
        for record in reader.by_ref() {
            records.push(record?);
        }
        rows::read_own(records, &mut file);
        file.warnings.extend(warnings(path, &*reader));
        return Ok(file);
    }
    let named = hugging_face::names_its_classes(reader.columns());
    drop(reader);
    if named {
        hugging_face::read_alone(path, known, file)
    } else {
        foreign(path, options, file)
    }
}

/// What to know of a file that was read.
pub(super) fn warnings(path: &Path, reader: &dyn RecordReader) -> Vec<Warning> {
    let mut warnings = reader.warnings();
    warnings.extend(reader.guessed().then(|| Warning::guessed(path)));
    warnings
}

/// A table that is not ours: the columns are guessed.
fn foreign(path: &Path, options: &TableOptions, mut file: LabelFile) -> Result<LabelFile, Error> {
    let options = TableOptions {
        labels: Labels::Required,
        keep_empty_texts: true,
        ..options.clone()
    };
    let table = read_table(path, &options)?;
    file.rows = table
        .rows
        .iter()
        .map(|row| Labelled {
            line: row.line,
            row: None,
            text: table.fields(row).join("\n"),
            verdict: rows::verdict(table.label(row).unwrap_or_default(), ""),
            others: Vec::new(),
        })
        .collect();
    file.warnings = table.warnings;
    Ok(file)
}

//! Parquet files, read row by row.

mod cell;
#[cfg(test)]
mod tests;
mod time;
#[cfg(target_family = "wasm")]
mod web;
mod write;

use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use parquet::schema::types::{Type, TypePtr};

use super::compression::stream_error;
use super::error::{Error, one_line};
use super::table::{RecordReader, Row};
use crate::host::fs::File;
use cell::{Shape, cell};
pub(super) use write::{Column, Stored, write};

/// Reads rows one by one. A row's line is its number, from 1.
pub(super) struct Reader {
    path: PathBuf,
    /// The file once more, to find out which column a row cannot be read of.
    file: File,
    rows: RowIter<'static>,
    schema: TypePtr,
    columns: Vec<String>,
    shapes: Vec<Shape>,
    count: u64,
}

/// Opens a Parquet stream; it is spooled to a temporary file, because the format is read from its end.
pub(super) fn spool(path: &Path, mut stream: impl Read) -> Result<Reader, Error> {
    let mut file = crate::host::fs::tempfile().map_err(|error| Error::write(path, &error))?;
    io::copy(&mut stream, &mut file).map_err(|error| stream_error(path, &error))?;
    file.seek(SeekFrom::Start(0))
        .map_err(|error| Error::read(path, &error))?;
    open(path, file)
}

/// Opens a Parquet file that is not compressed as a whole.
pub(super) fn open(path: &Path, file: File) -> Result<Reader, Error> {
    if file.metadata().is_ok_and(|data| data.len() == 0) {
        return Err(Error::Empty {
            path: path.to_path_buf(),
        });
    }
    let failed = |cause: String| Error::Parquet {
        path: path.to_path_buf(),
        cause,
    };
    let again = file.try_clone().map_err(|error| Error::read(path, &error))?;
    guarded(|| {
        let reader = SerializedFileReader::new(file)?;
        let descriptor = reader.metadata().file_metadata().schema_descr();
        let schema = descriptor.root_schema_ptr();
        if schema.get_fields().is_empty() {
            return Err(ParquetError::General("no columns".to_string()));
        }
        Ok((RowIter::from_file_into(Box::new(reader)), schema))
    })
    .map(|(rows, schema)| Reader {
        path: path.to_path_buf(),
        file: again,
        rows,
        columns: named(&schema),
        shapes: schema.get_fields().iter().map(|field| Shape::of(field)).collect(),
        schema,
        count: 0,
    })
    .map_err(failed)
}

/// The names of a file's columns.
fn named(schema: &Type) -> Vec<String> {
    let fields = schema.get_fields().iter();
    fields.map(|field| field.name().to_string()).collect()
}

/// Runs a piece of the Parquet library, which panics on some damaged files where it should return an error.
fn guarded<T>(work: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, String> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| one_line(&error)),
        Err(_) => Err("the contents contradict the description of the columns".to_string()),
    }
}

impl Reader {
    fn fault(&self, cause: &str) -> Error {
        let row = self.count + 1;
        let place = match self.culprit() {
            Some(column) => format!("row {row}, column '{column}'"),
            None => format!("row {row}"),
        };
        Error::Parquet {
            path: self.path.clone(),
            cause: format!("{place}: {cause}"),
        }
    }

    /// The column that cannot be read as far as the next row, where it is one alone. The library does not say which it was.
    fn culprit(&self) -> Option<&str> {
        let row = usize::try_from(self.count).ok()?;
        let is_read = |field: &TypePtr| {
            let read = guarded(|| {
                let reader = SerializedFileReader::new(self.file.try_clone()?)?;
                let alone = Type::group_type_builder(self.schema.name())
                    .with_fields(vec![Arc::clone(field)])
                    .build()?;
                let mut rows = RowIter::from_file_into(Box::new(reader)).project(Some(alone))?;
                rows.nth(row).transpose()
            });
            read.is_ok()
        };
        let fields = self.schema.get_fields().iter();
        let faulty: Vec<&TypePtr> = fields.filter(|&field| !is_read(field)).collect();
        match faulty.as_slice() {
            [one] if self.columns.len() > 1 => Some(one.name()),
            _ => None,
        }
    }
}

impl RecordReader for Reader {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn place(&self) -> &'static str {
        "row"
    }
}

impl Iterator for Reader {
    type Item = Result<Row, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let rows = &mut self.rows;
        let shapes = &self.shapes;
        let read = guarded(|| {
            let row = rows.next().transpose()?;
            Ok(row.map(|row| {
                let fields = row.get_column_iter().zip(shapes);
                fields
                    .map(|((_, field), shape)| cell(field, shape))
                    .collect::<Vec<_>>()
            }))
        });
        let cells = match read {
            Ok(cells) => cells?,
            Err(cause) => return Some(Err(self.fault(&cause))),
        };
        self.count += 1;
        Some(Ok(Row {
            line: self.count,
            cells,
        }))
    }
}

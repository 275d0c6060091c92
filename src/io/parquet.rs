//! Parquet files, read row by row and written as one row group.

#[cfg(target_family = "wasm")]
mod web;

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use parquet::record::Field;
use parquet::record::reader::RowIter;
use parquet::schema::types::Type;
use serde_json::Value;

use super::compression::stream_error;
use super::error::{Error, one_line};
use super::table::{Cell, RecordReader, Row};
use crate::host::fs::File;

/// Reads rows one by one. A row's line is its number, from 1.
pub(super) struct Reader {
    path: PathBuf,
    rows: RowIter<'static>,
    columns: Vec<String>,
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
    guarded(|| {
        let reader = SerializedFileReader::new(file)?;
        let schema = reader.metadata().file_metadata().schema();
        let columns: Vec<String> = schema
            .get_fields()
            .iter()
            .map(|field| field.name().to_string())
            .collect();
        if columns.is_empty() {
            return Err(ParquetError::General("no columns".to_string()));
        }
        Ok((RowIter::from_file_into(Box::new(reader)), columns))
    })
    .map(|(rows, columns)| Reader {
        path: path.to_path_buf(),
        rows,
        columns,
        count: 0,
    })
    .map_err(failed)
}

/// Runs a piece of the Parquet library, which panics on some damaged files where it should return an error.
fn guarded<T>(work: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, String> {
    match std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| one_line(&error)),
        Err(_) => Err("the contents contradict the description of the columns".to_string()),
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
        let read = guarded(|| {
            let row = rows.next().transpose()?;
            // The library panics on a day beyond its calendar, too.
            Ok(row.map(|row| {
                row.get_column_iter()
                    .map(|(_, field)| cell(field))
                    .collect::<Vec<_>>()
            }))
        });
        let cells = match read {
            Ok(cells) => cells?,
            Err(cause) => {
                return Some(Err(Error::Parquet {
                    path: self.path.clone(),
                    cause,
                }));
            }
        };
        self.count += 1;
        Some(Ok(Row {
            line: self.count,
            cells,
        }))
    }
}

fn cell(field: &Field) -> Cell {
    match json(field) {
        Value::String(text) => Cell::Text(text),
        other => Cell::Json(other.to_string()),
    }
}

/// A value in JSON, which has no infinities, no dates, and strings for keys.
fn json(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Str(text) => Value::from(text.as_str()),
        // Strings that the writer did not mark as such.
        Field::Bytes(bytes) => Value::from(String::from_utf8_lossy(bytes.data())),
        Field::Bool(value) => Value::from(*value),
        Field::Byte(value) => Value::from(*value),
        Field::Short(value) => Value::from(*value),
        Field::Int(value) => Value::from(*value),
        Field::Long(value) => Value::from(*value),
        Field::UByte(value) => Value::from(*value),
        Field::UShort(value) => Value::from(*value),
        Field::UInt(value) => Value::from(*value),
        Field::ULong(value) => Value::from(*value),
        Field::Float16(value) => Value::from(f64::from(*value)),
        Field::Float(value) => Value::from(value.to_string().parse().unwrap_or(f64::from(*value))),
        Field::Double(value) => Value::from(*value),
        Field::Group(row) => {
            let fields = row.get_column_iter();
            Value::Object(fields.map(|(name, field)| (name.clone(), json(field))).collect())
        }
        Field::MapInternal(map) => {
            let key = |key: &Field| cell(key).as_str().to_string();
            let entries = map.entries().iter();
            Value::Object(entries.map(|(name, field)| (key(name), json(field))).collect())
        }
        Field::ListInternal(list) => Value::Array(list.elements().iter().map(json).collect()),
        other => Value::from(other.to_string()),
    }
}

/// A column to write: its name and one cell a row.
pub(super) struct Column<'a> {
    pub(super) name: &'a str,
    pub(super) cells: Vec<&'a Cell>,
}

/// How a column's cells are stored: the narrowest type that holds all of them.
fn physical_type(cells: &[&Cell]) -> Physical {
    let numbers = || {
        cells
            .iter()
            .filter(|cell| !cell.is_null())
            .map(|cell| match cell {
                Cell::Json(json) => Some(json.as_str()),
                _ => None,
            })
    };
    if numbers().next().is_none() {
        Physical::BYTE_ARRAY
    } else if numbers().all(|json| json.is_some_and(|json| json.parse::<i64>().is_ok())) {
        Physical::INT64
    } else if numbers().all(|json| json.is_some_and(|json| json.parse::<f64>().is_ok())) {
        Physical::DOUBLE
    } else {
        Physical::BYTE_ARRAY
    }
}

/// Writes columns of the same length. Integers and numbers keep their type; everything else becomes a string.
pub(super) fn write(out: &mut (dyn Write + Send), columns: &[Column]) -> Result<(), ParquetError> {
    let types: Vec<Physical> = columns
        .iter()
        .map(|column| physical_type(&column.cells))
        .collect();
    let fields = columns.iter().zip(&types).map(|(column, physical)| {
        Type::primitive_type_builder(column.name, *physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type((*physical == Physical::BYTE_ARRAY).then_some(LogicalType::String))
            .build()
            .map(Arc::new)
    });
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    let schema = Arc::new(Type::group_type_builder("schema").with_fields(fields).build()?);
    let properties = WriterProperties::builder()
        .set_compression(parquet::basic::Compression::SNAPPY)
        .build();
    let mut writer = SerializedFileWriter::new(out, schema, Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    for (column, physical) in columns.iter().zip(types) {
        let Some(mut into) = group.next_column()? else {
            break;
        };
        let present: Vec<&str> = column
            .cells
            .iter()
            .filter(|cell| !cell.is_null())
            .map(|cell| cell.as_str())
            .collect();
        let levels: Vec<i16> = column
            .cells
            .iter()
            .map(|cell| i16::from(!cell.is_null()))
            .collect();
        match physical {
            Physical::INT64 => {
                let values: Vec<i64> = present.iter().filter_map(|value| value.parse().ok()).collect();
                into.typed::<Int64Type>()
                    .write_batch(&values, Some(&levels), None)?;
            }
            Physical::DOUBLE => {
                let values: Vec<f64> = present.iter().filter_map(|value| value.parse().ok()).collect();
                into.typed::<DoubleType>()
                    .write_batch(&values, Some(&levels), None)?;
            }
            _ => {
                let values: Vec<ByteArray> = present.into_iter().map(ByteArray::from).collect();
                into.typed::<ByteArrayType>()
                    .write_batch(&values, Some(&levels), None)?;
            }
        }
        into.close()?;
    }
    group.close()?;
    writer.close().map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::data_type::{DataType, Int32Type};
    use parquet::file::writer::SerializedRowGroupWriter;
    use parquet::schema::parser::parse_message_type;
    use proptest::prelude::*;

    fn sample() -> Vec<u8> {
        let text = [
            Cell::Text("good é".into()),
            Cell::Text(String::new()),
            Cell::Json("null".into()),
        ];
        let label = [
            Cell::Json("1".into()),
            Cell::Json("0".into()),
            Cell::Json("null".into()),
        ];
        let score = [
            Cell::Json("0.5".into()),
            Cell::Json("2".into()),
            Cell::Json("-1".into()),
        ];
        let columns = [("text", &text), ("label", &label), ("score", &score)].map(|(name, cells)| Column {
            name,
            cells: cells.iter().collect(),
        });
        let mut out = Vec::new();
        write(&mut out, &columns).expect("a vector takes it");
        out
    }

    fn read(bytes: &[u8]) -> Result<(Vec<String>, Vec<Row>), String> {
        let mut reader = spool(Path::new("a.parquet"), bytes).map_err(|error| error.to_string())?;
        let rows = reader
            .by_ref()
            .take(1000)
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| error.to_string())?;
        Ok((reader.columns, rows))
    }

    #[test]
    fn what_is_written_reads_back_with_its_types() {
        let (columns, rows) = read(&sample()).expect("our own file");
        assert_eq!(columns, ["text", "label", "score"]);
        let texts = |row: &Row| {
            row.cells
                .iter()
                .map(|cell| cell.as_str().to_string())
                .collect::<Vec<_>>()
        };
        assert_eq!(texts(&rows[0]), ["good é", "1", "0.5"]);
        assert_eq!(rows[1].cells[2], Cell::Json("2.0".into()));
        assert_eq!(
            (rows[2].line, texts(&rows[2])),
            (3, vec![String::new(), String::new(), "-1.0".to_string()])
        );
    }

    /// Writes the next column's values, with the levels that say where they lie in lists and groups.
    fn put<T: DataType>(
        group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
        values: &[T::T],
        definition: &[i16],
        repetition: Option<&[i16]>,
    ) {
        let mut column = group.next_column().expect("a column").expect("one more");
        column
            .typed::<T>()
            .write_batch(values, Some(definition), repetition)
            .expect("a vector takes it");
        column.close().expect("a vector takes it");
    }

    /// A file of one row group.
    fn nested(schema: &str, fill: impl FnOnce(&mut SerializedRowGroupWriter<'_, Vec<u8>>)) -> Vec<u8> {
        let schema = Arc::new(parse_message_type(schema).expect("a schema"));
        let properties = Arc::new(WriterProperties::builder().build());
        let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties).expect("a writer");
        let mut group = writer.next_row_group().expect("a group");
        fill(&mut group);
        group.close().expect("a vector takes it");
        writer.into_inner().expect("a vector takes it")
    }

    #[test]
    fn lists_groups_and_maps_become_json() {
        let schema = "message m {
            optional binary text (UTF8);
            optional group tags (LIST) { repeated group list { optional binary element (UTF8); } }
            optional group about { optional int32 n; optional double score; }
            optional group counts (MAP) {
                repeated group key_value { required binary key (UTF8); optional int32 value; }
            }
        }";
        let text = |text: &str| ByteArray::from(text);
        let bytes = nested(schema, |group| {
            put::<ByteArrayType>(group, &[text("a"), text("b")], &[1, 1], None);
            put::<ByteArrayType>(group, &[text("x"), text("y")], &[3, 3, 1], Some(&[0, 1, 0]));
            put::<Int32Type>(group, &[3], &[2, 0], None);
            put::<DoubleType>(group, &[0.5], &[2, 0], None);
            put::<ByteArrayType>(group, &[text("k")], &[2, 0], Some(&[0, 0]));
            put::<Int32Type>(group, &[1], &[3, 0], Some(&[0, 0]));
        });
        let (columns, rows) = read(&bytes).expect("our own file");
        assert_eq!(columns, ["text", "tags", "about", "counts"]);
        let cells = |row: &Row| {
            let json = |cell: &Cell| match cell {
                Cell::Json(json) => json.clone(),
                other => format!("{other:?}"),
            };
            row.cells[1..].iter().map(json).collect::<Vec<_>>()
        };
        assert_eq!(
            cells(&rows[0]),
            [r#"["x","y"]"#, r#"{"n":3,"score":0.5}"#, r#"{"k":1}"#]
        );
        assert_eq!(cells(&rows[1]), ["[]", "null", "null"]);
    }

    #[test]
    fn a_day_beyond_the_calendar_is_no_crash() {
        let bytes = nested("message m { optional int32 day (DATE); }", |group| {
            put::<Int32Type>(group, &[i32::MAX], &[1], None);
        });
        let message = read(&bytes).expect_err("damaged");
        assert!(message.contains("damaged or unsupported Parquet"), "{message}");
    }

    #[test]
    fn damaged_files_are_named() {
        let bytes = sample();
        assert_eq!(read(b"").expect_err("empty"), "a.parquet: the file is empty");
        for damaged in [&bytes[..bytes.len() - 4], &bytes[..20], b"not parquet at all"] {
            let message = read(damaged).expect_err("damaged");
            assert!(
                message.starts_with("a.parquet: damaged or unsupported Parquet: "),
                "{message}"
            );
            assert!(
                message.ends_with("; write the file again or export it as CSV"),
                "{message}"
            );
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn changed_bytes_never_crash(changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..6)) {
            let mut bytes = sample();
            let length = bytes.len();
            for (at, byte) in changes {
                bytes[at % length] = byte;
            }
            let _ = read(&bytes);
        }
    }
}

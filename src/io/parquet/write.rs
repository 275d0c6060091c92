//! Writing Parquet: one row group, each column of the narrowest kind that loses nothing.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::super::table::Cell;

/// A column to write: its name and one cell a row.
pub(in crate::io) struct Column<'a> {
    pub(in crate::io) name: &'a str,
    pub(in crate::io) cells: Vec<&'a Cell>,
}

/// How a column's cells are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::io) enum Stored {
    Bool,
    Int,
    /// Whole numbers that need the 64th bit, as identifiers do that are hashes.
    Unsigned,
    Double,
    Text,
}

impl Stored {
    /// The narrowest that holds all of them as they are.
    pub(in crate::io) fn of<'a>(cells: impl Iterator<Item = &'a Cell> + Clone) -> Self {
        let values = || {
            cells
                .clone()
                .filter(|cell| !cell.is_null())
                .map(|cell| match cell {
                    Cell::Json(json) => Some(json.as_str()),
                    _ => None,
                })
        };
        let all = |holds: fn(&str) -> bool| values().all(|json| json.is_some_and(holds));
        if values().next().is_none() {
            Self::Text
        } else if all(|json| matches!(json, "true" | "false")) {
            Self::Bool
        } else if all(|json| json.parse::<i64>().is_ok()) {
            Self::Int
        } else if all(|json| json.parse::<u64>().is_ok()) {
            Self::Unsigned
        } else if all(is_double) {
            Self::Double
        } else {
            Self::Text
        }
    }

    /// What libraries for data sets call it.
    pub(in crate::io) fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Int => "int64",
            Self::Unsigned => "uint64",
            Self::Double => "float64",
            Self::Text => "string",
        }
    }

    fn physical(self) -> Physical {
        match self {
            Self::Bool => Physical::BOOLEAN,
            Self::Int | Self::Unsigned => Physical::INT64,
            Self::Double => Physical::DOUBLE,
            Self::Text => Physical::BYTE_ARRAY,
        }
    }

    fn logical(self) -> Option<LogicalType> {
        match self {
            Self::Unsigned => Some(LogicalType::integer(64, false)),
            Self::Text => Some(LogicalType::String),
            Self::Bool | Self::Int | Self::Double => None,
        }
    }
}

/// Whether a number is still the same once it is a double: from 2^53 on not every whole number is.
fn is_double(json: &str) -> bool {
    const MOST: u64 = 1 << 53;
    let digits = json.trim_start_matches('-');
    let is_whole = digits.bytes().all(|byte| byte.is_ascii_digit());
    let is_exact = !is_whole || digits.parse::<u64>().is_ok_and(|number| number <= MOST);
    is_exact && json.parse::<f64>().is_ok_and(f64::is_finite)
}

/// Writes columns of the same length. Numbers, true and false keep their type; everything else becomes a string.
pub(in crate::io) fn write(out: &mut (dyn Write + Send), columns: &[Column]) -> Result<(), ParquetError> {
    let kinds: Vec<Stored> = columns
        .iter()
        .map(|column| Stored::of(column.cells.iter().copied()))
        .collect();
    let fields = columns.iter().zip(&kinds).map(|(column, kind)| {
        Type::primitive_type_builder(column.name, kind.physical())
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(kind.logical())
            .build()
            .map(Arc::new)
    });
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    let schema = Arc::new(Type::group_type_builder("schema").with_fields(fields).build()?);
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .build();
    let mut writer = SerializedFileWriter::new(out, schema, Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    for (column, kind) in columns.iter().zip(kinds) {
        let Some(mut into) = group.next_column()? else {
            break;
        };
        let present = || {
            let cells = column.cells.iter().filter(|cell| !cell.is_null());
            cells.map(|cell| cell.as_str())
        };
        let levels: Vec<i16> = column
            .cells
            .iter()
            .map(|cell| i16::from(!cell.is_null()))
            .collect();
        let levels = Some(levels.as_slice());
        match kind {
            Stored::Bool => {
                let values: Vec<bool> = present().map(|value| value == "true").collect();
                into.typed::<BoolType>().write_batch(&values, levels, None)?;
            }
            Stored::Int => {
                let values: Vec<i64> = present().filter_map(|value| value.parse().ok()).collect();
                into.typed::<Int64Type>().write_batch(&values, levels, None)?;
            }
            Stored::Unsigned => {
                let bits = |value: &str| value.parse::<u64>().ok().map(u64::cast_signed);
                let values: Vec<i64> = present().filter_map(bits).collect();
                into.typed::<Int64Type>().write_batch(&values, levels, None)?;
            }
            Stored::Double => {
                let values: Vec<f64> = present().filter_map(|value| value.parse().ok()).collect();
                into.typed::<DoubleType>().write_batch(&values, levels, None)?;
            }
            Stored::Text => {
                let values: Vec<ByteArray> = present().map(ByteArray::from).collect();
                into.typed::<ByteArrayType>().write_batch(&values, levels, None)?;
            }
        }
        into.close()?;
    }
    group.close()?;
    writer.close().map(|_| ())
}

//! A value of a Parquet file as a cell: what is neither text nor of JSON's kinds is written as people write it.

use std::fmt::Write as _;

use parquet::basic::{ConvertedType, LogicalType, TimeUnit};
use parquet::record::Field;
use parquet::schema::types::Type;
use serde_json::Value;

use super::super::table::Cell;
use super::time::{self, Unit};

/// What the library's values leave out of a column's description: nanoseconds come as plain numbers, and whether a time is
/// that of UTC is not told. Of a list it is what is known of its elements.
pub(super) enum Shape {
    /// All that is to know is in the values.
    Plain,
    /// A moment, of UTC or of whatever place.
    Timestamp { unit: Unit, utc: bool },
    /// A time of day in nanoseconds.
    TimeNanos,
    /// An identifier of 16 bytes.
    Uuid,
    /// Fields of a group.
    Group(Vec<Self>),
    /// Keys and values of a map.
    Map(Box<(Self, Self)>),
}

impl Shape {
    pub(super) fn of(field: &Type) -> Self {
        if field.is_primitive() {
            return Self::of_primitive(field);
        }
        let inner = field.get_fields();
        match (field.get_basic_info().converted_type(), inner.first()) {
            (ConvertedType::LIST, Some(repeated)) => Self::of_element(repeated),
            (ConvertedType::MAP | ConvertedType::MAP_KEY_VALUE, Some(entry)) if entry.is_group() => {
                match entry.get_fields() {
                    [key, value] => Self::Map(Box::new((Self::of(key), Self::of(value)))),
                    [key] => Self::of(key),
                    _ => Self::Plain,
                }
            }
            _ => Self::Group(inner.iter().map(|field| Self::of(field)).collect()),
        }
    }

    /// That of a list's elements: of what is repeated, or of what that wraps, by the rules for files of older writers.
    fn of_element(repeated: &Type) -> Self {
        let name = repeated.name();
        let wraps = repeated.is_group() && name != "array" && !name.ends_with("_tuple");
        match repeated {
            Type::GroupType { fields, .. } if wraps && fields.len() == 1 => Self::of(&fields[0]),
            _ => Self::of(repeated),
        }
    }

    fn of_primitive(field: &Type) -> Self {
        match field.get_basic_info().logical_type_ref() {
            Some(LogicalType::Timestamp(moment)) => Self::Timestamp {
                unit: match moment.unit {
                    TimeUnit::MILLIS => Unit::Millis,
                    TimeUnit::MICROS => Unit::Micros,
                    TimeUnit::NANOS => Unit::Nanos,
                },
                utc: moment.is_adjusted_to_u_t_c,
            },
            Some(LogicalType::Time(time)) if time.unit == TimeUnit::NANOS => Self::TimeNanos,
            Some(LogicalType::Uuid) => Self::Uuid,
            _ => Self::Plain,
        }
    }
}

pub(super) fn cell(field: &Field, shape: &Shape) -> Cell {
    match json(field, shape) {
        Value::String(text) => Cell::Text(text),
        other => Cell::Json(other.to_string()),
    }
}

/// A value in JSON, which has no infinities, no dates, and strings for keys.
fn json(field: &Field, shape: &Shape) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Str(text) => Value::from(text.as_str()),
        Field::Bytes(bytes) => Value::from(bytes_as_text(bytes.data(), shape)),
        Field::Bool(value) => Value::from(*value),
        Field::Byte(value) => Value::from(*value),
        Field::Short(value) => Value::from(*value),
        Field::Int(value) => Value::from(*value),
        Field::Long(value) => match *shape {
            Shape::Timestamp { unit, utc } => Value::from(time::timestamp(*value, unit, utc)),
            Shape::TimeNanos => Value::from(time::time(*value, Unit::Nanos)),
            _ => Value::from(*value),
        },
        Field::UByte(value) => Value::from(*value),
        Field::UShort(value) => Value::from(*value),
        Field::UInt(value) => Value::from(*value),
        Field::ULong(value) => Value::from(*value),
        Field::Float16(value) => Value::from(f64::from(*value)),
        Field::Float(value) => Value::from(value.to_string().parse().unwrap_or(f64::from(*value))),
        Field::Double(value) => Value::from(*value),
        Field::Decimal(_) => Value::from(field.to_string()),
        // Not as the library writes these, which takes a day beyond its calendar for a reason to panic.
        Field::Date(day) => Value::from(time::date(*day)),
        Field::TimeMillis(count) => Value::from(time::time(i64::from(*count), Unit::Millis)),
        Field::TimeMicros(count) => Value::from(time::time(*count, Unit::Micros)),
        Field::TimestampMillis(count) => Value::from(time::timestamp(*count, Unit::Millis, is_utc(shape))),
        Field::TimestampMicros(count) => Value::from(time::timestamp(*count, Unit::Micros, is_utc(shape))),
        Field::Group(row) => {
            let shapes = match shape {
                Shape::Group(shapes) => shapes.as_slice(),
                _ => &[],
            };
            let fields = row.get_column_iter().enumerate();
            let entry = |(at, (name, field)): (usize, (&String, &Field))| {
                let shape = shapes.get(at).unwrap_or(&Shape::Plain);
                (name.clone(), json(field, shape))
            };
            Value::Object(fields.map(entry).collect())
        }
        Field::MapInternal(map) => {
            let (keys, values) = match shape {
                Shape::Map(both) => (&both.0, &both.1),
                _ => (&Shape::Plain, &Shape::Plain),
            };
            let entries = map.entries().iter();
            let entry = |(name, field): &(Field, Field)| {
                let name = cell(name, keys).as_str().to_string();
                (name, json(field, values))
            };
            Value::Object(entries.map(entry).collect())
        }
        Field::ListInternal(list) => {
            let elements = list.elements().iter();
            Value::Array(elements.map(|element| json(element, shape)).collect())
        }
    }
}

/// Files of old writers do not say of which place a time is; they wrote that of UTC.
fn is_utc(shape: &Shape) -> bool {
    !matches!(shape, Shape::Timestamp { utc: false, .. })
}

/// Bytes as text where they are some, which not every writer marks as such; else in hexadecimal, so that none is lost.
fn bytes_as_text(bytes: &[u8], shape: &Shape) -> String {
    let is_text = |text: &&str| !text.contains('\0');
    let is_uuid = matches!(shape, Shape::Uuid);
    if !is_uuid && let Some(text) = std::str::from_utf8(bytes).ok().filter(is_text) {
        return text.to_string();
    }
    let mut out = String::with_capacity(2 * bytes.len());
    for (at, byte) in bytes.iter().enumerate() {
        if is_uuid && matches!(at, 4 | 6 | 8 | 10) {
            out.push('-');
        }
        // A string takes whatever is written.
        let _ = write!(out, "{byte:02x}");
    }
    out
}

//! Files written and read back, those of other writers among them.

use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::data_type::{
    ByteArray, ByteArrayType, DataType, DoubleType, FixedLenByteArray, FixedLenByteArrayType, Int32Type,
    Int64Type,
};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;
use proptest::prelude::*;

use super::super::table::Cell;
use super::*;

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
    of_schema(parse_message_type(schema).expect("a schema"), fill)
}

fn of_schema(schema: Type, fill: impl FnOnce(&mut SerializedRowGroupWriter<'_, Vec<u8>>)) -> Vec<u8> {
    let properties = Arc::new(WriterProperties::builder().build());
    let mut writer = SerializedFileWriter::new(Vec::new(), Arc::new(schema), properties).expect("a writer");
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
fn a_day_beyond_the_calendar_is_a_day() {
    let schema = "message m { optional binary text (UTF8); optional int32 day (DATE); }";
    let bytes = nested(schema, |group| {
        let texts = ["a", "b"].map(ByteArray::from);
        put::<ByteArrayType>(group, &texts, &[1, 1], None);
        put::<Int32Type>(group, &[i32::MAX, 19_723], &[1, 1], None);
    });
    let (_, rows) = read(&bytes).expect("nobody needs the day");
    assert_eq!(rows[0].cells, [text("a"), text("+5881580-07-11")]);
    assert_eq!(rows[1].cells, [text("b"), text("2024-01-01")]);
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_string())
}

/// A file of one column of this type, with these values.
fn column<T: DataType>(physical: Physical, logical: Option<LogicalType>, values: &[T::T]) -> Vec<u8> {
    let field = Type::primitive_type_builder("x", physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_length(if physical == Physical::FIXED_LEN_BYTE_ARRAY {
            16
        } else {
            -1
        })
        .with_logical_type(logical)
        .build()
        .expect("a type");
    let schema = Type::group_type_builder("m").with_fields(vec![Arc::new(field)]);
    let levels = vec![1; values.len()];
    of_schema(schema.build().expect("a schema"), |group| {
        put::<T>(group, values, &levels, None);
    })
}

fn only(bytes: &[u8]) -> Vec<Cell> {
    let (_, rows) = read(bytes).expect("our own file");
    rows.into_iter().flat_map(|row| row.cells).collect()
}

#[test]
fn moments_are_written_as_their_column_describes_them() {
    // As pandas writes `datetime64[ns]`.
    let nanos = 1_704_067_200_000_000_001;
    for (logical, count, expected) in [
        (
            LogicalType::timestamp(false, TimeUnit::NANOS),
            nanos,
            "2024-01-01 00:00:00.000000001",
        ),
        (
            LogicalType::timestamp(true, TimeUnit::NANOS),
            nanos,
            "2024-01-01 00:00:00.000000001 +00:00",
        ),
        (
            LogicalType::timestamp(false, TimeUnit::MICROS),
            nanos / 1_000,
            "2024-01-01 00:00:00.000000",
        ),
        (
            LogicalType::timestamp(true, TimeUnit::MICROS),
            nanos / 1_000,
            "2024-01-01 00:00:00.000000 +00:00",
        ),
        (
            LogicalType::timestamp(false, TimeUnit::MILLIS),
            i64::MAX,
            "+292278994-08-17 07:12:55.807",
        ),
        (
            LogicalType::time(false, TimeUnit::NANOS),
            3_600_000_000_001,
            "01:00:00.000000001",
        ),
    ] {
        let bytes = column::<Int64Type>(Physical::INT64, Some(logical), &[count]);
        assert_eq!(only(&bytes), [text(expected)]);
    }
    // Where the description is inside a list, too.
    let schema = "message m {
        optional group when (LIST) {
            repeated group list { optional int64 element (TIMESTAMP(NANOS,false)); }
        }
    }";
    let bytes = nested(schema, |group| {
        put::<Int64Type>(group, &[nanos], &[3], Some(&[0]));
    });
    assert_eq!(
        only(&bytes),
        [Cell::Json(r#"["2024-01-01 00:00:00.000000001"]"#.into())]
    );
}

#[test]
fn bytes_that_are_no_text_are_not_spoilt() {
    let values = [&b"caf\xC3\xA9"[..], b"\x89PNG\xFF", b"a\0b"].map(ByteArray::from);
    let bytes = column::<ByteArrayType>(Physical::BYTE_ARRAY, None, &values);
    assert_eq!(only(&bytes), ["café", "89504e47ff", "610062"].map(text));
    // The bytes of an identifier may look like text.
    let id = FixedLenByteArray::from(b"0123456789abcdef".to_vec());
    let bytes =
        column::<FixedLenByteArrayType>(Physical::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::Uuid), &[id]);
    assert_eq!(only(&bytes), [text("30313233-3435-3637-3839-616263646566")]);
}

#[test]
fn numbers_are_written_so_that_none_loses_a_digit() {
    for (kind, values) in [
        (
            Stored::Int,
            &["-9223372036854775808", "9223372036854775807", "null"][..],
        ),
        (Stored::Unsigned, &["18446744073709551615", "7", "null"]),
        (Stored::Double, &["0.5", "null", "-2.0"]),
        (Stored::Double, &["9007199254740992", "0.5"]),
        (Stored::Text, &["9007199254740993", "0.5"]),
        (Stored::Text, &["18446744073709551615", "-1"]),
        (Stored::Text, &["18446744073709551616"]),
        (Stored::Bool, &["true", "null", "false"]),
        (Stored::Text, &["true", "1"]),
        (Stored::Text, &["[1]"]),
    ] {
        let cells: Vec<Cell> = values.iter().map(|json| Cell::Json((*json).into())).collect();
        assert_eq!(Stored::of(cells.iter()), kind, "{values:?}");
        let column = Column {
            name: "x",
            cells: cells.iter().collect(),
        };
        let mut out = Vec::new();
        write(&mut out, &[column]).expect("a vector takes it");
        let again = only(&out);
        for (found, cell) in again.iter().zip(&cells) {
            let same = match kind {
                Stored::Double => found.as_str().parse::<f64>() == cell.as_str().parse::<f64>(),
                Stored::Text => found.as_str() == cell.as_str(),
                _ => found == cell,
            };
            assert!(same, "{found:?} where {cell:?} was written");
        }
        assert_eq!(again.len(), cells.len());
    }
}

#[test]
fn what_cannot_be_read_is_named_by_row_and_column() {
    let schema = "message m { optional binary text (UTF8); optional binary note (UTF8); }";
    let bytes = nested(schema, |group| {
        let texts = ["a", "b"].map(ByteArray::from);
        put::<ByteArrayType>(group, &texts, &[1, 1], None);
        let notes = [&b"c"[..], b"\xFF"].map(ByteArray::from);
        put::<ByteArrayType>(group, &notes, &[1, 1], None);
    });
    let message = read(&bytes).expect_err("no text");
    assert!(
        message.starts_with("a.parquet: damaged or unsupported Parquet: row 2, column 'note': "),
        "{message}"
    );
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

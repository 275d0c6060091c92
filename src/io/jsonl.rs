//! One JSON object a line.

mod source;

use std::collections::HashMap;
use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::compression::stream_error;
use super::encoding::Utf8;
use super::error::{Error, one_line};
use super::table::{Cell, RecordReader, Row};

/// More keys than this that the first object does not have are values of their own kind, and no columns: a row has a cell
/// for each of them.
const MOST_KEYS: usize = 2000;

/// Reads objects one by one; the columns are the keys seen so far, in the order of their first appearance.
pub(super) struct Reader<'a> {
    path: PathBuf,
    stream: BufReader<Utf8<Box<dyn Read + 'a>>>,
    columns: Vec<String>,
    /// Where each key is among the columns.
    places: HashMap<String, usize>,
    /// How many columns there may be; known once there is one.
    most: usize,
    line: u64,
    buffer: Vec<u8>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(path: &Path, stream: Box<dyn Read + 'a>) -> Self {
        let stream = BufReader::with_capacity(1 << 16, Utf8::new(stream));
        Self {
            path: path.to_path_buf(),
            stream,
            columns: Vec::new(),
            places: HashMap::new(),
            most: 0,
            line: 0,
            buffer: Vec::new(),
        }
    }

    fn read(&mut self) -> Result<Option<Row>, Error> {
        loop {
            self.buffer.clear();
            let count = self.stream.read_until(b'\n', &mut self.buffer);
            if count.map_err(|error| stream_error(&self.path, &error))? == 0 {
                return Ok(None);
            }
            self.line += 1;
            if !self.buffer.iter().all(u8::is_ascii_whitespace) {
                break;
            }
        }
        if self.columns.is_empty() && self.buffer.trim_ascii_start().starts_with(b"[") {
            return Err(Error::WrongFormat {
                path: self.path.clone(),
                found: "a JSON array",
                advice: "write each object on a line of its own (.jsonl)",
            });
        }
        let Object(entries) = self.parse()?;
        Ok(Some(Row {
            line: self.line,
            cells: self.cells(entries)?,
        }))
    }

    /// The cells of an object, a column a key; a key that is new gets a column behind the others.
    fn cells(&mut self, entries: Vec<(String, Value)>) -> Result<Vec<Cell>, Error> {
        let is_first = self.columns.is_empty();
        let mut places = Vec::with_capacity(entries.len());
        for (key, _) in &entries {
            let place = self.places.get(key).copied().unwrap_or_else(|| {
                let place = self.columns.len();
                self.columns.push(key.clone());
                self.places.insert(key.clone(), place);
                place
            });
            places.push(place);
        }
        if is_first {
            self.most = self.columns.len() + MOST_KEYS;
        }
        if self.columns.len() > self.most {
            return Err(Error::ManyKeys {
                path: self.path.clone(),
                line: self.line,
                most: MOST_KEYS,
            });
        }
        let is_plain = |value: &Value| matches!(value, Value::String(_) | Value::Bool(_) | Value::Null);
        let sources = if entries.iter().all(|(_, value)| is_plain(value)) {
            Vec::new()
        } else {
            source::values(&self.buffer)
        };
        let mut sources = sources.into_iter();
        let mut cells = vec![Cell::Missing; self.columns.len()];
        for (place, (_, value)) in places.into_iter().zip(entries) {
            let source = sources.next();
            cells[place] = match (value, source) {
                (Value::String(text), _) => Cell::Text(text),
                (_, Some(source)) => Cell::Json(source),
                (other, None) => Cell::Json(other.to_string()),
            };
        }
        Ok(cells)
    }

    fn parse(&self) -> Result<Object, Error> {
        let broken = |error: serde_json::Error| Error::Json {
            path: self.path.clone(),
            line: self.line,
            column: error.column(),
            // Its own "at line 1 column 9" would contradict the line that is named before it.
            cause: one_line(&error)
                .split(" at line ")
                .next()
                .unwrap_or_default()
                .to_string(),
        };
        let mut parser = serde_json::Deserializer::from_slice(&self.buffer);
        match parser
            .deserialize_map(ObjectVisitor)
            .and_then(|object| parser.end().map(|()| object))
        {
            Ok(object) => Ok(object),
            // A value of another kind and a syntax error are told apart by parsing it as any value.
            Err(error) => Err(match serde_json::from_slice::<Value>(&self.buffer) {
                Ok(value) => Error::NotAnObject {
                    path: self.path.clone(),
                    line: self.line,
                    found: kind_of(&value),
                },
                Err(_) => broken(error),
            }),
        }
    }
}

impl RecordReader for Reader<'_> {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn guessed(&self) -> bool {
        self.stream.get_ref().guessed().is_so()
    }
}

impl Iterator for Reader<'_> {
    type Item = Result<Row, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}

/// Whether a text begins as JSON lines do, or as a list of objects, which is refused with advice.
pub(super) fn begins(text: &str) -> bool {
    let text = text.trim_start();
    let first = text.strip_prefix('[').unwrap_or(text).trim_start();
    first
        .strip_prefix('{')
        .is_some_and(|rest| rest.trim_start().starts_with('"'))
}

/// The cells of an object of a list, up to the last that it has; a key that is new gets a column behind the others, but for
/// those behind the first few thousand.
pub(super) fn cells(entries: Vec<(String, Value)>, columns: &mut Vec<String>) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (key, value) in entries {
        let at = match columns.iter().position(|column| *column == key) {
            Some(at) => at,
            None if columns.len() >= MOST_KEYS => continue,
            None => {
                columns.push(key);
                columns.len() - 1
            }
        };
        if cells.len() <= at {
            cells.resize(at + 1, Cell::Missing);
        }
        cells[at] = match value {
            Value::String(text) => Cell::Text(text),
            other => Cell::Json(other.to_string()),
        };
    }
    cells
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// An object with its keys in the order of the file.
pub(super) struct Object(pub(super) Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Object, M::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Object(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &[u8]) -> Result<(Vec<String>, Vec<Row>), String> {
        let mut reader = Reader::new(Path::new("a.jsonl"), Box::new(text));
        let rows = reader
            .by_ref()
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| error.to_string())?;
        Ok((reader.columns, rows))
    }

    #[test]
    fn keys_keep_the_order_of_the_file_and_values_their_type() {
        let text = "\u{feff}{\"text\":\"a\\n\u{e9}\",\"id\":7}\r\n\n{\"label\":null,\"text\":\"b\",\"more\":[1,{\"x\":2}]}\n";
        let (columns, rows) = read(text.as_bytes()).expect("two objects");
        assert_eq!(columns, ["text", "id", "label", "more"]);
        assert_eq!(
            rows[0],
            Row {
                line: 1,
                cells: vec![Cell::Text("a\né".into()), Cell::Json("7".into())]
            }
        );
        assert_eq!(rows[1].line, 3);
        assert_eq!(rows[1].cells[1..3], [Cell::Missing, Cell::Json("null".into())]);
        assert_eq!(rows[1].cells[3], Cell::Json("[1,{\"x\":2}]".into()));
    }

    #[test]
    fn what_is_no_string_stays_as_it_is_written() {
        let line = r#"{"text":"a","id":18446744073709551616,"p":0.10,"more":[1, {"b":"\u00e9","a":1.50}]}"#;
        let (_, rows) = read(line.as_bytes()).expect("an object");
        assert_eq!(
            rows[0].cells[1..],
            ["18446744073709551616", "0.10", r#"[1,{"b":"é","a":1.50}]"#].map(|json| Cell::Json(json.into()))
        );
        // Of a key that is given twice the last counts.
        let (_, rows) = read(br#"{"id":1,"text":"a","id":2.0}"#).expect("an object");
        assert_eq!(rows[0].cells, [Cell::Json("2.0".into()), Cell::Text("a".into())]);
    }

    #[test]
    fn keys_that_are_values_are_refused_before_they_fill_the_memory() {
        let lines = |count: usize| -> String {
            let line = |at| format!("{{\"review {at}\":\"good\"}}\n");
            (1..=count).map(line).collect()
        };
        let (columns, _) = read(lines(MOST_KEYS + 1).as_bytes()).expect("a sparse table");
        assert_eq!(columns.len(), MOST_KEYS + 1);
        assert_eq!(
            read(lines(30_000).as_bytes()).expect_err("refused"),
            "a.jsonl: line 2002: more than 2000 keys that the first line does not have; a table has the same keys in every line"
        );
        // However many the first object has, a table has them.
        let keys = |count: usize| -> String { (0..count).map(|at| format!("\"k{at}\":{at},")).collect() };
        let wide = format!("{{{}\"text\":\"a\"}}\n", keys(5_000));
        let (columns, rows) = read(wide.repeat(3).as_bytes()).expect("a wide table");
        assert_eq!((columns.len(), rows.len()), (5_001, 3));
        assert_eq!(rows[2].cells[4_999], Cell::Json("4999".into()));
    }

    #[test]
    fn keys_of_a_list_that_are_values_get_no_columns() {
        let mut columns = Vec::new();
        for at in 0..30_000 {
            let entries = vec![(format!("k{at}"), Value::from(at))];
            let cells = cells(entries, &mut columns);
            let expected = if at < MOST_KEYS { at + 1 } else { 0 };
            assert_eq!(cells.len(), expected);
        }
        assert_eq!(columns.len(), MOST_KEYS);
    }

    #[test]
    fn faults_name_the_line_and_column() {
        let message = |text: &str| read(text.as_bytes()).expect_err("refused");
        assert_eq!(
            message("{\"text\":\"a\"}\n{\"text\" \"b\"}\n"),
            "a.jsonl: line 2, column 9: broken JSON: expected `:`"
        );
        assert!(
            message("{\"text\":\"a\"")
                .starts_with("a.jsonl: line 1, column 11: broken JSON: EOF while parsing")
        );
        assert!(message("{} x").contains("broken JSON: trailing characters"));
        assert_eq!(
            message("{\"text\":\"a\"}\n\"b\"\n"),
            "a.jsonl: line 2: a string, where each line must be a JSON object such as {\"text\": \"...\"}"
        );
        assert_eq!(
            message(" [{\"text\":\"a\"}]"),
            "a.jsonl: is a JSON array; write each object on a line of its own (.jsonl)"
        );
        assert!(
            read(b"{\"text\":\"\xC3\xA9\xFF\"}")
                .expect_err("bad")
                .contains("line 1, byte 11: not UTF-8")
        );
    }

    #[test]
    fn deep_nesting_is_an_error_and_not_a_crash() {
        let text = format!("{{\"a\":{}", "[".repeat(1_000_000));
        assert!(
            read(text.as_bytes())
                .expect_err("too deep")
                .contains("broken JSON: recursion limit exceeded")
        );
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }

        #[test]
        fn almost_json_never_panics(text in "[{}\\[\\]\":,0-9a-e\\\\.\n -]{0,60}") {
            let _ = read(text.as_bytes());
        }
    }
}

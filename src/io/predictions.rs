//! Writing a table back with what a classifier says of each row.

use std::io::{self, BufWriter, Write};
use std::path::Path;

use flate2::write::GzEncoder;
use serde_json::Value;

use super::atomic::write_atomic;
use super::compression::{Compression, Kind, is_workbook, kind_of};
use super::csv::{Style, write_row};
use super::error::Error;
use super::overwrite::check_file;
use super::parquet::{self, Column};
use super::table::{Cell, Table};
use super::warnings::Warning;
use crate::host::zstd;

/// What a classifier says of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The most probable label.
    pub label: String,
    /// Probability of the label, 0 to 1.
    pub confidence: f32,
}

/// Where predictions go.
#[derive(Clone, Copy, Debug)]
pub enum Sink<'a> {
    /// A file in the format of its ending, also `.gz` and `.zst`; CSV for an ending that is not known.
    File(&'a Path),
    /// Standard output: JSON lines for a table of JSON lines, CSV for any other.
    Stdout,
}

/// Whether predictions can be written to this file: asked before the work whose result they are.
///
/// # Errors
/// It is a workbook by its name, which would hold something else; it is the file of the texts, or one that is there and that
/// nobody asked to overwrite; or [`write_predictions`] could not begin to write there.
pub fn check_output(path: &Path, input: Option<&Path>, overwrite: bool) -> Result<(), Error> {
    if is_workbook(path) {
        return Err(Error::NoWorkbook {
            path: path.to_path_buf(),
        });
    }
    check_file(path, input, overwrite)
}

/// Writes every column of `table` and two more, `label` and `confidence`, called `predicted_label` and
/// `predicted_confidence` where the table already has one of these names, and so on until it has neither. A row
/// without a prediction gets empty ones.
///
/// A file is written whole or not at all. A CSV file has the delimiter of the one that was read, and says that it is Unicode
/// where that did, so that a spreadsheet program opens the one as it opens the other.
///
/// # Errors
/// The file cannot be written. A reader of the standard output that stops reading is not an error.
///
/// # Panics
/// If there is not one prediction a row.
pub fn write_predictions(table: &Table, predictions: &[Option<Prediction>], sink: Sink) -> Result<(), Error> {
    assert_eq!(table.len(), predictions.len(), "one prediction a row");
    let output = Output::new(table, predictions);
    match sink {
        Sink::Stdout => {
            let kind = if kind_of(&table.path).0 == Some(Kind::Jsonl) {
                Kind::Jsonl
            } else {
                Kind::Csv
            };
            let mut out = BufWriter::new(io::stdout().lock());
            let written = output.write(&mut out, kind, Style::PLAIN);
            match written.and_then(|()| out.flush()) {
                // `unfreeze classify | head` is a normal thing to do.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                result => result.map_err(|error| Error::write(Path::new("standard output"), &error)),
            }
        }
        Sink::File(path) => {
            let (kind, compression) = kind_of(path);
            let kind = kind.unwrap_or(Kind::Csv);
            let style = output.style(kind);
            write_atomic(path, |out| match compression {
                Compression::None => output.write(out, kind, style),
                Compression::Gzip => {
                    let mut gzip = GzEncoder::new(out, flate2::Compression::default());
                    output.write(&mut gzip, kind, style)?;
                    gzip.finish().map(|_| ())
                }
                Compression::Zstd => {
                    let mut zstd = zstd::Encoder::new(out)?;
                    output.write(&mut zstd, kind, style)?;
                    zstd.finish().map(|_| ())
                }
            })
        }
    }
}

struct Output<'a> {
    table: &'a Table,
    /// Names of the two new columns.
    names: [String; 2],
    /// The two new cells of each row.
    cells: Vec<[Cell; 2]>,
}

impl<'a> Output<'a> {
    fn new(table: &'a Table, predictions: &[Option<Prediction>]) -> Self {
        let mut names = ["label", "confidence"].map(str::to_string);
        while names.iter().any(|name| table.columns.contains(name)) {
            names = names.map(|name| format!("predicted_{name}"));
        }
        let cells = predictions.iter().map(|prediction| match prediction {
            Some(prediction) => [
                Cell::Text(prediction.label.clone()),
                Cell::Json(format!("{:.4}", prediction.confidence)),
            ],
            None => [Cell::Json("null".to_string()), Cell::Json("null".to_string())],
        });
        Self {
            table,
            names,
            cells: cells.collect(),
        }
    }

    fn columns(&self) -> impl Iterator<Item = &str> {
        self.table.columns.iter().chain(&self.names).map(String::as_str)
    }

    fn rows(&self) -> impl Iterator<Item = impl Iterator<Item = &Cell>> {
        self.table
            .rows
            .iter()
            .zip(&self.cells)
            .map(|(row, added)| row.cells.iter().chain(added))
    }

    /// How a delimited file of this kind is written.
    fn style(&self, kind: Kind) -> Style {
        let is_ascii = |cell: &Cell| cell.as_str().is_ascii();
        let was_ascii = self.columns().all(str::is_ascii)
            && (self.table.rows.iter()).all(|row| row.cells.iter().all(is_ascii));
        let was_csv = kind_of(&self.table.path).0 == Some(Kind::Csv);
        let style = match self.table.style {
            // Tabs are for files of their own kind.
            Some(style) if style.delimiter == '\t' && !was_csv => Style {
                marked: style.marked,
                ..Style::PLAIN
            },
            Some(style) => style,
            None => Style::PLAIN,
        };
        // Whoever has read UTF-8 without being told does so again.
        let is_known = self.table.style.is_some() && !was_ascii && !self.was_recoded();
        let is_ascii = was_ascii && self.cells.iter().flatten().all(is_ascii);
        let needs_mark = !(is_known || is_ascii);
        match kind {
            Kind::Tsv => Style {
                delimiter: '\t',
                named: false,
                marked: style.marked,
            },
            _ => Style {
                marked: style.marked || needs_mark,
                ..style
            },
        }
    }

    /// Whether the table was in another encoding, which every program has its own idea of.
    fn was_recoded(&self) -> bool {
        let guessed = |warning: &Warning| matches!(warning, Warning::Guessed { .. });
        self.table.recoded || self.table.warnings.iter().any(guessed)
    }

    /// `style` is that of delimited text.
    fn write(&self, out: &mut dyn Write, kind: Kind, style: Style) -> io::Result<()> {
        match kind {
            Kind::Jsonl => self.write_json(out),
            Kind::Parquet => self.write_parquet(out),
            Kind::Tsv | Kind::Csv | Kind::Text => self.write_delimited(out, style),
            // Refused by [`check_output`] before there was anything to write.
            Kind::Workbook => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn write_delimited(&self, out: &mut dyn Write, style: Style) -> io::Result<()> {
        style.write(out)?;
        // A column that had no name in the header gets none: that it was called by its place is ours alone.
        let names = self.columns().enumerate().map(|(at, name)| {
            if self.table.unnamed.contains(&at) {
                ""
            } else {
                name
            }
        });
        write_row(out, style.delimiter, names)?;
        self.rows()
            .try_for_each(|row| write_row(out, style.delimiter, row.map(Cell::as_str)))
    }

    fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        for row in self.rows() {
            let present = self
                .columns()
                .zip(row)
                .filter(|(_, cell)| **cell != Cell::Missing);
            for (at, (name, cell)) in present.enumerate() {
                write!(out, "{}{}: ", if at == 0 { "{" } else { ", " }, Value::from(name))?;
                match cell {
                    Cell::Json(json) => out.write_all(json.as_bytes())?,
                    other => write!(out, "{}", Value::from(other.as_str()))?,
                }
            }
            out.write_all(b"}\n")?;
        }
        Ok(())
    }

    fn write_parquet(&self, out: &mut dyn Write) -> io::Result<()> {
        let columns: Vec<Column> = self
            .columns()
            .enumerate()
            .map(|(at, name)| Column {
                name,
                cells: self.rows().filter_map(|mut row| row.nth(at)).collect(),
            })
            .collect();
        // The format's writer wants an output that can change threads; the bytes are small beside the table
        // itself.
        let mut bytes = Vec::new();
        parquet::write(&mut bytes, &columns).map_err(io::Error::other)?;
        out.write_all(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::{TableOptions, parse_table, read_table};
    use std::fs;

    fn predicted(count: usize) -> Vec<Option<Prediction>> {
        let one = |at| {
            (at != 1).then(|| Prediction {
                label: "p\"os".to_string(),
                confidence: 0.87654,
            })
        };
        (0..count).map(one).collect()
    }

    fn written(name: &str, input: impl AsRef<[u8]>, out: &str) -> String {
        let options = TableOptions {
            keep_empty_texts: true,
            ..TableOptions::default()
        };
        let table = parse_table(Path::new(name), input.as_ref(), &options).expect("a table");
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join(out);
        write_predictions(&table, &predicted(table.len()), Sink::File(&path)).expect("written");
        if kind_of(&path) == (Some(Kind::Csv), Compression::None) || kind_of(&path).0 == Some(Kind::Jsonl) {
            return fs::read_to_string(&path).expect("text");
        }
        let again = read_table(&path, &options).expect("a table");
        format!(
            "{:?} {:?}",
            again.columns,
            again.rows.iter().map(|row| &row.cells[..]).collect::<Vec<_>>()
        )
    }

    #[test]
    fn columns_are_kept_and_two_added() {
        let csv = written("a.csv", "id,text\n1,\"a, b\"\n2,\n", "b.csv");
        assert_eq!(
            csv,
            "id,text,label,confidence\n1,\"a, b\",\"p\"\"os\",0.8765\n2,,,\n"
        );
        let named = written("a.csv", "label,text\nx,a\ny,b\n", "b.csv");
        assert!(
            named.starts_with("label,text,predicted_label,predicted_confidence\n"),
            "{named}"
        );
        let plain = written("a.txt", "one text\nmore\n", "b.csv");
        assert_eq!(
            plain,
            "text,label,confidence\none text,\"p\"\"os\",0.8765\nmore,,\n"
        );
    }

    #[test]
    fn no_column_is_written_twice() {
        let own = "row,text,label,answer,predicted_label,confidence";
        let input = format!("{own}\n1,a,x,label,y,0.5\n2,b,,,y,0.5\n");
        let added = "predicted_predicted_label,predicted_predicted_confidence";
        let csv = written("a.csv", &input, "b.csv");
        assert_eq!(csv.lines().next(), Some(format!("{own},{added}").as_str()));
        let json = written("a.csv", &input, "b.jsonl");
        let first = json.lines().next().expect("a line");
        assert_eq!(first.matches("\"predicted_label\": ").count(), 1, "{first}");
        // Of two names one is enough to rename both.
        let input = "text,predicted_confidence,label\na,1,x\nb,2,y\n";
        let csv = written("a.csv", input, "b.csv");
        let header =
            "text,predicted_confidence,label,predicted_predicted_label,predicted_predicted_confidence";
        assert_eq!(csv.lines().next(), Some(header));
    }

    #[test]
    fn csv_is_written_as_it_was_read_or_as_spreadsheet_programs_want_it() {
        let first = |name: &str, input: &[u8], out: &str| {
            let text = written(name, input, out);
            text.lines().next().unwrap_or_default().to_string()
        };
        let utf16 = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        let marked = "\u{feff}";
        for (name, input, expected) in [
            // As Excel writes "CSV UTF-8" in Germany.
            (
                "a.csv",
                "\u{feff}id;text\r\n1;Ärger\r\n2;x\r\n".as_bytes(),
                "\u{feff}id;text;label;confidence",
            ),
            (
                "a.csv",
                "id;text\n1;Ärger\n2;x\n".as_bytes(),
                "id;text;label;confidence",
            ),
            (
                "a.csv",
                b"id;text\n1;\xC4rger\n2;x\n",
                "\u{feff}id;text;label;confidence",
            ),
            (
                "a.csv",
                "\u{feff}id|text\n1|a\n2|b\n".as_bytes(),
                "\u{feff}id|text|label|confidence",
            ),
            ("a.csv", b"id\ttext\n1\ta\n2\tb\n", "id\ttext\tlabel\tconfidence"),
            ("a.tsv", b"id\ttext\n1\ta\n2\tb\n", "id,text,label,confidence"),
            ("a.csv", b"sep=;\nid;text\n1;a\n2;b\n", "sep=;"),
            // Nothing that was read says how: as in a table that the window writes.
            (
                "a.jsonl",
                "{\"text\":\"Ärger\"}\n{\"text\":\"x\"}\n".as_bytes(),
                "\u{feff}text,label,confidence",
            ),
            (
                "a.jsonl",
                b"{\"text\":\"a\"}\n{\"text\":\"b\"}\n",
                "text,label,confidence",
            ),
        ] {
            assert_eq!(first(name, input, "b.csv"), expected, "{name}");
        }
        let options = TableOptions {
            encoding: Some("windows-1251".parse().expect("its name")),
            ..TableOptions::default()
        };
        let table = parse_table(Path::new("a.csv"), b"id,text\n1,\xCF\xF0\n", &options).expect("a table");
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("b.csv");
        write_predictions(&table, &predicted(1), Sink::File(&path)).expect("written");
        let named = fs::read_to_string(&path).expect("text");
        assert!(named.starts_with("\u{feff}id,text,label"), "{named}");
        let unicode = utf16(&format!("{marked}id\ttext\n1\tÄrger\n2\tx\n"));
        assert_eq!(
            first("a.txt", &unicode, "b.csv"),
            format!("{marked}id,text,label,confidence")
        );
        // Whatever the first line, the file is read again.
        let options = TableOptions::default();
        let named = written("a.csv", b"\xEF\xBB\xBFsep=;\nid;text\n1;\xC3\x84\n2;b\n", "b.csv");
        assert!(
            named.starts_with("\u{feff}sep=;\nid;text;label;confidence\n1;Ä;"),
            "{named}"
        );
        let again = parse_table(Path::new("b.csv"), named.as_bytes(), &options).expect("a table");
        assert_eq!(again.columns, ["id", "text", "label", "confidence"]);
    }

    #[test]
    fn a_workbook_is_no_output() {
        let dir = tempfile::tempdir().expect("a directory");
        let check = |name: &str, overwrite| check_output(&dir.path().join(name), None, overwrite);
        let fault = |name: &str| check(name, false).map_err(|error| error.to_string());
        for name in ["a.xlsx", "a.ODS", "a.xls.gz", "a.numbers"] {
            let message = fault(name).expect_err("refused");
            assert!(
                message.contains(&format!("{name}: workbooks are read but not written")),
                "{message}"
            );
        }
        for name in ["a.csv", "a.jsonl.zst", "a.labels"] {
            assert_eq!(fault(name), Ok(()), "{name}");
        }
        let missing = fault("no/a.csv").expect_err("refused");
        assert!(missing.ends_with("the directory does not exist"), "{missing}");
        fs::write(dir.path().join("mine.csv"), "text,label\n").expect("written");
        let kept = fault("mine.csv").expect_err("refused");
        assert!(kept.contains("the file exists"), "{kept}");
        check("mine.csv", true).expect("it was asked for");
    }

    #[test]
    fn columns_without_a_name_stay_without_one() {
        let input =
            "v1,v2,,\nham,\"Go until jurong point, crazy\",,\nspam,Free entry in a weekly prize,to win,\n";
        let csv = written("a.csv", input, "b.csv");
        assert_eq!(csv.lines().next(), Some("v1,v2,,,label,confidence"));
        let json = written("a.csv", input, "b.jsonl");
        assert!(
            json.contains("\"column3\": \"to win\", \"column4\": \"\""),
            "{json}"
        );
        // The rows' numbers as pandas writes them.
        let numbered = written("a.csv", ",text\n0,one text\n1,another\n", "b.csv");
        assert_eq!(numbered.lines().next(), Some("\"\",text,label,confidence"));
    }

    #[test]
    fn json_lines_keep_their_types_and_missing_keys() {
        let input = "{\"text\":\"a\\u00e9\",\"n\":3}\n{\"text\":\"b\",\"tags\":[1]}\n";
        let json = written("a.jsonl", input, "b.jsonl");
        assert_eq!(
            json,
            "{\"text\": \"aé\", \"n\": 3, \"label\": \"p\\\"os\", \"confidence\": 0.8765}\n\
             {\"text\": \"b\", \"tags\": [1], \"label\": null, \"confidence\": null}\n"
        );
    }

    #[test]
    fn other_formats_read_back_the_same() {
        let input = "id,text\n1,\"a, b\"\n2,c\n";
        for out in ["b.tsv", "b.csv.gz", "b.tsv.zst"] {
            let text = written("a.csv", input, out);
            assert!(
                text.contains("[Text(\"1\"), Text(\"a, b\"), Text(\"p\\\"os\"), Text(\"0.8765\")]"),
                "{out}: {text}"
            );
        }
        let parquet = written("a.csv", input, "b.parquet");
        assert!(
            parquet.contains("Text(\"p\\\"os\"), Json(\"0.8765\")]"),
            "{parquet}"
        );
        assert!(
            parquet.contains("Text(\"c\"), Json(\"null\"), Json(\"null\")]"),
            "{parquet}"
        );
    }
}

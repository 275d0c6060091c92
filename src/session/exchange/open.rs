//! Opening what the user dropped, pasted or chose.

use std::path::{Path, PathBuf};

use super::background::{Background, Wake, Watch};
use super::dialog::let_go;
use super::reading::{NotRead, Reading};
use super::sheet::Sheet;
use crate::io::exchange::{is_of_a_tool, read_labels_as};
use crate::io::{TableOptions, is_unread_workbook, parse_table, read_table_watched};
use crate::session::jobs::demo::MESSAGES;

/// What the built-in sample is called.
pub const SAMPLE_NAME: &str = "the built-in sample";

/// Where texts come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file, or a folder as data set libraries write them.
    File(PathBuf),
    /// A file's contents under its name, as a browser gives them.
    Bytes {
        /// The file's name.
        name: String,
        /// Its contents.
        bytes: Vec<u8>,
    },
    /// Text from the clipboard: a text a line, or cells of a spreadsheet.
    Pasted(String),
    /// The built-in sample.
    Sample,
}

impl Source {
    /// What it is called.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => file_name(path),
            Self::Bytes { name, .. } => name.clone(),
            Self::Pasted(_) => "pasted".into(),
            Self::Sample => SAMPLE_NAME.into(),
        }
    }

    /// The file, if they are in one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            _ => None,
        }
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map_or_else(
        || path.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}

/// Reads a table beside the window. A file that may be read again in another encoding stays.
pub fn open(source: Source, wake: Wake) -> Background<Result<Sheet, NotRead>> {
    Background::start(size(&source), wake, move |watch| {
        let path = source.path().map(Path::to_path_buf);
        // What came of it knows the file, and lets go of it in turn.
        read(source, Reading::default(), watch).inspect_err(|refused| {
            if !refused.has_remedy() {
                path.iter().for_each(|path| let_go(path));
            }
        })
    })
}

/// Reads a table that was read before, otherwise than was guessed. Whatever comes of it, the file stays: what was read first
/// still knows it.
pub fn open_again(source: Source, reading: Reading, wake: Wake) -> Background<Result<Sheet, NotRead>> {
    Background::start(size(&source), wake, move |watch| read(source, reading, watch))
}

/// How many bytes are read of a file; none of what is no file.
fn size(source: &Source) -> u64 {
    match source {
        Source::File(path) => crate::host::fs::metadata(path)
            .ok()
            .filter(crate::host::fs::Metadata::is_file)
            .map_or(0, |data| data.len()),
        _ => 0,
    }
}

fn read(source: Source, reading: Reading, watch: &Watch) -> Result<Sheet, NotRead> {
    let called = source.name();
    if is_unread_workbook(Path::new(&called)) {
        return Err(format!(
            "{called}: workbooks of this kind cannot be read; save it as .xlsx (in Numbers: File, Export To, Excel) and open \
             that, or copy its cells and paste them here"
        )
        .into());
    }
    let options = TableOptions {
        encoding: match source {
            Source::File(_) | Source::Bytes { .. } => reading.encoding,
            Source::Pasted(_) | Source::Sample => None,
        },
        ..reading.options()
    };
    let parse = |name: &str, bytes: &[u8]| -> Result<Sheet, NotRead> {
        Ok(Sheet::of_table(parse_table(Path::new(name), bytes, &options)?))
    };
    let (mut sheet, path) = match source {
        Source::File(path) => {
            let sheet = if is_of_a_tool(&path, options.encoding)? {
                Sheet::of_labels(read_labels_as(&path, &options)?)
            } else {
                let go_on = || watch.goes_on();
                Sheet::of_table(read_table_watched(&path, &options, &watch.progress, &go_on)?)
            };
            (sheet, Some(path))
        }
        Source::Bytes { name, bytes } => (parse(&name, &bytes)?, None),
        Source::Pasted(text) => {
            // Cells copied from a spreadsheet come with tabs between them.
            let name = if is_grid(&text) || has_broken_cells(&text) {
                "pasted.tsv"
            } else {
                "pasted.txt"
            };
            // Nobody can say of it that it is in another encoding.
            let sheet = parse(name, text.as_bytes()).map_err(|refused| NotRead::from(refused.why))?;
            (sheet, None)
        }
        Source::Sample => {
            let mut sheet = parse("sample.csv", MESSAGES)?;
            let set = sheet.columns.iter().position(|column| column == "set");
            sheet.given_where = set.map(|set| (set, "labelled"));
            (sheet, None)
        }
    };
    if u32::try_from(sheet.rows.len()).is_err() {
        return Err(format!("{called}: more than four thousand million rows; split the file").into());
    }
    sheet.name = match &path {
        Some(path) => stem(path),
        None if called == SAMPLE_NAME => "sample".into(),
        None => stem(Path::new(&called)),
    };
    sheet.source = called;
    sheet.path = path;
    Ok(sheet)
}

/// The file's name without its endings.
fn stem(path: &Path) -> String {
    let name = file_name(path);
    match name.split_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem.to_string(),
        _ => name,
    }
}

/// Whether every line has as many tabs as the first, and that has some.
fn is_grid(text: &str) -> bool {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let tabs = |line: &str| line.matches('\t').count();
    lines
        .next()
        .is_some_and(|first| tabs(first) > 0 && lines.all(|line| tabs(line) == tabs(first)))
}

/// Whether a text is rows of as many cells each, at least one of which has line breaks in it: a spreadsheet puts such cells in
/// quotes.
fn has_broken_cells(text: &str) -> bool {
    let (mut rest, mut cells, mut width, mut broken) = (text, 0, None, false);
    loop {
        let Some(cell) = first_cell(rest) else {
            return false;
        };
        broken |= cell.contains('\n');
        rest = &rest[cell.len()..];
        cells += 1;
        if let Some(next) = rest.strip_prefix('\t') {
            rest = next;
            continue;
        }
        let is_blank = cells == 1 && cell.chars().all(|letter| letter == '\r');
        if !is_blank && *width.get_or_insert(cells) != cells {
            return false;
        }
        cells = 0;
        match rest.find('\n') {
            Some(end) => rest = &rest[end + 1..],
            None => return broken,
        }
    }
}

/// The cell that a text begins with, its quotes included; `None` where a quote does not end where the cell does, as in prose.
fn first_cell(text: &str) -> Option<&str> {
    let bare = |from: usize| {
        let length = text[from..].find(['\t', '\n']);
        &text[..length.map_or(text.len(), |length| from + length)]
    };
    if !text.starts_with('"') {
        return Some(bare(0));
    }
    let mut from = 1;
    loop {
        let close = from + text[from..].find('"')?;
        let behind = &text[close + 1..];
        if behind.starts_with('"') {
            from = close + 2;
            continue;
        }
        let cell = &text[..=close];
        return if behind.is_empty() || ["\t", "\n", "\r\n"].iter().any(|end| behind.starts_with(end)) {
            // A quote that reaches over tabs and line ends together was not meant to open a cell.
            (!cell.contains('\t') || !cell.contains('\n')).then_some(cell)
        } else {
            // These quotes are part of the cell: `"Up" is a film`.
            (!cell.contains('\n')).then(|| bare(close + 1))
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(source: Source) -> Result<Sheet, String> {
        read(source, Reading::default(), &Watch::default()).map_err(|refused| refused.why)
    }

    #[test]
    fn the_sample_has_a_hundred_given_labels() {
        let sheet = opened(Source::Sample).unwrap();
        assert_eq!((sheet.rows.len(), sheet.name.as_str()), (600, "sample"));
        let labels = sheet.labels(sheet.label_column.unwrap(), 0..600);
        assert_eq!(labels.len(), 6);
        assert_eq!(labels.iter().map(|(_, rows)| rows.len()).sum::<usize>(), 100);
    }

    #[test]
    fn pasted_lines_are_texts_and_pasted_cells_are_a_table() {
        let lines = opened(Source::Pasted("one thing, or two\nanother thing\n".into())).unwrap();
        assert_eq!((lines.columns.len(), lines.rows.len()), (1, 2));
        assert_eq!(lines.text(0, &lines.text_columns), "one thing, or two");
        let cells = opened(Source::Pasted(
            "text\tlabel\nnot so good\tneg\nvery good\tpos\n".into(),
        ))
        .unwrap();
        assert_eq!((cells.columns.len(), cells.rows.len()), (2, 2));
        assert_eq!(cells.label_column, Some(1));
        let csv = opened(Source::Pasted("label,text\nneg,\"a, b\"\npos,c d\n".into())).unwrap();
        assert_eq!(csv.text(0, &csv.text_columns), "a, b");
    }

    #[test]
    fn a_pasted_cell_with_line_breaks_is_one_text() {
        let pasted = |text: &str| {
            let sheet = opened(Source::Pasted(text.into())).unwrap();
            let texts = (0..sheet.rows.len()).map(|row| sheet.text(row, &sheet.text_columns));
            (texts.collect::<Vec<_>>(), sheet.columns)
        };
        let (texts, _) =
            pasted("\"Hello,\nthe parcel \"\"A\"\" is late\"\nWhere is my parcel?\n\"Up\" is a film.\n");
        assert_eq!(
            texts,
            [
                "Hello,\nthe parcel \"A\" is late",
                "Where is my parcel?",
                "\"Up\" is a film."
            ]
        );
        let (texts, columns) = pasted("text\tid\r\n\"Hello,\nit is late\"\t1\r\n\r\nGood day.\t2\r\n");
        assert_eq!(
            (texts, columns.len()),
            (vec!["Hello,\nit is late".into(), "Good day.".into()], 2)
        );
        // Quotes of prose, and of a comma-separated table.
        let (texts, _) = pasted("\"Hello,\nit is late\", he said.\nGood day.\n");
        assert_eq!(texts.len(), 3);
        assert_eq!(pasted("\"I am late.\nGood day.\n").0.len(), 2);
        assert_eq!(pasted("text,label\n\"a\nb\",x\nc d,y\n").0, ["a\nb", "c d"]);
    }

    #[test]
    fn failures_name_the_place_and_no_option_of_the_terminal() {
        let dir = tempfile::tempdir().unwrap();
        let failure = |name: &str, bytes: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            opened(Source::File(path)).unwrap_err()
        };
        let numbers = failure("a.csv", b"a,b\n1,2\n3,4\n");
        assert!(
            numbers.contains("no column holds text") && !numbers.contains("--"),
            "{numbers}"
        );
        assert!(failure("b.csv", b"text,label\na,b,c\n").contains("line 2 has 3 fields"));
        assert!(failure("c.csv", b"PK\x03\x04").contains("save the sheet as CSV"));
        assert!(failure("c.xlsx", b"PK\x03\x04").contains("or the sheet as CSV"));
        assert!(failure("c.numbers", b"PK\x03\x04").contains("save it as .xlsx"));
        assert!(failure("d.docx", b"x").contains("not a table"));
        assert!(failure("e.json", b"[{").contains("broken JSON"));
        assert!(opened(Source::Pasted("  \n".into())).is_err());
    }

    #[test]
    fn tasks_of_a_labelling_tool_open_as_texts_with_labels() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tasks.json");
        let task = r#"[{"data":{"text":"a b"},"annotations":[{"result":[{"value":{"choices":["x"]}}]}]}]"#;
        std::fs::write(&path, task).unwrap();
        let sheet = opened(Source::File(path)).unwrap();
        assert_eq!((sheet.cell(0, 0), sheet.label(0, 1)), ("a b", Some("x")));
    }

    #[test]
    fn everything_else_that_a_tool_wrote_is_there_for_the_export() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tasks.json");
        let tasks = r#"[{"id":7,"data":{"text":"a b","label":"old","key":"k1"},"annotations":[]},
                        {"id":8,"data":{"text":"c d","text_2":"more"},"annotations":[]}]"#;
        std::fs::write(&path, tasks).unwrap();
        let sheet = opened(Source::File(path)).unwrap();
        assert_eq!(
            sheet.columns,
            ["text", "label", "id", "original_label", "key", "text_2"]
        );
        assert_eq!(sheet.rows[0].cells, ["a b", "", "7", "old", "k1", ""]);
        assert_eq!(sheet.rows[1].cells, ["c d", "", "8", "", "", "more"]);
        assert_eq!((sheet.text_columns, sheet.label_column), (vec![0], Some(1)));
    }

    #[test]
    fn that_an_encoding_is_guessed_is_known() {
        let bytes = |name: &str, bytes: &[u8]| {
            let (name, bytes) = (name.to_string(), bytes.to_vec());
            opened(Source::Bytes { name, bytes }).unwrap()
        };
        let sheet = bytes("a.csv", b"text;label\r\ncaf\xE9;x\r\n");
        assert_eq!((sheet.cell(0, 0), sheet.guessed), ("café", true));
        assert!(!bytes("a.csv", "text;label\r\ncafé;x\r\n".as_bytes()).guessed);
    }

    #[test]
    fn what_was_guessed_of_a_table_can_be_said() {
        let again = |bytes: &[u8], reading: Reading| {
            let (name, bytes) = ("a.csv".to_string(), bytes.to_vec());
            read(Source::Bytes { name, bytes }, reading, &Watch::default()).unwrap()
        };
        let bytes = b"the parcel came late,bad\nall is well with the order,good\n";
        let says = |header| Reading {
            header: Some(header),
            ..Reading::default()
        };
        let (with, without) = (again(bytes, says(true)), again(bytes, says(false)));
        assert_eq!(
            (with.rows.len(), with.has_header, with.guessed_header),
            (1, true, true)
        );
        assert_eq!(with.columns, ["the parcel came late", "bad"]);
        assert_eq!((without.rows.len(), without.has_header), (2, false));
        assert_eq!(without.cell(0, 1), "bad");

        let written_in = |name: &str| Reading {
            encoding: Some(name.parse().unwrap()),
            ..Reading::default()
        };
        let bytes = b"text;\xEC\xE5\xF2\xEA\xE0\r\n\xCF\xF0\xE8\xE2\xE5\xF2;x\r\n";
        let sheet = again(bytes, written_in("windows-1251"));
        assert_eq!((sheet.columns[1].as_str(), sheet.cell(0, 0)), ("метка", "Привет"));
        assert!(!sheet.guessed);
        // What says what it is needs nobody to say it.
        let marked = "\u{feff}text;label\r\ncafé;x\r\n".as_bytes();
        assert_eq!(again(marked, written_in("windows-1251")).cell(0, 0), "café");
    }

    #[test]
    fn what_is_refused_for_its_encoding_is_read_in_the_one_that_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        // "Where is the parcel", in Japanese; the first byte stands for nothing in Windows-1252.
        std::fs::write(&path, b"text,label\n\x8F\xAC\x95\xEF\x82\xCD\x82\xC7\x82\xB1,x\n").unwrap();
        let again = |name: Option<&str>| {
            let encoding = name.map(|name| name.parse().unwrap());
            let reading = Reading {
                encoding,
                ..Reading::default()
            };
            read(Source::File(path.clone()), reading, &Watch::default())
        };
        for (name, why) in [
            (None, "not UTF-8 text"),
            (Some("euc-jp"), "not EUC-JP text; choose another"),
        ] {
            let refused = again(name).unwrap_err();
            assert!(refused.by_encoding && refused.why.contains(why), "{refused:?}");
            assert!(!refused.why.contains("--"), "{refused:?}");
        }
        assert_eq!(again(Some("shift_jis")).unwrap().cell(0, 0), "小包はどこ");
        // UTF-16 without a mark is ASCII with half of its letters empty.
        let wide = "text,label\na b,x\n".encode_utf16().flat_map(u16::to_le_bytes);
        std::fs::write(&path, wide.collect::<Vec<u8>>()).unwrap();
        assert!(again(None).unwrap_err().by_encoding);
        assert_eq!(again(Some("utf-16le")).unwrap().cell(0, 0), "a b");
        // No other helps where one is not read as what is said.
        for bytes in [
            &b"text,label\na,b,c\n"[..],
            b"\xEF\xBB\xBFtext,label\ncaf\xE9,x\n",
        ] {
            std::fs::write(&path, bytes).unwrap();
            assert!(!again(None).unwrap_err().by_encoding);
        }
        let pasted = Source::Pasted("a\0b\nc\n".into());
        let refused = read(pasted, Reading::default(), &Watch::default()).unwrap_err();
        assert!(!refused.by_encoding, "{refused:?}");
    }

    #[test]
    fn tasks_of_a_tool_are_read_in_the_encoding_that_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("tasks.json");
        let task = b"[{\"data\":{\"text\":\"\xCF\xF0\xE8\xE2\xE5\xF2\"},\"annotations\":[]}]";
        std::fs::write(&path, task).unwrap();
        let reading = Reading {
            encoding: Some("windows-1251".parse().unwrap()),
            ..Reading::default()
        };
        let sheet = read(Source::File(path), reading, &Watch::default()).unwrap();
        assert_eq!(sheet.cell(0, 0), "Привет");
    }
}

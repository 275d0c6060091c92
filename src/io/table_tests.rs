use super::*;
use crate::io::labels::check_labels;
use crate::io::warnings::some;
use proptest::prelude::*;
use std::io::Write as _;

fn read(name: &str, text: &str, options: &TableOptions) -> Result<Table, String> {
    parse_table(Path::new(name), text.as_bytes(), options).map_err(|error| error.to_string())
}

fn table(text: &str) -> Table {
    read("a.csv", text, &TableOptions::default()).expect("a table")
}

fn fault(name: &str, text: &str, options: &TableOptions) -> String {
    read(name, text, options).expect_err("refused")
}

fn required() -> TableOptions {
    TableOptions {
        labels: Labels::Required,
        ..TableOptions::default()
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes)
        .and_then(|()| out.finish())
        .expect("a vector takes it")
}

#[test]
fn rows_have_texts_labels_and_lines() {
    let table = table("id,label,text\n7, pos ,good\n8,,\"two\nlines\"\n9,neg,bad\n");
    assert_eq!(
        (table.text_columns(), table.label_column()),
        (vec!["text"], Some("label"))
    );
    let examples: Vec<_> = table.examples().collect();
    assert_eq!(
        examples,
        [
            (vec!["good"], Some("pos")),
            (vec!["two\nlines"], None),
            (vec!["bad"], Some("neg"))
        ]
    );
    assert_eq!(
        table.rows.iter().map(|row| row.line).collect::<Vec<_>>(),
        [2, 3, 5]
    );
    assert_eq!(table.warnings, []);
}

#[test]
fn every_format_gives_the_same_examples() {
    let csv = "text,label\ngood é,1\nbad,0\n";
    let json = "{\"text\":\"good é\",\"label\":1}\n{\"text\":\"bad\",\"label\":0}\n";
    let from = |name: &str, bytes: &[u8]| {
        let table = parse_table(Path::new(name), bytes, &required()).expect("a table");
        table
            .examples()
            .map(|(text, label)| format!("{} {}", text[0], label.unwrap_or("-")))
            .collect::<Vec<_>>()
    };
    assert_eq!(from("a.csv", csv.as_bytes()), ["good é 1", "bad 0"]);
    assert_eq!(
        from("a.tsv.gz", &gzip(csv.replace(',', "\t").as_bytes())),
        ["good é 1", "bad 0"]
    );
    assert_eq!(from("a.ndjson", json.as_bytes()), ["good é 1", "bad 0"]);
    let mut zstd = zstd::stream::write::Encoder::new(Vec::new(), 1).expect("an encoder");
    zstd.long_distance_matching(true)
        .and_then(|()| zstd.window_log(27))
        .expect("parameters");
    zstd.write_all(json.as_bytes()).expect("a vector takes it");
    assert_eq!(
        from("a.jsonl.zst", &zstd.finish().expect("finished")),
        ["good é 1", "bad 0"]
    );
}

#[test]
fn plain_text_is_a_text_a_line() {
    let keep = TableOptions {
        keep_empty_texts: true,
        ..TableOptions::default()
    };
    let table = read("a.txt", "First, a text.\r\n\r\nAnother one.", &keep).expect("texts");
    assert_eq!(
        table.examples().map(|(text, _)| text[0]).collect::<Vec<_>>(),
        ["First, a text.", "", "Another one."]
    );
    assert_eq!(table.rows[2].line, 3);
    let message = fault("a.txt", "First, a text.\nAnother.\n", &required());
    assert_eq!(
        message,
        "a.txt: no column holds labels; the columns are 'text'; name one with --label-column"
    );
}

#[test]
fn files_without_a_header_use_every_prose_column() {
    let text = "\"3\",\"Oil prices rise again\",\"Oil rose on Monday after a week of falls.\"\n\
                \"4\",\"A faster chip is here\",\"The new chip is twice as fast as the old one.\"\n\
                \"3\",\"Shares fall in Tokyo\",\"Shares fell on fears of a slower economy.\"\n\
                \"4\",\"Probe lands on a moon\",\"The probe sent its first pictures last night.\"\n";
    let table = read("train.csv", text, &required()).expect("a table");
    assert_eq!(
        (table.text_columns(), table.label_column()),
        (vec!["column2", "column3"], Some("column1"))
    );
    assert_eq!(table.len(), 4);
    assert_eq!(
        table.warnings[0].to_string(),
        "no header was found; the columns are called column1 to column3"
    );
    let forced = TableOptions {
        header: Some(true),
        ..TableOptions::default()
    };
    assert_eq!(read("train.csv", text, &forced).expect("a table").len(), 3);
}

#[test]
fn empty_columns_without_a_name_are_neither_text_nor_label() {
    let text = "v1,v2,,,\nham,\"Go until jurong point, crazy\",,,\nspam,Free entry in a weekly prize,,,\n\
                ham,He lives around here though,,,\nspam,You won a valued customer prize,,,\n";
    let table = read("a.csv", text, &required()).expect("a table");
    assert_eq!(
        (table.text_columns(), table.label_column()),
        (vec!["v2"], Some("v1"))
    );
    assert_eq!(table.columns[2..], ["column3", "column4", "column5"]);
    assert_eq!((table.len(), table.warnings.len()), (4, 0));
}

#[test]
fn the_first_row_of_a_file_without_a_header_is_kept() {
    let text = "spam,Win now\nham,Ok lar\nspam,Win a prize\nham,Later then\n";
    let table = read("a.csv", text, &TableOptions::default()).expect("a table");
    assert_eq!((table.len(), &table.columns[0][..]), (4, "column1"));
}

#[test]
fn places_in_parquet_are_rows() {
    let texts = ["a b", "", "c d"].map(|text| Cell::Text(text.to_string()));
    let column = crate::io::parquet::Column {
        name: "text",
        cells: texts.iter().collect(),
    };
    let mut bytes = Vec::new();
    crate::io::parquet::write(&mut bytes, &[column]).expect("a vector takes it");
    let table = parse_table(Path::new("a.parquet"), &bytes, &TableOptions::default()).expect("a table");
    let told: Vec<String> = table.warnings.iter().map(|w| w.tell(table.place)).collect();
    assert_eq!(told, ["1 row with an empty text was left out: row 2"]);
}

#[test]
fn wrong_column_names_get_a_suggestion() {
    let named = |text: &str, label: &str| TableOptions {
        text_columns: vec![text.to_string()],
        label_column: Some(label.to_string()),
        ..TableOptions::default()
    };
    let text = "review_text,sentiment\na,b\n";
    assert_eq!(
        fault("a.csv", text, &named("review_txt", "sentiment")),
        "a.csv: no column 'review_txt'; did you mean 'review_text'?; the columns are 'review_text', 'sentiment'"
    );
    assert!(fault("a.csv", text, &named("zzz", "sentiment")).contains("no column 'zzz'; the columns are"));
    assert!(
        fault("a.csv", text, &named("sentiment", "Sentiment"))
            .contains("cannot be both the text and the label")
    );
    assert!(read("a.csv", text, &named("Review_Text", "sentiment")).is_ok());
}

#[test]
fn missing_contents_are_named() {
    assert_eq!(fault("a.csv", "", &required()), "a.csv: the file is empty");
    assert_eq!(
        fault("a.jsonl", "\n\n", &required()),
        "a.jsonl: the file is empty"
    );
    assert_eq!(fault("a.txt", "", &required()), "a.txt: the file is empty");
    let header = fault("a.csv", "label,text\n", &required());
    assert_eq!(header, "a.csv: only a header and no rows; add rows below it");
    assert!(
        fault("a.csv", "id,text\n1,good film\n2,bad film\n", &required()).contains("no column holds labels")
    );
    assert!(fault("a.csv", "a,b\n1,2\n3,4\n", &TableOptions::default()).contains("no column holds text"));
    let empty = fault(
        "a.csv",
        "label,text\nx,\ny, \n",
        &TableOptions {
            text_columns: vec!["text".to_string()],
            ..required()
        },
    );
    assert_eq!(
        empty,
        "a.csv: every text in 'text' is empty; name another column with --text-column"
    );
    let unlabelled = fault("a.csv", "label,text\n,one text\n,another\n", &required());
    assert!(
        unlabelled.starts_with("a.csv: no row has a label in column 'label'; label some rows"),
        "{unlabelled}"
    );
    let format = fault("a.docx", "x", &required());
    assert!(
        format.starts_with("a.docx: a .docx file is not a table; expected .csv, .tsv"),
        "{format}"
    );
}

#[test]
fn what_has_no_ending_is_read_by_its_first_bytes() {
    let csv = "text,label\ngood é,1\nbad,0\n";
    let json = "{\"text\":\"good é\",\"label\":1}\n{\"text\":\"bad\",\"label\":0}\n";
    let zstd = zstd::encode_all(json.as_bytes(), 1).expect("compressed");
    for bytes in [csv.as_bytes(), json.as_bytes(), &gzip(csv.as_bytes()), &zstd] {
        for name in ["standard input", "/dev/fd/63"] {
            let table = parse_table(Path::new(name), bytes, &required()).expect("a table");
            let examples: Vec<_> = table.examples().map(|(text, label)| (text[0], label)).collect();
            assert_eq!(examples, [("good é", Some("1")), ("bad", Some("0"))]);
        }
    }
    let lines = read("a", "First, a text.\nAnother.\n", &TableOptions::default()).expect("texts");
    assert_eq!(
        (lines.columns.as_slice(), lines.len()),
        (&["text".to_string()][..], 2)
    );
    // What has columns to name is a table, whatever its first line looks like.
    let named = TableOptions {
        text_columns: vec!["said".to_string()],
        ..TableOptions::default()
    };
    let table = read("a", "id,said\n1,\"a, b\"\n", &named).expect("a table");
    assert_eq!(table.fields(&table.rows[0]), ["a, b"]);
    let gz = gzip(csv.repeat(9_000).as_bytes());
    let cut = parse_table(Path::new("a"), &gz[..gz.len() / 2], &required()).expect_err("cut");
    assert!(
        cut.to_string().starts_with("a: gzip data ends too early"),
        "{cut}"
    );
}

#[test]
fn a_column_is_named_once() {
    let named = |columns: &[&str]| TableOptions {
        text_columns: columns.iter().map(ToString::to_string).collect(),
        ..TableOptions::default()
    };
    let text = "text,more\na,b\n";
    assert_eq!(
        fault("a.csv", text, &named(&["text", "Text"])),
        "a.csv: column 'text' is named twice with --text-column; name each column once"
    );
    assert!(read("a.csv", text, &named(&["text", "more"])).is_ok());
}

#[test]
fn json_rows_must_have_their_text() {
    let text = "{\"text\":\"a\"}\n{\"txt\":\"b\"}\n";
    let missing = fault("a.jsonl", text, &TableOptions::default());
    assert_eq!(
        missing,
        "a.jsonl: line 2: the object has no 'text'; add it or remove the line"
    );
    let text = "{\"text\":\"a\"}\n{\"text\":{\"en\":\"b\"}}\n";
    let named = TableOptions {
        text_columns: vec!["text".to_string()],
        ..TableOptions::default()
    };
    assert_eq!(
        fault("a.jsonl", text, &named),
        "a.jsonl: line 2: 'text' is an object, not text"
    );
}

#[test]
fn files_that_cannot_be_opened_or_unpacked_are_named() {
    let dir = tempfile::tempdir().expect("a directory");
    let message = |name: &str| {
        read_table(&dir.path().join(name), &required())
            .expect_err("refused")
            .to_string()
    };
    assert!(message("no.csv").ends_with("no.csv: no such file; check the path"));
    std::fs::create_dir(dir.path().join("d.csv")).expect("made");
    assert!(message("d.csv").ends_with("d.csv: is a directory; name one file in it"));

    let whole = "text,label\n".to_string()
        + &(0..20_000)
            .map(|n| format!("text {n},{}\n", n % 7))
            .collect::<String>();
    let gz = gzip(whole.as_bytes());
    let zst = zstd::encode_all(whole.as_bytes(), 1).expect("compressed");
    for (name, bytes, format) in [
        ("a.csv.gz", &gz[..gz.len() / 2], "gzip"),
        ("a.csv.zst", &zst[..zst.len() / 2], "Zstandard"),
        ("b.csv.gz", b"plain text".as_slice(), "gzip"),
        ("b.jsonl.zst", b"plain text".as_slice(), "Zstandard"),
    ] {
        std::fs::write(dir.path().join(name), bytes).expect("written");
        let message = message(name);
        assert!(
            message.contains(&format!("{name}: {format} data ends too early or is damaged (")),
            "{message}"
        );
    }
    std::fs::write(
        dir.path().join("mixed.csv"),
        b"label,text\npos,caf\xC3\xA9\nneg,caf\xE9\n",
    )
    .expect("written");
    assert!(message("mixed.csv").contains("mixed.csv: line 3, byte 28: not UTF-8 text; save"));
}

#[test]
fn what_spreadsheet_programs_write_is_read_with_a_word_where_it_is_guessed() {
    let read = |name: &str, bytes: &[u8]| {
        let table = parse_table(Path::new(name), bytes, &required()).expect("a table");
        let texts = table.examples().map(|(text, _)| text[0].to_string());
        (texts.collect::<Vec<_>>(), table.warnings)
    };
    let texts = ["crème – 5 €", "à bientôt"].map(str::to_string).to_vec();
    let guessed = |file: &str| {
        vec![Warning::Guessed {
            file: file.to_string(),
        }]
    };
    let bytes = b"text;label\r\ncr\xE8me \x96 5 \x80;a\r\n\xE0 bient\xF4t;b\r\n";
    assert_eq!(read("a.csv", bytes), (texts.clone(), guessed("a.csv")));
    let packed = gzip(bytes);
    assert_eq!(read("a.csv.gz", &packed), (texts.clone(), guessed("a.csv.gz")));
    let tabs = "\u{feff}text\tlabel\r\ncrème – 5 €\ta\r\nà bientôt\tb\r\n";
    let unicode: Vec<u8> = tabs.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read("a.txt", &unicode), (texts.clone(), Vec::new()));
    assert_eq!(read("a.tsv", tabs.as_bytes()), (texts, Vec::new()));
    assert_eq!(
        guessed("a.csv")[0].to_string(),
        "a.csv is not UTF-8 and was read as Windows-1252; are the accents right? If not, name its encoding with `--encoding`"
    );
}

#[test]
fn empty_texts_are_left_out_or_kept() {
    let text = "label,text\npos,a\nneg,\npos, \nneg,b\n";
    let dropped = read("a.csv", text, &required()).expect("a table");
    assert_eq!(dropped.len(), 2);
    assert_eq!(
        dropped.warnings[0].to_string(),
        "2 rows with an empty text were left out: lines 3, 4"
    );
    let keep = TableOptions {
        keep_empty_texts: true,
        ..TableOptions::default()
    };
    let kept = read("a.csv", text, &keep).expect("a table");
    assert_eq!(kept.len(), 4);
    assert_eq!(
        kept.warnings[0].to_string(),
        "2 rows with an empty text are kept: lines 3, 4"
    );
}

#[test]
fn contradictions_and_gaps_in_the_labels_are_told() {
    let text = "label,text\npos,same\nneg,same\npos,same\nneg,other\n,free\n";
    let table = read("a.csv", text, &required()).expect("a table");
    let told: Vec<String> = table.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "1 row without a label: line 6",
            "1 text is given more than once with different labels: lines 2 and 3"
        ]
    );
    assert_eq!(
        some("line", &[1, 2, 3, 4, 5, 6, 7], |line| line.to_string()),
        "lines 1, 2, 3, 4, 5 and 2 more"
    );
}

#[test]
fn labels_must_be_fit_to_train_on() {
    let check = |text: &str| check_labels(&table(text)).map_err(|error| error.to_string());
    let summary = check("label,text\n10,a\n9,b\n10,c\n9,d\n,e\n").expect("two classes");
    assert_eq!(summary.classes, [("9".to_string(), 2), ("10".to_string(), 2)]);
    assert_eq!(summary.unlabelled, 1);
    assert_eq!(
        check("label,text\nx,a\nx,b\n"),
        Err(
            "a.csv: all 2 labels in column 'label' are 'x'; a classifier needs at least two classes"
                .to_string()
        )
    );
    // One example is learned from; the error is that of the other classes.
    let single = check("label,text\nx,a\ny,b\nx,c\n").expect("two classes");
    assert_eq!(single.classes, [("x".to_string(), 2), ("y".to_string(), 1)]);
    assert!(
        check("text\na\nb\n")
            .expect_err("no column")
            .contains("no column holds labels")
    );
    assert!(
        check("label,text\n,a\n,b\n")
            .expect_err("no label")
            .contains("no row has a label")
    );
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for name in ["a.csv", "a.tsv", "a.jsonl", "a.txt", "a.csv.gz", "a.txt.zst"] {
            let _ = parse_table(Path::new(name), &bytes, &required());
        }
    }

    #[test]
    fn small_tables_never_panic(text in "[ab1.,;\n\" ]{0,60}") {
        if let Ok(table) = parse_table(Path::new("a.csv"), text.as_bytes(), &required()) {
            let _ = check_labels(&table);
        }
    }
}

fn given(rows: &[(&str, Option<&str>)], labels: Labels) -> Result<Table, Error> {
    let rows = rows
        .iter()
        .map(|&(text, label)| (text.to_string(), label.map(str::to_string)));
    let options = TableOptions {
        labels,
        // Columns of another file: there are none here to name.
        text_columns: vec!["review".into()],
        ..TableOptions::default()
    };
    given_table(Path::new("my texts"), rows, &options)
}

#[test]
fn given_texts_are_checked_as_files_are_and_count_rows() {
    let table = given(
        &[
            ("a", Some(" x ")),
            ("b", None),
            (" ", None),
            ("c", Some("y")),
            ("a", Some("y")),
        ],
        Labels::Required,
    )
    .unwrap();
    let examples: Vec<_> = table.examples().map(|(text, label)| (text[0], label)).collect();
    assert_eq!(
        examples,
        [("a", Some("x")), ("b", None), ("c", Some("y")), ("a", Some("y"))]
    );
    assert_eq!(
        table.rows.iter().map(|row| row.line).collect::<Vec<_>>(),
        [1, 2, 4, 5]
    );
    let told: Vec<String> = table.warnings.iter().map(|w| w.tell(table.place)).collect();
    assert_eq!(
        told,
        [
            "1 row with an empty text was left out: row 3",
            "1 row without a label: row 2",
            "1 text is given more than once with different labels: rows 1 and 5",
        ]
    );
    let classes = check_labels(&table).unwrap().classes;
    assert_eq!(classes, [("x".to_string(), 1), ("y".to_string(), 2)]);
}

#[test]
fn given_texts_without_text_or_label_are_refused() {
    let none = given(&[], Labels::Optional).unwrap_err().to_string();
    let empty = given(&[(" ", None)], Labels::Optional).unwrap_err().to_string();
    assert!(
        none.contains("my texts: there are no texts") && none == empty,
        "{none}"
    );
    let error = given(&[("a", None)], Labels::Required).unwrap_err().to_string();
    assert!(error.contains("no row has a label"), "{error}");
    assert_eq!(
        given(&[("a", None)], Labels::Optional).unwrap().label_column(),
        None
    );
    assert_eq!(
        given(&[("a", Some("x"))], Labels::Ignored)
            .unwrap()
            .label_column(),
        None
    );
}

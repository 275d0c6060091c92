//! Classifying a table: every row comes back, in its order, in every format.

use serde_json::Value;

use super::common::{Dir, Ran, Writer, assert_says, ended};

const ROWS: usize = 120;
/// The row without a text.
const EMPTY: usize = 40;

/// Identifiers and texts with whatever needs quoting.
fn rows() -> Vec<(String, String)> {
    let mut writer = Writer::new(12);
    let text = |row: usize| match row {
        EMPTY => String::new(),
        41 => "Commas, \"quotes\", and\nline breaks\r\nin a field".to_string(),
        42 => "Žluťoučký kůň 🐎 – ‘wide’".to_string(),
        43 => writer.text(1, 40),
        _ => writer.sentence(row % 3),
    };
    (0..ROWS)
        .map(|row| format!("id-{row}"))
        .zip((0..ROWS).map(text))
        .collect()
}

fn input(dir: &Dir) {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["id", "text", "count"]).expect("written");
    for (at, (id, text)) in rows().iter().enumerate() {
        table.write_record([id, text, &at.to_string()]).expect("written");
    }
    dir.write("in.csv", table.into_inner().expect("bytes"));
}

/// Rows of a CSV file: identifier, text, count, label, confidence.
fn read_csv(text: &str) -> Vec<Vec<String>> {
    let mut table = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(
        table.headers().expect("a header"),
        vec!["id", "text", "count", "label", "confidence"]
    );
    table
        .records()
        .map(|row| row.expect("a row").iter().map(ToString::to_string).collect())
        .collect()
}

fn assert_complete(format: &str, found: &[Vec<String>]) {
    assert_eq!(found.len(), ROWS, "{format}");
    for (at, (row, (id, text))) in found.iter().zip(rows()).enumerate() {
        assert_eq!(row[..3], [id, text, at.to_string()], "{format}");
        let labelled = ["garden", "kitchen", "river"].contains(&row[3].as_str());
        let confident = row[4].parse::<f64>().is_ok_and(|p| (0.3..=1.0).contains(&p));
        assert_eq!(
            (labelled, confident),
            (at != EMPTY, at != EMPTY),
            "{format}: {row:?}"
        );
    }
}

#[test]
fn every_row_comes_back_in_its_order() {
    let dir = Dir::with_classifier();
    input(&dir);
    let line = "classify --model classifier --input in.csv --text-column text";
    let ran = dir.done(&format!("{line} --output out.csv"));
    let expected = read_csv(&dir.text("out.csv"));
    assert_complete("csv", &expected);
    assert_eq!(ran.last()["rows"], ROWS);
    assert_eq!(ran.of("classified").count(), 0);
    assert!(
        ran.of("warning")
            .any(|w| w["message"].to_string().contains("empty")),
        "no word of the empty text"
    );
    for (label, count) in ran.last()["labels"].as_object().expect("counts") {
        let found = expected.iter().filter(|row| row[3] == *label).count();
        assert_eq!(count, found, "{label}");
    }

    dir.done(&format!("{line} --output out.jsonl"));
    let text = dir.text("out.jsonl");
    let objects = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("an object"));
    let cell = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => format!("{:.4}", number.as_f64().expect("a number")),
        other => other.to_string(),
    };
    let keys = ["id", "text", "count", "label", "confidence"];
    let found: Vec<Vec<String>> = objects.map(|o| keys.map(|key| cell(&o[key])).to_vec()).collect();
    assert_eq!(found, expected);

    // The other formats are read back by the program itself.
    for name in ["out.tsv", "out.parquet", "out.csv.gz", "out.jsonl.zst"] {
        dir.done(&format!("{line} --output {name}"));
        dir.done(&format!(
            "classify --model classifier --input {name} --text-column text --output again.csv --overwrite"
        ));
        let again = dir.text("again.csv");
        let mut table = csv::Reader::from_reader(again.as_bytes());
        let heads = table.headers().expect("a header").clone();
        assert_eq!(
            heads,
            vec![
                "id",
                "text",
                "count",
                "label",
                "confidence",
                "predicted_label",
                "predicted_confidence"
            ]
        );
        let found: Vec<Vec<String>> = table
            .records()
            .map(|row| {
                row.expect("a row")
                    .iter()
                    .take(5)
                    .map(ToString::to_string)
                    .collect()
            })
            .collect();
        for (row, expected) in found.iter().zip(&expected) {
            assert_eq!(row[..4], expected[..4], "{name}");
            let number = |text: &str| {
                if text.is_empty() {
                    0.0
                } else {
                    text.parse::<f64>().expect("a number")
                }
            };
            assert!((number(&row[4]) - number(&expected[4])).abs() < 1e-9, "{name}");
        }
        assert_eq!(found.len(), ROWS, "{name}");
    }
}

#[test]
fn without_an_output_every_row_is_an_event() {
    let dir = Dir::with_classifier();
    input(&dir);
    let ran = dir.done("classify --model classifier --input in.csv --text-column text");
    let found: Vec<(u64, &str)> = ran
        .of("classified")
        .map(|event| {
            (
                event["row"].as_u64().expect("a row"),
                event["text"].as_str().expect("a text"),
            )
        })
        .collect();
    let rows = rows();
    let expected: Vec<(u64, &str)> = (1..)
        .zip(&rows)
        .map(|(at, (_, text))| (at, text.as_str()))
        .collect();
    assert_eq!(found, expected);
    for (at, event) in ran.of("classified").enumerate() {
        let empty = [event["label"].is_null(), event["confidence"].is_null()];
        assert_eq!(empty, [at == EMPTY; 2], "{event}");
    }
}

#[test]
fn what_cannot_be_written_is_told_before_anything_is_read() {
    let dir = Dir::new();
    std::fs::create_dir(dir.path("folder.csv")).expect("made");
    for (output, words) in [
        ("out.xlsx", "workbooks are read but not written"),
        ("out.ods", "workbooks are read but not written"),
        ("folder.csv", "is a directory"),
        ("nowhere/out.csv", "the directory does not exist"),
    ] {
        let line = format!("classify --model nowhere --input nowhere.csv --output {output}");
        assert_says(&line, &dir.fails(&line, 1), &[output, words]);
    }
}

#[test]
fn what_excel_writes_is_read_and_its_accents_are_asked_for() {
    let dir = Dir::with_classifier();
    let text = "text;count\r\nThe old boat finds a café.\r\nThe warm soup needs a heavy spoon.\r\n"
        .replace(".\r\n", ".;1\r\n");
    let ansi = text.chars().map(|c| if c == 'é' { 0xE9 } else { c as u8 });
    dir.write("ansi.csv", ansi.collect::<Vec<_>>());
    let unicode = format!("\u{feff}{}", text.replace(';', "\t"));
    let unicode: Vec<u8> = unicode.encode_utf16().flat_map(u16::to_le_bytes).collect();
    dir.write("unicode.txt", unicode);
    for (name, asked) in [("ansi.csv", 1), ("unicode.txt", 0)] {
        let ran = dir.done(&format!("classify --model classifier --input {name}"));
        let texts: Vec<&Value> = ran.of("classified").map(|event| &event["text"]).collect();
        assert_eq!(
            texts,
            ["The old boat finds a café.", "The warm soup needs a heavy spoon."],
            "{name}"
        );
        let told = ran.of("warning").map(|event| event["message"].to_string());
        let told: Vec<String> = told.filter(|message| message.contains("Windows-1252")).collect();
        assert_eq!(told.len(), asked, "{name}: {told:?}");
        assert!(told.iter().all(|message| message.contains(name)));
    }
}

#[test]
fn texts_in_an_encoding_that_is_named_are_read_from_a_file_and_from_standard_input() {
    let dir = Dir::with_classifier();
    let text = "text;label\r\nThe old boat finds a café.;x\r\nThe warm soup needs a heavy spoon.;y\r\n";
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    dir.write("wide.csv", wide);
    let run = |line: &str| {
        let mut command = dir.command(line);
        command.stdin(std::fs::File::open(dir.path("wide.csv")).expect("opened"));
        ended(command)
    };
    for input in [" --input wide.csv", ""] {
        let ran = run(&format!("classify --model classifier{input} --encoding utf-16be"));
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        let texts: Vec<&Value> = ran.of("classified").map(|event| &event["text"]).collect();
        assert_eq!(
            texts,
            ["The old boat finds a café.", "The warm soup needs a heavy spoon."],
            "{input}"
        );
    }
    assert_eq!(run("tokenize wide.csv --encoding utf-16be").of("line").count(), 3);
    let ran = run("tokenize wide.csv --encoding shift_jsi");
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains("did you mean 'shift_jis'?"), "{}", ran.stderr);
}

#[test]
fn columns_of_a_table_on_standard_input_can_be_named() {
    let dir = Dir::with_classifier();
    dir.write(
        "stdin",
        "id,said,text\n1,\"The old boat, now.\",a\n2,The warm soup.,b\n",
    );
    let run = |line: &str| {
        let mut command = dir.command(line);
        command.stdin(std::fs::File::open(dir.path("stdin")).expect("opened"));
        ended(command)
    };
    let ran = run("classify --model classifier --text-column said");
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let texts: Vec<&Value> = ran.of("classified").map(|event| &event["text"]).collect();
    assert_eq!(texts, ["The old boat, now.", "The warm soup."]);
    let ran = run("classify --model classifier --text-column body");
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("no column 'body'"), "{}", ran.stderr);
}

#[test]
fn standard_input_is_known_by_its_first_bytes() {
    let dir = Dir::with_classifier();
    let first = "The old boat, \"now\".";
    dir.write(
        "in.csv",
        "id,text,count\n1,\"The old boat, \"\"now\"\".\",2\n2,The warm soup.,3\n",
    );
    for name in ["in.jsonl", "in.jsonl.gz", "in.csv.zst", "in.parquet"] {
        dir.done(&format!(
            "classify --model classifier --input in.csv --output {name}"
        ));
    }
    let from = |name: &str, options: &str| {
        let mut command = dir.command(&format!("classify --model classifier {options}"));
        command.stdin(std::fs::File::open(dir.path(name)).expect("opened"));
        let ran = ended(command);
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.stderr);
        ran.of("classified")
            .map(|event| event["text"].clone())
            .collect::<Vec<Value>>()
    };
    for name in ["in.csv", "in.jsonl", "in.jsonl.gz", "in.csv.zst", "in.parquet"] {
        for options in ["", "--text-column text"] {
            assert_eq!(from(name, options), [first, "The warm soup."], "{name} {options}");
        }
        // What a shell puts in the place of a file has no ending either.
        #[cfg(target_os = "linux")]
        assert_eq!(
            from(name, "--input /dev/stdin"),
            [first, "The warm soup."],
            "{name}"
        );
    }
}

#[test]
fn a_label_column_that_is_not_read_is_told() {
    let dir = Dir::with_classifier();
    dir.write("same.csv", "text,label\nThe old boat.,x\nThe warm soup.,y\n");
    for line in [
        "classify --model classifier --input same.csv",
        "perplexity --model base --texts same.csv",
    ] {
        let told = |ran: &Ran| {
            ran.of("warning").any(|w| {
                w["message"]
                    .to_string()
                    .contains("`--label-column` changes nothing")
            })
        };
        assert!(told(&dir.done(&format!("{line} --label-column label"))), "{line}");
        assert!(!told(&dir.done(line)), "{line}");
    }
}

#[test]
fn what_names_its_delimiter_is_read_by_it() {
    let dir = Dir::with_classifier();
    dir.write(
        "excel.csv",
        "\u{feff}sep=;\r\nid;said\r\n1;The old boat, now.\r\n2;The warm soup.\r\n",
    );
    let ran = dir.done("classify --model classifier --input excel.csv --text-column said");
    let texts: Vec<&Value> = ran.of("classified").map(|event| &event["text"]).collect();
    assert_eq!(texts, ["The old boat, now.", "The warm soup."]);
    dir.write(
        "excel.csv",
        "sep=;\r\nid;text\r\n1;The old boat\r\n2;The soup;now\r\n",
    );
    let line = "classify --model classifier --input excel.csv";
    assert_says(line, &dir.fails(line, 1), &["excel.csv: line 4 has 3 fields"]);
}

#[test]
fn standard_input_is_a_text_a_line() {
    let dir = Dir::with_classifier();
    dir.write(
        "stdin",
        "The old boat finds a wet stone now.\n\nThe warm soup needs a heavy spoon today.\n",
    );
    dir.write(
        "same.csv",
        "text\nThe old boat finds a wet stone now.\nThe warm soup needs a heavy spoon today.\n",
    );
    let mut command = dir.command("classify --model classifier");
    command.stdin(std::fs::File::open(dir.path("stdin")).expect("opened"));
    let ran = ended(command);
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let rows: Vec<&Value> = ran.of("classified").map(|event| &event["row"]).collect();
    // A line out for every line in, so that the two can be put side by side.
    assert_eq!(rows, [1, 2, 3]);
    let told = |words: &str| {
        ran.of("warning")
            .any(|w| w["message"].to_string().contains(words))
    };
    assert!(told("1 row with an empty text is kept: line 2") && told("1 empty text got no label"));
    let same = dir.done("classify --model classifier --input same.csv");
    let labels =
        |ran: &Ran| -> Vec<Value> { ran.of("classified").map(|event| event["label"].clone()).collect() };
    let mut expected = labels(&same);
    expected.insert(1, Value::Null);
    assert_eq!(labels(&ran), expected);
}

#[test]
fn a_sheet_of_a_workbook_is_read_and_the_others_are_told_of() {
    let dir = Dir::with_classifier();
    let book = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/workbooks/mail.xlsx");
    std::fs::copy(book, dir.path("mail.xlsx")).expect("copied");
    let texts = |ran: &Ran| -> Vec<String> {
        let texts = ran
            .of("classified")
            .map(|event| event["text"].as_str().map(str::to_string));
        texts.map(|text| text.expect("a text")).collect()
    };
    let first = dir.done("classify --model classifier --input mail.xlsx");
    assert_eq!(texts(&first).len(), 3);
    let told: Vec<String> = first
        .of("warning")
        .map(|event| event["message"].to_string())
        .collect();
    assert!(
        told.iter()
            .any(|said| said.contains("'Mail' is read, not 'Forum'; `--sheet`")),
        "{told:?}"
    );

    let named = dir.done("classify --model classifier --input mail.xlsx --sheet Forum");
    assert_eq!(
        texts(&named),
        ["How do I reset my password?", "Where is the manual?"]
    );
    // Standard input has no name that tells what it is.
    let mut command = dir.command("classify --model classifier --sheet Forum");
    command.stdin(std::fs::File::open(dir.path("mail.xlsx")).expect("opened"));
    assert_eq!(texts(&ended(command)), texts(&named));

    let line = "classify --model classifier --input mail.xlsx --sheet Post";
    assert_says(line, &dir.fails(line, 1), &["no sheet 'Post'", "'Mail', 'Forum'"]);

    // What comes out opens in the program that the workbook came from: it is marked as Unicode, for the "ï" in it.
    dir.done("classify --model classifier --input mail.xlsx --output out.csv");
    let written = std::fs::read_to_string(dir.path("out.csv")).expect("written");
    assert!(
        written.starts_with("\u{feff}text,label,stars,on,open,predicted_label,predicted_confidence\n"),
        "{written}"
    );
    assert!(written.contains(",praise,4.5,2024-01-31,FALSE,"), "{written}");
}

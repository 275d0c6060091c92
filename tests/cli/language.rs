//! Commands about language models alone: tokens, generated text, perplexity, reading from the end.

use serde_json::Value;

use super::common::{Dir, Ran, assert_done, assert_says, assert_share, ended, labelled, texts};

#[test]
fn tokens_come_line_for_line() {
    let dir = Dir::with_base();
    let lines = [
        "It was GREAT!!! <br /> Really...",
        "",
        "  ",
        "\"Don't\", she said: $3.20 / 50%",
        "日本語 и 🐎",
        "end",
    ];
    dir.write("lines.txt", lines.join("\n") + "\n");
    for options in ["", "--model base"] {
        let ran = dir.done(&format!("tokenize lines.txt {options}"));
        let found: Vec<&str> = ran
            .of("line")
            .map(|e| e["text"].as_str().expect("text"))
            .collect();
        assert_eq!(found.len(), lines.len(), "{found:?}");
        assert_eq!(ran.number("lines"), lines.len() as f64);
        for (line, expected) in lines.iter().zip(&found) {
            dir.write("one.txt", format!("{line}\n"));
            let one = dir.done(&format!("tokenize one.txt {options}"));
            assert_eq!(one.of("line").next().expect("a line")["text"], *expected);
            assert!(
                !expected.contains(['\n', '\r']) && !expected.contains("  "),
                "{expected:?}"
            );
        }
        let mut command = dir.command(&format!("tokenize {options}"));
        command.stdin(std::fs::File::open(dir.path("lines.txt")).expect("opened"));
        let piped = ended(command);
        assert_done("tokenize", &piped);
        assert!(
            piped
                .of("line")
                .map(|e| &e["text"])
                .eq(ran.of("line").map(|e| &e["text"]))
        );
    }
}

#[test]
fn a_mark_before_the_first_line_is_no_token() {
    let dir = Dir::new();
    dir.write("marked.txt", "\u{feff}Hello\n\u{feff}Hello\n");
    dir.write("plain.txt", "Hello\n");
    let lines = |name: &str| -> Vec<Value> {
        let ran = dir.done(&format!("tokenize {name}"));
        ran.of("line").map(|event| event["text"].clone()).collect()
    };
    let (marked, plain) = (lines("marked.txt"), lines("plain.txt"));
    assert_eq!((marked.len(), &marked[0]), (2, &plain[0]));
    // Anywhere else it is a character like any other.
    assert_ne!(marked[1], plain[0]);
}

#[test]
fn lines_are_read_in_what_they_say_or_seem_to_be_written_in() {
    let dir = Dir::new();
    let wide: Vec<u8> = "\u{feff}café\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    dir.write("plain.txt", "café\n");
    dir.write("wide.txt", wide);
    dir.write("western.txt", b"caf\xE9\n");
    let ran = |name: &str| dir.done(&format!("tokenize {name}"));
    let text = |name: &str| {
        ran(name)
            .of("line")
            .map(|event| event["text"].clone())
            .collect::<Vec<Value>>()
    };
    assert_eq!(text("wide.txt"), text("plain.txt"));
    assert_eq!(text("western.txt"), text("plain.txt"));
    let warns = |name: &str| ran(name).of("warning").count();
    assert_eq!(
        [warns("plain.txt"), warns("wide.txt"), warns("western.txt")],
        [0, 0, 1]
    );
}

#[test]
fn a_seed_writes_one_text() {
    let dir = Dir::with_base();
    let text = |options: &str| {
        let ran = dir.done(&format!(
            "generate --model base --prompt the --tokens 30 --temperature 1.5 {options}"
        ));
        let lines: Vec<Value> = ran.of("line").map(|event| event["text"].clone()).collect();
        assert_eq!(ran.last()["texts"], Value::from(lines.clone()));
        lines
    };
    let first = text("--seed 4");
    assert!(
        first[0]
            .as_str()
            .is_some_and(|text| text.to_lowercase().starts_with("the ")),
        "{first:?}"
    );
    assert_eq!(first, text("--seed 4"));
    assert_ne!(first, text("--seed 5"));
    let three = text("--seed 4 --samples 3");
    assert_eq!((three.len(), &three[0]), (3, &first[0]));
    assert_ne!(three[1], three[2]);
}

#[test]
fn the_words_of_a_prompt_stay_whether_they_are_known_or_not() {
    let dir = Dir::with_base();
    let ran = dir.done("generate --model base --prompt Zygomorphic --tokens 5");
    let text = ran.of("line").next().expect("a line")["text"].clone();
    let text = text.as_str().expect("text");
    assert!(
        text.starts_with("Zygomorphic") && !text.contains("xxunk"),
        "{text}"
    );
}

#[test]
fn of_a_blank_text_no_perplexity_is_told() {
    let dir = Dir::with_base();
    for (name, text) in [("empty.txt", ""), ("blank.txt", " \n\n \n")] {
        dir.write(name, text);
        let line = format!("perplexity --model base --texts {name}");
        assert_says(&line, &dir.fails(&line, 1), &[name, "at least two words"]);
    }
}

#[test]
fn perplexity_of_running_text() {
    let dir = Dir::with_base();
    let table = texts(60, 30);
    dir.write("texts.csv", &table);
    dir.write("texts.txt", table.trim_start_matches("text\n"));
    let rows = dir.done("perplexity --model base --texts texts.csv");
    let stream = dir.done("perplexity --model base --texts texts.txt");
    assert_eq!(
        (rows.number("documents"), stream.number("documents")),
        (60.0, 1.0)
    );
    for ran in [&rows, &stream] {
        assert!((ran.number("perplexity") - ran.number("nll").exp()).abs() < 1e-9 * ran.number("perplexity"));
        assert!(
            ran.number("perplexity") < 60.0,
            "it was trained on such texts: {}",
            ran.last()
        );
        assert_share(ran, "unknown_rate");
    }
}

#[test]
fn running_text_is_read_alike_to_learn_from_and_to_measure() {
    let dir = Dir::with_base();
    let table = texts(600, 41);
    let lines: Vec<&str> = table.lines().skip(1).collect();
    let said = |ran: &Ran| {
        let loaded = ran.of("loaded").next().expect("loaded").clone();
        (loaded["what"].clone(), loaded["rows"].clone())
    };
    let adapt = |texts: &str, out: &str| {
        dir.done(&format!(
            "adapt --texts {texts} --model base --out {out} --epochs 1"
        ))
    };
    // Paragraphs of two lines are documents to learn from, and one stream to be measured on.
    dir.write(
        "run.txt",
        lines
            .chunks(2)
            .map(|two| two.join("\n") + "\n\n")
            .collect::<String>(),
    );
    let ran = adapt("run.txt", "paragraphs");
    assert_eq!(said(&ran), ("running text".into(), 300.into()));
    assert_eq!(ran.last()["texts"], 300);
    assert!(
        !ran.of("warning")
            .any(|w| w["message"].to_string().contains("empty text"))
    );
    let measured = dir.done("perplexity --model base --texts run.txt");
    assert_eq!(said(&measured), ("running text".into(), 1.into()));
    // Of one long document a part is kept aside too.
    std::fs::create_dir(dir.path("book")).expect("made");
    dir.write("book/all.txt", lines.join("\n"));
    let ran = adapt("book", "whole");
    assert_eq!(said(&ran), ("running text".into(), 1.into()));
    assert!(ran.number("perplexity") < 60.0, "{}", ran.last());
    dir.done("perplexity --model base --texts book");
    // A table stays one, whatever it is called.
    dir.write(
        "table.txt",
        format!(
            "label\ttext\n{}",
            lines.iter().map(|l| format!("x\t{l}\n")).collect::<String>()
        ),
    );
    for ran in [
        adapt("table.txt", "rows"),
        dir.done("perplexity --model base --texts table.txt"),
    ] {
        assert_eq!(said(&ran), ("texts".into(), 600.into()));
    }
    dir.write("blank.txt", " \n\n");
    let line = "adapt --texts blank.txt --model base --out out";
    assert_says(line, &dir.fails(line, 1), &["blank.txt: there are no texts"]);
}

#[test]
fn what_is_printed_is_not_told_again() {
    let dir = Dir::with_base();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_unfreeze"));
    command.args([
        "generate", "--model", "base", "--prompt", "the", "--tokens", "1", "--device", "cpu",
    ]);
    let output = command.current_dir(dir.path(".")).output().expect("it starts");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("1 token ...") && !told.contains("texts:"), "{told}");
}

#[test]
fn models_that_read_from_the_end() {
    let dir = Dir::with_base();
    dir.write("corpus.csv", texts(200, 31));
    dir.write("labelled.csv", labelled(30, 32));
    dir.done(
        "pretrain --corpus corpus.csv --out back --preset tiny --embedding 16 --hidden 24 --layers 2 \
              --vocab-from base --backward --batch 4",
    );
    assert_eq!(dir.text("back/vocab.json"), dir.text("base/vocab.json"));
    dir.done("fit --data labelled.csv --model back --out model --epochs 2 --lm-epochs 1 --estimate none");
    let config: Value = serde_json::from_str(&dir.text("model/config.json")).expect("JSON");
    assert_eq!(config["backward"], true);
    dir.done("classify --model model --input labelled.csv --text-column text");
    dir.done(
        "train --data labelled.csv --model base --backward-model back --bidirectional --out both --epochs 2 --estimate none",
    );
    let half: Value = serde_json::from_str(&dir.text("both/backward/config.json")).expect("JSON");
    assert_eq!(half["backward"], true);
    let message = dir.fails("generate --model back --prompt the", 1);
    assert!(message.contains("from their end"), "{message}");
}

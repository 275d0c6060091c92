//! Commands about language models alone: tokens, generated text, perplexity, reading from the end.

use serde_json::Value;

use super::common::{Dir, assert_done, assert_says, assert_share, ended, labelled, texts};

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

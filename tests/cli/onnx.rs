//! Exported models in ONNX Runtime, where Python has it, beside what the program itself computes of the same texts.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::common::{Dir, Writer, assert_says, labelled, texts};

/// The Python of `UNFREEZE_PYTHON`, where it can run models.
fn python() -> Option<String> {
    let python = std::env::var("UNFREEZE_PYTHON").unwrap_or_else(|_| "python3".to_string());
    let has = Command::new(&python)
        .args(["-c", "import numpy, onnxruntime"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if has.is_ok_and(|status| status.success()) {
        return Some(python);
    }
    assert!(
        std::env::var_os("UNFREEZE_PYTHON").is_none(),
        "UNFREEZE_PYTHON names {python}, which cannot import onnxruntime and numpy"
    );
    eprintln!("skipped: {python} cannot import onnxruntime and numpy; UNFREEZE_PYTHON may name one that can");
    None
}

/// Texts of one to eight sentences, as a table and as tokens, a JSON list a line. In some a line breaks, which is a token too.
fn write_texts(dir: &Dir) {
    let mut writer = Writer::new(51);
    let mut text = |row: usize| {
        let first = writer.text(row % 3, 8);
        let end = match row % 4 {
            0 => "",
            1 => "<br />boat",
            2 => " <br /> boat today",
            _ => "<br /><br />",
        };
        format!("{first}{end}\n")
    };
    let lines: String = (0..30).map(&mut text).collect();
    dir.write("texts.csv", format!("text\n{lines}"));
    dir.write("texts.txt", lines);
    let ran = dir.done("tokenize texts.txt");
    let tokens = ran.of("line").map(|event| format!("{}\n", event["tokens"]));
    dir.write("tokens.jsonl", tokens.collect::<String>());
}

fn run_onnx(dir: &Dir, python: &str, model: &str) -> Vec<Value> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/onnx.py");
    let output = Command::new(python)
        .arg(script)
        .args([dir.path(model), dir.path("tokens.jsonl")])
        .output()
        .expect("it starts");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{model}: {told}");
    let lines = String::from_utf8(output.stdout).expect("text");
    let parsed = |line: &str| serde_json::from_str(line).expect("JSON");
    lines.lines().map(parsed).collect()
}

fn number(value: &Value, key: &str) -> f64 {
    value[key]
        .as_f64()
        .unwrap_or_else(|| panic!("no {key} in {value}"))
}

/// Exports a classifier and compares what it says of every text.
fn assert_same(dir: &Dir, python: &str, model: &str, options: &str, tolerance: f64) {
    let line = format!("export --model {model} --format onnx --out {model}.onnx --overwrite {options}");
    let ran = dir.done(&line);
    assert_eq!(ran.last()["outputs"], Value::from(vec!["probabilities"]));
    assert!(ran.last()["left_out"].is_null());
    let ran = dir.done(&format!("classify --model {model} --input texts.csv --exact"));
    let expected: Vec<&Value> = ran.of("classified").collect();
    let found = run_onnx(dir, python, &format!("{model}.onnx"));
    assert_eq!(found.len(), expected.len());
    let mut most = 0.0f64;
    for (found, expected) in found.iter().zip(expected) {
        let off = (number(found, "confidence") - number(expected, "confidence")).abs();
        assert!(
            found["label"] == expected["label"] && off <= tolerance,
            "{model}: {found} for {expected}"
        );
        most = most.max(off);
    }
    eprintln!("{model} {options}: off by {most:.1e}");
}

#[test]
fn a_classifier_says_the_same() {
    let Some(python) = python() else { return };
    let dir = Dir::with_classifier();
    write_texts(&dir);
    assert_same(&dir, &python, "classifier", "", 1e-4);
    let whole = dir.read("classifier.onnx").len();
    assert_same(&dir, &python, "classifier", "--half", 2e-2);
    assert!(dir.read("classifier.onnx").len() < whole);
}

/// The two have vocabularies of their own, are calibrated together, and pool fewer tokens than some texts have.
#[test]
fn both_directions_say_the_same_together() {
    let Some(python) = python() else { return };
    let dir = Dir::with_base();
    write_texts(&dir);
    dir.write("corpus.csv", texts(150, 52));
    dir.write("labelled.csv", labelled(60, 53));
    dir.done(
        "pretrain --corpus corpus.csv --out back --preset tiny --embedding 12 --hidden 20 --layers 2 --vocab 50 \
         --backward --batch 4 --epochs 3",
    );
    dir.done(
        "train --data labelled.csv --model base --backward-model back --bidirectional --out both --epochs 8 --rate 0.02 \
         --batch 8 --max-len 20 --pooling concat --estimate folds:2",
    );
    let config: Value = serde_json::from_str(&dir.text("both/config.json")).expect("JSON");
    assert!(config["temperature"].is_f64(), "{config}");
    assert_ne!(dir.read("both/vocab.json"), dir.read("both/backward/vocab.json"));
    assert_same(&dir, &python, "both", "", 1e-4);
    assert_same(&dir, &python, "both/backward", "", 1e-4);
}

#[test]
fn a_language_model_predicts_the_same() {
    let Some(python) = python() else { return };
    let dir = Dir::with_base();
    write_texts(&dir);
    dir.done("export --model base --format onnx --out base.onnx");
    let expected = dir.done("perplexity --model base --texts texts.csv");
    let found = run_onnx(&dir, &python, "base.onnx").remove(0);
    assert_eq!(number(&found, "predictions"), expected.number("predictions"));
    let off = (number(&found, "nll") - expected.number("nll")).abs();
    assert!(off < 1e-4, "{found} for {}", expected.last());
    eprintln!("base: nll off by {off:.1e}");
}

#[test]
fn what_the_graph_has_not_is_said() {
    let dir = Dir::with_base();
    dir.write("labelled.csv", labelled(30, 54));
    dir.done("train --data labelled.csv --model base --out voted --epochs 1 --estimate folds:2 --with-tfidf");
    let ran = dir.done("export --model voted --format onnx --out voted.onnx");
    assert_eq!(ran.last()["left_out"], "tfidf.json, temperature");
    let line = "export --model labelled.csv --format onnx --out other.onnx";
    assert_says(line, &dir.fails(line, 1), &["labelled.csv"]);
}

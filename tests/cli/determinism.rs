//! One seed, one result: on the CPU to the bit, whatever the number of threads; and a text's label does not depend on
//! the texts beside it.

use serde_json::Value;

use super::common::{Dir, Ran, TINY, Writer, assert_done, ended, labelled, texts};

fn done_on(dir: &Dir, line: &str, threads: Option<usize>) -> Ran {
    let mut command = dir.command(line);
    match threads {
        Some(n) => command.env("RAYON_NUM_THREADS", n.to_string()),
        None => command.env_remove("RAYON_NUM_THREADS"),
    };
    let ran = ended(command);
    assert_done(line, &ran);
    ran
}

/// Runs `line` with outputs of its own and compares the weights. `OUT` stands for the output directory.
fn check(dir: &Dir, line: &str) {
    let weights = |out: &str, options: &str, threads: Option<usize>| {
        done_on(dir, &(line.replace("OUT", out) + options), threads);
        dir.read(&format!("{out}/model.safetensors"))
    };
    let first = weights("first", "", None);
    assert!(
        first == weights("again", "", None),
        "{line}: twice the same seed, but other weights"
    );
    for threads in [1, 2, 5] {
        let found = weights(&format!("threads{threads}"), "", Some(threads));
        assert!(first == found, "{line}: other weights on {threads} threads");
    }
    assert!(
        first != weights("other", " --seed 1", None),
        "{line}: another seed, but the same weights"
    );
}

#[test]
fn pretraining_repeats() {
    let dir = Dir::new();
    dir.write("corpus.csv", texts(400, 5));
    check(
        &dir,
        &format!("pretrain --corpus corpus.csv --out OUT {TINY} --batch 4 --epochs 4"),
    );
}

/// Sizes at which matrix products are split over threads.
#[test]
fn pretraining_of_a_wider_model_repeats() {
    let dir = Dir::new();
    dir.write("corpus.csv", texts(1_500, 5));
    let sizes = "--preset tiny --embedding 96 --hidden 200 --layers 2";
    check(
        &dir,
        &format!("pretrain --corpus corpus.csv --out OUT {sizes} --batch 24 --epochs 1"),
    );
}

#[test]
fn a_subword_tokeniser_repeats() {
    let dir = Dir::new();
    dir.write("corpus.csv", texts(400, 5));
    let line = format!("pretrain --corpus corpus.csv --out OUT {TINY} --tokenizer subword --batch 4");
    check(&dir, &line);
    assert_eq!(
        dir.text("first/tokenizer.json"),
        dir.text("threads5/tokenizer.json")
    );
}

#[test]
fn adaptation_repeats() {
    let dir = Dir::with_base();
    dir.write("texts.csv", texts(150, 6));
    check(&dir, "adapt --texts texts.csv --model base --out OUT --epochs 3");
}

#[test]
fn fitting_repeats() {
    let dir = Dir::with_base();
    dir.write("labelled.csv", labelled(45, 7));
    check(
        &dir,
        "fit --data labelled.csv --model base --out OUT --epochs 6 --lm-epochs 2 --estimate folds:2",
    );
}

fn classified(ran: &Ran) -> Vec<(u64, String, f64)> {
    let row = |event: &Value| {
        let label = event["label"].as_str().expect("a label").to_string();
        (
            event["row"].as_u64().expect("a row"),
            label,
            event["confidence"].as_f64().expect("a confidence"),
        )
    };
    ran.of("classified").map(row).collect()
}

/// What differs is rounding, which the head's batch norm multiplies by up to 1/sqrt(1e-5): a classifier that was trained
/// without any dropout, on features that hardly vary, may show a little more than this one.
#[test]
fn a_label_does_not_depend_on_the_batch() {
    let dir = Dir::with_classifier();
    let mut writer = Writer::new(10);
    // From a word to some hundred, of one topic or of several.
    let rows = (0..500).map(|row| match row % 7 {
        0 => writer
            .sentence(row % 3)
            .split(' ')
            .nth(2)
            .map(ToString::to_string)
            .expect("a noun"),
        1 => writer.text(0, 20) + " " + &writer.text(1, 20),
        _ => writer.text(row % 3, 1 + row / 30),
    });
    dir.write(
        "texts.csv",
        format!("text\n{}\n", rows.collect::<Vec<_>>().join("\n")),
    );
    let line = "classify --model classifier --input texts.csv";
    let one = classified(&dir.done(&format!("{line} --batch 1")));
    assert_eq!(one.len(), 500);
    assert!(one.iter().map(|(row, ..)| *row).eq(1..=500));
    let labels: std::collections::BTreeSet<&str> = one.iter().map(|(_, label, _)| label.as_str()).collect();
    assert_eq!(labels.len(), 3, "the classifier tells nothing apart: {labels:?}");
    for batch in ["--batch 64", "--batch 7", ""] {
        let many = classified(&dir.done(&format!("{line} {batch}")));
        assert_eq!(many.len(), 500, "{batch}");
        for ((row, label, confidence), other) in one.iter().zip(&many) {
            assert_eq!((row, label), (&other.0, &other.1), "{batch}");
            assert!(
                (confidence - other.2).abs() <= 1e-5,
                "{batch}: row {row}: {confidence} {}",
                other.2
            );
        }
    }
    dir.done(&format!("{line} --output out.jsonl"));
    let rows: Vec<Value> = dir
        .text("out.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object"))
        .collect();
    assert_eq!(rows.len(), 500);
    for ((row, label, confidence), found) in one.iter().zip(&rows) {
        assert_eq!(found["label"], label.as_str(), "row {row}");
        // Files have four decimals.
        assert!(
            (found["confidence"].as_f64().expect("a number") - confidence).abs() <= 6e-5,
            "row {row}"
        );
    }
}

#[test]
fn rounding_moves_confidences_a_little_and_exact_ones_are_those_of_any_batch() {
    let dir = Dir::with_classifier();
    dir.write("good.csv", labelled(60, 3));
    let line = "classify --model classifier --input good.csv --text-column text";
    let told = |line: &str| -> Vec<(String, f64)> {
        let one = |event: &Value| {
            (
                event["label"].to_string(),
                event["confidence"].as_f64().expect("a number"),
            )
        };
        dir.done(line).of("classified").map(one).collect()
    };
    let (rounded, exact) = (told(line), told(&format!("{line} --exact")));
    assert_eq!(rounded, told(line));
    assert_eq!(exact, told(&format!("{line} --exact --batch 3")));
    assert_eq!((rounded.len(), exact.len()), (60, 60));
    for ((label, confidence), (exact_label, exact)) in rounded.iter().zip(&exact) {
        assert!((confidence - exact).abs() < 0.03, "{confidence} {exact}");
        assert!(
            label == exact_label || *exact < 0.53,
            "{label} {exact_label} {exact}"
        );
    }
}

//! `unfreeze lab`: ways of training compared on the same splits, their results on disk, and going on after an interruption.

use serde_json::Value;

use super::common::{Dir, Ran, assert_says, labelled, texts};

const LAB: &str =
    "lab --data labelled.csv --unlabelled texts.csv --model base --out results --lm-epochs 1 --seed 4";

fn dir() -> Dir {
    let dir = Dir::with_base();
    dir.write("labelled.csv", labelled(60, 2));
    dir.write("texts.csv", texts(80, 3));
    dir
}

/// The names of the rows of the last event, in order.
fn ways(ran: &Ran) -> Vec<&str> {
    let ways = ran.last()["ways"].as_array().expect("ways");
    ways.iter()
        .map(|row| row["way"].as_str().expect("a name"))
        .collect()
}

/// What was found, without the time that it took.
fn found(ran: &Ran) -> Vec<Value> {
    let mut ways = ran.last()["ways"].as_array().expect("ways").clone();
    for row in &mut ways {
        row.as_object_mut().expect("a row").remove("seconds");
    }
    ways
}

#[test]
fn every_way_is_measured_on_the_same_labels_beside_baselines() {
    let dir = dir();
    let line = format!("{LAB} --epochs 2 --methods last,ulmfit-no-adapt,scratch,last --estimate folds:2");
    let ran = dir.done(&line);
    assert_eq!(
        ways(&ran),
        ["last", "tf-idf", "most-frequent", "ulmfit-no-adapt", "scratch"]
    );
    assert_eq!(ran.number("estimated_on"), 60.0);
    assert_eq!(ran.number("folds"), 2.0);
    // As they come, each once.
    assert_eq!(ran.of("compared").count(), 5);
    for row in ran.last()["ways"].as_array().expect("ways") {
        let number = |key: &str| row[key].as_f64().unwrap_or_else(|| panic!("{key} of {row}"));
        assert!((0.0..=1.0).contains(&number("error")), "{row}");
        assert!(
            number("error_low") <= number("error") && number("error") <= number("error_high"),
            "{row}"
        );
        assert_eq!(row["p"].is_null(), row["way"] == "last", "{row}");
    }
    // Classes take turns, so that guessing is right by a third.
    let guess = &ran.last()["ways"][2];
    assert!(
        (guess["error"].as_f64().expect("an error") - 2.0 / 3.0).abs() < 0.05,
        "{guess}"
    );
    let stages: Vec<&str> = ran
        .of("stage_started")
        .filter_map(|e| e["stage"].as_str())
        .collect();
    assert_eq!(
        stages.iter().filter(|stage| stage.contains(" fold ")).count(),
        6,
        "{stages:?}"
    );

    assert_eq!(
        super::common::names(&dir.path("results")),
        ["README.md", "predictions.csv", "results.csv", "unfreeze-lab.json"]
    );
    let predictions = dir.text("results/predictions.csv");
    assert_eq!(predictions.lines().count(), 61);
    assert!(
        predictions.starts_with("line,label,last,tf-idf,most-frequent,ulmfit-no-adapt,scratch\n2,garden,")
    );
    // The errors are those of the predictions that lie beside them.
    let wrong = predictions.lines().skip(1).filter(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        cells[1] != cells[6]
    });
    let error = ran.last()["ways"][4]["error"].as_f64().expect("an error");
    assert!((error - wrong.count() as f64 / 60.0).abs() < 1e-9);
    assert_says(
        "README.md",
        &dir.text("results/README.md"),
        &[
            "2-fold",
            "| last |",
            "McNemar",
            "learn from the others: `last`, `scratch`.",
        ],
    );
    assert!(!dir.names().iter().any(|name| name.contains("unfinished")));

    let refused = dir.fails(&line, 1);
    assert_says(&line, &refused, &["results"]);
    dir.write("results/notes.txt", "what I think of it");
    let refused = dir.fails(&format!("{line} --overwrite"), 2);
    assert_says(&line, &refused, &["results/notes.txt", "your own"]);
    std::fs::remove_file(dir.path("results/notes.txt")).expect("removed");
    assert_eq!(
        found(&dir.done(&format!("{line} --overwrite"))),
        found(&ran),
        "the same seed"
    );
}

#[test]
#[cfg(unix)]
fn an_interrupted_comparison_goes_on_with_what_it_has_measured() {
    let dir = dir();
    let line = format!("{LAB} --epochs 40 --methods ulmfit,full,last --estimate holdout:0.3");
    let whole = dir.done(&line);
    let stages = |ran: &Ran| -> Vec<String> {
        let started = ran.of("stage_started");
        started
            .map(|event| event["stage"].as_str().expect("a name").to_string())
            .collect()
    };
    assert_eq!(
        stages(&whole).iter().filter(|stage| *stage == "adapt").count(),
        1,
        "stage 2 once for all"
    );
    std::fs::remove_dir_all(dir.path("results")).expect("removed");

    let mut running = dir.start(&line);
    let second = running
        .events
        .find(|event| event["event"] == "step" && event["stage"] == "full");
    second.expect("a step of the second way");
    running.interrupt();
    let (rest, status) = running.wait();
    assert_eq!(status.code(), Some(130), "{:?}", rest.last());
    assert!(dir.names().contains(&"results.unfinished".to_string()));

    let again = dir.done(&format!("{line} --resume"));
    let trained = stages(&again);
    assert!(
        !trained.iter().any(|stage| stage == "ulmfit" || stage == "adapt"),
        "{trained:?}"
    );
    assert_eq!(found(&again), found(&whole));
    assert!(!dir.names().iter().any(|name| name.contains("unfinished")));
}

/// With one seed a way gets the splits, the numbers and the words that the command gets which trains it alone.
#[test]
fn what_is_measured_is_what_would_be_trained() {
    let dir = dir();
    let options = "--model base --epochs 6 --seed 4 --estimate folds:3";
    let ran = dir.done(&format!(
        "lab --data labelled.csv --unlabelled texts.csv --lm-epochs 1 {options} --methods ulmfit,scratch,full-no-adapt --out results"
    ));
    let alone = [
        (
            "ulmfit",
            "fit --data labelled.csv --unlabelled texts.csv --lm-epochs 1",
        ),
        ("scratch", "train --data labelled.csv --method scratch"),
        ("full-no-adapt", "train --data labelled.csv --method full"),
    ];
    for (way, command) in alone {
        let alone = dir.done(&format!("{command} {options} --out {way}"));
        let ways = ran.last()["ways"].as_array().expect("ways");
        let row = ways.iter().find(|row| row["way"] == way).expect("a row");
        for key in ["error", "error_low", "error_high"] {
            assert_eq!(row[key].as_f64(), Some(alone.number(key)), "{way}: {key}");
        }
        if way == "ulmfit" {
            let words = ways.iter().find(|row| row["way"] == "tf-idf").expect("a row");
            assert_eq!(words["error"].as_f64(), Some(alone.number("baseline_error")));
            assert_eq!(words["p"].as_f64(), Some(alone.number("baseline_p")));
        }
    }
}

/// What has read the texts starts where `train` would start from it, and nothing is read again.
#[test]
fn ways_start_from_a_language_model_that_has_read_the_texts() {
    let dir = dir();
    dir.done("adapt --texts texts.csv --model base --out read --epochs 1");
    let options = "--epochs 4 --seed 4 --estimate folds:2";
    let ran = dir.done(&format!(
        "lab --data labelled.csv --model base --adapted read {options} --methods ulmfit,ulmfit-no-adapt --out results"
    ));
    assert!(!ran.of("stage_started").any(|event| event["stage"] == "adapt"));
    for (way, model) in [("ulmfit", "read"), ("ulmfit-no-adapt", "base")] {
        let alone = dir.done(&format!(
            "train --data labelled.csv --model {model} {options} --out {way}"
        ));
        let ways = ran.last()["ways"].as_array().expect("ways");
        let row = ways.iter().find(|row| row["way"] == way).expect("a row");
        for key in ["error", "error_low", "error_high"] {
            assert_eq!(row[key].as_f64(), Some(alone.number(key)), "{way}: {key}");
        }
    }
    let refused = dir.fails(
        "lab --data labelled.csv --adapted read --unlabelled texts.csv --out again",
        2,
    );
    assert_says("both", &refused, &["--adapted", "--unlabelled"]);
    let refused = dir.fails(
        "lab --data labelled.csv --model base --adapted nowhere --out again",
        1,
    );
    assert_says("no model", &refused, &["nowhere"]);
    // What was wrong can be mended without a word about an interrupted run.
    assert!(!dir.names().iter().any(|name| name.contains("unfinished")));
    let refused = dir.fails(
        "lab --data labelled.csv --model base --adapted ulmfit --out again",
        1,
    );
    assert_says("a classifier", &refused, &["ulmfit", "language model"]);
    assert!(!dir.names().iter().any(|name| name.contains("unfinished")));
    let ran = dir.done(
        "lab --data labelled.csv --model base --adapted read --methods last-no-adapt --epochs 1 --out again",
    );
    let warned = ran
        .of("warning")
        .any(|e| e["message"].to_string().contains("`--adapted`"));
    assert!(warned, "an option that changes nothing is told");
}

/// A model whose vectors of words are not numbers: whatever starts from it diverges at once.
fn broken(dir: &Dir) {
    let mut bytes = dir.read("base/model.safetensors");
    let length = u64::from_le_bytes(bytes[..8].try_into().expect("a length")) as usize;
    let head: Value = serde_json::from_slice(&bytes[8..8 + length]).expect("a head");
    let place = |at: usize| {
        let offset = &head["0.encoder.weight.scale"]["data_offsets"][at];
        8 + length + offset.as_u64().expect("an offset") as usize
    };
    // All bits set are not a number.
    bytes[place(0)..place(1)].fill(0xff);
    dir.write("base/model.safetensors", bytes);
}

#[test]
fn a_way_that_diverges_is_left_out_and_the_others_are_compared() {
    let dir = dir();
    broken(&dir);
    let line = "lab --data labelled.csv --model base --epochs 2 --estimate folds:2 --out results";
    let ran = dir.done(&format!("{line} --methods scratch,last-no-adapt"));
    assert_eq!(ways(&ran), ["scratch", "tf-idf", "most-frequent"]);
    let left_out = &ran.last()["left_out"][0];
    assert_eq!(left_out["way"], "last-no-adapt");
    assert_says("why", &left_out["message"].to_string(), &["NaN", "diverged"]);
    assert_eq!(ran.of("left_out").count(), 1);
    assert_says(
        "README.md",
        &dir.text("results/README.md"),
        &["`last-no-adapt` is left out: the loss became NaN"],
    );
    // There is nothing to judge the others against.
    let refused = dir.fails(&format!("{line} --overwrite --methods last-no-adapt,scratch"), 1);
    assert_says("the first", &refused, &["diverged"]);
}

#[test]
fn texts_are_told_by_where_they_begin_in_the_file() {
    let dir = dir();
    let table = labelled(60, 2);
    let (head, rest) = table.split_at(table.find("\n").expect("a line") + 1);
    dir.write("labelled.csv", format!("{head} ,garden\n{rest}"));
    dir.done(&format!("{LAB} --epochs 1 --methods last --estimate folds:2"));
    let predictions = dir.text("results/predictions.csv");
    let first = predictions.lines().nth(1).expect("a line");
    assert!(first.starts_with("3,garden,"), "{first}");
}

#[test]
fn a_comparison_that_cannot_be_made_says_why() {
    let dir = dir();
    dir.fails(&format!("{LAB} --methods ulmfit,all"), 2);
    let refused = dir.fails(&format!("{LAB} --epochs 0"), 2);
    assert_says("no epochs", &refused, &["--epochs"]);
    let ran = dir.done(&format!(
        "{LAB} --epochs 1 --methods last-no-adapt --estimate folds:2"
    ));
    let warned = ran
        .of("warning")
        .any(|e| e["message"].to_string().contains("`--unlabelled`"));
    assert!(warned, "options that change nothing are told");
    dir.write("one.csv", "text,label\nA boat.,river\nA bridge.,river\n");
    let refused = dir.fails("lab --data one.csv --model base --out results", 1);
    assert_says("one class", &refused, &["one.csv"]);
}

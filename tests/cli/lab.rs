//! `unfreeze lab`: ways of training compared on the same splits, their results on disk, and going on after an interruption.

use serde_json::Value;

use super::common::{Dir, Ran, assert_says, labelled, texts};

const LAB: &str = "lab --data labelled.csv --unlabelled texts.csv --model base --out results --epochs 2 --lm-epochs 1 --seed 4";

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
    let line = format!("{LAB} --methods last,ulmfit-no-adapt,scratch,last --estimate folds:2");
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
    // Stage 2 once, though only one of the ways has it.
    let stages: Vec<&str> = ran
        .of("stage_started")
        .filter_map(|e| e["stage"].as_str())
        .collect();
    assert_eq!(
        stages.iter().filter(|stage| **stage == "adapt").count(),
        1,
        "{stages:?}"
    );
    assert_eq!(
        stages.iter().filter(|stage| stage.contains(" fold ")).count(),
        6,
        "{stages:?}"
    );

    assert_eq!(
        super::common::names(&dir.path("results")),
        ["README.md", "predictions.csv", "results.csv", "results.json"]
    );
    let predictions = dir.text("results/predictions.csv");
    assert_eq!(predictions.lines().count(), 61);
    assert!(
        predictions.starts_with("row,label,last,tf-idf,most-frequent,ulmfit-no-adapt,scratch\n1,garden,")
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
        &["2-fold", "| last |", "McNemar"],
    );
    assert!(!dir.names().iter().any(|name| name.contains("unfinished")));

    let refused = dir.fails(&line, 1);
    assert_says(&line, &refused, &["results"]);
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
    let line = format!("{LAB} --methods ulmfit,full,last --estimate holdout:0.3");
    let whole = dir.done(&line);
    std::fs::remove_dir_all(dir.path("results")).expect("removed");

    let mut running = dir.start(&line);
    let second = running
        .events
        .find(|event| event["event"] == "stage_started" && event["stage"] == "full");
    second.expect("a second way");
    running.interrupt();
    let (rest, status) = running.wait();
    assert_eq!(status.code(), Some(130), "{:?}", rest.last());
    assert!(dir.names().contains(&"results.unfinished".to_string()));

    let again = dir.done(&format!("{line} --resume"));
    let trained: Vec<&Value> = again.of("stage_started").map(|event| &event["stage"]).collect();
    assert!(!trained.iter().any(|stage| **stage == "ulmfit"), "{trained:?}");
    assert_eq!(found(&again), found(&whole));
    assert!(!dir.names().iter().any(|name| name.contains("unfinished")));
}

#[test]
fn a_comparison_that_cannot_be_made_says_why() {
    let dir = dir();
    dir.fails(&format!("{LAB} --methods ulmfit,all"), 2);
    let refused = dir.fails(&format!("{LAB} --epochs 0"), 2);
    assert!(!refused.is_empty());
    dir.write("one.csv", "text,label\nA boat.,river\nA bridge.,river\n");
    let refused = dir.fails("lab --data one.csv --model base --out results", 1);
    assert_says("one class", &refused, &["one.csv"]);
}

//! Classes of one text, as surveys and rare kinds have them: always learned from, never measured, and named.

use serde_json::{Value, json};

use super::common::{Dir, Ran, assert_says, labelled};

const TRAIN: &str = "train --data labelled.csv --model base --epochs 1";

fn warnings(ran: &Ran) -> String {
    ran.of("warning")
        .map(|event| event["message"].to_string())
        .collect()
}

#[test]
fn a_class_of_one_text_is_named_and_not_measured() {
    let dir = Dir::with_base();
    dir.write("labelled.csv", labelled(30, 51) + &"no comment,none\n".repeat(12));
    for (out, how, measured) in [("folds", "folds:3", 30.0), ("held", "holdout:0.3", 9.0)] {
        let ran = dir.done(&format!("{TRAIN} --out {out} --estimate {how}"));
        assert_eq!(ran.number("estimated_on"), measured, "{how}");
        assert_eq!(ran.last()["not_measured"], json!(["none"]), "{how}");
        let why = ["The class 'none' is not measured: its 12 rows", "one text"];
        assert_says(how, &warnings(&ran), &why);
        let classes = ran.of("table").find(|table| table["title"] == "Each class");
        let rows: Vec<Value> =
            serde_json::from_value(classes.expect("a table")["rows"].clone()).expect("rows");
        assert!(rows.contains(&json!(["none", "-", "-", "-", "0"])), "{rows:?}");
        let card = dir.text(&format!("{out}/README.md"));
        assert_says(how, &card, &["not measured: none"]);
    }
    let line = "lab --data labelled.csv --model base --methods last-no-adapt --epochs 1 --estimate folds:3 --out results";
    let ran = dir.done(line);
    assert_eq!(ran.number("estimated_on"), 30.0);
    assert_eq!(ran.last()["not_measured"], json!(["none"]));
    assert_says(
        "lab",
        &dir.text("results/README.md"),
        &["The class 'none' is not measured"],
    );
}

#[test]
fn a_class_of_one_row_is_learned_and_named() {
    let dir = Dir::with_base();
    dir.write("labelled.csv", labelled(30, 51) + "a lonely text,rare\n");
    let why = "The class 'rare' is not measured: it has one text, which is always learned from";
    for (out, how, measured) in [("folds", "folds:3", 30.0), ("held", "holdout:0.3", 9.0)] {
        let ran = dir.done(&format!("{TRAIN} --out {out} --estimate {how}"));
        assert_eq!(ran.number("estimated_on"), measured, "{how}");
        assert_eq!(ran.last()["not_measured"], json!(["rare"]), "{how}");
        assert_says(how, &warnings(&ran), &[why]);
        let names: Vec<String> =
            serde_json::from_str(&dir.text(&format!("{out}/labels.json"))).expect("names");
        assert!(names.contains(&"rare".to_string()), "{names:?}");
        let card = dir.text(&format!("{out}/README.md"));
        assert_says(how, &card, &["not measured: rare", "temperature"]);
    }
    let line = "lab --data labelled.csv --model base --methods last-no-adapt --epochs 1 --estimate folds:3 --out results";
    let ran = dir.done(line);
    assert_eq!(ran.last()["not_measured"], json!(["rare"]));
    assert_says("lab", &dir.text("results/README.md"), &[why]);
    // Two of them are learned, and nothing can be said of the error.
    dir.write("two.csv", "text,label\nthe old boat,x\nthe warm soup,y\n");
    let ran = dir.done("train --data two.csv --model base --epochs 1 --out two");
    assert!(ran.last()["error"].is_null());
    assert_says("two", &warnings(&ran), &["The error is not estimated"]);
}

#[test]
fn where_every_class_has_one_text_there_is_no_estimate_and_it_is_said_why() {
    let dir = Dir::with_base();
    let (pos, neg) = ("same text,pos\n".repeat(10), "other text,neg\n".repeat(10));
    dir.write("labelled.csv", format!("text,label\n{pos}{neg}"));
    for (out, how) in [("auto", "auto"), ("held", "holdout:0.3")] {
        let ran = dir.done(&format!("{TRAIN} --out {out} --estimate {how}"));
        for key in [
            "error",
            "baseline_error",
            "baseline_p",
            "together_p",
            "not_measured",
        ] {
            assert!(ran.last()[key].is_null(), "{how}: {key} in {}", ran.last());
        }
        let said = warnings(&ran);
        assert_says(how, &said, &["The error is not estimated", "copies count as one"]);
        assert!(
            !said.contains("labelled together"),
            "a table cannot say it: {said}"
        );
    }
    let refused = dir.fails(
        "lab --data labelled.csv --model base --methods last-no-adapt --out results",
        2,
    );
    assert_says("lab", &refused, &["nothing to measure", "copies count as one"]);
}

use super::*;
use crate::session::protocol::Common;
use serde_json::json;

fn told(result: Value, context: &Context) -> (String, Vec<Found>) {
    let Value::Object(map) = result else {
        panic!("not an object")
    };
    let (lines, found) = summary(&map, context);
    (lines.join("\n"), found)
}

#[test]
fn an_error_stands_beside_its_interval_and_the_baseline() {
    let context = Context {
        made: Some("m".into()),
        next: Some("classify --model m".into()),
    };
    let result = json!({"error": 0.083, "accuracy": 0.917, "error_low": 0.06, "error_high": 0.11, "estimated_on": 1200, "rows": 6000,
        "baseline_error": 0.166, "baseline_p": 0.001, "macro_f1": 0.91, "seconds": 200.0, "model": "m",
        "stage_seconds": {"adapt": 32.6477, "train": 125.2}});
    let (text, _) = told(result, &context);
    assert!(
        text.contains("error 8.3 % (95 % interval 6.0 % to 11.0 %), measured on 1,200 rows"),
        "{text}"
    );
    assert!(text.contains("about 83 (60 to 110) will be"), "{text}");
    assert!(text.contains("; stage 2 had these rows to read too"), "{text}");
    assert!(
        text.contains("logistic regression on the same labels: error 16.6 %; this model makes 50.0 % fewer")
    );
    assert!(
        text.contains("macro f1: 0.91") && text.contains("time: adapt 33s, train 2m 05s\ndone in 3m 20s"),
        "{text}"
    );
    assert!(
        text.contains("written to m\n") && text.ends_with("next: unfreeze classify --model m"),
        "{text}"
    );
    assert!(!text.contains("accuracy") && !text.contains("model: m"), "{text}");
}

#[test]
fn what_chance_may_have_done_is_no_difference() {
    let result = json!({"error": 0.30, "error_low": 0.21, "error_high": 0.41, "estimated_on": 80, "baseline_error": 0.31,
        "baseline_p": 1.0, "tfidf": false, "together_error": 0.28, "together_p": 0.5});
    let (text, _) = told(result, &Context::default());
    assert!(
        text.contains("error 31.0 %; the two are too close to tell on these labels\n"),
        "{text}"
    );
    assert!(!text.contains("fewer mistakes") && !text.contains("--with-tfidf"));
    assert!(
        text.contains("if TF-IDF voted too: error 28.0 %, too close to tell"),
        "{text}"
    );
    assert!(!text.contains(" p: "), "{text}");
}

#[test]
fn a_better_baseline_is_not_hidden() {
    let result = json!({"error": 0.2, "baseline_error": 0.1, "baseline_error_low": 0.05, "baseline_error_high": 0.15,
        "rows": 50});
    let (text, _) = told(result, &Context::default());
    assert!(
        text.contains("does better than this model") && text.contains("5.0 % to 15.0 %)"),
        "{text}"
    );
    assert!(
        text.contains("measured on 50 rows") && !text.contains("baseline"),
        "{text}"
    );
    assert!(!text.contains("stage 2"), "{text}");
}

#[test]
fn it_is_said_what_the_vote_of_tf_idf_changes_or_would() {
    let line = |result: Value| told(result, &Context::default()).0;
    let without = |other: f64| {
        line(
            json!({"error": 0.2, "tfidf": false, "together_error": other, "together_error_low": 0.1,
            "together_error_high": 0.3, "together_p": 0.04}),
        )
    };
    let better = without(0.15);
    assert!(
        better.contains("if TF-IDF voted too: error 15.0 % (10.0 % to 30.0 %); `--with-tfidf` lets it"),
        "{better}"
    );
    let worse = without(0.25);
    assert!(
        worse.contains("if TF-IDF voted too: error 25.0 %") && !worse.contains("--with-tfidf"),
        "{worse}"
    );
    assert!(!worse.contains("together") && !worse.contains("tfidf"), "{worse}");
    let with = line(json!({"error": 0.2, "tfidf": true, "alone_error": 0.3, "alone_p": 0.01}));
    assert!(with.contains("without TF-IDF's vote: error 30.0 %"), "{with}");
    assert_eq!(line(json!({"tfidf": true})), "TF-IDF votes too");
    assert_eq!(line(json!({"tfidf": false})), "");
}

#[test]
fn perplexity_in_one_line() {
    let (text, _) = told(
        json!({"nll": 3.8113, "perplexity": 45.21, "perplexity_before": 120.5, "predictions": 120_345}),
        &Context::default(),
    );
    assert_eq!(
        text,
        "perplexity 45.21, 120.50 before (nll 3.8113 nats) over 120,345 predicted tokens"
    );
}

#[test]
fn nothing_unknown_is_lost() {
    let result = json!({"new_key": "x", "list": [1, 2], "deep": {"a": {"b": 0.5}}, "nll": null, "flag": true,
        "classes": [{"f1": 0.5, "label": "neg"}, {"label": "pos"}], "confusion": [[1, 2], [3, 4]], "seconds": "long"});
    let (text, found) = told(result, &Context::default());
    for line in [
        "new key: x",
        "list: 1, 2",
        "deep a: b 0.5",
        "nll: unknown",
        "flag: true",
        "seconds: long",
    ] {
        assert!(text.contains(line), "{text}");
    }
    assert_eq!(found.len(), 2);
    let (title, columns, rows) = &found[0];
    assert_eq!(
        (title.as_str(), columns.join(" ")),
        ("classes", "label f1".to_string())
    );
    assert_eq!(rows, &[["neg", "0.5"], ["pos", ""]]);
    assert_eq!(found[1].2, [["1", "2"], ["3", "4"]]);
}

#[test]
fn two_times_are_told_apart() {
    let (text, _) = told(
        json!({"seconds": 0.1, "total_seconds": 0.82}),
        &Context::default(),
    );
    assert_eq!(text, "done in 0.8s, 0.1s of it training");
}

#[test]
fn what_was_imported_says_what_comes_next() {
    let context = Context {
        made: None,
        next: Some("fit --data labelled.csv --model m".into()),
    };
    let (text, _) = told(json!({"ignored": []}), &context);
    assert_eq!(text, "next: unfreeze fit --data labelled.csv --model m");
    let (text, _) = told(json!({"from_classifier": true}), &context);
    assert_eq!(text, "next: unfreeze train --data labelled.csv --model m");
}

/// What is to be typed next must not write over what was typed before.
#[test]
fn what_comes_next_spares_the_labels() {
    let job = Job::Demo {
        common: Common::default(),
        out: Some("m".into()),
    };
    let next = Context::of(&job).next.unwrap();
    assert_eq!(
        next,
        "classify --model m --input texts.csv --output labelled-texts.csv"
    );
}

#[test]
fn paths_survive_a_shell() {
    assert_eq!(quoted(Path::new("my-model")), "my-model");
    assert_eq!(quoted(Path::new("my model")), "'my model'");
    assert_eq!(quoted(Path::new("it's")), r"'it'\''s'");
}

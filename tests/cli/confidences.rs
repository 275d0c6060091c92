//! What a classifier's confidences are made of: who votes, and what labels that were held out say of them.

use serde_json::Value;

use super::common::{Dir, assert_says, labelled};

/// What TF-IDF says counts in everything that is asked of a classifier that it votes in, and what is told of its error is of both.
#[test]
fn tf_idf_votes_where_it_is_let() {
    let dir = Dir::with_base();
    dir.write("labelled.csv", labelled(40, 41));
    let train = |out: &str, more: &str| {
        dir.done(&format!(
            "train --data labelled.csv --model base --out {out} --epochs 1 --estimate folds:2 {more}"
        ))
    };
    let (alone, both) = (train("alone", ""), train("both", "--with-tfidf"));
    assert_eq!(
        (&alone.last()["tfidf"], &both.last()["tfidf"]),
        (&false.into(), &true.into())
    );
    assert!((both.number("error") - alone.number("together_error")).abs() < 1e-12);
    assert!((both.number("alone_error") - alone.number("error")).abs() < 1e-12);
    // Each is set beside the other.
    assert_eq!(both.number("alone_p"), alone.number("together_p"));
    assert_eq!(
        dir.read("alone/model.safetensors"),
        dir.read("both/model.safetensors")
    );

    let confidences = |model: &str| -> Vec<f64> {
        let ran = dir.done(&format!(
            "classify --model {model} --input labelled.csv --text-column text --exact"
        ));
        ran.of("classified")
            .map(|e| e["confidence"].as_f64().expect("a number"))
            .collect()
    };
    let (one, two) = (confidences("alone"), confidences("both"));
    assert!(one.len() == 40 && two.len() == 40 && one != two);

    let left_out = |model: &str| {
        let ran = dir.done(&format!("export --model {model} --out {model}.safetensors"));
        ran.last()["left_out"].clone()
    };
    assert_eq!(
        [left_out("alone"), left_out("both")],
        [Value::Null, "tfidf.json".into()]
    );

    let damaged = dir
        .text("both/tfidf.json")
        .replacen("\"classes\":3", "\"classes\":4", 1);
    dir.write("both/tfidf.json", damaged);
    let message = dir.fails("evaluate --model both --data labelled.csv", 1);
    assert_says(
        "evaluate",
        &message,
        &["tfidf.json", "4 classes", "train the classifier again"],
    );
}

/// Labels that were held out say how sure the classifier may be; which label it gives does not change.
#[test]
fn confidences_are_calibrated_where_labels_were_held_out() {
    let dir = Dir::with_base();
    dir.write("labelled.csv", labelled(40, 43));
    let config = |model: &str| -> Value {
        serde_json::from_str(&dir.text(&format!("{model}/config.json"))).expect("JSON")
    };
    let said = |model: &str| -> Vec<(Value, f64)> {
        let ran = dir.done(&format!(
            "classify --model {model} --input labelled.csv --text-column text --exact"
        ));
        let said = |e: &Value| (e["label"].clone(), e["confidence"].as_f64().expect("a number"));
        ran.of("classified").map(said).collect()
    };
    for (out, how) in [("measured", "folds:2"), ("unmeasured", "none")] {
        dir.done(&format!(
            "train --data labelled.csv --model base --out {out} --epochs 3 --rate 0.03 --estimate {how}"
        ));
    }
    assert!(config("unmeasured")["temperature"].is_null());
    let temperature = config("measured")["temperature"].as_f64().expect("a number");
    assert!(
        temperature > 0.0 && (temperature - 1.0).abs() > 0.01,
        "{temperature}"
    );
    for ((label, calibrated), (same, raw)) in said("measured").into_iter().zip(said("unmeasured")) {
        assert_eq!(label, same);
        assert_eq!(calibrated > raw, temperature < 1.0, "{calibrated} {raw}");
    }

    let mut impossible = config("measured");
    impossible["temperature"] = 0.0.into();
    dir.write("measured/config.json", impossible.to_string());
    let message = dir.fails("classify --model measured --input labelled.csv", 1);
    assert_says("classify", &message, &["measured: config.json", "temperature"]);
}

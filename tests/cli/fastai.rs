//! Weights that fastai saved, through import, measurement and export.

use serde_json::Value;

use super::common::{Dir, fastai_files};

const FILES: [&str; 9] = [
    "tiny.pth",
    "tiny.safetensors",
    "tiny_learner.pth",
    "tiny_legacy.pth",
    "itos.pkl",
    "itos.json",
    "itos.txt",
    "texts.csv",
    "expected.json",
];

fn assert_perplexity(dir: &Dir, model: &str, tolerance: f64) {
    let expected: Value = serde_json::from_str(&dir.text("expected.json")).expect("JSON");
    let ran = dir.done(&format!("perplexity --model {model} --texts texts.csv"));
    let (nll, reference) = (ran.number("nll"), expected["nll"].as_f64().expect("a number"));
    assert!(
        (nll - reference).abs() <= tolerance,
        "{model}: nll {nll}, fastai's is {reference}"
    );
    assert_eq!(ran.last()["predictions"], expected["predictions"], "{model}");
    assert!(
        (ran.number("perplexity") - reference.exp()).abs() <= 2.0 * tolerance * reference.exp(),
        "{model}"
    );
    eprintln!("{model}: nll off by {:.1e}", (nll - reference).abs());
}

#[test]
fn imported_weights_predict_as_fastai_does() {
    let dir = Dir::new();
    fastai_files(&dir, &FILES);
    for (name, weights, vocab) in [
        ("zip", "tiny.pth", "itos.pkl"),
        ("safetensors", "tiny.safetensors", "itos.json"),
        ("learner", "tiny_learner.pth", "itos.pkl"),
        ("legacy", "tiny_legacy.pth", "itos.txt"),
    ] {
        let ran = dir.done(&format!(
            "import --weights {weights} --vocab {vocab} --out {name}"
        ));
        let sizes = &ran.last()["architecture"];
        assert_eq!(
            [
                &sizes["vocab"],
                &sizes["embedding"],
                &sizes["hidden"],
                &sizes["layers"]
            ],
            [64, 16, 24, 3],
            "{name}: {sizes}"
        );
        assert_perplexity(&dir, name, 1e-4);
    }
    assert!(dir.read("zip/model.safetensors") == dir.read("safetensors/model.safetensors"));
}

#[test]
fn tokens_are_fastais() {
    let dir = Dir::new();
    fastai_files(&dir, &FILES);
    let expected: Value = serde_json::from_str(&dir.text("expected.json")).expect("JSON");
    let table = dir.text("texts.csv");
    let texts = csv::Reader::from_reader(table.as_bytes())
        .into_records()
        .map(|row| row.expect("a row")[0].to_string());
    dir.write("texts.txt", texts.map(|text| text + "\n").collect::<String>());
    let ran = dir.done("tokenize texts.txt");
    let found: Vec<&str> = ran
        .of("line")
        .map(|event| event["text"].as_str().expect("text"))
        .collect();
    let rows = expected["rows"].as_array().expect("rows");
    assert_eq!(found.len(), rows.len());
    for (found, row) in found.iter().zip(rows) {
        let tokens: Vec<&str> = row["tokens"]
            .as_array()
            .expect("tokens")
            .iter()
            .map(|t| t.as_str().expect("a token"))
            .collect();
        let visible: Vec<&str> = tokens
            .into_iter()
            .filter(|token| !token.trim().is_empty())
            .collect();
        assert_eq!(*found, visible.join(" "));
    }
}

#[test]
fn exported_weights_come_back() {
    let dir = Dir::new();
    fastai_files(&dir, &FILES);
    dir.done("import --weights tiny.pth --vocab itos.pkl --out first");
    dir.done("export --model first --out exported.safetensors");
    dir.done("import --weights exported.safetensors --vocab itos.pkl --out second");
    assert!(dir.read("first/model.safetensors") == dir.read("second/model.safetensors"));
    assert_perplexity(&dir, "second", 1e-4);

    dir.done("export --model first --out half.safetensors --half");
    assert!(dir.read("half.safetensors").len() < dir.read("exported.safetensors").len() * 6 / 10);
    dir.done("import --weights half.safetensors --vocab itos.json --out third");
    assert_perplexity(&dir, "third", 1e-2);

    // What is imported can be tuned.
    dir.done("adapt --texts texts.csv --model first --out adapted --epochs 1");
    dir.done("perplexity --model adapted --texts texts.csv");
}

//! What the terminal promises: commands, exit codes, JSON lines, and what `done` holds.

use std::process::{Command, Stdio};

use serde_json::Value;

use super::common::{Dir, Ran, TINY, Writer, assert_share, labelled, texts};

#[test]
fn the_whole_pipeline() {
    let dir = Dir::new();
    dir.write("corpus.csv", texts(300, 21));
    dir.write("labelled.csv", labelled(60, 22));
    dir.write("more.csv", texts(50, 23));
    dir.write("test.csv", labelled(30, 24));

    let ran = dir.done(&format!(
        "pretrain --corpus corpus.csv --out base {TINY} --batch 4 --epochs 10 --corpus-name Sentences --corpus-licence CC0-1.0"
    ));
    assert!((ran.number("perplexity") - ran.number("nll").exp()).abs() < 1e-9 * ran.number("perplexity"));
    assert!(ran.number("perplexity") < 200.0 && ran.number("tokens_per_second") > 0.0);
    let card = dir.text("base/README.md");
    assert!(card.contains("Sentences") && card.contains("CC0-1.0"), "{card}");

    let ran = dir.done("adapt --texts more.csv --model base --out adapted --epochs 2");
    assert!(ran.number("perplexity") > 1.0 && ran.number("perplexity_before") > 1.0);
    assert_eq!(ran.number("texts"), 50.0);

    let ran =
        dir.done("train --data labelled.csv --model adapted --out trained --epochs 4 --estimate holdout:0.3");
    assert_share(&ran, "error");

    // A model of 24 units learns its lower layers no slower, and long: otherwise how it ends hangs on the processor's own
    // rounding, from no text wrong to a third of them.
    let ran = dir.done(
        "fit --data labelled.csv --unlabelled more.csv --model base --out model --epochs 80 --rate 0.03 --factor 1 --batch 4 \
         --drop-mult 0 --lm-epochs 2 --estimate folds:3",
    );
    for key in [
        "error",
        "error_low",
        "error_high",
        "accuracy",
        "macro_f1",
        "baseline_error",
        "baseline_p",
        "together_error",
        "together_p",
    ] {
        assert_share(&ran, key);
    }
    assert!((ran.number("error") + ran.number("accuracy") - 1.0).abs() < 1e-12);
    assert!(
        ran.number("error_low") <= ran.number("error") && ran.number("error") <= ran.number("error_high")
    );
    assert_eq!(
        (
            ran.number("folds"),
            ran.number("estimated_on"),
            ran.number("rows")
        ),
        (3.0, 60.0, 60.0)
    );
    assert_eq!(
        ran.last()["classes"],
        serde_json::json!(["garden", "kitchen", "river"])
    );
    let loaded: Vec<_> = ran
        .of("loaded")
        .map(|event| (event["what"].as_str(), event["rows"].as_u64()))
        .collect();
    assert_eq!(
        loaded,
        [(Some("labelled"), Some(60)), (Some("unlabelled"), Some(50))]
    );
    for file in [
        "config.json",
        "vocab.json",
        "model.safetensors",
        "labels.json",
        "README.md",
    ] {
        assert!(dir.path(&format!("model/{file}")).is_file(), "{file}");
    }
    // What stage 2 made is there too, and goes on writing; the licence of the base model is not lost on the way.
    dir.done("generate --model model/language-model --prompt The --tokens 4");
    assert!(!dir.path("trained/language-model").exists());
    for card in [
        "model/README.md",
        "model/language-model/README.md",
        "adapted/README.md",
        "trained/README.md",
    ] {
        assert!(dir.text(card).contains("license: CC0-1.0"), "{card}");
    }

    let ran = dir.done("evaluate --model model --data test.csv");
    let rows: Vec<Vec<u64>> = serde_json::from_value(ran.last()["confusion"].clone()).expect("a matrix");
    assert_eq!(
        rows.iter().map(|row| row.iter().sum::<u64>()).collect::<Vec<_>>(),
        [10, 10, 10]
    );
    let right: u64 = (0..3).map(|class| rows[class][class]).sum();
    assert!((ran.number("accuracy") - right as f64 / 30.0).abs() < 1e-12);
    assert!((ran.number("error") + ran.number("accuracy") - 1.0).abs() < 1e-12);
    assert!(
        ran.number("error") <= 0.2,
        "topics with words of their own are not learnt: {}",
        ran.last()
    );
    let titles: Vec<_> = ran.of("table").map(|table| table["title"].as_str()).collect();
    assert_eq!(titles, [Some("Each class"), Some("Confusion matrix")]);

    let classified = dir.done("classify --model model --input test.csv --text-column text");
    let truth = csv::Reader::from_reader(dir.text("test.csv").as_bytes())
        .into_records()
        .map(|row| row.expect("a row")[1].to_string())
        .collect::<Vec<_>>();
    let same = classified
        .of("classified")
        .zip(&truth)
        .filter(|(event, label)| event["label"] == label.as_str())
        .count();
    assert_eq!(same as u64, right, "`classify` and `evaluate` disagree");
    assert_eq!(
        dir.names(),
        [
            "adapted",
            "base",
            "corpus.csv",
            "labelled.csv",
            "model",
            "more.csv",
            "test.csv",
            "trained"
        ]
    );
}

#[test]
fn every_method_runs() {
    let dir = Dir::with_base();
    dir.write("labelled.csv", labelled(60, 25));
    for method in [
        "ulmfit",
        "ulmfit-code",
        "scratch",
        "full",
        "full-discr",
        "last",
        "chain-thaw",
        "freez",
        "freez-discr",
        "freez-stlr",
        "freez-cos",
    ] {
        let ran = dir.done(&format!(
            "fit --data labelled.csv --model base --out {method} --method {method} --epochs 5 --lm-epochs 1 --estimate holdout:0.3"
        ));
        assert_share(&ran, "error");
        assert_eq!(ran.last()["method"], method);
        assert_eq!(
            ran.last()["perplexity"].is_number(),
            method != "scratch",
            "{method}: stage 2"
        );
        let steps: Vec<&Value> = ran.of("step").filter(|step| step["stage"] == "train").collect();
        let frozen = |step: &Value| {
            step["groups"]
                .as_array()
                .expect("groups")
                .iter()
                .filter(|g| g["frozen"] == true)
                .count()
        };
        let first = frozen(steps[0]);
        match method {
            "scratch" | "full" | "full-discr" => assert_eq!(first, 0, "{method}"),
            _ => assert_eq!(first, 3, "{method}: all but the last group begin frozen"),
        }
        if method == "last" {
            assert!(steps.iter().all(|step| frozen(step) == 3));
        }
        assert_eq!(
            dir.done(&format!("evaluate --model {method} --data labelled.csv"))
                .number("rows"),
            60.0
        );
    }
}

/// The way is kept with the model, and a model that does not name one has concat pooling, as all had once.
#[test]
fn a_classifier_is_read_with_the_pooling_it_was_trained_with() {
    let dir = Dir::with_base();
    dir.write("labelled.csv", labelled(60, 25));
    let train = "train --data labelled.csv --model base --epochs 40 --rate 0.02 --batch 8 --drop-mult 0.1 --estimate none";
    let evaluate = |model: &str| dir.done(&format!("evaluate --model {model} --data labelled.csv"));
    let trained = |out: &str, options: &str, pooling: &str| {
        dir.done(&format!("{train} --out {out} {options}"));
        let config: Value = serde_json::from_str(&dir.text(&format!("{out}/config.json"))).expect("JSON");
        assert_eq!(config["pooling"], pooling, "{options}");
        let error = evaluate(out).number("error");
        assert!(error < 0.3, "{options}: nothing was learnt, error {error}");
        config
    };
    let mut config = trained("concat", "--pooling concat", "concat");
    trained("deep", "--pooling deep", "deep");
    trained("default", "", "deep");
    let weights = |model: &str| dir.read(&format!("{model}/model.safetensors"));
    assert!(weights("deep") == weights("default"));
    assert!(weights("deep").len() > weights("concat").len(), "a wider head");

    let before = evaluate("concat");
    config.as_object_mut().expect("an object").remove("pooling");
    dir.write("concat/config.json", config.to_string());
    assert_eq!(evaluate("concat").last()["confusion"], before.last()["confusion"]);
}

#[test]
fn errors_are_estimated_as_asked() {
    let dir = Dir::with_base();
    dir.write("labelled.csv", labelled(60, 26));
    let train = |how: &str| {
        let out = how.replace([':', '.'], "-");
        dir.done(&format!(
            "train --data labelled.csv --model base --out {out} --epochs 1 --estimate {how}"
        ))
    };
    let none = train("none");
    assert!(
        none.last()["error"].is_null() && none.last()["baseline_error"].is_null(),
        "{}",
        none.last()
    );
    let stages = |ran: &Ran| -> Vec<String> {
        ran.of("stage_started")
            .map(|event| event["stage"].as_str().expect("a name").to_string())
            .collect()
    };
    assert_eq!(stages(&none), ["train"]);
    let folds = train("folds:2");
    assert_eq!((folds.number("folds"), folds.number("estimated_on")), (2.0, 60.0));
    assert_eq!(
        stages(&folds),
        ["train fold 1 of 2", "train fold 2 of 2", "train"]
    );
    let held_out = train("holdout:0.3");
    assert_eq!(
        (held_out.number("folds"), held_out.number("estimated_on")),
        (1.0, 18.0)
    );
    assert_eq!(stages(&held_out), ["train for the estimate", "train"]);
    let auto = train("auto");
    assert_eq!(auto.number("estimated_on"), 60.0);
    // How the error is estimated does not change the classifier.
    let weights = |out: &str| dir.read(&format!("{out}/model.safetensors"));
    assert!(weights("none") == weights("folds-2") && weights("none") == weights("holdout-0-3"));
}

#[test]
fn texts_without_labels_help_stage_2() {
    let dir = Dir::with_base();
    dir.write("labelled.csv", labelled(30, 27));
    let more = texts(40, 28);
    dir.write("more.csv", &more);
    dir.write("more.txt", more.trim_start_matches("text\n"));
    let objects: Vec<String> = more
        .lines()
        .skip(1)
        .map(|text| serde_json::json!({ "text": text, "label": "ignored" }).to_string())
        .collect();
    dir.write("more.jsonl", objects.join("\n"));
    let options = "--text-column text --epochs 1 --lm-epochs 1 --estimate none";
    let fit = |out: &str, more: &str| {
        let ran = dir.done(&format!(
            "fit --data labelled.csv --model base --out {out} {options} {more}"
        ));
        let rows: Vec<Option<u64>> = ran
            .of("loaded")
            .filter(|e| e["what"] == "unlabelled")
            .map(|e| e["rows"].as_u64())
            .collect();
        (rows, dir.read(&format!("{out}/model.safetensors")))
    };
    let (rows, alone) = fit("alone", "");
    assert!(rows.is_empty());
    let (rows, csv) = fit("csv", "--unlabelled more.csv");
    assert_eq!(rows, [Some(40)]);
    assert!(csv != alone);
    for name in ["more.txt", "more.jsonl"] {
        let (rows, found) = fit(&name.replace('.', "-"), &format!("--unlabelled {name}"));
        assert_eq!(rows, [Some(40)], "{name}");
        assert!(found == csv, "{name}: the same texts, other weights");
    }
    // "Everything you have" holds the labelled texts too: a copy is not read again, or held out from itself.
    let known: String = labelled(30, 27)
        .lines()
        .skip(1)
        .filter_map(|line| line.rsplit_once(','))
        .map(|(text, _)| format!("{text}\n"))
        .collect();
    dir.write(
        "everything.csv",
        format!("text\n{known}{}", more.trim_start_matches("text\n")),
    );
    let (rows, found) = fit("everything", "--unlabelled everything.csv");
    assert_eq!(rows, [Some(70)]);
    assert!(found == csv, "copies of labelled texts change the weights");
    // Rows of the table of labels that have none are such texts as well.
    let unlabelled = more.lines().skip(1).map(|text| format!("{text},\n"));
    dir.write("labelled.csv", labelled(30, 27) + &unlabelled.collect::<String>());
    let (_, found) = fit("one-table", "");
    assert!(found == csv, "texts without a label are not read");
}

#[test]
fn the_demo_replaces_nothing() {
    let dir = Dir::with_classifier();
    let message = dir.fails("demo --out classifier", 2);
    assert!(message.contains("name another directory"), "{message}");
    // Nor what an interrupted run on other texts has kept, which may be hours of work.
    std::fs::create_dir(dir.path("mine.unfinished")).expect("a directory");
    dir.write("mine.unfinished/run.json", "{}");
    let message = dir.fails("demo --out mine", 2);
    assert!(message.contains("name another directory"), "{message}");
    assert!(dir.path("mine.unfinished/run.json").exists());
}

#[test]
fn several_columns_are_one_text() {
    let dir = Dir::with_base();
    let mut writer = Writer::new(29);
    let mut row = |row: usize| {
        format!(
            "{},{},{}\n",
            writer.sentence(row % 2),
            writer.sentence(row % 2),
            row % 2
        )
    };
    dir.write(
        "data.csv",
        format!("title,body,class\n{}", (0..30).map(&mut row).collect::<String>()),
    );
    let columns = "--text-column title,body --label-column class";
    dir.done(&format!(
        "train --data data.csv {columns} --model base --out model --epochs 2 --estimate none"
    ));
    let ran = dir.done(&format!("evaluate --model model --data data.csv {columns}"));
    assert_eq!(
        ran.of("loaded").next().expect("loaded")["text_columns"],
        serde_json::json!(["title", "body"])
    );
    let is_told = |ran: &Ran| {
        let mut told = ran.of("warning").map(|warning| warning["message"].to_string());
        told.any(|message| message.contains("of 2 columns, these have 1 (body)"))
    };
    assert!(!is_told(&ran));
    // One of them alone is another kind of text.
    for line in ["evaluate --model model --data", "classify --model model --input"] {
        let ran = dir.done(&format!("{line} data.csv --text-column body"));
        assert!(is_told(&ran), "{line}");
    }
}

/// The one test of the built-in models: small as they are, they are far larger than the others here.
#[test]
fn both_directions_of_the_built_in_model() {
    let dir = Dir::new();
    dir.write("labelled.csv", labelled(12, 33));
    let ran = dir.done(
        "fit --data labelled.csv --out model --bidirectional --epochs 1 --lm-epochs 1 --estimate holdout:0.3 --bptt 10",
    );
    assert_eq!(ran.last()["bidirectional"], true);
    assert_share(&ran, "error");
    let directions = ["model/config.json", "model/backward/config.json"].map(|file| {
        let config: Value = serde_json::from_str(&dir.text(file)).expect("JSON");
        config["backward"].clone()
    });
    assert_eq!(directions, [false, true]);
    let both = dir.done("classify --model model --input labelled.csv --text-column text");
    let alone = dir.done("classify --model model/backward --input labelled.csv --text-column text");
    let confidences = |ran: &Ran| {
        ran.of("classified")
            .map(|e| e["confidence"].clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(confidences(&both).len(), 12);
    assert_ne!(confidences(&both), confidences(&alone));
    dir.done("perplexity --texts labelled.csv --text-column text --backward");
    dir.done("export --out base.safetensors");
}

#[test]
fn the_machine_is_described() {
    let dir = Dir::new();
    let ran = dir.done("doctor");
    assert!(ran.last()["adapters"].is_array() && ran.number("threads") >= 1.0);
    assert_eq!(ran.last()["models"].as_array().map(Vec::len), Some(2));
    let started = ran.of("started").next().expect("started");
    assert!(
        started["device"]
            .as_str()
            .is_some_and(|name| name.starts_with("CPU")),
        "{started}"
    );
    assert!(ran.of("table").any(|table| table["title"] == "Adapters"));
    let models = ran.of("table").find(|table| table["title"] == "Models");
    let rows = models.expect("the built-in models")["rows"].clone();
    for (row, model) in rows
        .as_array()
        .expect("rows")
        .iter()
        .zip(ran.last()["models"].as_array().expect("models"))
    {
        let cells: Vec<&str> = row
            .as_array()
            .expect("cells")
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert!(cells.iter().all(|cell| !cell.contains(['{', '?'])), "{cells:?}");
        let tokens = cells[4].replace(',', "").parse::<u64>().expect("tokens");
        assert_eq!(model["training"]["tokens_seen"], tokens);
        let perplexity = model["training"]["perplexity"].as_f64().expect("a number");
        assert_eq!(cells[5], format!("{perplexity:.1}"));
    }
    let ran = dir.done("bench --preset small --steps 1");
    assert!(ran.number("tokens_per_second") > 0.0);
}

#[test]
fn help_and_version_are_no_failures() {
    for (arguments, words) in [
        (&["--help"][..], ["unfreeze", "pretrain", "--json"]),
        (&["fit", "--help"], ["--unlabelled", "--method", "chain-thaw"]),
        (&["--version"], ["unfreeze", env!("CARGO_PKG_VERSION"), ""]),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_unfreeze"))
            .args(arguments)
            .output()
            .expect("it starts");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            words.iter().all(|word| text.contains(word)),
            "{arguments:?}: {text}"
        );
    }
}

/// Without `--json`, standard output holds results alone, and what people read goes to standard error.
#[test]
fn people_and_pipes_are_kept_apart() {
    let dir = Dir::with_classifier();
    dir.write("texts.csv", texts(9, 34));
    let program = |arguments: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_unfreeze"));
        command
            .args(arguments.split_whitespace())
            .args(["--device", "cpu"])
            .stdin(Stdio::null());
        command.current_dir(dir.path(".")).output().expect("it starts")
    };
    let output = program("classify --model classifier --input texts.csv");
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).expect("text");
    assert_eq!(text.lines().count(), 9, "{text}");
    for (line, expected) in text.lines().zip(dir.text("texts.csv").lines().skip(1)) {
        let fields: Vec<&str> = line.split('\t').collect();
        assert_eq!((fields.len(), fields.get(2)), (3, Some(&expected)), "{line}");
    }
    let output = program("classify --model classifier --input missing.csv");
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        errors
            .lines()
            .any(|line| line.starts_with("error: missing.csv: no such file")),
        "{errors}"
    );
}

/// Minutes on a slow machine: `cargo test --release --test cli -- --ignored`.
#[test]
#[ignore = "takes minutes"]
fn the_demo() {
    let dir = Dir::new();
    let ran = dir.done("demo --out model");
    assert_share(&ran, "error");
    assert!(dir.path("model/model.safetensors").is_file());
}

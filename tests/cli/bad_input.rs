//! What is wrong is said in one line that names the place, and nothing half-written is left.

use super::common::{Dir, TINY, assert_says, ended, fastai_files, labelled, one_line, texts};

/// Every command that reads a table of texts, with `FILE` for the table.
const READERS: [&str; 7] = [
    "fit --data FILE --model base --out out",
    "train --data FILE --model base --out out",
    "fit --data good.csv --unlabelled FILE --model base --out out",
    "adapt --texts FILE --model base --out out",
    "classify --model classifier --input FILE --output out.csv",
    "evaluate --model classifier --data FILE",
    "perplexity --model base --texts FILE",
];

/// A file's name, its bytes unless it is missing, and what the error must say.
type Case = (&'static str, Option<&'static [u8]>, &'static [&'static str]);

#[test]
fn broken_tables_are_refused_by_every_command() {
    let cases: [Case; 7] = [
        ("missing.csv", None, &["missing.csv: no such file"]),
        ("empty.csv", Some(b""), &["empty.csv: the file is empty"]),
        (
            "header.csv",
            Some(b"text,label\n"),
            &["header.csv: only a header and no rows"],
        ),
        (
            "mixed.csv",
            Some(b"text,label\ncaf\xc3\xa9 good,a\ncaf\xe9 bad,b\n"),
            &["mixed.csv: line 3", "UTF-8"],
        ),
        (
            "ragged.csv",
            Some(b"text,label\ngood,a\nbad,b,c\n"),
            &["ragged.csv: line 3 has 3 fields", "2 fields"],
        ),
        (
            "quote.csv",
            Some(b"text,label\ngood,a\n\"bad,b\nmore,a\n"),
            &["quote.csv: line 3", "quote"],
        ),
        (
            "broken.jsonl",
            Some(b"{\"text\": \"good\", \"label\": \"a\"}\n{\"text\": bad}\n"),
            &["line 2, column 10", "JSON"],
        ),
    ];
    let dir = Dir::with_classifier();
    dir.write("good.csv", labelled(30, 3));
    for (name, bytes, words) in cases {
        if let Some(bytes) = bytes {
            dir.write(name, bytes);
        }
        for line in READERS.map(|line| line.replace("FILE", name)) {
            assert_says(&line, &dir.fails(&line, 1), words);
        }
    }
    for (name, _, words) in cases {
        let line = format!("pretrain --corpus {name} --out out {TINY}");
        assert_says(&line, &dir.fails(&line, 1), words);
    }
}

#[test]
fn a_wrong_column_is_told_from_the_right_one() {
    let dir = Dir::with_classifier();
    dir.write(
        "data.csv",
        labelled(30, 3).replacen("text,label", "review,sentiment", 1),
    );
    for line in READERS {
        if line.contains("good.csv") {
            continue;
        }
        let line = line.replace("FILE", "data.csv") + " --text-column reviwe";
        assert_says(
            &line,
            &dir.fails(&line, 1),
            &["data.csv", "'reviwe'", "did you mean 'review'?", "'sentiment'"],
        );
    }
    for line in [
        "fit --data data.csv --model base --out out",
        "evaluate --model classifier --data data.csv",
    ] {
        let line = format!("{line} --text-column review --label-column sentimant");
        assert_says(
            &line,
            &dir.fails(&line, 1),
            &["data.csv", "'sentimant'", "did you mean 'sentiment'?"],
        );
        let line = line.replace("sentimant", "review");
        assert_says(
            &line,
            &dir.fails(&line, 1),
            &["data.csv", "'review'", "both the text and the label"],
        );
    }
}

#[test]
fn a_column_that_is_named_twice_is_told() {
    let dir = Dir::with_classifier();
    dir.write("data.csv", labelled(30, 3));
    for line in READERS {
        if line.contains("good.csv") {
            continue;
        }
        let line = line.replace("FILE", "data.csv") + " --text-column text,text";
        assert_says(
            &line,
            &dir.fails(&line, 1),
            &["data.csv: column 'text' is named twice", "--text-column"],
        );
    }
}

#[test]
fn a_file_is_no_model() {
    let dir = Dir::new();
    dir.write("data.csv", labelled(30, 3));
    for line in [
        "classify --model data.csv --input data.csv",
        "adapt --model data.csv --texts data.csv --out out",
        "pretrain --corpus data.csv --from data.csv --out out",
    ] {
        assert_says(
            line,
            &dir.fails(line, 1),
            &[
                "data.csv: not a usable model: it is a file",
                "a model is a directory",
            ],
        );
    }
}

#[test]
fn a_classifier_to_pretrain_from_is_refused_before_the_corpus_is_read() {
    let dir = Dir::with_classifier();
    dir.write("corpus.csv", texts(60, 3));
    let line = "pretrain --corpus corpus.csv --from classifier --out out";
    assert_says(
        line,
        &dir.fails(line, 1),
        &["classifier", "name a language model"],
    );
    assert_eq!(dir.run(line).of("stage_started").count(), 0);
}

#[test]
fn labels_that_teach_nothing_are_refused() {
    let dir = Dir::with_base();
    dir.write(
        "one.csv",
        "text,label\nthe old boat,x\nthe warm soup,x\na wet stone,x\n",
    );
    dir.write(
        "blank.csv",
        "text,label\n,x\n \"  \",y\n,x\n,y\n".replace(" \"  \"", "\"  \""),
    );
    dir.write("none.csv", "text,label\nthe old boat,\nthe warm soup,\n");
    for command in ["fit", "train"] {
        for (name, words) in [
            (
                "one.csv",
                ["one.csv", "all 3 labels in column 'label' are 'x'", "two classes"],
            ),
            (
                "blank.csv",
                ["blank.csv", "every text in 'text' is empty", "--text-column"],
            ),
            (
                "none.csv",
                ["none.csv", "no row has a label in column 'label'", "two classes"],
            ),
        ] {
            let line = format!(
                "{command} --data {name} --text-column text --label-column label --model base --out out"
            );
            assert_says(&line, &dir.fails(&line, 1), &words);
        }
    }
}

#[test]
fn an_unknown_label_is_named_with_its_line() {
    let dir = Dir::with_classifier();
    dir.write("test.csv", labelled(9, 3) + "a text,desert\n");
    let line = "evaluate --model classifier --data test.csv";
    assert_says(
        line,
        &dir.fails(line, 1),
        &["test.csv: line 11", "'desert'", "garden, kitchen, river"],
    );
}

#[test]
fn the_same_text_with_different_labels_is_a_warning() {
    let dir = Dir::with_base();
    dir.write(
        "data.csv",
        labelled(30, 3) + "The same text.,garden\nThe same text.,river\n",
    );
    let ran = dir.done("train --data data.csv --model base --out out --epochs 1 --estimate holdout:0.3");
    let warnings: Vec<String> = ran
        .of("warning")
        .map(|event| event["message"].to_string())
        .collect();
    assert!(
        warnings
            .iter()
            .any(|w| w.contains("different labels") && w.contains("32 and 33")),
        "{warnings:?}"
    );
    assert!(dir.path("out/model.safetensors").is_file());
}

#[test]
fn a_text_of_a_megabyte_on_one_line_is_a_text() {
    let dir = Dir::with_classifier();
    let words = "the old boat finds a wet stone ".repeat(33_000);
    assert!(words.len() > 1_000_000);
    for (name, long) in [("words", words), ("letters", "x".repeat(1_000_000))] {
        let file = format!("{name}.csv");
        dir.write(&file, format!("text\nThe old boat.\n{long}\nThe warm soup.\n"));
        let ran = dir.done(&format!("classify --model classifier --input {file}"));
        assert_eq!(ran.of("classified").count(), 3, "{name}");
        assert_eq!(
            dir.done(&format!("tokenize {file}")).of("line").count(),
            4,
            "{name}"
        );
        dir.write(&file, labelled(30, 3) + &long + ",river\n");
        dir.done(&format!(
            "train --data {file} --model base --out {name} --epochs 1 --estimate none"
        ));
        dir.done(&format!(
            "adapt --texts {file} --model base --out {name}-adapted --epochs 1 --max-tokens 2k"
        ));
    }
}

#[test]
fn damaged_weights_are_refused() {
    let dir = Dir::with_classifier();
    dir.write("good.csv", labelled(9, 3));
    let uses = |model: &str, base: &str| {
        [
            format!("classify --model {model} --input good.csv --output out.csv"),
            format!("evaluate --model {model} --data good.csv"),
            format!("perplexity --model {base} --texts good.csv"),
            format!("adapt --model {base} --texts good.csv --out out"),
            format!("fit --model {base} --data good.csv --out out"),
            format!("generate --model {base} --prompt the"),
        ]
    };
    for name in ["base", "classifier"] {
        let weights = dir.read(&format!("{name}/model.safetensors"));
        dir.write(
            &format!("{name}/model.safetensors"),
            &weights[..weights.len() / 2],
        );
    }
    for line in uses("classifier", "base") {
        assert_says(
            &line,
            &dir.fails(&line, 1),
            &["model.safetensors", "not a whole safetensors file"],
        );
    }

    let dir = Dir::with_classifier();
    dir.write("good.csv", labelled(9, 3));
    for name in ["base", "classifier"] {
        let config = dir.text(&format!("{name}/config.json"));
        assert!(config.contains("\"hidden\": 24"), "{config}");
        dir.write(
            &format!("{name}/config.json"),
            config.replace("\"hidden\": 24", "\"hidden\": 32"),
        );
    }
    for line in uses("classifier", "base") {
        let model = if line.contains("classifier") {
            "classifier"
        } else {
            "base"
        };
        assert_says(
            &line,
            &dir.fails(&line, 1),
            &[
                &format!("{model}: "),
                "has shape [",
                "] where [",
                "is expected from config.json",
            ],
        );
    }

    let dir = Dir::with_classifier();
    dir.write("good.csv", labelled(9, 3));
    for line in uses("base", "classifier") {
        assert_says(&line, &dir.fails(&line, 1), &["config.json", "this is a"]);
    }
    for line in uses("nowhere", "nowhere") {
        assert_says(&line, &dir.fails(&line, 1), &["nowhere", "no such file"]);
    }
}

#[test]
fn a_pickle_that_runs_code_is_refused() {
    let dir = Dir::new();
    fastai_files(
        &dir,
        &[
            "tiny.pth",
            "itos.pkl",
            "itos.json",
            "malicious.pkl",
            "malicious.pth",
            "tiny.safetensors",
        ],
    );
    let line = "import --weights tiny.pth --vocab malicious.pkl --out out";
    assert_says(
        line,
        &dir.fails(line, 1),
        &["malicious.pkl", "asks to run code", "system", "refused"],
    );
    let line = "import --weights malicious.pth --vocab itos.pkl --out out";
    assert_says(
        line,
        &dir.fails(line, 1),
        &[
            "malicious.pth",
            "asks to run code",
            "system",
            "refused",
            "state_dict",
        ],
    );

    dir.write("vocab.txt", "xxunk\nxxpad\none\n");
    let line = "import --weights tiny.pth --vocab vocab.txt --out out";
    assert_says(
        line,
        &dir.fails(line, 1),
        &["vocab.txt: 3 tokens", "tiny.pth has 64 rows"],
    );
    for name in ["tiny.pth", "tiny.safetensors"] {
        let weights = dir.read(name);
        dir.write(&format!("cut-{name}"), &weights[..weights.len() / 2]);
        let line = format!("import --weights cut-{name} --vocab itos.json --out out");
        assert_says(&line, &dir.fails(&line, 1), &[&format!("cut-{name}: not a ")]);
    }
}

#[test]
fn text_from_standard_input_is_checked_too() {
    let dir = Dir::with_classifier();
    for (line, bytes, words) in [
        (
            "tokenize",
            &b"fine\ncaf\x8f\n"[..],
            ["standard input", "line 2", "UTF-8"],
        ),
        (
            "classify --model classifier",
            b"caf\xc3\xa9\ncaf\xe9\n",
            ["standard input", "line 2", "UTF-8"],
        ),
        (
            "classify --model classifier",
            b"",
            ["standard input: there are no texts", "not empty", ""],
        ),
        (
            "classify --model classifier",
            b"{\"text\": \"good\"}\n{\"text\": bad}\n",
            ["standard input", "line 2, column 10", "broken JSON"],
        ),
        (
            "classify --model classifier",
            b"\x1f\x8b\x08\0",
            ["standard input", "gzip data ends too early", ""],
        ),
    ] {
        dir.write("stdin", bytes);
        let mut command = dir.command(line);
        command.stdin(std::fs::File::open(dir.path("stdin")).expect("opened"));
        let ran = ended(command);
        assert_eq!(ran.code, Some(1), "{line}: {}", ran.stderr);
        assert_says(line, &one_line(line, &ran.stderr), &words);
    }
}

/// Nothing can be kept aside to measure on, so nothing is claimed.
#[test]
fn of_too_little_text_no_perplexity_is_told() {
    let dir = Dir::with_base();
    dir.write("short.csv", texts(3, 1));
    let ran = dir.done(&format!("pretrain --corpus short.csv --out pretrained {TINY}"));
    assert!(
        ran.last()["perplexity"].is_null() && ran.last()["nll"].is_null(),
        "{}",
        ran.last()
    );
    assert!(
        ran.of("warning")
            .any(|w| w["message"].to_string().contains("--valid"))
    );
    assert!(dir.text("pretrained/README.md").contains("not measured"));
    let ran = dir.done("adapt --texts short.csv --model base --out adapted --epochs 1 --keep-best");
    assert!(
        ran.last()["perplexity"].is_null() && ran.last()["perplexity_before"].is_null(),
        "{}",
        ran.last()
    );
    assert!(
        ran.of("warning")
            .any(|w| w["message"].to_string().contains("`--keep-best` has nothing"))
    );
    let card = dir.text("adapted/README.md");
    assert!(card.contains("not measured") && !card.contains("NaN"), "{card}");
    dir.write("blank.csv", "text\n\" \"\n\"\"\n");
    let line = format!("pretrain --corpus blank.csv --out out {TINY}");
    assert_says(&line, &dir.fails(&line, 1), &["blank.csv"]);
}

//! What is wrong is said in one line that names the place, and nothing half-written is left.

use std::path::Path;

use super::common::{Dir, TINY, ended, fastai_files, labelled, one_line, texts};

fn assert_says(line: &str, message: &str, words: &[&str]) {
    for word in words {
        assert!(message.contains(word), "{line}: no \"{word}\" in: {message}");
    }
}

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

#[test]
fn broken_tables_are_refused_by_every_command() {
    let cases: [(&str, Option<&[u8]>, &[&str]); 7] = [
        ("missing.csv", None, &["missing.csv: no such file"]),
        ("empty.csv", Some(b""), &["empty.csv: the file is empty"]),
        ("header.csv", Some(b"text,label\n"), &["header.csv: only a header and no rows"]),
        ("latin1.csv", Some(b"text,label\ngood,a\ncaf\xe9 bad,b\n"), &["latin1.csv: line 3", "UTF-8"]),
        ("ragged.csv", Some(b"text,label\ngood,a\nbad,b,c\n"), &["ragged.csv: line 3 has 3 fields", "2 fields"]),
        ("quote.csv", Some(b"text,label\ngood,a\n\"bad,b\nmore,a\n"), &["quote.csv: line 3", "quote"]),
        ("broken.jsonl", Some(b"{\"text\": \"good\", \"label\": \"a\"}\n{\"text\": bad}\n"), &["line 2, column 10", "JSON"]),
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
    dir.write("data.csv", labelled(30, 3).replacen("text,label", "review,sentiment", 1));
    for line in READERS {
        if line.contains("good.csv") {
            continue;
        }
        let line = line.replace("FILE", "data.csv") + " --text-column reviwe";
        assert_says(&line, &dir.fails(&line, 1), &["data.csv", "'reviwe'", "did you mean 'review'?", "'sentiment'"]);
    }
    for line in ["fit --data data.csv --model base --out out", "evaluate --model classifier --data data.csv"] {
        let line = format!("{line} --text-column review --label-column sentimant");
        assert_says(&line, &dir.fails(&line, 1), &["data.csv", "'sentimant'", "did you mean 'sentiment'?"]);
        let line = line.replace("sentimant", "review");
        assert_says(&line, &dir.fails(&line, 1), &["data.csv", "'review'", "both the text and the label"]);
    }
}

#[test]
fn labels_that_teach_nothing_are_refused() {
    let dir = Dir::with_base();
    dir.write("one.csv", "text,label\nthe old boat,x\nthe warm soup,x\na wet stone,x\n");
    dir.write("single.csv", labelled(30, 3) + "a lonely text,other\n");
    dir.write("blank.csv", "text,label\n,x\n \"  \",y\n,x\n,y\n".replace(" \"  \"", "\"  \""));
    dir.write("none.csv", "text,label\nthe old boat,\nthe warm soup,\n");
    for command in ["fit", "train"] {
        for (name, words) in [
            ("one.csv", ["one.csv", "all 3 labels in column 'label' are 'x'", "two classes"]),
            ("single.csv", ["single.csv: line 32", "the only example of class 'other'", "second"]),
            ("blank.csv", ["blank.csv", "every text in 'text' is empty", "--text-column"]),
            ("none.csv", ["none.csv", "no row has a label in column 'label'", "two classes"]),
        ] {
            let line =
                format!("{command} --data {name} --text-column text --label-column label --model base --out out");
            assert_says(&line, &dir.fails(&line, 1), &words);
        }
    }
}

#[test]
fn an_unknown_label_is_named_with_its_line() {
    let dir = Dir::with_classifier();
    dir.write("test.csv", labelled(9, 3) + "a text,desert\n");
    let line = "evaluate --model classifier --data test.csv";
    assert_says(line, &dir.fails(line, 1), &["test.csv: line 11", "'desert'", "garden, kitchen, river"]);
}

#[test]
fn the_same_text_with_different_labels_is_a_warning() {
    let dir = Dir::with_base();
    dir.write("data.csv", labelled(30, 3) + "The same text.,garden\nThe same text.,river\n");
    let ran = dir.done("train --data data.csv --model base --out out --epochs 1 --estimate holdout:0.3");
    let warnings: Vec<String> = ran.of("warning").map(|event| event["message"].to_string()).collect();
    assert!(
        warnings.iter().any(|w| w.contains("different labels") && w.contains("32 and 33")),
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
        assert_eq!(dir.done(&format!("tokenize {file}")).of("line").count(), 4, "{name}");
        dir.write(&file, labelled(30, 3) + &long + ",river\n");
        dir.done(&format!("train --data {file} --model base --out {name} --epochs 1 --estimate none"));
        dir.done(&format!("adapt --texts {file} --model base --out {name}-adapted --epochs 1 --max-tokens 2k"));
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
        dir.write(&format!("{name}/model.safetensors"), &weights[..weights.len() / 2]);
    }
    for line in uses("classifier", "base") {
        assert_says(&line, &dir.fails(&line, 1), &["model.safetensors", "not a whole safetensors file"]);
    }

    let dir = Dir::with_classifier();
    dir.write("good.csv", labelled(9, 3));
    for name in ["base", "classifier"] {
        let config = dir.text(&format!("{name}/config.json"));
        assert!(config.contains("\"hidden\": 24"), "{config}");
        dir.write(&format!("{name}/config.json"), config.replace("\"hidden\": 24", "\"hidden\": 32"));
    }
    for line in uses("classifier", "base") {
        let model = if line.contains("classifier") { "classifier" } else { "base" };
        assert_says(&line, &dir.fails(&line, 1), &[model, "has shape [96, ", "where [128, ", "config.json"]);
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
    fastai_files(&dir, &["tiny.pth", "itos.pkl", "itos.json", "malicious.pkl", "malicious.pth", "tiny.safetensors"]);
    let line = "import --weights tiny.pth --vocab malicious.pkl --out out";
    assert_says(line, &dir.fails(line, 1), &["malicious.pkl", "asks to run code", "system", "refused"]);
    let line = "import --weights malicious.pth --vocab itos.pkl --out out";
    assert_says(line, &dir.fails(line, 1), &["malicious.pth"]);

    dir.write("vocab.txt", "one\ntwo\nthree\n");
    let line = "import --weights tiny.pth --vocab vocab.txt --out out";
    assert_says(line, &dir.fails(line, 1), &["vocab.txt: 3 tokens", "tiny.pth has 64 rows"]);
    for name in ["tiny.pth", "tiny.safetensors"] {
        let weights = dir.read(name);
        dir.write(&format!("cut-{name}"), &weights[..weights.len() / 2]);
        let line = format!("import --weights cut-{name} --vocab itos.json --out out");
        assert_says(&line, &dir.fails(&line, 1), &[&format!("cut-{name}: not a ")]);
    }
}

#[test]
fn an_output_that_exists_is_kept() {
    let dir = Dir::with_classifier();
    dir.write("good.csv", labelled(30, 3));
    fastai_files(&dir, &["tiny.pth", "itos.pkl"]);
    std::fs::create_dir(dir.path("mine")).expect("made");
    dir.write("mine/thesis.txt", "years of work");
    dir.write("file", "not a directory");
    for line in [
        format!("pretrain --corpus good.csv --out OUT {TINY}"),
        "adapt --texts good.csv --model base --out OUT".into(),
        "fit --data good.csv --model base --out OUT".into(),
        "train --data good.csv --model base --out OUT".into(),
        "import --weights tiny.pth --vocab itos.pkl --out OUT".into(),
    ] {
        let (mine, file) = (line.replace("OUT", "mine"), line.replace("OUT", "file"));
        assert_says(&mine, &dir.fails(&mine, 1), &["mine: the output directory exists", "overwrite"]);
        let forced = mine + " --overwrite";
        assert_says(&forced, &dir.fails(&forced, 1), &["mine", "holds no config.json"]);
        assert_says(&file, &dir.fails(&file, 1), &["file: exists and is not a directory"]);
        assert_eq!(dir.text("mine/thesis.txt"), "years of work");
    }
    let before = dir.read("classifier/model.safetensors");
    let train = "train --data good.csv --model base --out classifier --epochs 1 --estimate none";
    assert_says(train, &dir.fails(train, 1), &["classifier: the output directory exists"]);
    assert_eq!(dir.read("classifier/model.safetensors"), before);
    dir.done(&format!("{train} --overwrite"));
    assert_ne!(dir.read("classifier/model.safetensors"), before);
}

#[test]
fn unknown_names_are_wrong_usage() {
    let dir = Dir::with_base();
    dir.write("good.csv", labelled(30, 3));
    for (line, words) in [
        ("fit --data good.csv --out out --method ulmfitt", ["'ulmfitt'", "ulmfit", "chain-thaw"]),
        ("pretrain --corpus good.csv --out out --preset tinny", ["'tinny'", "tiny", "paper"]),
        ("fit --data good.csv --out out --estimate folds:1", ["folds:1", "folds:5", "holdout:0.2"]),
        ("fit --data good.csv --out out --epochs 0", ["--epochs", "0", "whole number"]),
        ("fit --data good.csv", ["required", "--out", "<DIR>"]),
        ("fitt --data good.csv", ["'fitt'", "fit", "unrecognized"]),
        ("adapt --texts good.csv --out out --resume --overwrite", ["--resume", "--overwrite", "cannot be used"]),
    ] {
        let ran = dir.run(line);
        assert_eq!(ran.code, Some(2), "{line}: {}", ran.stderr);
        assert!(ran.events.is_empty() && ran.stderr.starts_with("error: "), "{line}: {}", ran.stderr);
        assert_says(line, &ran.stderr, &words);
        assert_eq!(dir.names(), ["base", "good.csv"], "{line}");
    }
    let line = "fit --data good.csv --model base --out out --bidirectional";
    assert_says(line, &dir.fails(line, 2), &["--bidirectional", "--model"]);
    let line = "generate --prompt the --model base --min-p 0.5 --tokens 1";
    dir.done(line);
}

/// A file system with room for next to nothing, for as long as it lives.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Option<Self> {
        std::fs::create_dir(at).expect("made");
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
            .arg(at)
            .stderr(std::process::Stdio::null())
            .status();
        mounted.is_ok_and(|status| status.success()).then(|| Self(at.to_path_buf()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        std::process::Command::new("umount").arg(&self.0).status().expect("unmounted");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_leaves_no_half_file() {
    let dir = Dir::with_classifier();
    dir.write("good.csv", labelled(900, 3));
    let line = "classify --model classifier --input good.csv --output /dev/full";
    assert_says(line, &dir.fails(line, 1), &["no space left on the disk of /dev/full"]);

    let Some(_disk) = SmallDisk::mount(&dir.path("disk")) else {
        eprintln!("skipped: a tmpfs cannot be mounted here");
        return;
    };
    dir.write("disk/filler", vec![0; 52 << 10]);
    for line in [
        format!("pretrain --corpus good.csv --out disk/out {TINY} --batch 16"),
        "adapt --texts good.csv --model base --out disk/out --epochs 1".into(),
        "train --data good.csv --model base --out disk/out --epochs 1 --estimate none".into(),
        "fit --data good.csv --model base --out disk/out --epochs 1 --lm-epochs 1 --estimate none".into(),
        "classify --model classifier --input good.csv --output disk/out.csv".into(),
        "classify --model classifier --input good.csv --output disk/out.parquet".into(),
        "export --model base --out disk/out.safetensors".into(),
    ] {
        let ran = dir.run(&line);
        assert_eq!(ran.code, Some(1), "{line}: {}", ran.stderr);
        assert_says(&line, &one_line(&line, &ran.stderr), &["no space left on the disk of ", "disk/out"]);
        let left: Vec<String> = std::fs::read_dir(dir.path("disk"))
            .expect("listed")
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .filter(|name| name != "filler" && name != "out.unfinished")
            .collect();
        assert!(left.is_empty(), "{line} leaves {left:?}");
        std::fs::remove_dir_all(dir.path("disk/out.unfinished")).ok();
    }
}

#[test]
fn text_from_standard_input_is_checked_too() {
    let dir = Dir::with_classifier();
    for (line, bytes, words) in [
        ("tokenize", &b"fine\ncaf\xe9\n"[..], ["standard input", "line 2", "UTF-8"]),
        ("classify --model classifier", b"fine\ncaf\xe9\n", ["standard-input", "line 2", "UTF-8"]),
        ("classify --model classifier", b"", ["standard-input", "empty", ""]),
    ] {
        dir.write("stdin", bytes);
        let mut command = dir.command(line);
        command.stdin(std::fs::File::open(dir.path("stdin")).expect("opened"));
        let ran = ended(command);
        assert_eq!(ran.code, Some(1), "{line}: {}", ran.stderr);
        assert_says(line, &one_line(line, &ran.stderr), &words);
    }
}

#[test]
fn too_little_text_to_train_on_is_told() {
    let dir = Dir::with_base();
    dir.write("short.csv", "text\na\n");
    let line = "adapt --texts short.csv --model base --out out";
    assert_says(line, &dir.fails(line, 1), &["too few to train a language model"]);
    dir.write("short.txt", texts(1, 1));
    let line = format!("pretrain --corpus short.txt --out out {TINY}");
    let ran = dir.run(&line);
    assert!(ran.code == Some(0) || ran.code == Some(1), "{}", ran.stderr);
    assert_ne!(dir.path("out").exists(), ran.code == Some(1));
}

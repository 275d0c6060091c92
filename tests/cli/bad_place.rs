//! Outputs that must not be replaced, disks that are full, and names that do not exist.

use std::path::Path;

use super::common::{
    Dir, TINY, assert_done, assert_says, ended, fastai_files, labelled, names, one_line, texts,
};

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
        assert_says(
            &mine,
            &dir.fails(&mine, 1),
            &["mine: the output directory exists", "overwrite"],
        );
        let forced = mine + " --overwrite";
        assert_says(&forced, &dir.fails(&forced, 2), &["mine", "holds no config.json"]);
        assert_says(
            &file,
            &dir.fails(&file, 1),
            &["file: exists and is not a directory"],
        );
        assert_eq!(dir.text("mine/thesis.txt"), "years of work");
    }
    let before = dir.read("classifier/model.safetensors");
    let train = "train --data good.csv --model base --out classifier --epochs 1 --estimate none";
    assert_says(
        train,
        &dir.fails(train, 1),
        &["classifier: the output directory exists"],
    );
    assert_eq!(dir.read("classifier/model.safetensors"), before);
    dir.done(&format!("{train} --overwrite"));
    assert_ne!(dir.read("classifier/model.safetensors"), before);
}

/// What makes a directory a model is no word on what else is in it.
#[test]
fn what_is_not_ours_is_not_overwritten() {
    let dir = Dir::with_classifier();
    dir.write("good.csv", labelled(30, 3));
    fastai_files(&dir, &["tiny.pth", "itos.pkl"]);
    std::fs::create_dir(dir.path("mine")).expect("made");
    dir.write("mine/config.json", "{}");
    dir.write("mine/thesis.txt", "years of work");
    dir.write("classifier/labelled.csv", labelled(30, 4));
    let before = dir.read("classifier/model.safetensors");
    for line in [
        format!("pretrain --corpus DATA --out OUT {TINY}"),
        "adapt --texts DATA --model base --out OUT".into(),
        "fit --data DATA --model base --out OUT".into(),
        "fit --data good.csv --unlabelled DATA --model base --out OUT".into(),
        "train --data DATA --model base --out OUT".into(),
        "import --weights tiny.pth --vocab itos.pkl --out OUT".into(),
    ] {
        let line = line + " --overwrite";
        let over = |out: &str, data: &str| line.replace("OUT", out).replace("DATA", data);
        let theirs = over("mine", "good.csv");
        let words = ["mine: is not overwritten", "mine/thesis.txt", "your own"];
        assert_says(&theirs, &dir.fails(&theirs, 2), &words);
        // What the run reads would go with what it replaces.
        for out in ["classifier", "./classifier/../classifier"] {
            let own = over(out, "classifier/labelled.csv");
            let words = ["classifier: is not overwritten", "classifier/labelled.csv"];
            assert_says(&own, &dir.fails(&own, 2), &words);
        }
    }
    assert_eq!(dir.text("mine/thesis.txt"), "years of work");
    assert_eq!(dir.text("classifier/labelled.csv"), labelled(30, 4));
    assert_eq!(dir.read("classifier/model.safetensors"), before);
}

#[test]
fn all_that_a_run_writes_gives_way_to_another() {
    let dir = Dir::with_base();
    dir.write("good.csv", labelled(30, 3));
    dir.write("corpus.csv", texts(150, 5));
    dir.done(&format!(
        "pretrain --corpus corpus.csv --out back --backward {TINY} --batch 4 --epochs 1"
    ));
    let once = "--data good.csv --out both --epochs 1 --estimate none";
    let line =
        format!("fit {once} --model base --bidirectional --backward-model back --with-tfidf --lm-epochs 1");
    dir.done(&line);
    let all = names(&dir.path("both"));
    for name in ["backward", "language-model", "tfidf.json"] {
        assert!(all.iter().any(|found| found == name), "{all:?}");
    }
    dir.done(&format!("{line} --overwrite"));
    // As the window trains again: from what the classifier that goes was made from.
    dir.done(&format!("train {once} --model both/language-model --overwrite"));
    dir.done(&format!("train {once} --model both/language-model --overwrite"));
    assert!(dir.path("both/language-model/config.json").is_file());
}

#[test]
fn a_file_that_exists_is_kept() {
    let dir = Dir::with_classifier();
    dir.write("good.csv", labelled(30, 3));
    dir.write("mine.csv", "text,label\nyears of work,a\n");
    let classify = "classify --model classifier --input good.csv --output";
    let export = "export --model classifier --out";
    for line in [classify, export] {
        let line = format!("{line} mine.csv");
        let words = ["mine.csv: the file exists", "`--overwrite`"];
        assert_says(&line, &dir.fails(&line, 1), &words);
        assert_eq!(dir.text("mine.csv"), "text,label\nyears of work,a\n");
    }
    // What is read is never replaced, whatever it is called.
    std::fs::hard_link(dir.path("good.csv"), dir.path("link.csv")).expect("linked");
    #[cfg(unix)]
    std::os::unix::fs::symlink("good.csv", dir.path("soft.csv")).expect("linked");
    let links: &[&str] = if cfg!(unix) {
        &["link.csv", "soft.csv"]
    } else {
        &[]
    };
    for &output in ["good.csv", "./good.csv"].iter().chain(links) {
        for options in ["", " --overwrite"] {
            let line = format!("{classify} {output}{options}");
            assert_says(&line, &dir.fails(&line, 2), &[output, "is the file that is read"]);
        }
    }
    let line = format!("{export} classifier/model.safetensors --overwrite");
    assert_says(&line, &dir.fails(&line, 2), &["model.safetensors", "is read"]);
    assert_eq!(dir.text("good.csv"), labelled(30, 3));

    dir.done(&format!("{classify} mine.csv --overwrite"));
    assert!(dir.text("mine.csv").starts_with("text,label,predicted_label,"));
    let exported = dir.done(&format!("{export} mine.csv --overwrite"));
    assert_eq!(exported.last()["out"], "mine.csv");
    // An empty file, as `mktemp` makes, has nothing to lose.
    dir.write("empty.csv", "");
    dir.done(&format!("{classify} empty.csv"));
    assert!(!dir.text("empty.csv").is_empty());
}

/// `.` has no name, which what is kept beside it needs, and is the directory of the shell that the run was started from.
#[test]
fn the_directory_that_one_is_in_can_be_the_output() {
    let dir = Dir::with_base();
    dir.write("good.csv", labelled(30, 3));
    std::fs::create_dir(dir.path("here")).expect("made");
    let run = |line: &str| {
        let mut command = dir.command(line);
        command.current_dir(dir.path("here"));
        ended(command)
    };
    let line = "train --data ../good.csv --model ../base --out . --epochs 1 --estimate none";
    #[cfg(unix)]
    let identity = || {
        use std::os::unix::fs::MetadataExt as _;
        std::fs::metadata(dir.path("here")).expect("there").ino()
    };
    #[cfg(unix)]
    let before = identity();
    for line in [line, &format!("{line} --overwrite")] {
        assert_done(line, &run(line));
        assert!(dir.path("here/config.json").is_file(), "{line}");
        assert_eq!(dir.names(), ["base", "good.csv", "here"], "{line}");
        #[cfg(unix)]
        assert_eq!(
            before,
            identity(),
            "{line}: a shell would be left in a directory that is gone"
        );
    }
    dir.write("here/own.csv", labelled(30, 4));
    let own = line.replace("../good.csv", "own.csv") + " --overwrite";
    let refused = run(&own);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert_says(&own, &refused.stderr, &["own.csv is in it"]);
    assert_eq!(dir.text("here/own.csv"), labelled(30, 4));
    let above = line.replace("--out .", "--out ..");
    let refused = run(&above);
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert_says(&above, &refused.stderr, &["the output directory exists"]);
    assert_eq!(dir.names(), ["base", "good.csv", "here"]);
}

#[test]
fn unknown_names_are_wrong_usage() {
    let dir = Dir::with_base();
    dir.write("good.csv", labelled(30, 3));
    for (line, words) in [
        (
            "fit --data good.csv --out out --method ulmfitt",
            ["'ulmfitt'", "ulmfit", "chain-thaw"],
        ),
        (
            "pretrain --corpus good.csv --out out --preset tinny",
            ["'tinny'", "tiny", "paper"],
        ),
        (
            "fit --data good.csv --out out --estimate folds:1",
            ["folds:1", "folds:5", "holdout:0.2"],
        ),
        (
            "fit --data good.csv --out out --epochs 0",
            ["--epochs", "0", "whole number"],
        ),
        ("fit --data good.csv", ["required", "--out", "<DIR>"]),
        ("fitt --data good.csv", ["'fitt'", "fit", "unrecognized"]),
        (
            "export --out x.onnx --format onxx",
            ["'onxx'", "onnx", "safetensors"],
        ),
    ] {
        let message = dir.fails(line, 2);
        assert_says(line, &message, &words);
        assert!(!message.contains("Usage:"), "{line}: {message}");
        assert_eq!(dir.run(line).events.len(), 1, "{line}");
        assert_eq!(dir.names(), ["base", "good.csv"], "{line}");
    }
    let line = "fit --data good.csv --model base --out out --bidirectional";
    assert_says(
        line,
        &dir.fails(line, 2),
        &["--bidirectional", "--backward-model"],
    );
    let line = "train --data good.csv --model base --backward-model base --out out --bidirectional";
    assert_says(line, &dir.fails(line, 2), &["--backward-model", "reads forward"]);
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
        mounted
            .is_ok_and(|status| status.success())
            .then(|| Self(at.to_path_buf()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        std::process::Command::new("umount")
            .arg(&self.0)
            .status()
            .expect("unmounted");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_leaves_no_half_file() {
    let dir = Dir::with_classifier();
    dir.write("good.csv", labelled(900, 3));
    let line = "classify --model classifier --input good.csv --output /dev/full";
    assert_says(
        line,
        &dir.fails(line, 1),
        &["no space left on the disk of /dev/full"],
    );

    for line in [
        "tokenize good.csv",
        "classify --model classifier --input good.csv --text-column text",
    ] {
        let mut command = dir.command(line);
        command.stdout(std::fs::File::create("/dev/full").expect("opened"));
        let ended = command.output().expect("it starts");
        assert_eq!(ended.status.code(), Some(1), "{line}");
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert_says(
            line,
            &one_line(line, &told),
            &["no space left on the disk of standard output", "run again"],
        );
    }

    let Some(_disk) = SmallDisk::mount(&dir.path("disk")) else {
        eprintln!("skipped: a tmpfs cannot be mounted here");
        return;
    };
    fastai_files(&dir, &["tiny.pth", "itos.pkl"]);
    dir.write("disk/filler", vec![0; 60 << 10]);
    for line in [
        format!("pretrain --corpus good.csv --out disk/out {TINY} --batch 16"),
        "adapt --texts good.csv --model base --out disk/out --epochs 1".into(),
        "train --data good.csv --model base --out disk/out --epochs 1 --estimate none".into(),
        "fit --data good.csv --model base --out disk/out --epochs 1 --lm-epochs 1 --estimate none".into(),
        "classify --model classifier --input good.csv --output disk/out.csv".into(),
        "classify --model classifier --input good.csv --output disk/out.csv.gz".into(),
        "classify --model classifier --input good.csv --output disk/out.jsonl".into(),
        "classify --model classifier --input good.csv --output disk/out.parquet".into(),
        "export --model base --out disk/out.safetensors".into(),
        "export --model base --format onnx --out disk/out.onnx".into(),
        "import --weights tiny.pth --vocab itos.pkl --out disk/out".into(),
    ] {
        let ran = dir.run(&line);
        assert_eq!(ran.code, Some(1), "{line}: {}", ran.stderr);
        let message = one_line(&line, &ran.stderr);
        assert_says(
            &line,
            &message,
            &[
                "no space left on the disk of ",
                "disk/",
                "free some and try again",
            ],
        );
        assert_eq!(ran.last()["message"], message, "{line}");
        // What a run has to go on from is whole or absent, and taken up again once there is room.
        let left = names(&dir.path("disk"));
        assert!(
            left.iter()
                .all(|name| name == "filler" || name == "out.unfinished"),
            "{line} leaves {left:?}"
        );
        let unfinished = dir.path("disk/out.unfinished");
        if unfinished.exists() {
            let kept = names(&unfinished);
            assert!(
                kept.iter().all(|name| !name.ends_with(".tmp")),
                "{line} leaves {kept:?}"
            );
            std::fs::remove_file(dir.path("disk/filler")).expect("removed");
            let resumed = dir.run(&format!("{line} --resume"));
            assert!(
                resumed.code == Some(0) || resumed.stderr.contains("no space left"),
                "{line}: {}",
                resumed.stderr
            );
            std::fs::remove_dir_all(dir.path("disk/out")).ok();
            std::fs::remove_dir_all(unfinished).ok();
            dir.write("disk/filler", vec![0; 60 << 10]);
        }
    }
    // What is there is replaced whole or not at all.
    dir.write("disk/out.csv", "mine");
    let line = "classify --model classifier --input good.csv --output disk/out.csv --overwrite";
    assert_says(
        line,
        &dir.fails(line, 1),
        &["disk/out.csv", "nothing was changed"],
    );
    assert_eq!(dir.text("disk/out.csv"), "mine");
}

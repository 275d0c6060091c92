//! Outputs that must not be replaced, disks that are full, and names that do not exist.

use std::path::Path;

use super::common::{Dir, TINY, assert_says, fastai_files, labelled, names, one_line};

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
        assert_says(&forced, &dir.fails(&forced, 1), &["mine", "holds no config.json"]);
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
        (
            "adapt --texts good.csv --out out --resume --overwrite",
            ["--resume", "--overwrite", "cannot be used"],
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
    let line = "classify --model classifier --input good.csv --output disk/out.csv";
    assert_says(
        line,
        &dir.fails(line, 1),
        &["disk/out.csv", "nothing was changed"],
    );
    assert_eq!(dir.text("disk/out.csv"), "mine");
}

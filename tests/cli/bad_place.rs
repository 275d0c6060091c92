//! Outputs that must not be replaced, disks that are full, and names that do not exist.

use std::path::Path;

use super::common::{Dir, TINY, assert_says, fastai_files, labelled, one_line};

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
            "adapt --texts good.csv --out out --resume --overwrite",
            ["--resume", "--overwrite", "cannot be used"],
        ),
    ] {
        let ran = dir.run(line);
        assert_eq!(ran.code, Some(2), "{line}: {}", ran.stderr);
        assert!(
            ran.events.is_empty() && ran.stderr.starts_with("error: "),
            "{line}: {}",
            ran.stderr
        );
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
        assert_says(
            &line,
            &one_line(&line, &ran.stderr),
            &["no space left on the disk of ", "disk/"],
        );
        let left: Vec<String> = std::fs::read_dir(dir.path("disk"))
            .expect("listed")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .filter(|name| name != "filler" && name != "out.unfinished")
            .collect();
        assert!(left.is_empty(), "{line} leaves {left:?}");
        std::fs::remove_dir_all(dir.path("disk/out.unfinished")).ok();
    }
}

//! Training takes no more memory the longer it runs.

#![cfg(target_os = "linux")]

use super::common::{Dir, TINY, labelled, texts};

/// Resident bytes of a process.
fn resident(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace()
        .nth(1)?
        .parse::<u64>()
        .ok()
        .map(|kibibytes| kibibytes << 10)
}

/// Runs `line` and measures it at every step that it reports of `stage`.
fn check(dir: &Dir, line: &str, stage: &str) {
    let mut running = dir.start(line);
    let id = running.id();
    let (mut measured, mut last) = (Vec::new(), None);
    for event in running.events.by_ref() {
        if event["event"] == "step" && event["stage"] == stage {
            let step = event["step"].as_u64().expect("a step");
            measured.extend(resident(id).map(|bytes| (step, bytes)));
        }
        last = Some(event);
    }
    assert!(running.wait().1.success(), "{line}: {last:?}");
    let steps = measured.last().map_or(0, |(step, _)| *step);
    assert!(steps >= 550, "{line}: only {steps} steps were measured");
    let early = measured
        .iter()
        .filter(|(step, _)| (40..=60).contains(step))
        .map(|(_, bytes)| *bytes)
        .max();
    let early = early.expect("a measurement after about 50 steps");
    let (at, most) = measured
        .iter()
        .filter(|(step, _)| *step > 60)
        .max_by_key(|(_, bytes)| *bytes)
        .expect("later ones");
    let growth = most.saturating_sub(early);
    eprintln!(
        "{stage}: {} KiB after 50 steps, at most {} KiB until step {steps}",
        early >> 10,
        most >> 10
    );
    assert!(
        growth < 8 << 20 || growth * 10 < early,
        "{line}: {} KiB after 50 steps, {} KiB at step {at}",
        early >> 10,
        most >> 10
    );
}

#[test]
fn training_stays_within_its_memory() {
    let dir = Dir::with_base();
    dir.write("texts.csv", texts(400, 11));
    dir.write("labelled.csv", labelled(60, 11));
    check(
        &dir,
        &format!("pretrain --corpus texts.csv --out pretrained {TINY} --batch 4 --epochs 60"),
        "pretrain",
    );
    check(
        &dir,
        "adapt --texts texts.csv --model base --out adapted --batch 4 --bptt 20 --epochs 20",
        "adapt",
    );
    let options = "--estimate none --batch 4 --epochs 50";
    check(
        &dir,
        &format!("train --data labelled.csv --model base --out trained {options}"),
        "train",
    );
}

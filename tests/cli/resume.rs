//! A run that was killed or stopped and then resumed gives what an uninterrupted one gives: the same losses, the same
//! result, the same bytes.

#![cfg(unix)]

use std::collections::BTreeMap;

use serde_json::Value;

use super::common::{Dir, Ran, TINY, labelled, one_line, texts};

/// When a run ends early.
#[derive(Clone, Copy, Debug)]
enum End {
    /// SIGKILL after the stage has written this many checkpoints by itself.
    Kill(&'static str, usize),
    /// Ctrl-C after this many steps of the stage.
    Interrupt(&'static str, u64),
}

impl End {
    fn stage(self) -> &'static str {
        match self {
            Self::Kill(stage, _) | Self::Interrupt(stage, _) => stage,
        }
    }
}

/// Steps of every stage with the number that was differentiated.
fn losses(events: &[Value]) -> BTreeMap<(String, u64), f64> {
    let steps = events.iter().filter(|event| event["event"] == "step");
    steps
        .map(|event| {
            let stage = event["stage"].as_str().expect("a stage").to_string();
            (
                (stage, event["step"].as_u64().expect("a step")),
                event["loss"].as_f64().expect("a loss"),
            )
        })
        .collect()
}

/// Runs until `end`; gives the step from which the stage can go on.
fn cut_short(dir: &Dir, line: &str, end: End) -> u64 {
    let mut running = dir.start(line);
    let (mut stage, mut saved, mut at) = (String::new(), 0, 0);
    while let Some(event) = running.events.next() {
        match event["event"].as_str().expect("a kind") {
            "stage_started" => stage = event["stage"].as_str().expect("a stage").to_string(),
            "saved" if stage == end.stage() => {
                saved += 1;
                at = event["step"].as_u64().expect("a step");
                if matches!(end, End::Kill(_, after) if saved >= after) {
                    running.kill();
                    break;
                }
            }
            "step" if stage == end.stage() => {
                if matches!(end, End::Interrupt(_, after) if event["step"].as_u64() >= Some(after)) {
                    running.interrupt();
                    break;
                }
            }
            _ => {}
        }
    }
    let (rest, status) = running.wait();
    let last = rest.last();
    match end {
        End::Kill(..) => assert_eq!(status.code(), None, "it was not killed: {last:?}"),
        End::Interrupt(..) => {
            assert_eq!(status.code(), Some(130), "{last:?}");
            let last = last.expect("events after the interrupt");
            assert_eq!(last["event"], "stopped");
            assert!(last["message"].to_string().contains("--resume"), "{last}");
        }
    }
    // A few more may have been written before the signal arrived.
    let mut later = rest
        .iter()
        .filter(|event| event["event"] == "saved")
        .filter_map(|event| event["step"].as_u64());
    later.next_back().unwrap_or(at)
}

/// Numbers that a resumed run must repeat.
const RESULTS: [&str; 8] = [
    "nll",
    "perplexity",
    "perplexity_before",
    "error",
    "accuracy",
    "macro_f1",
    "predictions",
    "estimated_on",
];

fn assert_same_results(line: &str, whole: &Ran, resumed: &Ran) {
    let mut compared = 0;
    for key in RESULTS {
        let (expected, found) = (&whole.last()[key], &resumed.last()[key]);
        if let (Some(expected), Some(found)) = (expected.as_f64(), found.as_f64()) {
            // Numbers that were kept as JSON may differ in their last bit.
            assert!(
                (expected - found).abs() <= 1e-12 * expected.abs(),
                "{line}: {key} {expected} {found}"
            );
            compared += 1;
        } else {
            assert_eq!(expected, found, "{line}: {key}");
        }
    }
    assert!(compared > 0, "{line}: nothing to compare");
}

/// Cuts the run short in every way of `ends`, each time anew, and compares. `OUT` stands for the output directory.
fn check(dir: &Dir, line: &str, ends: &[End]) {
    let whole = dir.done(&line.replace("OUT", "whole"));
    let expected = losses(&whole.events);
    for (number, &end) in ends.iter().enumerate() {
        let out = format!("cut{number}");
        let line = line.replace("OUT", &out);
        let at = cut_short(dir, &line, end);
        assert!(!dir.path(&out).exists(), "{end:?}: the run had finished already");
        assert!(dir.path(&format!("{out}.unfinished")).is_dir(), "{end:?}");

        let resumed = dir.done(&format!("{line} --resume"));
        let found = losses(&resumed.events);
        let first = found
            .keys()
            .find(|(stage, _)| stage == end.stage())
            .map(|(_, step)| *step);
        assert!(
            first > Some(at) && at > 0,
            "{end:?}: a checkpoint at {at}, but the first step is {first:?}"
        );
        for (step, loss) in &found {
            assert_eq!(
                expected[step].to_bits(),
                loss.to_bits(),
                "{end:?}: {step:?} {} {loss}",
                expected[step]
            );
        }
        let last = |ran: &Ran| {
            ran.of("step")
                .last()
                .map(|event| (event["stage"].clone(), event["step"].clone()))
        };
        assert_eq!(last(&resumed), last(&whole), "{end:?}");
        assert_same_results(&line, &whole, &resumed);
        assert!(
            dir.read("whole/model.safetensors") == dir.read(&format!("{out}/model.safetensors")),
            "{end:?}: other weights"
        );
        assert!(!dir.path(&format!("{out}.unfinished")).exists(), "{end:?}");
    }
}

#[test]
fn pretraining() {
    let dir = Dir::new();
    dir.write("corpus.csv", texts(400, 5));
    let line = format!("pretrain --corpus corpus.csv --out OUT {TINY} --batch 2 --epochs 80 --seed 3");
    let ends = [
        End::Kill("pretrain", 1),
        End::Kill("pretrain", 2),
        End::Interrupt("pretrain", 30),
    ];
    check(&dir, &line, &ends);
}

#[test]
fn adaptation() {
    let dir = Dir::with_base();
    dir.write("texts.csv", texts(300, 6));
    let line = "adapt --texts texts.csv --model base --out OUT --batch 4 --bptt 10 --epochs 20";
    check(
        &dir,
        line,
        &[
            End::Kill("adapt", 1),
            End::Kill("adapt", 4),
            End::Interrupt("adapt", 77),
        ],
    );
}

#[test]
fn fitting() {
    let dir = Dir::with_base();
    dir.write("labelled.csv", labelled(60, 7));
    dir.write("more.csv", texts(200, 8));
    let line = "fit --data labelled.csv --unlabelled more.csv --model base --out OUT --bptt 10 --lm-epochs 20 \
                --estimate folds:2 --batch 2 --epochs 30";
    let ends = [
        End::Kill("adapt", 2),
        End::Interrupt("adapt", 90),
        End::Kill("train fold 1 of 2", 1),
        End::Interrupt("train fold 2 of 2", 70),
        End::Kill("train", 3),
        End::Interrupt("train", 111),
    ];
    check(&dir, line, &ends);
}

/// A method that keeps the weights of its best epoch and what it averages: more to remember.
#[test]
fn methods_that_stop_early() {
    let dir = Dir::with_base();
    dir.write("labelled.csv", labelled(60, 9));
    for method in ["full", "ulmfit-code", "chain-thaw"] {
        let line = format!(
            "train --data labelled.csv --model base --out OUT --method {method} --estimate holdout:0.3 --batch 2 --epochs 40"
        );
        let whole = line.replace("OUT", method);
        let steps = losses(&dir.done(&whole).events)
            .into_keys()
            .filter(|(stage, _)| stage == "train")
            .count() as u64;
        assert!(steps > 150, "{method}: {steps}");
        check_in_subdirectory(
            &dir,
            method,
            &line,
            &[End::Kill("train", 1), End::Interrupt("train", steps / 2)],
        );
    }
}

fn check_in_subdirectory(dir: &Dir, name: &str, line: &str, ends: &[End]) {
    let inner = Dir::with_base();
    inner.write("labelled.csv", dir.read("labelled.csv"));
    check(&inner, line, ends);
    assert!(inner.read("whole/model.safetensors") == dir.read(&format!("{name}/model.safetensors")));
}

/// The second direction goes on from what it had reached, though the first one's classifier is trained again.
#[test]
fn both_directions() {
    let dir = Dir::with_base();
    dir.write("labelled.csv", labelled(60, 7));
    dir.write("more.csv", texts(200, 8));
    dir.done(&format!(
        "pretrain --corpus more.csv --out back --backward {TINY} --batch 4 --epochs 1"
    ));
    let line = "fit --data labelled.csv --unlabelled more.csv --model base --bidirectional --backward-model back --out OUT \
                --bptt 10 --lm-epochs 20 --estimate none --batch 2 --epochs 30";
    check(
        &dir,
        line,
        &[
            End::Interrupt("adapt backward", 90),
            End::Kill("train backward", 2),
        ],
    );
}

/// The rate that was found is that of the resumed run to the last bit, or its checkpoint is refused.
#[test]
fn found_rates_and_fractions() {
    let dir = Dir::with_base();
    dir.write("texts.csv", texts(300, 6));
    let line = "adapt --texts texts.csv --model base --out OUT --batch 4 --bptt 10 --epochs 20 --find-rate --drop-mult 0.12";
    check(&dir, line, &[End::Interrupt("adapt", 77)]);
}

/// A label corrected meanwhile: the folds that are kept would be of other rows.
#[test]
fn only_the_same_labels_are_learned_from() {
    let dir = Dir::with_base();
    let table = labelled(60, 7);
    dir.write("labelled.csv", &table);
    let line = "train --data labelled.csv --model base --out out --batch 2 --epochs 60 --estimate none";
    cut_short(&dir, line, End::Interrupt("train", 70));
    let again = format!("{line} --resume");
    for other in [table.replacen(",garden", ",river", 1), labelled(61, 7)] {
        assert!(other != table);
        dir.write("labelled.csv", other);
        let message = dir.fails(&again, 2);
        assert!(
            message.contains("out.unfinished") && message.contains("have changed"),
            "{message}"
        );
    }
    dir.write("labelled.csv", &table);
    dir.done(&again);
}

#[test]
fn only_the_same_run_is_resumed() {
    let dir = Dir::new();
    dir.write("corpus.csv", texts(400, 5));
    let line = format!("pretrain --corpus corpus.csv --out out {TINY} --batch 2 --epochs 80");
    cut_short(&dir, &line, End::Interrupt("pretrain", 30));
    let before = dir.read("out.unfinished/checkpoint.safetensors");
    for other in ["--epochs 81", "--batch 3", "--rate 0.001"] {
        let (option, _) = other.split_once(' ').expect("an option");
        let words: Vec<&str> = line.split_whitespace().collect();
        let at = words
            .iter()
            .position(|word| *word == option)
            .unwrap_or(words.len());
        let rest = words.get(at + 2..).unwrap_or_default();
        let line = format!("{} {other} {} --resume", words[..at].join(" "), rest.join(" "));
        let message = dir.fails(&line, 2);
        assert!(
            message.contains("out.unfinished") && message.contains(&format!("other options (`{option}`)")),
            "{line}: {message}"
        );
    }
    let message = dir.fails(&format!("{line} --seed 1 --resume"), 2);
    assert!(message.contains("other options (`--seed`)"), "{message}");
    let adapt = "adapt --texts corpus.csv --out out --resume";
    let message = dir.fails(adapt, 2);
    assert!(message.contains("a run of another command"), "{message}");
    let message = dir.fails(&line, 2);
    assert!(
        message.contains("--resume") && message.contains("--overwrite"),
        "{message}"
    );
    assert!(
        dir.read("out.unfinished/checkpoint.safetensors") == before,
        "the checkpoint was touched"
    );

    // A damaged checkpoint is told, not trained on.
    dir.write(
        "out.unfinished/checkpoint.safetensors",
        &before[..before.len() / 2],
    );
    let ran = dir.run(&format!("{line} --resume"));
    assert_eq!(ran.code, Some(1));
    let message = one_line(&line, &ran.stderr);
    assert!(
        message.contains("checkpoint.safetensors") && message.contains("not a whole"),
        "{message}"
    );

    let ran = dir.done(&format!("{line} --overwrite"));
    assert_eq!(
        losses(&ran.events).into_keys().next(),
        Some(("pretrain".into(), 1))
    );
    assert_eq!(dir.names(), ["corpus.csv", "out"]);
}

/// A run that is alive was not interrupted: nothing that it keeps may be touched.
#[test]
fn a_run_that_is_alive_is_left_alone() {
    let dir = Dir::with_base();
    dir.write("labelled.csv", labelled(60, 7));
    let line = "train --data labelled.csv --model base --out out --batch 2 --epochs 60 --estimate none";
    let mut running = dir.start(line);
    let step = running
        .events
        .find(|event| event["event"] == "step" && event["step"].as_u64() >= Some(70));
    step.expect("it trains");
    // However slow the others are, it does not end meanwhile.
    running.signal("STOP");
    for options in ["", "--resume", "--overwrite"] {
        let message = dir.fails(&format!("{line} {options}"), 2);
        assert!(
            message.contains("another run is making out"),
            "{options}: {message}"
        );
    }
    running.interrupt();
    running.signal("CONT");
    let (rest, status) = running.wait();
    assert_eq!(status.code(), Some(130), "{:?}", rest.last());
    assert!(dir.path("out.unfinished/checkpoint.safetensors").is_file());
    // What it is called makes it no other run.
    let again = line.replace("--out out", "--out ./out");
    dir.done(&(again.replace("--data ", "--data ./") + " --resume"));
    assert_eq!(dir.names(), ["base", "labelled.csv", "out"]);
}

#[test]
fn resuming_what_has_not_begun_is_beginning() {
    let dir = Dir::with_base();
    dir.write("texts.csv", texts(60, 6));
    let line = "adapt --texts texts.csv --model base --epochs 1 --out";
    dir.done(&format!("{line} a"));
    dir.done(&format!("{line} b --resume"));
    assert!(dir.read("a/model.safetensors") == dir.read("b/model.safetensors"));
}

/// What is there stays until the run that takes its place has ended, though that is interrupted and goes on.
#[test]
#[cfg(unix)]
fn a_run_that_replaces_a_model_goes_on() {
    let dir = Dir::with_base();
    dir.write("labelled.csv", labelled(60, 7));
    let line = "train --data labelled.csv --model base --out out --batch 2 --estimate none";
    dir.done(&format!("{line} --epochs 1"));
    let first = dir.read("out/model.safetensors");
    let line = format!("{line} --epochs 60 --overwrite");
    let saved = cut_short(&dir, &line, End::Interrupt("train", 70));
    assert!(saved > 0 && dir.read("out/model.safetensors") == first);
    let ran = dir.done(&format!("{line} --resume"));
    let step = ran.of("step").next().and_then(|event| event["step"].as_u64());
    assert!(step > Some(saved), "{step:?} after {saved}");
    assert!(dir.read("out/model.safetensors") != first);
}

//! Signals that end a run as Ctrl-C does, with a checkpoint.

#![cfg(unix)]

use std::process::Command;

use super::common::{Dir, Running, labelled};

const LINE: &str = "train --data labelled.csv --model base --estimate none --batch 2";

fn dir() -> Dir {
    let dir = Dir::with_base();
    dir.write("labelled.csv", labelled(60, 61));
    dir
}

fn after_some_steps(running: &mut Running) {
    let step = running
        .events
        .find(|event| event["event"] == "step" && event["step"].as_u64() >= Some(20));
    step.expect("a step");
}

/// Whether the tests were started with `nohup`, as the program then is too.
fn ignores_hangups() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & 1 == 1)
}

#[test]
fn a_run_that_is_asked_to_end_writes_a_checkpoint() {
    let dir = dir();
    // A shell and the terminal that it loses send SIGHUP both, and `timeout` sends SIGTERM twice.
    for signal in ["TERM", "HUP"] {
        if signal == "HUP" && ignores_hangups() {
            continue;
        }
        let line = format!("{LINE} --epochs 60 --out {signal}");
        let mut running = dir.start(&line);
        after_some_steps(&mut running);
        running.signal(signal);
        running.signal(signal);
        let (rest, status) = running.wait();
        assert_eq!(status.code(), Some(130), "{signal}: {:?}", rest.last());
        assert_eq!(rest.last().expect("events")["event"], "stopped", "{signal}");
        assert!(rest.iter().any(|event| event["event"] == "saved"), "{signal}");
        let again = dir.done(&format!("{line} --resume"));
        let first = again.of("step").next().expect("a step");
        assert!(first["step"].as_u64() > Some(20), "{signal}: it begins anew");
    }
}

#[test]
fn with_nohup_a_terminal_may_be_closed() {
    let dir = dir();
    let program = dir.command(&format!("{LINE} --epochs 20 --out kept"));
    let mut ignoring = Command::new("sh");
    ignoring.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]);
    ignoring.arg(program.get_program()).args(program.get_args());
    if let Some(place) = program.get_current_dir() {
        ignoring.current_dir(place);
    }
    let mut running = Running::of(ignoring);
    after_some_steps(&mut running);
    running.signal("HUP");
    let (rest, status) = running.wait();
    assert_eq!(status.code(), Some(0), "{:?}", rest.last());
}

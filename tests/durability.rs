//! What was acknowledged is on disk: a process that answers texts is killed at random moments, and every time its project
//! opens with every answer that it was told of.
//!
//! The process is this very test program, started again with the project in an environment variable.
#![cfg(unix)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in functions marked as tests, but not in their helpers"
)]

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use unfreeze::session::project::{
    Action, Answer, Answered, Happened, Label, LabelId, OpenProject, Predictions, Project, TextId, Texts,
};

const VARIABLE: &str = "UNFREEZE_TEST_PROJECT";
const TEXTS: u32 = 50;
const LABELS: u16 = 4;
/// Actions on their way to the disk at once.
const IN_FLIGHT: usize = 3;

fn texts() -> Arc<Texts> {
    Arc::new(Texts {
        texts: (0..TEXTS).map(|i| format!("text {i}")).collect(),
        ..Texts::default()
    })
}

/// The action at a place of the log: mostly answers, now and then something of each other kind.
fn action(at: u64) -> Action {
    let text = (at.wrapping_mul(7) % u64::from(TEXTS)) as TextId;
    match at {
        0..4 => Action::CreateLabel {
            name: format!("label {at}"),
        },
        _ if at % 13 == 5 => Action::Undo,
        _ if at % 13 == 6 => Action::Redo,
        _ if at % 17 == 3 => Action::Clear { text },
        _ if at % 19 == 4 => Action::AnswerMany {
            texts: (0..text % 5).collect(),
            answer: Answer::Unsure,
            alike: at.is_multiple_of(2),
        },
        _ => Action::Answer {
            text,
            answer: Answer::Label((at % u64::from(LABELS)) as LabelId),
            suggested: None,
        },
    }
}

/// What a classifier would say, told apart by its run: enough of it that writing takes a while.
fn predictions(run: u64) -> Predictions {
    let share = |text: TextId| (run % 97 + u64::from(text)) as f32 / 1_000.0;
    Predictions {
        run,
        labels: (0..1_000).map(|i| format!("label {i}")).collect(),
        seconds: run as f64,
        texts: (0..TEXTS).collect(),
        probabilities: (0..TEXTS).flat_map(|text| vec![share(text); 1_000]).collect(),
    }
}

/// Everything that can be seen of a project.
fn seen(project: &Project) -> (Vec<Label>, Vec<Answered>, Option<Action>, Option<Action>) {
    (
        project.labels().cloned().collect(),
        project.answered().collect(),
        project.undoable().cloned(),
        project.redoable().cloned(),
    )
}

/// The project that is killed: goes on where the log ends and tells every action that it was told is on disk.
#[test]
#[ignore = "child of no_acknowledged_answer_is_lost_when_it_is_killed"]
fn answers_until_it_is_killed() {
    let path = std::env::var_os(VARIABLE).expect("a project to answer in");
    let (woken, wakes) = channel();
    let wake = Arc::new(move || {
        let _ = woken.send(());
    });
    let mut open = if Path::new(&path).exists() {
        OpenProject::open(&path, wake).unwrap()
    } else {
        OpenProject::create(&path, "killed", texts(), wake).unwrap()
    };
    println!("open");
    let (mut next, mut sent) = (open.steps(), 0);
    let mut kept = VecDeque::new();
    let mut out = std::io::stdout().lock();
    loop {
        while sent < IN_FLIGHT {
            open.act(action(next)).unwrap();
            next += 1;
            sent += 1;
            if next % 5 == 0 {
                open.set_predictions(Some(predictions(next)));
                kept.push_back(next);
            }
        }
        let _ = wakes.recv();
        for happened in open.poll() {
            match happened {
                Happened::Acted(_) => sent -= 1,
                Happened::PredictionsSet => writeln!(out, "kept {}", kept.pop_front().unwrap()).unwrap(),
                other => panic!("{other:?}"),
            }
        }
        writeln!(out, "saved {}", open.steps()).unwrap();
        out.flush().unwrap();
    }
}

/// Number of saved actions that the process told of, line by line.
fn told(line: &str) -> Option<u64> {
    // The test harness may have begun the line.
    line.rsplit_once("saved ")?.1.trim().parse().ok()
}

/// The run whose predictions the process said are kept.
fn told_kept(line: &str) -> Option<u64> {
    line.rsplit_once("kept ")?.1.trim().parse().ok()
}

fn start(path: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "answers_until_it_is_killed",
            "--nocapture",
        ])
        .env(VARIABLE, path)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    (child, out)
}

/// Lines of a process from a thread of its own, so that the moment of the kill depends on none.
fn lines(out: BufReader<ChildStdout>) -> Receiver<String> {
    let (send, lines) = channel();
    std::thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            if send.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

#[test]
fn no_acknowledged_answer_is_lost_when_it_is_killed() {
    const KILLS: u32 = 200;
    /// The file is begun anew now and then, so that its making is interrupted too.
    const KILLS_A_FILE: u32 = 50;
    let dir = tempfile::tempdir().unwrap();
    let mut random = ChaCha8Rng::seed_from_u64(11);
    let (mut acknowledged_in_all, mut with_more, mut before_first) = (0, 0, 0);
    // The run of the predictions that the file was said to hold, and how often that was said.
    let (mut kept, mut kept_in_all) = (0, 0);
    // The project in memory, up to date with the file of the last kill.
    let mut replay = Project::new("killed", texts());
    let mut steps = 0;
    for kill in 0..KILLS {
        let path = dir.path().join(format!("{}.unfreeze", kill / KILLS_A_FILE));
        if kill % KILLS_A_FILE == 0 {
            (replay, steps) = (Project::new("killed", texts()), 0);
            kept = 0;
        }
        let (mut child, out) = start(&path);
        let lines = lines(out);
        // From the start for one in four, which hits loading and opening; else from one of the first answers.
        let mut acknowledged: VecDeque<u64> = VecDeque::new();
        if random.random_range(0..4) > 0 {
            let answers = random.random_range(1..6);
            while acknowledged.len() < answers {
                let line = lines.recv_timeout(Duration::from_secs(120));
                let line = line
                    .unwrap_or_else(|_| panic!("kill {kill}: it answers nothing: {}", complaint(&mut child)));
                acknowledged.extend(told(&line));
                heard(&line, &mut kept, &mut kept_in_all);
            }
        }
        std::thread::sleep(Duration::from_micros(random.random_range(0..12_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        let rest: Vec<String> = lines.iter().collect();
        acknowledged.extend(rest.iter().filter_map(|line| told(line)));
        for line in &rest {
            heard(line, &mut kept, &mut kept_in_all);
        }
        let at_least = acknowledged.back().copied().unwrap_or(steps);
        before_first += u32::from(acknowledged.is_empty());
        acknowledged_in_all += at_least - steps;
        if acknowledged.is_empty() && !path.exists() {
            continue;
        }
        let found = check(&path, kill, (at_least, kept), &mut replay, &mut steps);
        with_more += u32::from(found > at_least);
    }
    println!(
        "{KILLS} kills, {before_first} of them before the first answer; {acknowledged_in_all} acknowledged; {with_more} \
         files had more than was acknowledged"
    );
    assert!(kept_in_all > 50, "predictions were kept only {kept_in_all} times");
    assert!(
        acknowledged_in_all > 300,
        "only {acknowledged_in_all} were acknowledged"
    );
}

fn heard(line: &str, kept: &mut u64, in_all: &mut u32) {
    if let Some(run) = told_kept(line) {
        *kept = run;
        *in_all += 1;
    }
}

/// Opens the file and compares it with a replay of its length, which must be at least `at_least`. Gives that length. The
/// predictions in it are whole, and of the run `kept` or a later one.
fn check(path: &Path, kill: u32, (at_least, kept): (u64, u64), replay: &mut Project, steps: &mut u64) -> u64 {
    let open = OpenProject::open(path, Arc::new(|| {}));
    let mut open = open.unwrap_or_else(|error| panic!("kill {kill}: {error}"));
    let found = open.steps();
    assert!(
        (at_least..=at_least + IN_FLIGHT as u64).contains(&found),
        "kill {kill}: {at_least} were acknowledged and {found} are there"
    );
    while *steps < found {
        replay.apply(action(*steps)).unwrap();
        *steps += 1;
    }
    assert_eq!(seen(&open.project), seen(replay), "kill {kill}");
    assert_eq!(open.project.texts, texts());
    open.load_predictions();
    let loaded = loop {
        match open.poll().pop() {
            Some(Happened::PredictionsLoaded(loaded)) => break loaded,
            Some(other) => panic!("kill {kill}: {other:?}"),
            None => std::thread::sleep(Duration::from_micros(200)),
        }
    };
    match loaded {
        Some(loaded) => {
            assert!(
                loaded.run >= kept,
                "kill {kill}: {} instead of {kept}",
                loaded.run
            );
            assert!(
                *loaded == predictions(loaded.run),
                "kill {kill}: of run {}",
                loaded.run
            );
        }
        None => assert_eq!(kept, 0, "kill {kill}: there are none"),
    }
    found
}

fn complaint(child: &mut Child) -> String {
    let _ = child.kill();
    let mut text = String::new();
    if let Some(mut errors) = child.stderr.take() {
        let _ = std::io::Read::read_to_string(&mut errors, &mut text);
    }
    text
}

//! The engine through the library: what its commands do between two steps.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in functions marked as tests, but not in their helpers"
)]

mod again;
mod ask;
mod inside;
mod lost;

use std::path::{Path, PathBuf};

use unfreeze::session::Session;
use unfreeze::session::protocol::{
    Adapt, Command, Common, DeviceChoice, Event, Job, LmOptions, Pretrain, Source, TokenizerKind,
};

const COMMON: Common = Common {
    device: DeviceChoice::Cpu,
    seed: 7,
};

/// Every word follows from the one before, so that there is something to learn.
fn texts(rows: usize) -> String {
    const WORDS: [&str; 11] = [
        "snow", "falls", "on", "the", "roof", "and", "slides", "to", "a", "frozen", "pond",
    ];
    let word = |at: usize| WORDS[(at * at + at / 3) % WORDS.len()];
    let row = |row: usize| (0..9).map(|at| word(row * 5 + at)).collect::<Vec<_>>().join(" ") + "\n";
    format!("text\n{}", (0..rows).map(row).collect::<String>())
}

fn pretrain(corpus: &Path, out: PathBuf) -> Job {
    Job::Pretrain(Pretrain {
        common: COMMON,
        corpus: vec![corpus.to_path_buf()],
        text_columns: Vec::new(),
        encoding: None,
        valid: None,
        out,
        preset: "tiny".into(),
        embedding: Some(16),
        hidden: Some(24),
        layers: Some(2),
        vocab: Some(200),
        tokenizer: TokenizerKind::Word,
        vocab_from: None,
        from: None,
        backward: false,
        max_tokens: None,
        epochs: 2,
        batch: Some(4),
        rate: None,
        drop_mult: None,
        max_minutes: None,
        resume: false,
        overwrite: false,
        corpus_name: None,
        corpus_licence: None,
    })
}

/// A directory with texts and a pretrained model, and a run of some hundred steps that reports each of them.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().expect("a directory"));
        std::fs::write(place.path("texts.csv"), texts(300)).expect("written");
        let session = Session::spawn().expect("a thread");
        start(&session, pretrain(&place.path("texts.csv"), place.path("base")));
        assert!(matches!(rest(&session).last(), Some(Event::Done { .. })));
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn adapt(&self, out: &str, resume: bool) -> Job {
        let path = self.path("texts.csv");
        Job::Adapt(Adapt {
            common: COMMON,
            texts: Source {
                path,
                ..Source::default()
            },
            model: Some(self.path("base")),
            out: self.path(out),
            lm: LmOptions {
                epochs: Some(4),
                bptt: Some(10),
                batch: Some(4),
                ..LmOptions::default()
            },
            resume,
            ..Adapt::default()
        })
    }

    fn weights(&self, out: &str) -> Vec<u8> {
        std::fs::read(self.path(out).join("model.safetensors")).expect("the weights")
    }

    /// What the run gives when nobody interferes: the loss of each step, the perplexity.
    fn uninterrupted(&self) -> Outcome {
        let session = Session::spawn().expect("a thread");
        start(&session, self.adapt("whole", false));
        let outcome = Outcome::of(&rest(&session));
        assert!(outcome.losses.len() > 100, "{}", outcome.losses.len());
        outcome
    }
}

#[derive(Debug, Default, PartialEq)]
struct Outcome {
    /// Step and loss.
    losses: Vec<(u64, f64)>,
    perplexity: Option<f64>,
}

impl Outcome {
    fn of(events: &[Event]) -> Self {
        let losses = events.iter().filter_map(|event| match event {
            Event::Step { step, loss, .. } => Some((*step, *loss)),
            _ => None,
        });
        let perplexity = match events.last() {
            Some(Event::Done { result, .. }) => result["perplexity"].as_f64(),
            _ => None,
        };
        Self {
            losses: losses.collect(),
            perplexity,
        }
    }
}

fn send(session: &Session, command: Command) {
    session.send(command).expect("the engine runs");
}

fn start(session: &Session, job: Job) {
    send(session, Command::Start(Box::new(job)));
}

fn next(session: &Session) -> Event {
    session.events().recv().expect("an event")
}

/// Events to the end of the job.
fn rest(session: &Session) -> Vec<Event> {
    let mut events = Vec::new();
    loop {
        events.push(next(session));
        if let Some(Event::Done { .. } | Event::Stopped { .. } | Event::Failed { .. }) = events.last() {
            return events;
        }
    }
}

/// Events up to the first that `wanted` accepts.
fn until(session: &Session, wanted: impl Fn(&Event) -> bool) -> Vec<Event> {
    let mut events = Vec::new();
    loop {
        events.push(next(session));
        match events.last() {
            Some(event) if wanted(event) => return events,
            Some(Event::Done { .. } | Event::Stopped { .. } | Event::Failed { .. }) => {
                panic!("the job ended before: {:?}", events.last())
            }
            _ => {}
        }
    }
}

fn step_of(event: &Event) -> Option<u64> {
    match event {
        Event::Step { step, .. } => Some(*step),
        _ => None,
    }
}

/// The engine does nothing by itself: what it answers next is the checkpoint that is asked for, at `step`.
fn assert_holds(session: &Session, step: u64) {
    std::thread::sleep(std::time::Duration::from_millis(50));
    send(session, Command::Save);
    let event = next(session);
    assert!(
        matches!(event, Event::Saved { step: at, .. } if at == step),
        "after step {step}: {event:?}"
    );
}

#[test]
fn a_pause_holds_and_a_step_is_one_step() {
    let place = Place::new();
    let expected = place.uninterrupted();
    let session = Session::spawn().expect("a thread");
    start(&session, place.adapt("paused", false));
    let mut events = until(&session, |event| step_of(event) == Some(5));
    send(&session, Command::Pause);
    events.extend(until(&session, |event| matches!(event, Event::Paused { .. })));
    let Some(&Event::Paused { step: at }) = events.last() else {
        unreachable!()
    };
    assert_eq!(Outcome::of(&events).losses.len() as u64, at);
    assert_holds(&session, at);
    assert_holds(&session, at);

    send(&session, Command::Step);
    events.push(next(&session));
    assert_eq!(events.last().and_then(step_of), Some(at + 1));
    assert_holds(&session, at + 1);

    // Commands that wait are heeded one after the other.
    for command in [Command::Step, Command::Save, Command::Step, Command::Step] {
        send(&session, command);
    }
    for expected in [at + 2, at + 3, at + 4] {
        let steps = until(&session, |event| step_of(event).is_some());
        assert_eq!(steps.last().and_then(step_of), Some(expected));
        let saved = steps
            .iter()
            .filter(|event| matches!(event, Event::Saved { .. }))
            .count();
        assert_eq!(saved, usize::from(expected == at + 3));
        events.extend(steps);
    }
    assert_holds(&session, at + 4);

    send(&session, Command::Pause);
    assert_holds(&session, at + 4);
    send(&session, Command::Resume);
    assert!(matches!(next(&session), Event::Resumed));
    events.extend(rest(&session));
    assert_eq!(Outcome::of(&events), expected);
    assert!(place.weights("paused") == place.weights("whole"));
}

#[test]
fn what_was_stopped_goes_on() {
    let place = Place::new();
    let expected = place.uninterrupted();
    // Stopped while it runs, stopped while it holds.
    for pause in [false, true] {
        let out = format!("stopped-{pause}");
        let session = Session::spawn().expect("a thread");
        start(&session, place.adapt(&out, false));
        let mut events = until(&session, |event| step_of(event) == Some(20));
        if pause {
            send(&session, Command::Pause);
            events.extend(until(&session, |event| matches!(event, Event::Paused { .. })));
        }
        send(&session, Command::Stop);
        events.extend(rest(&session));
        assert!(
            matches!(events.last(), Some(Event::Stopped { message }) if message.contains("--resume")),
            "{:?}",
            events.last()
        );
        let done = Outcome::of(&events).losses.len() as u64;
        let saved = events.iter().rev().find_map(|event| match event {
            Event::Saved { path, step } => Some((path.exists(), *step)),
            _ => None,
        });
        assert_eq!(saved, Some((true, done)));
        assert!(!place.path(&out).exists());

        // The same engine takes it up again, without a word about the pause before.
        start(&session, place.adapt(&out, true));
        events.extend(rest(&session));
        assert_eq!(Outcome::of(&events), expected);
        assert!(place.weights(&out) == place.weights("whole"));
        assert!(!place.path(&format!("{out}.unfinished")).exists());
    }
}

#[test]
fn a_pause_before_the_first_step_is_not_lost() {
    let place = Place::new();
    let session = Session::spawn().expect("a thread");
    start(&session, pretrain(&place.path("texts.csv"), place.path("held")));
    send(&session, Command::Pause);
    let mut events = until(&session, |event| matches!(event, Event::Paused { .. }));
    // The stages before training go on; training does not: a command that comes once it has begun is heard before the first step.
    let begins = |event: &Event| matches!(event, Event::StageStarted { stage, .. } if stage == "pretrain");
    if !events.iter().any(begins) {
        events.extend(until(&session, begins));
    }
    send(&session, Command::Save);
    events.extend(until(&session, |event| matches!(event, Event::Saved { .. })));
    assert!(
        matches!(events.last(), Some(Event::Saved { step: 0, .. })),
        "{:?}",
        events.last()
    );
    assert_eq!(Outcome::of(&events).losses, []);
    send(&session, Command::Resume);
    let events = rest(&session);
    assert!(
        matches!(events.last(), Some(Event::Done { .. })),
        "{:?}",
        events.last()
    );
    assert!(
        place.weights("held") == std::fs::read(place.path("base/model.safetensors")).expect("the weights")
    );
}

#[test]
fn one_job_runs_at_a_time() {
    let place = Place::new();
    let session = Session::spawn().expect("a thread");
    start(&session, place.adapt("first", false));
    until(&session, |event| step_of(event) == Some(3));
    start(&session, place.adapt("second", false));
    let events = rest(&session);
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Warning { message } if message.contains("a job is running")))
    );
    assert!(matches!(events.last(), Some(Event::Done { .. })));
    assert!(place.path("first").exists() && !place.path("second").exists());
}

#[test]
fn an_engine_that_nobody_listens_to_ends_its_pause() {
    let place = Place::new();
    let session = Session::spawn().expect("a thread");
    start(&session, place.adapt("left", false));
    until(&session, |event| step_of(event) == Some(3));
    send(&session, Command::Pause);
    until(&session, |event| matches!(event, Event::Paused { .. }));
    drop(session);
    // It writes a checkpoint, as it does when it is told to stop.
    let checkpoint = place.path("left.unfinished/checkpoint.safetensors");
    for _ in 0..600 {
        if checkpoint.exists() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    panic!("no checkpoint after the front end has gone");
}

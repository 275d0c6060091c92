use std::cell::RefCell;
use std::sync::mpsc::channel;

use super::super::console::{Console, Look};
use super::super::report::tests::{Buffer, RECORDED, recorded};
use super::super::summary::Context;
use super::*;

/// A pipe whose reader goes away after so many lines.
struct Pipe(usize);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self
            .0
            .checked_sub(bytes.iter().filter(|&&byte| byte == b'\n').count())
            .ok_or(ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Ran {
    code: u8,
    out: String,
    err: String,
    commands: Vec<String>,
}

/// Drives `events` of a job that only prints to their end; `json` and `out` as given, where they are.
fn ran(events: Vec<Event>, json: Option<Box<dyn Write>>, out: Option<Box<dyn Write>>, presses: usize) -> Ran {
    making(events, Context::default(), json, out, presses)
}

fn making(
    events: Vec<Event>,
    context: Context,
    json: Option<Box<dyn Write>>,
    out: Option<Box<dyn Write>>,
    presses: usize,
) -> Ran {
    let (printed, err) = (Buffer::default(), Buffer::default());
    let reports = json.is_none();
    let out = out.unwrap_or_else(|| Box::new(printed.clone()));
    let console = Console::new(Look::default(), out, Box::new(err.clone()));
    let mut front = Front::new(Report::new(console, context), json, reports);
    let (sender, receiver) = channel();
    for event in events {
        sender.send(event).expect("the receiver lives");
    }
    drop(sender);
    let commands = RefCell::new(Vec::new());
    let send = |command: Command| commands.borrow_mut().push(format!("{command:?}"));
    let code = front.drive(&receiver, &send, &AtomicUsize::new(presses));
    Ran {
        code,
        out: printed.text(),
        err: err.text(),
        commands: commands.take(),
    }
}

#[test]
fn json_is_every_event_and_nothing_else() {
    let json = Buffer::default();
    let Ran {
        code,
        out,
        err,
        commands,
    } = ran(recorded(), Some(Box::new(json.clone())), None, 0);
    assert_eq!((code, out.as_str(), err.as_str(), commands.len()), (0, "", "", 0));
    let text = json.text();
    assert!(text.ends_with('\n'));
    let values = |text: &str| -> Vec<serde_json::Value> {
        text.trim()
            .lines()
            .map(|line| serde_json::from_str(line).expect(line))
            .collect()
    };
    assert_eq!(values(&text), values(RECORDED));
    let last = values(&text).pop().expect("is not empty");
    assert_eq!(
        (last["event"].as_str(), last["error"].as_f64()),
        (Some("done"), Some(0.083))
    );
}

#[test]
fn failure_decides_the_exit_code() {
    for (usage, code) in [(false, 1), (true, 2)] {
        let failed = || {
            vec![Event::Failed {
                message: "a.csv: no such file".into(),
                usage,
                device: None,
                diverged: None,
            }]
        };
        let plain = ran(failed(), None, None, 0);
        assert_eq!(
            (plain.code, plain.err.as_str()),
            (code, "error: a.csv: no such file\n")
        );
        let json = Buffer::default();
        let lines = ran(failed(), Some(Box::new(json.clone())), None, 0);
        assert_eq!(
            (lines.code, lines.err.as_str()),
            (code, "error: a.csv: no such file\n")
        );
        assert!(json.text().starts_with(r#"{"event":"failed""#));
    }
}

#[test]
fn an_engine_that_vanishes_is_a_failure_in_json_too() {
    let json = Buffer::default();
    let Ran { code, err, .. } = ran(
        recorded().drain(..3).collect(),
        Some(Box::new(json.clone())),
        None,
        0,
    );
    assert_eq!(code, 1);
    assert!(err.contains("without a result"), "{err}");
    assert!(
        json.text()
            .lines()
            .last()
            .is_some_and(|line| line.contains(r#""event":"failed""#))
    );
}

#[test]
fn ctrl_c_stops_the_engine_once() {
    let mut events = recorded();
    events.pop();
    events.push(Event::Stopped {
        message: "run it again with --resume".into(),
    });
    let Ran {
        code, err, commands, ..
    } = ran(events, None, None, 1);
    assert_eq!((code, commands), (INTERRUPTED, vec!["Stop".to_string()]));
    assert!(
        err.starts_with("stopping after this step; press Ctrl-C again to quit now\n"),
        "{err}"
    );
    assert!(err.contains("stopped: run it again with --resume"), "{err}");
}

#[test]
fn a_reader_that_goes_away_ends_the_work_quietly() {
    let lines = || {
        (0..9)
            .map(|at| Event::Line {
                text: at.to_string(),
                tokens: Vec::new(),
            })
            .collect::<Vec<_>>()
    };
    let Ran {
        code, err, commands, ..
    } = ran(lines(), None, Some(Box::new(Pipe(2))), 0);
    assert_eq!((code, err.as_str(), commands), (0, "", vec!["Stop".to_string()]));
    let Ran { code, err, .. } = ran(lines(), Some(Box::new(Pipe(2))), None, 0);
    assert_eq!((code, err.as_str()), (0, ""));
}

/// `unfreeze train ... --json | head -1` makes the model all the same.
#[test]
fn what_makes_a_model_or_a_file_goes_on_without_a_reader() {
    let context = || Context {
        made: Some("my-model".into()),
        ..Context::default()
    };
    let pipe = || -> Option<Box<dyn Write>> { Some(Box::new(Pipe(9))) };
    for (json, out) in [(pipe(), None), (None, pipe())] {
        let Ran { code, commands, .. } = making(recorded(), context(), json, out, 0);
        assert_eq!((code, commands.len()), (0, 0));
    }
    let mut events = recorded();
    events.pop();
    events.push(Event::Stopped {
        message: String::new(),
    });
    let Ran { code, commands, .. } = making(events, context(), pipe(), None, 1);
    assert_eq!((code, commands), (INTERRUPTED, vec!["Stop".to_string()]));
}

/// `unfreeze train --data no-labels.csv ... --json | head -1` says what is wrong all the same.
#[test]
fn a_failure_is_said_though_nobody_reads() {
    let context = Context {
        made: Some("my-model".into()),
        ..Context::default()
    };
    let failed = Event::Failed {
        message: "no labels".into(),
        usage: true,
        device: None,
        diverged: None,
    };
    let Ran { code, err, .. } = making(vec![failed], context, Some(Box::new(Pipe(0))), None, 0);
    assert_eq!((code, err.as_str()), (2, "error: no labels\n"));
}

/// A terminal that is closed takes no line more, and sends a signal.
#[test]
fn a_closed_terminal_does_not_end_the_work_before_its_checkpoint() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::other("input/output error"))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let closed = || -> Option<Box<dyn Write>> { Some(Box::new(Closed)) };
    for (json, out) in [(closed(), None), (None, closed())] {
        let mut events = recorded();
        events.pop();
        events.push(Event::Stopped {
            message: String::new(),
        });
        let Ran { code, commands, .. } = ran(events, json, out, 1);
        assert_eq!((code, commands), (INTERRUPTED, vec!["Stop".to_string()]));
    }
}

#[test]
fn a_full_disk_is_said() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let Ran { code, err, .. } = ran(recorded(), Some(Box::new(Full)), None, 0);
    assert_eq!(code, 1);
    assert!(
        err.starts_with("error: no space left on the disk of standard output"),
        "{err}"
    );
}

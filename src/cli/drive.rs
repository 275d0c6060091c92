//! From the engine's events to an exit code.

use std::io::{self, ErrorKind, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::INTERRUPTED;
use super::report::Report;
use crate::session::protocol::{Command, Event};

/// How soon a signal is seen while the engine is silent.
const POLL: Duration = Duration::from_millis(100);

/// Where events go: to a report for people, to JSON lines, or to both.
pub struct Front {
    report: Report,
    json: Option<Box<dyn Write>>,
    /// Whether people see more than what went wrong.
    reports: bool,
    /// Whether nobody reads standard output any more.
    muted: bool,
}

impl Front {
    /// A front with a report, and JSON lines to `json` where they are asked for.
    pub fn new(report: Report, json: Option<Box<dyn Write>>, reports: bool) -> Self {
        Self {
            report,
            json,
            reports,
            muted: false,
        }
    }

    /// A line for people, whatever else is written.
    pub fn tell(&mut self, text: &str) {
        self.report.say(text);
    }

    /// `error: ...`, for what goes wrong before there is an engine.
    pub fn fail(&mut self, message: &str) {
        self.report.fail(message);
    }

    /// Passes events on until the job ends and gives the exit code. `interrupts` counts what asks it to
    /// end before.
    pub fn drive(
        &mut self,
        events: &Receiver<Event>,
        send: &dyn Fn(Command),
        interrupts: &AtomicUsize,
    ) -> u8 {
        let mut stopping = false;
        loop {
            if !stopping && interrupts.load(Ordering::Relaxed) > 0 {
                stopping = true;
                send(Command::Stop);
                self.tell("stopping after this step; press Ctrl-C again to quit now");
            }
            let event = match events.recv_timeout(POLL) {
                Ok(event) => event,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => Event::Failed {
                    message: "the engine ended without a result; run again with RUST_LOG=info to see why"
                        .into(),
                    usage: false,
                    device: None,
                    diverged: None,
                },
            };
            match self.event(&event) {
                Ok(()) => {}
                // The reader has what it wanted; the file or the model was wanted too, whole.
                Err(error) if error.kind() == ErrorKind::BrokenPipe && self.report.makes_something() => {
                    self.muted = true;
                    if self.json.is_some() {
                        // Its line of JSON was for nobody; what it tells people is not.
                        self.event(&event).ok();
                    }
                }
                // A terminal that is closed takes no line more, which shows before its signal has come: then, and whenever the
                // work is being stopped, what matters is the checkpoint.
                Err(error)
                    if stopping || (error.kind() != ErrorKind::BrokenPipe && is_asked_soon(interrupts)) =>
                {
                    self.muted = true;
                    if self.json.is_some() {
                        self.event(&event).ok();
                    }
                }
                Err(error) => {
                    send(Command::Stop);
                    if error.kind() == ErrorKind::BrokenPipe {
                        return 0;
                    }
                    self.report.fail(&unwritten(&error));
                    return 1;
                }
            }
            match event {
                Event::Done { .. } => return 0,
                Event::Stopped { .. } => return INTERRUPTED,
                Event::Failed { usage, .. } => return if usage { 2 } else { 1 },
                _ => {}
            }
        }
    }

    fn event(&mut self, event: &Event) -> io::Result<()> {
        if !self.muted
            && let Some(json) = &mut self.json
        {
            let line = serde_json::to_string(event)?;
            writeln!(json, "{line}")?;
            json.flush()?;
        }
        if self.reports {
            match self.report.event(event) {
                Err(_) if self.muted => Ok(()),
                told => told,
            }
        } else {
            if let Event::Failed { message, .. } = event {
                self.report.fail(message);
            }
            Ok(())
        }
    }
}

/// Whether a signal comes within a moment.
fn is_asked_soon(interrupts: &AtomicUsize) -> bool {
    std::thread::sleep(POLL);
    interrupts.load(Ordering::Relaxed) > 0
}

/// Why standard output ends in the middle, and what to do.
fn unwritten(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "no space left on the disk of standard output; free some and run again: what was written is not whole".into()
        }
        _ => format!("standard output cannot be written: {error}"),
    }
}

#[cfg(test)]
#[path = "drive_tests.rs"]
mod tests;

//! The runs of the open project, kept with it: what a run showed, and the way on from its checkpoint, outlive the window.

use std::sync::Arc;

use super::Shared;
use super::panels::Panels;
use super::run::Record;
use super::run::kept::{self, Mark};
use crate::session::exchange::{Background, Outcome, from_json, to_json};
use crate::session::unfinished::{Left, look};

/// What is read and written beside the window.
#[derive(Default)]
pub struct History {
    reading: Option<Background<Vec<Record>>>,
    looking: Option<Background<Left>>,
    writing: Option<(usize, Background<Option<String>>)>,
    /// How far the run had come when it was kept last.
    kept: Option<Mark>,
}

impl History {
    /// Begins to read the runs of the project that is open, and to look for one that was interrupted or ended unheard.
    pub fn open(shared: &Shared) -> Self {
        let Some(open) = &shared.project else {
            return Self::default();
        };
        let out = super::panels::train::model_place(&shared.work_dir);
        Self {
            reading: Some(from_json(kept::stored(open), Arc::clone(&shared.wake))),
            looking: Some(look(out, Arc::clone(&shared.wake))),
            ..Self::default()
        }
    }

    /// Once a frame: takes in what was read, and keeps the run where it has come further.
    pub fn follow(&mut self, panels: &mut Panels, shared: &mut Shared) {
        if let Some(records) = take(&mut self.reading) {
            shared.run.restore(records.unwrap_or_default());
            panels.restored(shared);
            self.kept = Mark::of(&shared.run.record);
        }
        // What goes on is to be told from what was interrupted.
        if self.reading.is_none()
            && let Some(left) = take(&mut self.looking)
        {
            match left.unwrap_or(Left::Nothing) {
                Left::Unfinished(job) => panels.interrupted(*job, shared),
                Left::Finished(finished) if panels.unheard(&finished, shared) => self.kept = None,
                Left::Finished(_) | Left::Nothing => {}
            }
            panels.looked();
        }
        if let Some((_, work)) = &self.writing {
            match work.poll() {
                Outcome::Running => return,
                Outcome::Done(Some(json)) => {
                    if let (Some((run, _)), Some(open)) = (self.writing.take(), &mut shared.project) {
                        kept::keep(open, run, json);
                    }
                }
                Outcome::Done(None) | Outcome::Lost => self.writing = None,
            }
        }
        let mark = Mark::of(&shared.run.record);
        if mark.is_some() && mark != self.kept {
            self.kept = mark;
            let record = shared.run.record.clone();
            self.writing = Some((record.number, to_json(record, Arc::clone(&shared.wake))));
        }
    }
}

/// Keeps the run of the open project at once, before the project is left.
pub fn keep_now(shared: &mut Shared) {
    let record = &shared.run.record;
    if Mark::of(record).is_none() {
        return;
    }
    if let (Some(open), Ok(json)) = (&mut shared.project, serde_json::to_string(record)) {
        kept::keep(open, record.number, json);
    }
}

/// What has become of work, once it has ended: `None` in it where it was lost.
fn take<T: Send + 'static>(work: &mut Option<Background<T>>) -> Option<Option<T>> {
    let ended = match work.as_ref()?.poll() {
        Outcome::Running => return None,
        Outcome::Done(result) => Some(result),
        Outcome::Lost => None,
    };
    *work = None;
    Some(ended)
}

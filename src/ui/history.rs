//! The runs of a project, kept with it: any can be looked back at after the window was closed.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Shared;
use super::run::{Record, Status};
use crate::session::project::Texts;

/// What is kept of a run when it was last kept: its number, where it stood, whether it was measured.
type Kept = (usize, Status, bool);

/// Keeps the runs of whatever project is open.
#[derive(Default)]
pub struct History {
    /// The texts of the project in which the latest run began, with the run's number: another project may be open when it
    /// ends.
    began: Option<(usize, Arc<Texts>)>,
    kept: Option<Kept>,
    /// Under which number the project keeps each run.
    places: BTreeMap<usize, u64>,
}

impl History {
    /// Another project is open: its runs take the place of those that were shown, unless the engine works on one.
    pub fn opened(&mut self, shared: &mut Shared) {
        let mut records: Vec<Record> = Vec::new();
        self.places.clear();
        for (place, header) in shared.project.iter().flat_map(|open| open.runs()) {
            // A run that a later version wrote otherwise is left alone.
            let Ok(record) = serde_json::from_value::<Record>(header.clone()) else {
                continue;
            };
            self.places.insert(record.number, place);
            records.push(record);
        }
        records.sort_by_key(|record| record.number);
        self.kept = records.last().map(kept);
        shared.run.recall(records);
    }

    /// Once a frame: a run that has ended goes to the project that it began in.
    pub fn keep(&mut self, shared: &mut Shared) {
        let (run, Some(open)) = (&shared.run, &mut shared.project) else {
            return;
        };
        let record = &run.record;
        if run.is_running() {
            if self
                .began
                .as_ref()
                .is_none_or(|(number, _)| *number != record.number)
            {
                self.began = Some((record.number, Arc::clone(&open.project.texts)));
            }
            return;
        }
        let here = (self.began.as_ref()).is_some_and(|(number, texts)| {
            *number == record.number && Arc::ptr_eq(texts, &open.project.texts)
        });
        let now = kept(record);
        if !here || run.busy() || record.live().is_none() || self.kept.as_ref() == Some(&now) {
            return;
        }
        let header = match serde_json::to_value(record) {
            Ok(header) => header,
            Err(why) => {
                shared.fail(format!("The run is not kept with the project: {why}"));
                self.kept = Some(now);
                return;
            }
        };
        let place = open.save_run(self.places.get(&record.number).copied(), header, Vec::new());
        self.places.insert(record.number, place);
        self.kept = Some(now);
    }
}

fn kept(record: &Record) -> Kept {
    let measured = record.outcome.as_ref().is_some_and(|o| o.error().is_some());
    (record.number, record.status.clone(), measured)
}

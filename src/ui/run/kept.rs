//! Runs in the project's file: as many as the window shows, each in a place of its own, the oldest giving way.

use serde_json::{Value, json};

use super::{MOST_EARLIER, Record, Stage, Status};
use crate::session::project::OpenProject;

/// What tells whether a run has come further since it was kept. It changes when there is a new checkpoint, a new stage or a
/// result, not with every step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    number: usize,
    stages: usize,
    saved: Option<u64>,
    ended: bool,
    measured: bool,
}

impl Mark {
    /// Of a run that came to anything; `None` of one that did not.
    pub fn of(record: &Record) -> Option<Self> {
        let worth = record.status != Status::Idle && record.stages.iter().any(Stage::trains);
        worth.then(|| Self {
            number: record.number,
            stages: record.stages.len(),
            saved: record.saved,
            ended: !record.status.active(),
            measured: record.outcome.as_ref().is_some_and(|o| o.error().is_some()),
        })
    }
}

fn number(header: &Value) -> usize {
    let number = header.get("number").and_then(Value::as_u64).unwrap_or(0);
    usize::try_from(number).unwrap_or(0)
}

/// The number of the project's last run; 0 where it has none.
pub fn last(open: &OpenProject) -> usize {
    open.runs().map(|(_, header)| number(header)).max().unwrap_or(0)
}

/// The runs of the project, as JSON.
pub fn stored(open: &OpenProject) -> Vec<String> {
    let text = |header: &Value| Some(header.get("record")?.as_str()?.to_owned());
    open.runs().filter_map(|(_, header)| text(header)).collect()
}

/// Keeps a run that was written as JSON: in the place that it has already, else in a free one, else in the oldest's.
///
/// The record is a string within the header, so that a project with long runs opens without taking them apart.
pub fn keep(open: &mut OpenProject, run: usize, record: String) {
    let mut places: Vec<(usize, u64)> = open.runs().map(|(place, h)| (number(h), place)).collect();
    places.sort_unstable();
    let own = places.iter().find(|p| p.0 == run);
    let oldest = places.first().filter(|_| places.len() > MOST_EARLIER);
    let place = own.or(oldest).map(|p| p.1);
    open.save_run(place, json!({ "number": run, "record": record }), Vec::new());
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn the_oldest_run_gives_way_and_none_is_kept_twice() {
        let mut open = OpenProject::in_memory("p", Arc::default());
        assert_eq!(last(&open), 0);
        for run in 1..=30 {
            keep(&mut open, run, format!("{run} begun"));
            keep(&mut open, run, format!("{run} done"));
        }
        let mut kept = stored(&open);
        kept.sort_unstable();
        let expected: Vec<String> = (30 - MOST_EARLIER..=30)
            .map(|run| format!("{run} done"))
            .collect();
        assert_eq!((kept, last(&open)), (expected, 30));
    }

    #[test]
    fn a_run_is_kept_when_it_has_come_further_but_not_for_every_step() {
        let mut record = Record::default();
        assert_eq!(Mark::of(&record), None);
        record.status = Status::Running;
        let mut stage = Stage::new("train");
        stage.name_groups(&["the last".into()]);
        record.stages.push(stage);
        let first = Mark::of(&record);
        assert!(first.is_some());
        record.stages[0].done = 2;
        assert_eq!(Mark::of(&record), first);
        record.saved = Some(2);
        let second = Mark::of(&record);
        assert_ne!(second, first);
        record.status = Status::Done;
        assert_ne!(Mark::of(&record), second);
    }
}

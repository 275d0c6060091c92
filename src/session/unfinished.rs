//! What a run has left when nobody listened to its end: one that was interrupted, by a stop or by a crash, and can go on, or a
//! classifier that is finished.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde_json::{Map, Value, json};

use super::exchange::{Background, Wake};
use super::jobs;
pub use super::jobs::{LanguageModels, language_models};
use super::protocol::{Fit, Lab};
use crate::host::fs;

/// What lies where a classifier is made.
#[derive(Clone, Debug)]
pub enum Left {
    /// Nothing that was finished or can go on.
    Nothing,
    /// Training that was interrupted: the job that goes on with it.
    Unfinished(Box<Fit>),
    /// A classifier.
    Finished(Finished),
}

/// A classifier that is finished.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Its directory.
    pub out: PathBuf,
    /// When it was written, in seconds since 1970.
    pub written: u64,
    /// What its run told when it was done, as far as the classifier's own files keep it.
    pub result: Map<String, Value>,
}

/// The training that was interrupted on its way to the model directory `out`: the job that goes on with it.
pub fn training(out: &Path) -> Option<Fit> {
    let job: Fit = jobs::unfinished(out)?;
    Some(Fit {
        resume: true,
        overwrite: true,
        ..job
    })
}

/// The classifier in the directory `out`.
pub fn classifier(out: &Path) -> Option<Finished> {
    let path = out.join("config.json");
    let written = fs::metadata(&path).ok()?.modified().ok()?;
    let written = written.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let config: Value = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
    let mut result = config.pointer("/training/result")?.as_object()?.clone();
    // How long all of it took is told at the end and kept nowhere; how long its stages took, is.
    let stages = result.get("stage_seconds").and_then(Value::as_object);
    let stages = stages.into_iter().flat_map(|stages| stages.values());
    let seconds: f64 = stages.filter_map(Value::as_f64).sum();
    result.insert("seconds".into(), json!(seconds));
    Some(Finished {
        out: out.to_path_buf(),
        written: written.as_secs(),
        result,
    })
}

/// Looks for either beside the window: the job holds every text that it trains on.
pub fn look(out: PathBuf, wake: Wake) -> Background<Left> {
    Background::start(0, wake, move |_| match training(&out) {
        Some(job) => Left::Unfinished(Box::new(job)),
        None => classifier(&out).map_or(Left::Nothing, Left::Finished),
    })
}

/// What lies where a comparison of methods is made.
#[derive(Clone, Debug)]
pub enum LeftOfLab {
    /// Nothing that was finished or can go on.
    Nothing,
    /// One that was interrupted: the job that goes on with it.
    Unfinished(Box<Lab>),
    /// One that is finished: what it told when it was done, and when that was written, in seconds since 1970.
    Finished(Map<String, Value>, u64),
}

/// Looks for a comparison beside the window, interrupted or finished, on its way to the directory `out`.
pub fn look_for_comparison(out: PathBuf, wake: Wake) -> Background<LeftOfLab> {
    Background::start(0, wake, move |_| {
        if let Some(job) = jobs::unfinished::<Lab>(&out) {
            return LeftOfLab::Unfinished(Box::new(Lab {
                resume: true,
                overwrite: true,
                ..job
            }));
        }
        comparison(&out).map_or(LeftOfLab::Nothing, |(result, written)| {
            LeftOfLab::Finished(result, written)
        })
    })
}

/// The finished comparison in the directory `out`.
fn comparison(out: &Path) -> Option<(Map<String, Value>, u64)> {
    let path = out.join(jobs::lab::MARKER);
    let written = fs::metadata(&path).ok()?.modified().ok()?;
    let written = written.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let result: Value = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
    Some((result.as_object()?.clone(), written.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_classifier_tells_what_its_run_told() {
        let dir = tempfile::tempdir().unwrap();
        let write = |config: Value| fs::write(dir.path().join("config.json"), config.to_string()).unwrap();
        assert!(classifier(dir.path()).is_none());
        // What was made elsewhere has told nothing.
        write(json!({ "training": null }));
        assert!(classifier(dir.path()).is_none());
        let result = json!({ "error": 0.2, "rows": 84, "stage_seconds": { "adapt": 30.0, "train": 12.5 } });
        write(json!({ "training": { "base": {}, "result": result } }));
        let found = classifier(dir.path()).unwrap();
        let number = |key: &str| found.result.get(key).and_then(Value::as_f64);
        assert_eq!((number("error"), number("rows")), (Some(0.2), Some(84.0)));
        assert_eq!(number("seconds"), Some(42.5));
        assert!(found.written > 1_000_000_000 && found.out == dir.path());
    }
}

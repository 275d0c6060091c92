//! What stage 2 of an unfinished run has made, for the run that takes its place: it begins with that and need not have every text
//! read once more.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::super::adapted::{self, LANGUAGE_MODEL};
use super::super::engine::JobError;
use super::super::protocol::Fit;
use super::work::{beside, held};
use crate::host::fs;
use crate::io::Error;

/// The language models of a run, forward and backward: where each lies, and when it was made.
pub type LanguageModels = [Option<(PathBuf, SystemTime)>; 2];

/// Where an unfinished run on its way to `out` keeps what stage 2 has made, forward and backward.
fn unfinished(out: &Path) -> [PathBuf; 2] {
    ["adapt", "adapt-backward"].map(|stage| beside(out, ".unfinished").join(stage))
}

/// `<out>.read`, where it lies once that run has given way; within it as within a classifier.
fn given_up(out: &Path) -> PathBuf {
    beside(out, ".read")
}

/// What stage 2 has made of the run that is unfinished on its way to `out`, and of one that gave way to another.
pub fn language_models(out: &Path) -> [LanguageModels; 2] {
    let found = |path: PathBuf| {
        let made = fs::metadata(path.join("config.json")).ok()?.modified().ok()?;
        Some((path, made))
    };
    let before = given_up(out);
    [
        unfinished(out).map(found),
        [
            adapted::language_model(&before),
            adapted::language_model_backward(&before),
        ],
    ]
}

/// Where a job begins with what the unfinished run has made whose place it takes, moves that to where it stays until the job is
/// done. One that is resumed finds it there.
///
/// # Errors
/// When another run is making the same, or the disk refuses.
pub fn set_aside(job: &mut Fit, resume: bool) -> Result<(), JobError> {
    let before = given_up(&job.out);
    let places = [
        before.join(LANGUAGE_MODEL),
        before.join("backward").join(LANGUAGE_MODEL),
    ];
    let mut moves = Vec::new();
    for model in [&mut job.model, &mut job.backward_model].into_iter().flatten() {
        let mut known = unfinished(&job.out).into_iter().zip(&places);
        if let Some((from, to)) = known.find(|(from, _)| *from == *model) {
            model.clone_from(to);
            moves.push((from, to));
        }
    }
    moves.retain(|(from, _)| !resume && fs::is_dir(from));
    if moves.is_empty() {
        return Ok(());
    }
    let _lock = held(&job.out)?;
    for (from, to) in moves {
        let moved = || {
            if fs::is_there(to) {
                fs::remove_dir_all(to)?;
            }
            fs::create_dir_all(to.parent().unwrap_or(to))?;
            fs::rename(&from, to)
        };
        moved().map_err(|error| Error::write(to, &error))?;
    }
    Ok(())
}

/// Removes what was set aside, once the classifier `out` has a language model of its own.
pub fn forget(out: &Path) {
    if adapted::language_model(out).is_some() {
        // What is left takes room and does no harm.
        fs::remove_dir_all(given_up(out)).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::super::work::Work;
    use super::*;
    use crate::session::protocol::{ClassifierOptions, Common, Estimate, LmOptions, Method, Source};

    const NOTHING: [&Path; 0] = [];

    fn job(out: &Path, model: Option<PathBuf>) -> Fit {
        Fit {
            common: Common::default(),
            data: Source::default(),
            unlabelled: None,
            model,
            out: out.to_path_buf(),
            method: Method::default(),
            bidirectional: false,
            backward_model: None,
            tfidf: false,
            adapt: false,
            lm: LmOptions::default(),
            classifier: ClassifierOptions::default(),
            estimate: Estimate::None,
            forgetting: false,
            watch: Vec::new(),
            resume: false,
            overwrite: true,
        }
    }

    #[test]
    fn what_an_unfinished_run_has_read_outlives_it_for_the_next() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("model");
        let [found, _] = language_models(&out);
        assert_eq!(found, [None, None]);
        let first = Work::open(&out, &1, NOTHING, false, false).unwrap();
        let made = first.path("adapt");
        fs::create_dir_all(&made).unwrap();
        fs::write(made.join("config.json"), "{}").unwrap();
        // The run that still makes it does not give it away.
        let mut next = job(&out, Some(made.clone()));
        assert!(matches!(
            set_aside(&mut next.clone(), false),
            Err(JobError::Usage(message)) if message.contains("another run is making")
        ));
        drop(first);
        let [[forward, backward], _] = language_models(&out);
        assert_eq!(
            (forward.map(|found| found.0), backward),
            (Some(made.clone()), None)
        );

        set_aside(&mut next, false).unwrap();
        let kept = dir.path().join("model.read").join("language-model");
        assert_eq!(next.model.as_deref(), Some(kept.as_path()));
        // The rest of the run goes, as if it had been started anew.
        let anew = Work::open(&out, &2, NOTHING, false, true).unwrap();
        assert!(!made.exists() && kept.join("config.json").exists());
        let [_, [forward, _]] = language_models(&out);
        assert_eq!(forward.map(|found| found.0), Some(kept.clone()));
        drop(anew);
        // A run that goes on was asked for by the place where it lay first.
        let mut again = job(&out, Some(made));
        set_aside(&mut again, true).unwrap();
        assert_eq!(again.model, next.model);

        // It goes when the classifier has one of its own.
        forget(&out);
        assert!(kept.exists());
        fs::create_dir_all(out.join(LANGUAGE_MODEL)).unwrap();
        fs::write(out.join(LANGUAGE_MODEL).join("config.json"), "{}").unwrap();
        forget(&out);
        assert!(!kept.exists());
    }

    #[test]
    fn other_models_stay_where_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("model");
        let own = dir.path().join("own");
        fs::create_dir(&own).unwrap();
        let mut job = job(&out, Some(own.clone()));
        set_aside(&mut job, false).unwrap();
        assert!(job.model == Some(own.clone()) && own.exists());
    }
}

//! What stage 2 of an unfinished run has made, for the run that takes its place: it begins with that and need not have every text
//! read once more.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::super::adapted::{self, LANGUAGE_MODEL};
use super::super::engine::JobError;
use super::super::protocol::Fit;
use super::outputs::{ALONE, ONE_MODEL, SET_ASIDE};
use super::work::{beside, held};
use crate::host::fs;
use crate::io::{Error, check_inputs, check_replaceable, holds_only};

/// The language models of a run, forward and backward: where each lies, and when it was made.
pub type LanguageModels = [Option<(PathBuf, SystemTime)>; 2];

/// Where an unfinished run on its way to `out` keeps what stage 2 has made, forward and backward.
fn unfinished(out: &Path) -> [PathBuf; 2] {
    ["adapt", "adapt-backward"].map(|stage| beside(out, ".unfinished").join(stage))
}

/// `<out>.unfinished-read`, where it lies once that run has given way; within it as within a classifier.
fn given_up(out: &Path) -> PathBuf {
    beside(out, ".unfinished-read")
}

/// Where the language models lie in it, forward and backward.
fn places(out: &Path) -> [PathBuf; 2] {
    let before = given_up(out);
    [
        before.join(LANGUAGE_MODEL),
        before.join("backward").join(LANGUAGE_MODEL),
    ]
}

/// Whether a language model is one of a run to `out` that gave way: it goes with the classifier that is made of it.
pub fn is_given_up(out: &Path, model: &Path) -> bool {
    places(out).iter().any(|place| is_same_place(place, model))
}

/// Whether two paths lead to the same place, however each is spelt and whether or not anything is there.
fn is_same_place(one: &Path, other: &Path) -> bool {
    one == other || whole(one) == whole(other)
}

/// The path from the root, without links and detours as far as there is something.
fn whole(path: &Path) -> PathBuf {
    if let Ok(whole) = fs::canonicalize(path) {
        return whole;
    }
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) if parent.as_os_str().is_empty() => whole(Path::new(".")).join(name),
        (Some(parent), Some(name)) => whole(parent).join(name),
        _ => fs::absolute(path).unwrap_or_else(|_| path.to_path_buf()),
    }
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

/// Those models of a job that are what the unfinished run on its way to `out` makes: each with where that lies, and where it lies
/// once it is set aside.
fn taken(job: &mut Fit) -> Vec<(&mut PathBuf, PathBuf, PathBuf)> {
    let known: Vec<(PathBuf, PathBuf)> = unfinished(&job.out).into_iter().zip(places(&job.out)).collect();
    let models = [&mut job.model, &mut job.backward_model].into_iter().flatten();
    models
        .filter_map(|model| {
            let (from, to) = known.iter().find(|(from, _)| is_same_place(from, model))?;
            Some((model, from.clone(), to.clone()))
        })
        .collect()
}

/// Where a job begins with what the unfinished run has made, and that was set aside before, has it find it there: a job that is
/// resumed or repeated is asked for by the place where it lay first.
pub fn find_again(job: &mut Fit, resume: bool) {
    for (model, from, to) in taken(job) {
        if fs::is_dir(&to) && (resume || !fs::is_dir(&from)) {
            *model = to;
        }
    }
}

/// Where a job begins with what the unfinished run has made whose place it takes, moves that to where it stays until the job is
/// done.
///
/// # Errors
/// When another run is making the same, something else lies where it would go, the job begins with something else of that run,
/// or the disk refuses.
pub fn set_aside(job: &mut Fit) -> Result<(), JobError> {
    let mut moves = Vec::new();
    for (model, from, to) in taken(job) {
        if fs::is_dir(&from) {
            model.clone_from(&to);
            moves.push((from, to));
        }
    }
    // Whatever is not moved goes with the rest of that run.
    let others = [&job.model, &job.backward_model].into_iter().flatten();
    check_inputs(&beside(&job.out, ".unfinished"), others.map(PathBuf::as_path))?;
    if moves.is_empty() {
        return Ok(());
    }
    let _lock = held(&job.out)?;
    for (_, to) in &moves {
        // Of one that was being removed when something broke off, any file may be left.
        if !holds_only(to, &ALONE) {
            check_replaceable(to, ONE_MODEL)?;
        }
    }
    for (from, to) in moves {
        let moved = || {
            if fs::is_there(&to) {
                fs::remove_dir_all(&to)?;
            }
            fs::create_dir_all(to.parent().unwrap_or(&to))?;
            fs::rename(&from, &to)
        };
        moved().map_err(|error| Error::write(&to, &error))?;
    }
    Ok(())
}

/// Removes what was set aside, and nothing else, once the classifier `out` has a language model of its own.
pub fn forget(out: &Path) {
    let place = given_up(out);
    if adapted::language_model(out).is_some() && holds_only(&place, &SET_ASIDE) {
        // What is left takes room and does no harm.
        fs::remove_dir_all(place).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::super::work::Work;
    use super::*;
    use crate::session::protocol::Estimate;

    const NOTHING: [&Path; 0] = [];

    fn job(out: &Path, model: Option<PathBuf>) -> Fit {
        Fit {
            model,
            out: out.to_path_buf(),
            estimate: Estimate::None,
            overwrite: true,
            ..Fit::default()
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
            set_aside(&mut next.clone()),
            Err(JobError::Usage(message)) if message.contains("another run is making")
        ));
        drop(first);
        let [[forward, backward], _] = language_models(&out);
        assert_eq!(
            (forward.map(|found| found.0), backward),
            (Some(made.clone()), None)
        );

        set_aside(&mut next).unwrap();
        let kept = dir.path().join("model.unfinished-read").join("language-model");
        assert!(is_given_up(&out, &kept) && !is_given_up(&out, &made));
        assert_eq!(next.model.as_deref(), Some(kept.as_path()));
        // The rest of the run goes, as if it had been started anew.
        let anew = Work::open(&out, &2, NOTHING, false, true).unwrap();
        assert!(!made.exists() && kept.join("config.json").exists());
        let [_, [forward, _]] = language_models(&out);
        assert_eq!(forward.map(|found| found.0), Some(kept.clone()));
        drop(anew);
        // A run that goes on was asked for by the place where it lay first.
        let mut again = job(&out, Some(made.clone()));
        find_again(&mut again, true);
        assert_eq!(again.model, next.model);
        // So is one that is repeated after it left nothing, and it has no less to begin with.
        let mut repeated = job(&out, Some(made));
        find_again(&mut repeated, false);
        assert_eq!(repeated.model, next.model);
        set_aside(&mut repeated).unwrap();
        drop(Work::open(&out, &3, NOTHING, false, true).unwrap());
        assert_eq!(repeated.model, next.model);
        assert!(kept.join("config.json").exists());

        // It goes when the classifier has one of its own.
        forget(&out);
        assert!(kept.exists());
        fs::create_dir_all(out.join(LANGUAGE_MODEL)).unwrap();
        fs::write(out.join(LANGUAGE_MODEL).join("config.json"), "{}").unwrap();
        forget(&out);
        assert!(!kept.exists());
    }

    #[test]
    fn what_no_run_has_set_aside_stays() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("model");
        let write = |path: PathBuf| {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "{}").unwrap();
        };
        let [kept, backward] = places(&out);
        let config = "config.json";
        let model = |dir: &Path| dir.join(config);
        write(model(&out.join(LANGUAGE_MODEL)));
        write(model(&kept));
        write(model(&backward));
        // A folder of somebody's that has such a name is none of the program's.
        let other = dir.path().join("model.read").join(config);
        write(other.clone());
        let mine = [given_up(&out).join("mine.txt"), kept.join("mine.txt")];
        for mine in &mine {
            write(mine.clone());
            forget(&out);
            assert!(mine.exists() && model(&kept).exists() && model(&backward).exists());
            if mine.parent() != Some(kept.as_path()) {
                fs::remove_file(mine).unwrap();
            }
        }
        // Nor does another language model take its place.
        let made = unfinished(&out)[0].clone();
        write(model(&made));
        let mut next = job(&out, Some(made.clone()));
        let refused = set_aside(&mut next).unwrap_err().to_string();
        assert!(refused.contains("mine.txt, which may be your own"), "{refused}");
        assert!(mine[1].exists() && model(&made).exists());
        fs::remove_file(&mine[1]).unwrap();
        set_aside(&mut job(&out, Some(made.clone()))).unwrap();
        assert!(model(&kept).exists() && !made.exists());
        forget(&out);
        assert!(!given_up(&out).exists() && other.exists());
    }

    #[test]
    fn other_models_stay_where_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("model");
        let own = dir.path().join("own");
        fs::create_dir(&own).unwrap();
        let mut job = job(&out, Some(own.clone()));
        find_again(&mut job, false);
        set_aside(&mut job).unwrap();
        assert!(job.model == Some(own.clone()) && own.exists());
    }

    #[test]
    fn a_model_is_set_aside_however_its_path_is_spelt() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("model");
        fs::create_dir(dir.path().join("sub")).unwrap();
        let detour = dir.path().join("sub").join("..");
        let run = Work::open(&out, &1, NOTHING, false, false).unwrap();
        let made = run.path("adapt");
        fs::create_dir_all(&made).unwrap();
        fs::write(made.join("config.json"), "{}").unwrap();
        drop(run);
        let spelt = detour.join("model.unfinished").join("adapt");
        assert_ne!(spelt, made);
        let mut next = job(&out, Some(spelt.clone()));
        set_aside(&mut next).unwrap();
        let [kept, _] = places(&out);
        assert_eq!(next.model.as_ref(), Some(&kept));
        assert!(kept.join("config.json").exists() && !made.exists());
        // Also when nothing is there any more.
        for resume in [false, true] {
            let mut again = job(&out, Some(spelt.clone()));
            find_again(&mut again, resume);
            assert_eq!(again.model.as_ref(), Some(&kept));
        }
        let given_up = detour.join("model.unfinished-read").join(LANGUAGE_MODEL);
        assert!(is_given_up(&out, &given_up) && !is_given_up(&out, &spelt));
        let here = whole(Path::new("."));
        let nowhere = Path::new("no-such-model").join("adapt");
        assert!(is_same_place(&nowhere, &Path::new(".").join(&nowhere)));
        assert!(is_same_place(&nowhere, &here.join(&nowhere)));
    }

    #[test]
    fn a_model_that_would_go_with_the_run_is_not_begun_with() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("model");
        let other = beside(&out, ".unfinished").join("train-1");
        fs::create_dir_all(&other).unwrap();
        let refused = set_aside(&mut job(&out, Some(other.clone())))
            .unwrap_err()
            .to_string();
        assert!(refused.contains("is in it and would go"), "{refused}");
        assert!(other.exists());
    }

    #[test]
    fn what_is_half_removed_gives_way() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("model");
        let [made, _] = unfinished(&out);
        let [kept, _] = places(&out);
        for (place, name) in [(&made, "config.json"), (&kept, "model.safetensors")] {
            fs::create_dir_all(place).unwrap();
            fs::write(place.join(name), "{}").unwrap();
        }
        set_aside(&mut job(&out, Some(made.clone()))).unwrap();
        assert!(kept.join("config.json").exists() && !kept.join("model.safetensors").exists());
        assert!(!made.exists());
    }
}

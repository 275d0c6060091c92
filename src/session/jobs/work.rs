//! The directory beside an output directory in which an unfinished run keeps what it needs to be resumed.

use std::path::{Path, PathBuf};

use serde::{Serialize, de::DeserializeOwned};

use super::super::control::Control;
use super::super::digest::Digest;
use super::super::engine::JobError;
use super::outputs::MODEL;
use super::same::difference;
use crate::host::fs::{self, Lock};
use crate::io::{Error, OutputDir, Overwrite, check_inputs, read_checkpoint_file, write_atomic};
use crate::train::checkpoint::Checkpoint;

/// `<out>.unfinished`: results of finished stages, the last checkpoint of the running one.
pub struct Work {
    dir: PathBuf,
    /// No other run makes the same as long as this one lives.
    lock: Option<Lock>,
}

const MARKER: &str = "run.json";
const READ: &str = "read.json";
/// What a run has locked while it lives.
const LOCK: &str = "lock";
/// How the names of stages end that are of the direction which reads backward.
pub const BACKWARD: &str = " backward";

/// The run that was interrupted on its way to `out`, where there is one: what was asked for, without the wish to resume
/// it.
pub fn unfinished<R: DeserializeOwned>(out: &Path) -> Option<R> {
    let text = fs::read_to_string(directory(out).join(MARKER)).ok()?;
    serde_json::from_str(&text).ok()
}

/// Whether there is one, whatever it is of.
pub fn is_unfinished(out: &Path) -> bool {
    fs::metadata(directory(out).join(MARKER)).is_ok()
}

/// Where the unfinished run that makes `out` keeps what it needs.
fn directory(out: &Path) -> PathBuf {
    beside(out, ".unfinished")
}

/// A path beside an output directory, of its name with another ending.
pub fn beside(out: &Path, ending: &str) -> PathBuf {
    // `.` and `..` have no name of their own; it would lie inside of what is made.
    let whole = match out.file_name() {
        Some(_) => Ok(out.to_path_buf()),
        None => fs::canonicalize(out).or_else(|_| fs::absolute(out)),
    };
    let out = whole.unwrap_or_else(|_| out.to_path_buf());
    let mut name = out.file_name().unwrap_or_default().to_os_string();
    name.push(ending);
    out.with_file_name(name)
}

/// Holds what the unfinished run that makes `out` has kept, so that no other run touches it.
pub fn held(out: &Path) -> Result<Lock, JobError> {
    let dir = directory(out);
    let lock = Lock::take(&dir.join(LOCK)).map_err(|e| failed(&dir, &e))?;
    lock.ok_or_else(|| {
        JobError::Usage(format!(
            "another run is making {} and has {} in use; wait until it ends, or name another output directory",
            out.display(),
            dir.display()
        ))
    })
}

/// Whether a run that reads `inputs` may make `out`: hours of work must not end at an output directory that cannot be made.
pub fn check_out<'a>(
    kind: Overwrite,
    out: &Path,
    inputs: impl IntoIterator<Item = &'a Path>,
    overwrite: bool,
) -> Result<(), JobError> {
    if overwrite {
        check_inputs(out, inputs)?;
    }
    drop(OutputDir::create(out, kind.if_asked(overwrite))?);
    Ok(())
}

/// Removes what the unfinished run that makes `out` has kept: nobody is going to resume it.
pub fn forget(out: &Path) {
    remove(&directory(out)).ok();
}

fn failed(path: &Path, error: &std::io::Error) -> JobError {
    Error::write(path, error).into()
}

/// Whether a directory without a description holds what no run leaves there, even if it is killed as it begins.
fn is_foreign(dir: &Path) -> bool {
    // Versions before this one could leave a part of what they had kept.
    let old = ["checkpoint", "adapt", "train-"];
    let left = |name: &str| {
        let old = name == READ || old.iter().any(|old| name.starts_with(old));
        old || name == LOCK || name.starts_with(".unfreeze-")
    };
    fs::read_dir(dir).is_ok_and(|mut entries| {
        entries.any(|entry| !entry.is_ok_and(|entry| left(&entry.file_name().to_string_lossy())))
    })
}

/// Removes what an earlier run has kept. Its description stays, and the next one's takes its place: without any, what is left
/// after a crash would be nobody's.
fn clear(dir: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        if name == LOCK || name == MARKER {
            continue;
        }
        if entry.metadata()?.is_dir() {
            fs::remove_dir_all(&path)?;
        } else {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// Removes the directory, the description last.
fn remove(dir: &Path) -> std::io::Result<()> {
    clear(dir)?;
    fs::remove_dir_all(dir)
}

impl Work {
    /// Opens the directory of the run that makes the model directory `out` and reads `inputs`; `run` describes it, and only the
    /// same run may be resumed.
    pub fn open<'a, R: Serialize>(
        out: &Path,
        run: &R,
        inputs: impl IntoIterator<Item = &'a Path>,
        resume: bool,
        overwrite: bool,
    ) -> Result<Self, JobError> {
        Self::open_for(MODEL, out, run, inputs, resume, overwrite)
    }

    /// The same for a directory of another kind.
    pub fn open_for<'a, R: Serialize>(
        kind: Overwrite,
        out: &Path,
        run: &R,
        inputs: impl IntoIterator<Item = &'a Path>,
        resume: bool,
        overwrite: bool,
    ) -> Result<Self, JobError> {
        check_out(kind, out, inputs, overwrite)?;
        let dir = directory(out);
        let description = serde_json::to_value(run).map_err(|e| JobError::Failed(e.to_string()))?;
        if !is_unfinished(out) && is_foreign(&dir) {
            return Err(JobError::Usage(format!(
                "{} holds what no run has left there; move that away, or name another output directory",
                dir.display()
            )));
        }
        fs::create_dir_all(&dir).map_err(|e| failed(&dir, &e))?;
        let lock = Some(held(out)?);
        let before = fs::read_to_string(dir.join(MARKER)).ok();
        match before {
            Some(before) if resume => {
                return match difference(&before, &description) {
                    None => Ok(Self { dir, lock }),
                    Some(difference) => Err(JobError::Usage(format!(
                        "{} holds {}; repeat it as it was, or start anew with `--overwrite`, which removes what it has kept",
                        dir.display(),
                        difference.describe()
                    ))),
                };
            }
            Some(_) if overwrite => clear(&dir).map_err(|e| failed(&dir, &e))?,
            Some(_) => {
                return Err(JobError::Usage(format!(
                    "{} holds an interrupted run; go on with `--resume`, or start anew with `--overwrite`",
                    dir.display()
                )));
            }
            None => {}
        }
        let work = Self { dir, lock };
        write_atomic(&work.dir.join(MARKER), |w| {
            Ok(serde_json::to_writer_pretty(w, &description)?)
        })?;
        Ok(work)
    }

    /// Says what the run learns from; one that is resumed must learn from the same, or what it has kept is of other texts.
    pub fn reads(&self, digest: &Digest) -> Result<(), JobError> {
        match self.kept::<u64>(READ)? {
            Some(before) if before != digest.value() => Err(JobError::Usage(format!(
                "the texts or labels have changed since the run in {} was interrupted, or this version of the program reads or splits \
                 them otherwise; give it those that it began with, or start anew with `--overwrite`",
                self.dir.display()
            ))),
            Some(_) => Ok(()),
            None => self.keep(READ, &digest.value()),
        }
    }

    /// A path inside.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Where a running stage keeps its checkpoint. Each direction has a file of its own: a run that goes on in the second trains
    /// the first one's classifier again, which is not kept, and must not write over what the second has reached.
    pub fn checkpoint_path(&self, stage: &str) -> PathBuf {
        self.path(if stage.ends_with(BACKWARD) {
            "checkpoint-backward.safetensors"
        } else {
            "checkpoint.safetensors"
        })
    }

    /// The last checkpoint, if it is of `stage`.
    pub fn checkpoint(&self, stage: &str) -> Result<Option<Checkpoint>, JobError> {
        let found = read_checkpoint_file(&self.checkpoint_path(stage))?;
        Ok(found
            .filter(|(of, _)| of == stage)
            .map(|(_, checkpoint)| checkpoint))
    }

    /// Keeps the result of a finished stage.
    pub fn keep<T: Serialize>(&self, name: &str, value: &T) -> Result<(), JobError> {
        Ok(write_atomic(&self.path(name), |w| {
            Ok(serde_json::to_writer(w, value)?)
        })?)
    }

    /// The result of a stage that finished before, if it did.
    pub fn kept<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, JobError> {
        let path = self.path(name);
        let Ok(text) = fs::read_to_string(&path) else {
            return Ok(None);
        };
        let cause = |e: serde_json::Error| {
            JobError::from(Error::Read {
                path,
                cause: e.to_string(),
            })
        };
        serde_json::from_str(&text).map(Some).map_err(cause)
    }

    /// Removes the directory: the run has finished. What it has made is there, so that a failure is no more than a warning.
    pub fn finish(self, control: &Control) {
        let dir = self.dir.clone();
        if let Err(error) = self.remove() {
            control.warn(format!(
                "{}: what the run has kept to go on from cannot be removed ({error}); nobody needs it any more",
                dir.display()
            ));
        }
    }

    fn remove(mut self) -> std::io::Result<()> {
        let removed = remove(&self.dir);
        // Some file systems keep what is still open.
        self.lock = None;
        match removed.or_else(|_| remove(&self.dir)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }
}

impl Drop for Work {
    /// A run that failed before it had anything to resume leaves nothing, so that it can simply be started again.
    fn drop(&mut self) {
        if self.lock.is_none() {
            // It was removed, and may be another run's by now.
            return;
        }
        let Ok(mut entries) = fs::read_dir(&self.dir) else {
            return;
        };
        let nothing_kept = |name: &std::ffi::OsStr| [MARKER, READ, LOCK].iter().any(|own| name == *own);
        if entries.all(|entry| entry.is_ok_and(|e| nothing_kept(&e.file_name()))) {
            // The job's own result is what counts; what is left here is refused or resumed by the next run.
            fs::remove_dir_all(&self.dir).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const NOTHING: [&Path; 0] = [];

    fn usage(opened: Result<Work, JobError>) -> String {
        match opened {
            Err(JobError::Usage(message)) => message,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("it is not refused"),
        }
    }

    #[test]
    fn a_run_goes_on_on_another_device_but_not_with_other_options() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("model");
        let run = |device: &str, rate: f64| json!({"common": {"device": device, "seed": 7}, "rate": rate});
        let first = Work::open(&out, &run("gpu", 0.1), NOTHING, false, false).unwrap();
        first.keep("stage.json", &1).unwrap();
        drop(first);
        assert_eq!(unfinished::<Value>(&out), Some(run("gpu", 0.1)));
        let again = Work::open(&out, &run("cpu", 0.1), NOTHING, true, false).unwrap();
        assert_eq!(again.kept::<u8>("stage.json").unwrap(), Some(1));
        drop(again);
        let other = usage(Work::open(&out, &run("gpu", 0.2), NOTHING, true, false));
        assert!(other.contains("other options (`--rate`)"), "{other}");
        let again = Work::open(&out, &run("gpu", 0.1), NOTHING, true, false).unwrap();
        again.remove().unwrap();
        assert_eq!(unfinished::<Value>(&out), None);
    }

    #[test]
    fn a_run_goes_on_with_the_same_texts_alone() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("model");
        let read = |texts: &[&str]| Digest::of(&texts.iter().map(ToString::to_string).collect::<Vec<_>>());
        let first = Work::open(&out, &1, NOTHING, false, false).unwrap();
        first.reads(&read(&["ab", "c"])).unwrap();
        first.keep("stage.json", &1).unwrap();
        drop(first);
        let again = Work::open(&out, &1, NOTHING, true, false).unwrap();
        again.reads(&read(&["ab", "c"])).unwrap();
        for other in [&["a", "bc"][..], &["ab"], &["c", "ab"]] {
            let refused = again.reads(&read(other));
            assert!(matches!(refused, Err(JobError::Usage(message)) if message.contains("have changed")));
        }
        drop(again);
        assert!(directory(&out).exists(), "nothing is lost by a refusal");
        // A run that has kept nothing leaves nothing.
        let anew = Work::open(&out, &1, NOTHING, false, true).unwrap();
        anew.reads(&read(&["ab"])).unwrap();
        drop(anew);
        assert!(!directory(&out).exists());
    }
    #[test]
    fn only_one_run_at_a_time_makes_a_thing() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("model");
        let first = Work::open(&out, &1, NOTHING, false, false).unwrap();
        first.keep("stage.json", &1).unwrap();
        for (resume, overwrite) in [(false, false), (true, false), (false, true)] {
            let refused = usage(Work::open(&out, &1, NOTHING, resume, overwrite));
            assert!(refused.contains("another run is making "), "{refused}");
        }
        assert_eq!(first.kept::<u8>("stage.json").unwrap(), Some(1));
        // As after a crash, which leaves the file of the lock too.
        drop(first);
        assert!(directory(&out).join(LOCK).exists());
        let anew = Work::open(&out, &2, NOTHING, false, true).unwrap();
        assert_eq!(anew.kept::<u8>("stage.json").unwrap(), None);
        assert_eq!(unfinished::<u8>(&out), Some(2));
        anew.remove().unwrap();
        assert!(!directory(&out).exists());
    }

    #[test]
    fn what_no_run_has_left_stays() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("model");
        fs::create_dir(directory(&out)).unwrap();
        // A run that was killed as it began.
        fs::write(directory(&out).join(".unfreeze-1.tmp"), "").unwrap();
        drop(Work::open(&out, &1, NOTHING, false, false).unwrap());
        fs::create_dir_all(directory(&out)).unwrap();
        fs::remove_file(directory(&out).join(MARKER)).ok();
        fs::write(directory(&out).join("thesis.txt"), "x").unwrap();
        for overwrite in [false, true] {
            let refused = usage(Work::open(&out, &1, NOTHING, false, overwrite));
            assert!(
                refused.contains("model.unfinished holds what no run"),
                "{refused}"
            );
        }
        assert!(directory(&out).join("thesis.txt").exists());
    }

    #[test]
    fn it_lies_beside_what_is_made_however_that_is_called() {
        let here = fs::canonicalize(".").unwrap();
        let name = here.file_name().unwrap().to_string_lossy().into_owned();
        let expected = here.with_file_name(format!("{name}.unfinished"));
        assert_eq!(directory(Path::new(".")), expected);
        assert_eq!(directory(Path::new("src/..")), expected);
        assert_eq!(directory(Path::new("a/model/")), Path::new("a/model.unfinished"));
    }
}

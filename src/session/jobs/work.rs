//! The directory beside an output directory in which an unfinished run keeps what it needs to be resumed.

use std::path::{Path, PathBuf};

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::super::digest::Digest;
use super::super::engine::JobError;
use crate::host::fs;
use crate::io::{Error, OutputDir, Overwrite, read_checkpoint_file, write_atomic};
use crate::train::checkpoint::Checkpoint;

/// `<out>.unfinished`: results of finished stages, the last checkpoint of the running one.
pub struct Work {
    dir: PathBuf,
}

const MARKER: &str = "run.json";
const READ: &str = "read.json";
/// How the names of stages end that are of the direction which reads backward.
pub const BACKWARD: &str = " backward";

/// Whether a description that was written is that of the same run. A run may go on on another device: the one that it
/// began on may be lost.
fn same(before: &str, now: &Value) -> bool {
    let bare = |mut run: Value| {
        if let Some(common) = run.get_mut("common").and_then(Value::as_object_mut) {
            common.remove("device");
        }
        run
    };
    // Numbers lose their last bit when JSON is read here, so what is asked for now is read too.
    let read = |text: &str| serde_json::from_str(text).ok().map(bare);
    let before = read(before);
    before.is_some() && before == read(&now.to_string())
}

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
    let mut name = out.file_name().unwrap_or_default().to_os_string();
    name.push(".unfinished");
    out.with_file_name(name)
}

/// Removes what the unfinished run that makes `out` has kept: nobody is going to resume it.
pub fn forget(out: &Path) {
    fs::remove_dir_all(directory(out)).ok();
}

fn failed(path: &Path, error: &std::io::Error) -> JobError {
    Error::write(path, error).into()
}

impl Work {
    /// Opens the directory of the run that makes `out`; `run` describes it, and only the same run may be resumed.
    pub fn open<R: Serialize>(out: &Path, run: &R, resume: bool, overwrite: bool) -> Result<Self, JobError> {
        Self::open_for("config.json", out, run, resume, overwrite)
    }

    /// The same for a directory that is known by another file than a model's.
    pub fn open_for<R: Serialize>(
        holding: &str,
        out: &Path,
        run: &R,
        resume: bool,
        overwrite: bool,
    ) -> Result<Self, JobError> {
        // Hours of work must not end at an output directory that cannot be made.
        let allowed = if overwrite {
            Overwrite::Holding(holding)
        } else {
            Overwrite::Never
        };
        drop(OutputDir::create(out, allowed)?);
        let dir = directory(out);
        let description = serde_json::to_value(run).map_err(|e| JobError::Failed(e.to_string()))?;
        let before = fs::read_to_string(dir.join(MARKER)).ok();
        match before {
            Some(before) if resume && !same(&before, &description) => {
                return Err(JobError::Usage(format!(
                    "{} holds a run with other options; repeat them as they were, or start anew with `--overwrite`",
                    dir.display()
                )));
            }
            Some(_) if resume => return Ok(Self { dir }),
            Some(_) if overwrite => fs::remove_dir_all(&dir).map_err(|e| failed(&dir, &e))?,
            Some(_) => {
                return Err(JobError::Usage(format!(
                    "{} holds an interrupted run; go on with `--resume`, or start anew with `--overwrite`",
                    dir.display()
                )));
            }
            None => {}
        }
        let work = Self { dir };
        fs::create_dir_all(&work.dir).map_err(|e| failed(&work.dir, &e))?;
        write_atomic(&work.dir.join(MARKER), |w| {
            Ok(serde_json::to_writer_pretty(w, &description)?)
        })?;
        Ok(work)
    }

    /// Says what the run learns from; one that is resumed must learn from the same, or what it has kept is of other texts.
    pub fn reads(&self, digest: &Digest) -> Result<(), JobError> {
        match self.kept::<u64>(READ)? {
            Some(before) if before != digest.value() => Err(JobError::Usage(format!(
                "the texts or labels have changed since the run in {} was interrupted; give it those that it began with, or \
                 start anew with `--overwrite`",
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

    /// Removes the directory: the run has finished.
    pub fn remove(&self) -> Result<(), JobError> {
        fs::remove_dir_all(&self.dir).map_err(|e| failed(&self.dir, &e))
    }
}

impl Drop for Work {
    /// A run that failed before it had anything to resume leaves nothing, so that it can simply be started again.
    fn drop(&mut self) {
        let Ok(mut entries) = fs::read_dir(&self.dir) else {
            return;
        };
        if entries.all(|entry| entry.is_ok_and(|e| e.file_name() == MARKER || e.file_name() == READ)) {
            // The job's own result is what counts; what is left here is refused or resumed by the next run.
            fs::remove_dir_all(&self.dir).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_run_goes_on_on_another_device_but_not_with_other_options() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("model");
        let run = |device: &str, rate: f64| json!({"common": {"device": device, "seed": 7}, "rate": rate});
        let first = Work::open(&out, &run("gpu", 0.1), false, false).unwrap();
        first.keep("stage.json", &1).unwrap();
        drop(first);
        assert_eq!(unfinished::<Value>(&out), Some(run("gpu", 0.1)));
        let again = Work::open(&out, &run("cpu", 0.1), true, false).unwrap();
        assert_eq!(again.kept::<u8>("stage.json").unwrap(), Some(1));
        let other = Work::open(&out, &run("gpu", 0.2), true, false);
        assert!(matches!(other, Err(JobError::Usage(message)) if message.contains("other options")));
        again.remove().unwrap();
        assert_eq!(unfinished::<Value>(&out), None);
    }

    #[test]
    fn a_run_goes_on_with_the_same_texts_alone() {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("model");
        let read = |texts: &[&str]| Digest::of(&texts.iter().map(ToString::to_string).collect::<Vec<_>>());
        let first = Work::open(&out, &1, false, false).unwrap();
        first.reads(&read(&["ab", "c"])).unwrap();
        first.keep("stage.json", &1).unwrap();
        drop(first);
        let again = Work::open(&out, &1, true, false).unwrap();
        again.reads(&read(&["ab", "c"])).unwrap();
        for other in [&["a", "bc"][..], &["ab"], &["c", "ab"]] {
            let refused = again.reads(&read(other));
            assert!(matches!(refused, Err(JobError::Usage(message)) if message.contains("have changed")));
        }
        drop(again);
        assert!(directory(&out).exists(), "nothing is lost by a refusal");
        // A run that has kept nothing leaves nothing.
        let anew = Work::open(&out, &1, false, true).unwrap();
        anew.reads(&read(&["ab"])).unwrap();
        drop(anew);
        assert!(!directory(&out).exists());
    }
}

//! The engine's loop: one job at a time, from its first event to `done`, `stopped` or `failed`.

use async_channel::Receiver;
use serde_json::{Map, Value};

use super::Outbox;
use super::control::Control;
use super::jobs;
use super::jobs::kept::Kept;
use super::protocol::{Command, Common, Event, Job};
use crate::gpu::device;
use crate::host::memory;

/// Why a job ended without a result.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// The arguments make no sense together.
    #[error("{0}")]
    Usage(String),
    /// What they named could not be used, or the work failed.
    #[error("{0}")]
    Failed(String),
    /// Training went out of bounds: these numbers make no classifier, though others may.
    #[error("{message}")]
    Diverged {
        /// What happened and what to do.
        message: String,
        /// The highest rate.
        rate: f64,
    },
    /// The device was lost, is full or is missing.
    #[error("{message}")]
    Device {
        /// What happened and what to do, in the terminal's words.
        message: String,
        /// What happened, in words for everybody.
        what: String,
        /// Whether it had begun to compute: a job that keeps checkpoints can go on from there.
        computing: bool,
    },
    /// It was told to stop.
    #[error("{0}")]
    Stopped(String),
}

impl From<crate::io::Error> for JobError {
    fn from(error: crate::io::Error) -> Self {
        let message = error.to_string();
        if error.is_usage() {
            Self::Usage(message)
        } else {
            Self::Failed(message)
        }
    }
}

impl From<device::Error> for JobError {
    fn from(error: device::Error) -> Self {
        Self::Device {
            message: error.to_string(),
            what: error.what(),
            computing: false,
        }
    }
}

impl From<crate::train::Error> for JobError {
    fn from(error: crate::train::Error) -> Self {
        match error {
            crate::train::Error::Stopped => {
                Self::Stopped("run the same command with `--resume` to go on".into())
            }
            crate::train::Error::Device(ref cause) => Self::Device {
                message: error.to_string(),
                what: format!("the device failed while computing ({cause})"),
                computing: true,
            },
            crate::train::Error::Diverged { rate, .. } => Self::Diverged {
                message: error.to_string(),
                rate,
            },
            other => Self::Failed(other.to_string()),
        }
    }
}

/// What a job gives: the keys of its `done` event.
pub type Outcome = Result<Map<String, Value>, JobError>;

/// Runs jobs until every front end has gone.
pub async fn run(commands: Receiver<Command>, events: Outbox) {
    let mut control = Control::new(commands, events);
    let mut kept = Kept::default();
    while let Some(command) = control.next().await {
        // Nothing is running, so every other command has nothing to act on.
        let Command::Start(job) = command else { continue };
        let name = name(&job);
        let resumable = matches!(*job, Job::Pretrain(_) | Job::Adapt(_) | Job::Fit(_) | Job::Lab(_));
        control.begin();
        let outcome = dispatch(*job, &mut control, &mut kept).await;
        memory::give_back();
        control.emit(ended(name, resumable, outcome));
    }
}

/// What is told of a job that has ended; one that is `resumable` keeps checkpoints.
fn ended(job: &str, resumable: bool, outcome: Outcome) -> Event {
    match outcome {
        Ok(result) => Event::Done {
            job: job.into(),
            result,
        },
        Err(JobError::Stopped(message)) => Event::Stopped { message },
        Err(JobError::Usage(message)) => Event::Failed {
            message,
            usage: true,
            device: None,
            diverged: None,
        },
        Err(JobError::Failed(message)) => Event::Failed {
            message,
            usage: false,
            device: None,
            diverged: None,
        },
        Err(JobError::Diverged { message, rate }) => Event::Failed {
            message,
            usage: false,
            device: None,
            diverged: Some(rate),
        },
        Err(JobError::Device {
            mut message,
            what,
            computing,
        }) => {
            if computing && resumable {
                // A run goes on with the options that it began with; only its device may be another.
                message += ": `--resume --device cpu` goes on from the last checkpoint, `--overwrite` with a smaller batch \
                            starts anew";
            }
            Event::Failed {
                message,
                usage: false,
                device: Some(what),
                diverged: None,
            }
        }
    }
}

fn name(job: &Job) -> &'static str {
    match job {
        Job::Demo { .. } => "demo",
        Job::Doctor { .. } => "doctor",
        Job::Tokenize { .. } => "tokenize",
        Job::Pretrain(_) => "pretrain",
        Job::Adapt(_) => "adapt",
        Job::Fit(fit) => {
            if fit.adapt {
                "fit"
            } else {
                "train"
            }
        }
        Job::Lab(_) => "lab",
        Job::Classify(_) => "classify",
        Job::Predict(_) => "predict",
        Job::Explain(_) => "explain",
        Job::Evaluate(_) => "evaluate",
        Job::Perplexity(_) => "perplexity",
        Job::Generate(_) => "generate",
        Job::Import(_) => "import",
        Job::Export(_) => "export",
        Job::Bench(_) => "bench",
    }
}

async fn dispatch(job: Job, control: &mut Control, kept: &mut Kept) -> Outcome {
    // Training needs the memory, and writes the classifiers that are asked next.
    if !matches!(job, Job::Predict(_) | Job::Explain(_)) {
        *kept = Kept::default();
    }
    match job {
        Job::Demo { common, out } => jobs::demo::run(common, out, control).await,
        Job::Doctor { common } => jobs::doctor::run(&common, control).await,
        Job::Tokenize {
            input,
            model,
            encoding,
        } => jobs::tokenize::run(input.as_deref(), model.as_deref(), encoding, control),
        Job::Pretrain(job) => jobs::pretrain::run(job, control).await,
        Job::Adapt(job) => jobs::adapt::run(job, control).await,
        Job::Fit(job) => jobs::fit::run(job, control).await,
        Job::Lab(job) => jobs::lab::run(job, control).await,
        Job::Classify(job) => jobs::classify::run(job, control).await,
        Job::Predict(job) => jobs::predict::run(job, control, kept).await,
        Job::Explain(job) => jobs::explain::run(job, control, kept).await,
        Job::Evaluate(job) => jobs::evaluate::run(job, control).await,
        Job::Perplexity(job) => jobs::perplexity::run(job, control).await,
        Job::Generate(job) => jobs::generate::run(job, control).await,
        Job::Import(job) => jobs::import::run(&job, control).await,
        Job::Export(job) => jobs::export::run(&job),
        Job::Bench(job) => jobs::bench::run(job, control).await,
    }
}

/// Opens the job's device and announces it.
pub async fn start(control: &Control, job: &str, common: &Common) -> Result<burn::tensor::Device, JobError> {
    let selected = device::select(common.device).await?;
    control.emit(Event::Started {
        job: job.to_string(),
        device: selected.name,
        reason: selected.reason,
        seed: common.seed,
    });
    Ok(selected.device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn training_that_diverged_tells_the_rate() {
        let diverged = crate::train::Error::Diverged {
            loss: f64::NAN,
            step: 3,
            rate: 0.5,
        };
        let Event::Failed {
            message, diverged, ..
        } = ended("fit", true, Err(diverged.into()))
        else {
            panic!("it failed")
        };
        assert!(message.contains("lower the rate (now 0.5)"), "{message}");
        assert_eq!(diverged, Some(0.5));
        let other = ended("fit", true, Err(JobError::Failed("no room".into())));
        assert!(matches!(other, Event::Failed { diverged: None, .. }));
    }

    #[test]
    fn a_device_that_fails_is_told_with_ways_on_that_the_job_has() {
        let told = |error: JobError, resumable| match ended("fit", resumable, Err(error)) {
            Event::Failed {
                message,
                usage: false,
                device: Some(what),
                diverged: None,
            } => (message, what),
            other => panic!("{other:?}"),
        };
        let lost = || JobError::from(crate::train::Error::Device("lost".into()));
        let (message, what) = told(lost(), false);
        assert_eq!(
            message,
            "the device failed while computing (lost); try `--device cpu`"
        );
        assert!(!what.contains("--"), "{what}");
        let (message, _) = told(lost(), true);
        assert!(
            message.contains("`--device cpu`: `--resume --device cpu` goes on"),
            "{message}"
        );
        // One that was never there has no checkpoint to go on from.
        let (message, _) = told(device::Error::NoGpu("none".into()).into(), true);
        assert!(!message.contains("--resume"), "{message}");
    }
}

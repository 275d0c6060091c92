//! Every command that the engine takes and every event that it gives.
//!
//! Terminal, window and web page speak nothing else. Events are plain data: what a window draws can be read from
//! `--json`, and a recorded run can be replayed.

mod event;
mod job;
mod lab;

use serde::{Deserialize, Serialize};

pub use crate::gpu::device::{Adapter, Choice as DeviceChoice};
pub use crate::io::Encoding;
pub use crate::model::Pooling;
pub use crate::train::plan::{Method, Rates};
pub use crate::train::schedule::Schedule;
pub use event::{Event, GroupStep, Prediction, WordWeight};
pub use job::{
    Adapt, Bench, BenchWork, ClassifierOptions, Classify, Common, Estimate, Evaluate, Explain, Export,
    ExportFormat, Fit, Generate, GivenRow, Import, Job, LmOptions, Perplexity, Predict, Pretrain, Source,
    TokenizerKind,
};
pub use lab::{Compared, Lab, LeftOut, Way};

/// What a front end tells the engine.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Begin a job; one runs at a time.
    Start(Box<Job>),
    /// Hold before the next training step.
    Pause,
    /// Do one training step and hold again.
    Step,
    /// Go on after a pause.
    Resume,
    /// Write a checkpoint now.
    Save,
    /// End the job after the current step, writing a checkpoint first.
    Stop,
}

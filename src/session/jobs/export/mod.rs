//! A model for other programs.

mod onnx;
mod safetensors;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::super::adapted::LANGUAGE_MODEL;
use super::super::engine::Outcome;
use super::super::protocol::{Export, ExportFormat};
use super::load;
use super::outputs::MODEL_FILES;
use crate::io::{ModelFiles, check_file};

pub fn run(job: &Export) -> Outcome {
    let halves = job.model.iter().flat_map(|dir| [dir.clone(), dir.join(BACKWARD)]);
    let models = halves.flat_map(|dir| [dir.join(LANGUAGE_MODEL), dir]);
    let read: Vec<PathBuf> = models
        .flat_map(|dir| MODEL_FILES.map(|file| dir.join(file)))
        .collect();
    check_file(&job.out, read.iter().map(PathBuf::as_path), job.overwrite)?;
    let files = match &job.model {
        Some(path) => ModelFiles::read(path)?,
        None => load::base_model(false)?,
    };
    let (mut result, left_out) = match job.format {
        ExportFormat::Safetensors => safetensors::write(job, files)?,
        ExportFormat::Onnx => onnx::write(job, files)?,
    };
    // What else votes in the classifier would otherwise be missed without a word.
    if !left_out.is_empty() {
        result.insert("left_out".into(), json!(left_out.join(", ")));
    }
    result.insert("out".into(), json!(job.out));
    Ok(result)
}

/// What a format's file says of itself, and what of the model's directory is not in it.
type Written = (Map<String, Value>, Vec<&'static str>);

/// The directory of a classifier's other half, where there is one.
const BACKWARD: &str = "backward";

fn has(job: &Export, file: impl AsRef<Path>) -> bool {
    (job.model.as_ref()).is_some_and(|dir| crate::host::fs::is_there(&dir.join(file)))
}

fn has_backward(job: &Export) -> bool {
    has(job, Path::new(BACKWARD).join("config.json"))
}

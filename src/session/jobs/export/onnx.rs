//! The whole network, both directions of it: ONNX.

use serde_json::{Map, json};

use super::super::super::engine::JobError;
use super::super::super::protocol::Export;
use super::super::card::licence;
use super::super::classify::TFIDF_FILE;
use super::{BACKWARD, Written, has, has_backward};
use crate::io::{Kind, ModelFiles, Onnx, write_onnx};

pub fn write(job: &Export, files: ModelFiles) -> Result<Written, JobError> {
    let licence = Some(licence(&files.config.training)).filter(|licence| licence != "unknown");
    let mut temperature = files.config.temperature;
    let mut left_out = Vec::new();
    let mut directions = vec![files];
    if let Some(dir) = &job.model
        && directions[0].config.kind == Kind::Classifier
    {
        if has_backward(job) {
            let backward = ModelFiles::read(&dir.join(BACKWARD))?;
            if backward.labels != directions[0].labels {
                return Err(JobError::Failed(format!(
                    "{}: its labels differ from the forward model's; train it again",
                    backward.origin
                )));
            }
            directions.push(backward);
        }
        if has(job, TFIDF_FILE) {
            left_out.push(TFIDF_FILE);
            // It was fitted to what all say together, which the network alone is not.
            if temperature.take().is_some() {
                left_out.push("temperature");
            }
        }
    }
    let options = Onnx {
        temperature,
        licence: licence.as_deref(),
        half: job.half,
    };
    let interface = write_onnx(&job.out, &directions, &options)?;
    let result = Map::from_iter([
        ("inputs".to_string(), json!(interface.inputs)),
        ("outputs".to_string(), json!(interface.outputs)),
    ]);
    Ok((result, left_out))
}

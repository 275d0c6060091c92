//! Weights alone: safetensors under fastai's names.

use std::collections::BTreeMap;

use serde_json::{Map, json};

use super::super::super::engine::JobError;
use super::super::super::protocol::Export;
use super::super::classify::TFIDF_FILE;
use super::{BACKWARD, Written, has, has_backward};
use crate::io::{Kind, ModelFiles, Precision, write_safetensors};

pub fn write(job: &Export, files: ModelFiles) -> Result<Written, JobError> {
    let mut tensors = files.tensors;
    // The copies that fastai's `load_state_dict` expects beside the authoritative tensors.
    let prefix = if files.config.kind == Kind::Classifier {
        "0.module."
    } else {
        "0."
    };
    let encoder = format!("{prefix}encoder.weight");
    let mut copies = vec![(encoder.clone(), format!("{prefix}encoder_dp.emb.weight"))];
    if files.config.kind == Kind::LanguageModel {
        copies.push((encoder, "1.decoder.weight".to_string()));
    }
    for i in 0..files.config.architecture.layers {
        copies.push((
            format!("{prefix}rnns.{i}.weight_hh_l0_raw"),
            format!("{prefix}rnns.{i}.module.weight_hh_l0"),
        ));
    }
    for (from, to) in copies {
        if let Some(tensor) = tensors.get(&from) {
            let mut tensor = tensor.clone();
            tensor.name.clone_from(&to);
            tensors.insert(to, tensor);
        }
    }
    let metadata = BTreeMap::from([("format".to_string(), "pt".to_string())]);
    let precision = if job.half { Precision::F16 } else { Precision::F32 };
    write_safetensors(&job.out, &tensors, &metadata, precision)?;
    let result = Map::from_iter([("tensors".to_string(), json!(tensors.len()))]);
    // The file has one network.
    let others = [(BACKWARD, has_backward(job)), (TFIDF_FILE, has(job, TFIDF_FILE))];
    let left_out = others.into_iter().filter(|(_, there)| *there);
    Ok((result, left_out.map(|(name, _)| name).collect()))
}

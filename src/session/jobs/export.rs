//! A model for other programs: safetensors under fastai's names.

use std::collections::BTreeMap;

use serde_json::{Map, json};

use super::super::engine::Outcome;
use super::super::protocol::Export;
use super::classify::TFIDF_FILE;
use super::load;
use crate::io::{Kind, ModelFiles, Precision, write_safetensors};

pub fn run(job: &Export) -> Outcome {
    let files = match &job.model {
        Some(path) => ModelFiles::read(path)?,
        None => load::base_model(false)?,
    };
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
    let mut result = Map::new();
    result.insert("tensors".into(), json!(tensors.len()));
    // The file has one network: what else votes in the classifier would otherwise be missed without a word.
    let others = [("backward", "backward/config.json"), (TFIDF_FILE, TFIDF_FILE)];
    let is_there =
        |file: &str| (job.model.as_ref()).is_some_and(|dir| crate::host::fs::is_there(&dir.join(file)));
    let others: Vec<&str> = (others.into_iter())
        .filter(|(_, file)| is_there(file))
        .map(|(name, _)| name)
        .collect();
    if !others.is_empty() {
        result.insert("left_out".into(), json!(others.join(", ")));
    }
    result.insert("out".into(), json!(job.out));
    Ok(result)
}

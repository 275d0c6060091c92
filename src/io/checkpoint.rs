//! Checkpoints on disk: one safetensors file, written atomically, with the position in its metadata.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Error, NamedTensor, Precision, Tensors, read_safetensors, write_safetensors};
use crate::train::checkpoint::{Array, Checkpoint};

/// Writes a checkpoint of `stage`, replacing the one before.
///
/// # Errors
/// When the file cannot be written; the one before is still there then.
pub fn write_checkpoint(path: &Path, stage: &str, checkpoint: Checkpoint) -> Result<(), Error> {
    let position = serde_json::to_string(&checkpoint.position).map_err(|e| Error::Write {
        path: path.to_path_buf(),
        cause: e.to_string(),
    })?;
    let metadata = BTreeMap::from([
        ("stage".to_string(), stage.to_string()),
        ("position".to_string(), position),
    ]);
    let tensors: Tensors = (checkpoint.arrays.into_iter())
        .map(|(name, Array { shape, values })| {
            (
                name.clone(),
                NamedTensor {
                    name,
                    shape,
                    data: values,
                },
            )
        })
        .collect();
    write_safetensors(path, &tensors, &metadata, Precision::F32)
}

/// The checkpoint and its stage, or `None` where there is no file.
///
/// # Errors
/// When the file is damaged.
pub fn read_checkpoint_file(path: &Path) -> Result<Option<(String, Checkpoint)>, Error> {
    if !crate::host::fs::is_there(path) {
        return Ok(None);
    }
    let (tensors, metadata) = read_safetensors(path)?;
    let damaged = |cause: String| Error::Safetensors {
        origin: path.display().to_string(),
        cause,
    };
    let entry = |key: &str| {
        metadata
            .get(key)
            .ok_or_else(|| damaged(format!("no '{key}' in its metadata")))
    };
    let position = serde_json::from_str(entry("position")?).map_err(|e| damaged(e.to_string()))?;
    let arrays = tensors
        .into_iter()
        .map(|(name, t)| {
            (
                name,
                Array {
                    shape: t.shape,
                    values: t.data,
                },
            )
        })
        .collect();
    Ok(Some((entry("stage")?.clone(), Checkpoint { arrays, position })))
}

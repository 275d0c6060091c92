//! The base models in the binary.

use super::Files;

const FORWARD: Files = Files {
    config: include_bytes!("../../../assets/models/base/forward/config.json"),
    vocab: include_bytes!("../../../assets/models/base/forward/vocab.json"),
    weights: include_bytes!("../../../assets/models/base/forward/model.safetensors"),
};
const BACKWARD: Files = Files {
    config: include_bytes!("../../../assets/models/base/backward/config.json"),
    vocab: include_bytes!("../../../assets/models/base/backward/vocab.json"),
    weights: include_bytes!("../../../assets/models/base/backward/model.safetensors"),
};

/// The model of one direction; it is always there.
pub fn files(backward: bool) -> Option<Files> {
    Some(if backward { BACKWARD } else { FORWARD })
}

/// Has a model there; whether it was not stopped. It always is.
pub async fn fetch(_backward: bool, _heard: impl FnMut(u64, u64) -> bool) -> Result<bool, String> {
    Ok(true)
}

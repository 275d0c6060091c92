//! What the page calls that is not drawing: its files.

use wasm_bindgen::prelude::*;

use super::project::folder::{data_directory, work_directory};
use crate::host::fs;

/// Reads what the browser has kept for this page, and keeps the user's projects from now on. Called once, before the window
/// opens and by one tab at a time.
///
/// # Errors
/// When the browser keeps nothing for this page, or what it kept is damaged.
#[wasm_bindgen]
pub async fn open_files() -> Result<(), JsError> {
    let Some(folder) = data_directory() else {
        return Ok(());
    };
    fs::keep(&folder, &work_directory())
        .await
        .map_err(|error| JsError::new(&error.to_string()))
}

/// Waits until everything is on disk, what nobody waits for included.
///
/// # Errors
/// When the browser refuses.
#[wasm_bindgen]
pub async fn settle_files() -> Result<(), JsError> {
    fs::settled()
        .await
        .map_err(|error| JsError::new(&error.to_string()))
}

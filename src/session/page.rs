//! What the page calls that is not drawing: its files.

use std::path::PathBuf;

use wasm_bindgen::prelude::*;

use super::project::folder::{data_directory, work_directory};
use crate::host::fs;

/// Reads what the browser has kept for this page, and keeps the user's projects from now on. Called once, before the window
/// opens and by one tab at a time. Gives what to tell the user of files that are damaged; nothing where none are but what can be
/// made again.
///
/// # Errors
/// When the browser keeps nothing for this page, or what it kept contradicts itself.
#[wasm_bindgen]
pub async fn open_files() -> Result<String, JsError> {
    let Some(folder) = data_directory() else {
        return Ok(String::new());
    };
    let damaged = fs::keep(&folder, &work_directory())
        .await
        .map_err(|error| JsError::new(&error.to_string()))?;
    if damaged.is_empty() {
        return Ok(String::new());
    }
    let name = |path: &PathBuf| path.strip_prefix(&folder).unwrap_or(path).display().to_string();
    let names: Vec<String> = damaged.iter().map(name).collect();
    Ok(format!(
        "What the browser kept is damaged and was left out: {}. Everything else is here. If you have downloaded the project, \
         open that copy.",
        names.join(", ")
    ))
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

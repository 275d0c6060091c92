//! What is kept as JSON, written and read beside the window: it may be long.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::background::{Background, Wake};

/// Writes a value as JSON; `None` where it cannot be written so.
pub fn to_json<T: Serialize + Send + 'static>(value: T, wake: Wake) -> Background<Option<String>> {
    Background::start(0, wake, move |_| serde_json::to_string(&value).ok())
}

/// Reads values from JSON. One that another version has written otherwise is left out.
pub fn from_json<T: DeserializeOwned + Send + 'static>(texts: Vec<String>, wake: Wake) -> Background<Vec<T>> {
    let read = |text: &String| serde_json::from_str(text).ok();
    Background::start(0, wake, move |_| texts.iter().filter_map(read).collect())
}

//! The language model that a classifier was made from, kept in its directory: it can go on writing, and be trained on other labels.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::host::fs;

/// Where it lies in the directory of a classifier, or of its half that reads backward.
pub(super) const LANGUAGE_MODEL: &str = "language-model";

/// The language model of the classifier in a directory, and when it was made; `None` where the texts were not read first, or the
/// classifier is older than this.
pub fn language_model(classifier: &Path) -> Option<(PathBuf, SystemTime)> {
    let path = classifier.join(LANGUAGE_MODEL);
    let made = fs::metadata(path.join("config.json")).ok()?.modified().ok()?;
    Some((path, made))
}

//! The language model that a classifier was made from, kept in its directory: it can go on writing, and be trained on other labels.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::digest::Digest;
use crate::host::fs;

/// Where it lies in the directory of a classifier, or of its half that reads backward.
pub(super) const LANGUAGE_MODEL: &str = "language-model";
/// What its configuration calls the texts that it has read.
pub(super) const READ: &str = "read";

/// The language model of the classifier in a directory, and when it was made; `None` where the texts were not read first, or the
/// classifier is older than this.
pub fn language_model(classifier: &Path) -> Option<(PathBuf, SystemTime)> {
    let path = classifier.join(LANGUAGE_MODEL);
    let made = fs::metadata(path.join("config.json")).ok()?.modified().ok()?;
    Some((path, made))
}

/// The same of the classifier's half that reads backward.
pub fn language_model_backward(classifier: &Path) -> Option<(PathBuf, SystemTime)> {
    language_model(&classifier.join("backward"))
}

/// Whether the language model in a directory is one that a run of stage 2 made for a classifier, and lies with that, or where it
/// was kept when the run gave way to another.
pub(super) fn is_of_a_classifier(model: &Path) -> bool {
    let is_classifier = |dir: &Path| {
        let config = configuration(dir).and_then(|config| config.get("kind").cloned());
        config.is_some_and(|kind| kind == "classifier")
    };
    let lies_with_it = || model.parent().is_some_and(is_classifier);
    model.ends_with(LANGUAGE_MODEL) && (Read::by(model).is_some() || lies_with_it())
}

fn configuration(model: &Path) -> Option<Value> {
    let config = fs::read_to_string(model.join("config.json")).ok()?;
    serde_json::from_str(&config).ok()
}

/// Which texts a language model has read, where they were handed over to be read; kept in its configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Read {
    /// How many they are.
    pub texts: usize,
    /// A digest of them in their order.
    pub digest: u64,
}

impl Read {
    /// These.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a String>) -> Self {
        let (mut count, mut digest) = (0, Digest::default());
        for text in texts {
            count += 1;
            digest.add(text.as_bytes());
        }
        Self {
            texts: count,
            digest: digest.value(),
        }
    }

    /// Those of the language model in a directory; `None` where it does not tell.
    pub fn by(model: &Path) -> Option<Self> {
        let config = configuration(model)?;
        serde_json::from_value(config.get("training")?.get(READ)?.clone()).ok()
    }

    /// How many of `texts` have come behind those that were read; `None` where other ones were read.
    pub fn come_since(&self, texts: &[String]) -> Option<usize> {
        let before = texts.get(..self.texts)?;
        (Self::of(before) == *self).then_some(texts.len() - self.texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_were_read_are_told_from_others_and_from_those_behind_them() {
        let texts = ["ab", "c", "", "d"].map(String::from);
        let read = Read::of(&texts[..2]);
        assert_eq!(read.come_since(&texts), Some(2));
        assert_eq!(read.come_since(&texts[..2]), Some(0));
        assert_eq!(read.come_since(&texts[..1]), None);
        assert_eq!(read.come_since(&["a", "bc", "", "d"].map(String::from)), None);
        assert_ne!(Read::of(&texts[..2]), Read::of(&texts[..3]));
    }

    #[test]
    fn a_language_model_that_was_set_aside_is_handed_on_like_a_classifiers() {
        let dir = tempfile::tempdir().unwrap();
        let model = dir.path().join(LANGUAGE_MODEL);
        std::fs::create_dir(&model).unwrap();
        let write = |training: Value| {
            let config = serde_json::json!({ "training": training });
            std::fs::write(model.join("config.json"), config.to_string()).unwrap();
        };
        write(serde_json::json!({ "adapted_from": "built in" }));
        assert!(!is_of_a_classifier(&model));
        write(serde_json::json!({ READ: Read::of(&["a".to_string()]) }));
        assert!(is_of_a_classifier(&model));
    }

    #[test]
    fn a_language_model_tells_what_it_has_read() {
        let dir = tempfile::tempdir().unwrap();
        let write = |training: Value| {
            let config = serde_json::json!({ "training": training });
            std::fs::write(dir.path().join("config.json"), config.to_string()).unwrap();
        };
        assert_eq!(Read::by(dir.path()), None);
        write(serde_json::json!({ "adapted_from": "built in" }));
        assert_eq!(Read::by(dir.path()), None);
        let read = Read {
            texts: 600,
            digest: u64::MAX - 1,
        };
        write(serde_json::json!({ READ: read }));
        assert_eq!(Read::by(dir.path()), Some(read));
    }
}

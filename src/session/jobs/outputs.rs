//! What a model directory holds, of this version and of those before: only such a one gives way to another.

use super::classify::TFIDF_FILE;
use crate::io::{Contents, Overwrite};
use crate::session::adapted::LANGUAGE_MODEL;

/// The files of a model.
pub const MODEL_FILES: [&str; 7] = [
    "config.json",
    "vocab.json",
    "tokenizer.json",
    "model.safetensors",
    "labels.json",
    "README.md",
    TFIDF_FILE,
];

/// What a language model holds.
pub const ALONE: Contents = Contents {
    files: &MODEL_FILES,
    folders: &[],
};

/// A classifier's half that reads backward, or what is kept for one.
const HALF: Contents = Contents {
    files: &MODEL_FILES,
    folders: &[(LANGUAGE_MODEL, &ALONE)],
};

const WHOLE: Contents = Contents {
    files: &MODEL_FILES,
    folders: &[("backward", &HALF), (LANGUAGE_MODEL, &ALONE)],
};

/// What is kept of a run that gave way to another: the language models that it has made.
pub const SET_ASIDE: Contents = Contents {
    files: &[],
    folders: &[("backward", &SET_ASIDE_HALF), (LANGUAGE_MODEL, &ALONE)],
};

const SET_ASIDE_HALF: Contents = Contents {
    files: &[],
    folders: &[(LANGUAGE_MODEL, &ALONE)],
};

/// A language model alone.
pub const ONE_MODEL: Overwrite = Overwrite::Holding("config.json", &ALONE);

/// A language model or a classifier.
pub const MODEL: Overwrite = Overwrite::Holding("config.json", &WHOLE);

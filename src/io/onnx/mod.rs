//! ONNX: a whole model as one file, weights, operators and all, which runtimes in many languages compute.
//!
//! The subset of the format that is written is small enough to be written by hand: `wire` is its encoding, `schema` its
//! messages, `graph` what a model is put together with.

mod classifier;
mod encoder;
mod graph;
mod language_model;
mod schema;
mod vocabulary;
mod wire;

use std::path::Path;

use serde_json::json;

use self::encoder::Part;
use self::graph::Graph;
pub use self::graph::Interface;
use self::vocabulary::Numbering;
use self::wire::Message;
use super::{Error, Kind, ModelFiles, write_atomic};
use crate::text::Tokenizer;
use crate::text::rules::{BOS, PAD};

/// Readers take no larger message of Protocol Buffers.
const LARGEST: u64 = i32::MAX as u64;

/// What is to be written of a model beside its weights.
#[derive(Clone, Copy, Debug, Default)]
pub struct Onnx<'a> {
    /// What the logits of the mean of all directions are divided by.
    pub temperature: Option<f64>,
    /// The licence, where one is known.
    pub licence: Option<&'a str>,
    /// Matrices in half precision; they are computed with in single precision all the same.
    pub half: bool,
}

/// Writes a model as an ONNX file, whole or not at all: a language model, or the directions of one classifier, whose labels are
/// the same.
///
/// # Errors
/// The file cannot be written or would be larger than its format can be, the directions cut texts into different tokens, a
/// tensor is missing or of another shape, or a number is too large for half precision.
pub fn write_onnx(path: &Path, directions: &[ModelFiles], options: &Onnx<'_>) -> Result<Interface, Error> {
    let (model, interface) = model(directions, options)?;
    check_size(model.size(), path)?;
    write_atomic(path, |out| model.write(out))?;
    Ok(interface)
}

fn check_size(size: u64, path: &Path) -> Result<(), Error> {
    if size <= LARGEST {
        return Ok(());
    }
    Err(Error::Onnx {
        origin: path.display().to_string(),
        cause: format!(
            "it would have {} MB, and an ONNX file has 2,147 MB at most; try --half, or --format safetensors",
            size / 1_000_000
        ),
    })
}

fn model(directions: &[ModelFiles], options: &Onnx<'_>) -> Result<(Message, Interface), Error> {
    let Some(first) = directions.first() else {
        let (origin, cause) = ("nothing".to_string(), "no model was given".to_string());
        return Err(Error::Onnx { origin, cause });
    };
    for files in directions {
        Part::new(files).check()?;
    }
    let name = |files: &ModelFiles| Part::new(files).name;
    if let Some(pair) = directions
        .windows(2)
        .find(|pair| name(&pair[0]) == name(&pair[1]))
    {
        return Err(Error::Onnx {
            origin: pair[1].origin.clone(),
            cause: format!("it reads {}, as the other direction does", name(&pair[1])),
        });
    }
    let numbering = Numbering::new(directions)?;
    let mut graph = Graph::new(options.half);
    let about = match first.config.kind {
        Kind::Classifier => {
            classifier::classifier(&mut graph, directions, &numbering, options.temperature)?;
            classifier::ABOUT
        }
        Kind::LanguageModel => {
            language_model::language_model(&mut graph, first)?;
            language_model::ABOUT
        }
    };
    let metadata = metadata(first, &numbering, options)?;
    Ok(graph.finish(kind_name(first.config.kind), about, metadata))
}

fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Classifier => "classifier",
        Kind::LanguageModel => "language_model",
    }
}

/// What a program has to know to feed the graph and to read what it gives: text by key, lists as JSON.
fn metadata(
    files: &ModelFiles,
    numbering: &Numbering,
    options: &Onnx<'_>,
) -> Result<Vec<(&'static str, String)>, Error> {
    let ModelFiles { config, vocab, .. } = files;
    let mut all = vec![
        ("kind", kind_name(config.kind).to_string()),
        ("tokenizer", config.tokenizer.clone()),
        ("vocab", json!(numbering.tokens).to_string()),
        ("unk", vocab.unk().to_string()),
        ("fields", config.fields.to_string()),
    ];
    for (key, token) in [("pad", PAD), ("bos", BOS)] {
        all.extend(vocab.get(token).map(|id| (key, id.to_string())));
    }
    match config.kind {
        Kind::Classifier => all.push(("labels", json!(files.labels).to_string())),
        Kind::LanguageModel => all.push(("reads", Part::new(files).name.to_string())),
    }
    if let Tokenizer::Subword(subword) = &files.tokenizer {
        let json = subword.to_json().map_err(|e| Error::Onnx {
            origin: files.origin.clone(),
            cause: e.to_string(),
        })?;
        all.push(("tokenizer.json", json));
    }
    all.extend(options.licence.map(|licence| ("licence", licence.to_string())));
    Ok(all)
}

#[cfg(test)]
mod tests;

//! Weights of fastai or PyTorch as a model directory.

use serde_json::{Map, json};

use super::super::control::Control;
use super::super::engine::{JobError, Outcome};
use super::super::protocol::Import;
use super::adapt::{language_model_files, write_language_model};
use super::card::{count, language_model_card};
use crate::io::{NamedTensor, check_inputs, fastai_names, read_checkpoint, read_vocab};
use crate::text::vocab::Vocab;
use crate::text::{Tokenizer, word::WordTokenizer};

pub async fn run(job: &Import, control: &mut Control) -> Outcome {
    if job.overwrite {
        check_inputs(&job.out, [job.weights.as_path(), job.vocab.as_path()])?;
    }
    let vocab = Vocab::from_tokens(read_vocab(&job.vocab)?)
        .map_err(|e| JobError::Failed(format!("{}: {e}", job.vocab.display())))?;
    let found = fastai_names(read_checkpoint(&job.weights)?)?;
    let arch = found.architecture;
    let rows = arch.vocab;
    if rows != vocab.len() {
        return Err(JobError::Failed(format!(
            "{}: {} tokens, but the embedding in {} has {rows} rows; name the vocabulary that was saved with these weights",
            job.vocab.display(),
            vocab.len(),
            job.weights.display()
        )));
    }
    let head = |name: &String| name.starts_with("1.layers.");
    let from_classifier = found.ignored.iter().any(head);
    if from_classifier {
        control.warn(
            "These weights are a classifier's: of them only the encoder is taken, which can start a new one; its labels and \
             what decides on them are left out",
        );
    }
    if !found.ignored.is_empty() {
        control.note(format!("Left out: {}", found.ignored.join(", ")));
    }
    let mut tensors = found.tensors;
    let bias = "1.decoder.bias";
    if !tensors.contains_key(bias) {
        control.warn("The weights have no decoder bias (an encoder alone, or from before fastai 1.0); it starts at zero");
        tensors.insert(
            bias.into(),
            NamedTensor {
                name: bias.into(),
                shape: vec![rows],
                data: vec![0.0; rows],
            },
        );
    }
    let parameters: usize = tensors.values().map(|t| t.data.len()).sum();
    let origin = job.weights.display().to_string();
    let tokenizer = Tokenizer::Word(WordTokenizer::new());
    let mut files = language_model_files(origin.clone(), arch, job.backward, tokenizer, vocab, tensors);
    files.config.training = json!({ "imported_from": origin });
    let card = language_model_card(
        "unknown",
        &[
            ("Imported from", origin),
            (
                "Sizes",
                format!(
                    "embedding {}, hidden {}, {} layers, {} tokens",
                    arch.embedding,
                    arch.hidden,
                    arch.layers,
                    count(rows)
                ),
            ),
        ],
        "It repeats what it was trained on, biases included. Words outside the vocabulary are unknown to it.",
    );
    write_language_model(&files, &job.out, job.overwrite, &card)?;
    let mut result = Map::new();
    for (key, value) in [
        ("architecture", json!(arch)),
        ("parameters", json!(parameters)),
        ("ignored", json!(found.ignored)),
        ("from_classifier", json!(from_classifier)),
        ("out", json!(job.out)),
    ] {
        result.insert(key.into(), value);
    }
    Ok(result)
}

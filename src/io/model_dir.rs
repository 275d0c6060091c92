//! Model directories: `config.json`, the vocabulary or tokeniser, `model.safetensors`, `labels.json` where it
//! classifies, and `README.md`, a model card. A bidirectional classifier keeps its other half in `backward/`.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Error, NamedTensor, Precision, Tensors, parse_safetensors, read_safetensors, write_atomic,
    write_safetensors,
};
use crate::host::fs;
use crate::model::classifier::Chunking;
use crate::model::read_back::floats;
use crate::model::{Architecture, Classifier, LanguageModel, Network, Pooling};
use crate::text::Tokenizer;
use crate::text::subword::SubwordTokenizer;
use crate::text::vocab::Vocab;
use crate::text::word::WordTokenizer;

/// Version of the layout that this program writes.
const FORMAT: u32 = 1;

/// What a model does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Predicts the next token.
    LanguageModel,
    /// Labels texts.
    Classifier,
}

/// `config.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ModelConfig {
    /// Version of the layout.
    pub format: u32,
    /// What it does.
    pub kind: Kind,
    /// Sizes.
    pub architecture: Architecture,
    /// Whether it reads documents from their end.
    pub backward: bool,
    /// `word` or `subword`.
    pub tokenizer: String,
    /// Steps of a chunk when classifying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bptt: Option<usize>,
    /// Tokens that are pooled when classifying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_len: Option<usize>,
    /// What a classifier's head sees; the paper's where the file says nothing.
    #[serde(default)]
    pub pooling: Pooling,
    /// What a classifier's logits are divided by, so that its confidences are right on average; where both directions or TF-IDF
    /// vote, those of the mean of all. Fitted where the error was estimated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// The columns whose texts were joined in training; more than one are marked as fields.
    #[serde(default)]
    pub fields: usize,
    /// How it was made: corpus, options, seconds, measurements.
    #[serde(default)]
    pub training: Value,
}

impl ModelConfig {
    /// A configuration of the current layout.
    pub fn new(kind: Kind, architecture: Architecture, backward: bool, tokenizer: &Tokenizer) -> Self {
        let tokenizer = tokenizer.name().to_string();
        let format = FORMAT;
        Self {
            format,
            kind,
            architecture,
            backward,
            tokenizer,
            bptt: None,
            max_len: None,
            pooling: Pooling::default(),
            temperature: None,
            fields: 1,
            training: Value::Null,
        }
    }

    /// How documents are cut, with the paper's numbers where the file says nothing.
    pub fn chunking(&self) -> Chunking {
        Chunking {
            bptt: self.bptt.unwrap_or(70),
            max_len: self.max_len.unwrap_or(1400),
        }
    }
}

/// A model directory in memory, its weights on the host.
#[derive(Clone, Debug)]
pub struct ModelFiles {
    /// The directory's path, or `the built-in model`.
    pub origin: String,
    /// `config.json`.
    pub config: ModelConfig,
    /// Cuts texts.
    pub tokenizer: Tokenizer,
    /// Numbers tokens.
    pub vocab: Vocab,
    /// Weights under fastai's names.
    pub tensors: Tensors,
    /// Class names, empty for a language model.
    pub labels: Vec<String>,
}

/// The bytes of a model directory's files.
pub struct ModelBytes<'a> {
    /// Names the model in errors.
    pub origin: &'a str,
    /// `config.json`.
    pub config: &'a [u8],
    /// `vocab.json` or `tokenizer.json`.
    pub vocab: &'a [u8],
    /// `model.safetensors`.
    pub weights: &'a [u8],
}

fn damaged(origin: &str, file: &str, cause: impl std::fmt::Display) -> Error {
    Error::ModelDir {
        origin: format!("{origin}: {file}"),
        cause: cause.to_string(),
    }
}

fn parse_config(origin: &str, bytes: &[u8]) -> Result<ModelConfig, Error> {
    let config: ModelConfig = serde_json::from_slice(bytes).map_err(|e| damaged(origin, "config.json", e))?;
    if config.format > FORMAT {
        let cause = format!(
            "its format {} is newer than this program's {FORMAT}; update Unfreeze",
            config.format
        );
        return Err(damaged(origin, "config.json", cause));
    }
    let Architecture {
        vocab,
        embedding,
        hidden,
        layers,
    } = config.architecture;
    if config.temperature.is_some_and(|t| !t.is_finite() || t <= 0.0) {
        return Err(damaged(
            origin,
            "config.json",
            "its temperature is no number above 0",
        ));
    }
    if [vocab, embedding, hidden, layers].contains(&0) || layers > 32 {
        return Err(damaged(
            origin,
            "config.json",
            format!("impossible sizes {:?}", config.architecture),
        ));
    }
    Ok(config)
}

fn parse_text(origin: &str, config: &ModelConfig, bytes: &[u8]) -> Result<(Tokenizer, Vocab), Error> {
    let text = |file: &str| std::str::from_utf8(bytes).map_err(|e| damaged(origin, file, e));
    let (tokenizer, vocab) = if config.tokenizer == "subword" {
        let file = "tokenizer.json";
        let subword = SubwordTokenizer::from_json(text(file)?).map_err(|e| damaged(origin, file, e))?;
        let vocab = subword.vocab().map_err(|e| damaged(origin, file, e))?;
        (Tokenizer::Subword(Box::new(subword)), vocab)
    } else {
        let vocab = Vocab::from_json(text("vocab.json")?).map_err(|e| damaged(origin, "vocab.json", e))?;
        (Tokenizer::Word(WordTokenizer::new()), vocab)
    };
    if vocab.len() != config.architecture.vocab {
        let cause = format!(
            "{} tokens, but config.json says {}",
            vocab.len(),
            config.architecture.vocab
        );
        return Err(damaged(origin, "vocabulary", cause));
    }
    Ok((tokenizer, vocab))
}

impl ModelFiles {
    /// Reads a model directory.
    ///
    /// # Errors
    /// Naming the file that is missing or damaged.
    pub fn read(dir: &Path) -> Result<Self, Error> {
        let origin = dir.display().to_string();
        let read = |name: &str| fs::read(dir.join(name)).map_err(|e| Error::read(&dir.join(name), &e));
        if fs::is_file(dir) {
            let cause = "it is a file, and a model is a directory with `config.json` in it; name that".into();
            return Err(Error::ModelDir { origin, cause });
        }
        if fs::is_dir(dir) && !fs::is_there(&dir.join("config.json")) {
            return Err(damaged(
                &origin,
                "config.json",
                "there is none; name a directory that `unfreeze` has made",
            ));
        }
        let config = parse_config(&origin, &read("config.json")?)?;
        let vocab_file = if config.tokenizer == "subword" {
            "tokenizer.json"
        } else {
            "vocab.json"
        };
        let (tokenizer, vocab) = parse_text(&origin, &config, &read(vocab_file)?)?;
        let (tensors, _) = read_safetensors(&dir.join("model.safetensors"))?;
        let labels = if config.kind == Kind::Classifier {
            let labels: Vec<String> = serde_json::from_slice(&read("labels.json")?)
                .map_err(|e| damaged(&origin, "labels.json", e))?;
            if labels.len() < 2 {
                return Err(damaged(
                    &origin,
                    "labels.json",
                    format!("{} labels", labels.len()),
                ));
            }
            labels
        } else {
            Vec::new()
        };
        Ok(Self {
            origin,
            config,
            tokenizer,
            vocab,
            tensors,
            labels,
        })
    }

    /// A language model from the bytes of its files.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn parse(files: &ModelBytes<'_>) -> Result<Self, Error> {
        let config = parse_config(files.origin, files.config)?;
        let (tokenizer, vocab) = parse_text(files.origin, &config, files.vocab)?;
        let (tensors, _) = parse_safetensors(files.weights, files.origin)?;
        Ok(Self {
            origin: files.origin.to_string(),
            config,
            tokenizer,
            vocab,
            tensors,
            labels: Vec::new(),
        })
    }

    /// Writes the files into `dir`, which exists; `card` is the model card.
    ///
    /// # Errors
    /// When a file cannot be written.
    pub fn write(&self, dir: &Path, precision: Precision, card: &str) -> Result<(), Error> {
        write_atomic(&dir.join("config.json"), |w| {
            Ok(serde_json::to_writer_pretty(w, &self.config)?)
        })?;
        match &self.tokenizer {
            Tokenizer::Word(_) => {
                write_atomic(&dir.join("vocab.json"), |w| {
                    w.write_all(self.vocab.to_json().as_bytes())
                })?;
            }
            Tokenizer::Subword(subword) => {
                let text = subword
                    .to_json()
                    .map_err(|e| damaged(&self.origin, "tokenizer.json", e))?;
                write_atomic(&dir.join("tokenizer.json"), |w| w.write_all(text.as_bytes()))?;
            }
        }
        if !self.labels.is_empty() {
            write_atomic(&dir.join("labels.json"), |w| {
                Ok(serde_json::to_writer_pretty(w, &self.labels)?)
            })?;
        }
        let metadata = BTreeMap::from([("format".to_string(), "pt".to_string())]);
        write_safetensors(
            &dir.join("model.safetensors"),
            &self.tensors,
            &metadata,
            precision,
        )?;
        write_atomic(&dir.join("README.md"), |w| w.write_all(card.as_bytes()))
    }

    /// Whether this may be a language model, before what takes long.
    ///
    /// # Errors
    /// When the directory holds a classifier, or tensors of other sizes than `config.json` says.
    pub fn check_language_model(&self) -> Result<(), Error> {
        if self.config.kind != Kind::LanguageModel {
            let cause = "this is a classifier; name a language model (from `pretrain`, `adapt` or `import`)";
            return Err(damaged(&self.origin, "config.json", cause));
        }
        self.check_sizes("0.")
    }

    /// The language model on `device`.
    ///
    /// # Errors
    /// When a tensor is missing or has the wrong shape, or the directory holds a classifier.
    pub fn language_model(&self, device: &Device) -> Result<LanguageModel, Error> {
        self.check_language_model()?;
        let mut model = LanguageModel::new(self.config.architecture, 0, device);
        self.load(&mut model)?;
        Ok(model)
    }

    /// The classifier on `device`.
    ///
    /// # Errors
    /// As [`Self::language_model`].
    pub fn classifier(&self, device: &Device) -> Result<Classifier, Error> {
        if self.config.kind != Kind::Classifier {
            let cause = "this is a language model; name a classifier (from `fit` or `train`)";
            return Err(damaged(&self.origin, "config.json", cause));
        }
        self.check_sizes("0.module.")?;
        let encoder = crate::model::AwdLstm::new(self.config.architecture, 0, device);
        let mut model = Classifier::new(encoder, self.labels.len(), self.config.pooling, 0, device);
        self.load(&mut model)?;
        for (i, block) in model.blocks.iter_mut().enumerate() {
            block.running_mean = self.statistic(i, "running_mean", &block.running_mean)?;
            block.running_var = self.statistic(i, "running_var", &block.running_var)?;
        }
        Ok(model)
    }

    /// Compares what `config.json` says with the tensors that are there: a network takes memory by these sizes before it is
    /// filled, and it must not be more than the file's.
    pub(super) fn check_sizes(&self, prefix: &str) -> Result<(), Error> {
        let sizes = self.config.architecture;
        self.tensor(
            &format!("{prefix}encoder.weight"),
            &[sizes.vocab, sizes.embedding],
        )?;
        for layer in 0..sizes.layers {
            let units = sizes.layer_sizes(layer).1;
            let name = format!("{prefix}rnns.{layer}.weight_hh_l0_raw");
            self.tensor(&name, &[units.saturating_mul(4), units])?;
        }
        Ok(())
    }

    /// A tensor that has to be there, in this shape.
    pub(super) fn tensor(&self, name: &str, shape: &[usize]) -> Result<&NamedTensor, Error> {
        let found = self.tensors.get(name).ok_or_else(|| {
            let cause = format!("it has no tensor '{name}', which config.json asks for");
            damaged(&self.origin, "model.safetensors", cause)
        })?;
        if found.shape != shape {
            return Err(Error::Shape {
                tensor: format!("{}: {name}", self.origin),
                found: found.shape.clone(),
                expected: shape.to_vec(),
                from: "config.json".to_string(),
            });
        }
        Ok(found)
    }

    fn statistic(&self, block: usize, name: &str, like: &Tensor<2>) -> Result<Tensor<2>, Error> {
        let n = like.dims()[1];
        let found = self.tensor(&format!("1.layers.{block}.0.{name}"), &[n])?;
        Ok(Tensor::from_data(
            TensorData::new(found.data.clone(), [1, n]),
            &like.device(),
        ))
    }

    fn load(&self, network: &mut impl Network) -> Result<(), Error> {
        let mut result = Ok(());
        network.visit_mut(&mut |_, name, p| match self.tensor(name, p.shape()) {
            Ok(found) => {
                let value = p.constant();
                p.set(Tensor::from_data(
                    TensorData::new(found.data.clone(), value.dims()),
                    &value.device(),
                ));
            }
            Err(error) => result = Err(error),
        });
        result
    }
}

/// A network's parameters on the host, under the names of its files.
///
/// # Errors
/// When the device is lost.
pub async fn tensors_of(network: &impl Network) -> Result<Tensors, crate::train::Error> {
    let mut parameters = Vec::new();
    network.visit(&mut |_, name, p| parameters.push((name.to_string(), p.clone())));
    let mut tensors = Tensors::new();
    for (name, p) in parameters {
        let data = p.to_vec().await.map_err(crate::train::Error::Device)?;
        tensors.insert(
            name.clone(),
            NamedTensor {
                name,
                shape: p.shape().to_vec(),
                data,
            },
        );
    }
    Ok(tensors)
}

/// As [`tensors_of`], with the running statistics of batch norm.
///
/// # Errors
/// When the device is lost.
pub async fn tensors_of_classifier(model: &Classifier) -> Result<Tensors, crate::train::Error> {
    let mut tensors = tensors_of(model).await?;
    for (i, block) in model.blocks.iter().enumerate() {
        for (name, value) in [
            ("running_mean", &block.running_mean),
            ("running_var", &block.running_var),
        ] {
            let name = format!("1.layers.{i}.0.{name}");
            let shape = vec![value.dims()[1]];
            let data = floats(value.clone()).await;
            let data = data.map_err(crate::train::Error::Device)?;
            tensors.insert(name.clone(), NamedTensor { name, shape, data });
        }
    }
    Ok(tensors)
}

#[cfg(test)]
#[path = "model_dir_tests.rs"]
mod tests;

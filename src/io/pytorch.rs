//! `PyTorch` checkpoints of fastai's AWD-LSTM, as every version of fastai has named its tensors.
//!
//! The names used here, and throughout, are fastai v2's. `i` counts layers from 0; V is the vocabulary, E the
//! embedding, and layer i reads `in(i)` and holds `out(i)` units: E in the last, the hidden size in the
//! others.
//!
//! | name | shape |
//! |---|---|
//! | `0.encoder.weight` | [V, E] |
//! | `0.rnns.i.weight_hh_l0_raw` | [4 out(i), out(i)] |
//! | `0.rnns.i.module.weight_ih_l0` | [4 out(i), in(i)] |
//! | `0.rnns.i.module.bias_ih_l0`, `0.rnns.i.module.bias_hh_l0` | [4 out(i)] |
//! | `1.decoder.bias` | [V]; the decoder's weight is the encoder's |

use std::path::Path;

use half::{bf16, f16};
use pytorch_reader::{DType, PytorchReader, Tensor};

use super::error::{Error, one_line};
use super::pytorch_code::refuse_code;
use super::weights::{NamedTensor, Tensors, numbers, read_safetensors};
use crate::host::fs;
use crate::model::Architecture;

/// Weights under fastai v2's names.
#[derive(Clone, Debug, PartialEq)]
pub struct Pretrained {
    /// The tensors of the module's table and no others. `1.decoder.bias` is absent where only the encoder
    /// was saved.
    pub tensors: Tensors,
    /// Their sizes, read off them.
    pub architecture: Architecture,
    /// What the checkpoint holds besides, such as a classifier's head: not used.
    pub ignored: Vec<String>,
}

/// Reads the tensors of a checkpoint (`.pth`, `.pt`, or `.safetensors`), fastai's `{'model': ..., 'opt':
/// ...}` too.
///
/// The pickle inside is never executed, and one that asks for more than tensors is refused. Of the tensors only
/// those of real numbers are read, as F32, and the optimiser's are passed over.
///
/// # Errors
/// The file cannot be read, is not a checkpoint, or asks to run code.
pub fn read_checkpoint(path: &Path) -> Result<Tensors, Error> {
    if path
        .extension()
        .is_some_and(|end| end.eq_ignore_ascii_case("safetensors"))
    {
        return read_safetensors(path).map(|(tensors, _)| tensors);
    }
    let data = fs::metadata(path).map_err(|error| Error::read(path, &error))?;
    if data.is_dir() {
        return Err(Error::IsDirectory {
            path: path.to_path_buf(),
        });
    }
    if data.len() == 0 {
        return Err(Error::Empty {
            path: path.to_path_buf(),
        });
    }
    let failed = |cause: String| Error::Checkpoint {
        path: path.to_path_buf(),
        cause,
    };
    refuse_code(path)?;
    let reader = PytorchReader::new(path).map_err(|error| failed(one_line(&error)))?;
    let mut found: Vec<(String, Tensor)> = reader
        .into_tensors()
        .into_iter()
        .filter(|(name, tensor)| !name.starts_with("opt.") && is_real(tensor.dtype()))
        .collect();
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    if found.is_empty() {
        return Err(failed("it holds no weights".to_string()));
    }
    // A tensor may repeat a few stored numbers without end; an honest file does so only for tied weights.
    let claimed = found.iter().try_fold(0_u64, |sum, (_, tensor)| {
        sum.checked_add(tensor.byte_len() as u64)
    });
    let most = data.len().saturating_mul(8).saturating_add(1 << 20);
    if claimed.is_none_or(|claimed| claimed > most) {
        return Err(failed("its tensors are larger than the file".to_string()));
    }
    let mut tensors = Tensors::new();
    for (name, tensor) in found {
        let bytes = tensor.read().map_err(|error| failed(one_line(&error)))?;
        // Whatever wraps the state dict, its names begin at a module's number or at the encoder.
        let name = ["model.", "state_dict.", "module."]
            .iter()
            .fold(name.as_str(), |name, wrapper| {
                name.strip_prefix(wrapper).unwrap_or(name)
            })
            .to_string();
        let data = decode(tensor.dtype(), &bytes);
        tensors.insert(
            name.clone(),
            NamedTensor {
                name,
                shape: tensor.shape().to_vec(),
                data,
            },
        );
    }
    Ok(tensors)
}

fn is_real(dtype: DType) -> bool {
    matches!(dtype, DType::F32 | DType::F64 | DType::F16 | DType::BF16)
}

/// Decodes the reader's bytes, which are in this machine's order.
fn decode(dtype: DType, bytes: &[u8]) -> Vec<f32> {
    match dtype {
        DType::F32 => numbers(bytes, f32::from_ne_bytes),
        DType::F64 => numbers(bytes, |bytes| f64::from_ne_bytes(bytes) as f32),
        DType::F16 => numbers(bytes, |bytes| f16::from_ne_bytes(bytes).to_f32()),
        DType::BF16 => numbers(bytes, |bytes| bf16::from_ne_bytes(bytes).to_f32()),
        _ => Vec::new(),
    }
}

/// Name of a layer's tensor, as the module's table has it.
fn layer_name(layer: usize, tensor: &str) -> String {
    match tensor {
        "weight_hh_l0" => format!("0.rnns.{layer}.weight_hh_l0_raw"),
        _ => format!("0.rnns.{layer}.module.{tensor}"),
    }
}

const LAYER_TENSORS: [&str; 4] = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"];

/// Brings a checkpoint of any fastai version, 0.7 included, of a language model, an encoder or a classifier,
/// to the names of the module's table, and checks every shape against the others.
///
/// # Errors
/// A tensor is missing or has the wrong shape, or the model is of another kind: untied decoder,
/// bidirectional LSTM, QRNN.
pub fn fastai_names(checkpoint: Tensors) -> Result<Pretrained, Error> {
    let found: Vec<String> = checkpoint.keys().cloned().collect();
    let mut ignored = Vec::new();
    let mut names = Tensors::new();
    let mut decoder = None;
    // Copies come after what they are copies of, and are used only in its absence.
    let mut candidates: Vec<(Role, NamedTensor)> = Vec::new();
    for (name, tensor) in checkpoint {
        match role_of(&name) {
            Role::Ignored => ignored.push(name),
            Role::Unsupported(what) => {
                return Err(Error::UnsupportedModel {
                    what: what.to_string(),
                });
            }
            Role::DecoderWeight => decoder = Some(tensor),
            role => candidates.push((role, tensor)),
        }
    }
    candidates.sort_by_key(|(role, _)| matches!(role, Role::Copy(_)));
    for (role, tensor) in candidates {
        if let Role::Weight(name) | Role::Copy(name) = role {
            names
                .entry(name.clone())
                .or_insert(NamedTensor { name, ..tensor });
        }
    }

    let architecture = architecture(&names, &found)?;
    if let Some(decoder) = decoder {
        let tied = names
            .get(ENCODER)
            .is_some_and(|encoder| encoder.data == decoder.data);
        if !tied {
            return Err(Error::UnsupportedModel {
                what: "a model whose decoder is not tied to its encoder".into(),
            });
        }
    }
    Ok(Pretrained {
        tensors: names,
        architecture,
        ignored,
    })
}

const ENCODER: &str = "0.encoder.weight";
const DECODER_BIAS: &str = "1.decoder.bias";

/// What a tensor of a checkpoint is for.
enum Role {
    /// A tensor of the module's table, under its name there.
    Weight(String),
    /// The same numbers again, or what dropout left of them.
    Copy(String),
    DecoderWeight,
    Unsupported(&'static str),
    Ignored,
}

fn role_of(name: &str) -> Role {
    match name {
        "1.decoder.weight" => return Role::DecoderWeight,
        DECODER_BIAS => return Role::Weight(DECODER_BIAS.to_string()),
        _ => {}
    }
    // `0.` is missing where the encoder was saved alone, and `module.` follows it inside a classifier.
    let inner = name.strip_prefix("0.").unwrap_or(name);
    let inner = inner.strip_prefix("module.").unwrap_or(inner);
    match inner {
        "encoder.weight" => return Role::Weight(ENCODER.to_string()),
        "encoder_dp.emb.weight" | "encoder_with_dropout.embed.weight" => {
            return Role::Copy(ENCODER.to_string());
        }
        _ => {}
    }
    let Some((layer, tensor)) = inner.strip_prefix("rnns.").and_then(|rest| rest.split_once('.')) else {
        return Role::Ignored;
    };
    let Ok(layer) = layer.parse::<usize>() else {
        return Role::Ignored;
    };
    let tensor = tensor.strip_prefix("module.").unwrap_or(tensor);
    if tensor.ends_with("_reverse") {
        return Role::Unsupported("a bidirectional LSTM");
    }
    if tensor.contains("linear") || tensor.starts_with("layers.") {
        return Role::Unsupported("a QRNN");
    }
    match tensor.strip_suffix("_raw") {
        Some("weight_hh_l0") => Role::Weight(layer_name(layer, "weight_hh_l0")),
        None if tensor == "weight_hh_l0" => Role::Copy(layer_name(layer, tensor)),
        None if LAYER_TENSORS.contains(&tensor) => Role::Weight(layer_name(layer, tensor)),
        _ => Role::Ignored,
    }
}

fn architecture(tensors: &Tensors, found: &[String]) -> Result<Architecture, Error> {
    let get = |name: &str| {
        tensors.get(name).ok_or_else(|| Error::MissingTensor {
            tensor: name.to_string(),
            found: found.to_vec(),
        })
    };
    let wrong = |tensor: &NamedTensor, expected: Vec<usize>, from: &str| Error::Shape {
        tensor: tensor.name.clone(),
        found: tensor.shape.clone(),
        expected,
        from: from.to_string(),
    };
    let expect = |name: &str, shape: &[usize], from: &str| {
        let tensor = get(name)?;
        if tensor.shape == shape {
            Ok(())
        } else {
            Err(wrong(tensor, shape.to_vec(), from))
        }
    };

    let encoder = get(ENCODER)?;
    let &[vocab, embedding] = encoder.shape.as_slice() else {
        return Err(wrong(encoder, vec![0, 0], "an embedding of tokens by features"));
    };
    // Counted by any tensor of a layer, so that a hole in the middle is reported and not taken for the end.
    let layers = tensors
        .keys()
        .filter_map(|name| name.strip_prefix("0.rnns.")?.split('.').next()?.parse().ok());
    let layers = layers.max().map_or(1, |last: usize| last.saturating_add(1));
    let first = get(&layer_name(0, "weight_hh_l0"))?;
    let hidden = match first.shape.as_slice() {
        &[gates, units] if units > 0 && gates == 4 * units => units,
        _ => {
            let units = first.shape.last().copied().unwrap_or_default();
            return Err(wrong(
                first,
                vec![units.saturating_mul(4), units],
                "four gates of its units",
            ));
        }
    };
    let mut input = (embedding, ENCODER.to_string());
    for layer in 0..layers {
        let last = layer + 1 == layers;
        let (units, source) = if last {
            (embedding, ENCODER)
        } else {
            (hidden, "the first layer's hidden-to-hidden weight")
        };
        let gates = units.saturating_mul(4);
        let name = |tensor: &str| layer_name(layer, tensor);
        expect(&name("weight_hh_l0"), &[gates, units], source)?;
        expect(&name("weight_ih_l0"), &[gates, input.0], &input.1)?;
        expect(&name("bias_ih_l0"), &[gates], &name("weight_hh_l0"))?;
        expect(&name("bias_hh_l0"), &[gates], &name("weight_hh_l0"))?;
        input = (units, name("weight_hh_l0"));
    }
    if tensors.contains_key(DECODER_BIAS) {
        expect(DECODER_BIAS, &[vocab], ENCODER)?;
    }
    Ok(Architecture {
        vocab,
        embedding,
        hidden,
        layers,
    })
}

#[cfg(test)]
#[path = "pytorch_tests.rs"]
mod tests;

//! Named tensors as plain numbers, and the safetensors format, read and written byte for byte the same each
//! time.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use half::{bf16, f16};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Map, Value, json};

use super::atomic::write_atomic;
use super::error::{Error, one_line};
use crate::host::fs;

/// A tensor in memory.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensor {
    /// Its name in the file.
    pub name: String,
    /// Extents, outermost first.
    pub shape: Vec<usize>,
    /// Elements in row-major order; as many as the product of the shape.
    pub data: Vec<f32>,
}

/// Tensors by name.
pub type Tensors = BTreeMap<String, NamedTensor>;

/// How numbers are stored in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// Single precision, as in memory.
    F32,
    /// Half the size, three significant digits, up to 65,504.
    F16,
    /// The embedding, by far the largest matrix, in a byte a number with a factor for each row; the rest as [`Self::F16`].
    EmbeddingI8,
    /// Every matrix in a byte a number with a factor for each row; the rest as [`Self::F16`].
    MatricesI8,
}

/// How the numbers of one tensor are stored.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stored {
    F32,
    F16,
    /// With a tensor of factors, F32, beside it.
    I8,
}

impl Precision {
    fn of(self, tensor: &NamedTensor) -> Stored {
        let matrix = tensor.shape.len() == 2 && tensor.shape[0] > 1;
        match self {
            Self::F32 => Stored::F32,
            Self::EmbeddingI8 if matrix && tensor.name.ends_with("encoder.weight") => Stored::I8,
            Self::MatricesI8 if matrix => Stored::I8,
            _ => Stored::F16,
        }
    }
}

/// A row's bytes, and the factor that makes numbers of them: the largest number is 127 times it.
fn eight_bits(row: &[f32]) -> (Vec<i8>, f32) {
    let largest = row.iter().fold(0.0f32, |most, x| most.max(x.abs()));
    let factor = largest / 127.0;
    let byte = |x: &f32| {
        if factor > 0.0 {
            (x / factor).round().clamp(-127.0, 127.0) as i8
        } else {
            0
        }
    };
    (row.iter().map(byte).collect(), factor)
}

fn rows_of(tensor: &NamedTensor) -> std::slice::Chunks<'_, f32> {
    let rows = tensor.shape.first().copied().unwrap_or(1).max(1);
    tensor.data.chunks((tensor.data.len() / rows).max(1))
}

/// What a reader gets of tensors that were written so.
pub fn as_stored(tensors: &Tensors, precision: Precision) -> Tensors {
    let stored = |tensor: &NamedTensor| {
        let data = match precision.of(tensor) {
            Stored::F32 => tensor.data.clone(),
            Stored::F16 => tensor.data.iter().map(|&x| f16::from_f32(x).to_f32()).collect(),
            Stored::I8 => rows_of(tensor)
                .flat_map(|row| {
                    let (bytes, factor) = eight_bits(row);
                    bytes.into_iter().map(move |byte| f32::from(byte) * factor)
                })
                .collect(),
        };
        NamedTensor {
            data,
            ..tensor.clone()
        }
    };
    tensors
        .iter()
        .map(|(name, tensor)| (name.clone(), stored(tensor)))
        .collect()
}

/// Name of the tensor that holds one factor a row for the 8-bit tensor `name`.
fn scale_of(name: &str) -> String {
    format!("{name}.scale")
}

/// Reads a safetensors file: its tensors and its metadata.
///
/// F32, F64, F16 and BF16 become F32. I8 tensors need a second one, `<name>.scale`, with a factor for each
/// row.
///
/// # Errors
/// The file cannot be read, is truncated or damaged, or holds another type of number.
pub fn read_safetensors(path: &Path) -> Result<(Tensors, BTreeMap<String, String>), Error> {
    let bytes = fs::read(path).map_err(|error| {
        if fs::is_dir(path) {
            Error::IsDirectory {
                path: path.to_path_buf(),
            }
        } else {
            Error::read(path, &error)
        }
    })?;
    parse_safetensors(&bytes, &path.display().to_string())
}

/// Reads a safetensors file in memory; `origin` is what messages call it.
///
/// # Errors
/// As [`read_safetensors`].
pub fn parse_safetensors(bytes: &[u8], origin: &str) -> Result<(Tensors, BTreeMap<String, String>), Error> {
    let damaged = |error: safetensors::SafeTensorError| Error::Safetensors {
        origin: origin.to_string(),
        cause: one_line(&error),
    };
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
    let metadata = header
        .metadata()
        .iter()
        .flatten()
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let file = SafeTensors::deserialize(bytes).map_err(damaged)?;
    let views: BTreeMap<String, TensorView> = file.tensors().into_iter().collect();
    let mut tensors = Tensors::new();
    for (name, view) in &views {
        let is_scale = name.strip_suffix(".scale").and_then(|of| views.get(of));
        if is_scale.is_some_and(|of| of.dtype() == Dtype::I8) {
            continue;
        }
        let data = if view.dtype() == Dtype::I8 {
            scaled_rows(&views, name, view)
        } else {
            floats(view)
        };
        let data = data.map_err(|cause| Error::Tensor {
            origin: origin.to_string(),
            tensor: name.clone(),
            cause,
        })?;
        tensors.insert(
            name.clone(),
            NamedTensor {
                name: name.clone(),
                shape: view.shape().to_vec(),
                data,
            },
        );
    }
    Ok((tensors, metadata))
}

fn floats(view: &TensorView) -> Result<Vec<f32>, String> {
    let bytes = view.data();
    Ok(match view.dtype() {
        Dtype::F32 => numbers(bytes, f32::from_le_bytes),
        Dtype::F64 => numbers(bytes, |bytes| f64::from_le_bytes(bytes) as f32),
        Dtype::F16 => numbers(bytes, |bytes| f16::from_le_bytes(bytes).to_f32()),
        Dtype::BF16 => numbers(bytes, |bytes| bf16::from_le_bytes(bytes).to_f32()),
        other => {
            return Err(format!(
                "holds {other:?} numbers; expected F32, F16, BF16, F64 or scaled I8"
            ));
        }
    })
}

/// Decodes little-endian numbers of `N` bytes each.
pub(super) fn numbers<const N: usize>(bytes: &[u8], decode: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes
        .as_chunks::<N>()
        .0
        .iter()
        .map(|chunk| decode(*chunk))
        .collect()
}

fn scaled_rows(
    views: &BTreeMap<String, TensorView>,
    name: &str,
    view: &TensorView,
) -> Result<Vec<f32>, String> {
    let scale = views
        .get(&scale_of(name))
        .ok_or_else(|| format!("holds I8 numbers without '{}'", scale_of(name)))?;
    let scale = floats(scale)?;
    let rows = view.shape().first().copied().unwrap_or(1);
    if scale.len() != rows {
        return Err(format!(
            "has {rows} rows but '{}' has {} factors",
            scale_of(name),
            scale.len()
        ));
    }
    let width = view.data().len().checked_div(rows).unwrap_or_default().max(1);
    let rows = view.data().chunks_exact(width).zip(scale);
    Ok(rows
        .flat_map(|(row, factor)| {
            row.iter()
                .map(move |&byte| f32::from(byte.cast_signed()) * factor)
        })
        .collect())
}

/// Writes a safetensors file, whole or not at all. The same tensors and metadata give the same bytes.
///
/// # Errors
/// The file cannot be written, a tensor's data does not fit its shape, or a number is too large for F16.
pub fn write_safetensors(
    path: &Path,
    tensors: &Tensors,
    metadata: &BTreeMap<String, String>,
    precision: Precision,
) -> Result<(), Error> {
    check(tensors, precision, &path.display().to_string())?;
    write_atomic(path, |out| write_to(out, tensors, metadata, precision))
}

/// The bytes of a safetensors file.
///
/// # Errors
/// A tensor's data does not fit its shape, or a number is too large for F16.
pub fn safetensors_bytes(
    tensors: &Tensors,
    metadata: &BTreeMap<String, String>,
    precision: Precision,
) -> Result<Vec<u8>, Error> {
    let origin = "safetensors";
    check(tensors, precision, origin)?;
    let mut bytes = Vec::new();
    let written = write_to(&mut bytes, tensors, metadata, precision);
    written.map_err(|error| Error::Safetensors {
        origin: origin.to_string(),
        cause: one_line(&error),
    })?;
    Ok(bytes)
}

fn check(tensors: &Tensors, precision: Precision, origin: &str) -> Result<(), Error> {
    for (name, tensor) in tensors {
        let fault = |cause: String| {
            Err(Error::Tensor {
                origin: origin.to_string(),
                tensor: name.clone(),
                cause,
            })
        };
        if tensor.data.len() != tensor.shape.iter().product::<usize>() {
            return fault(format!(
                "has {} numbers for the shape {:?}",
                tensor.data.len(),
                tensor.shape
            ));
        }
        let too_large = |value: &&f32| value.is_finite() && !f16::from_f32(**value).is_finite();
        if let (Stored::F16, Some(value)) = (precision.of(tensor), tensor.data.iter().find(too_large)) {
            return fault(format!("{value} is too large for F16; write it as F32"));
        }
    }
    Ok(())
}

fn write_to(
    out: &mut dyn Write,
    tensors: &Tensors,
    metadata: &BTreeMap<String, String>,
    precision: Precision,
) -> io::Result<()> {
    // Wide numbers first, so that all lie at multiples of their size.
    let mut parts: Vec<(String, &'static str, Vec<usize>, Part)> = Vec::new();
    for (name, tensor) in tensors {
        let shape = || tensor.shape.clone();
        match precision.of(tensor) {
            Stored::F32 => parts.push((name.clone(), "F32", shape(), Part::F32(tensor))),
            Stored::F16 => parts.push((name.clone(), "F16", shape(), Part::F16(tensor))),
            Stored::I8 => {
                parts.push((name.clone(), "I8", shape(), Part::I8(tensor)));
                let rows = vec![tensor.shape[0]];
                parts.push((scale_of(name), "F32", rows, Part::Factors(tensor)));
            }
        }
    }
    parts.sort_by_key(|(_, _, _, part)| std::cmp::Reverse(part.size()));
    let mut header = Map::new();
    if !metadata.is_empty() {
        header.insert("__metadata__".to_string(), json!(metadata));
    }
    let mut start = 0;
    for (name, dtype, shape, part) in &parts {
        let end = start + shape.iter().product::<usize>() * part.size();
        header.insert(
            name.clone(),
            json!({"dtype": dtype, "shape": shape, "data_offsets": [start, end]}),
        );
        start = end;
    }
    let mut header = Value::Object(header).to_string();
    // The numbers begin at a multiple of eight bytes, so that they can be used where they lie.
    header.push_str(&" ".repeat(header.len().next_multiple_of(8) - header.len()));
    out.write_all(&(header.len() as u64).to_le_bytes())?;
    out.write_all(header.as_bytes())?;
    for (_, _, _, part) in &parts {
        part.write(out)?;
    }
    Ok(())
}

/// What one entry of a file holds.
enum Part<'a> {
    F32(&'a NamedTensor),
    F16(&'a NamedTensor),
    I8(&'a NamedTensor),
    /// The factors of an I8 tensor's rows.
    Factors(&'a NamedTensor),
}

impl Part<'_> {
    /// Bytes of a number.
    fn size(&self) -> usize {
        match self {
            Self::F32(_) | Self::Factors(_) => 4,
            Self::F16(_) => 2,
            Self::I8(_) => 1,
        }
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        match self {
            Self::F32(tensor) => {
                for value in &tensor.data {
                    out.write_all(&value.to_le_bytes())?;
                }
            }
            Self::F16(tensor) => {
                for value in &tensor.data {
                    out.write_all(&f16::from_f32(*value).to_le_bytes())?;
                }
            }
            Self::I8(tensor) => {
                for row in rows_of(tensor) {
                    let bytes: Vec<u8> = eight_bits(row).0.into_iter().map(i8::cast_unsigned).collect();
                    out.write_all(&bytes)?;
                }
            }
            Self::Factors(tensor) => {
                for row in rows_of(tensor) {
                    out.write_all(&eight_bits(row).1.to_le_bytes())?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[path = "weights_tests.rs"]
mod tests;

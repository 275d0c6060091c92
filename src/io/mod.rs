//! Everything that crosses the disk: tables of texts and labels, running text for language models, weights,
//! vocabularies, and writing without leaving a half-written file behind.
//!
//! Readers give plain data; only model directories and checkpoints know networks. Every reader takes
//! untrusted input; no reader executes anything that a file contains.

mod atomic;
mod beginning;
mod checkpoint;
mod columns;
mod compression;
mod csv;
mod document;
mod encoding;
mod error;
pub mod exchange;
mod jsonl;
mod labels;
mod model_dir;
mod onnx;
mod overwrite;
mod parquet;
mod pickle;
mod pickle_vocab;
mod predictions;
pub mod project;
mod pytorch;
mod pytorch_code;
mod table;
mod warnings;
mod weights;
mod workbook;

pub use atomic::{OutputDir, write_atomic};
pub use checkpoint::{read_checkpoint_file, write_checkpoint};
pub(crate) use compression::stream_error;
pub use compression::{Progress, is_plain_text, is_unread_workbook, is_workbook, total_bytes};
pub use csv::{write_mark, write_row};
pub use document::{Documents, Splitting, Texts, documents, texts};
pub(crate) use encoding::decode;
pub use encoding::{Encoding, UnknownEncoding};
pub use error::Error;
pub use labels::{LabelSummary, check_labels, classes};
pub use model_dir::{Kind, ModelBytes, ModelConfig, ModelFiles, tensors_of, tensors_of_classifier};
pub use onnx::{Interface, Onnx, write_onnx};
pub use overwrite::{Contents, Overwrite, check_file, check_inputs, check_replaceable, holds_only};
pub use pickle_vocab::read_vocab;
pub use predictions::{Prediction, Sink, check_output, write_predictions};
pub use pytorch::{Pretrained, fastai_names, read_checkpoint};
pub use table::{
    Cell, Labels, Row, Table, TableOptions, given_table, parse_table, read_table, read_table_watched,
};
pub use warnings::Warning;
pub use weights::{
    NamedTensor, Precision, Tensors, as_stored, parse_safetensors, read_safetensors, safetensors_bytes,
    write_safetensors,
};
pub use workbook::Workbook;

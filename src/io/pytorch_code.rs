//! Whether a checkpoint asks for more than tensors: looked at before anything reads the file.
//!
//! `torch.load` calls whatever function the pickle in a checkpoint names. The reader used here calls nothing and leaves
//! out what it does not know; but a file that asks for `os.system` is no damaged checkpoint to make the best of, and
//! whoever was sent it should hear so. Hence every pickle in the file is walked through first (`pickle::walk`), and the
//! first name that is no part of a tensor or a plain container ends it.

use std::io::{self, BufReader, Read};
use std::path::Path;

use zip::result::ZipError;
use zip::{ZipArchive, ZipReadOptions};

use super::error::{Error, one_line};
use super::pickle::{Fault, is_container, is_reconstructor, walk};
use crate::host::fs::File;

/// Most bytes of a pickle: a model of thousands of tensors takes less than one megabyte.
const LARGEST: u64 = 64 << 20;

/// Refuses a checkpoint with a pickle that names anything but tensors and plain containers. A file that is of none of
/// the kinds that a checkpoint can be is left for the reader to refuse.
///
/// # Errors
/// [`Error::RunsCode`]; or the file cannot be read, or what is in it is no pickle.
pub(super) fn refuse_code(path: &Path) -> Result<(), Error> {
    let file = File::open(path).map_err(|error| Error::read(path, &error))?;
    scan(file).map_err(|found| match found {
        Found::Code(callable) => Error::RunsCode {
            path: path.to_path_buf(),
            callable,
            advice: "save the weights alone (`torch.save(model.state_dict(), ...)`)",
        },
        Found::Damage(cause) => Error::Checkpoint {
            path: path.to_path_buf(),
            cause,
        },
        Found::Disk(error) => Error::read(path, &error),
    })
}

enum Found {
    Code(String),
    Damage(String),
    Disk(io::Error),
}

impl From<io::Error> for Found {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => {
                Self::Damage(format!("it ends too early or is damaged ({})", one_line(&error)))
            }
            _ => Self::Disk(error),
        }
    }
}

impl From<ZipError> for Found {
    fn from(error: ZipError) -> Self {
        match error {
            ZipError::Io(error) => error.into(),
            other => Self::Damage(one_line(&other)),
        }
    }
}

impl From<Fault> for Found {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Call(callable) => Self::Code(callable),
            other => Self::Damage(other.to_string()),
        }
    }
}

/// Where PyTorch's format from before 1.6 has its magic number, and what that is in the encodings of the pickle protocols.
const MAGIC_WITHIN: usize = 64;
const MAGIC: [&[u8]; 2] = [
    &[0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19],
    b"119547037146038801333356",
];
/// In that format: magic number, version, system, the tensors, the keys of their storages.
const LEGACY_PICKLES: usize = 5;

fn scan(mut file: File) -> Result<(), Found> {
    let mut start = Vec::new();
    (&mut file).take(512).read_to_end(&mut start)?;
    if start.starts_with(b"PK\x03\x04") || start.starts_with(b"PK\x05\x06") {
        return walk_zipped(file);
    }
    if start.get(257..).is_some_and(|rest| rest.starts_with(b"ustar")) {
        let cause = "it is in PyTorch's format from before 2017; load and save it again with a newer PyTorch";
        return Err(Found::Damage(cause.into()));
    }
    // The pickles come before the numbers.
    file.take(LARGEST).read_to_end(&mut start)?;
    let within = start.get(..MAGIC_WITHIN).unwrap_or(&start);
    let legacy = MAGIC
        .iter()
        .any(|magic| within.windows(magic.len()).any(|bytes| bytes == *magic));
    if legacy {
        let mut rest = start.as_slice();
        for _ in 0..LEGACY_PICKLES {
            rest = rest.get(walk(rest, is_known)?..).unwrap_or_default();
        }
    } else if matches!(start.first(), Some(0x80 | b'(' | b'}' | b']' | b'c')) {
        walk(&start, is_known)?;
    }
    Ok(())
}

/// Whether a checkpoint may name this: what puts tensors together, and containers of plain values.
fn is_known(name: &str) -> bool {
    if is_container(name) || is_reconstructor(name) {
        return true;
    }
    let Some((module, item)) = name.rsplit_once('.') else {
        return false;
    };
    match module {
        "torch" => {
            item.strip_suffix("Storage")
                .is_some_and(|kind| kind.bytes().all(|byte| byte.is_ascii_alphanumeric()))
                || matches!(item, "Tensor" | "Size" | "device" | "dtype")
                || DTYPES.contains(&item)
        }
        "torch._utils" => matches!(
            item,
            "_rebuild_tensor"
                | "_rebuild_tensor_v2"
                | "_rebuild_tensor_v3"
                | "_rebuild_parameter"
                | "_rebuild_parameter_with_state"
        ),
        "torch._tensor" => item == "_rebuild_from_type_v2",
        "torch.nn.parameter" => item == "Parameter",
        "torch.storage" => matches!(item, "TypedStorage" | "UntypedStorage"),
        "collections" => matches!(item, "OrderedDict" | "defaultdict" | "Counter"),
        "builtins" | "__builtin__" => matches!(
            item,
            "set"
                | "frozenset"
                | "list"
                | "tuple"
                | "dict"
                | "int"
                | "long"
                | "float"
                | "bool"
                | "str"
                | "bytes"
                | "bytearray"
                | "complex"
                | "slice"
                | "object"
        ),
        "_codecs" => item == "encode",
        "numpy" => matches!(
            item,
            "dtype" | "ndarray" | "float16" | "float32" | "float64" | "int32" | "int64" | "bool_"
        ),
        "numpy.core.multiarray" | "numpy._core.multiarray" => matches!(item, "scalar" | "_reconstruct"),
        _ => false,
    }
}

const DTYPES: [&str; 18] = [
    "float",
    "double",
    "half",
    "float16",
    "float32",
    "float64",
    "bfloat16",
    "int",
    "long",
    "short",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "bool",
    "complex64",
    "complex128",
];

/// Walks through every `data.pkl` of a ZIP archive, wherever in it: the reader takes the one nearest to the root. The archive is
/// opened by the crate that the reader opens it with: where two disagreed about its entries, one could be hidden from this
/// one. A pickle is unpacked at a time, and all together may take no more than one, of however few bytes they are made.
fn walk_zipped(file: File) -> Result<(), Found> {
    let mut archive = ZipArchive::new(BufReader::new(file))?;
    if archive.has_duplicate_names() {
        return Err(Found::Damage("its directory names an entry twice".into()));
    }
    let mut left = LARGEST;
    for at in 0..archive.len() {
        let name = archive.name_for_index(at).transpose()?;
        if !name.is_some_and(|name| name.ends_with("data.pkl")) {
            continue;
        }
        // A checksum is the reader's to look at; what a pickle asks for is said whatever it is.
        let options = ZipReadOptions::new().ignore_crc32(true);
        let mut pickle = Vec::new();
        archive
            .by_index_with_options(at, options)?
            .take(left + 1)
            .read_to_end(&mut pickle)?;
        let size = pickle.len() as u64;
        if size > left {
            let most = LARGEST >> 20;
            return Err(Found::Damage(format!("its pickles take more than {most} MiB")));
        }
        walk(&pickle, is_known)?;
        left -= size;
    }
    Ok(())
}

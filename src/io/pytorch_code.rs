//! Whether a checkpoint asks for more than tensors: looked at before anything reads the file.
//!
//! `torch.load` calls whatever function the pickle in a checkpoint names. The reader used here calls nothing and leaves
//! out what it does not know; but a file that asks for `os.system` is no damaged checkpoint to make the best of, and
//! whoever was sent it should hear so. Hence every pickle in the file is walked through first (`pickle::walk`), and the
//! first name that is no part of a tensor or a plain container ends it.

use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use flate2::read::DeflateDecoder;

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
        return walk_zipped(&mut file);
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

/// Walks through every `data.pkl` of a ZIP archive, wherever in it: the reader takes the one nearest to the root. One is
/// unpacked at a time, and all together may take no more than one, of however few bytes they are made.
fn walk_zipped(file: &mut File) -> Result<(), Found> {
    let (directory, entries) = central_directory(file)?;
    let mut left = LARGEST;
    let mut rest = directory.as_slice();
    for _ in 0..entries {
        let [name, extra, comment] = [28, 30, 32].map(|at| usize::from(short(rest, at)));
        if !rest.starts_with(b"PK\x01\x02") || rest.len() < 46 + name + extra + comment {
            return Err(damaged("its directory"));
        }
        if rest[46..46 + name].ends_with(b"data.pkl") {
            let wide = Wide::of(rest, &rest[46 + name..46 + name + extra]);
            let pickle = entry(file, &wide, short(rest, 10), left)?;
            walk(&pickle, is_known)?;
            left -= pickle.len() as u64;
        }
        rest = &rest[46 + name + extra + comment..];
    }
    Ok(())
}

fn damaged(what: &str) -> Found {
    Found::Damage(format!("{what} is damaged or ends too early"))
}

/// Little-endian numbers; zero beyond the end.
fn short(bytes: &[u8], at: usize) -> u16 {
    let found = bytes.get(at..).and_then(|rest| rest.first_chunk());
    found.map_or(0, |bytes| u16::from_le_bytes(*bytes))
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let found = bytes.get(at..).and_then(|rest| rest.first_chunk());
    found.map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

fn long(bytes: &[u8], at: usize) -> u64 {
    let found = bytes.get(at..).and_then(|rest| rest.first_chunk());
    found.map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// The archive's directory and how many entries it has.
fn central_directory(file: &mut File) -> Result<(Vec<u8>, u64), Found> {
    let length = file.seek(SeekFrom::End(0))?;
    // The end record and the longest comment that can follow it, and in front of it where the 64-bit record is.
    let tail = length.min(22 + 0xffff + 20);
    file.seek(SeekFrom::Start(length - tail))?;
    let mut end = Vec::new();
    file.take(tail).read_to_end(&mut end)?;
    let at = end
        .windows(4)
        .rposition(|bytes| bytes == b"PK\x05\x06")
        .ok_or_else(|| damaged("the archive's end"))?;
    let record = &end[at..];
    let (mut entries, mut size, mut offset) = (
        u64::from(short(record, 10)),
        u64::from(word(record, 12)),
        u64::from(word(record, 16)),
    );
    let locator = at.checked_sub(20).map(|at| &end[at..]);
    if let Some(locator) = locator.filter(|locator| locator.starts_with(b"PK\x06\x07")) {
        file.seek(SeekFrom::Start(long(locator, 8)))?;
        let mut record = [0; 56];
        file.read_exact(&mut record)?;
        if !record.starts_with(b"PK\x06\x06") {
            return Err(damaged("the archive's end"));
        }
        (entries, size, offset) = (long(&record, 32), long(&record, 40), long(&record, 48));
    }
    if size > LARGEST {
        return Err(Found::Damage(format!(
            "its directory takes more than {} MiB",
            LARGEST >> 20
        )));
    }
    file.seek(SeekFrom::Start(offset))?;
    let mut directory = Vec::new();
    file.take(size).read_to_end(&mut directory)?;
    Ok((directory, entries))
}

/// Sizes and place of an entry, which its directory record holds in 32 bits, or 64 where they do not fit.
struct Wide {
    packed: u64,
    offset: u64,
}

impl Wide {
    fn of(record: &[u8], mut extra: &[u8]) -> Self {
        let mut fields = [word(record, 24), word(record, 20), word(record, 42)].map(u64::from);
        while extra.len() >= 4 {
            let (kind, size) = (short(extra, 0), usize::from(short(extra, 2)));
            if kind == 1 {
                let mut at = 4;
                for field in &mut fields {
                    if *field == u64::from(u32::MAX) {
                        *field = long(extra, at);
                        at += 8;
                    }
                }
            }
            extra = extra.get(4 + size..).unwrap_or_default();
        }
        let [_, packed, offset] = fields;
        Self { packed, offset }
    }
}

/// A pickle of at most so many bytes.
fn entry(file: &mut File, wide: &Wide, method: u16, most: u64) -> Result<Vec<u8>, Found> {
    file.seek(SeekFrom::Start(wide.offset))?;
    let mut header = [0; 30];
    file.read_exact(&mut header)?;
    if !header.starts_with(b"PK\x03\x04") {
        return Err(damaged("an entry"));
    }
    let names = i64::from(short(&header, 26)) + i64::from(short(&header, 28));
    file.seek(SeekFrom::Current(names))?;
    let packed = file.take(wide.packed);
    let mut pickle = Vec::new();
    match method {
        0 => packed.take(most + 1).read_to_end(&mut pickle)?,
        8 => DeflateDecoder::new(packed)
            .take(most + 1)
            .read_to_end(&mut pickle)?,
        other => {
            return Err(Found::Damage(format!(
                "its pickle is compressed in an unknown way ({other})"
            )));
        }
    };
    if pickle.len() as u64 > most {
        return Err(Found::Damage(format!(
            "its pickles take more than {} MiB",
            LARGEST >> 20
        )));
    }
    Ok(pickle)
}

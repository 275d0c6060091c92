//! What the library that reads workbooks takes on trust, looked at before it does: each would cost all of the memory, or never end.

use std::io::{BufReader, Read, Seek};

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

use super::book::Refused;
use crate::io::error::one_line;

/// Most bytes of all that is packed in a workbook together: the archive is held to what it says of itself.
const MOST_UNPACKED: u64 = if cfg!(target_family = "wasm") {
    1 << 29
} else {
    1 << 31
};

/// Most blanks that one element of OpenDocument may stand for.
const MOST_BLANKS: u64 = 1 << 16;

/// What a packed workbook holds, by the names of its parts.
pub(super) enum Contents {
    OpenDocument,
    Other,
}

/// Looks through a packed workbook.
pub(super) fn contents(stream: impl Read + Seek) -> Result<Contents, Refused> {
    let mut archive = ZipArchive::new(stream).map_err(damaged)?;
    let mut unpacked = 0_u64;
    for at in 0..archive.len() {
        let part = archive.by_index_raw(at).map_err(damaged)?;
        unpacked = unpacked.saturating_add(part.size());
    }
    if unpacked > MOST_UNPACKED {
        return Err(Refused::TooLarge);
    }
    if is_encrypted(&mut archive)? {
        return Err(Refused::Protected);
    }
    let names: Vec<String> = archive
        .file_names()
        .filter_map(Result::ok)
        .map(String::from)
        .collect();
    for name in names.iter().filter(|name| is_xml(name)) {
        let part = archive.by_name(name).map_err(damaged)?;
        let size = part.size();
        well_formed(part, size)?;
    }
    Ok(if archive.index_for_name("content.xml").is_some() {
        Contents::OpenDocument
    } else {
        Contents::Other
    })
}

/// Whether it is an OpenDocument that opens with a password only: packed once more as a whole, or part by part.
fn is_encrypted(archive: &mut ZipArchive<impl Read + Seek>) -> Result<bool, Refused> {
    const MANIFEST: u64 = 1 << 20;
    const MARK: &[u8] = b"encryption-data";
    if archive.index_for_name("encrypted-package").is_some() {
        return Ok(true);
    }
    let Some(at) = archive.index_for_name("META-INF/manifest.xml") else {
        return Ok(false);
    };
    let mut manifest = Vec::new();
    let part = archive.by_index(at).map_err(damaged)?;
    part.take(MANIFEST).read_to_end(&mut manifest).map_err(damaged)?;
    Ok(manifest.windows(MARK.len()).any(|window| window == MARK))
}

fn is_xml(name: &str) -> bool {
    let name = name.to_lowercase();
    [".xml", ".rels"].iter().any(|ending| name.ends_with(ending))
}

fn damaged(error: impl ToString) -> Refused {
    Refused::Damaged(one_line(&error))
}

/// Whether every element of a part ends: the library waits for the end of some for ever. `size` is that of the part.
fn well_formed(part: impl Read, size: u64) -> Result<(), Refused> {
    let mut part = Reader::from_reader(BufReader::new(part));
    let mut buffer = Vec::new();
    let mut open = 0_usize;
    loop {
        buffer.clear();
        match part.read_event_into(&mut buffer).map_err(damaged)? {
            Event::Start(element) => {
                counts(&element, size)?;
                open += 1;
            }
            Event::Empty(element) => counts(&element, size)?,
            // That names match is seen to by the reader.
            Event::End(_) => open = open.saturating_sub(1),
            Event::Eof if open == 0 => return Ok(()),
            Event::Eof => return Err(Refused::Damaged("it ends too early".to_string())),
            _ => {}
        }
    }
}

/// What an element says that there is of something is believed before any of it is seen.
fn counts(element: &BytesStart, size: u64) -> Result<(), Refused> {
    const SHORTEST: u64 = "<si/>".len() as u64;
    let number = |attribute: &str| -> Result<Option<u64>, Refused> {
        let found = element.try_get_attribute(attribute).map_err(damaged)?;
        Ok(found.and_then(|found| found.value.trim().parse().ok()))
    };
    match element.local_name().as_ref() {
        // Room is made for as many texts as their list says that it has; each takes some letters of it.
        "sst" if number("uniqueCount")?.is_some_and(|count| count > size / SHORTEST) => {
            Err(Refused::Damaged("it has fewer texts than it says".to_string()))
        }
        // Blanks are counted where others are written.
        "s" if number("text:c")?.is_some_and(|count| count > MOST_BLANKS) => Err(Refused::TooLarge),
        _ => Ok(()),
    }
}

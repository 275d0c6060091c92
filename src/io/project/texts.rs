//! The texts of a project file: packed when it is made, and packed anew when others join them.

use std::io::{self, Write};
use std::path::Path;

use redb::{ReadableTable, WriteTransaction};

use super::error::StoreFailure;
use super::{FORMAT, LOG, META, PIECE, ProjectError, ProjectFile, TEXTS, View};
use crate::host::zstd;

/// Texts of a failed transaction: the disk may have those of before or those of after it.
#[derive(Debug)]
pub(super) struct Doubt {
    pub(super) before: Vec<u8>,
    pub(super) after: Vec<u8>,
}

impl Doubt {
    /// What has to be put back for the transaction to have done nothing, where it has done something.
    pub(super) fn put_back(&self, view: &View, path: &Path) -> Result<Option<&[u8]>, ProjectError> {
        let there = view.packed_texts()?;
        if there == self.before {
            Ok(None)
        } else if there == self.after {
            Ok(Some(&self.before))
        } else {
            Err(ProjectError::Changed {
                path: path.to_path_buf(),
            })
        }
    }
}

/// Packs what `write_texts` gives.
pub(super) fn pack(
    path: &Path,
    write_texts: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<Vec<u8>, ProjectError> {
    let pack = || {
        let mut packed = zstd::Encoder::new(Vec::new())?;
        write_texts(&mut packed)?;
        packed.finish()
    };
    pack().map_err(|error| match error.kind() {
        // The caller says this of texts that are too many, not of the file.
        io::ErrorKind::InvalidData => ProjectError::Disk {
            path: path.to_path_buf(),
            cause: error.to_string(),
        },
        _ => ProjectError::disk(path, &error),
    })
}

/// Writes packed texts in place of those that are there.
pub(super) fn put(transaction: &WriteTransaction, packed: &[u8]) -> Result<(), StoreFailure> {
    let mut texts = transaction.open_table(TEXTS)?;
    let mut end: u32 = 0;
    for (piece, bytes) in (0_u32..).zip(packed.chunks(PIECE)) {
        texts.insert(piece, bytes)?;
        end = piece + 1;
    }
    texts.retain_in(end.., |_, _| false)?;
    Ok(())
}

/// Makes the file one of this format, unless it is of a later one.
pub(super) fn raise(transaction: &WriteTransaction, format: u32) -> Result<(), StoreFailure> {
    let mut meta = transaction.open_table(META)?;
    let now = meta
        .get("format")?
        .and_then(|format| format.value().parse::<u32>().ok());
    if now.is_none_or(|now| now < format) {
        meta.insert("format", format.to_string().as_str())?;
    }
    Ok(())
}

impl ProjectFile {
    /// Puts the texts that `write_texts` gives in place of those that are there, and appends actions to the log: both or
    /// neither. They are on disk when this returns.
    ///
    /// # Errors
    /// When the disk refuses; texts and log are as before.
    pub async fn grow(
        &mut self,
        write_texts: impl FnOnce(&mut dyn Write) -> io::Result<()>,
        actions: &[String],
    ) -> Result<(), ProjectError> {
        let after = pack(&self.path, write_texts)?;
        let before = self.view()?.packed_texts()?;
        let first = self.actions;
        let done = self.write(|transaction| {
            put(transaction, &after)?;
            let mut log = transaction.open_table(LOG)?;
            for (at, action) in (first..).zip(actions) {
                log.insert(at, action.as_str())?;
            }
            raise(transaction, FORMAT)
        });
        let done = match done {
            Ok(()) => self.settled().await,
            failed => failed,
        };
        if done.is_ok() {
            self.actions += actions.len() as u64;
            self.doubt = None;
        } else {
            self.doubtful = actions.to_vec();
            self.doubt = Some(Doubt { before, after });
        }
        done
    }
}

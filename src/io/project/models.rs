//! Model directories inside a project file.
//!
//! A model has a hundred megabytes, and an answer must not wait for it: its files are written piece by piece, a
//! transaction each, and belong to the project only once the list of them is written. What a crash leaves is swept away
//! when the next model is written.

use std::collections::BTreeSet;

use redb::ReadableTable;
use serde::{Deserialize, Serialize};

use super::{BLOBS, MODELS, ProjectError, ProjectFile};

/// The files of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelListing {
    /// In the order in which they were written.
    pub files: Vec<ModelFile>,
    /// A hash of names and contents, hexadecimal: the same model is unpacked only once.
    pub key: String,
    /// When it was saved, in seconds since 1970.
    pub saved: u64,
}

/// A file of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFile {
    /// Its path in the model's directory, with `/` between names.
    pub path: String,
    /// Its blob.
    pub blob: u64,
    /// Its length.
    pub bytes: u64,
}

impl ModelListing {
    /// Bytes of all files.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|f| f.bytes).sum()
    }

    /// Reads a list of files that may come from anyone.
    pub(super) fn parse(json: &str) -> Result<Self, String> {
        let listing: Self = serde_json::from_str(json).map_err(|e| e.to_string())?;
        let plain = |name: &str| {
            !name.is_empty()
                && name != "."
                && name != ".."
                && !name.contains(['\\', ':', '\0'])
                && name.len() < 256
        };
        if let Some(file) = listing.files.iter().find(|f| !f.path.split('/').all(plain)) {
            return Err(format!("'{}' is no name of a file", file.path));
        }
        if listing.key.is_empty() || !listing.key.chars().all(|c| c.is_ascii_hexdigit()) {
            return Err("its key is damaged".to_string());
        }
        let total = listing
            .files
            .iter()
            .try_fold(0_u64, |sum, f| sum.checked_add(f.bytes));
        total.ok_or("its files are too long")?;
        Ok(listing)
    }
}

impl ProjectFile {
    /// Removes blobs that belong to no model, and returns the first number that no blob has.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn sweep_blobs(&mut self) -> Result<u64, ProjectError> {
        let view = self.view()?;
        let models = view.models()?;
        drop(view);
        let used: BTreeSet<u64> = models
            .iter()
            .flat_map(|(_, m)| m.files.iter().map(|f| f.blob))
            .collect();
        let mut free = 0;
        self.write(|transaction| {
            let mut blobs = transaction.open_table(BLOBS)?;
            // From blob to blob rather than from piece to piece: reading a key reads its page, and that is a megabyte.
            let mut next = Some(0);
            while let Some(at) = next {
                let found = blobs
                    .range((at, 0)..)?
                    .next()
                    .transpose()?
                    .map(|(key, _)| key.value().0);
                if let Some(blob) = found {
                    if !used.contains(&blob) {
                        blobs.retain_in((blob, 0)..=(blob, u32::MAX), |_, _| false)?;
                    }
                    free = blob.saturating_add(1);
                }
                next = found.and_then(|blob| blob.checked_add(1));
            }
            Ok(())
        })?;
        Ok(free)
    }

    /// Writes a piece of a blob.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write_piece(&mut self, blob: u64, piece: u32, bytes: &[u8]) -> Result<(), ProjectError> {
        self.write(|transaction| {
            transaction.open_table(BLOBS)?.insert((blob, piece), bytes)?;
            Ok(())
        })
    }

    /// Makes written blobs a model, instead of the one that had this name.
    ///
    /// # Errors
    /// When the disk refuses; the model of this name is as before.
    pub fn finish_model(&mut self, name: &str, listing: &ModelListing) -> Result<(), ProjectError> {
        let json = serde_json::to_string(listing).map_err(|e| ProjectError::Model {
            path: self.path.clone(),
            cause: e.to_string(),
        })?;
        let mut replaced = Vec::new();
        self.write(|transaction| {
            let mut models = transaction.open_table(MODELS)?;
            if let Some(old) = models.insert(name, json.as_str())?
                && let Ok(old) = ModelListing::parse(old.value())
            {
                replaced = old.files;
            }
            let mut blobs = transaction.open_table(BLOBS)?;
            for file in &replaced {
                blobs.retain_in((file.blob, 0)..=(file.blob, u32::MAX), |_, _| false)?;
            }
            Ok(())
        })
    }
}

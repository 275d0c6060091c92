//! Reading a project file at one moment.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use redb::{Database, ReadOnlyTable, ReadTransaction, ReadableDatabase, ReadableTable, TableError};

use crate::host::zstd;

use super::error::{ProjectError, StoreFailure};
use super::{
    APPLICATION, BLOBS, FORMAT, LOG, META, MODELS, ModelListing, RESULTS, RUN_EVENTS, RUNS, SETTINGS, TEXTS,
};

/// Texts larger than this are no texts but an attempt to fill the memory.
const MOST_TEXT: u64 = 4 << 30;
/// The same for the events of one run.
const MOST_EVENTS: u64 = 1 << 30;
/// The same for a result.
const MOST_RESULT: u64 = 4 << 30;

/// What a project file holds at one moment; it is one of a version that this program reads.
pub struct View {
    transaction: ReadTransaction,
    path: PathBuf,
}

impl View {
    pub(super) fn new(database: &Database, path: &Path) -> Result<Self, ProjectError> {
        let transaction = database
            .begin_read()
            .map_err(|e| StoreFailure::from(e).at(path))?;
        let view = Self {
            transaction,
            path: path.to_path_buf(),
        };
        view.check_version()?;
        Ok(view)
    }

    /// Whether this is a project, and of a version that can be read. Nothing else of the file is believed before.
    fn check_version(&self) -> Result<(), ProjectError> {
        let foreign = || ProjectError::Foreign {
            path: self.path.clone(),
        };
        let meta = match self.transaction.open_table(META) {
            Ok(meta) => meta,
            Err(TableError::Storage(error)) => return Err(self.failed(error)),
            // Someone else's database.
            Err(_) => return Err(foreign()),
        };
        let text = |key| -> Result<Option<String>, ProjectError> {
            let value = meta.get(key).map_err(|e| self.failed(e))?;
            Ok(value.map(|v| v.value().to_string()))
        };
        if text("application")?.as_deref() != Some(APPLICATION) {
            return Err(foreign());
        }
        let format = text("format")?.and_then(|v| v.parse().ok());
        match format {
            Some(1..=FORMAT) => Ok(()),
            Some(found) if found > FORMAT => Err(ProjectError::Newer {
                path: self.path.clone(),
                found,
                newest: FORMAT,
            }),
            _ => Err(self.damaged(&"its format is not given")),
        }
    }

    /// The name of the project.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn name(&self) -> Result<String, ProjectError> {
        let meta = self.transaction.open_table(META).map_err(|e| self.failed(e))?;
        let name = meta.get("name").map_err(|e| self.failed(e))?;
        name.map(|v| v.value().to_string())
            .ok_or_else(|| self.damaged(&"it has no name"))
    }

    /// Reads the texts as they were given last.
    ///
    /// # Errors
    /// When they cannot be read, or `parse` cannot make sense of them.
    pub fn texts<T>(&self, parse: impl FnOnce(&mut dyn Read) -> io::Result<T>) -> Result<T, ProjectError> {
        let pieces = self.packed_texts()?;
        let unpacked = zstd::decode(pieces.as_slice()).map(|d| d.take(MOST_TEXT));
        unpacked
            .and_then(|mut texts| parse(&mut io::BufReader::with_capacity(1 << 17, &mut texts)))
            .map_err(|e| self.damaged(&format!("its texts: {e}")))
    }

    /// The texts as they are stored.
    pub(super) fn packed_texts(&self) -> Result<Vec<u8>, ProjectError> {
        let table = self.transaction.open_table(TEXTS).map_err(|e| self.failed(e))?;
        let mut pieces = Vec::new();
        for entry in table.iter().map_err(|e| self.failed(e))? {
            let (_, piece) = entry.map_err(|e| self.failed(e))?;
            pieces.extend_from_slice(piece.value());
        }
        Ok(pieces)
    }

    /// Actions in the log.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn action_count(&self) -> Result<u64, ProjectError> {
        let log = self.transaction.open_table(LOG).map_err(|e| self.failed(e))?;
        let last = log.last().map_err(|e| self.failed(e))?;
        Ok(last.map_or(0, |(at, _)| at.value().saturating_add(1)))
    }

    /// Hands on every action of the log, in order.
    ///
    /// # Errors
    /// When one cannot be read or is missing, or `each` complains of it.
    pub fn actions(&self, mut each: impl FnMut(&str) -> Result<(), String>) -> Result<(), ProjectError> {
        let log = self.transaction.open_table(LOG).map_err(|e| self.failed(e))?;
        for (expected, entry) in (0..).zip(log.iter().map_err(|e| self.failed(e))?) {
            let (at, action) = entry.map_err(|e| self.failed(e))?;
            if at.value() != expected {
                return Err(self.damaged(&format!("step {} is missing", expected + 1)));
            }
            each(action.value()).map_err(|cause| self.damaged(&format!("step {}: {cause}", expected + 1)))?;
        }
        Ok(())
    }

    pub(super) fn actions_from(&self, first: u64) -> Result<Vec<String>, ProjectError> {
        let log = self.transaction.open_table(LOG).map_err(|e| self.failed(e))?;
        log.range(first..)
            .map_err(|e| self.failed(e))?
            .map(|entry| Ok(entry.map_err(|e| self.failed(e))?.1.value().to_string()))
            .collect()
    }

    /// Every setting as JSON, by name.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn settings(&self) -> Result<Vec<(String, String)>, ProjectError> {
        self.rows(SETTINGS, |key| key.to_string())
    }

    /// The header of every run as JSON, oldest first.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn runs(&self) -> Result<Vec<(u64, String)>, ProjectError> {
        self.rows(RUNS, |key| key)
    }

    /// The events of a run, as they were given.
    ///
    /// # Errors
    /// When there is no such run, or it cannot be read.
    pub fn run_events(&self, run: u64) -> Result<Vec<u8>, ProjectError> {
        let table = self
            .transaction
            .open_table(RUN_EVENTS)
            .map_err(|e| self.failed(e))?;
        let packed = table
            .get(run)
            .map_err(|e| self.failed(e))?
            .ok_or_else(|| self.missing(format!("run number {}", run + 1)))?;
        let mut events = Vec::new();
        zstd::decode(packed.value())
            .and_then(|d| d.take(MOST_EVENTS).read_to_end(&mut events))
            .map_err(|e| self.damaged(&format!("run number {}: {e}", run + 1)))?;
        Ok(events)
    }

    /// A result as it was given, where one is kept under this name.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn result(&self, name: &str) -> Result<Option<Vec<u8>>, ProjectError> {
        let table = match self.transaction.open_table(RESULTS) {
            Ok(table) => table,
            // A file of the first format has none.
            Err(TableError::TableDoesNotExist(_)) => return Ok(None),
            Err(error) => return Err(self.failed(error)),
        };
        let Some(packed) = table.get(name).map_err(|e| self.failed(e))? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        zstd::decode(packed.value())
            .and_then(|d| d.take(MOST_RESULT).read_to_end(&mut bytes))
            .map_err(|e| self.damaged(&format!("result '{name}': {e}")))?;
        Ok(Some(bytes))
    }

    /// Every model with its files.
    ///
    /// # Errors
    /// When they cannot be read, or name files that would lie outside a model's directory.
    pub fn models(&self) -> Result<Vec<(String, ModelListing)>, ProjectError> {
        let rows = self.rows(MODELS, |key| key.to_string())?;
        rows.into_iter()
            .map(|(name, json)| {
                let listing = ModelListing::parse(&json)
                    .map_err(|cause| self.damaged(&format!("model '{name}': {cause}")))?;
                Ok((name, listing))
            })
            .collect()
    }

    /// A piece of a model's file.
    ///
    /// # Errors
    /// When it cannot be read or is missing.
    pub fn piece(&self, blob: u64, piece: u32) -> Result<Vec<u8>, ProjectError> {
        let blobs = self.transaction.open_table(BLOBS).map_err(|e| self.failed(e))?;
        let bytes = blobs.get((blob, piece)).map_err(|e| self.failed(e))?;
        bytes
            .map(|b| b.value().to_vec())
            .ok_or_else(|| self.damaged(&"a part of a model is missing"))
    }

    fn rows<K: redb::Key + 'static, T>(
        &self,
        table: redb::TableDefinition<K, &'static str>,
        key: impl Fn(K::SelfType<'_>) -> T,
    ) -> Result<Vec<(T, String)>, ProjectError> {
        let table: ReadOnlyTable<K, &'static str> =
            self.transaction.open_table(table).map_err(|e| self.failed(e))?;
        table
            .iter()
            .map_err(|e| self.failed(e))?
            .map(|entry| {
                let (k, value) = entry.map_err(|e| self.failed(e))?;
                Ok((key(k.value()), value.value().to_string()))
            })
            .collect()
    }

    fn failed(&self, error: impl Into<StoreFailure>) -> ProjectError {
        error.into().at(&self.path)
    }

    /// The complaint that the file is damaged.
    pub fn damaged(&self, cause: &impl ToString) -> ProjectError {
        ProjectError::damaged(&self.path, cause)
    }

    fn missing(&self, what: String) -> ProjectError {
        ProjectError::Missing {
            path: self.path.clone(),
            what,
        }
    }
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

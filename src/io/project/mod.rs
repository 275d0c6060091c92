//! The project file `name.unfreeze`: one file that holds everything of a project and survives a crash at any moment.
//!
//! It is a redb database. redb is written in Rust alone, so the program stays one binary without a C library; its
//! transactions are atomic and durable (copy-on-write pages behind one checksummed root, one `fsync` a commit, no journal
//! file beside it that a user could forget to copy); it locks the file against a second window; and it stores through a
//! trait of six functions, which a browser can implement over its private file system. SQLite would do as well on a
//! desktop, but brings C, and its journal files break the promise of one file.
//!
//! | table | key | value |
//! |---|---|---|
//! | `meta` | `application`, `format`, `name`, `created` | text |
//! | `texts` | piece | a zstd stream in pieces; what it holds is the caller's |
//! | `log` | position, from 0 | one action as JSON; only ever appended to |
//! | `settings` | name | JSON |
//! | `runs` | run | its header as JSON |
//! | `run_events` | run | its events, zstd |
//! | `models` | name | the list of its files as JSON |
//! | `blobs` | blob, piece | bytes of a model's file |
//! | `results` | name | zstd; what it holds is the caller's. Since format 2 |
//!
//! Since format 3 `texts` may have grown since the file was made, and an action may give labels by their names.
//!
//! What the JSON means is known above this part; here it is text.

mod backend;
mod error;
#[cfg(test)]
pub(crate) mod filling;
mod models;
mod storage;
#[cfg(test)]
mod tests;
mod texts;
mod view;

use std::io;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use redb::{Builder, Database, Durability, StorageBackend, TableDefinition, WriteTransaction};

pub use error::ProjectError;
pub use models::{ModelFile, ModelListing};
pub use view::View;

use super::atomic::{parent_of, sync_dir};
use crate::host::clock::seconds_since_1970;
use crate::host::fs;
use crate::host::zstd;
use error::StoreFailure;
pub(crate) use storage::OpenStorage;
use storage::{Storage, file_storage};

/// The latest version of the layout that this program writes.
///
/// It rises with every change after which an older program would misread a file: another table, another meaning, another
/// kind of action in the log.
///
/// A file of an older format is read as it is, and becomes one of a later format when something is written that the older
/// one has no place for.
pub const FORMAT: u32 = 3;

/// The format of a new file, which has a place for results: an older program can read it for as long as its texts do not
/// grow.
const FORMAT_OF_NEW: u32 = 2;

/// How the file of a project ends.
pub const EXTENSION: &str = "unfreeze";

const META: TableDefinition<&str, &str> = TableDefinition::new("meta");
const TEXTS: TableDefinition<u32, &[u8]> = TableDefinition::new("texts");
const LOG: TableDefinition<u64, &str> = TableDefinition::new("log");
const SETTINGS: TableDefinition<&str, &str> = TableDefinition::new("settings");
const RUNS: TableDefinition<u64, &str> = TableDefinition::new("runs");
const RUN_EVENTS: TableDefinition<u64, &[u8]> = TableDefinition::new("run_events");
const MODELS: TableDefinition<&str, &str> = TableDefinition::new("models");
const BLOBS: TableDefinition<(u64, u32), &[u8]> = TableDefinition::new("blobs");
const RESULTS: TableDefinition<&str, &[u8]> = TableDefinition::new("results");

const APPLICATION: &str = "unfreeze project";

/// Bytes of a stored piece: a little under the power of two that redb gives it.
pub(crate) const PIECE: usize = (1 << 20) - (1 << 10);

/// Memory that redb may keep pages in.
const CACHE: usize = 32 << 20;

/// A project file that is open, locked against other windows.
pub struct ProjectFile {
    path: PathBuf,
    /// The file that was at `path` when it was opened; `None` where nothing was, and its bytes lie elsewhere.
    identity: Option<fs::Identity>,
    open_storage: OpenStorage,
    /// `None` after a failure: redb refuses to go on with a file that it could not write to, and is opened again.
    database: Option<Database>,
    /// Actions in the log that the caller was told of.
    actions: u64,
    /// Actions of a failed transaction: the disk may have them nevertheless.
    doubtful: Vec<String>,
    /// Texts of a failed transaction, for the same reason.
    doubt: Option<texts::Doubt>,
}

impl std::fmt::Debug for ProjectFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProjectFile")
            .field("path", &self.path)
            .field("actions", &self.actions)
            .finish_non_exhaustive()
    }
}

impl ProjectFile {
    /// Makes the file of a new project, whole or not at all; `write_texts` gives its texts. Missing directories are made.
    ///
    /// # Errors
    /// When something is there already, or the disk refuses.
    pub fn create(
        path: &Path,
        name: &str,
        write_texts: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), ProjectError> {
        let disk = |error: &io::Error| ProjectError::disk(path, error);
        let parent = parent_of(path);
        fs::create_dir_all(parent).map_err(|e| disk(&e))?;
        if fs::is_there(path) {
            return Err(ProjectError::Exists {
                path: path.to_path_buf(),
            });
        }
        let packed = texts::pack(path, write_texts)?;

        let mut builder = fs::Builder::new();
        builder.prefix(".unfreeze-").suffix(".tmp");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(parent).map_err(|e| disk(&e))?;
        let storage = file.reopen().and_then(backend::of_file);
        fill(storage.map_err(|e| disk(&e))?, name, &packed).map_err(|e| e.at(path))?;
        file.persist_noclobber(path).map_err(|e| disk(&e.error))?;
        sync_dir(parent).map_err(|e| disk(&e))
    }

    /// Opens a project and reads it.
    ///
    /// The file is checked first, every byte of it that is in use, without changing any: `read` is called once then, and
    /// once more when the file is open for good. What it complains of is damage.
    ///
    /// # Errors
    /// When the file is not a project that this version can read, is damaged, or is open in another window. Nothing was
    /// changed then.
    pub fn open<T>(
        path: &Path,
        read: impl Fn(&View) -> Result<T, ProjectError>,
    ) -> Result<(Self, T), ProjectError> {
        let data = fs::metadata(path).map_err(|e| ProjectError::disk(path, &e))?;
        if data.is_file() && data.len() == 0 {
            return Err(ProjectError::Empty {
                path: path.to_path_buf(),
            });
        }
        if !data.is_file() {
            return Err(ProjectError::Foreign {
                path: path.to_path_buf(),
            });
        }
        Self::open_in(path, file_storage(path), read)
    }

    /// The same, wherever its bytes lie; `path` is what messages call it.
    pub(crate) fn open_in<T>(
        path: &Path,
        open_storage: OpenStorage,
        read: impl Fn(&View) -> Result<T, ProjectError>,
    ) -> Result<(Self, T), ProjectError> {
        let look = || {
            let storage = open_storage().and_then(Storage::look);
            let storage = storage.map_err(|e| ProjectError::disk(path, &e))?;
            let database = Builder::new()
                .set_cache_size(CACHE)
                .set_check_integrity_on_open(true)
                .create_with_backend(storage)
                .map_err(|e| StoreFailure::from(e).at(path))?;
            read(&View::new(&database, path)?)
        };
        // redb promises errors for what it checks; a panic over a forged file must not take the window along.
        let looked = catch_unwind(AssertUnwindSafe(look));
        drop(looked.map_err(|_| ProjectError::damaged(path, &"its pages contradict one another"))??);

        // Asked for before it is opened: were it replaced in between, that would be noticed.
        let identity = fs::identity(path).ok();
        let database = open_database(path, &open_storage)?;
        let view = View::new(&database, path)?;
        let contents = read(&view)?;
        let actions = view.action_count()?;
        drop(view);
        let file = Self {
            path: path.to_path_buf(),
            identity,
            open_storage,
            database: Some(database),
            actions,
            doubtful: Vec::new(),
            doubt: None,
        };
        Ok((file, contents))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Actions in the log.
    pub fn actions(&self) -> u64 {
        self.actions
    }

    /// What it holds now.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn view(&mut self) -> Result<View, ProjectError> {
        self.reopen()?;
        match &self.database {
            Some(database) => View::new(database, &self.path),
            None => Err(self.closed()),
        }
    }

    /// Appends actions to the log, all or none; they are on disk when this returns.
    ///
    /// # Errors
    /// When the disk refuses; none of the actions is in the log then.
    pub async fn append(&mut self, actions: &[String]) -> Result<(), ProjectError> {
        self.reopen()?;
        let first = self.actions;
        let done = self.write(|transaction| {
            let mut log = transaction.open_table(LOG)?;
            for (at, action) in (first..).zip(actions) {
                log.insert(at, action.as_str())?;
            }
            Ok(())
        });
        let done = match done {
            Ok(()) => self.settled().await,
            failed => failed,
        };
        match done {
            Ok(()) => self.actions += actions.len() as u64,
            Err(_) => self.doubtful = actions.to_vec(),
        }
        done
    }

    /// Waits until what was written is on disk: on a desktop it is; a browser keeps it in a transaction of its own.
    ///
    /// # Errors
    /// When the browser refuses. The file is then opened again before it is used.
    pub async fn settled(&mut self) -> Result<(), ProjectError> {
        let done = fs::settled_without_bulk().await;
        done.map_err(|error| {
            self.database = None;
            ProjectError::disk(&self.path, &error)
        })
    }

    /// Keeps a setting.
    ///
    /// # Errors
    /// When the disk refuses; the setting is as before.
    pub fn set(&mut self, key: &str, json: &str) -> Result<(), ProjectError> {
        self.write(|transaction| {
            transaction.open_table(SETTINGS)?.insert(key, json)?;
            Ok(())
        })
    }

    /// Keeps a run, replacing what was kept of it.
    ///
    /// # Errors
    /// When the disk refuses; what was kept of it is as before.
    pub fn save_run(&mut self, run: u64, header: &str, events: &[u8]) -> Result<(), ProjectError> {
        let packed = zstd::encode_all(events).map_err(|e| ProjectError::disk(&self.path, &e))?;
        self.write(|transaction| {
            transaction.open_table(RUNS)?.insert(run, header)?;
            transaction
                .open_table(RUN_EVENTS)?
                .insert(run, packed.as_slice())?;
            Ok(())
        })
    }

    /// Keeps a result under a name instead of what was kept there; `None` removes that.
    ///
    /// # Errors
    /// When the disk refuses; what was kept there is as before.
    pub fn set_result(&mut self, name: &str, bytes: Option<&[u8]>) -> Result<(), ProjectError> {
        let packed = bytes.map(zstd::encode_all).transpose();
        let packed = packed.map_err(|e| ProjectError::disk(&self.path, &e))?;
        self.write(|transaction| {
            let mut results = transaction.open_table(RESULTS)?;
            match &packed {
                Some(packed) => results.insert(name, packed.as_slice())?,
                None => results.remove(name)?,
            };
            // An older program would leave this table alone when it writes what it contradicts.
            texts::raise(transaction, FORMAT_OF_NEW)
        })
    }

    /// One durable transaction, in the file that `path` leads to. After a failure the file is opened again before it is used.
    fn write(
        &mut self,
        change: impl FnOnce(&WriteTransaction) -> Result<(), StoreFailure>,
    ) -> Result<(), ProjectError> {
        self.reopen()?;
        self.check_place()?;
        let Some(database) = &self.database else {
            return Err(self.closed());
        };
        let done = (|| {
            let mut transaction = database.begin_write()?;
            // Whoever reads this should not have to know redb's default.
            let durable = transaction.set_durability(Durability::Immediate);
            debug_assert!(durable.is_ok());
            change(&transaction)?;
            transaction.commit()?;
            Ok(())
        })();
        done.map_err(|failure: StoreFailure| {
            self.database = None;
            failure.at(&self.path)
        })
    }

    /// Whether `path` still leads to the file that is open. One that was deleted or replaced can be written to until it is
    /// closed, and then all of that is gone.
    fn check_place(&self) -> Result<(), ProjectError> {
        let Some(identity) = self.identity else {
            return Ok(());
        };
        match fs::identity(&self.path) {
            Ok(there) if there == identity => Ok(()),
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(ProjectError::disk(&self.path, &error))
            }
            _ => Err(ProjectError::Moved {
                path: self.path.clone(),
            }),
        }
    }

    /// Opens the file again after a failure, and takes back from log and texts what the caller was told is not there.
    fn reopen(&mut self) -> Result<(), ProjectError> {
        if self.database.is_some() {
            return Ok(());
        }
        let identity = fs::identity(&self.path).ok();
        let database = open_database(&self.path, &self.open_storage)?;
        let view = View::new(&database, &self.path)?;
        let tail = view.actions_from(self.actions)?;
        let count = view.action_count()?;
        let before = match &self.doubt {
            Some(doubt) => doubt.put_back(&view, &self.path)?,
            None => None,
        };
        drop(view);
        // The lock was given up for a moment, in which another window may have worked on the file.
        if count < self.actions || (!tail.is_empty() && tail != self.doubtful) {
            return Err(ProjectError::Changed {
                path: self.path.clone(),
            });
        }
        if !tail.is_empty() || before.is_some() {
            let first = self.actions;
            (|| {
                let transaction = database.begin_write()?;
                transaction.open_table(LOG)?.retain_in(first.., |_, _| false)?;
                if let Some(before) = before {
                    texts::put(&transaction, before)?;
                }
                transaction.commit()?;
                Ok(())
            })()
            .map_err(|failure: StoreFailure| failure.at(&self.path))?;
        }
        self.doubtful.clear();
        self.doubt = None;
        self.identity = identity;
        self.database = Some(database);
        Ok(())
    }

    fn closed(&self) -> ProjectError {
        ProjectError::Disk {
            path: self.path.clone(),
            cause: "it is closed".to_string(),
        }
    }
}

fn open_database(path: &Path, open_storage: &OpenStorage) -> Result<Database, ProjectError> {
    let storage = open_storage().map_err(|e| ProjectError::disk(path, &e))?;
    Builder::new()
        .set_cache_size(CACHE)
        .create_with_backend(Storage::new(storage))
        .map_err(|e| StoreFailure::from(e).at(path))
}

/// Writes everything that a new project holds: every table, so that opening one never fails later.
fn fill(storage: impl StorageBackend, name: &str, packed: &[u8]) -> Result<(), StoreFailure> {
    let database = Builder::new()
        .set_cache_size(CACHE)
        .create_with_backend(storage)?;
    let transaction = database.begin_write()?;
    {
        let mut meta = transaction.open_table(META)?;
        meta.insert("application", APPLICATION)?;
        meta.insert("format", FORMAT_OF_NEW.to_string().as_str())?;
        meta.insert("name", name)?;
        meta.insert("created", seconds_since_1970().to_string().as_str())?;
        texts::put(&transaction, packed)?;
        transaction.open_table(LOG)?;
        transaction.open_table(SETTINGS)?;
        transaction.open_table(RUNS)?;
        transaction.open_table(RUN_EVENTS)?;
        transaction.open_table(MODELS)?;
        transaction.open_table(BLOBS)?;
        transaction.open_table(RESULTS)?;
    }
    transaction.commit()?;
    database.close()?;
    Ok(())
}

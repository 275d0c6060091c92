//! What can go wrong with a project file, in one line.

use std::io;
use std::path::{Path, PathBuf};

use redb::{CommitError, DatabaseError, StorageError, TableError, TransactionError};

use crate::io::error::one_line;

/// A failure to open, read or write a project file. The message is complete.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(
    missing_docs,
    reason = "the messages say what each failure is and what its fields hold"
)]
pub enum ProjectError {
    #[error("{}: no such file; it may have been moved or deleted", .path.display())]
    NotFound { path: PathBuf },
    #[error("{}: the file is empty, not a project; choose another", .path.display())]
    Empty { path: PathBuf },
    #[error("{}: is not an Unfreeze project; choose a file that ends in .unfreeze", .path.display())]
    Foreign { path: PathBuf },
    #[error("{}: the project file is damaged ({cause}); restore it from a backup; it was left as it is", .path.display())]
    Damaged { path: PathBuf, cause: String },
    #[error(
        "{}: was written by a newer Unfreeze (project format {found}, this one reads up to {newest}); update Unfreeze; \
         the file was left as it is",
        .path.display()
    )]
    Newer { path: PathBuf, found: u32, newest: u32 },
    #[error("{}: is open in another window of Unfreeze; close it there first", .path.display())]
    InUse { path: PathBuf },
    #[error("{}: was changed by another window meanwhile; close this project and open it again", .path.display())]
    Changed { path: PathBuf },
    #[error(
        "{} was moved, deleted or replaced while it is open: put it back, or export your labels and open it again",
        .path.display()
    )]
    Moved { path: PathBuf },
    #[error("{}: exists already; choose another name", .path.display())]
    Exists { path: PathBuf },
    #[error("no space left on the disk of {}; free some and try again", .path.display())]
    NoSpace { path: PathBuf },
    #[error("{}: cannot be read or written: {cause}", .path.display())]
    Disk { path: PathBuf, cause: String },
    #[error("{}: the project has no {what}", .path.display())]
    Missing { path: PathBuf, what: String },
    #[error("{}: {cause}; the model was not saved", .path.display())]
    Model { path: PathBuf, cause: String },
}

impl ProjectError {
    /// Names the file in a failure of the operating system.
    pub(crate) fn disk(path: &Path, error: &io::Error) -> Self {
        let path = path.to_path_buf();
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path },
            io::ErrorKind::AlreadyExists => Self::Exists { path },
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::NoSpace { path }
            }
            // redb says this of a file that does not begin as its files do.
            io::ErrorKind::InvalidData => Self::Foreign { path },
            io::ErrorKind::UnexpectedEof => Self::Damaged {
                path,
                cause: "it ends too early".to_string(),
            },
            _ => Self::Disk {
                path,
                cause: one_line(error),
            },
        }
    }

    pub(super) fn damaged(path: &Path, cause: &impl ToString) -> Self {
        Self::Damaged {
            path: path.to_path_buf(),
            cause: one_line(cause),
        }
    }
}

/// Any failure of the store, to be joined with the path of its file.
#[derive(Debug)]
pub(super) struct StoreFailure(Kind);

#[derive(Debug)]
enum Kind {
    Locked,
    Io(io::Error),
    /// Written by a version of the store that no Unfreeze ever had.
    Foreign,
    Corrupted(String),
    Other(String),
}

impl StoreFailure {
    pub(super) fn at(self, path: &Path) -> ProjectError {
        let owned = path.to_path_buf();
        match self.0 {
            Kind::Locked => ProjectError::InUse { path: owned },
            Kind::Io(error) => ProjectError::disk(path, &error),
            Kind::Foreign => ProjectError::Foreign { path: owned },
            Kind::Corrupted(cause) => ProjectError::damaged(path, &cause),
            Kind::Other(cause) => ProjectError::Disk {
                path: owned,
                cause: one_line(&cause),
            },
        }
    }
}

impl From<StorageError> for StoreFailure {
    fn from(error: StorageError) -> Self {
        Self(match error {
            StorageError::Io(error) => Kind::Io(error),
            StorageError::Corrupted(cause) => Kind::Corrupted(cause),
            error => Kind::Other(error.to_string()),
        })
    }
}

impl From<DatabaseError> for StoreFailure {
    fn from(error: DatabaseError) -> Self {
        match error {
            DatabaseError::Storage(error) => error.into(),
            DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => Self(Kind::Locked),
            DatabaseError::UpgradeRequired(_) => Self(Kind::Foreign),
            error => Self(Kind::Other(error.to_string())),
        }
    }
}

impl From<TransactionError> for StoreFailure {
    fn from(error: TransactionError) -> Self {
        match error {
            TransactionError::Storage(error) => error.into(),
            error => Self(Kind::Other(error.to_string())),
        }
    }
}

impl From<TableError> for StoreFailure {
    fn from(error: TableError) -> Self {
        match error {
            TableError::Storage(error) => error.into(),
            // The tables of a project are all there from its first moment, and of one type.
            error => Self(Kind::Corrupted(error.to_string())),
        }
    }
}

impl From<CommitError> for StoreFailure {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Storage(error) => error.into(),
            error => Self(Kind::Other(error.to_string())),
        }
    }
}

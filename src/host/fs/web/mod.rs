//! Files in memory, for a tab.
//!
//! An open file stays readable when its name is removed or given to another, as on Unix: what writes whole files or none relies
//! on it.

mod copy;
#[cfg(target_family = "wasm")]
mod disk;
mod file;
mod kept;
mod temporary;
#[cfg(test)]
mod tests;
mod tree;

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

pub use copy::{Change, Copy};
#[cfg(target_family = "wasm")]
pub use disk::{ask_to_keep, bulk_refused, keep, may_be_cleared, settled, settled_without_bulk};
pub use file::{File, OpenOptions};
pub use temporary::{Builder, NamedTempFile, PersistError, TempDir, tempdir, tempfile};
use tree::{Node, Tree, tree};

/// What is known of a file or folder.
#[derive(Clone, Debug)]
pub struct Metadata {
    folder: bool,
    bytes: u64,
    modified: SystemTime,
}

impl Metadata {
    /// Whether it is a folder.
    pub fn is_dir(&self) -> bool {
        self.folder
    }

    /// Whether it is a file.
    pub fn is_file(&self) -> bool {
        !self.folder
    }

    /// Its length in bytes.
    #[allow(clippy::len_without_is_empty, reason = "the standard library's has none")]
    pub fn len(&self) -> u64 {
        self.bytes
    }

    /// When it was written last.
    ///
    /// # Errors
    /// None here.
    pub fn modified(&self) -> io::Result<SystemTime> {
        Ok(self.modified)
    }

    /// Who may do what with it: nobody else is here.
    pub fn permissions(&self) -> Permissions {
        Permissions(())
    }
}

/// Who may do what with a file.
#[derive(Clone, Debug)]
pub struct Permissions(());

/// A name in a folder.
#[derive(Clone, Debug)]
pub struct DirEntry {
    path: PathBuf,
}

impl DirEntry {
    /// The whole path.
    pub fn path(&self) -> PathBuf {
        self.path.clone()
    }

    /// The name alone.
    pub fn file_name(&self) -> OsString {
        self.path.file_name().unwrap_or_default().to_os_string()
    }

    /// What it is.
    ///
    /// # Errors
    /// When it is gone.
    pub fn metadata(&self) -> io::Result<Metadata> {
        metadata(&self.path)
    }

    /// Whether it is a file or a folder.
    ///
    /// # Errors
    /// When it is gone.
    pub fn file_type(&self) -> io::Result<Metadata> {
        metadata(&self.path)
    }
}

/// Reads a whole file.
///
/// # Errors
/// When there is no such file.
pub fn read(path: impl AsRef<Path>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a whole file as text.
///
/// # Errors
/// When there is no such file, or it is not UTF-8.
pub fn read_to_string(path: impl AsRef<Path>) -> io::Result<String> {
    String::from_utf8(read(path)?).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))
}

/// Writes a whole file.
///
/// # Errors
/// When its folder is missing, or it is a folder itself.
pub fn write(path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> io::Result<()> {
    File::create(path)?.write_all(bytes.as_ref())
}

/// What is at a path.
///
/// # Errors
/// When nothing is.
pub fn metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    tree().find(path.as_ref()).map(Node::metadata)
}

/// The same: there are no links.
///
/// # Errors
/// When nothing is there.
pub fn symlink_metadata(path: impl AsRef<Path>) -> io::Result<Metadata> {
    metadata(path)
}

/// The path from the root, where something is there.
///
/// # Errors
/// When nothing is.
pub fn canonicalize(path: impl AsRef<Path>) -> io::Result<PathBuf> {
    tree().find(path.as_ref())?;
    absolute(path)
}

/// The path from the root.
///
/// # Errors
/// None here.
pub fn absolute(path: impl AsRef<Path>) -> io::Result<PathBuf> {
    Ok(tree::absolute(path.as_ref()))
}

/// Which file is at a path: nobody else sees the page's files, so that it is the one that was put there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity(());

/// Which file is at this path.
///
/// # Errors
/// When none is.
pub fn identity(path: &Path) -> io::Result<Identity> {
    metadata(path).map(|_| Identity(()))
}

/// Whether both paths lead to the same file.
pub fn is_same(one: &Path, other: &Path) -> bool {
    is_there(one) && tree::absolute(one) == tree::absolute(other)
}

/// What one process at a time has: here there is no other.
#[derive(Debug)]
pub struct Lock(());

impl Lock {
    /// Takes the lock that a file stands for.
    ///
    /// # Errors
    /// None here.
    pub fn take(_path: &Path) -> io::Result<Option<Self>> {
        Ok(Some(Self(())))
    }
}

/// Whether anything is at this path.
pub fn is_there(path: &Path) -> bool {
    metadata(path).is_ok()
}

/// Whether a file is at this path.
pub fn is_file(path: &Path) -> bool {
    metadata(path).is_ok_and(|data| data.is_file())
}

/// Whether a folder is at this path.
pub fn is_dir(path: &Path) -> bool {
    metadata(path).is_ok_and(|data| data.is_dir())
}

/// Makes a folder in one that is there.
///
/// # Errors
/// When something has the name, or the folder above is missing.
pub fn create_dir(path: impl AsRef<Path>) -> io::Result<()> {
    tree().add(path.as_ref(), Node::Folder)
}

/// Makes a folder and those above it, where they are missing.
///
/// # Errors
/// When a file has one of the names.
pub fn create_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    tree().add_folders(path.as_ref())
}

/// Removes a file.
///
/// # Errors
/// When there is no such file.
pub fn remove_file(path: impl AsRef<Path>) -> io::Result<()> {
    tree().remove_file(path.as_ref())
}

/// Removes a folder with everything in it.
///
/// # Errors
/// When there is no such folder.
pub fn remove_dir_all(path: impl AsRef<Path>) -> io::Result<()> {
    tree().remove_folder(path.as_ref())
}

/// Gives a file or folder another path. A file or an empty folder that has it is replaced by one of its kind.
///
/// # Errors
/// When there is nothing to rename, or what has the path stays.
pub fn rename(from: impl AsRef<Path>, to: impl AsRef<Path>) -> io::Result<()> {
    tree().rename(from.as_ref(), to.as_ref())
}

/// What is in a folder, by name.
///
/// # Errors
/// When there is no such folder.
pub fn read_dir(path: impl AsRef<Path>) -> io::Result<impl Iterator<Item = io::Result<DirEntry>>> {
    let paths = Tree::children(&tree(), path.as_ref())?;
    Ok(paths.into_iter().map(|path| Ok(DirEntry { path })))
}

/// Sets who may do what with a file.
///
/// # Errors
/// When there is no such file.
pub fn set_permissions(path: impl AsRef<Path>, _permissions: Permissions) -> io::Result<()> {
    metadata(path).map(|_| ())
}

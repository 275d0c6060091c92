//! Files and folders that go when nobody needs them.

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::file::File;
use super::{create_dir, create_dir_all, is_there, remove_dir_all, remove_file, rename};

static NEXT: AtomicU64 = AtomicU64::new(0);

/// How temporary names look.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    prefix: String,
    suffix: String,
}

impl Builder {
    /// A number.
    pub fn new() -> Self {
        Self::default()
    }

    /// What comes before it.
    pub fn prefix(&mut self, prefix: &str) -> &mut Self {
        self.prefix = prefix.to_string();
        self
    }

    /// What comes behind it.
    pub fn suffix(&mut self, suffix: &str) -> &mut Self {
        self.suffix = suffix.to_string();
        self
    }

    fn name(&self) -> String {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        format!("{}{number}{}", self.prefix, self.suffix)
    }

    /// A file in this folder.
    ///
    /// # Errors
    /// When there is no such folder.
    pub fn tempfile_in(&self, folder: impl AsRef<Path>) -> io::Result<NamedTempFile> {
        let path = folder.as_ref().join(self.name());
        let file = File::create_new(&path)?;
        Ok(NamedTempFile { path, file })
    }

    /// A folder in this folder.
    ///
    /// # Errors
    /// When there is no such folder.
    pub fn tempdir_in(&self, folder: impl AsRef<Path>) -> io::Result<TempDir> {
        let path = folder.as_ref().join(self.name());
        create_dir(&path)?;
        Ok(TempDir { path })
    }
}

/// A file with a temporary name, removed when this is dropped.
#[derive(Debug)]
pub struct NamedTempFile {
    path: PathBuf,
    file: File,
}

/// The file could not get its final name.
#[derive(Debug)]
pub struct PersistError {
    /// Why.
    pub error: io::Error,
}

impl NamedTempFile {
    /// Its temporary name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The open file.
    pub fn as_file(&self) -> &File {
        &self.file
    }

    /// The same file from its beginning.
    ///
    /// # Errors
    /// None here.
    pub fn reopen(&self) -> io::Result<File> {
        self.file.try_clone()
    }

    /// Gives it its final name; a file that has it is replaced.
    ///
    /// # Errors
    /// When a folder has the name.
    pub fn persist(self, path: impl AsRef<Path>) -> Result<File, PersistError> {
        rename(&self.path, path).map_err(|error| PersistError { error })?;
        self.reopen().map_err(|error| PersistError { error })
    }

    /// The same where nothing has the name.
    ///
    /// # Errors
    /// When something has.
    pub fn persist_noclobber(self, path: impl AsRef<Path>) -> Result<File, PersistError> {
        if is_there(path.as_ref()) {
            let error = ErrorKind::AlreadyExists.into();
            return Err(PersistError { error });
        }
        self.persist(path)
    }
}

impl Write for NamedTempFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for NamedTempFile {
    fn drop(&mut self) {
        // One that got its final name is no longer here.
        remove_file(&self.path).ok();
    }
}

/// A folder that is removed when this is dropped.
#[derive(Debug)]
pub struct TempDir {
    path: PathBuf,
}

impl TempDir {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lets it stay.
    pub fn keep(mut self) -> PathBuf {
        std::mem::take(&mut self.path)
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            remove_dir_all(&self.path).ok();
        }
    }
}

/// A temporary folder.
///
/// # Errors
/// When a file is where it would go.
pub fn tempdir() -> io::Result<TempDir> {
    create_dir_all("/scratch")?;
    Builder::new().tempdir_in("/scratch")
}

/// A file without a name.
///
/// # Errors
/// None here.
pub fn tempfile() -> io::Result<File> {
    Ok(File::nameless())
}

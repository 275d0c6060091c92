//! The operating system's files.

use std::path::Path;

pub use std::fs::*;
pub use std::path::absolute;
pub use tempfile::{Builder, NamedTempFile, TempDir, tempdir, tempfile};

/// Whether anything is at this path.
pub fn is_there(path: &Path) -> bool {
    path.exists()
}

/// Whether a regular file is at this path, or a link to one.
pub fn is_file(path: &Path) -> bool {
    path.is_file()
}

/// Whether a folder is at this path, or a link to one.
pub fn is_dir(path: &Path) -> bool {
    path.is_dir()
}

/// Whether somebody else than the user may delete what is kept: a browser may, an operating system does not.
pub fn may_be_cleared() -> bool {
    false
}

/// Which file is at a path, whatever it holds: one that takes its place is another. On Windows not always: one that comes within
/// seconds may be given the time at which the other was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity(Mark);

/// The device, and the number of the file on it.
#[cfg(unix)]
type Mark = (u64, u64);

/// When the file was made, where the system tells: the numbers that it gives to files are not to be had here.
#[cfg(not(unix))]
type Mark = Option<std::time::SystemTime>;

/// Which file is at this path.
///
/// # Errors
/// When none is.
pub fn identity(path: &Path) -> std::io::Result<Identity> {
    let data = metadata(path)?;
    #[cfg(unix)]
    let mark = {
        use std::os::unix::fs::MetadataExt as _;
        (data.dev(), data.ino())
    };
    #[cfg(not(unix))]
    let mark = data.created().ok();
    Ok(Identity(mark))
}

/// Whether both paths lead to the same file, through links too.
pub fn is_same(one: &Path, other: &Path) -> bool {
    let equal = match (canonicalize(one), canonicalize(other)) {
        (Ok(one), Ok(other)) => one == other,
        _ => return false,
    };
    // The time at which a file was made, which elsewhere stands for the file, is that of many.
    let linked = || match (identity(one), identity(other)) {
        (Ok(one), Ok(other)) => cfg!(unix) && one == other,
        _ => false,
    };
    equal || linked()
}

/// What one process at a time has, and no other thread of it either. It goes with the process, however that ends.
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// Takes the lock that a file stands for, which is made where it is missing and stays; `None` where another has it.
    ///
    /// # Errors
    /// The file cannot be made.
    pub fn take(path: &Path) -> std::io::Result<Option<Self>> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        // Who had it may just have ended and removed the file: then this is not the one that others find.
        for _ in 0..10 {
            let file = options.open(path)?;
            match file.try_lock() {
                Err(TryLockError::WouldBlock) => return Ok(None),
                // Not every file system has locks, and work goes on without.
                Ok(()) | Err(TryLockError::Error(_)) => {}
            }
            if is_there(path) {
                return Ok(Some(Self(file)));
            }
        }
        Ok(None)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file would do, if a child process that is just starting did not have it open too.
        self.0.unlock().ok();
    }
}

/// Waits until every change made so far is on disk: here what has to be was synchronised file by file.
///
/// # Errors
/// None here; a browser may refuse.
pub async fn settled() -> std::io::Result<()> {
    Ok(())
}

/// The same, but for what is bulky and can be made again.
///
/// # Errors
/// None here; a browser may refuse.
pub async fn settled_without_bulk() -> std::io::Result<()> {
    Ok(())
}

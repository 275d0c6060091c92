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

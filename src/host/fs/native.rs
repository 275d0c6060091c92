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

/// Waits until every change made so far is on disk: here what has to be was synchronised file by file.
///
/// # Errors
/// None here; a browser may refuse.
pub async fn settled() -> std::io::Result<()> {
    Ok(())
}

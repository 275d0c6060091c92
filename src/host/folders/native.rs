//! Folders where the operating system keeps such things.

use std::path::PathBuf;

use directories::{ProjectDirs, UserDirs};

fn own() -> Option<ProjectDirs> {
    ProjectDirs::from("", "", "unfreeze")
}

/// Where this program keeps what is the user's own, where there is such a place.
pub fn data() -> Option<PathBuf> {
    own().map(|dirs| dirs.data_dir().to_path_buf())
}

/// Where this program keeps what it can make again, where there is such a place.
pub fn cache() -> Option<PathBuf> {
    own().map(|dirs| dirs.cache_dir().to_path_buf())
}

/// The user's documents.
pub fn documents() -> Option<PathBuf> {
    UserDirs::new().and_then(|dirs| dirs.document_dir().map(std::path::Path::to_path_buf))
}

/// Where this program's temporary files go.
pub fn temporary() -> PathBuf {
    std::env::temp_dir().join("unfreeze")
}

/// The same for files that no other process of this program may see.
pub fn of_this_process() -> PathBuf {
    std::env::temp_dir().join(format!("unfreeze-{}", std::process::id()))
}

//! Folders in a tab: every path is the page's own, so that names are enough.

use std::path::PathBuf;

/// Where this program keeps what is the user's own, where there is such a place.
pub fn data() -> Option<PathBuf> {
    Some(PathBuf::from("/data"))
}

/// Where this program keeps what it can make again, where there is such a place.
pub fn cache() -> Option<PathBuf> {
    Some(PathBuf::from("/cache"))
}

/// The user's documents: a page sees none.
pub fn documents() -> Option<PathBuf> {
    None
}

/// Where this program's temporary files go.
pub fn temporary() -> PathBuf {
    PathBuf::from("/scratch")
}

/// The same for files that no other process of this program may see.
pub fn of_this_process() -> PathBuf {
    PathBuf::from("/scratch-of-the-tab")
}

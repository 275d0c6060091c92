//! redb's own way to a file of the operating system, which it locks.

use std::io;

use redb::backends::FileBackend;

use crate::host::fs::File;

/// The file, locked for this window.
///
/// # Errors
/// When another window has it.
pub(in crate::io::project) fn of_file(file: File) -> io::Result<FileBackend> {
    FileBackend::new(file).map_err(io::Error::other)
}

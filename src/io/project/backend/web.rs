//! A file of the page.

use std::io;

use redb::StorageBackend;

use crate::host::fs::File;

#[derive(Debug)]
struct Page(File);

/// The file. It needs no lock: nobody else sees the page's files.
///
/// # Errors
/// None here; on a desktop another window may have it.
pub(in crate::io::project) fn of_file(file: File) -> io::Result<impl StorageBackend> {
    Ok(Page(file))
}

impl StorageBackend for Page {
    fn len(&self) -> io::Result<u64> {
        self.0.metadata().map(|data| data.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if self.0.read_at(offset, out)? == out.len() {
            Ok(())
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_all()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.0.write_at(offset, data)
    }
}

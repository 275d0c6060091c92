//! A disk that fills up when a test says so.

use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use redb::{BackendError, StorageBackend};

use super::OpenStorage;
use super::storage::file_storage;

/// A file on a disk that has room for so many bytes more.
pub(crate) fn storage(path: &Path, room: Arc<AtomicI64>) -> OpenStorage {
    let file = file_storage(path);
    Box::new(move || {
        let (inner, room) = (file()?, room.clone());
        Ok(Box::new(Filling { inner, room }))
    })
}

#[derive(Debug)]
struct Filling {
    inner: Box<dyn StorageBackend>,
    room: Arc<AtomicI64>,
}

impl StorageBackend for Filling {
    fn len(&self) -> io::Result<u64> {
        self.inner.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.inner.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        if self.room.load(Ordering::Relaxed) < 0 && len > self.len()? {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.inner.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        if self.room.load(Ordering::Relaxed) < 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.inner.sync_data()
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if self.room.fetch_sub(data.len() as i64, Ordering::Relaxed) < data.len() as i64 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.inner.write(offset, data)
    }
    fn close(&self) -> io::Result<()> {
        self.inner.close()
    }
    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.try_lock_range(start, end)
    }
    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.unlock_range(start, end)
    }
}

//! Where the bytes of a project file lie, and looking at them without changing any.

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use redb::{BackendError, StorageBackend};

use super::backend::of_file;
use crate::host::fs::OpenOptions;

/// Opens the bytes of a project once more. A browser gives its private file system here; tests give disks that fail.
pub(crate) type OpenStorage = Box<dyn Fn() -> io::Result<Box<dyn StorageBackend>> + Send>;

/// The storage of a file that exists.
pub(super) fn file_storage(path: &Path) -> OpenStorage {
    let path = path.to_path_buf();
    Box::new(move || {
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        Ok(Box::new(of_file(file)?))
    })
}

/// Storage as it is, or a look at it: what is written then stays in memory and goes when it is closed.
///
/// redb repairs whatever it opens. A file that turns out to be damaged, foreign or of a newer version must stay as it is,
/// byte for byte, so it is first opened through a look.
#[derive(Debug)]
pub(super) struct Storage {
    inner: Box<dyn StorageBackend>,
    look: Option<Mutex<Look>>,
}

const PAGE: u64 = 4096;

/// What was written during a look.
#[derive(Debug)]
struct Look {
    len: u64,
    /// Bytes of the storage itself that are still seen; none once it was cut shorter.
    seen: u64,
    pages: BTreeMap<u64, Box<[u8]>>,
}

impl Storage {
    pub fn new(inner: Box<dyn StorageBackend>) -> Self {
        Self { inner, look: None }
    }

    pub fn look(inner: Box<dyn StorageBackend>) -> io::Result<Self> {
        let len = inner.len()?;
        let look = Look {
            len,
            seen: len,
            pages: BTreeMap::new(),
        };
        Ok(Self {
            inner,
            look: Some(Mutex::new(look)),
        })
    }

    fn with<T>(&self, in_look: impl FnOnce(&mut Look) -> T, direct: impl FnOnce() -> T) -> T {
        match &self.look {
            Some(look) => in_look(&mut look.lock().unwrap_or_else(PoisonError::into_inner)),
            None => direct(),
        }
    }
}

impl Look {
    fn read(&self, inner: &dyn StorageBackend, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let end = offset.saturating_add(out.len() as u64);
        if end > self.len {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let below = self.seen.saturating_sub(offset).min(out.len() as u64) as usize;
        let (from_inner, zeros) = out.split_at_mut(below);
        if !from_inner.is_empty() {
            inner.read(offset, from_inner)?;
        }
        zeros.fill(0);
        for (&page, bytes) in self.pages.range(offset / PAGE..end.div_ceil(PAGE)) {
            let start = page * PAGE;
            let (from, to) = (start.max(offset), (start + PAGE).min(end));
            out[(from - offset) as usize..(to - offset) as usize]
                .copy_from_slice(&bytes[(from - start) as usize..(to - start) as usize]);
        }
        Ok(())
    }

    fn write(&mut self, inner: &dyn StorageBackend, offset: u64, data: &[u8]) -> io::Result<()> {
        let end = offset
            .checked_add(data.len() as u64)
            .ok_or(io::ErrorKind::InvalidInput)?;
        for page in offset / PAGE..end.div_ceil(PAGE) {
            let start = page * PAGE;
            if !self.pages.contains_key(&page) {
                let mut bytes = vec![0; PAGE as usize].into_boxed_slice();
                let there = self.seen.saturating_sub(start).min(PAGE) as usize;
                if there > 0 {
                    inner.read(start, &mut bytes[..there])?;
                }
                self.pages.insert(page, bytes);
            }
            if let Some(bytes) = self.pages.get_mut(&page) {
                let (from, to) = (start.max(offset), (start + PAGE).min(end));
                bytes[(from - start) as usize..(to - start) as usize]
                    .copy_from_slice(&data[(from - offset) as usize..(to - offset) as usize]);
            }
        }
        self.len = self.len.max(end);
        Ok(())
    }

    fn set_len(&mut self, len: u64) {
        if len < self.len {
            self.seen = self.seen.min(len);
            self.pages.split_off(&len.div_ceil(PAGE));
            if let Some(last) = self.pages.get_mut(&(len / PAGE)) {
                last[(len % PAGE) as usize..].fill(0);
            }
        }
        self.len = len;
    }
}

impl StorageBackend for Storage {
    fn len(&self) -> io::Result<u64> {
        self.with(|look| Ok(look.len), || self.inner.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        match &self.look {
            Some(look) => {
                let look = look.lock().unwrap_or_else(PoisonError::into_inner);
                look.read(self.inner.as_ref(), offset, out)
            }
            None => self.inner.read(offset, out),
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.with(
            |look| {
                look.set_len(len);
                Ok(())
            },
            || self.inner.set_len(len),
        )
    }

    fn sync_data(&self) -> io::Result<()> {
        self.with(|_| Ok(()), || self.inner.sync_data())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.with(
            |look| look.write(self.inner.as_ref(), offset, data),
            || self.inner.write(offset, data),
        )
    }

    fn close(&self) -> io::Result<()> {
        self.inner.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.inner.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.inner.query_lock_range(start, end)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use redb::backends::InMemoryBackend;

    use super::*;

    fn filled(bytes: &[u8]) -> InMemoryBackend {
        let backend = InMemoryBackend::new();
        backend.set_len(bytes.len() as u64).unwrap();
        backend.write(0, bytes).unwrap();
        backend
    }

    fn all(storage: &dyn StorageBackend) -> Vec<u8> {
        let mut out = vec![0; storage.len().unwrap() as usize];
        storage.read(0, &mut out).unwrap();
        out
    }

    proptest! {
        /// A look reads as if everything had been written, and nothing was.
        #[test]
        fn a_look_changes_nothing(
            writes in prop::collection::vec((0..20_000u64, 1..6000usize, any::<u8>(), 0..30_000u64), 0..12),
        ) {
            let before: Vec<u8> = (0..10_000).map(|i| (i % 251) as u8).collect();
            let shared = std::sync::Arc::new(filled(&before));
            let expected = filled(&before);
            let look = Storage::look(Box::new(Through(shared.clone()))).unwrap();
            for (offset, len, byte, cut) in writes {
                if cut < 15_000 {
                    expected.set_len(cut).unwrap();
                    look.set_len(cut).unwrap();
                }
                let needed = offset + len as u64;
                if needed > expected.len().unwrap() {
                    expected.set_len(needed).unwrap();
                    look.set_len(needed).unwrap();
                }
                expected.write(offset, &vec![byte; len]).unwrap();
                look.write(offset, &vec![byte; len]).unwrap();
                prop_assert!(all(&look) == all(&expected));
            }
            prop_assert!(all(shared.as_ref()) == before);
        }
    }

    #[derive(Debug)]
    struct Through(std::sync::Arc<InMemoryBackend>);

    impl StorageBackend for Through {
        fn len(&self) -> io::Result<u64> {
            self.0.len()
        }
        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.0.read(offset, out)
        }
        fn set_len(&self, len: u64) -> io::Result<()> {
            self.0.set_len(len)
        }
        fn sync_data(&self) -> io::Result<()> {
            self.0.sync_data()
        }
        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            self.0.write(offset, data)
        }
    }
}

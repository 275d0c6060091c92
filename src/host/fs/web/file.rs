//! An open file.

use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::Metadata;
use super::tree::{Node, Shared, empty, lock, now, tree};

/// An open file, or a folder that was opened like one.
#[derive(Debug)]
pub struct File {
    node: Node,
    at: u64,
    writes: bool,
}

/// How to open a file.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    write: bool,
}

impl OpenOptions {
    /// Neither reading nor writing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reading is always possible.
    pub fn read(&mut self, _read: bool) -> &mut Self {
        self
    }

    /// Whether to write to it.
    pub fn write(&mut self, write: bool) -> &mut Self {
        self.write = write;
        self
    }

    /// Opens a file that is there.
    ///
    /// # Errors
    /// When it is not, or is a folder that was to be written to.
    pub fn open(&self, path: impl AsRef<Path>) -> io::Result<File> {
        let node = tree().find(path.as_ref())?.clone();
        if self.write && matches!(node, Node::Folder) {
            return Err(ErrorKind::IsADirectory.into());
        }
        Ok(File {
            node,
            at: 0,
            writes: self.write,
        })
    }
}

impl File {
    /// Opens a file for reading.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        OpenOptions::new().open(path)
    }

    /// How to open one.
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    /// Makes a file, or empties one that is there, and opens it for writing.
    ///
    /// # Errors
    /// When its folder is missing, or it is a folder itself.
    pub fn create(path: impl AsRef<Path>) -> io::Result<Self> {
        match Self::create_new(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                let file = OpenOptions::new().write(true).open(path)?;
                file.set_len(0)?;
                Ok(file)
            }
            made => made,
        }
    }

    /// Makes a file that is not there and opens it for writing.
    ///
    /// # Errors
    /// When something has the name, or its folder is missing.
    pub fn create_new(path: impl AsRef<Path>) -> io::Result<Self> {
        let file = Self::nameless();
        tree().add(path.as_ref(), file.node.clone())?;
        Ok(file)
    }

    /// A file that no path leads to.
    pub(super) fn nameless() -> Self {
        Self {
            node: Node::File(empty()),
            at: 0,
            writes: true,
        }
    }

    /// The same file, opened once more from its beginning.
    ///
    /// # Errors
    /// None here.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self {
            node: self.node.clone(),
            at: 0,
            writes: self.writes,
        })
    }

    /// What is known of it.
    ///
    /// # Errors
    /// None here.
    pub fn metadata(&self) -> io::Result<Metadata> {
        Ok(self.node.metadata())
    }

    /// Nothing lies between a write and the memory.
    ///
    /// # Errors
    /// None here.
    pub fn sync_all(&self) -> io::Result<()> {
        Ok(())
    }

    fn content(&self) -> io::Result<&Shared> {
        match &self.node {
            Node::File(content) => Ok(content),
            Node::Folder => Err(ErrorKind::IsADirectory.into()),
        }
    }

    /// Cuts the file, or fills it up with zeros.
    ///
    /// # Errors
    /// When it was not opened for writing, or the memory does not suffice.
    pub fn set_len(&self, len: u64) -> io::Result<()> {
        if !self.writes {
            return Err(ErrorKind::PermissionDenied.into());
        }
        let len = usize::try_from(len).map_err(|_| ErrorKind::OutOfMemory)?;
        let content = &mut lock(self.content()?);
        let old = content.bytes.len();
        content
            .bytes
            .try_reserve(len.saturating_sub(old))
            .map_err(|_| ErrorKind::OutOfMemory)?;
        content.bytes.resize(len, 0);
        content.touch(old.min(len), old.max(len));
        Ok(())
    }

    /// Reads what lies at a place, as much of it as there is.
    ///
    /// # Errors
    /// When it is a folder.
    pub fn read_at(&self, at: u64, out: &mut [u8]) -> io::Result<usize> {
        let content = lock(self.content()?);
        let from = usize::try_from(at).unwrap_or(usize::MAX).min(content.bytes.len());
        let found = content.bytes.get(from..).unwrap_or_default();
        let count = found.len().min(out.len());
        if let (Some(out), Some(found)) = (out.get_mut(..count), found.get(..count)) {
            out.copy_from_slice(found);
        }
        Ok(count)
    }

    /// Writes all of it at a place.
    ///
    /// # Errors
    /// As [`set_len`](Self::set_len).
    pub fn write_at(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let end = at
            .checked_add(bytes.len() as u64)
            .ok_or(ErrorKind::InvalidInput)?;
        if end > self.node.metadata().len() || !self.writes {
            self.set_len(end)?;
        }
        let content = &mut lock(self.content()?);
        content.modified = now();
        let from = usize::try_from(at).map_err(|_| ErrorKind::InvalidInput)?;
        match content.bytes.get_mut(from..from + bytes.len()) {
            Some(place) => place.copy_from_slice(bytes),
            None => return Err(ErrorKind::InvalidInput.into()),
        }
        content.touch(from, from + bytes.len());
        Ok(())
    }
}

impl Read for File {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.read_at(self.at, out)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_at(self.at, bytes)?;
        self.at += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for File {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let to = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.node.metadata().len().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = to.ok_or(ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

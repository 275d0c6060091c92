//! Names and what they stand for.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::Metadata;
use crate::host::clock::seconds_since_1970;

/// Bytes of a block: what is kept outside the memory is written in whole ones.
pub(super) const BLOCK: usize = 16 << 10;

/// Numbers that rise: of files, and of changes to them.
static NEXT: AtomicU64 = AtomicU64::new(1);

pub(super) fn next() -> u64 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Gives no number up to this one any more.
pub(super) fn begin_after(number: u64) {
    NEXT.fetch_max(number.saturating_add(1), Ordering::Relaxed);
}

/// The bytes of a file, and when they were written.
#[derive(Debug)]
pub(super) struct Content {
    pub bytes: Vec<u8>,
    pub modified: SystemTime,
    /// The file, whatever its name.
    pub id: u64,
    /// The number of its last change.
    pub changed: u64,
    /// The same for each of its blocks.
    pub changed_blocks: Vec<u64>,
}

impl Content {
    pub fn new(id: u64, bytes: Vec<u8>, modified: SystemTime) -> Self {
        let changed = next();
        Self {
            changed_blocks: vec![changed; bytes.len().div_ceil(BLOCK)],
            bytes,
            modified,
            id,
            changed,
        }
    }

    /// Notes that these bytes were written, or that the file ends elsewhere.
    pub fn touch(&mut self, from: usize, to: usize) {
        self.changed = next();
        self.changed_blocks
            .resize(self.bytes.len().div_ceil(BLOCK), self.changed);
        let last = to.div_ceil(BLOCK).min(self.changed_blocks.len());
        for block in self
            .changed_blocks
            .get_mut(from / BLOCK..last)
            .unwrap_or_default()
        {
            *block = self.changed;
        }
    }

    /// The bytes of a block; the last may be shorter.
    pub fn block(&self, index: usize) -> &[u8] {
        let from = index.saturating_mul(BLOCK).min(self.bytes.len());
        let to = from.saturating_add(BLOCK).min(self.bytes.len());
        self.bytes.get(from..to).unwrap_or_default()
    }
}

/// A file's contents, shared by its name and everyone who has it open.
pub(super) type Shared = Arc<Mutex<Content>>;

pub(super) fn lock(content: &Shared) -> MutexGuard<'_, Content> {
    content.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds_since_1970())
}

pub(super) fn empty() -> Shared {
    Arc::new(Mutex::new(Content::new(next(), Vec::new(), now())))
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Node {
    Folder,
    File(Shared),
}

impl Node {
    pub fn metadata(&self) -> Metadata {
        match self {
            Self::Folder => Metadata {
                folder: true,
                bytes: 0,
                modified: SystemTime::UNIX_EPOCH,
            },
            Self::File(content) => {
                let content = lock(content);
                Metadata {
                    folder: false,
                    bytes: content.bytes.len() as u64,
                    modified: content.modified,
                }
            }
        }
    }
}

/// Every path but the root with what it stands for. Paths sort by their parts, so what is in a folder follows it.
#[derive(Debug)]
pub(super) struct Tree(BTreeMap<PathBuf, Node>);

static TREE: Mutex<Tree> = Mutex::new(Tree(BTreeMap::new()));

pub(super) fn tree() -> MutexGuard<'static, Tree> {
    TREE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The path from the root, without `.` and `..`.
pub(super) fn absolute(path: &Path) -> PathBuf {
    let mut whole = PathBuf::from("/");
    for part in path.components() {
        match part {
            Component::Normal(name) => whole.push(name),
            Component::ParentDir => {
                whole.pop();
            }
            Component::RootDir => whole = PathBuf::from("/"),
            Component::CurDir | Component::Prefix(_) => {}
        }
    }
    whole
}

fn is_root(path: &Path) -> bool {
    path.parent().is_none()
}

impl Tree {
    pub fn find(&self, path: &Path) -> io::Result<&Node> {
        let path = absolute(path);
        if is_root(&path) {
            return Ok(&Node::Folder);
        }
        self.0.get(&path).ok_or_else(|| ErrorKind::NotFound.into())
    }

    /// Every path below a folder, which comes before what is in it.
    pub fn all_below(&self, folder: &Path) -> impl Iterator<Item = (&PathBuf, &Node)> {
        self.0
            .range(folder.to_path_buf()..)
            .take_while(move |(path, _)| path.starts_with(folder))
            .skip_while(move |(path, _)| path.as_path() == folder)
    }

    /// Puts a file at a path, instead of a file that is there; folders above it are made.
    pub fn put(&mut self, path: &Path, content: Content) -> io::Result<()> {
        let path = absolute(path);
        if let Some(folder) = path.parent() {
            self.add_folders(folder)?;
        }
        if matches!(self.find(&path), Ok(Node::Folder)) {
            return Err(ErrorKind::IsADirectory.into());
        }
        self.0.insert(path, Node::File(Arc::new(Mutex::new(content))));
        Ok(())
    }

    fn check_parent(&self, path: &Path) -> io::Result<()> {
        match path.parent().map(|parent| self.find(parent)) {
            Some(Ok(Node::Folder)) => Ok(()),
            Some(Ok(Node::File(_))) => Err(ErrorKind::NotADirectory.into()),
            Some(Err(error)) => Err(error),
            None => Err(ErrorKind::AlreadyExists.into()),
        }
    }

    /// Adds a name that is not there yet.
    pub fn add(&mut self, path: &Path, node: Node) -> io::Result<()> {
        let path = absolute(path);
        self.check_parent(&path)?;
        if self.0.contains_key(&path) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        self.0.insert(path, node);
        Ok(())
    }

    pub fn add_folders(&mut self, path: &Path) -> io::Result<()> {
        let path = absolute(path);
        let mut above: Vec<&Path> = path.ancestors().filter(|p| !is_root(p)).collect();
        above.reverse();
        for folder in above {
            match self.0.get(folder) {
                Some(Node::Folder) => {}
                Some(Node::File(_)) => return Err(ErrorKind::NotADirectory.into()),
                None => {
                    self.0.insert(folder.to_path_buf(), Node::Folder);
                }
            }
        }
        Ok(())
    }

    pub fn remove_file(&mut self, path: &Path) -> io::Result<()> {
        match self.find(path)? {
            Node::Folder => Err(ErrorKind::IsADirectory.into()),
            Node::File(_) => {
                self.0.remove(&absolute(path));
                Ok(())
            }
        }
    }

    pub fn remove_folder(&mut self, path: &Path) -> io::Result<()> {
        match self.find(path)? {
            Node::File(_) => Err(ErrorKind::NotADirectory.into()),
            Node::Folder => {
                let path = absolute(path);
                self.0.retain(|other, _| !other.starts_with(&path));
                Ok(())
            }
        }
    }

    pub fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        let node = self.find(from)?.clone();
        let (from, to) = (absolute(from), absolute(to));
        if from == to {
            return Ok(());
        }
        self.check_parent(&to)?;
        match (&node, self.0.get(&to)) {
            (_, None) | (Node::File(_), Some(Node::File(_))) => {}
            (Node::File(_), Some(Node::Folder)) => return Err(ErrorKind::IsADirectory.into()),
            (Node::Folder, Some(Node::File(_))) => return Err(ErrorKind::NotADirectory.into()),
            (Node::Folder, Some(Node::Folder)) if self.children(&to)?.is_empty() => {}
            (Node::Folder, Some(Node::Folder)) => return Err(ErrorKind::DirectoryNotEmpty.into()),
        }
        if matches!(node, Node::Folder) && to.starts_with(&from) {
            return Err(ErrorKind::InvalidInput.into());
        }
        let moved: Vec<PathBuf> = self.below(&from).cloned().collect();
        for path in moved {
            let Ok(rest) = path.strip_prefix(&from) else {
                continue;
            };
            // Joining nothing would leave a slash at the end.
            let target = if rest.as_os_str().is_empty() {
                to.clone()
            } else {
                to.join(rest)
            };
            if let Some(node) = self.0.remove(&path) {
                self.0.insert(target, node);
            }
        }
        Ok(())
    }

    /// This path and everything in it.
    fn below<'a>(&'a self, path: &'a Path) -> impl Iterator<Item = &'a PathBuf> {
        self.0
            .range(path.to_path_buf()..)
            .map(|(other, _)| other)
            .take_while(move |other| other.starts_with(path))
    }

    pub fn children(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        if matches!(self.find(path)?, Node::File(_)) {
            return Err(ErrorKind::NotADirectory.into());
        }
        let path = absolute(path);
        let inside = self.below(&path).filter(|other| other.parent() == Some(&path));
        Ok(inside.cloned().collect())
    }
}

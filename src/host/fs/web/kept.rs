//! What the browser keeps of the files: the difference to the memory, as one transaction.
//!
//! Files are kept by number, in blocks, and paths beside them. A renamed file costs a path, and an action that is added to a
//! project of a hundred megabytes the few blocks that it changed.
//!
//! What lies in one folder may have to wait: where there is no room for a checkpoint there still is for a label.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::tree::{BLOCK, Content, Node, begin_after, lock, tree};

/// What is kept of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    folder: PathBuf,
    paths: BTreeMap<PathBuf, Stands>,
    /// Files that have blocks and no path: they go with the next transaction.
    nameless: Vec<u64>,
}

/// What a path stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    Folder,
    File { id: u64, bytes: usize, changed: u64 },
}

impl Stands {
    /// A file that is kept and not there: it goes with the next transaction.
    fn going(id: u64) -> Self {
        let (bytes, changed) = (0, 0);
        Self::File { id, bytes, changed }
    }

    /// A file's number.
    fn id(&self) -> Option<u64> {
        match *self {
            Self::Folder => None,
            Self::File { id, .. } => Some(id),
        }
    }
}

/// What stands at a path, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The path.
    pub path: PathBuf,
    /// Of a file: its number, its length in bytes and when it was written, in seconds since 1970.
    pub file: Option<(u64, u64, u64)>,
}

/// A block of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The file.
    pub id: u64,
    /// The position of the block, from 0.
    pub index: usize,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// What has to happen to what is kept; all of it or nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transaction {
    /// Paths that go.
    pub gone: Vec<PathBuf>,
    /// Paths that come, or stand for something else.
    pub entries: Vec<Entry>,
    /// Files whose blocks go from this one on.
    pub ends: Vec<(u64, usize)>,
    /// Blocks that are written.
    pub blocks: Vec<Block>,
}

impl Transaction {
    /// Whether nothing has to happen.
    pub fn is_empty(&self) -> bool {
        self.gone.is_empty() && self.entries.is_empty() && self.ends.is_empty() && self.blocks.is_empty()
    }
}

/// Whether this is what a write has left that a crash broke off: nobody will finish it.
fn is_broken_off(path: &Path) -> bool {
    path.components()
        .any(|part| part.as_os_str().to_string_lossy().starts_with(".unfreeze-"))
}

impl Kept {
    /// Nothing is kept of this folder.
    pub fn nothing(folder: &Path) -> Self {
        Self {
            folder: folder.to_path_buf(),
            paths: BTreeMap::new(),
            nameless: Vec::new(),
        }
    }

    /// Puts what is kept of a folder into the memory. Files of which blocks are missing are left out, and where they are kept
    /// they stay as they are: their paths are given too. In `bulky`, a folder of what can be made again, they go with the next
    /// transaction instead, and are not given.
    ///
    /// # Errors
    /// When a file is kept where a folder is.
    pub fn restore(
        folder: &Path,
        bulky: &Path,
        entries: Vec<Entry>,
        blocks: Vec<Block>,
    ) -> io::Result<(Self, Vec<PathBuf>)> {
        let mut files: BTreeMap<u64, Vec<Block>> = BTreeMap::new();
        // Blocks of files that have no name any more are still there: none of their numbers may be given again.
        let numbers = entries.iter().filter_map(|entry| entry.file.map(|file| file.0));
        let largest = numbers.chain(blocks.iter().map(|block| block.id)).max();
        begin_after(largest.unwrap_or(0));
        for block in blocks {
            files.entry(block.id).or_default().push(block);
        }
        let mut kept = Self::nothing(folder);
        let mut damaged = Vec::new();
        let mut tree = tree();
        for Entry { path, file } in entries {
            if is_broken_off(&path) {
                // Kept and not there: it goes with the next transaction.
                let stands = file.map_or(Stands::Folder, |(id, ..)| {
                    files.remove(&id);
                    Stands::going(id)
                });
                kept.paths.insert(path, stands);
                continue;
            }
            let Some((id, length, modified)) = file else {
                tree.add_folders(&path)?;
                kept.paths.insert(path, Stands::Folder);
                continue;
            };
            let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
            let mut blocks = files.remove(&id).unwrap_or_default();
            blocks.sort_by_key(|block| block.index);
            for (index, block) in blocks.iter().enumerate() {
                if block.index != index || bytes.len() != index * BLOCK {
                    break;
                }
                bytes.extend_from_slice(&block.bytes);
            }
            if bytes.len() as u64 != length {
                if path.starts_with(bulky) {
                    kept.paths.insert(path, Stands::going(id));
                } else {
                    damaged.push(path);
                }
                continue;
            }
            let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(modified);
            let content = Content::new(id, bytes, modified);
            let file = Stands::File {
                id,
                bytes: content.bytes.len(),
                changed: content.changed,
            };
            tree.put(&path, content)?;
            kept.paths.insert(path, file);
        }
        kept.nameless = files.into_keys().collect();
        Ok((kept, damaged))
    }

    /// What has to happen so that the memory is kept, and what is kept then.
    pub fn transaction(&self) -> (Transaction, Self) {
        self.difference(|_| false)
    }

    /// The same without what comes to `bulky`, a folder in the one that is kept. What is gone from there goes, which takes no
    /// room.
    pub fn transaction_without(&self, bulky: &Path) -> (Transaction, Self) {
        self.difference(|path| path.starts_with(bulky))
    }

    fn difference(&self, waits: impl Fn(&Path) -> bool) -> (Transaction, Self) {
        let mut todo = Transaction::default();
        let mut then = Self::nothing(&self.folder);
        let mut before: BTreeMap<u64, (usize, u64)> = BTreeMap::new();
        for file in self.paths.values() {
            if let Stands::File { id, bytes, changed } = *file {
                before.insert(id, (bytes, changed));
            }
        }
        let mut seen = BTreeSet::new();
        // What is there and waits.
        let (mut places, mut files) = (BTreeSet::new(), BTreeSet::new());
        for (path, node) in tree().all_below(&self.folder) {
            if waits(path) {
                places.insert(path.clone());
                if let Node::File(content) = node {
                    files.insert(lock(content).id);
                }
                continue;
            }
            let (stands, entry) = match node {
                Node::Folder => (Stands::Folder, None),
                Node::File(content) => {
                    let content = lock(content);
                    let Content { id, changed, .. } = *content;
                    let was = before.get(&id).copied();
                    if seen.insert(id) && was.is_none_or(|(_, known)| known != changed) {
                        let known = was.map_or(0, |(_, known)| known);
                        for (index, _) in
                            (content.changed_blocks.iter().enumerate()).filter(|(_, at)| **at > known)
                        {
                            todo.blocks.push(Block {
                                id,
                                index,
                                bytes: content.block(index).to_vec(),
                            });
                        }
                        let blocks = content.changed_blocks.len();
                        if was.is_some_and(|(bytes, _)| bytes.div_ceil(BLOCK) > blocks) {
                            todo.ends.push((id, blocks));
                        }
                    }
                    let bytes = content.bytes.len();
                    let modified = content.modified.duration_since(SystemTime::UNIX_EPOCH);
                    let modified = modified.map_or(0, |since| since.as_secs());
                    (
                        Stands::File { id, bytes, changed },
                        Some((id, bytes as u64, modified)),
                    )
                }
            };
            if self.paths.get(path) != Some(&stands) {
                let path = path.clone();
                todo.entries.push(Entry { path, file: entry });
            }
            then.paths.insert(path.clone(), stands);
        }
        for (path, stands) in self.paths.iter().filter(|(path, _)| waits(path)) {
            // As it was kept, until its turn comes. A file has one path: what was renamed may have been seen elsewhere, or wait
            // there for its bytes, which are on disk already.
            let stays = match stands {
                Stands::Folder => places.contains(path),
                Stands::File { id, .. } => {
                    !seen.contains(id) && (places.contains(path) || files.contains(id))
                }
            };
            if stays {
                then.paths.insert(path.clone(), *stands);
            }
        }
        todo.gone = (self.paths.keys())
            .filter(|path| !then.paths.contains_key(*path))
            .cloned()
            .collect();
        let left: BTreeSet<u64> = then.paths.values().filter_map(Stands::id).collect();
        let ended = before.keys().filter(|id| !left.contains(id)).map(|id| (*id, 0));
        todo.ends.extend(ended);
        todo.ends.extend(self.nameless.iter().map(|id| (*id, 0)));
        (todo, then)
    }
}

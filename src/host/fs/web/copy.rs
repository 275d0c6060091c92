//! The same files in two memories: those of the page and of a worker.
//!
//! Each side notes what the other has of its files. Before it says anything it sends what has changed since, so that a path in
//! a message leads to the same bytes on both sides.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::tree::{Content, Node, lock, next, tree};

/// What another memory has of the files of this one.
#[derive(Debug, Default)]
pub struct Copy {
    /// With the number of a file's last change that it has heard of; `None` for a folder.
    known: BTreeMap<PathBuf, Option<u64>>,
}

/// What is different at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A folder is there.
    Folder,
    /// A file with these bytes is there.
    File {
        /// All of it.
        bytes: Vec<u8>,
        /// When it was written.
        modified: SystemTime,
    },
    /// Nothing is there any more.
    Gone,
}

impl Copy {
    /// What the other memory has not heard of yet, of the paths that concern it; what is to go comes first.
    pub fn changes(&mut self, concern: impl Fn(&Path) -> bool) -> Vec<(PathBuf, Change)> {
        let tree = tree();
        let mut now = BTreeMap::new();
        let mut changes = Vec::new();
        for (path, node) in tree.all_below(Path::new("/")).filter(|(path, _)| concern(path)) {
            let change = match node {
                Node::Folder => (None, Change::Folder),
                Node::File(content) => {
                    let content = lock(content);
                    if self.known.get(path) == Some(&Some(content.changed)) {
                        now.insert(path.clone(), Some(content.changed));
                        continue;
                    }
                    let change = Change::File {
                        bytes: content.bytes.clone(),
                        modified: content.modified,
                    };
                    (Some(content.changed), change)
                }
            };
            if self.known.get(path) != Some(&change.0) {
                changes.push((path.clone(), change.1));
            }
            now.insert(path.clone(), change.0);
        }
        // What lies in a folder that goes, goes with it.
        let kind = |number: &Option<u64>| number.is_some();
        let gone = |path: &PathBuf, was: &Option<u64>| now.get(path).is_none_or(|is| kind(is) != kind(was));
        let mut all: Vec<(PathBuf, Change)> = Vec::new();
        for (path, was) in self.known.iter().filter(|(path, _)| concern(path)) {
            if gone(path, was) && !all.last().is_some_and(|(above, _)| path.starts_with(above)) {
                all.push((path.clone(), Change::Gone));
            }
        }
        all.append(&mut changes);
        self.known = now;
        all
    }

    /// Takes over what the other memory says of a path. It is not told back.
    ///
    /// # Errors
    /// When a file is where a folder would go, or the other way round.
    pub fn take_over(&mut self, path: &Path, change: Change) -> io::Result<()> {
        let mut tree = tree();
        match change {
            Change::Gone => {
                self.known.retain(|other, _| !other.starts_with(path));
                match tree.find(path) {
                    Ok(Node::Folder) => tree.remove_folder(path),
                    Ok(Node::File(_)) => tree.remove_file(path),
                    Err(_) => Ok(()),
                }
            }
            Change::Folder => {
                tree.add_folders(path)?;
                self.know_above(path);
                self.known.insert(path.to_path_buf(), None);
                Ok(())
            }
            Change::File { bytes, modified } => {
                let content = Content::new(next(), bytes, modified);
                let changed = content.changed;
                tree.put(path, content)?;
                self.know_above(path);
                self.known.insert(path.to_path_buf(), Some(changed));
                Ok(())
            }
        }
    }

    /// The other memory has the folders above what it has.
    fn know_above(&mut self, path: &Path) {
        for folder in path.ancestors().skip(1).filter(|above| above.parent().is_some()) {
            self.known.entry(folder.to_path_buf()).or_insert(None);
        }
    }
}

//! Projects that were open lately.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Project;
use crate::host::clock::seconds_since_1970;
use crate::host::fs;
use crate::io::{Error, write_atomic};

/// A project that was open lately.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recent {
    /// Its file.
    pub path: PathBuf,
    /// Its name.
    pub name: String,
    /// Its texts.
    pub texts: usize,
    /// Texts with a label when it was last noted.
    pub labelled: usize,
    /// When it was last noted, in seconds since 1970.
    pub opened: u64,
}

impl Recent {
    /// Seconds since it was last noted.
    pub fn age(&self) -> u64 {
        seconds_since_1970().saturating_sub(self.opened)
    }
}

/// Projects that were open lately, the latest first.
#[derive(Clone, Debug, Default)]
pub struct Recents {
    /// `None`: nothing is kept.
    file: Option<PathBuf>,
    list: Vec<Recent>,
}

/// How many are remembered.
const MOST: usize = 20;

impl Recents {
    /// The list in this file. One that is missing or damaged is an empty list: it is a convenience, and the projects
    /// themselves are elsewhere.
    pub fn load_from(file: PathBuf) -> Self {
        let mut list: Vec<Recent> = fs::read(&file)
            .ok()
            .and_then(|json| serde_json::from_slice(&json).ok())
            .unwrap_or_default();
        list.retain(|recent| fs::is_file(&recent.path));
        list.truncate(MOST);
        Self {
            file: Some(file),
            list,
        }
    }

    /// The projects whose files were there when the list was read, the latest first.
    pub fn list(&self) -> &[Recent] {
        &self.list
    }

    /// Puts a project first, as it stands now.
    ///
    /// # Errors
    /// When the list cannot be written; it holds in this window nevertheless.
    pub fn note(&mut self, path: &Path, project: &Project) -> Result<(), Error> {
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        self.reread();
        self.list.retain(|recent| recent.path != path);
        let recent = Recent {
            path,
            name: project.name.clone(),
            texts: project.texts.texts.len(),
            labelled: project.labelled(),
            opened: seconds_since_1970(),
        };
        self.list.insert(0, recent);
        self.list.truncate(MOST);
        self.write()
    }

    /// Takes a project off the list; its file stays.
    ///
    /// # Errors
    /// When the list cannot be written.
    pub fn forget(&mut self, path: &Path) -> Result<(), Error> {
        self.reread();
        self.list.retain(|recent| recent.path != path);
        self.write()
    }

    /// Another window may have noted something meanwhile.
    fn reread(&mut self) {
        if let Some(file) = self.file.take() {
            *self = Self::load_from(file);
        }
    }

    fn write(&self) -> Result<(), Error> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        if let Some(dir) = file.parent() {
            // What fails here fails below, where it is said.
            let _ = fs::create_dir_all(dir);
        }
        write_atomic(file, |out| {
            serde_json::to_writer_pretty(&mut *out, &self.list)?;
            out.write_all(b"\n")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_is_first_and_missing_files_are_dropped() {
        let dir = tempfile::tempdir().unwrap();
        let list = dir.path().join("deep/recent.json");
        let mut here = Recents::load_from(list.clone());
        let mut there = Recents::load_from(list.clone());
        assert!(here.list().is_empty());
        let files: Vec<PathBuf> = ["a", "b", "c"]
            .iter()
            .map(|name| {
                let path = dir.path().join(name);
                fs::write(&path, "x").unwrap();
                path
            })
            .collect();
        let project = Project::new("p", std::sync::Arc::default());
        here.note(&files[0], &project).unwrap();
        // A second window does not forget what the first noted.
        there.note(&files[1], &project).unwrap();
        here.note(&files[2], &project).unwrap();
        here.note(&files[0], &project).unwrap();
        let names = |recents: &Recents| -> Vec<String> {
            let name = |r: &Recent| r.path.file_name().unwrap().to_string_lossy().into_owned();
            recents.list().iter().map(name).collect()
        };
        assert_eq!(names(&Recents::load_from(list.clone())), ["a", "c", "b"]);
        fs::remove_file(&files[2]).unwrap();
        assert_eq!(names(&Recents::load_from(list.clone())), ["a", "b"]);
        here.forget(&fs::canonicalize(&files[0]).unwrap()).unwrap();
        assert_eq!(names(&Recents::load_from(list.clone())), ["b"]);
        fs::write(&list, "{").unwrap();
        assert!(Recents::load_from(list).list().is_empty());
    }
}

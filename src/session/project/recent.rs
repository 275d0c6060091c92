//! Projects that were open lately.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::{EXTENSION, Project};
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
    /// Its texts; 0 where nobody has counted them, of one that was found.
    pub texts: usize,
    /// Texts with a label when it was last noted.
    pub labelled: usize,
    /// When it was last noted, in seconds since 1970; of one that was found, when it was written; 0 where that is not told.
    pub opened: u64,
}

impl Recent {
    /// Seconds since it was last noted.
    pub fn age(&self) -> u64 {
        seconds_since_1970().saturating_sub(self.opened)
    }
}

/// Every project file in a folder, as far as it is known without opening it, the one that was written last first.
pub fn found_in(folder: &Path) -> Vec<Recent> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let found = entries.flatten().filter_map(|entry| {
        let path = entry.path();
        let ends = path.extension()?.eq_ignore_ascii_case(EXTENSION);
        let data = entry.metadata().ok().filter(|data| ends && data.is_file())?;
        let written = data.modified().ok();
        let since = written.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
        Some(Recent {
            name: path.file_stem()?.to_string_lossy().into_owned(),
            texts: 0,
            labelled: 0,
            opened: since.map_or(0, |since| since.as_secs()),
            path: fs::canonicalize(&path).unwrap_or(path),
        })
    });
    let mut found: Vec<Recent> = found.collect();
    found.sort_by(|a, b| b.opened.cmp(&a.opened).then_with(|| a.path.cmp(&b.path)));
    found
}

/// Those that were noted, and below them those that were only found.
pub fn with_found(noted: &[Recent], found: Vec<Recent>) -> Vec<Recent> {
    let is_noted = |one: &Recent| noted.iter().any(|other| other.path == one.path);
    let others = found.into_iter().filter(|one| !is_noted(one));
    noted.iter().cloned().chain(others).collect()
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

    #[test]
    fn what_was_found_stands_once_below_what_was_noted() {
        let dir = tempfile::tempdir().unwrap();
        let place = |name: &str| dir.path().join(name);
        assert!(found_in(&place("nowhere")).is_empty());
        for name in ["a.unfreeze", "b.unfreeze", "c.csv", ".unfreeze-1.tmp"] {
            fs::write(place(name), "x").unwrap();
        }
        fs::create_dir(place("d.unfreeze")).unwrap();
        let mut noted = Recents::load_from(place("recent.json"));
        let project = Project::new("noted", std::sync::Arc::default());
        noted.note(&place("b.unfreeze"), &project).unwrap();
        let all = with_found(noted.list(), found_in(dir.path()));
        let names: Vec<&str> = all.iter().map(|recent| recent.name.as_str()).collect();
        assert_eq!(names, ["noted", "a"]);
        assert!(all[1].opened > 0, "when it was written");
        // Without a list they are found all the same.
        assert_eq!(with_found(&[], found_in(dir.path())).len(), 2);
    }
}

//! Where the projects of a window are kept, and the list of those that were open lately.

use std::path::{Path, PathBuf};

use super::background::{Background, Wake};
use super::dialog::SHOWS_FILES;
use crate::host::{folders, fs};
use crate::session::project::recent::{Recent, Recents, found_in, with_found};
use crate::session::project::{OpenProject, Project, folder};
use crate::text::fnv::{START, fnv1a};

/// Where new projects are put, and where the list of recent ones is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shelf {
    projects: Option<PathBuf>,
    list: Option<PathBuf>,
    /// Where runs write.
    work: PathBuf,
    lists_all: bool,
}

impl Shelf {
    /// The user's own.
    pub fn of_user() -> Self {
        Self {
            projects: Some(folder::projects_directory()),
            list: folder::data_directory().map(|dir| dir.join("recent.json")),
            work: folder::work_directory(),
            lists_all: !SHOWS_FILES,
        }
    }

    /// Everything in this folder; it need not exist.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            projects: Some(folder.to_path_buf()),
            list: Some(folder.join("recent.json")),
            work: folder.join("work"),
            lists_all: !SHOWS_FILES,
        }
    }

    /// Nothing on disk: projects live in memory, and none is remembered.
    pub fn in_memory() -> Self {
        Self {
            projects: None,
            list: None,
            work: folders::of_this_process(),
            lists_all: false,
        }
    }

    /// As it is in a tab.
    #[cfg(test)]
    pub(crate) fn listing_all(self) -> Self {
        Self {
            lists_all: true,
            ..self
        }
    }

    /// Whether the list holds every project of the folder, and they are deleted here, because nothing else shows them.
    pub fn lists_all(&self) -> bool {
        self.lists_all
    }

    /// The folder for new projects; `None` where they live in memory.
    pub fn projects(&self) -> Option<&Path> {
        self.projects.as_deref()
    }

    /// Where the runs of a project write, which must be found again after a crash: under the project's name and a mark of
    /// where its file lies.
    pub fn work_dir(&self, project: Option<&Path>) -> PathBuf {
        let Some(path) = project else {
            return self.work.join("unnamed");
        };
        let name = path.file_stem().map(|n| n.to_string_lossy().into_owned());
        // Two projects of one name in different folders must not meet, and nothing hangs on more than that.
        let mark = fnv1a(START, path.to_string_lossy().bytes());
        let name = name.as_deref().unwrap_or("project");
        self.work.join(format!("{name}-{mark:016x}"))
    }

    /// Reads the list beside the window, the latest project first.
    pub fn recent(&self, wake: Wake) -> Background<Vec<Recent>> {
        let shelf = self.clone();
        Background::start(0, wake, move |_| shelf.listed(&shelf.load()))
    }

    /// Puts these projects on the list as they stand now, the last one on top, and gives the new list. A disk that refuses
    /// stops nobody: the list is a convenience.
    pub fn note<'a>(
        &self,
        open: impl IntoIterator<Item = &'a OpenProject>,
        wake: Wake,
    ) -> Background<Vec<Recent>> {
        let shelf = self.clone();
        let known = |open: &OpenProject| Some((open.path()?.to_path_buf(), open.project.clone()));
        let open: Vec<(PathBuf, Project)> = open.into_iter().filter_map(known).collect();
        Background::start(0, wake, move |_| {
            let mut recents = shelf.load();
            for (path, project) in open {
                recents.note(&path, &project).ok();
            }
            shelf.listed(&recents)
        })
    }

    /// The same for one project, waiting for the disk: for when the program ends.
    pub fn note_now(&self, open: &OpenProject) {
        if let Some(path) = open.path() {
            self.load().note(path, &open.project).ok();
        }
    }

    /// Takes a project off the list beside the window and gives the new list; its file stays.
    pub fn forget(&self, path: PathBuf, wake: Wake) -> Background<Vec<Recent>> {
        let shelf = self.clone();
        Background::start(0, wake, move |_| {
            let mut recents = shelf.load();
            recents.forget(&path).ok();
            shelf.listed(&recents)
        })
    }

    /// Deletes a project beside the window, with what its runs have kept, and gives the new list.
    pub fn delete(&self, path: PathBuf, wake: Wake) -> Background<Result<Vec<Recent>, String>> {
        let shelf = self.clone();
        Background::start_async(0, wake, async move |_| match shelf.remove(&path).await {
            Ok(()) => Ok(shelf.listed(&shelf.load())),
            Err(error) => {
                let name = path.file_stem().unwrap_or_default().to_string_lossy();
                Err(format!("{name} could not be deleted: {error}. Try again."))
            }
        })
    }

    async fn remove(&self, path: &Path) -> std::io::Result<()> {
        // The file last: until it is gone, the project can be deleted again.
        let work = self.work_dir(Some(path));
        if fs::is_dir(&work) {
            fs::remove_dir_all(&work)?;
        }
        match fs::remove_file(path) {
            // An earlier try may have got this far.
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        // What is gone is on no list, whatever was written.
        self.load().forget(path).ok();
        fs::settled_without_bulk().await
    }

    /// What stands on the list.
    fn listed(&self, recents: &Recents) -> Vec<Recent> {
        let folder = self.projects.as_deref().filter(|_| self.lists_all);
        with_found(recents.list(), folder.map(found_in).unwrap_or_default())
    }

    fn load(&self) -> Recents {
        self.list
            .clone()
            .map_or_else(Recents::default, Recents::load_from)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::background::Outcome;
    use super::*;
    use crate::session::project::{Action, Texts};

    fn wait(work: &Background<Vec<Recent>>) -> Vec<(String, usize)> {
        loop {
            match work.poll() {
                Outcome::Done(list) => return list.into_iter().map(|r| (r.name, r.labelled)).collect(),
                Outcome::Running => std::thread::yield_now(),
                Outcome::Lost => panic!("the thread is gone"),
            }
        }
    }

    #[test]
    fn projects_of_one_name_work_apart_and_always_in_the_same_place() {
        let shelf = Shelf::in_memory();
        let (one, other) = (Path::new("/a/reviews.unfreeze"), Path::new("/b/reviews.unfreeze"));
        assert_eq!(shelf.work_dir(Some(one)), shelf.work_dir(Some(one)));
        assert_ne!(shelf.work_dir(Some(one)), shelf.work_dir(Some(other)));
        let name = shelf.work_dir(Some(one));
        let name = name.file_name().unwrap().to_string_lossy();
        assert!(name.starts_with("reviews-"), "{name}");
    }

    #[test]
    fn a_project_that_is_left_is_noted_as_it_stands_under_the_one_that_follows() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::in_folder(dir.path());
        let wake: Wake = Arc::new(|| {});
        let texts = Arc::new(Texts {
            texts: vec!["a".into()],
            ..Texts::default()
        });
        let make = |name: &str| {
            let path = dir.path().join(format!("{name}.unfreeze"));
            OpenProject::create(path, name, Arc::clone(&texts), Arc::clone(&wake)).unwrap()
        };
        let (mut old, new) = (make("old"), make("new"));
        for action in [
            Action::CreateLabel { name: "x".into() },
            Action::AnswerMany {
                texts: vec![0],
                answer: crate::session::project::Answer::Label(0),
                alike: false,
            },
        ] {
            old.act(action).unwrap();
        }
        while old.busy() {
            old.poll();
        }
        let list = wait(&shelf.note([&old, &new], Arc::clone(&wake)));
        assert_eq!(list, [("new".into(), 0), ("old".into(), 1)]);
        assert_eq!(wait(&shelf.recent(Arc::clone(&wake))), list);
        let path = std::fs::canonicalize(new.path().unwrap()).unwrap();
        assert_eq!(wait(&shelf.forget(path, Arc::clone(&wake))), [("old".into(), 1)]);
        shelf.note_now(&new);
        assert_eq!(wait(&shelf.recent(wake)).len(), 2);
    }

    #[test]
    fn where_nothing_else_shows_them_every_project_is_listed_and_goes_whole() {
        let dir = tempfile::tempdir().unwrap();
        let wake: Wake = Arc::new(|| {});
        let make = |name: &str| {
            let path = dir.path().join(format!("{name}.unfreeze"));
            drop(OpenProject::create(&path, name, Arc::default(), Arc::clone(&wake)).unwrap());
            fs::canonicalize(path).unwrap()
        };
        let (one, other) = (make("one"), make("other"));
        fs::write(dir.path().join("recent.json"), "damaged").unwrap();
        let shelf = Shelf::in_folder(dir.path());
        assert!(wait(&shelf.recent(Arc::clone(&wake))).is_empty());
        let shelf = shelf.listing_all();
        assert_eq!(wait(&shelf.recent(Arc::clone(&wake))).len(), 2);
        let work = shelf.work_dir(Some(&one));
        fs::create_dir_all(work.join("classifier.unfinished")).unwrap();
        let deleted = |path: &Path| {
            let work = shelf.delete(path.to_path_buf(), Arc::clone(&wake));
            loop {
                match work.poll() {
                    Outcome::Done(list) => {
                        return list.map(|l| l.into_iter().map(|r| r.name).collect::<Vec<_>>());
                    }
                    Outcome::Running => std::thread::yield_now(),
                    Outcome::Lost => panic!("the thread is gone"),
                }
            }
        };
        assert_eq!(deleted(&one).unwrap(), ["other"]);
        assert!(!one.exists() && !work.exists() && other.exists());
        assert_eq!(deleted(&one).unwrap(), ["other"], "again does no harm");
        // A folder in its place is no project.
        fs::remove_file(&other).unwrap();
        fs::create_dir(&other).unwrap();
        let why = deleted(&other).unwrap_err();
        assert!(why.starts_with("other could not be deleted: "), "{why}");
    }

    #[test]
    fn runs_are_found_where_they_were_left() {
        let shelf = Shelf::in_folder(Path::new("/home"));
        let place = shelf.work_dir(Some(Path::new("/a/letters.unfreeze")));
        assert!(place.ends_with("letters-de612ebc42b8492b"), "{}", place.display());
    }

    #[test]
    fn in_memory_nothing_is_remembered() {
        let shelf = Shelf::in_memory();
        let open = OpenProject::in_memory("p", Arc::default());
        shelf.note_now(&open);
        assert!(wait(&shelf.note([&open], Arc::new(|| {}))).is_empty());
        assert_eq!(shelf.projects(), None);
    }
}

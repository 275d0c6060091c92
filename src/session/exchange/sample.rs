//! Projects of the built-in sample.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use super::background::{Background, Wake};
use super::open::SAMPLE_NAME;
use crate::session::project::{EXTENSION, OpenProject, Opening};

/// What the file of the first one is called; those after it have a number behind it.
const STEM: &str = "sample";

/// Whether a project is one of the built-in sample.
pub fn is_sample(open: &OpenProject) -> bool {
    open.project.texts.source == SAMPLE_NAME
}

/// Opens the project of the sample in this folder that was written last, beside the window; `None` where there is none
/// that can be opened.
pub fn find_sample(folder: PathBuf, wake: Wake) -> Background<Option<OpenProject>> {
    Background::start_async(0, Arc::clone(&wake), async move |_| {
        for path in candidates(&folder) {
            // One that another window has open, or that is damaged, is passed over: there is always a fresh one.
            let opened = Opening::open(path, Arc::clone(&wake)).opened().await;
            if let Some(open) = opened.ok().filter(is_sample) {
                return Some(open);
            }
        }
        None
    })
}

/// Files that may be projects of the sample by their names, the one that was written last first.
fn candidates(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = crate::host::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut found: Vec<(SystemTime, PathBuf)> = entries
        .flatten()
        .filter(|entry| is_named_so(&entry.path()))
        .map(|entry| {
            let written = entry.metadata().and_then(|data| data.modified());
            (written.unwrap_or(SystemTime::UNIX_EPOCH), entry.path())
        })
        .collect();
    found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    found.into_iter().map(|(_, path)| path).collect()
}

fn is_named_so(path: &Path) -> bool {
    let stem = path.file_stem().map(|s| s.to_string_lossy().into_owned());
    let number = stem.as_deref().and_then(|stem| stem.strip_prefix(STEM));
    path.extension().is_some_and(|end| end == EXTENSION)
        && number.is_some_and(|rest| {
            let digits = rest.strip_prefix('-');
            rest.is_empty() || digits.is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
        })
}

#[cfg(test)]
mod tests {
    use super::super::background::Outcome;
    use super::*;
    use crate::session::project::Texts;

    fn found(folder: &Path) -> Option<PathBuf> {
        let work = find_sample(folder.to_path_buf(), Arc::new(|| {}));
        loop {
            match work.poll() {
                Outcome::Running => std::thread::yield_now(),
                Outcome::Done(open) => return open.and_then(|open| open.path().map(Path::to_path_buf)),
                Outcome::Lost => panic!("the thread is gone"),
            }
        }
    }

    #[test]
    fn only_projects_of_the_sample_are_found_and_none_that_cannot_be_opened() {
        let dir = tempfile::tempdir().unwrap();
        let place = |name: &str| dir.path().join(name);
        let make = |name: &str, source: &str| {
            let texts = Texts {
                source: source.into(),
                texts: vec!["a".into()],
                ..Texts::default()
            };
            OpenProject::create(place(name), "sample", Arc::new(texts), Arc::new(|| {})).unwrap()
        };
        assert_eq!(found(&place("nowhere")), None);
        // Somebody's own texts that happen to have this name, a file that is none, and names that only begin so.
        drop(make("sample.unfreeze", "sample.csv"));
        std::fs::write(place("sample-2.unfreeze"), "x").unwrap();
        drop(make("sample-b.unfreeze", SAMPLE_NAME));
        drop(make("samples.unfreeze", SAMPLE_NAME));
        assert_eq!(found(dir.path()), None);
        let open = make("sample-3.unfreeze", SAMPLE_NAME);
        assert_eq!(found(dir.path()), None, "it is open elsewhere");
        drop(open);
        assert_eq!(found(dir.path()), Some(place("sample-3.unfreeze")));
    }
}

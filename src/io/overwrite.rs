//! Whether what is there may give way to an output: nothing is removed that may be somebody's own.

use std::io;
use std::path::{Path, PathBuf};

use super::atomic::check_writable;
use super::error::Error;
use crate::host::fs;

/// All that directories of one kind hold.
#[derive(Debug, PartialEq, Eq)]
pub struct Contents {
    /// Names of files.
    pub files: &'static [&'static str],
    /// Names of directories, and what they hold.
    pub folders: &'static [(&'static str, &'static Contents)],
}

/// Whether a new output directory may replace one that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// Only a path that does not exist, or an empty directory, is accepted.
    Never,
    /// A directory that holds this file and nothing but such contents is replaced too. Anything else may be the user's own, so
    /// it is refused.
    Holding(&'static str, &'static Contents),
}

impl Overwrite {
    /// This where it was asked for, otherwise never.
    #[must_use]
    pub fn if_asked(self, asked: bool) -> Self {
        if asked { self } else { Self::Never }
    }
}

/// What file managers leave in every directory that was looked at.
const LEFT_BY_SYSTEMS: [&str; 3] = [".DS_Store", "Thumbs.db", "desktop.ini"];

/// Whether a directory may take the place of what is at `target`.
///
/// # Errors
/// It holds what `overwrite` does not allow to be replaced, or cannot be read.
pub fn check_replaceable(target: &Path, overwrite: Overwrite) -> Result<(), Error> {
    let path = target.to_path_buf();
    let mut entries = match fs::read_dir(target) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(Error::OutputIsFile { path });
        }
        Err(error) => return Err(Error::read(target, &error)),
    };
    if entries.next().is_none() {
        return Ok(());
    }
    let Overwrite::Holding(marker, contents) = overwrite else {
        return Err(Error::OutputExists { path });
    };
    if !fs::is_file(&target.join(marker)) {
        let marker = marker.to_string();
        return Err(Error::NotOurs { path, marker });
    }
    match foreign(target, contents) {
        Ok(None) => Ok(()),
        Ok(Some(entry)) => Err(Error::HoldsForeign { path, entry }),
        Err(error) => Err(Error::read(target, &error)),
    }
}

/// Whether such contents, or the system, have a file of this name.
fn is_expected(name: &str, contents: &Contents) -> bool {
    let known = |name: &str| {
        contents
            .files
            .iter()
            .chain(&LEFT_BY_SYSTEMS)
            .any(|file| name == *file)
    };
    // macOS keeps what its file systems alone can hold in a file beside; NFS renames what is removed while it is open.
    known(name) || name.strip_prefix("._").is_some_and(known) || name.starts_with(".nfs")
}

/// Whether a directory holds such contents at most; not where it cannot be read.
#[must_use]
pub fn holds_only(dir: &Path, contents: &Contents) -> bool {
    matches!(foreign(dir, contents), Ok(None))
}

/// An entry that a directory with such contents does not have.
fn foreign(dir: &Path, contents: &Contents) -> io::Result<Option<PathBuf>> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        if entry.metadata()?.is_dir() {
            let known = contents.folders.iter().find(|(folder, _)| name == *folder);
            let Some((_, inside)) = known else {
                return Ok(Some(path));
            };
            if let Some(found) = foreign(&path, inside)? {
                return Ok(Some(found));
            }
        } else if !is_expected(&name.to_string_lossy(), contents) {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// Whether a directory that is going to be replaced, if it is there, holds none of the files and directories that are read.
///
/// # Errors
/// It holds one.
pub fn check_inputs<'a>(target: &Path, inputs: impl IntoIterator<Item = &'a Path>) -> Result<(), Error> {
    let Ok(whole) = fs::canonicalize(target) else {
        return Ok(());
    };
    for input in inputs {
        if fs::canonicalize(input).is_ok_and(|input| input.starts_with(&whole)) {
            return Err(Error::HoldsInput {
                path: target.to_path_buf(),
                input: input.to_path_buf(),
            });
        }
    }
    Ok(())
}

/// Whether a file may be written here: asked before the work whose result it is. One that is there and not empty gives way
/// only where that is asked for; one that is read never does. Devices and pipes take anything.
///
/// # Errors
/// It may not, or writing could not begin.
pub fn check_file<'a>(
    path: &Path,
    inputs: impl IntoIterator<Item = &'a Path>,
    overwrite: bool,
) -> Result<(), Error> {
    if let Some(there) = fs::metadata(path).ok().filter(fs::Metadata::is_file) {
        let path = path.to_path_buf();
        if inputs.into_iter().any(|input| fs::is_same(&path, input)) {
            return Err(Error::OutputIsInput { path });
        }
        if !overwrite && there.len() > 0 {
            return Err(Error::FileExists { path });
        }
    }
    check_writable(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INNER: Contents = Contents {
        files: &["weights"],
        folders: &[],
    };
    const OUTER: Contents = Contents {
        files: &["config.json", "README.md"],
        folders: &[("inner", &INNER)],
    };
    const OURS: Overwrite = Overwrite::Holding("config.json", &OUTER);

    fn checked(dir: &Path) -> Result<(), String> {
        check_replaceable(dir, OURS).map_err(|error| error.to_string())
    }

    #[test]
    fn only_what_holds_nothing_else_is_replaced() {
        let dir = tempfile::tempdir().expect("a directory");
        let dir = dir.path();
        let write = |name: &str| fs::write(dir.join(name), "x").expect("written");
        for name in [
            "config.json",
            "README.md",
            ".DS_Store",
            "._config.json",
            ".nfs000001",
        ] {
            write(name);
        }
        fs::create_dir(dir.join("inner")).expect("made");
        write("inner/weights");
        assert_eq!(checked(dir), Ok(()));
        let kept = check_replaceable(dir, OURS.if_asked(false)).expect_err("not asked for");
        assert!(matches!(kept, Error::OutputExists { .. }), "{kept}");
        // Also deep inside, and where a file has the name of a directory or the other way round.
        for name in [
            "thesis.txt",
            "._thesis.txt",
            "inner/thesis.txt",
            "inner/config.json",
        ] {
            write(name);
            let refused = checked(dir).expect_err(name);
            assert!(refused.contains(&format!("{name}, which ")), "{refused}");
            fs::remove_file(dir.join(name)).expect("removed");
        }
        fs::remove_file(dir.join("README.md")).expect("removed");
        fs::create_dir(dir.join("README.md")).expect("made");
        let refused = checked(dir).expect_err("a directory");
        assert!(refused.contains("README.md, which "), "{refused}");
    }

    #[test]
    fn what_is_read_is_not_replaced() {
        let dir = tempfile::tempdir().expect("a directory");
        let (model, data) = (dir.path().join("model"), dir.path().join("model/data.csv"));
        assert!(check_inputs(&model, [&*data]).is_ok(), "nothing is there");
        fs::create_dir(&model).expect("made");
        fs::write(&data, "text\n").expect("written");
        let refused = check_inputs(&model, [dir.path(), &data]).expect_err("it is read");
        assert!(refused.to_string().contains("data.csv is in it"), "{refused}");
        assert!(check_inputs(&model, [&*model]).is_err());
        assert!(check_inputs(&model, [dir.path()]).is_ok());
    }

    #[test]
    fn a_file_gives_way_where_that_is_asked_for_and_none_that_is_read() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = |name: &str| dir.path().join(name);
        let (new, empty, old, read) = (path("new"), path("empty"), path("old"), path("read"));
        for (path, text) in [(&empty, ""), (&old, "x"), (&read, "x")] {
            fs::write(path, text).expect("written");
        }
        let asked = |path: &Path, overwrite| check_file(path, [&*read], overwrite);
        for path in [&new, &empty] {
            asked(path, false).expect("nothing is lost");
        }
        let refused = asked(&old, false).expect_err("it is there").to_string();
        assert!(
            refused.contains("old: ") && refused.contains("--overwrite"),
            "{refused}"
        );
        asked(&old, true).expect("it was asked for");
        for overwrite in [false, true] {
            let refused = asked(&read, overwrite).expect_err("it is read");
            assert!(matches!(refused, Error::OutputIsInput { .. }), "{refused}");
        }
        assert!(asked(&path("."), true).is_err() && asked(&path("no/file"), true).is_err());
        #[cfg(unix)]
        {
            let (soft, hard) = (path("soft"), path("hard"));
            std::os::unix::fs::symlink(&read, &soft).expect("linked");
            std::fs::hard_link(&read, &hard).expect("linked");
            for link in [&soft, &hard] {
                let refused = asked(link, true).expect_err("it is read");
                assert!(matches!(refused, Error::OutputIsInput { .. }), "{refused}");
            }
            asked(Path::new("/dev/null"), false).expect("it takes anything");
        }
    }
}

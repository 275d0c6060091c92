//! Writing that either happens whole or not at all: a crash, a full disk or Ctrl-C leaves the old file in
//! place.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::error::Error;
use super::overwrite::{Overwrite, check_replaceable};
use crate::host::fs::{self, Builder, File, NamedTempFile, TempDir};

/// Writes a file through a temporary one in the same directory, renamed over `path` once it is on the disk.
///
/// A `path` that exists and is no regular file (`/dev/null`, a pipe) is written to directly: there is
/// nothing to replace. A symbolic link stays a link; the file it points to is replaced.
///
/// # Errors
/// No space left, or any other failure to write; `path` is unchanged then.
pub fn write_atomic(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
    replace(path, write).map_err(|error| Error::write(path, &error))
}

/// Whether [`write_atomic`] could begin to write here: asked before the work whose result is to be written.
///
/// # Errors
/// A directory has the name, its parent does not exist, or nothing may be written there.
pub fn check_writable(path: &Path) -> Result<(), Error> {
    let begun = place(path).and_then(|place| match place {
        Place::Special => Ok(()),
        Place::File { target, .. } => temporary(parent_of(&target)).map(drop),
    });
    begun.map_err(|error| Error::write(path, &error))
}

/// What is written to under a name.
enum Place {
    /// A device or a pipe.
    Special,
    File {
        target: PathBuf,
        /// Those of the file that is replaced.
        permissions: Option<fs::Permissions>,
    },
}

fn place(path: &Path) -> io::Result<Place> {
    let existing = fs::metadata(path).ok();
    if existing.as_ref().is_some_and(fs::Metadata::is_dir) {
        return Err(io::Error::from(io::ErrorKind::IsADirectory));
    }
    if existing.as_ref().is_some_and(|data| !data.is_file()) {
        return Ok(Place::Special);
    }
    let target = if existing.is_some() {
        fs::canonicalize(path)?
    } else {
        path.to_path_buf()
    };
    let permissions = existing.map(|data| data.permissions());
    Ok(Place::File { target, permissions })
}

fn temporary(parent: &Path) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(".unfreeze-").suffix(".tmp");
    // A temporary file is private by default; the finished one gets what any new file would.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(parent)
}

fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let Place::File { target, permissions } = place(path)? else {
        let mut out = BufWriter::new(File::options().write(true).open(path)?);
        write(&mut out)?;
        return out.flush();
    };
    let parent = parent_of(&target);
    let mut out = BufWriter::with_capacity(1 << 20, temporary(parent)?);
    write(&mut out)?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    if let Some(permissions) = permissions {
        fs::set_permissions(file.path(), permissions)?;
    }
    file.as_file().sync_all()?;
    file.persist(&target).map_err(|error| error.error)?;
    sync_dir(parent)
}

/// A directory built beside its final place and moved there at the end, so that a half-written one never
/// exists.
///
/// Dropped without [`commit`](Self::commit), it is removed.
#[derive(Debug)]
pub struct OutputDir {
    staging: TempDir,
    target: PathBuf,
    overwrite: Overwrite,
}

impl OutputDir {
    /// Starts a directory that will become `target`; missing parents are created.
    ///
    /// # Errors
    /// `target` holds something that `overwrite` does not allow to be replaced, or its parent cannot be
    /// written to.
    pub fn create(target: &Path, overwrite: Overwrite) -> Result<Self, Error> {
        // `.` has no name of its own to rename to; its absolute path has.
        let target = if fs::is_there(target) {
            fs::canonicalize(target)
        } else {
            fs::absolute(target)
        }
        .map_err(|error| Error::write(target, &error))?;
        if target.file_name().is_none() {
            let cause = "it has no name that another directory could take; name one in it".to_string();
            return Err(Error::Write { path: target, cause });
        }
        check_replaceable(&target, overwrite)?;
        let parent = parent_of(&target);
        fs::create_dir_all(parent).map_err(|error| Error::write(parent, &error))?;
        let mut builder = Builder::new();
        builder.prefix(".unfreeze-").suffix(".tmp");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
        let staging = builder
            .tempdir_in(parent)
            .map_err(|error| Error::write(&target, &error))?;
        Ok(Self {
            staging,
            target,
            overwrite,
        })
    }

    /// Where to write the files.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.staging.path()
    }

    /// Moves the directory to its final place, and returns that.
    ///
    /// # Errors
    /// The rename failed, and what was at the final place is put back; or something has come there meanwhile that may not be
    /// replaced.
    pub fn commit(self) -> Result<PathBuf, Error> {
        let Self {
            staging,
            target,
            overwrite,
        } = self;
        check_replaceable(&target, overwrite)?;
        let parent = parent_of(&target);
        let failed = |error: &io::Error| Error::write(&target, error);
        sync_dir(staging.path()).map_err(|error| failed(&error))?;
        let old = if fs::is_there(&target) {
            let aside = Builder::new()
                .prefix(".unfreeze-old-")
                .tempdir_in(parent)
                .map_err(|e| failed(&e))?;
            if is_worked_in(&target) {
                let refilled = refill(&target, staging.path(), aside);
                refilled
                    .and_then(|()| sync_dir(&target))
                    .map_err(|error| failed(&error))?;
                return Ok(target);
            }
            fs::rename(&target, aside.path().join("old")).map_err(|error| failed(&error))?;
            Some(aside)
        } else {
            None
        };
        if let Err(error) = fs::rename(staging.path(), &target) {
            if let Some(aside) = old {
                let kept = aside.path().join("old");
                // Should even this fail, the user's files must outlive the temporary directory.
                if fs::rename(&kept, &target).is_err() {
                    let kept = aside.keep().join("old");
                    let cause = format!("{error}; the old directory is now {}", kept.display());
                    return Err(Error::Write { path: target, cause });
                }
            }
            return Err(failed(&error));
        }
        // It was renamed: there is nothing left for the guard to remove.
        let _ = staging.keep();
        sync_dir(parent).map_err(|error| failed(&error))?;
        Ok(target)
    }
}

/// Whether the program works in this directory, or in one in it: what started it, such as a shell, is then there too, and would
/// be left in a directory that is gone.
fn is_worked_in(dir: &Path) -> bool {
    let here = std::env::current_dir().and_then(fs::canonicalize);
    here.is_ok_and(|here| here.starts_with(dir))
}

/// Puts what is in `new` in the place of what is in `dir`, which goes to `old`; after a failure everything is as it was.
fn refill(dir: &Path, new: &Path, old: TempDir) -> io::Result<()> {
    let filled = move_all(dir, old.path()).and_then(|()| {
        move_all(new, dir).inspect_err(|_| {
            move_all(dir, new).ok();
        })
    });
    let Err(error) = filled else {
        return Ok(());
    };
    if move_all(old.path(), dir).is_err() {
        return Err(io::Error::other(format!(
            "{error}; what was in it is now in {}",
            old.keep().display()
        )));
    }
    Err(error)
}

/// Moves every entry of one directory into another.
fn move_all(from: &Path, to: &Path) -> io::Result<()> {
    let entries: Vec<_> = fs::read_dir(from)?.collect::<io::Result<_>>()?;
    entries
        .iter()
        .try_for_each(|entry| fs::rename(entry.path(), to.join(entry.file_name())))
}

pub(super) fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// Makes a rename in this directory survive a power cut; only Unix lets a directory be opened for that.
pub(super) fn sync_dir(dir: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(dir)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::overwrite::Contents;
    use super::*;

    const OURS: Overwrite = Overwrite::Holding(
        "config.json",
        &Contents {
            files: &["config.json"],
            folders: &[],
        },
    );

    fn names(dir: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(dir)
            .expect("the directory is listed")
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_failed_write_keeps_the_old_file_and_leaves_nothing() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("a.csv");
        fs::write(&path, "old").expect("the old file");
        let error = write_atomic(&path, |out| {
            out.write_all(b"half")?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        });
        assert!(
            error
                .expect_err("the disk is full")
                .to_string()
                .starts_with("no space left on the disk of ")
        );
        assert_eq!(fs::read_to_string(&path).expect("still there"), "old");
        write_atomic(&path, |out| out.write_all(b"new")).expect("written");
        assert_eq!(fs::read_to_string(&path).expect("replaced"), "new");
        assert_eq!(names(dir.path()), ["a.csv"]);
    }

    #[test]
    fn a_missing_parent_or_a_directory_is_named() {
        let dir = tempfile::tempdir().expect("a directory");
        let missing = write_atomic(&dir.path().join("no/a.csv"), |_| Ok(())).expect_err("no parent");
        assert!(
            missing
                .to_string()
                .ends_with("cannot be written: the directory does not exist"),
            "{missing}"
        );
        let error = write_atomic(dir.path(), |_| Ok(())).expect_err("a directory");
        assert!(
            error.to_string().ends_with("cannot be written: is a directory"),
            "{error}"
        );
    }

    #[test]
    fn what_cannot_be_written_is_known_before() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = dir.path().join("a.csv");
        fs::write(&path, "old").expect("the old file");
        for path in [&path, &dir.path().join("new.csv")] {
            check_writable(path).expect("it can be written");
        }
        assert_eq!(fs::read_to_string(&path).expect("still there"), "old");
        assert_eq!(names(dir.path()), ["a.csv"]);
        for path in [dir.path(), &dir.path().join("no/a.csv"), &path.join("a.csv")] {
            let asked = check_writable(path).expect_err("it cannot").to_string();
            let tried = write_atomic(path, |_| Ok(())).expect_err("it cannot").to_string();
            assert!(asked.contains("cannot be written: "), "{asked}");
            // Each tries a temporary file of its own.
            assert_eq!(asked.split(" at path ").next(), tried.split(" at path ").next());
        }
        #[cfg(unix)]
        check_writable(Path::new("/dev/null")).expect("it takes anything");
    }

    #[cfg(unix)]
    #[test]
    fn devices_are_written_to_and_links_kept() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let dir = tempfile::tempdir().expect("a directory");
        write_atomic(Path::new("/dev/null"), |out| out.write_all(b"x")).expect("discarded");
        assert!(!fs::metadata("/dev/null").expect("still there").is_file());
        let (file, link) = (dir.path().join("file"), dir.path().join("link"));
        write_atomic(&file, |_| Ok(())).expect("written");
        assert_eq!(
            fs::metadata(&file).expect("there").permissions().mode() & 0o600,
            0o600
        );
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("changed");
        symlink(&file, &link).expect("linked");
        write_atomic(&link, |out| out.write_all(b"through")).expect("written");
        assert_eq!(fs::read_to_string(&file).expect("read"), "through");
        assert_eq!(
            fs::metadata(&file).expect("there").permissions().mode() & 0o777,
            0o640
        );
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink());
    }

    #[test]
    fn an_output_directory_appears_whole_or_not_at_all() {
        let dir = tempfile::tempdir().expect("a directory");
        let target = dir.path().join("deep/model");
        let out = OutputDir::create(&target, Overwrite::Never).expect("a new directory");
        fs::write(out.path().join("config.json"), "1").expect("written");
        assert!(!target.exists());
        drop(out);
        assert_eq!(names(&dir.path().join("deep")), [""; 0]);

        let out = OutputDir::create(&target, Overwrite::Never).expect("a new directory");
        fs::write(out.path().join("config.json"), "1").expect("written");
        out.commit().expect("moved");
        assert_eq!(names(&target), ["config.json"]);
        assert_eq!(names(&dir.path().join("deep")), ["model"]);
    }

    #[test]
    fn only_a_directory_of_ours_is_overwritten() {
        let dir = tempfile::tempdir().expect("a directory");
        let target = dir.path().join("out");
        fs::create_dir(&target).expect("made");
        OutputDir::create(&target, Overwrite::Never).expect("an empty directory is fine");
        fs::write(target.join("thesis.txt"), "x").expect("written");
        let error = OutputDir::create(&target, Overwrite::Never).expect_err("not empty");
        assert!(
            error.to_string().ends_with(
                "the output directory exists and is not empty; name another or ask to overwrite it"
            )
        );
        let error = OutputDir::create(&target, OURS).expect_err("not ours");
        assert!(error.to_string().contains("holds no config.json"), "{error}");
        fs::write(target.join("config.json"), "old").expect("written");
        let error = OutputDir::create(&target, OURS).expect_err("something else is there too");
        assert!(error.to_string().contains("thesis.txt"), "{error}");
        fs::remove_file(target.join("thesis.txt")).expect("moved away");
        let out = OutputDir::create(&target, OURS).expect("ours");
        fs::write(target.join("thesis.txt"), "x").expect("written");
        out.commit().expect_err("it came meanwhile");
        assert_eq!(names(&target), ["config.json", "thesis.txt"]);
        assert_eq!(names(dir.path()), ["out"]);
        fs::remove_file(target.join("thesis.txt")).expect("moved away");
        let out = OutputDir::create(&target, OURS).expect("ours");
        fs::write(out.path().join("config.json"), "new").expect("written");
        out.commit().expect("moved");
        assert_eq!(names(&target), ["config.json"]);
        assert_eq!(names(dir.path()), ["out"]);
        let error = OutputDir::create(&target.join("config.json"), Overwrite::Never).expect_err("a file");
        assert!(
            error
                .to_string()
                .ends_with("exists and is not a directory; name another output directory"),
            "{error}"
        );
    }
    #[test]
    fn a_directory_is_filled_anew_or_stays_as_it_was() {
        let dir = tempfile::tempdir().expect("a directory");
        let path = |name: &str| dir.path().join(name);
        let old = || tempfile::tempdir_in(dir.path()).expect("a directory");
        fs::create_dir_all(path("out/inner")).expect("made");
        fs::create_dir(path("new")).expect("made");
        for name in ["out/config.json", "out/labels.json", "new/config.json"] {
            fs::write(path(name), name).expect("written");
        }
        refill(&path("out"), &path("missing"), old()).expect_err("nothing to fill it with");
        assert_eq!(names(&path("out")), ["config.json", "inner", "labels.json"]);
        refill(&path("out"), &path("new"), old()).expect("filled");
        assert_eq!(names(&path("out")), ["config.json"]);
        assert_eq!(names(&path("new")), [""; 0]);
        assert_eq!(
            fs::read_to_string(path("out/config.json")).expect("read"),
            "new/config.json"
        );
        assert_eq!(names(dir.path()), ["new", "out"]);
    }

    #[test]
    fn what_has_no_name_is_no_output() {
        let root = Path::new("/");
        let error = OutputDir::create(root, OURS).expect_err("it cannot be replaced");
        assert!(error.to_string().contains("has no name"), "{error}");
    }
}

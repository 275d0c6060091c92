//! Moving a model's directory into the project file and out of it, a piece at a time.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::vec::IntoIter;

use crate::host::clock::seconds_since_1970;
use crate::host::folders;
use crate::host::fs::{self, File};
use crate::io::project::{ModelFile, ModelListing, PIECE, ProjectError, ProjectFile};
use crate::io::{OutputDir, Overwrite};
use crate::session::digest::Digest;

/// A directory on its way into the file.
pub(super) struct Put {
    pub name: String,
    dir: PathBuf,
    under_way: Option<Writing>,
}

struct Writing {
    files: IntoIter<String>,
    /// The file that is being read, and pieces of it that are written.
    current: Option<(File, u32)>,
    listing: ModelListing,
    digest: Digest,
    next_blob: u64,
}

impl Put {
    pub fn new(name: String, dir: PathBuf) -> Self {
        Self {
            name,
            dir,
            under_way: None,
        }
    }

    /// Does the next step; gives the list of files when there was none left.
    pub fn step(&mut self, file: &mut ProjectFile) -> Result<Option<ModelListing>, ProjectError> {
        let unreadable = |path: &Path, error: &io::Error| ProjectError::Model {
            path: path.to_path_buf(),
            cause: error.to_string(),
        };
        let Some(writing) = &mut self.under_way else {
            let mut files = Vec::new();
            files_of(&self.dir, "", &mut files).map_err(|e| unreadable(&self.dir, &e))?;
            if files.is_empty() {
                return Err(ProjectError::Model {
                    path: self.dir.clone(),
                    cause: "the directory holds no files".to_string(),
                });
            }
            self.under_way = Some(Writing {
                files: files.into_iter(),
                current: None,
                listing: ModelListing::default(),
                digest: Digest::default(),
                next_blob: file.sweep_blobs()?,
            });
            return Ok(None);
        };
        if let Some((source, piece)) = &mut writing.current
            && let Some(entry) = writing.listing.files.last_mut()
        {
            let mut bytes = Vec::with_capacity(PIECE);
            let read = source.take(PIECE as u64).read_to_end(&mut bytes);
            read.map_err(|e| unreadable(&self.dir.join(&entry.path), &e))?;
            if bytes.is_empty() {
                writing.current = None;
                return Ok(None);
            }
            file.write_piece(entry.blob, *piece, &bytes)?;
            *piece += 1;
            entry.bytes += bytes.len() as u64;
            writing.digest.add(&bytes);
            return Ok(None);
        }
        if let Some(path) = writing.files.next() {
            let source = self.dir.join(&path);
            let opened = File::open(&source).map_err(|e| unreadable(&source, &e))?;
            writing.current = Some((opened, 0));
            writing.digest.add(path.as_bytes());
            writing.listing.files.push(ModelFile {
                path,
                blob: writing.next_blob,
                bytes: 0,
            });
            writing.next_blob += 1;
            return Ok(None);
        }
        let listing = &mut writing.listing;
        for entry in &listing.files {
            writing.digest.add(&entry.bytes.to_le_bytes());
        }
        listing.key = format!("{:016x}", writing.digest.value());
        listing.saved = seconds_since_1970();
        file.finish_model(&self.name, listing)?;
        Ok(Some(std::mem::take(listing)))
    }
}

/// Regular files below a directory by their names, sorted; those whose names begin with a dot are someone else's.
fn files_of(dir: &Path, prefix: &str, found: &mut Vec<String>) -> io::Result<()> {
    let mut entries = fs::read_dir(dir)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if name.starts_with('.') {
            continue;
        }
        let (kind, path) = (entry.file_type()?, format!("{prefix}{name}"));
        if kind.is_dir() {
            files_of(&entry.path(), &format!("{path}/"), found)?;
        } else if kind.is_file() {
            found.push(path);
        }
    }
    Ok(())
}

/// A model on its way out of the file, into a directory of the cache.
pub(super) struct Take {
    pub name: String,
    cache: PathBuf,
    under_way: Option<Reading>,
}

struct Reading {
    listing: ModelListing,
    out: OutputDir,
    /// The file that is being written, and pieces of it that are there.
    file: usize,
    current: Option<(File, u32, u64)>,
}

impl Take {
    pub fn new(name: String, cache: PathBuf) -> Self {
        Self {
            name,
            cache,
            under_way: None,
        }
    }

    /// Does the next step; gives the directory when it is whole.
    pub fn step(&mut self, file: &mut ProjectFile) -> Result<Option<PathBuf>, ProjectError> {
        let Some(reading) = &mut self.under_way else {
            return self.begin(file);
        };
        let Some(entry) = reading.listing.files.get(reading.file) else {
            let Some(done) = self.under_way.take() else {
                return Ok(None);
            };
            let target = self.cache.join(&done.listing.key);
            return match done.out.commit() {
                // Another window has unpacked the same meanwhile.
                Err(_) if is_whole(&target, &done.listing) => Ok(Some(target)),
                committed => committed.map(Some).map_err(|e| self.refused(&e)),
            };
        };
        let target = reading.out.path().join(&entry.path);
        let failed = |error: &io::Error| ProjectError::disk(&target, error);
        let Some((out, piece, written)) = &mut reading.current else {
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent).map_err(|e| failed(&e))?;
            }
            let out = File::create_new(&target).map_err(|e| failed(&e))?;
            reading.current = Some((out, 0, 0));
            return Ok(None);
        };
        if *written >= entry.bytes {
            reading.current = None;
            reading.file += 1;
            return Ok(None);
        }
        let bytes = file.view()?.piece(entry.blob, *piece)?;
        out.write_all(&bytes).map_err(|e| failed(&e))?;
        *piece += 1;
        // An empty piece would keep this going for ever.
        *written += bytes.len().max(1) as u64;
        Ok(None)
    }

    fn begin(&mut self, file: &mut ProjectFile) -> Result<Option<PathBuf>, ProjectError> {
        let models = file.view()?.models()?;
        let Some((_, listing)) = models.into_iter().find(|(name, _)| *name == self.name) else {
            return Err(ProjectError::Missing {
                path: file.path().to_path_buf(),
                what: format!("model '{}'", self.name),
            });
        };
        let target = self.cache.join(&listing.key);
        if is_whole(&target, &listing) {
            return Ok(Some(target));
        }
        // A crash may have left names without contents.
        if fs::is_there(&target) {
            fs::remove_dir_all(&target).map_err(|e| ProjectError::disk(&target, &e))?;
        }
        let out = OutputDir::create(&target, Overwrite::Never).map_err(|e| self.refused(&e))?;
        self.under_way = Some(Reading {
            listing,
            out,
            file: 0,
            current: None,
        });
        Ok(None)
    }

    fn refused(&self, error: &crate::io::Error) -> ProjectError {
        ProjectError::Disk {
            path: self.cache.clone(),
            cause: error.to_string(),
        }
    }
}

fn is_whole(dir: &Path, listing: &ModelListing) -> bool {
    listing
        .files
        .iter()
        .all(|f| fs::metadata(dir.join(&f.path)).is_ok_and(|d| d.is_file() && d.len() == f.bytes))
}

/// Where models are unpacked: the user's cache directory, or a temporary one.
pub(super) fn cache_directory() -> PathBuf {
    folders::cache().unwrap_or_else(folders::temporary).join("models")
}

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::kept::{Block, Entry, Kept, Transaction};
use super::tree::{BLOCK, now};
use super::*;

fn names(path: &Path) -> io::Result<Vec<String>> {
    read_dir(path)?
        .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
        .collect()
}

fn kind<T>(result: io::Result<T>) -> Option<ErrorKind> {
    result.err().map(|e| e.kind())
}

#[test]
fn what_is_written_is_read_from_any_way_of_naming_it() -> io::Result<()> {
    let dir = tempdir()?;
    let inner = dir.path().join("a/b");
    assert_eq!(kind(write(inner.join("x"), "1")), Some(ErrorKind::NotFound));
    create_dir_all(&inner)?;
    write(inner.join("x"), "1")?;
    assert_eq!(read_to_string(dir.path().join("a/./b/../b/x"))?, "1");
    assert_eq!(names(dir.path())?, ["a"]);
    assert!(is_dir(&inner) && is_file(&inner.join("x")) && !is_there(&inner.join("y")));
    assert_eq!(kind(read(&inner)), Some(ErrorKind::IsADirectory));
    assert_eq!(kind(create_dir(&inner)), Some(ErrorKind::AlreadyExists));
    assert_eq!(
        kind(create_dir_all(inner.join("x/y"))),
        Some(ErrorKind::NotADirectory)
    );
    Ok(())
}

#[test]
fn a_file_is_written_anywhere_and_holes_are_zeros() -> io::Result<()> {
    let mut file = tempfile()?;
    file.write_all(b"abc")?;
    file.seek(SeekFrom::Current(2))?;
    file.write_all(b"d")?;
    file.seek(SeekFrom::End(-3))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    assert_eq!(end, b"\0\0d");
    file.set_len(2)?;
    let mut all = [7; 4];
    assert_eq!(file.read_at(0, &mut all)?, 2);
    assert_eq!(&all, b"ab\x07\x07");
    assert_eq!(file.read_at(u64::MAX, &mut all)?, 0);
    Ok(())
}

#[test]
fn only_a_file_that_was_opened_for_it_is_written() -> io::Result<()> {
    let dir = tempdir()?;
    let path = dir.path().join("x");
    write(&path, "1")?;
    assert_eq!(
        kind(File::open(&path)?.write_all(b"2")),
        Some(ErrorKind::PermissionDenied)
    );
    File::options().write(true).open(&path)?.write_all(b"2")?;
    assert_eq!(read(&path)?, b"2");
    Ok(())
}

#[test]
fn a_name_is_replaced_while_the_old_file_is_read() -> io::Result<()> {
    let dir = tempdir()?;
    let path = dir.path().join("x");
    write(&path, "old")?;
    let mut old = File::open(&path)?;
    let mut new = Builder::new().prefix(".new").tempfile_in(dir.path())?;
    new.write_all(b"new")?;
    new.persist(&path).map_err(|e| e.error)?;
    let mut text = String::new();
    old.read_to_string(&mut text)?;
    assert_eq!((text.as_str(), read(&path)?.as_slice()), ("old", &b"new"[..]));
    assert_eq!(names(dir.path())?, ["x"], "the temporary name is gone");
    let other = Builder::new().tempfile_in(dir.path())?;
    assert!(other.persist_noclobber(&path).is_err());
    assert_eq!(read(&path)?, b"new");
    Ok(())
}

#[test]
fn a_folder_moves_with_everything_in_it_and_nothing_else() -> io::Result<()> {
    let dir = tempdir()?;
    let at = |name: &str| dir.path().join(name);
    for name in ["a/b", "ab"] {
        create_dir_all(at(name))?;
        write(at(name).join("x"), name)?;
    }
    assert_eq!(
        kind(rename(at("a"), at("ab"))),
        Some(ErrorKind::DirectoryNotEmpty)
    );
    assert_eq!(kind(rename(at("a"), at("a/b/c"))), Some(ErrorKind::InvalidInput));
    assert_eq!(kind(rename(at("a"), at("none/c"))), Some(ErrorKind::NotFound));
    rename(at("a"), at("c"))?;
    assert_eq!(names(dir.path())?, ["ab", "c"]);
    assert_eq!(read_to_string(at("c/b/x"))?, "a/b");
    remove_dir_all(at("c"))?;
    assert_eq!(read_to_string(at("ab/x"))?, "ab");
    Ok(())
}

#[test]
fn what_is_temporary_goes() -> io::Result<()> {
    let dir = tempdir()?;
    let path = dir.path().to_path_buf();
    let kept = Builder::new().suffix(".kept").tempdir_in(&path)?.keep();
    drop(Builder::new().tempdir_in(&path)?);
    drop(Builder::new().tempfile_in(&path)?);
    assert_eq!(names(&path)?.len(), 1);
    assert!(is_dir(&kept));
    drop(dir);
    assert!(!is_there(&path));
    Ok(())
}

/// What another memory would hold after these changes.
fn follow(held: &mut BTreeMap<PathBuf, Option<Vec<u8>>>, changes: Vec<(PathBuf, Change)>) {
    for (path, change) in changes {
        match change {
            Change::Gone => held.retain(|other, _| !other.starts_with(&path)),
            Change::Folder => assert_eq!(held.insert(path, None), None, "a folder comes once"),
            Change::File { bytes, .. } => {
                held.insert(path, Some(bytes));
            }
        }
    }
}

/// What lies below a folder, by path.
fn below(folder: &Path) -> io::Result<BTreeMap<PathBuf, Option<Vec<u8>>>> {
    let mut found = BTreeMap::new();
    for entry in read_dir(folder)? {
        let entry = entry?;
        if is_dir(&entry.path()) {
            found.insert(entry.path(), None);
            found.extend(below(&entry.path())?);
        } else {
            found.insert(entry.path(), Some(read(entry.path())?));
        }
    }
    Ok(found)
}

/// One thing that somebody does to the files below a folder, whether or not it can be done.
fn disturb(folder: &Path, (kind, one, other, size): (u8, u8, u8, usize)) {
    let at = |which: u8| match which % 4 {
        0 => folder.join("a"),
        1 => folder.join("b"),
        2 => folder.join("a/c"),
        _ => folder.join("a/d"),
    };
    match kind % 6 {
        0 => drop(create_dir(at(one))),
        1 => drop(write(at(one), vec![other; size])),
        2 => drop(rename(at(one), at(other))),
        3 => drop(remove_dir_all(at(one)).or_else(|_| remove_file(at(one)))),
        4 => drop(
            File::options()
                .write(true)
                .open(at(one))
                .and_then(|file| file.set_len(size as u64)),
        ),
        _ => drop(
            File::options()
                .write(true)
                .open(at(one))
                .and_then(|file| file.write_at(size as u64 / 2, &[other; 40])),
        ),
    }
}

/// What a database holds after transactions.
#[derive(Clone, Default)]
struct Base {
    paths: BTreeMap<PathBuf, Entry>,
    blocks: BTreeMap<(u64, usize), Vec<u8>>,
}

impl Base {
    fn carry_out(&mut self, todo: Transaction) {
        for path in todo.gone {
            assert!(self.paths.remove(&path).is_some(), "{path:?} was there");
        }
        for entry in todo.entries {
            self.paths.insert(entry.path.clone(), entry);
        }
        for (id, from) in todo.ends {
            self.blocks
                .retain(|(file, index), _| *file != id || *index < from);
        }
        for Block { id, index, bytes } in todo.blocks {
            self.blocks.insert((id, index), bytes);
        }
    }

    /// What stands at a path: nothing, a folder, or a file with these bytes.
    fn at(&self, path: &Path) -> Option<Option<Vec<u8>>> {
        let bytes = |id: u64| self.blocks.range((id, 0)..=(id, usize::MAX)).flat_map(|(_, b)| b);
        let entry = self.paths.get(path)?;
        Some(entry.file.map(|(id, ..)| bytes(id).copied().collect()))
    }

    fn restore(&self, folder: &Path) -> io::Result<(Kept, Vec<PathBuf>)> {
        let blocks = self.blocks.iter().map(|(&(id, index), bytes)| Block {
            id,
            index,
            bytes: bytes.clone(),
        });
        Kept::restore(
            folder,
            &folder.join("work"),
            self.paths.values().cloned().collect(),
            blocks.collect(),
        )
    }
}

fn steps() -> impl Strategy<Value = Vec<Vec<(u8, u8, u8, usize)>>> {
    let step = (any::<u8>(), any::<u8>(), any::<u8>(), 0..60_000_usize);
    prop::collection::vec(prop::collection::vec(step, 1..6), 1..8)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Two memories hold the same after every message, and nothing is sent twice.
    #[test]
    fn another_memory_follows(rounds in steps()) {
        let dir = tempdir()?;
        let concern = |path: &Path| path.starts_with(dir.path()) && path != dir.path();
        let (mut copy, mut held) = (Copy::default(), BTreeMap::new());
        for round in rounds {
            round.into_iter().for_each(|step| disturb(dir.path(), step));
            follow(&mut held, copy.changes(concern));
            prop_assert!(held == below(dir.path())?);
            prop_assert_eq!(copy.changes(concern), vec![]);
        }
    }

    /// What the database holds after every transaction becomes the same files again, and holds nothing else.
    #[test]
    fn what_is_kept_comes_back(rounds in steps()) {
        let dir = tempdir()?;
        let bulky = dir.path().join("a");
        let (mut kept, mut base) = (Kept::nothing(dir.path()), Base::default());
        for (round, steps) in rounds.into_iter().enumerate() {
            steps.into_iter().for_each(|step| disturb(dir.path(), step));
            // There is room for everything, for what is not bulky, or for nothing; the next transaction makes up for it.
            let room: fn(&Kept, &Path) -> (Transaction, Kept) = match round % 4 {
                3 => continue,
                1 => Kept::transaction_without,
                _ => |kept, _| kept.transaction(),
            };
            let (todo, then) = room(&kept, &bulky);
            base.carry_out(todo);
            kept = then;
            prop_assert!(room(&kept, &bulky).0.is_empty());
            let needs_none = |path: &PathBuf| !path.starts_with(&bulky);
            let small = below(dir.path())?.into_iter().filter(|(path, _)| needs_none(path));
            let small: BTreeMap<_, _> = small.collect();
            prop_assert_eq!(base.paths.keys().filter(|path| needs_none(path)).count(), small.len());
            for (path, bytes) in small {
                prop_assert!(base.at(&path) == Some(bytes));
            }
            let files = base.paths.values().filter_map(|entry| entry.file);
            let needed: usize = files.map(|(_, bytes, _)| (bytes as usize).div_ceil(BLOCK)).sum();
            prop_assert_eq!(base.blocks.len(), needed);
        }
        base.carry_out(kept.transaction().0);
        let before = below(dir.path())?;
        for path in before.keys().filter(|path| path.parent() == Some(dir.path())) {
            remove_dir_all(path).or_else(|_| remove_file(path))?;
        }
        let (again, damaged) = base.restore(dir.path())?;
        prop_assert_eq!(damaged, Vec::<PathBuf>::new());
        prop_assert!(below(dir.path())? == before);
        prop_assert!(again.transaction().0.is_empty());
    }
}

#[test]
fn a_message_is_taken_over_and_not_told_back() -> io::Result<()> {
    let dir = tempdir()?;
    let concern = |path: &Path| path.starts_with(dir.path()) && path != dir.path();
    let mut copy = Copy::default();
    let file = dir.path().join("a/b");
    let change = Change::File {
        bytes: b"1".to_vec(),
        modified: now(),
    };
    copy.take_over(&file, change)?;
    assert_eq!(read(&file)?, b"1");
    assert_eq!(copy.changes(concern), []);
    write(&file, "2")?;
    assert_eq!(copy.changes(concern).len(), 1);
    copy.take_over(&dir.path().join("a"), Change::Gone)?;
    assert!(!is_there(&file));
    assert_eq!(copy.changes(concern), []);
    Ok(())
}

#[test]
fn a_small_change_to_a_large_file_is_a_small_transaction() -> io::Result<()> {
    let dir = tempdir()?;
    let path = dir.path().join("x");
    write(&path, vec![1; 100 * BLOCK])?;
    let (_, kept) = Kept::nothing(dir.path()).transaction();
    let file = File::options().write(true).open(&path)?;
    file.write_at(10 * BLOCK as u64 - 1, &[2, 2])?;
    let (todo, _) = kept.transaction();
    assert_eq!(todo.blocks.iter().map(|b| b.index).collect::<Vec<_>>(), [9, 10]);
    assert!(todo.gone.is_empty() && todo.ends.is_empty());
    Ok(())
}

#[test]
fn what_is_bulky_waits_and_goes_at_once() -> io::Result<()> {
    let dir = tempdir()?;
    let bulky = dir.path().join("work");
    create_dir_all(&bulky)?;
    let [old, new, label] = [bulky.join("old"), bulky.join("new"), dir.path().join("label")];
    write(&old, vec![1; 10 * BLOCK])?;
    let mut base = Base::default();
    let (todo, kept) = Kept::nothing(dir.path()).transaction();
    base.carry_out(todo);
    write(&new, vec![2; 100 * BLOCK])?;
    write(&label, "1")?;
    let (todo, kept) = kept.transaction_without(&bulky);
    assert_eq!(todo.blocks.len(), 1, "the label alone");
    base.carry_out(todo);
    assert_eq!(base.at(&label), Some(Some(b"1".to_vec())));
    assert_eq!(base.at(&new), None);
    // What is deleted makes room, whatever waits for it.
    remove_file(&old)?;
    let (todo, kept) = kept.transaction_without(&bulky);
    base.carry_out(todo);
    assert_eq!((base.at(&old), base.blocks.len()), (None, 1));
    base.carry_out(kept.transaction().0);
    assert_eq!(base.at(&new), Some(Some(vec![2; 100 * BLOCK])));
    Ok(())
}

#[test]
fn a_bulky_file_that_is_put_elsewhere_is_kept_there() -> io::Result<()> {
    let dir = tempdir()?;
    let bulky = dir.path().join("work");
    create_dir_all(&bulky)?;
    let [from, to] = [bulky.join("model"), dir.path().join("model")];
    write(&from, vec![1; 3 * BLOCK])?;
    let mut base = Base::default();
    let (todo, kept) = Kept::nothing(dir.path()).transaction();
    base.carry_out(todo);
    rename(&from, &to)?;
    let (todo, kept) = kept.transaction_without(&bulky);
    assert!(todo.blocks.is_empty(), "its bytes are there");
    base.carry_out(todo);
    assert_eq!(base.at(&from), None);
    assert_eq!(base.at(&to), Some(Some(vec![1; 3 * BLOCK])));
    // Back again: nothing of it is known outside, and all of it is written once there is room.
    rename(&to, &from)?;
    let (todo, kept) = kept.transaction_without(&bulky);
    base.carry_out(todo);
    assert_eq!((base.at(&to), base.blocks.len()), (None, 0));
    base.carry_out(kept.transaction().0);
    assert_eq!(base.at(&from), Some(Some(vec![1; 3 * BLOCK])));
    Ok(())
}

#[test]
fn a_number_whose_blocks_are_left_is_not_given_again() -> io::Result<()> {
    let dir = tempdir()?;
    let number = |name: &str| {
        write(dir.path().join(name), "1")?;
        let (todo, _) = Kept::nothing(dir.path()).transaction();
        let mut files = todo.entries.iter().filter(|entry| entry.path.ends_with(name));
        let file = files.next().and_then(|entry| entry.file);
        Ok::<u64, io::Error>(file.map_or(0, |file| file.0))
    };
    let id = number("before")? + 1_000_000;
    let bytes = vec![1];
    Kept::restore(
        dir.path(),
        dir.path(),
        vec![],
        vec![Block { id, index: 3, bytes }],
    )?;
    assert!(number("after")? > id);
    Ok(())
}

#[test]
fn what_is_not_whole_is_left_out_and_stays_where_it_is_kept() -> io::Result<()> {
    let dir = tempdir()?;
    let [damaged, whole] = ["damaged", "whole"].map(|name| dir.path().join(name));
    write(&whole, "1")?;
    // Its blocks are the last ones.
    write(&damaged, vec![1; 3 * BLOCK])?;
    let mut base = Base::default();
    base.carry_out(Kept::nothing(dir.path()).transaction().0);
    base.blocks.pop_last();
    for path in [&damaged, &whole] {
        remove_file(path)?;
    }
    let (kept, left_out) = base.restore(dir.path())?;
    assert_eq!(left_out, std::slice::from_ref(&damaged));
    assert_eq!(names(dir.path())?, ["whole"]);
    assert!(kept.transaction().0.is_empty(), "nothing of it is removed");
    assert!(base.paths.contains_key(&damaged));
    Ok(())
}

#[test]
fn what_can_be_made_again_and_what_has_no_name_go_untold() -> io::Result<()> {
    let dir = tempdir()?;
    let bulky = dir.path().join("work");
    create_dir_all(&bulky)?;
    let [nameless, checkpoint] = [dir.path().join("nameless"), bulky.join("checkpoint")];
    write(&nameless, vec![1; 2 * BLOCK])?;
    // Its blocks are the last ones.
    write(&checkpoint, vec![1; 3 * BLOCK])?;
    let mut base = Base::default();
    base.carry_out(Kept::nothing(dir.path()).transaction().0);
    base.blocks.pop_last();
    base.paths.remove(&nameless);
    for path in [&nameless, &checkpoint] {
        remove_file(path)?;
    }
    let (kept, left_out) = base.restore(dir.path())?;
    assert_eq!(left_out, Vec::<PathBuf>::new());
    assert!(!is_there(&checkpoint));
    // Going takes no room.
    let (todo, kept) = kept.transaction_without(&bulky);
    base.carry_out(todo);
    let left: Vec<&PathBuf> = base.paths.keys().collect();
    assert_eq!((left, base.blocks.len()), (vec![&bulky], 0));
    assert!(kept.transaction().0.is_empty());
    Ok(())
}

#[test]
fn what_a_crash_broke_off_goes_with_its_blocks() -> io::Result<()> {
    let dir = tempdir()?;
    let half = dir.path().join(".unfreeze-1.tmp");
    create_dir_all(dir.path().join(".unfreeze-2.tmp"))?;
    for path in [half, dir.path().join(".unfreeze-2.tmp/x"), dir.path().join("y")] {
        write(path, "1")?;
    }
    let mut base = Base::default();
    base.carry_out(Kept::nothing(dir.path()).transaction().0);
    for name in [".unfreeze-1.tmp", ".unfreeze-2.tmp", "y"] {
        let path = dir.path().join(name);
        remove_dir_all(&path).or_else(|_| remove_file(&path))?;
    }
    let (kept, _) = base.restore(dir.path())?;
    assert_eq!(names(dir.path())?, ["y"]);
    base.carry_out(kept.transaction().0);
    assert_eq!((base.paths.len(), base.blocks.len()), (1, 1));
    Ok(())
}

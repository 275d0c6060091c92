use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use tempfile::TempDir;

use super::*;
use crate::host::work::block_on;

mod grow;

/// Everything that these tests put into a file.
type Contents = (String, Vec<u8>, Vec<String>, Vec<(String, String)>);

fn contents(view: &View) -> Result<Contents, ProjectError> {
    let mut texts = Vec::new();
    view.texts(|from| from.read_to_end(&mut texts).map(|_| ()))?;
    let mut actions = Vec::new();
    view.actions(|action| {
        actions.push(action.to_string());
        Ok(())
    })?;
    Ok((view.name()?, texts, actions, view.settings()?))
}

fn open(path: &Path) -> Result<(ProjectFile, Contents), ProjectError> {
    ProjectFile::open(path, contents)
}

/// Bytes that do not get fewer when they are packed.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut bytes = vec![0_u8; length];
    ChaCha8Rng::seed_from_u64(seed).fill(&mut bytes[..]);
    bytes
}

fn steps(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

fn project(texts: &[u8]) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("deep/a.unfreeze");
    ProjectFile::create(&path, "a", |out| out.write_all(texts)).unwrap();
    (dir, path)
}

/// A file with several answers, closed.
fn worked(texts: &[u8]) -> (TempDir, PathBuf) {
    let (dir, path) = project(texts);
    let (mut file, _) = open(&path).unwrap();
    for at in 0..20 {
        block_on(file.append(&[format!("step {at}")])).unwrap();
    }
    (dir, path)
}

fn change_meta(path: &Path, key: &str, value: &str) {
    let database = Database::open(path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(META).unwrap().insert(key, value).unwrap();
    transaction.commit().unwrap();
}

/// What opening complains of; the file and its directory are as before.
fn refused(path: &Path) -> ProjectError {
    let before = fs::read(path).unwrap();
    let error = open(path).expect_err("this is no project");
    assert!(fs::read(path).unwrap() == before, "the file was changed: {error}");
    let dir = path.parent().unwrap();
    assert_eq!(fs::read_dir(dir).unwrap().count(), 1, "something was left");
    assert!(!error.to_string().contains('\n'));
    error
}

#[test]
fn everything_comes_back() {
    // More than one piece.
    let texts = noise(1, 3 * PIECE);
    let (_dir, path) = project(&texts);
    let (mut file, _) = open(&path).unwrap();
    block_on(file.append(&steps(&["a", "b"]))).unwrap();
    block_on(file.append(&steps(&["c"]))).unwrap();
    file.set("goal", "100").unwrap();
    file.set("goal", "200").unwrap();
    file.save_run(0, "{}", b"events").unwrap();
    drop(file);
    let (mut file, read) = open(&path).unwrap();
    assert_eq!(read.0, "a");
    assert!(read.1 == texts);
    assert_eq!(read.2, ["a", "b", "c"]);
    assert_eq!(read.3, [("goal".to_string(), "200".to_string())]);
    assert_eq!(file.actions(), 3);
    let view = file.view().unwrap();
    assert_eq!(view.runs().unwrap(), [(0, "{}".to_string())]);
    assert_eq!(view.run_events(0).unwrap(), b"events");
    assert_eq!(
        view.run_events(1).unwrap_err().to_string(),
        format!("{}: the project has no run number 2", path.display())
    );
    drop(view);
    // One file, and nothing beside it.
    assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
}

#[test]
fn a_second_window_is_told() {
    let (_dir, path) = project(b"");
    let (mut first, _) = open(&path).unwrap();
    let error = open(&path).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "{}: is open in another window of Unfreeze; close it there first",
            path.display()
        )
    );
    block_on(first.append(&steps(&["a"]))).unwrap();
    drop(first);
    assert_eq!(open(&path).unwrap().1.2, ["a"]);
}

#[test]
fn a_file_that_exists_is_not_replaced() {
    let (_dir, path) = worked(b"texts");
    let before = fs::read(&path).unwrap();
    let again = ProjectFile::create(&path, "b", |_| Ok(())).unwrap_err();
    assert!(matches!(again, ProjectError::Exists { .. }), "{again}");
    assert!(fs::read(&path).unwrap() == before);
}

#[test]
fn a_project_whose_texts_cannot_be_written_does_not_appear() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.unfreeze");
    let error = ProjectFile::create(&path, "a", |_| Err(io::ErrorKind::StorageFull.into())).unwrap_err();
    assert!(matches!(error, ProjectError::NoSpace { .. }), "{error}");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn what_is_no_project_is_named_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.unfreeze");
    assert!(matches!(open(&path).unwrap_err(), ProjectError::NotFound { .. }));
    fs::write(&path, "").unwrap();
    assert!(matches!(refused(&path), ProjectError::Empty { .. }));
    for foreign in [&b"x"[..], b"text,label\nGood,yes\n", &[0; 10_000]] {
        fs::write(&path, foreign).unwrap();
        assert!(matches!(refused(&path), ProjectError::Foreign { .. }));
    }
    fs::remove_file(&path).unwrap();
    // Another program's database, closed and torn off.
    let database = Database::create(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    const OTHER: TableDefinition<u64, u64> = TableDefinition::new("other");
    transaction.open_table(OTHER).unwrap().insert(1, 1).unwrap();
    transaction.commit().unwrap();
    let torn = fs::read(&path).unwrap();
    drop(database);
    assert!(matches!(refused(&path), ProjectError::Foreign { .. }));
    fs::write(&path, torn).unwrap();
    assert!(matches!(refused(&path), ProjectError::Foreign { .. }));
    assert!(matches!(
        open(dir.path()).unwrap_err(),
        ProjectError::Foreign { .. }
    ));
}

#[test]
fn a_newer_version_is_named_and_left_alone() {
    let (_dir, path) = worked(b"texts");
    change_meta(&path, "format", "7");
    assert_eq!(
        refused(&path).to_string(),
        format!(
            "{}: was written by a newer Unfreeze (project format 7, this one reads up to 3); update Unfreeze; the file was \
             left as it is",
            path.display()
        )
    );
    // A crash of the newer version changes nothing about that.
    let database = Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(LOG).unwrap().insert(20, "new").unwrap();
    transaction.commit().unwrap();
    let torn = fs::read(&path).unwrap();
    drop(database);
    fs::write(&path, torn).unwrap();
    assert!(matches!(refused(&path), ProjectError::Newer { found: 7, .. }));
    change_meta(&path, "format", "none");
    assert!(matches!(refused(&path), ProjectError::Damaged { .. }));
    change_meta(&path, "format", "1");
    assert_eq!(open(&path).unwrap().1.2.len(), 21);
}

/// A file of the first format is read, and becomes one of this format with its first result.
#[test]
fn an_older_version_is_read_and_brought_up_to_date_when_it_has_to_be() {
    let (_dir, path) = worked(b"texts");
    let format = |path: &Path| {
        let database = Database::open(path).unwrap();
        let transaction = redb::ReadableDatabase::begin_read(&database).unwrap();
        let meta = transaction.open_table(META).unwrap();
        meta.get("format").unwrap().unwrap().value().to_string()
    };
    assert_eq!(format(&path), "2");
    let database = Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    assert!(transaction.delete_table(RESULTS).unwrap());
    transaction.commit().unwrap();
    drop(database);
    change_meta(&path, "format", "1");

    let (mut file, read) = open(&path).unwrap();
    assert_eq!(read.2.len(), 20);
    assert_eq!(file.view().unwrap().result("predictions").unwrap(), None);
    block_on(file.append(&steps(&["step 20"]))).unwrap();
    drop(file);
    assert_eq!(format(&path), "1");
    let (mut file, _) = open(&path).unwrap();
    file.set_result("predictions", Some(b"yes")).unwrap();
    drop(file);
    assert_eq!(format(&path), "2");
    let (mut file, read) = open(&path).unwrap();
    assert_eq!(read.2.len(), 21);
    assert_eq!(
        file.view().unwrap().result("predictions").unwrap().unwrap(),
        b"yes"
    );
    file.set_result("predictions", None).unwrap();
    assert_eq!(file.view().unwrap().result("predictions").unwrap(), None);
}

/// No damage makes it panic, lose its head, or change the file: it opens with what was there, or says why not.
#[test]
fn damage_is_found_and_left_alone() {
    let (_dir, path) = worked(&[b'x'; 200_000]);
    let whole = fs::read(&path).unwrap();
    let expected = open(&path).unwrap().1;
    let whole_again = fs::read(&path).unwrap();
    let (mut found, mut generator) = (0, ChaCha8Rng::seed_from_u64(7));
    let mut random = |below: usize| generator.random_range(0..below);
    for round in 0..60 {
        let mut bytes = if round % 2 == 0 {
            whole.clone()
        } else {
            whole_again.clone()
        };
        match round % 3 {
            0 => bytes.truncate(random(bytes.len()).max(1)),
            1 => {
                let at = random(bytes.len());
                let end = (at + 4096).min(bytes.len());
                bytes[at..end].fill(0xa5);
            }
            _ => {
                let at = 4096 + random(bytes.len() - 4096);
                bytes[at] ^= 1 << random(8);
            }
        }
        fs::write(&path, &bytes).unwrap();
        match open(&path) {
            // Pages that are in no use may hold anything.
            Ok((_, read)) => assert!(read == expected, "round {round}: it opened with something else"),
            Err(error) => {
                found += 1;
                assert!(
                    fs::read(&path).unwrap() == bytes,
                    "round {round}: changed after {error}"
                );
                assert!(
                    matches!(error, ProjectError::Damaged { .. } | ProjectError::Foreign { .. }),
                    "round {round}: {error}"
                );
            }
        }
    }
    assert!(found > 20, "only {found} damages were found");
}

#[test]
fn a_log_with_a_gap_or_a_step_that_makes_no_sense_is_damage() {
    let (_dir, path) = worked(b"");
    let complaint = ProjectFile::open(&path, |view| {
        view.actions(|step| {
            if step == "step 7" {
                Err("no".into())
            } else {
                Ok(())
            }
        })
    });
    let complaint = complaint.unwrap_err().to_string();
    assert!(complaint.contains("damaged (step 8: no)"), "{complaint}");
    let database = Database::open(&path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(LOG).unwrap().remove(3).unwrap();
    transaction.commit().unwrap();
    drop(database);
    assert!(refused(&path).to_string().contains("step 4 is missing"));
}

/// Wherever the disk fills up, what was not acknowledged is not there, and the file goes on once there is room.
#[test]
fn a_full_disk_loses_nothing_and_invents_nothing() {
    let (_dir, path) = project(b"texts");
    let room = Arc::new(AtomicI64::new(i64::MAX));
    let storage = filling::storage(&path, room.clone());
    let (mut file, _) = ProjectFile::open_in(&path, storage, contents).unwrap();
    let mut expected = Vec::new();
    let mut failures = 0;
    for round in 0..80 {
        room.store(round * 700, Ordering::Relaxed);
        let batch = vec![
            format!("{round}, {}", "long ".repeat(200)),
            format!("{round}, again"),
        ];
        match block_on(file.append(&batch)) {
            Ok(()) => expected.extend(batch),
            Err(error) => {
                failures += 1;
                assert!(matches!(error, ProjectError::NoSpace { .. }), "{error}");
            }
        }
        room.store(i64::MAX, Ordering::Relaxed);
        if round % 3 == 0 {
            let batch = vec![format!("{round}, with room")];
            block_on(file.append(&batch)).unwrap();
            expected.extend(batch);
        }
        assert_eq!(file.actions(), expected.len() as u64);
        if round % 10 == 0 {
            assert_eq!(contents(&file.view().unwrap()).unwrap().2, expected);
        }
    }
    assert!((10..75).contains(&failures), "{failures} failures");
    drop(file);
    assert_eq!(open(&path).unwrap().1.2, expected);
}

/// A file that is no longer where it was takes nothing more: it would be gone when it is closed.
#[cfg(unix)]
#[test]
fn nothing_is_written_to_a_file_that_was_moved_or_replaced() {
    let (dir, path) = worked(b"texts");
    let (mut file, _) = open(&path).unwrap();
    let mut expected: Vec<String> = (0..20).map(|at| format!("step {at}")).collect();
    let moved = format!(
        "{} was moved, deleted or replaced while it is open: put it back, or export your labels and open it again",
        path.display()
    );
    let elsewhere = dir.path().join("elsewhere.unfreeze");
    fs::rename(&path, &elsewhere).unwrap();
    let takes_nothing = |file: &mut ProjectFile| {
        let failed = block_on(file.append(&steps(&["lost"]))).unwrap_err();
        assert_eq!(failed.to_string(), moved);
        assert_eq!(file.set("goal", "1").unwrap_err().to_string(), moved);
        assert_eq!(file.actions(), 20);
    };
    takes_nothing(&mut file);
    // What is there is read all the same, and exported.
    assert_eq!(contents(&file.view().unwrap()).unwrap().2, expected);
    // A backup in its place is not the file that is open, and stays as it is.
    let backup = dir.path().join("backup.unfreeze");
    fs::copy(&elsewhere, &backup).unwrap();
    fs::rename(&backup, &path).unwrap();
    let before = fs::read(&path).unwrap();
    takes_nothing(&mut file);
    assert!(fs::read(&path).unwrap() == before);
    // Put back, it goes on.
    fs::rename(&elsewhere, &path).unwrap();
    block_on(file.append(&steps(&["kept"]))).unwrap();
    expected.push("kept".to_string());
    drop(file);
    assert_eq!(open(&path).unwrap().1.2, expected);
}

#[test]
fn a_model_replaces_the_one_of_its_name_and_remains_are_swept_away() {
    let (_dir, path) = project(b"");
    let (mut file, _) = open(&path).unwrap();
    let listing = |blob, bytes| ModelListing {
        files: vec![ModelFile {
            path: "backward/config.json".into(),
            blob,
            bytes,
        }],
        key: "0f".into(),
        saved: 1,
    };
    assert_eq!(file.sweep_blobs().unwrap(), 0);
    file.write_piece(0, 0, &[1; 3000]).unwrap();
    file.write_piece(0, 1, &[2; 10]).unwrap();
    file.finish_model("classifier", &listing(0, 3010)).unwrap();
    // A second one that was cut off.
    file.write_piece(5, 0, &[3; 100]).unwrap();
    drop(file);
    let (mut file, _) = open(&path).unwrap();
    assert_eq!(file.view().unwrap().piece(5, 0).unwrap(), [3; 100]);
    file.sweep_blobs().unwrap();
    assert!(file.view().unwrap().piece(5, 0).is_err());
    assert_eq!(file.view().unwrap().piece(0, 1).unwrap(), [2; 10]);
    assert_eq!(file.sweep_blobs().unwrap(), 1);
    file.write_piece(1, 0, &[4; 5]).unwrap();
    file.finish_model("classifier", &listing(1, 5)).unwrap();
    let view = file.view().unwrap();
    assert_eq!(
        view.models().unwrap(),
        [("classifier".to_string(), listing(1, 5))]
    );
    assert!(view.piece(0, 0).is_err() && view.piece(0, 1).is_err());
    assert_eq!(view.piece(1, 0).unwrap(), [4; 5]);
}

#[test]
fn a_listing_cannot_name_files_elsewhere() {
    for path in ["../a", "/etc/a", "a/../../b", "C:a", "a\\b", "", "a//b", "."] {
        let listing = ModelListing {
            files: vec![ModelFile {
                path: path.into(),
                blob: 0,
                bytes: 0,
            }],
            key: "00".into(),
            saved: 0,
        };
        let json = serde_json::to_string(&listing).unwrap();
        assert!(ModelListing::parse(&json).is_err(), "{path}");
    }
    let json = r#"{"files":[],"key":"../x","saved":0}"#;
    assert!(ModelListing::parse(json).is_err());
}

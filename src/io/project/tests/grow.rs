//! Texts that are added to those of a project.

use super::*;

fn format(path: &Path) -> String {
    let database = Database::open(path).unwrap();
    let transaction = redb::ReadableDatabase::begin_read(&database).unwrap();
    let meta = transaction.open_table(META).unwrap();
    meta.get("format").unwrap().unwrap().value().to_string()
}

#[test]
fn texts_grow_together_with_the_log() {
    let (_dir, path) = worked(&noise(1, PIECE + 9));
    assert_eq!(format(&path), "2");
    let (mut file, _) = open(&path).unwrap();
    let more = noise(1, 3 * PIECE);
    block_on(file.grow(|out| out.write_all(&more), &steps(&["step 20"]))).unwrap();
    assert_eq!(file.actions(), 21);
    block_on(file.append(&steps(&["step 21"]))).unwrap();
    drop(file);
    // An older program would take its log for damaged.
    assert_eq!(format(&path), "3");
    let (mut file, read) = open(&path).unwrap();
    assert!(read.1 == more);
    assert_eq!(read.2.len(), 22);
    file.set_result("predictions", Some(b"yes")).unwrap();
    // Fewer pieces leave none of the others behind.
    block_on(file.grow(|out| out.write_all(b"few"), &[])).unwrap();
    let read = contents(&file.view().unwrap()).unwrap();
    assert_eq!((read.1.as_slice(), read.2.len()), (b"few".as_slice(), 22));
    drop(file);
    assert_eq!(format(&path), "3");
}

/// Wherever the disk fills up, texts and log are those of before, and they grow once there is room.
#[test]
fn a_full_disk_leaves_texts_and_log_as_they_were() {
    let (_dir, path) = project(b"texts");
    let room = Arc::new(AtomicI64::new(i64::MAX));
    let storage = filling::storage(&path, room.clone());
    let (mut file, _) = ProjectFile::open_in(&path, storage, contents).unwrap();
    let mut texts = b"texts".to_vec();
    let mut log: Vec<String> = Vec::new();
    let mut failures = 0;
    for round in 0..60_u32 {
        let mut more = texts.clone();
        more.extend(noise(u64::from(round), 3_000));
        let said = vec![format!("round {round}")];
        room.store(i64::from(round) * 2_500, Ordering::Relaxed);
        let grown = block_on(file.grow(|out| out.write_all(&more), &said));
        room.store(i64::MAX, Ordering::Relaxed);
        match grown {
            Ok(()) => {
                texts = more;
                log.extend(said);
            }
            Err(error) => {
                failures += 1;
                assert!(matches!(error, ProjectError::NoSpace { .. }), "{error}");
            }
        }
        if round % 5 == 0 {
            let said = vec![format!("round {round}, with room")];
            block_on(file.append(&said)).unwrap();
            log.extend(said);
        }
        assert_eq!(file.actions(), log.len() as u64);
        let read = contents(&file.view().unwrap()).unwrap();
        assert!(read.1 == texts, "round {round}: other texts");
        assert_eq!(read.2, log);
    }
    assert!((3..60).contains(&failures), "{failures} failures");
    drop(file);
    let read = open(&path).unwrap().1;
    assert!(read.1 == texts && read.2 == log);
}

/// What a failed transaction may have left on the disk all the same is taken back, and what another window did is not.
#[test]
fn texts_that_the_caller_was_told_are_not_there_are_taken_back() {
    let (_dir, path) = worked(b"texts");
    let (mut file, _) = open(&path).unwrap();
    block_on(file.grow(|out| out.write_all(b"texts and more"), &steps(&["step 20"]))).unwrap();
    let packed = |text: &[u8]| texts::pack(&path, |out| out.write_all(text)).unwrap();
    let doubt = || texts::Doubt {
        before: packed(b"texts"),
        after: packed(b"texts and more"),
    };
    // As though the disk had said no after it had written everything.
    file.actions = 20;
    file.doubtful = steps(&["step 20"]);
    (file.doubt, file.database) = (Some(doubt()), None);
    let read = contents(&file.view().unwrap()).unwrap();
    assert_eq!((read.1.as_slice(), read.2.len()), (b"texts".as_slice(), 20));

    block_on(file.grow(|out| out.write_all(b"others"), &[])).unwrap();
    (file.doubt, file.database) = (Some(doubt()), None);
    let error = file.view().unwrap_err();
    assert!(matches!(error, ProjectError::Changed { .. }), "{error}");
}

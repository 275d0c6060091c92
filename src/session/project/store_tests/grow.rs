//! More texts for a project that is there.

use super::*;

/// A project of three texts, two of them labelled, one of these kept aside.
fn labelled() -> (TempDir, OpenProject) {
    let (dir, mut open) = new(3);
    let aside = Action::KeepAside { texts: vec![1] };
    for action in [create("good"), create("bad"), label(0, 0), aside, label(1, 1)] {
        open.act(action).unwrap();
    }
    settle(&mut open);
    (dir, open)
}

fn given() -> Action {
    Action::AnswerByName {
        given: vec![("new".into(), vec![4]), ("bad".into(), vec![3])],
    }
}

fn grow(open: &mut OpenProject, to: usize, action: Option<Action>) -> Result<(), Refused> {
    let of = Arc::clone(&open.project.texts);
    open.grow(&of, texts(to), action)
}

fn name(project: &Project, text: TextId) -> Option<&str> {
    match project.answer(text)? {
        Answer::Label(id) => project.label(id).map(|label| label.name.as_str()),
        Answer::Skipped | Answer::Unsure => None,
    }
}

#[test]
fn texts_are_added_and_what_is_known_of_the_others_stays() {
    let (_dir, mut open) = labelled();
    let said = Predictions {
        run: 1,
        labels: vec!["bad".into(), "good".into()],
        seconds: 0.5,
        texts: vec![0, 1, 2],
        probabilities: vec![0.5; 6],
    };
    open.set_predictions(Some(said.clone()));
    open.save_run(None, json!({"error": 0.1}), vec![]);
    open.set("goal", &7);
    grow(&mut open, 6, Some(given())).unwrap();
    assert!(open.is_growing() && open.busy());
    assert_eq!(open.project.texts.texts.len(), 3, "not before they are on disk");
    // What is sent meanwhile is checked as they will leave the project.
    open.act(label(5, 2)).unwrap();
    assert_eq!(open.act(label(6, 0)), Err(Refused::NoText { text: 6, texts: 6 }));
    assert_eq!(open.act(create("new")), Err(Refused::NameTaken("new".into())));
    assert_eq!(grow(&mut open, 9, None), Err(Refused::OtherTexts));
    let happened = settle(&mut open);
    assert!(
        happened.iter().any(|h| matches!(h, Happened::Grown)),
        "{happened:?}"
    );
    assert!(happened.iter().all(|h| h.failure().is_none()), "{happened:?}");
    assert!(!open.is_growing());

    let (before, steps) = (seen(&open.project), open.steps());
    let mut open = reopened(open);
    assert_eq!((seen(&open.project), open.steps(), steps), (before, 7, 7));
    assert_eq!(open.project.texts, texts(6));
    let names: Vec<Option<&str>> = (0..6).map(|text| name(&open.project, text)).collect();
    let [good, bad, new] = ["good", "bad", "new"].map(Some);
    assert_eq!(names, [good, bad, None, bad, new, new]);
    assert_eq!(open.project.aside(), [1]);
    assert_eq!(open.setting::<u32>("goal"), Some(7));
    assert_eq!(open.runs().count(), 1);
    open.load_predictions();
    let Happened::PredictionsLoaded(Some(loaded)) = one(&mut open) else {
        panic!("what was said of the first texts is gone")
    };
    assert_eq!(*loaded, said);
}

#[test]
fn the_labels_that_come_with_texts_are_one_step_and_the_steps_before_are_there() {
    let (_dir, mut open) = labelled();
    grow(&mut open, 6, Some(given())).unwrap();
    settle(&mut open);
    let mut open = reopened(open);
    let full = seen(&open.project);
    assert_eq!(open.project.undoable(), Some(&given()));
    let undo = |open: &mut OpenProject| {
        open.act(Action::Undo).unwrap();
        settle(open);
    };
    undo(&mut open);
    assert_eq!((open.project.labelled(), open.project.labels().count()), (2, 2));
    undo(&mut open);
    assert_eq!(open.project.answer(1), None);
    for _ in 0..2 {
        open.act(Action::Redo).unwrap();
    }
    settle(&mut open);
    assert_eq!(seen(&open.project), full);
    for _ in 0..6 {
        undo(&mut open);
    }
    assert_eq!(open.project.undoable(), None);
    assert_eq!(reopened(open).project.texts, texts(6), "the texts stay");
}

#[test]
fn texts_alone_are_no_step() {
    let (_dir, mut open) = labelled();
    let before = (seen(&open.project), open.steps());
    grow(&mut open, 5, None).unwrap();
    let happened = settle(&mut open);
    assert!(matches!(happened.as_slice(), [Happened::Grown]), "{happened:?}");
    let open = reopened(open);
    assert_eq!((seen(&open.project), open.steps()), before);
    assert_eq!(open.project.texts, texts(5));
}

#[test]
fn texts_that_find_no_room_are_told_and_leave_the_project_as_it_was() {
    let (dir, open) = labelled();
    let path = open.path().unwrap().to_path_buf();
    drop(open);
    let room = Arc::new(AtomicI64::new(i64::MAX));
    let storage = filling::storage(&path, room.clone());
    let at = path.clone();
    let opening = Opening::start_with(path, quiet(), dir.path().join("cache"), move || {
        ProjectFile::open_in(&at, storage, store::load)
    });
    let mut open = opening.wait().unwrap();
    let before = seen(&open.project);
    room.store(0, Ordering::SeqCst);
    grow(&mut open, 6, Some(given())).unwrap();
    open.act(label(5, 0)).unwrap();
    let happened = settle(&mut open);
    let failures: Vec<String> = happened.iter().filter_map(Happened::failure).collect();
    assert_eq!(failures.len(), 2, "{failures:?}");
    assert!(
        failures[0].starts_with("The texts were not added: no space left"),
        "{failures:?}"
    );
    assert!(failures[1].starts_with("Not saved: "), "{failures:?}");
    assert!(!open.is_growing());
    assert_eq!((seen(&open.project), open.project.texts.texts.len()), (before, 3));
    room.store(i64::MAX, Ordering::SeqCst);
    open.act(label(2, 0)).unwrap();
    assert_eq!(
        open.act(label(3, 0)),
        Err(Refused::NoText { text: 3, texts: 3 }),
        "they are not there"
    );
    grow(&mut open, 6, Some(given())).unwrap();
    settle(&mut open);
    let open = reopened(open);
    assert_eq!((open.project.labelled(), open.steps()), (5, 7));
    assert_eq!(open.project.texts, texts(6));
}

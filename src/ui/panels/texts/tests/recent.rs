//! Projects that were open before.

use super::*;

#[test]
fn a_project_that_another_window_holds_is_told_so() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("held.unfreeze");
    let texts = Arc::new(Texts {
        texts: vec!["a".into()],
        ..Texts::default()
    });
    let held = OpenProject::create(&path, "held", texts, Arc::new(|| {})).unwrap();
    Shelf::in_folder(home.path()).note_now(&held);
    let mut h = screen_at(home, None, SIZE);
    until(&mut h, "the list", |b| !b.panel.recents.is_reading());
    let row = "Open held: 0 of 1 text labelled, just now, key 1";
    h.get_by_role_and_label(Role::Button, row).click();
    h.run_steps(1);
    idle(&mut h);
    assert!(h.state().shared.project.is_none());
    assert!(
        h.state().failures()[0].contains("open in another window"),
        "{:?}",
        h.state().failures()
    );
    drop(held);
    h.key_press(Key::Num1);
    h.run_steps(2);
    idle(&mut h);
    assert_eq!(
        h.state().project().path(),
        Some(std::fs::canonicalize(&path).unwrap().as_path())
    );
    assert_eq!(h.state().shared.screen, Screen::Label);
}

#[test]
fn what_is_left_for_another_project_stands_on_the_list_with_its_labels() {
    let mut h = screen();
    h.key_press(Key::S);
    h.run_steps(2);
    idle(&mut h);
    let open = h.state_mut().shared.project.as_mut().unwrap();
    let answer = Step::AnswerMany {
        texts: vec![0, 1, 2],
        answer: Answer::Label(0),
        alike: false,
    };
    open.act(answer).unwrap();
    until(&mut h, "the labels are on disk", |b| !b.project().busy());
    h.state_mut().shared.screen = Screen::Texts;
    until(&mut h, "the list", |b| !b.panel.recents.is_reading());
    assert_eq!(
        h.state().panel.recents.key_of(0),
        None,
        "what is open is not offered"
    );
    h.event(Event::Paste("some other text\nand one more".into()));
    h.run_steps(2);
    idle(&mut h);
    h.key_press(Key::Enter);
    h.run_steps(2);
    idle(&mut h);
    h.state_mut().shared.screen = Screen::Texts;
    until(&mut h, "the list", |b| !b.panel.recents.is_reading());
    h.get_by_role_and_label(
        Role::Button,
        "Open sample: 3 of 600 texts labelled, just now, key 1",
    )
    .click();
    h.run_steps(1);
    idle(&mut h);
    assert_eq!(h.state().project().project.labelled(), 3);
}

/// As in a tab, where nothing but this list leads to a project.
#[test]
fn every_project_of_a_browser_is_listed_and_goes_only_when_that_is_confirmed() {
    let home = tempfile::tempdir().unwrap();
    let folder = std::fs::canonicalize(home.path()).unwrap();
    let texts = Arc::new(Texts {
        texts: vec!["a".into()],
        ..Texts::default()
    });
    let make = |name: &str| {
        let path = folder.join(format!("{name}.unfreeze"));
        drop(OpenProject::create(&path, name, Arc::clone(&texts), Arc::new(|| {})).unwrap());
        path
    };
    let (one, other) = (make("one"), make("other"));
    file(home.path(), "recent.json", b"damaged");
    let mut h = screen_at(home, None, SIZE);
    until(&mut h, "the list", |b| !b.panel.recents.is_reading());
    assert_eq!(h.state().panel.recents.key_of(0), None);

    h.state_mut().shared.shelf = Shelf::in_folder(&folder).listing_all();
    h.state_mut().panel.recents = Recents::default();
    until(&mut h, "the list", |b| !b.panel.recents.is_reading());
    h.get_by_label_contains("Open one: not opened lately");
    let work = h.state().shared.shelf.work_dir(Some(&one));
    std::fs::create_dir_all(&work).unwrap();
    let press = |h: &mut Screenful, name: &str| {
        h.get_by_role_and_label(Role::Button, name).click();
        h.run_steps(3);
    };
    press(&mut h, "Delete one");
    press(&mut h, "Keep it");
    assert!(h.query_by_label("Delete it").is_none() && one.exists());
    press(&mut h, "Delete one");
    press(&mut h, "Delete it");
    until(&mut h, "it is gone", |_| !one.exists());
    until(&mut h, "the list", |b| b.panel.recents.key_of(1).is_none());
    assert!(!work.exists() && other.exists());
    assert!(h.query_by_label_contains("Open one").is_none());
    press(&mut h, "Open other: not opened lately, just now, key 1");
    idle(&mut h);
    assert_eq!(h.state().project().path(), Some(other.as_path()));
    assert_eq!(h.state().failures(), Vec::<&str>::new());
}

#[test]
fn projects_beyond_the_keys_are_listed_too() {
    let mut h = screen();
    until(&mut h, "the list", |b| !b.panel.recents.is_reading());
    let recent = |n: u64| crate::session::project::recent::Recent {
        path: PathBuf::from(format!("/nowhere/p{n}.unfreeze")),
        name: format!("p{n}"),
        texts: 3,
        labelled: 1,
        opened: u64::MAX,
    };
    h.state_mut().panel.recents.set((1..=12).map(recent).collect());
    h.run_steps(3);
    h.get_by_label("Open p9: 1 of 3 texts labelled, just now, key 9");
    for n in 10..=12 {
        h.get_by_label(&format!("Open p{n}: 1 of 3 texts labelled, just now"));
    }
}

#[test]
fn a_project_that_cannot_be_opened_says_why_and_stays_as_it_is() {
    const META: redb::TableDefinition<&str, &str> = redb::TableDefinition::new("meta");
    let home = tempfile::tempdir().unwrap();
    let texts = Arc::new(Texts {
        texts: (0..2_000).map(|n| format!("the text number {n}")).collect(),
        ..Texts::default()
    });
    let make = |name: &str| {
        let path = home.path().join(name);
        drop(OpenProject::create(&path, name, Arc::clone(&texts), Arc::new(|| {})).unwrap());
        path
    };
    let newer = make("newer.unfreeze");
    let database = redb::Database::open(&newer).unwrap();
    let change = database.begin_write().unwrap();
    change.open_table(META).unwrap().insert("format", "7").unwrap();
    change.commit().unwrap();
    drop(database);
    let cut = make("cut.unfreeze");
    let bytes = std::fs::read(&cut).unwrap();
    std::fs::write(&cut, &bytes[..bytes.len() / 3]).unwrap();
    let empty = file(home.path(), "empty.unfreeze", b"");
    let mut h = screen_with(Some(small_project()), SIZE);
    for (path, words) in [
        (newer, ["newer.unfreeze", "newer Unfreeze", "update"]),
        (cut, ["cut.unfreeze", "damaged", "backup"]),
        (empty, ["empty.unfreeze", "empty", "choose another"]),
    ] {
        let before = std::fs::read(&path).unwrap();
        drop_file(&mut h, &path);
        let said = h.state_mut().shared.messages.pop().expect("a message").text;
        for word in words {
            assert!(said.contains(word), "{said}");
        }
        assert_eq!(h.state().project().project.name, "mail");
        assert!(std::fs::read(&path).unwrap() == before, "{said}");
    }
}

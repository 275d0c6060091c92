//! Another project while the engine works for the open one.

use super::*;
use crate::ui::panels::train::TrainPanel;
use crate::ui::run::Recipe;

/// The screen with a project open, and another one on the list.
fn beside() -> (Screenful, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("other.unfreeze");
    let texts = Arc::new(Texts {
        texts: vec!["a".into()],
        ..Texts::default()
    });
    let other = OpenProject::create(&path, "other", texts, Arc::new(|| {})).unwrap();
    Shelf::in_folder(home.path()).note_now(&other);
    drop(other);
    let mut h = screen_at(home, Some(small_project()), SIZE);
    until(&mut h, "the list", |b| !b.panel.recents.is_reading());
    (h, path)
}

/// The same, and the open one trains.
fn training() -> (Screenful, PathBuf) {
    let (mut h, path) = beside();
    h.state_mut().shared.run.begin(Recipe::default(), Vec::new());
    h.run_steps(2);
    (h, path)
}

fn asks(h: &Screenful) -> bool {
    h.query_by_label_contains("Stop it and open").is_some()
}

#[test]
fn a_key_stops_no_run_before_that_is_confirmed() {
    let (mut h, path) = training();
    h.key_press(Key::Num1);
    h.run_steps(3);
    h.get_by_label("Training on mail goes on.");
    assert!(asks(&h) && h.state().panel.work.is_none());
    h.key_press(Key::Escape);
    h.run_steps(3);
    assert!(!asks(&h) && h.state().shared.run.is_running());
    assert_eq!(h.state().project().project.name, "mail");

    h.key_press(Key::Num1);
    h.run_steps(3);
    h.get_by_role_and_label(Role::Button, "Stop it and open other")
        .click();
    h.run_steps(1);
    idle(&mut h);
    let whole = std::fs::canonicalize(&path).unwrap();
    assert_eq!(h.state().project().path(), Some(whole.as_path()));
    let said = &h.state().shared.messages.last().unwrap().text;
    assert!(said.starts_with("Training on mail is stopped"), "{said}");
}

#[test]
fn neither_do_the_sample_a_preview_and_a_file_that_is_dropped() {
    let (mut h, path) = training();
    let ask = |h: &mut Screenful| {
        h.run_steps(3);
        assert!(asks(h) && h.state().shared.run.is_running());
        h.key_press(Key::Escape);
        h.run_steps(3);
        assert!(!asks(h));
    };
    h.key_press(Key::S);
    ask(&mut h);
    h.state_mut().shared.screen = Screen::Label;
    drop_file(&mut h, &path);
    ask(&mut h);
    h.event(Event::Paste("some other text\nand one more".into()));
    h.run_steps(2);
    idle(&mut h);
    h.key_press(Key::Enter);
    ask(&mut h);
    // Once nothing goes on any more nothing is asked.
    h.key_press(Key::Enter);
    h.run_steps(3);
    assert!(asks(&h));
    h.state_mut().shared.run.fail("made up");
    h.run_steps(3);
    assert!(!asks(&h));
    h.key_press(Key::Enter);
    h.run_steps(2);
    idle(&mut h);
    assert_eq!(h.state().project().project.name, "pasted");
}

#[test]
fn the_question_about_a_preview_ends_with_it() {
    let (mut h, _path) = training();
    let paste = |h: &mut Screenful, text: &str| {
        h.event(Event::Paste(text.into()));
        h.run_steps(2);
        idle(h);
    };
    let ask = |h: &mut Screenful| {
        h.key_press(Key::Enter);
        h.run_steps(3);
        assert!(asks(h));
    };
    paste(&mut h, "some other text\nand one more");
    ask(&mut h);
    // A press would stop the run for other texts than the question was about.
    paste(&mut h, "something else\nfrom elsewhere");
    assert!(!asks(&h));
    ask(&mut h);
    h.get_by_role_and_label(Role::Button, "Other texts").click();
    h.run_steps(3);
    assert!(h.state().panel.preview.is_none() && !asks(&h));
    // One about a project has nothing to do with it.
    paste(&mut h, "some other text\nand one more");
    h.state_mut().shared.act(Action::FreshSample);
    h.run_steps(3);
    paste(&mut h, "something else\nfrom elsewhere");
    assert!(asks(&h) && h.state().shared.run.is_running());
}

/// It would be stopped unasked as soon as that is open.
#[test]
fn no_run_begins_while_another_project_is_being_opened() {
    let (mut h, path) = beside();
    let Bench { panel, shared, .. } = h.state_mut();
    let mut train = TrainPanel::default();
    train.act(Action::Train, shared);
    let said = |shared: &Shared| shared.messages.last().unwrap().text.clone();
    let waits = "One moment: a project is being opened.";
    assert_ne!(said(shared), waits);
    panel.carry_out(&Context::default(), Want::Open(path), shared);
    train.act(Action::Train, shared);
    assert_eq!(said(shared), waits);
    shared.screen = Screen::Texts;
    idle(&mut h);
    assert_eq!(h.state().project().project.name, "other");
    assert!(!h.state().shared.opening);
}

#[test]
fn classifying_that_is_stopped_is_told_too() {
    let mut shared = Shared::for_tests(Some(small_project()));
    shared.run.occupy();
    let job = "predict".into();
    shared.run.push(crate::session::Event::Started {
        job,
        device: String::new(),
        reason: String::new(),
        seed: 0,
    });
    let stake = shared.at_stake().unwrap();
    assert_eq!(stake, "The texts of mail are being classified.");
    shared.open(small_project());
    let said = &shared.messages.last().unwrap().text;
    assert!(
        said.starts_with("Classifying the texts of mail is stopped"),
        "{said}"
    );
    // What the engine still ends is none of this project's.
    assert!(shared.run.busy() && shared.at_stake().is_none());
}

//! Adding to the project that is open.

use egui_kittest::kittest::NodeT as _;

use super::*;

/// One text that `mail` has already, and two that it does not have.
const MORE: &str =
    "id,text,label\n8,two,bad\n9,where is my parcel by now,late\n10,thank you for all of it,\n";

fn counted(h: &mut Screenful) {
    until(h, "the new texts are counted", |b| {
        b.panel.preview.as_ref().is_some_and(|p| p.adding.found.is_some())
    });
}

fn add(h: &mut Screenful) {
    h.get_by_role_and_label(Role::Button, "Add to mail").click();
    h.run_steps(2);
    idle(h);
}

fn said(h: &Screenful) -> Vec<&str> {
    h.state()
        .shared
        .messages
        .iter()
        .map(|m| m.text.as_str())
        .collect()
}

#[test]
fn what_is_new_is_added_to_the_open_project() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), "week.csv", MORE.as_bytes());
    let mut h = screen_with(Some(small_project()), SIZE);
    drop_file(&mut h, &path);
    counted(&mut h);
    h.get_by_label("2 of these are new to mail, 1 is there already.");
    add(&mut h);
    let project = &h.state().project().project;
    assert_eq!(
        project.texts.texts,
        [
            "one",
            "two",
            "three",
            "where is my parcel by now",
            "thank you for all of it"
        ]
    );
    assert_eq!((project.labelled(), project.labels().count()), (3, 3));
    assert_eq!(project.texts.extra[3], ["9", "late"]);
    assert_eq!(h.state().shared.screen, Screen::Label);
    assert!(h.state().panel.preview.is_none());
    assert_eq!(
        said(&h),
        ["2 texts were added to mail, 1 with a label; 1 was there already."]
    );
}

#[test]
fn without_a_project_there_is_nothing_to_add_to() {
    let mut h = screen();
    h.event(Event::Paste("the first text of these\nthe second one\n".into()));
    h.run_steps(2);
    idle(&mut h);
    h.get_by_role_and_label(Role::Button, "Start labelling");
    assert!(h.query_by_label_contains("Add to").is_none());
}

#[test]
fn nothing_is_added_while_the_engine_is_at_work() {
    let mut h = screen_with(Some(small_project()), SIZE);
    h.event(Event::Paste("the first text of these\nthe second one\n".into()));
    h.run_steps(2);
    idle(&mut h);
    counted(&mut h);
    h.get_by_label("All of these texts are new to mail.");
    h.state_mut().shared.run.occupy();
    add(&mut h);
    assert!(said(&h)[0].starts_with("The engine is at work"), "{:?}", said(&h));
    assert_eq!(h.state().project().project.texts.texts.len(), 3);
    assert!(h.state().panel.preview.is_some(), "it can be added later");
}

#[test]
fn what_was_added_is_in_the_file_and_is_not_added_twice() {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().join("mail.unfreeze");
    let table = file(home.path(), "week.csv", MORE.as_bytes());
    let texts = Arc::new(Texts {
        texts: vec!["one".into(), "two".into()],
        ..Texts::default()
    });
    let open = OpenProject::create(&place, "mail", texts, Arc::new(|| {})).unwrap();
    let mut h = screen_at(home, Some(open), SIZE);
    drop_file(&mut h, &table);
    counted(&mut h);
    // Labels that are not wanted are not made.
    h.get_by_role_and_label(Role::CheckBox, "Take over the 2 labels in it")
        .click();
    h.run_steps(2);
    add(&mut h);
    assert_eq!(said(&h), ["2 texts were added to mail; 1 was there already."]);

    drop_file(&mut h, &table);
    counted(&mut h);
    h.get_by_label("mail has all of these texts already.");
    let button = h.get_by_role_and_label(Role::Button, "Add to mail");
    assert!(button.accesskit_node().is_disabled());
    h.state_mut().shared.project = None;
    let again = OpenProject::open(&place, Arc::new(|| {})).unwrap();
    let project = &again.project;
    assert_eq!((project.texts.texts.len(), project.labelled()), (4, 0));
    assert_eq!(project.texts.extra[2], ["9", "late"]);
}

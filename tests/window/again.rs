//! What is there again after the window was closed, or another project was opened, while the engine was at work.

use std::path::Path;

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use unfreeze::ui::App;
use unfreeze::ui::run::Status;

use super::flow::{label, open_sample, reopen, shared, until, until_seen};
use super::{shot, window_in};

/// The sample with some labels, training, some steps done.
fn training(home: &Path) -> Harness<'static, App> {
    let mut harness = window_in(home, [1280.0, 800.0], false);
    harness.run_steps(4);
    open_sample(&mut harness);
    label(&mut harness, 9);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num3);
    harness.run_steps(4);
    harness.get_by_label("adapt first").click();
    harness.run_steps(3);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    until(&mut harness, "a step of training", |s| {
        s.run.record.live().is_some_and(|live| live.step > 0)
    });
    harness
}

fn open_again(harness: &mut Harness<'static, App>) {
    until(harness, "the run is there again", |s| {
        s.project.is_some() && matches!(s.run.record.status, Status::Stopped { .. })
    });
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num3);
    harness.run_steps(6);
}

fn goes_on(harness: &mut Harness<'static, App>, from: u64) {
    until_seen(harness, "a way on", |h| {
        h.query_by_role_and_label(egui::Role::Button, "Resume").is_some()
    });
    harness
        .get_by_role_and_label(egui::Role::Button, "Resume")
        .click();
    until(harness, "it goes on from its checkpoint", |s| {
        let live = s.run.record.live();
        s.run.record.status == Status::Running && live.is_some_and(|live| live.stage > 0 || live.step > from)
    });
    assert_eq!(shared(harness).run.record.number, 1, "the same run");
    assert!(shared(harness).run.earlier.is_empty());
}

#[test]
fn a_run_goes_on_when_the_window_is_opened_again() {
    let home = tempfile::tempdir().unwrap();
    let harness = training(home.path());
    drop(harness);

    let mut harness = window_in(home.path(), [1280.0, 800.0], false);
    reopen(&mut harness);
    open_again(&mut harness);
    shot(&mut harness, "again-1-stopped");
    let record = &shared(&harness).run.record;
    let (saved, live) = (record.saved, record.live().unwrap());
    assert_eq!(saved, Some(live.step), "closing left a checkpoint");
    goes_on(&mut harness, live.step);
    shot(&mut harness, "again-2-resumed");
}

#[test]
fn another_project_stops_the_run_and_is_not_shown_it() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = training(home.path());
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num1);
    harness.run_steps(3);
    harness.event(egui::Event::Paste(
        "one of other texts\nand another of them\n".into(),
    ));
    until_seen(&mut harness, "the texts", |h| {
        h.query_by_label("2 texts").is_some()
    });
    harness.key_press(Key::Enter);
    harness.run_steps(4);
    assert!(shared(&harness).run.is_running(), "it is not stopped unasked");
    harness.get_by_label_contains("Stop it and open").click();
    harness.step();
    until(&mut harness, "the other project", |s| {
        s.project
            .as_ref()
            .is_some_and(|open| open.project.name == "pasted")
    });
    let said = shared(&harness)
        .messages
        .iter()
        .any(|m| m.text.contains("Training on sample is stopped"));
    assert!(said);
    assert_eq!(shared(&harness).run.record.status, Status::Idle);
    until(&mut harness, "the engine is free", |s| !s.run.busy());
    assert_eq!(shared(&harness).run.record.status, Status::Idle);
    assert!(shared(&harness).model.is_none());

    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num1);
    harness.run_steps(6);
    harness.get_by_label_contains("Open sample").click();
    harness.step();
    open_again(&mut harness);
    let live = shared(&harness).run.record.live().unwrap();
    goes_on(&mut harness, live.step);
}

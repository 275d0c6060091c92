//! Looking back at earlier runs.

use super::*;
use crate::session::Session;

fn press(harness: &mut Harness<'_, State>, name: &str) {
    let button = harness.get_by_role_and_label(egui::accesskit::Role::Button, name);
    button.click();
    harness.run_steps(3);
}

#[test]
fn an_earlier_run_is_looked_at_while_another_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut harness = harness(running(dir.path()), WIDE, egui::Theme::Dark);
    let first = |h: &Harness<'_, State>| h.get_by_label("LSTM 1").value().unwrap_or_default();
    assert!(first(&harness).starts_with("frozen"));
    assert!(harness.query_by_label("dashed: run 1 · full").is_some());

    press(&mut harness, "run 1 · full");
    harness.get_by_label("Looking back at run 1 · full");
    harness.get_by_label_contains("24 % wrong");
    assert!(first(&harness).starts_with("η"));
    // No run came before it.
    assert!(harness.query_by_label("dashed: run 1 · full").is_none());
    // What can be done is about the run that goes on.
    harness.get_by_role_and_label(egui::accesskit::Role::Button, "Pause");
    harness.get_by_label("locked while training");
    assert!(harness.query_by_label("Train again").is_none());

    let plot = harness.get_by_label("Learning rates, playhead").rect();
    let at = egui::pos2(plot.left() + 0.1 * plot.width(), plot.center().y);
    harness.drag_at(at);
    harness.run_steps(2);
    harness.drop_at(at);
    harness.run_steps(2);
    let panel = &harness.state().panel;
    let back = panel.seek.unwrap();
    assert_eq!((panel.shown, back.stage), (Some(1), 1));
    assert!((15..=26).contains(&back.step), "{back:?}");
    harness.key_press(egui::Key::ArrowRight);
    harness.run_steps(2);
    assert_eq!(harness.state().panel.seek.unwrap().step, back.step + 1);
    press(&mut harness, "adapt the language model, done");
    let there = harness.state().panel.seek.unwrap();
    assert_eq!((there.stage, there.step), (0, 120));

    press(&mut harness, "back to live");
    let panel = &harness.state().panel;
    assert_eq!((panel.shown, panel.seek), (None, None));
    assert!(first(&harness).starts_with("frozen"));
}

#[test]
fn looking_back_ends_with_the_next_run_and_in_another_project() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = running(dir.path());
    finish(&mut state.shared.run, 0.18);
    let (engine, _commands, _events) = Session::scripted();
    state.shared.engine = engine;
    let mut harness = harness(state, WIDE, egui::Theme::Light);
    press(&mut harness, "run 1 · full");
    harness.get_by_label_contains("24 % wrong");
    assert!(harness.query_by_label("Classify every text").is_none());
    press(&mut harness, "Back to the last run");
    harness.get_by_label("Classify every text");

    press(&mut harness, "the next run's plan");
    harness.get_by_label("Ready to train");
    harness.get_by_label("adapt the language model");
    press(&mut harness, "run 2 · ulmfit");
    harness.get_by_label("adapt the language model, done");
    harness.get_by_label("Classify every text");

    press(&mut harness, "run 1 · full");
    let State { panel, shared } = harness.state_mut();
    assert_eq!(panel.shown, Some(1));
    panel.act(Action::Train, shared);
    assert_eq!((panel.shown, shared.run.record.number), (None, 3));
    harness.run_steps(2);
    harness.get_by_role_and_label(egui::accesskit::Role::Button, "run 3 · ulmfit");

    let panel = &mut harness.state_mut().panel;
    panel.shown = Some(1);
    panel.change_project();
    assert_eq!(panel.shown, None);
}

#[test]
fn runs_for_which_there_is_no_room_are_a_list() {
    let dir = tempfile::tempdir().unwrap();
    let mut harness = harness(running(dir.path()), [390.0, 740.0], egui::Theme::Light);
    assert!(harness.query_by_label("run 1 · full").is_none());
    harness.get_by_label("Runs: run 2 · ulmfit").click();
    harness.run_steps(3);
    press(&mut harness, "run 1 · full");
    assert_eq!(harness.state().panel.shown, Some(1));
    harness.get_by_label("Runs: run 1 · full");
}

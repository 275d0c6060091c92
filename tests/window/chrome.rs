//! What surrounds every screen: rail, palette, settings, keys.

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use unfreeze::ui::{App, Screen};

use super::flow::{answered, label, open_sample, shared, until};
use super::{shot, window, window_in};

#[test]
fn every_screen_is_reached_by_its_key_and_drawn_in_both_modes_at_every_size() {
    for (size, name) in [([1280.0, 800.0], "desktop"), ([390.0, 844.0], "phone")] {
        for dark in [false, true] {
            let mut harness = window(size, dark);
            for screen in Screen::ALL {
                harness.key_press_modifiers(Modifiers::COMMAND, screen.key());
                harness.run_steps(4);
                assert_eq!(harness.state().shared().screen, screen);
                let mode = if dark { "dark" } else { "light" };
                shot(&mut harness, &format!("{name}-{mode}-{}-empty", screen.name()));
            }
        }
    }
}

#[test]
fn the_palette_carries_out_what_is_typed() {
    let mut harness = window([1280.0, 800.0], false);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    harness.run_steps(4);
    harness
        .get_by_role(egui::Role::TextInput)
        .type_text("classify every");
    harness.run_steps(4);
    shot(&mut harness, "desktop-light-palette");
    harness.key_press(Key::Enter);
    harness.run_steps(4);
    assert_eq!(harness.state().shared().screen, Screen::Classify);
    assert!(harness.query_by_label("No action is called that.").is_none());
}

/// Where frames are long, a whole name and Enter arrive in one.
#[test]
fn the_palette_keeps_up_with_fast_typing() {
    let mut harness = window([1280.0, 800.0], false);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    harness.step();
    harness.event(egui::Event::Text("classify every".into()));
    harness.key_press(Key::Enter);
    harness.run_steps(4);
    assert_eq!(harness.state().shared().screen, Screen::Classify);
}

#[test]
fn settings_are_changed_and_closed_by_keys() {
    let mut harness = window([1280.0, 800.0], true);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Comma);
    harness.run_steps(4);
    shot(&mut harness, "desktop-dark-settings");
    harness.get_by_label("Processor").click();
    harness.run_steps(4);
    let device = harness.state().shared().settings.device;
    assert_eq!(device, unfreeze::session::protocol::DeviceChoice::Cpu);
    harness.key_press(Key::Escape);
    harness.run_steps(4);
    assert!(harness.query_by_label("Processor").is_none());
}

/// A slider would lie elsewhere in another size, and be taken for dragged on.
#[test]
fn the_size_changes_by_steps_that_are_kept() {
    let sizes = |harness: &Harness<'static, App>| (shared(harness).settings.zoom, harness.ctx.zoom_factor());
    let mut harness = window([1280.0, 800.0], false);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Comma);
    harness.run_steps(4);
    harness.get_by_label("Larger").click();
    harness.run_steps(8);
    assert_eq!(sizes(&harness), (1.1, 1.1));
    harness.get_by_label("110 %");
    // On many keyboards the plus is an equals sign with Shift.
    for (key, size) in [(Key::Equals, 1.2), (Key::Minus, 1.1), (Key::Num0, 1.0)] {
        harness.key_press_modifiers(Modifiers::COMMAND, key);
        harness.run_steps(4);
        assert_eq!(sizes(&harness), (size, size), "{key:?}");
    }
}

/// A plot that was looked along keeps the focus, for the arrows.
#[test]
fn keys_work_after_a_look_along_the_schedule_and_not_while_a_number_is_typed() {
    let told = |harness: &Harness<'static, App>| {
        let mut messages = shared(harness).messages.iter();
        messages.any(|message| message.text == "Nothing is training.")
    };
    let mut harness = window([1280.0, 800.0], false);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num3);
    harness.run_steps(4);
    harness
        .get_by_role_and_label(egui::Role::SpinButton, "epochs")
        .focus();
    harness.run_steps(4);
    assert!(harness.ctx.text_edit_focused());
    for key in [Key::P, Key::Period, Key::C] {
        harness.key_press(key);
    }
    harness.run_steps(4);
    assert!(!told(&harness), "a field keeps its keys");

    harness.get_by_label("Learning rates, playhead").click();
    harness.run_steps(4);
    assert!(harness.ctx.egui_wants_keyboard_input() && !harness.ctx.text_edit_focused());
    harness.key_press(Key::P);
    harness.run_steps(4);
    assert!(told(&harness));
}

#[test]
fn undo_takes_no_label_back_while_something_is_typed_or_lies_over_the_screen() {
    let undo = |harness: &mut Harness<'static, App>| {
        harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
        harness.run_steps(4);
        until(harness, "all is on disk", |s| {
            s.project.as_ref().is_some_and(|open| !open.busy())
        });
        answered(shared(harness)).len()
    };
    let home = tempfile::tempdir().unwrap();
    let mut harness = window_in(home.path(), [1280.0, 800.0], false);
    harness.run_steps(4);
    open_sample(&mut harness);
    label(&mut harness, 2);

    harness.key_press(Key::N);
    harness.run_steps(4);
    harness.event(egui::Event::Text("fraud".into()));
    harness.run_steps(2);
    assert!(harness.ctx.text_edit_focused());
    assert_eq!(undo(&mut harness), 2, "the letters are what is taken back");
    harness.key_press(Key::Escape);
    harness.run_steps(4);

    harness.key_press_modifiers(Modifiers::COMMAND, Key::Comma);
    harness.run_steps(4);
    harness.get_by_label("Processor");
    assert_eq!(undo(&mut harness), 2, "nobody sees it behind the settings");
    harness.key_press(Key::Escape);
    harness.run_steps(4);
    assert_eq!(undo(&mut harness), 1);
}

#[test]
fn what_is_chosen_in_the_settings_holds_everywhere() {
    let home = tempfile::tempdir().unwrap();
    let settings = unfreeze::ui::settings::Settings {
        goal: 40,
        device: unfreeze::session::protocol::DeviceChoice::Cpu,
        ..Default::default()
    };
    let mut harness = super::window_with(settings, home.path());
    harness.run_steps(4);
    open_sample(&mut harness);
    harness.run_steps(4);
    harness.get_by_label("0 of 40 labelled");
    assert_eq!(harness.state().shared().goal, 40);
}

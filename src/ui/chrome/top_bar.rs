//! The project's name, and what is true everywhere: undo, the device, that nothing leaves the machine.

use egui::{Align, Frame, Label, Layout, Margin, Panel, RichText, Sense, TextStyle, TextWrapMode, Ui};

use crate::ui::Shared;
use crate::ui::actions::Action;
use crate::ui::number::count;
use crate::ui::theme::Theme;
use crate::ui::widgets::chip;

/// The most that the device's name takes, in points: that of a graphics card may be as long as a sentence.
const DEVICE: f32 = 160.0;
/// Room, in points, below which what is said elsewhere too gives way to the project's name.
const ROOMY: f32 = 860.0;
/// The same, below which the project's name stands alone, without its count of texts.
const COUNTED: f32 = 200.0;

/// Draws the bar.
pub fn show(ui: &mut Ui, shared: &mut Shared, narrow: bool) {
    let theme = Theme::of(ui.ctx());
    let frame = Frame::new()
        .fill(theme.panel)
        .inner_margin(Margin::symmetric(16, 8));
    Panel::top("top").frame(frame).show(ui, |ui| {
        ui.horizontal(|ui| {
            // A phone has room for one name.
            if !narrow || shared.project.is_none() {
                ui.label(RichText::new("Unfreeze").strong().size(15.0));
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                chips(ui, shared, narrow);
                // What room the chips leave is the name's, however long that is.
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| name(ui, shared, theme));
            });
        });
    });
}

/// What the open project is called, and how many texts it has where there is room for both.
fn name(ui: &mut Ui, shared: &Shared, theme: Theme) {
    let Some(open) = &shared.project else { return };
    let project = &open.project;
    let texts = format!("{} texts", count(project.texts.texts.len()));
    let texts = RichText::new(texts).text_style(TextStyle::Small).color(theme.dim);
    let room = ui.available_width().max(0.0);
    let counted = room >= COUNTED;
    let name = RichText::new(&project.name).color(theme.dim);
    ui.scope(|ui| {
        ui.set_max_width(if counted { room - COUNTED / 2.0 } else { room });
        ui.add(Label::new(name).truncate());
    });
    if counted {
        ui.label(texts);
    }
}

fn chips(ui: &mut Ui, shared: &mut Shared, narrow: bool) {
    let roomy = ui.available_width() >= ROOMY;
    action_chip(ui, shared, Action::Settings, "Settings");
    if narrow {
        // Without keys it is the way to everything that has no button.
        action_chip(ui, shared, Action::Palette, "More");
        undo_chips(ui, shared);
        return;
    }
    action_chip(ui, shared, Action::Theme, theme_name(ui));
    let key = Action::Palette
        .shortcut()
        .map_or_else(String::new, |s| ui.ctx().format_shortcut(&s));
    action_chip(ui, shared, Action::Palette, &key);
    if roomy {
        let private = "Everything is computed on this machine. No text, label or model is sent anywhere.";
        chip(ui, "nothing leaves this machine").on_hover_text(private);
    }
    if let Some((name, reason)) = &shared.device {
        ui.scope(|ui| {
            ui.set_max_width(DEVICE);
            ui.style_mut().wrap_mode = Some(TextWrapMode::Truncate);
            let device = chip(ui, name);
            device.on_hover_text(format!("Where the model is trained and run: {name}, {reason}"));
        });
    }
    undo_chips(ui, shared);
}

/// Redo is there once something was taken back, and left of undo, which stays where it is for whoever presses it again and again.
fn undo_chips(ui: &mut Ui, shared: &mut Shared) {
    let project = shared.project.as_ref().map(|open| &open.project);
    let undoable = project.is_some_and(|project| project.undoable().is_some());
    let redoable = project.is_some_and(|project| project.redoable().is_some());
    ui.add_enabled_ui(undoable, |ui| action_chip(ui, shared, Action::Undo, "Undo"));
    if redoable {
        action_chip(ui, shared, Action::Redo, "Redo");
    }
}

fn theme_name(ui: &Ui) -> &'static str {
    match ui.ctx().options(|o| o.theme_preference) {
        egui::ThemePreference::System => "Colours: system",
        egui::ThemePreference::Light => "Colours: light",
        egui::ThemePreference::Dark => "Colours: dark",
    }
}

fn action_chip(ui: &mut Ui, shared: &mut Shared, action: Action, text: &str) {
    let key = super::shortcut_text(ui, action);
    let response = chip(ui, text).interact(Sense::click());
    let name = action.name();
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, name));
    if response
        .on_hover_text(format!("{} {key}", action.explanation()))
        .clicked()
    {
        shared.act(action);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use egui_kittest::{Harness, kittest::Queryable as _};

    use super::*;
    use crate::session::project::{Action as Step, OpenProject, Texts};
    use crate::ui::theme;

    const DEVICE_NAME: &str = "NVIDIA GeForce RTX 4090 Laptop GPU with Max-Q Design, Vulkan";

    fn bar(name: &str, width: f32) -> Harness<'static, Shared> {
        let texts = Texts {
            texts: vec!["a text".into(); 3],
            ..Texts::default()
        };
        let mut open = OpenProject::in_memory(name, Arc::new(texts));
        for step in [Step::CreateLabel { name: "a".into() }, Step::Undo] {
            open.act(step).unwrap();
        }
        let mut shared = Shared::for_tests(Some(open));
        shared.device = Some((DEVICE_NAME.into(), "it is the fastest".into()));
        let draw = |ui: &mut Ui, shared: &mut Shared| {
            let narrow = ui.available_width() < theme::NARROW;
            show(ui, shared, narrow);
        };
        let mut harness = Harness::builder()
            .with_size([width, 120.0])
            .with_context_setup(theme::install)
            .build_ui_state(draw, shared);
        harness.run_steps(3);
        harness
    }

    #[test]
    fn a_long_name_gives_way_and_covers_nothing() {
        let long = "the messages that customers wrote to the service desk in the spring of this year";
        for width in [360.0, 390.0, 720.0, 800.0, 900.0, 1_024.0, 1_280.0] {
            for name in [long, "mail"] {
                let harness = bar(name, width);
                let mut places = vec![
                    ("the name", harness.get_by_label(name).rect()),
                    ("Settings", harness.get_by_label("Settings").rect()),
                    ("Undo", harness.get_by_label("Undo").rect()),
                ];
                let others = [
                    "Unfreeze",
                    "3 texts",
                    "Redo",
                    "nothing leaves this machine",
                    DEVICE_NAME,
                ];
                for other in others {
                    places.extend(harness.query_by_label(other).map(|node| (other, node.rect())));
                }
                for (at, (what, rect)) in places.iter().enumerate() {
                    let inside = rect.left() >= 0.0 && rect.right() <= width;
                    assert!(inside, "{what} at {width}: {rect:?}");
                    for (other, place) in &places[..at] {
                        let covers = rect.shrink(0.5).intersects(place.shrink(0.5));
                        assert!(
                            !covers,
                            "{what} lies over {other} at {width}: {rect:?}, {place:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn who_has_no_keys_finds_redo_and_everything_else() {
        let mut harness = bar("mail", 390.0);
        for name in ["Redo", Action::Palette.name()] {
            harness.get_by_label(name).click();
            harness.run_steps(2);
        }
        assert_eq!(harness.state().queue, [Action::Redo, Action::Palette]);
        let undo = harness.get_by_label("Undo").rect();
        let shared = harness.state_mut();
        shared.project.as_mut().unwrap().act(Step::Redo).unwrap();
        harness.run_steps(2);
        assert!(harness.query_by_label("Redo").is_none());
        assert_eq!(
            harness.get_by_label("Undo").rect(),
            undo,
            "it does not move under a finger"
        );
    }
}

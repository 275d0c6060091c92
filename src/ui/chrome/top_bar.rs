//! The project's name, and what is true everywhere: undo, the device, that nothing leaves the machine.

use egui::{Align, Frame, Layout, Margin, Panel, RichText, Sense, TextStyle, Ui};

use crate::ui::Shared;
use crate::ui::actions::Action;
use crate::ui::theme::Theme;
use crate::ui::widgets::chip;

/// Draws the bar.
pub fn show(ui: &mut Ui, shared: &mut Shared, narrow: bool) {
    let theme = Theme::of(ui.ctx());
    let frame = Frame::new()
        .fill(theme.panel)
        .inner_margin(Margin::symmetric(16, 8));
    Panel::top("top").frame(frame).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(RichText::new("Unfreeze").strong().size(15.0));
            if let Some(open) = &shared.project {
                let project = &open.project;
                let small = |text: String| RichText::new(text).text_style(TextStyle::Small).color(theme.dim);
                ui.label(RichText::new(&project.name).color(theme.dim));
                if !narrow {
                    ui.label(small(format!(
                        "{} texts",
                        crate::ui::number::count(project.texts.texts.len())
                    )));
                }
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                chips(ui, shared, narrow)
            });
        });
    });
}

fn chips(ui: &mut Ui, shared: &mut Shared, narrow: bool) {
    action_chip(ui, shared, Action::Settings, "Settings");
    if narrow {
        undo_chip(ui, shared);
        return;
    }
    action_chip(ui, shared, Action::Theme, theme_name(ui));
    let key = Action::Palette
        .shortcut()
        .map_or_else(String::new, |s| ui.ctx().format_shortcut(&s));
    action_chip(ui, shared, Action::Palette, &key);
    let private = "Everything is computed on this machine. No text, label or model is sent anywhere.";
    chip(ui, "nothing leaves this machine").on_hover_text(private);
    if let Some((name, reason)) = &shared.device {
        chip(ui, name).on_hover_text(format!("Where the model is trained and run: {reason}"));
    }
    undo_chip(ui, shared);
}

fn undo_chip(ui: &mut Ui, shared: &mut Shared) {
    let undoable = shared
        .project
        .as_ref()
        .is_some_and(|open| open.project.undoable().is_some());
    ui.add_enabled_ui(undoable, |ui| action_chip(ui, shared, Action::Undo, "Undo"));
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

//! The screen before there are texts.

use egui::{RichText, Ui};

use super::view::Want;
use crate::ui::actions::Action;
use crate::ui::theme::{self, Theme};
use crate::ui::widgets::{card, keycap};

/// The one thing to do, and the sample.
pub(super) fn show(ui: &mut Ui, wants: &mut Vec<Want>) {
    let theme = Theme::of(ui.ctx());
    card(ui, |ui| {
        ui.add_space(8.0);
        ui.label(
            RichText::new("Open some texts to label")
                .text_style(theme::title())
                .strong(),
        );
        let how = "Drop a table or a text file on this window, or open one. Nothing leaves this machine.";
        ui.label(RichText::new(how).color(theme.dim));
        ui.add_space(8.0);
        ui.horizontal_wrapped(|ui| {
            for (name, action) in [
                ("Open a file", Action::OpenFile),
                ("Try the sample", Action::OpenSample),
            ] {
                let button = egui::Button::new(name).min_size(egui::vec2(0.0, 44.0));
                if ui.add(button).on_hover_text(action.explanation()).clicked() {
                    wants.push(Want::Act(action));
                }
                if action == Action::OpenFile {
                    keycap(ui, "Ctrl O");
                }
            }
        });
        ui.add_space(8.0);
    });
}

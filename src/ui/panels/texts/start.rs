//! Before there is anything to preview: where texts can come from, and what is open.

use egui::{RichText, TextStyle, Ui, vec2};

use super::recents::Recents;
use super::{GAP, SIDE, Want, drop_area, project};
use crate::session::exchange;
use crate::ui::Shared;
use crate::ui::theme::{self, Theme};
use crate::ui::widgets::{card, heading, small};

/// Draws it.
pub(super) fn show(ui: &mut Ui, shared: &Shared, recents: &Recents, wants: &mut Vec<Want>) {
    if ui.available_width() < theme::NARROW {
        main(ui, shared, 0.0, wants);
        ui.add_space(GAP);
        side(ui, shared, recents, wants);
        return;
    }
    let room = ui.available_size();
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 20.0;
        ui.allocate_ui(vec2(room.x - SIDE - 20.0, room.y), |ui| {
            ui.vertical(|ui| {
                ui.set_width(ui.available_width());
                main(ui, shared, room.y, wants);
            });
        });
        ui.allocate_ui(vec2(SIDE, room.y), |ui| {
            ui.vertical(|ui| {
                ui.set_width(ui.available_width());
                side(ui, shared, recents, wants);
            });
        });
    });
}

fn main(ui: &mut Ui, shared: &Shared, room: f32, wants: &mut Vec<Want>) {
    ui.spacing_mut().item_spacing.y = 8.0;
    let first = shared.project.is_none();
    let top = ui.cursor().top();
    if let Some(open) = &shared.project {
        project::show(ui, open, wants);
        ui.add_space(GAP);
        heading(ui, "Add more texts, or begin with others");
    } else {
        ui.label(RichText::new("Which texts?").text_style(theme::title()).strong());
        let theme = Theme::of(ui.ctx());
        let what = "Label about a hundred of them, and a language model that has learnt from those labels does the rest.";
        ui.label(RichText::new(what).color(theme.dim));
        ui.add_space(4.0);
    }
    let left = room - (ui.cursor().top() - top) - 4.0;
    drop_area::show(ui, left.clamp(230.0, 620.0), first, wants);
}

fn side(ui: &mut Ui, shared: &Shared, recents: &Recents, wants: &mut Vec<Want>) {
    ui.spacing_mut().item_spacing.y = GAP;
    recents.show(ui, shared.shelf.lists_all(), wants);
    card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        heading(ui, "Nothing leaves this machine");
        small(
            ui,
            "Texts, labels and models are read, trained and kept here. No account, no upload.",
        );
        if let Some(folder) = shared.shelf.projects() {
            let place = RichText::new(exchange::shown(folder)).text_style(TextStyle::Small);
            small(ui, "New projects are kept in");
            ui.add(egui::Label::new(place).wrap().selectable(true));
        }
    });
    if shared.project.is_none() {
        card(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 6.0;
            heading(ui, "How it goes");
            for (what, more) in [
                ("1  Texts", "Bring a table; a look at what is in it."),
                ("2  Label", "One key a text. About a hundred are enough to begin."),
                (
                    "3  Train",
                    "The language model reads your texts, then learns your labels.",
                ),
                (
                    "4  Classify",
                    "Every text with its label, and how far it can be trusted.",
                ),
            ] {
                ui.add_space(2.0);
                ui.label(RichText::new(what));
                small(ui, more);
            }
        });
    }
}

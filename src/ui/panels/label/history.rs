//! Every answer so far, the latest first; a click changes one.

use egui::{ScrollArea, Ui};

use super::desk::Desk;
use super::view::{View, Want};
use crate::ui::widgets::{TextRow, card, heading, small};

/// The list. In one column it is `rows` high, else it fills what is left.
pub(super) fn show(ui: &mut Ui, view: &View, desk: &Desk, rows: Option<usize>, wants: &mut Vec<Want>) {
    card(ui, |ui| {
        heading(ui, "Just now");
        let total = view.project.answered().count();
        if total == 0 {
            small(ui, "Your answers come here. A click changes one.");
        } else {
            small(ui, "Click one to change it.");
            let row = if view.narrow { 44.0 } else { 32.0 };
            let height = rows.map_or(f32::INFINITY, |rows| rows as f32 * row);
            ui.spacing_mut().item_spacing.y = 0.0;
            ScrollArea::vertical()
                .id_salt("history")
                .max_height(height)
                .auto_shrink([false, rows.is_some()])
                .show_rows(ui, row, total, |ui, range| {
                    let answers = view.project.answered().rev();
                    for answered in answers.skip(range.start).take(range.len()) {
                        let line = TextRow {
                            text: view.text(answered.text),
                            answer: view.answer(answered.answer),
                            colour: view.colour(answered.answer),
                            selected: desk.changing() == Some(answered.text),
                            height: row,
                        };
                        if ui.add(line).on_hover_text(view.text(answered.text)).clicked() {
                            wants.push(Want::Change(answered.text));
                        }
                    }
                });
        }
        if rows.is_none() {
            ui.set_min_height(ui.available_height());
        }
    });
}

//! Where the parts of the screen lie.

use egui::{Ui, vec2};

use super::view::{Intent, View};
use super::{blocks, forgetting, formula, loss, method, schedule, watched};
use crate::ui::run::{Recipe, Record};
use crate::ui::widgets::card;

/// The least width, in points, at which there are columns: with less, the middle one has no room for its plot.
pub const COLUMNS: f32 = 900.0;
/// Below this width, in points, what stands side by side in a card goes below one another.
pub const CLOSE: f32 = 460.0;

/// The wide layout: the thaw, the schedule, the meters.
pub fn columns(
    ui: &mut Ui,
    view: &View<'_>,
    recipe: &mut Recipe,
    earlier: &[Record],
    intents: &mut Vec<Intent>,
) {
    let gap = 16.0;
    let room = vec2(ui.available_width(), ui.available_height().max(480.0));
    let left = (room.x * 0.205).clamp(200.0, 300.0);
    let right = (room.x * 0.27).clamp(250.0, 400.0);
    let middle = room.x - left - right - 2.0 * gap;
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        let column = |ui: &mut Ui, width: f32, add: &mut dyn FnMut(&mut Ui)| {
            ui.vertical(|ui| {
                ui.spacing_mut().item_spacing = vec2(8.0, 8.0);
                ui.set_width(width);
                add(ui);
            });
        };
        column(ui, left, &mut |ui| blocks::show(ui, view));
        column(ui, middle, &mut |ui| {
            ui.spacing_mut().item_spacing.y = 12.0;
            // What is left beside the formula, the sliders and the texts goes to the plot.
            let plot = (room.y - 330.0).clamp(150.0, 420.0);
            schedule_card(ui, view, recipe, plot, intents);
            card(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 6.0;
                watched::show(ui, view);
            });
        });
        column(ui, right, &mut |ui| {
            ui.spacing_mut().item_spacing.y = 12.0;
            let rest = ((room.y - 400.0) / 2.0).clamp(60.0, 150.0);
            tight(ui, |ui| loss::show(ui, view, rest));
            tight(ui, |ui| forgetting::show(ui, view, rest));
            tight(ui, |ui| method::card(ui, view, recipe, earlier, intents));
        });
    });
}

/// A card whose lines stand close.
fn tight(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        add(ui);
    });
}

fn schedule_card(ui: &mut Ui, view: &View<'_>, recipe: &mut Recipe, plot: f32, intents: &mut Vec<Intent>) {
    card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 8.0;
        schedule::show(ui, view, plot, intents);
        formula::show(ui, view);
        method::sliders(ui, view, recipe);
        method::restore(ui, view, recipe);
    });
}

/// The narrow layout: the thaw as a strip, the rest below one another.
pub fn stacked(
    ui: &mut Ui,
    view: &View<'_>,
    recipe: &mut Recipe,
    earlier: &[Record],
    intents: &mut Vec<Intent>,
) {
    ui.spacing_mut().item_spacing.y = 12.0;
    blocks::show(ui, view);
    schedule_card(ui, view, recipe, 180.0, intents);
    tight(ui, |ui| watched::show(ui, view));
    tight(ui, |ui| method::card(ui, view, recipe, earlier, intents));
    tight(ui, |ui| loss::show(ui, view, 110.0));
    tight(ui, |ui| forgetting::show(ui, view, 110.0));
}

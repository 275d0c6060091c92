//! The threshold: how many texts lie above it, and how many of those are likely right.

use egui::epaint::{Mesh, Shape};
use egui::{Align, Color32, Layout, Rect, RichText, Slider, TextStyle, Ui, pos2, vec2};

use super::knowledge::Knowledge;
use crate::session::trust::Accepted;
use crate::ui::number::{count, percent};
use crate::ui::theme::Theme;
use crate::ui::widgets::{card, chip, small};

/// Stretches of the histogram above the slider.
const BINS: usize = 50;
/// Height of the histogram.
const TALL: f32 = 22.0;

/// Draws the card. `only_below` is whether the table shows only what is left to check; a click changes it.
pub fn show(ui: &mut Ui, threshold: &mut f32, only_below: &mut bool, known: &Knowledge) {
    let theme = Theme::of(ui.ctx());
    card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        let row = vec2(ui.available_width(), TALL + 20.0);
        ui.allocate_ui_with_layout(row, Layout::left_to_right(Align::BOTTOM), |ui| {
            let name = ui.label("Accept above");
            slider(ui, threshold, known, theme, name.id);
        });
        sentences(ui, f64::from(*threshold), only_below, known, theme);
    });
}

/// The slider on a rail from warm to right, under the texts by their confidence.
fn slider(ui: &mut Ui, threshold: &mut f32, known: &Knowledge, theme: Theme, name: egui::Id) {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let number = 52.0;
        let width = (ui.available_width() - number - 12.0).max(80.0);
        let (bars, _) = ui.allocate_exact_size(vec2(width, TALL), egui::Sense::hover());
        // The slider's own knob stands half its width inside the ends.
        let rail = bars.x_range().shrink(8.0);
        let histogram = known.coverage.histogram(BINS);
        let most = histogram.iter().copied().max().unwrap_or(0).max(1) as f32;
        let step = rail.span() / BINS as f32;
        for (i, &texts) in histogram.iter().enumerate() {
            // A root, so that the few in the middle still show beside the many at the end.
            let tall = if texts == 0 { 0.0 } else { (TALL * (texts as f32 / most).sqrt()).max(1.5) };
            let left = rail.min + step * i as f32;
            let bar = Rect::from_min_max(pos2(left + 0.5, bars.bottom() - tall), pos2(left + step - 0.5, bars.bottom()));
            let above = (i as f32 + 0.5) / BINS as f32 >= *threshold;
            let colour = if above { theme.right } else { theme.thaw };
            ui.painter().rect_filled(bar, 1, theme.tint(colour, 0.55));
        }
        ui.horizontal(|ui| {
            ui.spacing_mut().slider_width = width;
            ui.spacing_mut().slider_rail_height = 5.0;
            ui.visuals_mut().slider_trailing_fill = false;
            ui.visuals_mut().widgets.inactive.bg_fill = Color32::TRANSPARENT;
            let behind = ui.painter().add(Shape::Noop);
            let slider = Slider::new(threshold, 0.0..=1.0).step_by(0.01).show_value(false).handle_shape(egui::style::HandleShape::Circle);
            let response = ui.add(slider).labelled_by(name);
            let middle = response.rect.center();
            let track = Rect::from_x_y_ranges(rail, egui::Rangef::point(middle.y).expand(2.5));
            ui.painter().set(behind, gradient(track, theme));
            let knob = pos2(rail.min + rail.span() * *threshold, middle.y);
            let edge = if response.has_focus() || response.hovered() { theme.ice } else { theme.panel };
            ui.painter()
                .circle(knob, 7.5, theme.text, egui::Stroke::new(2.0, edge));
            response.on_hover_text(
                "Labels with at least this confidence are taken as they are; the others are worth checking by hand. \
                 The bars show how many texts lie where.",
            );
            ui.label(RichText::new(format!("{threshold:.2}")).strong());
        });
    });
}

fn gradient(track: Rect, theme: Theme) -> Shape {
    let mut mesh = Mesh::default();
    let stops = [
        (0.0, theme.warm),
        (0.45, theme.thaw),
        (0.8, theme.right),
        (1.0, theme.right),
    ];
    for (at, colour) in stops {
        let x = track.left() + at * track.width();
        mesh.colored_vertex(pos2(x, track.top()), colour);
        mesh.colored_vertex(pos2(x, track.bottom()), colour);
    }
    for i in 0..stops.len() as u32 - 1 {
        let first = 2 * i;
        mesh.add_triangle(first, first + 1, first + 2);
        mesh.add_triangle(first + 1, first + 2, first + 3);
    }
    Shape::mesh(mesh)
}

fn sentences(ui: &mut Ui, threshold: f64, only_below: &mut bool, known: &Knowledge, theme: Theme) {
    let coverage = &known.coverage;
    let (above, below) = (coverage.above(threshold), coverage.below(threshold));
    let accepted = known.trust.as_ref().and_then(|t| coverage.accepted(t, threshold));
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        let word = if above == 1 { "text" } else { "texts" };
        ui.label(RichText::new(format!("{} {word}", count(above))).strong());
        match accepted {
            Some(Accepted {
                right,
                interval,
                measured_on,
            }) => {
                ui.label("above it, about");
                ui.label(RichText::new(percent(right)).strong().color(theme.right));
                let range = format!("right ({}\u{2013}{},", whole(interval.low), percent(interval.high));
                ui.label(range);
                let labels = if measured_on == 1 { "label" } else { "labels" };
                let measured = format!("measured on {} {labels}).", count(measured_on));
                ui.label(measured).on_hover_text(
                    "Labels above the threshold that the classifier had not seen: held out in turn, or kept aside at \
                     random. The range is the 95 % interval of that many labels, wider where the classifiers of the folds \
                     differ. What a confidence is worth was fitted on the same labels, so the true uncertainty is \
                     somewhat larger.",
                );
            }
            None if above == 0 => {
                ui.label("above it.");
            }
            None => {
                ui.label("above it.");
                let why = if known.judged.is_empty() {
                    "How many are right cannot be said: nothing is known of labels that were held out. Train again to have \
                     it estimated."
                } else {
                    "How many are right cannot be said: none of the labels held out lies so high. A lower threshold has \
                     some."
                };
                small(ui, why);
            }
        }
    });
    ui.spacing_mut().interact_size.y = 28.0;
    ui.horizontal_wrapped(|ui| {
        if below == 0 {
            small(ui, "None is left to check.");
            return;
        }
        let by_hand = worth_checking(below);
        let mut text = format!("{} left to check.", count(below));
        if let Some((now, after)) = coverage.checking(threshold, by_hand) {
            text = format!(
                "{} left to check: labelling the {} least sure would bring their error from {} to {}.",
                count(below),
                count(by_hand),
                percent(now),
                percent(after)
            );
        }
        let style = TextStyle::Small;
        ui.label(RichText::new(text).text_style(style).color(theme.dim));
        let (word, hint) = if *only_below {
            ("Show all", "Shows the texts above the threshold too.")
        } else {
            (
                "Check them",
                "Shows only the texts below the threshold that you have given no label, the least sure first.",
            )
        };
        if chip(ui, word).on_hover_text(hint).clicked() {
            *only_below = !*only_below;
        }
    });
}

/// So many of the rest as someone may label in a sitting.
fn worth_checking(below: usize) -> usize {
    let sittings = [150, 100, 50, 25, 10];
    sittings.into_iter().find(|&n| 2 * n <= below).unwrap_or(below)
}

/// A share of one in whole per cent, without the sign.
fn whole(share: f64) -> String {
    format!("{:.0}", 100.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sitting_is_at_most_half_of_the_rest() {
        assert_eq!(
            [1, 19, 20, 60, 299, 300, 9_000].map(worth_checking),
            [1, 19, 10, 25, 100, 150, 150]
        );
    }
}

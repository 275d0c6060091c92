//! The threshold: how many texts lie above it, and how many of those are likely right.

use egui::{RichText, Slider, Ui};

use super::results::Results;
use crate::session::trust::{Accepted, Trust};
use crate::ui::number::{count, percent};
use crate::ui::theme::Theme;
use crate::ui::widgets::{card, small};

/// Draws the card; `accepted` is what lies above the threshold, `None` without evidence.
pub fn show(ui: &mut Ui, threshold: &mut f32, results: &Results, trust: Option<&Trust>) {
    let theme = Theme::of(ui.ctx());
    card(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label("Accept above");
            ui.spacing_mut().slider_width = (ui.available_width() - 90.0).max(80.0);
            let slider = Slider::new(threshold, 0.0..=1.0).fixed_decimals(2);
            ui.add(slider).on_hover_text(
                "Labels with at least this confidence are taken as they are; the rest is worth checking by hand.",
            );
        });
        let above = results.rows.iter().filter(|r| r.confidence >= *threshold).count();
        let below = results.rows.len() - above;
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            ui.label(RichText::new(format!("{} texts", count(above))).strong());
            match trust.and_then(|t| t.accepted(f64::from(*threshold))) {
                Some(Accepted { right, interval, measured_on, .. }) => {
                    ui.label("accepted, about");
                    ui.label(RichText::new(percent(right)).strong().color(theme.right));
                    let range = format!("of them right ({} to {}).", percent(interval.0), percent(interval.1));
                    ui.label(range);
                    small(ui, format!("Measured on {measured_on} labels that the model had not seen."));
                }
                None => {
                    ui.label("accepted.");
                    small(ui, "How many are right cannot be said: no label that the model had not seen lies above it.");
                }
            }
            small(ui, format!("{} left to check.", count(below)));
        });
    });
}

//! What this program is, its licences, and where the base model comes from.

use egui::{RichText, ScrollArea, TextStyle, Ui};

const MIT: &str = include_str!("../../../LICENSE-MIT");
const APACHE: &str = include_str!("../../../LICENSE-APACHE");
const MODEL: &str = include_str!("../../../assets/models/README.md");

/// Draws the window; false once it is closed.
pub fn show(ui: &mut Ui) -> bool {
    let frame = egui::Frame::popup(&ui.global_style()).inner_margin(20);
    let modal = egui::Modal::new(egui::Id::unique("about")).frame(frame);
    let modal = modal.show(ui.ctx(), |ui| {
        ui.set_width(560.0_f32.min(ui.ctx().content_rect().width() - 72.0));
        ui.heading(format!("Unfreeze {}", env!("CARGO_PKG_VERSION")));
        ui.label(
            "Label a hundred texts, classify the rest, and watch a language model thaw: ULMFiT (Howard and Ruder, 2018) \
             from end to end on your own machine. No text, label or model ever leaves it.",
        );
        ScrollArea::vertical().max_height(360.0).show(ui, |ui| {
            for (title, text) in [
                ("The base model", MODEL),
                ("Licence, one of two: MIT", MIT),
                ("Licence, the other: Apache 2.0", APACHE),
            ] {
                ui.collapsing(title, |ui| {
                    ui.label(RichText::new(text).text_style(TextStyle::Small));
                });
            }
        });
        ui.button("Close").clicked()
    });
    !(modal.inner || modal.should_close())
}

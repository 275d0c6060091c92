//! Settings, as one small window.

use egui::{DragValue, Grid, RichText, Slider, TextStyle, Ui};

use crate::session::protocol::DeviceChoice;
use crate::ui::Shared;
use crate::ui::settings::ZOOM;
use crate::ui::theme::Theme;

/// Draws the window; false once it is closed.
pub fn show(ui: &mut Ui, shared: &mut Shared) -> bool {
    let before = shared.settings.clone();
    let modal = egui::Modal::new(egui::Id::unique("settings")).show(ui.ctx(), |ui| {
        ui.set_width(460.0_f32.min(ui.ctx().content_rect().width() - 48.0));
        ui.heading("Settings");
        Grid::new("settings")
            .num_columns(2)
            .spacing([24.0, 12.0])
            .show(ui, |ui| {
                let settings = &mut shared.settings;
                name(ui, "Colours", "As the system has them, or always light or dark.");
                ui.horizontal(|ui| {
                    use egui::ThemePreference::{Dark, Light, System};
                    for (value, text) in [(System, "System"), (Light, "Light"), (Dark, "Dark")] {
                        ui.selectable_value(&mut settings.theme, value, text);
                    }
                });
                ui.end_row();
                name(ui, "Size", "Of text and everything else.");
                ui.add(
                    Slider::new(&mut settings.zoom, ZOOM)
                        .step_by(0.1)
                        .custom_formatter(|v, _| format!("{:.0} %", 100.0 * v)),
                );
                ui.end_row();
                name(ui, "Motion", "Nothing moves by itself when this is on.");
                ui.checkbox(&mut settings.still, "No animation");
                ui.end_row();
                name(
                    ui,
                    "Labels to aim for",
                    "A hundred is where fine-tuning begins to pay; more is better.",
                );
                ui.add(DragValue::new(&mut settings.goal).range(10..=100_000));
                ui.end_row();
                name(
                    ui,
                    "Compute on",
                    "A graphics card where there is one, else the processor.",
                );
                ui.horizontal(|ui| {
                    for (value, text) in [
                        (DeviceChoice::Auto, "Best"),
                        (DeviceChoice::Cpu, "Processor"),
                        (DeviceChoice::Gpu, "Graphics card"),
                    ] {
                        ui.selectable_value(&mut settings.device, value, text);
                    }
                });
                ui.end_row();
                name(
                    ui,
                    "Seed",
                    "Every random choice comes from it: the same seed gives the same result.",
                );
                ui.add(DragValue::new(&mut settings.seed));
                ui.end_row();
            });
        ui.add_space(8.0);
        ui.button("Close")
            .on_hover_text("Settings are kept at once. (Esc)")
            .clicked()
    });
    if shared.settings != before {
        shared.settings.apply(ui.ctx());
    }
    !(modal.inner || modal.should_close())
}

fn name(ui: &mut Ui, text: &str, explanation: &str) {
    let theme = Theme::of(ui.ctx());
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.set_max_width(190.0);
        ui.label(text);
        ui.label(
            RichText::new(explanation)
                .text_style(TextStyle::Small)
                .color(theme.dim),
        );
    });
}

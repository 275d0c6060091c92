//! Settings, as one small window.

use egui::{Button, DragValue, Grid, RichText, ScrollArea, TextStyle, Ui};

use crate::session::protocol::DeviceChoice;
use crate::ui::Shared;
use crate::ui::actions::Action;
use crate::ui::settings::{Settings, ZOOM};
use crate::ui::theme::{NARROW, Theme};
use crate::ui::widgets::percent;

/// Draws the window; false once it is closed.
pub fn show(ui: &mut Ui, shared: &mut Shared) -> bool {
    let before = shared.settings.clone();
    let room = ui.ctx().content_rect();
    let narrow = room.width() < NARROW;
    let frame = egui::Frame::popup(&ui.global_style()).inner_margin(20);
    let modal = egui::Modal::new(egui::Id::unique("settings")).frame(frame);
    let modal = modal.show(ui.ctx(), |ui| {
        ui.set_width(470.0_f32.min(room.width() - 72.0));
        ui.heading("Settings");
        ScrollArea::vertical()
            .max_height(room.height() - 150.0)
            .min_scrolled_height(room.height() - 150.0)
            .show(ui, |ui| {
                Grid::new("settings")
                    .num_columns(if narrow { 1 } else { 2 })
                    .spacing([24.0, if narrow { 4.0 } else { 12.0 }])
                    .show(ui, |ui| rows(ui, shared, narrow));
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

fn rows(ui: &mut Ui, shared: &mut Shared, narrow: bool) {
    let settings = &mut shared.settings;
    name(
        ui,
        narrow,
        "Colours",
        "As the system has them, or always light or dark.",
    );
    ui.horizontal(|ui| {
        use egui::ThemePreference::{Dark, Light, System};
        for (value, text) in [(System, "System"), (Light, "Light"), (Dark, "Dark")] {
            ui.selectable_value(&mut settings.theme, value, text);
        }
    });
    ui.end_row();
    name(ui, narrow, "Size", "Of text and everything else.");
    sizes(ui, settings);
    ui.end_row();
    name(ui, narrow, "Motion", "Nothing moves by itself when this is on.");
    ui.checkbox(&mut settings.still, "No animation");
    ui.end_row();
    let goal = name(
        ui,
        narrow,
        "Labels to aim for",
        "A hundred is where fine-tuning begins to pay; more is better.",
    );
    ui.add(DragValue::new(&mut settings.goal).range(10..=100_000))
        .labelled_by(goal);
    ui.end_row();
    name(
        ui,
        narrow,
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
    let seed = name(
        ui,
        narrow,
        "Seed",
        "Every random choice comes from it: the same seed gives the same result.",
    );
    ui.add(DragValue::new(&mut settings.seed)).labelled_by(seed);
    ui.end_row();
}

/// Steps and no slider: in another size whatever is dragged lies elsewhere at once, and would be taken for dragged on.
fn sizes(ui: &mut Ui, settings: &mut Settings) {
    let step = |ui: &mut Ui, may: bool, text: &str, action: Action| {
        let key = super::shortcut_text(ui, action);
        let button = ui.add_enabled(may, Button::new(text));
        let why = format!("{} {key}", action.explanation());
        button.on_hover_text(why).clicked()
    };
    ui.horizontal(|ui| {
        let now = settings.zoom;
        if step(ui, now > *ZOOM.start(), "Smaller", Action::Smaller) {
            settings.enlarge(-1.0);
        }
        if step(ui, true, &percent(f64::from(now)), Action::UsualSize) {
            settings.zoom = 1.0;
        }
        if step(ui, now < *ZOOM.end(), "Larger", Action::Larger) {
            settings.enlarge(1.0);
        }
    });
}

/// What a setting is called, before it; above it where there is no room beside. Gives the label's id.
fn name(ui: &mut Ui, narrow: bool, text: &str, explanation: &str) -> egui::Id {
    let theme = Theme::of(ui.ctx());
    let label = ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        if narrow {
            ui.add_space(6.0);
        }
        ui.set_max_width(if narrow { 300.0 } else { 190.0 });
        let label = ui.label(text).id;
        ui.label(
            RichText::new(explanation)
                .text_style(TextStyle::Small)
                .color(theme.dim),
        );
        label
    });
    if narrow {
        ui.end_row();
    }
    label.inner
}

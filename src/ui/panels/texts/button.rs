//! Buttons with their key on them.

use egui::{Response, RichText, Stroke, TextStyle, Ui, WidgetInfo, vec2};

use crate::ui::theme::{self, Theme};
use crate::ui::widgets::BUTTON_HEIGHT;

/// How much a button asks to be pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// The one thing to do next.
    Main,
    /// Anything else.
    Usual,
}

/// A button of a finger's height with its key, where it has one and there is a keyboard, and what it does.
pub(super) fn button(ui: &mut Ui, text: &str, key: &str, weight: Weight, explanation: &str) -> Response {
    let theme = Theme::of(ui.ctx());
    let mut words = RichText::new(text).color(theme.text);
    if weight == Weight::Main {
        words = words.strong();
    }
    let mut button = egui::Button::new(words).min_size(vec2(0.0, BUTTON_HEIGHT - 4.0));
    if weight == Weight::Main {
        button = button
            .fill(theme.tint(theme.ice, 0.22))
            .stroke(Stroke::new(1.0, theme.ice));
    }
    if !key.is_empty() && !theme::is_narrow(ui.ctx()) {
        let key = RichText::new(key).text_style(TextStyle::Small).monospace();
        button = button.shortcut_text(key);
    }
    let response = ui.add(button);
    let enabled = ui.is_enabled();
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, enabled, text));
    response.on_hover_text(explanation)
}

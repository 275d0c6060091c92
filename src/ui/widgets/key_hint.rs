//! What can be done, with its key before it; a click does it too.

use egui::{
    Color32, FontId, Rect, Response, Role, Sense, Stroke, StrokeKind, TextStyle, Ui, WidgetInfo, pos2, vec2,
};

use crate::ui::theme::{self, Theme};

/// A key cap and a word, as one thing to click. `height` is the least that a finger needs where there is one.
pub fn key_hint(ui: &mut Ui, key: &str, word: &str, explanation: &str, height: f32) -> Response {
    let theme = Theme::of(ui.ctx());
    // A phone has no room for the key and mostly none to press.
    let key = if theme::is_narrow(ui.ctx()) { "" } else { key };
    let font = TextStyle::Small.resolve(ui.style());
    let mono = FontId::monospace(font.size - 1.0);
    let key_text = ui
        .painter()
        .layout_no_wrap(key.to_owned(), mono, Color32::PLACEHOLDER);
    let word_text = ui
        .painter()
        .layout_no_wrap(word.to_owned(), font, Color32::PLACEHOLDER);
    let cap = if key.is_empty() {
        vec2(0.0, 0.0)
    } else {
        vec2((key_text.size().x + 10.0).max(20.0), 20.0)
    };
    let gap = if key.is_empty() { 0.0 } else { 5.0 };
    let size = vec2(cap.x + gap + word_text.size().x, height.max(24.0));
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let name = if key.is_empty() {
        word.to_owned()
    } else {
        format!("{word}, key {key}")
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), &name));
    let lit = response.hovered() || response.has_focus();
    let colour = if lit { theme.text } else { theme.dim };
    if !key.is_empty() {
        let cap = Rect::from_min_size(pos2(rect.left(), rect.center().y - cap.y / 2.0), cap);
        let line = Stroke::new(1.0, if lit { theme.ice } else { theme.line });
        ui.painter()
            .rect(cap, 4, theme.background, line, StrokeKind::Inside);
        ui.painter()
            .galley(cap.center() - key_text.size() / 2.0, key_text, colour);
    }
    let at = pos2(
        rect.left() + cap.x + gap,
        rect.center().y - word_text.size().y / 2.0,
    );
    ui.painter().galley(at, word_text, colour);
    response.on_hover_text(explanation)
}

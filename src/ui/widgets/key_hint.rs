//! What can be done, with its key before it; a click does it too.

use egui::{Color32, Response, Role, Sense, TextStyle, Ui, WidgetInfo, pos2, vec2};

use super::keycap::Keycap;
use crate::ui::theme::{self, Theme};

/// A key cap and a word, as one thing to click. `height` is the least that a finger needs where there is one.
pub fn key_hint(ui: &mut Ui, key: &str, word: &str, explanation: &str, height: f32) -> Response {
    let theme = Theme::of(ui.ctx());
    // A phone has no room for the key and mostly none to press.
    let cap = (!key.is_empty() && !theme::is_narrow(ui.ctx())).then(|| Keycap::new(ui, key));
    let font = TextStyle::Small.resolve(ui.style());
    let word_text = ui
        .painter()
        .layout_no_wrap(word.to_owned(), font, Color32::PLACEHOLDER);
    let before = cap.as_ref().map_or(0.0, |cap| cap.size().x + 5.0);
    let size = vec2(before + word_text.size().x, height.max(24.0));
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let name = if cap.is_some() {
        format!("{word}, key {key}")
    } else {
        word.to_owned()
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), &name));
    let lit = response.hovered() || response.has_focus();
    if let Some(cap) = cap {
        cap.paint(ui.painter(), rect.left_center(), &theme, lit);
    }
    let colour = if lit { theme.text } else { theme.dim };
    let at = pos2(rect.left() + before, rect.center().y - word_text.size().y / 2.0);
    ui.painter().galley(at, word_text, colour);
    response.on_hover_text(explanation)
}

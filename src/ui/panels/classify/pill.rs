//! A label as a small round button: its key, its colour and its name.

use egui::{
    Color32, FontId, Rect, Response, Sense, Stroke, StrokeKind, TextStyle, Ui, WidgetInfo, pos2, vec2,
};

use crate::ui::theme::Theme;

/// The button.
pub struct Pill<'a> {
    /// The key that does it.
    pub key: Option<&'a str>,
    /// What it says.
    pub name: &'a str,
    /// The label's colour.
    pub colour: Option<Color32>,
    /// Whether it is what the text has.
    pub selected: bool,
}

impl Pill<'_> {
    /// Draws it.
    pub fn show(&self, ui: &mut Ui) -> Response {
        let theme = Theme::of(ui.ctx());
        let font = TextStyle::Small.resolve(ui.style());
        let layout = |text: &str, font: FontId| {
            ui.painter()
                .layout_no_wrap(text.to_owned(), font, Color32::PLACEHOLDER)
        };
        // A name of any length leaves room for its end: the button never outgrows the card.
        let short: String = if self.name.chars().count() > 28 {
            self.name.chars().take(27).chain(['\u{2026}']).collect()
        } else {
            self.name.to_owned()
        };
        let name = layout(&short, font.clone());
        let key = self
            .key
            .map(|key| layout(key, FontId::monospace(font.size - 1.0)));
        let cap = key.as_ref().map_or(0.0, |k| (k.size().x + 8.0).max(18.0) + 6.0);
        let dot = if self.colour.is_some() { 13.0 } else { 0.0 };
        let size = vec2(10.0 + cap + dot + name.size().x + 12.0, 28.0);
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        let said = match self.key {
            Some(key) => format!("{}, key {key}", self.name),
            None => self.name.to_owned(),
        };
        response
            .widget_info(|| WidgetInfo::selected(egui::Role::Button, ui.is_enabled(), self.selected, &said));
        let lit = response.hovered() || response.has_focus();
        let edge = if self.selected || lit {
            theme.ice
        } else {
            theme.line
        };
        let fill = if self.selected {
            theme.tint(theme.ice, 0.18)
        } else {
            theme.panel
        };
        let painter = ui.painter();
        painter.rect(rect, 14, fill, Stroke::new(1.0, edge), StrokeKind::Inside);
        let (mut left, middle) = (rect.left() + 10.0, rect.center().y);
        if let Some(key) = key {
            let place = Rect::from_min_size(pos2(left, middle - 9.0), vec2(cap - 6.0, 18.0));
            let line = Stroke::new(1.0, theme.line);
            painter.rect(place, 4, theme.background, line, StrokeKind::Inside);
            painter.galley(place.center() - key.size() / 2.0, key, theme.dim);
            left += cap;
        }
        if let Some(colour) = self.colour {
            painter.circle_filled(pos2(left + 4.0, middle), 4.0, colour);
            left += dot;
        }
        painter.galley(pos2(left, middle - name.size().y / 2.0), name, theme.text);
        response
    }
}

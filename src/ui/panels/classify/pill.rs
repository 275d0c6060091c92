//! A label as a small round button: its key, its colour and its name.

use egui::{Color32, Response, Sense, Stroke, StrokeKind, TextStyle, Ui, WidgetInfo, pos2, vec2};

use crate::ui::theme::Theme;
use crate::ui::widgets::Keycap;

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
        // A name of any length leaves room for its end: the button never outgrows the card.
        let short: String = if self.name.chars().count() > 28 {
            self.name.chars().take(27).chain(['\u{2026}']).collect()
        } else {
            self.name.to_owned()
        };
        let name = ui.painter().layout_no_wrap(short, font, Color32::PLACEHOLDER);
        let key = self.key.map(|key| Keycap::new(ui, key));
        let cap = key.as_ref().map_or(0.0, |key| key.size().x + 6.0);
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
            key.paint(painter, pos2(left, middle), &theme, false);
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

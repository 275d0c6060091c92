//! A key as it is drawn wherever one works, alone or in a button.

use std::sync::Arc;

use egui::{
    Color32, FontId, Galley, Painter, Pos2, Rect, Response, Role, Sense, Stroke, StrokeKind, TextStyle, Ui,
    Vec2, WidgetInfo, pos2, vec2,
};

use crate::ui::theme::{self, Theme};

/// The least width, in points: that of a single letter's key, which is square. The height of all.
const SIDE: f32 = 20.0;
/// What the cap has at both ends of its letters together.
const PADDING: f32 = 10.0;

/// A key whose letters are laid out, before there is a place for it.
pub struct Keycap {
    letters: Arc<Galley>,
}

impl Keycap {
    /// The key with these letters on it.
    pub fn new(ui: &Ui, key: &str) -> Self {
        let font = FontId::monospace(TextStyle::Small.resolve(ui.style()).size - 1.0);
        let letters = ui
            .painter()
            .layout_no_wrap(key.to_owned(), font, Color32::PLACEHOLDER);
        Self { letters }
    }

    /// How much room it takes, in points.
    pub fn size(&self) -> Vec2 {
        vec2((self.letters.size().x + PADDING).max(SIDE), SIDE)
    }

    /// Draws it with the middle of its left edge here, brighter where what it does is pointed at, and gives where it lies.
    pub fn paint(self, painter: &Painter, left: Pos2, theme: &Theme, lit: bool) -> Rect {
        let size = self.size();
        let cap = Rect::from_min_size(pos2(left.x, left.y - size.y / 2.0), size);
        let (edge, colour) = if lit {
            (theme.ice, theme.text)
        } else {
            (theme.line, theme.dim)
        };
        let line = Stroke::new(1.0, edge);
        painter.rect(cap, 4, theme.background, line, StrokeKind::Inside);
        painter.galley(cap.center() - self.letters.size() / 2.0, self.letters, colour);
        cap
    }
}

/// The key that works here, drawn as a key; nothing on a phone, which has none.
pub fn keycap(ui: &mut Ui, key: &str) -> Response {
    if theme::is_narrow(ui.ctx()) {
        return ui.allocate_exact_size(vec2(0.0, 0.0), Sense::hover()).1;
    }
    let cap = Keycap::new(ui, key);
    // Not a frame round a label, which a row of tall buttons would stretch.
    let (rect, response) = ui.allocate_exact_size(cap.size(), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, key));
    cap.paint(ui.painter(), rect.left_center(), &Theme::of(ui.ctx()), false);
    response
}

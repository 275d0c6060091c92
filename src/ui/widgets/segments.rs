//! A bar of coloured parts on the way to a total.

use egui::{Color32, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::ui::theme::Theme;

/// A part of the bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment {
    /// Its colour.
    pub colour: Color32,
    /// Its size, in the unit of the total.
    pub amount: usize,
}

/// Paints parts beside one another, out of `total` or of their sum where that is more. `name` is what a screen reader says.
pub fn segments(ui: &mut Ui, parts: &[Segment], total: usize, name: &str) -> Response {
    let theme = Theme::of(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 8.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, name));
    let sum: usize = parts.iter().map(|p| p.amount).sum();
    let unit = rect.width() / total.max(sum).max(1) as f32;
    ui.painter().rect_filled(rect, 3, theme.raised);
    let mut left = rect.left();
    for part in parts {
        let right = left + unit * part.amount as f32;
        let piece = Rect::from_min_max(pos2(left, rect.top()), pos2(right, rect.bottom()));
        ui.painter().rect_filled(piece, 0, part.colour);
        left = right;
    }
    response
}

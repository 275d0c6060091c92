//! The whole table: text, label, confidence. Only the rows in view are laid out.

use egui::{Align2, FontId, Rect, ScrollArea, Sense, TextStyle, Ui, pos2, vec2};

use super::results::{Results, own_label};
use crate::session::project::{Project, TextId};
use crate::ui::theme::Theme;

const ROW: f32 = 38.0;

/// Draws the rows `shown`; returns a text that was chosen by the pointer.
pub fn show(
    ui: &mut Ui,
    results: &Results,
    project: &Project,
    shown: &[u32],
    selected: Option<TextId>,
    accepted: f32,
) -> Option<TextId> {
    let theme = Theme::of(ui.ctx());
    let mut chosen = None;
    ui.spacing_mut().item_spacing.y = 0.0;
    let area = ScrollArea::vertical().id_salt("results").auto_shrink([false, false]);
    area.show_rows(ui, ROW, shown.len(), |ui, range| {
        for &i in shown.get(range).unwrap_or_default() {
            let Some(row) = results.rows.get(i as usize) else {
                continue;
            };
            let text = project.texts.texts.get(row.text as usize).map_or("", String::as_str);
            let name = results.labels.get(row.label).map_or("", String::as_str);
            let own = own_label(project, row.text);
            let width = ui.available_width();
            let (rect, response) = ui.allocate_exact_size(vec2(width, ROW), Sense::click());
            let said = format!("{text}: {name}, {:.0} %", 100.0 * row.confidence);
            response.widget_info(|| egui::WidgetInfo::selected(egui::Role::Row, true, selected == Some(row.text), &said));
            let painter = ui.painter();
            if selected == Some(row.text) || response.hovered() || response.has_focus() {
                painter.rect_filled(rect, 0.0, theme.raised);
            }
            painter.hline(rect.x_range(), rect.bottom(), egui::Stroke::new(1.0, theme.line));
            let right = (0.34 * width).clamp(150.0, 300.0);
            let words = rect.with_max_x(rect.right() - right - 8.0).shrink2(vec2(10.0, 0.0));
            elided(ui, words, text, theme);
            // The user's own label stands instead of the prediction.
            let label = own.map_or(name, |l| l.name.as_str());
            let colour = label_colour(project, label, theme);
            let x = rect.right() - right;
            let painter = ui.painter();
            painter.circle_filled(pos2(x + 5.0, rect.center().y), 5.0, colour);
            let named = Rect::from_min_max(pos2(x + 16.0, rect.top()), pos2(rect.right() - 0.55 * right + 8.0, rect.bottom()));
            elided(ui, named.with_max_x(rect.right() - 0.42 * right), label, theme);
            let bar = Rect::from_min_max(
                pos2(rect.right() - 0.40 * right, rect.center().y - 2.5),
                pos2(rect.right() - 50.0, rect.center().y + 2.5),
            );
            let painter = ui.painter();
            if own.is_some() {
                let place = pos2(rect.right() - 10.0, rect.center().y);
                painter.text(place, Align2::RIGHT_CENTER, "your label", FontId::proportional(12.0), theme.right);
            } else {
                let colour = if row.confidence >= accepted { theme.right } else { theme.thaw };
                painter.rect_filled(bar, 2.5, theme.raised);
                painter.rect_filled(bar.with_max_x(bar.left() + bar.width() * row.confidence), 2.5, colour);
                let place = pos2(rect.right() - 10.0, rect.center().y);
                let percent = format!("{:.0} %", 100.0 * row.confidence);
                painter.text(place, Align2::RIGHT_CENTER, percent, FontId::proportional(12.0), theme.dim);
            }
            if response.clicked() {
                chosen = Some(row.text);
            }
            if response.hovered() && text.len() > 60 {
                response.on_hover_text(text);
            }
        }
    });
    chosen
}

/// The colour of a label by its name; grey for one that the project has no longer.
pub fn label_colour(project: &Project, name: &str, theme: Theme) -> egui::Color32 {
    project.labels().find(|l| l.name == name).map_or(theme.dim, |l| theme.label(l.id))
}

/// One line of text, cut off with an ellipsis where the room ends.
fn elided(ui: &Ui, rect: Rect, text: &str, theme: Theme) {
    // The first line and a little more than fits: laying out a megabyte for forty visible words would stall the frame.
    let line: String = text.lines().next().unwrap_or("").chars().take(400).collect();
    let font = TextStyle::Body.resolve(ui.style());
    let mut job = egui::text::LayoutJob::simple_singleline(line, font, theme.text);
    job.wrap = egui::text::TextWrapping::truncate_at_width(rect.width().max(1.0));
    let galley = ui.painter().layout_job(job);
    let place = pos2(rect.left(), rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(place, galley, theme.text);
}

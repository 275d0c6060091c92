//! The confusion matrix: what was labelled against what was predicted.

use egui::{Align2, Color32, FontId, Rect, Sense, TextStyle, Ui, WidgetInfo, pos2, vec2};

use crate::ui::theme::Theme;

/// Most classes whose cells can still be told apart.
pub const MOST: usize = 14;

/// Draws `counts[given][predicted]`; returns the cell that was clicked.
pub fn show(ui: &mut Ui, labels: &[(String, Color32)], counts: &[Vec<usize>]) -> Option<(usize, usize)> {
    let theme = Theme::of(ui.ctx());
    let n = labels.len().max(1) as f32;
    let font = TextStyle::Small.resolve(ui.style());
    let longest = labels
        .iter()
        .map(|(name, _)| {
            ui.painter()
                .layout_no_wrap(name.clone(), font.clone(), theme.dim)
                .size()
                .x
        })
        .fold(0.0, f32::max);
    let names = (longest + 22.0).min(0.45 * ui.available_width());
    let cell = ((ui.available_width() - names) / n).clamp(10.0, 36.0);
    let tall = cell.min(30.0);
    let head = 14.0;
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), head + tall * n), Sense::hover());
    let mut clicked = None;
    // The predicted labels stand above their columns as dots: their names are those of the rows.
    for (predicted, (_, colour)) in labels.iter().enumerate() {
        let at = pos2(rect.left() + cell * (predicted as f32 + 0.5), rect.top() + 5.0);
        ui.painter().circle_filled(at, 3.5, *colour);
    }
    for (given, row) in counts.iter().enumerate() {
        let total: usize = row.iter().sum();
        let Some((is, colour)) = labels.get(given) else {
            continue;
        };
        let top = rect.top() + head + tall * given as f32;
        for (predicted, &count) in row.iter().enumerate() {
            let Some((said, _)) = labels.get(predicted) else {
                continue;
            };
            let at = pos2(rect.left() + cell * predicted as f32, top);
            let square = Rect::from_min_size(at, vec2(cell, tall)).shrink(1.0);
            let id = ui.scope_id().with(("confusion", given, predicted));
            let sense = if count > 0 { Sense::click() } else { Sense::hover() };
            let response = ui.interact(square, id, sense);
            let share = count as f32 / total.max(1) as f32;
            let colour = if given == predicted { theme.ice } else { theme.warm };
            let fill = if count == 0 {
                theme.raised
            } else {
                theme.tint(colour, 0.18 + 0.5 * share)
            };
            ui.painter().rect_filled(square, 3, fill);
            if response.hovered() || response.has_focus() {
                let edge = egui::Stroke::new(1.0, theme.text);
                ui.painter()
                    .rect_stroke(square, 3, edge, egui::StrokeKind::Inside);
            }
            if count > 0 && cell >= 16.0 {
                let font = FontId::proportional(11.0);
                ui.painter()
                    .text(square.center(), Align2::CENTER_CENTER, count, font, theme.text);
            }
            let sentence = if given == predicted {
                format!("{count} of {total} texts labelled {is} are recognised")
            } else {
                format!("{count} of {total} texts labelled {is} are taken for {said}")
            };
            if count > 0 {
                response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &sentence));
                let hint = format!("{sentence}. Click to see them in the table.");
                if response.on_hover_text(hint).clicked() {
                    clicked = Some((given, predicted));
                }
            } else {
                response.on_hover_text(format!("{sentence}."));
            }
        }
        let middle = top + tall / 2.0;
        let left = rect.left() + cell * n + 8.0;
        ui.painter().circle_filled(pos2(left + 3.5, middle), 3.5, *colour);
        let mut job = egui::text::LayoutJob::simple_singleline(is.clone(), font.clone(), theme.dim);
        job.wrap = egui::text::TextWrapping::truncate_at_width((rect.right() - left - 12.0).max(1.0));
        let galley = ui.painter().layout_job(job);
        let at = pos2(left + 12.0, middle - galley.size().y / 2.0);
        ui.painter().galley(at, galley, theme.dim);
    }
    clicked
}

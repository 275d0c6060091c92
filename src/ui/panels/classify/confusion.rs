//! The confusion matrix: what was labelled against what was predicted.

use egui::{Align2, FontId, Rect, Sense, Ui, pos2, vec2};

use crate::ui::theme::Theme;

/// Draws `counts[given][predicted]`; returns the cell that was clicked.
pub fn show(ui: &mut Ui, labels: &[String], counts: &[Vec<usize>]) -> Option<(usize, usize)> {
    let theme = Theme::of(ui.ctx());
    let n = labels.len().max(1) as f32;
    let names = 84.0_f32.min(0.35 * ui.available_width());
    let cell = ((ui.available_width() - names) / n).clamp(10.0, 36.0);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), cell * n), Sense::hover());
    let mut clicked = None;
    for (given, row) in counts.iter().enumerate() {
        let total: usize = row.iter().sum();
        for (predicted, &count) in row.iter().enumerate() {
            let at = rect.min + vec2(cell * predicted as f32, cell * given as f32);
            let square = Rect::from_min_size(at, vec2(cell, cell)).shrink(1.0);
            let id = ui.id().with(("confusion", given, predicted));
            let response = ui.interact(square, id, Sense::click());
            let share = if total == 0 { 0.0 } else { count as f32 / total as f32 };
            let colour = if given == predicted { theme.ice } else { theme.warm };
            let fill = if count == 0 { theme.raised } else { theme.tint(colour, 0.15 + 0.65 * share) };
            ui.painter().rect_filled(square, 3.0, fill);
            if count > 0 && cell >= 18.0 {
                let font = FontId::proportional(11.0);
                ui.painter().text(square.center(), Align2::CENTER_CENTER, count, font, theme.text);
            }
            let (Some(is), Some(said)) = (labels.get(given), labels.get(predicted)) else {
                continue;
            };
            let sentence = if given == predicted {
                format!("{count} of {total} texts labelled {is} are recognised")
            } else {
                format!("{count} of {total} texts labelled {is} are taken for {said}")
            };
            response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &sentence));
            if response.on_hover_text(format!("{sentence}. Click to see them.")).clicked() {
                clicked = Some((given, predicted));
            }
        }
        if let Some(name) = labels.get(given) {
            let place = pos2(rect.left() + cell * n + 8.0, rect.top() + cell * (given as f32 + 0.5));
            let short: String = name.chars().take(14).collect();
            ui.painter().text(place, Align2::LEFT_CENTER, short, FontId::proportional(12.0), theme.dim);
        }
    }
    clicked
}

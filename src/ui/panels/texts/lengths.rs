//! How long the texts are, as a few bars.

use egui::{Color32, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::session::survey::Survey;
use crate::ui::theme::Theme;
use crate::ui::widgets::{grouped, small, texts};

const HEIGHT: f32 = 34.0;

/// Draws a bar for each power of two words.
pub(super) fn show(ui: &mut Ui, found: &Survey) {
    let (first, most) = (
        found.lengths.iter().position(|&n| n > 0).unwrap_or(0),
        found.lengths.iter().copied().max().unwrap_or(0),
    );
    let theme = Theme::of(ui.ctx());
    let bins = found.lengths.get(first..).unwrap_or_default();
    let each = ui.available_width() / bins.len().max(6) as f32;
    // A single bar says nothing.
    let bars = |ui: &mut Ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        for (place, &count) in (first..).zip(bins) {
            let bar = bar(ui, each, count as f32 / most as f32, theme.ice, theme.raised);
            let (fewest, longest) = Survey::bounds(place);
            let span = if fewest == longest {
                format!("{fewest} word{}", if fewest == 1 { "" } else { "s" })
            } else {
                format!("{} to {} words", grouped(fewest), grouped(longest))
            };
            let said = format!("{}: {span}", texts(count));
            bar.widget_info(|| WidgetInfo::labeled(Role::Image, true, &said));
            bar.on_hover_text(said);
        }
    };
    if bins.len() > 1 {
        ui.horizontal(bars);
    }
    small(
        ui,
        format!(
            "Half of the texts have {} words or fewer; the longest has {}.",
            grouped(found.median_words),
            grouped(found.longest)
        ),
    )
    .on_hover_text("The model reads texts of any length. Words are counted by the spaces between them.");
}

fn bar(ui: &mut Ui, width: f32, share: f32, colour: Color32, track: Color32) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::hover());
    let inner = Rect::from_min_max(rect.min, pos2(rect.right() - 3.0, rect.bottom()));
    ui.painter()
        .rect_filled(inner.with_min_y(inner.bottom() - 2.0), 1, track);
    if share > 0.0 {
        let top = inner.bottom() - (share * inner.height()).max(2.0);
        ui.painter().rect_filled(inner.with_min_y(top), 2, colour);
    }
    response
}

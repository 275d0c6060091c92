//! A list of texts to tick, of any length: only the rows in view are drawn.

use egui::{Align, Checkbox, Layout, RichText, ScrollArea, TextStyle, TextWrapMode, Ui};

use super::text_row::one_line;
use crate::ui::theme::Theme;

/// Height of a row, in points.
const ROW: f32 = 28.0;

/// Rows to tick. `row` gives the text of a row and whether it is ticked; the row whose tick was changed is returned.
pub fn tick_list<'a>(
    ui: &mut Ui,
    salt: &str,
    rows: usize,
    height: f32,
    mut row: impl FnMut(usize) -> (&'a str, bool),
) -> Option<usize> {
    let theme = Theme::of(ui.ctx());
    let mut changed = None;
    ScrollArea::vertical()
        .id_salt(salt)
        .auto_shrink([false, true])
        .max_height(height)
        .show_rows(ui, ROW, rows, |ui, range| {
            ui.style_mut().wrap_mode = Some(TextWrapMode::Truncate);
            for i in range {
                let (text, mut on) = row(i);
                let line = RichText::new(one_line(text)).text_style(TextStyle::Small);
                let size = egui::vec2(ui.available_width(), ROW);
                // From the left: where a text is cut differs from row to row, and boxes are to stand below one another.
                let layout = Layout::left_to_right(Align::Center)
                    .with_main_align(Align::Min)
                    .with_main_justify(true);
                let response = ui
                    .allocate_ui_with_layout(size, layout, |ui| {
                        ui.add(Checkbox::new(&mut on, line.color(theme.text)))
                    })
                    .inner
                    .on_hover_text(text);
                if response.changed() {
                    changed = Some(i);
                }
            }
        });
    changed
}

//! The rows of the table. Only those in view are laid out, so that its length costs nothing.

use egui::{Align, Label, RichText, ScrollArea, TextStyle, Ui};
use egui_extras::{Column, TableBuilder, TableRow};

use super::columns::{Choice, name};
use crate::session::exchange::Sheet;
use crate::session::survey::Survey;
use crate::ui::theme::Theme;
use crate::ui::widgets::{grouped, one_line};

/// Height of a row, in points.
const ROW: f32 = 30.0;
/// Least and greatest width of a column that is not text.
const OTHER: (f32, f32) = (64.0, 150.0);
/// Width of the numbers of the rows.
const PLACE: f32 = 64.0;
/// Space after what is in a cell.
const GAP: f32 = 10.0;
/// A column of text is not narrower than this.
const TEXT: f32 = 280.0;
/// The most characters of a text that lie over it on hover.
const HOVERED: usize = 1_500;

/// The table's contents.
pub(super) struct Rows<'a> {
    pub sheet: &'a Sheet,
    pub choice: &'a Choice,
    pub found: Option<&'a Survey>,
    /// The row that is marked.
    pub marked: Option<usize>,
    /// What a place in the file is called: line or row.
    pub place: &'a str,
}

impl Rows<'_> {
    /// Columns that are shown; every cell in view is laid out in every frame.
    pub const MOST_COLUMNS: usize = 40;

    /// The columns as they are shown: text, label, the others.
    fn order(&self) -> Vec<usize> {
        let chosen = || self.choice.texts.iter().copied().chain(self.choice.label);
        let others = (0..self.sheet.columns.len()).filter(|&at| chosen().all(|c| c != at));
        chosen().chain(others).take(Self::MOST_COLUMNS).collect()
    }

    /// The width that suits the first cells of a column that is not text.
    fn width(&self, column: usize) -> f32 {
        const LOOKED: usize = 30;
        let cells = (0..self.sheet.rows.len().min(LOOKED)).map(|row| self.sheet.cell(row, column));
        let letters = |text: &str| text.chars().take(LOOKED).count();
        let longest = cells.map(letters).max().unwrap_or(0);
        let mark = if self.choice.label == Some(column) { 6 } else { 0 };
        let most = longest.max(letters(&name(self.sheet, column)) + mark);
        (7.0 * most as f32 + GAP).clamp(OTHER.0, OTHER.1)
    }

    /// Draws the table, `height` points high; `bring` is a row to scroll to.
    pub fn show(&self, ui: &mut Ui, height: f32, bring: Option<usize>) {
        let theme = Theme::of(ui.ctx());
        let order = self.order();
        let texts = self.choice.texts.len().min(order.len());
        let others: Vec<f32> = order.iter().skip(texts).map(|&at| self.width(at)).collect();
        let taken: f32 = others.iter().sum();
        // Where it is narrow, the text is seen whole and the rest is scrolled to.
        let least = TEXT.min(ui.available_width() - 16.0 - PLACE);
        // The columns of text share what the others leave.
        let left = ui.available_width() - 16.0 - PLACE - taken;
        let text = (left / texts.max(1) as f32).max(least);
        ScrollArea::horizontal()
            .id_salt("preview-sideways")
            .show(ui, |ui| {
                // Cells keep their own distance, so that the lines between rows are whole.
                ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
                ui.visuals_mut().selection.bg_fill = theme.tint(theme.ice, 0.16);
                let mut table = TableBuilder::new(ui)
                    .id_salt("preview")
                    .striped(false)
                    .cell_layout(egui::Layout::left_to_right(Align::Center))
                    .auto_shrink([false, false])
                    .min_scrolled_height(120.0)
                    .max_scroll_height((height - ROW - 8.0).max(120.0))
                    .column(Column::exact(PLACE).clip(true));
                for width in std::iter::repeat_n(text, texts).chain(others) {
                    table = table.column(Column::exact(width).clip(true));
                }
                if let Some(row) = bring {
                    table = table.scroll_to_row(row, Some(Align::Center));
                }
                let header = |mut row: TableRow<'_, '_>| {
                    row.col(|ui| {
                        cell(ui, self.place, theme.dim, TextStyle::Small);
                    });
                    for (at, &column) in order.iter().enumerate() {
                        let what = match at {
                            at if at < texts => Some("text"),
                            _ if self.choice.label == Some(column) => Some("label"),
                            _ => None,
                        };
                        row.col(|ui| self.header(ui, column, what, theme));
                    }
                };
                table.header(ROW, header).body(|body| {
                    body.rows(ROW, self.sheet.rows.len(), |mut row| {
                        let at = row.index();
                        row.set_overline(true);
                        row.set_selected(self.marked == Some(at));
                        self.row(&mut row, at, &order, theme);
                    });
                });
            });
    }

    fn header(&self, ui: &mut Ui, column: usize, what: Option<&str>, theme: Theme) {
        let title = name(self.sheet, column);
        let colour = if what.is_some() { theme.text } else { theme.dim };
        let said = match what {
            Some("text") => "The texts that are labelled.",
            Some(_) => "Its values become the labels.",
            None => "Kept for the export.",
        };
        let text = RichText::new(&title)
            .text_style(TextStyle::Small)
            .color(colour)
            .strong();
        ui.spacing_mut().item_spacing.x = 6.0;
        ui.set_max_width((ui.available_width() - GAP).max(8.0));
        ui.add(Label::new(text).truncate())
            .on_hover_text(format!("{title}: {said}"));
        // A text column that is called text needs no mark.
        if let Some(what) = what.filter(|what| *what != title) {
            let mark = RichText::new(what).text_style(TextStyle::Small).color(theme.ice);
            ui.label(mark).on_hover_text(said);
        }
    }

    fn row(&self, row: &mut TableRow<'_, '_>, at: usize, order: &[usize], theme: Theme) {
        let Some(contents) = self.sheet.rows.get(at) else {
            return;
        };
        let texts = self.choice.texts.len();
        let empty = self
            .choice
            .texts
            .iter()
            .all(|&column| self.sheet.cell(at, column).trim().is_empty());
        let earlier = self.found.and_then(|found| {
            let place = found
                .repeated
                .binary_search_by_key(&contents.line, |&(_, at)| at)
                .ok()?;
            found.repeated.get(place).map(|&(first, _)| first)
        });
        row.col(|ui| {
            let odd = empty || earlier.is_some();
            let colour = if odd { theme.thaw } else { theme.dim };
            let number = cell(ui, &grouped(contents.line as usize), colour, TextStyle::Small);
            if empty {
                number.on_hover_text("No text: this row will be left out.");
            } else if let Some(first) = earlier {
                number.on_hover_text(format!("The same text as in {} {first}.", self.place));
            }
        });
        for (n, &column) in order.iter().enumerate() {
            row.col(|ui| {
                if n == 0 && empty {
                    cell(ui, "no text, left out", theme.thaw, TextStyle::Small);
                    return;
                }
                let whole = self.sheet.cell(at, column);
                let chosen = n < texts || self.choice.label == Some(column);
                let colour = if chosen { theme.text } else { theme.dim };
                let style = if n < texts {
                    TextStyle::Body
                } else {
                    TextStyle::Small
                };
                let shown = cell(ui, &one_line(whole), colour, style);
                if whole.len() > 12 {
                    shown.on_hover_ui(|ui| {
                        ui.set_max_width(480.0);
                        ui.label(whole.chars().take(HOVERED).collect::<String>());
                    });
                }
            });
        }
    }
}

fn cell(ui: &mut Ui, text: &str, colour: egui::Color32, style: TextStyle) -> egui::Response {
    let text = RichText::new(text).text_style(style).color(colour);
    let label = Label::new(text)
        .truncate()
        .show_tooltip_when_elided(false)
        .selectable(false);
    ui.set_max_width((ui.available_width() - GAP).max(8.0));
    ui.add(label)
}

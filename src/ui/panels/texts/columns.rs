//! Which column is what.

use egui::{Checkbox, ComboBox, ScrollArea, Ui};

use crate::session::exchange::Sheet;
use crate::session::survey::Survey;
use crate::ui::widgets::{card, grouped, heading, one_line, small};

/// Columns that can be chosen: a table of more is rather a matrix of numbers.
const MOST_COLUMNS: usize = 500;

/// What the columns of a table are taken for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Choice {
    /// Columns that hold the text, in the order of the table.
    pub texts: Vec<usize>,
    /// The column that holds labels.
    pub label: Option<usize>,
    /// The labels of the rows are taken over as answers.
    pub use_labels: bool,
    /// Only the first of several rows with the same text is kept.
    pub once_only: bool,
}

impl Choice {
    /// What the table itself suggests.
    pub fn of(sheet: &Sheet) -> Self {
        Self {
            texts: sheet.text_columns.clone(),
            label: sheet.label_column,
            use_labels: true,
            once_only: false,
        }
    }

    /// Adds a column to the text, or takes it out.
    pub fn set_text(&mut self, column: usize, on: bool) {
        self.texts.retain(|&at| at != column);
        if on {
            self.texts.push(column);
            self.texts.sort_unstable();
            if self.label == Some(column) {
                self.label = None;
            }
        }
    }

    /// Takes a column, or none, for the labels.
    pub fn set_label(&mut self, column: Option<usize>) {
        self.label = column;
        if let Some(column) = column {
            self.texts.retain(|&at| at != column);
        }
    }
}

/// The name of a column, or its number where it has none.
pub(super) fn name(sheet: &Sheet, column: usize) -> String {
    match sheet.columns.get(column).map(|name| name.trim()) {
        None | Some("") => format!("column {}", column + 1),
        Some(name) => one_line(name),
    }
}

/// What a column holds, by its first cells.
fn examples(sheet: &Sheet, column: usize) -> String {
    const LONGEST: usize = 80;
    let cells = (0..sheet.rows.len().min(50)).map(|row| sheet.cell(row, column));
    let short = |cell: &str| {
        let line = one_line(cell);
        match line.char_indices().nth(LONGEST) {
            Some((at, _)) => format!("{}…", line.get(..at).unwrap_or_default()),
            None => line,
        }
    };
    let found: Vec<String> = cells
        .filter(|cell| !cell.trim().is_empty())
        .take(3)
        .map(short)
        .collect();
    if found.is_empty() {
        "Its first cells are empty.".into()
    } else {
        found.join("\n")
    }
}

/// Draws the card; whether something that the survey depends on was changed.
pub(super) fn show(ui: &mut Ui, sheet: &Sheet, choice: &mut Choice, found: Option<&Survey>) -> bool {
    let before = (choice.texts.clone(), choice.label);
    card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        heading(ui, "Which column is the text?");
        if sheet.columns.len() > 1 {
            ScrollArea::vertical()
                .id_salt("columns")
                .max_height(150.0)
                .auto_shrink([false, true])
                .show(ui, |ui| {
                    ui.style_mut().wrap_mode = Some(egui::TextWrapMode::Truncate);
                    // What was guessed comes first, so that it is seen among many.
                    let guessed = sheet.text_columns.iter().copied();
                    let others = (0..sheet.columns.len()).filter(|at| !sheet.text_columns.contains(at));
                    for column in guessed.chain(others).take(MOST_COLUMNS) {
                        let mut on = choice.texts.contains(&column);
                        let title = name(sheet, column);
                        let response = ui.add(Checkbox::new(&mut on, title));
                        response.widget_info(|| {
                            let said = format!("Text column {}", name(sheet, column));
                            egui::WidgetInfo::selected(egui::Role::CheckBox, true, on, said)
                        });
                        if response
                            .on_hover_ui(|ui| {
                                ui.label(examples(sheet, column));
                            })
                            .changed()
                        {
                            choice.set_text(column, on);
                        }
                    }
                });
            if sheet.columns.len() > MOST_COLUMNS {
                small(
                    ui,
                    format!("and {} more columns", grouped(sheet.columns.len() - MOST_COLUMNS)),
                );
            }
            if choice.texts.len() > 1 {
                small(ui, "The columns are joined, a line each.");
            }
            labels(ui, sheet, choice, found);
        } else {
            small(ui, "There is one column: a text a line. Labels are given here.");
        }
        let repeated = found.map_or(0, |found| found.repeated.len());
        if repeated > 0 {
            let hint = "Only the first of several rows with the same text becomes a text of the project. The others are \
                        missing from what you export, too.";
            ui.checkbox(&mut choice.once_only, "Keep repeated texts once")
                .on_hover_text(hint);
        }
    });
    before != (choice.texts.clone(), choice.label)
}

fn labels(ui: &mut Ui, sheet: &Sheet, choice: &mut Choice, found: Option<&Survey>) {
    ui.add_space(4.0);
    heading(ui, "Which one holds labels?");
    let mut label = choice.label;
    let shown = label.map_or_else(|| "None".to_owned(), |column| name(sheet, column));
    let width = ui.available_width();
    let combo = ComboBox::from_id_salt("label-column")
        .selected_text(&shown)
        .width(width)
        .truncate()
        .show_ui(ui, |ui| {
            ui.selectable_value(&mut label, None, "None")
                .on_hover_text("You make the labels yourself.");
            for column in 0..sheet.columns.len().min(MOST_COLUMNS) {
                ui.selectable_value(&mut label, Some(column), name(sheet, column))
                    .on_hover_text(examples(sheet, column));
            }
        });
    combo.response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::ComboBox, true, format!("Column with labels: {shown}"))
    });
    combo.response.on_hover_text(
        "Its values become the labels of the project. Every other column is kept for the export.",
    );
    if label != choice.label {
        choice.set_label(label);
    }
    if choice.label.is_none() {
        return;
    }
    let given = found.map_or(0, Survey::labelled);
    let text = match found {
        Some(_) => format!("Take over the {} labels in it", grouped(given)),
        None => "Take over the labels in it".to_owned(),
    };
    let hint = "The rows that have a label count as labelled already. Without this only the names of the labels are taken, \
                and you start at zero.";
    ui.checkbox(&mut choice.use_labels, text).on_hover_text(hint);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_the_text_or_the_label_but_not_both() {
        let mut choice = Choice {
            texts: vec![2],
            label: Some(1),
            ..Choice::default()
        };
        choice.set_text(0, true);
        assert_eq!(
            (choice.texts.as_slice(), choice.label),
            ([0, 2].as_slice(), Some(1))
        );
        choice.set_text(1, true);
        assert_eq!(
            (choice.texts.as_slice(), choice.label),
            ([0, 1, 2].as_slice(), None)
        );
        choice.set_label(Some(2));
        assert_eq!(
            (choice.texts.as_slice(), choice.label),
            ([0, 1].as_slice(), Some(2))
        );
        choice.set_text(0, false);
        assert_eq!(choice.texts, [1]);
    }
}

//! The first screen of a project without labels: what kinds of text are there?

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{Key, Label, RichText, ScrollArea, TextEdit, TextStyle, Ui};

use super::desk::Desk;
use super::keys;
use super::reading::column;
use super::view::{View, Want};
use crate::session::project::{Action as Step, Texts};
use crate::ui::theme;
use crate::ui::widgets::{card, keycap, label_dot, small};

/// A column with more values than this holds no labels.
const MOST: usize = 20;

/// Naming the first labels.
#[derive(Clone, Debug, Default)]
pub(super) struct Setup {
    field: String,
    focused: bool,
    /// Columns of the table that look like labels, with their values.
    columns: Vec<(String, Vec<String>)>,
}

impl Setup {
    /// Looks for columns that hold labels already.
    pub fn new(texts: &Arc<Texts>) -> Self {
        let columns = texts.extra_columns.iter().enumerate();
        Self {
            columns: columns
                .filter_map(|(at, name)| Some((name.clone(), values(texts, at)?)))
                .collect(),
            ..Self::default()
        }
    }

    /// Draws the screen.
    pub fn show(&mut self, ui: &mut Ui, view: &View, desk: &Desk, wants: &mut Vec<Want>) {
        card(ui, |ui| {
            ui.label(
                RichText::new("What kinds of text are there?")
                    .text_style(theme::title())
                    .strong(),
            );
            small(
                ui,
                "Type the names of your labels, separated by commas or one at a time. You can add, rename and merge \
                 them whenever you like.",
            );
            ui.add_space(8.0);
            self.field(ui, view, wants);
            self.offers(ui, view, wants);
            made(ui, view, wants);
            ui.add_space(12.0);
            if let Some(text) = desk.text() {
                small(ui, "One of your texts, to see what they are like:");
                let font = theme::reading().resolve(ui.style());
                let width = column(ui, &font).min(ui.available_width());
                let job = super::tint::layout(view.text(text), &[], &view.theme, font, width);
                let height = if view.narrow { 240.0 } else { f32::INFINITY };
                ScrollArea::vertical()
                    .max_height(height)
                    .auto_shrink([false, true])
                    .show(ui, |ui| ui.add(Label::new(job).selectable(true)));
            }
        });
    }

    fn field(&mut self, ui: &mut Ui, view: &View, wants: &mut Vec<Want>) {
        ui.horizontal_wrapped(|ui| {
            let edit = TextEdit::singleline(&mut self.field)
                .align(egui::Align2::LEFT_CENTER)
                .id_salt("first-labels")
                .hint_text("billing, delivery, returns")
                .char_limit(2_000)
                .desired_width(ui.available_width().min(420.0) - 90.0);
            let edit = ui.add(edit);
            edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Names of labels"));
            if !self.focused {
                edit.request_focus();
                self.focused = true;
            }
            let entered = edit.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
            let add = ui
                .button("Add")
                .on_hover_text("Makes these labels; Enter does the same.");
            if !(entered || add.clicked()) {
                return;
            }
            let names: Vec<String> = names(&self.field, view);
            if !names.is_empty() {
                if names.len() > 1 {
                    wants.push(Want::Begin);
                }
                wants.extend(
                    names
                        .into_iter()
                        .map(|name| Want::Step(Step::CreateLabel { name })),
                );
                self.field.clear();
                edit.request_focus();
            } else if self.field.trim().is_empty() && view.project.labels().next().is_some() {
                wants.push(Want::Begin);
            } else {
                edit.request_focus();
            }
        });
    }

    fn offers(&self, ui: &mut Ui, view: &View, wants: &mut Vec<Want>) {
        if view.project.labels().next().is_some() {
            return;
        }
        ui.horizontal_wrapped(|ui| {
            for (name, values) in &self.columns {
                let text = format!("Take the {} names in the column '{name}'", values.len());
                if ui.button(text).on_hover_text(values.join(", ")).clicked() {
                    let create = |name: &String| Want::Step(Step::CreateLabel { name: name.clone() });
                    wants.extend(values.iter().map(create));
                    wants.push(Want::Begin);
                }
            }
        });
    }
}

/// The labels that were made so far, each with its key, and the way on.
fn made(ui: &mut Ui, view: &View, wants: &mut Vec<Want>) {
    let labels: Vec<_> = view.project.labels().collect();
    if labels.is_empty() {
        return;
    }
    ui.add_space(4.0);
    ui.horizontal_wrapped(|ui| {
        for (at, label) in labels.iter().enumerate() {
            keycap(ui, keys::printed(at).unwrap_or(" "));
            label_dot(ui, view.theme.label(label.id));
            ui.label(&label.name);
            ui.add_space(8.0);
        }
    });
    ui.horizontal_wrapped(|ui| {
        let start = ui.button("Start labelling");
        if start
            .on_hover_text("Shows the first text; Enter in the empty field does the same.")
            .clicked()
        {
            wants.push(Want::Begin);
        }
        let hint = RichText::new("or Enter once more").text_style(TextStyle::Small);
        ui.label(hint.color(view.theme.dim));
    });
}

/// The names that were typed, each once, without those that exist.
fn names(typed: &str, view: &View) -> Vec<String> {
    let mut seen: BTreeSet<&str> = view.project.labels().map(|l| l.name.as_str()).collect();
    let names = typed.split([',', ';', '\n', '，', '、']).map(str::trim);
    names
        .filter(|name| !name.is_empty() && seen.insert(name))
        .map(str::to_owned)
        .collect()
}

/// The values of a column, where there are so few that they look like labels.
fn values(texts: &Texts, column: usize) -> Option<Vec<String>> {
    let mut found = BTreeSet::new();
    let mut cells = 0;
    for row in &texts.extra {
        let cell = row.get(column).map_or("", |c| c.trim());
        if cell.is_empty() {
            continue;
        }
        cells += 1;
        found.insert(cell);
        if found.len() > MOST {
            return None;
        }
    }
    let repeated = found.len() >= 2 && cells >= 2 * found.len();
    repeated.then(|| found.into_iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_few_repeated_values_offers_its_names() {
        let row = |label: &str, id: usize| vec![label.to_owned(), id.to_string()];
        let labels = ["b", "a", "b", "", "a"];
        let texts = Texts {
            extra_columns: vec!["label".into(), "id".into()],
            extra: labels.iter().enumerate().map(|(i, l)| row(l, i)).collect(),
            extra_json: Vec::new(),
            ..Texts::default()
        };
        let setup = Setup::new(&Arc::new(texts));
        assert_eq!(
            setup.columns,
            [("label".to_owned(), vec!["a".to_owned(), "b".to_owned()])]
        );
    }
}

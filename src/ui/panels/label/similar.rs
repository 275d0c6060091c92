//! The texts most like one text, to be labelled together.

use egui::{RichText, Ui};

use super::view::{Mode, View, Want};
use crate::session::project::TextId;
use crate::ui::theme;
use crate::ui::widgets::{card, grouped, key_hint, one_line, small, tick_list};

/// The list, with what is ticked.
#[derive(Clone, Debug, Default)]
pub(super) struct Similar {
    /// The text that the others are like.
    of: Option<TextId>,
    /// The texts, that one first, and whether they are ticked.
    rows: Vec<(TextId, bool)>,
    /// Whether the similar ones have come.
    filled: bool,
}

impl Similar {
    /// Starts with a text.
    pub fn open(text: TextId) -> Self {
        Self {
            of: Some(text),
            rows: vec![(text, true)],
            filled: false,
        }
    }

    /// Takes in the similar texts once they are known, and lets go of those that were answered meanwhile.
    pub fn follow(&mut self, view: &View) {
        let Some(of) = self.of else {
            return;
        };
        if !self.filled
            && let Some(found) = view.insight.similar.get(&of)
        {
            let others = found.iter().filter(|&&t| t != of);
            self.rows.extend(others.map(|&t| (t, true)));
            self.filled = true;
        }
        let texts = view.project.texts.texts.len();
        let open = |t: TextId| (t as usize) < texts && (t == of || view.project.answer(t).is_none());
        self.rows.retain(|&(t, _)| open(t));
    }

    /// The texts that are ticked.
    pub fn selected(&self) -> Vec<TextId> {
        self.rows.iter().filter(|r| r.1).map(|r| r.0).collect()
    }

    /// Draws the list.
    pub fn show(&mut self, ui: &mut Ui, view: &View, wants: &mut Vec<Want>) {
        card(ui, |ui| {
            let ticked = self.rows.iter().filter(|r| r.1).count();
            ui.horizontal_wrapped(|ui| {
                let title = match ticked {
                    1 => "Label this one as …".into(),
                    n => format!("Label these {} as …", grouped(n)),
                };
                ui.label(RichText::new(title).text_style(theme::title()).strong());
                ui.add_space(8.0);
                if key_hint(
                    ui,
                    "Esc",
                    "back to the text",
                    "Goes on with one text at a time.",
                    28.0,
                )
                .clicked()
                {
                    wants.push(Want::Mode(Mode::Read));
                }
            });
            let text = self.of.map_or("", |t| view.text(t));
            let start: String = one_line(text).chars().take(80).collect();
            small(
                ui,
                format!(
                    "The nearest to “{start}”, nearest first. A label's key labels all that are ticked, in one step."
                ),
            );
            ui.horizontal(|ui| {
                for (name, on) in [("Tick all", true), ("Tick none", false)] {
                    let hover = "Then untick or tick those that differ.";
                    if ui.button(name).on_hover_text(hover).clicked() {
                        self.rows.iter_mut().for_each(|r| r.1 = on);
                    }
                }
            });
            if !self.filled {
                waiting(ui, view);
            } else if self.rows.len() == 1 {
                small(ui, "No other text without an answer is near.");
            }
            let height = if view.narrow { 320.0 } else { ui.available_height() };
            let rows = &self.rows;
            let row = |i: usize| rows.get(i).map_or(("", false), |&(t, on)| (view.text(t), on));
            let changed = tick_list(ui, "similar", rows.len(), height, row);
            if let Some(row) = changed.and_then(|i| self.rows.get_mut(i)) {
                row.1 = !row.1;
            }
            if !view.narrow {
                ui.set_min_height(ui.available_height());
            }
        });
    }
}

/// Why there is nothing yet.
pub(super) fn waiting(ui: &mut Ui, view: &View) {
    let (read, all) = view.insight.features;
    if read < all || all == 0 {
        let all = all.max(view.project.texts.texts.len());
        small(
            ui,
            format!(
                "The model has read {} of {} texts so far; this fills as it reads.",
                grouped(read),
                grouped(all)
            ),
        );
    } else {
        ui.horizontal(|ui| {
            ui.spinner();
            small(ui, "Looking …");
        });
    }
}

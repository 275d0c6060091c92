//! The texts most like one text, to be labelled together.

use std::collections::HashSet;
use std::sync::Arc;

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
    /// The similar ones that the rows were made of; `None` until they come.
    found: Option<Arc<[TextId]>>,
    /// The user has ticked or unticked some.
    touched: bool,
    /// Some have come after the first, and are not ticked.
    more: bool,
}

impl Similar {
    /// Starts with a text.
    pub fn open(text: TextId) -> Self {
        Self {
            of: Some(text),
            rows: vec![(text, true)],
            ..Self::default()
        }
    }

    /// Takes in the similar texts once they are known, and again when more texts have been read, and lets go of those that
    /// were answered meanwhile.
    pub fn follow(&mut self, view: &View) {
        let Some(of) = self.of else {
            return;
        };
        let texts = view.project.texts.texts.len();
        let open = |t: TextId| (t as usize) < texts && (t == of || view.project.answer(t).is_none());
        if let Some(found) = view.insight.similar.get(&of)
            && self.found.as_ref() != Some(found)
        {
            self.take(of, found, open);
        }
        self.rows.retain(|&(t, _)| open(t));
    }

    /// The rows in the order of these. Those that come later are not ticked: the next key may be meant for the list as it was
    /// a moment ago, and a text that nobody has seen must not be labelled.
    fn take(&mut self, of: TextId, found: &Arc<[TextId]>, open: impl Fn(TextId) -> bool) {
        let first = self.found.is_none();
        let before = std::mem::take(&mut self.rows);
        let was = |text: TextId| before.iter().find(|row| row.0 == text).map(|row| row.1);
        let near = found.iter().copied().filter(|&text| text != of);
        self.rows = std::iter::once(of)
            .chain(near)
            .map(|text| (text, was(text).unwrap_or(first)))
            .collect();
        if self.touched {
            let there: HashSet<TextId> = self.rows.iter().map(|row| row.0).collect();
            self.rows
                .extend(before.iter().filter(|row| !there.contains(&row.0)));
        }
        self.more |= !first && found.iter().any(|&text| open(text) && was(text).is_none());
        self.found = Some(Arc::clone(found));
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
            let (read, all) = view.insight.features;
            let among = if read < all && self.found.is_some() {
                format!(
                    " among the {} of {} texts read so far",
                    grouped(read),
                    grouped(all)
                )
            } else {
                String::new()
            };
            small(
                ui,
                format!(
                    "The nearest to “{start}”{among}, nearest first. A label's key labels all that are ticked, in one step."
                ),
            );
            if self.more {
                small(ui, "Nearer ones have been read since; they are not ticked yet.");
            }
            ui.horizontal(|ui| {
                for (name, on) in [("Tick all", true), ("Tick none", false)] {
                    let hover = "Then untick or tick those that differ.";
                    if ui.button(name).on_hover_text(hover).clicked() {
                        self.rows.iter_mut().for_each(|r| r.1 = on);
                        (self.touched, self.more) = (true, false);
                    }
                }
            });
            if self.found.is_none() {
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
                self.touched = true;
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

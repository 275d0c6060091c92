//! A text that is classified while it is being typed.

use std::path::Path;

use egui::{RichText, TextEdit, Ui};

use super::why::{Explained, tinted};
use crate::session::protocol::{Explain, Job};
use crate::ui::Shared;
use crate::ui::number::percent;
use crate::ui::side::Asker;
use crate::ui::widgets::{card, heading, small};

/// The text and the latest answer.
#[derive(Default)]
pub struct TryOne {
    typed: String,
    /// The latest answer, of an earlier text where the answer to this one is under way.
    pub answer: Option<Explained>,
}

impl TryOne {
    /// Draws the card; asks the second engine at every change.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared, model: &Path) {
        card(ui, |ui| {
            heading(ui, "Try one");
            let edit = TextEdit::multiline(&mut self.typed).hint_text("Type or paste a text").desired_rows(2);
            let field = ui.add(edit.desired_width(f32::INFINITY));
            field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "A text to try"));
            if field.changed() {
                self.ask(shared, model);
            }
            let Some(answer) = self.answer.as_ref().filter(|_| !self.typed.trim().is_empty()) else {
                small(ui, "It is classified as you type.");
                return;
            };
            let mut order: Vec<usize> = (0..answer.probabilities.len()).collect();
            order.sort_by(|&a, &b| answer.probabilities[b].total_cmp(&answer.probabilities[a]));
            ui.horizontal_wrapped(|ui| {
                for (place, i) in order.into_iter().take(3).enumerate() {
                    let name = answer.labels.get(i).map_or("", String::as_str);
                    let text = format!("{name} {}", percent(f64::from(answer.probabilities[i])));
                    if place == 0 {
                        ui.label(RichText::new(text).strong());
                    } else {
                        small(ui, text);
                    }
                }
            });
            if let Some(open) = &shared.project
                && answer.text == self.typed
            {
                tinted(ui, answer, &open.project);
            }
        });
    }

    fn ask(&mut self, shared: &mut Shared, model: &Path) {
        if self.typed.trim().is_empty() {
            self.answer = None;
            return;
        }
        let job = Job::Explain(Explain {
            common: shared.settings.common(),
            model: model.to_path_buf(),
            text: self.typed.clone(),
        });
        if let Err(error) = shared.side.ask(Asker::Try, job) {
            shared.fail(format!("{error}; start the program again"));
        }
    }
}

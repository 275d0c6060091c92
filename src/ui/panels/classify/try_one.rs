//! A text that is classified while it is being typed.

use std::path::Path;

use egui::{RichText, TextEdit, Ui};

use super::results::class;
use super::why::{Explained, tinted};
use crate::session::protocol::{Event, Explain, Job};
use crate::session::trust::Trust;
use crate::ui::Shared;
use crate::ui::number::percent;
use crate::ui::side::Asker;
use crate::ui::theme::Theme;
use crate::ui::widgets::{card, heading, label_dot, small};

/// The text and the latest answer.
#[derive(Default)]
pub struct TryOne {
    typed: String,
    /// The latest answer, of an earlier text where the answer to this one is under way.
    pub answer: Option<Explained>,
    /// Why there was none.
    pub failed: Option<String>,
    /// What is under way was asked of the classifier before this one.
    outdated: bool,
}

impl TryOne {
    /// Another classifier is asked from now on. What the one before it said is not shown any more; where a question is
    /// under way, neither is the answer to it.
    pub fn forget(&mut self, under_way: bool) {
        (self.answer, self.failed) = (None, None);
        self.outdated = under_way;
    }

    /// Whether what the second engine says is still about the classifier before.
    pub fn is_outdated(&mut self, event: &Event) -> bool {
        let outdated = self.outdated;
        self.outdated &= !event.ends_a_job();
        outdated
    }

    /// Draws the card; asks the second engine at every change.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared, model: &Path, trust: Option<&Trust>) {
        card(ui, |ui| {
            heading(ui, "Try one");
            let edit = TextEdit::multiline(&mut self.typed)
                .hint_text("Type or paste a text")
                .desired_rows(2)
                .char_limit(20_000);
            let field = ui.add(edit.desired_width(f32::INFINITY));
            field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "A text to try"));
            if field.changed() {
                self.ask(shared, model);
            }
            if self.typed.trim().is_empty() {
                small(
                    ui,
                    "It is classified as you type. It stays on this machine and is not added to your texts.",
                );
                return;
            }
            if self.answer.is_none() && self.failed.is_none() && !shared.side.busy(Asker::Try) {
                // The classifier has changed under the text.
                self.ask(shared, model);
            }
            if let Some(why) = &self.failed {
                let theme = Theme::of(ui.ctx());
                ui.label(
                    RichText::new(why)
                        .text_style(egui::TextStyle::Small)
                        .color(theme.warm),
                );
                return;
            }
            let project = shared.project.as_ref().map(|open| &open.project);
            let answer = self.answer.clone().zip(project);
            let answer = answer.map(|(answer, project)| answer.now(project).calibrated(trust));
            let Some(answer) = &answer else {
                ui.horizontal(|ui| {
                    ui.spinner();
                    small(ui, "Reading the classifier.");
                });
                return;
            };
            let Some(open) = &shared.project else { return };
            probabilities(ui, answer, &open.project);
            if answer.text == self.typed {
                tinted(ui, answer, &open.project);
            }
        });
    }

    fn ask(&mut self, shared: &mut Shared, model: &Path) {
        self.failed = None;
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
            let why = format!("{error}; start the program again");
            // Said beside the text as well, which is not asked about again by itself then.
            self.failed = Some(why.clone());
            shared.fail(why);
        }
    }
}

/// The three likeliest labels.
fn probabilities(ui: &mut Ui, answer: &Explained, project: &crate::session::project::Project) {
    let theme = Theme::of(ui.ctx());
    let mut order: Vec<(usize, f32)> = answer.probabilities.iter().copied().enumerate().collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ui.horizontal_wrapped(|ui| {
        for (place, (i, p)) in order.into_iter().take(3).enumerate() {
            let (name, label) = class(project, &answer.labels, &answer.ids, i);
            let share = percent(f64::from(p));
            if place == 0 {
                label_dot(ui, label.map_or(theme.dim, |l| theme.label(l.id)));
                ui.label(name);
                ui.label(RichText::new(share).strong());
            } else {
                small(ui, format!("{name} {share}"));
            }
        }
    });
}

//! Why this label: the words of one text tinted by what they do to its probability.

use egui::{RichText, TextFormat, Ui, text::LayoutJob};

use super::table::label_colour;
use crate::session::project::{Action, Answer, Project, TextId};
use crate::session::protocol::WordWeight;
use crate::ui::Shared;
use crate::ui::number::percent;
use crate::ui::theme::Theme;
use crate::ui::widgets::{card, heading, small};

/// What an `explain` job gave.
#[derive(Clone, Debug)]
pub struct Explained {
    /// The text.
    pub text: String,
    /// Names of the labels.
    pub labels: Vec<String>,
    /// Probability of each.
    pub probabilities: Vec<f32>,
    /// The words, in order.
    pub words: Vec<WordWeight>,
}

impl Explained {
    /// The most probable label.
    pub fn best(&self) -> Option<usize> {
        let by = |a: &(usize, &f32), b: &(usize, &f32)| a.1.total_cmp(b.1);
        self.probabilities.iter().enumerate().max_by(by).map(|(i, _)| i)
    }

    /// The word whose absence would lower the best label most, and its probability then.
    fn strongest(&self, best: usize) -> Option<(&str, f32)> {
        let weight = |w: &&WordWeight| w.weights.get(best).copied().unwrap_or(0.0);
        let word = self.words.iter().max_by(|a, b| weight(a).total_cmp(&weight(b)))?;
        let without = self.probabilities.get(best)? - weight(&word);
        Some((self.text.get(word.start..word.end)?, without))
    }
}

/// The text with its words tinted: in the label's colour where they speak for it, in coral where against.
pub fn tinted(ui: &mut Ui, explained: &Explained, project: &Project) {
    let theme = Theme::of(ui.ctx());
    let Some(best) = explained.best() else {
        return;
    };
    let name = explained.labels.get(best).map_or("", String::as_str);
    let weight = |w: &WordWeight| w.weights.get(best).copied().unwrap_or(0.0);
    let strongest = explained.words.iter().map(|w| weight(w).abs()).fold(1e-6, f32::max);
    let format = |background| TextFormat {
        font_id: egui::FontId::proportional(15.0),
        color: theme.text,
        background,
        line_height: Some(23.0),
        ..TextFormat::default()
    };
    let plain = format(egui::Color32::TRANSPARENT);
    let mut job = LayoutJob::default();
    job.wrap.max_width = ui.available_width();
    let mut at = 0;
    for word in &explained.words {
        let share = weight(word) / strongest;
        let colour = if share >= 0.0 { label_colour(project, name, theme) } else { theme.warm };
        let back = if share.abs() < 0.1 { egui::Color32::TRANSPARENT } else { theme.tint(colour, 0.55 * share.abs()) };
        if let Some(between) = explained.text.get(at..word.start) {
            job.append(between, 0.0, plain.clone());
        }
        if let Some(text) = explained.text.get(word.start..word.end) {
            job.append(text, 0.0, format(back));
            at = word.end;
        }
    }
    if let Some(rest) = explained.text.get(at..) {
        job.append(rest, 0.0, plain);
    }
    ui.label(job);
    if let Some((word, without)) = explained.strongest(best) {
        small(ui, format!("Without \"{word}\" it would be {}.", percent(f64::from(without.clamp(0.0, 1.0)))));
    }
}

/// The card about the chosen text: its words, and a button a label to correct it.
pub fn show(ui: &mut Ui, shared: &mut Shared, text: TextId, explained: Option<&Explained>, busy: bool) {
    let Some(open) = &mut shared.project else {
        return;
    };
    let mut corrected = None;
    card(ui, |ui| {
        let project = &open.project;
        match explained {
            Some(explained) => {
                if let Some(best) = explained.best() {
                    let name = explained.labels.get(best).map_or("", String::as_str);
                    let share = explained.probabilities.get(best).copied().unwrap_or(0.0);
                    heading(ui, format!("Why {name}, {}?", percent(f64::from(share))));
                }
                egui::ScrollArea::vertical().id_salt("why").max_height(180.0).show(ui, |ui| tinted(ui, explained, project));
            }
            None => {
                heading(ui, "Why?");
                ui.horizontal(|ui| {
                    if busy {
                        ui.spinner();
                    }
                    small(ui, "Leaving out each word in turn to see what it does.");
                });
            }
        }
        small(ui, "Is it something else? Your label counts from now on.");
        ui.horizontal_wrapped(|ui| {
            for label in project.labels() {
                let given = project.answer(text) == Some(Answer::Label(label.id));
                let button = egui::Button::selectable(given, RichText::new(&label.name).size(12.0));
                let hint = format!("Labels this text {}; training again learns from it", label.name);
                if ui.add(button).on_hover_text(hint).clicked() {
                    corrected = Some(label.id);
                }
            }
        });
    });
    if let Some(label) = corrected {
        let action = Action::Answer {
            text,
            answer: Answer::Label(label),
            suggested: None,
        };
        if let Err(why) = open.act(action) {
            shared.fail(why.to_string());
        }
    }
}

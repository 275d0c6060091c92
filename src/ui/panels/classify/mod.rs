//! The Classify screen: can I trust it?
//!
//! The classifier labels every text; what it had said of labels that it had not seen tells how far each confidence can
//! be trusted (`Knowledge`). What it learned from is kept with the project as a `Lesson`.

mod coming;
mod confusion;
mod counting;
mod empty;
mod export;
mod finder;
mod head;
mod import;
mod joint;
mod knowledge;
mod lesson;
mod pill;
mod quality;
mod replace;
mod results;
mod steer;
mod table;
mod threshold;
mod try_one;
mod why;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;

use egui::{Frame, Margin, ScrollArea, Ui, vec2};

use crate::session::exchange::Reading;
use crate::session::project::{TextId, Texts};
use crate::ui::Shared;
use crate::ui::side::Asker;
use crate::ui::theme::{self, Theme};
use crate::ui::widgets::small;

use counting::Counting;
use export::ExportWindow;
use finder::{Filter, Finder, Order};
use knowledge::Knowledge;
pub(super) use lesson::{Lesson, SETTING as LESSON};
use results::Results;
use table::{Table, View};
use try_one::TryOne;
use why::{Explained, Why};

/// Width of the cards at the right: the least and the most.
const SIDE: std::ops::RangeInclusive<f32> = 308.0..=400.0;
/// Height of the table where everything is one column.
const NARROW_TABLE: f32 = 430.0;
/// The confidence from which labels are accepted at first.
const THRESHOLD: f32 = 0.8;

/// What only this screen needs.
pub struct ClassifyPanel {
    /// The texts of the project that all this is about.
    of: Option<Arc<Texts>>,
    /// What the classifier learned from.
    lesson: Lesson,
    /// What the run that goes on learns from, by the run's number.
    coming: Option<(usize, Lesson)>,
    /// A run that went on when this project was opened: its classifier is another project's.
    foreign: Option<usize>,
    results: Option<Results>,
    /// Seconds that classifying took.
    seconds: f64,
    /// Texts done and texts in all, while it runs.
    running: Option<(u64, u64)>,
    /// It begins as soon as the engine is free.
    wanted: bool,
    /// What follows from the above, and the steps of the project that it was made at.
    known: Option<(u64, Knowledge)>,
    /// TF-IDF beside it.
    counting: Counting,
    threshold: f32,
    filter: Filter,
    finder: Option<Finder>,
    view: View,
    selected: Option<TextId>,
    /// Whether the card about it has to come into view.
    reveal: bool,
    /// The text that was asked about last, and the answer.
    asked: Option<TextId>,
    explained: Option<(TextId, Explained)>,
    try_one: TryOne,
    export: ExportWindow,
}

impl Default for ClassifyPanel {
    fn default() -> Self {
        Self {
            of: None,
            lesson: Lesson::default(),
            coming: None,
            foreign: None,
            results: None,
            seconds: 0.0,
            running: None,
            wanted: false,
            known: None,
            counting: Counting::default(),
            threshold: THRESHOLD,
            filter: Filter::default(),
            finder: None,
            view: View::default(),
            selected: None,
            reveal: false,
            asked: None,
            explained: None,
            try_one: TryOne::default(),
            export: ExportWindow::default(),
        }
    }
}

impl ClassifyPanel {
    /// Shows what the labels in a file, read as the user says, would change in the open project.
    pub fn import_labels(&mut self, path: std::path::PathBuf, reading: Reading, shared: &mut Shared) {
        if let Some(open) = &shared.project {
            self.export.read(open, path, reading, Arc::clone(&shared.wake));
            self.export.open();
            shared.screen = crate::ui::Screen::Classify;
        }
    }

    /// Draws the screen.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared) {
        self.notice(shared);
        if shared.project.is_none() {
            return empty::no_texts(ui, shared);
        }
        // The table is kept with the project, and is there before the model is unpacked.
        let model = shared.model.clone();
        if model.is_none() && self.results.is_none() {
            self.export.show(ui, shared, None, self.threshold);
            return empty::no_model(ui, shared);
        }
        self.learn(ui, shared);
        if ui.available_width() < theme::NARROW {
            ScrollArea::vertical().id_salt("classify").show(ui, |ui| {
                self.middle(ui, shared, Some(NARROW_TABLE));
                ui.add_space(12.0);
                self.side(ui, shared, model.as_deref());
            });
        } else {
            let side = (0.25 * ui.available_width()).clamp(*SIDE.start(), *SIDE.end());
            let frame = Frame::new().inner_margin(Margin {
                left: 20,
                ..Margin::ZERO
            });
            egui::Panel::right("classify-side")
                .exact_size(side + 20.0)
                .resizable(false)
                .show_separator_line(false)
                .frame(frame)
                .show(ui, |ui| {
                    ScrollArea::vertical()
                        .id_salt("classify-side")
                        .show(ui, |ui| self.side(ui, shared, model.as_deref()));
                });
            self.middle(ui, shared, None);
        }
        self.keys(ui, shared);
        self.export
            .show(ui, shared, self.results.as_ref(), self.threshold);
    }

    fn middle(&mut self, ui: &mut Ui, shared: &mut Shared, height: Option<f32>) {
        if self.results.is_none() && self.wanted {
            if empty::waiting(ui) {
                self.take_back(shared);
            }
            return;
        }
        if self.results.is_none() {
            return empty::not_yet(ui, shared, self.running);
        }
        self.head(ui, shared);
        ui.add_space(10.0);
        if let Some((_, known)) = &self.known {
            let mut below = self.filter.below.is_some();
            threshold::show(ui, &mut self.threshold, &mut below, known);
            if below != self.filter.below.is_some() && below {
                self.filter.order = Order::LeastSure;
            }
            self.filter.below = below.then_some(self.threshold);
        }
        ui.add_space(10.0);
        match height {
            Some(height) => {
                let size = vec2(ui.available_width(), height);
                ui.allocate_ui(size, |ui| self.table(ui, shared, height));
            }
            None => {
                let height = ui.available_height();
                self.table(ui, shared, height);
            }
        }
    }

    fn table(&mut self, ui: &mut Ui, shared: &mut Shared, height: f32) {
        let (Some(results), Some(open)) = (&self.results, &shared.project) else {
            return;
        };
        if self.finder.as_ref().is_none_or(|f| !f.is_for(&self.filter)) {
            self.finder = Some(Finder::new(&self.filter, results, &open.project));
            self.view.bring = Some(0);
        }
        let Some(finder) = &mut self.finder else { return };
        if !finder.done() {
            finder.advance(results, &open.project);
            ui.ctx().request_repaint();
        }
        let theme = Theme::of(ui.ctx());
        let table = Table {
            results,
            project: &open.project,
            shown: finder.found(),
            selected: self.selected,
            threshold: self.threshold,
            trust: self.known.as_ref().and_then(|(_, known)| known.trust.as_ref()),
        };
        let view = &mut self.view;
        let frame = Frame::new()
            .fill(theme.panel)
            .stroke(egui::Stroke::new(1.0, theme.line))
            .corner_radius(theme::RADIUS)
            .inner_margin(1);
        let chosen = frame.show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.set_height((height - 4.0).max(120.0));
            if table.shown.is_empty() {
                let what = if finder.done() {
                    "No text is like that. Change the search or the label, or show all."
                } else {
                    "Searching."
                };
                ui.centered_and_justified(|ui| small(ui, what));
                return None;
            }
            table.show(ui, view)
        });
        if let Some(text) = chosen.inner {
            // In one column the card about it lies below the table.
            self.reveal = true;
            self.select(text, shared);
        }
    }

    fn side(&mut self, ui: &mut Ui, shared: &mut Shared, model: Option<&Path>) {
        ui.spacing_mut().item_spacing.y = 8.0;
        let mut want = None;
        let known = self.known.as_ref().map(|(_, known)| known);
        if let (Some(results), Some(open)) = (&self.results, &shared.project) {
            if let Some(text) = self.selected {
                let trust = known.and_then(|k| k.trust.as_ref());
                let explained = self.explained.as_ref().filter(|(of, _)| *of == text);
                let explained = explained.map(|(_, e)| e.clone().now(&open.project).calibrated(trust));
                let similar = shared.insight.similar.get(&text);
                let held_out = known.and_then(|k| k.mistaken(text));
                let card = Why {
                    project: &open.project,
                    text,
                    explained: explained.as_ref(),
                    predicted: results.predicted(text),
                    gone: results.gone(text),
                    busy: shared.side.busy(Asker::Why),
                    held_out: held_out.map(|(class, p)| {
                        let known = known.map_or((&[][..], &[][..]), |k| (&k.classes, &k.ids));
                        (results::class(&open.project, known.0, known.1, class).0, p)
                    }),
                    similar: similar.map_or(&[], |s| s),
                };
                let drawn = ui.scope(|ui| want = card.show(ui));
                if std::mem::take(&mut self.reveal) {
                    drawn.response.scroll_to_me(Some(egui::Align::Max));
                }
                why::keys(ui);
            } else {
                why::nothing_chosen(ui);
            }
            ui.add_space(8.0);
        }
        if let (Some(known), Some(open)) = (known, &shared.project) {
            if let Some(only) = quality::show(ui, known, &self.lesson, &open.project) {
                self.filter = Filter {
                    only: Some(only),
                    ..Filter::default()
                };
                if self.results.is_none() {
                    shared.say("Classify every text first; then they are shown in the table.");
                }
            }
            ui.add_space(8.0);
        }
        let trust = known.and_then(|k| k.trust.as_ref());
        if let Some(model) = model {
            self.try_one.show(ui, shared, model, trust);
        }
        if let Some(want) = want {
            self.carry_out(want, shared);
        }
    }

    /// Draws a line about labels that the classifier has not learned from, and one about texts that it has not seen.
    fn news(&self, ui: &mut Ui, shared: &mut Shared) {
        let news = self.known.as_ref().map_or(0, |(_, known)| known.news);
        if news > 0 {
            head::news(ui, shared, news);
        }
        if let (Some(results), Some(open)) = (&self.results, &shared.project) {
            let missing = results.missing(&open.project);
            if missing > 0 {
                head::missing(ui, shared, missing);
            }
        }
    }

    /// The title and what is shown in the table.
    fn head(&mut self, ui: &mut Ui, shared: &mut Shared) {
        self.news(ui, shared);
        if let (Some(results), Some((_, known)), Some(open)) = (&self.results, &self.known, &shared.project) {
            let head = head::Head {
                results,
                texts: known.coverage.texts(),
                run: self.lesson.run,
                seconds: self.seconds,
                project: &open.project,
            };
            if let Some(action) = head.show(ui, &mut self.filter) {
                shared.act(action);
            }
        }
    }
}

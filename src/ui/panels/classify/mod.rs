//! The Classify screen: can I trust it?

mod confusion;
mod export;
mod quality;
mod results;
mod table;
mod threshold;
mod try_one;
mod why;

use std::path::PathBuf;

use egui::{RichText, ScrollArea, TextEdit, Ui};

use crate::session::Event;
use crate::session::project::TextId;
use crate::session::protocol::{Command, Explain, GivenRow, Job, Predict, Source};
use crate::session::trust::Trust;
use crate::ui::actions::Action;
use crate::ui::number::{count, duration};
use crate::ui::side::Asker;
use crate::ui::theme::{self, Theme};
use crate::ui::widgets::{card, chip, heading, small};
use crate::ui::{Screen, Shared};

use export::ExportWindow;
use quality::Quality;
use results::{Filter, Results};
use try_one::TryOne;
use why::Explained;

/// What only this screen needs.
#[derive(Default)]
pub struct ClassifyPanel {
    results: Option<Results>,
    /// Seconds that classifying took.
    seconds: f64,
    /// Texts done and texts in all, while it runs.
    running: Option<(u64, u64)>,
    threshold: Option<f32>,
    filter: Filter,
    /// Rows in view order, for this filter.
    shown: Option<(Filter, Vec<u32>)>,
    selected: Option<TextId>,
    explained: Option<(TextId, Explained)>,
    quality: Quality,
    try_one: TryOne,
    export: ExportWindow,
}

impl ClassifyPanel {
    /// Draws the screen.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared) {
        if shared.project.is_none() {
            return empty(ui, shared, "There are no texts yet.", Action::OpenSample);
        }
        let Some(model) = shared.model.clone() else {
            return empty(ui, shared, "No classifier has been trained on this project yet.", Action::Show(Screen::Train));
        };
        if self.results.is_none() {
            return self.not_yet(ui, shared);
        }
        let narrow = ui.available_width() < theme::NARROW;
        if narrow {
            ScrollArea::vertical().id_salt("classify").show(ui, |ui| {
                self.head(ui, shared);
                ui.allocate_ui(egui::vec2(ui.available_width(), 420.0), |ui| self.table(ui, shared));
                self.side(ui, shared, &model);
            });
        } else {
            egui::Panel::right("classify-side").exact_size(316.0).resizable(false).show_separator_line(false).frame(
                egui::Frame::new().inner_margin(egui::Margin { left: 16, ..egui::Margin::ZERO }),
            ).show(ui, |ui| {
                ScrollArea::vertical().id_salt("classify-side").show(ui, |ui| self.side(ui, shared, &model));
            });
            self.head(ui, shared);
            self.table(ui, shared);
        }
        self.export.show(ui, shared, self.results.as_ref());
        self.keys(ui, shared, &model);
    }

    fn not_yet(&mut self, ui: &mut Ui, shared: &mut Shared) {
        card(ui, |ui| {
            if let Some((done, total)) = self.running {
                heading(ui, format!("Classifying {} texts", count(total as usize)));
                let share = done as f32 / total.max(1) as f32;
                ui.add(egui::ProgressBar::new(share).text(format!("{} done", count(done as usize))));
                if ui.button("Stop").on_hover_text("Ends it; nothing is kept").clicked() {
                    shared.engine.send(Command::Stop).ok();
                }
            } else {
                heading(ui, "The classifier is ready");
                ui.label("It can label every text of this project now.");
                let button = ui.button(RichText::new("Classify every text").strong());
                if button.on_hover_text(Action::Classify.explanation()).clicked() {
                    shared.act(Action::Classify);
                }
            }
        });
    }

    fn head(&mut self, ui: &mut Ui, shared: &mut Shared) {
        let Some(results) = &self.results else { return };
        ui.horizontal_wrapped(|ui| {
            let title = format!("{} texts labelled", count(results.rows.len()));
            ui.label(RichText::new(title).text_style(theme::title()).strong());
            small(ui, format!("in {}", duration(self.seconds)));
            let width = 150.0_f32.min(ui.available_width());
            let search = ui.add(TextEdit::singleline(&mut self.filter.search).hint_text("Search").desired_width(width));
            search.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Search the texts"));
            let chosen = self.filter.label.and_then(|l| results.labels.get(l)).map_or("Label: all", String::as_str);
            egui::ComboBox::from_id_salt("label").selected_text(chosen).width(110.0).show_ui(ui, |ui| {
                ui.selectable_value(&mut self.filter.label, None, "Label: all");
                for (i, name) in results.labels.iter().enumerate() {
                    ui.selectable_value(&mut self.filter.label, Some(i), name);
                }
            });
            let order = chip(ui, self.filter.order.name()).on_hover_text("Changes the order of the table");
            if order.clicked() {
                self.filter.order = self.filter.order.next();
            }
            if let Some(only) = &self.filter.only {
                let text = format!("only {} texts: show all", only.len());
                if chip(ui, text).on_hover_text("Back to every text").clicked() {
                    self.filter.only = None;
                }
            }
            if chip(ui, "Export").on_hover_text(Action::Export.explanation()).clicked() {
                shared.act(Action::Export);
            }
        });
        let threshold = self.threshold.get_or_insert(0.8);
        threshold::show(ui, threshold, results, self.quality.trust());
        ui.add_space(8.0);
    }

    fn table(&mut self, ui: &mut Ui, shared: &mut Shared) {
        let (Some(results), Some(open)) = (&self.results, &shared.project) else {
            return;
        };
        if self.shown.as_ref().is_none_or(|(filter, _)| *filter != self.filter) {
            self.shown = Some((self.filter.clone(), self.filter.apply(results, &open.project)));
        }
        let shown = self.shown.as_ref().map_or(&[][..], |(_, shown)| shown);
        let accepted = self.threshold.unwrap_or(0.8);
        let chosen = card(ui, |ui| {
            if shown.is_empty() {
                small(ui, "No text is like that. Change the search or the label.");
                return None;
            }
            table::show(ui, results, &open.project, shown, self.selected, accepted)
        });
        if let Some(text) = chosen.inner {
            self.select(text, shared);
        }
    }

    fn side(&mut self, ui: &mut Ui, shared: &mut Shared, model: &std::path::Path) {
        if let Some(text) = self.selected {
            let explained = self.explained.as_ref().filter(|(of, _)| *of == text).map(|(_, e)| e);
            why::show(ui, shared, text, explained, shared.side.busy(Asker::Why));
            ui.add_space(8.0);
        } else {
            card(ui, |ui| {
                heading(ui, "Why?");
                small(ui, "Choose a text in the table to see which words decide its label.");
            });
            ui.add_space(8.0);
        }
        if let Some(only) = self.quality.show(ui, shared) {
            self.filter.only = Some(only);
        }
        ui.add_space(8.0);
        self.try_one.show(ui, shared, model);
    }

    fn keys(&mut self, ui: &Ui, shared: &mut Shared, _model: &std::path::Path) {
        if ui.ctx().egui_wants_keyboard_input() {
            return;
        }
        let (down, up) = ui.input(|i| (i.key_pressed(egui::Key::ArrowDown), i.key_pressed(egui::Key::ArrowUp)));
        let (Some(results), Some((_, shown))) = (&self.results, &self.shown) else {
            return;
        };
        if !(down || up) || shown.is_empty() {
            return;
        }
        let text = |i: usize| shown.get(i).and_then(|&r| results.rows.get(r as usize)).map(|r| r.text);
        let here = (0..shown.len()).find(|&i| text(i) == self.selected);
        let next = match here {
            None => 0,
            Some(i) if down => (i + 1).min(shown.len() - 1),
            Some(i) => i.saturating_sub(1),
        };
        if let Some(text) = text(next) {
            self.select(text, shared);
        }
    }

    fn select(&mut self, text: TextId, shared: &mut Shared) {
        if self.selected == Some(text) {
            return;
        }
        self.selected = Some(text);
        let (Some(open), Some(model)) = (&shared.project, &shared.model) else {
            return;
        };
        let Some(words) = open.project.texts.texts.get(text as usize) else {
            return;
        };
        let job = Job::Explain(Explain {
            common: shared.settings.common(),
            model: model.clone(),
            text: words.clone(),
        });
        if let Err(error) = shared.side.ask(Asker::Why, job) {
            shared.fail(format!("{error}; start the program again"));
        }
    }

    /// Carries out an action of this screen.
    pub fn act(&mut self, action: Action, shared: &mut Shared) {
        match action {
            Action::Classify => self.classify(shared),
            Action::Export => {
                if self.results.is_some() || shared.project.as_ref().is_some_and(|o| o.project.labelled() > 0) {
                    self.export.open();
                } else {
                    shared.say("There is nothing to export yet: label some texts first.");
                }
            }
            _ => {}
        }
    }

    fn classify(&mut self, shared: &mut Shared) {
        let (Some(open), Some(model)) = (&shared.project, shared.model.clone()) else {
            shared.say("Train a classifier first; then it can label every text.");
            return;
        };
        if shared.run.is_running() || self.running.is_some() {
            shared.say("The engine is at work; classify when it has ended.");
            return;
        }
        let rows = open.project.texts.texts.iter().map(|text| GivenRow {
            text: text.clone(),
            label: None,
        });
        let texts = Source {
            path: PathBuf::from(&open.project.name),
            rows: Some(rows.collect()),
            ..Source::default()
        };
        let total = open.project.texts.texts.len() as u64;
        let job = Job::Predict(Predict {
            common: shared.settings.common(),
            model,
            texts,
        });
        if let Err(error) = shared.engine.send(Command::Start(Box::new(job))) {
            shared.fail(format!("{error}; start the program again"));
            return;
        }
        self.running = Some((0, total));
        self.results = None;
        self.shown = None;
        self.explained = None;
        self.selected = None;
    }

    /// Takes in what the engine says.
    pub fn heard(&mut self, event: &Event, shared: &mut Shared) {
        match event {
            Event::OutOfSample { labels, predictions } => self.quality.out_of_sample(labels, predictions, shared),
            Event::Progress { done, total, .. } if self.running.is_some() && *total > 0 => {
                self.running = Some((*done, *total));
            }
            Event::Predictions { labels, predictions } => {
                let results = Results::new(labels.clone(), predictions.clone());
                self.quality.measured(&results, shared);
                self.results = Some(results);
                self.shown = None;
            }
            Event::Done { job, result } if job == "predict" => {
                self.running = None;
                self.seconds = result.get("seconds").and_then(serde_json::Value::as_f64).unwrap_or(0.0);
            }
            Event::Failed { message, .. } if self.running.take().is_some() => shared.fail(message.clone()),
            Event::Stopped { .. } => self.running = None,
            // Another classifier: what the last one said is of no use.
            Event::Done { job, .. } if job == "fit" || job == "train" => self.results = None,
            _ => {}
        }
    }

    /// Takes in what the second engine says.
    pub fn answered(&mut self, asker: Asker, event: Event, shared: &mut Shared) {
        match event {
            Event::Explanation {
                text,
                labels,
                probabilities,
                words,
            } => {
                let explained = Explained {
                    text,
                    labels,
                    probabilities,
                    words,
                };
                match (asker, self.selected) {
                    (Asker::Try, _) => self.try_one.answer = Some(explained),
                    (_, Some(selected)) => self.explained = Some((selected, explained)),
                    (_, None) => {}
                }
            }
            Event::Failed { message, .. } => shared.fail(message),
            _ => {}
        }
    }

    /// What is known of the classifier's quality, for the export.
    pub fn trust(&self) -> Option<&Trust> {
        self.quality.trust()
    }
}

/// The one thing to do next.
fn empty(ui: &mut Ui, shared: &mut Shared, what: &str, next: Action) {
    let theme = Theme::of(ui.ctx());
    ui.add_space(ui.available_height() / 3.0);
    ui.vertical_centered(|ui| {
        ui.label(RichText::new(what).text_style(theme::title()).strong());
        let then = if next == Action::OpenSample { "Try the sample" } else { "Go to training" };
        ui.label(RichText::new("Then every text gets a label here, with how far it can be trusted.").color(theme.dim));
        if ui.button(then).on_hover_text(next.explanation()).clicked() {
            shared.act(next);
        }
    });
}

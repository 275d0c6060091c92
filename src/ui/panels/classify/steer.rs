//! What the Classify screen does: it asks the engines, hears them, and gives labels.

use std::path::PathBuf;

use egui::{Event as Input, Key, Ui};

use super::super::label::keys::position;
use super::super::train::model_place;
use super::ClassifyPanel;
use super::coming::Coming;
use super::counting::Counting;
use super::finder::{Filter, Only};
use super::lesson::{MODEL, SETTING};
use super::results::{Results, is_blind, own_label};
use super::why::{Explained, Want};
use crate::session::Event;
use crate::session::project::{Action as Step, Answer, Happened, LabelId, TextId};
use crate::session::protocol::{Command, Explain, GivenRow, Job, Predict, Source};
use crate::ui::actions::Action;
use crate::ui::run::{Outcome as Trained, words};
use crate::ui::side::Asker;
use crate::ui::{Shared, Wish};

impl ClassifyPanel {
    /// Looks whether another project is open or another run has begun. Cheap; called often, so that what a run is given
    /// is seen before the next label is.
    pub fn notice(&mut self, shared: &mut Shared) {
        let record = &shared.run.record;
        if !shared.holds(self.of.as_ref()) {
            let texts = shared.project.as_ref().map(|open| &open.project.texts);
            *self = Self {
                of: texts.cloned(),
                foreign: record.status.active().then_some(record.number),
                ..Self::default()
            };
            self.try_one.forget(shared.side.busy(Asker::Try));
            shared.model = None;
            if let Some(open) = &mut shared.project {
                self.lesson = open.setting(SETTING).unwrap_or_default();
                if open.models().any(|(name, _)| name == MODEL) {
                    open.model_dir(MODEL);
                }
                open.load_predictions();
            }
        }
        let record = &shared.run.record;
        let known = [self.foreign, self.coming.as_ref().map(|c| c.0)].contains(&Some(record.number));
        let begun = record.status.active() && !known;
        if begun && let Some(open) = &mut shared.project {
            self.coming = Some(Coming::begin(record.number, open));
        }
        if self.wanted && !shared.run.busy() {
            self.wanted = false;
            self.classify(shared);
        }
    }

    /// Whether every text is classified as soon as the engine is free.
    pub fn is_wanted(&self) -> bool {
        self.wanted
    }

    /// The texts are not classified after all.
    pub fn take_back(&mut self, shared: &mut Shared) {
        self.wanted = false;
        shared.say("The texts are not classified.");
    }

    /// Chooses a text and asks why it has its label.
    pub(super) fn select(&mut self, text: TextId, shared: &mut Shared) {
        self.selected = Some(text);
        if self.asked == Some(text) {
            return;
        }
        let (Some(open), Some(model)) = (&shared.project, &shared.model) else {
            return;
        };
        let words = open
            .project
            .texts
            .texts
            .get(text as usize)
            .cloned()
            .unwrap_or_default();
        self.asked = Some(text);
        if words.trim().is_empty() {
            return;
        }
        let job = Job::Explain(Explain {
            common: shared.settings.common(),
            model: model.clone(),
            text: words,
        });
        if let Err(error) = shared.side.ask(Asker::Why, job) {
            shared.fail(format!("{error}; start the program again"));
        }
        shared.wishes.push(Wish::Similar(text));
    }

    /// Arrows choose, the keys of labels and Enter label and go on. What has the focus keeps its own: a text field all of them,
    /// anything else all but those of labels.
    pub(super) fn keys(&mut self, ui: &Ui, shared: &mut Shared) {
        let covered = egui::Popup::is_any_open(ui.ctx()) || ui.memory(|m| m.top_modal_layer().is_some());
        if self.results.is_none() || ui.ctx().text_edit_focused() || covered || self.export.is_shown() {
            return;
        }
        let focused = ui.ctx().egui_wants_keyboard_input();
        let pressed = ui.input(|input| {
            input.events.iter().find_map(|event| match event {
                Input::Key {
                    key,
                    physical_key,
                    pressed: true,
                    repeat,
                    modifiers,
                } if modifiers.is_none() || modifiers.shift_only() => Some((*key, *physical_key, *repeat)),
                _ => None,
            })
        });
        let Some((key, place, repeat)) = pressed else {
            return;
        };
        match key {
            _ if focused => {}
            Key::ArrowDown => return self.step(1, shared),
            Key::ArrowUp => return self.step(-1, shared),
            Key::PageDown => return self.step(10, shared),
            Key::PageUp => return self.step(-10, shared),
            Key::Home => return self.step(isize::MIN, shared),
            Key::End => return self.step(isize::MAX, shared),
            _ => {}
        }
        // A key that is held down must not label texts that nobody has read.
        let (Some(text), Some(open), false) = (self.selected, &shared.project, repeat) else {
            return;
        };
        let label = if key == Key::Enter {
            if focused {
                return;
            }
            let predicted = self.results.as_ref().and_then(|r| r.predicted(text));
            predicted
                .map(|p| p.0)
                .filter(|_| own_label(&open.project, text).is_none() && !is_blind(&open.project, text))
        } else {
            let at = position(key, place);
            at.and_then(|at| open.project.labels().nth(at)).map(|l| l.id)
        };
        if let Some(label) = label {
            self.give(text, label, shared);
            self.step(1, shared);
        }
    }

    /// Goes so many rows down.
    fn step(&mut self, by: isize, shared: &mut Shared) {
        let (Some(results), Some(finder)) = (&self.results, &self.finder) else {
            return;
        };
        let shown = finder.found();
        let Some(last) = shown.len().checked_sub(1) else {
            return;
        };
        let row = self.selected.and_then(|text| results.of(text));
        let here = row.and_then(|row| shown.iter().position(|&i| i as usize == row));
        let next = match here {
            None => 0,
            Some(here) => here.saturating_add_signed(by).min(last),
        };
        let text = shown
            .get(next)
            .and_then(|&i| results.rows.get(i as usize))
            .map(|r| r.text);
        if let Some(text) = text {
            self.view.bring = Some(next);
            self.select(text, shared);
        }
    }

    /// Carries out what was asked for of the chosen text.
    pub(super) fn carry_out(&mut self, want: Want, shared: &mut Shared) {
        let Some(text) = self.selected else { return };
        match want {
            Want::Label(label) => self.give(text, label, shared),
            Want::Clear => act(Step::Clear { text }, shared),
            Want::Similar(texts) => {
                self.filter = Filter {
                    only: Some(Only {
                        what: "like the chosen one".into(),
                        texts: std::iter::once(text).chain(texts).collect(),
                    }),
                    ..Filter::default()
                };
            }
        }
    }

    fn give(&self, text: TextId, label: LabelId, shared: &mut Shared) {
        let predicted = self.results.as_ref().and_then(|r| r.predicted(text));
        // What the classifier says of a text that measures it is not shown.
        let shown = (shared.project.as_ref()).is_some_and(|open| !is_blind(&open.project, text));
        let step = Step::Answer {
            text,
            answer: Answer::Label(label),
            suggested: predicted.filter(|_| shown).map(|p| p.0),
        };
        act(step, shared);
    }

    /// Carries out an action of this screen.
    pub fn act(&mut self, action: Action, shared: &mut Shared) {
        match action {
            Action::Classify => self.classify(shared),
            Action::Export => {
                // Labels can be read in there before there is any to export.
                if shared.project.is_some() {
                    self.export.open();
                } else {
                    shared.say("There is nothing to export yet: open some texts first.");
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
        if shared.run.measuring() {
            self.wanted = true;
            shared.say("Classifying begins when the labels kept aside are measured.");
            return;
        }
        if shared.run.compares() {
            shared.say(
                "Methods are being compared: classify when that has ended, or stop it on the Train screen, to go on later.",
            );
            return;
        }
        if shared.run.busy() || shared.run.is_running() || self.running.is_some() {
            shared.say("The engine is at work; classify when it has ended.");
            return;
        }
        if open.is_growing() {
            shared.say("One moment: texts are being added. Classify when they are there.");
            return;
        }
        if shared.opening {
            shared.say("One moment: a project is being opened.");
            return;
        }
        let rows = open.project.texts.texts.iter().map(|text| GivenRow {
            text: text.clone(),
            ..GivenRow::default()
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
        shared.run.occupy();
        self.forget();
        self.running = Some((0, total));
    }

    /// Forgets what the classifier said.
    fn forget(&mut self) {
        self.results = None;
        self.known = None;
        self.finder = None;
        self.explained = None;
        self.asked = None;
        self.selected = None;
        self.filter = Filter::default();
    }

    /// Takes in what the engine says.
    pub fn heard(&mut self, event: &Event, shared: &mut Shared) {
        self.notice(shared);
        match event {
            Event::OutOfSample {
                labels,
                predictions,
                folds,
            } if !shared.run.is_elsewhere() => {
                if let Some((_, lesson)) = &mut self.coming {
                    lesson.hear(labels, predictions, folds);
                    if let Some(open) = &mut shared.project {
                        Coming::keep(lesson, open);
                    }
                }
            }
            Event::Progress { done, total, .. } if self.running.is_some() && *total > 0 => {
                self.running = Some((*done, *total));
            }
            Event::Predictions { labels, predictions } if self.running.is_some() => {
                let Some(open) = &shared.project else { return };
                let ids = self.lesson.ids(labels, &open.project);
                self.results = Some(Results::new(labels.clone(), ids, predictions.clone()));
                self.known = None;
                self.finder = None;
            }
            Event::Done { job, result } => match job.as_str() {
                "predict" => {
                    self.running = None;
                    let seconds = result.get("seconds").and_then(serde_json::Value::as_f64);
                    self.seconds = seconds.unwrap_or(0.0);
                    self.keep(shared);
                }
                "fit" | "train" => {
                    let outcome = Trained::of(result);
                    // What the engine still ends may be of the project that was open before.
                    let is_its_own = outcome.out == model_place(&shared.work_dir);
                    if is_its_own || !shared.run.is_elsewhere() {
                        self.trained(&outcome, shared);
                    }
                }
                _ => {}
            },
            Event::Failed { message, device, .. } if self.running.take().is_some() => {
                shared.fail(words(message.clone(), device.clone()));
                bring_back(shared);
            }
            Event::Stopped { .. } if self.running.take().is_some() => bring_back(shared),
            _ => {}
        }
    }

    /// A classifier is finished: it becomes the project's.
    pub(super) fn trained(&mut self, outcome: &Trained, shared: &mut Shared) {
        let Some((run, mut lesson)) = self.coming.take() else {
            // It was trained on something else than this project.
            return;
        };
        lesson.baseline = outcome.baseline;
        lesson.together = outcome.together;
        lesson.alone = outcome.alone;
        lesson.run = run as u64;
        self.lesson = lesson;
        self.forget();
        self.counting = Counting::default();
        self.try_one.forget(shared.side.busy(Asker::Try));
        shared.model = Some(outcome.out.clone());
        if let Some(open) = &mut shared.project {
            open.set(SETTING, &self.lesson);
            open.put_model(MODEL, &outcome.out);
            // What the one before said is not what this one says.
            open.set_predictions(None);
        }
    }

    /// Takes in what became of something that the project was asked for.
    pub fn happened(&mut self, happened: &Happened, shared: &mut Shared) {
        if let Happened::ModelReady(name, dir) = happened
            && name == MODEL
            && shared.model.is_none()
        {
            shared.model = Some(dir.clone());
        }
        if let (Happened::ModelSaved(name), Some(open)) = (happened, &mut shared.project)
            && name == MODEL
            && Coming::kept(open).is_some_and(|coming| coming.lesson.run == self.lesson.run)
        {
            // Another run may have begun meanwhile: what that one learns from is still to come.
            Coming::forget(open);
        }
        if let (Happened::PredictionsLoaded(Some(said)), Some(open)) = (happened, &shared.project) {
            let wanted = self.results.is_none() && self.running.is_none();
            // A crash may have come between a new classifier and forgetting what the old one said.
            if wanted && said.run == self.lesson.run {
                let ids = self.lesson.ids(&said.labels, &open.project);
                self.results = Some(Results::kept(said, ids));
                self.seconds = said.seconds;
                (self.known, self.finder) = (None, None);
            }
        }
    }

    /// Keeps what the classifier said with the project.
    fn keep(&self, shared: &mut Shared) {
        if let (Some(results), Some(open)) = (&self.results, &mut shared.project) {
            open.set_predictions(Some(results.to_keep(self.lesson.run, self.seconds)));
        }
    }

    /// Takes in what the second engine says.
    pub fn answered(&mut self, asker: Asker, event: Event, shared: &mut Shared) {
        if asker == Asker::Try && self.try_one.is_outdated(&event) {
            return;
        }
        match event {
            Event::Explanation {
                text,
                labels,
                probabilities,
                words,
            } => {
                let Some(open) = &shared.project else { return };
                let explained = Explained {
                    ids: self.lesson.ids(&labels, &open.project),
                    text,
                    labels,
                    probabilities,
                    words,
                };
                let of = |id: TextId| open.project.texts.texts.get(id as usize);
                match (asker, self.asked) {
                    (Asker::Try, _) => self.try_one.answer = Some(explained),
                    // The answer to an earlier question is of no use.
                    (_, Some(text)) if of(text) == Some(&explained.text) => {
                        self.explained = Some((text, explained));
                    }
                    _ => {}
                }
            }
            Event::Failed { message, device, .. } => match (words(message, device), asker) {
                (message, Asker::Try) => self.try_one.failed = Some(message),
                (message, _) => shared.fail(message),
            },
            _ => {}
        }
    }
}

/// Asks for what the classifier said before, which the project keeps until all of it is said anew.
fn bring_back(shared: &mut Shared) {
    if let Some(open) = &mut shared.project {
        open.load_predictions();
    }
}

fn act(step: Step, shared: &mut Shared) {
    if let Some(open) = &mut shared.project
        && let Err(why) = open.act(step)
    {
        shared.fail(why.to_string());
    }
}

//! The screens, one file or folder each. A screen owns what only it needs and is handed the rest.

pub mod classify;
pub mod label;
pub mod texts;
pub mod train;
pub mod write;

use egui::Ui;

use super::actions::Action;
#[cfg(target_family = "wasm")]
use super::run::Recipe;
use super::side::Asker;
use super::{Screen, Shared};
use crate::session::Event;
use crate::session::project::{Happened, TextId};
use crate::session::protocol::Fit;
use crate::session::unfinished::Finished;

/// Every screen's own state.
#[derive(Default)]
pub struct Panels {
    texts: texts::TextsPanel,
    label: label::LabelPanel,
    train: train::TrainPanel,
    classify: classify::ClassifyPanel,
    write: write::WritePanel,
}

impl Panels {
    /// The text that the Label screen asks for.
    pub fn asked_for(&self) -> Option<TextId> {
        self.label.asked_for()
    }

    /// How to train by what was chosen, not by what came from a run.
    #[cfg(target_family = "wasm")]
    pub fn chosen_recipe(&self) -> Recipe {
        self.train.chosen()
    }

    /// How the next run will train.
    #[cfg(target_family = "wasm")]
    pub fn recipe_mut(&mut self) -> &mut Recipe {
        self.train.recipe_mut()
    }

    /// Classifiers that a comparison of methods has trained, of how many, while it goes on.
    pub fn comparing(&self) -> Option<(u64, u64)> {
        self.train.comparing()
    }

    /// Whether the screen in view shows the run, and what there is to do about it.
    pub fn shows_run(&self, shared: &Shared) -> bool {
        shared.screen == Screen::Train && self.train.shows_run()
    }

    /// Draws the screen that is chosen.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared) {
        self.classify.notice(shared);
        self.texts.tick(ui.ctx(), shared);
        if let Some((path, reading)) = self.texts.take_labels_from() {
            self.classify.import_labels(path, reading, shared);
        }
        match shared.screen {
            Screen::Texts => self.texts.show(ui, shared),
            Screen::Label => self.label.show(ui, shared),
            Screen::Train => self.train.show(ui, shared),
            Screen::Classify => self.classify.show(ui, shared),
            Screen::Write => self.write.show(ui, shared),
        }
        self.classify.notice(shared);
    }

    /// The screen that has to be shown for an action, where it is not one that works anywhere.
    pub fn home(action: Action) -> Option<Screen> {
        match action {
            Action::OpenFile | Action::OpenSample | Action::FreshSample => Some(Screen::Texts),
            Action::Train => Some(Screen::Train),
            Action::Classify | Action::Export => Some(Screen::Classify),
            action => action.screen(),
        }
    }

    /// Tells the screens what the engine said.
    pub fn heard(&mut self, event: &Event, shared: &mut Shared) {
        self.classify.heard(event, shared);
        self.train.heard(event, shared);
    }

    /// Tells the screens that another project is open.
    pub fn opened(&mut self) {
        self.train.change_project();
    }

    /// Tells the screens that the runs of the open project were read.
    pub fn restored(&mut self, shared: &Shared) {
        self.train.restored(&shared.run.record);
    }

    /// Tells the screens that it is known now what the last run of the open project has left.
    pub fn looked(&mut self) {
        self.train.looked();
    }

    /// Tells the screens of a run of the open project that was interrupted and can go on.
    pub fn interrupted(&mut self, job: Fit, shared: &mut Shared) {
        let given = self.classify.given(&job, shared);
        if self.train.interrupted(job, given.is_some(), shared) {
            self.classify.interrupted(given, shared);
            self.train.offer_to_resume(shared);
        }
    }

    /// Tells the screens of a classifier that lies finished where the open project's are made. Whether a run of it ended so
    /// without being heard.
    pub fn unheard(&mut self, finished: &Finished, shared: &mut Shared) -> bool {
        let Some((run, outcome)) = self.classify.unheard(finished, shared) else {
            return false;
        };
        shared.run.ended_unheard(run, outcome);
        shared.say("Training had ended when nobody listened: its classifier is the project's now.");
        true
    }

    /// Tells the screens what became of something that the project was asked for.
    pub fn happened(&mut self, happened: &Happened, shared: &mut Shared) {
        if matches!(happened, Happened::Grown | Happened::NotGrown(_)) {
            // At once, though nothing may be drawn now: whatever follows the project's texts takes it for opened again.
            self.texts.follow_growth(shared);
        }
        self.label.happened(happened);
        self.classify.happened(happened, shared);
    }

    /// Hands on what the second engine answered.
    pub fn answered(&mut self, asker: Asker, event: Event, shared: &mut Shared) {
        match asker {
            Asker::Try | Asker::Why => self.classify.answered(asker, event, shared),
            Asker::WriteBefore | Asker::WriteAfter => self.write.answered(asker, event, shared),
            Asker::Device => {}
        }
    }

    /// Carries out an action that belongs to a screen.
    pub fn act(&mut self, action: Action, shared: &mut Shared) {
        match action {
            Action::OpenFile | Action::OpenSample | Action::FreshSample => self.texts.act(action, shared),
            Action::Skip
            | Action::Unsure
            | Action::Suggestions
            | Action::NewLabel
            | Action::FindLabel
            | Action::Similar
            | Action::Map => self.label.act(action, shared),
            Action::Stop if self.classify.is_wanted() => self.classify.take_back(shared),
            Action::Train | Action::Compare | Action::PauseResume | Action::Step | Action::Stop => {
                self.train.act(action, shared)
            }
            Action::Classify | Action::Export => self.classify.act(action, shared),
            _ => {}
        }
        self.classify.notice(shared);
    }
}

//! The screens, one file or folder each. A screen owns what only it needs and is handed the rest.

pub mod classify;
pub mod label;
pub mod texts;
pub mod train;
pub mod write;

use egui::Ui;

use super::actions::Action;
use super::{Screen, Shared};

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
    /// Draws the screen that is chosen.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared) {
        match shared.screen {
            Screen::Texts => self.texts.show(ui, shared),
            Screen::Label => self.label.show(ui, shared),
            Screen::Train => self.train.show(ui, shared),
            Screen::Classify => self.classify.show(ui, shared),
            Screen::Write => self.write.show(ui, shared),
        }
    }

    /// Carries out an action that belongs to a screen.
    pub fn act(&mut self, action: Action, shared: &mut Shared) {
        match action {
            Action::OpenFile | Action::OpenSample => self.texts.act(action, shared),
            Action::Skip
            | Action::Unsure
            | Action::Suggestions
            | Action::NewLabel
            | Action::Similar
            | Action::Map => self.label.act(action, shared),
            Action::Train | Action::PauseResume | Action::Step | Action::Stop => {
                self.train.act(action, shared)
            }
            Action::Classify | Action::Export => self.classify.act(action, shared),
            _ => {}
        }
    }
}

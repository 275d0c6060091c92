//! The Classify screen.

use egui::Ui;

use crate::session::Event;
use crate::ui::Shared;
use crate::ui::actions::Action;
use crate::ui::side::Asker;
use crate::ui::widgets::{card, heading};

/// What only this screen needs.
#[derive(Default)]
pub struct ClassifyPanel {}

impl ClassifyPanel {
    /// Draws the screen.
    pub fn show(&mut self, ui: &mut Ui, _shared: &mut Shared) {
        card(ui, |ui| heading(ui, "Can I trust it?"));
    }

    /// Carries out an action of this screen.
    pub fn act(&mut self, _action: Action, _shared: &mut Shared) {}

    /// Takes in what the engine says.
    pub fn heard(&mut self, _event: &Event, _shared: &mut Shared) {}

    /// Takes in what the second engine says.
    pub fn answered(&mut self, _asker: Asker, _event: Event, _shared: &mut Shared) {}
}

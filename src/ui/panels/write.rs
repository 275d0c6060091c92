//! The Write screen.

use egui::Ui;

use crate::ui::Shared;
use crate::ui::actions::Action;
use crate::ui::widgets::{card, heading};

/// What only this screen needs.
#[derive(Default)]
pub struct WritePanel {}

impl WritePanel {
    /// Draws the screen.
    pub fn show(&mut self, ui: &mut Ui, _shared: &mut Shared) {
        card(ui, |ui| heading(ui, "What has the language model learnt to say?"));
    }

    /// Carries out an action of this screen.
    pub fn act(&mut self, _action: Action, _shared: &mut Shared) {}
}

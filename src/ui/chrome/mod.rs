//! What surrounds every screen.

pub mod about;
pub mod focus;
pub mod messages;
pub mod palette;
pub mod rail;
pub mod settings;
pub mod top_bar;

use super::actions::Action;

/// The key of an action as the system writes it, in brackets; empty where it has none.
pub fn shortcut_text(ui: &egui::Ui, action: Action) -> String {
    match action.shortcut() {
        Some(shortcut) => format!("({})", ui.ctx().format_shortcut(&shortcut)),
        None => String::new(),
    }
}

//! Before the open project gives way to another while the engine works for it: whether that work is to be stopped.

use std::path::PathBuf;

use egui::{RichText, Ui};

use super::Want;
use super::button::{Weight, button};
use crate::ui::theme;
use crate::ui::widgets::card;

/// What takes the place of the open project.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Instead {
    /// The project in this file.
    Project(PathBuf),
    /// The project of the sample, which is made where there is none.
    Sample,
    /// Another project of the sample.
    FreshSample,
    /// A project of what the preview shows, which comes from here.
    Preview(String),
}

impl Instead {
    /// What it is called.
    fn name(&self) -> String {
        match self {
            Self::Project(path) => path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            Self::Sample => "the sample".into(),
            Self::FreshSample => "a new project of the sample".into(),
            Self::Preview(source) => format!("a project of {source}"),
        }
    }
}

/// Asks, where `stake` is what would be stopped.
pub(super) fn show(ui: &mut Ui, instead: &Instead, stake: &str, wants: &mut Vec<Want>) {
    let name = instead.name();
    card(ui, |ui| {
        ui.label(RichText::new(stake).text_style(theme::title()).strong());
        ui.label(format!(
            "To open {name} means to stop it. Training and comparing methods can go on from there when this project is open again."
        ));
        ui.horizontal_wrapped(|ui| {
            let hint = "Changes nothing: the project that is open stays open.";
            if button(ui, "Let it go on", "Esc", Weight::Main, hint).clicked() {
                wants.push(Want::Stay);
            }
            let hint = "Stops what the engine does, with a checkpoint, and opens the other project.";
            if button(ui, &format!("Stop it and open {name}"), "", Weight::Usual, hint).clicked() {
                wants.push(Want::Leave);
            }
        });
    });
}

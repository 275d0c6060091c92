//! Before the open project gives way to another while the engine works for it: whether that work is to be stopped.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{RichText, Ui};

use super::button::{Weight, button};
use super::work::Work;
use super::{TextsPanel, Want};
use crate::session::exchange::{self, Source};
use crate::ui::theme;
use crate::ui::widgets::card;
use crate::ui::{Screen, Shared};

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
    /// Lets go of what was brought and is not wanted. What the preview shows, it lets go of itself.
    fn let_go(&self) {
        if let Self::Project(path) = self {
            exchange::let_go(path);
        }
    }

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

impl TextsPanel {
    /// Opens what takes the place of the open project; asks first where that would stop what the engine does for it.
    pub(super) fn go_or_ask(&mut self, instead: Instead, shared: &mut Shared) {
        if shared.at_stake().is_some() {
            shared.screen = Screen::Texts;
            self.stay();
            self.leaving = Some(instead);
        } else {
            self.go(instead, shared);
        }
    }

    pub(super) fn go(&mut self, instead: Instead, shared: &mut Shared) {
        if !self.may_begin(shared) {
            return instead.let_go();
        }
        shared.screen = Screen::Texts;
        let wake = Arc::clone(&shared.wake);
        match instead {
            Instead::Project(path) => self.work = Some(Work::open(path, wake)),
            Instead::Sample => match shared.shelf.projects().map(Path::to_path_buf) {
                Some(folder) => self.work = Some(Work::find_sample(folder, wake)),
                None => self.read(Source::Sample, shared),
            },
            Instead::FreshSample => self.read(Source::Sample, shared),
            Instead::Preview(_) => {
                if let Some(plan) = self.wanted_plan() {
                    self.make(plan, shared);
                }
            }
        }
    }

    /// Stays with the open project.
    pub(super) fn stay(&mut self) {
        if let Some(declined) = self.leaving.take() {
            declined.let_go();
        }
    }

    /// Asks no more about what the preview shows: it shows something else, or nothing.
    pub(super) fn withdraw_question(&mut self) {
        if matches!(self.leaving, Some(Instead::Preview(_))) {
            self.leaving = None;
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

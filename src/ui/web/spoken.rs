//! What the page around the canvas is told, its address and what is said aloud, and what it has the window tell.
//!
//! What is said aloud is for those who do not see the window: the text that is asked for, what was answered, how far a run has
//! come, what went wrong. The rest is there to be read ([`super::mirror`]) but not said.

use std::cell::RefCell;

use egui::Ui;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::File;

use crate::session::files;
use crate::ui::{App, Screen};

#[wasm_bindgen(raw_module = "./mirror.js")]
extern "C" {
    fn say(text: &str);

    /// Makes this the address's part behind `#`, without a step in the browser's history.
    fn address(link: &str);
}

#[wasm_bindgen(raw_module = "./files.js")]
extern "C" {
    /// Whether there is room for a file; where there is none, [`tell_user`] is called.
    fn fits(file: &File) -> bool;
}

thread_local! {
    /// What the window is to tell.
    static TOLD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Has the window tell the user something in its next frame.
#[wasm_bindgen]
pub fn tell_user(text: String) {
    TOLD.with_borrow_mut(|waiting| waiting.push(text));
}

/// The window, which speaks.
pub struct Speaking {
    app: App,
    said: String,
    link: String,
    /// Steps of the project when it was noted among the recent ones.
    noted: u64,
    /// Why runs are not kept, once that was told.
    refused: Option<String>,
}

impl Speaking {
    pub fn new(app: App) -> Self {
        Self {
            app,
            said: String::new(),
            link: String::new(),
            noted: 0,
            refused: None,
        }
    }

    /// Notes the project among the recent ones, where it has come further.
    fn note(&mut self) {
        let steps = self.app.shared().project.as_ref().map_or(0, |open| open.steps());
        if steps != self.noted {
            self.app.note();
            spawn_local(async {
                // It is a convenience; what matters is kept by whoever wrote it.
                files::settled().await.unwrap_or_default();
            });
            self.noted = steps;
        }
    }
}

impl eframe::App for Speaking {
    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        self.app.logic(ctx, frame);
        self.note();
        let refused = files::bulk_refused();
        if refused != self.refused {
            if let Some(why) = &refused {
                self.app.fail(format!(
                    "A run that is broken off cannot go on once this page is closed: {why}. Labels are kept all the same."
                ));
            }
            self.refused = refused;
        }
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        // What has no room is refused before anybody reads it.
        let mut dropped = ui.input_mut(|input| std::mem::take(&mut input.raw.dropped_files));
        dropped.retain(|file| file.web_file().is_none_or(fits));
        ui.input_mut(|input| input.raw.dropped_files = dropped);
        for text in TOLD.take() {
            self.app.fail(text);
        }
        self.app.ui(ui, frame);
        let now = spoken(&self.app);
        if now != self.said {
            say(&now);
            self.said = now;
        }
        self.note();
        let link = self.app.link();
        if link != self.link {
            address(&link);
            self.link = link;
        }
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        self.app.save(storage);
    }
}

fn spoken(app: &App) -> String {
    let shared = app.shared();
    let mut parts = vec![shared.screen.name().to_string()];
    match (shared.screen, &shared.project) {
        (Screen::Label, Some(open)) => {
            let project = &open.project;
            let of = project.texts.texts.len();
            parts.push(format!("{} of {of} texts labelled", project.labelled()));
            let asked = app
                .asked_for()
                .and_then(|text| project.texts.texts.get(text as usize));
            parts.extend(asked.cloned());
        }
        (Screen::Train, _) if shared.run.is_running() => {
            if let Some(stage) = shared.run.record.stages.last() {
                parts.push(stage.name.clone());
                if let Some(tenths) = (stage.done * 10).checked_div(stage.total) {
                    parts.push(format!("{} %", tenths * 10));
                }
            }
        }
        (Screen::Train, _) if shared.run.compares() => parts.push("comparing methods".into()),
        _ => {}
    }
    parts.extend(shared.messages.last().map(|message| message.text.clone()));
    parts.join(". ")
}

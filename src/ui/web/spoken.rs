//! What the page around the canvas is told, its address and what is said aloud, and what it has the window tell.
//!
//! What is said aloud is for those who do not see the window: the text that is asked for, what was answered, how far a run has
//! come, what went wrong. The rest is there to be read ([`super::mirror`]) but not said.

use std::cell::RefCell;

use egui::{Event, Ui};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::File;

use super::mirror;
use crate::session::files;
use crate::ui::{App, Screen, news};

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
    /// What is to be pasted.
    static PASTED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    /// What the address says since it was changed.
    static ASKED: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Has the window tell the user something in its next frame.
#[wasm_bindgen]
pub fn tell_user(text: String) {
    TOLD.with_borrow_mut(|waiting| waiting.push(text));
    mirror::wake();
}

/// Pastes a text in the window's next frame.
#[wasm_bindgen]
pub fn paste_text(text: String) {
    PASTED.with_borrow_mut(|waiting| waiting.push(text));
    mirror::wake();
}

/// Takes what the page's address says behind `#`, once it is another one than the window's own.
#[wasm_bindgen]
pub fn heed_link(link: String) {
    ASKED.set(Some(link));
    mirror::wake();
}

/// Labels after which the user is told again that the browser may delete them.
const EVERY: usize = 50;

/// The window, which speaks.
pub struct Speaking {
    app: App,
    said: String,
    /// What the page is called.
    titled: String,
    link: String,
    /// Steps of the project when it was noted among the recent ones.
    noted: u64,
    /// Why runs are not kept, once that was told.
    refused: Option<String>,
    /// Whether the browser was asked to keep what there is.
    asked: bool,
    /// How many labels there were when the user was told that it does not promise to.
    told: Option<usize>,
}

impl Speaking {
    pub fn new(app: App) -> Self {
        Self {
            app,
            said: String::new(),
            titled: String::new(),
            link: String::new(),
            noted: 0,
            refused: None,
            asked: false,
            told: None,
        }
    }

    /// Asks the browser to keep everything once there are labels to lose. Where it does not promise to, the user is told now and
    /// then what to do.
    fn look_after(&mut self) {
        let open = self.app.shared().project.as_ref();
        let labelled = open.map_or(0, |open| open.project.labelled());
        if labelled == 0 {
            return;
        }
        if !self.asked {
            self.asked = true;
            spawn_local(async {
                files::ask_to_keep().await;
                // The next frame tells what the answer means; of itself it may come long after.
                mirror::wake();
            });
        }
        // It would lie over the labels' buttons on the Label screen. The Texts screen has a warning of its own.
        let elsewhere = !matches!(self.app.shared().screen, Screen::Label | Screen::Texts);
        let due = self.told.is_none_or(|before| before.abs_diff(labelled) >= EVERY);
        if elsewhere && due && files::may_be_cleared() {
            self.told = Some(labelled);
            self.app.say(
                "This browser does not promise to keep your labels. 'Download the project', on the Texts screen, gives you a copy of \
                 them: do so now and then.",
            );
        }
    }

    /// Makes the choices of an address that was changed under the open window; a run goes on as it was begun.
    fn heed_address(&mut self) {
        let Some(link) = ASKED.take() else { return };
        let before = self.app.link();
        if link.contains('=') && self.app.shared().run.busy() {
            self.app.say(
                "The address asks for another experiment, and a run goes on: stop it, and open the address again.",
            );
        } else {
            self.app.heed_link(&link);
            if self.app.link() != before {
                self.app
                    .say("How to train is as the address says now: the Train screen shows it.");
            }
        }
        // The address is to say what is chosen, whatever was asked for.
        self.link = self.app.link();
        address(&self.link);
    }

    /// Brings the title of the page up to date, which is all that is seen of a tab behind another.
    fn entitle(&mut self) {
        let title = self.app.title();
        if title != self.titled {
            if let Some(document) = web_sys::window().and_then(|window| window.document()) {
                document.set_title(&title);
            }
            self.titled = title;
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
        self.entitle();
        self.note();
        self.look_after();
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
        // As if it had been pasted by its key.
        let pasted = PASTED.take().into_iter().map(Event::Paste);
        ui.input_mut(|input| {
            input.raw.dropped_files = dropped;
            input.events.extend(pasted);
        });
        for text in TOLD.take() {
            self.app.fail(text);
        }
        self.heed_address();
        self.app.ui(ui, frame);
        self.entitle();
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
        (Screen::Train, _) => parts.extend(news::end(&shared.run.record)),
        _ => {}
    }
    parts.extend(shared.messages.last().map(|message| message.text.clone()));
    parts.join(". ")
}

//! The frame round the screens: events in, a frame out, actions carried out.

use std::sync::Arc;
use std::sync::mpsc::TryRecvError;
use std::time::Duration;

use egui::{CentralPanel, Frame, Margin, Ui};

use super::Shared;
use super::actions::{Action, is_kept};
use super::chrome::{about, focus, messages, palette::Palette, rail, settings as settings_window, top_bar};
use super::news;
use super::panels::Panels;
use super::project::Follower;
use super::run::words;
use super::settings::Settings;
use super::side::{Asker, Side};
use super::theme::{self, Theme};
use crate::session::Session;
use crate::session::exchange::Shelf;
use crate::session::project::{Action as Step, TextId};
use crate::session::protocol::{DeviceChoice, Event, Job};

/// Which small window lies over the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Over {
    #[default]
    Nothing,
    Settings,
    About,
}

/// The whole window.
pub struct App {
    shared: Shared,
    panels: Panels,
    follower: Follower,
    palette: Palette,
    over: Over,
    /// The choice whose device was asked for.
    asked_of: DeviceChoice,
    /// Whether the engine has said anything: one that never did is not replaced.
    engine_spoke: bool,
    /// What the window is called now.
    #[cfg(not(target_family = "wasm"))]
    titled: String,
    /// Whether something has ended that the user is to be called for.
    calls: bool,
}

impl App {
    /// Starts the engines and shows the first screen.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn new(ctx: &egui::Context, settings: Settings) -> std::io::Result<Self> {
        Self::with_shelf(ctx, settings, Shelf::of_user())
    }

    /// As [`new`](Self::new), with projects kept elsewhere than among the user's own.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn with_shelf(ctx: &egui::Context, settings: Settings, shelf: Shelf) -> std::io::Result<Self> {
        theme::install(ctx);
        settings.apply(ctx);
        let wake: Arc<dyn Fn() + Send + Sync> = {
            let ctx = ctx.clone();
            Arc::new(move || ctx.request_repaint())
        };
        let mut side = Side::spawn(Arc::clone(&wake))?;
        let common = settings.common();
        // It runs while the first frame is drawn; an engine that has ended says so at the first real question.
        side.ask(
            Asker::Device,
            Job::Doctor {
                common: common.clone(),
            },
        )
        .ok();
        let engine = Session::spawn_waking(Arc::clone(&wake))?;
        let mut shared = Shared::new(engine, side, settings, wake);
        shared.shelf = shelf;
        Ok(Self {
            asked_of: common.device,
            shared,
            panels: Panels::default(),
            follower: Follower::default(),
            palette: Palette::default(),
            over: Over::Nothing,
            engine_spoke: true,
            #[cfg(not(target_family = "wasm"))]
            titled: news::NAME.into(),
            calls: false,
        })
    }

    /// What the screens share; for tests that look behind the window.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Makes the choices of an address, and says which of them cannot be made.
    #[cfg(target_family = "wasm")]
    pub(super) fn heed_link(&mut self, link: &str) {
        let refused = super::link::apply(link, &mut self.shared.settings, self.panels.recipe_mut());
        if !refused.is_empty() {
            self.shared.say(format!(
                "The address of this page asks for what cannot be chosen here ({}): that stays as it was.",
                refused.join(", ")
            ));
        }
    }

    /// What of the window an address can hold.
    #[cfg(target_family = "wasm")]
    pub(super) fn link(&self) -> String {
        super::link::of(&self.shared.settings, &self.panels.chosen_recipe())
    }

    /// Puts the project on the list of recent ones as it stands now: a page is not told that it ends.
    #[cfg(target_family = "wasm")]
    pub(super) fn note(&self) {
        if let Some(open) = &self.shared.project {
            self.shared.shelf.note_now(open);
        }
    }

    /// Tells the user something when the window opens.
    #[cfg(target_family = "wasm")]
    pub(super) fn say(&mut self, text: &str) {
        self.shared.say(text);
    }

    /// Tells the user what went wrong, until they have read it.
    #[cfg(target_family = "wasm")]
    pub(super) fn fail(&mut self, text: String) {
        self.shared.fail(text);
    }

    /// The text that the Label screen asks for; for tests that answer as somebody would who reads it.
    pub fn asked_for(&self) -> Option<TextId> {
        self.panels.asked_for()
    }

    /// Takes in what has happened beside the window, before a frame or while nothing is shown.
    fn take_in(&mut self) {
        self.events();
        self.heed_settings();
        self.follower.follow(&mut self.panels, &mut self.shared);
    }

    /// Draws a frame.
    fn show(&mut self, ui: &mut Ui) {
        theme::fit(ui.ctx());
        self.keys(ui);
        let narrow = ui.available_width() < theme::NARROW;
        top_bar::show(ui, &mut self.shared, narrow);
        rail::show(ui, &mut self.shared, narrow);
        let theme = Theme::of(ui.ctx());
        let margin = Margin::symmetric(if narrow { 12 } else { 24 }, 16);
        let frame = Frame::new().fill(theme.background).inner_margin(margin);
        CentralPanel::default()
            .frame(frame)
            .show(ui, |ui| self.panels.show(ui, &mut self.shared));
        if self.panels.shows_run(&self.shared) {
            // What there is to do about the run stands there.
            self.shared.withdraw_offers();
            if ui.input(|i| i.focused) {
                self.shared.run.seen();
            }
        }
        self.palette.show(ui, &mut self.shared);
        let stays = match self.over {
            Over::Nothing => true,
            Over::Settings => settings_window::show(ui, &mut self.shared),
            Over::About => about::show(ui),
        };
        if !stays {
            self.over = Over::Nothing;
        }
        messages::show(ui, &mut self.shared);
        focus::show(ui.ctx());
        self.carry_out(ui.ctx());
        self.follower.ask(&mut self.shared);
    }

    fn events(&mut self) {
        loop {
            match self.shared.engine.events().try_recv() {
                Ok(event) => {
                    self.engine_spoke = true;
                    // Before anything is asked of it again: its device stays lost.
                    if Session::OWN_DEVICE && matches!(event, Event::Failed { device: Some(_), .. }) {
                        self.another_engine();
                    }
                    self.heard(event);
                }
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    self.replace_engine();
                    break;
                }
            }
        }
        for (asker, event) in self.shared.side.poll() {
            match (asker, event) {
                (Asker::Device, Event::Started { device, reason, .. }) => {
                    self.shared.device = Some((device, reason))
                }
                (Asker::Device, Event::Failed { message, device, .. }) => {
                    self.shared.fail(words(message, device));
                }
                (Asker::Device, _) => {}
                (asker, event) => self.panels.answered(asker, event, &mut self.shared),
            }
        }
    }

    fn heard(&mut self, event: Event) {
        let trains = self.shared.run.is_running();
        let works = trains || self.shared.run.compares();
        let stopped = matches!(event, Event::Stopped { .. });
        self.panels.heard(&event, &mut self.shared);
        self.shared.run.push(event);
        let run = &self.shared.run;
        if works && !run.is_running() && !run.compares() {
            if trains && !self.panels.shows_run(&self.shared) {
                news::tell(&mut self.shared);
            }
            // Who stopped it knows.
            self.calls |= !stopped;
        }
    }

    /// What the window is called: how far the run is, or how it ended while nobody looked.
    pub(super) fn title(&self) -> String {
        news::title(&self.shared.run, self.panels.comparing())
    }

    /// Brings the title of the window up to date, and asks for attention where something has ended: to whoever works in another
    /// window nothing else is in view.
    #[cfg(not(target_family = "wasm"))]
    fn tell_outside(&mut self, ctx: &egui::Context) {
        let title = self.title();
        if title != self.titled {
            ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.titled = title;
        }
        if std::mem::take(&mut self.calls) {
            let kind = egui::UserAttentionType::Informational;
            ctx.send_viewport_cmd(egui::ViewportCommand::RequestUserAttention(kind));
        }
    }

    /// A page has a title alone, which is set outside.
    #[cfg(target_family = "wasm")]
    fn tell_outside(&mut self, _ctx: &egui::Context) {
        self.calls = false;
    }

    /// The engine has broken off: a browser has taken its worker away, or the memory ran out. What it was doing has failed; a run
    /// can go on from its last checkpoint with another one.
    fn replace_engine(&mut self) {
        if self.shared.run.busy() {
            let run = &self.shared.run;
            // What came before it trains has no checkpoint.
            let on = if run.is_running() && run.record.live().is_some() {
                ", and Resume on the Train screen goes on from the last checkpoint"
            } else {
                ": try again"
            };
            self.heard(Event::Failed {
                message: format!(
                    "the engine broke off, as it does when the memory runs out; your labels are safe{on}"
                ),
                usage: false,
                device: None,
                diverged: None,
            });
        }
        if self.engine_spoke {
            self.another_engine();
        }
    }

    fn another_engine(&mut self) {
        self.engine_spoke = false;
        match Session::spawn_waking(Arc::clone(&self.shared.wake)) {
            Ok(engine) => self.shared.engine = engine,
            Err(error) => self
                .shared
                .fail(format!("The engine cannot be started: {error}.")),
        }
    }

    /// Puts settings into force that may have changed.
    fn heed_settings(&mut self) {
        let settings = &self.shared.settings;
        self.shared.goal = settings.goal;
        if self.asked_of != settings.device {
            self.asked_of = settings.device;
            let common = settings.common();
            self.shared.device = None;
            self.shared.side.ask(Asker::Device, Job::Doctor { common }).ok();
        }
    }

    /// Keys of the actions that work on this screen. What has the focus keeps its own plain keys to itself, a text field all of
    /// them; that takes back its own letters too: the project's steps are not taken back there, nor behind a window that lies
    /// over the screen.
    fn keys(&mut self, ui: &Ui) {
        let covered = self.over != Over::Nothing || ui.memory(|m| m.top_modal_layer().is_some());
        let keeps_steps = covered || ui.ctx().text_edit_focused();
        for action in Action::ALL {
            let here = action.screen().is_none_or(|s| s == self.shared.screen);
            let steps = matches!(action, Action::Undo | Action::Redo);
            if !here || (keeps_steps && steps) {
                continue;
            }
            for shortcut in action.shortcuts() {
                let plain_behind = self.over != Over::Nothing && shortcut.modifiers.is_none();
                let kept = plain_behind || is_kept(ui.ctx(), &shortcut);
                if !kept && ui.input_mut(|i| i.consume_shortcut(&shortcut)) {
                    self.shared.act(action);
                }
            }
        }
    }

    fn carry_out(&mut self, ctx: &egui::Context) {
        let queue = std::mem::take(&mut self.shared.queue);
        if !queue.is_empty() {
            ctx.request_repaint();
        }
        for action in queue {
            match action {
                Action::Show(screen) => self.shared.screen = screen,
                Action::Palette => self.palette.open(),
                Action::Settings => self.over = Over::Settings,
                Action::About => self.over = Over::About,
                Action::Undo => self.step(Step::Undo),
                Action::Redo => self.step(Step::Redo),
                Action::Theme => {
                    let theme = &mut self.shared.settings.theme;
                    *theme = match *theme {
                        egui::ThemePreference::System => egui::ThemePreference::Light,
                        egui::ThemePreference::Light => egui::ThemePreference::Dark,
                        egui::ThemePreference::Dark => egui::ThemePreference::System,
                    };
                    self.shared.settings.apply(ctx);
                }
                Action::Larger | Action::Smaller | Action::UsualSize => {
                    let settings = &mut self.shared.settings;
                    match action {
                        Action::Larger => settings.enlarge(1.0),
                        Action::Smaller => settings.enlarge(-1.0),
                        _ => settings.zoom = 1.0,
                    }
                    settings.apply(ctx);
                }
                action => {
                    if let Some(screen) = Panels::home(action) {
                        self.shared.screen = screen;
                    }
                    self.panels.act(action, &mut self.shared);
                }
            }
        }
    }

    fn step(&mut self, step: Step) {
        let Some(open) = &mut self.shared.project else {
            return;
        };
        if let Err(why) = open.act(step) {
            self.shared.say(why.to_string());
        }
    }
}

const SETTINGS: &str = "settings";

impl App {
    /// The settings that the last start of the program kept.
    pub(super) fn kept_settings(storage: Option<&dyn eframe::Storage>) -> Settings {
        storage
            .and_then(|s| eframe::get_value(s, SETTINGS))
            .unwrap_or_default()
    }

    /// Whether an earlier start of the program has kept settings.
    #[cfg(target_family = "wasm")]
    pub(super) fn has_settings(storage: Option<&dyn eframe::Storage>) -> bool {
        storage.is_some_and(|s| s.get_string(SETTINGS).is_some())
    }
}

impl eframe::App for App {
    // Before every frame, and alone while the window is minimised or the tab is hidden: a run that ends meanwhile has to leave
    // its classifier with the project.
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        self.take_in();
        self.tell_outside(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.show(ui);
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        eframe::set_value(storage, SETTINGS, &self.shared.settings);
    }
}

/// How long the end of the program waits for a run's checkpoint.
const CHECKPOINT: Duration = Duration::from_secs(10);

impl Drop for App {
    fn drop(&mut self) {
        if self.shared.run.busy() {
            let last = self.shared.engine.stop_within(CHECKPOINT);
            // A classifier that is finished meanwhile becomes the project's like any other.
            for event in last {
                self.heard(event);
            }
        }
        self.follower.leave(&mut self.shared);
    }
}

#[cfg(test)]
mod tests;

//! The Label screen: what is this text?
//!
//! `desk` holds the text that lies before the user and waits for each answer to be acknowledged; `order` says which
//! comes next; the other files draw. Parts only look (`view::View`) and say what they want (`view::Want`); this file
//! carries it out.

mod buttons;
mod desk;
mod empty;
mod find;
mod history;
pub(super) mod keys;
mod lasso;
mod manager;
mod map;
mod order;
mod pace;
mod progress;
mod reading;
mod setup;
mod side;
mod similar;
mod steer;
mod tint;
mod trail;
mod view;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use egui::{CentralPanel, Frame, Margin, Panel, ScrollArea, Ui};

use super::train::missing;
use crate::session::project::{Answer, Happened, LabelId, TextId, Texts};
use crate::ui::actions::Action;
use crate::ui::theme::{self, Theme};
use crate::ui::{Screen, Shared, Wish};
use buttons::{Flash, Labels, NewLabel};
use desk::{Desk, send};
use find::Find;
use trail::Turn;
use view::{Mode, View, Want};

/// Seed of the order in which texts are asked for while the assistant knows nothing.
const SEED: u64 = 1;
/// Width of the cards beside the text, in points.
const SIDE: f32 = 300.0;
/// Space between two cards, in points.
const GAP: f32 = 15.0;

/// What only this screen needs.
#[derive(Default)]
pub struct LabelPanel {
    /// The texts that the rest belongs to.
    texts: Option<Arc<Texts>>,
    desk: Desk,
    mode: Mode,
    /// Suggestions are hidden.
    hidden: bool,
    /// The first labels are being named.
    naming: bool,
    setup: setup::Setup,
    new_label: Option<NewLabel>,
    find: Option<Find>,
    manager: manager::Manager,
    similar: similar::Similar,
    map: map::Map,
    pace: pace::Pace,
    trail: trail::Trail,
    flash: Option<Flash>,
    /// The suggestion whose button was brought into view.
    brought: Option<(TextId, LabelId)>,
    /// The text whose deciding words were asked for.
    explained: Option<u32>,
    /// A text field had the keys in the last frame.
    typed: bool,
    /// Seconds, as of the last frame.
    now: f64,
}

impl LabelPanel {
    /// The text that is asked for.
    pub fn asked_for(&self) -> Option<TextId> {
        self.desk.text()
    }

    /// Takes in what became of something that the project was asked for.
    pub fn happened(&mut self, happened: &Happened) {
        if matches!(happened, Happened::NotSaved { .. }) {
            self.desk.not_saved();
        }
    }

    /// Draws the screen.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared) {
        self.now = ui.input(|i| i.time);
        let mut wants = Vec::new();
        if self.meet(shared) {
            self.follow(shared);
            self.keys(ui, shared);
            self.follow(shared);
            self.ask(shared);
            if let Some(view) = self.view(ui, shared) {
                self.draw(ui, &view, &mut wants);
            }
            if self.mode == Mode::Read && !self.naming {
                self.desk.drawn();
            }
        } else {
            empty::show(ui, &mut wants);
        }
        if !wants.is_empty() {
            ui.ctx().request_repaint();
        }
        for want in wants {
            self.carry_out(want, shared);
        }
        if self.desk.is_waiting() {
            ui.ctx().request_repaint_after(Duration::from_millis(4));
        }
    }

    /// Carries out an action of this screen.
    pub fn act(&mut self, action: Action, shared: &mut Shared) {
        if shared.screen != Screen::Label {
            // From the palette: the user has to see what it is about first.
            shared.screen = Screen::Label;
            if matches!(action, Action::Skip | Action::Unsure) {
                return;
            }
        }
        if shared.project.is_none() {
            return;
        }
        match action {
            Action::Skip => self.answer(Answer::Skipped, shared),
            Action::Unsure => self.answer(Answer::Unsure, shared),
            Action::Suggestions => self.hidden = !self.hidden,
            Action::NewLabel if !self.naming => {
                (self.new_label, self.find) = (Some(NewLabel::default()), None);
            }
            Action::FindLabel if !self.naming => {
                if self.mode == Mode::Labels {
                    self.switch(Mode::Read, shared);
                }
                (self.new_label, self.find) = (None, Some(Find::default()));
            }
            Action::Similar => self.switch(Mode::Similar, shared),
            Action::Map => self.switch(Mode::Map, shared),
            _ => {}
        }
    }

    /// Starts afresh where another project is open. Whether there are texts at all.
    fn meet(&mut self, shared: &Shared) -> bool {
        let Some(open) = &shared.project else {
            *self = Self::default();
            return false;
        };
        let texts = &open.project.texts;
        if !self.texts.as_ref().is_some_and(|known| Arc::ptr_eq(known, texts)) {
            let mut trail = trail::Trail::default();
            trail.follow(&open.project);
            *self = Self {
                texts: Some(texts.clone()),
                desk: Desk::new(texts.texts.len(), SEED),
                setup: setup::Setup::new(texts),
                hidden: self.hidden,
                now: self.now,
                trail,
                ..Self::default()
            };
        }
        // Labels that are on their way to the file are not there yet, and are not asked for again.
        if open.project.labels().next().is_none() && !open.busy() {
            self.naming = true;
        }
        !texts.texts.is_empty()
    }

    /// Takes in what undo, redo, the file and the assistant have done.
    fn follow(&mut self, shared: &mut Shared) {
        let turn = shared
            .project
            .as_ref()
            .and_then(|o| self.trail.follow(&o.project));
        match turn {
            Some(Turn::Also(step)) => {
                send(shared, step);
                self.follow(shared);
                return;
            }
            Some(Turn::Show(text)) => {
                if let Some(open) = &shared.project {
                    self.desk.bring_back(&open.project, text);
                }
            }
            None => {}
        }
        if let Some(open) = &shared.project {
            self.desk.follow(&open.project, open.busy(), &shared.insight);
        }
    }

    /// Asks the assistant for what is shown next.
    fn ask(&mut self, shared: &mut Shared) {
        let Some(text) = self.desk.text().filter(|_| !self.hidden) else {
            return;
        };
        let insight = &shared.insight;
        let unknown = insight.suggestion(text).is_some() && !insight.tints.contains_key(&text);
        if unknown && self.explained != Some(text) {
            self.explained = Some(text);
            shared.wishes.push(Wish::Explain(text));
        }
    }

    fn view<'a>(&self, ui: &Ui, shared: &'a Shared) -> Option<View<'a>> {
        let open = shared.project.as_ref()?;
        Some(View {
            shared,
            project: &open.project,
            insight: &shared.insight,
            theme: Theme::of(ui.ctx()),
            narrow: ui.available_width() < theme::NARROW,
            hidden: self.hidden,
        })
    }

    fn carry_out(&mut self, want: Want, shared: &mut Shared) {
        match want {
            Want::Label(label) => self.label(label, shared),
            Want::Act(action) => shared.act(action),
            Want::Step(step) => {
                send(shared, step);
            }
            Want::Change(text) => {
                self.mode = Mode::Read;
                self.desk.change(text);
            }
            Want::Back => {
                self.desk.back();
            }
            Want::Mode(mode) => self.switch(mode, shared),
            Want::Revisit => self.desk.revisit(),
            Want::Begin => self.naming = false,
        }
    }

    fn draw(&mut self, ui: &mut Ui, view: &View, wants: &mut Vec<Want>) {
        self.similar.follow(view);
        if view.narrow {
            self.one_column(ui, view, wants);
        } else {
            self.two_columns(ui, view, wants);
        }
    }

    /// Buttons stay at the bottom, within the thumb's reach; everything else scrolls.
    fn one_column(&mut self, ui: &mut Ui, view: &View, wants: &mut Vec<Want>) {
        let most = 0.4 * ui.available_height();
        Panel::bottom("label-buttons")
            .resizable(false)
            .show_separator_line(false)
            .frame(Frame::new().inner_margin(Margin {
                top: 8,
                ..Margin::ZERO
            }))
            .show(ui, |ui| self.bottom(ui, view, most, wants));
        ScrollArea::vertical()
            .id_salt("label-screen")
            .auto_shrink([false, false])
            .show(ui, |ui| {
                self.middle(ui, view, wants);
                if self.mode == Mode::Read && !self.naming {
                    side::stopped(ui, view);
                    side::enough(ui, view);
                    history::show(ui, view, &self.desk, Some(8), wants);
                }
            });
    }

    fn two_columns(&mut self, ui: &mut Ui, view: &View, wants: &mut Vec<Want>) {
        let gap = GAP as i8;
        Panel::right("label-side")
            .exact_size(SIDE + GAP)
            .resizable(false)
            .show_separator_line(false)
            .frame(Frame::new().inner_margin(Margin {
                left: gap,
                ..Margin::ZERO
            }))
            .show(ui, |ui| {
                side::stopped(ui, view);
                Panel::bottom("label-enough")
                    .resizable(false)
                    .show_separator_line(false)
                    .frame(Frame::new().inner_margin(Margin {
                        top: gap,
                        ..Margin::ZERO
                    }))
                    .show(ui, |ui| side::enough(ui, view));
                ui.add_space(GAP - ui.spacing().item_spacing.y);
                history::show(ui, view, &self.desk, None, wants);
            });
        let most = 0.4 * ui.available_height();
        Panel::bottom("label-buttons")
            .resizable(false)
            .show_separator_line(false)
            .frame(Frame::new().inner_margin(Margin {
                top: gap,
                ..Margin::ZERO
            }))
            .show(ui, |ui| self.bottom(ui, view, most, wants));
        CentralPanel::no_frame().show(ui, |ui| self.middle(ui, view, wants));
    }

    /// Labels to give and what else can be done.
    fn bottom(&mut self, ui: &mut Ui, view: &View, height: f32, wants: &mut Vec<Want>) {
        if let Some(field) = &mut self.new_label
            && !buttons::new_label(ui, view, field, wants)
        {
            self.new_label = None;
        }
        if self.naming || self.mode == Mode::Labels {
            return;
        }
        let selected = match self.mode {
            Mode::Similar => Some(self.similar.selected().len()),
            Mode::Map => Some(self.map.selected(view.project, view.insight).len()),
            _ => None,
        };
        let ready = buttons::idle(&self.desk, selected).is_none();
        if let Some(find) = &mut self.find
            && !find.show(ui, view, ready, wants)
        {
            self.find = None;
        }
        let shown: Vec<_> = match &self.find {
            Some(find) => find.found(view.project.labels()),
            None => view.project.labels().enumerate().collect(),
        };
        let labels = Labels {
            desk: &self.desk,
            flash: self.flash,
            selected,
            shown: &shown,
            height,
        };
        labels.show(ui, view, &mut self.brought, wants);
        buttons::hints(ui, view, &self.desk, self.mode, wants);
    }

    fn middle(&mut self, ui: &mut Ui, view: &View, wants: &mut Vec<Want>) {
        if self.naming {
            self.setup.show(ui, view, &self.desk, wants);
            return;
        }
        progress::show(ui, view, &self.pace);
        ui.add_space(4.0);
        if view.project.labelled() >= view.shared.goal {
            match missing(view.project) {
                None => progress::enough(ui, view, wants),
                Some(missing) => progress::not_yet(ui, view, &missing),
            }
        }
        match self.mode {
            Mode::Read => reading::show(ui, view, &self.desk, wants),
            Mode::Similar => self.similar.show(ui, view, wants),
            Mode::Map => self.map.show(ui, view, wants),
            Mode::Labels => self.manager.show(ui, view, wants),
        }
    }
}

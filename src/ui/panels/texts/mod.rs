//! The Texts screen: which texts?
//!
//! Whatever arrives (dropped, pasted, chosen: `arrivals`) is read beside the window (`work`) and shown as a
//! `preview` before it becomes a project, or more texts of the one that is open (`adding`). Nothing that is open changes
//! before the new project, or the new texts, are on disk.

mod adding;
mod age;
mod arrivals;
mod button;
mod columns;
mod drop_area;
mod findings;
mod incoming;
mod leaving;
mod lengths;
mod preview;
mod project;
mod reading;
mod recents;
mod start;
mod table;
mod work;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{Context, Key, ScrollArea, Ui};

use crate::session::exchange::{self, Addition, Plan, Reading, Sheet, Source};
use crate::session::files;
use crate::session::project::{EXTENSION, OpenProject};
use crate::ui::actions::Action;
use crate::ui::{Screen, Shared};
use leaving::Instead;
use preview::Preview;
use reading::Refused;
use recents::Recents;
use work::{Ended, Work};

/// Width of the cards at the right, in points.
const SIDE: f32 = 308.0;
/// Space between two cards, in points.
const GAP: f32 = 14.0;

/// Something that the user asked for on this screen.
#[derive(Clone, Debug, PartialEq)]
enum Want {
    /// An action of the whole window.
    Act(Action),
    /// Read texts and show what is in them.
    Read(Source),
    /// Read what the preview shows otherwise.
    ReadAgain(Reading),
    /// Read the file that was refused as what it is written in.
    ReadAs(Reading),
    /// Leave out the file that was refused.
    LeaveOut,
    /// Ask for what is on the clipboard.
    Paste,
    /// Open a project file.
    Open(PathBuf),
    /// Stop what the engine does for the open project, and open the other one.
    Leave,
    /// Stay with the open project.
    Stay,
    /// Take a project off the list of recent ones.
    Forget(PathBuf),
    /// Ask whether this project is to be deleted; `None` leaves it.
    AskToDelete(Option<PathBuf>),
    /// Delete this project.
    Delete(PathBuf),
    /// End the work that goes on.
    Cancel,
    /// Go back from the preview.
    Back,
    /// Make a project of what the preview shows.
    Start,
    /// Add what the preview shows to the open project.
    Add,
    /// Give the open project to the browser as a download.
    Download,
    /// Give the open project the labels of this file, which is written in this where that was said.
    LabelsFrom(PathBuf, Reading),
}

/// What only this screen needs.
#[derive(Default)]
pub struct TextsPanel {
    recents: Recents,
    work: Option<Work>,
    preview: Option<Preview>,
    /// A file that is not written in what it was taken for.
    refused: Option<Refused>,
    /// What is to take the place of the open project, once it is confirmed that the engine's work for that is to be stopped.
    leaving: Option<Instead>,
    /// A file whose labels the open project is to get, and what it is written in where that was said; another screen takes it
    /// from here.
    labels_from: Option<(PathBuf, Reading)>,
}

impl TextsPanel {
    /// Once a frame, whatever screen is shown: takes in what was dropped on the window and what was read beside it.
    pub fn tick(&mut self, ctx: &Context, shared: &mut Shared) {
        if let Some(file) = arrivals::dropped(ctx, shared) {
            self.receive(&file, ctx, shared);
        }
        for want in arrivals::wants(ctx, shared) {
            self.carry_out(ctx, want, shared);
        }
        self.recents.poll(shared);
        self.follow_growth(shared);
        if let Some(preview) = &mut self.preview {
            preview.poll(shared);
        }
        match self.work.as_ref().and_then(Work::poll) {
            None => {}
            Some(ended) => {
                self.work = None;
                self.take_in(ended, shared);
                ctx.request_repaint();
            }
        }
        self.tell(shared);
    }

    /// Tells the other screens whether a project is being opened.
    fn tell(&self, shared: &mut Shared) {
        shared.opening = self.work.as_ref().is_some_and(Work::opens);
    }

    /// Draws the screen.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared) {
        self.recents.look(shared);
        let mut wants = Vec::new();
        self.keys(ui, shared, &mut wants);
        let stake = shared.at_stake();
        if stake.is_none() {
            self.stay();
        }
        if let (Some(instead), Some(stake)) = (&self.leaving, &stake) {
            leaving::show(ui, instead, stake, &mut wants);
            ui.add_space(GAP);
        }
        let hidden = self.work.as_ref().is_some_and(Work::hides_the_screen);
        if let Some(refused) = self.refused.as_ref().filter(|_| !hidden) {
            reading::refused(ui, refused, self.preview.is_none(), &mut wants);
            ui.add_space(GAP);
        }
        match (&self.work, &mut self.preview) {
            (Some(work), _) if work.hides_the_screen() => work.show(ui, &mut wants),
            (_, Some(preview)) => preview.show(ui, shared, &mut wants),
            (_, None) => {
                ScrollArea::vertical()
                    .id_salt("texts")
                    .auto_shrink([false, false])
                    .show(ui, |ui| start::show(ui, shared, &self.recents, &mut wants));
            }
        }
        if !wants.is_empty() {
            ui.ctx().request_repaint();
        }
        for want in wants {
            self.carry_out(&ui.ctx().clone(), want, shared);
        }
    }

    /// Carries out an action of this screen.
    pub fn act(&mut self, action: Action, shared: &mut Shared) {
        match action {
            Action::OpenFile if self.may_begin(shared) => {
                let wake = Arc::clone(&shared.wake);
                self.work = Some(Work::Choosing(exchange::choose_file("Open texts", wake)));
            }
            Action::OpenSample => self.sample(shared),
            Action::FreshSample => self.go_or_ask(Instead::FreshSample, shared),
            _ => {}
        }
        self.tell(shared);
    }

    /// The file whose labels the open project is to get, and what it is written in where that was said; once.
    pub fn take_labels_from(&mut self) -> Option<(PathBuf, Reading)> {
        self.labels_from.take()
    }

    /// Keys of this screen, while nothing else wants them.
    fn keys(&self, ui: &Ui, shared: &Shared, wants: &mut Vec<Want>) {
        let ctx = ui.ctx();
        let elsewhere = ctx.text_edit_focused()
            || egui::Popup::is_any_open(ctx)
            || ctx.memory(|m| m.top_modal_layer().is_some())
            || ctx.input(|i| i.modifiers.any());
        if elsewhere {
            return;
        }
        let pressed = |key| ctx.input(|i| i.key_pressed(key));
        // Enter on a focused button is that button's.
        let enter = pressed(Key::Enter) && ctx.memory(|m| m.focused().is_none());
        let escape = pressed(Key::Escape);
        if self.leaving.is_some() {
            if escape {
                wants.push(Want::Stay);
            }
        } else if self.work.is_some() {
            if escape {
                wants.push(Want::Cancel);
            }
        } else if self.preview.is_some() {
            if escape {
                wants.push(Want::Back);
            } else if enter {
                wants.push(Want::Start);
            }
        } else if escape && self.refused.is_some() {
            wants.push(Want::LeaveOut);
        } else {
            if enter && shared.project.is_some() {
                wants.push(Want::Act(Action::Show(Screen::Label)));
            }
            if Action::OpenSample.key_of_screen().is_some_and(pressed) {
                wants.push(Want::Act(Action::OpenSample));
            }
            wants.extend(self.recents.key(ui).map(Want::Open));
        }
    }

    fn carry_out(&mut self, ctx: &Context, want: Want, shared: &mut Shared) {
        match want {
            Want::Act(action) => shared.act(action),
            Want::Read(Source::File(path)) if is_project(&path) => self.open(path, shared),
            Want::Read(source) => self.read(source, shared),
            Want::ReadAgain(reading) => self.read_again(reading, shared),
            Want::ReadAs(encoding) => self.read_as(encoding, shared),
            Want::LeaveOut => self.forget_refused(None),
            Want::Paste => Self::paste(ctx),
            Want::Open(path) => self.open(path, shared),
            Want::Leave => {
                if let Some(instead) = self.leaving.take() {
                    self.go(instead, shared);
                }
            }
            Want::Stay => self.stay(),
            Want::Forget(path) => self.recents.forget(path, shared),
            Want::AskToDelete(path) => self.recents.ask(path),
            Want::Delete(path) => self.recents.delete(path, shared),
            Want::Cancel => {
                if self.work.as_ref().is_some_and(Work::can_be_cancelled) {
                    self.work = None;
                }
            }
            Want::Back => self.close_preview(),
            Want::Start => self.start(shared),
            Want::Add => self.add(shared),
            Want::Download => {
                let path = shared.project.as_ref().and_then(OpenProject::path);
                if let Some(Err(error)) = path.map(exchange::hand_over) {
                    shared.fail(format!("The project cannot be downloaded: {error}."));
                }
            }
            Want::LabelsFrom(path, reading) => {
                self.preview = None;
                self.withdraw_question();
                self.labels_from = Some((path, reading));
            }
        }
        self.tell(shared);
    }

    /// Forgets what was read.
    fn close_preview(&mut self) {
        if let Some(path) = self.preview.take().as_ref().and_then(Preview::path) {
            exchange::let_go(path);
        }
        self.withdraw_question();
    }

    /// Forgets the file that was refused. It stays where it is read now.
    fn forget_refused(&mut self, now: Option<&Path>) {
        let refused = self.refused.take();
        let path = refused.as_ref().and_then(|refused| refused.source.path());
        if let Some(path) = path.filter(|path| Some(*path) != now) {
            exchange::let_go(path);
        }
    }

    /// Whether new work may take the place of what goes on; says so where it may not.
    fn may_begin(&self, shared: &mut Shared) -> bool {
        let may = self.work.as_ref().is_none_or(Work::can_be_cancelled);
        if !may {
            shared.say(match self.work {
                Some(Work::Growing { .. }) => "One moment: texts are being added.",
                _ => "One moment: a project is being opened.",
            });
        }
        may
    }

    fn read(&mut self, source: Source, shared: &mut Shared) {
        if !self.may_begin(shared) {
            return;
        }
        self.forget_refused(source.path());
        shared.screen = Screen::Texts;
        self.work = Some(Work::read(source, Arc::clone(&shared.wake)));
    }

    /// Reads what the preview shows otherwise than it was guessed; it stays until that is done.
    fn read_again(&mut self, reading: Reading, shared: &mut Shared) {
        let source = self.preview.as_ref().map(|preview| preview.source().clone());
        if let Some(source) = source
            && self.may_begin(shared)
        {
            self.work = Some(Work::read_again(source, reading, Arc::clone(&shared.wake)));
        }
    }

    /// Reads the file that was refused otherwise.
    fn read_as(&mut self, reading: Reading, shared: &mut Shared) {
        if let Some(Refused { source, .. }) = self.refused.clone()
            && self.may_begin(shared)
        {
            self.work = Some(Work::read_again(source, reading, Arc::clone(&shared.wake)));
        }
    }

    /// Goes on with the sample where there is a project of it, and makes one where there is none.
    fn sample(&mut self, shared: &mut Shared) {
        if shared.project.as_ref().is_some_and(exchange::is_sample) {
            shared.screen = Screen::Label;
            return;
        }
        self.go_or_ask(Instead::Sample, shared);
    }

    fn open(&mut self, path: PathBuf, shared: &mut Shared) {
        if !self.may_begin(shared) {
            return;
        }
        let here = shared.project.as_ref().and_then(OpenProject::path);
        if here.is_some_and(|here| whole(here) == whole(&path)) {
            shared.screen = Screen::Label;
            return;
        }
        self.go_or_ask(Instead::Project(path), shared);
    }

    /// What the preview plans, where nothing stands in its way.
    fn wanted_plan(&self) -> Option<Plan> {
        let preview = self.preview.as_ref().filter(|p| p.obstacle().is_none())?;
        Some(preview.plan())
    }

    /// Makes the project that the preview plans.
    fn start(&mut self, shared: &mut Shared) {
        if let Some(plan) = self.wanted_plan() {
            self.go_or_ask(Instead::Preview(plan.sheet.source.clone()), shared);
        }
    }

    /// Adds what the preview plans to the open project: finds out what that is.
    fn add(&mut self, shared: &mut Shared) {
        let (Some(plan), Some(open)) = (self.wanted_plan(), &shared.project) else {
            return;
        };
        if let Some(why) = adding::obstacle(shared) {
            return shared.say(why);
        }
        let texts = Arc::clone(&open.project.texts);
        if self.may_begin(shared) {
            self.work = Some(Work::add(plan, texts, Arc::clone(&shared.wake)));
        }
    }

    /// Sends what is added to the project's file.
    fn grow(&mut self, addition: Addition, shared: &mut Shared) {
        // A run may have begun meanwhile.
        if let Some(why) = adding::obstacle(shared) {
            return shared.say(why);
        }
        let Some(open) = &mut shared.project else { return };
        let (name, said) = (open.project.name.clone(), adding::added(open, &addition));
        match addition.give(open) {
            Ok(texts) => {
                self.work = Some(Work::Growing { name, texts, said });
                // A project in memory has them already.
                self.follow_growth(shared);
            }
            Err(why) => shared.fail(format!("The texts were not added: {why}.")),
        }
    }

    /// Goes on with the project once its new texts are on disk. Where they cannot be, the project says why.
    pub fn follow_growth(&mut self, shared: &mut Shared) {
        let open = shared.project.as_ref();
        let Some(Work::Growing { texts, said, .. }) = &self.work else {
            return;
        };
        if open.is_some_and(OpenProject::is_growing) {
            return;
        }
        let grown = open.is_some_and(|open| Arc::ptr_eq(&open.project.texts, texts));
        let said = grown.then(|| said.clone());
        self.work = None;
        if let Some(said) = said {
            self.close_preview();
            self.forget_refused(None);
            self.recents.note(shared.project.iter(), shared);
            shared.open_again();
            shared.say(said);
        }
    }

    fn make(&mut self, plan: Plan, shared: &mut Shared) {
        let folder = shared.shelf.projects().map(Path::to_path_buf);
        self.work = Some(Work::make(plan, folder, Arc::clone(&shared.wake)));
    }

    /// What has become of the work that went on.
    fn take_in(&mut self, ended: Ended, shared: &mut Shared) {
        match ended {
            Ended::Chosen(Some(path)) => {
                if is_project(&path) {
                    self.open(path, shared);
                } else {
                    self.read(Source::File(path), shared);
                }
            }
            Ended::Chosen(None) => {}
            Ended::NoSample => self.read(Source::Sample, shared),
            Ended::Sample(sheet) => self.make(plan_of_sample(sheet), shared),
            Ended::Read(sheet, source, reading) => {
                if self.preview.as_ref().is_none_or(|p| *p.source() != source) {
                    self.withdraw_question();
                }
                let mut read = Preview::new(sheet, source, reading, shared);
                if let Some(before) = &self.preview {
                    read.choose_as(before, shared);
                }
                // A file that was read again is still needed.
                let before = self.preview.as_ref().and_then(Preview::path);
                if before != read.path() {
                    self.close_preview();
                }
                self.forget_refused(read.path());
                self.preview = Some(read);
            }
            Ended::NotRead(not_read, source, reading) => {
                let remedy = not_read.has_remedy();
                shared.fail(not_read.why);
                // The preview of a file has the list itself.
                let shown = self.preview.as_ref().is_some_and(|p| *p.source() == source);
                if remedy && !shown {
                    self.refused = Some(Refused {
                        source,
                        reading,
                        workbook: not_read.workbook,
                    });
                }
            }
            Ended::Opened(project) => {
                self.recents
                    .note(shared.project.iter().chain([&*project]), shared);
                self.close_preview();
                self.forget_refused(None);
                shared.open(*project);
            }
            Ended::Prepared(addition) => self.grow(*addition, shared),
            Ended::Failed(why) => shared.fail(why),
        }
    }
}

/// The sample comes with the names of its labels and without any answer: giving some is what it is for.
fn plan_of_sample(sheet: Sheet) -> Plan {
    Plan {
        text_columns: sheet.text_columns.clone(),
        label_column: sheet.label_column,
        use_labels: false,
        once_only: false,
        sheet: Arc::new(sheet),
    }
}

/// Whether a path names a project file rather than texts.
fn is_project(path: &Path) -> bool {
    path.extension()
        .is_some_and(|end| end.eq_ignore_ascii_case(EXTENSION))
}

/// A path without links and detours, so that one file has one path.
pub(super) fn whole(path: &Path) -> PathBuf {
    files::canonicalize(path).unwrap_or_else(|_| path.to_path_buf())
}

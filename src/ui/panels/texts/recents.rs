//! Projects that were open lately.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{
    Button, Key, Response, RichText, ScrollArea, Sense, TextStyle, TextWrapMode, Ui, WidgetInfo, WidgetText,
    pos2, vec2,
};

use super::age::age;
use super::button::{Weight, button};
use super::{Want, whole};
use crate::session::exchange::{Background, Outcome};
use crate::session::project::OpenProject;
use crate::session::project::recent::Recent;
use crate::ui::Shared;
use crate::ui::theme::Theme;
use crate::ui::widgets::{card, grouped, heading, key_hint, small, texts};

/// How many have a key, and are in view at once.
const KEYED: usize = 9;
/// Height of a row and space below it, in points.
const ROW: f32 = 46.0;
const BELOW: f32 = 2.0;
/// Room for the button that deletes, in points.
const DELETE: f32 = 52.0;
const KEYS: [Key; KEYED] = [
    Key::Num1,
    Key::Num2,
    Key::Num3,
    Key::Num4,
    Key::Num5,
    Key::Num6,
    Key::Num7,
    Key::Num8,
    Key::Num9,
];

/// The list as it was last read.
#[derive(Default)]
pub(super) struct Recents {
    list: Vec<Recent>,
    /// The project that is open is not offered: its path as the project has it, and as the list does.
    open: Option<(PathBuf, PathBuf)>,
    reading: Option<Background<Vec<Recent>>>,
    looked: bool,
    /// The project that is deleted once that is confirmed.
    doomed: Option<PathBuf>,
    deleting: Option<Background<Result<Vec<Recent>, String>>>,
}

impl Recents {
    /// Reads the list when the screen is shown first.
    pub fn look(&mut self, shared: &Shared) {
        let path = shared.project.as_ref().and_then(OpenProject::path);
        if self.open.as_ref().map(|(path, _)| path.as_path()) != path {
            self.open = path.map(|path| (path.to_path_buf(), whole(path)));
        }
        if !std::mem::replace(&mut self.looked, true) && self.reading.is_none() {
            self.reading = Some(shared.shelf.recent(Arc::clone(&shared.wake)));
        }
    }

    /// Puts projects on the list as they stand now, the last one on top.
    pub fn note<'a>(&mut self, open: impl IntoIterator<Item = &'a OpenProject>, shared: &Shared) {
        self.looked = true;
        self.reading = Some(shared.shelf.note(open, Arc::clone(&shared.wake)));
    }

    /// Takes a project off the list.
    pub fn forget(&mut self, path: PathBuf, shared: &Shared) {
        self.list.retain(|recent| recent.path != path);
        self.reading = Some(shared.shelf.forget(path, Arc::clone(&shared.wake)));
    }

    /// Asks whether a project is to be deleted; `None` leaves it.
    pub fn ask(&mut self, path: Option<PathBuf>) {
        self.doomed = path;
    }

    /// Deletes a project, once that was confirmed.
    pub fn delete(&mut self, path: PathBuf, shared: &mut Shared) {
        let busy = shared.run.busy() && !shared.run.is_running();
        if busy || self.deleting.is_some() {
            // An engine that ends a run of that project would leave files of it that nobody could delete any more.
            shared.say("One moment: the engine is still at work. Delete the project when it has ended.");
            return;
        }
        self.doomed = None;
        // What was read before would bring it back.
        self.reading = None;
        self.deleting = Some(shared.shelf.delete(path, Arc::clone(&shared.wake)));
    }

    /// Takes in what was read, and tells what could not be deleted.
    pub fn poll(&mut self, shared: &mut Shared) {
        match self.deleting.as_ref().map(Background::poll) {
            None | Some(Outcome::Running) => {}
            Some(ended) => {
                self.deleting = None;
                match ended {
                    Outcome::Done(Ok(list)) => self.list = list,
                    Outcome::Done(Err(why)) => {
                        shared.fail(why);
                        self.reading = Some(shared.shelf.recent(Arc::clone(&shared.wake)));
                    }
                    _ => self.reading = Some(shared.shelf.recent(Arc::clone(&shared.wake))),
                }
            }
        }
        match self.reading.as_ref().map(Background::poll) {
            None | Some(Outcome::Running) => return,
            Some(Outcome::Done(list)) => self.list = list,
            Some(Outcome::Lost) => {}
        }
        self.reading = None;
    }

    /// Those that can be gone on with.
    fn offered(&self) -> impl Iterator<Item = &Recent> {
        let open = self.open.as_ref().map(|(_, whole)| whole);
        self.list.iter().filter(move |recent| open != Some(&recent.path))
    }

    /// The project whose key was pressed.
    pub fn key(&self, ui: &Ui) -> Option<PathBuf> {
        let pressed = |key| ui.input(|i| i.key_pressed(key));
        let found = self.offered().zip(KEYS).find(|(_, key)| pressed(*key));
        found.map(|(recent, _)| recent.path.clone())
    }

    /// The project that this key, counted from 0, would open.
    #[cfg(test)]
    pub fn key_of(&self, at: usize) -> Option<PathBuf> {
        self.offered().nth(at).map(|recent| recent.path.clone())
    }

    /// Whether the list is read anew.
    #[cfg(test)]
    pub fn is_reading(&self) -> bool {
        self.reading.is_some()
    }

    /// A list that nobody has read.
    #[cfg(test)]
    pub fn set(&mut self, list: Vec<Recent>) {
        self.list = list;
    }

    /// Draws the list; nothing where there is none. `deletes`: all that there are stand on it, and are deleted here.
    pub fn show(&self, ui: &mut Ui, deletes: bool, wants: &mut Vec<Want>) {
        let many = self.offered().count();
        if many == 0 {
            return;
        }
        card(ui, |ui| {
            heading(ui, "Go on with");
            ui.spacing_mut().item_spacing.y = BELOW;
            if many > KEYED {
                ScrollArea::vertical()
                    .id_salt("recents")
                    .max_height(KEYED as f32 * (ROW + BELOW))
                    .auto_shrink([false, true])
                    .show(ui, |ui| self.rows(ui, deletes, wants));
            } else {
                self.rows(ui, deletes, wants);
            }
            ui.add_space(2.0);
            small(
                ui,
                if deletes {
                    "These are all that this browser keeps."
                } else {
                    "Each is one file of yours."
                },
            );
        });
    }

    fn rows(&self, ui: &mut Ui, deletes: bool, wants: &mut Vec<Want>) {
        let keys = KEYS.iter().map(|key| key.symbol_or_name());
        let keys = keys.map(Some).chain(std::iter::repeat(None));
        for (recent, key) in self.offered().zip(keys) {
            if !deletes {
                let width = ui.available_width();
                wants.extend(row(ui, recent, key, width, deletes));
                continue;
            }
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 4.0;
                let width = (ui.available_width() - DELETE - 4.0).max(ROW);
                wants.extend(row(ui, recent, key, width, deletes));
                wants.extend(delete(ui, recent));
            });
            if self.doomed.as_ref() == Some(&recent.path) {
                wants.extend(confirm(ui, recent));
            }
        }
    }
}

/// A project to click.
fn row(ui: &mut Ui, recent: &Recent, key: Option<&str>, width: f32, deletes: bool) -> Option<Want> {
    let theme = Theme::of(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(width, ROW), Sense::click());
    let of = if recent.texts == 0 {
        "not opened lately".to_owned()
    } else {
        format!("{} of {} labelled", grouped(recent.labelled), texts(recent.texts))
    };
    let when = if recent.opened == 0 {
        String::new()
    } else {
        age(recent.age())
    };
    let mut said = format!("Open {}: {of}", recent.name);
    if !when.is_empty() {
        said += &format!(", {when}");
    }
    if let Some(key) = key {
        said += &format!(", key {key}");
    }
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, &said));
    let painter = ui.painter();
    if response.hovered() || response.has_focus() {
        painter.rect_filled(rect.expand2(vec2(8.0, 0.0)), 6, theme.raised);
    }
    let text = |text: String, style: TextStyle, colour, room: f32| {
        WidgetText::from(RichText::new(text).text_style(style).color(colour)).into_galley(
            ui,
            Some(TextWrapMode::Truncate),
            room,
            TextStyle::Body,
        )
    };
    let cap = key.unwrap_or_default().to_owned();
    let cap = text(cap, TextStyle::Monospace, theme.dim, 20.0);
    painter.galley(
        pos2(rect.left(), rect.center().y - cap.size().y / 2.0),
        cap,
        theme.dim,
    );
    let left = rect.left() + 20.0;
    let when = text(when, TextStyle::Small, theme.dim, 90.0);
    let room = rect.right() - left - when.size().x - 8.0;
    let at = pos2(rect.right() - when.size().x, rect.top() + 6.0);
    painter.galley(at, when, theme.dim);
    let name = text(recent.name.clone(), TextStyle::Body, theme.text, room.max(20.0));
    painter.galley(pos2(left, rect.top() + 4.0), name, theme.text);
    let below = text(of, TextStyle::Small, theme.dim, (rect.right() - left).max(20.0));
    painter.galley(pos2(left, rect.top() + 25.0), below, theme.dim);
    let more = if deletes {
        "Opens this project.".to_owned()
    } else {
        format!(
            "{}\nOpens this project. A right click offers to take it off the list.",
            recent.path.display()
        )
    };
    let response = response.on_hover_text(more);
    menu(&response, recent, deletes).or_else(|| response.clicked().then(|| Want::Open(recent.path.clone())))
}

/// What a right click offers.
fn menu(response: &Response, recent: &Recent, deletes: bool) -> Option<Want> {
    let (word, hint) = if deletes {
        ("Delete this project", "Deletes it from this browser. Asks first.")
    } else {
        let hint = "Takes it off this list; the project file stays where it is.";
        ("Take off the list", hint)
    };
    let mut chosen = false;
    response.context_menu(|ui| {
        if key_hint(ui, "", word, hint, 32.0).clicked() {
            chosen = true;
            ui.close();
        }
    });
    let path = chosen.then(|| recent.path.clone())?;
    Some(if deletes {
        Want::AskToDelete(Some(path))
    } else {
        Want::Forget(path)
    })
}

/// The button for whoever has no right click.
fn delete(ui: &mut Ui, recent: &Recent) -> Option<Want> {
    let theme = Theme::of(ui.ctx());
    let word = RichText::new("Delete")
        .text_style(TextStyle::Small)
        .color(theme.dim);
    let button = Button::new(word).frame(false).min_size(vec2(DELETE, ROW - 2.0));
    let response = ui.add(button);
    response.widget_info(|| WidgetInfo::labeled(egui::Role::Button, true, format!("Delete {}", recent.name)));
    let response = response.on_hover_text("Deletes this project from this browser. Asks first.");
    let path = response.clicked().then(|| recent.path.clone())?;
    Some(Want::AskToDelete(Some(path)))
}

/// What goes, and the last way back.
fn confirm(ui: &mut Ui, recent: &Recent) -> Option<Want> {
    let theme = Theme::of(ui.ctx());
    let what = format!(
        "{} goes with its texts, labels, runs and models. Nothing brings it back.",
        recent.name
    );
    ui.label(RichText::new(what).text_style(TextStyle::Small).color(theme.warm));
    let mut want = None;
    ui.horizontal(|ui| {
        let hint = "Deletes the project from this browser.";
        if button(ui, "Delete it", "", Weight::Usual, hint).clicked() {
            want = Some(Want::Delete(recent.path.clone()));
        }
        if button(ui, "Keep it", "", Weight::Usual, "Changes nothing.").clicked() {
            want = Some(Want::AskToDelete(None));
        }
    });
    ui.add_space(6.0);
    want
}

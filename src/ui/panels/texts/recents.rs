//! Projects that were open lately.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{Key, Response, RichText, Sense, TextStyle, TextWrapMode, Ui, WidgetInfo, WidgetText, pos2, vec2};

use super::age::age;
use super::{Want, whole};
use crate::session::exchange::{Background, Outcome};
use crate::session::project::OpenProject;
use crate::session::project::recent::Recent;
use crate::ui::Shared;
use crate::ui::theme::Theme;
use crate::ui::widgets::{card, grouped, heading, key_hint, small, texts};

/// How many are shown: each has a key.
const SHOWN: usize = 9;
const KEYS: [Key; SHOWN] = [
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

    /// Takes in what was read.
    pub fn poll(&mut self) {
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
        self.list
            .iter()
            .filter(move |recent| open != Some(&recent.path))
            .take(SHOWN)
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

    /// Draws the list; nothing where there is none.
    pub fn show(&self, ui: &mut Ui, wants: &mut Vec<Want>) {
        if self.offered().next().is_none() {
            return;
        }
        card(ui, |ui| {
            heading(ui, "Go on with");
            ui.spacing_mut().item_spacing.y = 2.0;
            for (recent, key) in self.offered().zip(KEYS) {
                let want = row(ui, recent, key.symbol_or_name());
                wants.extend(want);
            }
            ui.add_space(2.0);
            small(ui, "Each is one file of yours.");
        });
    }
}

/// A project to click.
fn row(ui: &mut Ui, recent: &Recent, key: &str) -> Option<Want> {
    let theme = Theme::of(ui.ctx());
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 46.0), Sense::click());
    let of = format!("{} of {} labelled", grouped(recent.labelled), texts(recent.texts));
    let said = format!("Open {}: {of}, {}, key {key}", recent.name, age(recent.age()));
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
    let cap = text(key.to_owned(), TextStyle::Monospace, theme.dim, 20.0);
    painter.galley(
        pos2(rect.left(), rect.center().y - cap.size().y / 2.0),
        cap,
        theme.dim,
    );
    let left = rect.left() + 20.0;
    let when = text(age(recent.age()), TextStyle::Small, theme.dim, 90.0);
    let room = rect.right() - left - when.size().x - 8.0;
    let at = pos2(rect.right() - when.size().x, rect.top() + 6.0);
    painter.galley(at, when, theme.dim);
    let name = text(recent.name.clone(), TextStyle::Body, theme.text, room.max(20.0));
    painter.galley(pos2(left, rect.top() + 4.0), name, theme.text);
    let below = text(of, TextStyle::Small, theme.dim, (rect.right() - left).max(20.0));
    painter.galley(pos2(left, rect.top() + 25.0), below, theme.dim);
    let response = response.on_hover_text(format!(
        "{}\nOpens this project. A right click offers to take it off the list.",
        recent.path.display()
    ));
    forget(&response, recent).or_else(|| response.clicked().then(|| Want::Open(recent.path.clone())))
}

fn forget(response: &Response, recent: &Recent) -> Option<Want> {
    let mut chosen = false;
    response.context_menu(|ui| {
        let hint = "Takes it off this list; the project file stays where it is.";
        if key_hint(ui, "", "Take off the list", hint, 32.0).clicked() {
            chosen = true;
            ui.close();
        }
    });
    chosen.then(|| Want::Forget(recent.path.clone()))
}

//! The labels to give, their keys, and what else can be done with a text.

use egui::{Key, RichText, ScrollArea, TextEdit, TextStyle, Ui, vec2};

use super::desk::Desk;
use super::keys;
use super::reading::suggests;
use super::view::{Mode, View, Want};
use crate::session::project::{Action as Step, Answer, Label, LabelId, TextId};
use crate::ui::actions::Action;
use crate::ui::theme;
use crate::ui::widgets::{LabelButton, key_hint, texts};

/// How long a press shows on its button, in seconds.
const FLASH: f64 = 0.35;
/// A button is no narrower than this where there is room for more than two.
const BUTTON: f32 = 240.0;

/// What is said where no text is asked for.
pub(super) const ALL_ANSWERED: &str = "Every text has an answer; click one of the list to change it.";

/// The label that was given last, and when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Flash {
    pub label: LabelId,
    pub at: f64,
}

/// A label that is being named.
#[derive(Clone, Debug, Default)]
pub(super) struct NewLabel {
    pub name: String,
    pub focused: bool,
}

/// Why no label can be given now. `selected` is how many texts a label goes to; `None` for the one shown.
pub(super) fn idle(desk: &Desk, selected: Option<usize>) -> Option<&'static str> {
    match selected {
        Some(0) => Some("Select texts first; the label goes to all of them."),
        None if desk.text().is_none() => Some(ALL_ANSWERED),
        _ => None,
    }
}

/// The buttons that give labels.
pub(super) struct Labels<'a> {
    pub desk: &'a Desk,
    pub flash: Option<Flash>,
    /// How many texts a label goes to; `None` for the one shown.
    pub selected: Option<usize>,
    /// The labels that are shown, each with its place among all.
    pub shown: &'a [(usize, &'a Label)],
    /// At most so many points of them.
    pub height: f32,
}

impl Labels<'_> {
    /// Draws them. The suggested one comes into view when it is another one or another text's; `brought` is which was last.
    pub fn show(
        &self,
        ui: &mut Ui,
        view: &View,
        brought: &mut Option<(TextId, LabelId)>,
        wants: &mut Vec<Want>,
    ) {
        let now = ui.input(|i| i.time);
        let (desk, selected) = (self.desk, self.selected);
        let idle = idle(desk, selected);
        let text = desk.text().filter(|_| selected.is_none());
        let suggested = text.filter(|&t| suggests(view, desk, t));
        let best = suggested.and_then(|t| Some((t, view.insight.suggestion(t)?.0)));
        let bring = best != *brought;
        *brought = best;
        let best = best.map(|b| b.1);
        let current = desk.changing().and_then(|t| view.project.answer(t));
        let room = (ui.available_width() / BUTTON).floor().clamp(2.0, 5.0) as usize;
        let columns = if view.narrow {
            2
        } else {
            room.min(view.project.labels().count().max(1))
        };
        let spacing = ui.spacing().item_spacing.x;
        let width = (ui.available_width() - spacing * (columns - 1) as f32) / columns as f32;

        let mut button = |ui: &mut Ui, at: usize, label: &Label| {
            let since = self.flash.filter(|f| f.label == label.id).map(|f| now - f.at);
            let left = since.map_or(0.0, |s| (1.0 - s / FLASH).clamp(0.0, 1.0));
            let count = view.project.count(label.id);
            let explanation = match (idle, selected) {
                (Some(why), _) => why.to_owned(),
                (None, Some(n)) => format!("Labels {} as {}.", texts(n), label.name),
                (None, None) => format!("{} is {}. {} so far.", this(desk), label.name, texts(count)),
            };
            let button = LabelButton {
                name: &label.name,
                key: keys::printed(at),
                colour: view.theme.label(label.id),
                count,
                probability: suggested.and_then(|t| view.insight.probability(t, label.id)),
                best: best == Some(label.id),
                current: current == Some(Answer::Label(label.id)),
                flash: left as f32,
                explanation: &explanation,
            };
            let drawn = ui.add_sized(vec2(width, crate::ui::widgets::BUTTON_HEIGHT), button);
            if bring && best == Some(label.id) {
                drawn.scroll_to_me(None);
            }
            if drawn.clicked() {
                wants.push(Want::Label(label.id));
            }
        };
        let grid = |ui: &mut Ui| {
            if idle.is_some() {
                ui.disable();
            }
            for labels in self.shown.chunks(columns) {
                ui.horizontal(|ui| labels.iter().for_each(|&(at, label)| button(ui, at, label)));
            }
        };
        ScrollArea::vertical()
            .id_salt("labels")
            .max_height(self.height)
            // Otherwise it is content with what the panel had before, and what is below it is cut off.
            .min_scrolled_height(self.height)
            .auto_shrink([false, true])
            .show(ui, grid);
        if self.flash.is_some_and(|f| now - f.at < FLASH) {
            ui.ctx().request_repaint();
        }
    }
}

fn this(desk: &Desk) -> &'static str {
    if desk.changing().is_some() {
        "The earlier text"
    } else {
        "This text"
    }
}

/// What else can be done now, each with its key.
pub(super) fn hints(ui: &mut Ui, view: &View, desk: &Desk, mode: Mode, wants: &mut Vec<Want>) {
    let asked = desk.text().is_some();
    let can = |action| match action {
        Action::Skip | Action::Unsure => asked && mode == Mode::Read,
        Action::Similar => asked,
        Action::FindLabel => view.project.labels().count() > keys::COUNT,
        _ => true,
    };
    let hints = [
        ("Space", "skip", Action::Skip),
        ("U", "unsure", Action::Unsure),
        ("Backspace", "undo", Action::Undo),
        ("N", "new label", Action::NewLabel),
        ("/", "find label", Action::FindLabel),
        ("S", "similar texts", Action::Similar),
        ("M", "map", Action::Map),
    ];
    ui.horizontal_wrapped(|ui| {
        let height = if view.narrow { theme::SPACE * 11.0 } else { 0.0 };
        ui.spacing_mut().item_spacing = vec2(if view.narrow { 14.0 } else { 18.0 }, 0.0);
        for (key, word, action) in hints.into_iter().filter(|hint| can(hint.2)) {
            let word = if view.narrow {
                word.trim_end_matches(" texts").trim_end_matches(" label")
            } else {
                word
            };
            if key_hint(ui, key, word, action.explanation(), height).clicked() {
                wants.push(Want::Act(action));
            }
        }
        let edit = "Rename, merge and delete labels; each says first what it does.";
        let word = if view.narrow { "labels" } else { "edit labels" };
        if key_hint(ui, "", word, edit, height).clicked() {
            wants.push(Want::Mode(Mode::Labels));
        }
    });
}

/// The field for a new label. Whether it stays open.
pub(super) fn new_label(ui: &mut Ui, view: &View, field: &mut NewLabel, wants: &mut Vec<Want>) -> bool {
    let mut open = true;
    ui.horizontal_wrapped(|ui| {
        let name = ui.label("New label");
        let edit = TextEdit::singleline(&mut field.name)
            .align(egui::Align2::LEFT_CENTER)
            .id_salt("new-label")
            .char_limit(60)
            .hint_text("its name")
            .desired_width(220.0);
        let edit = ui.add(edit).labelled_by(name.id);
        if !field.focused {
            edit.request_focus();
            field.focused = true;
        }
        let step = Step::CreateLabel {
            name: field.name.clone(),
        };
        let refused = view.project.check(&step).err();
        let entered = edit.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
        let explanation = "Adds the label with the next key; Enter does the same.";
        let clicked = ui.button("Create").on_hover_text(explanation).clicked();
        if entered || clicked {
            if refused.is_none() {
                wants.push(Want::Step(step));
                open = false;
            } else {
                edit.request_focus();
            }
        }
        if key_hint(ui, "Esc", "cancel", "Closes the field; no label is made.", 0.0).clicked() {
            open = false;
        }
        if let Some(why) = refused.filter(|_| !field.name.trim().is_empty()) {
            let why = RichText::new(why.to_string()).text_style(TextStyle::Small);
            ui.label(why.color(view.theme.warm));
        }
    });
    open
}

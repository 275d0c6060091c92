//! The labels to give, their keys, and what else can be done with a text.

use egui::{Key, RichText, ScrollArea, TextEdit, TextStyle, Ui, vec2};

use super::desk::Desk;
use super::keys;
use super::reading::suggests;
use super::view::{Mode, View, Want};
use crate::session::project::{Action as Step, Answer, LabelId};
use crate::ui::actions::Action;
use crate::ui::theme;
use crate::ui::widgets::{LabelButton, key_hint, texts};

/// How long a press shows on its button, in seconds.
const FLASH: f64 = 0.35;
/// A button is no narrower than this where there is room for more than two.
const BUTTON: f32 = 240.0;

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

/// The buttons, at most `height` points of them. `selected` is how many texts a label goes to; `None` for the one shown.
pub(super) fn labels(
    ui: &mut Ui,
    view: &View,
    desk: &Desk,
    flash: Option<Flash>,
    selected: Option<usize>,
    height: f32,
    wants: &mut Vec<Want>,
) {
    let now = ui.input(|i| i.time);
    let all: Vec<_> = view.project.labels().collect();
    let text = desk.text().filter(|_| selected.is_none());
    let shown = text.filter(|&t| suggests(view, desk, t));
    let best = shown.and_then(|t| view.insight.suggestion(t)).map(|s| s.0);
    let current = desk.changing().and_then(|t| view.project.answer(t));
    let room = (ui.available_width() / BUTTON).floor().clamp(2.0, 5.0) as usize;
    let columns = if view.narrow {
        2
    } else {
        room.min(all.len().max(1))
    };
    let spacing = ui.spacing().item_spacing.x;
    let width = (ui.available_width() - spacing * (columns - 1) as f32) / columns as f32;

    let grid = |ui: &mut Ui| {
        for (row, labels) in all.chunks(columns).enumerate() {
            ui.horizontal(|ui| {
                for (column, label) in labels.iter().enumerate() {
                    let since = flash.filter(|f| f.label == label.id).map(|f| now - f.at);
                    let left = since.map_or(0.0, |s| (1.0 - s / FLASH).clamp(0.0, 1.0));
                    let key = keys::printed(row * columns + column);
                    let count = view.project.count(label.id);
                    let explanation = match selected {
                        Some(n) => format!("Labels {} as {}.", texts(n), label.name),
                        None => format!("{} is {}. {} so far.", this(desk), label.name, texts(count)),
                    };
                    let button = LabelButton {
                        name: &label.name,
                        key,
                        colour: view.theme.label(label.id),
                        count,
                        probability: shown.and_then(|t| view.insight.probability(t, label.id)),
                        best: best == Some(label.id),
                        current: current == Some(Answer::Label(label.id)),
                        flash: left as f32,
                        explanation: &explanation,
                    };
                    let size = vec2(width, crate::ui::widgets::BUTTON_HEIGHT);
                    if ui.add_sized(size, button).clicked() {
                        wants.push(Want::Label(label.id));
                    }
                }
            });
        }
    };
    ScrollArea::vertical()
        .id_salt("labels")
        .max_height(height)
        .auto_shrink([false, true])
        .show(ui, grid);
    if flash.is_some_and(|f| now - f.at < FLASH) {
        ui.ctx().request_repaint();
    }
}

fn this(desk: &Desk) -> &'static str {
    if desk.changing().is_some() {
        "The earlier text"
    } else {
        "This text"
    }
}

/// What else can be done, each with its key.
pub(super) fn hints(ui: &mut Ui, view: &View, wants: &mut Vec<Want>) {
    let hints = [
        ("Space", "skip", Action::Skip),
        ("U", "unsure", Action::Unsure),
        ("Backspace", "undo", Action::Undo),
        ("N", "new label", Action::NewLabel),
        ("S", "similar texts", Action::Similar),
        ("M", "map", Action::Map),
    ];
    ui.horizontal_wrapped(|ui| {
        let height = if view.narrow { theme::SPACE * 11.0 } else { 0.0 };
        ui.spacing_mut().item_spacing = vec2(if view.narrow { 14.0 } else { 18.0 }, 0.0);
        for (key, word, action) in hints {
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

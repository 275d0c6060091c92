//! What the Label screen does: its keys, the answers that they and the buttons give, and which middle is shown.

use egui::{Key, Ui};

use super::buttons::{ALL_ANSWERED, Flash};
use super::find::Find;
use super::view::Mode;
use super::{LabelPanel, keys, similar};
use crate::session::project::{Answer, LabelId};
use crate::ui::actions::Action;
use crate::ui::{Shared, Wish};

impl LabelPanel {
    /// What keys do that belong to no action.
    pub(super) fn keys(&mut self, ui: &Ui, shared: &mut Shared) {
        let typing = ui.ctx().text_edit_focused();
        let typed = std::mem::replace(&mut self.typed, typing);
        let popup = egui::Popup::is_any_open(ui.ctx()) || ui.memory(|m| m.top_modal_layer().is_some());
        if popup {
            return;
        }
        if ui.input(|i| i.key_pressed(Key::Escape)) {
            let field = self.new_label.take().is_some() || self.find.take().is_some();
            let closed = field || typed || self.desk.back();
            if !closed {
                self.switch(Mode::Read, shared);
            }
        }
        if typing || self.find.as_ref().is_some_and(Find::is_coming) {
            return;
        }
        if ui.input(|i| i.key_pressed(Key::Backspace)) {
            shared.act(Action::Undo);
        }
        if !self.naming
            && let Some(at) = keys::pressed(ui)
            && let Some(label) = shared
                .project
                .as_ref()
                .and_then(|o| o.project.labels().nth(at).map(|l| l.id))
        {
            self.label(label, shared);
        }
    }

    /// A label for what is shown or selected.
    pub(super) fn label(&mut self, label: LabelId, shared: &mut Shared) {
        let given = match self.mode {
            Mode::Read => {
                let changing = self.desk.changing().is_some();
                let given = self.give(Answer::Label(label), shared);
                if given && !changing {
                    self.pace.labelled(self.now);
                }
                given
            }
            Mode::Similar => {
                let given = self.desk.answer_many(shared, self.similar.selected(), label);
                if given {
                    self.mode = Mode::Read;
                }
                given
            }
            Mode::Map => {
                let selected = match &shared.project {
                    Some(open) => self.map.selected(&open.project, &shared.insight),
                    None => Vec::new(),
                };
                let given = self.desk.answer_many(shared, selected, label);
                if given {
                    self.map.clear();
                }
                given
            }
            Mode::Labels => false,
        };
        if given {
            self.flash = Some(Flash { label, at: self.now });
            self.find = None;
        } else if let Some(find) = &mut self.find {
            find.focus();
        }
    }

    /// An answer that is no label, to the text that is shown.
    pub(super) fn answer(&mut self, answer: Answer, shared: &mut Shared) {
        if self.naming {
            return;
        }
        if self.mode != Mode::Read {
            shared.say("Skipping and unsure are for one text at a time; Esc leads back to it.");
        } else if self.desk.text().is_none() {
            shared.say(ALL_ANSWERED);
        } else {
            self.give(answer, shared);
        }
    }

    fn give(&mut self, answer: Answer, shared: &mut Shared) -> bool {
        let suggested = shared.project.as_ref().and_then(|open| {
            let text = self.desk.text()?;
            let shown = !self.hidden && !self.desk.is_aside(&open.project, text);
            shared.insight.suggestion(text).filter(|_| shown).map(|s| s.0)
        });
        self.desk.answer(shared, answer, suggested, self.now)
    }

    /// Another middle; the same once more leads back to the text.
    pub(super) fn switch(&mut self, mode: Mode, shared: &mut Shared) {
        let mode = if mode == self.mode || self.naming {
            Mode::Read
        } else {
            mode
        };
        self.manager.forget();
        match mode {
            Mode::Similar => {
                let Some(text) = self.desk.text() else {
                    shared.say(ALL_ANSWERED);
                    return;
                };
                let aside = (shared.project.as_ref()).is_some_and(|o| self.desk.is_aside(&o.project, text));
                if aside {
                    // Its neighbours would be trained on with the label that it is to be judged by.
                    shared.say("This text was drawn to measure the error: label it by itself.");
                    return;
                }
                self.similar = similar::Similar::open(text);
                if !shared.insight.similar.contains_key(&text) {
                    shared.wishes.push(Wish::Similar(text));
                }
            }
            Mode::Map if shared.insight.map.is_empty() => shared.wishes.push(Wish::Map),
            // The field is not drawn there, and would keep the keys to itself.
            Mode::Labels => self.find = None,
            _ => {}
        }
        self.map.clear();
        self.mode = mode;
    }
}

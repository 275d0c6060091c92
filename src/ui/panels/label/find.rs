//! The field that finds a label by its name, for those that have no key.

use egui::{Key, TextEdit, Ui};

use super::view::{View, Want};
use crate::session::project::Label;
use crate::ui::widgets::{key_hint, small};

/// What is typed to find a label.
#[derive(Clone, Debug, Default)]
pub(super) struct Find {
    typed: String,
    /// The field has the keys, or has had them.
    focused: bool,
}

impl Find {
    /// Whether the field has yet to get the keys: what goes down meanwhile is meant for it.
    pub fn is_coming(&self) -> bool {
        !self.focused
    }

    /// Has the keys given to the field once more.
    pub fn focus(&mut self) {
        self.focused = false;
    }

    /// The labels whose names have every word that is typed, each with its place among all. What is called just that comes
    /// first, then what begins so: typing more of a name always leads to it.
    pub fn found<'a>(&self, labels: impl Iterator<Item = &'a Label>) -> Vec<(usize, &'a Label)> {
        let typed = self.typed.trim().to_lowercase();
        let rank = |name: &str| {
            let holds = typed.split_whitespace().all(|word| name.contains(word));
            let rank = [name == typed, name.starts_with(&typed), holds];
            rank.iter().position(|&fits| fits)
        };
        let mut found: Vec<(usize, usize, &Label)> = labels
            .enumerate()
            .filter_map(|(at, label)| Some((rank(&label.name.to_lowercase())?, at, label)))
            .collect();
        found.sort_by_key(|&(rank, at, _)| (rank, at));
        found.into_iter().map(|(_, at, label)| (at, label)).collect()
    }

    /// Draws the field; `ready` where a label can be given. Whether it stays open.
    pub fn show(&mut self, ui: &mut Ui, view: &View, ready: bool, wants: &mut Vec<Want>) -> bool {
        let mut open = true;
        ui.horizontal_wrapped(|ui| {
            let name = ui.label("Find a label");
            // Focused before it is drawn, so that letters typed right behind the key that opens it are not lost.
            let id = ui.scope_id().with("find-label");
            if !self.focused {
                ui.memory_mut(|memory| memory.request_focus(id));
                self.focused = true;
            }
            let edit = TextEdit::singleline(&mut self.typed)
                .id(id)
                .align(egui::Align2::LEFT_CENTER)
                .char_limit(60)
                .hint_text("letters of its name")
                .desired_width(220.0);
            let edit = ui.add(edit).labelled_by(name.id);
            let entered = edit.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
            let typed = !self.typed.trim().is_empty();
            let first = self.found(view.project.labels()).first().map(|found| found.1);
            match first.filter(|_| typed && ready) {
                Some(label) => {
                    // A phone has the button below, and no such key.
                    let hint = !view.narrow && {
                        let short: String = label.name.chars().take(40).collect();
                        let first = "Gives the first label that is left.";
                        key_hint(ui, "Enter", &short, first, 0.0).clicked()
                    };
                    if entered || hint {
                        wants.push(Want::Label(label.id));
                    }
                }
                None if entered => edit.request_focus(),
                None => {}
            }
            if key_hint(ui, "Esc", "cancel", "Shows all labels again.", 0.0).clicked() {
                open = false;
            }
            if first.is_none() {
                small(ui, "No label has these letters.");
            }
        });
        open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_found_by_its_letters_and_the_one_of_that_name_first() {
        let names = ["Card lost", "lost", "Lost luggage", "card_arrival"];
        let label = |(id, name): (usize, &&str)| Label {
            id: id as u16,
            name: (*name).into(),
        };
        let labels: Vec<Label> = names.iter().enumerate().map(label).collect();
        let found = |typed: &str| {
            let find = Find {
                typed: typed.into(),
                ..Find::default()
            };
            let found = find.found(labels.iter());
            found.into_iter().map(|(at, _)| at).collect::<Vec<_>>()
        };
        assert_eq!(found(""), [0, 1, 2, 3]);
        assert_eq!(found("LOST "), [1, 2, 0]);
        assert_eq!(found("arr card"), [3]);
        assert!(found("parcel").is_empty());
    }
}

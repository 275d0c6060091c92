//! Renaming, merging and deleting labels: each says first what it does to which texts.

use std::collections::HashMap;

use egui::{ComboBox, RichText, ScrollArea, TextEdit, TextStyle, Ui};

use super::keys;
use super::view::{Mode, View, Want};
use crate::session::project::{Action as Step, Label, LabelId};
use crate::ui::theme;
use crate::ui::widgets::{card, key_hint, keycap, label_dot, small, texts};

/// What is about to happen to a label, once it is confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Plan {
    Merge { from: LabelId, into: LabelId },
    Delete(LabelId),
}

impl Plan {
    fn of(self) -> LabelId {
        match self {
            Self::Merge { from, .. } | Self::Delete(from) => from,
        }
    }

    fn step(self) -> Step {
        match self {
            Self::Merge { from, into } => Step::MergeLabels { from, into },
            Self::Delete(label) => Step::DeleteLabel { label },
        }
    }

    /// The effect, in a sentence.
    fn effect(self, view: &View) -> String {
        let count = view.project.count(self.of());
        match self {
            Self::Merge { into, .. } => {
                let verb = if count == 1 { "becomes" } else { "become" };
                format!("{} {verb} {}", texts(count), view.label(into))
            }
            Self::Delete(_) => {
                let verb = if count == 1 { "counts" } else { "count" };
                format!("{} {verb} as not answered", texts(count))
            }
        }
    }
}

/// The names that are being typed, and what waits for a yes.
#[derive(Clone, Debug, Default)]
pub(super) struct Manager {
    names: HashMap<LabelId, String>,
    plan: Option<Plan>,
}

impl Manager {
    /// Draws the list.
    pub fn show(&mut self, ui: &mut Ui, view: &View, wants: &mut Vec<Want>) {
        card(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.label(RichText::new("Labels").text_style(theme::title()).strong());
                ui.add_space(8.0);
                if key_hint(ui, "Esc", "back to the texts", "Goes on labelling.", 28.0).clicked() {
                    wants.push(Want::Mode(Mode::Read));
                }
            });
            small(
                ui,
                "Type over a name to change it. Undo takes back everything here, step by step.",
            );
            ui.add_space(8.0);
            let labels: Vec<Label> = view.project.labels().cloned().collect();
            let height = if view.narrow {
                f32::INFINITY
            } else {
                ui.available_height()
            };
            ScrollArea::vertical()
                .id_salt("label-manager")
                .max_height(height)
                .auto_shrink([false, view.narrow])
                .show(ui, |ui| {
                    for (at, label) in labels.iter().enumerate() {
                        self.row(ui, view, at, label, &labels, wants);
                        ui.separator();
                    }
                });
        });
    }

    fn row(
        &mut self,
        ui: &mut Ui,
        view: &View,
        at: usize,
        label: &Label,
        all: &[Label],
        wants: &mut Vec<Want>,
    ) {
        ui.horizontal_wrapped(|ui| {
            if !view.narrow {
                keycap(ui, keys::printed(at).unwrap_or(" "));
            }
            label_dot(ui, view.theme.label(label.id));
            self.name(ui, view, label, wants);
            small(ui, texts(view.project.count(label.id)));
            self.merge(ui, label, all);
            let delete = ui.button("Delete");
            delete.widget_info(|| {
                egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Delete {}", label.name))
            });
            let effect = Plan::Delete(label.id).effect(view);
            if delete.on_hover_text(format!("{effect}. Asks first.")).clicked() {
                self.plan = Some(Plan::Delete(label.id));
            }
        });
        if let Some(plan) = self.plan.filter(|p| p.of() == label.id) {
            self.confirm(ui, view, plan, wants);
        }
    }

    fn name(&mut self, ui: &mut Ui, view: &View, label: &Label, wants: &mut Vec<Want>) {
        let mut name = self.names.get(&label.id).unwrap_or(&label.name).clone();
        let edit = TextEdit::singleline(&mut name)
            .align(egui::Align2::LEFT_CENTER)
            .id_salt(("label-name", label.id))
            .char_limit(60)
            .desired_width(if view.narrow { 130.0 } else { 200.0 });
        let edit = ui.add(edit);
        edit.widget_info(|| {
            egui::WidgetInfo::labeled(egui::Role::TextInput, true, format!("Name of {}", label.name))
        });
        if edit.changed() {
            self.names.insert(label.id, name.clone());
        }
        let step = Step::RenameLabel {
            label: label.id,
            name: name.clone(),
        };
        let refused = view.project.check(&step).err();
        if edit.lost_focus() && self.names.remove(&label.id).is_some() {
            // Esc leaves the field and leaves the name.
            let escaped = ui.input(|i| i.key_pressed(egui::Key::Escape));
            if !escaped && refused.is_none() && name.trim() != label.name {
                wants.push(Want::Step(step));
            }
        } else if let Some(why) = refused {
            let why = RichText::new(why.to_string()).text_style(TextStyle::Small);
            ui.label(why.color(view.theme.warm));
        }
    }

    fn merge(&mut self, ui: &mut Ui, label: &Label, all: &[Label]) {
        if all.len() < 2 {
            return;
        }
        let name = format!("Merge {} into", label.name);
        let combo = ComboBox::from_id_salt(("merge", label.id))
            .selected_text("Merge into …")
            .width(110.0)
            .show_ui(ui, |ui| {
                for other in all.iter().filter(|o| o.id != label.id) {
                    if ui.selectable_label(false, &other.name).clicked() {
                        self.plan = Some(Plan::Merge {
                            from: label.id,
                            into: other.id,
                        });
                    }
                }
            });
        combo
            .response
            .widget_info(|| egui::WidgetInfo::labeled(egui::Role::ComboBox, true, &name));
        combo
            .response
            .on_hover_text("Gives all texts of this label another one, and removes this label. Asks first.");
    }

    fn confirm(&mut self, ui: &mut Ui, view: &View, plan: Plan, wants: &mut Vec<Want>) {
        ui.horizontal_wrapped(|ui| {
            let effect = format!("{}, and {} goes.", plan.effect(view), view.label(plan.of()));
            ui.label(RichText::new(effect).color(view.theme.warm));
            let (word, hover) = match plan {
                Plan::Merge { .. } => ("Merge", "Does it; undo takes it back."),
                Plan::Delete(_) => ("Delete it", "Does it; undo takes it back."),
            };
            if ui.button(word).on_hover_text(hover).clicked() {
                wants.push(Want::Step(plan.step()));
                self.plan = None;
            }
            if ui.button("Keep it").on_hover_text("Changes nothing.").clicked() {
                self.plan = None;
            }
        });
    }

    /// Leaves what waits for a yes.
    pub fn forget(&mut self) {
        *self = Self::default();
    }
}

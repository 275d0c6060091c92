//! Every action by its name.

use egui::{Align, Key, KeyboardShortcut, Layout, Modifiers, RichText, ScrollArea, TextEdit, TextStyle, Ui};

use crate::ui::Shared;
use crate::ui::actions::Action;
use crate::ui::theme::Theme;
use crate::ui::widgets::keycap;

/// The palette, open or not.
#[derive(Default)]
pub struct Palette {
    open: bool,
    typed: String,
    chosen: usize,
}

impl Palette {
    /// Opens it, empty.
    pub fn open(&mut self) {
        *self = Self {
            open: true,
            ..Self::default()
        };
    }

    /// Draws it where it is open.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared) {
        if !self.open {
            return;
        }
        let (down, up, enter) = ui.input_mut(|i| {
            (
                i.consume_key(Modifiers::NONE, Key::ArrowDown),
                i.consume_key(Modifiers::NONE, Key::ArrowUp),
                i.consume_key(Modifiers::NONE, Key::Enter),
            )
        });
        let mut picked = None;
        let modal = egui::Modal::new(egui::Id::unique("palette")).show(ui.ctx(), |ui| {
            ui.set_width(460.0_f32.min(ui.ctx().content_rect().width() - 48.0));
            // Focused before it is drawn, and asked before Enter is heeded: where frames are long, a name and Enter come in one.
            let id = ui.scope_id().with("name");
            ui.memory_mut(|memory| memory.request_focus(id));
            let edit = TextEdit::singleline(&mut self.typed)
                .id(id)
                .align(egui::Align2::LEFT_CENTER)
                .hint_text("What would you like to do?");
            let field = ui.add(edit.desired_width(f32::INFINITY));
            if field.changed() {
                self.chosen = 0;
            }
            let found = matching(&self.typed);
            let last = found.len().saturating_sub(1);
            self.chosen = (self.chosen + usize::from(down))
                .saturating_sub(usize::from(up))
                .min(last);
            picked = found.get(self.chosen).copied().filter(|_| enter);
            ScrollArea::vertical().max_height(380.0).show(ui, |ui| {
                for (i, &action) in found.iter().enumerate() {
                    if row(ui, action, i == self.chosen).clicked() {
                        picked = Some(action);
                    }
                }
                if found.is_empty() {
                    ui.label("No action is called that.");
                }
            });
        });
        if let Some(action) = picked {
            shared.act(action);
        }
        if picked.is_some() || modal.should_close() {
            self.open = false;
        }
    }
}

/// Actions whose name or explanation holds every word that was typed; those whose name does come first.
fn matching(typed: &str) -> Vec<Action> {
    let typed = typed.to_lowercase();
    let words: Vec<&str> = typed.split_whitespace().collect();
    let holds = |text: &str| words.iter().all(|w| text.contains(w));
    let named = |a: &Action| holds(&a.name().to_lowercase());
    let meant = |a: &Action| holds(&format!("{} {}", a.name(), a.explanation()).to_lowercase());
    let all = Action::ALL.into_iter().filter(|&a| a != Action::Palette);
    let (mut first, rest): (Vec<Action>, Vec<Action>) = all.filter(meant).partition(named);
    first.extend(rest);
    first
}

/// Its key, be it that of one screen only.
fn key_of(action: Action) -> Option<KeyboardShortcut> {
    let of_screen = || Some(KeyboardShortcut::new(Modifiers::NONE, action.key_of_screen()?));
    action.shortcut().or_else(of_screen)
}

fn row(ui: &mut Ui, action: Action, chosen: bool) -> egui::Response {
    let theme = Theme::of(ui.ctx());
    let fill = if chosen {
        theme.raised
    } else {
        egui::Color32::TRANSPARENT
    };
    let inner = egui::Frame::new()
        .fill(fill)
        .corner_radius(6)
        .inner_margin(6)
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            let key = key_of(action).map(|s| ui.ctx().format_shortcut(&s));
            let room = key.as_ref().map_or(0.0, |key| {
                let font = TextStyle::Monospace.resolve(ui.style());
                ui.painter().layout_no_wrap(key.clone(), font, theme.dim).size().x + 24.0
            });
            ui.horizontal(|ui| {
                ui.vertical(|ui| {
                    ui.set_max_width(ui.available_width() - room);
                    ui.spacing_mut().item_spacing.y = 0.0;
                    ui.label(action.name());
                    let explanation = RichText::new(action.explanation()).text_style(TextStyle::Small);
                    ui.label(explanation.color(theme.dim));
                });
                if let Some(key) = key {
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        keycap(ui, &key);
                    });
                }
            });
        });
    let response = inner.response.interact(egui::Sense::click());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, action.name()));
    if chosen {
        response.scroll_to_me(None);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_found_by_its_name_before_others_are_by_their_explanation() {
        assert_eq!(matching("undo").first(), Some(&Action::Undo));
        assert!(matching("start train").contains(&Action::Train));
        assert!(matching("xyzzy").is_empty());
        assert_eq!(matching("").len(), Action::ALL.len() - 1);
    }

    #[test]
    fn an_action_with_a_key_on_one_screen_shows_it() {
        let sample = key_of(Action::OpenSample).map(|shortcut| shortcut.logical_key);
        assert_eq!(sample, Some(Key::S));
        assert_eq!(key_of(Action::Undo), Action::Undo.shortcut());
        assert_eq!(key_of(Action::About), None);
    }

    #[test]
    fn the_settings_are_found_by_what_is_set_there() {
        for what in ["colours", "size", "motion", "goal", "device", "seed"] {
            assert!(matching(what).contains(&Action::Settings), "{what}");
        }
        assert!(!matching("kept aside").contains(&Action::Settings));
    }
}

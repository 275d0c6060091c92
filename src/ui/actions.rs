//! Everything that can be done in the window: its name, what it does, and its key.
//!
//! A button, a key and the palette all name an [`Action`]; [`App`](super::App) carries it out at the end of the frame, or
//! hands it to the screen that it belongs to.

use egui::{Context, Key, KeyboardShortcut, Modifiers};

use super::Screen;

/// Something that can be done. What needs an argument (which label, which text) stays inside its screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Show a screen.
    Show(Screen),
    /// Find an action by its name.
    Palette,
    /// Choose a file of texts.
    OpenFile,
    /// Open the built-in sample.
    OpenSample,
    /// Make another project of the built-in sample.
    FreshSample,
    /// Take back the last step of the project.
    Undo,
    /// Do it again.
    Redo,
    /// Skip the text that is asked for.
    Skip,
    /// Say that the text cannot be told.
    Unsure,
    /// Show or hide the model's suggestions.
    Suggestions,
    /// Make a label.
    NewLabel,
    /// Find a label by its name.
    FindLabel,
    /// Show texts like this one.
    Similar,
    /// Show the map of all texts.
    Map,
    /// Train on what is labelled.
    Train,
    /// Hold or go on.
    PauseResume,
    /// Compare ways of training on what is labelled.
    Compare,
    /// One training step.
    Step,
    /// End the training, keeping a checkpoint.
    Stop,
    /// Classify every text.
    Classify,
    /// Write the results to a file.
    Export,
    /// The next of system, light and dark.
    Theme,
    /// Larger text.
    Larger,
    /// Smaller text.
    Smaller,
    /// Text of the usual size.
    UsualSize,
    /// Settings.
    Settings,
    /// What this program is, and its licences.
    About,
}

impl Action {
    /// Every action, in the order of the palette.
    pub const ALL: [Self; 31] = [
        Self::Show(Screen::Texts),
        Self::Show(Screen::Label),
        Self::Show(Screen::Train),
        Self::Show(Screen::Classify),
        Self::Show(Screen::Write),
        Self::OpenFile,
        Self::OpenSample,
        Self::FreshSample,
        // Before `Undo`: egui ignores a Shift too many, and would take this one's keys for those of `Undo`.
        Self::Redo,
        Self::Undo,
        Self::Skip,
        Self::Unsure,
        Self::Suggestions,
        Self::NewLabel,
        Self::FindLabel,
        Self::Similar,
        Self::Map,
        // Before `Train`, for the same reason.
        Self::Classify,
        Self::Train,
        Self::Compare,
        Self::PauseResume,
        Self::Step,
        Self::Stop,
        Self::Export,
        Self::Theme,
        Self::Larger,
        Self::Smaller,
        Self::UsualSize,
        Self::Settings,
        Self::About,
        Self::Palette,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Show(screen) => screen.name(),
            Self::Palette => "Find an action",
            Self::OpenFile => "Open a file of texts",
            Self::OpenSample => "Try the sample",
            Self::FreshSample => "Start the sample afresh",
            Self::Undo => "Undo",
            Self::Redo => "Redo",
            Self::Skip => "Skip this text",
            Self::Unsure => "Cannot tell",
            Self::Suggestions => "Show or hide suggestions",
            Self::NewLabel => "New label",
            Self::FindLabel => "Find a label",
            Self::Similar => "Similar texts",
            Self::Map => "Map of all texts",
            Self::Train => "Start training",
            Self::Compare => "Compare methods",
            Self::PauseResume => "Pause or resume training",
            Self::Step => "One training step",
            Self::Stop => "Stop training",
            Self::Classify => "Classify every text",
            Self::Export => "Export the results",
            Self::Theme => "Light, dark or system colours",
            Self::Larger => "Larger text",
            Self::Smaller => "Smaller text",
            Self::UsualSize => "Text of the usual size",
            Self::Settings => "Settings",
            Self::About => "About Unfreeze",
        }
    }

    /// What it does, in a sentence.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Show(screen) => screen.explanation(),
            Self::Palette => "Every action by its name, with its key.",
            Self::OpenFile => {
                "A table (CSV, TSV, Excel, OpenDocument, JSON lines, Parquet) or plain text, a text a line."
            }
            Self::OpenSample => {
                "Six hundred customer messages, to see how it goes; with your labels where you gave it some."
            }
            Self::FreshSample => {
                "Another project of the sample without any label; the one that you have stays."
            }
            Self::Undo => "Takes back the last answer or change of labels, as far back as the beginning.",
            Self::Redo => "Does again what was taken back.",
            Self::Skip => "Leaves this text for later and shows the next.",
            Self::Unsure => "Marks the text as one that cannot be told; it is not trained on.",
            Self::Suggestions => "Suggestions save time and can bias: hide them to judge for yourself.",
            Self::NewLabel => "Adds a label; it gets the next key.",
            Self::FindLabel => {
                "Shows only labels with the letters that you type; Enter gives the first of them."
            }
            Self::Similar => "The texts nearest to this one, to be labelled together.",
            Self::Map => "Every text as a point, similar ones close together; draw round some to label them.",
            Self::Train => {
                "Trains a classifier on your labels, from a language model that has read your texts."
            }
            Self::Compare => {
                "Measures the paper's ways of training on your own labels, beside TF-IDF and guessing: what does each part give?"
            }
            Self::PauseResume => "Holds training between two steps, or lets it go on.",
            Self::Step => "Does one training step and holds again.",
            Self::Stop => "Ends training after this step; it can be resumed from its checkpoint.",
            Self::Classify => "Labels every text with the trained model.",
            Self::Export => "Writes texts, labels and confidences as a file.",
            Self::Theme => "Follows the system, or stays light or dark.",
            Self::Larger | Self::Smaller => "Changes the size of everything.",
            Self::UsualSize => "Takes every change of the size back.",
            Self::Settings => "Colours, size, motion, the goal of labels, the device and the seed.",
            Self::About => "Version, licences and where the base model comes from.",
        }
    }

    /// Its key, where it has one.
    pub fn shortcut(self) -> Option<KeyboardShortcut> {
        let plain = |key| Some(KeyboardShortcut::new(Modifiers::NONE, key));
        let command = |key| Some(KeyboardShortcut::new(Modifiers::COMMAND, key));
        let shift = Modifiers::COMMAND.plus(Modifiers::SHIFT);
        match self {
            Self::Show(screen) => command(screen.key()),
            Self::Palette => command(Key::K),
            Self::OpenFile => command(Key::O),
            Self::OpenSample | Self::FreshSample => None,
            Self::Undo => command(Key::Z),
            Self::Redo => Some(KeyboardShortcut::new(shift, Key::Z)),
            Self::Skip => plain(Key::Space),
            Self::Unsure => plain(Key::U),
            Self::Suggestions => plain(Key::H),
            Self::NewLabel => plain(Key::N),
            Self::FindLabel => plain(Key::Slash),
            Self::Similar => plain(Key::S),
            Self::Map => plain(Key::M),
            Self::Train => command(Key::Enter),
            Self::Compare => plain(Key::C),
            Self::PauseResume => plain(Key::P),
            Self::Step => plain(Key::Period),
            Self::Stop => None,
            Self::Classify => Some(KeyboardShortcut::new(shift, Key::Enter)),
            Self::Export => command(Key::E),
            Self::Theme => command(Key::D),
            Self::Larger => command(Key::Plus),
            Self::Smaller => command(Key::Minus),
            Self::UsualSize => command(Key::Num0),
            Self::Settings => command(Key::Comma),
            Self::About => None,
        }
    }

    /// Every key that it has: on many keyboards the plus is an equals sign with Shift, and nobody presses that for it.
    pub fn shortcuts(self) -> impl Iterator<Item = KeyboardShortcut> {
        let other = (self == Self::Larger).then(|| KeyboardShortcut::new(Modifiers::COMMAND, Key::Equals));
        self.shortcut().into_iter().chain(other)
    }

    /// The key that a screen has for it while nothing else there wants it, where it has none everywhere.
    pub fn key_of_screen(self) -> Option<Key> {
        (self == Self::OpenSample).then_some(Key::S)
    }

    /// The screen that carries it out and on which its key works; `None` for those of the whole window.
    pub fn screen(self) -> Option<Screen> {
        match self {
            Self::Skip
            | Self::Unsure
            | Self::Suggestions
            | Self::NewLabel
            | Self::FindLabel
            | Self::Similar
            | Self::Map => Some(Screen::Label),
            Self::Compare | Self::PauseResume | Self::Step | Self::Stop => Some(Screen::Train),
            _ => None,
        }
    }
}

/// Plain keys that press, leave or move what has the focus.
const HANDLING: [Key; 8] = [
    Key::Space,
    Key::Enter,
    Key::Tab,
    Key::Escape,
    Key::ArrowUp,
    Key::ArrowDown,
    Key::ArrowLeft,
    Key::ArrowRight,
];

/// Whether what has the focus keeps this key, so that it is no action's: a text field or an open list keeps every plain key,
/// anything else (a button, or a plot that was dragged on) those that handle it.
pub fn is_kept(ctx: &Context, shortcut: &KeyboardShortcut) -> bool {
    let handles = ctx.egui_wants_keyboard_input() && HANDLING.contains(&shortcut.logical_key);
    shortcut.modifiers.is_none() && (handles || ctx.text_edit_focused() || egui::Popup::is_any_open(ctx))
}

#[cfg(test)]
mod tests {
    use egui::accesskit::Role;
    use egui_kittest::{Harness, kittest::Queryable as _};

    use super::*;

    #[test]
    fn a_text_field_keeps_every_plain_key_and_a_button_those_that_press_it() {
        let draw = |ui: &mut egui::Ui, text: &mut String| {
            let button = ui.add(egui::Button::new("press"));
            ui.text_edit_singleline(text).labelled_by(button.id);
            let list = egui::ComboBox::from_id_salt("list").show_ui(ui, |ui| ui.label("an item"));
            list.response.accessible_name("list");
        };
        let mut harness = Harness::new_ui_state(draw, String::new());
        let kept = |harness: &Harness<'_, String>| {
            [Action::Skip, Action::PauseResume, Action::Step, Action::Train].map(|action| {
                let shortcut = action.shortcut();
                shortcut.is_some_and(|shortcut| is_kept(&harness.ctx, &shortcut))
            })
        };
        assert_eq!(kept(&harness), [false; 4]);
        harness.get_by_role(Role::Button).focus();
        harness.run_steps(2);
        assert_eq!(kept(&harness), [true, false, false, false]);
        harness.get_by_role(Role::TextInput).focus();
        harness.run_steps(2);
        assert_eq!(kept(&harness), [true, true, true, false]);
        harness.get_by_role(Role::Button).focus();
        harness.run_steps(2);
        harness.get_by_label("list").click();
        harness.run_steps(2);
        harness.get_by_label("an item");
        assert_eq!(kept(&harness), [true, true, true, false]);
    }

    #[test]
    fn keys_with_shift_are_looked_for_before_those_without() {
        for (at, action) in Action::ALL.into_iter().enumerate() {
            let Some(shortcut) = action.shortcut() else {
                continue;
            };
            let earlier = Action::ALL[..at].iter().filter_map(|a| a.shortcut());
            for other in earlier.filter(|o| o.logical_key == shortcut.logical_key) {
                assert!(
                    !other.modifiers.contains(shortcut.modifiers)
                        || other.modifiers.shift
                        || !shortcut.modifiers.shift
                );
                assert_ne!(other, shortcut, "{action:?} has another action's key");
            }
        }
    }
}

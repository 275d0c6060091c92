//! The key of each label: 1 to 9, 0, then the letters that no action of this screen uses.

use egui::{Event, Key, Ui};

/// How many labels have a key.
pub const COUNT: usize = 30;

/// Keys of labels, in the order of the labels.
const KEYS: [(Key, &str); COUNT] = [
    (Key::Num1, "1"),
    (Key::Num2, "2"),
    (Key::Num3, "3"),
    (Key::Num4, "4"),
    (Key::Num5, "5"),
    (Key::Num6, "6"),
    (Key::Num7, "7"),
    (Key::Num8, "8"),
    (Key::Num9, "9"),
    (Key::Num0, "0"),
    (Key::A, "A"),
    (Key::B, "B"),
    (Key::C, "C"),
    (Key::D, "D"),
    (Key::E, "E"),
    (Key::F, "F"),
    (Key::G, "G"),
    (Key::I, "I"),
    (Key::J, "J"),
    (Key::K, "K"),
    (Key::L, "L"),
    (Key::O, "O"),
    (Key::Q, "Q"),
    (Key::R, "R"),
    (Key::T, "T"),
    (Key::V, "V"),
    (Key::W, "W"),
    (Key::X, "X"),
    (Key::Y, "Y"),
    (Key::Z, "Z"),
];

/// The key of the label at this position, as it is printed; `None` past the last key.
pub fn printed(position: usize) -> Option<&'static str> {
    KEYS.get(position).map(|k| k.1)
}

/// The position of the label that a key gives. Where digits lie on shifted keys, the place of the key decides.
pub fn position(key: Key, physical: Option<Key>) -> Option<usize> {
    let of = |key| KEYS.iter().position(|k| k.0 == key);
    of(key).or_else(|| physical.and_then(of).filter(|&at| at < 10))
}

/// The position of the label whose key went down in this frame.
///
/// A key that is held down counts once: a text that nobody has seen must not be labelled.
pub(super) fn pressed(ui: &Ui) -> Option<usize> {
    ui.input(|input| {
        input.events.iter().find_map(|event| match event {
            Event::Key {
                key,
                physical_key,
                pressed: true,
                repeat: false,
                modifiers,
            } if !(modifiers.ctrl || modifiers.alt || modifiers.command || modifiers.mac_cmd) => {
                position(*key, *physical_key)
            }
            _ => None,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::Screen;
    use crate::ui::actions::Action;

    #[test]
    fn no_label_has_the_key_of_an_action() {
        let taken = |key| {
            Action::ALL.iter().any(|action| {
                let here = action.screen().is_none_or(|s| s == Screen::Label);
                let plain = action.shortcut().filter(|s| s.modifiers.is_none());
                here && plain.is_some_and(|s| s.logical_key == key)
            })
        };
        for (key, printed) in KEYS {
            assert!(!taken(key), "{printed}");
            assert_eq!(key.name(), printed);
        }
        assert_eq!(printed(COUNT), None);
    }
}

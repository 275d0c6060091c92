//! How much a user has to do.

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use unfreeze::ui::{App, Screen};

use super::flow::{answered, shared, until};
use super::window_in;

/// The window with a count of what is pressed and clicked.
struct Hands {
    harness: Harness<'static, App>,
    done: usize,
}

impl Hands {
    fn press(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.harness.step();
        self.done += 1;
    }

    fn click(&mut self, name: &str) {
        self.harness.get_by_label(name).click();
        self.harness.run_steps(2);
        self.done += 1;
    }

    /// What was done since the last call.
    fn count(&mut self) -> usize {
        std::mem::take(&mut self.done)
    }
}

/// A key to begin, a key a label, and at most three for a trained classifier.
#[test]
fn few_keys_lead_to_a_trained_classifier() {
    let home = tempfile::tempdir().unwrap();
    let mut hands = Hands {
        harness: window_in(home.path(), [1280.0, 800.0], false),
        done: 0,
    };
    hands.harness.run_steps(4);
    hands.press(Modifiers::NONE, Key::S);
    until(&mut hands.harness, "a text is asked for", |s| {
        s.screen == Screen::Label && s.project.is_some()
    });
    until(&mut hands.harness, "the assistant knows what to ask", |s| {
        !s.insight.queue.is_empty()
    });
    assert_eq!(hands.count(), 1, "from the launch to the first text");
    for given in 1..=20 {
        hands.press(Modifiers::NONE, [Key::Num1, Key::Num2][given % 2]);
        until(&mut hands.harness, "a label on disk", |s| {
            answered(s).len() == given
        });
    }
    assert_eq!(hands.count(), 20, "for twenty labels");

    // One key trains as the window proposes. Without stage 2, which takes longer than a test may, it is three.
    hands.press(Modifiers::COMMAND, Key::Num3);
    hands.harness.run_steps(3);
    hands.click("adapt first");
    hands.press(Modifiers::COMMAND, Key::Enter);
    assert!(hands.count() <= 3);
    until(&mut hands.harness, "a classifier", |s| {
        s.model.is_some() && !s.run.busy()
    });
    assert_eq!(hands.count(), 0, "it asks for nothing more");
    assert!(shared(&hands.harness).messages.iter().all(|m| !m.failure));
}

#[test]
fn one_key_begins_to_train() {
    let home = tempfile::tempdir().unwrap();
    let mut hands = Hands {
        harness: window_in(home.path(), [1280.0, 800.0], true),
        done: 0,
    };
    hands.harness.run_steps(4);
    hands.press(Modifiers::NONE, Key::S);
    until(&mut hands.harness, "the sample is open", |s| {
        s.screen == Screen::Label && !s.insight.queue.is_empty()
    });
    for given in 1..=8 {
        hands.press(Modifiers::NONE, [Key::Num1, Key::Num2][given % 2]);
        until(&mut hands.harness, "a label on disk", |s| {
            answered(s).len() == given
        });
    }
    hands.count();
    hands.press(Modifiers::COMMAND, Key::Enter);
    until(&mut hands.harness, "training goes on", |s| {
        s.run.record.live().is_some_and(|live| live.step > 0)
    });
    assert_eq!(hands.count(), 1);
}

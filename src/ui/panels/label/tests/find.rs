//! More labels than keys.

use super::*;

/// As many labels as somebody who sorts questions to a bank has.
fn banking(insight: Insight, size: (f32, f32)) -> Screenful {
    let names: Vec<String> = (0..77).map(|i| format!("topic {i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    screen(Some(open(numbered(9), &names)), insight, size)
}

#[test]
fn a_label_without_a_key_is_found_by_its_name() {
    let mut h = banking(Insight::default(), (1180.0, 740.0));
    let first = h.state().text();
    h.get_by_label("find label, key /");
    press(&mut h, Key::Slash);
    h.get_by_role(Role::TextInput).type_text("76");
    h.run();
    h.get_by_label("Label: topic 76");
    assert!(h.query_by_label("Label: topic 1, key 2").is_none());
    // What is typed gives no label by its key, and Enter the first that is left.
    assert!(h.state().answers().is_empty());
    press(&mut h, Key::Enter);
    assert_eq!(h.state().answers(), [(first, label(76))]);
    // The keys are the labels' again.
    assert!(h.query_by_role(Role::TextInput).is_none());
    press(&mut h, Key::Num2);
    assert_eq!(h.state().project().count(1), 1);
}

#[test]
fn enter_gives_no_label_before_a_letter_is_typed_or_where_none_is_left() {
    let mut h = banking(Insight::default(), (1180.0, 740.0));
    press(&mut h, Key::Slash);
    press(&mut h, Key::Enter);
    h.get_by_role(Role::TextInput).type_text("weather");
    h.run();
    h.get_by_label("No label has these letters.");
    press(&mut h, Key::Enter);
    assert!(h.state().answers().is_empty());
    press(&mut h, Key::Escape);
    assert!(h.query_by_role(Role::TextInput).is_none());
    h.get_by_label("Label: topic 1, key 2");
}

/// On some keyboards it lies on a shifted digit, which is a label's place.
#[test]
fn a_slash_on_the_place_of_a_digit_labels_nothing() {
    let mut h = banking(Insight::default(), (1180.0, 740.0));
    h.input_mut().events.push(Event::Key {
        key: Key::Slash,
        physical_key: Some(Key::Num7),
        pressed: true,
        repeat: false,
        modifiers: Modifiers::SHIFT,
    });
    h.run();
    assert!(h.state().answers().is_empty());
    h.get_by_role(Role::TextInput);
}

#[test]
fn the_list_of_labels_takes_the_place_of_the_field() {
    let mut h = usual(9);
    press(&mut h, Key::Num1);
    press(&mut h, Key::Slash);
    h.get_by_label("edit labels").click();
    h.run();
    assert_eq!(h.state().panel.mode, Mode::Labels);
    // A label's key gives none there, and takes no other key away.
    press(&mut h, Key::Num2);
    assert_eq!(h.state().project().labelled(), 1);
    press(&mut h, Key::Backspace);
    assert_eq!(h.state().project().labelled(), 0);
    press(&mut h, Key::Escape);
    assert_eq!(h.state().panel.mode, Mode::Read);
}

#[test]
fn on_a_phone_the_field_opens_by_a_tap() {
    let mut h = banking(Insight::default(), (390.0, 740.0));
    let text = h.state().text();
    h.get_by_label("find").click();
    h.run();
    h.get_by_role(Role::TextInput).type_text("topic 70");
    h.run();
    h.get_by_label("Label: topic 70").click();
    h.run();
    assert_eq!(h.state().answers(), [(text, label(70))]);
}

#[test]
fn with_a_key_for_each_label_none_has_to_be_found() {
    let h = usual(9);
    assert!(h.query_by_label("find label, key /").is_none());
}

#[test]
fn the_suggested_label_comes_into_view() {
    let insight = Insight {
        features: (9, 9),
        labels: vec![0, 70],
        probabilities: suggesting(&[0.3, 0.7]),
        ..Insight::default()
    };
    let h = banking(insight, (1180.0, 740.0));
    let button = h.get_by_label("Label: topic 70, 70 %, suggested").rect();
    let hints = h.get_by_label("find label, key /").rect();
    assert!(
        button.min.y > 300.0 && button.max.y <= hints.min.y,
        "{button:?} {hints:?}"
    );
}

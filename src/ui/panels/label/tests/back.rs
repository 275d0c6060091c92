//! Answers that are taken back, given again, and changed.

use super::*;

#[test]
fn undo_goes_back_text_by_text_and_redo_forth() {
    let mut h = usual(30);
    let mut asked = Vec::new();
    for _ in 0..5 {
        asked.push(h.state().text());
        press(&mut h, Key::Num1);
    }
    for text in asked.iter().rev() {
        press(&mut h, Key::Backspace);
        assert_eq!(h.state().text(), *text);
    }
    assert_eq!(h.state().project().labelled(), 0);
    h.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    h.run();
    assert_eq!(h.state().answers(), [(asked[0], label(0))]);
    assert_eq!(h.state().text(), asked[1]);
    // Another answer to the text that came back.
    press(&mut h, Key::Num2);
    assert_eq!(h.state().answers(), [(asked[0], label(0)), (asked[1], label(1))]);
}

#[test]
fn keeping_aside_and_answering_is_one_step_to_the_user() {
    let queue = vec![
        Pick {
            text: 3,
            reason: Reason::KeptAside,
        },
        Pick {
            text: 4,
            reason: Reason::Diverse,
        },
    ];
    let insight = Insight {
        queue,
        labels: vec![0, 1],
        probabilities: Arc::new(HashMap::from([
            (3, Arc::from([0.9, 0.1])),
            (4, Arc::from([0.2, 0.8])),
        ])),
        ..Insight::default()
    };
    let mut h = screen(
        Some(open(numbered(9), &["Billing", "Delivery"])),
        insight,
        (1180.0, 740.0),
    );
    assert_eq!(h.state().text(), 3);
    h.get_by_label_contains("kept aside to measure the error");
    h.get_by_label_contains("nothing is suggested");
    press(&mut h, Key::Num1);
    assert_eq!(h.state().project().aside(), [3]);
    press(&mut h, Key::Num1);
    let all: Vec<Answered> = h.state().project().answered().collect();
    // What was not shown is not recorded as suggested.
    assert_eq!(all[0].suggested, None);
    assert_eq!((all[1].text, all[1].suggested), (4, Some(1)));
    press(&mut h, Key::Backspace);
    press(&mut h, Key::Backspace);
    assert_eq!(h.state().text(), 3);
    assert!(h.state().project().aside().is_empty());
    assert!(matches!(
        h.state().project().undoable(),
        Some(Step::CreateLabel { .. })
    ));
    for _ in 0..2 {
        h.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
        h.run();
    }
    assert_eq!(h.state().project().aside(), [3]);
    assert_eq!(h.state().answers(), [(3, label(0)), (4, label(0))]);
    assert_eq!(h.state().project().redoable(), None);
}

#[test]
fn an_earlier_answer_can_be_changed_or_left() {
    let mut h = usual(30);
    let first = h.state().text();
    press(&mut h, Key::Num1);
    press(&mut h, Key::Num1);
    let next = h.state().text();
    let row = format!("Change: message number {first}, Billing");
    h.get_by_label(&row).click();
    h.run();
    assert_eq!(h.state().text(), first);
    h.get_by_label_contains("Your answer was: Billing");
    press(&mut h, Key::Escape);
    assert_eq!(h.state().text(), next);
    h.get_by_label(&row).click();
    h.run();
    press(&mut h, Key::Num2);
    assert_eq!(h.state().project().answer(first), Some(label(1)));
    assert_eq!((h.state().text(), h.state().project().labelled()), (next, 2));
    h.get_by_label(&format!("Change: message number {first}, Delivery"))
        .click();
    h.run();
    h.get_by_label("Take the answer back").click();
    h.run();
    assert_eq!(h.state().project().answer(first), None);
    assert_eq!(h.state().project().labelled(), 1);
}

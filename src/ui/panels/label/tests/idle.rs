//! What cannot be done now is not offered, or says why.

use egui_kittest::kittest::NodeT as _;

use super::*;
use crate::ui::panels::label::buttons::ALL_ANSWERED;

/// What the messages say.
fn said(h: &Screenful) -> Vec<&str> {
    let messages = &h.state().shared.messages;
    messages.iter().map(|m| m.text.as_str()).collect()
}

#[test]
fn where_several_texts_are_labelled_none_is_skipped() {
    let mut h = usual(9);
    h.get_by_label("skip, key Space");
    press(&mut h, Key::M);
    assert!(h.query_by_label("skip, key Space").is_none());
    assert!(h.query_by_label("unsure, key U").is_none());
    // Nothing is selected yet.
    assert!(
        h.get_by_label("Label: Billing, key 1")
            .accesskit_node()
            .is_disabled()
    );
    press(&mut h, Key::U);
    assert_eq!(
        said(&h),
        ["Skipping and unsure are for one text at a time; Esc leads back to it."]
    );
    assert!(h.state().answers().is_empty());
}

#[test]
fn where_every_text_has_an_answer_none_can_be_given() {
    let mut h = usual(2);
    press(&mut h, Key::Num1);
    press(&mut h, Key::Num2);
    for hint in ["skip, key Space", "unsure, key U", "similar texts, key S"] {
        assert!(h.query_by_label(hint).is_none(), "{hint}");
    }
    assert!(
        h.get_by_label("Label: Billing, key 1")
            .accesskit_node()
            .is_disabled()
    );
    for key in [Key::Space, Key::S] {
        press(&mut h, key);
        assert_eq!(said(&h), [ALL_ANSWERED]);
    }
    // An answer of the list can be changed.
    h.get_by_label_contains("Change: message number 0").click();
    h.run();
    assert!(
        !h.get_by_label("Label: Billing, key 1")
            .accesskit_node()
            .is_disabled()
    );
    press(&mut h, Key::Num2);
    assert_eq!(h.state().project().answer(0), Some(label(1)));
}

#[test]
fn that_one_kind_of_label_cannot_be_told_from_others_is_said() {
    let mut project = open(numbered(30), &["Billing", "Delivery"]);
    let aside: Vec<TextId> = (0..8).collect();
    project.act(Step::KeepAside { texts: aside.clone() }).unwrap();
    let give = |project: &mut OpenProject, text, id| {
        let step = Step::Answer {
            text,
            answer: label(id),
            suggested: None,
        };
        project.act(step).unwrap();
    };
    // Both kinds measure, but only one is learned from.
    for text in aside {
        give(&mut project, text, (text % 2) as u16);
    }
    for text in 8..12 {
        give(&mut project, text, 0);
    }
    let mut h = screen(Some(project), Insight::default(), (1180.0, 740.0));
    h.get_by_label_contains("needs labels of two kinds that are not kept aside");
    give(h.state_mut().shared.project.as_mut().unwrap(), 12, 1);
    h.run();
    h.get_by_label_contains("8 are there; once there are enough");
}

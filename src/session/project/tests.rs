use std::sync::Arc;

use proptest::prelude::*;

use super::*;

fn project(texts: usize) -> Project {
    let texts = Texts {
        texts: (0..texts).map(|i| format!("text {i}")).collect(),
        ..Texts::default()
    };
    Project::new("test", Arc::new(texts))
}

fn label(text: TextId, label: LabelId) -> Action {
    Action::Answer {
        text,
        answer: Answer::Label(label),
        suggested: None,
    }
}

fn create(name: &str) -> Action {
    Action::CreateLabel { name: name.into() }
}

/// Everything that can be seen of a project.
pub(super) fn seen(p: &Project) -> (Vec<Label>, Vec<Answered>, Vec<TextId>, Vec<usize>) {
    let labels: Vec<Label> = p.labels().cloned().collect();
    let counts = labels.iter().map(|l| p.count(l.id)).collect();
    (labels, p.answered().collect(), p.aside().to_vec(), counts)
}

#[test]
fn a_later_answer_replaces_the_earlier_one() {
    let mut p = project(3);
    for action in [create("a"), create("b"), label(0, 0), label(1, 0), label(0, 1)] {
        p.apply(action).unwrap();
    }
    assert_eq!((p.labelled(), p.count(0), p.count(1)), (2, 1, 1));
    assert_eq!(p.answered().map(|a| a.text).collect::<Vec<_>>(), [1, 0]);
}

#[test]
fn merging_moves_the_answers_and_undo_moves_them_back() {
    let mut p = project(3);
    for action in [create("a"), create("b"), label(0, 0), label(1, 1)] {
        p.apply(action).unwrap();
    }
    let before = seen(&p);
    p.apply(Action::MergeLabels { from: 0, into: 1 }).unwrap();
    assert_eq!((p.count(1), p.label(0)), (2, None));
    p.apply(Action::Undo).unwrap();
    assert_eq!(seen(&p), before);
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let mut p = project(1);
    p.apply(create("a")).unwrap();
    let before = seen(&p);
    for (action, why) in [
        (label(1, 0), Refused::NoText { text: 1, texts: 1 }),
        (label(0, 7), Refused::NoLabel(7)),
        (create(" a "), Refused::NameTaken("a".into())),
        (create("  "), Refused::NoName),
        (Action::MergeLabels { from: 0, into: 0 }, Refused::SameLabel),
        (Action::Redo, Refused::NothingToRedo),
    ] {
        assert_eq!(p.check(&action), Err(why.clone()));
        assert_eq!(p.apply(action), Err(why));
        assert_eq!(seen(&p), before);
    }
}

pub(super) fn any_action() -> impl Strategy<Value = Action> {
    prop_oneof![
        6 => (0..20u32, 0..4u16).prop_map(|(t, l)| label(t, l)),
        1 => (0..20u32).prop_map(|text| Action::Clear { text }),
        2 => "[abc]".prop_map(|name| Action::CreateLabel { name }),
        1 => (0..4u16, "[abc]").prop_map(|(label, name)| Action::RenameLabel { label, name }),
        1 => (0..4u16, 0..4u16).prop_map(|(from, into)| Action::MergeLabels { from, into }),
        1 => (0..4u16).prop_map(|label| Action::DeleteLabel { label }),
        1 => prop::collection::vec(0..20u32, 0..5).prop_map(|texts| Action::KeepAside { texts }),
        3 => Just(Action::Undo),
        2 => Just(Action::Redo),
    ]
}

proptest! {
    /// The log replayed gives the same project, and undoing everything gives an empty one, whatever was done.
    #[test]
    fn the_log_is_the_project(actions in prop::collection::vec(any_action(), 0..300)) {
        let mut p = project(20);
        let accepted: Vec<Action> = actions.into_iter().filter(|a| p.apply(a.clone()).is_ok()).collect();
        let mut again = project(20);
        for action in accepted {
            prop_assert_eq!(again.check(&action), Ok(()));
            again.apply(action).unwrap();
        }
        prop_assert_eq!(seen(&again), seen(&p));
        let full = seen(&p);
        let mut steps = 0;
        while p.apply(Action::Undo).is_ok() {
            steps += 1;
        }
        prop_assert_eq!(seen(&p), seen(&project(20)));
        for _ in 0..steps {
            p.apply(Action::Redo).unwrap();
        }
        prop_assert_eq!(seen(&p), full);
    }
}

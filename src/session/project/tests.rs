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

fn together(texts: &[TextId], label: LabelId) -> Action {
    Action::AnswerMany {
        texts: texts.to_vec(),
        answer: Answer::Label(label),
        alike: true,
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
fn what_was_labelled_together_stays_a_group() {
    let mut p = project(12);
    for action in [
        create("a"),
        create("b"),
        label(0, 0),
        together(&[1, 2, 3], 0),
        together(&[4, 5], 1),
    ] {
        p.apply(action).unwrap();
    }
    let same = |p: &Project, texts: &[TextId]| {
        let of = |text: &TextId| p.answered().find(|a| a.text == *text).and_then(|a| a.group);
        let groups: Vec<Option<u64>> = texts.iter().map(of).collect();
        groups[0].is_some() && groups.windows(2).all(|two| two[0] == two[1])
    };
    let groups = |p: &Project| p.answered().filter(|a| a.group.is_some()).count();
    assert!(same(&p, &[1, 2, 3]) && same(&p, &[4, 5]) && !same(&p, &[3, 4]));
    assert_eq!(groups(&p), 5);
    // It was chosen for its likeness, whatever is said of it later.
    p.apply(label(2, 1)).unwrap();
    p.apply(Action::MergeLabels { from: 1, into: 0 }).unwrap();
    assert!(same(&p, &[1, 2, 3]) && same(&p, &[4, 5]));
    // What is alike to one of a group is alike to all of it, and so is one that had a label before.
    p.apply(together(&[0, 3, 6], 0)).unwrap();
    assert!(same(&p, &[0, 1, 2, 3, 6]) && !same(&p, &[3, 4]));
    let before = seen(&p);
    p.apply(Action::Clear { text: 3 }).unwrap();
    p.apply(label(3, 0)).unwrap();
    assert_eq!(groups(&p), 6);
    for _ in 0..2 {
        p.apply(Action::Undo).unwrap();
    }
    assert_eq!(seen(&p), before);
    for _ in 0..6 {
        p.apply(Action::Undo).unwrap();
    }
    for _ in 0..6 {
        p.apply(Action::Redo).unwrap();
    }
    assert_eq!(seen(&p), before);
}

#[test]
fn steps_of_earlier_versions_are_read_and_those_of_an_import_are_written_as_then() {
    let old = r#"{"action":"answer_many","texts":[0,2],"answer":{"label":0}}"#;
    let mut p = project(3);
    p.apply(create("a")).unwrap();
    let action: Action = serde_json::from_str(old).unwrap();
    assert_eq!(serde_json::to_string(&action).unwrap(), old);
    p.apply(action).unwrap();
    assert!(p.answered().all(|a| a.group.is_none()));
    let alike = serde_json::to_string(&together(&[1], 0)).unwrap();
    assert_eq!(serde_json::from_str::<Action>(&alike).unwrap(), together(&[1], 0));
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
fn a_merged_label_is_the_one_that_it_was_merged_into() {
    let mut p = project(3);
    for name in ["a", "b", "c"] {
        p.apply(create(name)).unwrap();
    }
    let now = |p: &Project| [0, 1, 2].map(|id| p.now(id));
    p.apply(Action::MergeLabels { from: 0, into: 1 }).unwrap();
    assert_eq!(now(&p), [1, 1, 2]);
    p.apply(Action::MergeLabels { from: 1, into: 2 }).unwrap();
    assert_eq!(now(&p), [2, 2, 2]);
    p.apply(Action::DeleteLabel { label: 2 }).unwrap();
    assert_eq!((now(&p), p.label(p.now(0))), ([2, 2, 2], None));
    for _ in 0..2 {
        p.apply(Action::Undo).unwrap();
    }
    assert_eq!(now(&p), [1, 1, 2]);
    p.apply(Action::Undo).unwrap();
    assert_eq!(now(&p), [0, 1, 2]);
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
        2 => (prop::collection::vec(0..20u32, 0..5), 0..4u16).prop_map(|(texts, l)| together(&texts, l)),
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

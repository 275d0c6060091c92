//! Many texts at once.

use super::*;

#[test]
fn similar_texts_are_labelled_together_but_for_the_unticked() {
    let mut h = usual(9);
    let of = h.state().text();
    press(&mut h, Key::S);
    assert_eq!(h.state().shared.wishes, [Wish::Similar(of)]);
    let others: Vec<TextId> = (0..9).filter(|&t| t != of).take(3).collect();
    let insight = Insight {
        similar: HashMap::from([(of, Arc::from(others.clone()))]),
        ..Insight::default()
    };
    h.state_mut().shared.insight = Arc::new(insight);
    h.run();
    h.get_by_label("Label these 4 as …");
    h.get_by_label(&format!("message number {}", others[1])).click();
    h.run();
    h.get_by_label("Label these 3 as …");
    press(&mut h, Key::Num2);
    let expected: Vec<_> = [of, others[0], others[2]].map(|t| (t, label(1))).into();
    assert_eq!(h.state().answers(), expected);
    assert_eq!(h.state().panel.mode, Mode::Read);
    assert!(!expected.iter().any(|e| e.0 == h.state().text()));
    press(&mut h, Key::Backspace);
    assert!(h.state().answers().is_empty());
}

#[test]
fn what_is_labelled_together_is_marked_through_undo_and_redo() {
    let mut h = usual(9);
    press(&mut h, Key::Num1);
    let of = h.state().text();
    press(&mut h, Key::S);
    let others: Vec<TextId> = (0..9)
        .filter(|&t| t != of && h.state().project().answer(t).is_none())
        .take(2)
        .collect();
    let insight = Insight {
        similar: HashMap::from([(of, Arc::from(others))]),
        ..Insight::default()
    };
    h.state_mut().shared.insight = Arc::new(insight);
    h.run();
    press(&mut h, Key::Num2);
    let groups =
        |h: &Screenful| -> Vec<Option<u64>> { h.state().project().answered().map(|a| a.group).collect() };
    let marked = groups(&h);
    assert!(marked[0].is_none() && marked[1].is_some());
    assert!(marked.len() == 4 && marked[1..].iter().all(|group| *group == marked[1]));
    press(&mut h, Key::Backspace);
    assert_eq!(groups(&h), [None]);
    h.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z);
    h.run();
    assert_eq!(groups(&h), marked);
    // One by itself is of no group, however it was found.
    press(&mut h, Key::S);
    press(&mut h, Key::Num1);
    assert_eq!(groups(&h)[4], None);
}

#[test]
fn a_text_that_measures_the_error_is_labelled_by_itself() {
    let pick = |text, reason| Pick { text, reason };
    let insight = Insight {
        queue: vec![pick(3, Reason::KeptAside), pick(4, Reason::Diverse)],
        similar: HashMap::from([(3, Arc::from([5, 6])), (4, Arc::from([3, 7]))]),
        ..Insight::default()
    };
    let open = open(numbered(9), &["Billing", "Delivery"]);
    let mut h = screen(Some(open), insight, (1180.0, 740.0));
    assert_eq!(h.state().text(), 3);
    press(&mut h, Key::S);
    assert_eq!(h.state().panel.mode, Mode::Read);
    assert!(h.state().shared.wishes.is_empty());
    press(&mut h, Key::Num1);
    assert_eq!(
        (h.state().answers(), h.state().project().aside()),
        (vec![(3, label(0))], &[3][..])
    );
    // Nor does it join others once it has its label.
    assert_eq!(h.state().text(), 4);
    press(&mut h, Key::S);
    press(&mut h, Key::Num2);
    assert_eq!(h.state().answers(), [(3, label(0)), (4, label(1)), (7, label(1))]);
    h.get_by_label("Change: message number 3, Billing").click();
    h.run();
    press(&mut h, Key::S);
    assert_eq!(h.state().panel.mode, Mode::Read);
}

/// Texts 0 to 4 lie on the left, 5 to 9 on the right.
fn halves() -> Insight {
    let at = |t: TextId| [if t < 5 { 0.1 } else { 0.9 }, 0.1 + 0.2 * (t % 5) as f32];
    Insight {
        map: (0..10).map(|t| (t, at(t))).collect(),
        ..Insight::default()
    }
}

/// Draws a loop round the points on the right.
fn round_the_right(h: &mut Screenful) {
    let map = h.get_by_label_contains("Map of 10 texts").rect();
    let at = |x: f32, y: f32| map.min + vec2(x, y) * map.size();
    let corners: [Pos2; 5] = [
        at(0.6, 0.02),
        at(0.98, 0.02),
        at(0.98, 0.98),
        at(0.6, 0.98),
        at(0.6, 0.5),
    ];
    h.drag_at(corners[0]);
    h.run();
    for corner in corners {
        h.hover_at(corner);
        h.run();
    }
    h.drop_at(corners[4]);
    h.run();
}

#[test]
fn a_loop_on_the_map_labels_none_of_those_that_measure_the_error() {
    let insight = Insight {
        reserve: vec![2, 6, 8].into(),
        ..halves()
    };
    let mut h = screen(
        Some(open(numbered(10), &["Billing", "Delivery"])),
        insight,
        (1180.0, 740.0),
    );
    press(&mut h, Key::M);
    round_the_right(&mut h);
    h.get_by_label("Label these 3 as …");
    h.get_by_label_contains("2 more of these are kept to measure the error.");
    press(&mut h, Key::Num1);
    let mut labelled: Vec<TextId> = h.state().answers().into_iter().map(|a| a.0).collect();
    labelled.sort_unstable();
    assert_eq!(labelled, [5, 7, 9]);
    // Not by itself either.
    h.get_by_label("message number 6").click();
    h.run();
    h.get_by_label("1 of these is kept to measure the error.");
    press(&mut h, Key::Num1);
    assert_eq!(h.state().project().answer(6), None);
}

#[test]
fn a_loop_on_the_map_selects_what_a_key_labels() {
    let mut h = screen(
        Some(open(numbered(10), &["Billing", "Delivery"])),
        halves(),
        (1180.0, 740.0),
    );
    press(&mut h, Key::M);
    round_the_right(&mut h);
    h.get_by_label("Label these 5 as …");
    press(&mut h, Key::Num1);
    let mut labelled: Vec<TextId> = h.state().answers().into_iter().map(|a| a.0).collect();
    labelled.sort_unstable();
    assert_eq!(labelled, [5, 6, 7, 8, 9]);
    // The same by the list, for who does not see the map; an answered text keeps its answer.
    for text in ["message number 0", "message number 5"] {
        h.get_by_label(text).click();
        h.run();
    }
    h.get_by_label("Label this one as …");
    press(&mut h, Key::Num2);
    assert_eq!(h.state().project().answer(0), Some(label(1)));
    assert_eq!(h.state().project().answer(5), Some(label(0)));
    press(&mut h, Key::Escape);
    assert_eq!(h.state().panel.mode, Mode::Read);
}

#[test]
fn nearer_texts_that_are_read_later_come_unticked() {
    let mut h = usual(30);
    let of = h.state().text();
    let mut others = (0..30).filter(|&t| t != of);
    let [a, b, c] = [(); 3].map(|()| others.next().unwrap());
    let near = |read, found: &[TextId]| {
        Arc::new(Insight {
            features: (read, 30),
            similar: HashMap::from([(of, Arc::from(found))]),
            ..Insight::default()
        })
    };
    press(&mut h, Key::S);
    h.state_mut().shared.insight = near(10, &[a, b]);
    h.run();
    h.get_by_label("Label these 3 as …");
    h.get_by_label_contains("among the 10 of 30 texts read so far");
    // As the user left it, but for what is not near after all.
    h.state_mut().shared.insight = near(30, &[c, b]);
    h.run();
    h.get_by_label("Label these 2 as …");
    h.get_by_label("Nearer ones have been read since; they are not ticked yet.");
    assert!(h.query_by_label_contains("read so far").is_none());
    h.get_by_label("Tick all").click();
    h.run();
    h.get_by_label("Label these 3 as …");
    // What was chosen by hand stays.
    h.state_mut().shared.insight = near(30, &[c]);
    h.run();
    press(&mut h, Key::Num2);
    let mut labelled: Vec<TextId> = h.state().answers().into_iter().map(|given| given.0).collect();
    labelled.sort_unstable();
    let mut expected = vec![of, b, c];
    expected.sort_unstable();
    assert_eq!(labelled, expected);
}

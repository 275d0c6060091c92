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

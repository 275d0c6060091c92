//! What is said of the error, and whether there is enough.

use super::*;

#[test]
fn the_interval_of_the_error_is_told_by_its_ends() {
    // None of eight is wrong: the interval lies all on one side.
    let estimate = Estimate {
        trained_on: 24,
        measured_on: 8,
        error: 0.0,
        interval: (0.0, 0.324),
        baseline: 0.25,
    };
    let insight = Insight {
        estimate: Some(estimate),
        ..Insight::default()
    };
    let open = open(numbered(9), &["Billing", "Delivery"]);
    let h = screen(Some(open), insight, (1180.0, 740.0));
    h.get_by_label("0 % wrong");
    h.get_by_label("0 to 32 %");
}

#[test]
fn training_is_offered_only_where_it_would_start() {
    let mut h = usual(9);
    h.state_mut().shared.goal = 2;
    press(&mut h, Key::Num1);
    press(&mut h, Key::Num1);
    assert!(h.query_by_label("Enough to train").is_none());
    h.get_by_label_contains("one more label is still without a text");
    // Kept aside it is no text to learn from.
    let text = h.state().text();
    press(&mut h, Key::Num2);
    h.get_by_label("Enough to train");
    send(&mut h.state_mut().shared, Step::KeepAside { texts: vec![text] });
    h.run();
    assert!(h.query_by_label("Enough to train").is_none());
    // One text of a label is enough.
    press(&mut h, Key::Num2);
    h.get_by_label("Enough to train");
}

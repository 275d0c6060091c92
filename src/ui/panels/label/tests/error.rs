//! What is said of the error.

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

//! The cards beside the table.

use super::*;

#[test]
fn a_cell_of_the_matrix_shows_its_texts() {
    let mut h = usual();
    h.get_by_label("5 of 50 texts labelled billing are taken for returns")
        .click();
    h.run_ok();
    h.get_by_label("Shown: 5 texts: billing taken for returns.");
    assert_eq!(found_rows(&h), 5);
    h.get_by_label("Worst mistakes 9").click();
    h.run_ok();
    let panel = &h.state().panel;
    let first = panel.finder.as_ref().unwrap().found()[0];
    // The one that it was surest of.
    let surest = (0..100).filter(|t| t % 11 == 3).max_by_key(|t| t % 97).unwrap();
    assert_eq!(first, surest);
}

#[test]
fn why_is_asked_and_shown_in_calibrated_numbers() {
    let mut h = usual();
    h.state_mut().panel.filter.search = "number 1500".into();
    h.run_ok();
    press(&mut h, Key::ArrowDown);
    assert!(h.state().shared.side.busy(Asker::Why));
    let explanation = |text: &str| Event::Explanation {
        text: text.into(),
        labels: vec!["billing".into(), "returns".into()],
        probabilities: vec![0.2, 0.8],
        words: vec![WordWeight {
            start: 0,
            end: 7,
            weights: vec![-0.5, 0.5],
        }],
    };
    let hear = |h: &mut Screenful, text: &str| {
        let bench = h.state_mut();
        bench
            .panel
            .answered(Asker::Why, explanation(text), &mut bench.shared);
        h.run_ok();
    };
    hear(&mut h, "another text");
    assert!(
        h.state().panel.explained.is_none(),
        "an answer that comes too late"
    );
    hear(&mut h, "message number 1500");
    let trust = h.state().panel.known.as_ref().unwrap().1.trust.clone().unwrap();
    let without = trust.calibrated(&[0.7, 0.3])[1];
    h.get_by_label(&format!(
        "Without \"message\", returns would be {:.0} %.",
        100.0 * without
    ));
    h.get_by_label_contains("Why returns,");
    h.get_by_label("Keep, key Enter");
    h.get_by_label("billing, key 2");
}

#[test]
fn a_text_is_classified_as_it_is_typed() {
    let mut h = usual();
    h.get_by_label("A text to try").focus();
    h.run_ok();
    h.get_by_label("A text to try").type_text("where is my money");
    h.run_ok();
    assert!(h.state().shared.side.busy(Asker::Try));
    let bench = h.state_mut();
    let answer = Event::Explanation {
        text: "where is my money".into(),
        labels: vec!["billing".into(), "returns".into()],
        probabilities: vec![0.97, 0.03],
        words: Vec::new(),
    };
    bench.panel.answered(Asker::Try, answer, &mut bench.shared);
    h.run_ok();
    let known = h.state().panel.known.as_ref().unwrap();
    let p = known.1.trust.as_ref().unwrap().calibrated(&[0.97, 0.03]);
    h.get_by_label(&format!("returns {:.0} %", 100.0 * p[1]));
}

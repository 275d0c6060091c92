//! The cards beside the table.

use egui_kittest::kittest::NodeT as _;

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

#[test]
fn another_classifier_is_asked_about_the_text_that_stands_there() {
    let mut h = usual();
    h.get_by_label("A text to try").focus();
    h.run_ok();
    h.get_by_label("A text to try").type_text("where is my money");
    h.run_ok();
    assert!(h.state().shared.side.busy(Asker::Try));
    // Trained again before the answer comes: what comes is the earlier classifier's, and is not shown.
    h.state_mut().train(predict);
    let bench = h.state_mut();
    let late = Event::Explanation {
        text: "where is my money".into(),
        labels: vec!["billing".into(), "returns".into()],
        probabilities: vec![0.97, 0.03],
        words: Vec::new(),
    };
    bench.panel.answered(Asker::Try, late, &mut bench.shared);
    while bench.shared.side.busy(Asker::Try) {
        for (asker, event) in bench.shared.side.poll() {
            bench.panel.answered(asker, event, &mut bench.shared);
        }
        std::thread::yield_now();
    }
    assert!(bench.panel.try_one.answer.is_none() && bench.panel.try_one.failed.is_none());
    h.run_ok();
    assert!(h.state().shared.side.busy(Asker::Try), "it is asked anew");
}

#[test]
fn what_it_said_of_a_label_that_went_is_not_kept_nor_exported() {
    let mut h = usual();
    h.state_mut().open().act(Step::DeleteLabel { label: 1 }).unwrap();
    h.run_ok();
    // It said billing of this one, which the project had then.
    h.state_mut().panel.filter.search = "number 102".into();
    h.run_ok();
    press(&mut h, Key::ArrowDown);
    assert_eq!(h.state().panel.selected, Some(102));
    h.get_by_label_contains("Why billing,");
    h.get_by_label_contains("no longer has the label billing");
    assert!(h.get_by_label("Keep, key Enter").accesskit_node().is_disabled());
    press(&mut h, Key::Enter);
    assert_eq!(h.state().project().answer(102), None);
    assert_eq!(h.state().panel.selected, Some(102), "it does not go on");
    assert!(h.state().shared.messages.is_empty());
    let results = h.state().panel.results.as_ref().unwrap();
    assert_eq!(results.predicted(102), None);
    let billing = results.rows.iter().filter(|row| row.label == 0).count();
    let said = format!("{} texts have a label", crate::ui::number::count(billing));
    h.key_press_modifiers(Modifiers::COMMAND, Key::E);
    h.run_ok();
    h.get_by_label_contains(&said);
    press(&mut h, Key::Escape);
    // With the label, what was said of it comes back.
    h.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    h.run_ok();
    let results = h.state().panel.results.as_ref().unwrap();
    assert_eq!(results.predicted(102).map(|p| p.0), Some(1));
    assert!(h.query_by_label_contains("no longer has").is_none());
    assert!(!h.get_by_label("Keep, key Enter").accesskit_node().is_disabled());
}

#[test]
fn a_text_that_was_passed_over_can_be_given_what_the_classifier_says() {
    let mut h = usual();
    h.state_mut().panel.filter.search = "number 150".into();
    for (answer, title) in [
        (Answer::Skipped, "You skipped it. Why returns,"),
        (Answer::Unsure, "You could not tell. Why returns,"),
    ] {
        let texts = vec![150];
        let step = Step::AnswerMany {
            texts,
            answer,
            alike: false,
        };
        h.state_mut().open().act(step).unwrap();
        h.state_mut().panel.selected = Some(150);
        h.run_ok();
        h.get_by_label_contains(title);
        // Keep stands for its own button.
        assert!(h.query_by_label("returns, key 1").is_none());
        if answer == Answer::Skipped {
            press(&mut h, Key::Enter);
        } else {
            h.get_by_label("Keep, key Enter").click();
            h.run_ok();
        }
        assert_eq!(h.state().project().answer(150), Some(Answer::Label(0)));
    }
}

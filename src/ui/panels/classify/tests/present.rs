//! Labels that change after training: corrections, merged labels, and texts that measure the error.

use egui_kittest::kittest::NodeT as _;

use super::*;

fn known(h: &Screenful) -> &Knowledge {
    &h.state().panel.known.as_ref().unwrap().1
}

fn error(h: &Screenful) -> f64 {
    known(h).report.as_ref().unwrap().error
}

#[test]
fn mistakes_that_are_given_a_new_label_stay_mistakes() {
    let mut h = usual();
    assert_eq!((known(&h).judged.len(), error(&h)), (100, 0.09));
    let mistakes = known(&h).mistakes.clone();
    let open = h.state_mut().open();
    open.act(Step::CreateLabel { name: "rare".into() }).unwrap();
    for text in mistakes {
        label(open, text, 2);
    }
    h.run_ok();
    assert_eq!((known(&h).judged.len(), error(&h)), (100, 0.09));
}

#[test]
fn merged_labels_are_one_class_from_then_on() {
    let texts = Texts {
        source: "test".into(),
        texts: (0..300).map(|i| format!("message number {i}")).collect(),
        ..Texts::default()
    };
    let mut open = OpenProject::in_memory("messages", Arc::new(texts));
    for name in ["billing", "delivery", "payment"] {
        open.act(Step::CreateLabel { name: name.into() }).unwrap();
    }
    for text in 0..90 {
        label(&mut open, text, (text % 3) as LabelId);
    }
    // Billing and payment are taken for each other half of the time; delivery is always recognised.
    let predict = |text: TextId| match (text % 3, text % 2) {
        (1, _) => vec![0.125, 0.75, 0.125],
        (_, 0) => vec![0.625, 0.125, 0.25],
        _ => vec![0.25, 0.125, 0.625],
    };
    let mut h = screen(Some(open), WIDE, |bench| {
        bench.train(predict);
        bench.classify(predict);
    });
    assert!((error(&h) - 1.0 / 3.0).abs() < 1e-9);
    h.state_mut()
        .open()
        .act(Step::MergeLabels { from: 2, into: 0 })
        .unwrap();
    h.run_ok();
    assert_eq!(error(&h), 0.0);
    assert_eq!(known(&h).classes, ["billing", "delivery"]);
    assert_eq!(known(&h).report.as_ref().unwrap().confusion, [[60, 0], [0, 30]]);
    assert_eq!(known(&h).news, 0);
    // What was predicted payment is billing, and can be kept.
    let results = h.state().panel.results.as_ref().unwrap();
    assert_eq!(
        (results.gone_from(0.0), results.predicted(101).map(|p| p.0)),
        (0, Some(0))
    );
    h.state_mut().panel.filter.search = "number 101".into();
    h.run_ok();
    press(&mut h, Key::ArrowDown);
    press(&mut h, Key::Enter);
    assert_eq!(h.state().project().answer(101), Some(Answer::Label(0)));
    // Taken back, there are three again.
    for _ in 0..2 {
        h.state_mut().open().act(Step::Undo).unwrap();
    }
    h.run_ok();
    assert_eq!(known(&h).classes, ["billing", "delivery", "payment"]);
    assert!((error(&h) - 1.0 / 3.0).abs() < 1e-9);
}

/// A label that is given in view of what the classifier says agrees with it too often to measure it.
#[test]
fn what_it_says_of_a_text_that_measures_the_error_is_not_shown_before_the_label_is_there() {
    let mut open = turns(2_000, 100);
    open.act(Step::KeepAside { texts: vec![150] }).unwrap();
    open.act(Step::Answer {
        text: 150,
        answer: Answer::Skipped,
        suggested: None,
    })
    .unwrap();
    let mut h = screen(Some(open), WIDE, |bench| {
        bench.train(predict);
        bench.classify(predict);
    });
    h.state_mut().panel.filter.search = "number 150".into();
    h.run_ok();
    press(&mut h, Key::ArrowDown);
    assert_eq!(h.state().panel.selected, Some(150));
    h.get_by_label("message number 150: no label yet, measures the error");
    h.get_by_label("You skipped it. What is it?");
    h.get_by_label_contains("kept aside to measure the error");
    assert!(h.get_by_label("Keep, key Enter").accesskit_node().is_disabled());
    press(&mut h, Key::Enter);
    assert_eq!(h.state().project().answer(150), Some(Answer::Skipped));
    assert_eq!(h.state().panel.selected, Some(150), "it does not go on");
    // All labels are offered, and the one that is given is not noted as a suggestion that was followed.
    h.get_by_label("billing, key 2");
    h.get_by_label("returns, key 1").click();
    h.run_ok();
    let last = h.state().project().answered().next_back().unwrap();
    assert_eq!((last.answer, last.suggested), (Answer::Label(0), None));
    h.get_by_label("Your label: returns");
    assert_eq!(known(&h).judged.len(), 101);
}

#[test]
fn labels_that_are_not_judged_do_not_measure_all_anew() {
    let mut h = usual();
    // The lists are taken over, not made again.
    let list = |h: &Screenful| (known(h).mistakes.as_ptr(), known(h).judged.as_ptr());
    let (before, texts) = (list(&h), known(&h).coverage.texts());
    label(h.state_mut().open(), 1_000, 0);
    h.run_ok();
    assert_eq!((list(&h), known(&h).news), (before, 1));
    assert_eq!(known(&h).coverage.texts(), texts - 1);
    // One that was held out is judged.
    label(h.state_mut().open(), 4, 1);
    h.run_ok();
    assert_ne!(list(&h), before);
    assert_eq!(known(&h).report.as_ref().unwrap().error, 0.1);
}

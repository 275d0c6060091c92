//! TF-IDF beside the classifier: always of the same labels.

use super::*;
use crate::ui::run::Share;

/// What TF-IDF gets wrong of the judged texts, once it has learned.
fn counted(h: &mut Screenful) -> Share {
    for _ in 0..100_000 {
        h.run_ok();
        let known = &h.state().panel.known.as_ref().unwrap().1;
        if let Some(counted) = known.counted {
            h.run_ok();
            return counted;
        }
        std::thread::yield_now();
    }
    panic!("TF-IDF was not measured")
}

/// Looks whether the card says both errors, of the same labels.
fn is_said(h: &Screenful, counted: &Share) {
    let percent = crate::ui::number::percent;
    let range = |low: f64, high: f64| format!("{:.0}\u{2013}{:.0}", 100.0 * low, 100.0 * high);
    let report = h.state().panel.known.as_ref().unwrap().1.report.as_ref().unwrap();
    let interval = report.error_interval;
    h.get_by_label_contains(&format!(
        "{} labels that it had not seen. Error {} ({}). TF-IDF: {} ({})",
        counted.rows,
        percent(report.error),
        range(interval.low, interval.high),
        percent(counted.error),
        range(counted.low, counted.high)
    ));
}

#[test]
fn labels_kept_aside_are_evidence_and_tf_idf_is_measured_on_them_as_they_come() {
    let mut open = turns(300, 120);
    let aside = |texts: std::ops::Range<TextId>| Step::KeepAside {
        texts: texts.collect(),
    };
    open.act(aside(0..40)).unwrap();
    let mut h = screen(Some(open), WIDE, |bench| {
        bench.train(predict);
        // With enough labels aside none is held out.
        bench.panel.lesson.held_out.clear();
        bench.panel.lesson.folds.clear();
        bench.panel.lesson.classes.clear();
        bench.panel.lesson.baseline = None;
        bench.panel.lesson.together = None;
        bench.classify(predict);
    });
    let first = counted(&mut h);
    assert_eq!(h.state().panel.known.as_ref().unwrap().1.judged.len(), 40);
    assert_eq!(first.rows, 40);
    is_said(&h, &first);
    // Labels that come later are labels of both.
    h.state_mut().open().act(aside(200..220)).unwrap();
    for text in 200..220 {
        label(h.state_mut().open(), text, truth(text));
    }
    let later = counted(&mut h);
    assert_eq!(later.rows, 60);
    is_said(&h, &later);
}

#[test]
fn tf_idf_is_measured_anew_where_other_labels_than_those_of_the_folds_are_judged() {
    let mut open = turns(300, 60);
    open.act(Step::KeepAside {
        texts: (50..60).collect(),
    })
    .unwrap();
    let mut h = screen(Some(open), WIDE, |bench| bench.train(predict));
    // Only what the folds held out is judged: what training told is of just these.
    let known = |h: &Screenful| -> (usize, bool) {
        let known = &h.state().panel.known.as_ref().unwrap().1;
        (known.judged.len(), known.is_as_then)
    };
    assert_eq!(known(&h), (50, true));
    h.get_by_label_contains("TF-IDF: 29 % (20\u{2013}39). If it voted too: 7 % (3\u{2013}15).");
    assert!(h.query_by_label_contains("that training held out").is_none());
    // The ten that were kept aside are judged too.
    h.state_mut().classify(predict);
    let all = counted(&mut h);
    assert_eq!((known(&h), all.rows), ((60, false), 60));
    is_said(&h, &all);
    h.get_by_label_contains(
        "Of the 50 labels that training held out in turn, as they were then: error 10 % (",
    );
    h.get_by_label_contains("If TF-IDF voted too: 7 % (3\u{2013}15).");
    // A mistake is corrected to what the classifier says: it is one less of its mistakes, and TF-IDF is judged by it as well.
    label(h.state_mut().open(), 3, 1 - truth(3));
    let corrected = counted(&mut h);
    assert_eq!(corrected.rows, 60);
    let report = h.state().panel.known.as_ref().unwrap().1.report.clone().unwrap();
    assert_eq!(report.confusion.iter().flatten().sum::<usize>(), 60);
    h.get_by_label_contains("as they were then: error 10 % (");
}

/// Versions before folds were told cannot say which labels TF-IDF is to learn from.
#[test]
fn of_an_older_classifier_tf_idf_stands_beside_the_labels_that_it_was_measured_with() {
    let mut open = turns(300, 60);
    open.act(Step::KeepAside {
        texts: (50..60).collect(),
    })
    .unwrap();
    let h = screen(Some(open), WIDE, |bench| {
        bench.train(predict);
        bench.panel.lesson.folds.clear();
        bench.classify(predict);
    });
    assert!(h.state().panel.known.as_ref().unwrap().1.counted.is_none());
    h.get_by_label_contains("Of the 50 labels that training held out, as they were then: error 10 % (");
    h.get_by_label_contains("TF-IDF: 29 % (20\u{2013}39). If TF-IDF voted too: 7 %");
}

//! Training on texts that are handed over, and asking the classifier that comes of it.

use std::path::PathBuf;

use unfreeze::session::Session;
use unfreeze::session::protocol::{
    ClassifierOptions, Command, Estimate, Evaluate, Event, Explain, Fit, GivenRow, Job, Perplexity, Predict,
    Prediction, Source,
};
use unfreeze::session::trust::Report;

use super::{COMMON, Place, rest, start, until};

/// Texts of two classes that a few words tell apart; every seventh has no label and every eleventh is empty.
pub fn given(rows: usize) -> Vec<GivenRow> {
    let row = |at: usize| {
        let cold = at.is_multiple_of(2);
        let words = if cold {
            ["snow", "frozen", "pond"]
        } else {
            ["roof", "slides", "falls"]
        };
        let text = format!(
            "the {} and a {} {}",
            words[at % 3],
            words[(at / 3) % 3],
            words[(at / 5) % 3]
        );
        GivenRow {
            text: if at % 11 == 10 { String::new() } else { text },
            label: (at % 7 != 6).then(|| if cold { "cold" } else { "steep" }.to_string()),
            group: None,
        }
    };
    (0..rows).map(row).collect()
}

pub fn handed(rows: Vec<GivenRow>) -> Source {
    Source {
        path: PathBuf::from("my texts"),
        rows: Some(rows),
        ..Source::default()
    }
}

pub fn fit(place: &Place, out: &str, rows: Vec<GivenRow>) -> Fit {
    Fit {
        common: COMMON,
        data: handed(rows),
        model: Some(place.path("base")),
        out: place.path(out),
        classifier: ClassifierOptions {
            epochs: Some(4),
            batch: Some(8),
            ..ClassifierOptions::default()
        },
        estimate: Estimate::Folds(3),
        ..Fit::default()
    }
}

/// The events of a job that ends well.
pub fn done(session: &Session, job: Job) -> Vec<Event> {
    start(session, job);
    let events = rest(session);
    assert!(
        matches!(events.last(), Some(Event::Done { .. })),
        "{:?}",
        events.last()
    );
    events
}

/// What is said of a job that cannot be done.
pub fn failure(session: &Session, job: Job) -> String {
    start(session, job);
    match rest(session).pop() {
        Some(Event::Failed { message, .. }) => message,
        other => panic!("{other:?}"),
    }
}

fn ask(place: &Place, texts: Vec<GivenRow>) -> Job {
    Job::Predict(Predict {
        common: COMMON,
        model: place.path("classifier"),
        texts: handed(texts),
    })
}

fn predictions(events: &[Event]) -> (Vec<String>, Vec<Prediction>) {
    let found = events.iter().find_map(|event| match event {
        Event::Predictions { labels, predictions } => Some((labels.clone(), predictions.clone())),
        _ => None,
    });
    found.expect("predictions")
}

fn reads(events: &[Event]) -> usize {
    let reads = |event: &&Event| matches!(event, Event::Note { message } if message.starts_with("Model:"));
    events.iter().filter(reads).count()
}

#[test]
fn a_classifier_of_texts_that_were_handed_over_can_be_asked() {
    let place = Place::new();
    let session = Session::spawn().expect("a thread");
    let rows = given(60);
    let events = done(&session, Job::Fit(fit(&place, "classifier", rows.clone())));

    // Every labelled text that is not empty was held out once, and is told by its place among all.
    let held = events.iter().find_map(|event| match event {
        Event::OutOfSample {
            labels,
            predictions,
            folds,
        } => Some((labels, predictions, folds)),
        _ => None,
    });
    let (labels, held, folds) = held.expect("out of sample");
    let wanted: Vec<usize> = (0..60).filter(|at| at % 7 != 6 && at % 11 != 10).collect();
    assert_eq!(held.iter().map(|p| p.row).collect::<Vec<_>>(), wanted);
    let Some(Event::Done { result, .. }) = events.last() else {
        unreachable!()
    };
    let wrong = held.iter().filter(|p| {
        let cold = labels.iter().position(|l| l == "cold").unwrap_or_default();
        (p.probabilities[cold] > 0.5) != (p.row % 2 == 0)
    });
    let error = wrong.count() as f64 / wanted.len() as f64;
    assert!((result["error"].as_f64().unwrap() - error).abs() < 1e-12);
    // With the fold of each, the interval can be told again.
    let class = |name: &str| labels.iter().position(|l| l == name).unwrap_or_default();
    let name = |row: usize| if row.is_multiple_of(2) { "cold" } else { "steep" };
    let truth: Vec<usize> = held.iter().map(|p| class(name(p.row))).collect();
    let doubles = |p: &Prediction| -> Vec<f64> { p.probabilities.iter().map(|&p| f64::from(p)).collect() };
    let said: Vec<Vec<f64>> = held.iter().map(doubles).collect();
    let report = Report::pooled(labels, &truth, &said, folds).unwrap();
    assert_eq!(folds.iter().max(), Some(&2));
    for (key, end) in [
        ("error_low", report.error_interval.low),
        ("error_high", report.error_interval.high),
    ] {
        assert!((result[key].as_f64().unwrap() - end).abs() < 1e-12, "{key}");
    }

    // Each text gets its probabilities, the empty ones too, and the second question reads no model.
    let asked = done(&session, ask(&place, rows.clone()));
    let (names, all) = predictions(&asked);
    assert_eq!((&names, reads(&asked)), (labels, 1));
    assert_eq!(
        all.iter().map(|p| p.row).collect::<Vec<_>>(),
        (0..60).collect::<Vec<_>>()
    );
    assert!(
        all.iter()
            .all(|p| (p.probabilities.iter().sum::<f32>() - 1.0).abs() < 1e-5)
    );
    let again = done(&session, ask(&place, rows.clone()));
    assert_eq!((predictions(&again).1, reads(&again)), (all, 0));

    // A word's weight is what leaving it out takes away.
    let text = "the snow and a frozen, frozen pond".to_string();
    let explain = Job::Explain(Explain {
        common: COMMON,
        model: place.path("classifier"),
        text: text.clone(),
    });
    let told = done(&session, explain);
    assert_eq!(reads(&told), 0);
    let (whole, words) = told
        .iter()
        .find_map(|event| match event {
            Event::Explanation {
                probabilities, words, ..
            } => Some((probabilities, words)),
            _ => None,
        })
        .expect("an explanation");
    let spelt: Vec<&str> = words.iter().map(|w| &text[w.start..w.end]).collect();
    assert_eq!(spelt, ["the", "snow", "and", "a", "frozen", "frozen", "pond"]);
    let row = |text: &str| GivenRow {
        text: text.into(),
        ..GivenRow::default()
    };
    let shorter = vec![row(&text), row("the and a frozen, frozen pond")];
    let (_, check) = predictions(&done(&session, ask(&place, shorter)));
    let [with, without] = [&check[0].probabilities, &check[1].probabilities];
    for (((weight, whole), with), without) in words[1]
        .weights
        .iter()
        .zip(whole.iter())
        .zip(with.iter())
        .zip(without.iter())
    {
        assert!((weight - (with - without)).abs() < 1e-5, "{words:?}");
        assert!((whole - with).abs() < 1e-6);
    }

    // Trained again on other texts, it is another classifier.
    let mut job = fit(&place, "classifier", given(40));
    (job.overwrite, job.estimate) = (true, Estimate::None);
    done(&session, Job::Fit(job));
    let anew = done(&session, ask(&place, rows.clone()));
    assert_eq!(reads(&anew), 1);
    assert_ne!(predictions(&anew).1, predictions(&again).1);

    // So it is when its files are replaced behind the engine's back.
    let path = place.path("classifier/labels.json");
    std::fs::write(&path, r#"["frosty", "sloping"]"#).expect("written");
    let renamed = done(&session, ask(&place, rows));
    assert_eq!(predictions(&renamed).0, ["frosty", "sloping"]);
}

#[test]
fn a_question_can_be_taken_back() {
    let place = Place::new();
    let session = Session::spawn().expect("a thread");
    let mut job = fit(&place, "classifier", given(40));
    job.estimate = Estimate::None;
    done(&session, Job::Fit(job));
    start(&session, ask(&place, given(4000)));
    session.send(Command::Stop).expect("the engine runs");
    let events = rest(&session);
    assert!(
        matches!(events.last(), Some(Event::Stopped { .. })),
        "{:?}",
        events.last()
    );
    assert!(
        !events
            .iter()
            .any(|event| matches!(event, Event::Predictions { .. }))
    );
    // The next one is answered.
    assert_eq!(predictions(&done(&session, ask(&place, given(3)))).1.len(), 3);
}

/// The window counts them as mistakes: a rare label may have no text but those that are kept aside.
#[test]
fn labels_that_a_classifier_does_not_know_are_refused_or_count_as_wrong() {
    let place = Place::new();
    let session = Session::spawn().expect("a thread");
    let mut job = fit(&place, "classifier", given(40));
    job.estimate = Estimate::None;
    done(&session, Job::Fit(job));
    let evaluate = |rows: &[GivenRow], unknown_is_wrong| {
        Job::Evaluate(Evaluate {
            common: COMMON,
            model: place.path("classifier"),
            data: handed(rows.to_vec()),
            batch: None,
            limit: None,
            unknown_is_wrong,
        })
    };
    let measured = |rows: &[GivenRow]| match done(&session, evaluate(rows, true)).pop() {
        Some(Event::Done { result, .. }) => result,
        other => panic!("{other:?}"),
    };
    let mut rows = given(60);
    rows.retain(|row| row.label.is_some() && !row.text.is_empty());
    let known = measured(&rows);
    assert_eq!(known["confusion"].as_array().map(Vec::len), Some(2));

    for row in rows.iter_mut().step_by(4) {
        row.label = Some("lukewarm".into());
    }
    let error = failure(&session, evaluate(&rows, false));
    assert!(error.contains("does not know the label 'lukewarm'"), "{error}");
    let found = measured(&rows);
    let counts = |truth: usize| -> Vec<u64> {
        let row = found["confusion"][truth].as_array().expect("a row");
        row.iter().filter_map(serde_json::Value::as_u64).collect()
    };
    assert_eq!(found["labels"][2], "lukewarm");
    assert_eq!(counts(2).iter().sum::<u64>(), rows.len().div_ceil(4) as u64);
    assert!((0..3).all(|truth| counts(truth)[2] == 0));
    let right = (counts(0)[0] + counts(1)[1]) as f64 / rows.len() as f64;
    assert!((found["accuracy"].as_f64().unwrap() - right).abs() < 1e-12);
}

#[test]
fn what_is_wrong_with_texts_that_were_handed_over_is_told_by_what_they_are_called() {
    let place = Place::new();
    let session = Session::spawn().expect("a thread");
    let mut rows = given(12);
    rows.iter_mut().for_each(|row| row.label = Some("cold".into()));
    let error = failure(&session, Job::Fit(fit(&place, "none", rows)));
    assert!(
        error.contains("my texts: all 11 labels") && error.contains("at least two classes"),
        "{error}"
    );
    assert!(!place.path("none.unfinished").exists());
    let error = failure(&session, Job::Fit(fit(&place, "none", Vec::new())));
    assert!(error.contains("my texts: there are no texts"), "{error}");
    // Texts handed over are never looked for on the disk, whatever they are called.
    let perplexity = Job::Perplexity(Perplexity {
        common: COMMON,
        model: Some(place.path("base")),
        backward: false,
        texts: Source {
            path: PathBuf::from("notes.txt"),
            ..handed(given(12))
        },
    });
    let events = done(&session, perplexity);
    let Some(Event::Done { result, .. }) = events.last() else {
        unreachable!()
    };
    // One of the twelve is empty.
    assert_eq!(result["documents"], 11);
}

#[test]
fn a_language_model_adapts_to_texts_that_were_handed_over() {
    let place = Place::new();
    let session = Session::spawn().expect("a thread");
    let Job::Adapt(mut job) = place.adapt("adapted", false) else {
        unreachable!()
    };
    job.texts = handed(given(80));
    start(&session, Job::Adapt(job));
    let events = until(&session, |event| super::step_of(event) == Some(2));
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Loaded { path, rows: 73, .. } if path == "my texts"))
    );
    session.send(Command::Stop).expect("the engine runs");
    rest(&session);
}

//! From the sample to an exported file, by the keys and clicks of a user.

use std::path::Path;
use std::time::{Duration, Instant};

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use unfreeze::session::project::Answer;
use unfreeze::ui::run::Record;
use unfreeze::ui::{App, Screen, Shared};

use super::{shot, window_in};

/// Long enough for two slow cores that another test keeps busy; nothing here waits for as long unless it fails.
const PATIENCE: Duration = Duration::from_secs(600);

pub(super) fn shared<'a>(harness: &'a Harness<'_, App>) -> &'a Shared {
    harness.state().shared()
}

/// Draws frames until something has happened beside the window.
pub(super) fn until(harness: &mut Harness<'_, App>, what: &str, happened: impl Fn(&Shared) -> bool) {
    until_seen(harness, what, |harness| happened(shared(harness)));
    harness.run_steps(3);
}

/// Draws frames until the window shows something.
pub(super) fn until_seen(
    harness: &mut Harness<'_, App>,
    what: &str,
    seen: impl Fn(&Harness<'_, App>) -> bool,
) {
    until_seen_within(harness, PATIENCE, what, seen);
}

/// The same with another patience: for what takes minutes of computing.
pub(super) fn until_seen_within(
    harness: &mut Harness<'_, App>,
    patience: Duration,
    what: &str,
    seen: impl Fn(&Harness<'_, App>) -> bool,
) {
    let began = Instant::now();
    while !seen(harness) {
        let said: Vec<&str> = shared(harness).messages.iter().map(|m| m.text.as_str()).collect();
        assert!(
            began.elapsed() < patience,
            "never: {what}; the window says {said:?}"
        );
        harness.step();
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub(super) fn answered(shared: &Shared) -> Vec<(u32, Answer)> {
    let project = shared.project.as_ref().map(|open| &open.project);
    project.map_or(Vec::new(), |p| p.answered().map(|a| (a.text, a.answer)).collect())
}

/// One press a label; the window is on the next text before the next press.
pub(super) fn label(harness: &mut Harness<'_, App>, count: usize) {
    for given in 1..=count {
        let before = answered(shared(harness)).len();
        harness.key_press([Key::Num1, Key::Num2, Key::Num3][given % 3]);
        harness.step();
        until(harness, "a label on disk", |s| answered(s).len() == before + 1);
    }
}

pub(super) fn open_sample(harness: &mut Harness<'_, App>) {
    harness.get_by_label_contains("Try the sample").click();
    harness.step();
    until(harness, "the sample is open", |s| {
        s.project.is_some() && s.screen == Screen::Label
    });
    until(harness, "the assistant knows what to ask", |s| {
        !s.insight.queue.is_empty()
    });
}

#[test]
fn the_sample_is_labelled_trained_classified_and_exported() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = window_in(home.path(), [1280.0, 800.0], false);
    harness.run_steps(4);
    open_sample(&mut harness);
    shot(&mut harness, "flow-1-label");
    let given = answered(shared(&harness)).len();
    label(&mut harness, 20);
    assert_eq!(answered(shared(&harness)).len(), given + 20);
    shot(&mut harness, "flow-2-labelled");
    for left in (15..20).rev() {
        harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
        harness.step();
        until(&mut harness, "an answer is taken back", |s| {
            answered(s).len() == given + left
        });
    }
    let kept = answered(shared(&harness));

    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num3);
    harness.run_steps(4);
    // The whole plan is for the demo; here three epochs of the classifier do.
    harness.get_by_label("adapt first").click();
    harness.run_steps(3);
    harness
        .get_by_role_and_label(egui::Role::SpinButton, "epochs")
        .focus();
    harness.run_steps(2);
    harness.event(egui::Event::Text("3".into()));
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    harness.run_steps(2);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    until(&mut harness, "training goes on", |s| s.run.is_running());
    shot(&mut harness, "flow-3-train");
    until(&mut harness, "a classifier", |s| {
        s.model.is_some() && !s.run.busy()
    });
    shot(&mut harness, "flow-4-trained");
    let stages = &shared(&harness).run.record.stages;
    assert!(!stages.is_empty() && stages.iter().all(|s| s.epochs.iter().count() == 3));

    classify(&mut harness);
    shot(&mut harness, "flow-5-classified");
    assert_eq!(answered(shared(&harness)), kept);

    let exported = home.path().join("labels.csv");
    export(&mut harness, &exported);
    let mut reader = csv::Reader::from_path(&exported).unwrap();
    let column = |name: &str| {
        let headers = csv::Reader::from_path(&exported)
            .unwrap()
            .headers()
            .unwrap()
            .clone();
        headers
            .iter()
            .position(|h| h == name)
            .unwrap_or_else(|| panic!("no column {name}: {headers:?}"))
    };
    let (label, predicted, confidence) = (column("label"), column("predicted_label"), column("confidence"));
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let project = &shared(&harness).project.as_ref().unwrap().project;
    assert_eq!(rows.len(), project.texts.texts.len());
    for (row, (text, record)) in project.texts.texts.iter().zip(&rows).enumerate() {
        assert_eq!(
            record.iter().find(|cell| cell == text),
            Some(text.as_str()),
            "row {row}"
        );
        let expected = match project.answer(row as u32) {
            Some(Answer::Label(id)) => project.label(id).unwrap().name.clone(),
            _ => String::new(),
        };
        assert_eq!(&record[label], expected, "row {row}");
        assert!(!record[predicted].is_empty(), "row {row}");
        let confidence: f64 = record[confidence].parse().unwrap();
        assert!((0.0..=1.0).contains(&confidence), "row {row}");
    }

    // Opened again, the project has its run and its classifier.
    let run = shared(&harness).run.record.clone();
    drop(harness);
    let mut harness = window_in(home.path(), [1280.0, 800.0], false);
    reopen(&mut harness);
    until(&mut harness, "the classifier is there again", |s| {
        s.model.is_some()
    });
    let again = &shared(&harness).run.record;
    assert_eq!(
        (again.number, &again.status, again.stages.len()),
        (run.number, &run.status, run.stages.len())
    );
    let said = |r: &Record| {
        r.stages
            .iter()
            .map(|s| (s.name.clone(), s.done, s.loss.clone()))
            .collect::<Vec<_>>()
    };
    assert!(
        said(again) == said(&run),
        "the losses of the run are not what they were"
    );
    assert_eq!(
        again.outcome.as_ref().map(|o| o.rows),
        run.outcome.as_ref().map(|o| o.rows)
    );
    // What the classifier said is there again, too, without classifying.
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num4);
    harness.run_steps(4);
    harness.get_by_label_contains("by run 1 in");
    shot(&mut harness, "flow-8-table-again");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num3);
    harness.run_steps(4);
    shot(&mut harness, "flow-9-run-again");
}

/// Opens the only recent project.
pub(super) fn reopen(harness: &mut Harness<'_, App>) {
    until_seen(harness, "the project in the list", |h| {
        h.query_by_label_contains("of 600 texts labelled").is_some()
    });
    harness.get_by_label_contains("Open sample").click();
    harness.step();
    until(harness, "the project is open", |s| s.project.is_some());
}

/// Has every text classified, and waits for the table.
pub(super) fn classify(harness: &mut Harness<'_, App>) {
    harness.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::Enter);
    harness.run_steps(3);
    until(harness, "the Classify screen", |s| s.screen == Screen::Classify);
    until_seen(harness, "the classified texts", |h| {
        h.query_by_label("Search the texts").is_some()
    });
    harness.run_steps(8);
}

pub(super) fn export(harness: &mut Harness<'_, App>, path: &Path) {
    harness.key_press_modifiers(Modifiers::COMMAND, Key::E);
    harness.run_steps(4);
    harness.get_by_label("Where to write").focus();
    harness.run_steps(2);
    harness
        .get_by_label("Where to write")
        .type_text(&path.display().to_string());
    harness.run_steps(2);
    shot(harness, "flow-6-export");
    harness.get_by_role_and_label(egui::Role::Button, "Write").click();
    harness.step();
    let path = path.to_path_buf();
    until(harness, "the file", move |_| path.exists());
}

#[test]
fn labels_are_there_when_the_window_opens_again() {
    let home = tempfile::tempdir().unwrap();
    let mut harness = window_in(home.path(), [1280.0, 800.0], true);
    harness.run_steps(4);
    open_sample(&mut harness);
    label(&mut harness, 5);
    let kept = answered(shared(&harness));
    drop(harness);

    let mut harness = window_in(home.path(), [1280.0, 800.0], true);
    reopen(&mut harness);
    assert_eq!(answered(shared(&harness)), kept);
}

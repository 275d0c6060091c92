//! A hundred thousand texts, from the file to the file.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use unfreeze::session::project::Answer;
use unfreeze::ui::Screen;

use super::flow::{answered, classify, export, shared, until, until_seen};
use super::{shot, window_in};

const ROWS: usize = 100_000;
/// As two of the labels have it, in two words; what comes third tells the texts apart.
const ABOUT: [[&str; 4]; 2] = [
    ["parcel late", "parcel lost", "courier late", "delivery missing"],
    [
        "charged twice",
        "wrong invoice",
        "refund missing",
        "card declined",
    ],
];

fn about(row: usize) -> usize {
    (row * 7 / 3) % 2
}

fn text(row: usize) -> String {
    format!("{} {}", ABOUT[about(row)][row % 4], row % 977)
}

/// Numbers that are not in the order of the rows: whoever sorts by them is found out.
fn number(row: usize) -> usize {
    (row * 48_271) % 99_991
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|e| e.to_string())
    }
}

#[test]
fn a_hundred_thousand_texts_are_labelled_trained_classified_and_exported() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("messages.csv");
    let mut csv = String::from("number,text\n");
    for row in 0..ROWS {
        writeln!(csv, "{},{}", number(row), text(row)).unwrap();
    }
    std::fs::write(&file, csv).unwrap();

    let mut harness = window_in(home.path(), [1280.0, 800.0], false);
    harness.run_steps(4);
    let dropped: egui::DroppedFileHandle = Arc::new(Dropped(file));
    harness.input_mut().dropped_files.push(dropped);
    harness.step();
    harness.input_mut().dropped_files.clear();
    until_seen(&mut harness, "the texts of the file", |h| {
        h.query_by_label("100,000 texts").is_some()
    });
    harness.run_steps(3);
    shot(&mut harness, "large-1-preview");
    harness.key_press(Key::Enter);
    until(&mut harness, "the project", |s| {
        s.project.is_some() && s.screen == Screen::Label
    });
    harness.run_steps(4);
    harness
        .get_by_label("Names of labels")
        .type_text("delivery, billing");
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    until(&mut harness, "two labels", |s| {
        let project = s.project.as_ref().map(|open| &open.project);
        project.is_some_and(|p| p.labels().count() == 2)
    });
    harness.run_steps(4);
    shot(&mut harness, "large-1-named");
    assert!(
        harness.query_by_label("Names of labels").is_none(),
        "two names are enough to begin"
    );
    for given in 1..=20 {
        let asked = harness.state().asked_for().unwrap();
        let key = [Key::Num1, Key::Num2][about(asked as usize)];
        harness.key_press(key);
        harness.step();
        until(&mut harness, "a label on disk", |s| answered(s).len() == given);
    }
    for left in (15..20).rev() {
        harness.key_press_modifiers(Modifiers::COMMAND, Key::Z);
        harness.step();
        until(&mut harness, "an answer is taken back", |s| {
            answered(s).len() == left
        });
    }
    shot(&mut harness, "large-2-labelled");

    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num3);
    harness.run_steps(4);
    harness.get_by_label("adapt first").click();
    harness.run_steps(3);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    until(&mut harness, "a classifier", |s| {
        s.model.is_some() && !s.run.busy()
    });
    classify(&mut harness);
    shot(&mut harness, "large-3-classified");

    let exported = home.path().join("labels.csv");
    export(&mut harness, &exported);
    let mut reader = csv::Reader::from_path(&exported).unwrap();
    let headers = reader.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|h| h == name).unwrap();
    let [id, words, label, predicted] = ["number", "text", "label", "predicted_label"].map(column);
    let project = &shared(&harness).project.as_ref().unwrap().project;
    let (mut rows, mut labelled, mut right) = (0, 0, 0);
    for (row, record) in reader.records().enumerate() {
        let record = record.unwrap();
        assert_eq!(record[id], number(row).to_string(), "row {row}");
        assert_eq!(record[words], text(row), "row {row}");
        let own = match project.answer(row as u32) {
            Some(Answer::Label(id)) => {
                labelled += 1;
                project.label(id).unwrap().name.as_str()
            }
            _ => "",
        };
        assert_eq!(&record[label], own, "row {row}");
        let truth = ["delivery", "billing"][about(row)];
        assert!(own.is_empty() || own == truth, "row {row}");
        assert!(["delivery", "billing"].contains(&&record[predicted]), "row {row}");
        right += usize::from(&record[predicted] == truth);
        rows += 1;
    }
    assert_eq!((rows, labelled), (ROWS, 15));
    // Half of them would be chance.
    assert!(
        right > rows * 6 / 10,
        "{right} of {rows} predicted as they were made"
    );
}

//! The README's pictures: the sample labelled as its authors did, and trained as the window does by itself.
//!
//!     UNFREEZE_SHOTS=assets cargo test --release --test window -- --ignored pictures

use std::collections::HashMap;
use std::time::{Duration, Instant};

use egui::{Key, Modifiers};
use egui_kittest::kittest::Queryable as _;
use unfreeze::ui::Screen;

use super::flow::{answered, open_sample, shared, until, until_seen, until_seen_within};
use super::{shot, window_in};

const KEYS: [Key; 6] = [Key::Num1, Key::Num2, Key::Num3, Key::Num4, Key::Num5, Key::Num6];
/// How long the words that decide may take to be found.
const TINTED: Duration = Duration::from_secs(30);
/// How long the comparison may take: five ways with five classifiers each, on slow cores.
const COMPARED: Duration = Duration::from_secs(2 * 3600);
/// Labels that are given.
const LABELS: usize = 100;

#[test]
#[ignore = "makes the README's pictures, in some minutes"]
fn of_the_readme() {
    let mut sample = csv::Reader::from_path("assets/sample/messages.csv").unwrap();
    let truth: HashMap<String, String> = sample
        .records()
        .map(Result::unwrap)
        .map(|r| (r[0].into(), r[1].into()))
        .collect();
    let home = tempfile::tempdir().unwrap();
    let mut harness = window_in(home.path(), [1280.0, 800.0], true);
    harness.run_steps(4);
    open_sample(&mut harness);
    for given in 0..LABELS {
        let project = &shared(&harness).project.as_ref().unwrap().project;
        let shown = harness.state().asked_for().unwrap();
        let name = &truth[&project.texts.texts[shown as usize]];
        let key = project.labels().position(|l| l.name == *name).unwrap();
        harness.key_press(KEYS[key]);
        harness.step();
        until(&mut harness, "a label on disk", |s| {
            answered(s).len() == given + 1
        });
        if given == 40 {
            let began = Instant::now();
            while harness.query_by_label_contains("Tint:").is_none() && began.elapsed() < TINTED {
                harness.step();
                std::thread::sleep(Duration::from_millis(50));
            }
            harness.run_steps(8);
            shot(&mut harness, "window-label");
        }
    }
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    until(&mut harness, "half of stage 3", |s| {
        s.run
            .record
            .stages
            .last()
            .is_some_and(|stage| stage.name == "train" && stage.done * 2 > stage.total)
    });
    shot(&mut harness, "window-train");
    until(&mut harness, "a classifier", |s| {
        s.model.is_some() && !s.run.busy()
    });
    shot(&mut harness, "window-trained");
    harness.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::Enter);
    until(&mut harness, "the Classify screen", |s| {
        s.screen == Screen::Classify
    });
    until_seen(&mut harness, "the classified texts", |h| {
        h.query_all_by_label_contains("Classifying").next().is_none()
    });
    harness.run_steps(8);
    harness.key_press(Key::ArrowDown);
    harness.run_steps(2);
    std::thread::sleep(Duration::from_secs(3));
    harness.run_steps(8);
    shot(&mut harness, "window-classify");
    // What the language model has learnt to say: stage 2 has made one.
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num5);
    harness.run_steps(4);
    harness.get_by_label("Beginning").focus();
    harness.run_steps(2);
    harness.get_by_label("Beginning").type_text("I would like to");
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    harness.run_steps(4);
    until_seen(&mut harness, "what was written", |h| {
        let unfinished = ["writing", "Nothing written yet."];
        unfinished
            .iter()
            .all(|text| h.query_all_by_label(text).next().is_none())
    });
    harness.run_steps(4);
    shot(&mut harness, "window-write");
    // What each part of the method gives on these labels.
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num3);
    harness.run_steps(4);
    harness.key_press(Key::C);
    harness.run_steps(4);
    harness.get_by_label("The five that say most").click();
    harness.run_steps(4);
    harness.get_by_label("Start comparing").click();
    harness.run_steps(4);
    until_seen_within(&mut harness, COMPARED, "the comparison's end", |h| {
        h.query_by_label("Save the table").is_some()
    });
    harness.run_steps(8);
    shot(&mut harness, "window-compare");
}

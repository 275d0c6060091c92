use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{CentralPanel, Frame, Key, Modifiers, Ui, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use serde_json::json;

use super::*;
use crate::session::Event;
use crate::session::project::{Action as Step, Answer, LabelId, OpenProject, Project, TextId, Texts};
use crate::session::protocol::{Prediction, WordWeight};
use crate::ui::actions::Action;
use crate::ui::run::{Recipe, Record, Status};
use crate::ui::{Screen, Wish};

/// The screen with what the window does round it: keys of actions, and carrying them out.
struct Bench {
    panel: ClassifyPanel,
    shared: Shared,
    installed: bool,
    /// Actions of other screens that were asked for.
    elsewhere: Vec<Action>,
}

impl Bench {
    fn frame(&mut self, ui: &mut Ui) {
        if !std::mem::replace(&mut self.installed, true) {
            theme::install(ui.ctx());
        }
        for action in Action::ALL {
            let Some(shortcut) = action.shortcut() else {
                continue;
            };
            if action.screen().is_none() && ui.input_mut(|i| i.consume_shortcut(&shortcut)) {
                self.shared.act(action);
            }
        }
        let theme = Theme::of(ui.ctx());
        let narrow = ui.available_width() < theme::NARROW;
        let margin = Margin::symmetric(if narrow { 12 } else { 24 }, 16);
        let frame = Frame::new().fill(theme.background).inner_margin(margin);
        let ended = CentralPanel::default().frame(frame);
        ended.show(ui, |ui| self.panel.show(ui, &mut self.shared));
        for action in std::mem::take(&mut self.shared.queue) {
            match action {
                Action::Undo => self.open().act(Step::Undo).unwrap(),
                Action::Classify | Action::Export => self.panel.act(action, &mut self.shared),
                action => self.elsewhere.push(action),
            }
        }
        if let Some(open) = &mut self.shared.project {
            for happened in open.poll() {
                self.panel.happened(&happened, &mut self.shared);
            }
        }
    }

    fn open(&mut self) -> &mut OpenProject {
        self.shared.project.as_mut().unwrap()
    }

    fn project(&self) -> &Project {
        &self.shared.project.as_ref().unwrap().project
    }

    /// What the engine says, to the screen and to the run.
    fn say(&mut self, event: Event) {
        self.panel.heard(&event, &mut self.shared);
        self.shared.run.push(event);
    }

    /// A made-up training run on the labels that there are.
    fn train(&mut self, predict: impl Fn(TextId) -> Vec<f32>) {
        self.panel.notice(&mut self.shared);
        self.shared.run.begin(Recipe::default(), Vec::new());
        self.panel.notice(&mut self.shared);
        let trained = self.panel.coming.as_ref().unwrap().1.trained.clone();
        self.say(started("fit"));
        let predictions = trained.iter().enumerate().map(|(row, (text, _))| Prediction {
            row,
            probabilities: predict(*text),
        });
        self.say(Event::OutOfSample {
            labels: self.classes(),
            predictions: predictions.collect(),
            folds: (0..trained.len()).map(|row| row % 5).collect(),
        });
        let result = json!({
            "error": 0.14, "error_low": 0.08, "error_high": 0.24, "estimated_on": trained.len(), "folds": 5,
            "baseline_error": 0.29, "baseline_error_low": 0.2, "baseline_error_high": 0.39, "baseline_p": 0.01,
            "together_error": 0.07, "together_error_low": 0.03, "together_error_high": 0.15, "together_p": 0.04,
            "rows": trained.len(), "seconds": 80.0, "out": "/made/up/classifier",
        });
        self.say(done("fit", result));
    }

    /// A made-up answer to the question of every text's label.
    fn classify(&mut self, predict: impl Fn(TextId) -> Vec<f32>) {
        self.panel.running = Some((0, 0));
        self.say(started("predict"));
        let texts = self.project().texts.texts.len() as TextId;
        self.say(Event::Predictions {
            labels: self.classes(),
            predictions: (0..texts)
                .map(|text| Prediction {
                    row: text as usize,
                    probabilities: predict(text),
                })
                .collect(),
        });
        self.say(done("predict", json!({"rows": texts, "seconds": 41.2})));
    }

    fn classes(&self) -> Vec<String> {
        // A classifier has its classes in order of their names.
        let names: BTreeMap<&str, ()> = self.project().labels().map(|l| (l.name.as_str(), ())).collect();
        names.into_keys().map(String::from).collect()
    }
}

fn started(job: &str) -> Event {
    Event::Started {
        job: job.into(),
        device: "made up".into(),
        reason: String::new(),
        seed: 0,
    }
}

fn done(job: &str, result: serde_json::Value) -> Event {
    let serde_json::Value::Object(result) = result else {
        panic!("an object")
    };
    Event::Done {
        job: job.into(),
        result,
    }
}

type Screenful = Harness<'static, Bench>;

fn screen(project: Option<OpenProject>, size: (f32, f32), make: impl FnOnce(&mut Bench)) -> Screenful {
    let mut shared = Shared::for_tests(project);
    shared.screen = Screen::Classify;
    let mut bench = Bench {
        panel: ClassifyPanel::default(),
        shared,
        installed: false,
        elsewhere: Vec::new(),
    };
    make(&mut bench);
    // The sample has signs that only the system's fonts have.
    let texts = bench.shared.project.as_ref().map(|open| &open.project.texts);
    let foreign = texts.is_some_and(|texts| !texts.extra.is_empty());
    let builder = Harness::builder()
        .with_size(vec2(size.0, size.1))
        .with_max_steps(64);
    let builder = if foreign {
        builder.allow_missing_glyphs()
    } else {
        builder
    };
    let mut harness = builder.build_ui_state(|ui, bench: &mut Bench| bench.frame(ui), bench);
    harness.run_ok();
    harness
}

const WIDE: (f32, f32) = (1204.0, 752.0);

/// Texts whose labels take turns. The labels are not in the order of their names.
fn turns(texts: usize, labelled: usize) -> OpenProject {
    let all = Texts {
        source: "test".into(),
        texts: (0..texts).map(|i| format!("message number {i}")).collect(),
        ..Texts::default()
    };
    let mut open = OpenProject::in_memory("messages", Arc::new(all));
    for name in ["returns", "billing"] {
        open.act(Step::CreateLabel { name: name.into() }).unwrap();
    }
    for text in 0..labelled as TextId {
        label(&mut open, text, truth(text));
    }
    open
}

fn truth(text: TextId) -> LabelId {
    (text % 2) as LabelId
}

fn label(open: &mut OpenProject, text: TextId, label: LabelId) {
    let answer = Answer::Label(label);
    open.act(Step::Answer {
        text,
        answer,
        suggested: None,
    })
    .unwrap();
}

/// `billing` before `returns`; right but for every eleventh text, and surer of later ones.
fn predict(text: TextId) -> Vec<f32> {
    let sure = 0.55 + 0.44 * (text % 97) as f32 / 97.0;
    let right = usize::from(truth(text) == 0);
    let said = if text % 11 == 3 { 1 - right } else { right };
    let mut p = vec![1.0 - sure; 2];
    p[said] = sure;
    p
}

fn usual() -> Screenful {
    screen(Some(turns(2_000, 100)), WIDE, |bench| {
        bench.train(predict);
        bench.classify(predict);
    })
}

fn press(h: &mut Screenful, key: Key) {
    h.key_press(key);
    h.run_ok();
}

#[test]
fn every_empty_state_says_the_one_thing_to_do() {
    let mut h = screen(None, WIDE, |_| {});
    h.get_by_label("Try the sample").click();
    h.run_ok();
    assert_eq!(h.state().elsewhere, [Action::OpenSample]);

    let mut h = screen(Some(turns(20, 0)), WIDE, |_| {});
    h.get_by_label("Label texts").click();
    h.run_ok();
    assert_eq!(h.state().elsewhere, [Action::Show(Screen::Label)]);

    let mut h = screen(Some(turns(20, 4)), WIDE, |_| {});
    h.get_by_label_contains("4 texts have your label");
    h.get_by_label("Go to training").click();
    h.run_ok();
    assert_eq!(h.state().elsewhere, [Action::Show(Screen::Train)]);

    let h = screen(Some(turns(20, 4)), WIDE, |bench| {
        bench.panel.notice(&mut bench.shared);
        bench.shared.run.begin(Recipe::default(), Vec::new());
    });
    h.get_by_label("The classifier is being trained");

    let h = screen(Some(turns(20, 10)), WIDE, |bench| bench.train(predict));
    h.get_by_label("Classify every text");
    // What is known of it is there already, and a text can be tried.
    h.get_by_label("Where it goes wrong");
    h.get_by_label("A text to try");
}

#[test]
fn the_engine_counts_as_busy_as_soon_as_it_is_asked_for_every_label() {
    let mut h = screen(Some(turns(20, 10)), WIDE, |bench| bench.train(predict));
    assert!(!h.state().shared.run.busy());
    h.get_by_label("Classify every text").click();
    h.run_ok();
    assert!(h.state().panel.running.is_some() && h.state().shared.run.busy());
}

#[test]
fn the_table_says_what_each_confidence_is_worth() {
    let h = usual();
    h.get_by_label("1,900 texts labelled");
    h.get_by_label("by run 1 in 41 s, and 100 by you");
    h.get_by_label_contains("measured on");
    h.get_by_label_contains("left to check");
    h.get_by_label_contains("TF-IDF: 29 % (20\u{2013}39). If it voted too: 7 % (3\u{2013}15).");
    h.get_by_label_contains("tick \u{201c}TF-IDF votes too\u{201d}");
    let known = &h.state().panel.known.as_ref().unwrap().1;
    assert_eq!(known.judged.len(), 100);
    let report = known.report.as_ref().unwrap();
    // As the classifier orders them: billing, returns.
    assert_eq!(report.confusion, [[45, 5], [4, 46]]);
    let trust = known.trust.as_ref().unwrap();
    let accepted = known.coverage.accepted(trust, 0.5).unwrap();
    assert!((accepted.right - 0.91).abs() < 0.03, "{accepted:?}");
    assert_eq!(accepted.measured_on, 100);
}

#[test]
fn what_has_the_focus_keeps_its_own_keys_and_leaves_the_digits() {
    let mut h = usual();
    h.state_mut().panel.filter.search = "number 102".into();
    h.run_ok();
    press(&mut h, Key::ArrowDown);
    let buttons = h.query_all_by_role(egui::accesskit::Role::Button);
    buttons.last().unwrap().focus();
    h.run_ok();
    press(&mut h, Key::ArrowDown);
    assert_eq!(h.state().panel.selected, Some(102));
    press(&mut h, Key::Num1);
    assert_eq!(h.state().project().answer(102), Some(Answer::Label(0)));
}

#[test]
fn labels_beyond_the_digits_have_the_letters_of_the_label_screen() {
    let mut h = usual();
    let there = h.state().project().labels().count();
    for i in there..11 {
        let name = format!("topic {i}");
        h.state_mut().open().act(Step::CreateLabel { name }).unwrap();
    }
    h.run_ok();
    press(&mut h, Key::ArrowDown);
    let text = h.state().panel.selected.unwrap();
    h.get_by_label("topic 10, key A");
    press(&mut h, Key::A);
    assert_eq!(h.state().project().answer(text), Some(Answer::Label(10)));
}

#[test]
fn a_correction_becomes_a_label_and_offers_to_train_again() {
    let mut h = usual();
    assert!(h.query_by_label("Train again").is_none());
    // A text that is wrong and has no label of its own.
    h.state_mut().panel.filter.search = "number 102".into();
    h.run_ok();
    press(&mut h, Key::ArrowDown);
    assert_eq!(h.state().panel.selected, Some(102));
    assert_eq!(h.state().shared.wishes, [Wish::Similar(102)]);
    // The first label of the project has the key 1, wherever the classifier puts it.
    press(&mut h, Key::Num1);
    assert_eq!(h.state().project().answer(102), Some(Answer::Label(0)));
    let last = h.state().project().answered().next_back().unwrap();
    assert_eq!(last.suggested, Some(1), "it said billing, wrongly");
    assert_eq!(h.state().panel.selected, Some(1020), "and goes on");
    h.get_by_label("1 label is new since this classifier was trained.");
    h.get_by_label("Train again").click();
    h.run_ok();
    assert_eq!(h.state().elsewhere, [Action::Train]);
    // What was corrected counts as the user's and no longer as the classifier's.
    h.get_by_label("1,899 texts labelled");
    h.key_press_modifiers(Modifiers::COMMAND, Key::Z);
    h.run_ok();
    assert_eq!(h.state().project().answer(102), None);
    assert!(h.query_by_label("Train again").is_none());
}

#[test]
fn enter_keeps_what_the_classifier_says() {
    let mut h = usual();
    h.state_mut().panel.filter.search = "number 15".into();
    h.run_ok();
    press(&mut h, Key::ArrowDown);
    // Text 15 is labelled: Enter changes nothing, and the arrows pass by it.
    press(&mut h, Key::Enter);
    assert_eq!(h.state().panel.selected, Some(15));
    press(&mut h, Key::ArrowDown);
    assert_eq!(h.state().panel.selected, Some(150));
    press(&mut h, Key::Enter);
    assert_eq!(h.state().project().answer(150), Some(Answer::Label(0)));
    assert_eq!(h.state().panel.selected, Some(151));
    // A key that types does not label.
    h.get_by_label("Search the texts").focus();
    h.run_ok();
    press(&mut h, Key::Num1);
    assert_eq!(h.state().project().answer(151), None);
}

#[test]
fn the_keys_go_through_the_whole_table() {
    let mut h = screen(Some(turns(100_000, 60)), WIDE, |bench| {
        bench.train(predict);
        bench.classify(predict);
    });
    press(&mut h, Key::ArrowDown);
    assert_eq!(h.state().panel.selected, Some(0));
    press(&mut h, Key::PageDown);
    press(&mut h, Key::ArrowUp);
    assert_eq!(h.state().panel.selected, Some(9));
    press(&mut h, Key::End);
    assert_eq!(h.state().panel.selected, Some(99_999));
    // The row came into view, and only rows in view are there.
    let rows: Vec<_> = h.get_all_by_role(egui::accesskit::Role::Row).collect();
    assert!(rows.len() < 40, "{}", rows.len());
    h.get_by_label_contains("message number 99999:");
    press(&mut h, Key::Home);
    h.get_by_label_contains("message number 0:");
}

#[test]
fn the_threshold_parts_the_table() {
    let mut h = usual();
    h.get_by_label("Check them").click();
    h.run_ok();
    let panel = &h.state().panel;
    let known = &panel.known.as_ref().unwrap().1;
    assert_eq!(panel.filter.below, Some(THRESHOLD));
    assert_eq!(panel.filter.order, Order::LeastSure);
    let results = panel.results.as_ref().unwrap();
    let found = panel.finder.as_ref().unwrap().found();
    assert_eq!(found.len(), known.coverage.below(f64::from(THRESHOLD)));
    let sure: Vec<f32> = found
        .iter()
        .map(|&i| results.rows[i as usize].confidence)
        .collect();
    assert!(sure.windows(2).all(|two| two[0] <= two[1]) && sure.iter().all(|&s| s < THRESHOLD));
    // A row whose text is checked stays where it is.
    press(&mut h, Key::ArrowDown);
    let (first, rows) = (h.state().panel.selected.unwrap(), found_rows(&h));
    press(&mut h, Key::Enter);
    assert!(h.state().project().answer(first).is_some());
    assert_eq!(found_rows(&h), rows);
    h.state_mut().panel.selected = None;
    // The slider takes the table along.
    h.get_by_role(egui::accesskit::Role::Slider).focus();
    h.run_ok();
    let before = found_rows(&h);
    for _ in 0..20 {
        h.key_press(Key::ArrowRight);
    }
    h.run_ok();
    assert!(h.state().panel.threshold > THRESHOLD);
    assert!(found_rows(&h) > before);
    assert!(
        h.state().panel.selected.is_none(),
        "the slider's arrows are its own"
    );
    h.get_by_label("Show all texts").click();
    h.run_ok();
    assert_eq!(found_rows(&h), 2_000);
}

fn found_rows(h: &Screenful) -> usize {
    h.state().panel.finder.as_ref().unwrap().found().len()
}

#[path = "tests/beside.rs"]
mod beside;
#[path = "tests/engine.rs"]
mod engine;
#[path = "tests/files.rs"]
mod files;
#[path = "tests/kept.rs"]
mod kept;
#[path = "tests/pictures.rs"]
mod pictures;

#[path = "tests/present.rs"]
mod present;
#[path = "tests/side.rs"]
mod side;

use std::collections::HashMap;
use std::sync::Arc;

use egui::{Event, Key, Modifiers, Pos2, accesskit::Role, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use super::*;
use crate::session::assistant::{Churn, Estimate, Insight, Pick, Reason, Tint};
use crate::session::project::{Action as Step, Answered, OpenProject, Project, TextId};
use crate::ui::actions::is_kept;

/// The screen with what the window does round it: keys of actions, and carrying them out.
struct Bench {
    panel: LabelPanel,
    shared: Shared,
}

impl Bench {
    fn frame(&mut self, ui: &mut Ui) {
        for action in Action::ALL {
            let Some(shortcut) = action.shortcut() else {
                continue;
            };
            if !is_kept(ui.ctx(), &shortcut) && ui.input_mut(|i| i.consume_shortcut(&shortcut)) {
                self.shared.act(action);
            }
        }
        let theme = Theme::of(ui.ctx());
        let frame = Frame::new().fill(theme.background).inner_margin(16);
        let ended = CentralPanel::default().frame(frame);
        ended.show(ui, |ui| self.panel.show(ui, &mut self.shared));
        for action in std::mem::take(&mut self.shared.queue) {
            let step = match action {
                Action::Undo => Step::Undo,
                Action::Redo => Step::Redo,
                action => {
                    self.panel.act(action, &mut self.shared);
                    continue;
                }
            };
            send(&mut self.shared, step);
        }
    }

    fn project(&self) -> &Project {
        &self.shared.project.as_ref().unwrap().project
    }

    fn text(&self) -> TextId {
        self.panel.desk.text().unwrap()
    }

    fn answers(&self) -> Vec<(TextId, Answer)> {
        self.project().answered().map(|a| (a.text, a.answer)).collect()
    }
}

type Screenful = Harness<'static, Bench>;

fn texts(texts: &[&str]) -> Arc<Texts> {
    Arc::new(Texts {
        source: "test".into(),
        texts: texts.iter().map(|&t| t.into()).collect(),
        ..Texts::default()
    })
}

fn numbered(n: usize) -> Arc<Texts> {
    let all: Vec<String> = (0..n).map(|i| format!("message number {i}")).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    texts(&all)
}

fn open(texts: Arc<Texts>, labels: &[&str]) -> OpenProject {
    let mut open = OpenProject::in_memory("messages", texts);
    for &name in labels {
        open.act(Step::CreateLabel { name: name.into() }).unwrap();
    }
    open
}

fn screen(project: Option<OpenProject>, insight: Insight, size: (f32, f32)) -> Screenful {
    let mut shared = Shared::for_tests(project);
    shared.screen = Screen::Label;
    shared.insight = Arc::new(insight);
    let bench = Bench {
        panel: LabelPanel::default(),
        shared,
    };
    let mut harness = Harness::builder()
        .with_size(vec2(size.0, size.1))
        .with_max_steps(32)
        .with_context_setup(theme::install)
        .build_ui_state(|ui, bench: &mut Bench| bench.frame(ui), bench);
    harness.run();
    harness
}

fn usual(texts: usize) -> Screenful {
    screen(
        Some(open(numbered(texts), &["Billing", "Delivery"])),
        Insight::default(),
        (1180.0, 740.0),
    )
}

/// The same probabilities for each of the first nine texts.
fn suggesting(row: &[f32]) -> Arc<HashMap<TextId, Arc<[f32]>>> {
    Arc::new((0..9).map(|text| (text, Arc::from(row))).collect())
}

fn press(harness: &mut Screenful, key: Key) {
    harness.key_press(key);
    harness.run();
}

fn label(id: u16) -> Answer {
    Answer::Label(id)
}

#[test]
fn a_key_labels_and_moves_on() {
    let mut h = usual(30);
    let mut asked = Vec::new();
    for key in [Key::Num1, Key::Num2, Key::Num1, Key::Num2, Key::Num1] {
        asked.push(h.state().text());
        press(&mut h, key);
    }
    let expected: Vec<_> = asked.iter().copied().zip([0, 1, 0, 1, 0].map(label)).collect();
    assert_eq!(h.state().answers(), expected);
    assert!(!asked.contains(&h.state().text()));
    h.get_by_label("Label: Billing, key 1");
    h.get_by_label("5 of 100 labelled");
    // A key without a label does nothing.
    press(&mut h, Key::Num3);
    assert_eq!(h.state().project().labelled(), 5);
}

#[test]
fn a_button_labels_too() {
    let mut h = usual(5);
    let text = h.state().text();
    h.get_by_label("Label: Delivery, key 2").click();
    h.run();
    assert_eq!(h.state().answers(), [(text, label(1))]);
}

#[test]
fn a_held_key_and_two_keys_at_once_label_one_text() {
    let mut h = usual(30);
    let down = |repeat| Event::Key {
        key: Key::Num1,
        physical_key: None,
        pressed: true,
        repeat,
        modifiers: Modifiers::NONE,
    };
    h.input_mut()
        .events
        .extend([down(false), down(true), down(false)]);
    h.step();
    for _ in 0..5 {
        h.input_mut().events.push(down(true));
        h.step();
    }
    assert_eq!(h.state().project().labelled(), 1);
}

#[test]
fn an_answer_that_was_not_saved_can_be_given_again_at_once() {
    let mut shared = Shared::for_tests(Some(open(numbered(5), &["Billing"])));
    let mut desk = Desk::new(5, SEED);
    desk.follow(
        &shared.project.as_ref().unwrap().project,
        false,
        &Insight::default(),
    );
    desk.drawn();
    assert!(desk.answer(&mut shared, label(0), None, 10.0));
    // As if the file had not taken it.
    send(&mut shared, Step::Undo);
    assert!(
        !desk.answer(&mut shared, label(0), None, 10.1),
        "it is on its way"
    );
    desk.not_saved();
    assert!(desk.answer(&mut shared, label(0), None, 10.2));
}

#[test]
fn skipped_and_unsure_texts_are_not_asked_for_again_but_can_be() {
    let mut h = usual(3);
    let first = h.state().text();
    press(&mut h, Key::Space);
    let second = h.state().text();
    press(&mut h, Key::U);
    press(&mut h, Key::Num1);
    assert_eq!(h.state().project().answer(first), Some(Answer::Skipped));
    assert_eq!(h.state().project().answer(second), Some(Answer::Unsure));
    assert_eq!(h.state().panel.desk.text(), None);
    h.get_by_label("Go through the skipped ones").click();
    h.run();
    assert_eq!(h.state().text(), first);
    press(&mut h, Key::Num2);
    assert_eq!(h.state().project().answer(first), Some(label(1)));
    assert_eq!(h.state().panel.desk.text(), None);
}

#[test]
fn typing_a_name_labels_nothing() {
    let mut h = usual(9);
    press(&mut h, Key::N);
    h.get_by_role(Role::TextInput).type_text("1 new");
    for key in [Key::Num1, Key::U, Key::Space, Key::Backspace] {
        h.key_press(key);
    }
    h.run();
    assert!(h.state().answers().is_empty());
    press(&mut h, Key::Enter);
    let names: Vec<_> = h.state().project().labels().map(|l| l.name.clone()).collect();
    assert_eq!(names, ["Billing", "Delivery", "1 ne"]);
    press(&mut h, Key::Num3);
    assert_eq!(h.state().project().count(2), 1);
    // Esc closes the field and makes no label.
    press(&mut h, Key::N);
    h.get_by_role(Role::TextInput).type_text("x");
    h.run();
    press(&mut h, Key::Escape);
    assert_eq!(h.query_by_role(Role::TextInput).map(|n| n.value()), None);
    assert_eq!(h.state().project().labels().count(), 3);
}

#[test]
fn the_first_screen_asks_for_labels() {
    let mut h = screen(Some(open(numbered(9), &[])), Insight::default(), (1180.0, 740.0));
    h.get_by_label("What kinds of text are there?");
    press(&mut h, Key::Num1);
    assert!(h.state().answers().is_empty());
    let field = |h: &mut Screenful, typed: &str| {
        h.get_by_label("Names of labels").type_text(typed);
        h.run();
        press(h, Key::Enter);
    };
    field(&mut h, "praise");
    h.get_by_label("What kinds of text are there?");
    field(&mut h, " billing, returns,,praise, billing ");
    let names: Vec<_> = h.state().project().labels().map(|l| l.name.clone()).collect();
    assert_eq!(names, ["praise", "billing", "returns"]);
    assert!(h.query_by_label("What kinds of text are there?").is_none());
    press(&mut h, Key::Num3);
    assert_eq!(h.state().project().count(2), 1);
}

#[test]
fn labels_are_renamed_merged_and_deleted_with_the_effect_stated() {
    let mut h = usual(9);
    for key in [Key::Num1, Key::Num1, Key::Num2] {
        press(&mut h, key);
    }
    h.get_by_label("edit labels").click();
    h.run();
    h.get_by_label("Name of Billing").focus();
    h.run();
    h.get_by_label("Name of Billing").type_text(" & pay");
    h.run();
    press(&mut h, Key::Enter);
    let name = h.state().project().label(0).unwrap().name.clone();
    assert!(name.contains(" & pay") && name.contains("Billing"), "{name}");

    h.get_by_label("Delete Delivery").click();
    h.run();
    h.get_by_label("1 text counts as not answered, and Delivery goes.");
    h.get_by_label("Keep it").click();
    h.run();
    assert_eq!(h.state().project().labels().count(), 2);

    h.get_by_label(&format!("Merge {name} into")).click();
    h.run();
    h.get_by_role_and_label(Role::Button, "Delivery").click();
    h.run();
    h.get_by_label(&format!("2 texts become Delivery, and {name} goes."));
    h.get_by_label("Merge").click();
    h.run();
    assert_eq!(
        (h.state().project().count(1), h.state().project().label(0)),
        (3, None)
    );
    press(&mut h, Key::Backspace);
    assert_eq!(
        (h.state().project().count(0), h.state().project().count(1)),
        (2, 1)
    );

    h.get_by_label("Delete Delivery").click();
    h.run();
    h.get_by_label("Delete it").click();
    h.run();
    assert_eq!(h.state().project().labelled(), 2);
    // A label's key gives nothing while its name could be typed.
    press(&mut h, Key::Num1);
    assert_eq!(h.state().project().labelled(), 2);
    press(&mut h, Key::Escape);
    press(&mut h, Key::Num1);
    assert_eq!(h.state().project().labelled(), 3);
}

#[test]
fn suggestions_can_be_hidden_and_are_then_not_recorded() {
    let mut h = screen(
        Some(open(numbered(9), &["Billing", "Delivery"])),
        Insight::default(),
        (1180.0, 740.0),
    );
    let text = h.state().text();
    let insight = Insight {
        features: (9, 9),
        labels: vec![0, 1],
        probabilities: suggesting(&[0.3, 0.7]),
        ..Insight::default()
    };
    h.state_mut().shared.insight = Arc::new(insight);
    h.run();
    assert_eq!(h.state().shared.wishes, [Wish::Explain(text)]);
    h.get_by_label("The model leans to Delivery, 70 %.");
    press(&mut h, Key::H);
    assert!(h.query_by_label_contains("leans to").is_none());
    h.get_by_label("Suggestions are hidden.");
    press(&mut h, Key::Num1);
    press(&mut h, Key::H);
    press(&mut h, Key::Num1);
    let suggested: Vec<_> = h.state().project().answered().map(|a| a.suggested).collect();
    assert_eq!(suggested, [None, Some(1)]);
}

#[test]
fn what_is_suggested_is_said_and_not_only_painted() {
    let mut h = usual(9);
    let text = h.state().text();
    let tint = Tint {
        bytes: 0..7,
        label: 1,
        weight: 1.0,
    };
    let insight = Insight {
        features: (9, 9),
        labels: vec![0, 1],
        probabilities: suggesting(&[0.3, 0.7]),
        tints: HashMap::from([(text, Arc::from([tint]))]),
        ..Insight::default()
    };
    h.state_mut().shared.insight = Arc::new(insight);
    h.run();
    assert_eq!(h.state().text(), text);
    h.get_by_label("The model leans to Delivery, 70 %. Tint: words that move the suggestion.");
    h.get_by_label("Label: Billing, key 1, 30 %");
    h.get_by_label("Label: Delivery, key 2, 70 %, suggested");
    // Hidden ones are not said either.
    press(&mut h, Key::H);
    h.get_by_label("Label: Delivery, key 2");
}

#[test]
fn when_the_goal_is_reached_training_is_offered() {
    let mut h = usual(9);
    h.state_mut().shared.goal = 2;
    press(&mut h, Key::Num1);
    assert!(h.query_by_label("Enough to train").is_none());
    press(&mut h, Key::Num2);
    h.get_by_label("Enough to train");
    press(&mut h, Key::Num2);
    assert_eq!(h.state().project().labelled(), 3);
}

#[test]
fn without_texts_the_sample_is_offered() {
    for project in [None, Some(open(texts(&[]), &["a"]))] {
        let mut h = screen(project, Insight::default(), (1180.0, 740.0));
        press(&mut h, Key::Num1);
        h.get_by_label("Try the sample");
        h.get_by_label("Open a file");
    }
}

#[test]
fn another_project_starts_afresh() {
    let mut h = usual(9);
    press(&mut h, Key::Num1);
    press(&mut h, Key::M);
    h.state_mut().shared.project = Some(open(numbered(2), &["x"]));
    h.run();
    assert_eq!(h.state().panel.mode, Mode::Read);
    press(&mut h, Key::Num1);
    assert_eq!(h.state().project().labelled(), 1);
}

mod back;
mod disk;
mod error;
mod find;
mod idle;
mod many;
mod pictures;

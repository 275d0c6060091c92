use std::sync::Arc;

use egui_kittest::{Harness, kittest::Queryable as _};
use serde_json::{Map, json};

use super::*;
use crate::session::Event;
use crate::session::project::{Action as Step, Answer, OpenProject, Texts};
use crate::session::protocol::{GroupStep, Job, Method, Prediction};
use crate::ui::theme;

pub(super) fn shared(dir: &std::path::Path) -> Shared {
    Shared {
        screen: Screen::Train,
        work_dir: dir.join("work"),
        ..Shared::for_tests(None)
    }
}

/// A project with `labels` labels on its first texts.
pub(super) fn project(texts: usize, labels: u32) -> OpenProject {
    let say = [
        "the parcel never came",
        "the card was charged twice",
        "where is my order",
    ];
    let texts = (0..texts)
        .map(|i| format!("{}, number {i}", say[i % 3]))
        .collect();
    let texts = Texts {
        source: "test".into(),
        texts,
        ..Texts::default()
    };
    let mut open = OpenProject::in_memory("test", Arc::new(texts));
    for name in ["Delivery", "Billing"] {
        open.act(Step::CreateLabel { name: name.into() }).unwrap();
    }
    for text in 0..labels {
        let answer = Answer::Label(u16::from(text % 3 == 1));
        open.act(Step::Answer {
            text,
            answer,
            suggested: None,
        })
        .unwrap();
    }
    open
}

/// What the engine would tell of a run: rates of the real plan, numbers that fall and rise as they should.
pub(super) fn play(run: &mut Run, recipe: &Recipe, until: u64) {
    let started = Event::Started {
        job: "fit".into(),
        device: "CPU".into(),
        reason: "no GPU".into(),
        seed: 1,
    };
    let watch = [
        "the parcel never came and I want my money back",
        "can't log in since the update",
        "where is my order",
    ];
    run.begin(recipe.clone(), watch.map(String::from).to_vec());
    run.push(started);
    adapt(run);
    let names = classifier_groups(3);
    let outlook = Outlook::classifier(recipe, names.clone(), &vec![200 / recipe.epochs; recipe.epochs]);
    let stage = "train".to_string();
    run.push(Event::StageStarted {
        stage: stage.clone(),
        groups: names,
        total: 0,
        unit: "steps".into(),
    });
    let mut moved = [0.0; 5];
    let worse = if recipe.method == Method::Full { 6.0 } else { 1.0 };
    for step in 1..=until {
        let groups = (0..5).map(|g| {
            let frozen = outlook.frozen(g, step);
            let rate = if frozen { 0.0 } else { outlook.rate(g, step) };
            moved[g] += rate * 0.06;
            let measured = step % 10 == 1;
            GroupStep {
                rate,
                frozen,
                weight_norm: measured.then_some(40.0),
                gradient_norm: measured.then_some(0.3),
                update_norm: measured.then_some(rate * 5.0),
                moved: measured.then_some(moved[g]),
            }
        });
        let noise = 0.25 * ((step * 7919 % 101) as f64 / 101.0 - 0.5);
        let loss = 0.25 + 1.1 * (-(step as f64) / 70.0).exp() + noise;
        run.push(Event::Step {
            stage: stage.clone(),
            step,
            total: 200,
            epoch: outlook.epoch(step) + 1,
            loss,
            cross_entropy: loss,
            ar: None,
            tar: None,
            groups: groups.collect(),
            tokens_per_second: 3_420.0,
            seconds_left: 0.22 * (200 - step) as f64,
        });
        if step == 1 || step % 40 == 0 {
            let general = 58.0 * (1.0 + worse * 0.0004 * step as f64);
            run.push(Event::Forgetting {
                stage: stage.clone(),
                step,
                perplexity: general,
                pretrained: 58.0,
            });
        }
        if step % 40 == 0 {
            let epoch = (step / 40) as usize;
            run.push(Event::Evaluation {
                stage: stage.clone(),
                epoch,
                nll: 0.4 + 0.8 / epoch as f64,
                perplexity: None,
                error: Some(0.10 + 0.12 / epoch as f64),
            });
            let sure = 0.5 + 0.08 * epoch as f32;
            let said = |row: usize, first: bool| Prediction {
                row,
                probabilities: if first {
                    vec![sure, 1.0 - sure]
                } else {
                    vec![1.0 - sure, sure]
                },
            };
            run.push(Event::Watched {
                stage: stage.clone(),
                epoch,
                labels: vec!["Delivery".into(), "Billing".into()],
                predictions: vec![said(0, epoch > 1), said(1, false), said(2, true)],
            });
        }
    }
}

fn adapt(run: &mut Run) {
    let stage = "adapt".to_string();
    let names = ["LSTM 1", "LSTM 2", "LSTM 3", "embedding and decoder"];
    run.push(Event::StageStarted {
        stage: stage.clone(),
        groups: names.map(String::from).to_vec(),
        total: 0,
        unit: "steps".into(),
    });
    let schedule = crate::session::protocol::Schedule::stlr();
    for step in 1..=120_u64 {
        let share = 0.004 * schedule.rate(step as usize - 1, 120);
        let groups = (0..4).map(|g| GroupStep {
            rate: share / 2.6_f64.powi(3 - g),
            frozen: false,
            weight_norm: Some(50.0),
            gradient_norm: None,
            update_norm: Some(share * 8.0),
            moved: Some(share * step as f64 / 90.0),
        });
        let cross_entropy = 4.1 + 1.2 * (-(step as f64) / 40.0).exp();
        run.push(Event::Step {
            stage: stage.clone(),
            step,
            total: 120,
            epoch: 1 + (step as usize - 1) / 40,
            loss: cross_entropy + 0.12,
            cross_entropy,
            ar: Some(0.08),
            tar: Some(0.04),
            groups: groups.collect(),
            tokens_per_second: 5_100.0,
            seconds_left: 0.4 * (120 - step) as f64,
        });
    }
    run.push(Event::Evaluation {
        stage: stage.clone(),
        epoch: 3,
        nll: 4.2,
        perplexity: Some(66.7),
        error: None,
    });
    run.push(Event::StageDone { stage, seconds: 48.0 });
}

pub(super) fn finish(run: &mut Run, error: f64) {
    run.push(Event::StageDone {
        stage: "train".into(),
        seconds: 44.0,
    });
    let mut result = Map::new();
    for (key, value) in [
        ("error", json!(error)),
        ("error_low", json!(error - 0.06)),
        ("error_high", json!(error + 0.08)),
        ("estimated_on", json!(84)),
        ("folds", json!(5)),
        ("baseline_error", json!(0.26)),
        ("baseline_error_low", json!(0.18)),
        ("baseline_error_high", json!(0.35)),
        ("together_error", json!(0.15)),
        ("together_error_low", json!(0.1)),
        ("together_error_high", json!(0.2)),
        ("perplexity_before", json!(212.0)),
        ("perplexity", json!(66.7)),
        ("rows", json!(84)),
        ("seconds", json!(312.0)),
        ("out", json!("/nowhere")),
    ] {
        result.insert(key.into(), value);
    }
    run.push(Event::Done {
        job: "fit".into(),
        result,
    });
}

pub(super) struct State {
    pub(super) panel: TrainPanel,
    pub(super) shared: Shared,
}

pub(super) fn harness(state: State, size: [f32; 2], theme: egui::Theme) -> Harness<'static, State> {
    Harness::builder()
        .with_size(size)
        .with_theme(theme)
        .with_render_cursor(false)
        .with_context_setup(theme::install)
        .build_ui_state(
            |ui, state: &mut State| {
                let theme = Theme::of(ui.ctx());
                let frame = egui::Frame::new()
                    .fill(theme.background)
                    .inner_margin(egui::Margin::symmetric(24, 16));
                egui::CentralPanel::default()
                    .frame(frame)
                    .show(ui, |ui| state.panel.show(ui, &mut state.shared));
            },
            state,
        )
}

fn running(dir: &std::path::Path) -> State {
    let mut shared = shared(dir);
    shared.project = Some(project(600, 84));
    let recipe = Recipe {
        method: Method::Full,
        epochs: 5,
        ..Recipe::default()
    };
    play(&mut shared.run, &recipe, 200);
    finish(&mut shared.run, 0.24);
    let recipe = Recipe {
        epochs: 5,
        ..Recipe::default()
    };
    play(&mut shared.run, &recipe, 104);
    let panel = TrainPanel {
        recipe,
        ..TrainPanel::default()
    };
    State { panel, shared }
}

/// The size of the screen's own area in a window of 1280 by 800.
pub(super) const WIDE: [f32; 2] = [1204.0, 755.0];

#[test]
fn both_directions_are_a_tick_away() {
    let dir = tempfile::tempdir().unwrap();
    let mut shared = shared(dir.path());
    shared.project = Some(project(600, 84));
    let state = State {
        panel: TrainPanel::default(),
        shared,
    };
    let mut harness = harness(state, WIDE, egui::Theme::Light);
    assert!(
        harness
            .query_by_label_contains("once forward and once backward")
            .is_none()
    );
    harness.get_by_label("both directions").click();
    harness.run_steps(2);
    assert!(harness.state().panel.recipe.both);
    harness.get_by_label_contains("once forward and once backward");
}

#[test]
fn blocks_say_their_rates_and_the_playhead_moves_them() {
    let dir = tempfile::tempdir().unwrap();
    let mut harness = harness(running(dir.path()), WIDE, egui::Theme::Dark);
    let block = |h: &Harness<'_, State>, name: &str| h.get_by_label(name).value().unwrap_or_default();
    let head = block(&harness, "Classifier head");
    assert!(head.starts_with("η 5.5e-4") && head.contains("moved"), "{head}");
    let frozen = block(&harness, "LSTM 1");
    assert!(frozen.starts_with("frozen, thaws in epoch 4"), "{frozen}");
    assert!(block(&harness, "LSTM 2").starts_with("η"));
    // Dragged back into the first epoch, only the head is warm.
    let plot = harness.get_by_label("Learning rates, playhead").rect();
    let at = egui::pos2(plot.left() + 0.1 * plot.width(), plot.center().y);
    harness.drag_at(at);
    harness.run_steps(2);
    harness.drop_at(at);
    harness.run_steps(2);
    let back = harness.state().panel.seek.unwrap();
    assert!((15..=26).contains(&back.step), "{back:?}");
    assert!(block(&harness, "LSTM 2").starts_with("frozen, thaws in epoch 3"));
    assert!(harness.query_by_label("back to live").is_some());
    // An arrow is one step.
    harness.key_press(egui::Key::ArrowRight);
    harness.run_steps(2);
    assert_eq!(harness.state().panel.seek.unwrap().step, back.step + 1);
    harness.get_by_label("back to live").click();
    harness.run_steps(2);
    assert_eq!(harness.state().panel.seek, None);
    // What was said of the watched texts is of the playhead's epoch.
    assert!(
        harness
            .query_all_by_label_contains("Delivery 66 %")
            .next()
            .is_some()
    );
}

#[test]
fn sliders_and_methods_redraw_the_plan_before_anything_runs_and_are_locked_while_it_does() {
    let dir = tempfile::tempdir().unwrap();
    let state = State {
        panel: TrainPanel::default(),
        shared: {
            let mut shared = shared(dir.path());
            shared.project = Some(project(600, 84));
            shared
        },
    };
    let mut harness = harness(state, WIDE, egui::Theme::Light);
    assert!(
        harness
            .query_by_label_contains("Adapts the language model to your 600 texts")
            .is_some()
    );
    let formula = |h: &Harness<'_, State>| {
        let nodes = h.query_all_by_label_contains("η = ");
        nodes.map(|n| n.value().unwrap_or_default()).collect::<String>()
    };
    let before = formula(&harness);
    assert!(before.contains("(32 − 1)"), "{before}");
    harness.get_by_label("ratio as a number").focus();
    harness.run_steps(2);
    harness.get_by_label("ratio as a number").increment_accesskit();
    harness.run_steps(3);
    let after = formula(&harness);
    assert!(
        after != before && harness.state().panel.recipe.ratio > 32.0,
        "{after}"
    );
    let outlook = harness.state().panel.outlook.as_ref().map(|(_, o)| o.range());
    harness.state_mut().panel.recipe.factor = 4.0;
    harness.run_steps(2);
    assert_ne!(
        outlook,
        harness.state().panel.outlook.as_ref().map(|(_, o)| o.range())
    );

    let mut harness = self::harness(running(dir.path()), WIDE, egui::Theme::Light);
    harness.get_by_label("ratio as a number").increment_accesskit();
    harness.run_steps(2);
    assert_eq!(harness.state().panel.recipe.ratio, 32.0);
    assert!(harness.query_by_label("locked while training").is_some());
}

#[test]
fn the_usual_numbers_are_a_click_away() {
    let dir = tempfile::tempdir().unwrap();
    let mut shared = shared(dir.path());
    shared.project = Some(project(600, 84));
    let recipe = Recipe {
        rate: Some(0.01),
        cut_frac: 0.5,
        epochs: 3,
        ..Recipe::default()
    };
    let panel = TrainPanel {
        recipe,
        ..TrainPanel::default()
    };
    let mut harness = harness(State { panel, shared }, WIDE, egui::Theme::Light);
    assert!(harness.query_by_label_contains("paper's numbers").is_none());
    harness.get_by_label("the usual numbers").click_accesskit();
    harness.run_steps(3);
    let usual = Recipe {
        epochs: 3,
        ..Recipe::default()
    };
    assert_eq!(harness.state().panel.recipe, usual);
    assert!(harness.query_by_label("the usual numbers").is_none());
}

#[test]
fn what_is_missing_stands_where_the_start_button_would_be() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = State {
        panel: TrainPanel::default(),
        shared: shared(dir.path()),
    };
    state.panel.act(Action::Train, &mut state.shared);
    assert!(
        state
            .shared
            .messages
            .iter()
            .any(|m| m.failure && m.text.contains("No texts"))
    );
    let mut harness = harness(state, WIDE, egui::Theme::Dark);
    harness.get_by_label("Try the sample").click();
    harness.run_steps(2);
    assert_eq!(harness.state().shared.queue, [Action::OpenSample]);
    harness.state_mut().shared.project = Some(project(30, 1));
    harness.run_steps(2);
    assert!(harness.query_by_label("Start training").is_none());
    assert!(harness.query_by_label_contains("one more label is").is_some());
    harness.state_mut().shared.project = Some(project(30, 30));
    harness.run_steps(2);
    harness.get_by_label("Start training").click();
    harness.run_steps(2);
    assert_eq!(harness.state().shared.queue.last(), Some(&Action::Train));
}

#[test]
fn a_finished_run_says_how_wrong_it_is_beside_the_baseline() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = running(dir.path());
    finish(&mut state.shared.run, 0.18);
    let mut harness = harness(state, WIDE, egui::Theme::Dark);
    assert!(harness.query_by_label("18 % wrong (12 to 26 %)").is_some());
    assert!(
        harness
            .query_by_label_contains("from the same labels: 26 % wrong")
            .is_some()
    );
    assert!(
        harness
            .query_by_label_contains("If TF-IDF voted too: 15 % wrong")
            .is_some()
    );
    harness.get_by_label("Classify every text").click();
    harness.run_steps(2);
    assert_eq!(harness.state().shared.queue, [Action::Classify]);
    // The earlier run is laid over this one.
    assert!(harness.query_by_label("dashed: run 1 · full").is_some());
}

mod after;
mod again;
mod before;
mod broken;
mod earlier;
mod engine;
mod pictures;
mod reach;

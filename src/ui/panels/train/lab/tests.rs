use std::path::Path;
use std::sync::mpsc::Sender;

use async_channel::Receiver;
use egui_kittest::{Harness, kittest::Queryable as _};
use serde_json::{Map, Value, json};

use super::super::TrainPanel;
use super::super::keep::Adapted;
use super::super::tests::{State, WIDE, finish, harness, play, project, shared};
use super::*;
use crate::session::Session;
use crate::session::exchange;
use crate::session::project::{Action as Step, Answer};
use crate::session::protocol::{Command, Compared, Estimate, Event, GroupStep, Job, LeftOut, Method};
use crate::ui::Screen;
use crate::ui::run::{Recipe, Run};

mod engine;
mod going;
mod pictures;
mod sentences;

fn row(way: &str, error: f64, p: Option<f64>) -> Compared {
    Compared {
        way: way.into(),
        what: Compared::describe(way),
        error,
        error_low: (error - 0.06).max(0.0),
        error_high: error + 0.08,
        p,
        seconds: if kept::is_baseline(way) { 0.0 } else { 75.0 },
    }
}

/// What a comparison of all ways gives, in the order in which it is told.
fn rows() -> Vec<Compared> {
    vec![
        row("ulmfit", 0.18, None),
        row("tf-idf", 0.27, Some(0.012)),
        row("most-frequent", 0.62, Some(1e-9)),
        row("ulmfit-no-adapt", 0.26, Some(0.03)),
        row("scratch", 0.41, Some(1e-5)),
        row("full", 0.19, Some(0.8)),
        row("full-discr", 0.185, Some(1.0)),
        row("last", 0.29, Some(0.0008)),
        row("chain-thaw", 0.2, Some(0.6)),
        row("freez", 0.2, Some(0.6)),
        row("freez-discr", 0.175, Some(0.9)),
        row("freez-stlr", 0.21, Some(0.4)),
        row("freez-cos", 0.22, Some(0.2)),
    ]
}

fn result(rows: &[Compared]) -> Map<String, Value> {
    let result = json!({
        "ways": rows,
        "rows": 84,
        "estimated_on": 84,
        "folds": 5,
        "stage_seconds": { "adapt": 48.0 },
        "seconds": 900.0,
    });
    result.as_object().cloned().unwrap()
}

fn started(job: &str) -> Event {
    Event::Started {
        job: job.into(),
        device: "CPU".into(),
        reason: String::new(),
        seed: 0,
    }
}

/// A window over a project with so many labels, with both ends of its engine.
fn scripted(dir: &Path, labels: u32) -> (State, Receiver<Command>, Sender<Event>) {
    let mut shared = shared(dir);
    let (engine, commands, events) = Session::scripted();
    shared.engine = engine;
    shared.project = Some(project(600, labels));
    let panel = TrainPanel::default();
    (State { panel, shared }, commands, events)
}

/// The same where nobody asks what the engine is commanded.
fn unasked(dir: &Path, labels: u32) -> State {
    let (state, commands, events) = scripted(dir, labels);
    // An engine whose other end is gone takes no job.
    std::mem::forget((commands, events));
    state
}

/// The window hears this, as it does of its engine.
fn hear(state: &mut State, event: Event) {
    state.panel.heard(&event, &mut state.shared);
    state.shared.run.push(event);
}

/// A next run that keeps no language model.
fn next(recipe: &Recipe) -> Next<'_> {
    Next {
        recipe,
        adapted: None,
    }
}

/// Begins a comparison of the ways that are ticked.
fn begin(state: &mut State) {
    let State { panel, shared } = state;
    panel.lab.notice(shared);
    let readiness = super::super::ready::readiness(shared.project.as_ref().map(|open| &open.project));
    let recipe = panel.recipe.clone();
    panel.lab.start(shared, next(&recipe), &readiness);
    panel.lab.open();
    hear(state, started("lab"));
    let (stage, groups) = ("lab".to_string(), Vec::new());
    let (total, unit) = (55, "classifiers".to_string());
    hear(
        state,
        Event::StageStarted {
            stage,
            groups,
            total,
            unit,
        },
    );
}

fn step(stage: &str, step: u64) -> Event {
    let group = |frozen, rate| GroupStep {
        rate,
        frozen,
        weight_norm: None,
        gradient_norm: None,
        update_norm: None,
        moved: None,
    };
    Event::Step {
        stage: stage.into(),
        step,
        total: 100,
        epoch: 1 + step as usize / 20,
        loss: 1.0,
        cross_entropy: 1.0,
        ar: None,
        tar: None,
        groups: vec![
            group(true, 0.0),
            group(true, 0.0),
            group(false, 1e-4),
            group(false, 3e-4),
            group(false, 1e-3),
        ],
        tokens_per_second: 3000.0,
        seconds_left: 0.2 * (100 - step) as f64,
    }
}

fn advance(done: u64) -> Event {
    Event::Progress {
        stage: "lab".into(),
        done,
        total: 55,
        per_second: 0.1,
        seconds_left: Some(1.0),
    }
}

/// A comparison that has measured three ways and is at the fourth.
fn midway(state: &mut State) {
    begin(state);
    for row in rows().into_iter().take(5) {
        hear(state, Event::Compared(row));
    }
    hear(state, advance(16));
    hear(state, step("full fold 2 of 5", 40));
}

fn press(harness: &mut Harness<'_, State>, name: &str) {
    let button = harness.get_by_role_and_label(egui::accesskit::Role::Button, name);
    button.click_accesskit();
    harness.run_steps(3);
}

fn sent(commands: &Receiver<Command>) -> Lab {
    loop {
        match commands.try_recv() {
            Ok(Command::Start(job)) => match *job {
                Job::Lab(job) => return job,
                other => panic!("another job: {other:?}"),
            },
            Ok(_) => {}
            Err(_) => panic!("nothing was started"),
        }
    }
}

#[test]
fn what_is_ticked_is_compared_as_a_run_would_train() {
    let dir = tempfile::tempdir().unwrap();
    let (mut state, commands, _events) = scripted(dir.path(), 84);
    let open = state.shared.project.as_mut().unwrap();
    open.act(Step::KeepAside {
        texts: (0..24).collect(),
    })
    .unwrap();
    state.shared.settings.seed = 7;
    state.panel.recipe.epochs = 3;
    state.panel.recipe.method = Method::Last;
    let mut harness = harness(state, WIDE, egui::Theme::Dark);
    press(&mut harness, "Compare methods");
    assert_eq!(harness.state().shared.queue, [Action::Compare]);
    let State { panel, shared } = harness.state_mut();
    panel.act(Action::Compare, shared);
    harness.run_steps(2);
    harness.get_by_label("Ready to compare");
    harness.get_by_label_contains("leave a part of your 60 labels out and are measured on it: 55 in all");
    harness.get_by_label_contains("How long it takes shows with the first classifier.");
    harness.get_by_label_contains("The 24 labels kept aside take no part");
    harness.get_by_label_contains("Differences below 10 points");
    harness.get_by_label("chain-thaw").click_accesskit();
    harness.run_steps(2);
    harness.get_by_label_contains("50 in all");
    press(&mut harness, "The five that say most");
    harness.get_by_label_contains("25 in all");
    // The others are judged against it.
    harness.get_by_label("ulmfit").click_accesskit();
    harness.run_steps(2);
    press(&mut harness, "Start comparing");
    let job = sent(&commands);
    assert_eq!(job.ways, job::MAIN);
    assert_eq!(
        (job.common.seed, job.classifier.epochs, job.estimate),
        (7, Some(3), Estimate::Auto)
    );
    // Labels that are kept aside are not among them; every text is read.
    assert_eq!(job.data.rows.as_ref().map(Vec::len), Some(60));
    assert_eq!(job.unlabelled.unwrap().rows.unwrap().len(), 600);
    assert!(job.overwrite && !job.resume && job.model.is_none());
    assert_eq!(job.out, dir.path().join("work/comparison"));
    assert!(harness.state().shared.run.busy());
    harness.get_by_label("The comparison begins");
}

#[test]
fn how_long_it_takes_goes_by_an_earlier_run_or_comparison() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = unasked(dir.path(), 84);
    let recipe = Recipe {
        epochs: 5,
        ..Recipe::default()
    };
    play(&mut state.shared.run, &recipe, 200);
    finish(&mut state.shared.run, 0.2);
    state.panel.lab.open();
    let mut harness = harness(state, WIDE, egui::Theme::Light);
    harness.get_by_label_contains(", going by run 1.");
    let panel = &mut harness.state_mut().panel;
    let open = project(600, 84);
    let readiness = super::super::ready::readiness(Some(&open.project));
    let Readiness::Ready(material) = readiness else {
        panic!("enough")
    };
    let job = job::job(
        &open.project,
        &material,
        next(&recipe),
        Way::ALL.to_vec(),
        Default::default(),
        dir.path(),
    );
    let shape = Shape::of(&open.project, 0);
    assert_eq!(
        shape,
        Shape {
            folds: 5,
            measured: 84
        }
    );
    let mut comparison = Comparison::begin(&open.project, &job, 2, shape);
    comparison.finish(&result(&rows()));
    panel.lab.comparison = Some(comparison);
    panel.lab.choosing = true;
    harness.run_steps(2);
    // 48 s for the texts and 75 s for each of eleven ways.
    harness.get_by_label_contains("about 15 minutes, going by the last comparison.");
}

#[test]
fn what_was_found_is_kept_with_the_project_and_a_method_is_taken_over() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = unasked(dir.path(), 84);
    begin(&mut state);
    for row in rows() {
        hear(&mut state, Event::Compared(row));
    }
    let result = result(&rows());
    hear(
        &mut state,
        Event::Done {
            job: "lab".into(),
            result,
        },
    );
    assert!(!state.shared.run.busy());
    // The project is opened again.
    state.panel = TrainPanel::default();
    state.shared.run = Run::default();
    state.panel.lab.open();
    let mut harness = harness(state, WIDE, egui::Theme::Light);
    harness.get_by_label("Measured on 84 labels, each left out once (5 folds)");
    harness.get_by_label_contains("From random weights, trained all at once, ulmfit errs 23 points more");
    harness.get_by_label("the others are judged against it");
    // The least error is first.
    let top = |h: &Harness<'_, State>, name: &str| h.get_by_label(name).rect().top();
    let plot = "Error of freez-discr, on the axis";
    assert!(top(&harness, plot) < top(&harness, "Error of ulmfit, on the axis"));
    assert!(
        harness
            .query_by_label_contains("It was given 84 labels")
            .is_none()
    );
    harness.get_by_label("the next run's method");
    press(&mut harness, "Use this method: ulmfit-no-adapt");
    let panel = &harness.state().panel;
    assert!(!panel.lab.is_shown() && !panel.recipe.adapt && panel.recipe.method == Method::Ulmfit);
    harness.state_mut().panel.lab.open();
    harness.run_steps(2);
    press(&mut harness, "Use this method: full");
    let panel = &harness.state().panel;
    assert!(panel.recipe.adapt && panel.recipe.method == Method::Full && panel.plan);
    // More was labelled since.
    let open = harness.state_mut().shared.project.as_mut().unwrap();
    for text in 84..100 {
        let answer = Answer::Label(0);
        open.act(Step::Answer {
            text,
            answer,
            suggested: None,
        })
        .unwrap();
    }
    harness.state_mut().panel.lab.open();
    harness.run_steps(2);
    harness.get_by_label_contains("It was given 84 labels; there are 100 now. Compare again");
    press(&mut harness, "Compare again");
    harness.get_by_label("Ready to compare");
    press(&mut harness, "The last result");
    harness.get_by_label("Measured on 84 labels, each left out once (5 folds)");
}

#[test]
fn what_is_missing_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = unasked(dir.path(), 12);
    state.panel.lab.open();
    let mut harness = harness(state, WIDE, egui::Theme::Dark);
    harness.get_by_label("Not enough labels yet");
    harness.get_by_label_contains("Comparing needs 20 labels that are not kept aside; there are 12.");
    assert!(harness.query_by_label("Start comparing").is_none());
    harness.state_mut().shared.project = Some(project(30, 1));
    harness.run_steps(2);
    harness.get_by_label_contains("one more label is");
    press(&mut harness, "Label more");
    assert_eq!(
        harness.state().shared.queue.last(),
        Some(&Action::Show(Screen::Label))
    );
    harness.state_mut().shared.project = None;
    harness.run_steps(2);
    harness.get_by_label("No texts are open");
    press(&mut harness, "Back to training");
    assert!(!harness.state().panel.lab.is_shown());
}

#[test]
fn no_classifier_is_made_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = unasked(dir.path(), 84);
    let mut classify = crate::ui::panels::classify::ClassifyPanel::default();
    classify.notice(&mut state.shared);
    begin(&mut state);
    let result = result(&rows());
    let done = Event::Done {
        job: "lab".into(),
        result,
    };
    for event in [step("ulmfit fold 1 of 5", 3), done] {
        classify.heard(&event, &mut state.shared);
        hear(&mut state, event);
    }
    let shared = &state.shared;
    assert_eq!((&shared.model, shared.run.record.number), (&None, 0));
    assert!(!shared.project.as_ref().unwrap().models().any(|_| true));
}

#[test]
fn the_table_is_written_beside_the_project() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = unasked(dir.path(), 84);
    begin(&mut state);
    hear(&mut state, Event::Compared(row("ulmfit", 0.18, None)));
    let comparison = state.panel.lab.comparison.as_ref().unwrap();
    let path = dir.path().join("table.csv");
    let work = exchange::write_table(
        save::rows(comparison),
        path.clone(),
        Arc::clone(&state.shared.wake),
    );
    state.panel.lab.writing = Some(work);
    while state.panel.lab.writing.is_some() {
        state.panel.lab.notice(&mut state.shared);
        std::thread::yield_now();
    }
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    assert_eq!(
        lines.next(),
        Some("way,error,error_low,error_high,p,seconds,what,labels,measured_on,folds,settings")
    );
    let first = lines.next().unwrap();
    assert!(first.starts_with("ulmfit,0.18,"), "{first}");
    assert!(first.ends_with(",84,84,5,\"20 epochs, seed 0\""), "{first}");
    assert!(
        state
            .shared
            .messages
            .last()
            .unwrap()
            .text
            .starts_with("Written to ")
    );
}

#[test]
fn what_has_read_the_texts_is_not_given_them_again() {
    let dir = tempfile::tempdir().unwrap();
    let open = project(600, 84);
    let readiness = super::super::ready::readiness(Some(&open.project));
    let Readiness::Ready(material) = readiness else {
        panic!("enough")
    };
    let recipe = Recipe::default();
    let adapted = Adapted {
        stays: true,
        forward: "classifier/language-model".into(),
        backward: None,
        added: 0,
    };
    let next = Next {
        recipe: &recipe,
        adapted: Some(&adapted),
    };
    let job = job::job(
        &open.project,
        &material,
        next,
        job::MAIN.to_vec(),
        Default::default(),
        dir.path(),
    );
    assert_eq!(job.adapted, Some(adapted.forward.clone()));
    // Ways without stage 2 begin with the model that it began with.
    assert!(job.model.is_none() && job.unlabelled.is_none());
}

//! A run that ended before it was done: nothing that can go on is given up unasked.

use std::path::Path;

use super::*;
use crate::session::Session;
use crate::session::adapted::Read;
use crate::ui::panels::Panels;

/// A run that was stopped in stage 3, with its job, and what the engine is sent.
fn stopped(dir: &Path) -> (State, async_channel::Receiver<Command>) {
    let mut state = running(dir);
    let (engine, commands, _events) = Session::scripted();
    state.shared.engine = engine;
    let open = state.shared.project.as_ref().unwrap();
    let Readiness::Ready(material) = ready::readiness(Some(&open.project)) else {
        panic!("enough")
    };
    let common = state.shared.settings.common();
    let recipe = &state.panel.recipe;
    let job = start::fit(&open.project, &material, recipe, common, &state.shared.work_dir);
    state.panel.job = Some(Box::new(job));
    state.shared.run.push(Event::Stopped {
        message: "as asked".into(),
    });
    (state, commands)
}

fn failed(diverged: Option<f64>) -> Event {
    Event::Failed {
        message: "the loss became NaN at step 105: training diverged; lower the rate (now 0.03)".into(),
        usage: false,
        device: None,
        diverged,
    }
}

fn sent(commands: &async_channel::Receiver<Command>) -> Option<Fit> {
    match commands.try_recv() {
        Ok(Command::Start(job)) => match *job {
            Job::Fit(fit) => Some(fit),
            other => panic!("{other:?}"),
        },
        Ok(other) => panic!("{other:?}"),
        Err(_) => None,
    }
}

#[test]
fn another_run_takes_the_place_of_one_that_can_go_on_only_when_that_is_confirmed() {
    let dir = tempfile::tempdir().unwrap();
    let (mut state, commands) = stopped(dir.path());
    // From any screen, by the key or by a button.
    state.shared.screen = Screen::Label;
    state.panel.act(Action::Train, &mut state.shared);
    assert!(sent(&commands).is_none() && state.shared.screen == Screen::Train);
    let mut harness = harness(state, WIDE, egui::Theme::Dark);
    harness.get_by_label("Give up run 2?");
    harness.get_by_label_contains("It ended at step 104 of 200 (train) and can go on");
    harness.get_by_label("Leave it").click();
    harness.run_steps(3);
    assert!(harness.query_by_label("Give up run 2?").is_none());

    harness.get_by_label("Start again").click();
    harness.run_steps(2);
    assert_eq!(harness.state().shared.queue, [Action::Train]);
    let State { panel, shared } = harness.state_mut();
    panel.act(Action::Train, shared);
    // Nor does the key that asked answer.
    panel.act(Action::Train, shared);
    assert!(sent(&commands).is_none());
    harness.run_steps(2);
    harness.get_by_label("Give it up and start again").click();
    harness.run_steps(2);
    let job = sent(&commands).unwrap();
    assert!(job.overwrite && !job.resume);
    assert_eq!(harness.state().shared.run.record.number, 3);
}

#[test]
fn the_plan_of_the_next_run_is_told_beside_the_way_on() {
    let dir = tempfile::tempdir().unwrap();
    let (mut state, _commands) = stopped(dir.path());
    state.panel.plan = true;
    let harness = harness(state, WIDE, egui::Theme::Light);
    harness.get_by_label("Ready to train");
    harness.get_by_label("Run 2 can go on from its last checkpoint until another run takes its place.");
    harness.get_by_role_and_label(egui::accesskit::Role::Button, "Resume");
}

#[test]
fn a_run_that_was_interrupted_is_told_on_every_screen_and_goes_on_from_there() {
    let dir = tempfile::tempdir().unwrap();
    let (state, commands) = stopped(dir.path());
    let mut shared = state.shared;
    let mut panels = Panels::default();
    panels.interrupted(*state.panel.job.unwrap(), &mut shared);
    let message = shared.messages.last().unwrap().clone();
    assert!(
        message.text.starts_with("Run 2 ended at step 104 of 200 (train)"),
        "{}",
        message.text
    );
    panels.act(message.offer.unwrap().action, &mut shared);
    assert!(sent(&commands).unwrap().resume);
    assert!(shared.messages.is_empty(), "what is done is not offered");
}

#[test]
fn after_a_divergence_a_lower_rate_is_the_way_on_and_not_the_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let (mut state, commands) = stopped(dir.path());
    state.shared.run.record.status = Status::Running;
    state.shared.run.push(failed(Some(0.03)));
    let mut harness = harness(state, WIDE, egui::Theme::Light);
    harness.get_by_label("Training diverged");
    harness.get_by_label_contains("while the classifier was trained: the highest rate, 0.03, is too high");
    assert!(
        harness
            .query_by_role_and_label(egui::accesskit::Role::Button, "Resume")
            .is_none()
    );
    harness.get_by_label("Start again with η max 0.01").click();
    harness.run_steps(2);
    let rate = sent(&commands).unwrap().classifier.rate.unwrap();
    assert!((rate - 0.01).abs() < 1e-9, "{rate}");
    assert_eq!(harness.state().panel.recipe.rate, Some(0.01));

    // In stage 2 it is the rate at which the texts are read.
    let (mut state, commands) = stopped(dir.path());
    state.shared.run.record.stages.truncate(1);
    state.shared.run.record.status = Status::Running;
    state.shared.run.push(failed(Some(0.03)));
    let mut harness = self::harness(state, WIDE, egui::Theme::Light);
    harness.get_by_label_contains("while it read the texts");
    harness.get_by_label("Start again reading at 0.01").click();
    harness.run_steps(2);
    let job = sent(&commands).unwrap();
    assert!(job.adapt && job.classifier.rate.is_none());
    assert!((job.lm.rate.unwrap() - 0.01).abs() < 1e-9);
}

#[test]
fn what_was_chosen_after_a_divergence_is_not_overridden() {
    let dir = tempfile::tempdir().unwrap();
    let (mut state, commands) = stopped(dir.path());
    state.shared.run.record.status = Status::Running;
    state.shared.run.push(failed(Some(0.03)));
    state.panel.recipe.rate = Some(0.005);
    state.panel.plan = true;
    let mut harness = harness(state, WIDE, egui::Theme::Light);
    harness.get_by_label("Ready to train");
    assert!(harness.query_by_label_contains("with η max").is_none());
    harness.get_by_label("Start training").click();
    harness.run_steps(2);
    assert_eq!(harness.state().shared.queue, [Action::Train]);
    let State { panel, shared } = harness.state_mut();
    panel.act(Action::Train, shared);
    assert_eq!(sent(&commands).unwrap().classifier.rate, Some(0.005));
}

/// What a run has left is read beside the window; before that it is not known whether it can go on.
#[test]
fn no_run_begins_before_it_is_known_whether_the_last_one_can_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let (mut state, commands) = stopped(dir.path());
    let job = state.panel.job.take().unwrap();
    state.panel.change_project();
    state.panel.act(Action::Train, &mut state.shared);
    assert!(sent(&commands).is_none() && !state.panel.asks);
    let mut harness = harness(state, WIDE, egui::Theme::Light);
    harness.get_by_label_contains("(train). Whether the run can go on is being looked for.");
    harness.get_by_label("Start training").click();
    harness.run_steps(2);
    assert!(harness.state().shared.queue.is_empty());
    // The run itself is read there as well.
    let State { panel, shared } = harness.state_mut();
    let open = shared.project.as_mut().unwrap();
    crate::ui::run::kept::keep(open, 2, String::new());
    let record = std::mem::take(&mut shared.run.record);
    panel.act(Action::Train, shared);
    assert!(sent(&commands).is_none());
    let said = &shared.messages.last().unwrap().text;
    assert_eq!(
        said,
        "One moment: whether the last run can go on is being looked for."
    );

    shared.run.record = record;
    assert!(panel.interrupted(*job, true, shared));
    panel.looked();
    panel.act(Action::Train, shared);
    assert!(sent(&commands).is_none() && panel.asks);
}

#[test]
fn where_nothing_was_left_a_run_begins_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let (mut state, commands) = stopped(dir.path());
    state.panel.change_project();
    state.panel.looked();
    state.panel.act(Action::Train, &mut state.shared);
    assert!(sent(&commands).is_some());
}

#[test]
fn a_failure_of_another_kind_goes_on_from_the_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let (mut state, commands) = stopped(dir.path());
    state.shared.run.record.status = Status::Running;
    state.panel.lab.open();
    state.panel.heard(&failed(None), &mut state.shared);
    assert!(!state.panel.lab.is_shown(), "the way on is in view");
    state.shared.run.push(failed(None));
    state.panel.act(Action::PauseResume, &mut state.shared);
    assert!(sent(&commands).unwrap().resume);
    assert_eq!(state.shared.run.record.status, Status::Starting);
}

/// What the interrupted run has read need not be read again by the run that takes its place.
#[test]
fn what_an_interrupted_run_has_read_is_kept_by_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let (state, commands) = stopped(dir.path());
    let open = state.shared.project.as_ref().unwrap();
    let read = Read::of(&open.project.texts.texts);
    let made = state.shared.work_dir.join("classifier.unfinished/adapt");
    std::fs::create_dir_all(&made).unwrap();
    let config = json!({ "training": { "read": read } });
    std::fs::write(made.join("config.json"), config.to_string()).unwrap();
    let mut harness = harness(state, WIDE, egui::Theme::Dark);
    let State { panel, shared } = harness.state_mut();
    panel.act(Action::Train, shared);
    harness.run_steps(3);
    harness.get_by_label_contains("gives that up, but for the language model that has read your texts.");
    harness.get_by_label("Give it up and start again").click();
    harness.run_steps(2);
    let job = sent(&commands).unwrap();
    assert_eq!(job.model, Some(made));
    assert!(!job.adapt && job.unlabelled.is_none());
    // While it trains, what it has itself made is not offered to another.
    harness.run_steps(2);
    let panel = &harness.state().panel;
    assert!(panel.keeper.offered(&Recipe::default()).is_none());
}

#[test]
fn the_time_left_is_told_of_the_stage_and_of_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = running(dir.path());
    state.shared.run.record.folds = Some(0);
    let mut harness = harness(state, WIDE, egui::Theme::Light);
    // 96 steps at 0.22 seconds, of the last of two trainings.
    harness.get_by_label_contains("0:21 left in step 2 of 2");
    let record = &mut harness.state_mut().shared.run.record;
    record.folds = Some(5);
    record.stages[1].name = "train fold 1 of 5".into();
    record.stages[1].kind = Kind::Estimate;
    harness.run_steps(2);
    // Five more like it, of 44 seconds each.
    harness.get_by_label_contains("0:21 left in step 2 of 7, about 4 minutes in all");
}

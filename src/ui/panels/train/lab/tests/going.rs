//! While one goes on, and when it was stopped.

use std::time::{Duration, Instant};

use super::*;
use crate::ui::Offer;

/// Long enough for two slow cores that another test keeps busy; nothing here waits for as long unless it fails.
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn rows_come_as_they_are_measured() {
    let dir = tempfile::tempdir().unwrap();
    let (mut state, commands, _events) = scripted(dir.path(), 84);
    midway(&mut state);
    let mut harness = harness(state, WIDE, egui::Theme::Dark);
    harness.get_by_label("Comparing: 16 of 55 classifiers");
    harness.get_by_label_contains("full, fold 2 of 5: step 40 of 100, 0:12 left.");
    harness.get_by_label("fold 2 of 5, epoch 3");
    harness.get_by_label("2 of 5 layer groups frozen");
    harness.get_by_label("full: 28 % of its classifiers");
    harness.get_by_label("18 % wrong (12 to 26 %)");
    harness.get_by_label("23 points worse than ulmfit");
    assert_eq!(harness.query_all_by_label("waits for its turn").count(), 7);
    harness.get_by_label("The comparison: 30 % done");
    assert!(harness.query_by_label_contains("Use this method").is_none());
    // Nothing of it is taken for a run.
    let run = &harness.state().shared.run;
    assert_eq!(
        (run.record.status.clone(), run.record.stages.len()),
        (Status::Idle, 0)
    );
    press(&mut harness, "Pause");
    assert_eq!(harness.state().shared.queue.last(), Some(&Action::PauseResume));
    let State { panel, shared } = harness.state_mut();
    panel.act(Action::PauseResume, shared);
    hear(harness.state_mut(), Event::Paused { step: 3 });
    harness.run_steps(2);
    harness.get_by_label("Paused: 16 of 55 classifiers");
    let State { panel, shared } = harness.state_mut();
    panel.act(Action::Stop, shared);
    sent(&commands);
    let told: Vec<Command> = std::iter::from_fn(|| commands.try_recv().ok()).collect();
    assert!(matches!(told[..], [Command::Pause, Command::Stop]), "{told:?}");
    // The Train screen says what keeps the engine.
    let State { panel, shared } = harness.state_mut();
    panel.lab.close();
    panel.act(Action::Train, shared);
    assert!(
        shared
            .messages
            .last()
            .unwrap()
            .text
            .starts_with("Methods are being compared")
    );
    harness.run_steps(2);
    harness.get_by_label("Comparing: 16 of 55");
    harness.get_by_label_contains("The engine is busy (comparing methods)");
}

#[test]
fn one_that_was_interrupted_goes_on_when_the_project_is_opened_again() {
    let dir = tempfile::tempdir().unwrap();
    let (mut state, commands, _events) = scripted(dir.path(), 84);
    midway(&mut state);
    let job = sent(&commands);
    let unfinished = dir.path().join("work/comparison.unfinished");
    std::fs::create_dir_all(&unfinished).unwrap();
    std::fs::write(unfinished.join("run.json"), serde_json::to_string(&job).unwrap()).unwrap();
    hear(
        &mut state,
        Event::Stopped {
            message: "use `--resume`".into(),
        },
    );
    state.panel = TrainPanel::default();
    state.panel.lab.open();
    let mut harness = harness(state, WIDE, egui::Theme::Dark);
    let began = Instant::now();
    while harness.query_by_label("Go on").is_none() {
        assert!(began.elapsed() < PATIENCE, "there is no way on");
        harness.run_steps(1);
        std::thread::sleep(Duration::from_millis(10));
    }
    harness.get_by_label("Stopped: 3 of 11 ways are measured");
    assert!(harness.query_by_label_contains("--").is_none());
    assert_eq!(harness.query_all_by_label("not measured yet").count(), 8);
    press(&mut harness, "Go on");
    let again = sent(&commands);
    assert!(again.resume && again.ways == job.ways && again.data.rows == job.data.rows);
    let state = harness.state_mut();
    hear(state, started("lab"));
    for row in rows().into_iter().take(6) {
        hear(state, Event::Compared(row));
    }
    let comparison = state.panel.lab.comparison.as_ref().unwrap();
    assert_eq!(comparison.rows.len(), 6);
}

#[test]
fn one_that_ended_when_nobody_listened_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = unasked(dir.path(), 84);
    midway(&mut state);
    let out = dir.path().join("work/comparison");
    std::fs::create_dir_all(&out).unwrap();
    std::fs::write(
        out.join("unfreeze-lab.json"),
        Value::Object(result(&rows())).to_string(),
    )
    .unwrap();
    let State { panel, shared } = &mut state;
    *panel = TrainPanel::default();
    let began = Instant::now();
    while panel.lab.status != Status::Done {
        assert!(began.elapsed() < PATIENCE, "it is not found");
        panel.lab.notice(shared);
        std::thread::sleep(Duration::from_millis(10));
    }
    let kept = Comparison::kept(shared.project.as_ref().unwrap()).unwrap();
    assert!(kept.done && kept.rows.len() == 13);
}

#[test]
fn what_the_engine_says_of_another_project_is_not_this_ones() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = unasked(dir.path(), 84);
    midway(&mut state);
    let shared = &mut state.shared;
    shared.open(project(300, 40));
    let said = &shared.messages.last().unwrap().text;
    assert!(said.starts_with("Comparing methods on test is stopped"), "{said}");
    // Before the screens have heard that it is another one, and after.
    hear(&mut state, Event::Compared(row("full", 0.3, Some(0.01))));
    state.panel.change_project();
    state.panel.lab.notice(&mut state.shared);
    hear(&mut state, Event::Compared(row("last", 0.3, Some(0.01))));
    let result = result(&rows());
    hear(
        &mut state,
        Event::Done {
            job: "lab".into(),
            result,
        },
    );
    assert_eq!(state.panel.lab.comparison, None);
    assert_eq!(Comparison::kept(state.shared.project.as_ref().unwrap()), None);
    assert!(!state.shared.run.busy());
}

#[test]
fn one_that_fails_is_told_on_other_screens() {
    for screen in [Screen::Train, Screen::Label] {
        let dir = tempfile::tempdir().unwrap();
        let mut state = unasked(dir.path(), 84);
        midway(&mut state);
        state.shared.screen = screen;
        let failed = Event::Failed {
            message: "no room on the disk".into(),
            usage: false,
            device: None,
            diverged: None,
        };
        hear(&mut state, failed);
        let told = state.shared.messages.last().map(|message| message.text.as_str());
        let expected = "Comparing methods failed: no room on the disk. 'Compare methods' on the Train screen has the way on.";
        assert_eq!(told, (screen == Screen::Label).then_some(expected));
    }
}

#[test]
fn where_all_of_it_diverged_a_lower_rate_is_the_way_on_and_not_the_checkpoint() {
    let failed = |harness: &mut Harness<'_, State>| {
        let event = Event::Failed {
            message: "the loss became NaN at step 40: training diverged; lower the rate (now 0.03)".into(),
            usage: false,
            device: None,
            diverged: Some(0.03),
        };
        hear(harness.state_mut(), event);
        harness.run_steps(2);
        assert!(harness.query_by_label("Go on").is_none());
        harness.get_by_label_contains("From there it would end in the same way");
    };
    let dir = tempfile::tempdir().unwrap();
    let mut state = unasked(dir.path(), 84);
    begin(&mut state);
    hear(&mut state, step("adapt", 40));
    let mut harness = harness(state, WIDE, egui::Theme::Dark);
    failed(&mut harness);
    press(&mut harness, "Start anew reading at 0.01");
    assert_eq!(harness.state().panel.recipe.reading, Some(0.01));
    harness.get_by_label("Ready to compare");
    harness.get_by_label_contains("seed 0, reading at 0.01.");

    // The way that the others are judged against.
    begin(harness.state_mut());
    hear(harness.state_mut(), step("ulmfit fold 1 of 5", 40));
    failed(&mut harness);
    press(&mut harness, "Start anew with η max 0.01");
    assert_eq!(harness.state().panel.recipe.rate, Some(0.01));
    harness.get_by_label("Ready to compare");
}

#[test]
fn what_messages_offer_of_a_run_is_withdrawn_when_a_comparison_begins() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = unasked(dir.path(), 84);
    let offer = Offer {
        name: "Resume training",
        action: Action::PauseResume,
    };
    let said = "Run 1 can go on from its last checkpoint.";
    state.shared.offer(said, false, offer);
    begin(&mut state);
    // The same press would hold the comparison now.
    assert!(
        state
            .shared
            .messages
            .iter()
            .all(|message| message.offer.is_none())
    );
}

#[test]
fn a_way_that_diverges_gives_its_place_to_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = unasked(dir.path(), 84);
    midway(&mut state);
    let gone = LeftOut {
        way: "full".into(),
        message: "the loss became NaN at step 41: training diverged".into(),
    };
    hear(&mut state, Event::LeftOut(gone.clone()));
    hear(&mut state, step("full-discr fold 2 of 5", 50));
    let mut harness = harness(state, WIDE, egui::Theme::Dark);
    harness.get_by_label("left out");
    harness.get_by_label("its training diverged");
    harness.get_by_label("full-discr: 30 % of its classifiers");
    harness.get_by_label("fold 2 of 5, epoch 3");
    assert_eq!(harness.query_all_by_label("waits for its turn").count(), 6);
    // Between two of its classifiers it is where it was.
    let seconds = 1.0;
    let stage = "full-discr fold 2 of 5".to_string();
    hear(harness.state_mut(), Event::StageDone { stage, seconds });
    harness.run_steps(2);
    harness.get_by_label("full-discr: 40 % of its classifiers");
    // It is kept, and so is the reason.
    let found: Vec<Compared> = rows().into_iter().filter(|row| row.way != "full").collect();
    let mut result = result(&found);
    result.insert("left_out".into(), json!([gone]));
    let job = "lab".to_string();
    hear(harness.state_mut(), Event::Done { job, result });
    harness.run_steps(2);
    harness.get_by_label("left out");
    harness.get_by_label_contains("full is left out: the loss became NaN");
    let kept = Comparison::kept(harness.state().shared.project.as_ref().unwrap()).unwrap();
    assert_eq!(
        (kept.measured(), kept.why_left_out("full")),
        (10, Some(gone.message.as_str()))
    );
}

#[test]
fn what_was_found_before_is_there_until_the_next_is_done() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = unasked(dir.path(), 84);
    begin(&mut state);
    let done = |rows: &[Compared]| Event::Done {
        job: "lab".into(),
        result: result(rows),
    };
    hear(&mut state, done(&rows()));
    begin(&mut state);
    let stopped = Event::Stopped {
        message: String::new(),
    };
    hear(&mut state, stopped);
    // Another that is given up as well.
    begin(&mut state);
    hear(
        &mut state,
        Event::Stopped {
            message: String::new(),
        },
    );
    let mut harness = harness(state, WIDE, egui::Theme::Light);
    harness.get_by_label("Stopped: 0 of 11 ways are measured");
    // What can go on is not given up without a word.
    press(&mut harness, "Start anew");
    harness.get_by_label_contains("can go on, is given up when this one begins");
    press(&mut harness, "Back to the stopped one");
    press(&mut harness, "The last result");
    harness.get_by_label("Measured on 84 labels, each left out once (5 folds)");
    let kept = |state: &State| Comparison::kept(state.shared.project.as_ref().unwrap()).unwrap();
    let last = kept(harness.state());
    assert!(last.done && last.rows.len() == 13 && last.before.is_none());
    // One that is done takes its place.
    begin(harness.state_mut());
    assert!(kept(harness.state()).before.is_some());
    hear(harness.state_mut(), done(&rows()[..3]));
    let last = kept(harness.state());
    assert!(last.done && last.rows.len() == 3 && last.before.is_none());
}

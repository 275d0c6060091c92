//! After a run: what is measured, and what goes on.

use super::*;
use crate::ui::panels::Panels;
use crate::ui::panels::classify::{ClassifyPanel, LESSON, Lesson};
use crate::ui::run::Outcome;

#[test]
fn labels_kept_aside_are_measured_once_the_engine_is_free() {
    let dir = tempfile::tempdir().unwrap();
    let mut shared = shared(dir.path());
    let mut open = project(100, 80);
    open.act(Step::KeepAside {
        texts: (0..25).collect(),
    })
    .unwrap();
    shared.project = Some(open);
    let started = |job: &str| Event::Started {
        job: job.into(),
        device: "CPU".into(),
        reason: String::new(),
        seed: 1,
    };
    let done = |job: &str| Event::Done {
        job: job.into(),
        result: Map::new(),
    };
    shared.run.begin(Recipe::default(), Vec::new());
    for event in [started("fit"), done("fit"), started("predict")] {
        shared.run.push(event);
    }
    let mut panel = TrainPanel::default();
    panel.follow(&mut shared);
    shared.run.push(done("predict"));
    assert!(!shared.run.busy(), "nothing more was asked of an engine at work");
    panel.follow(&mut shared);
    assert!(shared.run.busy());
    shared.run.push(started("evaluate"));
    shared.run.push(done("evaluate"));
    panel.follow(&mut shared);
    assert!(!shared.run.busy(), "it is asked once");
}

/// To the engine each label that the run began with is a class of its own.
#[test]
fn labels_that_are_one_by_now_are_not_measured_as_several() {
    let dir = tempfile::tempdir().unwrap();
    let mut shared = shared(dir.path());
    let mut open = project(100, 80);
    open.act(Step::KeepAside {
        texts: (0..25).collect(),
    })
    .unwrap();
    shared.run.begin(Recipe::default(), Vec::new());
    let lesson = Lesson {
        run: shared.run.record.number as u64,
        ..Lesson::begin(&open.project)
    };
    open.set(LESSON, &lesson);
    open.act(Step::MergeLabels { from: 0, into: 1 }).unwrap();
    shared.project = Some(open);
    for event in [
        Event::Started {
            job: "fit".into(),
            device: "CPU".into(),
            reason: String::new(),
            seed: 1,
        },
        Event::Done {
            job: "fit".into(),
            result: Map::new(),
        },
    ] {
        shared.run.push(event);
    }
    let mut panel = TrainPanel::default();
    panel.follow(&mut shared);
    assert!(!shared.run.busy() && !shared.run.measuring());
    let said = shared.run.record.notes.last().unwrap();
    assert!(said.starts_with("Labels were merged while it trained"), "{said}");
}

#[test]
fn a_run_that_was_interrupted_goes_on_only_with_the_labels_that_it_was_given() {
    let dir = tempfile::tempdir().unwrap();
    let mut shared = shared(dir.path());
    let open = project(60, 40);
    let Readiness::Ready(material) = ready::readiness(Some(&open.project)) else {
        panic!("enough")
    };
    let common = shared.settings.common();
    let job = start::fit(&open.project, &material, &Recipe::default(), common, dir.path());
    shared.project = Some(open);
    assert!(TrainPanel::default().interrupted(job.clone(), false, &shared));
    shared.project = Some(project(60, 41));
    assert!(!TrainPanel::default().interrupted(job, false, &shared));
}

/// What it was given is kept with the project: labels that came since, and new names, do not end it.
#[test]
fn a_run_that_was_interrupted_goes_on_though_more_was_labelled() {
    let dir = tempfile::tempdir().unwrap();
    let mut shared = shared(dir.path());
    let open = project(60, 40);
    let Readiness::Ready(material) = ready::readiness(Some(&open.project)) else {
        panic!("enough")
    };
    let common = shared.settings.common();
    let job = start::fit(&open.project, &material, &Recipe::default(), common, dir.path());
    shared.project = Some(open);
    let mut before = ClassifyPanel::default();
    before.notice(&mut shared);
    shared.run.begin(Recipe::default(), Vec::new());
    before.notice(&mut shared);
    let open = shared.project.as_mut().unwrap();
    for step in [
        Step::Answer {
            text: 50,
            answer: Answer::Label(1),
            suggested: None,
        },
        Step::RenameLabel {
            label: 0,
            name: "Post".into(),
        },
    ] {
        open.act(step).unwrap();
    }
    // The window is opened again.
    shared.run = Run::default();
    assert!(!TrainPanel::default().interrupted(job.clone(), false, &shared));
    let mut panels = Panels::default();
    panels.interrupted(job.clone(), &mut shared);
    assert!(panels.train.job.is_some());
    // A job that was handed something else is not this one.
    let mut other = job;
    other.data.rows.as_mut().unwrap().pop();
    let mut panels = Panels::default();
    panels.interrupted(other, &mut shared);
    assert!(panels.train.job.is_none());
}

#[test]
fn the_next_run_is_like_the_last_one_unless_something_else_was_chosen() {
    let of = |epochs| Recipe {
        method: Method::Full,
        epochs,
        ..Recipe::default()
    };
    let last = |epochs| Record {
        recipe: of(epochs),
        ..Record::default()
    };
    let mut panel = TrainPanel::default();
    panel.restored(&last(3));
    assert_eq!(panel.recipe, of(3));
    // Another project has a last run of its own, or none.
    panel.change_project();
    assert_eq!(panel.recipe, Recipe::default());
    panel.restored(&last(5));
    assert_eq!(panel.recipe, of(5));
    // Nor does it read at a rate that another one's texts made necessary.
    panel.recipe.reading = Some(0.001);
    panel.change_project();
    assert_eq!(panel.recipe, Recipe::default());
    panel.restored(&last(5));
    // What was chosen, in the window or by a link, is not given up.
    panel.recipe.epochs = 7;
    panel.change_project();
    panel.restored(&last(3));
    assert_eq!(panel.recipe, of(7));
}

#[test]
fn a_folder_that_cannot_be_made_is_told_with_a_way_out() {
    let dir = tempfile::tempdir().unwrap();
    let mut shared = shared(dir.path());
    shared.project = Some(project(60, 40));
    std::fs::write(&shared.work_dir, "not a folder").unwrap();
    TrainPanel::default().act(Action::Train, &mut shared);
    assert_eq!(shared.run.record.status, Status::Idle);
    let said = &shared.messages.last().unwrap().text;
    assert!(
        said.contains("work cannot be made") && said.ends_with("then train again."),
        "{said}"
    );
}

#[test]
fn no_measurement_is_promised_that_does_not_come() {
    let dir = tempfile::tempdir().unwrap();
    let mut shared = shared(dir.path());
    shared.project = Some(project(60, 40));
    play(&mut shared.run, &Recipe::default(), 30);
    let panel = TrainPanel::default();
    let mut harness = harness(State { panel, shared }, WIDE, egui::Theme::Dark);
    // No fold was trained before the classifier that is kept, and no label is kept aside.
    harness.get_by_label("error: not measured yet");
    let run = &mut harness.state_mut().shared.run;
    run.push(Event::Note {
        message: "few texts were kept aside".into(),
    });
    run.push(Event::Done {
        job: "fit".into(),
        result: Map::new(),
    });
    harness.run_steps(2);
    harness.get_by_label("error: it could not be measured");
    // The last that the engine said of it stands above.
    harness.get_by_label("few texts were kept aside");
}

#[test]
fn a_method_that_stops_early_names_the_epoch_that_it_keeps() {
    let dir = tempfile::tempdir().unwrap();
    let mut shared = shared(dir.path());
    shared.project = Some(project(600, 84));
    let recipe = Recipe {
        method: Method::Full,
        epochs: 5,
        ..Recipe::default()
    };
    play(&mut shared.run, &recipe, 200);
    // The errors fall to the end, the loss does not.
    let stage = shared.run.record.stages.last_mut().unwrap();
    for measured in stage.measured.iter_mut().filter(|m| m.epoch > 3) {
        measured.nll = 2.0;
    }
    let panel = TrainPanel::default();
    let mut harness = harness(State { panel, shared }, WIDE, egui::Theme::Dark);
    harness.get_by_label_contains("kept so far: epoch 3");
    assert!(
        harness
            .query_by_label_contains("kept is the classifier")
            .is_none()
    );
    finish(&mut harness.state_mut().shared.run, 0.2);
    harness.run_steps(2);
    harness.get_by_label_contains(" · kept: epoch 3");
    harness.get_by_label("Said after epoch 5; kept is the classifier of epoch 3.");
}

#[test]
fn the_papers_method_keeps_its_last_epoch_and_names_none() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = running(dir.path());
    finish(&mut state.shared.run, 0.18);
    let harness = harness(state, WIDE, egui::Theme::Dark);
    harness.get_by_label_contains("validation error");
    assert!(harness.query_by_label_contains("kept: epoch").is_none());
}

#[test]
fn what_may_be_chance_is_called_so_beside_the_baseline() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = running(dir.path());
    finish(&mut state.shared.run, 0.18);
    let outcome = state.shared.run.record.outcome.as_mut().unwrap();
    outcome.baseline.as_mut().unwrap().p = Some(0.3);
    outcome.together.as_mut().unwrap().p = Some(0.03);
    let harness = harness(state, WIDE, egui::Theme::Dark);
    harness.get_by_label_contains("too close to tell on these labels. If TF-IDF voted too");
    let vote_too = harness.query_by_label_contains("too close to tell on these labels. Perplexity");
    assert!(vote_too.is_none());
}

#[test]
fn what_reading_has_changed_is_told_also_where_it_did_not_help() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = running(dir.path());
    finish(&mut state.shared.run, 0.18);
    let mut harness = harness(state, WIDE, egui::Theme::Dark);
    harness.get_by_label_contains("on texts kept back from reading fell from 212 to 66.7.");
    let told = |h: &mut Harness<'_, State>, perplexity| {
        let outcome = h.state_mut().shared.run.record.outcome.as_mut().unwrap();
        outcome.perplexity = Some(perplexity);
        h.run_steps(2);
    };
    told(&mut harness, (60.0, 75.0));
    harness.get_by_label_contains("rose from 60.0 to 75.0: reading the others did not help");
    told(&mut harness, (60.01, 60.02));
    harness.get_by_label_contains("kept back from reading stayed at 60.0.");
}

#[test]
fn labels_that_are_not_measured_are_named_before_a_run_and_beside_its_error() {
    let dir = tempfile::tempdir().unwrap();
    let mut shared = shared(dir.path());
    let mut open = project(600, 84);
    open.act(Step::CreateLabel { name: "Rare".into() }).unwrap();
    open.act(Step::Answer {
        text: 500,
        answer: Answer::Label(2),
        suggested: None,
    })
    .unwrap();
    shared.project = Some(open);
    let panel = TrainPanel::default();
    let mut harness = harness(State { panel, shared }, WIDE, egui::Theme::Light);
    harness.get_by_label("Ready to train");
    harness.get_by_label_contains("'Rare' is learned but not measured: it has one text (");
    let run = &mut harness.state_mut().shared.run;
    play(run, &Recipe::default(), 200);
    finish(run, 0.2);
    let result = json!({ "folds": 5, "not_measured": ["Rare"] });
    let told = Outcome::of(result.as_object().unwrap());
    if let Some(outcome) = &mut run.record.outcome {
        outcome.not_measured = told.not_measured;
    }
    harness.run_steps(2);
    harness.get_by_label_contains(
        "It is the error of the other labels: 'Rare' had no text that could be left out.",
    );
}

//! Training without stage 2: again, and from random weights.

use std::path::Path;

use egui_kittest::kittest::NodeT as _;

use super::*;
use crate::session::Session;
use crate::session::adapted::Read;

const OFFER: &str = "keep the language model that has read your texts";
const STAGE_2: &str = "adapt the language model";

/// In a classifier's directory, or that of its half: a language model that has read the project's texts.
fn adapted(classifier: &Path, shared: &Shared) {
    let dir = classifier.join("language-model");
    std::fs::create_dir_all(&dir).unwrap();
    let open = shared.project.as_ref().unwrap();
    let config = json!({ "training": { "read": Read::of(&open.project.texts.texts) } });
    std::fs::write(dir.join("config.json"), config.to_string()).unwrap();
}

#[test]
fn a_language_model_that_has_read_the_texts_is_kept_unless_that_is_not_wanted() {
    let dir = tempfile::tempdir().unwrap();
    let mut shared = shared(dir.path());
    let (engine, commands, _events) = Session::scripted();
    shared.engine = engine;
    shared.project = Some(project(600, 84));
    let classifier = dir.path().join("classifier");
    adapted(&classifier, &shared);
    let panel = TrainPanel::default();
    let mut harness = harness(State { panel, shared }, WIDE, egui::Theme::Light);
    assert!(harness.query_by_label(OFFER).is_none());
    harness.get_by_label(STAGE_2);

    harness.state_mut().shared.model = Some(classifier.clone());
    harness.run_steps(2);
    let kept = "Keeps the language model that has read your texts, and trains on your 84 labels";
    harness.get_by_label_contains(kept);
    assert!(harness.query_by_label(STAGE_2).is_none());
    harness.get_by_label("estimate the error");

    harness.get_by_label(OFFER).click_accesskit();
    harness.run_steps(3);
    harness.get_by_label_contains("Adapts the language model to your 600 texts");
    harness.get_by_label(STAGE_2);
    harness.get_by_label(OFFER).click_accesskit();
    harness.run_steps(3);
    harness.get_by_label_contains(kept);

    let State { panel, shared } = harness.state_mut();
    panel.act(Action::Train, shared);
    let recipe = &shared.run.record.recipe;
    assert!(recipe.adapt && recipe.keep);
    let Ok(Command::Start(job)) = commands.try_recv() else {
        panic!("nothing was started")
    };
    let Job::Fit(job) = *job else {
        panic!("another job")
    };
    assert_eq!(job.model, Some(classifier.join("language-model")));
    assert_eq!(job.backward_model, None);
    assert!(!job.adapt && job.unlabelled.is_none() && job.overwrite);
    harness.run_steps(2);
    assert!(harness.query_by_label(STAGE_2).is_none());
    harness.get_by_label(OFFER);
}

#[test]
fn it_is_offered_only_where_every_part_of_it_has_read_the_texts() {
    let dir = tempfile::tempdir().unwrap();
    let mut shared = shared(dir.path());
    shared.project = Some(project(600, 84));
    let classifier = dir.path().join("classifier");
    let plain = Recipe::default();
    let both = Recipe {
        both: true,
        ..Recipe::default()
    };
    let mut keeper = Keeper::default();
    let mut offered = |shared: &Shared, recipe: &Recipe| {
        keeper.follow(shared);
        let adapted = keeper.offered(recipe)?;
        Some((adapted.added, keeper.complete(recipe).keep))
    };
    assert_eq!(offered(&shared, &plain), None);
    shared.model = Some(classifier.clone());
    assert_eq!(offered(&shared, &plain), None);
    adapted(&classifier, &shared);
    assert_eq!(offered(&shared, &plain), Some((0, true)));
    let scratch = Recipe {
        method: Method::Scratch,
        ..Recipe::default()
    };
    let last = Recipe {
        adapt: false,
        ..Recipe::default()
    };
    for recipe in [&scratch, &last, &both] {
        assert_eq!(offered(&shared, recipe), None);
    }
    adapted(&classifier.join("backward"), &shared);
    assert_eq!(offered(&shared, &both), Some((0, true)));
    // Fewer texts are other texts; with more of them it has not read all.
    shared.project = Some(project(590, 84));
    assert_eq!(offered(&shared, &plain), None);
    shared.project = Some(project(610, 84));
    assert_eq!(offered(&shared, &both), Some((10, false)));
    let Some(adapted) = keeper.offered(&both) else {
        panic!("both directions")
    };
    let Readiness::Ready(material) = ready::readiness(shared.project.as_ref().map(|p| &p.project)) else {
        panic!("enough")
    };
    let open = shared.project.as_ref().unwrap();
    let job = start::fit(
        &open.project,
        &material,
        &both,
        shared.settings.common(),
        dir.path(),
    );
    let backward = adapted.keep(job).backward_model;
    assert_eq!(backward, Some(classifier.join("backward/language-model")));

    let panel = TrainPanel::default();
    let harness = harness(State { panel, shared }, WIDE, egui::Theme::Dark);
    harness.get_by_label("it has not read 10 texts added since");
    harness.get_by_label_contains("Adapts the language model to your 610 texts");
}

#[test]
fn the_time_without_stage_2_is_that_of_the_classifiers() {
    let mut run = Run::default();
    let recipe = Recipe {
        epochs: 5,
        ..Recipe::default()
    };
    play(&mut run, &recipe, 200);
    finish(&mut run, 0.2);
    let Readiness::Ready(material) = ready::readiness(Some(&project(60, 40).project)) else {
        panic!("enough")
    };
    let seconds = |recipe: &Recipe| {
        let estimate = banner::estimate(&[&run.record], recipe, &material, 200);
        estimate.map_or(0.0, |(seconds, _)| seconds)
    };
    let kept = Recipe {
        keep: true,
        ..recipe.clone()
    };
    assert!((seconds(&recipe) - 92.0).abs() < 1e-9);
    assert!((seconds(&kept) - 44.0).abs() < 1e-9);
}

#[test]
fn from_random_weights_there_is_no_language_model_to_adapt_or_to_forget() {
    let dir = tempfile::tempdir().unwrap();
    let mut shared = shared(dir.path());
    shared.project = Some(project(600, 84));
    let panel = TrainPanel::default();
    let mut harness = harness(State { panel, shared }, WIDE, egui::Theme::Light);
    let blocked = |h: &Harness<'_, State>| h.get_by_label("adapt first").accesskit_node().is_disabled();
    assert!(!blocked(&harness));
    harness.get_by_label(STAGE_2);
    harness.state_mut().panel.recipe.method = Method::Scratch;
    harness.run_steps(3);
    assert!(blocked(&harness));
    assert!(harness.query_by_label(STAGE_2).is_none());
    harness.get_by_label_contains("from random weights. The error");
    harness.get_by_label_contains("nothing that it could forget");
    // What was chosen stays chosen for the methods that can.
    assert!(harness.state().panel.recipe.adapt);
}

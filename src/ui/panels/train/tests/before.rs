//! Before a stage's first step, when its groups are known and its steps are not.

use super::*;

/// A run whose stage of this name has begun and has made no step.
fn begun(dir: &std::path::Path, method: Method, stage: &str, groups: &[&str]) -> Harness<'static, State> {
    let mut shared = shared(dir);
    shared.project = Some(project(600, 84));
    let recipe = Recipe {
        method,
        epochs: 5,
        ..Recipe::default()
    };
    shared.run.begin(recipe, Vec::new());
    for event in [
        Event::Started {
            job: "fit".into(),
            device: "CPU".into(),
            reason: String::new(),
            seed: 1,
        },
        Event::StageStarted {
            stage: stage.into(),
            groups: groups.iter().map(|name| (*name).to_string()).collect(),
            total: 0,
            unit: "steps".into(),
        },
    ] {
        shared.run.push(event);
    }
    let panel = TrainPanel::default();
    harness(State { panel, shared }, WIDE, egui::Theme::Light)
}

fn said(harness: &Harness<'_, State>, name: &str) -> String {
    harness.get_by_label(name).value().unwrap_or_default()
}

#[test]
fn stage_3_and_every_fold_begin_frozen() {
    let dir = tempfile::tempdir().unwrap();
    let groups = ["embedding", "LSTM 1", "LSTM 2", "LSTM 3", "classifier head"];
    for stage in ["train", "train fold 2 of 5"] {
        let harness = begun(dir.path(), Method::Ulmfit, stage, &groups);
        let head = said(&harness, "Classifier head");
        // A thirty-second of 0.001.
        assert!(head.starts_with("η 3.1e-5"), "{head}");
        let below = said(&harness, "LSTM 3");
        assert!(below.starts_with("frozen, thaws in epoch 2"), "{below}");
        let lowest = said(&harness, "Embedding");
        assert!(lowest.starts_with("frozen, thaws in epoch 5"), "{lowest}");
    }
}

#[test]
fn stage_2_has_no_rate_yet_and_nothing_of_the_classifiers_plan() {
    let dir = tempfile::tempdir().unwrap();
    let groups = ["LSTM 1", "LSTM 2", "LSTM 3", "embedding and decoder"];
    let harness = begun(dir.path(), Method::Last, "adapt", &groups);
    for name in ["LSTM 1", "LSTM 3", "Embedding and decoder"] {
        let block = said(&harness, name);
        assert!(block.starts_with("η not yet"), "{name}: {block}");
    }
    let plot = said(&harness, "Learning rates, playhead");
    assert_eq!(plot, "before the first step");
}

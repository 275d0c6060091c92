//! After a run: what is measured, and what goes on.

use super::*;

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

#[test]
fn a_run_that_was_interrupted_goes_on_only_with_the_labels_that_it_was_given() {
    let dir = tempfile::tempdir().unwrap();
    let mut shared = shared(dir.path());
    let open = project(60, 40);
    let Readiness::Ready(material) = start::readiness(Some(&open.project)) else {
        panic!("enough")
    };
    let common = shared.settings.common();
    let job = start::fit(&open.project, &material, &Recipe::default(), common, dir.path());
    shared.project = Some(open);
    assert!(TrainPanel::default().interrupted(job.clone(), &shared));
    shared.project = Some(project(60, 41));
    assert!(!TrainPanel::default().interrupted(job, &shared));
}

//! With the engine itself.

use std::time::Duration;

use super::*;

fn wait(state: &mut State, until: &dyn Fn(&State) -> bool) {
    while !until(state) {
        let event = state
            .shared
            .engine
            .events()
            .recv_timeout(Duration::from_secs(120));
        let event = event.unwrap();
        if let Event::Failed { message, .. } = &event {
            panic!("{message}");
        }
        hear(state, event);
    }
}

/// Two ways are compared; it is stopped on the way, and goes on.
#[test]
fn a_comparison_is_stopped_and_gone_on_with() {
    let dir = tempfile::tempdir().unwrap();
    let mut shared = shared(dir.path());
    shared.project = Some(project(40, 36));
    let mut panel = TrainPanel::default();
    panel.recipe.epochs = 1;
    let all = Way::ALL.into_iter();
    panel.lab.without = all
        .filter(|way| !["ulmfit", "last"].contains(&way.name()))
        .collect();
    let mut state = State { panel, shared };
    let readiness = super::super::super::ready::readiness(Some(&project(40, 36).project));
    let recipe = state.panel.recipe.clone();
    state.panel.lab.notice(&mut state.shared);
    state
        .panel
        .lab
        .start(&mut state.shared, next(&recipe), &readiness);
    assert_eq!(state.panel.lab.status, Status::Starting);
    wait(&mut state, &|state| state.panel.lab.course.done >= 6);
    state.panel.act(Action::Stop, &mut state.shared);
    wait(&mut state, &|state| !state.panel.lab.is_active());
    if state.panel.lab.status != Status::Done {
        assert!(!state.shared.run.busy());
        assert_eq!(state.panel.lab.comparison.as_ref().unwrap().rows.len(), 3);
        state.panel.lab.go_on(&mut state.shared);
        wait(&mut state, &|state| !state.panel.lab.is_active());
    }
    let lab = &state.panel.lab;
    assert_eq!(
        (&lab.status, lab.course.done, lab.course.total),
        (&Status::Done, 10, 10)
    );
    let comparison = lab.comparison.as_ref().unwrap();
    assert_eq!((comparison.folds, comparison.measured_on), (5, 36));
    let names: Vec<&str> = comparison.rows.iter().map(|row| row.way.as_str()).collect();
    assert_eq!(names, ["ulmfit", "tf-idf", "most-frequent", "last"]);
    assert_eq!(comparison.rows[0].p, None);
    assert!(comparison.reading > 0.0 && comparison.rows[3].seconds > 0.0);
    // The project has it, and no run.
    let open = state.shared.project.as_ref().unwrap();
    assert_eq!(Comparison::kept(open).as_ref(), Some(comparison));
    assert_eq!(state.shared.run.record.status, Status::Idle);
}

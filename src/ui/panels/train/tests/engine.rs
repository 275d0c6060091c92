//! With the engine itself.

use super::*;

/// The engine itself: start, pause, one step, stop, resume.
#[test]
fn buttons_drive_the_engine() {
    let dir = tempfile::tempdir().unwrap();
    let mut shared = shared(dir.path());
    shared.project = Some(project(60, 40));
    let mut panel = TrainPanel::default();
    panel.recipe.epochs = 2;
    panel.act(Action::Train, &mut shared);
    assert_eq!(shared.run.record.status, Status::Starting);
    let wait = |shared: &mut Shared, until: &dyn Fn(&Run) -> bool| {
        while !until(&shared.run) {
            let event = shared
                .engine
                .events()
                .recv_timeout(Duration::from_secs(120))
                .unwrap();
            if let Event::Failed { message, .. } = &event {
                panic!("{message}");
            }
            shared.run.push(event);
        }
    };
    let steps = |run: &Run| run.record.live().map_or(0, |p| p.step);
    wait(&mut shared, &|run| steps(run) >= 2);
    panel.act(Action::PauseResume, &mut shared);
    wait(&mut shared, &|run| run.record.status == Status::Paused);
    let held = steps(&shared.run);
    panel.act(Action::Step, &mut shared);
    wait(&mut shared, &|run| steps(run) == held + 1);
    assert_eq!(shared.run.record.status, Status::Paused);
    panel.act(Action::Stop, &mut shared);
    wait(&mut shared, &|run| {
        matches!(run.record.status, Status::Stopped { .. })
    });
    panel.resume(&mut shared);
    wait(&mut shared, &|run| steps(run) > held + 1);
    // Stage 2 is drawn through its first step, and every other one lies on the curve however long it was.
    let adapting = shared.run.record.stages.iter().find(|s| s.name == "adapt");
    let adapting = adapting.unwrap();
    let drawn = Outlook::adaptation(adapting).unwrap();
    for (step, rate) in adapting.groups.last().unwrap().rate.points() {
        let base = drawn.base(step);
        assert!((rate / base - 1.0).abs() < 1e-5, "step {step}: {rate} {base}");
    }
    assert_eq!(
        shared
            .run
            .record
            .stages
            .iter()
            .filter(|s| s.name == "adapt")
            .count(),
        1
    );
    panel.act(Action::Stop, &mut shared);
    wait(&mut shared, &|run| {
        matches!(run.record.status, Status::Stopped { .. })
    });
}

/// What is drawn before a run is what the engine then does, step for step.
#[test]
fn the_outlook_is_what_the_engine_does() {
    let dir = tempfile::tempdir().unwrap();
    for (method, epochs) in [
        (Method::Ulmfit, 3),
        (Method::UlmfitCode, 4),
        (Method::ChainThaw, 6),
    ] {
        let mut shared = shared(dir.path());
        let open = project(40, 36);
        let recipe = Recipe {
            method,
            epochs,
            adapt: false,
            cut_frac: 0.2,
            ratio: 12.0,
            factor: 2.0,
            ..Recipe::default()
        };
        let material = match ready::readiness(Some(&open.project)) {
            Readiness::Ready(material) => material,
            other => panic!("{other:?}"),
        };
        let drawn = Outlook::classifier(
            &recipe,
            classifier_groups(3),
            &outlook::planned(&recipe, material.rows()),
        );
        let common = shared.settings.common();
        let job = Fit {
            estimate: crate::session::protocol::Estimate::None,
            forgetting: false,
            watch: Vec::new(),
            ..start::fit(&open.project, &material, &recipe, common, dir.path())
        };
        send(&mut shared, Command::Start(Box::new(Job::Fit(job))));
        let mut steps = 0;
        loop {
            let event = shared.engine.events().recv_timeout(Duration::from_secs(120));
            match event.unwrap() {
                Event::StageStarted { stage, groups, .. } if stage == "train" => {
                    assert_eq!(groups, drawn.names);
                }
                Event::Step {
                    stage,
                    step,
                    total,
                    epoch,
                    groups,
                    ..
                } if stage == "train" => {
                    steps += 1;
                    assert_eq!((step, total, epoch - 1), (steps, drawn.total, drawn.epoch(step)));
                    for (group, now) in groups.iter().enumerate() {
                        assert_eq!(now.frozen, drawn.frozen(group, step), "{method:?} {step} {group}");
                        let rate = if now.frozen { 0.0 } else { drawn.rate(group, step) };
                        let near = (now.rate - rate).abs() <= 1e-12 * rate;
                        assert!(near, "{method:?} {step} {group}: {} {rate}", now.rate);
                    }
                }
                Event::Failed { message, .. } => panic!("{message}"),
                Event::Done { .. } => break,
                _ => {}
            }
        }
        // A method that stops early may end before.
        assert!(
            steps == drawn.total || method == Method::ChainThaw && steps > 6,
            "{method:?}: {steps}"
        );
    }
}

/// A lost device is told without the terminal's options, and the run goes on from its checkpoint on the processor.
#[test]
fn a_run_whose_device_was_lost_goes_on_on_the_processor() {
    let dir = tempfile::tempdir().unwrap();
    let mut state = State {
        panel: TrainPanel::default(),
        shared: shared(dir.path()),
    };
    state.shared.project = Some(project(60, 40));
    state.panel.recipe.epochs = 2;
    state.panel.act(Action::Train, &mut state.shared);
    let steps = |shared: &Shared| shared.run.record.live().map_or(0, |p| p.step);
    let wait = |shared: &mut Shared, what: &dyn Fn(&Shared) -> bool| {
        while !what(shared) {
            let event = shared.engine.events().recv_timeout(Duration::from_secs(120));
            shared.run.push(event.unwrap());
        }
    };
    wait(&mut state.shared, &|s| steps(s) >= 2);
    state.panel.act(Action::Stop, &mut state.shared);
    // The engine ends as it does when it is told to stop; what the window hears is that the device is gone.
    let ended = loop {
        let event = state
            .shared
            .engine
            .events()
            .recv_timeout(Duration::from_secs(120));
        match event.unwrap() {
            event if event.ends_a_job() => break event,
            event => state.shared.run.push(event),
        }
    };
    assert!(matches!(ended, Event::Stopped { .. }), "{ended:?}");
    let held = steps(&state.shared);
    state.shared.run.record.device = "A graphics card".into();
    state.shared.run.push(Event::Failed {
        message:
            "the device failed while computing (lost); try `--device cpu`: `--resume --device cpu` goes on"
                .into(),
        usage: false,
        device: Some("the device failed while computing (lost)".into()),
        diverged: None,
    });
    let mut harness = harness(state, WIDE, egui::Theme::Light);
    harness.get_by_label("The device was lost or is full");
    assert!(harness.query_by_label_contains("--").is_none());
    harness.get_by_label_contains("it comes back when the program is started again; the CPU goes on");
    harness.get_by_role_and_label(egui::accesskit::Role::Button, "Resume");
    harness.get_by_label("Resume on the CPU").click();
    harness.step();
    let shared = &mut harness.state_mut().shared;
    assert_eq!(shared.settings.device, DeviceChoice::Cpu);
    wait(shared, &|s| steps(s) > held);
    assert!(shared.run.record.device.starts_with("CPU"));
    let adapting = shared.run.record.stages.iter().filter(|s| s.name == "adapt");
    assert_eq!(adapting.count(), 1, "from the checkpoint, not from the beginning");
    send(shared, Command::Stop);
    wait(shared, &|s| matches!(s.run.record.status, Status::Stopped { .. }));
}

use proptest::prelude::*;
use serde_json::{Map, json};

use super::*;
use crate::session::protocol::{GroupStep, Prediction};

fn step(stage: &str, step: u64, loss: f64) -> Event {
    let group = |rate: f64| GroupStep {
        rate,
        frozen: rate == 0.0,
        weight_norm: Some(2.0),
        gradient_norm: None,
        update_norm: Some(0.01),
        moved: Some(step as f64 / 100.0),
    };
    Event::Step {
        stage: stage.into(),
        step,
        total: 9,
        epoch: 1 + step as usize / 3,
        loss,
        cross_entropy: loss,
        ar: None,
        tar: Some(0.1),
        groups: vec![group(if step > 3 { 0.1 } else { 0.0 }), group(0.2)],
        tokens_per_second: 10.0,
        seconds_left: 1.0,
    }
}

fn started(job: &str) -> Event {
    Event::Started {
        job: job.into(),
        device: "CPU".into(),
        reason: String::new(),
        seed: 1,
    }
}

fn done(job: &str, error: f64) -> Event {
    let mut result = Map::new();
    result.insert("error".into(), json!(error));
    result.insert("error_low".into(), json!(error - 0.1));
    result.insert("error_high".into(), json!(error + 0.1));
    result.insert("rows".into(), json!(40));
    Event::Done {
        job: job.into(),
        result,
    }
}

fn any_event() -> impl Strategy<Value = Event> {
    let stage = prop::sample::select(vec!["adapt", "train", "train fold 1 of 2", "x"]);
    let job = prop::sample::select(vec!["fit", "train", "predict", "evaluate"]);
    let number = prop_oneof![Just(f64::NAN), Just(f64::INFINITY), -1e9..1e9f64, Just(0.0)];
    (0..14u8, stage, job, 0..50u64, number).prop_map(|(kind, stage, job, n, x)| {
        let name = stage.to_string();
        match kind {
            0 => started(job),
            1 => done(job, x),
            2 => Event::Failed {
                message: name,
                usage: n % 2 == 0,
                device: None,
                diverged: None,
            },
            3 => Event::Stopped { message: name },
            4 => Event::StageStarted {
                stage: name,
                groups: (0..n % 7).map(|g| format!("g{g}")).collect(),
                total: n,
                unit: "steps".into(),
            },
            5 | 6 => step(stage, n, x),
            7 => Event::Evaluation {
                stage: name,
                epoch: n as usize,
                nll: x,
                perplexity: None,
                error: Some(x),
            },
            8 => Event::Forgetting {
                stage: name,
                step: n,
                perplexity: x,
                pretrained: x,
            },
            9 => Event::Watched {
                stage: name,
                epoch: n as usize,
                labels: vec!["a".into()],
                predictions: vec![Prediction {
                    row: n as usize,
                    probabilities: vec![x as f32],
                }],
            },
            10 => Event::Progress {
                stage: name,
                done: n,
                total: n / 2,
                per_second: x,
                seconds_left: Some(x),
            },
            11 => Event::Paused { step: n },
            12 => Event::Resumed,
            _ => Event::Warning { message: name },
        }
    })
}

proptest! {
    #[test]
    fn no_order_of_events_breaks_the_fold(
        events in prop::collection::vec(any_event(), 0..120),
        asked in prop::collection::vec(0..4u8, 0..120),
    ) {
        let mut run = Run::default();
        for (i, event) in events.into_iter().enumerate() {
            match asked.get(i) {
                Some(0) => run.begin(Recipe::default(), vec!["text".into()]),
                Some(1) => run.measure(),
                Some(2) => run.occupy(),
                _ => {}
            }
            run.push(event);
            let live = run.record.live();
            if let Some((stage, step)) = live.and_then(|p| run.record.at(p)) {
                for g in 0..stage.groups.len() {
                    stage.group_at(g, step);
                }
                stage.kept(step);
                stage.said_at(step);
            }
            for record in run.earlier.iter().chain([&run.record]) {
                prop_assert!(record.stages.len() <= MOST_STAGES);
            }
        }
        let text = serde_json::to_string(&run.record).unwrap();
        // Numbers lose their last bit in JSON; what matters is that every record can be read again.
        prop_assert!(serde_json::from_str::<Record>(&text).is_ok(), "{text}");
    }
}

fn finished(method: crate::session::protocol::Method) -> Run {
    let mut run = Run::default();
    let recipe = Recipe {
        method,
        ..Recipe::default()
    };
    run.begin(recipe, Vec::new());
    run.push(started("fit"));
    for n in 1..=9 {
        run.push(step("train", n, 1.0 / n as f64));
    }
    run.push(done("fit", 0.2));
    run
}

#[test]
fn a_playhead_gives_the_state_of_its_step() {
    let run = finished(Default::default());
    let live = run.record.live().unwrap();
    assert_eq!((live.stage, live.step), (0, 9));
    let (stage, step) = run.record.at(Playhead { stage: 0, step: 3 }).unwrap();
    let then = stage.group_at(0, step).unwrap();
    assert!(then.frozen && then.rate == 0.0 && then.moved == Some(f64::from(0.03f32)));
    assert_eq!(stage.epochs.at(3), Some(2));
    let now = stage.group_at(0, live.step).unwrap();
    assert!(!now.frozen && (now.update_ratio.unwrap() - 0.005).abs() < 1e-6);
    assert_eq!(run.record.at(Playhead { stage: 0, step: 99 }).unwrap().1, 9);
    assert_eq!(run.record.status, Status::Done);
    let error = *run.record.outcome.as_ref().unwrap().error().unwrap();
    assert!((error.high - error.low - 0.2).abs() < 1e-9);
}

#[test]
fn the_epoch_that_is_kept_has_the_lowest_loss_and_not_the_fewest_errors() {
    let mut stage = Stage::new("train");
    for (epoch, (nll, error)) in (1..).zip([(0.7, 0.3), (0.4, 0.25), (0.4, 0.2), (0.9, 0.1)]) {
        stage.measure(stage::Measured {
            epoch,
            step: 10 * epoch as u64,
            nll,
            perplexity: None,
            error: Some(error),
        });
    }
    let kept = |step| stage.kept(step).map(|m| m.epoch);
    assert_eq!(
        [5, 10, 20, 40, u64::MAX].map(kept),
        [None, Some(1), Some(2), Some(2), Some(2)]
    );
}

#[test]
fn other_jobs_leave_the_run_alone_and_say_that_the_engine_is_busy() {
    let mut run = finished(Default::default());
    let before = run.record.clone();
    run.push(started("predict"));
    assert_eq!(run.other_job(), Some("predict"));
    run.push(step("train", 1, 7.0));
    run.push(Event::Failed {
        message: "no".into(),
        usage: false,
        device: None,
        diverged: None,
    });
    assert!(run.record == before && !run.busy());
    // Asked for, the error on the labels kept aside joins the outcome.
    run.measure();
    run.push(started("evaluate"));
    run.push(done("evaluate", 0.3));
    assert_eq!(run.record.outcome.unwrap().error().unwrap().error, 0.3);
}

#[test]
fn a_measurement_that_is_refused_is_not_waited_for() {
    let refusal = || Event::Warning {
        message: "a job is running".into(),
    };
    let mut run = finished(Default::default());
    run.push(started("predict"));
    run.measure();
    run.push(refusal());
    run.push(done("predict", 0.0));
    assert!(!run.busy());
    assert!(run.record.notes.last().unwrap().contains("could not be measured"));
    // A warning of its own is none, and one that was not refused is begun after the other job.
    run.push(started("predict"));
    run.measure();
    run.push(done("predict", 0.0));
    run.push(started("evaluate"));
    run.push(refusal());
    run.push(done("evaluate", 0.3));
    assert!(!run.busy());
    assert_eq!(run.record.outcome.unwrap().error().unwrap().error, 0.3);
}

#[test]
fn a_job_that_was_sent_keeps_the_engine_busy_before_it_begins() {
    let failed = || Event::Failed {
        message: "no device".into(),
        usage: false,
        device: None,
        diverged: None,
    };
    for begins in [true, false] {
        let mut run = finished(Default::default());
        let before = run.record.clone();
        run.occupy();
        assert!(run.busy());
        if begins {
            run.push(started("predict"));
            assert!(run.busy());
        }
        run.push(failed());
        assert!(run.record == before && !run.busy());
    }
}

#[test]
fn a_failure_before_the_first_event_is_this_runs_and_a_refusal_too() {
    let mut run = Run::default();
    run.begin(Recipe::default(), Vec::new());
    run.push(Event::Failed {
        message: "no device".into(),
        usage: false,
        device: None,
        diverged: None,
    });
    assert_eq!(
        run.record.status,
        Status::Failed {
            message: "no device".into(),
            device: None,
            diverged: None,
        }
    );
    run.push(started("predict"));
    run.begin(Recipe::default(), Vec::new());
    run.push(Event::Warning {
        message: "a job is running".into(),
    });
    assert!(matches!(run.record.status, Status::Failed { .. }));
}

#[test]
fn a_resumed_run_continues_its_record_and_a_new_one_keeps_the_last() {
    let mut run = Run::default();
    run.begin(Recipe::default(), Vec::new());
    run.push(started("fit"));
    for n in 1..=5 {
        run.push(step("train", n, 1.0));
    }
    run.push(Event::Paused { step: 5 });
    assert_eq!(run.record.status, Status::Paused);
    run.push(Event::Stopped {
        message: "resume".into(),
    });
    run.resume();
    run.push(started("fit"));
    run.push(step("train", 4, 0.5));
    let stage = &run.record.stages[0];
    assert_eq!(
        stage.loss.points().collect::<Vec<_>>(),
        [(1, 1.0), (2, 1.0), (3, 1.0), (4, 0.5)]
    );
    run.push(done("fit", 0.5));
    run.begin(Recipe::default(), Vec::new());
    assert_eq!((run.earlier.len(), run.record.number), (1, 2));
    assert_eq!(run.earlier[0].title(), "run 1 · ulmfit");
}

#[test]
fn a_record_survives_being_written() {
    let record = finished(Default::default()).record;
    let text = serde_json::to_string(&record).unwrap();
    assert_eq!(serde_json::from_str::<Record>(&text).unwrap(), record);
}

#[test]
fn what_the_engine_does_for_another_project_is_waited_for_and_not_shown() {
    let mut run = Run::default();
    run.begin(Recipe::default(), Vec::new());
    run.push(started("fit"));
    run.push(step("train", 1, 1.0));
    run.change_project(4);
    assert_eq!(run.record, Record::default());
    for event in [step("train", 2, 1.0), started("fit"), Event::Paused { step: 2 }] {
        run.push(event);
        assert!(run.busy() && !run.is_running());
        assert_eq!(run.record, Record::default());
    }
    run.push(Event::Stopped {
        message: "resume".into(),
    });
    assert!(!run.busy());
    run.begin(Recipe::default(), Vec::new());
    assert_eq!(run.record.number, 5, "after the last run of this project");
    run.push(started("fit"));
    run.push(step("train", 1, 1.0));
    assert!(run.is_running() && run.record.live().is_some());
}

#[test]
fn a_job_that_was_sent_but_had_not_begun_is_another_projects_too() {
    let mut run = Run::default();
    run.begin(Recipe::default(), Vec::new());
    run.change_project(0);
    assert!(run.busy());
    run.push(started("fit"));
    run.push(step("train", 1, 1.0));
    run.push(done("fit", 0.1));
    assert_eq!((run.busy(), run.record.clone()), (false, Record::default()));
    // An engine that was idle has nothing to wait for.
    run.change_project(0);
    assert!(!run.busy());
}

#[test]
fn runs_that_a_project_kept_are_shown_again_and_none_goes_on_by_itself() {
    let record = |number: usize, status: Status| Record {
        number,
        status,
        ..finished(Default::default()).record
    };
    let kept = || {
        vec![
            record(3, Status::Running),
            record(1, Status::Done),
            record(2, Status::Done),
        ]
    };
    let mut run = Run::default();
    run.change_project(3);
    run.restore(kept());
    assert_eq!(run.record.number, 3);
    assert!(matches!(run.record.status, Status::Stopped { .. }) && run.record.live().is_some());
    assert_eq!(run.earlier.iter().map(|r| r.number).collect::<Vec<_>>(), [1, 2]);
    // One that begins before they are read is not pushed aside.
    let mut run = Run::default();
    run.change_project(3);
    run.begin(Recipe::default(), Vec::new());
    run.restore(kept());
    assert_eq!((run.record.number, run.earlier.len()), (4, 3));
    run.restore((10..40).map(|n| record(n, Status::Done)).collect());
    assert_eq!(run.earlier.len(), MOST_EARLIER);
}

#[test]
fn a_run_that_ended_when_nobody_listened_is_done_with_what_its_classifier_keeps() {
    let stopped = || Record {
        number: 3,
        status: Status::Running,
        outcome: None,
        ..finished(Default::default()).record
    };
    let outcome = || Outcome {
        rows: 84,
        ..Outcome::default()
    };
    let mut run = Run::default();
    run.change_project(3);
    run.restore(vec![stopped()]);
    run.ended_unheard(2, outcome());
    assert!(
        matches!(run.record.status, Status::Stopped { .. }),
        "another run's"
    );
    run.ended_unheard(3, outcome());
    assert_eq!(run.record.status, Status::Done);
    assert_eq!(run.record.outcome.as_ref().map(|o| o.rows), Some(84));
    assert!(run.record.notes.last().unwrap().contains("window was closed"));
    // One that goes on tells its end itself.
    let mut run = Run::default();
    run.begin(Recipe::default(), Vec::new());
    run.ended_unheard(1, outcome());
    assert!(run.record.outcome.is_none());
}

//! What is told of a run wherever the user is: its end by a message, and how it stands by the title of the window.

use super::actions::Action;
use super::run::left::{Course, course};
use super::run::{Outcome, Record, Run, Status, words};
use super::widgets::{percent, range};
use super::{Offer, Screen, Shared};

/// The name of the window while there is nothing to tell.
pub const NAME: &str = "Unfreeze";

/// How a run ended; nothing of one that goes on, or that the user has stopped.
pub fn end(record: &Record) -> Option<String> {
    match &record.status {
        Status::Failed {
            diverged: Some(_), ..
        } => Some("Training failed: it diverged".into()),
        Status::Failed { message, device, .. } => {
            let why = (device.clone()).unwrap_or_else(|| words(message.clone(), None));
            Some(format!("Training failed: {}", why.trim_end_matches('.')))
        }
        Status::Done => {
            let error = record.outcome.as_ref().and_then(Outcome::error);
            Some(match error {
                Some(error) => format!(
                    "Training is done: {} wrong ({})",
                    percent(error.error),
                    range(error.low, error.high)
                ),
                None => "Training is done".into(),
            })
        }
        _ => None,
    }
}

/// Tells that the run has ended, where nothing in view shows that.
pub fn tell(shared: &mut Shared) {
    let record = &shared.run.record;
    let Some(end) = end(record) else { return };
    if record.status != Status::Done {
        let offer = Offer {
            name: "Show the ways on",
            action: Action::Show(Screen::Train),
        };
        shared.offer(format!("{end}."), true, offer);
    } else {
        shared.say(format!(
            "{end}. The Train screen shows how it went, and 'Classify every text' labels the rest."
        ));
    }
}

/// The title of the window. `comparing`: classifiers that a comparison of methods has trained, of how many, while it goes on.
pub fn title(run: &Run, comparing: Option<(u64, u64)>) -> String {
    let told = match (&run.record.status, comparing) {
        (_, Some((done, total))) if total > 0 => Some(format!("comparing methods, {done} of {total}")),
        (_, Some(_)) => Some("comparing methods".into()),
        (Status::Paused, _) => Some("training holds".into()),
        (Status::Starting | Status::Running, _) => Some(progress(&run.record)),
        (Status::Failed { .. }, _) if run.is_unseen() => Some("training failed".into()),
        (Status::Done, _) if run.is_unseen() => Some("training is done".into()),
        _ => None,
    };
    told.map_or_else(|| NAME.into(), |told| format!("{told} · {NAME}"))
}

/// How far a run is.
fn progress(record: &Record) -> String {
    let (Some(Course { at, of, .. }), Some(stage)) = (course(record), record.stages.last()) else {
        return "training".into();
    };
    let share = 100 * stage.done / stage.total.max(1);
    match of {
        Some(of) if stage.trains() => format!("{share} % of step {at} of {of}"),
        _ => format!("training, {share} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Event;
    use crate::ui::run::Recipe;

    fn training() -> Shared {
        let mut shared = Shared::for_tests(None);
        shared.run.begin(Recipe::default(), Vec::new());
        for event in [
            Event::Started {
                job: "fit".into(),
                device: "made up".into(),
                reason: String::new(),
                seed: 0,
            },
            Event::StageStarted {
                stage: "adapt".into(),
                groups: vec!["all".into()],
                total: 200,
                unit: "steps".into(),
            },
            Event::Step {
                stage: "adapt".into(),
                step: 85,
                total: 200,
                epoch: 1,
                loss: 1.0,
                cross_entropy: 1.0,
                ar: None,
                tar: None,
                groups: Vec::new(),
                tokens_per_second: 1.0,
                seconds_left: 1.0,
            },
        ] {
            shared.run.push(event);
        }
        shared
    }

    fn done() -> Event {
        let result = serde_json::json!({ "error": 0.14, "error_low": 0.1, "error_high": 0.19 });
        Event::Done {
            job: "fit".into(),
            result: result.as_object().cloned().unwrap(),
        }
    }

    fn failed(diverged: Option<f64>) -> Event {
        Event::Failed {
            message: "no room on the disk.".into(),
            usage: false,
            device: None,
            diverged,
        }
    }

    #[test]
    fn the_end_of_a_run_is_told_on_other_screens() {
        for (event, said, failure) in [
            (
                done(),
                "Training is done: 14 % wrong (10 to 19 %). The Train screen shows how it went, and 'Classify every text' labels",
                false,
            ),
            (failed(None), "Training failed: no room on the disk.", true),
            (failed(Some(0.1)), "Training failed: it diverged.", true),
        ] {
            let mut shared = training();
            tell(&mut shared);
            assert!(shared.messages.is_empty(), "it goes on");
            shared.run.push(event);
            tell(&mut shared);
            let message = shared.messages.last().unwrap();
            assert!(message.text.starts_with(said), "{}", message.text);
            assert_eq!((message.failure, message.offer.is_some()), (failure, failure));
        }
        let mut shared = training();
        shared.run.push(Event::Failed {
            message: "lost; use `--device cpu`".into(),
            usage: false,
            device: Some("the GPU has no memory left".into()),
            diverged: None,
        });
        tell(&mut shared);
        let said = &shared.messages.last().unwrap().text;
        assert_eq!(said, "Training failed: the GPU has no memory left.");
        let mut shared = training();
        let message = "as asked".into();
        shared.run.push(Event::Stopped { message });
        tell(&mut shared);
        assert!(shared.messages.is_empty());
    }

    #[test]
    fn the_title_of_the_window_follows_the_run_until_its_end_is_seen() {
        let mut run = training().run;
        assert_eq!(title(&Run::default(), None), "Unfreeze");
        assert_eq!(title(&run, None), "training, 42 % · Unfreeze");
        run.record.folds = Some(5);
        assert_eq!(title(&run, None), "42 % of step 1 of 7 · Unfreeze");
        for (event, told) in [
            (failed(None), "training failed · Unfreeze"),
            (done(), "training is done · Unfreeze"),
        ] {
            let mut run = run.clone();
            run.push(event);
            assert_eq!(title(&run, None), told);
            run.seen();
            assert_eq!(title(&run, None), "Unfreeze");
        }
        assert_eq!(
            title(&Run::default(), Some((0, 0))),
            "comparing methods · Unfreeze"
        );
        assert_eq!(
            title(&Run::default(), Some((3, 30))),
            "comparing methods, 3 of 30 · Unfreeze"
        );
    }
}

//! Training again with the language model of the classifier that gives way.

use unfreeze::session::Session;
use unfreeze::session::adapted::{Read, language_model, language_model_backward};
use unfreeze::session::protocol::{ClassifierOptions, Command, Estimate, Event, Fit, Job, LmOptions};
use unfreeze::session::unfinished::language_models;

use super::ask::{done, failure, fit, given, handed};
use super::{Place, pretrain, rest, send, start, step_of, until};

#[test]
fn the_language_models_are_there_again_when_the_classifier_that_has_them_gives_way() {
    let place = Place::new();
    let session = Session::spawn().expect("a thread");
    let Job::Pretrain(mut job) = pretrain(&place.path("texts.csv"), place.path("back")) else {
        unreachable!()
    };
    job.backward = true;
    done(&session, Job::Pretrain(job));

    let job = Fit {
        unlabelled: Some(handed(given(80))),
        bidirectional: true,
        backward_model: Some(place.path("back")),
        adapt: true,
        lm: LmOptions {
            epochs: Some(1),
            bptt: Some(10),
            batch: Some(4),
            ..LmOptions::default()
        },
        classifier: ClassifierOptions {
            epochs: Some(2),
            batch: Some(8),
            ..ClassifierOptions::default()
        },
        estimate: Estimate::None,
        ..fit(&place, "classifier", given(60))
    };
    done(&session, Job::Fit(job.clone()));
    let (forward, _) = language_model(&job.out).expect("a language model");
    let (backward, _) = language_model_backward(&job.out).expect("another one");
    let texts: Vec<String> = given(80).into_iter().map(|row| row.text).collect();
    let read = Some(Read::of(&texts));
    let files = || {
        [&forward, &backward].map(|model| {
            assert_eq!(Read::by(model), read);
            ["model.safetensors", "vocab.json", "README.md"]
                .map(|name| std::fs::read(model.join(name)).expect("a file of the model"))
        })
    };
    let before = files();

    let again = Fit {
        model: Some(forward.clone()),
        backward_model: Some(backward.clone()),
        adapt: false,
        unlabelled: None,
        overwrite: true,
        ..job
    };
    // What was interrupted finds them where they were.
    start(&session, Job::Fit(again.clone()));
    send(&session, Command::Pause);
    until(&session, |event| matches!(event, Event::Paused { .. }));
    send(&session, Command::Step);
    until(&session, |event| step_of(event) == Some(1));
    send(&session, Command::Stop);
    let end = rest(&session).pop();
    assert!(matches!(end, Some(Event::Stopped { .. })), "{end:?}");
    assert!(files() == before);
    let resumed = Fit {
        resume: true,
        ..again.clone()
    };
    let events = done(&session, Job::Fit(resumed));
    let adapts = |event: &&Event| matches!(event, Event::Step { stage, .. } if stage.starts_with("adapt"));
    assert_eq!(events.iter().filter(adapts).count(), 0);
    assert!(files() == before);
    // And so once more, from what was kept.
    done(&session, Job::Fit(again.clone()));
    assert!(files() == before);
    // The one that reads backward is handed on by a run that has no use for it.
    let half = Fit {
        bidirectional: false,
        ..again
    };
    let out = half.out.clone();
    done(&session, Job::Fit(half));
    assert!(files() == before && !out.join("backward/config.json").exists());
}

#[test]
fn a_run_begins_with_what_the_interrupted_one_has_read_whose_place_it_takes() {
    begins_with_what_was_read(true);
}

#[test]
fn so_it_does_where_that_does_not_tell_which_texts_it_has_read() {
    begins_with_what_was_read(false);
}

/// A run takes the place of one that has read further texts, or the labelled ones alone: that alone does not tell them.
fn begins_with_what_was_read(further: bool) {
    let place = Place::new();
    let session = Session::spawn().expect("a thread");
    let options = |epochs| ClassifierOptions {
        epochs: Some(epochs),
        batch: Some(8),
        ..ClassifierOptions::default()
    };
    let job = Fit {
        unlabelled: further.then(|| handed(given(80))),
        adapt: true,
        lm: LmOptions {
            epochs: Some(1),
            bptt: Some(10),
            batch: Some(4),
            ..LmOptions::default()
        },
        // Long enough to be stopped in.
        classifier: options(400),
        estimate: Estimate::None,
        ..fit(&place, "classifier", given(60))
    };
    start(&session, Job::Fit(job.clone()));
    until(
        &session,
        |event| matches!(event, Event::Step { stage, .. } if stage == "train"),
    );
    send(&session, Command::Stop);
    let end = rest(&session).pop();
    assert!(matches!(end, Some(Event::Stopped { .. })), "{end:?}");
    let [[Some((made, _)), None], [None, None]] = language_models(&job.out) else {
        panic!("{:?}", language_models(&job.out))
    };
    let texts: Vec<String> = given(80).into_iter().map(|row| row.text).collect();
    let read = further.then(|| Read::of(&texts));
    assert_eq!(Read::by(&made), read);

    let next = Fit {
        model: Some(made.clone()),
        classifier: options(2),
        adapt: false,
        unlabelled: None,
        overwrite: true,
        ..job
    };
    // One that is refused leaves the other all that it goes on from.
    let whole = || made.join("config.json").is_file() && !place.path("classifier.unfinished-read").exists();
    let unasked = Fit {
        overwrite: false,
        ..next.clone()
    };
    let refused = failure(&session, Job::Fit(unasked));
    assert!(
        refused.contains("holds an interrupted run") && whole(),
        "{refused}"
    );
    let one_sided = Fit {
        bidirectional: true,
        ..next.clone()
    };
    let refused = failure(&session, Job::Fit(one_sided));
    assert!(refused.contains("--backward-model") && whole(), "{refused}");
    std::fs::create_dir(&next.out).expect("a directory");
    std::fs::write(next.out.join("thesis.txt"), "x").expect("a file");
    let refused = failure(&session, Job::Fit(next.clone()));
    assert!(refused.contains("is not overwritten") && whole(), "{refused}");
    std::fs::remove_dir_all(&next.out).expect("removed");

    // This one is interrupted too, and goes on by the path that it was given.
    start(&session, Job::Fit(next.clone()));
    send(&session, Command::Pause);
    until(&session, |event| matches!(event, Event::Paused { .. }));
    send(&session, Command::Step);
    until(&session, |event| step_of(event) == Some(1));
    send(&session, Command::Stop);
    let end = rest(&session).pop();
    assert!(matches!(end, Some(Event::Stopped { .. })), "{end:?}");
    let resumed = Fit {
        resume: true,
        ..next.clone()
    };
    let events = done(&session, Job::Fit(resumed));
    let adapts = |event: &&Event| matches!(event, Event::Step { stage, .. } if stage.starts_with("adapt"));
    assert_eq!(events.iter().filter(adapts).count(), 0);
    let (kept, _) = language_model(&next.out).expect("a language model");
    assert_eq!(Read::by(&kept), read);
    let card = std::fs::read_to_string(kept.join("README.md")).expect("a card");
    assert!(card.contains("Licence"), "{card}");
    assert!(
        !place.path("classifier.unfinished-read").exists(),
        "the classifier has it now"
    );
}

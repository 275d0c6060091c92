//! What a run tells of its inside: rates, the distance of each layer group from its first weights, forgetting, watched texts.

use unfreeze::session::protocol::{
    ClassifierOptions, Estimate, Event, Fit, GroupStep, Job, LmOptions, Method, Predict, Prediction,
};
use unfreeze::session::{Session, preview};

use super::ask::{fit, given, handed};
use super::{COMMON, Place, pretrain, rest, start, until};

const WATCH: [&str; 2] = [
    "the frozen pond and a snow pond",
    "the roof slides and a falls roof",
];

/// A place whose base model has read general text, so that it can forget it.
fn place() -> Place {
    let place = Place(tempfile::tempdir().expect("a directory"));
    let general = include_str!("../../assets/sample/general.txt");
    let corpus = place.path("corpus.txt");
    std::fs::write(&corpus, format!("{general}\n\n").repeat(3)).expect("written");
    let session = Session::spawn().expect("a thread");
    let Job::Pretrain(mut job) = pretrain(&corpus, place.path("base")) else {
        unreachable!()
    };
    (job.vocab, job.batch, job.epochs) = (Some(1_200), Some(8), 3);
    start(&session, Job::Pretrain(job));
    let end = rest(&session).pop();
    assert!(matches!(end, Some(Event::Done { .. })), "{end:?}");
    place
}

fn run(job: Fit) -> Vec<Event> {
    let session = Session::spawn().expect("a thread");
    start(&session, Job::Fit(job));
    let events = rest(&session);
    assert!(
        matches!(events.last(), Some(Event::Done { .. })),
        "{:?}",
        events.last()
    );
    events
}

/// The steps of a stage: step, epoch, groups.
fn steps<'a>(events: &'a [Event], of: &str) -> Vec<(u64, usize, &'a [GroupStep])> {
    let step = |event: &'a Event| match event {
        Event::Step {
            stage,
            step,
            epoch,
            groups,
            ..
        } if stage == of => Some((*step, *epoch, groups.as_slice())),
        _ => None,
    };
    events.iter().filter_map(step).collect()
}

/// Step, perplexity and that of the pretrained model.
fn forgetting(events: &[Event], of: &str) -> Vec<(u64, f64, f64)> {
    let measured = events.iter().filter_map(|event| match event {
        Event::Forgetting {
            stage,
            step,
            perplexity,
            pretrained,
        } if stage == of => Some((*step, *perplexity, *pretrained)),
        _ => None,
    });
    measured.collect()
}

#[test]
fn every_group_has_its_way_every_thaw_its_forgetting_and_the_last_word_is_the_models() {
    let place = place();
    let job = Fit {
        adapt: true,
        lm: LmOptions {
            epochs: Some(2),
            bptt: Some(10),
            batch: Some(4),
            ..LmOptions::default()
        },
        classifier: ClassifierOptions {
            epochs: Some(7),
            batch: Some(8),
            ..ClassifierOptions::default()
        },
        estimate: Estimate::None,
        forgetting: true,
        watch: WATCH.map(String::from).to_vec(),
        ..fit(&place, "whole", given(140))
    };
    let events = run(job.clone());

    // Groups of the language model: layers, then the words. Of the classifier: words, layers, head.
    let adapted = steps(&events, "adapt");
    let moved = |groups: &[GroupStep]| -> Vec<Option<f64>> { groups.iter().map(|g| g.moved).collect() };
    let first = moved(adapted[0].2);
    assert!(first.iter().all(|m| m.is_some_and(|m| m > 0.0)), "{first:?}");
    let measured: Vec<_> = adapted.iter().filter(|s| s.2[0].moved.is_some()).collect();
    assert!(measured.len() >= 2 && measured.len() < adapted.len());
    let last = moved(measured[measured.len() - 1].2);
    assert!(last.iter().zip(&first).all(|(l, f)| l > f), "{first:?} {last:?}");

    let trained = steps(&events, "train");
    let measured: Vec<_> = trained.iter().filter(|s| s.2[0].moved.is_some()).collect();
    assert!(measured.len() >= 3);
    let mut frozen_seen = 0;
    for (step, _, groups) in &measured {
        for (at, group) in groups.iter().enumerate() {
            assert!(
                group.weight_norm.expect("measured") > 0.0,
                "step {step}, group {at}"
            );
            let moved = group.moved.expect("measured");
            if group.frozen {
                frozen_seen += 1;
                assert_eq!((group.gradient_norm, group.update_norm), (Some(0.0), Some(0.0)));
                // Stage 2 has moved it from the pretrained weights, and it stays there.
                assert!(moved > 0.0, "step {step}, group {at}");
                assert_eq!(Some(moved), measured[0].2[at].moved);
            }
        }
    }
    assert!(frozen_seen > 0);
    let head = |s: &(u64, usize, &[GroupStep])| s.2.last().and_then(|g| g.moved).expect("measured");
    assert!(head(measured[0]) < head(measured[measured.len() - 1]));

    // Before the first step the model is the pretrained one; stage 3 begins where stage 2 ended.
    let adapting = forgetting(&events, "adapt");
    let per_epoch = adapted.len() as u64 / 2;
    let at: Vec<u64> = adapting.iter().map(|f| f.0).collect();
    assert_eq!((at.len(), at[0], at[2]), (3, 0, adapted.len() as u64));
    assert!(at[1].abs_diff(per_epoch) <= 2, "{at:?}");
    let training = forgetting(&events, "train");
    // The four groups join one by one; then it is every fourth epoch, and the last.
    let ends: Vec<u64> = (0..=7)
        .map(|epoch| trained.iter().filter(|step| step.1 <= epoch).count() as u64)
        .collect();
    let at: Vec<u64> = training.iter().map(|f| f.0).collect();
    assert_eq!(at, [0, 1, 2, 3, 4, 7].map(|epoch: usize| ends[epoch]));
    let near = |a: f64, b: f64| {
        assert!((a / b - 1.0).abs() < 1e-4, "{a} {b}: {adapting:?} {training:?}");
    };
    near(adapting[0].1, adapting[0].2);
    assert!(adapting[2].1 > adapting[0].1 * 1.01, "{adapting:?}");
    near(training[0].1, adapting[2].1);
    near(training[0].2, adapting[0].2);
    // In the first epoch only the head trains: nothing is forgotten.
    near(training[1].1, training[0].1);
    let forgets = |at: &(u64, f64, f64)| (at.1 / training[0].1 - 1.0).abs() > 1e-4;
    assert!(training[2..].iter().any(forgets), "{training:?}");

    let said: Vec<(usize, Vec<Prediction>)> = (events.iter())
        .filter_map(|event| match event {
            Event::Watched {
                stage,
                epoch,
                labels,
                predictions,
            } => {
                assert_eq!((stage.as_str(), labels.len()), ("train", 2));
                Some((*epoch, predictions.clone()))
            }
            _ => None,
        })
        .collect();
    assert_eq!(
        said.iter().map(|s| s.0).collect::<Vec<_>>(),
        [1, 2, 3, 4, 5, 6, 7]
    );
    let session = Session::spawn().expect("a thread");
    let texts = WATCH.map(|text| unfreeze::session::protocol::GivenRow {
        text: text.into(),
        ..Default::default()
    });
    start(
        &session,
        Job::Predict(Predict {
            common: COMMON,
            model: job.out,
            texts: handed(texts.to_vec()),
        }),
    );
    let answer = until(&session, |e| matches!(e, Event::Predictions { .. })).pop();
    let Some(Event::Predictions { predictions, .. }) = answer else {
        unreachable!()
    };
    for (told, asked) in said[6].1.iter().zip(&predictions) {
        assert_eq!(told.row, asked.row);
        for (a, b) in told.probabilities.iter().zip(&asked.probabilities) {
            assert!((a - b).abs() < 1e-4, "{told:?} {asked:?}");
        }
    }
}

#[test]
fn a_model_of_another_language_is_not_asked_for_english() {
    let place = Place::new();
    let events = run(Fit {
        estimate: Estimate::None,
        forgetting: true,
        ..fit(&place, "other", given(40))
    });
    assert!(forgetting(&events, "train").is_empty());
    let told =
        |e: &Event| matches!(e, Event::Note { message } if message.contains("Forgetting is not measured"));
    assert!(events.iter().any(told));
}

#[test]
fn rates_are_those_of_the_preview() {
    let place = Place::new();
    let options = |cut_frac, ratio, factor| ClassifierOptions {
        epochs: Some(5),
        batch: Some(8),
        rate: Some(0.004),
        cut_frac,
        ratio,
        factor,
        ..ClassifierOptions::default()
    };
    let cases = [
        (Method::Ulmfit, options(None, None, None)),
        (Method::Ulmfit, options(Some(0.4), Some(8.0), Some(1.5))),
        (Method::FreezStlr, options(Some(0.5), Some(4.0), Some(1.5))),
        (Method::UlmfitCode, options(Some(0.5), None, Some(3.0))),
        (Method::FullDiscr, options(Some(0.5), None, Some(3.0))),
    ];
    let mut curves = Vec::new();
    for (at, (method, options)) in cases.into_iter().enumerate() {
        let events = run(Fit {
            method,
            classifier: options.clone(),
            estimate: Estimate::None,
            ..fit(&place, &format!("rates-{at}"), given(150))
        });
        let rows = events.iter().find_map(|e| match e {
            Event::Done { result, .. } => result["rows"].as_u64(),
            _ => None,
        });
        let rows = rows.expect("done") as usize;
        let counts = preview::steps(method, &options, rows, preview::watched(&[rows / 2; 2]));
        let course = preview::course(method, &options, 4, &counts).expect("in range");
        let steps = steps(&events, "train");
        assert_eq!((steps.len(), counts.len()), (course.total, 5), "{method:?}");
        for (step, epoch, groups) in &steps {
            let done = *step as usize - 1;
            assert_eq!(course.epoch_after(done), epoch - 1);
            let rates: Vec<f64> = groups.iter().map(|g| g.rate).collect();
            assert_eq!(rates, course.rates(epoch - 1, done), "{method:?}, step {step}");
            for (at, group) in groups.iter().enumerate() {
                assert_eq!(group.frozen, !course.trains(at, epoch - 1));
            }
        }
        let head: Vec<f64> = steps.iter().map(|s| s.2[3].rate).collect();
        assert!(!curves.contains(&head), "{method:?} is as one before it");
        curves.push(head);
        // Three times slower below the head, where that was asked for and the method can.
        let below = steps[steps.len() - 1].2[3].rate / steps[steps.len() - 1].2[2].rate;
        let want = match (method, options.factor) {
            (Method::FreezStlr, _) => 1.0,
            (_, Some(factor)) => factor,
            _ => 2.6,
        };
        assert!((below / want - 1.0).abs() < 1e-9, "{method:?}: {below}");
    }
}

#[test]
fn numbers_out_of_range_are_refused_before_any_work() {
    let place = Place::new();
    let mut job = fit(&place, "refused", given(40));
    job.classifier.ratio = Some(0.5);
    let session = Session::spawn().expect("a thread");
    start(&session, Job::Fit(job.clone()));
    let events = rest(&session);
    let Some(Event::Failed {
        message, usage: true, ..
    }) = events.last()
    else {
        panic!("{:?}", events.last())
    };
    assert!(message.contains("ratio is 0.5"), "{message}");
    assert!(!events.iter().any(|e| matches!(e, Event::Loaded { .. })));
    // A number that the method has no use for is named, and does no harm.
    job.method = Method::Full;
    job.classifier.ratio = Some(8.0);
    let events = run(Fit {
        estimate: Estimate::None,
        ..job
    });
    assert!(
        (events.iter())
            .any(|e| matches!(e, Event::Warning { message } if message.contains("change nothing")))
    );
}

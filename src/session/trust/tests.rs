use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::*;

/// Numbers from 0 to 1.
struct Dice(ChaCha8Rng);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    fn roll(&mut self) -> f64 {
        self.0.random()
    }
}

/// Texts of three classes: their true probabilities are known, and the classifier states them `sharper` times too
/// surely.
fn judged(n: usize, sharper: f64, dice: &mut Dice) -> Vec<Judged> {
    (0..n)
        .map(|text| {
            let logits: Vec<f64> = (0..3).map(|_| 4.0 * dice.roll()).collect();
            let sum: f64 = logits.iter().map(|l| l.exp()).sum();
            let roll = dice.roll();
            let mut below = 0.0;
            let truth = logits.iter().position(|l| {
                below += l.exp() / sum;
                roll < below
            });
            let stated: Vec<f64> = logits.iter().map(|l| (l * sharper).exp()).collect();
            let sum: f64 = stated.iter().sum();
            Judged {
                text: text as u32,
                truth: truth.unwrap_or(2),
                probabilities: stated.iter().map(|s| (s / sum) as f32).collect(),
            }
        })
        .collect()
}

fn confidences(trust: &Trust, judged: &[Judged]) -> Vec<(f32, bool)> {
    judged
        .iter()
        .map(|j| {
            let p = trust.calibrated(&j.probabilities);
            (p[j.predicted()], j.right())
        })
        .collect()
}

fn coverage(trust: &Trust, judged: &[Judged]) -> Coverage {
    Coverage::new(confidences(trust, judged).into_iter().map(|c| c.0), Some(trust))
}

#[test]
fn a_classifier_that_is_too_sure_is_put_right() {
    let mut dice = Dice::new(1);
    for sharper in [0.5, 1.0, 2.0, 3.0] {
        let trust = Trust::measured(&judged(8_000, sharper, &mut dice)).unwrap();
        let found = trust.temperature();
        assert!((found / sharper - 1.0).abs() < 0.15, "{sharper}: {found}");
        // Of 20,000 other texts, as many are right as is said.
        let others = judged(20_000, sharper, &mut dice);
        let table = coverage(&trust, &others);
        for threshold in [0.0, 0.5, 0.7, 0.9] {
            let above: Vec<bool> = confidences(&trust, &others)
                .into_iter()
                .filter(|c| f64::from(c.0) >= threshold)
                .map(|c| c.1)
                .collect();
            let truly = above.iter().filter(|&&r| r).count() as f64 / above.len() as f64;
            let accepted = table.accepted(&trust, threshold).unwrap();
            assert_eq!(table.above(threshold), above.len());
            let little = 0.5 / (accepted.measured_on as f64).sqrt();
            assert!(
                (accepted.right - truly).abs() < little.max(0.03),
                "{sharper} {threshold}: {accepted:?} {truly}"
            );
        }
    }
}

#[test]
fn the_interval_holds_the_truth_nearly_always() {
    let mut held = 0;
    for seed in 0..100 {
        let mut dice = Dice::new(seed);
        let trust = Trust::measured(&judged(100, 2.0, &mut dice)).unwrap();
        let others = judged(3_000, 2.0, &mut dice);
        let accepted = coverage(&trust, &others).accepted(&trust, 0.7).unwrap();
        let above = confidences(&trust, &others).into_iter().filter(|c| c.0 >= 0.7);
        let above: Vec<bool> = above.map(|c| c.1).collect();
        let truly = above.iter().filter(|&&r| r).count() as f64 / above.len() as f64;
        held += usize::from((accepted.interval.low..=accepted.interval.high).contains(&truly));
        assert!((accepted.interval.low..=accepted.interval.high).contains(&accepted.right));
    }
    assert!(held >= 90, "{held} of 100");
}

#[test]
fn a_higher_threshold_never_makes_it_worse() {
    for seed in 0..30 {
        let mut dice = Dice::new(1000 + seed);
        let n = 1 + (200.0 * dice.roll()) as usize;
        // Some are labelled at random, so that the judgements themselves go up and down.
        let mut evidence = judged(n, 1.5, &mut dice);
        for j in &mut evidence {
            if dice.roll() < 0.3 {
                j.truth = (3.0 * dice.roll()) as usize;
            }
        }
        let trust = Trust::measured(&evidence).unwrap();
        let table = coverage(&trust, &judged(500, 1.5, &mut dice));
        let thresholds: Vec<f64> = (0..=100).map(|i| f64::from(i) / 100.0).collect();
        let mut before: Option<Accepted> = None;
        for &t in &thresholds {
            let Some(accepted) = table.accepted(&trust, t) else {
                continue;
            };
            if let Some(before) = before {
                assert!(
                    accepted.right >= before.right - 1e-9,
                    "{seed} {t}: {before:?} {accepted:?}"
                );
                assert!(accepted.measured_on <= before.measured_on);
            }
            assert!(accepted.right > 0.0 && accepted.right < 1.0, "never quite sure");
            before = Some(accepted);
        }
        let right: Vec<f64> = thresholds.iter().map(|&t| trust.likely_right(t)).collect();
        assert!(right.windows(2).all(|two| two[0] <= two[1]), "{right:?}");
    }
}

#[test]
fn checking_by_hand_helps_and_by_as_much_as_the_least_sure_are_wrong() {
    let mut dice = Dice::new(7);
    let trust = Trust::measured(&judged(1_000, 2.0, &mut dice)).unwrap();
    let table = coverage(&trust, &judged(5_000, 2.0, &mut dice));
    let rest = table.below(0.8);
    let (now, after) = table.checking(0.8, 500).unwrap();
    assert!(0.0 < after && after < now && now < 1.0, "{now} {after}");
    // The least sure are wrong more often than the rest.
    assert!((now - after) * rest as f64 > now * 500.0);
    assert_eq!(table.checking(0.8, rest).unwrap().1, 0.0);
    assert_eq!(table.checking(0.8, usize::MAX).unwrap().1, 0.0);
    assert_eq!(table.checking(0.0, 10), None, "nothing lies below");
    assert_eq!(table.histogram(10).iter().sum::<usize>(), table.texts());
    assert_eq!(table.histogram(1), [5_000]);
}

#[test]
fn little_or_strange_evidence_is_no_panic() {
    assert_eq!(Trust::measured(&[]), None);
    let one = |truth, probabilities: &[f32]| Judged {
        text: 0,
        truth,
        probabilities: probabilities.to_vec(),
    };
    // Labels that the classifier does not know tell nothing alone.
    assert_eq!(Trust::measured(&[one(2, &[0.5, 0.5]), one(0, &[])]), None);
    // One class only: always sure, always right.
    let trust = Trust::measured(&[one(0, &[1.0]), one(0, &[1.0])]).unwrap();
    assert_eq!(trust.calibrated(&[1.0]), [1.0]);
    let table = Coverage::new([1.0, 1.0, 1.0].into_iter(), Some(&trust));
    let accepted = table.accepted(&trust, 0.9).unwrap();
    assert!(
        accepted.right > 0.8 && accepted.interval.low < 0.5,
        "{accepted:?}"
    );
    assert_eq!(accepted.measured_on, 2);
    // A diverged classifier.
    let trust = Trust::measured(&[
        one(0, &[f32::NAN, f32::NAN]),
        one(1, &[0.0, 0.0]),
        one(1, &[0.0, 1.0]),
    ])
    .unwrap();
    assert!(trust.temperature().is_finite());
    assert!(trust.calibrated(&[f32::NAN, 0.3]).iter().all(|p| p.is_finite()));
    assert!(trust.calibrated(&[]).is_empty());
    // Nothing above the threshold was judged: nothing is said.
    let trust = Trust::measured(&[one(0, &[0.6, 0.4])]).unwrap();
    let table = Coverage::new([0.99, f32::NAN].into_iter(), Some(&trust));
    assert_eq!(table.texts(), 1);
    assert_eq!(table.accepted(&trust, 0.95), None);
    assert_eq!(Coverage::new([0.9].into_iter(), None).checking(0.95, 1), None);
}

#[test]
fn all_right_moves_the_temperature_but_not_out_of_reach() {
    let sure: Vec<Judged> = (0..50)
        .map(|text| Judged {
            text,
            truth: 0,
            probabilities: vec![0.7, 0.3],
        })
        .collect();
    let trust = Trust::measured(&sure).unwrap();
    let p = trust.calibrated(&[0.7, 0.3]);
    assert!(p[0] > 0.9 && p[0] < 1.0, "{p:?}");
}

#[test]
fn flipped_labels_are_found_and_others_are_not() {
    let mut dice = Dice::new(11);
    let mut evidence: Vec<Judged> = (0..200)
        .map(|text| {
            let truth = (text % 2) as usize;
            let sure = 0.8 + 0.19 * dice.roll() as f32;
            let mut probabilities = vec![1.0 - sure; 2];
            probabilities[truth] = sure;
            Judged {
                text,
                truth,
                probabilities,
            }
        })
        .collect();
    assert!(label_errors(&evidence).is_empty() && losses(&evidence).is_empty());
    for i in [3, 50, 120] {
        evidence[i].truth = 1 - evidence[i].truth;
    }
    let mut found = label_errors(&evidence);
    assert_eq!(losses(&evidence).len(), 3);
    // The clearest first.
    let sure = |i: usize| evidence[i].probabilities[evidence[i].predicted()];
    assert!(found.windows(2).all(|two| sure(two[0]) >= sure(two[1])));
    found.sort_unstable();
    // Two thirds of the flipped ones at least; a little less sure than usual is no clear case.
    assert!(found.iter().all(|i| [3, 50, 120].contains(i)), "{found:?}");
    assert!(!found.is_empty());
    assert!(label_errors(&[]).is_empty());
}

#[test]
fn scores_count_what_fits_the_names() {
    let names = ["a".to_string(), "b".to_string()];
    let one = |truth, p: f32| Judged {
        text: 0,
        truth,
        probabilities: vec![p, 1.0 - p],
    };
    let evidence = [one(0, 0.9), one(1, 0.9), one(1, 0.2), one(7, 0.5)];
    let found = report(&names, &evidence, &[0; 4]).unwrap();
    assert_eq!(found.rows, 3);
    assert_eq!(found.confusion, [[1, 0], [1, 1]]);
    assert_eq!(report(&names, &[], &[]), None);
}

#[test]
fn classifiers_that_differ_widen_the_interval() {
    let names = ["a".to_string(), "b".to_string()];
    let evidence: Vec<Judged> = (0..60)
        .map(|text| Judged {
            text,
            truth: usize::from(text < 15),
            probabilities: vec![0.9, 0.1],
        })
        .collect();
    let of = |judges: &[usize]| report(&names, &evidence, judges).unwrap();
    let one = of(&[3; 60]);
    let theirs = crate::train::metrics::wilson(15, 60);
    assert_eq!((one.error, one.error_interval), (0.25, theirs));
    // Three that are alike tell as much as one; of these three the first is wrong three times of four.
    let alike: Vec<usize> = (0..60).map(|text| text % 3).collect();
    assert_eq!(of(&alike).error_interval, theirs);
    let unlike: Vec<usize> = (0..60).map(|text| text / 20).collect();
    let wide = of(&unlike).error_interval;
    assert!(
        wide.low < theirs.low - 0.1 && wide.high > theirs.high + 0.1,
        "{wide:?}"
    );
}

/// Whatever is said of a text whose label has no class is wrong.
#[test]
fn labels_that_were_not_learned_count_as_wrong() {
    let mut dice = Dice::new(5);
    let known = judged(400, 1.5, &mut dice);
    let mut unlearned = judged(400, 1.5, &mut dice);
    for j in &mut unlearned {
        j.truth = 3;
    }
    let all: Vec<Judged> = known.iter().cloned().chain(unlearned).collect();
    let (before, after) = (Trust::measured(&known).unwrap(), Trust::measured(&all).unwrap());
    assert_eq!(before.temperature(), after.temperature());
    assert_eq!((before.measured_on(), after.measured_on()), (400, 800));
    let right = |trust: &Trust, of: &[Judged]| coverage(trust, of).accepted(trust, 0.0).unwrap().right;
    let halved = right(&after, &all) / right(&before, &known);
    assert!((halved - 0.5).abs() < 0.05, "{halved}");

    let names = ["a", "b", "c"].map(String::from);
    let found = report(&names, &all, &[0; 800]).unwrap();
    let own = report(&names, &known, &[0; 400]).unwrap();
    assert_eq!((found.rows, own.classes.len()), (800, 3));
    assert!((found.error - (1.0 + own.error) / 2.0).abs() < 1e-12);
    let last = found.classes.last().unwrap();
    assert_eq!(
        (last.label.as_str(), last.support, last.predicted),
        (NOT_LEARNED, 400, 0)
    );
    assert_eq!(found.confusion[3].iter().sum::<usize>(), 400);
    // They are mistakes, and no doubt is cast on their labels.
    assert!(losses(&all)[..400].iter().all(|&i| i >= 400));
    assert!(label_errors(&all).iter().all(|&i| i < 400));
}

/// What became of work beside the window.
fn done<T: Send + 'static>(work: &crate::session::exchange::Background<T>) -> T {
    loop {
        match work.poll() {
            crate::session::exchange::Outcome::Running => std::thread::yield_now(),
            crate::session::exchange::Outcome::Done(found) => return found,
            crate::session::exchange::Outcome::Lost => panic!("no thread"),
        }
    }
}

fn learned(texts: &[(&str, usize)]) -> Vec<Labelled> {
    let texts = (100..).zip(texts).map(|(id, (text, class))| Labelled {
        id,
        text: (*text).into(),
        class: *class,
    });
    texts.collect()
}

#[test]
fn counting_words_is_set_beside_the_classifier_on_the_same_texts() {
    let names = ["a", "b"].map(String::from);
    let train = learned(
        &["red apple", "blue sky"]
            .map(|text| (text, usize::from(text == "blue sky")))
            .repeat(10),
    );
    // The classifier always says the first; a third of the texts are of a label that neither has learned.
    let mut ours: Vec<Judged> = (0..30)
        .map(|i| Judged {
            text: i,
            truth: (i % 3) as usize,
            probabilities: vec![0.9, 0.1],
        })
        .collect();
    let wake = std::sync::Arc::new(|| {});
    let mut words = done(&Words::learn(2, train, std::collections::HashMap::new(), wake)).unwrap();
    let text = |id: u32| ["an apple", "the sky", "red stone"][id as usize % 3];
    let mut beside = |ours: &[Judged]| {
        words
            .beside(&names, ours, &[0; 30], text, <[f32]>::to_vec)
            .unwrap()
    };
    let found = beside(&ours);
    assert_eq!(found.0.confusion, [[10, 0, 0], [0, 10, 0], [10, 0, 0]]);
    // Ten texts that only TF-IDF gets right: 2 / 2^10.
    assert!((found.1 - 2.0 / 1024.0).abs() < 1e-12);
    // Labels that are corrected count as they are now, without learning anew.
    ours[0].truth = 1;
    ours[1].truth = 0;
    let found = beside(&ours).0;
    assert_eq!(found.confusion, [[9, 1, 0], [1, 9, 0], [10, 0, 0]]);
}

#[test]
fn counting_words_is_asked_about_held_out_texts_before_it_learns_from_them() {
    let names = ["a", "b"].map(String::from);
    let train = learned(&[
        ("red apple", 0),
        ("red pear", 0),
        ("red plum", 0),
        ("zebra", 1),
        ("blue sky", 1),
        ("blue sea", 1),
        ("blue bay", 1),
    ]);
    // The only text with a zebra in it is held out together with others.
    let folds = (100..107).map(|id| (id, usize::from((103..105).contains(&id))));
    let wake = std::sync::Arc::new(|| {});
    let mut words = done(&Words::learn(2, train, folds.collect(), wake)).unwrap();
    let judged = |text: u32| Judged {
        text,
        truth: 1,
        probabilities: vec![0.0, 1.0],
    };
    // Text 7 was kept aside, and is asked of what learned from every label.
    let ours = [judged(103), judged(104), judged(7)];
    let text = |_| "zebra";
    let found = words.beside(&names, &ours, &[1, 1, 2], text, <[f32]>::to_vec);
    let (report, p) = found.unwrap();
    assert_eq!(report.confusion, [[0, 0], [1, 2]]);
    assert!((p - 1.0).abs() < 1e-9);
    // Two classes that are one by now: nothing is wrong of it.
    let ours = ours.map(|ours| Judged {
        truth: 0,
        probabilities: vec![1.0],
        ..ours
    });
    let found = words.beside(&names[..1], &ours, &[1, 1, 2], text, |p| vec![p.iter().sum()]);
    assert_eq!(found.unwrap().0.error, 0.0);
}

#[test]
fn classifiers_that_differ_widen_the_interval_above_a_threshold() {
    let evidence: Vec<Judged> = (0..60)
        .map(|text| Judged {
            text,
            truth: usize::from(text < 15),
            probabilities: vec![0.9, 0.1],
        })
        .collect();
    let accepted = |trust: &Trust| {
        let sure = confidences(trust, &evidence)[0].0;
        let table = Coverage::new(std::iter::repeat_n(sure, 100), Some(trust));
        table.accepted(trust, 0.0).unwrap()
    };
    let of = |judges: &[usize]| accepted(&Trust::pooled(&evidence, judges).unwrap());
    let one = accepted(&Trust::measured(&evidence).unwrap());
    assert_eq!(of(&[7; 60]), one);
    let alike: Vec<usize> = (0..60).map(|text| text % 3).collect();
    assert_eq!(of(&alike), one);
    // The first of these three is wrong three times of four, the others never.
    let unlike: Vec<usize> = (0..60).map(|text| 5 * (text / 20)).collect();
    let wide = of(&unlike);
    assert_eq!((wide.right, wide.measured_on), (one.right, 60));
    assert!(
        wide.interval.low < one.interval.low - 0.1 && wide.interval.high > one.interval.high + 0.05,
        "{wide:?} {one:?}"
    );
}

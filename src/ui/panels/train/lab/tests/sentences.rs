//! What is said of numbers.

use super::super::course::Course;
use super::super::job::{least_difference, settings};
use super::super::words::{against, p, points, reading};
use super::*;

fn comparison(rows: Vec<Compared>) -> Comparison {
    Comparison {
        ways: Way::ALL.iter().map(|way| way.name().to_string()).collect(),
        rows,
        measured_on: 120,
        folds: 5,
        ..Comparison::default()
    }
}

#[test]
fn a_difference_that_chance_makes_is_none() {
    let reference = row("ulmfit", 0.2, None);
    let beside = |error, p| against(&row("full", error, Some(p)), &reference);
    assert_eq!(beside(0.232, 0.05), "3.2 points worse than ulmfit");
    assert_eq!(beside(0.1, 0.01), "10 points better than ulmfit");
    assert_eq!(beside(0.3, 0.051), "too close to ulmfit to tell");
    assert_eq!(beside(0.2, 0.01), "too close to ulmfit to tell");
    assert_eq!(
        against(&reference, &reference),
        "the others are judged against it"
    );
    assert_eq!([points(9.94), points(14.2)], ["9.9 points", "14 points"]);
    assert_eq!(
        [p(0.0001), p(0.0312), p(0.84)],
        ["p < 0.001", "p = 0.031", "p = 0.84"]
    );
    // Six to none is the least that McNemar's exact test tells from chance.
    assert!((least_difference(120) - 0.05).abs() < 1e-12);
}

#[test]
fn the_reading_follows_from_the_numbers() {
    let said = reading(&comparison(rows()));
    assert_eq!(said[0], "ulmfit gets 18 % wrong (12 to 26 %).");
    assert_eq!(
        said[1],
        "From random weights, trained all at once, ulmfit errs 23 points more, with the head alone trained, at a constant rate, 11 and \
         without reading your texts first (stage 2) 8.0. Counting words (TF-IDF) errs 9.0 points more."
    );
    assert!(said[2].starts_with("Too close to ulmfit to tell: full, full-discr, chain-thaw"));
    assert!(said[2].contains("On 120 labels no difference below 5.0 points"));
    assert!(
        said[3].ends_with("and there are 12: tf-idf and ulmfit-no-adapt may be such."),
        "{}",
        said[3]
    );
    assert_eq!(said.len(), 4);
}

#[test]
fn a_way_that_diverged_is_said() {
    let mut comparison = comparison(rows());
    comparison.left_out.push(LeftOut {
        way: "full".into(),
        message: "the loss became NaN at step 3: training diverged; lower the rate (now 0.1)".into(),
    });
    let said = reading(&comparison);
    assert!(
        said.last()
            .unwrap()
            .starts_with("full is left out: the loss became NaN")
    );
}

#[test]
fn numbers_that_differ_from_the_usual_are_told() {
    let usual = Recipe::default();
    let settings = |recipe: &Recipe, seed| settings(next(recipe), seed);
    assert_eq!(settings(&usual, 3), "20 epochs, seed 3");
    let one = Recipe {
        epochs: 1,
        ..usual.clone()
    };
    assert_eq!(settings(&one, 3), "1 epoch, seed 3");
    let other = Recipe {
        rate: Some(0.004),
        ratio: 16.0,
        ..usual.clone()
    };
    assert_eq!(settings(&other, 0), "20 epochs, seed 0, η max 4.0e-3, ratio 16.0");
    let slower = Recipe {
        reading: Some(0.0013),
        ..usual
    };
    assert_eq!(settings(&slower, 0), "20 epochs, seed 0, reading at 1.3e-3");
}

#[test]
fn what_does_no_better_than_guessing_or_counting_is_told() {
    let said = reading(&comparison(vec![
        row("ulmfit", 0.5, None),
        row("most-frequent", 0.52, Some(0.7)),
        row("tf-idf", 0.3, Some(0.0001)),
    ]));
    assert!(said[1].contains("no better than guessing"), "{said:?}");
    assert_eq!(
        said[2],
        "tf-idf errs 20 points less than ulmfit. On the Train screen TF-IDF can be given a vote."
    );
    assert!(reading(&comparison(Vec::new())).is_empty());
}

#[test]
fn the_course_is_that_of_all_classifiers() {
    let mut course = Course::default();
    let start = |stage: &str, groups: &[&str], total| Event::StageStarted {
        stage: stage.into(),
        groups: groups.iter().map(ToString::to_string).collect(),
        total,
        unit: "steps".into(),
    };
    course.hear(&start("lab", &[], 10));
    course.hear(&start("adapt", &["a"], 100));
    course.hear(&step("adapt", 50));
    assert!(course.doing.as_ref().is_some_and(|doing| doing.reads()));
    assert_eq!((course.share(), course.seconds_left()), (0.0, None));
    course.hear(&Event::StageDone {
        stage: "adapt".into(),
        seconds: 500.0,
    });
    // What is done says how long the rest takes, stage 2 not counted.
    course.hear(&start("ulmfit fold 1 of 5", &["a"], 100));
    course.hear(&step("ulmfit fold 1 of 5", 10));
    assert_eq!(course.seconds_left(), None);
    course.hear(&step("ulmfit fold 1 of 5", 50));
    assert_eq!(course.seconds_left(), Some(10.0 + 9.0 * 20.0));
    course.hear(&Event::StageDone {
        stage: "ulmfit fold 1 of 5".into(),
        seconds: 30.0,
    });
    course.hear(&advance(1));
    course.total = 10;
    assert_eq!(course.seconds_left(), Some(270.0));
    // Kernels that compile in between are no classifier.
    course.hear(&start("prepare the GPU", &[], 8));
    let doing = course.doing.clone().unwrap();
    assert!(!doing.trains && course.share() == 0.1);
    course.hear(&Event::StageDone {
        stage: "prepare the GPU".into(),
        seconds: 99.0,
    });
    assert_eq!(course.seconds_left(), Some(270.0));
}

//! How much of a run is left: which of its trainings goes on, of how many, and the time that all of them take.

use super::record::Record;
use super::stage::{Kind, Stage};

/// A stage has to have come so far before its length says how long the others take: the first epochs are the fastest.
const TELLING: f64 = 0.25;

/// How far a run has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Course {
    /// The training that goes on or was last, from 1.
    pub at: usize,
    /// How many there are, where that is known.
    pub of: Option<usize>,
    /// Seconds left in all of it; `None` before one of its classifiers tells.
    pub seconds_left: Option<f64>,
}

/// How far a run has come; `None` before its first training.
pub fn course(record: &Record) -> Option<Course> {
    let trained: Vec<&Stage> = record.stages.iter().filter(|stage| stage.trains()).collect();
    let now = *trained.last()?;
    let directions = record.recipe.directions();
    let reads = usize::from(record.recipe.reads());
    let folds = record
        .folds
        .or_else(|| trained.iter().find_map(|stage| folds(&stage.name)));
    let of = folds.map(|folds| directions * (reads + folds + 1));
    Some(Course {
        at: trained.len(),
        // Of more than that, nothing can be said.
        of: of.filter(|of| trained.len() <= *of),
        seconds_left: folds.and_then(|folds| {
            let to_come = |kind: fn(Kind) -> bool, all: usize| {
                all.saturating_sub(trained.iter().filter(|stage| kind(stage.kind)).count()) as f64
            };
            let classifiers = to_come(|kind| kind != Kind::Adapt, directions * (folds + 1));
            let readings = to_come(|kind| kind == Kind::Adapt, directions * reads);
            let of_now = if now.seconds.is_some() {
                0.0
            } else {
                now.seconds_left?
            };
            let each = if classifiers > 0.0 {
                classifier(&trained)?
            } else {
                0.0
            };
            let reading = if readings > 0.0 {
                took(&trained, Kind::Adapt)?
            } else {
                0.0
            };
            Some(of_now + classifiers * each + readings * reading)
        }),
    })
}

/// How many folds a run has in each direction, going by the name of one of its stages.
fn folds(stage: &str) -> Option<usize> {
    let stage = super::read_backward(stage).unwrap_or(stage);
    match stage.strip_prefix("train ")? {
        "for the estimate" => Some(1),
        fold => fold.rsplit_once(" of ")?.1.parse().ok(),
    }
}

/// What stages of this kind took that are over, on average.
fn took(trained: &[&Stage], kind: Kind) -> Option<f64> {
    let of_kind = trained.iter().filter(|stage| stage.kind == kind);
    let seconds: Vec<f64> = of_kind.filter_map(|stage| stage.seconds).collect();
    (!seconds.is_empty()).then(|| seconds.iter().sum::<f64>() / seconds.len() as f64)
}

/// What a classifier takes: those that are trained, else the one that trains, once it has come far enough.
fn classifier(trained: &[&Stage]) -> Option<f64> {
    let over = took(trained, Kind::Estimate).or_else(|| took(trained, Kind::Train));
    over.or_else(|| {
        let now = trained.last().filter(|stage| stage.kind != Kind::Adapt)?;
        let share = now.done as f64 / now.total.max(1) as f64;
        (share >= TELLING).then_some(now.seconds_left? / (1.0 - share).max(0.05))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::run::Recipe;

    /// A training of so many steps of a hundred; one that is over took so long.
    fn stage(name: &str, done: u64, left: Option<f64>, seconds: Option<f64>) -> Stage {
        let mut stage = Stage::new(name);
        stage.name_groups(&["all".into()]);
        (stage.done, stage.total) = (done, 100);
        (stage.seconds_left, stage.seconds) = (left, seconds);
        stage
    }

    fn run(folds: Option<usize>, both: bool, stages: Vec<Stage>) -> Record {
        Record {
            folds,
            recipe: Recipe {
                both,
                ..Recipe::default()
            },
            stages,
            ..Record::default()
        }
    }

    fn course_of(
        folds: Option<usize>,
        both: bool,
        stages: Vec<Stage>,
    ) -> (usize, Option<usize>, Option<f64>) {
        let course = course(&run(folds, both, stages)).unwrap();
        (course.at, course.of, course.seconds_left)
    }

    #[test]
    fn the_end_of_a_stage_is_not_that_of_the_run() {
        assert_eq!(course(&run(Some(5), false, Vec::new())), None);
        // Reading says nothing of how long the classifiers take.
        let reading = stage("adapt", 90, Some(5.0), None);
        assert_eq!(course_of(Some(5), false, vec![reading]), (1, Some(7), None));
        let read = || stage("adapt", 100, None, Some(60.0));
        let fold = |n: u8, done, left, seconds| stage(&format!("train fold {n} of 5"), done, left, seconds);
        let early = fold(1, 10, Some(30.0), None);
        assert_eq!(course_of(Some(5), false, vec![read(), early]), (2, Some(7), None));
        // Half of it in 20 seconds more: 40 each for the four other folds and the classifier.
        let half = fold(1, 50, Some(20.0), None);
        let (at, of, left) = course_of(Some(5), false, vec![read(), half]);
        assert_eq!((at, of), (2, Some(7)));
        assert!((left.unwrap() - 220.0).abs() < 1e-9, "{left:?}");
        let stages = vec![
            read(),
            fold(1, 100, None, Some(30.0)),
            fold(2, 10, Some(27.0), None),
        ];
        assert_eq!(
            course_of(None, false, stages),
            (3, Some(7), Some(27.0 + 4.0 * 30.0))
        );
        let last = stage("train", 50, Some(9.0), None);
        assert_eq!(
            course_of(Some(0), false, vec![read(), last]),
            (2, Some(2), Some(9.0))
        );
    }

    #[test]
    fn both_directions_are_counted() {
        let stages = vec![
            stage("adapt", 100, None, Some(60.0)),
            stage("train for the estimate", 100, None, Some(10.0)),
            stage("train", 50, Some(6.0), None),
        ];
        // Reading backward, and two classifiers after it.
        let left = 6.0 + 60.0 + 2.0 * 10.0;
        assert_eq!(course_of(None, true, stages), (3, Some(6), Some(left)));
    }

    #[test]
    fn what_is_not_known_is_not_told() {
        let stages = vec![stage("train", 50, Some(6.0), None)];
        assert_eq!(course_of(None, false, stages), (1, None, None));
        assert_eq!(folds("train fold 2 of 5 backward"), Some(5));
        assert_eq!(folds("adapt"), None);
    }
}

//! What a recipe will do, before it runs and ahead of the playhead: the rate of every layer group at every step.
//!
//! Stage 3 is the [`Course`] that the trainer itself follows; stage 2 is read off its first steps.

use crate::session::preview::{self, Course, Epoch};
use crate::session::protocol::{ClassifierOptions, Schedule};
use crate::ui::run::{Recipe, Stage};

use super::start;

/// What a recipe will do.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    /// The layer groups, first to last.
    pub names: Vec<String>,
    /// Steps in all.
    pub total: u64,
    course: Course,
}

/// Names of a classifier's groups before any stage has told them: the built-in model has three layers.
pub fn classifier_groups(layers: usize) -> Vec<String> {
    let lstm = (1..=layers).map(|i| format!("LSTM {i}"));
    let head = "classifier head".to_string();
    std::iter::once("embedding".to_string())
        .chain(lstm)
        .chain([head])
        .collect()
}

/// Steps of each epoch of the next run, on so many labels, of which methods with early stopping watch some.
pub fn planned(recipe: &Recipe, (labels, watched): (usize, usize)) -> Vec<usize> {
    preview::steps(recipe.method, &start::options(recipe), labels, watched)
}

/// Steps of each epoch of a stage that goes on. Epochs are of nearly one length, so those that have not begun are what
/// is left, shared out.
pub fn of_stage(stage: &Stage, epochs: usize) -> Vec<usize> {
    let total = stage.total.max(stage.done);
    let mut starts: Vec<u64> = stage
        .epochs
        .iter()
        .map(|(first, _)| first.saturating_sub(1))
        .take(epochs)
        .collect();
    if starts.is_empty() {
        starts.push(0);
    }
    let (known, from) = (starts.len(), starts.last().copied().unwrap_or(0));
    let left = epochs.saturating_sub(known) as u64 + 1;
    let rest = total.saturating_sub(from);
    starts.extend((1..=left).map(|n| from + rest * n / left));
    let lengths = starts.windows(2).map(|pair| match pair {
        [first, next] => usize::try_from(next.saturating_sub(*first)).unwrap_or(0),
        _ => 0,
    });
    lengths.take(epochs).collect()
}

impl Outlook {
    /// Stage 3 by a recipe, over epochs of so many steps.
    pub fn classifier(recipe: &Recipe, names: Vec<String>, steps: &[usize]) -> Self {
        let (method, groups) = (recipe.method, names.len().max(1));
        // A recipe out of range, which only a file can hold, is drawn as its method has it: the engine refuses it.
        let own = ClassifierOptions {
            epochs: Some(recipe.epochs),
            ..ClassifierOptions::default()
        };
        let course = preview::course(method, &start::options(recipe), groups, steps)
            .or_else(|_| preview::course(method, &own, groups, steps))
            .unwrap_or_else(|_| Course {
                rate: 0.0,
                multiples: vec![1.0; groups],
                epochs: Vec::new(),
                total: 0,
            });
        Self {
            names,
            total: course.total as u64,
            course,
        }
    }

    /// Stage 2, whose rates the engine chooses: a slanted triangle (section 3.2) through those of its first step. Before that
    /// every group trains, at a rate that is not known: it is 0.
    pub fn adaptation(stage: &Stage) -> Option<Self> {
        let Some((step, _)) = stage.loss.first() else {
            return Some(Self::unread(stage));
        };
        let rates: Vec<f64> = (stage.groups.iter())
            .map(|g| g.rate.at(step).unwrap_or(0.0))
            .collect();
        let total = stage.total.max(stage.done);
        let schedule = Schedule::stlr();
        let last = *rates.last()?;
        let share = schedule.rate(step.saturating_sub(1) as usize, total as usize);
        let mut starts: Vec<u64> = stage
            .epochs
            .iter()
            .map(|(first, _)| first.saturating_sub(1))
            .collect();
        // Epochs are of nearly one length, so the ones to come can be foretold from the second on.
        if let [first, second, ..] = *starts {
            let length = (second - first).max(1);
            let mut next = starts.last().copied().unwrap_or(0) + length;
            while next + length / 2 < total {
                starts.push(next);
                next += length;
            }
        }
        let epochs = starts.iter().map(|&first| Epoch {
            trains: vec![true; rates.len()],
            first: first as usize,
            schedule,
            start: 0,
            length: total as usize,
        });
        let course = Course {
            rate: if share > 0.0 { last / share } else { last },
            multiples: rates
                .iter()
                .map(|r| if last > 0.0 { r / last } else { 1.0 })
                .collect(),
            epochs: epochs.collect(),
            total: total as usize,
        };
        Some(Self {
            names: stage.groups.iter().map(|g| g.name.clone()).collect(),
            total,
            course,
        })
    }

    /// Stage 2 before its first step.
    fn unread(stage: &Stage) -> Self {
        let groups = stage.groups.len();
        let epoch = Epoch {
            trains: vec![true; groups],
            first: 0,
            schedule: Schedule::stlr(),
            start: 0,
            length: 0,
        };
        Self {
            names: stage.groups.iter().map(|g| g.name.clone()).collect(),
            total: 0,
            course: Course {
                rate: 0.0,
                multiples: preview::adaptation_multiples(groups),
                epochs: vec![epoch],
                total: 0,
            },
        }
    }

    /// Highest rate of the last group.
    pub fn highest(&self) -> f64 {
        self.course.rate
    }

    /// Each group's share of the rate, first to last.
    pub fn multiples(&self) -> &[f64] {
        &self.course.multiples
    }

    /// Steps before each epoch.
    pub fn starts(&self) -> impl ExactSizeIterator<Item = u64> + '_ {
        self.course.epochs.iter().map(|e| e.first as u64)
    }

    /// The epoch, from 0, of a step, from 1; step 0 is before the first.
    pub fn epoch(&self, step: u64) -> usize {
        self.course.epoch_after(done(step))
    }

    /// The epoch at a step, whose schedule it follows, and the iteration within that, from 0.
    pub fn span(&self, step: u64) -> Option<(&Epoch, u64)> {
        let epoch = self.course.epochs.get(self.epoch(step))?;
        Some((epoch, done(step).saturating_sub(epoch.start) as u64))
    }

    /// The rate that a group has at a step, or would have if it were not frozen.
    pub fn rate(&self, group: usize, step: u64) -> f64 {
        let multiple = self.course.multiples.get(group).copied().unwrap_or(0.0);
        self.base(step) * multiple
    }

    /// The last group's rate at a step. While it is not known how many steps there are, it is that of the first of many.
    pub fn base(&self, step: u64) -> f64 {
        let epoch = self.epoch(step);
        match self.course.epochs.get(epoch) {
            Some(first) if self.total == 0 => self.course.rate * first.schedule.rate(0, usize::MAX),
            _ => self.course.base(epoch, done(step)),
        }
    }

    /// Whether a group is frozen at a step.
    pub fn frozen(&self, group: usize, step: u64) -> bool {
        !self.course.trains(group, self.epoch(step))
    }

    /// The next epoch after a step, from 1, in which a group that is frozen now trains.
    pub fn thaws(&self, group: usize, step: u64) -> Option<usize> {
        let now = self.epoch(step);
        (now + 1..self.course.epochs.len())
            .find(|&e| self.course.trains(group, e))
            .map(|e| e + 1)
    }

    /// The stretches of steps in which a group trains or does not: from, to, trains.
    pub fn stretches(&self, group: usize) -> Vec<(u64, u64, bool)> {
        let mut all: Vec<(u64, u64, bool)> = Vec::new();
        let ends = self.starts().skip(1).chain([self.total]);
        for (epoch, (start, end)) in self.starts().zip(ends).enumerate() {
            let trains = self.course.trains(group, epoch);
            match all.last_mut() {
                Some(last) if last.2 == trains => last.1 = end,
                _ => all.push((start + 1, end, trains)),
            }
        }
        all
    }

    /// The highest rate of a group that ever trains, and the lowest rate of any: the vertical range of the plot.
    pub fn range(&self) -> (f64, f64) {
        let multiples = || self.course.multiples.iter().copied();
        let high = multiples().fold(0.0, f64::max) * self.course.rate;
        let multiple = multiples().fold(f64::INFINITY, f64::min);
        let lowest = self.course.epochs.iter().map(|epoch| match epoch.schedule {
            Schedule::Stlr { ratio, .. } => 1.0 / ratio.max(1.0),
            Schedule::Constant => 0.5,
            // A cosine ends at zero, which no logarithm shows: two decades are enough.
            _ => 0.01,
        });
        let low = lowest.fold(1.0, f64::min) * multiple * self.course.rate;
        if high > 0.0 && low.is_finite() && low > 0.0 {
            (low / 1.5, high * 1.5)
        } else {
            (1e-6, 1e-1)
        }
    }
}

/// Steps that are done when a step, from 1, begins.
fn done(step: u64) -> usize {
    usize::try_from(step.saturating_sub(1)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::protocol::Method;

    fn ulmfit(recipe: &Recipe) -> Outlook {
        let steps = vec![200 / recipe.epochs; recipe.epochs];
        Outlook::classifier(recipe, classifier_groups(3), &steps)
    }

    #[test]
    fn the_papers_plan_thaws_a_group_an_epoch() {
        let recipe = Recipe {
            epochs: 5,
            rate: Some(0.01),
            ..Recipe::default()
        };
        let outlook = ulmfit(&recipe);
        assert_eq!(outlook.starts().collect::<Vec<_>>(), [0, 40, 80, 120, 160]);
        assert_eq!(
            (outlook.epoch(0), outlook.epoch(40), outlook.epoch(41)),
            (0, 0, 1)
        );
        // Step 104 is in the third epoch: head, LSTM 3 and LSTM 2 train.
        let frozen: Vec<bool> = (0..5).map(|g| outlook.frozen(g, 104)).collect();
        assert_eq!(frozen, [true, true, false, false, false]);
        assert_eq!((outlook.thaws(1, 104), outlook.thaws(0, 104)), (Some(4), Some(5)));
        assert_eq!(outlook.thaws(4, 104), Some(4));
        // Equation 3 at t = 103 of 200: cut = 20, p = 1 - 83 / 180, and 2.6 below it for LSTM 3.
        let p = 1.0 - 83.0 / 180.0;
        let want = 0.01 * (1.0 + p * 31.0) / 32.0;
        assert!((outlook.rate(4, 104) - want).abs() < 1e-12);
        assert!((outlook.rate(3, 104) - want / 2.6).abs() < 1e-12);
        assert_eq!(outlook.stretches(2), [(1, 80, false), (81, 200, true)]);
    }

    #[test]
    fn sliders_change_the_curve_and_only_where_the_method_has_them() {
        let base = ulmfit(&Recipe::default());
        let steeper = ulmfit(&Recipe {
            cut_frac: 0.5,
            ratio: 8.0,
            factor: 4.0,
            rate: Some(0.02),
            ..Recipe::default()
        });
        assert!((steeper.rate(4, 101) - 0.02).abs() < 1e-12 && base.rate(4, 101) < 0.01);
        assert!((steeper.multiples()[3] - 0.25).abs() < 1e-12);
        let full = |cut_frac, factor| {
            ulmfit(&Recipe {
                method: Method::Full,
                cut_frac,
                factor,
                ..Recipe::default()
            })
        };
        assert_eq!(full(0.1, 2.6), full(0.5, 4.0));
    }

    #[test]
    fn the_reference_code_has_a_triangle_of_its_own_for_each_phase() {
        let recipe = Recipe {
            method: Method::UlmfitCode,
            epochs: 4,
            ..Recipe::default()
        };
        let outlook = ulmfit(&recipe);
        let (span, t) = outlook.span(60).unwrap();
        assert_eq!((span.start, span.length, t), (50, 50, 9));
        let (span, _) = outlook.span(120).unwrap();
        assert_eq!((span.start, span.length), (100, 100));
    }

    #[test]
    fn an_epoch_that_has_begun_keeps_its_length_and_the_others_share_the_rest() {
        let mut stage = Stage::new("train");
        stage.total = 40;
        assert_eq!(of_stage(&stage, 4), [10; 4]);
        for step in 1..=13 {
            stage.epochs.push(step, 1 + usize::from(step > 11));
        }
        stage.done = 13;
        assert_eq!(of_stage(&stage, 4), [11, 9, 10, 10]);
        // More epochs than the recipe has: the last one of it takes all that is left.
        assert_eq!(of_stage(&stage, 1), [40]);
    }

    /// Between its start and its first step a stage does not tell how many steps it has.
    #[test]
    fn before_its_first_step_a_stage_is_drawn_as_it_begins() {
        let before = |method, epochs| {
            let recipe = Recipe {
                method,
                epochs,
                rate: Some(0.01),
                ..Recipe::default()
            };
            let steps = of_stage(&Stage::new("train"), epochs);
            Outlook::classifier(&recipe, classifier_groups(3), &steps)
        };
        let outlook = before(Method::Ulmfit, 5);
        assert_eq!((outlook.total, outlook.epoch(0)), (0, 0));
        let frozen: Vec<bool> = (0..5).map(|g| outlook.frozen(g, 0)).collect();
        assert_eq!(frozen, [true, true, true, true, false]);
        assert_eq!((outlook.thaws(3, 0), outlook.thaws(0, 0)), (Some(2), Some(5)));
        // The triangle begins at its lowest, one of the reference code's phases at an eighth, a cosine at its highest.
        for (method, want) in [
            (Method::Ulmfit, 0.01 / 32.0),
            (Method::UlmfitCode, 0.01 / 8.0),
            (Method::FreezCos, 0.01),
            (Method::Full, 0.01),
        ] {
            let rate = before(method, 5).rate(4, 0);
            assert!((rate / want - 1.0).abs() < 1e-12, "{method:?}: {rate}");
        }
    }

    #[test]
    fn stage_2_before_its_first_step_has_no_rate_and_freezes_nothing() {
        let mut stage = Stage::new("adapt");
        for name in ["LSTM 1", "LSTM 2", "embedding and decoder"] {
            stage.groups.push(crate::ui::run::stage::Group {
                name: name.into(),
                ..Default::default()
            });
        }
        let outlook = Outlook::adaptation(&stage).unwrap();
        assert_eq!(outlook.names, ["LSTM 1", "LSTM 2", "embedding and decoder"]);
        assert_eq!((outlook.total, outlook.highest(), outlook.base(0)), (0, 0.0, 0.0));
        assert!((0..3).all(|g| !outlook.frozen(g, 0) && outlook.rate(g, 0) == 0.0));
        // They are as warm beside one another as they will be.
        let multiples = outlook.multiples();
        assert!((multiples[2] / multiples[1] - 2.6).abs() < 1e-12 && multiples[2] == 1.0);
    }

    #[test]
    fn a_recipe_out_of_range_is_drawn_as_its_method_has_it() {
        let broken = Recipe {
            ratio: f64::NAN,
            ..Recipe::default()
        };
        assert_eq!(ulmfit(&broken), ulmfit(&Recipe::default()));
    }
}

//! What a recipe will do, before it runs and ahead of the playhead: the rate of every layer group at every step.
//!
//! Plans and schedules are those that the trainer itself follows.

use crate::session::protocol::{Method, Rates, Schedule};
use crate::ui::run::{Recipe, Stage};

/// Some steps that one schedule spans.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// How the rate moves.
    pub schedule: Schedule,
    /// Steps before it.
    pub start: u64,
    /// Its steps.
    pub length: u64,
}

/// What a recipe will do.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    /// The layer groups, first to last.
    pub names: Vec<String>,
    /// Steps in all.
    pub total: u64,
    /// Highest rate of the last group.
    pub rate: f64,
    /// Each group's share of it, first to last.
    pub multiples: Vec<f64>,
    /// Steps before each epoch.
    pub starts: Vec<u64>,
    /// Whether each group trains, by epoch.
    trains: Vec<Vec<bool>>,
    /// The schedule of each epoch.
    spans: Vec<Span>,
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

/// Whether a method follows the slanted triangle that the sliders set.
pub fn slanted(method: Method) -> bool {
    matches!(method, Method::Ulmfit | Method::FreezStlr)
}

/// Whether a method divides the rate from layer to layer.
pub fn discriminative(method: Method) -> bool {
    matches!(method.plan(2, 1, None).rates, Rates::Discriminative { .. })
}

/// The highest rate of the last group where nothing else is said.
pub fn own_rate(method: Method) -> f64 {
    method.plan(2, 1, None).rate
}

impl Outlook {
    /// Stage 3 by a recipe, over `total` steps.
    pub fn classifier(recipe: &Recipe, names: Vec<String>, total: u64) -> Self {
        let (groups, epochs) = (names.len().max(1), recipe.epochs.max(1));
        let mut plan = recipe.method.plan(groups, epochs, recipe.rate);
        if slanted(recipe.method) {
            plan.schedule = Schedule::Stlr {
                cut_frac: recipe.cut_frac,
                ratio: recipe.ratio,
            };
        }
        if let Rates::Discriminative { factor } = &mut plan.rates {
            *factor = recipe.factor;
        }
        let start = |epoch: usize| total * epoch as u64 / epochs as u64;
        let (mut trains, mut spans) = (Vec::new(), Vec::new());
        for phase in &plan.phases {
            let first = trains.len();
            let own = Span {
                schedule: phase.schedule.unwrap_or(plan.schedule),
                start: start(first),
                length: start(first + phase.epochs) - start(first),
            };
            let whole = Span {
                schedule: plan.schedule,
                start: 0,
                length: total,
            };
            for _ in 0..phase.epochs {
                trains.push(phase.trains.clone());
                spans.push(if phase.schedule.is_some() { own } else { whole });
            }
        }
        Self {
            multiples: plan.rates.multiples(groups),
            starts: (0..epochs).map(start).collect(),
            rate: plan.rate,
            names,
            total,
            trains,
            spans,
        }
    }

    /// Stage 2, whose rates the engine chooses: a slanted triangle (section 3.2) through the rates of `step`.
    pub fn adaptation(stage: &Stage) -> Option<Self> {
        let step = stage.loss.first()?.0;
        let rates: Vec<f64> = (stage.groups.iter())
            .map(|g| g.rate.at(step).unwrap_or(0.0))
            .collect();
        let total = stage.total.max(stage.done);
        let span = Span {
            schedule: Schedule::stlr(),
            start: 0,
            length: total,
        };
        let last = *rates.last()?;
        let share = span
            .schedule
            .rate(step.saturating_sub(1) as usize, total as usize);
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
        Some(Self {
            names: stage.groups.iter().map(|g| g.name.clone()).collect(),
            total,
            rate: if share > 0.0 { last / share } else { last },
            multiples: rates
                .iter()
                .map(|r| if last > 0.0 { r / last } else { 1.0 })
                .collect(),
            trains: vec![vec![true; rates.len()]; starts.len()],
            spans: vec![span; starts.len()],
            starts,
        })
    }

    /// The epoch, from 0, of a step, from 1; step 0 is before the first.
    pub fn epoch(&self, step: u64) -> usize {
        let before = step.saturating_sub(1);
        self.starts.partition_point(|&s| s <= before).saturating_sub(1)
    }

    /// The schedule at a step and the iteration within it, from 0.
    pub fn span(&self, step: u64) -> Option<(Span, u64)> {
        let span = *self.spans.get(self.epoch(step))?;
        Some((span, step.saturating_sub(1).saturating_sub(span.start)))
    }

    /// The rate that a group has at a step, or would have if it were not frozen.
    pub fn rate(&self, group: usize, step: u64) -> f64 {
        let multiple = self.multiples.get(group).copied().unwrap_or(0.0);
        self.base(step) * multiple
    }

    /// The last group's rate at a step.
    pub fn base(&self, step: u64) -> f64 {
        self.span(step).map_or(0.0, |(span, t)| {
            self.rate * span.schedule.rate(t as usize, span.length as usize)
        })
    }

    /// Whether a group is frozen at a step.
    pub fn frozen(&self, group: usize, step: u64) -> bool {
        !self.trains_in(group, self.epoch(step))
    }

    /// Whether a group trains in an epoch, from 0.
    pub fn trains_in(&self, group: usize, epoch: usize) -> bool {
        let epoch = self.trains.get(epoch);
        epoch.and_then(|e| e.get(group)).copied().unwrap_or(false)
    }

    /// The next epoch after a step, from 1, in which a group that is frozen now trains.
    pub fn thaws(&self, group: usize, step: u64) -> Option<usize> {
        let now = self.epoch(step);
        (now + 1..self.trains.len())
            .find(|&e| self.trains_in(group, e))
            .map(|e| e + 1)
    }

    /// The stretches of steps in which a group trains or does not: from, to, trains.
    pub fn stretches(&self, group: usize) -> Vec<(u64, u64, bool)> {
        let mut all: Vec<(u64, u64, bool)> = Vec::new();
        for (epoch, &start) in self.starts.iter().enumerate() {
            let end = self.starts.get(epoch + 1).copied().unwrap_or(self.total);
            let trains = self.trains_in(group, epoch);
            match all.last_mut() {
                Some(last) if last.2 == trains => last.1 = end,
                _ => all.push((start + 1, end, trains)),
            }
        }
        all
    }

    /// The highest rate of a group that ever trains, and the lowest rate of any: the vertical range of the plot.
    pub fn range(&self) -> (f64, f64) {
        let high = self.multiples.iter().copied().fold(0.0, f64::max) * self.rate;
        let multiple = self.multiples.iter().copied().fold(f64::INFINITY, f64::min);
        let lowest = self.spans.iter().map(|span| match span.schedule {
            Schedule::Stlr { ratio, .. } => 1.0 / ratio.max(1.0),
            Schedule::Constant => 0.5,
            // A cosine ends at zero, which no logarithm shows: two decades are enough.
            _ => 0.01,
        });
        let low = lowest.fold(1.0, f64::min) * multiple * self.rate;
        if high > 0.0 && low.is_finite() && low > 0.0 {
            (low / 1.5, high * 1.5)
        } else {
            (1e-6, 1e-1)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ulmfit(recipe: &Recipe) -> Outlook {
        Outlook::classifier(recipe, classifier_groups(3), 200)
    }

    #[test]
    fn the_papers_plan_thaws_a_group_an_epoch() {
        let recipe = Recipe {
            epochs: 5,
            ..Recipe::default()
        };
        let outlook = ulmfit(&recipe);
        assert_eq!(outlook.starts, [0, 40, 80, 120, 160]);
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
        assert!((steeper.multiples[3] - 0.25).abs() < 1e-12);
        let full = |cut_frac, factor| {
            ulmfit(&Recipe {
                method: Method::Full,
                cut_frac,
                factor,
                ..Recipe::default()
            })
        };
        assert_eq!(full(0.1, 2.6), full(0.5, 4.0));
        assert!(!discriminative(Method::Full) && discriminative(Method::UlmfitCode));
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
}

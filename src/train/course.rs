//! The rate of every layer group at every step of stage 3, before it runs: what the trainer follows and a preview draws.

use super::plan::Plan;
use super::schedule::Schedule;

/// One epoch of a [`Course`].
#[derive(Clone, Debug, PartialEq)]
pub struct Epoch {
    /// Whether each group trains, first to last.
    pub trains: Vec<bool>,
    /// Steps of the stage before it.
    pub first: usize,
    /// How the rate moves.
    pub schedule: Schedule,
    /// Steps of the stage before the schedule begins: it may span several epochs.
    pub start: usize,
    /// Steps that the schedule spans.
    pub length: usize,
}

/// What a plan does over epochs of known lengths.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// Highest rate of the last group.
    pub rate: f64,
    /// Each group's share of the rate, first to last.
    pub multiples: Vec<f64>,
    /// The epochs, in order.
    pub epochs: Vec<Epoch>,
    /// Steps in all.
    pub total: usize,
}

impl Course {
    /// `steps` are those of each epoch; one that the plan has and `steps` lacks is empty.
    pub fn new(plan: &Plan, groups: usize, steps: &[usize]) -> Self {
        let steps_of = |epoch: usize| steps.get(epoch).copied().unwrap_or(0);
        let count: usize = plan.phases.iter().map(|p| p.epochs).sum();
        let total = (0..count).map(steps_of).sum();
        let (mut epochs, mut first) = (Vec::new(), 0);
        for phase in &plan.phases {
            let numbers = epochs.len()..epochs.len() + phase.epochs;
            // A phase's own schedule spans its epochs, the plan's spans all.
            let (schedule, start, length) = match phase.schedule {
                Some(own) => (own, first, numbers.clone().map(steps_of).sum()),
                None => (plan.schedule, 0, total),
            };
            for number in numbers {
                epochs.push(Epoch {
                    trains: phase.trains.clone(),
                    first,
                    schedule,
                    start,
                    length,
                });
                first += steps_of(number);
            }
        }
        Self {
            rate: plan.rate,
            multiples: plan.rates.multiples(groups),
            epochs,
            total,
        }
    }

    /// The last group's rate in an epoch, both from 0, after `done` steps of the stage.
    pub fn base(&self, epoch: usize, done: usize) -> f64 {
        self.epochs.get(epoch).map_or(0.0, |e| {
            self.rate * e.schedule.rate(done.saturating_sub(e.start), e.length)
        })
    }

    /// The momentum in an epoch after `done` steps, where the schedule moves it.
    pub fn momentum(&self, epoch: usize, done: usize) -> Option<f64> {
        let e = self.epochs.get(epoch)?;
        e.schedule.momentum(done.saturating_sub(e.start), e.length)
    }

    /// Every group's rate, 0 while it is frozen.
    pub fn rates(&self, epoch: usize, done: usize) -> Vec<f64> {
        let base = self.base(epoch, done);
        let all = self.multiples.iter().enumerate();
        all.map(|(group, multiple)| {
            if self.trains(group, epoch) {
                multiple * base
            } else {
                0.0
            }
        })
        .collect()
    }

    /// Whether a group trains in an epoch, both from 0.
    pub fn trains(&self, group: usize, epoch: usize) -> bool {
        let epoch = self.epochs.get(epoch);
        epoch.and_then(|e| e.trains.get(group)).copied().unwrap_or(false)
    }

    /// The epoch, from 0, of the step after `done` steps. Before it is known how many steps there are it is the first.
    pub fn epoch_after(&self, done: usize) -> usize {
        // Epochs without a step all begin at once.
        if self.total == 0 {
            return 0;
        }
        let begun = self.epochs.partition_point(|e| e.first <= done);
        begun.saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::plan::Method;

    #[test]
    fn one_triangle_spans_epochs_of_unequal_lengths() {
        let plan = Method::Ulmfit.plan(3, 3, Some(0.01));
        let course = Course::new(&plan, 3, &[4, 6, 10]);
        assert_eq!(course.total, 20);
        let firsts: Vec<usize> = course.epochs.iter().map(|e| e.first).collect();
        assert_eq!(firsts, [0, 4, 10]);
        assert_eq!(
            [0, 3, 4, 9, 10, 19, 30].map(|done| course.epoch_after(done)),
            [0, 0, 1, 1, 2, 2, 2]
        );
        // Equation 3 with T = 20: cut = 2, and at t = 11 p = 1 - 9 / 18.
        let top = 0.01 * (1.0 + 0.5 * 31.0) / 32.0;
        let rates = course.rates(2, 11);
        for (got, want) in rates.iter().zip([top / 2.6 / 2.6, top / 2.6, top]) {
            assert!((got / want - 1.0).abs() < 1e-9, "{rates:?}");
        }
        assert_eq!(course.rates(0, 2)[..2], [0.0, 0.0]);
        assert!((course.rates(0, 2)[2] - 0.01).abs() < 1e-12);
    }

    #[test]
    fn before_its_steps_are_counted_a_course_is_in_its_first_epoch() {
        let plan = Method::Ulmfit.plan(3, 3, None);
        let course = Course::new(&plan, 3, &[0, 0, 0]);
        assert_eq!([0, 7].map(|done| course.epoch_after(done)), [0, 0]);
        let trains: Vec<bool> = (0..3)
            .map(|group| course.trains(group, course.epoch_after(0)))
            .collect();
        assert_eq!(trains, [false, false, true]);
        // An epoch without a step among others is passed over.
        assert_eq!(Course::new(&plan, 3, &[0, 4, 4]).epoch_after(0), 1);
    }

    #[test]
    fn a_phase_with_a_schedule_of_its_own_starts_anew() {
        let plan = Method::UlmfitCode.plan(3, 4, None);
        let course = Course::new(&plan, 3, &[5, 5, 5, 5]);
        let spans: Vec<_> = course.epochs.iter().map(|e| (e.start, e.length)).collect();
        assert_eq!(spans, [(0, 5), (5, 5), (10, 10), (10, 10)]);
        assert!((course.base(1, 5) - course.base(0, 0)).abs() < 1e-15);
    }
}

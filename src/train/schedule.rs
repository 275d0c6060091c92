//! Learning-rate schedules as pure functions of the iteration: the paper's slanted triangle (equation 3),
//! fastai's one-cycle policy and cosine annealing.

use std::f64::consts::PI;

pub mod lr_finder;

/// The factor between the learning rates of neighbouring layer groups (section 3.2 of the paper).
pub const DISCRIMINATIVE_FACTOR: f64 = 2.6;
/// The share of the iterations in which a slanted triangle rises (section 3.2).
pub const CUT_FRAC: f64 = 0.1;
/// How many times smaller the lowest rate of a slanted triangle is than its highest (section 3.2).
pub const RATIO: f64 = 32.0;

/// How the learning rate moves over the T iterations of a stage, as a multiple of its maximum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Schedule {
    /// The maximum throughout.
    Constant,
    /// Slanted triangular learning rates (equation 3).
    Stlr {
        /// The share of the iterations in which the rate rises.
        cut_frac: f64,
        /// How many times smaller the lowest rate is than the highest.
        ratio: f64,
    },
    /// fastai's `fit_one_cycle`: cosine up from 1/`div`, cosine down to 1/`div_final`.
    OneCycle {
        /// The share of the iterations in which the rate rises.
        pct_start: f64,
        /// How many times smaller the first rate is than the highest.
        div: f64,
        /// How many times smaller the last rate is than the highest.
        div_final: f64,
        /// Adam's first beta (or SGD's momentum) at the start, at the highest rate and at the end.
        moms: Option<(f64, f64, f64)>,
    },
    /// One cosine from the maximum to zero: the `cos` of the paper's table 7.
    Cosine,
}

/// A schedule whose numbers make no sense.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the schedule's {field} is {value}; it must be {must}")]
pub struct ScheduleError {
    field: &'static str,
    value: f64,
    must: &'static str,
}

impl ScheduleError {
    /// A factor that may not shrink.
    ///
    /// # Errors
    /// When it does, or is no number.
    pub(super) fn at_least_one(field: &'static str, value: f64) -> Result<(), Self> {
        require(field, value, value.is_finite() && value >= 1.0, "1 or more")
    }
}

impl Schedule {
    /// The paper's slanted triangle: [`CUT_FRAC`] and [`RATIO`]. The reference code uses the same for language
    /// models.
    #[must_use]
    pub const fn stlr() -> Self {
        Self::Stlr {
            cut_frac: CUT_FRAC,
            ratio: RATIO,
        }
    }

    /// The reference code's classifier stages with frozen layers: ratio 8, a third of the iterations rising.
    #[must_use]
    pub const fn stlr_code_frozen() -> Self {
        Self::Stlr {
            cut_frac: 1.0 / 3.0,
            ratio: 8.0,
        }
    }

    /// The reference code's last classifier stage, everything unfrozen: ratio 8, an eighth of the iterations
    /// rising.
    #[must_use]
    pub const fn stlr_code_unfrozen() -> Self {
        Self::Stlr {
            cut_frac: 1.0 / 8.0,
            ratio: 8.0,
        }
    }

    /// `fit_one_cycle` with fastai's defaults for text.
    #[must_use]
    pub const fn one_cycle() -> Self {
        Self::OneCycle {
            pct_start: 0.25,
            div: 25.0,
            div_final: 1e5,
            moms: Some((0.8, 0.7, 0.8)),
        }
    }

    /// The learning rate of iteration `t` (from 0) of `total`, as a multiple of its maximum, in 0..=1.
    ///
    /// `t == total` is the end of the schedule, where it is at its lowest; later iterations stay there.
    /// A schedule that [`validate`](Self::validate) refuses may give NaN.
    #[must_use]
    pub fn rate(&self, t: usize, total: usize) -> f64 {
        let rate = match *self {
            Self::Constant => 1.0,
            Self::Stlr { cut_frac, ratio } => (1.0 + triangle(t, total, cut_frac) * (ratio - 1.0)) / ratio,
            Self::OneCycle {
                pct_start,
                div,
                div_final,
                ..
            } => rise_and_fall(progress(t, total), pct_start, [1.0 / div, 1.0, 1.0 / div_final]),
            Self::Cosine => cosine(progress(t, total), 1.0, 0.0),
        };
        rate.clamp(0.0, 1.0)
    }

    /// The p of equation 3 (section 3.2) at iteration `t` of `total`: 0 where a slanted triangle is lowest, 1 where it is
    /// highest; `None` for other schedules.
    #[must_use]
    pub fn slant(&self, t: usize, total: usize) -> Option<f64> {
        match *self {
            Self::Stlr { cut_frac, .. } => Some(triangle(t, total, cut_frac)),
            _ => None,
        }
    }

    /// The momentum (Adam's first beta) of iteration `t` of `total`, where the schedule moves it.
    #[must_use]
    pub fn momentum(&self, t: usize, total: usize) -> Option<f64> {
        match *self {
            Self::OneCycle {
                pct_start,
                moms: Some((start, peak, end)),
                ..
            } => Some(rise_and_fall(progress(t, total), pct_start, [start, peak, end])),
            _ => None,
        }
    }

    /// Checks the numbers of a schedule that the user has shaped.
    ///
    /// # Errors
    /// Names the first number that is out of its range.
    pub fn validate(&self) -> Result<(), ScheduleError> {
        const SHARE: &str = "between 0 and 1";
        let share = |field, value: f64| require(field, value, (0.0..=1.0).contains(&value), SHARE);
        let factor = ScheduleError::at_least_one;
        match *self {
            Self::Constant | Self::Cosine => Ok(()),
            Self::Stlr { cut_frac, ratio } => share("cut_frac", cut_frac).and(factor("ratio", ratio)),
            Self::OneCycle {
                pct_start,
                div,
                div_final,
                moms,
            } => {
                let (a, b, c) = moms.unwrap_or_default();
                share("pct_start", pct_start)
                    .and(factor("div", div))
                    .and(factor("div_final", div_final))
                    .and([a, b, c].into_iter().try_for_each(|m| share("moms", m)))
            }
        }
    }
}

fn require(field: &'static str, value: f64, holds: bool, must: &'static str) -> Result<(), ScheduleError> {
    if holds {
        Ok(())
    } else {
        Err(ScheduleError { field, value, must })
    }
}

/// The share of `total` iterations that lies before iteration `t`.
fn progress(t: usize, total: usize) -> f64 {
    if total == 0 {
        1.0
    } else {
        (t as f64 / total as f64).min(1.0)
    }
}

/// The p of equation 3: 0 at the lowest rate, 1 at the highest.
///
/// The equation leaves two cases open. With fewer than 1 / `cut_frac` iterations cut is 0 and p is 0/0: there
/// is no rise then, and p falls linearly from 1 at the first iteration to 0 at T. And where T is not a
/// multiple of 1 / `cut_frac`, the rounding of cut takes p below 0 before T is reached: p stays at 0.
fn triangle(t: usize, total: usize, cut_frac: f64) -> f64 {
    // The tolerance keeps floor(T * (1/3)) and its like from losing one to rounding.
    let cut = (total as f64 * cut_frac + 1e-9).floor();
    if cut == 0.0 {
        return 1.0 - progress(t, total);
    }
    let t = t as f64;
    if t < cut {
        t / cut
    } else if cut_frac < 1.0 {
        (1.0 - (t - cut) / (cut * (1.0 / cut_frac - 1.0))).max(0.0)
    } else {
        1.0
    }
}

/// Half a cosine wave from `start` (at `position` 0) to `end` (at 1).
fn cosine(position: f64, start: f64, end: f64) -> f64 {
    start + (1.0 - (PI * position).cos()) * (end - start) / 2.0
}

/// Half a cosine wave from the first value to the second until `peak`, then one to the third.
fn rise_and_fall(position: f64, peak: f64, [start, middle, end]: [f64; 3]) -> f64 {
    if position < peak {
        cosine(position / peak, start, middle)
    } else if peak < 1.0 {
        cosine((position - peak) / (1.0 - peak), middle, end)
    } else {
        middle
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(got: f64, want: f64) {
        assert!((got - want).abs() < 1e-12, "got {got}, want {want}");
    }

    #[test]
    fn stlr_follows_equation_3() {
        // T = 100: cut = floor(10) = 10, the fall lasts 10 * (1/0.1 - 1) = 90 iterations.
        let rate = |t| Schedule::stlr().rate(t, 100);
        close(rate(0), 1.0 / 32.0); // p = 0
        close(rate(5), (1.0 + 0.5 * 31.0) / 32.0); // p = 5/10
        close(rate(10), 1.0); // p = 1 - 0
        close(rate(55), (1.0 + 0.5 * 31.0) / 32.0); // p = 1 - 45/90
        close(rate(99), (1.0 + 31.0 / 90.0) / 32.0); // p = 1 - 89/90
        close(rate(100), 1.0 / 32.0); // p = 1 - 90/90
    }

    #[test]
    fn stlr_of_the_reference_code() {
        // T = 30, a third rising: cut = 10, the fall lasts 10 * (3 - 1) = 20, ratio 8.
        let rate = |t| Schedule::stlr_code_frozen().rate(t, 30);
        close(rate(0), 1.0 / 8.0);
        close(rate(4), (1.0 + 0.4 * 7.0) / 8.0);
        close(rate(10), 1.0);
        close(rate(15), (1.0 + 0.75 * 7.0) / 8.0); // p = 1 - 5/20
        close(rate(30), 1.0 / 8.0);
        // T = 16, an eighth rising: cut = 2, the fall lasts 2 * (8 - 1) = 14.
        close(
            Schedule::stlr_code_unfrozen().rate(1, 16),
            (1.0 + 0.5 * 7.0) / 8.0,
        );
        close(
            Schedule::stlr_code_unfrozen().rate(9, 16),
            (1.0 + 0.5 * 7.0) / 8.0,
        ); // p = 1 - 7/14
    }

    #[test]
    fn stlr_with_few_iterations_has_no_rise() {
        // cut = floor(3 * 0.1) = 0: p = 1, 2/3, 1/3.
        let rate = |t, total| Schedule::stlr().rate(t, total);
        close(rate(0, 1), 1.0);
        close(rate(0, 2), 1.0);
        close(rate(1, 2), (1.0 + 0.5 * 31.0) / 32.0);
        close(rate(0, 3), 1.0);
        close(rate(1, 3), (1.0 + 2.0 / 3.0 * 31.0) / 32.0);
        close(rate(2, 3), (1.0 + 1.0 / 3.0 * 31.0) / 32.0);
        close(rate(3, 3), 1.0 / 32.0);
        close(rate(0, 0), 1.0 / 32.0);
    }

    #[test]
    fn stlr_never_falls_below_its_floor() {
        // T = 19: cut = 1 and the fall lasts 9, so the equation alone would give p = 1 - 17/9 < 0 at t = 18.
        close(Schedule::stlr().rate(18, 19), 1.0 / 32.0);
        assert_eq!(Schedule::stlr().slant(18, 19), Some(0.0));
        assert_eq!(Schedule::Constant.slant(18, 19), None);
    }

    #[test]
    fn one_cycle_as_fastai() {
        // T = 8: the peak is at t = 2.
        let (rate, momentum) = (
            |t| Schedule::one_cycle().rate(t, 8),
            |t| Schedule::one_cycle().momentum(t, 8),
        );
        close(rate(0), 1.0 / 25.0);
        close(rate(1), f64::midpoint(1.0 / 25.0, 1.0)); // half way up: cos(pi/2) = 0
        close(rate(2), 1.0);
        close(rate(5), f64::midpoint(1.0, 1e-5)); // (5/8 - 1/4) / (3/4) = 1/2
        // (3/8 - 1/4) / (3/4) = 1/6 of the way down: cos(pi/6) = sqrt(3)/2
        close(rate(3), 1.0 + (1.0 - 3f64.sqrt() / 2.0) * (1e-5 - 1.0) / 2.0);
        close(rate(8), 1e-5);
        for (t, want) in [(0, 0.8), (1, 0.75), (2, 0.7), (5, 0.75), (8, 0.8)] {
            close(momentum(t).unwrap(), want);
        }
        close(Schedule::one_cycle().rate(0, 1), 1.0 / 25.0);
        close(Schedule::one_cycle().rate(1, 2), {
            // (1/2 - 1/4) / (3/4) = 1/3 of the way down: cos(pi/3) = 1/2
            1.0 + 0.5 * (1e-5 - 1.0) / 2.0
        });
        assert_eq!(Schedule::stlr().momentum(3, 8), None);
    }

    #[test]
    fn a_cosine_falls_from_the_maximum_to_zero() {
        let rate = |t| Schedule::Cosine.rate(t, 6);
        close(rate(0), 1.0);
        close(rate(2), 0.75); // cos(pi/3) = 1/2
        close(rate(3), 0.5);
        close(rate(6), 0.0);
        close(Schedule::Cosine.rate(0, 1), 1.0);
        close(Schedule::Cosine.rate(1, 2), 0.5);
    }

    #[test]
    fn the_schedules_of_the_methods_are_valid() {
        for schedule in [
            Schedule::Constant,
            Schedule::stlr(),
            Schedule::stlr_code_frozen(),
            Schedule::stlr_code_unfrozen(),
            Schedule::one_cycle(),
            Schedule::Cosine,
        ] {
            assert_eq!(schedule.validate(), Ok(()));
        }
    }

    #[test]
    fn validate_names_the_number_that_is_wrong() {
        let error = Schedule::Stlr {
            cut_frac: 0.1,
            ratio: 0.5,
        }
        .validate()
        .unwrap_err();
        assert_eq!(
            error.to_string(),
            "the schedule's ratio is 0.5; it must be 1 or more"
        );
        assert!(
            Schedule::Stlr {
                cut_frac: f64::NAN,
                ratio: 8.0
            }
            .validate()
            .is_err()
        );
    }

    proptest! {
        #[test]
        fn stlr_rises_to_the_maximum_then_falls(
            total in 1usize..400, cut_frac in 0.01f64..0.9, ratio in 1.0f64..64.0,
        ) {
            let schedule = Schedule::Stlr { cut_frac, ratio };
            let rates: Vec<f64> = (0..=total).map(|t| schedule.rate(t, total)).collect();
            let peak = (total as f64 * cut_frac + 1e-9).floor() as usize;
            prop_assert!((rates[peak] - 1.0).abs() < 1e-12);
            prop_assert!(rates[..=peak].windows(2).all(|w| w[0] <= w[1]));
            prop_assert!(rates[peak..].windows(2).all(|w| w[0] >= w[1]));
            prop_assert!(rates.iter().all(|r| (1.0 / ratio - 1e-12..=1.0).contains(r)));
            prop_assert!((rates[total] - 1.0 / ratio).abs() < 1e-9);
        }

        #[test]
        fn every_schedule_stays_between_0_and_1(t in 0usize..500, total in 0usize..400) {
            for schedule in [Schedule::Constant, Schedule::one_cycle(), Schedule::Cosine] {
                prop_assert!((0.0..=1.0).contains(&schedule.rate(t, total)));
            }
        }
    }
}

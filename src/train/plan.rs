//! Fine-tuning methods as data: which layer groups train in which epoch, at which rates, on which schedule.
//!
//! The names are the rows of the paper's tables 6 and 7.

use serde::{Deserialize, Serialize};

use super::defaults::CLASSIFIER_RATE;
use super::optimiser::Adam;
use super::schedule::{CUT_FRAC, DISCRIMINATIVE_FACTOR, RATIO, Schedule, ScheduleError};

/// A way of fine-tuning a classifier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Gradual unfreezing, discriminative rates and STLR: the paper's method.
    #[default]
    Ulmfit,
    /// The same with the unfreezing, the schedule, the rate and the betas of its reference code. Not with its AR and TAR in
    /// stage 3, nor its weight decay, dropouts and pooling, which are those of every method here.
    UlmfitCode,
    /// No pretraining.
    Scratch,
    /// Every layer at one rate.
    Full,
    /// Every layer, discriminative rates.
    FullDiscr,
    /// The last layer only.
    Last,
    /// One layer at a time (Felbo et al. 2017).
    ChainThaw,
    /// Gradual unfreezing.
    Freez,
    /// Gradual unfreezing and discriminative rates.
    FreezDiscr,
    /// Gradual unfreezing and STLR.
    FreezStlr,
    /// Gradual unfreezing and a cosine schedule.
    FreezCos,
}

/// How a gradient group's rate depends on its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rates {
    /// One rate for all.
    Uniform,
    /// Divided by `factor` from each group to the one before it (equation 2).
    Discriminative {
        /// 2.6 in the paper.
        factor: f64,
    },
    /// The last group at the base rate, the others at this share of it.
    LastAndOthers {
        /// Share for all groups but the last.
        others: f64,
    },
}

impl Rates {
    /// Multiples of the base rate, first group to last.
    pub fn multiples(self, groups: usize) -> Vec<f64> {
        (0..groups)
            .map(|g| match self {
                Self::Uniform => 1.0,
                Self::Discriminative { factor } => factor.powi(-((groups - 1 - g) as i32)),
                Self::LastAndOthers { others } => {
                    if g + 1 == groups {
                        1.0
                    } else {
                        others
                    }
                }
            })
            .collect()
    }
}

/// Some epochs in which the same groups train.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    /// How many epochs.
    pub epochs: usize,
    /// Whether each group trains, first to last.
    pub trains: Vec<bool>,
    /// The schedule of a phase that has its own; otherwise the plan's runs over all phases.
    pub schedule: Option<Schedule>,
}

/// A whole fine-tuning.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Whether the encoder starts from the pretrained weights.
    pub pretrained: bool,
    /// The phases, in order.
    pub phases: Vec<Phase>,
    /// The schedule over all iterations.
    pub schedule: Schedule,
    /// Highest rate of the last group.
    pub rate: f64,
    /// The other groups' rates.
    pub rates: Rates,
    /// The optimiser's numbers.
    pub adam: Adam,
    /// Whether training ends when the validation error stops falling (every method but ULMFiT, section 5).
    pub early_stopping: bool,
}

/// What may be changed in the shape of a plan's rates; `None` leaves a number as the method has it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shape {
    /// STLR: the share of the steps in which the rate rises.
    pub cut_frac: Option<f64>,
    /// STLR: how many times smaller the lowest rate is than the highest.
    pub ratio: Option<f64>,
    /// Discriminative rates: how many times smaller a group's rate is than that of the group above it.
    pub factor: Option<f64>,
}

/// Which parts of a [`Shape`] a plan has a use for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Takes {
    /// The triangle: `cut_frac` and `ratio`.
    pub triangle: bool,
    /// The factor between the groups.
    pub factor: bool,
}

impl Plan {
    /// What a [`Shape`] can change. Triangles that belong to single phases are part of the method and stay.
    pub fn takes(&self) -> Takes {
        let one = self.phases.iter().all(|phase| phase.schedule.is_none());
        Takes {
            triangle: one && matches!(self.schedule, Schedule::Stlr { .. }),
            factor: matches!(self.rates, Rates::Discriminative { .. }),
        }
    }

    /// The plan with its rates in this shape, as far as it takes one.
    ///
    /// # Errors
    /// Names the first number that is out of its range, also where the plan has no use for it.
    pub fn shaped(mut self, shape: &Shape) -> Result<Self, ScheduleError> {
        let (cut_frac, ratio) = match self.schedule {
            Schedule::Stlr { cut_frac, ratio } => (cut_frac, ratio),
            _ => (CUT_FRAC, RATIO),
        };
        let wanted = Schedule::Stlr {
            cut_frac: shape.cut_frac.unwrap_or(cut_frac),
            ratio: shape.ratio.unwrap_or(ratio),
        };
        wanted.validate()?;
        let factor = shape.factor.unwrap_or(DISCRIMINATIVE_FACTOR);
        ScheduleError::at_least_one("factor", factor)?;
        if self.takes().triangle {
            self.schedule = wanted;
        }
        if let Rates::Discriminative { factor: own } = &mut self.rates {
            *own = factor;
        }
        Ok(self)
    }
}

/// The reference code's rate, with discriminative rates, and the paper's without them (table 7).
const RATE_CODE: f64 = 0.01;
const RATE_UNIFORM: f64 = 0.001;

impl Method {
    /// Every method.
    pub const ALL: [Self; 11] = [
        Self::Ulmfit,
        Self::UlmfitCode,
        Self::Scratch,
        Self::Full,
        Self::FullDiscr,
        Self::Last,
        Self::ChainThaw,
        Self::Freez,
        Self::FreezDiscr,
        Self::FreezStlr,
        Self::FreezCos,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ulmfit => "ulmfit",
            Self::UlmfitCode => "ulmfit-code",
            Self::Scratch => "scratch",
            Self::Full => "full",
            Self::FullDiscr => "full-discr",
            Self::Last => "last",
            Self::ChainThaw => "chain-thaw",
            Self::Freez => "freez",
            Self::FreezDiscr => "freez-discr",
            Self::FreezStlr => "freez-stlr",
            Self::FreezCos => "freez-cos",
        }
    }

    /// The method of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.name() == name)
    }

    /// One line for help texts.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Ulmfit => "gradual unfreezing, discriminative rates, STLR: the paper's method",
            Self::UlmfitCode => {
                "unfreezing and schedule of the reference code: STLR (8, 3) then (8, 8), Adam (0.8, 0.99)"
            }
            Self::Scratch => "no pretraining, every layer at one rate",
            Self::Full => "every layer at one rate",
            Self::FullDiscr => "every layer, discriminative rates",
            Self::Last => "the last layer only",
            Self::ChainThaw => "one layer at a time, then all (Felbo et al. 2017)",
            Self::Freez => "gradual unfreezing, one rate",
            Self::FreezDiscr => "gradual unfreezing, discriminative rates",
            Self::FreezStlr => "gradual unfreezing, one rate, STLR",
            Self::FreezCos => "gradual unfreezing, one rate, cosine annealing",
        }
    }

    /// The plan for `groups` layer groups over `epochs` epochs; `rate` replaces the method's own.
    pub fn plan(self, groups: usize, epochs: usize, rate: Option<f64>) -> Plan {
        let discriminative = Rates::Discriminative {
            factor: DISCRIMINATIVE_FACTOR,
        };
        let all = || {
            vec![Phase {
                epochs,
                trains: vec![true; groups],
                schedule: None,
            }]
        };
        let gradual = || gradual(groups, epochs);
        let (phases, schedule, rates) = match self {
            Self::Ulmfit => (gradual(), Schedule::stlr(), discriminative),
            Self::UlmfitCode => (reference_code(groups, epochs), Schedule::stlr(), discriminative),
            Self::Scratch | Self::Full => (all(), Schedule::Constant, Rates::Uniform),
            Self::FullDiscr => (all(), Schedule::Constant, discriminative),
            Self::Last => (
                vec![only(groups, groups - 1, epochs)],
                Schedule::Constant,
                Rates::Uniform,
            ),
            Self::ChainThaw => (
                chain_thaw(groups, epochs),
                Schedule::Constant,
                Rates::LastAndOthers { others: 0.1 },
            ),
            Self::Freez => (gradual(), Schedule::Constant, Rates::Uniform),
            Self::FreezDiscr => (gradual(), Schedule::Constant, discriminative),
            Self::FreezStlr => (gradual(), Schedule::stlr(), Rates::Uniform),
            Self::FreezCos => (gradual(), Schedule::Cosine, Rates::Uniform),
        };
        let own = match self {
            Self::UlmfitCode => RATE_CODE,
            _ if rates == discriminative => CLASSIFIER_RATE,
            _ => RATE_UNIFORM,
        };
        Plan {
            pretrained: self != Self::Scratch,
            phases,
            schedule,
            rate: rate.unwrap_or(own),
            rates,
            adam: if self == Self::UlmfitCode {
                Adam::CODE
            } else {
                Adam::PAPER
            },
            early_stopping: !matches!(self, Self::Ulmfit | Self::UlmfitCode),
        }
    }
}

fn from_group(groups: usize, first: usize) -> Vec<bool> {
    (0..groups).map(|g| g >= first).collect()
}

fn only(groups: usize, group: usize, epochs: usize) -> Phase {
    Phase {
        epochs,
        trains: (0..groups).map(|g| g == group).collect(),
        schedule: None,
    }
}

/// The last group for an epoch, then one more each epoch (section 3.3), all of them from the epoch on in which the
/// first joins. With fewer epochs than groups several join at once, so that the last epoch trains all.
fn gradual(groups: usize, epochs: usize) -> Vec<Phase> {
    let mut phases: Vec<Phase> = Vec::new();
    for epoch in 0..epochs {
        let thawed = (epoch + 1)
            .max((groups * (epoch + 1)).div_ceil(epochs))
            .min(groups);
        let trains = from_group(groups, groups - thawed);
        match phases.last_mut() {
            Some(last) if last.trains == trains => last.epochs += 1,
            _ => phases.push(Phase {
                epochs: 1,
                trains,
                schedule: None,
            }),
        }
    }
    phases
}

/// The reference code: the head for an epoch, head and last LSTM for an epoch, then everything, each on its own STLR.
fn reference_code(groups: usize, epochs: usize) -> Vec<Phase> {
    let frozen = Some(Schedule::stlr_code_frozen());
    let mut phases = Vec::new();
    for (k, first) in [groups - 1, groups.saturating_sub(2)].into_iter().enumerate() {
        if epochs > k + 1 {
            phases.push(Phase {
                epochs: 1,
                trains: from_group(groups, first),
                schedule: frozen,
            });
        }
    }
    let rest = epochs - phases.len();
    phases.push(Phase {
        epochs: rest,
        trains: vec![true; groups],
        schedule: Some(Schedule::stlr_code_unfrozen()),
    });
    phases
}

/// The last group, then each group alone from the first on, then all; the epochs are shared out evenly.
fn chain_thaw(groups: usize, epochs: usize) -> Vec<Phase> {
    let order: Vec<Option<usize>> = [Some(groups - 1)]
        .into_iter()
        .chain((0..groups - 1).map(Some))
        .chain([None])
        .collect();
    let share = epochs / order.len();
    let mut spare = epochs % order.len();
    let mut phases = Vec::new();
    // The remainder goes to the end: all groups together, then the last ones.
    for which in order.into_iter().rev() {
        let extra = usize::from(spare > 0);
        spare -= extra;
        if share + extra > 0 {
            phases.push(match which {
                Some(group) => only(groups, group, share + extra),
                None => Phase {
                    epochs: share + extra,
                    trains: vec![true; groups],
                    schedule: None,
                },
            });
        }
    }
    phases.reverse();
    phases
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thawed(plan: &Plan) -> Vec<(usize, usize)> {
        plan.phases
            .iter()
            .map(|p| (p.epochs, p.trains.iter().filter(|&&t| t).count()))
            .collect()
    }

    #[test]
    fn gradual_unfreezing_adds_a_group_an_epoch_from_the_last() {
        let plan = Method::Ulmfit.plan(5, 8, None);
        assert_eq!(thawed(&plan), [(1, 1), (1, 2), (1, 3), (1, 4), (4, 5)]);
        assert_eq!(plan.phases[1].trains, [false, false, false, true, true]);
        assert_eq!(thawed(&Method::Ulmfit.plan(5, 2, None)), [(1, 3), (1, 5)]);
        assert_eq!(thawed(&Method::Ulmfit.plan(5, 1, None)), [(1, 5)]);
    }

    #[test]
    fn every_method_spends_exactly_its_epochs() {
        for method in Method::ALL {
            for epochs in 1..20 {
                let plan = method.plan(5, epochs, None);
                assert_eq!(
                    plan.phases.iter().map(|p| p.epochs).sum::<usize>(),
                    epochs,
                    "{} {epochs}",
                    method.name()
                );
                assert!(
                    plan.phases
                        .iter()
                        .all(|p| p.epochs > 0 && p.trains.contains(&true))
                );
            }
            assert_eq!(Method::parse(method.name()), Some(method));
        }
    }

    #[test]
    fn a_shape_changes_what_the_method_has_and_nothing_else() {
        let shape = Shape {
            cut_frac: Some(0.3),
            ratio: Some(8.0),
            factor: Some(2.0),
        };
        for method in Method::ALL {
            let plain = method.plan(4, 5, None);
            assert_eq!(plain.clone().shaped(&Shape::default()).unwrap(), plain);
            let shaped = plain.clone().shaped(&shape).unwrap();
            let takes = plain.takes();
            assert_eq!(
                shaped.schedule != plain.schedule,
                takes.triangle,
                "{}",
                method.name()
            );
            assert_eq!(shaped.rates != plain.rates, takes.factor, "{}", method.name());
            assert_eq!(shaped.phases, plain.phases);
        }
        let takes = |method: Method| {
            let Takes { triangle, factor } = method.plan(4, 5, None).takes();
            (triangle, factor)
        };
        assert_eq!(takes(Method::Ulmfit), (true, true));
        assert_eq!(takes(Method::UlmfitCode), (false, true));
        assert_eq!(takes(Method::FreezStlr), (true, false));
        assert_eq!(takes(Method::Full), (false, false));
        for wrong in [
            Shape {
                cut_frac: Some(1.2),
                ..shape
            },
            Shape {
                ratio: Some(0.5),
                ..shape
            },
            Shape {
                factor: Some(f64::NAN),
                ..shape
            },
        ] {
            assert!(Method::Full.plan(4, 5, None).shaped(&wrong).is_err());
        }
    }

    #[test]
    fn rates_of_table_7() {
        // 0.01, and divided by 2.6 a group: 0.01 / 2.6 = 0.003846, / 2.6 = 0.001479.
        let plan = Method::FullDiscr.plan(3, 1, Some(0.01));
        let rates: Vec<f64> = plan.rates.multiples(3).iter().map(|m| m * plan.rate).collect();
        for (got, want) in rates.iter().zip([0.001_479_289_9, 0.003_846_153_8, 0.01]) {
            assert!((got - want).abs() < 1e-9, "{rates:?}");
        }
        assert_eq!(Method::UlmfitCode.plan(3, 4, None).rate, 0.01);
        // Chain-thaw: 0.001 for the last layer, 0.0001 for the others.
        let plan = Method::ChainThaw.plan(3, 9, None);
        assert!((plan.rates.multiples(3)[0] * plan.rate - 1e-4).abs() < 1e-12 && plan.rate == 1e-3);
        assert_eq!(
            Method::Last.plan(5, 3, None).phases[0].trains,
            [false, false, false, false, true]
        );
    }
}

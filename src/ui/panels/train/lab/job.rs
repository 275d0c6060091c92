//! The job that is made of a project, and what can be said of it before it runs.

use std::path::{Path, PathBuf};

use super::super::keep::Adapted;
use super::super::numbers::short;
use super::super::ready::{self, Material};
use super::super::start;
use super::kept::Comparison;
use crate::session::preview;
use crate::session::project::Project;
use crate::session::protocol::{Common, Estimate, Lab, LmOptions, Method, Way};
use crate::session::trust::CHANCE;
use crate::ui::run::{Kind, Recipe, Record};

/// Fewer labels tell nothing apart but what errs by a third of them more.
pub const LEAST: usize = 20;

/// The ways that say most, where there is little time: ULMFiT, what it loses without stage 2 and without pretraining, the usual
/// fine-tuning, and the head alone.
pub const MAIN: [Way; 5] = [
    Way::of(Method::Ulmfit),
    Way {
        method: Method::Ulmfit,
        adapt: false,
    },
    Way::of(Method::Scratch),
    Way::of(Method::Full),
    Way::of(Method::Last),
];

/// How the labels are split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// Classifiers of each way.
    pub folds: usize,
    /// Labels that each way is measured on.
    pub measured: usize,
}

impl Shape {
    /// As the engine will split the labels that are not kept aside.
    pub fn of(project: &Project, seed: u64) -> Self {
        let (folds, measured) = ready::labelled(project).measured(seed);
        Self { folds, measured }
    }

    /// Labels that each classifier learns from, of so many.
    pub fn learned(self, labels: usize) -> usize {
        labels.saturating_sub(self.measured / self.folds.max(1))
    }
}

/// The least difference of two errors, measured on so many labels, that chance does not make: it takes so many texts that one of the
/// two gets right and the other wrong, and none the other way round.
pub fn least_difference(measured: usize) -> f64 {
    let mut texts = 1;
    // McNemar's exact test, two-sided.
    while 2.0 * 0.5_f64.powi(texts) > CHANCE {
        texts += 1;
    }
    f64::from(texts) / measured.max(1) as f64
}

/// Where a project's comparison is made.
pub fn place(work_dir: &Path) -> PathBuf {
    work_dir.join("comparison")
}

/// How the next run would train, and what it would begin with.
#[derive(Clone, Copy)]
pub struct Next<'a> {
    /// Its recipe.
    pub recipe: &'a Recipe,
    /// The language model that has read the texts, where it is to be kept.
    pub adapted: Option<&'a Adapted>,
}

/// The job: the same texts, labels and numbers that a training run of this recipe would have. Labels that are kept aside take no
/// part, so that they can tell of whichever way is chosen.
pub fn job(
    project: &Project,
    material: &Material,
    next: Next<'_>,
    ways: Vec<Way>,
    common: Common,
    work_dir: &Path,
) -> Lab {
    let fit = start::fit(project, material, &reference(next.recipe), common, work_dir);
    let (unlabelled, lm) = match next.adapted {
        Some(_) => (None, LmOptions::default()),
        None => (fit.unlabelled, fit.lm),
    };
    Lab {
        common: fit.common,
        data: fit.data,
        unlabelled,
        model: fit.model,
        adapted: next.adapted.map(|adapted| adapted.forward.clone()),
        out: place(work_dir),
        ways,
        lm,
        classifier: fit.classifier,
        estimate: Estimate::Auto,
        resume: false,
        overwrite: true,
    }
}

/// The numbers of a recipe, with the method that the others are judged against: it takes all of them.
pub fn reference(recipe: &Recipe) -> Recipe {
    Recipe {
        method: Method::Ulmfit,
        adapt: true,
        both: false,
        tfidf: false,
        keep: false,
        ..recipe.clone()
    }
}

/// The numbers that every way trains by, as far as it takes them.
pub fn settings(next: Next<'_>, seed: u64) -> String {
    let (recipe, usual) = (next.recipe, Recipe::default());
    let epochs = match recipe.epochs {
        1 => "1 epoch".to_string(),
        epochs => format!("{epochs} epochs"),
    };
    let mut all = vec![epochs, format!("seed {seed}")];
    let chosen = [
        ("η max", recipe.rate),
        ("cut_frac", Some(recipe.cut_frac).filter(|n| *n != usual.cut_frac)),
        ("ratio", Some(recipe.ratio).filter(|n| *n != usual.ratio)),
        ("÷ per layer", Some(recipe.factor).filter(|n| *n != usual.factor)),
        ("reading at", recipe.reading.filter(|_| next.adapted.is_none())),
    ];
    let chosen = chosen
        .into_iter()
        .filter_map(|(name, number)| Some(format!("{name} {}", short(number?))));
    all.extend(chosen);
    all.join(", ")
}

/// Seconds that it takes to compare these ways, and what that is judged by: the last comparison, or an earlier run.
pub fn seconds(
    ways: &[Way],
    (records, last): (&[&Record], Option<&Comparison>),
    next: Next<'_>,
    labels: usize,
    shape: Shape,
) -> Option<(f64, String)> {
    let reads = next.adapted.is_none() && ways.iter().any(|way| way.adapt);
    if let Some(last) = last.filter(|last| last.done && last.folds == shape.folds) {
        let took = |way: &Way| Some(last.row(way.name())?.seconds);
        let all: Option<Vec<f64>> = ways.iter().map(took).collect();
        // The last one may have begun with what was read before.
        let reading = if reads { last.reading } else { 0.0 };
        if let Some(all) = all.filter(|_| reading > 0.0 || !reads) {
            let more = labels as f64 / last.labels().max(1) as f64;
            return Some((
                reading + more * all.iter().sum::<f64>(),
                "the last comparison".into(),
            ));
        }
    }
    let (per_step, run) = records.iter().rev().find_map(|record| {
        let train = record.stage(Kind::Train)?;
        Some((train.seconds? / train.done.max(1) as f64, record.number))
    })?;
    let reading = || (records.iter().rev()).find_map(|record| record.stage(Kind::Adapt)?.seconds);
    let reading = if reads { reading()? } else { 0.0 };
    let learned = shape.learned(labels);
    let watched = preview::watched_of(learned);
    let steps = |way: &Way| {
        let recipe = Recipe {
            method: way.method,
            ..next.recipe.clone()
        };
        let steps = preview::steps(way.method, &start::options(&recipe), learned, watched);
        steps.iter().sum::<usize>()
    };
    let steps: usize = ways.iter().map(steps).sum();
    let all = reading + per_step * (steps * shape.folds) as f64;
    Some((all, format!("run {run}")))
}

//! Stages 2 and 3: from labelled texts to a classifier and an honest estimate of its error.

mod data;
mod direction;
mod report;
mod trainer;
mod untested;

use std::path::Path;

use serde_json::{Map, Value, json};

use super::super::control::Control;
use super::super::engine::{JobError, Outcome, start};
use super::super::protocol::{Estimate, Fit, Source};
use super::classify::vote;
use super::outputs::MODEL;
use super::work::{Work, check_out, is_unfinished};
use super::{aside, load};
use crate::io::ModelFiles;
use crate::model::Classifier;
use crate::session::trust::scaled;
use crate::train::metrics::Report;
use crate::train::split::Split;
use data::check_vote;
pub use data::{Data, baseline_out_of_sample, further, labelled, splits, unlabelled};
use direction::stage_name;
pub use direction::{Direction, StageTwo};
use report::{Found, out_of_sample, put_error, temperature, write};
pub use report::{chance, estimate, show_report};
use trainer::check_shape;
pub use trainer::{Trainer, plan};
pub use untested::{nothing, told, untested};

/// The language model that stage 2 or 3 starts from; with `--bidirectional` one that reads backward behind it.
async fn bases(control: &mut Control, job: &Fit) -> Result<Vec<ModelFiles>, JobError> {
    let (model, backward) = (job.model.as_deref(), job.backward_model.as_deref());
    if job.bidirectional && model.is_some() && backward.is_none() {
        return Err(JobError::Usage(
            "`--bidirectional` with a `--model` of your own needs one that reads backward too: name it with `--backward-model`, \
             or leave out `--model` for the built-in ones"
                .into(),
        ));
    }
    let mut bases = vec![load::model(control, model, false)?];
    if job.bidirectional {
        load::have(control, backward, true).await?;
        bases.push(load::model(control, backward, true)?);
        for (option, base, reads) in [("model", &bases[0], false), ("backward-model", &bases[1], true)] {
            if base.config.backward != reads {
                let direction = if reads { "forward" } else { "backward" };
                return Err(JobError::Usage(format!(
                    "--{option} {} reads {direction}: `--bidirectional` needs one model of each direction",
                    base.origin
                )));
            }
        }
    }
    Ok(bases)
}

/// The files that a job reads texts from.
fn inputs(job: &Fit) -> impl Iterator<Item = &Path> {
    let sources = [Some(&job.data), job.unlabelled.as_ref()];
    sources.into_iter().flatten().filter_map(Source::file)
}

pub async fn run(mut job: Fit, control: &mut Control) -> Outcome {
    let resume = std::mem::take(&mut job.resume);
    let overwrite = std::mem::take(&mut job.overwrite);
    let started = crate::host::clock::Instant::now();
    let device = start(control, if job.adapt { "fit" } else { "train" }, &job.common).await?;
    check_shape(control, &job)?;
    let data = labelled(control, &job)?;
    let further = if job.adapt {
        let others = unlabelled(control, &job)?;
        further(control, &job, &data, others)
    } else {
        Vec::new()
    };
    if job.tfidf {
        check_vote(&data)?;
    }
    aside::find_again(&mut job, resume);
    let bases = bases(control, &job).await?;
    if !resume && (overwrite || !is_unfinished(&job.out)) {
        // The run that it is taken from cannot go on after this: whatever refuses this one has to do so before.
        check_out(MODEL, &job.out, inputs(&job), overwrite)?;
        aside::set_aside(&mut job)?;
    }
    let work = Work::open(&job.out, &job, inputs(&job), resume, overwrite)?;
    let splits = splits(&job, &data);
    let untested = untested(&data, &splits);
    work.reads(&data.digest(&further, &untested))?;
    for told in told(&data, &untested) {
        control.warn(told);
    }
    if splits.is_empty() && job.estimate != Estimate::None {
        control.warn(format!("The error is not estimated: {}", nothing(&data)));
    }
    let words = baseline_out_of_sample(control, &data, &splits).await?;

    let stage_two = StageTwo {
        job: &job,
        data: &data,
        further: &further,
        device: &device,
        work: &work,
    };
    let trainer = Trainer::new(&job, &data, &device, &work);
    let Trained {
        finished,
        mut pooled,
        perplexities,
        seconds,
    } = train(control, &stage_two, &trainer, &bases, &splits).await?;
    let others = match &words {
        Some(words) => compared(&data, &splits, words, &mut pooled, job.tfidf)?,
        None => Map::new(),
    };
    let temperature = temperature(&data, &splits, &pooled);
    if let Some(temperature) = temperature {
        for p in &mut pooled {
            *p = scaled(p.iter().copied(), temperature);
        }
    }
    let report = estimate(&data, &splits, &pooled)?;
    if let Some(report) = &report {
        control.emit(out_of_sample(&data, &splits, &pooled));
        show_report(control, report);
    }
    let mut result = measured(&data, splits.len(), report.as_ref(), &untested);
    result.extend(others);
    if let Some((before, after)) = perplexities.first() {
        result.insert("perplexity_before".into(), json!(before));
        result.insert("perplexity".into(), json!(after));
    }
    result.insert("method".into(), json!(job.method.name()));
    result.insert("rows".into(), json!(data.labels.len()));
    result.insert("classes".into(), json!(data.names));
    result.insert("bidirectional".into(), json!(job.bidirectional));
    result.insert("tfidf".into(), json!(job.tfidf));
    result.insert("stage_seconds".into(), Value::Object(seconds));

    let found = Found {
        result: &result,
        report: report.as_ref(),
        untested: &untested,
        temperature,
        perplexities: &perplexities,
        bases: &bases,
    };
    write(&job, &data, finished, &found, overwrite).await?;
    work.finish(control);
    aside::forget(&job.out);
    result.insert("seconds".into(), json!(started.elapsed().as_secs_f64()));
    result.insert("out".into(), json!(job.out));
    Ok(result)
}

/// What training gives, the directions together.
struct Trained {
    /// Each direction's language model and the classifier that was made of it.
    finished: Vec<(ModelFiles, Classifier)>,
    /// What classifiers said of the labelled texts that they had not seen, `[rows][classes]`: the mean over the directions, and
    /// zeros for texts that no split holds out.
    pooled: Vec<Vec<f64>>,
    /// Perplexity of held-out texts before and after stage 2, for each direction that was measured.
    perplexities: Vec<(f64, f64)>,
    /// Seconds of each stage.
    seconds: Map<String, Value>,
}

/// Trains in every direction: stage 2, classifiers that are only asked about what they have not seen, and the one that is kept.
async fn train(
    control: &mut Control,
    stage_two: &StageTwo<'_>,
    trainer: &Trainer<'_>,
    bases: &[ModelFiles],
    splits: &[Split],
) -> Result<Trained, JobError> {
    let (data, seed) = (stage_two.data, stage_two.job.common.seed);
    let all_rows: Vec<usize> = (0..data.labels.len()).collect();
    let mut trained = Trained {
        finished: Vec::new(),
        pooled: vec![vec![0.0; data.names.len()]; data.labels.len()],
        perplexities: Vec::new(),
        seconds: Map::new(),
    };
    let seconds = &mut trained.seconds;
    for base in bases {
        let backward = base.config.backward;
        let (direction, perplexity) = stage_two.run(control, base, seconds).await?;
        trained.perplexities.extend(perplexity);
        let (said, fold_seconds) = held_out(control, trainer, &direction, splits, seed).await?;
        // The mean of two classifiers' probabilities is their ensemble (section 3.3).
        for (sums, said) in trained.pooled.iter_mut().zip(&said) {
            sums.iter_mut()
                .zip(said)
                .for_each(|(sum, p)| *sum += p / bases.len() as f64);
        }
        if !splits.is_empty() {
            seconds.insert(stage_name("estimate", backward), json!(fold_seconds));
        }
        let stage = stage_name("train", backward);
        let (model, s) = trainer
            .train(control, &stage, &direction, &all_rows, (seed, true))
            .await?;
        seconds.insert(stage, json!(s));
        trained.finished.push((direction.files, model));
    }
    Ok(trained)
}

/// What classifiers of one direction say of the labelled texts that splits hold out, `[rows][classes]`, nothing of the others, and
/// the seconds of their training.
async fn held_out(
    control: &mut Control,
    trainer: &Trainer<'_>,
    direction: &Direction,
    splits: &[Split],
    seed: u64,
) -> Result<(Vec<Vec<f64>>, f64), JobError> {
    let (mut said, mut seconds) = (vec![Vec::new(); direction.documents.len()], 0.0);
    for (fold, split) in splits.iter().enumerate() {
        let what = if splits.len() == 1 {
            "train for the estimate".to_string()
        } else {
            format!("train fold {} of {}", fold + 1, splits.len())
        };
        let stage = stage_name(&what, direction.files.config.backward);
        let seed = seed.wrapping_add(1 + fold as u64);
        let (probabilities, s) = trainer.held_out(control, &stage, direction, split, seed).await?;
        seconds += s;
        for (&row, p) in split.valid.iter().zip(probabilities) {
            said[row] = p;
        }
    }
    Ok((said, seconds))
}

/// How the classifier, `pooled`, compares with counting `words`, and with itself without or with the vote of those. With `tfidf`
/// they vote in it, and `pooled` becomes what all that vote say.
fn compared(
    data: &Data,
    splits: &[Split],
    words: &[Vec<f64>],
    pooled: &mut Vec<Vec<f64>>,
    tfidf: bool,
) -> Result<Map<String, Value>, JobError> {
    let mut result = Map::new();
    let baseline = estimate(data, splits, words)?;
    put_error(&mut result, "baseline_error", baseline.as_ref());
    let mut together = pooled.clone();
    vote(&mut together, words);
    let (key, other) = if tfidf {
        // What is told of the classifier is told of all that vote in it.
        ("alone", std::mem::replace(pooled, together))
    } else {
        ("together", together)
    };
    let report = estimate(data, splits, &other)?;
    put_error(&mut result, &format!("{key}_error"), report.as_ref());
    for (key, said) in [("baseline", words), (key, other.as_slice())] {
        let p = chance(data, splits, pooled, said);
        result.insert(format!("{key}_p"), json!(p));
    }
    Ok(result)
}

/// What was measured, where anything was, and which classes were not.
fn measured(data: &Data, folds: usize, report: Option<&Report>, untested: &[usize]) -> Map<String, Value> {
    let mut result = Map::new();
    put_error(&mut result, "error", report);
    if let Some(report) = report {
        let summary = [
            ("accuracy", json!(report.accuracy)),
            ("macro_f1", json!(report.macro_f1)),
            ("estimated_on", json!(report.rows)),
            ("folds", json!(folds)),
        ];
        result.extend(summary.into_iter().map(|(k, v)| (k.to_string(), v)));
    }
    if !untested.is_empty() {
        let names: Vec<&str> = untested.iter().map(|&class| data.names[class].as_str()).collect();
        result.insert("not_measured".into(), json!(names));
    }
    result
}

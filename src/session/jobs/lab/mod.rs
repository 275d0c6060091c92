//! The paper's comparisons on texts of one's own (tables 4, 6 and 7): each way of training is measured on the same splits of the
//! same labels, beside counting words and guessing.

mod compare;
mod report;

use std::path::Path;

use serde_json::{Map, Value, json};

use super::super::control::Control;
use super::super::engine::{JobError, Outcome, start};
use super::super::protocol::{Compared, Estimate, Fit, Lab, LeftOut, Source, Way};
use super::fit::{
    Data, baseline_out_of_sample, further, labelled, nothing, plan, splits, told, unlabelled, untested,
};
use super::load;
use super::outputs::MODEL;
use super::work::Work;
use crate::host::clock::Instant;
use crate::host::fs;
use crate::io::{ModelFiles, OutputDir, Precision};
use crate::train::split::Split;
use compare::Comparison;
pub use report::MARKER;
use report::{RESULTS, show, write};

/// What was said of every labelled text by classifiers that had not seen it, `[rows][classes]`.
type Said = Vec<Vec<f64>>;

/// What came of the ways so far, the one first that the others are judged against.
#[derive(Default)]
struct Found {
    rows: Vec<(Compared, Said)>,
    left_out: Vec<LeftOut>,
}

pub async fn run(mut job: Lab, control: &mut Control) -> Outcome {
    let resume = std::mem::take(&mut job.resume);
    let overwrite = std::mem::take(&mut job.overwrite);
    let started = Instant::now();
    let device = start(control, "lab", &job.common).await?;
    let ways = distinct(&job.ways)?;
    let fits: Vec<Fit> = ways.iter().map(|&way| fit(&job, way)).collect();
    for fit in &fits {
        plan(fit, 2)?;
    }
    let data = labelled(control, &fits[0])?;
    let splits = splits(&fits[0], &data);
    check_measurable(&job, &data, &splits)?;
    let untested = untested(&data, &splits);
    for told in told(&data, &untested) {
        control.warn(told);
    }
    let base = load::model(control, job.model.as_deref(), false)?;
    if job.adapted.is_some() && !ways.iter().any(|way| way.adapt) {
        control.warn("`--adapted` changes nothing: none of these ways has stage 2");
    }
    let further = texts_to_read(control, &job, &fits, &data)?;
    let inputs = [Some(&job.data), job.unlabelled.as_ref()];
    let inputs = inputs.into_iter().flatten().filter_map(Source::file);
    let work = Work::open_for(RESULTS, &job.out, &job, inputs, resume, overwrite)?;
    work.reads(&data.digest(&further, &untested))?;
    let adapted = (job.adapted.as_deref()).map(|path| adapted(control, (path, base.config.backward), &work));
    let adapted = adapted.transpose()?;
    let words = baseline_out_of_sample(control, &data, &splits).await?;

    let comparison = Comparison {
        job: &job,
        data: &data,
        further: &further,
        splits: &splits,
        words: words.as_ref(),
        base: &base,
        adapted: adapted.as_ref(),
        device: &device,
        work: &work,
    };
    let mut seconds = Map::new();
    let found = comparison.run(control, &ways, &fits, &mut seconds).await?;

    show(control, &found, held(&splits));
    let mut result = result(&job, &data, &splits, &untested, &found);
    if !seconds.is_empty() {
        result.insert("stage_seconds".into(), Value::Object(seconds));
    }
    write(&job, &data, &splits, &found, &result, overwrite)?;
    work.finish(control);
    result.insert("seconds".into(), json!(started.elapsed().as_secs_f64()));
    result.insert("out".into(), json!(job.out));
    Ok(result)
}

/// Refuses what gives nothing to compare by.
fn check_measurable(job: &Lab, data: &Data, splits: &[Split]) -> Result<(), JobError> {
    if job.estimate == Estimate::None {
        return Err(JobError::Usage(
            "the lab measures errors: it needs labels that are held out".into(),
        ));
    }
    if splits.is_empty() {
        return Err(JobError::Usage(format!(
            "the lab has nothing to measure an error on: {}",
            nothing(data)
        )));
    }
    Ok(())
}

/// The texts that stage 2 reads beside the labelled ones, where one of the ways runs it.
fn texts_to_read(control: &Control, job: &Lab, fits: &[Fit], data: &Data) -> Result<Vec<String>, JobError> {
    match fits.iter().find(|fit| fit.adapt) {
        Some(fit) => {
            let others = unlabelled(control, fit)?;
            Ok(further(control, fit, data, others))
        }
        None => {
            let given = job
                .unlabelled
                .as_ref()
                .is_some_and(|source| source.rows.is_none());
            if given || job.lm.epochs.is_some() || job.lm.max_tokens.is_some() {
                control.warn(
                    "`--unlabelled`, `--lm-epochs` and `--lm-max-tokens` change nothing: stage 2 is not run",
                );
            }
            Ok(Vec::new())
        }
    }
}

/// How many texts are held out, over all splits.
fn held(splits: &[Split]) -> usize {
    splits.iter().map(|split| split.valid.len()).sum()
}

/// What is told of the comparison when it is done, beside the time that it took.
fn result(job: &Lab, data: &Data, splits: &[Split], untested: &[usize], found: &Found) -> Map<String, Value> {
    let mut result = Map::new();
    result.insert(
        "ways".into(),
        json!(found.rows.iter().map(|(row, _)| row).collect::<Vec<_>>()),
    );
    if !found.left_out.is_empty() {
        result.insert("left_out".into(), json!(found.left_out));
    }
    result.insert("rows".into(), json!(data.labels.len()));
    result.insert("classes".into(), json!(data.names));
    result.insert("estimated_on".into(), json!(held(splits)));
    result.insert("folds".into(), json!(splits.len()));
    if !untested.is_empty() {
        let names: Vec<&str> = untested.iter().map(|&class| data.names[class].as_str()).collect();
        result.insert("not_measured".into(), json!(names));
    }
    result.insert("seed".into(), json!(job.common.seed));
    result
}

/// The language model that has read the texts: kept with the rest, so that what goes on goes on with the same one.
fn adapted(control: &Control, (path, backward): (&Path, bool), work: &Work) -> Result<ModelFiles, JobError> {
    let kept = work.path("adapted");
    if fs::is_file(&kept.join("config.json")) {
        return load::model(control, Some(&kept), false);
    }
    let files = load::model(control, Some(path), false)?;
    files.check_language_model()?;
    if files.config.backward != backward {
        let path = path.display();
        return Err(JobError::Usage(format!(
            "{path} reads in the other direction than the model that the other ways start from; give `--model` and `--adapted` that \
             read in the same one"
        )));
    }
    let dir = OutputDir::create(&kept, MODEL)?;
    files.write(dir.path(), Precision::F32, "")?;
    dir.commit()?;
    Ok(files)
}

/// Every way once, in the order in which they were named.
fn distinct(ways: &[Way]) -> Result<Vec<Way>, JobError> {
    let mut distinct: Vec<Way> = Vec::new();
    for &way in ways {
        if !distinct.contains(&way) {
            distinct.push(way);
        }
    }
    if distinct.is_empty() {
        return Err(JobError::Usage(
            "name at least one way of training to measure".into(),
        ));
    }
    Ok(distinct)
}

/// The training of one way, as `fit` and `train` would run it: stage 2 is left out where the texts were read before.
fn fit(job: &Lab, way: Way) -> Fit {
    Fit {
        common: job.common.clone(),
        data: job.data.clone(),
        unlabelled: job.unlabelled.clone(),
        model: job.model.clone(),
        out: job.out.clone(),
        method: way.method,
        adapt: way.adapt && job.adapted.is_none(),
        lm: job.lm.clone(),
        classifier: job.classifier.clone(),
        estimate: job.estimate,
        ..Fit::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::plan::Method;

    #[test]
    fn a_way_that_is_named_twice_is_measured_once() {
        let (a, b) = (Way::of(Method::Last), Way::of(Method::Full));
        assert_eq!(distinct(&[a, b, a]).unwrap(), [a, b]);
        assert!(matches!(distinct(&[]), Err(JobError::Usage(_))));
    }
}

//! The paper's comparisons on texts of one's own (tables 4, 6 and 7): each way of training is measured on the same splits of the
//! same labels, beside counting words and guessing.

mod report;

use std::path::Path;

use serde_json::{Map, Value, json};

use super::super::control::Control;
use super::super::engine::{JobError, Outcome, start};
use super::super::protocol::{Compared, Estimate, Event, Fit, Lab, LeftOut, Source, Way};
use super::fit::{
    Data, Direction, Trainer, baseline_out_of_sample, chance, estimate, further, labelled, language_model,
    nothing, plan, splits, told, unlabelled, untested,
};
use super::load;
use super::outputs::MODEL;
use super::work::Work;
use crate::host::clock::Instant;
use crate::host::fs;
use crate::io::{ModelFiles, OutputDir, Precision};
use crate::train::split::Split;
pub use report::MARKER;
use report::{RESULTS, show, write};

/// The stage around those of all classifiers.
const STAGE: &str = "lab";

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
    if job.estimate == Estimate::None {
        return Err(JobError::Usage(
            "the lab measures errors: it needs labels that are held out".into(),
        ));
    }
    if splits.is_empty() {
        return Err(JobError::Usage(format!(
            "the lab has nothing to measure an error on: {}",
            nothing(&data)
        )));
    }
    let untested = untested(&data, &splits);
    for told in told(&data, &untested) {
        control.warn(told);
    }
    let base = load::model(control, job.model.as_deref(), false)?;
    if job.adapted.is_some() && !ways.iter().any(|way| way.adapt) {
        control.warn("`--adapted` changes nothing: none of these ways has stage 2");
    }
    let further = match fits.iter().find(|fit| fit.adapt) {
        Some(fit) => {
            let others = unlabelled(control, fit)?;
            further(control, fit, &data, others)
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
            Vec::new()
        }
    };
    let inputs = [Some(&job.data), job.unlabelled.as_ref()];
    let inputs = inputs.into_iter().flatten().filter_map(Source::file);
    let work = Work::open_for(RESULTS, &job.out, &job, inputs, resume, overwrite)?;
    work.reads(&data.digest(&further, &untested))?;
    let adapted = (job.adapted.as_deref()).map(|path| adapted(control, (path, base.config.backward), &work));
    let adapted = adapted.transpose()?;
    let words = baseline_out_of_sample(control, &data, &splits).await?;

    let mut seconds = Map::new();
    let mut directions: [Option<Direction>; 2] = [None, None];
    let mut progress = Progress::start(control, ways.len() * splits.len());
    let mut found = Found::default();
    for (&way, fit) in ways.iter().zip(&fits) {
        // Stage 2 is the same for every way that has it; the others start from the language model as it is.
        let direction = &mut directions[usize::from(way.adapt)];
        if direction.is_none() {
            let within = (&device, &work);
            // What has no stage 2 takes no words from texts without labels either, as in `train`.
            let further: &[String] = if fit.adapt { &further } else { &[] };
            let base = adapted.as_ref().filter(|_| way.adapt).unwrap_or(&base);
            let (read, _) = language_model(control, fit, base, &data, further, within, &mut seconds).await?;
            *direction = Some(read);
        }
        let Some(direction) = direction else { continue };
        let gone = format!("{}-left-out.json", way.name());
        if let Some(left_out) = work.kept::<LeftOut>(&gone)? {
            progress.skip(splits.len());
            control.emit(Event::LeftOut(left_out.clone()));
            found.left_out.push(left_out);
            continue;
        }
        let trainer = Trainer::new(fit, &data, &device, &work);
        let seed = job.common.seed;
        let out_of_sample = out_of_sample(control, &trainer, direction, (way, seed), &splits, &mut progress);
        let (said, took) = match out_of_sample.await {
            Ok(found) => found,
            // The others are worth measuring all the same, where there is something to judge them against.
            Err(JobError::Diverged { message, .. }) if !found.rows.is_empty() => {
                let way = way.name().to_string();
                let left_out = LeftOut { way, message };
                // It would only diverge again, over the checkpoint of what comes after it.
                work.keep(&gone, &left_out)?;
                control.emit(Event::LeftOut(left_out.clone()));
                found.left_out.push(left_out);
                continue;
            }
            Err(error) => return Err(error),
        };
        let measured = Measured {
            data: &data,
            splits: &splits,
            first: found.rows.first().map(|(_, said)| said),
        };
        let mut new = vec![(measured.row(way.name(), &said, took)?, said)];
        if found.rows.is_empty() {
            let measured = Measured {
                first: Some(&new[0].1),
                ..measured
            };
            let baselines = measured.baselines(words.as_ref())?;
            new.extend(baselines);
        }
        for (row, _) in &new {
            control.emit(Event::Compared(row.clone()));
        }
        found.rows.extend(new);
    }
    progress.done(control);

    let held: usize = splits.iter().map(|split| split.valid.len()).sum();
    show(control, &found, held);
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
    result.insert("estimated_on".into(), json!(held));
    result.insert("folds".into(), json!(splits.len()));
    if !untested.is_empty() {
        let names: Vec<&str> = untested.iter().map(|&class| data.names[class].as_str()).collect();
        result.insert("not_measured".into(), json!(names));
    }
    result.insert("seed".into(), json!(job.common.seed));
    if !seconds.is_empty() {
        result.insert("stage_seconds".into(), Value::Object(seconds));
    }
    write(&job, &data, &splits, &found, &result, overwrite)?;
    work.finish(control);
    result.insert("seconds".into(), json!(started.elapsed().as_secs_f64()));
    result.insert("out".into(), json!(job.out));
    Ok(result)
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

/// What classifiers of one way say of the labelled texts that they had not seen, `[rows][classes]`, and the seconds of their
/// training.
async fn out_of_sample(
    control: &mut Control,
    trainer: &Trainer<'_>,
    direction: &Direction,
    (way, seed): (Way, u64),
    splits: &[Split],
    progress: &mut Progress,
) -> Result<(Said, f64), JobError> {
    let (mut said, mut took) = (vec![Vec::new(); direction.documents.len()], 0.0);
    for (fold, split) in splits.iter().enumerate() {
        let stage = stage(way, fold, splits.len());
        let seed = seed.wrapping_add(1 + fold as u64);
        let found = trainer.held_out(control, &stage, direction, split, seed).await;
        let (probabilities, seconds) = match found {
            Ok(found) => found,
            Err(error) => {
                progress.skip(splits.len() - fold);
                return Err(error);
            }
        };
        for (&row, p) in split.valid.iter().zip(probabilities) {
            said[row] = p;
        }
        took += seconds;
        progress.advance(control, seconds);
    }
    Ok((said, took))
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
        bidirectional: false,
        backward_model: None,
        tfidf: false,
        adapt: way.adapt && job.adapted.is_none(),
        lm: job.lm.clone(),
        classifier: job.classifier.clone(),
        estimate: job.estimate,
        forgetting: false,
        watch: Vec::new(),
        resume: false,
        overwrite: false,
    }
}

/// The stage of one classifier.
fn stage(way: Way, fold: usize, folds: usize) -> String {
    let name = way.name();
    if folds == 1 {
        name.to_string()
    } else {
        format!("{name} fold {} of {folds}", fold + 1)
    }
}

/// Says of every text that is held out what most of the others are.
fn most_frequent(data: &Data, splits: &[Split]) -> Said {
    let mut said = vec![vec![0.0; data.names.len()]; data.labels.len()];
    for split in splits {
        let mut counts = vec![0; data.names.len()];
        split.train.iter().for_each(|&row| counts[data.labels[row]] += 1);
        let most = counts
            .iter()
            .max()
            .and_then(|most| counts.iter().position(|n| n == most));
        for &row in &split.valid {
            said[row][most.unwrap_or_default()] = 1.0;
        }
    }
    said
}

/// What a way is measured by.
#[derive(Clone, Copy)]
struct Measured<'a> {
    data: &'a Data,
    splits: &'a [Split],
    /// What the first way said.
    first: Option<&'a Said>,
}

impl Measured<'_> {
    /// The rows that are no way of training.
    fn baselines(&self, words: Option<&Said>) -> Result<Vec<(Compared, Said)>, JobError> {
        let guess = most_frequent(self.data, self.splits);
        let said = words.map(|said| (Compared::TFIDF, said)).into_iter();
        said.chain([(Compared::MOST_FREQUENT, &guess)])
            .map(|(name, said)| Ok((self.row(name, said, 0.0)?, said.clone())))
            .collect()
    }

    fn row(&self, way: &str, said: &Said, seconds: f64) -> Result<Compared, JobError> {
        let report = estimate(self.data, self.splits, said)?
            .ok_or_else(|| JobError::Failed("no label was held out to measure on".into()))?;
        Ok(Compared {
            way: way.to_string(),
            what: Compared::describe(way),
            error: report.error,
            error_low: report.error_interval.low,
            error_high: report.error_interval.high,
            p: self
                .first
                .map(|first| chance(self.data, self.splits, first, said)),
            seconds,
        })
    }
}

/// How many classifiers of all are trained.
struct Progress {
    done: u64,
    total: u64,
    since: Instant,
    /// Seconds of training, those of an interrupted run included: stage 2 comes once, and says nothing of the rest.
    trained: f64,
}

impl Progress {
    fn start(control: &Control, total: usize) -> Self {
        let total = total as u64;
        control.emit(Event::StageStarted {
            stage: STAGE.into(),
            groups: Vec::new(),
            total,
            unit: "classifiers".into(),
        });
        Self {
            done: 0,
            total,
            since: Instant::now(),
            trained: 0.0,
        }
    }

    /// So many are not trained after all.
    fn skip(&mut self, classifiers: usize) {
        self.total -= (classifiers as u64).min(self.total);
    }

    fn advance(&mut self, control: &Control, seconds: f64) {
        self.done += 1;
        self.trained += seconds;
        let per_second = self.done as f64 / self.trained.max(1e-9);
        control.emit(Event::Progress {
            stage: STAGE.into(),
            done: self.done,
            total: self.total,
            per_second,
            seconds_left: Some((self.total - self.done) as f64 / per_second),
        });
    }

    fn done(self, control: &Control) {
        control.emit(Event::StageDone {
            stage: STAGE.into(),
            seconds: self.since.elapsed().as_secs_f64(),
        });
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

    #[test]
    fn guessing_knows_the_labels_of_the_training_part_alone() {
        let data = Data {
            rows: (0..5).collect(),
            texts: vec!["text".into(); 5],
            labels: vec![1, 1, 0, 0, 0],
            names: ["a", "b"].map(String::from).to_vec(),
            fields: 1,
            ..Data::default()
        };
        let splits = [
            Split {
                train: vec![0, 1, 2],
                valid: vec![3, 4],
            },
            Split {
                train: vec![2, 3, 4],
                valid: vec![0],
            },
        ];
        let said = most_frequent(&data, &splits);
        assert_eq!(said[3], [0.0, 1.0]);
        assert_eq!(said[0], [1.0, 0.0]);
        let measured = Measured {
            data: &data,
            splits: &splits,
            first: None,
        };
        let row = measured.row("guess", &said, 0.0).unwrap();
        assert_eq!((row.error, row.p), (1.0, None));
        assert!(row.error_low < 1.0);
        let measured = Measured {
            first: Some(&said),
            ..measured
        };
        assert_eq!(measured.row("guess", &said, 0.0).unwrap().p, Some(1.0));
    }
}

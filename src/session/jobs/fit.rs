//! Stages 2 and 3: from labelled texts to a classifier and an honest estimate of its error.

use std::cell::Cell;
use std::ops::ControlFlow;

use serde_json::{Map, Value, json};

use super::super::control::{Control, Stage};
use super::super::engine::{JobError, Outcome, start};
use super::super::protocol::{Estimate, Event, Fit, Prediction, Source};
use super::adapt;
use super::card::{Card, count};
use super::load;
use super::prepare;
use super::work::Work;
use crate::io::{
    Kind, Labels, ModelConfig, ModelFiles, OutputDir, Overwrite, Precision, check_labels,
    tensors_of_classifier,
};
use crate::model::classifier::Chunking;
use crate::model::{AwdLstm, Classifier, Dropouts, Network as _};
use crate::train::baseline::Baseline;
use crate::train::classifier::{self, Config, Labelled};
use crate::train::defaults;
use crate::train::evaluate::classify;
use crate::train::metrics::Report;
use crate::train::split::{self, Plan as SplitPlan, Split, class_weights, text_group};

/// Share of a training part that methods with early stopping watch.
const WATCHED: f64 = 0.15;

/// The labelled texts of a job.
struct Data {
    /// Where each is in the table, from 0.
    rows: Vec<usize>,
    texts: Vec<String>,
    labels: Vec<usize>,
    names: Vec<String>,
    fields: usize,
}

fn labelled(control: &Control, job: &Fit) -> Result<Data, JobError> {
    let table = load::table(control, "labelled", &job.data, Labels::Required, false)?;
    let summary = check_labels(&table)?;
    let names: Vec<String> = summary.classes.iter().map(|(name, _)| name.clone()).collect();
    let (mut rows, mut texts, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    for (at, (row, (fields, label))) in table.rows.iter().zip(table.examples()).enumerate() {
        // Rows without a label still help stage 2; they are reported by a warning of the reader.
        let Some(class) = label.and_then(|l| names.iter().position(|n| n == l)) else {
            continue;
        };
        // Texts that were handed over are known by their place among all of them, empty ones included.
        let given = usize::try_from(row.line).unwrap_or(at).saturating_sub(1);
        rows.push(if job.data.rows.is_some() { given } else { at });
        texts.push(load::joined(&fields));
        labels.push(class);
    }
    Ok(Data {
        rows,
        texts,
        labels,
        names,
        fields: table.text_columns().len(),
    })
}

fn splits(job: &Fit, data: &Data) -> Vec<Split> {
    let groups: Vec<u64> = data.texts.iter().map(|t| text_group(t)).collect();
    let plan = match job.estimate {
        Estimate::None => return Vec::new(),
        Estimate::Auto => split::choose(&data.labels, Some(&groups)),
        Estimate::Folds(k) => SplitPlan::KFold { k: k.max(2) },
        Estimate::HoldOut(fraction) => SplitPlan::HoldOut {
            fraction: fraction.clamp(0.01, 0.9),
        },
    };
    plan.split(&data.labels, Some(&groups), job.common.seed)
}

/// What TF-IDF with logistic regression gets from the same splits.
fn baseline(control: &Control, data: &Data, splits: &[Split]) -> Option<Report> {
    let (mut truth, mut probabilities, mut folds) = (Vec::new(), Vec::new(), Vec::new());
    for (fold, split) in splits.iter().enumerate() {
        let pick = |rows: &[usize]| rows.iter().map(|&r| data.texts[r].as_str()).collect::<Vec<_>>();
        let labels: Vec<usize> = split.train.iter().map(|&r| data.labels[r]).collect();
        match Baseline::fit(&pick(&split.train), &labels, data.names.len()) {
            Ok(fitted) => probabilities.extend(fitted.predict_proba(&pick(&split.valid))),
            Err(error) => {
                control.warn(format!("The TF-IDF baseline could not be fitted: {error}"));
                return None;
            }
        }
        truth.extend(split.valid.iter().map(|&r| data.labels[r]));
        folds.extend(split.valid.iter().map(|_| fold));
    }
    Report::pooled(&data.names, &truth, &probabilities, &folds).ok()
}

/// One direction's language model and documents.
struct Direction {
    files: ModelFiles,
    encoder: AwdLstm,
    documents: Vec<Vec<u32>>,
}

/// Everything that training a classifier needs beside its rows.
struct Trainer<'a> {
    job: &'a Fit,
    data: &'a Data,
    device: &'a burn::tensor::Device,
    work: &'a Work,
    /// Whether the device has compiled what classifiers need; those of every fold need the same.
    prepared: Cell<bool>,
}

impl Trainer<'_> {
    fn chunking(&self) -> Chunking {
        let options = &self.job.classifier;
        Chunking {
            bptt: options.bptt.unwrap_or(defaults::BPTT).max(1),
            max_len: options.max_len.unwrap_or(defaults::MAX_LEN).max(1),
        }
    }

    fn config(&self, labels: &[usize], seed: u64) -> Config {
        let options = &self.job.classifier;
        let drop_mult = options.drop_mult.unwrap_or(defaults::CLASSIFIER_DROP_MULT);
        let weights = class_weights(labels, self.data.names.len());
        Config {
            batch: options.batch.unwrap_or(defaults::CLASSIFIER_BATCH),
            chunking: self.chunking(),
            weight_decay: defaults::WEIGHT_DECAY,
            clip: defaults::CLASSIFIER_CLIP,
            dropouts: Dropouts::CLASSIFIER.scaled(drop_mult),
            drop_mult,
            class_weights: options
                .balance
                .then(|| weights.iter().map(|&w| w as f32).collect()),
            patience: defaults::PATIENCE,
            seed,
            measure_every: 10,
            report_every: prepare::report_every(self.device, 1),
            save_every: 50,
        }
    }

    /// Trains on `rows`; resumes from the work directory's checkpoint if that is of this stage.
    async fn train(
        &self,
        control: &mut Control,
        stage: &str,
        direction: &Direction,
        rows: &[usize],
        seed: u64,
    ) -> Result<(Classifier, f64), JobError> {
        let classes = self.data.names.len();
        let plan_of = |groups| {
            let epochs = self.job.classifier.epochs.unwrap_or(defaults::CLASSIFIER_EPOCHS);
            self.job
                .method
                .plan(groups, epochs.max(1), self.job.classifier.rate)
        };
        let groups = direction.encoder.arch.layers + 2;
        let plan = plan_of(groups);
        let encoder = if plan.pretrained {
            direction.encoder.clone()
        } else {
            AwdLstm::new(direction.encoder.arch, seed, self.device)
        };
        let model = Classifier::new(encoder, classes, seed, self.device);
        let pick = |rows: &[usize]| -> (Vec<&[u32]>, Vec<usize>) {
            (
                rows.iter().map(|&r| direction.documents[r].as_slice()).collect(),
                rows.iter().map(|&r| self.data.labels[r]).collect(),
            )
        };
        // Methods that stop early watch a part of their own training rows, never the rows that the estimate is made on.
        let labels: Vec<usize> = rows.iter().map(|&r| self.data.labels[r]).collect();
        let watched =
            (plan.early_stopping && rows.len() >= 20).then(|| split::hold_out(&labels, None, WATCHED, seed));
        let (train_rows, valid_rows) = match &watched {
            Some(split) => {
                let map = |part: &[usize]| part.iter().map(|&i| rows[i]).collect::<Vec<_>>();
                (map(&split.train), map(&split.valid))
            }
            None => (rows.to_vec(), Vec::new()),
        };
        let (documents, labels) = pick(&train_rows);
        let (valid_documents, valid_labels) = pick(&valid_rows);
        let valid = (!valid_rows.is_empty()).then_some(Labelled {
            documents: &valid_documents,
            labels: &valid_labels,
        });
        let config = self.config(&labels, seed);
        let checkpoint = self.work.checkpoint(stage)?;
        if !self.prepared.replace(true) {
            prepare::classifier(control, &model, plan.rule, &config).await?;
        }
        let mut monitor = Stage::start(control, stage, model.groups(), 0, "steps")
            .with_checkpoint(self.work.checkpoint_path());
        let data = Labelled {
            documents: &documents,
            labels: &labels,
        };
        let model = classifier::train(model, data, valid, &plan, &config, checkpoint, &mut monitor).await?;
        let seconds = monitor.done();
        Ok((model, seconds))
    }
}

fn stage_name(what: &str, backward: bool) -> String {
    if backward {
        format!("{what} backward")
    } else {
        what.to_string()
    }
}

/// Stage 2 for one direction, or the base model as it is; a finished one is taken from the work directory.
async fn language_model(
    control: &mut Control,
    job: &Fit,
    base: &ModelFiles,
    data: &Data,
    further: &[String],
    (device, work): (&burn::tensor::Device, &Work),
    seconds: &mut Map<String, Value>,
) -> Result<(Direction, Option<(f64, f64)>), JobError> {
    let backward = base.config.backward;
    let stage = stage_name("adapt", backward);
    let labelled = load::tokenize(&base.tokenizer, &data.texts);
    let kept = work.path(&stage.replace(' ', "-"));
    let measured = format!("{}.json", stage.replace(' ', "-"));
    let mut perplexity = None;
    let files = if kept.join("config.json").exists() {
        // JSON has no NaN, which stands for too few texts to measure on.
        let number = |x: Option<f64>| x.unwrap_or(f64::NAN);
        perplexity = work
            .kept::<(Option<f64>, Option<f64>)>(&measured)?
            .map(|(b, a)| (number(b), number(a)));
        ModelFiles::read(&kept)?
    } else {
        let mut documents = labelled.clone();
        documents.extend(load::tokenize(&base.tokenizer, further));
        let prepared = adapt::prepare(control, base, &documents)?;
        if job.adapt && job.method.plan(2, 1, None).pretrained {
            let seed = job.common.seed;
            let adapted =
                adapt::adapt(control, &stage, prepared, &documents, &job.lm, seed, device, work).await?;
            seconds.insert(stage.clone(), json!(adapted.seconds));
            perplexity = Some(adapted.perplexity);
            work.keep(&measured, &adapted.perplexity)?;
            let dir = OutputDir::create(&kept, Overwrite::Holding("config.json"))?;
            adapted.files.write(dir.path(), Precision::F32, "")?;
            dir.commit()?;
            adapted.files
        } else {
            prepared
        }
    };
    let documents = load::encode(&files.vocab, &labelled, backward);
    let encoder = files.language_model(device)?.encoder;
    Ok((
        Direction {
            files,
            encoder,
            documents,
        },
        perplexity,
    ))
}

pub async fn run(mut job: Fit, control: &mut Control) -> Outcome {
    let resume = std::mem::take(&mut job.resume);
    let overwrite = std::mem::take(&mut job.overwrite);
    let started = std::time::Instant::now();
    let device = start(control, if job.adapt { "fit" } else { "train" }, &job.common).await?;
    let data = labelled(control, &job)?;
    let further = match (&job.unlabelled, job.adapt) {
        (Some(source), true) => {
            // A plain text file has no columns to name.
            let plain = source
                .path
                .to_string_lossy()
                .trim_end_matches(".gz")
                .trim_end_matches(".zst")
                .ends_with(".txt");
            let text_columns = if plain {
                Vec::new()
            } else {
                source.text_columns.clone()
            };
            let source = Source {
                text_columns,
                ..source.clone()
            };
            load::texts(&load::table(
                control,
                "unlabelled",
                &source,
                Labels::Ignored,
                false,
            )?)
        }
        _ => Vec::new(),
    };
    if job.bidirectional && job.model.is_some() {
        return Err(JobError::Usage(
            "`--bidirectional` needs a model of each direction, which only the built-in ones have; leave out `--model`".into(),
        ));
    }
    let mut bases = vec![load::model(control, job.model.as_deref(), false)?];
    if job.bidirectional {
        bases.push(load::model(control, None, true)?);
    }
    let work = Work::open(&job.out, &job, resume, overwrite)?;
    let splits = splits(&job, &data);
    let base_report = if splits.is_empty() {
        None
    } else {
        baseline(control, &data, &splits)
    };

    let trainer = Trainer {
        job: &job,
        data: &data,
        device: &device,
        work: &work,
        prepared: Cell::new(false),
    };
    let all_rows: Vec<usize> = (0..data.labels.len()).collect();
    let mut seconds = Map::new();
    let mut perplexities = Vec::new();
    let mut finished: Vec<(ModelFiles, Classifier)> = Vec::new();
    // Summed over directions: the mean of two classifiers' probabilities is their ensemble (section 3.3).
    let mut pooled: Vec<Vec<f64>> = vec![vec![0.0; data.names.len()]; data.labels.len()];
    for base in &bases {
        let backward = base.config.backward;
        let (direction, perplexity) = language_model(
            control,
            &job,
            base,
            &data,
            &further,
            (&device, &work),
            &mut seconds,
        )
        .await?;
        perplexities.extend(perplexity);
        let mut fold_seconds = 0.0;
        for (fold, split) in splits.iter().enumerate() {
            let what = if splits.len() == 1 {
                "train for the estimate".to_string()
            } else {
                format!("train fold {} of {}", fold + 1, splits.len())
            };
            let stage = stage_name(&what, backward);
            let name = format!("{}.json", stage.replace(' ', "-"));
            let probabilities: Vec<Vec<f64>> = match work.kept(&name)? {
                Some(kept) => kept,
                None => {
                    let seed = job.common.seed.wrapping_add(1 + fold as u64);
                    let (model, s) = trainer
                        .train(control, &stage, &direction, &split.train, seed)
                        .await?;
                    fold_seconds += s;
                    let docs: Vec<&[u32]> = split
                        .valid
                        .iter()
                        .map(|&r| direction.documents[r].as_slice())
                        .collect();
                    let batch = defaults::CLASSIFY_BATCH;
                    let found = classify(&model, &docs, batch, trainer.chunking(), &mut |_| {
                        ControlFlow::Continue(())
                    })
                    .await?;
                    work.keep(&name, &found)?;
                    found
                }
            };
            for (&row, p) in split.valid.iter().zip(&probabilities) {
                pooled[row]
                    .iter_mut()
                    .zip(p)
                    .for_each(|(sum, p)| *sum += p / bases.len() as f64);
            }
        }
        if !splits.is_empty() {
            seconds.insert(stage_name("estimate", backward), json!(fold_seconds));
        }
        let stage = stage_name("train", backward);
        let (model, s) = trainer
            .train(control, &stage, &direction, &all_rows, job.common.seed)
            .await?;
        seconds.insert(stage, json!(s));
        finished.push((direction.files, model));
    }

    let report = estimate(&data, &splits, &pooled)?;
    if report.is_some() {
        control.emit(out_of_sample(&data, &splits, &pooled));
    }
    let mut result = Map::new();
    if let Some(report) = &report {
        let summary = [
            ("error", json!(report.error)),
            ("error_low", json!(report.error_interval.low)),
            ("error_high", json!(report.error_interval.high)),
            ("accuracy", json!(report.accuracy)),
            ("macro_f1", json!(report.macro_f1)),
            ("estimated_on", json!(report.rows)),
            ("folds", json!(splits.len())),
        ];
        result.extend(summary.into_iter().map(|(k, v)| (k.to_string(), v)));
        show_report(control, report);
    }
    if let Some(report) = &base_report {
        result.insert("baseline_error".into(), json!(report.error));
        result.insert("baseline_error_low".into(), json!(report.error_interval.low));
        result.insert("baseline_error_high".into(), json!(report.error_interval.high));
    }
    if let Some((before, after)) = perplexities.first() {
        result.insert("perplexity_before".into(), json!(before));
        result.insert("perplexity".into(), json!(after));
    }
    result.insert("method".into(), json!(job.method.name()));
    result.insert("rows".into(), json!(data.labels.len()));
    result.insert("classes".into(), json!(data.names));
    result.insert("bidirectional".into(), json!(job.bidirectional));
    result.insert("stage_seconds".into(), Value::Object(seconds));

    write(&job, &data, finished, &result, report.as_ref(), overwrite).await?;
    work.remove()?;
    result.insert("seconds".into(), json!(started.elapsed().as_secs_f64()));
    result.insert("out".into(), json!(job.out));
    Ok(result)
}

fn estimate(data: &Data, splits: &[Split], pooled: &[Vec<f64>]) -> Result<Option<Report>, JobError> {
    let (mut truth, mut probabilities, mut folds) = (Vec::new(), Vec::new(), Vec::new());
    for (fold, split) in splits.iter().enumerate() {
        for &row in &split.valid {
            truth.push(data.labels[row]);
            probabilities.push(pooled[row].clone());
            folds.push(fold);
        }
    }
    if truth.is_empty() {
        return Ok(None);
    }
    let report = Report::pooled(&data.names, &truth, &probabilities, &folds);
    report.map(Some).map_err(|e| JobError::Failed(e.to_string()))
}

/// What was said of each text by a classifier that had not seen it, in the order of the table.
fn out_of_sample(data: &Data, splits: &[Split], pooled: &[Vec<f64>]) -> Event {
    let mut held: Vec<usize> = splits.iter().flat_map(|s| s.valid.iter().copied()).collect();
    held.sort_unstable();
    let predictions = held.iter().map(|&row| Prediction {
        row: data.rows[row],
        probabilities: pooled[row].iter().map(|&p| p as f32).collect(),
    });
    Event::OutOfSample {
        labels: data.names.clone(),
        predictions: predictions.collect(),
    }
}

/// The table of classes, as `evaluate` shows it too.
pub fn show_report(control: &Control, report: &Report) {
    let row = |c: &crate::train::metrics::ClassReport| {
        vec![
            c.label.clone(),
            format!("{:.3}", c.precision),
            format!("{:.3}", c.recall),
            format!("{:.3}", c.f1),
            c.support.to_string(),
        ]
    };
    let columns = ["label", "precision", "recall", "F1", "texts"]
        .map(String::from)
        .to_vec();
    let rows = report.classes.iter().map(row).collect();
    control.emit(Event::Table {
        title: "Each class".into(),
        columns,
        rows,
    });
}

async fn write(
    job: &Fit,
    data: &Data,
    finished: Vec<(ModelFiles, Classifier)>,
    result: &Map<String, Value>,
    report: Option<&Report>,
    overwrite: bool,
) -> Result<(), JobError> {
    let out = OutputDir::create(
        &job.out,
        if overwrite {
            Overwrite::Holding("config.json")
        } else {
            Overwrite::Never
        },
    )?;
    let per_cent = |x: f64| format!("{:.1} %", 100.0 * x);
    let error = match report {
        Some(r) => format!(
            "{} (95 % interval {} to {}, estimated on {} of its own labelled texts that it was not trained on)",
            per_cent(r.error),
            per_cent(r.error_interval.low),
            per_cent(r.error_interval.high),
            count(r.rows)
        ),
        None => "not estimated".into(),
    };
    let base = result.get("baseline_error").and_then(Value::as_f64);
    let facts = [
        ("Classes", data.names.join(", ")),
        ("Labelled texts", count(data.labels.len())),
        (
            "Method",
            format!("{}: {}", job.method.name(), job.method.describe()),
        ),
        ("Error", error),
        (
            "TF-IDF with logistic regression",
            base.map_or("not measured".into(), per_cent),
        ),
        (
            "Directions",
            if job.bidirectional {
                "both, probabilities averaged".into()
            } else {
                "one".into()
            },
        ),
        ("Seed", job.common.seed.to_string()),
    ];
    let card = Card {
        title: "AWD-LSTM text classifier",
        licence: "unknown",
        tags: &["text-classification", "ulmfit", "awd-lstm"],
        summary: "A text classifier for `unfreeze classify --model` and `unfreeze evaluate --model`.",
        facts: &facts,
        limits: "The error holds for texts like the labelled ones. Texts of another kind, language or time can be classified much worse, and every text gets one of the classes, whether one fits or not.",
    };
    let card = card.render();
    let options = &job.classifier;
    for (i, (files, model)) in finished.into_iter().enumerate() {
        let mut config = ModelConfig::new(
            Kind::Classifier,
            files.config.architecture,
            files.config.backward,
            &files.tokenizer,
        );
        config.bptt = Some(options.bptt.unwrap_or(defaults::BPTT));
        config.max_len = Some(options.max_len.unwrap_or(defaults::MAX_LEN));
        config.fields = data.fields;
        config.training = json!({ "base": files.config.training, "result": result });
        let tensors = tensors_of_classifier(&model).await?;
        let files = ModelFiles {
            config,
            tensors,
            labels: data.names.clone(),
            ..files
        };
        let dir = if i == 0 {
            out.path().to_path_buf()
        } else {
            out.path().join("backward")
        };
        std::fs::create_dir_all(&dir).map_err(|e| crate::io::Error::write(&dir, &e))?;
        files.write(&dir, Precision::F32, &card)?;
    }
    out.commit()?;
    Ok(())
}

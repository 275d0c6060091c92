//! What a run found, and the model directory with it.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::super::adapt;
use super::super::card::{Card, count};
use super::super::classify::TFIDF_FILE;
use super::data::{Data, baseline};
use crate::io::{
    Kind, ModelConfig, ModelFiles, OutputDir, Overwrite, Precision, tensors_of_classifier, write_atomic,
};
use crate::model::Classifier;
use crate::session::adapted::LANGUAGE_MODEL;
use crate::session::control::Control;
use crate::session::engine::JobError;
use crate::session::project::TextId;
use crate::session::protocol::{Event, Fit, Prediction};
use crate::session::trust::{Judged, Trust};
use crate::train::defaults;
use crate::train::metrics::Report;
use crate::train::split::Split;

pub fn estimate(data: &Data, splits: &[Split], pooled: &[Vec<f64>]) -> Result<Option<Report>, JobError> {
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

/// An error and its 95 % interval under `key`, `key_low` and `key_high`.
pub fn put_error(into: &mut Map<String, Value>, key: &str, report: Option<&Report>) {
    let Some(report) = report else { return };
    into.insert(key.into(), json!(report.error));
    into.insert(format!("{key}_low"), json!(report.error_interval.low));
    into.insert(format!("{key}_high"), json!(report.error_interval.high));
}

/// What was said of each text by a classifier that had not seen it, in the order of the table.
pub fn out_of_sample(data: &Data, splits: &[Split], pooled: &[Vec<f64>]) -> Event {
    let folds = splits.iter().enumerate();
    let mut held: Vec<(usize, usize)> = folds
        .flat_map(|(fold, split)| split.valid.iter().map(move |&row| (row, fold)))
        .collect();
    held.sort_unstable();
    let predictions = held.iter().map(|&(row, _)| Prediction {
        row: data.rows[row],
        probabilities: pooled[row].iter().map(|&p| p as f32).collect(),
    });
    Event::OutOfSample {
        labels: data.names.clone(),
        predictions: predictions.collect(),
        folds: held.iter().map(|&(_, fold)| fold).collect(),
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

/// What the logits of the mean of all that vote are divided by, fitted on texts that were held out; `None` without any.
pub fn temperature(data: &Data, splits: &[Split], pooled: &[Vec<f64>]) -> Option<f64> {
    let held = splits.iter().flat_map(|s| s.valid.iter().copied());
    let judged: Vec<Judged> = held
        .map(|row| Judged {
            text: row as TextId,
            truth: data.labels[row],
            probabilities: pooled[row].iter().map(|&p| p as f32).collect(),
        })
        .collect();
    Trust::measured(&judged).map(|trust| trust.temperature())
}

/// What a run found beside its weights.
pub struct Found<'a> {
    /// The keys of its `done` event.
    pub result: &'a Map<String, Value>,
    /// Its error, where it was estimated.
    pub report: Option<&'a Report>,
    /// See [`temperature`].
    pub temperature: Option<f64>,
}

pub async fn write(
    job: &Fit,
    data: &Data,
    finished: Vec<(ModelFiles, Classifier)>,
    found: &Found<'_>,
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
    let error = match found.report {
        Some(r) => format!(
            "{} (95 % interval {} to {}, estimated on {} of its own labelled texts that it was not trained on)",
            per_cent(r.error),
            per_cent(r.error_interval.low),
            per_cent(r.error_interval.high),
            count(r.rows)
        ),
        None => "not estimated".into(),
    };
    let base = found.result.get("baseline_error").and_then(Value::as_f64);
    let licence = finished.first().map_or_else(
        || "unknown".into(),
        |(files, _)| adapt::licence(&files.config.training),
    );
    let facts = [
        ("Base model", base_model(job)),
        ("Licence of the base model", licence.clone()),
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
            "Confidences",
            found
                .temperature
                .map_or("not calibrated: no labels were held out".into(), |t| {
                    format!("calibrated on labels that were held out, temperature {t:.2}")
                }),
        ),
        (
            "Votes",
            if job.tfidf {
                "TF-IDF with logistic regression has a third of the vote (`tfidf.json`)".into()
            } else {
                "the classifier alone".into()
            },
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
        licence: &licence,
        tags: &["text-classification", "ulmfit", "awd-lstm"],
        summary: "A text classifier for `unfreeze classify --model` and `unfreeze evaluate --model`.",
        facts: &facts,
        limits: "The error holds for texts like the labelled ones. Texts of another kind, language or time can be classified much worse, and every text gets one of the classes, whether one fits or not.",
    };
    let card = card.render();
    let options = &job.classifier;
    let adapted = job.adapt && job.method.plan(2, 1, None).pretrained;
    for (i, (files, model)) in finished.into_iter().enumerate() {
        let dir = if i == 0 {
            out.path().to_path_buf()
        } else {
            out.path().join("backward")
        };
        if adapted {
            write_adapted(job, &files, &dir.join(LANGUAGE_MODEL), found.result)?;
        }
        let mut config = ModelConfig::new(
            Kind::Classifier,
            files.config.architecture,
            files.config.backward,
            &files.tokenizer,
        );
        config.bptt = Some(options.bptt.unwrap_or(defaults::BPTT));
        config.max_len = Some(options.max_len.unwrap_or(defaults::MAX_LEN));
        config.pooling = model.pooling;
        config.temperature = found.temperature.filter(|_| i == 0);
        config.fields = data.fields;
        config.training = json!({ "base": files.config.training, "result": found.result });
        let tensors = tensors_of_classifier(&model).await?;
        let files = ModelFiles {
            config,
            tensors,
            labels: data.names.clone(),
            ..files
        };
        crate::host::fs::create_dir_all(&dir).map_err(|e| crate::io::Error::write(&dir, &e))?;
        files.write(&dir, Precision::F32, &card)?;
    }
    if job.tfidf {
        let all: Vec<usize> = (0..data.labels.len()).collect();
        let failed =
            |e: &dyn std::fmt::Display| JobError::Failed(format!("TF-IDF with logistic regression: {e}"));
        let fitted = baseline(data, &all).map_err(|e| failed(&e))?;
        let json = fitted.to_json().map_err(|e| failed(&e))?;
        write_atomic(&out.path().join(TFIDF_FILE), |w| w.write_all(&json))?;
    }
    out.commit()?;
    Ok(())
}

/// What a run started from, in words.
fn base_model(job: &Fit) -> String {
    match &job.model {
        Some(path) => path.display().to_string(),
        None => "built in".into(),
    }
}

/// The language model that stage 2 made, in half precision: with the classifier it would be lost, and it can go on writing and
/// be trained on other labels.
fn write_adapted(
    job: &Fit,
    files: &ModelFiles,
    dir: &Path,
    result: &Map<String, Value>,
) -> Result<(), JobError> {
    let licence = adapt::licence(&files.config.training);
    let perplexity = |key: &str| match result.get(key).and_then(Value::as_f64) {
        Some(perplexity) if !files.config.backward => format!("{perplexity:.1}"),
        _ => "not measured".into(),
    };
    let card = adapt::language_model_card(
        &licence,
        &[
            ("Adapted from", base_model(job)),
            ("Licence of the base model", licence.clone()),
            (
                "Perplexity on held-out texts, before",
                perplexity("perplexity_before"),
            ),
            ("Perplexity on held-out texts, after", perplexity("perplexity")),
            ("Seed", job.common.seed.to_string()),
        ],
        adapt::ADAPTED_LIMITS,
    );
    let mut files = files.clone();
    files.config.training =
        json!({ "adapted_from": base_model(job), "base": files.config.training, "seed": job.common.seed });
    crate::host::fs::create_dir_all(dir).map_err(|e| crate::io::Error::write(dir, &e))?;
    files.write(dir, Precision::F16, &card)?;
    Ok(())
}

//! What a run found, and the model directory with it.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::super::aside;
use super::super::card::{ADAPTED_LIMITS, Card, count, language_model_card, licence};
use super::super::classify::TFIDF_FILE;
use super::super::outputs::MODEL;
use super::data::{Data, baseline};
use crate::io::{Kind, ModelConfig, ModelFiles, OutputDir, Precision, tensors_of_classifier, write_atomic};
use crate::model::Classifier;
use crate::session::adapted::{LANGUAGE_MODEL, READ, Read, is_of_a_classifier};
use crate::session::control::Control;
use crate::session::engine::JobError;
use crate::session::number::percent;
use crate::session::project::TextId;
use crate::session::protocol::{Event, Fit, Prediction};
use crate::session::trust::{Judged, Trust};
use crate::train::defaults;
use crate::train::metrics::{ClassReport, Report, difference, most_probable};
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

/// How often chance alone sets two classifiers as far apart as these are on the texts that splits hold out.
pub fn chance(data: &Data, splits: &[Split], ours: &[Vec<f64>], theirs: &[Vec<f64>]) -> f64 {
    let held = splits.iter().flat_map(|split| &split.valid);
    let right = |said: &[Vec<f64>], row: usize| most_probable(&said[row]) == Some(data.labels[row]);
    difference(held.map(|&row| (right(ours, row), right(theirs, row))))
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

/// A class's row of the table. Where no text has the label none could have been given it rightly, and where none was given it
/// there is nothing to be precise about: such a score says nothing.
fn cells(class: &ClassReport) -> Vec<String> {
    let score = |of: usize, score: f64| match of {
        0 => "-".into(),
        _ => format!("{score:.3}"),
    };
    vec![
        class.label.clone(),
        score(class.predicted.min(class.support), class.precision),
        score(class.support, class.recall),
        score(class.support, class.f1),
        class.support.to_string(),
    ]
}

/// The table of classes, as `evaluate` shows it too.
pub fn show_report(control: &Control, report: &Report) {
    let columns = ["label", "precision", "recall", "F1", "texts"]
        .map(String::from)
        .to_vec();
    let rows = report.classes.iter().map(cells).collect();
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
    /// The classes that it does not measure.
    pub untested: &'a [usize],
    /// See [`temperature`].
    pub temperature: Option<f64>,
    /// Perplexity of held-out texts before and after stage 2, for each direction that was measured.
    pub perplexities: &'a [(f64, f64)],
    /// The language models that the directions started from.
    pub bases: &'a [ModelFiles],
}

/// Writes the classifier's directory: each direction with the language model that it came from, and TF-IDF where that votes.
pub async fn write(
    job: &Fit,
    data: &Data,
    finished: Vec<(ModelFiles, Classifier)>,
    found: &Found<'_>,
    overwrite: bool,
) -> Result<(), JobError> {
    let out = OutputDir::create(&job.out, MODEL.if_asked(overwrite))?;
    let base_licence = finished
        .first()
        .map_or_else(|| "unknown".into(), |(files, _)| licence(&files.config.training));
    let card = card(job, data, found, &base_licence);
    let pretrained = job.method.plan(2, 1, None).pretrained;
    for (i, (files, model)) in finished.into_iter().enumerate() {
        let second = i > 0;
        let dir = if second {
            out.path().join("backward")
        } else {
            out.path().to_path_buf()
        };
        if job.adapt && pretrained {
            let measured = found.perplexities.get(i).copied();
            write_adapted(job, &files, &dir.join(LANGUAGE_MODEL), second, measured)?;
        } else if let Some(base) = found.bases.get(i).filter(|_| pretrained) {
            keep_adapted(job, base, &dir.join(LANGUAGE_MODEL), second)?;
        }
        let files = classifier(job, data, files, &model, found, second).await?;
        crate::host::fs::create_dir_all(&dir).map_err(|e| crate::io::Error::write(&dir, &e))?;
        files.write(&dir, Precision::F32, &card)?;
    }
    if pretrained
        && !job.bidirectional
        && let Some(other) = of_an_earlier_run(job, true)
    {
        // The one that reads backward took no part, and will another time.
        let dir = out.path().join("backward").join(LANGUAGE_MODEL);
        keep_adapted(job, &ModelFiles::read(other)?, &dir, true)?;
    }
    if job.tfidf {
        write_tfidf(&out.path().join(TFIDF_FILE), data)?;
    }
    out.commit()?;
    Ok(())
}

/// The card of the classifier, in both directions the same.
fn card(job: &Fit, data: &Data, found: &Found<'_>, licence: &str) -> String {
    let error = match found.report {
        Some(r) => format!(
            "{} (95 % interval {} to {}, estimated on {} of its own labelled texts that it was not trained on){}",
            percent(r.error),
            percent(r.error_interval.low),
            percent(r.error_interval.high),
            count(r.rows),
            not_measured(&data.names, found.untested)
        ),
        None => "not estimated".into(),
    };
    let base = found.result.get("baseline_error").and_then(Value::as_f64);
    let facts = [
        ("Base model", base_model(job, false)),
        ("Licence of the base model", licence.to_string()),
        ("Classes", data.names.join(", ")),
        ("Labelled texts", count(data.labels.len())),
        (
            "Method",
            format!("{}: {}", job.method.name(), job.method.describe()),
        ),
        ("Error", error),
        (
            "TF-IDF with logistic regression",
            base.map_or("not measured".into(), percent),
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
        licence,
        tags: &["text-classification", "ulmfit", "awd-lstm"],
        summary: "A text classifier for `unfreeze classify --model` and `unfreeze evaluate --model`.",
        facts: &facts,
        limits: "The error holds for texts like the labelled ones. Texts of another kind, language or time can be classified much worse, and every text gets one of the classes, whether one fits or not.",
    };
    card.render()
}

/// The files of a classifier that came from the language model `files`.
async fn classifier(
    job: &Fit,
    data: &Data,
    files: ModelFiles,
    model: &Classifier,
    found: &Found<'_>,
    second: bool,
) -> Result<ModelFiles, JobError> {
    let options = &job.classifier;
    let mut config = ModelConfig::new(
        Kind::Classifier,
        files.config.architecture,
        files.config.backward,
        &files.tokenizer,
    );
    config.bptt = Some(options.bptt.unwrap_or(defaults::BPTT));
    config.max_len = Some(options.max_len.unwrap_or(defaults::MAX_LEN));
    config.pooling = model.pooling;
    // The first direction's is that of all that vote.
    config.temperature = found.temperature.filter(|_| !second);
    config.fields = data.fields;
    config.training = json!({ "base": files.config.training, "result": found.result });
    let tensors = tensors_of_classifier(model).await?;
    Ok(ModelFiles {
        config,
        tensors,
        labels: data.names.clone(),
        ..files
    })
}

/// Fits TF-IDF with logistic regression to every label, and writes it.
fn write_tfidf(path: &Path, data: &Data) -> Result<(), JobError> {
    let all: Vec<usize> = (0..data.labels.len()).collect();
    let failed =
        |e: &dyn std::fmt::Display| JobError::Failed(format!("TF-IDF with logistic regression: {e}"));
    let fitted = baseline(data, &all).map_err(|e| failed(&e))?;
    let json = fitted.to_json().map_err(|e| failed(&e))?;
    write_atomic(path, |w| w.write_all(&json))?;
    Ok(())
}

/// Where the language model lies that a run's first or second direction started from; `None` is the built-in one.
fn origin(job: &Fit, second: bool) -> Option<&Path> {
    let from = if second { &job.backward_model } else { &job.model };
    from.as_deref()
}

/// The same where an earlier run made it for a classifier: it may go with that, or with what is kept of the run.
fn of_an_earlier_run(job: &Fit, second: bool) -> Option<&Path> {
    origin(job, second).filter(|path| is_of_a_classifier(path) || aside::is_given_up(&job.out, path))
}

/// Classes that the error says nothing of, behind it.
fn not_measured(names: &[String], untested: &[usize]) -> String {
    let names: Vec<&str> = untested.iter().map(|&class| names[class].as_str()).collect();
    if names.is_empty() {
        String::new()
    } else {
        format!("; not measured: {}", names.join(", "))
    }
}

/// What the configuration of a language model says that stage 2 made of one with this training.
pub fn adapted(job: &Fit, base: &Value, second: bool) -> Value {
    let from = base_model(job, second);
    let mut training = json!({ "adapted_from": from, "base": base, "seed": job.common.seed });
    if let Some(rows) = job.unlabelled.as_ref().and_then(|source| source.rows.as_ref()) {
        training[READ] = json!(Read::of(rows.iter().map(|row| &row.text)));
    }
    training
}

/// What it is, in words.
fn base_model(job: &Fit, second: bool) -> String {
    match origin(job, second) {
        // Its place is that of a classifier which this one may replace.
        Some(_) if of_an_earlier_run(job, second).is_some() => {
            "the adapted language model of an earlier run".into()
        }
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
    second: bool,
    measured: Option<(f64, f64)>,
) -> Result<(), JobError> {
    let licence = licence(&files.config.training);
    let shown = |perplexity: Option<f64>| match perplexity.filter(|p| p.is_finite()) {
        Some(perplexity) => format!("{perplexity:.1}"),
        None => "not measured".into(),
    };
    let card = language_model_card(
        &licence,
        &[
            ("Adapted from", base_model(job, second)),
            ("Licence of the base model", licence.clone()),
            (
                "Perplexity on held-out texts, before",
                shown(measured.map(|m| m.0)),
            ),
            (
                "Perplexity on held-out texts, after",
                shown(measured.map(|m| m.1)),
            ),
            ("Seed", job.common.seed.to_string()),
        ],
        ADAPTED_LIMITS,
    );
    let mut files = files.clone();
    files.config.training = adapted(job, &files.config.training, second);
    crate::host::fs::create_dir_all(dir).map_err(|e| crate::io::Error::write(dir, &e))?;
    files.write(dir, Precision::F16, &card)?;
    Ok(())
}

/// The language model that an earlier classifier was made from, as it was, where this one is made from it too: that classifier's
/// directory may be the one that is replaced.
fn keep_adapted(job: &Fit, base: &ModelFiles, dir: &Path, second: bool) -> Result<(), JobError> {
    let Some(from) = of_an_earlier_run(job, second) else {
        return Ok(());
    };
    // One that a run set aside has a card without a word.
    let card = crate::host::fs::read_to_string(from.join("README.md")).ok();
    let card = card.filter(|card| !card.is_empty()).unwrap_or_else(|| {
        let licence = licence(&base.config.training);
        let facts = [("Licence of the base model", licence.clone())];
        language_model_card(&licence, &facts, ADAPTED_LIMITS)
    });
    crate::host::fs::create_dir_all(dir).map_err(|e| crate::io::Error::write(dir, &e))?;
    base.write(dir, Precision::F16, &card)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_that_says_nothing_is_none() {
        let names = ["a", "b", "c"].map(String::from);
        let said = [vec![0.9, 0.1, 0.0], vec![0.2, 0.8, 0.0]];
        let report = Report::new(&names, &[0, 0], &said).unwrap();
        let cells: Vec<Vec<String>> = report.classes.iter().map(cells).collect();
        assert_eq!(cells[0], ["a", "1.000", "0.500", "0.667", "2"]);
        assert_eq!(cells[1], ["b", "-", "-", "-", "0"]);
        assert_eq!(cells[2], ["c", "-", "-", "-", "0"]);
    }

    #[test]
    fn only_texts_that_were_held_out_tell_two_classifiers_apart() {
        let data = Data {
            rows: (0..12).collect(),
            texts: vec!["text".into(); 12],
            labels: vec![0; 12],
            names: ["a", "b"].map(String::from).to_vec(),
            fields: 1,
            ..Data::default()
        };
        let split = |valid: std::ops::Range<usize>| Split {
            train: Vec::new(),
            valid: valid.collect(),
        };
        let splits = [split(0..2), split(2..6)];
        let (ours, theirs) = (vec![vec![0.7, 0.3]; 12], vec![vec![0.3, 0.7]; 12]);
        // 2 / 2^6.
        let p = chance(&data, &splits, &ours, &theirs);
        assert!((p - 0.03125).abs() < 1e-12, "{p}");
        assert_eq!(chance(&data, &splits, &ours, &ours), 1.0);
    }
}

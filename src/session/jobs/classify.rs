//! Labels for texts.

use std::io::Read as _;
use std::ops::ControlFlow;
use std::path::Path;

use serde_json::{Map, json};

use super::super::control::{Control, Stage};
use super::super::engine::{JobError, Outcome, start};
use super::super::protocol::{Classify, Event, Source};
use super::load;
use crate::io::{
    Error, Labels, ModelFiles, Prediction, Sink, Table, TableOptions, check_output, parse_table,
    write_predictions,
};
use crate::model::Classifier;
use crate::ops::reading::{Reader, Rounding};
use crate::session::trust::scaled;
use crate::train::baseline::Baseline;
use crate::train::defaults::{CLASSIFY_BATCH, TFIDF_SHARE};
use crate::train::evaluate::classify;
use crate::train::metrics::most_probable;

/// A classifier that reads in one direction.
struct Direction {
    files: ModelFiles,
    model: Classifier,
    /// Its encoder on the processor.
    reader: Option<Reader>,
}

/// What TF-IDF with logistic regression has learned, in the directory of a classifier that it votes in.
pub const TFIDF_FILE: &str = "tfidf.json";

/// A classifier directory on a device: one direction or both.
pub struct Loaded {
    directions: Vec<Direction>,
    /// Votes too.
    tfidf: Option<Baseline>,
    /// What the logits of all together are divided by.
    temperature: Option<f64>,
    /// Class names.
    pub labels: Vec<String>,
    /// The columns whose texts were joined in training; 0 where that is not known.
    fields: usize,
}

impl Loaded {
    /// Reads a classifier, with its backward half where it has one.
    pub async fn read(
        control: &Control,
        path: &Path,
        device: &burn::tensor::Device,
        rounding: Rounding,
    ) -> Result<Self, JobError> {
        let mut all = vec![load::model(control, Some(path), false)?];
        let backward = path.join("backward");
        if crate::host::fs::is_file(&backward.join("config.json")) {
            all.push(ModelFiles::read(&backward)?);
        }
        let (labels, temperature) = (all[0].labels.clone(), all[0].config.temperature);
        let fields = all[0].config.fields;
        let mut directions = Vec::new();
        for files in all {
            if files.labels != labels {
                return Err(JobError::Failed(format!(
                    "{}: its labels differ from the forward model's; train it again",
                    files.origin
                )));
            }
            let model = files.classifier(device)?;
            let reader = model.encoder.reader(rounding).await.map_err(JobError::Failed)?;
            directions.push(Direction { files, model, reader });
        }
        let file = path.join(TFIDF_FILE);
        let failed = |cause: &dyn std::fmt::Display| JobError::Failed(format!("{}: {cause}", file.display()));
        let tfidf = if crate::host::fs::is_file(&file) {
            let bytes = crate::host::fs::read(&file).map_err(|e| failed(&e))?;
            let read = Baseline::from_json(&bytes, labels.len());
            Some(read.map_err(|cause| failed(&format!("{cause}; train the classifier again")))?)
        } else {
            None
        };
        Ok(Self {
            directions,
            tfidf,
            temperature,
            labels,
            fields,
        })
    }

    /// Says so where the texts of a table are of another number of columns than those that it learned from.
    pub fn check_columns(&self, control: &Control, table: &Table) {
        if let Some(warning) = other_columns(self.fields, &table.text_columns()) {
            control.warn(warning);
        }
    }

    /// Probabilities of every text, averaged over all that vote and calibrated where labels were held out for it; a command to
    /// stop is heeded between two batches.
    pub async fn probabilities(
        &self,
        texts: &[String],
        batch: usize,
        stage: &mut Stage<'_>,
    ) -> Result<Vec<Vec<f64>>, JobError> {
        let total = (texts.len() * self.directions.len()) as u64;
        let mut mean = vec![vec![0.0; self.labels.len()]; texts.len()];
        // Texts of 20,000 at a time: memory stays bounded however long the table is.
        const PART: usize = 20_000;
        let mut done = 0;
        for start in (0..texts.len()).step_by(PART) {
            let part = &texts[start..(start + PART).min(texts.len())];
            for Direction { files, model, reader } in &self.directions {
                let tokens = load::tokenize(&files.tokenizer, part);
                let ids = load::encode(&files.vocab, &tokens, files.config.backward);
                let ids: Vec<&[u32]> = ids.iter().map(Vec::as_slice).collect();
                let found = classify(
                    model,
                    reader.as_ref(),
                    &ids,
                    batch,
                    files.config.chunking(),
                    &mut |n| {
                        stage.progress((done + n) as u64, total);
                        if stage.control.stop_asked() {
                            ControlFlow::Break(())
                        } else {
                            ControlFlow::Continue(())
                        }
                    },
                )
                .await
                .map_err(|error| match error {
                    crate::train::Error::Stopped => JobError::Stopped("nothing was written".into()),
                    other => other.into(),
                })?;
                done += part.len();
                for (sum, p) in mean[start..].iter_mut().zip(found) {
                    sum.iter_mut()
                        .zip(p)
                        .for_each(|(s, p)| *s += p / self.directions.len() as f64);
                }
            }
            if let Some(tfidf) = &self.tfidf {
                let part: Vec<&str> = part.iter().map(String::as_str).collect();
                vote(&mut mean[start..start + part.len()], &tfidf.predict_proba(&part));
            }
        }
        if let Some(temperature) = self.temperature {
            for p in &mut mean {
                *p = scaled(p.iter().copied(), temperature);
            }
        }
        Ok(mean)
    }
}

fn other_columns(learned: usize, names: &[&str]) -> Option<String> {
    if learned == 0 || learned == names.len() {
        return None;
    }
    let plural = if learned == 1 { "" } else { "s" };
    Some(format!(
        "The classifier learned from texts of {learned} column{plural}, these have {} ({}); name {} with `--text-column`",
        names.len(),
        names.join(", "),
        if learned == 1 { "it" } else { "them" }
    ))
}

/// Lets TF-IDF vote: `probabilities` become those of both together.
pub fn vote(probabilities: &mut [Vec<f64>], tfidf: &[Vec<f64>]) {
    for (ours, theirs) in probabilities.iter_mut().flatten().zip(tfidf.iter().flatten()) {
        *ours += TFIDF_SHARE * (theirs - *ours);
    }
}

/// The most probable class and its probability; the first of equals.
pub fn best(probabilities: &[f64]) -> (usize, f64) {
    most_probable(probabilities).map_or((0, f64::NEG_INFINITY), |class| (class, probabilities[class]))
}

/// What the texts of standard input are called, where others have a path.
const STANDARD_INPUT: &str = "standard input";

fn input(control: &Control, job: &Classify) -> Result<Table, JobError> {
    if let Some(source) = &job.input {
        return load::table(control, "texts", source, Labels::Ignored, true);
    }
    let mut bytes = Vec::new();
    std::io::stdin()
        .read_to_end(&mut bytes)
        .map_err(|e| JobError::Failed(format!("{STANDARD_INPUT}: {e}")))?;
    let options = TableOptions {
        text_columns: job.text_columns.clone(),
        labels: Labels::Ignored,
        keep_empty_texts: true,
        encoding: job.encoding,
        sheet: job.sheet.clone(),
        ..TableOptions::default()
    };
    let table = parse_table(Path::new(STANDARD_INPUT), &bytes, &options).map_err(|error| match error {
        // It is no file.
        Error::Empty { path } => Error::NoTexts { path },
        other => other,
    })?;
    for warning in &table.warnings {
        control.warn(warning.tell(table.place));
    }
    Ok(table)
}

pub async fn run(job: Classify, control: &mut Control) -> Outcome {
    // Not after hours of work.
    if let Some(path) = &job.output {
        let input = job.input.as_ref().and_then(Source::file);
        check_output(path, input, job.overwrite)?;
    }
    let device = start(control, "classify", &job.common).await?;
    let rounding = if job.exact {
        Rounding::None
    } else {
        Rounding::Bytes
    };
    let model = Loaded::read(control, &job.model, &device, rounding).await?;
    let table = input(control, &job)?;
    model.check_columns(control, &table);
    let texts = load::texts(&table);
    let started = crate::host::clock::Instant::now();
    let mut stage = Stage::start(control, "classify", Vec::new(), texts.len() as u64, "texts");
    let probabilities = model
        .probabilities(&texts, job.batch.unwrap_or(CLASSIFY_BATCH).max(1), &mut stage)
        .await?;
    stage.done();
    let seconds = started.elapsed().as_secs_f64();

    let mut counts = vec![0usize; model.labels.len()];
    let mut predictions = Vec::with_capacity(texts.len());
    for (text, p) in texts.iter().zip(&probabilities) {
        // An empty text has no words to go by: no label is better than a guess.
        if text.trim().is_empty() {
            predictions.push(None);
            continue;
        }
        let (class, confidence) = best(p);
        counts[class] += 1;
        predictions.push(Some(Prediction {
            label: model.labels[class].clone(),
            confidence: confidence as f32,
        }));
    }
    match &job.output {
        Some(path) => write_predictions(&table, &predictions, Sink::File(path))?,
        None => {
            for (i, (text, prediction)) in texts.iter().zip(&predictions).enumerate() {
                control.emit(Event::Classified {
                    row: i + 1,
                    text: text.clone(),
                    label: prediction.as_ref().map(|p| p.label.clone()),
                    confidence: prediction.as_ref().map(|p| f64::from(p.confidence)),
                });
            }
        }
    }
    let empty = predictions.iter().filter(|p| p.is_none()).count();
    if empty > 0 {
        let texts = if empty == 1 { "text" } else { "texts" };
        control.warn(format!("{empty} empty {texts} got no label"));
    }
    let labels: Map<_, _> = model
        .labels
        .iter()
        .cloned()
        .zip(counts.iter().map(|&n| json!(n)))
        .collect();
    let mut result = Map::new();
    result.insert("rows".into(), json!(texts.len()));
    result.insert("labels".into(), labels.into());
    result.insert("seconds".into(), json!(seconds));
    result.insert(
        "documents_per_second".into(),
        json!(texts.len() as f64 / seconds.max(1e-9)),
    );
    if let Some(path) = &job.output {
        result.insert("output".into(), json!(path));
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::other_columns;

    #[test]
    fn texts_of_other_columns_than_those_that_were_learned_from_are_told() {
        assert_eq!(
            other_columns(2, &["body"]).as_deref(),
            Some(
                "The classifier learned from texts of 2 columns, these have 1 (body); name them with `--text-column`"
            )
        );
        assert_eq!(
            other_columns(1, &["title", "body"]).as_deref(),
            Some(
                "The classifier learned from texts of 1 column, these have 2 (title, body); name it with `--text-column`"
            )
        );
        assert_eq!(other_columns(2, &["title", "body"]), None);
        // Classifiers of old do not say.
        assert_eq!(other_columns(0, &["title", "body"]), None);
    }
}

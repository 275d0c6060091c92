//! The probabilities of every text, told and not written.

use serde_json::{Map, json};

use super::super::control::{Control, Stage};
use super::super::engine::Outcome;
use super::super::protocol::{Event, Predict, Prediction};
use super::kept::Kept;
use super::load;
use crate::io::Labels;
use crate::train::defaults::CLASSIFY_BATCH;

/// As the events have it, each text by its place.
pub fn predictions(probabilities: Vec<Vec<f64>>) -> Vec<Prediction> {
    let narrow = |p: Vec<f64>| p.into_iter().map(|p| p as f32).collect();
    let one = |(row, p)| Prediction {
        row,
        probabilities: narrow(p),
    };
    probabilities.into_iter().enumerate().map(one).collect()
}

pub async fn run(job: Predict, control: &mut Control, kept: &mut Kept) -> Outcome {
    let model = kept
        .classifier(control, "predict", &job.model, &job.common)
        .await?;
    // Every text in needs its prediction out, so that empty ones stay.
    let table = load::table(control, "texts", &job.texts, Labels::Ignored, true)?;
    let texts = load::texts(&table);
    let started = crate::host::clock::Instant::now();
    let mut stage = Stage::start(control, "classify", Vec::new(), texts.len() as u64, "texts");
    let probabilities = model.probabilities(&texts, CLASSIFY_BATCH, &mut stage).await?;
    stage.done();
    let seconds = started.elapsed().as_secs_f64();
    control.emit(Event::Predictions {
        labels: model.labels.clone(),
        predictions: predictions(probabilities),
    });
    let mut result = Map::new();
    result.insert("rows".into(), json!(texts.len()));
    result.insert("seconds".into(), json!(seconds));
    Ok(result)
}

//! Throughput of training and of classifying on this device.

use std::ops::ControlFlow;
use std::time::Instant;

use burn::tensor::Device;
use serde_json::{Map, Value, json};

use super::super::control::{Control, Stage};
use super::super::engine::{JobError, Outcome, start};
use super::super::protocol::{Bench, Event};
use crate::model::classifier::{Chunking, cross_entropy};
use crate::model::dropout::Draw;
use crate::model::{AwdLstm, Classifier, Dropouts, LanguageModel, Network as _, Tokens};
use crate::train::defaults::{BPTT, PRESETS, Preset};
use crate::train::evaluate::classify;
use crate::train::optimiser::{Optimiser, Rule};

/// Batch of the paper's sizes here: what the peers' benchmark uses.
const PAPER_BATCH: usize = 16;
/// Documents and tokens of each for classifier training and classifying.
const DOCUMENTS: usize = 16;
const DOCUMENT_TOKENS: usize = 280;

/// Ids that repeat like words do and cost nothing to make.
fn ids(n: usize, vocab: usize, salt: usize) -> Vec<u32> {
    (0..n)
        .map(|i| ((i * 7_919 + salt * 104_729) % vocab) as u32)
        .collect()
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN)
}

fn sync(device: &Device) -> Result<(), JobError> {
    device
        .sync()
        .map_err(|e| JobError::Failed(format!("the device failed: {e:?}")))
}

fn batch(preset: &Preset) -> usize {
    if preset.name == "paper" {
        PAPER_BATCH
    } else {
        preset.batch
    }
}

/// Seconds of each language-model training step.
async fn language_model(
    preset: &Preset,
    steps: usize,
    device: &Device,
    stage: &mut Stage<'_>,
) -> Result<Vec<f64>, JobError> {
    let mut model = LanguageModel::new(preset.arch, 0, device);
    let mut optimiser = Optimiser::new(Rule::ADAM, 0.01, Some(0.3));
    let batch = batch(preset);
    let mut states = model.encoder.zero_states(batch);
    let rates = vec![1e-3; model.groups().len()];
    let mut seconds = Vec::new();
    // The first two steps compile kernels and grow pools.
    for step in 0..steps + 2 {
        let tokens = Tokens::new(ids(BPTT * batch, preset.arch.vocab, step), BPTT, batch);
        let targets = ids(BPTT * batch, preset.arch.vocab, step + 1).into();
        sync(device)?;
        let started = Instant::now();
        model.visit_mut(&mut |_, _, p| p.track(true));
        let masks = model.masks(
            Draw {
                seed: 0,
                step: step as u64,
            },
            &Dropouts::LANGUAGE_MODEL,
            batch,
        );
        let (loss, next) = model.loss(&tokens, targets, states, &masks, (2.0, 1.0));
        states = next;
        let gradients = loss.total().backward();
        optimiser.step(&mut model, gradients, &rates, None, false).await?;
        sync(device)?;
        if step >= 2 {
            seconds.push(started.elapsed().as_secs_f64());
        }
        stage.progress(step as u64 + 1, steps as u64 + 2);
    }
    Ok(seconds)
}

/// Seconds of each classifier training step with everything unfrozen.
async fn classifier(
    preset: &Preset,
    steps: usize,
    device: &Device,
    stage: &mut Stage<'_>,
) -> Result<Vec<f64>, JobError> {
    let mut model = Classifier::new(AwdLstm::new(preset.arch, 0, device), 2, 0, device);
    let mut optimiser = Optimiser::new(Rule::ADAM, 0.01, Some(25.0));
    let rates = vec![1e-3; model.groups().len()];
    let chunking = Chunking {
        bptt: BPTT,
        max_len: 1_400,
    };
    let labels: Vec<usize> = (0..DOCUMENTS).map(|i| i % 2).collect();
    let mut seconds = Vec::new();
    for step in 0..steps + 2 {
        let tokens = Tokens::new(
            ids(DOCUMENT_TOKENS * DOCUMENTS, preset.arch.vocab, step),
            DOCUMENT_TOKENS,
            DOCUMENTS,
        );
        sync(device)?;
        let started = Instant::now();
        model.visit_mut(&mut |_, _, p| p.track(true));
        let draw = Draw {
            seed: 0,
            step: step as u64,
        };
        let masks = model.masks(draw, &Dropouts::CLASSIFIER.scaled(0.5), 0.5, DOCUMENTS);
        let pooled = model.pool(&tokens, &[DOCUMENT_TOKENS; DOCUMENTS], chunking, &masks.encoder);
        let logits = model.head(pooled, &masks.head, true);
        let gradients = cross_entropy(logits, &labels, None).backward();
        optimiser.step(&mut model, gradients, &rates, None, false).await?;
        sync(device)?;
        if step >= 2 {
            seconds.push(started.elapsed().as_secs_f64());
        }
        stage.progress(step as u64 + 1, steps as u64 + 2);
    }
    Ok(seconds)
}

/// Seconds of classifying 64 documents.
async fn classifying(
    preset: &Preset,
    steps: usize,
    device: &Device,
    stage: &mut Stage<'_>,
) -> Result<Vec<f64>, JobError> {
    let model = Classifier::new(AwdLstm::new(preset.arch, 0, device), 2, 0, device);
    let documents: Vec<Vec<u32>> = (0..64)
        .map(|d| ids(DOCUMENT_TOKENS, preset.arch.vocab, d))
        .collect();
    let documents: Vec<&[u32]> = documents.iter().map(Vec::as_slice).collect();
    let chunking = Chunking {
        bptt: BPTT,
        max_len: 1_400,
    };
    let mut seconds = Vec::new();
    for step in 0..steps.div_ceil(2) + 1 {
        let started = Instant::now();
        classify(&model, &documents, 64, chunking, &mut |_| {
            ControlFlow::Continue(())
        })
        .await?;
        if step >= 1 {
            seconds.push(started.elapsed().as_secs_f64());
        }
        stage.progress(step as u64 + 1, steps.div_ceil(2) as u64 + 1);
    }
    Ok(seconds)
}

pub async fn run(job: Bench, control: &mut Control) -> Outcome {
    let chosen: Vec<Preset> = PRESETS
        .into_iter()
        .filter(|p| {
            job.preset
                .as_deref()
                .map_or(p.name != "tiny", |name| name == p.name)
        })
        .collect();
    if chosen.is_empty() {
        let names = PRESETS.map(|p| p.name).join(", ");
        return Err(JobError::Usage(format!(
            "there is no preset '{}'; the presets are {names}",
            job.preset.unwrap_or_default()
        )));
    }
    let device = start(control, "bench", &job.common).await?;
    let steps = job.steps.max(1);
    let mut rows = Vec::new();
    let mut presets = Map::new();
    for preset in &chosen {
        let name = |what: &str| format!("{what}, {}", preset.name);
        let mut stage = Stage::start(
            control,
            &name("language model training"),
            Vec::new(),
            steps as u64 + 2,
            "steps",
        );
        let lm = median(language_model(preset, steps, &device, &mut stage).await?);
        stage.done();
        let mut stage = Stage::start(
            control,
            &name("classifier training"),
            Vec::new(),
            steps as u64 + 2,
            "steps",
        );
        let training = median(classifier(preset, steps, &device, &mut stage).await?);
        stage.done();
        let mut stage = Stage::start(control, &name("classifying"), Vec::new(), 0, "passes");
        let reading = median(classifying(preset, steps, &device, &mut stage).await?);
        stage.done();
        let lm_tokens = (BPTT * batch(preset)) as f64 / lm;
        let training_tokens = (DOCUMENT_TOKENS * DOCUMENTS) as f64 / training;
        let documents = 64.0 / reading;
        rows.push(vec![
            preset.name.to_string(),
            format!("{lm_tokens:.0}"),
            format!("{training_tokens:.0}"),
            format!("{documents:.1}"),
        ]);
        presets.insert(
            preset.name.into(),
            json!({
                "architecture": preset.arch,
                "batch": batch(preset),
                "bptt": BPTT,
                "lm_training_tokens_per_second": lm_tokens,
                "classifier_training_tokens_per_second": training_tokens,
                "documents_per_second": documents,
                "tokens_of_a_document": DOCUMENT_TOKENS,
            }),
        );
    }
    let columns = [
        "preset",
        "LM training, tokens/s",
        "classifier training, tokens/s",
        "classifying, texts/s",
    ];
    control.emit(Event::Table {
        title: "Throughput".into(),
        columns: columns.map(String::from).to_vec(),
        rows,
    });
    let mut result = Map::new();
    let first = presets
        .values()
        .next()
        .map_or(Value::Null, |p| p["lm_training_tokens_per_second"].clone());
    result.insert("tokens_per_second".into(), first);
    result.insert("presets".into(), presets.into());
    result.insert("steps".into(), json!(steps));
    result.insert("threads".into(), json!(rayon::current_num_threads()));
    Ok(result)
}

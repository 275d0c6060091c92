//! Compiling a GPU's pipelines before the first step is shown, behind a progress event: drivers take up to seconds for
//! it, during which training would seem to hang.
//!
//! Pipelines are keyed by the model's widths, not by the batch or the length of a window, so one step of a copy of the
//! model compiles what training uses.

use burn::tensor::{Device, Tensor};

use super::super::control::{Control, Stage};
use super::super::engine::JobError;
use crate::gpu::caps::DeviceCaps;
use crate::model::classifier::cross_entropy;
use crate::model::dropout::Draw;
use crate::model::read_back::floats;
use crate::model::{Classifier, LanguageModel, Network, Tokens};
use crate::train::measure::Origin;
use crate::train::optimiser::{Adam, Optimiser};
use crate::train::{classifier, language_model as lm};

const STAGE: &str = "prepare the GPU";
/// Forward, backward, optimiser.
const PARTS: u64 = 3;
/// Steps between reports on a GPU: reading the loss waits for all that is queued.
const GPU_REPORTS: u64 = 5;

/// Steps between reports on `device`, where `wanted` are right for a processor.
pub fn report_every(device: &Device, wanted: u64) -> u64 {
    match DeviceCaps::of_device(device) {
        Some(caps) if !caps.software => wanted.max(GPU_REPORTS),
        _ => wanted,
    }
}

/// Time steps of the trial: all on a GPU, where Burn picks its matrix products by their size, and as few as show every
/// kernel on a software renderer, which computes slowly and compiles fast.
fn time(caps: &DeviceCaps, bptt: usize) -> usize {
    if caps.software { bptt.min(2) } else { bptt }
}

fn tokens(time: usize, batch: usize, vocab: usize) -> Tokens {
    let ids: Vec<u32> = (0..time * batch).map(|i| (i % vocab) as u32).collect();
    Tokens::new(ids, time, batch)
}

/// Waits until the device has done, and so compiled, what was asked of it.
async fn wait(device: &Device) -> Result<(), JobError> {
    let read = floats(Tensor::<1>::ones([1], device)).await;
    read.map(drop).map_err(|e| crate::train::Error::Device(e).into())
}

/// Differentiates `loss` and moves `network` at a rate of zero; `network` is a copy that is thrown away.
async fn step<N: Network>(
    network: &mut N,
    loss: Tensor<1>,
    (adam, clip): (Adam, f64),
    device: &Device,
    stage: &mut Stage<'_>,
) -> Result<(), JobError> {
    wait(device).await?;
    stage.progress(1, PARTS);
    let gradients = loss.backward();
    wait(device).await?;
    stage.progress(2, PARTS);
    let rates = vec![0.0; network.groups().len()];
    let mut optimiser = Optimiser::new(adam, 0.0, clip);
    let origin = Origin::of(network);
    optimiser
        .step(network, gradients, &rates, None, Some(&origin))
        .await?;
    stage.progress(PARTS, PARTS);
    Ok(())
}

/// Prepares for training `model`; does nothing on the CPU backend.
///
/// # Errors
/// When the device is lost or out of memory: better now than hours later.
pub async fn language_model(
    control: &mut Control,
    model: &LanguageModel,
    config: &lm::Config,
) -> Result<(), JobError> {
    let device = model.decoder_bias.constant().device();
    let Some(caps) = DeviceCaps::of_device(&device) else {
        return Ok(());
    };
    let mut stage = Stage::start(control, STAGE, Vec::new(), PARTS, "parts");
    let mut copy = model.clone();
    copy.visit_mut(&mut |_, _, p| p.track(true));
    let tokens = tokens(time(&caps, config.bptt), config.batch, model.arch().vocab);
    let draw = Draw { seed: 0, step: 0 };
    let masks = copy.masks(draw, &config.dropouts, tokens.batch);
    let states = copy.encoder.zero_states(tokens.batch);
    let sampler = config.sampler(&tokens.ids, model.arch().vocab);
    let targets = lm::targets(sampler.as_ref(), tokens.ids.to_vec(), draw);
    let (loss, _) = copy.loss(&tokens, &targets, states, &masks, config.regularisation);
    let optimiser = (config.adam, config.clip);
    step(&mut copy, loss.total(), optimiser, &device, &mut stage).await?;
    stage.done();
    Ok(())
}

/// Prepares for training `model` by `adam`; does nothing on the CPU backend.
///
/// # Errors
/// When the device is lost or out of memory.
pub async fn classifier(
    control: &mut Control,
    model: &Classifier,
    adam: Adam,
    config: &classifier::Config,
) -> Result<(), JobError> {
    let device = model.encoder.embedding.constant().device();
    let Some(caps) = DeviceCaps::of_device(&device) else {
        return Ok(());
    };
    let mut stage = Stage::start(control, STAGE, Vec::new(), PARTS, "parts");
    let mut copy = model.clone();
    copy.visit_mut(&mut |_, _, p| p.track(true));
    let time = time(&caps, config.chunking.bptt);
    let tokens = tokens(time, config.batch, model.encoder.arch.vocab);
    let draw = Draw { seed: 0, step: 0 };
    let masks = copy.masks(draw, &config.dropouts, config.drop_mult, tokens.batch);
    let lengths = vec![time; tokens.batch];
    let pooled = copy.pool(&tokens, &lengths, config.chunking, &masks.encoder);
    let logits = copy.head(pooled, &masks.head, Some(draw.step));
    let labels: Vec<usize> = (0..tokens.batch).map(|i| i % model.classes).collect();
    let loss = cross_entropy(logits, &labels, config.class_weights.as_deref());
    step(&mut copy, loss, (adam, config.clip), &device, &mut stage).await?;
    stage.done();
    Ok(())
}

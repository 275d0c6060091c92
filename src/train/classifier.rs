//! Fine-tuning a classifier (stage 3): a plan of phases, discriminative rates, BPT3C, early stopping.

use std::ops::ControlFlow;

use burn::tensor::{Tensor, TensorData};

use super::Error;
use super::checkpoint::{Checkpoint, Position};
use super::course::Course;
use super::evaluate::classify;
use super::measure::Origin;
use super::monitor::{Due, Evaluation, Group, Monitor, Snapshot, Step};
use super::optimiser::Optimiser;
use super::pace::{Pace, read_loss};
use super::plan::Plan;
use crate::model::classifier::{Chunking, cross_entropy};
use crate::model::dropout::Draw;
use crate::model::{AwdLstm, Classifier, Dropouts, Network as _, Tokens};
use crate::ops::reading::Rounding;
use crate::text::batches::{DocBatch, Order, epoch_seed, plan as plan_batches};

/// Documents with their class numbers.
#[derive(Clone, Copy, Debug)]
pub struct Labelled<'a> {
    /// Token ids of each document.
    pub documents: &'a [&'a [u32]],
    /// Class of each document.
    pub labels: &'a [usize],
}

/// How to train, beside the plan.
#[derive(Clone, Debug)]
pub struct Config {
    /// Documents of a batch.
    pub batch: usize,
    /// Chunks and pooled tokens.
    pub chunking: Chunking,
    /// Decoupled weight decay.
    pub weight_decay: f64,
    /// Largest gradient norm.
    pub clip: f64,
    /// Dropouts, scaled already.
    pub dropouts: Dropouts,
    /// What they were scaled with.
    pub drop_mult: f32,
    /// Factor of each class in the loss.
    pub class_weights: Option<Vec<f32>>,
    /// Epochs without a better validation loss, of those in which the last phase's groups train, before training ends, where
    /// the plan stops early.
    pub patience: usize,
    /// Where the distance of the encoder is measured from; without one from where it starts, like the head's.
    pub pretrained: Option<AwdLstm>,
    /// The run's seed.
    pub seed: u64,
    /// Steps between measurements of the groups' norms; 0 never measures.
    pub measure_every: u64,
    /// Steps between reports.
    pub report_every: u64,
    /// Steps between checkpoints that nobody asked for; 0 writes none.
    pub save_every: u64,
}

/// Most tokens of a padded training batch: what its activations cost in memory.
const TOKEN_BUDGET: usize = 32 * 1024;

/// Fine-tunes `model` by `plan`; with `valid`, measures it after every epoch, and where the plan stops early the best
/// epoch's weights are returned.
///
/// # Errors
/// Divergence, a lost device, a checkpoint that does not fit, or [`Error::Stopped`].
pub async fn train<M: Monitor>(
    mut model: Classifier,
    data: Labelled<'_>,
    valid: Option<Labelled<'_>>,
    plan: &Plan,
    config: &Config,
    resume: Option<Checkpoint>,
    monitor: &mut M,
) -> Result<Classifier, Error> {
    let lengths: Vec<usize> = data.documents.iter().map(|d| d.len()).collect();
    let epoch_count: usize = plan.phases.iter().map(|p| p.epochs).sum();
    let order = |epoch: usize| {
        let order = Order::Shuffled(epoch_seed(config.seed, epoch as u64));
        plan_batches(&lengths, config.batch, TOKEN_BUDGET, order)
    };
    let steps: Vec<usize> = (0..epoch_count).map(|e| order(e).len()).collect();
    let course = Course::new(plan, model.groups().len(), &steps);
    let (epochs, total) = (&course.epochs, course.total);
    let origin = (config.measure_every > 0).then(|| origin(&model, config.pretrained.as_ref()));
    let mut optimiser = Optimiser::new(plan.adam, config.weight_decay, config.clip);
    let tokens: usize = lengths.iter().sum();
    let fingerprint = format!(
        "classifier; {} documents of {tokens} tokens; {} classes; {} pooling; {epoch_count} epochs of {}; rate {}; seed {}",
        lengths.len(),
        model.classes,
        model.pooling.name(),
        config.batch,
        plan.rate,
        config.seed
    );
    let mut at = Position {
        fingerprint,
        ..Position::default()
    };
    // The best epoch so far: its validation loss, as precise as a checkpoint keeps it, the epochs since, its weights.
    let mut best: Option<(f32, usize, Classifier)> = None;
    if let Some(checkpoint) = &resume {
        checkpoint.check(&at.fingerprint)?;
        at = checkpoint.position.clone();
        load(checkpoint, &mut model, "")?;
        optimiser.load(checkpoint, &model)?;
        if let Some(array) = checkpoint.arrays.get("best.record") {
            let mut kept = model.clone();
            load(checkpoint, &mut kept, "best.")?;
            best = Some((array.values[0], array.values[1] as usize, kept));
        }
    }
    if resume.is_none() {
        let now = Snapshot::Classifier {
            model: &model,
            is_last: false,
        };
        monitor.epoch(0, 0, now).await?;
    }
    drop(resume);
    let mut pace = Pace::new(&at, config.save_every);

    let mut seen = 0;
    for (number, epoch) in epochs.iter().enumerate().skip(at.epoch) {
        let batches = order(number);
        let first = if number == at.epoch { at.batch } else { 0 };
        for (index, rows) in batches.iter().enumerate().skip(first) {
            let here = |seconds| {
                let position = Position {
                    epoch: number,
                    batch: index,
                    seconds,
                    ..at.clone()
                };
                checkpoint(&model, &optimiser, best.as_ref(), position)
            };
            pace.before_step(monitor, at.step, here).await?;
            let docs: Vec<&[u32]> = rows.iter().map(|&r| data.documents[r]).collect();
            let labels: Vec<usize> = rows.iter().map(|&r| data.labels[r]).collect();
            let padded = DocBatch::new(&docs, 1);
            let tokens = Tokens::new(padded.tokens, padded.time, padded.batch);
            let rates = course.rates(number, at.step as usize);
            let momentum = course.momentum(number, at.step as usize);

            model.visit_mut(&mut |group, _, p| p.track(epoch.trains[group]));
            let draw = Draw {
                seed: config.seed,
                step: at.step,
            };
            let masks = model.masks(draw, &config.dropouts, config.drop_mult, tokens.batch);
            let pooled = model.pool(&tokens, &padded.lengths, config.chunking, &masks.encoder);
            let logits = model.head(pooled, &masks.head, Some(at.step));
            let loss = cross_entropy(logits, &labels, config.class_weights.as_deref());
            let gradients = loss.backward();
            at.step += 1;
            seen += padded.lengths.iter().sum::<usize>() as u64;
            let single = monitor.single_step();
            let intervals = (config.report_every, config.measure_every);
            let Due { report, measure } = Due::of(at.step, total as u64, intervals, single);
            let measure = origin.as_ref().filter(|_| measure);
            let norms = optimiser
                .step(&mut model, gradients, &rates, momentum, measure)
                .await?;
            if report {
                let [cross_entropy] = read_loss([loss], at.step, plan.rate).await?;
                let groups = rates.iter().copied().zip(epoch.trains.iter().copied());
                monitor.step(Step {
                    step: at.step,
                    total: total as u64,
                    epoch: number + 1,
                    cross_entropy,
                    regularisation: None,
                    groups: Group::all(groups, norms.as_deref()),
                    tokens: seen,
                });
            }
        }
        let evaluation = match valid {
            Some(valid) => Some(validate(&model, valid, config, number + 1).await?),
            None => None,
        };
        // Each set of groups has the whole patience: what others before it did not improve is not held against it.
        if number > 0
            && epochs[number - 1].trains != epoch.trains
            && let Some((_, since, _)) = &mut best
        {
            *since = 0;
        }
        let mut is_last = number + 1 == epochs.len();
        if let Some(evaluation) = evaluation.filter(|_| plan.early_stopping) {
            match &mut best {
                Some((nll, since, _)) if evaluation.nll as f32 >= *nll => {
                    *since += 1;
                    // Gradual plans are not judged before the last group has joined.
                    let is_judged = epoch.trains == epochs[epochs.len() - 1].trains;
                    is_last |= is_judged && *since >= config.patience;
                }
                _ => best = Some((evaluation.nll as f32, 0, model.frozen())),
            }
        }
        let now = Snapshot::Classifier {
            model: &model.frozen(),
            is_last,
        };
        monitor.epoch(number + 1, at.step, now).await?;
        if let Some(evaluation) = evaluation {
            monitor.evaluation(evaluation);
        }
        if is_last {
            break;
        }
    }
    Ok(match best {
        Some((_, _, best)) => best,
        None => model.frozen(),
    })
}

/// Where the distance of every group is measured from.
fn origin(model: &Classifier, pretrained: Option<&AwdLstm>) -> Origin {
    match pretrained {
        Some(encoder) => Origin::of(&Classifier {
            encoder: encoder.clone(),
            ..model.clone()
        }),
        None => Origin::of(model),
    }
}

async fn validate(
    model: &Classifier,
    valid: Labelled<'_>,
    config: &Config,
    epoch: usize,
) -> Result<Evaluation, Error> {
    let reader = model
        .encoder
        .reader(Rounding::None)
        .await
        .map_err(Error::Device)?;
    let probabilities = classify(
        model,
        reader.as_ref(),
        valid.documents,
        config.batch.max(32),
        config.chunking,
        &mut |_| ControlFlow::Continue(()),
    )
    .await?;
    let rows = valid.labels.len() as f64;
    let (mut nll, mut wrong) = (0.0, 0.0);
    for (p, &label) in probabilities.iter().zip(valid.labels) {
        nll -= p[label].max(1e-12).ln() / rows;
        wrong += f64::from(u8::from(p.iter().any(|&x| x > p[label]))) / rows;
    }
    Ok(Evaluation {
        epoch,
        nll,
        error: Some(wrong),
    })
}

/// The running statistics of batch norm, which are no parameters.
fn statistics(model: &Classifier) -> Vec<(String, Tensor<2>)> {
    let blocks = model.blocks.iter().enumerate();
    blocks
        .flat_map(|(i, b)| {
            [
                (format!("statistics.{i}.mean"), b.running_mean.clone()),
                (format!("statistics.{i}.var"), b.running_var.clone()),
            ]
        })
        .collect()
}

async fn checkpoint(
    model: &Classifier,
    optimiser: &Optimiser,
    best: Option<&(f32, usize, Classifier)>,
    position: Position,
) -> Result<Checkpoint, Error> {
    let mut checkpoint = Checkpoint {
        position,
        ..Checkpoint::default()
    };
    checkpoint.put_network(model).await?;
    optimiser.save(&mut checkpoint).await?;
    for (name, tensor) in statistics(model) {
        checkpoint.put(name, tensor).await?;
    }
    if let Some((nll, since, best)) = best {
        let mut kept = Checkpoint::default();
        kept.put_network(best).await?;
        for (name, tensor) in statistics(best) {
            kept.put(name, tensor).await?;
        }
        checkpoint.nest("best.", kept);
        let device = best.encoder.embedding.constant().device();
        let record = Tensor::<1>::from_data(TensorData::new(vec![*nll, *since as f32], [2]), &device);
        checkpoint.put("best.record".into(), record).await?;
    }
    Ok(checkpoint)
}

fn load(checkpoint: &Checkpoint, model: &mut Classifier, prefix: &str) -> Result<(), Error> {
    let arrays = checkpoint.arrays.iter().filter_map(|(name, array)| {
        let name = name.strip_prefix(prefix)?;
        (name.starts_with("model.") || name.starts_with("statistics."))
            .then(|| (name.to_string(), array.clone()))
    });
    let part = Checkpoint {
        arrays: arrays.collect(),
        position: Position::default(),
    };
    part.load_network(model)?;
    let device = model.encoder.embedding.constant().device();
    for (i, block) in model.blocks.iter_mut().enumerate() {
        block.running_mean = part.get(&format!("statistics.{i}.mean"), &device)?;
        block.running_var = part.get(&format!("statistics.{i}.var"), &device)?;
    }
    Ok(())
}

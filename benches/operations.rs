//! Every operation at the sizes of the small preset, forward and backward: `cargo bench --bench operations` on the CPU,
//! `UNFREEZE_BENCH_DEVICE=wgpu cargo bench --bench operations -- lstm` on whatever adapter wgpu finds. A software renderer
//! gets a batch of [`SOFTWARE_BATCH`], for it takes seconds where a GPU takes milliseconds.
//!
//! Beside `lstm` stand the same layer in plain tensors, differentiated by Burn, and Burn's own `nn::Lstm`; beside
//! `linear_cross_entropy` the loss with its logits as a whole. On the CPU these run in `burn-flex`, which Cargo.toml has compiled
//! quickly rather than well: compare with `cargo --config profile.release.package.burn-flex.opt-level=3 bench --bench operations`.
#![allow(missing_docs, reason = "Criterion's macro makes a function without any")]

use std::env;
use std::hint::black_box;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use burn::nn::LstmConfig;
use burn::tensor::activation::{log_softmax, sigmoid};
use burn::tensor::{Device, DeviceKind, Distribution, Int, Tensor, TensorData};
use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use unfreeze::gpu::caps::DeviceCaps;
use unfreeze::ops::adam::{AdamStep, adam};
use unfreeze::ops::concat_pool::{Spans, concat_pool};
use unfreeze::ops::dropout_mask::{Key, dropout_mask};
use unfreeze::ops::embedding::{Rows, embedding};
use unfreeze::ops::linear_cross_entropy::linear_cross_entropy;
use unfreeze::ops::lstm::{State, lstm};

const TIME: usize = 70;
const BATCH: usize = 32;
const SOFTWARE_BATCH: usize = 4;
const EMBEDDING: usize = 128;
const HIDDEN: usize = 256;
const VOCAB: usize = 8_000;
/// Texts and steps of what is pooled.
const TEXTS: usize = 16;
const TEXT_TOKENS: usize = 280;

fn device() -> Device {
    static WGPU: LazyLock<bool> =
        LazyLock::new(|| env::var("UNFREEZE_BENCH_DEVICE").is_ok_and(|name| name == "wgpu"));
    if *WGPU {
        Device::wgpu(DeviceKind::DefaultDevice)
    } else {
        Device::flex()
    }
}

fn batch() -> usize {
    match DeviceCaps::of_device(&device()) {
        Some(caps) if caps.software => SOFTWARE_BATCH,
        _ => BATCH,
    }
}

/// Keeps what was computed, and waits until it is.
fn finished<T>(result: T) -> T {
    // Without its device the measurement is worth nothing, and the next operation says so.
    device().sync().ok();
    black_box(result)
}

fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    Tensor::random(shape, Distribution::Uniform(-0.1, 0.1), &device())
}

/// A new leaf of the graph with the numbers of `tensor`.
fn leaf<const D: usize>(tensor: &Tensor<D>) -> Tensor<D> {
    tensor.clone().autodiff().require_grad()
}

fn ids(count: usize) -> Arc<[u32]> {
    (0..count).map(|i| ((i * 7_919) % VOCAB) as u32).collect()
}

/// `x`, the weights of a layer and its state.
struct Layer {
    x: Tensor<3>,
    w_ih: Tensor<2>,
    w_hh: Tensor<2>,
    bias: Tensor<2>,
    state: State,
}

impl Layer {
    fn random() -> Self {
        Self {
            x: random([TIME, batch(), EMBEDDING]),
            w_ih: random([4 * HIDDEN, EMBEDDING]),
            w_hh: random([4 * HIDDEN, HIDDEN]),
            bias: random([1, 4 * HIDDEN]),
            state: State {
                h: random([batch(), HIDDEN]),
                c: random([batch(), HIDDEN]),
            },
        }
    }

    fn leaves(&self) -> (Tensor<3>, [Tensor<2>; 3], State) {
        let weights = [&self.w_ih, &self.w_hh, &self.bias].map(leaf);
        (leaf(&self.x), weights, self.state.clone())
    }
}

/// One step after the other, as the equations say it.
fn plain_lstm(x: Tensor<3>, w_ih: Tensor<2>, w_hh: Tensor<2>, bias: Tensor<2>, state: State) -> Tensor<3> {
    let [time, batch, input] = x.dims();
    let (mut h, mut c) = (state.h, state.c);
    let (w_ih, w_hh) = (w_ih.transpose(), w_hh.transpose());
    let mut outputs = Vec::with_capacity(time);
    for t in 0..time {
        let x_t = x.clone().slice([t..t + 1]).reshape([batch, input]);
        let gates = x_t.matmul(w_ih.clone()) + h.matmul(w_hh.clone()) + bias.clone();
        let mut gates = gates.chunk(4, 1).into_iter();
        let (Some(i), Some(f), Some(g), Some(o)) = (gates.next(), gates.next(), gates.next(), gates.next())
        else {
            unreachable!("four gates of four were cut")
        };
        c = sigmoid(f) * c + sigmoid(i) * g.tanh();
        h = sigmoid(o) * c.clone().tanh();
        outputs.push(h.clone());
    }
    Tensor::stack(outputs, 0)
}

fn lstm_layer(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("lstm");
    group.throughput(Throughput::Elements((TIME * batch()) as u64));
    let layer = Layer::random();
    group.bench_function("forward", |b| {
        b.iter(|| {
            let Layer {
                x,
                w_ih,
                w_hh,
                bias,
                state,
            } = &layer;
            finished(lstm(
                x.clone(),
                w_ih.clone(),
                w_hh.clone(),
                bias.clone(),
                state.clone(),
            ))
        });
    });
    group.bench_function("forward and backward", |b| {
        b.iter(|| {
            let (x, [w_ih, w_hh, bias], state) = layer.leaves();
            finished(lstm(x, w_ih, w_hh, bias, state).0.sum().backward())
        });
    });
    group.bench_function("forward and backward, plain tensors", |b| {
        b.iter(|| {
            let (x, [w_ih, w_hh, bias], state) = layer.leaves();
            finished(plain_lstm(x, w_ih, w_hh, bias, state).sum().backward())
        });
    });
    let burns = LstmConfig::new(EMBEDDING, HIDDEN, true)
        .with_batch_first(false)
        .init(&device().autodiff());
    group.bench_function("forward and backward, burn::nn::Lstm", |b| {
        b.iter(|| finished(burns.forward(leaf(&layer.x), None).0.sum().backward()));
    });
    group.finish();
}

fn cross_entropy(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("linear_cross_entropy");
    let n = TIME * batch();
    group.throughput(Throughput::Elements(n as u64));
    let (h, weight, bias) = (
        random([n, EMBEDDING]),
        random([VOCAB, EMBEDDING]),
        random([1, VOCAB]),
    );
    let targets = ids(n);
    group.bench_function("forward", |b| {
        b.iter(|| {
            finished(linear_cross_entropy(
                h.clone(),
                weight.clone(),
                bias.clone(),
                targets.clone(),
            ))
        });
    });
    group.bench_function("forward and backward", |b| {
        b.iter(|| {
            let loss = linear_cross_entropy(leaf(&h), leaf(&weight), leaf(&bias), targets.clone());
            finished(loss.backward())
        });
    });
    let words: Vec<i32> = targets.iter().map(|&id| id as i32).collect();
    let words = Tensor::<2, Int>::from_data(TensorData::new(words, [n, 1]), &device().autodiff());
    group.bench_function("forward and backward, plain tensors", |b| {
        b.iter(|| {
            let logits = leaf(&h).matmul(leaf(&weight).transpose()) + leaf(&bias);
            let loss = -log_softmax(logits, 1).gather(1, words.clone());
            finished(loss.mean().backward())
        });
    });
    group.finish();
}

fn embedding_rows(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("embedding");
    let n = TIME * batch();
    group.throughput(Throughput::Elements(n as u64));
    let weight = random([VOCAB, EMBEDDING]);
    let rows = Rows {
        ids: ids(n),
        scale: Some(
            (0..n)
                .map(|i| if i % 10 == 0 { 0.0 } else { 1.0 / 0.9 })
                .collect(),
        ),
    };
    group.bench_function("forward", |b| {
        b.iter(|| finished(embedding(weight.clone(), rows.clone())))
    });
    group.bench_function("forward and backward", |b| {
        b.iter(|| finished(embedding(leaf(&weight), rows.clone()).sum().backward()));
    });
    group.finish();
}

fn pooling(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("concat_pool");
    group.throughput(Throughput::Elements((TEXTS * TEXT_TOKENS) as u64));
    let h = random([TEXT_TOKENS, TEXTS, EMBEDDING]);
    let spans = Spans::last(&[TEXT_TOKENS; TEXTS], 1_400);
    group.bench_function("forward", |b| {
        b.iter(|| finished(concat_pool(h.clone(), spans.clone())))
    });
    group.bench_function("forward and backward", |b| {
        b.iter(|| finished(concat_pool(leaf(&h), spans.clone()).sum().backward()));
    });
    group.finish();
}

fn optimiser(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("adam");
    group.throughput(Throughput::Elements((VOCAB * EMBEDDING) as u64));
    let step = AdamStep {
        rate: 1e-3,
        beta1: 0.7,
        beta2: 0.99,
        correction2: 0.5,
        epsilon: 1e-7,
        decay: 0.999,
    };
    let gradient = random([VOCAB, EMBEDDING]);
    let scale = Tensor::<1>::ones([1], &device());
    group.bench_function("the embedding's step", |b| {
        // Buffers that nobody shares: the step is made in place, as in training.
        b.iter_batched(
            || {
                let [p, m] = [0; 2].map(|_| random([VOCAB, EMBEDDING]));
                (p, m, Tensor::full([VOCAB, EMBEDDING], 1e-3, &device()))
            },
            |(p, m, v)| finished(adam(p, gradient.clone(), m, v, scale.clone(), step)),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

fn masks(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("dropout_mask");
    group.throughput(Throughput::Elements((4 * HIDDEN * HIDDEN) as u64));
    let (device, mut step) = (device(), 0);
    group.bench_function("of a layer's recurrent weights", |b| {
        b.iter(|| {
            step += 1;
            finished(dropout_mask(
                [4 * HIDDEN, HIDDEN],
                Key::new(0, step, 48),
                0.2,
                &device,
            ))
        });
    });
    group.finish();
}

criterion_group! {
    name = operations;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = lstm_layer, cross_entropy, embedding_rows, pooling, optimiser, masks
}
criterion_main!(operations);

//! Every operation's three implementations against each other on random shapes, and every backward pass against
//! finite differences, on the CPU backend and on whatever adapter wgpu finds (a software one will do).

use std::sync::Arc;

use burn::tensor::{Device, Gradients, Tensor, TensorData};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::concat_pool::{self, Spans};
use super::dropout_mask::{Key, dropout_mask, factor};
use super::embedding::{self, Rows};
use super::linear_cross_entropy as ce;
use super::lstm::{self, State};
use crate::gpu::testing::test_adapter;

/// Devices to test on.
fn devices() -> Vec<(&'static str, Device)> {
    let mut all = vec![("cpu", Device::flex())];
    all.extend(test_adapter().map(|d| ("wgpu", d)));
    all
}

struct Data(ChaCha8Rng);

impl Data {
    fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }
    fn size(&mut self, max: usize) -> usize {
        self.0.random_range(1..=max)
    }
    fn ids(&mut self, n: usize, below: usize) -> Arc<[u32]> {
        (0..n).map(|_| self.0.random_range(0..below as u32)).collect()
    }
    fn floats<const D: usize>(&mut self, shape: [usize; D]) -> TensorData {
        let n: usize = shape.iter().product();
        TensorData::new(
            (0..n)
                .map(|_| self.0.random_range(-1.0f32..1.0))
                .collect::<Vec<_>>(),
            shape,
        )
    }
}

fn leaf<const D: usize>(data: &TensorData, device: &Device) -> Tensor<D> {
    Tensor::<D>::from_data(data.clone(), device)
        .autodiff()
        .require_grad()
}

fn host<const D: usize>(t: Tensor<D>) -> Vec<f32> {
    t.inner().into_data().try_to_vec::<f32>().expect("floats")
}

fn grad<const D: usize>(t: &Tensor<D>, grads: &Gradients) -> Vec<f32> {
    host(t.grad(grads).expect("a gradient"))
}

#[track_caller]
fn assert_close(what: &str, got: &[f32], want: &[f32], tolerance: f32) {
    assert_eq!(got.len(), want.len(), "{what}: lengths");
    let scale = want.iter().fold(1.0f32, |m, x| m.max(x.abs()));
    for (i, (g, w)) in got.iter().zip(want).enumerate() {
        assert!(
            (g - w).abs() <= tolerance * scale,
            "{what}[{i}]: {g} instead of {w} (scale {scale})"
        );
    }
}

/// A scalar that weights every output differently, so that no gradient is hidden by symmetry.
fn weighted<const D: usize>(y: Tensor<D>, weights: &TensorData) -> Tensor<1> {
    let weights = Tensor::<D>::from_data(weights.clone(), &y.device().inner());
    (y * weights).sum()
}

/// Central differences of `f` at `inputs[which]` for up to twelve of its elements, against `gradient`.
#[track_caller]
fn assert_finite_differences(
    what: &str,
    inputs: &[TensorData],
    which: usize,
    gradient: &[f32],
    f: &dyn Fn(&[TensorData]) -> f32,
) {
    let values = inputs[which].clone().try_to_vec::<f32>().expect("floats");
    let stride = values.len().div_ceil(12);
    for i in (0..values.len()).step_by(stride) {
        let at = |delta: f32| {
            let mut changed = values.clone();
            changed[i] += delta;
            let mut inputs = inputs.to_vec();
            inputs[which] = TensorData::new(changed, inputs[which].shape().clone());
            f(&inputs)
        };
        let step = 1e-2;
        let difference = (at(step) - at(-step)) / (2.0 * step);
        let bound = 2e-3 + 2e-2 * difference.abs();
        assert!(
            (difference - gradient[i]).abs() < bound,
            "{what}[{i}]: {} by hand, {difference} measured",
            gradient[i]
        );
    }
}

const LSTM_INPUTS: [&str; 6] = ["x", "w_ih", "w_hh", "bias", "h0", "c0"];

fn lstm_case(inputs: &[TensorData], dy: &TensorData, device: &Device, oracle: bool) -> (f32, Vec<Vec<f32>>) {
    let x = leaf::<3>(&inputs[0], device);
    let [w_ih, w_hh, bias, h0, c0] = [1, 2, 3, 4, 5].map(|i| leaf::<2>(&inputs[i], device));
    let state = State {
        h: h0.clone(),
        c: c0.clone(),
    };
    let run = if oracle { lstm::oracle::lstm } else { lstm::lstm };
    let (y, last) = run(x.clone(), w_ih.clone(), w_hh.clone(), bias.clone(), state);
    let loss = weighted(y.clone(), dy);
    let grads = loss.backward();
    let mut out = vec![host(y), host(last.h), host(last.c), grad(&x, &grads)];
    out.extend([&w_ih, &w_hh, &bias, &h0, &c0].map(|t| grad(t, &grads)));
    (host(loss)[0], out)
}

fn lstm_inputs(data: &mut Data, [t, b, i, h]: [usize; 4]) -> (Vec<TensorData>, TensorData) {
    let inputs = vec![
        data.floats([t, b, i]),
        data.floats([4 * h, i]),
        data.floats([4 * h, h]),
        data.floats([1, 4 * h]),
        data.floats([b, h]),
        data.floats([b, h]),
    ];
    (inputs, data.floats([t, b, h]))
}

#[test]
fn lstm_agrees_with_the_plain_tensors() {
    let mut data = Data::new(1);
    let mut shapes = vec![
        [1, 1, 1, 1],
        [1, 3, 5, 17],
        [9, 1, 4, 7],
        [3, 33, 16, 16],
        [4, 40, 70, 65],
    ];
    shapes.extend((0..4).map(|_| [data.size(8), data.size(20), data.size(20), data.size(40)]));
    for shape in shapes {
        let (inputs, dy) = lstm_inputs(&mut data, shape);
        let (_, want) = lstm_case(&inputs, &dy, &Device::flex(), true);
        for (name, device) in devices() {
            let (_, got) = lstm_case(&inputs, &dy, &device, false);
            for (i, (g, w)) in got.iter().zip(&want).enumerate() {
                assert_close(&format!("{name} {shape:?} output {i}"), g, w, 2e-5);
            }
        }
    }
}

/// Every way to dispatch the steps forward, whatever the device would choose, among them shapes whose rows of tiles and
/// whose steps take several dimensions and dispatches.
#[test]
fn every_lstm_variant_agrees_with_the_plain_tensors() {
    use lstm::gpu::{FORCED, Forward};
    let Some((_, device)) = devices().into_iter().find(|(name, _)| *name == "wgpu") else {
        return;
    };
    let mut data = Data::new(31);
    let mut shapes = vec![
        [1, 1, 1, 1],
        [1, 1, 3, 19],
        [23, 1, 2, 5],
        [6, 5, 3, 1],
        [2, 70, 3, 17],
        [5, 9, 4, 33],
        [3, 6, 2, 257],
        [2, 1, 2, 300],
    ];
    shapes.extend((0..3).map(|_| [data.size(8), data.size(20), data.size(5), data.size(140)]));
    for shape in shapes {
        let (inputs, dy) = lstm_inputs(&mut data, shape);
        let (_, want) = lstm_case(&inputs, &dy, &Device::flex(), true);
        for forward in [Forward::Step, Forward::SequenceOne, Forward::SequenceFour] {
            FORCED.set(Some(forward));
            let (_, got) = lstm_case(&inputs, &dy, &device, false);
            FORCED.set(None);
            for (i, (g, w)) in got.iter().zip(&want).enumerate() {
                assert_close(&format!("{forward:?} {shape:?} output {i}"), g, w, 4e-5);
            }
        }
    }
}

#[test]
fn lstm_gradients_by_finite_differences() {
    let (inputs, dy) = lstm_inputs(&mut Data::new(2), [4, 3, 3, 5]);
    for (name, device) in devices() {
        let (_, out) = lstm_case(&inputs, &dy, &device, false);
        for (which, input) in LSTM_INPUTS.iter().enumerate() {
            assert_finite_differences(
                &format!("{name} {input}"),
                &inputs,
                which,
                &out[3 + which],
                &|inputs| lstm_case(inputs, &dy, &device, false).0,
            );
        }
    }
}

#[test]
fn lstm_skips_the_gradients_of_constants() {
    let (inputs, dy) = lstm_inputs(&mut Data::new(3), [3, 2, 4, 6]);
    for (name, device) in devices() {
        let constant = |i: usize| Tensor::<2>::from_data(inputs[i].clone(), &device);
        let state = || State {
            h: constant(4),
            c: constant(5),
        };
        let x = leaf::<3>(&inputs[0], &device);
        let (y, _) = lstm::lstm(x.clone(), constant(1), constant(2), constant(3), state());
        let frozen = grad(&x, &weighted(y, &dy).backward());
        let (_, all) = lstm_case(&inputs, &dy, &device, false);
        assert_close(name, &frozen, &all[3], 1e-6);
        let untracked = Tensor::<3>::from_data(inputs[0].clone(), &device);
        let (y, _) = lstm::lstm(untracked, constant(1), constant(2), constant(3), state());
        assert_close(name, &host(y), &all[0], 1e-6);
    }
}

fn embedding_case(
    weight: &TensorData,
    rows: &Rows,
    dy: &TensorData,
    device: &Device,
    oracle: bool,
) -> (f32, Vec<Vec<f32>>) {
    let w = leaf::<2>(weight, device);
    let y = if oracle {
        embedding::oracle::embedding(w.clone(), rows)
    } else {
        embedding::embedding(w.clone(), rows.clone())
    };
    let loss = weighted(y.clone(), dy);
    let grads = loss.backward();
    (host(loss)[0], vec![host(y), grad(&w, &grads)])
}

#[test]
fn embedding_agrees_with_the_plain_tensors() {
    let mut data = Data::new(4);
    for _ in 0..6 {
        let (vocab, width, n) = (data.size(40), data.size(70), data.size(90));
        let (weight, dy) = (data.floats([vocab, width]), data.floats([n, width]));
        let scale = data.floats([n]).try_to_vec::<f32>().expect("floats").into();
        for scale in [None, Some(scale)] {
            let rows = Rows {
                ids: data.ids(n, vocab),
                scale,
            };
            let (_, want) = embedding_case(&weight, &rows, &dy, &Device::flex(), true);
            for (name, device) in devices() {
                let (_, got) = embedding_case(&weight, &rows, &dy, &device, false);
                assert_close(&format!("{name} rows"), &got[0], &want[0], 1e-6);
                assert_close(&format!("{name} gradient"), &got[1], &want[1], 1e-5);
                let f = |inputs: &[TensorData]| embedding_case(&inputs[0], &rows, &dy, &device, false).0;
                assert_finite_differences(name, std::slice::from_ref(&weight), 0, &got[1], &f);
            }
        }
    }
}

fn ce_case(
    inputs: &[TensorData],
    targets: &Arc<[u32]>,
    device: &Device,
    oracle: bool,
) -> (f32, Vec<Vec<f32>>) {
    let [h, w, b] = [0, 1, 2].map(|i| leaf::<2>(&inputs[i], device));
    let (loss, nll) = if oracle {
        let nll = ce::oracle::negative_log_likelihood(h.clone(), w.clone(), b.clone(), targets);
        (nll.clone().mean(), nll)
    } else {
        (
            ce::linear_cross_entropy(h.clone(), w.clone(), b.clone(), targets.clone()),
            ce::negative_log_likelihood(h.clone(), w.clone(), b.clone(), targets.clone()),
        )
    };
    // A factor, so that an upstream gradient other than one is exercised.
    let grads = (loss.clone() * 3.0).backward();
    (
        host(loss)[0] * 3.0,
        vec![host(nll), grad(&h, &grads), grad(&w, &grads), grad(&b, &grads)],
    )
}

#[test]
fn linear_cross_entropy_agrees_with_the_plain_tensors() {
    let mut data = Data::new(5);
    let mut shapes = vec![[1, 1, 1], [70, 8, 1009], [33, 5, 257], [600, 3, 301]];
    shapes.extend((0..3).map(|_| [data.size(50), data.size(20), data.size(300)]));
    for [n, width, vocab] in shapes {
        let inputs = vec![
            data.floats([n, width]),
            data.floats([vocab, width]),
            data.floats([1, vocab]),
        ];
        let targets = data.ids(n, vocab);
        let (_, want) = ce_case(&inputs, &targets, &Device::flex(), true);
        for (name, device) in devices() {
            let (_, got) = ce_case(&inputs, &targets, &device, false);
            for (i, (g, w)) in got.iter().zip(&want).enumerate() {
                assert_close(&format!("{name} {n}x{width}x{vocab} output {i}"), g, w, 1e-5);
            }
            for which in 0..3 {
                assert_finite_differences(name, &inputs, which, &got[1 + which], &|i| {
                    ce_case(i, &targets, &device, false).0
                });
            }
        }
    }
}

fn pool_case(
    h: &TensorData,
    spans: &Spans,
    dy: &TensorData,
    device: &Device,
    oracle: bool,
) -> (f32, Vec<Vec<f32>>) {
    let x = leaf::<3>(h, device);
    let y = if oracle {
        concat_pool::oracle::concat_pool(x.clone(), spans)
    } else {
        concat_pool::concat_pool(x.clone(), spans.clone())
    };
    let loss = weighted(y.clone(), dy);
    let grads = loss.backward();
    (host(loss)[0], vec![host(y), grad(&x, &grads)])
}

#[test]
fn concat_pool_agrees_with_the_plain_tensors() {
    let mut data = Data::new(6);
    for _ in 0..6 {
        let (time, batch, width) = (data.size(12), data.size(9), data.size(70));
        let lengths: Vec<usize> = (0..batch).map(|_| data.size(time)).collect();
        let spans = Spans::last(&lengths, data.size(time));
        let (h, dy) = (data.floats([time, batch, width]), data.floats([batch, 3 * width]));
        let (_, want) = pool_case(&h, &spans, &dy, &Device::flex(), true);
        for (name, device) in devices() {
            let (_, got) = pool_case(&h, &spans, &dy, &device, false);
            assert_close(&format!("{name} pooled"), &got[0], &want[0], 1e-6);
            assert_close(&format!("{name} gradient"), &got[1], &want[1], 1e-6);
        }
    }
}

#[test]
fn concat_pool_gradients_by_finite_differences() {
    // Values far enough apart that a small step never changes which one is the maximum.
    let h: Vec<f32> = (0..5 * 2 * 3).map(|i| ((i * 7) % 30) as f32 * 0.2).collect();
    let (h, dy) = (TensorData::new(h, [5, 2, 3]), Data::new(7).floats([2, 9]));
    let spans = Spans::last(&[5, 3], 2);
    for (name, device) in devices() {
        let (_, got) = pool_case(&h, &spans, &dy, &device, false);
        let f = |inputs: &[TensorData]| pool_case(&inputs[0], &spans, &dy, &device, false).0;
        assert_finite_differences(name, std::slice::from_ref(&h), 0, &got[1], &f);
    }
}

#[test]
fn masks_are_the_same_numbers_everywhere() {
    let key = Key::new(7, 3, 2);
    let want: Vec<f32> = (0..5_000).map(|i| factor(key, i, 0.3)).collect();
    let kept = want.iter().filter(|&&x| x > 0.0).count();
    assert!((3_400..3_600).contains(&kept), "{kept} of 5,000 kept at 0.7");
    for (name, device) in devices() {
        assert_eq!(host(dropout_mask([50, 100], key, 0.3, &device)), want, "{name}");
    }
    assert_ne!(Key::new(7, 3, 2), Key::new(7, 2, 3));
    assert_ne!(Key::new(8, 3, 2), key);
}

/// Past 65,535 workgroups in one dimension, with the grid that is really used there.
#[test]
fn a_mask_of_more_workgroups_than_a_dimension_holds() {
    let key = Key::new(9, 1, 4);
    let (rows, width) = (4_099, 4_097);
    assert!(rows * width > 65_535 * 256);
    for (name, device) in devices() {
        let mask = host(dropout_mask([rows, width], key, 0.5, &device));
        let wrong =
            (mask.iter().enumerate()).find(|&(i, &x)| x.to_bits() != factor(key, i as u32, 0.5).to_bits());
        assert_eq!(wrong, None, "{name}");
    }
}

#[test]
fn adam_agrees_with_the_formula() {
    use super::adam::{AdamStep, adam};
    let mut data = Data::new(8);
    let n = 1_037;
    let [p, g, m] = [0, 1, 2].map(|_| data.floats([1, n]).try_to_vec::<f32>().expect("floats"));
    let v: Vec<f32> = data
        .floats([1, n])
        .try_to_vec::<f32>()
        .expect("floats")
        .iter()
        .map(|x| x * x)
        .collect();
    let step = AdamStep {
        rate: 0.1,
        beta1: 0.7,
        beta2: 0.99,
        correction2: 0.5,
        epsilon: 1e-7,
        decay: 0.999,
    };
    let scale = 0.25;
    let mut want = (vec![], vec![], vec![]);
    for i in 0..n {
        let gi = g[i] * scale;
        let mi = 0.7 * m[i] + 0.3 * gi;
        let vi = 0.99 * v[i] + 0.01 * gi * gi;
        want.0.push(p[i] * 0.999 - 0.1 * mi / (vi.sqrt() / 0.5 + 1e-7));
        want.1.push(mi);
        want.2.push(vi);
    }
    for (name, device) in devices() {
        let [p, g, m, v] =
            [&p, &g, &m, &v].map(|x| Tensor::<2>::from_data(TensorData::new(x.clone(), [1, n]), &device));
        let got = adam(p, g, m, v, Tensor::from_data([scale], &device), step);
        assert_close(name, &host(got.0), &want.0, 1e-5);
        assert_close(name, &host(got.1), &want.1, 1e-5);
        assert_close(name, &host(got.2), &want.2, 1e-5);
    }
}

#[test]
fn squares_are_summed_whatever_their_number() {
    use super::square_sum::square_sum;
    let mut data = Data::new(10);
    for n in [1, 15, 512, 513, 30_001] {
        let values = data.floats([1, n]);
        let host_values = values.clone().try_to_vec::<f32>().expect("floats");
        let want = host_values.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>() as f32;
        for (name, device) in devices() {
            let got = host(square_sum(Tensor::from_data(values.clone(), &device)));
            assert_close(&format!("{name}, {n} values"), &got, &[want], 1e-6);
        }
    }
}

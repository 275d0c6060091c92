use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::super::concat_pool::{Spans, concat_pool};
use super::super::lstm::{State, lstm};
use super::*;

const VOCAB: usize = 30;

struct Example {
    embedding: Vec<f32>,
    width: usize,
    /// Input, hidden, weights.
    layers: Vec<(usize, usize, [Vec<f32>; 3])>,
    documents: Vec<Vec<u32>>,
}

fn example(rng: &mut ChaCha8Rng, documents: usize) -> Example {
    let [width, hidden] = [13, 22].map(|most| rng.random_range(1..=most));
    let mut numbers = |n: usize| -> Vec<f32> { (0..n).map(|_| rng.random_range(-0.8..0.8)).collect() };
    let layers = [(width, hidden), (hidden, hidden), (hidden, width)].map(|(input, out)| {
        (
            input,
            out,
            [numbers(4 * out * input), numbers(4 * out * out), numbers(4 * out)],
        )
    });
    let embedding = numbers(VOCAB * width);
    let document = |_| {
        (0..rng.random_range(1..40))
            .map(|_| rng.random_range(0..VOCAB as u32))
            .collect()
    };
    Example {
        embedding,
        width,
        layers: layers.into(),
        documents: (0..documents).map(document).collect(),
    }
}

impl Example {
    fn reader(&self, rounding: Rounding) -> Reader {
        let layer = |(_, _, [w_ih, w_hh, bias]): &(usize, usize, [Vec<f32>; 3])| LayerWeights {
            w_ih: w_ih.clone(),
            w_hh: w_hh.clone(),
            bias: bias.clone(),
        };
        let layers = self.layers.iter().map(layer).collect();
        Reader::new(self.embedding.clone(), self.width, layers, rounding)
    }

    fn ids(&self) -> Vec<&[u32]> {
        self.documents.iter().map(Vec::as_slice).collect()
    }

    /// A document by the operations that training uses.
    fn slowly(&self, document: &[u32], pooling: Pooling) -> Vec<f32> {
        let device = Device::flex();
        let matrix = |values: &[f32], shape: [usize; 2]| {
            Tensor::<2>::from_data(TensorData::new(values.to_vec(), shape), &device)
        };
        let rows: Vec<f32> = document
            .iter()
            .flat_map(|&id| &self.embedding[id as usize * self.width..][..self.width])
            .copied()
            .collect();
        let mut x = matrix(&rows, [document.len(), self.width]).reshape([document.len(), 1, self.width]);
        let host = |t: Tensor<2>| t.into_data().try_to_vec::<f32>().unwrap();
        let mean = |x: &Tensor<3>| host(x.clone().mean_dim(0).squeeze_dim::<2>(0));
        let mut means = mean(&x);
        let mut inputs = Vec::new();
        for (input, hidden, [w_ih, w_hh, bias]) in &self.layers {
            let zero = || Tensor::zeros([1, *hidden], &device);
            inputs.push(x.clone());
            x = lstm(
                x,
                matrix(w_ih, [4 * hidden, *input]),
                matrix(w_hh, [4 * hidden, *hidden]),
                matrix(bias, [1, 4 * hidden]),
                State { h: zero(), c: zero() },
            )
            .0;
            means.extend(mean(&x));
        }
        let below = |max_len: usize| -> Vec<f32> {
            let first = document.len().saturating_sub(max_len);
            inputs
                .iter()
                .flat_map(|x| mean(&x.clone().slice([first..document.len()])))
                .collect()
        };
        let concat = |max_len| host(concat_pool(x, Spans::last(&[document.len()], max_len)));
        match pooling {
            Pooling::Means => means,
            Pooling::Concat { max_len } => concat(max_len),
            Pooling::Deep { max_len } => [concat(max_len), below(max_len)].concat(),
        }
    }
}

const POOLINGS: [Pooling; 5] = [
    Pooling::Concat { max_len: usize::MAX },
    Pooling::Concat { max_len: 9 },
    Pooling::Deep { max_len: usize::MAX },
    Pooling::Deep { max_len: 9 },
    Pooling::Means,
];

#[test]
fn it_is_what_the_layers_give_one_document_at_a_time() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    for round in 0..6 {
        let example = example(&mut rng, [1, 2, 7, 40, 150, 300][round]);
        for pooling in POOLINGS {
            for (rounding, tolerance) in [(Rounding::None, 1e-5), (Rounding::Bytes, 0.1)] {
                let reader = example.reader(rounding);
                let read = reader.read(&example.ids(), pooling);
                let width = reader.pooled_width(pooling);
                for (document, got) in example
                    .documents
                    .iter()
                    .zip(read.chunks_exact(width))
                    .step_by(1 + round)
                {
                    let want = example.slowly(document, pooling);
                    assert_eq!(want.len(), width);
                    for (got, want) in got.iter().zip(want) {
                        assert!(
                            (got - want).abs() < tolerance,
                            "{rounding:?} {pooling:?}: {got} {want}"
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn a_document_does_not_depend_on_the_others() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let example = example(&mut rng, 150);
    for rounding in [Rounding::None, Rounding::Bytes] {
        let reader = example.reader(rounding);
        for pooling in POOLINGS {
            let together = reader.read(&example.ids(), pooling);
            for (document, together) in example
                .ids()
                .into_iter()
                .zip(together.chunks_exact(reader.pooled_width(pooling)))
            {
                assert_eq!(reader.read(&[document], pooling), together);
            }
        }
    }
}

#[test]
fn parts_hold_every_document_once_and_are_not_too_large() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let example = example(&mut rng, 3);
    let reader = example.reader(Rounding::None);
    let documents: Vec<Vec<u32>> = (0..200)
        .map(|_| vec![rng.random_range(0..VOCAB as u32); rng.random_range(1..3_000)])
        .collect();
    let documents: Vec<&[u32]> = documents.iter().map(Vec::as_slice).collect();
    let parts = parts(&reader, &documents);
    let mut all: Vec<usize> = parts.iter().flatten().copied().collect();
    all.sort_unstable();
    assert_eq!(all, (0..200).collect::<Vec<_>>());
    assert!(parts.len() > 2);
    for part in parts {
        let tokens: usize = part.iter().map(|&d| documents[d].len()).sum();
        assert!(part.len() == 1 || tokens <= 64 * 1024);
    }
}

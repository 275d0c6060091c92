//! What of an encoder's outputs the classifier's head sees of a document: one vector, whatever its length.

use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use super::config::Architecture;

/// What the head sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// Concat pooling (equation 4): last step, maximum and mean of the last layer.
    #[default]
    Concat,
    /// Concat pooling, then the mean of the embedded words and that of every lower layer. The last layer knows what a language
    /// model needs for the next word; which words a text has, and what they are about, is nearer to the bottom.
    Deep,
}

impl Pooling {
    /// Every way.
    pub const ALL: [Self; 2] = [Self::Concat, Self::Deep];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Concat => "concat",
            Self::Deep => "deep",
        }
    }

    /// One line for help texts.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Concat => "last step, maximum and mean of the last layer, as in the paper",
            Self::Deep => "these, and the means of the words and of every lower layer",
        }
    }

    /// Numbers that the head sees.
    pub fn width(self, arch: &Architecture) -> usize {
        let below = || (0..arch.layers).map(|i| arch.layer_sizes(i).0).sum::<usize>();
        let top = arch.layers.checked_sub(1).map_or(0, |i| arch.layer_sizes(i).1);
        match self {
            Self::Concat => 3 * top,
            Self::Deep => 3 * top + below(),
        }
    }
}

/// Means over the last `max_len` steps of right-padded documents that arrive in chunks.
pub(super) struct Means {
    /// `[batch, features]` of each layer so far.
    sums: Vec<Tensor<2>>,
    max_len: usize,
}

impl Means {
    /// Of nothing yet.
    pub fn new(max_len: usize) -> Self {
        Self {
            sums: Vec::new(),
            max_len,
        }
    }

    /// Takes the steps from `start` on of each layer `[time, batch, features]`; `lengths` are those of the whole documents.
    pub fn add(&mut self, layers: Vec<Tensor<3>>, start: usize, lengths: &[usize], device: &Device) {
        let Some(time) = layers.first().map(|x| x.dims()[0]) else {
            return;
        };
        let share = |t: usize, n: usize| {
            let counts = t < n && n - t <= self.max_len;
            if counts {
                1.0 / n.min(self.max_len) as f32
            } else {
                0.0
            }
        };
        let shares: Vec<f32> = (start..start + time)
            .flat_map(|t| lengths.iter().map(move |&n| share(t, n)))
            .collect();
        let shares = Tensor::<3>::from_data(TensorData::new(shares, [time, lengths.len(), 1]), device);
        let new = layers
            .into_iter()
            .map(|x| (x * shares.clone()).sum_dim(0).squeeze_dim::<2>(0));
        self.sums = if self.sums.is_empty() {
            new.collect()
        } else {
            std::mem::take(&mut self.sums)
                .into_iter()
                .zip(new)
                .map(|(a, b)| a + b)
                .collect()
        };
    }

    /// The means, one layer's beside the other's.
    pub fn finish(self) -> Vec<Tensor<2>> {
        self.sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values<const D: usize>(t: Tensor<D>) -> Vec<f32> {
        t.into_data().try_to_vec().unwrap()
    }

    /// Two documents of five and two steps, one feature, read in chunks of three: of each the last four count.
    #[test]
    fn the_means_are_of_each_documents_last_steps_and_so_are_their_gradients() {
        let device = Device::flex();
        let x = Tensor::<3>::from_data(
            TensorData::new(
                vec![10.0_f32, 1.0, 2.0, 3.0, 4.0, 90.0, 6.0, 90.0, 8.0, 90.0],
                [5, 2, 1],
            ),
            &device.clone().autodiff(),
        )
        .require_grad();
        let mut means = Means::new(4);
        means.add(vec![x.clone().slice([0..3])], 0, &[5, 2], &device);
        means.add(vec![x.clone().slice([3..5])], 3, &[5, 2], &device);
        let found = means.finish().remove(0);
        assert_eq!(
            values(found.clone()),
            [(2.0 + 4.0 + 6.0 + 8.0) / 4.0, (1.0 + 3.0) / 2.0]
        );
        let gradients = found.sum().backward();
        let gradient = x.grad(&gradients).map(values).unwrap();
        assert_eq!(gradient, [0.0, 0.5, 0.25, 0.5, 0.25, 0.0, 0.25, 0.0, 0.25, 0.0]);
    }

    #[test]
    fn the_head_sees_as_many_numbers_as_there_are() {
        let arch = Architecture {
            vocab: 10,
            embedding: 3,
            hidden: 5,
            layers: 3,
        };
        assert_eq!(Pooling::Concat.width(&arch), 9);
        assert_eq!(Pooling::Deep.width(&arch), 9 + 3 + 5 + 5);
        let one = Architecture { layers: 1, ..arch };
        assert_eq!(Pooling::Deep.width(&one), 9 + 3);
    }
}

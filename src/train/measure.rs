//! What a step does to each layer group: norms of weights, gradient and update, and the distance from the first weights.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

use super::Error;
use crate::model::Network;
use crate::model::read_back::floats;
use crate::ops::square_sum::square_sum;

/// L2 norms of one layer group at one step.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Norms {
    /// Its weights after the step.
    pub weight: f64,
    /// Its gradient before clipping; 0 while it is frozen.
    pub gradient: f64,
    /// The change that the step made; 0 while it is frozen.
    pub update: f64,
    /// The difference from the [`Origin`], over the norm of the origin; `None` where that is 0.
    pub moved: Option<f64>,
}

/// The weights that the distance of each group is measured from.
///
/// They share their memory with the network until it moves, and keep a copy of the weights from then on.
#[derive(Clone, Debug)]
pub struct Origin {
    weights: BTreeMap<String, Tensor<2>>,
}

impl Origin {
    /// The weights that `network` has now.
    pub fn of<N: Network>(network: &N) -> Self {
        let mut weights = BTreeMap::new();
        network.visit(&mut |_, name, p| {
            weights.insert(name.to_string(), p.constant());
        });
        Self { weights }
    }
}

/// Weights, gradient, update, difference, first weights.
const KINDS: usize = 5;

/// Sums of squares of every group, on the device until they are read together: each read waits for all that is queued.
pub(super) struct Sums<'a> {
    origin: &'a Origin,
    slots: Vec<[Option<Tensor<1>>; KINDS]>,
}

impl<'a> Sums<'a> {
    pub fn new(origin: &'a Origin, groups: usize) -> Self {
        Self {
            origin,
            slots: vec![[const { None }; KINDS]; groups],
        }
    }

    fn add(&mut self, group: usize, parts: [Option<Tensor<2>>; KINDS]) {
        let Some(slots) = self.slots.get_mut(group) else {
            return;
        };
        for (slot, part) in slots.iter_mut().zip(parts) {
            if let Some(part) = part {
                let sum = square_sum(part);
                *slot = Some(match slot.take() {
                    Some(total) => total + sum,
                    None => sum,
                });
            }
        }
    }

    /// A parameter that was moved from `old` to `new`.
    pub fn trained(&mut self, group: usize, name: &str, new: Tensor<2>, gradient: Tensor<2>, old: Tensor<2>) {
        let first = self.origin.weights.get(name).cloned();
        let distance = first.clone().map(|first| new.clone() - first);
        self.add(
            group,
            [
                Some(new.clone()),
                Some(gradient),
                Some(new - old),
                distance,
                first,
            ],
        );
    }

    /// A parameter without a gradient.
    pub fn frozen(&mut self, group: usize, name: &str, weights: Tensor<2>) {
        let first = self.origin.weights.get(name).cloned();
        let distance = first.clone().map(|first| weights.clone() - first);
        self.add(group, [Some(weights), None, None, distance, first]);
    }

    /// Reads all of them back in one transfer.
    ///
    /// # Errors
    /// When the device is lost.
    pub async fn read(self) -> Result<Vec<Norms>, Error> {
        let present: Vec<Tensor<1>> = self.slots.iter().flatten().flatten().cloned().collect();
        let mut values = Vec::new();
        if !present.is_empty() {
            values = floats(Tensor::cat(present, 0)).await.map_err(Error::Device)?;
        }
        let mut values = values.into_iter();
        let mut take = |slot: &Option<Tensor<1>>| match slot {
            Some(_) => f64::from(values.next().unwrap_or(0.0)).sqrt(),
            None => 0.0,
        };
        let norms = self.slots.iter().map(|slots| {
            let [weight, gradient, update, distance, first] = slots.each_ref().map(&mut take);
            Norms {
                weight,
                gradient,
                update,
                moved: (first > 0.0).then(|| distance / first),
            }
        });
        Ok(norms.collect())
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;

    use super::*;
    use crate::model::{Architecture, LanguageModel, Parameter};

    fn model() -> LanguageModel {
        let arch = Architecture {
            vocab: 8,
            embedding: 4,
            hidden: 5,
            layers: 1,
        };
        LanguageModel::new(arch, 3, &Device::default())
    }

    #[test]
    fn the_distance_is_relative_to_the_first_weights_and_frozen_groups_have_a_weight() {
        let mut model = model();
        model.decoder_bias = Parameter::new(vec![3.0; 8], &[8], &Device::default());
        let origin = Origin::of(&model);
        let mut sums = Sums::new(&origin, 2);
        let mut all = 0.0;
        model.visit(&mut |group, name, p| {
            let old = p.constant();
            if group == 0 {
                sums.frozen(group, name, old);
            } else {
                // Every weight a tenth larger: the distance is a tenth of where it began.
                let gradient = old.clone() * 2.0;
                sums.trained(group, name, old.clone() * 1.1, gradient, old.clone());
                let values = old.into_data().try_to_vec::<f32>().unwrap();
                all += values.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>();
            }
        });
        let norms = futures_lite::future::block_on(sums.read()).unwrap();
        let near = |got: f64, want: f64| assert!((got / want - 1.0).abs() < 1e-4, "{got} {want}");
        let [frozen, trained] = norms[..] else {
            panic!("{norms:?}")
        };
        assert!(frozen.weight > 0.1 && frozen.moved == Some(0.0), "{frozen:?}");
        assert_eq!((frozen.gradient, frozen.update), (0.0, 0.0));
        let first = all.sqrt();
        near(trained.moved.unwrap(), 0.1);
        near(trained.weight, 1.1 * first);
        near(trained.gradient, 2.0 * first);
        near(trained.update, 0.1 * first);
    }

    #[test]
    fn what_began_at_zero_has_no_relative_distance() {
        let mut model = model();
        model.visit_mut(&mut |_, _, p| p.set(p.constant().zeros_like()));
        let origin = Origin::of(&model);
        let mut sums = Sums::new(&origin, 2);
        model.visit(&mut |group, name, p| sums.frozen(group, name, p.constant()));
        let norms = futures_lite::future::block_on(sums.read()).unwrap();
        assert!(norms.iter().all(|n| n.moved.is_none() && n.weight == 0.0));
    }
}

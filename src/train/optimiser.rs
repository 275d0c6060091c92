//! Adam with a rate for each layer group, and clipping by the global norm.

use std::collections::BTreeMap;

use burn::tensor::{Gradients, Tensor};

use super::Error;
use super::checkpoint::Checkpoint;
use super::measure::{Norms, Origin, Sums};
use crate::model::Network;
use crate::ops::adam::{AdamStep, adam};
use crate::ops::square_sum::square_sum;

/// The numbers of Adam with decoupled weight decay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the denominator.
    pub epsilon: f64,
}

impl Adam {
    /// The paper's (section 4.1).
    pub const PAPER: Self = Self {
        beta1: 0.7,
        beta2: 0.99,
        epsilon: 1e-7,
    };
    /// The reference code's.
    pub const CODE: Self = Self {
        beta1: 0.8,
        beta2: 0.99,
        epsilon: 1e-7,
    };
}

/// What an optimiser keeps of one parameter.
#[derive(Clone, Debug)]
struct Memory {
    /// The first moment.
    first: Tensor<2>,
    /// The second moment.
    second: Tensor<2>,
    /// Steps that this parameter has made.
    count: u64,
}

/// An optimiser with its memory.
#[derive(Clone, Debug)]
pub struct Optimiser {
    adam: Adam,
    weight_decay: f64,
    clip: f64,
    memory: BTreeMap<String, Memory>,
}

impl Optimiser {
    /// `clip` is the largest global gradient norm.
    pub fn new(adam: Adam, weight_decay: f64, clip: f64) -> Self {
        Self {
            adam,
            weight_decay,
            clip,
            memory: BTreeMap::new(),
        }
    }

    /// Moves every parameter that has a gradient, by its group's rate; `momentum` replaces Adam's first beta.
    ///
    /// Afterwards all parameters are constants. With `measure`, the norms of each group are read back, those of frozen
    /// groups too.
    ///
    /// # Errors
    /// When the device is lost while norms are read.
    pub async fn step<N: Network>(
        &mut self,
        network: &mut N,
        mut gradients: Gradients,
        rates: &[f64],
        momentum: Option<f64>,
        measure: Option<&Origin>,
    ) -> Result<Option<Vec<Norms>>, Error> {
        let mut found: BTreeMap<String, Tensor<2>> = BTreeMap::new();
        let mut squares: Option<Tensor<1>> = None;
        network.visit(&mut |_, name, p| {
            if let Some(gradient) = p.take_gradient(&mut gradients) {
                let sum = square_sum(gradient.clone());
                squares = Some(match squares.take() {
                    Some(total) => total + sum,
                    None => sum,
                });
                found.insert(name.to_string(), gradient);
            }
        });
        let mut sums = measure.map(|origin| Sums::new(origin, rates.len()));
        // Clipping stays on the device: reading the norm back would stall every step.
        let scale = squares.map(|total| ((total.sqrt() + 1e-6).recip() * self.clip).clamp_max(1.0));
        network.visit_mut(&mut |group, name, p| {
            let (Some(gradient), Some(scale)) = (found.remove(name), &scale) else {
                p.track(false);
                if let Some(sums) = &mut sums {
                    sums.frozen(group, name, p.constant());
                }
                return;
            };
            p.update(|old| {
                // A second holder of the numbers has them copied, which is worth it only where they are measured.
                let before = sums.is_some().then(|| (gradient.clone(), old.clone()));
                let new = self.update(name, old, gradient, scale.clone(), rates[group], momentum);
                if let (Some(sums), Some((gradient, old))) = (&mut sums, before) {
                    sums.trained(group, name, new.clone(), gradient, old);
                }
                new
            });
        });
        match sums {
            Some(sums) => sums.read().await.map(Some),
            None => Ok(None),
        }
    }

    fn update(
        &mut self,
        name: &str,
        old: Tensor<2>,
        gradient: Tensor<2>,
        scale: Tensor<1>,
        rate: f64,
        momentum: Option<f64>,
    ) -> Tensor<2> {
        let Adam {
            beta1,
            beta2,
            epsilon,
        } = self.adam;
        let beta1 = momentum.unwrap_or(beta1);
        let zeros = || Tensor::zeros(old.dims(), &old.device());
        let (first, second, count) = match self.memory.remove(name) {
            Some(Memory { first, second, count }) => (first, second, count + 1),
            None => (zeros(), zeros(), 1),
        };
        let t = count as f64;
        let step = AdamStep {
            rate: (rate / (1.0 - beta1.powf(t))) as f32,
            beta1: beta1 as f32,
            beta2: beta2 as f32,
            correction2: (1.0 - beta2.powf(t)).sqrt() as f32,
            epsilon: epsilon as f32,
            decay: (1.0 - rate * self.weight_decay) as f32,
        };
        let (new, first, second) = adam(old, gradient, first, second, scale, step);
        let memory = Memory { first, second, count };
        self.memory.insert(name.to_string(), memory);
        new
    }

    /// Adds the memory to a checkpoint.
    ///
    /// # Errors
    /// When the device is lost.
    pub async fn save(&self, checkpoint: &mut Checkpoint) -> Result<(), Error> {
        for (name, memory) in &self.memory {
            checkpoint
                .put(format!("first.{name}"), memory.first.clone())
                .await?;
            checkpoint
                .put(format!("second.{name}"), memory.second.clone())
                .await?;
            checkpoint.position.counts.insert(name.clone(), memory.count);
        }
        Ok(())
    }

    /// Takes the memory out of a checkpoint of `network`.
    ///
    /// # Errors
    /// When a moment is missing.
    pub fn load<N: Network>(&mut self, checkpoint: &Checkpoint, network: &N) -> Result<(), Error> {
        let mut result = Ok(());
        network.visit(&mut |_, name, p| {
            let Some(&count) = checkpoint.position.counts.get(name) else {
                return;
            };
            let device = p.constant().device();
            let moment = |which: &str| checkpoint.get::<2>(&format!("{which}.{name}"), &device);
            match (moment("first"), moment("second")) {
                (Ok(first), Ok(second)) => {
                    let memory = Memory { first, second, count };
                    self.memory.insert(name.to_string(), memory);
                }
                (Err(error), _) | (_, Err(error)) => result = Err(error),
            }
        });
        result
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use futures_lite::future::block_on;

    use super::*;
    use crate::model::Parameter;

    #[derive(Clone)]
    struct One(Parameter);

    impl Network for One {
        fn groups(&self) -> Vec<String> {
            vec!["one".into()]
        }

        fn visit(&self, f: &mut dyn FnMut(usize, &str, &Parameter)) {
            f(0, "one", &self.0);
        }

        fn visit_mut(&mut self, f: &mut dyn FnMut(usize, &str, &mut Parameter)) {
            f(0, "one", &mut self.0);
        }
    }

    /// Moments of a checkpoint that lacks one are not begun anew.
    #[test]
    fn a_checkpoint_that_lacks_a_moment_is_refused() {
        let device = Device::flex();
        let mut network = One(Parameter::new(vec![1.0; 4], &[4], &device));
        network.0.track(true);
        let gradients = (network.0.value() * network.0.value()).sum().backward();
        let mut optimiser = Optimiser::new(Adam::PAPER, 0.01, 0.3);
        block_on(optimiser.step(&mut network, gradients, &[0.1], None, None)).expect("a step");
        let mut checkpoint = Checkpoint::default();
        block_on(optimiser.save(&mut checkpoint)).expect("a checkpoint");
        let mut again = Optimiser::new(Adam::PAPER, 0.01, 0.3);
        again.load(&checkpoint, &network).expect("both moments");
        checkpoint.arrays.remove("second.one");
        let refused = again.load(&checkpoint, &network);
        assert!(matches!(refused, Err(Error::Checkpoint(message)) if message.contains("second.one")));
    }

    /// A copy of every parameter at every step would cost about as much as the step's own passes over them.
    #[test]
    fn adam_writes_over_a_parameter_that_nobody_else_holds() {
        let device = Device::flex();
        let values = vec![1.0; 64];
        let began_at = values.as_ptr();
        let mut network = One(Parameter::new(values, &[64], &device));
        let mut optimiser = Optimiser::new(Adam::PAPER, 0.01, 0.3);
        let mut step = |network: &mut One| {
            network.0.track(true);
            let loss = (network.0.value() * network.0.value()).sum();
            let gradients = loss.backward();
            block_on(optimiser.step(network, gradients, &[0.1], None, None)).expect("a step");
        };
        step(&mut network);
        step(&mut network);
        let (mut is_at, mut held) = (std::ptr::null(), Vec::new());
        network.0.update(|value| {
            // Not copied either, since nobody else holds it.
            let data = value.into_data();
            let numbers = data.as_slice::<f32>().expect("floats");
            (is_at, held) = (numbers.as_ptr(), numbers.to_vec());
            Tensor::from_data(data, &device)
        });
        assert_eq!(is_at, began_at);

        // One that is kept, as the best epoch's is, stays as it was.
        let kept = network.frozen();
        step(&mut network);
        let values = |network: &One| block_on(network.0.to_vec()).expect("floats");
        assert_eq!(values(&kept), held);
        assert_ne!(values(&network), held);
    }
}

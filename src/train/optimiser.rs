//! Adam with a rate for each layer group, NT-ASGD, and clipping by the global norm.

use std::collections::BTreeMap;

use burn::tensor::{Gradients, Tensor};
use serde::{Deserialize, Serialize};

use super::Error;
use super::checkpoint::Checkpoint;
use super::measure::{Norms, Origin, Sums};
use crate::model::Network;
use crate::ops::adam::{AdamStep, adam};
use crate::ops::square_sum::square_sum;

/// Which rule moves the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Rule {
    /// Adam with decoupled weight decay; the paper sets the betas to 0.7 and 0.99.
    Adam {
        /// Decay of the first moment.
        beta1: f64,
        /// Decay of the second moment.
        beta2: f64,
        /// Added to the denominator.
        epsilon: f64,
    },
    /// SGD whose iterates are averaged once the validation loss has not improved for `patience` evaluations (Merity
    /// et al. 2017, algorithm 1).
    NtAsgd {
        /// Evaluations without a new best before averaging starts.
        patience: usize,
    },
}

impl Rule {
    /// The paper's Adam.
    pub const ADAM: Self = Self::Adam {
        beta1: 0.7,
        beta2: 0.99,
        epsilon: 1e-7,
    };
    /// The reference code's Adam.
    pub const ADAM_CODE: Self = Self::Adam {
        beta1: 0.8,
        beta2: 0.99,
        epsilon: 1e-7,
    };
}

/// What an optimiser keeps of one parameter.
#[derive(Clone, Debug)]
struct Memory {
    /// Adam's first moment, or NT-ASGD's running average.
    first: Tensor<2>,
    /// Adam's second moment.
    second: Option<Tensor<2>>,
    /// Steps that this parameter has made.
    count: u64,
}

/// An optimiser with its memory.
#[derive(Clone, Debug)]
pub struct Optimiser {
    rule: Rule,
    weight_decay: f64,
    clip: Option<f64>,
    memory: BTreeMap<String, Memory>,
    /// Validation losses so far, and whether averaging has begun.
    trigger: (Vec<f64>, bool),
}

impl Optimiser {
    /// `clip` is the largest global gradient norm; `None` does not clip.
    pub fn new(rule: Rule, weight_decay: f64, clip: Option<f64>) -> Self {
        Self {
            rule,
            weight_decay,
            clip,
            memory: BTreeMap::new(),
            trigger: (Vec::new(), false),
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
                if self.clip.is_some() {
                    let sum = square_sum(gradient.clone());
                    squares = Some(match squares.take() {
                        Some(total) => total + sum,
                        None => sum,
                    });
                }
                found.insert(name.to_string(), gradient);
            }
        });
        let mut sums = measure.map(|origin| Sums::new(origin, rates.len()));
        let mut scale = None;
        network.visit_mut(&mut |group, name, p| {
            let Some(gradient) = found.remove(name) else {
                p.track(false);
                if let Some(sums) = &mut sums {
                    sums.frozen(group, name, p.constant());
                }
                return;
            };
            p.update(|old| {
                // Clipping stays on the device: reading the norm back would stall every step.
                let scale = scale.get_or_insert_with(|| match (self.clip, squares.take()) {
                    (Some(clip), Some(total)) => ((total.sqrt() + 1e-6).recip() * clip).clamp_max(1.0),
                    _ => Tensor::ones([1], &old.device()),
                });
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
        let decay = 1.0 - rate * self.weight_decay;
        match self.rule {
            Rule::Adam {
                beta1,
                beta2,
                epsilon,
            } => {
                let beta1 = momentum.unwrap_or(beta1);
                let zeros = || Tensor::zeros(old.dims(), &old.device());
                let memory = self.memory.remove(name);
                let (first, second, count) = match memory {
                    Some(Memory {
                        first,
                        second: Some(second),
                        count,
                    }) => (first, second, count + 1),
                    _ => (zeros(), zeros(), 1),
                };
                let t = count as f64;
                let step = AdamStep {
                    rate: (rate / (1.0 - beta1.powf(t))) as f32,
                    beta1: beta1 as f32,
                    beta2: beta2 as f32,
                    correction2: (1.0 - beta2.powf(t)).sqrt() as f32,
                    epsilon: epsilon as f32,
                    decay: decay as f32,
                };
                let (new, first, second) = adam(old, gradient, first, second, scale, step);
                self.memory.insert(
                    name.to_string(),
                    Memory {
                        first,
                        second: Some(second),
                        count,
                    },
                );
                new
            }
            Rule::NtAsgd { .. } => {
                let new = old * decay - gradient * scale.unsqueeze::<2>() * rate;
                if self.trigger.1 {
                    let memory = match self.memory.remove(name) {
                        Some(Memory { first, count, .. }) => {
                            let count = count + 1;
                            let average = first.clone() + (new.clone() - first) / count as f64;
                            Memory {
                                first: average,
                                second: None,
                                count,
                            }
                        }
                        None => Memory {
                            first: new.clone(),
                            second: None,
                            count: 1,
                        },
                    };
                    self.memory.insert(name.to_string(), memory);
                }
                new
            }
        }
    }

    /// Tells NT-ASGD a validation loss; averaging begins when the loss has not improved on those before the last
    /// `patience` ones.
    pub fn observe(&mut self, loss: f64) {
        if let Rule::NtAsgd { patience } = self.rule {
            let (losses, triggered) = &mut self.trigger;
            let earlier = losses.len().saturating_sub(patience);
            let best = losses[..earlier].iter().copied().fold(f64::INFINITY, f64::min);
            if !*triggered && earlier > 0 && loss > best {
                *triggered = true;
            }
            losses.push(loss);
        }
    }

    /// The network with NT-ASGD's averages in place, once averaging has begun; otherwise the network as it is.
    #[must_use]
    pub fn averaged<N: Network>(&self, network: &N) -> N {
        let mut copy = network.frozen();
        if self.trigger.1 {
            copy.visit_mut(&mut |_, name, p| {
                if let Some(memory) = self.memory.get(name) {
                    p.set(memory.first.clone());
                }
            });
        }
        copy
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
            if let Some(second) = &memory.second {
                checkpoint.put(format!("second.{name}"), second.clone()).await?;
            }
            checkpoint.position.counts.insert(name.clone(), memory.count);
        }
        let (losses, triggered) = &self.trigger;
        checkpoint.position.validation = losses.clone();
        checkpoint.position.averaging = *triggered;
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
            let second = checkpoint.get(&format!("second.{name}"), &device).ok();
            match checkpoint.get(&format!("first.{name}"), &device) {
                Ok(first) => {
                    self.memory
                        .insert(name.to_string(), Memory { first, second, count });
                }
                Err(error) => result = Err(error),
            }
        });
        self.trigger = (
            checkpoint.position.validation.clone(),
            checkpoint.position.averaging,
        );
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

    /// A copy of every parameter at every step would cost about as much as the step's own passes over them.
    #[test]
    fn adam_writes_over_a_parameter_that_nobody_else_holds() {
        let device = Device::flex();
        let values = vec![1.0; 64];
        let began_at = values.as_ptr();
        let mut network = One(Parameter::new(values, &[64], &device));
        let mut optimiser = Optimiser::new(Rule::ADAM, 0.01, Some(0.3));
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

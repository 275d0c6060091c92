//! The optimiser against `torch.optim`: Adam with a rate for each group.

use burn::tensor::{Device, Gradients};
use futures_lite::future::block_on;
use unfreeze::model::{Network, Parameter};
use unfreeze::train::optimiser::{Adam, Optimiser};

use super::common::{Fixture, assert_close, devices, host};

const TOLERANCE: f32 = 1e-6;
/// A norm that no gradient here comes near.
const UNCLIPPED: f64 = 1e9;

/// Parameters without a network between them, each its own group.
#[derive(Clone)]
struct Loose(Vec<Parameter>);

impl Loose {
    fn new(fixture: &Fixture, names: &[String], device: &Device) -> Self {
        let parameter = |name: &String| Parameter::new(fixture.floats(name), &fixture.shape(name), device);
        Self(names.iter().map(parameter).collect())
    }

    /// Gradients that are the fixture's: those of the sum of every parameter times its gradient.
    fn gradients(&mut self, fixture: &Fixture, names: &[String], device: &Device) -> Gradients {
        let terms = self.0.iter_mut().zip(names).map(|(parameter, name)| {
            parameter.track(true);
            (parameter.value() * fixture.tensor(name, device)).sum()
        });
        terms.reduce(|a, b| a + b).expect("a parameter").backward()
    }
}

impl Network for Loose {
    fn groups(&self) -> Vec<String> {
        (0..self.0.len()).map(|i| format!("group {i}")).collect()
    }

    fn visit(&self, f: &mut dyn FnMut(usize, &str, &Parameter)) {
        self.0
            .iter()
            .enumerate()
            .for_each(|(i, p)| f(i, &format!("p.{i}"), p));
    }

    fn visit_mut(&mut self, f: &mut dyn FnMut(usize, &str, &mut Parameter)) {
        self.0
            .iter_mut()
            .enumerate()
            .for_each(|(i, p)| f(i, &format!("p.{i}"), p));
    }
}

fn check_adam(device: &Device, what: &str, prefix: &str, weight_decay: f64) {
    let fixture = Fixture::open("adam");
    let rates = fixture.floats("lr");
    let parameters = |step: usize| [0, 1].map(|k| format!("{prefix}p.{k}.step.{step}"));
    let mut network = Loose::new(&fixture, &parameters(0), device);
    let adam = Adam {
        beta1: 0.7,
        beta2: 0.99,
        epsilon: 1e-8,
    };
    let mut optimiser = Optimiser::new(adam, weight_decay, UNCLIPPED);
    for step in 1..=5 {
        let names = [0, 1].map(|k| format!("g.{k}.step.{step}"));
        let gradients = network.gradients(&fixture, &names, device);
        let rates = [0, 1].map(|k| f64::from(rates[k * 5 + step - 1]));
        block_on(optimiser.step(&mut network, gradients, &rates, None, None)).expect("a step");
        for (parameter, name) in network.0.iter().zip(parameters(step)) {
            let want = fixture.floats(&name);
            assert_close(
                &format!("{what} optimiser {name}"),
                &host(parameter.constant()),
                &want,
                TOLERANCE,
            );
        }
    }
}

#[test]
fn adam_with_a_rate_for_each_group_is_torchs() {
    for (what, device) in devices() {
        check_adam(&device, what, "nodecay.", 0.0);
        check_adam(&device, what, "", 0.01);
    }
}

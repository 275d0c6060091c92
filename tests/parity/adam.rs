//! Adam's steps against `torch.optim.Adam` and `AdamW`.

use burn::tensor::{Device, Tensor};
use unfreeze::ops::adam::{AdamStep, adam};

use super::common::{Fixture, assert_close, devices, host};

const STEPS: usize = 5;
const BETA1: f32 = 0.7;
const BETA2: f32 = 0.99;

fn check(device: &Device, what: &str, prefix: &str, weight_decay: f32) {
    let fixture = Fixture::open("adam");
    let rates = fixture.floats("lr");
    for group in 0..2 {
        let parameter = |step: usize| format!("{prefix}p.{group}.step.{step}");
        let mut p = fixture.tensor::<2>(&parameter(0), device);
        let mut m = Tensor::zeros(p.dims(), device);
        let mut v = Tensor::zeros(p.dims(), device);
        for step in 1..=STEPS {
            let rate = rates[group * STEPS + step - 1];
            let numbers = AdamStep {
                rate: rate / (1.0 - BETA1.powi(step as i32)),
                beta1: BETA1,
                beta2: BETA2,
                correction2: (1.0 - BETA2.powi(step as i32)).sqrt(),
                epsilon: 1e-8,
                decay: 1.0 - rate * weight_decay,
            };
            // The gradient comes doubled and is halved by the scale, as clipping would.
            let gradient = fixture.tensor::<2>(&format!("g.{group}.step.{step}"), device) * 2.0;
            (p, m, v) = adam(p, gradient, m, v, Tensor::from_data([0.5], device), numbers);
            let name = parameter(step);
            assert_close(
                &format!("{what} {name}"),
                &host(p.clone()),
                &fixture.floats(&name),
                1e-6,
            );
        }
    }
}

#[test]
fn steps_are_torchs_adam() {
    for (what, device) in devices() {
        check(&device, what, "nodecay.", 0.0);
    }
}

#[test]
fn decoupled_weight_decay_is_torchs_adamw() {
    for (what, device) in devices() {
        check(&device, what, "", 0.01);
    }
}

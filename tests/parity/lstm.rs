//! One layer against `torch.nn.LSTM`, plain and with DropConnect on its recurrent weights.

use burn::tensor::Device;
use unfreeze::ops::lstm::{State, lstm};

use super::common::{Fixture, VALUE, assert_close, assert_gradient, devices, host};

fn check(device: &Device, what: &str, prefix: &str) {
    let fixture = Fixture::open("lstm");
    let x = fixture.leaf::<3>("x", device);
    let names = ["w_ih", "w_hh", "b_ih", "b_hh", "h0", "c0"];
    let inputs = names.map(|name| fixture.leaf::<2>(name, device));
    let [w_ih, w_hh, b_ih, b_hh, h, c] = inputs.clone();
    let w_hh = if prefix.is_empty() {
        w_hh
    } else {
        w_hh * fixture.tensor("mask", device)
    };

    let (y, last) = lstm(x.clone(), w_ih, w_hh, b_ih + b_hh, State { h, c });
    for (name, got) in [
        ("y", host(y.clone())),
        ("h_n", host(last.h)),
        ("c_n", host(last.c)),
    ] {
        assert_close(
            &format!("{what} {prefix}{name}"),
            &got,
            &fixture.floats(&format!("{prefix}{name}")),
            VALUE,
        );
    }

    let gradients = (y * fixture.tensor("dy", device)).sum().backward();
    let mut found = vec![("x", host(x.grad(&gradients).expect("a gradient of x")))];
    found.extend(
        names
            .iter()
            .zip(&inputs)
            .map(|(&name, t)| (name, host(t.grad(&gradients).expect(name)))),
    );
    for (name, got) in found {
        let name = format!("{prefix}grad.{name}");
        assert_gradient(&format!("{what} {name}"), &got, &fixture.floats(&name));
    }
}

#[test]
fn a_layer_is_pytorchs() {
    for (what, device) in devices() {
        check(&device, what, "");
    }
}

#[test]
fn a_weight_dropped_layer_is_pytorchs() {
    for (what, device) in devices() {
        check(&device, what, "masked.");
    }
}

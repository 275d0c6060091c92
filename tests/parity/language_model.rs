//! The AWD-LSTM language model against fastai's, plain and with all five dropout masks.

use burn::tensor::{Device, Tensor};
use unfreeze::model::awd_lstm::State;
use unfreeze::model::dropout::{Masks, apply};
use unfreeze::model::regularisation::{ALPHA, BETA, activation, temporal_activation};
use unfreeze::model::sampled_softmax::Candidates;
use unfreeze::model::{Architecture, LanguageModel, Network as _, Targets, Tokens};

use super::common::{
    Fixture, VALUE, assert_close, assert_gradient, devices, host, log_softmax, network_gradients,
};

const ARCH: Architecture = Architecture {
    vocab: 24,
    embedding: 8,
    hidden: 10,
    layers: 3,
};

struct Case {
    fixture: Fixture,
    model: LanguageModel,
    tokens: Tokens,
    targets: Tokens,
    device: Device,
}

impl Case {
    fn new(device: Device) -> Self {
        let fixture = Fixture::open("language_model");
        let mut model = LanguageModel::new(ARCH, 0, &device);
        fixture.load(&mut model, &device);
        let (tokens, targets) = (fixture.ids("tokens"), fixture.ids("targets"));
        Self {
            fixture,
            model,
            tokens,
            targets,
            device,
        }
    }

    fn states(&self) -> Vec<State> {
        let tensor = |i: usize, part: &str| self.fixture.tensor(&format!("state.{i}.{part}"), &self.device);
        (0..ARCH.layers)
            .map(|i| State {
                h: tensor(i, "h"),
                c: tensor(i, "c"),
            })
            .collect()
    }

    fn masks(&self, prefix: &str) -> Masks {
        if prefix == "plain." {
            Masks::default()
        } else {
            self.fixture.masks(&ARCH, &self.device)
        }
    }

    fn assert_value(&self, what: &str, name: &str, got: &[f32]) {
        assert_close(&format!("{what} {name}"), got, &self.fixture.floats(name), VALUE);
    }

    fn assert_states(&self, what: &str, prefix: &str, states: Vec<State>) {
        assert_eq!(states.len(), ARCH.layers, "{what}");
        for (i, State { h, c }) in states.into_iter().enumerate() {
            self.assert_value(what, &format!("{prefix}state.{i}.h"), &host(h));
            self.assert_value(what, &format!("{prefix}state.{i}.c"), &host(c));
        }
    }
}

#[test]
fn losses_states_and_gradients_are_fastais() {
    for (what, device) in devices() {
        let case = Case::new(device);
        let all = Targets::All(case.targets.ids.clone());
        // Where every word is a candidate, and certain to be one, the sampled softmax is the whole one.
        let every_word = Targets::Sampled(Candidates {
            ids: (0..ARCH.vocab as u32).collect(),
            log_probability: vec![0.0; ARCH.vocab],
            targets: case.targets.ids.clone(),
        });
        let cases = [("plain.", &all), ("masked.", &all), ("masked.", &every_word)];
        for (prefix, targets) in cases {
            let masks = case.masks(prefix);
            let (loss, states) = case
                .model
                .loss(&case.tokens, targets, case.states(), &masks, (ALPHA, BETA));
            let total = loss.total();
            let gradients = total.backward();
            for (name, got) in [
                ("ce", loss.cross_entropy),
                ("ar", loss.ar),
                ("tar", loss.tar),
                ("total", total),
            ] {
                case.assert_value(what, &format!("{prefix}loss.{name}"), &host(got));
            }
            case.assert_states(what, prefix, states);
            case.fixture
                .assert_gradients(what, &case.model, gradients, prefix);
        }
    }
}

#[test]
fn logits_are_fastais() {
    for (what, device) in devices() {
        let case = Case::new(device);
        for prefix in ["plain.", "masked."] {
            let masks = case.masks(prefix);
            let raw = case
                .model
                .encoder
                .forward(&case.tokens, case.states(), &masks)
                .raw;
            let dropped = apply(raw, masks.output.as_ref()).inner();
            let rows = dropped.reshape([case.tokens.time * case.tokens.batch, ARCH.embedding]);
            let weight = case.model.encoder.embedding.constant().transpose();
            let logits = rows.matmul(weight) + case.model.decoder_bias.constant();
            case.assert_value(what, &format!("{prefix}logits"), &host(logits));
        }
        let want = case.fixture.floats("plain.logits");
        let steps = want.chunks(case.tokens.batch * ARCH.vocab);
        for (step, want) in steps.enumerate() {
            let (logits, states) = case
                .model
                .next_logits(&case.tokens.steps(0, step + 1), case.states());
            assert_close(
                &format!("{what} logits after step {step}"),
                &host(logits),
                want,
                VALUE,
            );
            if step + 1 == case.tokens.time {
                case.assert_states(what, "plain.", states);
            }
        }
    }
}

/// The loss among candidates, and its gradient, from the logits of the whole vocabulary.
#[test]
fn the_sampled_loss_is_that_of_the_corrected_logits() {
    for (what, device) in devices() {
        let case = Case::new(device);
        let targets = &case.targets.ids;
        // Every second word, and the targets.
        let ids: Vec<u32> = (0..ARCH.vocab as u32)
            .filter(|id| id % 2 == 0 || targets.contains(id))
            .collect();
        let place = |id: u32| ids.iter().position(|&c| c == id).expect("a candidate");
        let log_probability: Vec<f32> = (0..ids.len()).map(|i| -0.3 * (i % 4) as f32).collect();
        let logits = case.fixture.floats("plain.logits");
        let (mut want, mut bias_gradient) = (0.0, vec![0.0; ARCH.vocab]);
        let rows = targets.len() as f32;
        for (row, &target) in logits.chunks(ARCH.vocab).zip(targets.iter()) {
            let corrected: Vec<f32> = (ids.iter().zip(&log_probability))
                .map(|(&id, p)| row[id as usize] - p)
                .collect();
            let own = place(target);
            let likelihood = log_softmax(&corrected, ids.len());
            want -= (likelihood[own] + log_probability[own]) / rows;
            for (&id, l) in ids.iter().zip(&likelihood) {
                bias_gradient[id as usize] += l.exp() / rows;
            }
            bias_gradient[target as usize] -= 1.0 / rows;
        }
        let sampled = Targets::Sampled(Candidates {
            targets: targets.iter().map(|&t| place(t) as u32).collect(),
            ids: ids.iter().copied().collect(),
            log_probability,
        });
        let (loss, _) = case.model.loss(
            &case.tokens,
            &sampled,
            case.states(),
            &Masks::default(),
            (0.0, 0.0),
        );
        let gradients = network_gradients(&case.model, &mut loss.cross_entropy.backward());
        assert_close(
            &format!("{what} sampled loss"),
            &host(loss.cross_entropy),
            &[want],
            VALUE,
        );
        let (_, found) = gradients
            .iter()
            .find(|(name, _)| name == "1.decoder.bias")
            .expect("the decoder's bias has a gradient");
        assert_gradient(&format!("{what} decoder bias"), found, &bias_gradient);
    }
}

#[test]
fn likelihoods_are_fastais_in_one_window_or_two() {
    for (what, device) in devices() {
        let case = Case::new(device);
        let rows = log_softmax(&case.fixture.floats("plain.logits"), ARCH.vocab);
        let targets = case.targets.ids.iter();
        let want: Vec<f32> = rows
            .chunks(ARCH.vocab)
            .zip(targets)
            .map(|(row, &t)| -row[t as usize])
            .collect();
        for model in [case.model.clone(), case.model.frozen()] {
            let (nll, states) = model.nll(&case.tokens, case.targets.ids.clone(), case.states());
            assert_close(&format!("{what} nll"), &host(nll), &want, VALUE);
            case.assert_states(what, "plain.", states);

            let (mut nll, mut states) = (Vec::new(), case.states());
            for (first, count) in [(0, 2), (2, case.tokens.time - 2)] {
                let targets = case.targets.steps(first, count).ids;
                let (part, after) = model.nll(&case.tokens.steps(first, count), targets, states);
                nll.extend(host(part));
                states = after;
            }
            assert_close(&format!("{what} nll in two windows"), &nll, &want, VALUE);
            case.assert_states(what, "plain.", states);
        }
    }
}

/// fastai's TAR leaves out a window of one step, whose mean would be over nothing.
#[test]
fn a_single_step_has_no_temporal_regularisation() {
    for (what, device) in devices() {
        let case = Case::new(device);
        let (tokens, targets) = (case.tokens.steps(0, 1), case.targets.steps(0, 1));
        let loss = || {
            case.model
                .loss(
                    &tokens,
                    &Targets::All(targets.ids.clone()),
                    case.states(),
                    &Masks::default(),
                    (ALPHA, BETA),
                )
                .0
        };
        assert_eq!(host(loss().tar), [0.0], "{what}");
        assert!(host(loss().ar)[0] > 0.0, "{what}");

        let gradients = |loss: Tensor<1>| network_gradients(&case.model, &mut loss.backward());
        let (with, without) = (
            gradients(loss().total()),
            gradients(loss().cross_entropy + loss().ar),
        );
        assert_eq!(with.len(), 14, "{what}: a gradient of every parameter");
        for ((name, got), (_, want)) in with.iter().zip(&without) {
            assert_gradient(&format!("{what} single step {name}"), got, want);
        }
    }
}

#[test]
fn regularisation_is_its_formula() {
    let fixture = Fixture::open("lstm");
    let (values, shape) = (fixture.floats("y"), fixture.shape("y"));
    let step = shape[1] * shape[2];
    let mean_square = |x: &mut dyn Iterator<Item = f32>| {
        let squares: Vec<f64> = x.map(|x| f64::from(x) * f64::from(x)).collect();
        squares.iter().sum::<f64>() / squares.len() as f64
    };
    let ar = 3.0 * mean_square(&mut values.iter().copied());
    let tar = 0.5 * mean_square(&mut values.iter().zip(&values[step..]).map(|(a, b)| b - a));
    for (what, device) in devices() {
        let h = fixture.tensor::<3>("y", &device);
        assert_close(
            &format!("{what} AR"),
            &host(activation(h.clone(), 3.0)),
            &[ar as f32],
            1e-6,
        );
        assert_close(
            &format!("{what} TAR"),
            &host(temporal_activation(h.clone(), 0.5)),
            &[tar as f32],
            1e-6,
        );
        assert_eq!(host(temporal_activation(h.slice([3..4]), 0.5)), [0.0], "{what}");
    }
}

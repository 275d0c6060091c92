//! What of the window can be put into an address: how to train, and nothing of the texts. A teacher sends a class the address
//! of an experiment.
//!
//! `method=full&epochs=5&seed=3`: what is left out is as the program has it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::run::Recipe;
use super::run::bounds::{CUT_FRAC, EPOCHS, FACTOR, RATE, RATIO};
use super::settings::Settings;

/// The address's part for these choices; nothing where they are the program's own.
pub fn of(settings: &Settings, recipe: &Recipe) -> String {
    let (usual, plain) = (Settings::default(), Recipe::default());
    let mut parts = Vec::new();
    let mut put = |name: &str, value: Value, usual: Value| {
        if value != usual {
            // Names and numbers only: nothing in them would have to be escaped.
            let text = value.as_str().map_or_else(|| value.to_string(), String::from);
            parts.push(format!("{name}={text}"));
        }
    };
    put("method", json(&recipe.method), json(&plain.method));
    put("rate", json(&recipe.rate), json(&plain.rate));
    put("cut_frac", json(&recipe.cut_frac), json(&plain.cut_frac));
    put("ratio", json(&recipe.ratio), json(&plain.ratio));
    put("factor", json(&recipe.factor), json(&plain.factor));
    put("epochs", json(&recipe.epochs), json(&plain.epochs));
    put("adapt", json(&recipe.adapt), json(&plain.adapt));
    put("both", json(&recipe.both), json(&plain.both));
    put("tfidf", json(&recipe.tfidf), json(&plain.tfidf));
    put("seed", json(&settings.seed), json(&usual.seed));
    put("device", json(&settings.device), json(&usual.device));
    parts.join("&")
}

/// Makes the choices of an address. A part that is none of ours changes nothing, nor does a choice that cannot be made here, as
/// one out of bounds: the names of these are returned.
pub fn apply<'a>(link: &'a str, settings: &mut Settings, recipe: &mut Recipe) -> Vec<&'a str> {
    let mut refused = Vec::new();
    for part in link.trim_start_matches('#').split('&') {
        let Some((name, text)) = part.split_once('=') else {
            continue;
        };
        let taken = match name {
            "method" => set(&mut recipe.method, text, |_| true),
            "rate" => {
                let rate = number(text, RATE);
                recipe.rate = rate.or(recipe.rate);
                rate.is_some()
            }
            "cut_frac" => set_number(&mut recipe.cut_frac, text, CUT_FRAC),
            "ratio" => set_number(&mut recipe.ratio, text, RATIO),
            "factor" => set_number(&mut recipe.factor, text, FACTOR),
            "epochs" => set(&mut recipe.epochs, text, |v| (EPOCHS.0..=EPOCHS.1).contains(v)),
            "adapt" => set(&mut recipe.adapt, text, |_| true),
            "both" => set(&mut recipe.both, text, |_| true),
            "tfidf" => set(&mut recipe.tfidf, text, |_| true),
            "seed" => set(&mut settings.seed, text, |_| true),
            "device" => set(&mut settings.device, text, |_| true),
            _ => true,
        };
        if !taken {
            refused.push(name);
        }
    }
    refused
}

fn json<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// Exactly the number that was written, which JSON's reader would not give; `None` where it lies outside the bounds.
fn number(text: &str, (low, high): (f64, f64)) -> Option<f64> {
    text.parse::<f64>().ok().filter(|v| (low..=high).contains(v))
}

/// Sets a number, where it is one within the bounds; whether it is.
fn set_number(place: &mut f64, text: &str, bounds: (f64, f64)) -> bool {
    let value = number(text, bounds);
    *place = value.unwrap_or(*place);
    value.is_some()
}

/// Makes a choice, where it may be made; whether it may.
fn set<T: DeserializeOwned>(place: &mut T, text: &str, may: impl Fn(&T) -> bool) -> bool {
    let number = serde_json::from_str(text).ok();
    let value = number.or_else(|| serde_json::from_value(Value::String(text.into())).ok());
    let Some(value) = value.filter(may) else {
        return false;
    };
    *place = value;
    true
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::session::protocol::{DeviceChoice, Method};

    fn applied(link: &str) -> (Settings, Recipe) {
        let (mut settings, mut recipe) = (Settings::default(), Recipe::default());
        apply(link, &mut settings, &mut recipe);
        (settings, recipe)
    }

    proptest! {
        #[test]
        fn choices_survive_the_address(
            rate in prop::option::of(RATE.0..=RATE.1),
            cut_frac in CUT_FRAC.0..=CUT_FRAC.1,
            ratio in RATIO.0..=RATIO.1,
            factor in FACTOR.0..=FACTOR.1,
            epochs in EPOCHS.0..=EPOCHS.1,
            adapt: bool,
            both: bool,
            tfidf: bool,
            seed: u64,
            which in 0..3_usize,
        ) {
            let method = [Method::Ulmfit, Method::Full, Method::ChainThaw][which];
            let device = [DeviceChoice::Auto, DeviceChoice::Cpu, DeviceChoice::Wgpu][which];
            let recipe = Recipe { method, rate, cut_frac, ratio, factor, epochs, adapt, both, tfidf, keep: false, reading: None };
            let settings = Settings { seed, device, ..Settings::default() };
            let link = of(&settings, &recipe);
            prop_assert_eq!(applied(&link), (settings, recipe));
        }

        #[test]
        fn no_address_breaks_anything(link in "[a-z_=&#0-9.e-]{0,40}") {
            let (settings, recipe) = applied(&link);
            prop_assert_eq!(applied(&of(&settings, &recipe)), (settings, recipe));
        }
    }

    #[test]
    fn what_is_usual_is_left_out_and_what_makes_no_sense_is_ignored() {
        assert_eq!(of(&Settings::default(), &Recipe::default()), "");
        assert_eq!(
            applied("#epochs=0&rate=-1&method=none&seed=x&cut_frac=2&theme=dark"),
            applied("")
        );
        let (settings, recipe) = applied("#method=chain-thaw&epochs=3&seed=7");
        assert_eq!(
            (recipe.method, recipe.epochs, settings.seed),
            (Method::ChainThaw, 3, 7)
        );
        assert_eq!(of(&settings, &recipe), "method=chain-thaw&epochs=3&seed=7");
    }

    /// A slider would move it to its own end when it is drawn first.
    #[test]
    fn what_no_slider_reaches_is_refused_and_said() {
        let refused = |link: &'static str| {
            let (mut settings, mut recipe) = (Settings::default(), Recipe::default());
            let refused = apply(link, &mut settings, &mut recipe);
            assert_eq!((settings, recipe), applied(""), "{link}");
            refused
        };
        let link = "#rate=0.5&cut_frac=0.95&ratio=1000&factor=7&epochs=1000";
        assert_eq!(refused(link), ["rate", "cut_frac", "ratio", "factor", "epochs"]);
        assert_eq!(
            refused("rate=1e-6&method=none&ratio=NaN"),
            ["rate", "method", "ratio"]
        );
        assert!(refused("theme=dark&/path&x").is_empty(), "none of ours");
        // The ends themselves can be chosen.
        let (_, recipe) = applied("rate=0.1&cut_frac=0.9&ratio=128&factor=6&epochs=200");
        let ends = (recipe.rate, recipe.cut_frac, recipe.ratio, recipe.factor);
        assert_eq!(ends, (Some(RATE.1), CUT_FRAC.1, RATIO.1, FACTOR.1));
        assert_eq!(recipe.epochs, EPOCHS.1);
    }
}

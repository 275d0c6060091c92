//! What of the window can be put into an address: how to train, and nothing of the texts. A teacher sends a class the address
//! of an experiment.
//!
//! `method=full&epochs=5&seed=3`: what is left out is as the program has it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::run::Recipe;
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

/// Makes the choices of an address. A part that is none of ours, or out of bounds, changes nothing.
pub fn apply(link: &str, settings: &mut Settings, recipe: &mut Recipe) {
    for part in link.trim_start_matches('#').split('&') {
        let Some((name, text)) = part.split_once('=') else {
            continue;
        };
        match name {
            "method" => set(&mut recipe.method, text, |_| true),
            "rate" => recipe.rate = number(text, |v| v > 0.0 && v <= 1.0).or(recipe.rate),
            "cut_frac" => recipe.cut_frac = number(text, |v| v > 0.0 && v < 1.0).unwrap_or(recipe.cut_frac),
            "ratio" => recipe.ratio = number(text, |v| (1.0..=1e4).contains(&v)).unwrap_or(recipe.ratio),
            "factor" => recipe.factor = number(text, |v| (1.0..=1e3).contains(&v)).unwrap_or(recipe.factor),
            "epochs" => set(&mut recipe.epochs, text, |v| (1..=1000).contains(v)),
            "adapt" => set(&mut recipe.adapt, text, |_| true),
            "both" => set(&mut recipe.both, text, |_| true),
            "tfidf" => set(&mut recipe.tfidf, text, |_| true),
            "seed" => set(&mut settings.seed, text, |_| true),
            "device" => set(&mut settings.device, text, |_| true),
            _ => {}
        }
    }
}

fn json<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// Exactly the number that was written, which JSON's reader would not give.
fn number(text: &str, may: impl Fn(f64) -> bool) -> Option<f64> {
    text.parse().ok().filter(|v| may(*v))
}

fn set<T: DeserializeOwned>(place: &mut T, text: &str, may: impl Fn(&T) -> bool) {
    let number = serde_json::from_str(text).ok();
    let value = number.or_else(|| serde_json::from_value(Value::String(text.into())).ok());
    if let Some(value) = value.filter(may) {
        *place = value;
    }
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
            rate in prop::option::of(1e-6..1.0),
            cut_frac in 0.01..0.99,
            ratio in 1.0..1e4,
            factor in 1.0..1e3,
            epochs in 1..1000_usize,
            adapt: bool,
            both: bool,
            tfidf: bool,
            seed: u64,
            which in 0..3_usize,
        ) {
            let method = [Method::Ulmfit, Method::Full, Method::ChainThaw][which];
            let device = [DeviceChoice::Auto, DeviceChoice::Cpu, DeviceChoice::Wgpu][which];
            let recipe = Recipe { method, rate, cut_frac, ratio, factor, epochs, adapt, both, tfidf, keep: false };
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
}

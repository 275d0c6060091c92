//! The base models beside the page: fetched by it and given to the program before the window opens, so that the program
//! itself stays small and a new version of it does not fetch them again.

use std::sync::OnceLock;

use super::Files;

/// What the page fetches, in the order in which it is kept here.
pub const FILES: [&str; 6] = [
    "forward/config.json",
    "forward/vocab.json",
    "forward/model.safetensors",
    "backward/config.json",
    "backward/vocab.json",
    "backward/model.safetensors",
];

static GIVEN: [OnceLock<Vec<u8>>; 6] = [const { OnceLock::new() }; 6];

/// Keeps one of [`FILES`]; whether there is one of that name.
pub fn give(name: &str, bytes: Vec<u8>) -> bool {
    let place = FILES.iter().zip(&GIVEN).find(|(file, _)| **file == name);
    place.is_some_and(|(_, kept)| {
        kept.get_or_init(|| bytes);
        true
    })
}

/// The model of one direction, once it has been fetched.
pub fn files(backward: bool) -> Option<Files> {
    let (forward, back) = GIVEN.split_at(3);
    let [config, vocab, weights] = (if backward { back } else { forward }) else {
        return None;
    };
    Some(Files {
        config: config.get()?,
        vocab: vocab.get()?,
        weights: weights.get()?,
    })
}

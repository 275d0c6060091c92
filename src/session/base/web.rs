//! The base models beside the page, so that the program itself stays small. The one that reads forward is fetched by the page
//! and given to the program before the window opens; the other one comes when a job needs it (`web/models.js`).

use std::cell::Cell;
use std::pin::pin;
use std::rc::Rc;
use std::sync::OnceLock;

use futures_lite::future::or;
use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;

use super::Files;

#[wasm_bindgen(raw_module = "./models.js")]
extern "C" {
    /// `[[name, bytes], ...]`, or null once `heard` has returned false.
    #[wasm_bindgen(catch, js_name = fetchModel)]
    async fn fetch_model(
        direction: &str,
        heard: &Closure<dyn FnMut(f64, f64) -> bool>,
    ) -> Result<JsValue, JsValue>;
}

/// What is there to fetch, in the order in which it is kept here.
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

/// Has the model of one direction there, from the network or from what the browser kept of it. `heard` is called with the
/// bytes that have come and that there are, and says whether to go on; this gives whether it did to the end.
///
/// # Errors
/// When it can neither be fetched nor was kept, in words for the user.
pub async fn fetch(backward: bool, mut heard: impl FnMut(u64, u64) -> bool) -> Result<bool, String> {
    if files(backward).is_some() {
        return Ok(true);
    }
    let direction = if backward { "backward" } else { "forward" };
    let (goes_on, come) = (Rc::new(Cell::new(true)), Rc::new(Cell::new((0.0, 0.0))));
    let (tell, told) = async_channel::bounded(1);
    let count = {
        let (goes_on, come) = (Rc::clone(&goes_on), Rc::clone(&come));
        Closure::<dyn FnMut(f64, f64) -> bool>::new(move |done, total| {
            come.set((done, total));
            // One that is still to be read will do.
            tell.try_send(()).ok();
            goes_on.get()
        })
    };
    let mut fetching = pin!(fetch_model(direction, &count));
    let found = loop {
        let done = async { Some(fetching.as_mut().await) };
        let progress = async {
            told.recv().await.ok();
            None
        };
        match or(done, progress).await {
            Some(found) => break found,
            None => {
                let (done, total) = come.get();
                // Asked once more, the caller would have forgotten that it said to stop.
                goes_on.set(goes_on.get() && heard(done as u64, total as u64));
            }
        }
    };
    let found = found.map_err(|error| {
        let why = match error.dyn_ref::<js_sys::Error>() {
            Some(error) => String::from(error.message()),
            None => format!("{error:?}"),
        };
        format!(
            "The model that reads {direction} is fetched when it is first needed, and could not be ({why}). Connect this device to the network and try again; from then on it is kept here."
        )
    })?;
    if found.is_null() {
        return Ok(false);
    }
    for file in found.unchecked_into::<Array>().iter() {
        let file: Array = file.unchecked_into();
        if let Some(name) = file.get(0).as_string() {
            give(&name, file.get(1).unchecked_into::<Uint8Array>().to_vec());
        }
    }
    // The last of it may have come before the network heard of a stop.
    Ok(goes_on.get())
}

//! The assistant in a worker: the page hands on what is asked for, and takes what becomes known.

use std::cell::RefCell;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::console;

use crate::session::actor::{Line, decoded, listen, tell_page};
use crate::session::assistant::sent::Sent;
use crate::session::assistant::{Inbox, Insight, Shared, lock, run};
use crate::session::project::Texts;

/// What the page says.
#[derive(Serialize, Deserialize)]
enum Told {
    /// First of all.
    Begin { texts: Box<Texts>, seed: u64 },
    /// What is asked for.
    Ask(Inbox),
}

/// Starts it.
///
/// # Errors
/// When the browser gives no worker.
pub fn start(shared: Arc<Shared>, texts: Arc<Texts>, seed: u64) -> std::io::Result<()> {
    let heard = {
        let shared = Arc::clone(&shared);
        move |message: JsValue| {
            if let Some(sent) = decoded::<Sent>(&message) {
                let mut insight = Insight::clone(&lock(&shared.latest));
                sent.apply(&mut insight);
                shared.publish(insight);
            }
        }
    };
    let ended = {
        let shared = Arc::clone(&shared);
        move |reason: String| {
            console::error_1(&format!("the assistant has ended: {reason}").into());
            let mut insight = Insight::clone(&lock(&shared.latest));
            insight.trouble = Some("Suggestions have stopped; load the page again for new ones.".into());
            shared.publish(insight);
        }
    };
    let line = Line::start("assistant", heard, ended)?;
    line.say(&Told::Begin {
        texts: Box::new(Texts::clone(&texts)),
        seed,
    });
    spawn_local(async move {
        loop {
            let inbox = shared.take(true).await;
            if inbox.closed {
                return;
            }
            line.say(&Told::Ask(inbox));
        }
    });
    Ok(())
}

/// The assistant in this worker.
struct Here {
    shared: Arc<Shared>,
    /// What the page knows.
    told: Arc<Insight>,
}

thread_local! {
    static HERE: RefCell<Option<Here>> = const { RefCell::new(None) };
}

/// Runs the assistant in this worker; called once, after the files of the base models were given.
#[wasm_bindgen]
pub fn run_assistant() {
    listen(|message| match decoded::<Told>(&message) {
        Some(Told::Begin { texts, seed }) => {
            let shared = Arc::new(Shared {
                inbox: Mutex::default(),
                arrived: async_channel::bounded(1),
                latest: Mutex::default(),
                wake: Arc::new(tell_insight),
            });
            HERE.set(Some(Here {
                shared: Arc::clone(&shared),
                told: Arc::default(),
            }));
            spawn_local(async move { run(&shared, Arc::new(*texts), seed).await });
        }
        Some(Told::Ask(inbox)) => HERE.with_borrow(|here| {
            let Some(Here { shared, .. }) = here else { return };
            lock(&shared.inbox).add(inbox);
            shared.arrived.0.try_send(()).ok();
        }),
        None => {}
    });
}

fn tell_insight() {
    HERE.with_borrow_mut(|here| {
        let Some(here) = here else { return };
        let now = Arc::clone(&lock(&here.shared.latest));
        tell_page(&Sent::since(&here.told, &now));
        here.told = now;
    });
}

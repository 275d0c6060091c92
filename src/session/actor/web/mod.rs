//! The engine in a worker, with its own device. The page answers with the number of events that it has heard, so that a worker
//! that is faster than the page waits for it.

mod line;

use std::cell::RefCell;
use std::io;
use std::sync::Arc;
use std::sync::mpsc;

use async_channel::Receiver;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::console;

use crate::session::protocol::Command;
use crate::session::{Event, Outbox, engine};
pub(in crate::session) use line::{Line, decoded, listen, tell_page, work_in};

/// Whether each engine opens a device of its own: one that is lost stays lost for its worker alone.
pub const OWN_DEVICE: bool = true;

/// Events that the page may have to hear yet.
const MOST_UNHEARD: u32 = 512;
/// Events after which the page says so.
const HEARD: u32 = 64;

enum Said {
    Command(Command),
    Heard,
    Ended(String),
}

/// Starts it. When it ends, however that comes, its end of both channels goes.
///
/// # Errors
/// When the browser gives no worker.
pub fn start(commands: Receiver<Command>, events: Outbox) -> io::Result<()> {
    let (over, ended) = async_channel::bounded::<String>(1);
    let (acknowledge, acknowledged) = async_channel::unbounded::<()>();
    let mut count = 0;
    let heard = move |message: JsValue| {
        if let Some(event) = decoded::<Event>(&message) {
            events.send(event);
        }
        count += 1;
        if count == HEARD {
            count = 0;
            acknowledge.try_send(()).ok();
        }
    };
    let line = Line::start("engine", heard, move |reason| {
        over.try_send(reason).ok();
    })?;
    spawn_local(async move {
        let next = async || {
            let command = async { commands.recv().await.ok().map(Said::Command) };
            let count = async { acknowledged.recv().await.ok().map(|()| Said::Heard) };
            let reason = async { ended.recv().await.ok().map(Said::Ended) };
            futures_lite::future::or(reason, futures_lite::future::or(command, count)).await
        };
        // None: nobody gives commands any more.
        while let Some(said) = next().await {
            match said {
                Said::Command(command) => line.say(&command),
                Said::Heard => line.count(HEARD),
                Said::Ended(reason) => {
                    console::error_1(&format!("the engine has ended: {reason}").into());
                    break;
                }
            }
        }
        // With the line goes the events' sender: the front end sees that nobody is there.
    });
    Ok(())
}

/// What the engine in this worker has said.
struct Here {
    events: mpsc::Receiver<Event>,
    unheard: u32,
    /// Has something in it once the page has said that it has heard some.
    heard: Receiver<()>,
}

thread_local! {
    static HERE: RefCell<Option<Here>> = const { RefCell::new(None) };
}

/// Runs the engine in this worker; called once, after the files of the base models were given.
#[wasm_bindgen]
pub fn run_engine() {
    let (commands, inbox) = async_channel::unbounded();
    let (outbox, events) = mpsc::channel();
    let (less, heard) = async_channel::bounded(1);
    let unheard = 0;
    HERE.set(Some(Here {
        events,
        unheard,
        heard,
    }));
    listen(move |message| {
        if let Some(count) = message.as_f64() {
            HERE.with_borrow_mut(|here| {
                here.iter_mut()
                    .for_each(|here| here.unheard = here.unheard.saturating_sub(count as u32));
            });
            // Where it is full, nobody has waited since.
            less.try_send(()).ok();
        } else if let Some(command) = decoded(&message) {
            commands.try_send(command).ok();
        }
    });
    let outbox = Outbox {
        events: outbox,
        wake: Arc::new(tell_events),
    };
    spawn_local(engine::run(inbox, outbox));
}

fn tell_events() {
    HERE.with_borrow_mut(|here| {
        let Some(here) = here else { return };
        while let Ok(event) = here.events.try_recv() {
            here.unheard += 1;
            tell_page(&event);
        }
    });
}

/// Waits while too much of what the engine said was not heard yet.
pub async fn room() {
    let full = |here: &&Here| here.unheard > MOST_UNHEARD;
    let wait = || HERE.with_borrow(|here| here.as_ref().filter(full).map(|here| here.heard.clone()));
    while let Some(heard) = wait() {
        if heard.recv().await.is_err() {
            break;
        }
    }
}

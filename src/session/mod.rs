//! The engine behind every front end: commands in, events out.
//!
//! [`Session::spawn`] starts it on a thread of its own, or in a worker of the page. All tensors live there: CubeCL orders work by thread, and a
//! run split over two threads would read stale buffers.

mod actor;
pub mod adapted;
pub mod assistant;
#[cfg(not(target_family = "wasm"))]
mod base;
#[cfg(target_family = "wasm")]
pub mod base;
mod control;
mod digest;
mod engine;
pub mod exchange;
mod jobs;
pub(crate) mod number;
#[cfg(target_family = "wasm")]
mod page;
pub mod preview;
pub mod project;
pub mod protocol;
pub mod survey;
pub mod trust;
pub mod unfinished;

pub use crate::host::clock;
use crate::host::clock::Instant;
pub use crate::host::fs as files;
use crate::host::work;
pub use protocol::{Command, Event};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

/// A running engine.
#[derive(Debug)]
pub struct Session {
    commands: async_channel::Sender<Command>,
    events: Receiver<Event>,
}

/// Where events go, and who is woken by them.
struct Outbox {
    events: Sender<Event>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Outbox {
    fn send(&self, event: Event) {
        // A front end that has stopped listening does not stop the work.
        self.events.send(event).ok();
        (self.wake)();
    }
}

/// The engine has ended, so it takes no more commands.
#[derive(Debug, thiserror::Error)]
#[error("the engine has ended")]
pub struct Ended;

impl Session {
    /// Whether another engine opens another device, so that it can go on where one was lost.
    pub const OWN_DEVICE: bool = actor::OWN_DEVICE;

    /// Has every engine see from now on what runs have left and leave in this folder, which is a project's. Engines of a page
    /// have files of their own, and a browser with many projects has not the memory for all of them several times.
    pub fn work_in(folder: &Path) {
        actor::work_in(folder);
    }

    /// Starts the engine.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn spawn() -> std::io::Result<Self> {
        Self::spawn_waking(Arc::new(|| {}))
    }

    /// Starts the engine; `wake` is called after every event, for a window that sleeps until something happens.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn spawn_waking(wake: Arc<dyn Fn() + Send + Sync>) -> std::io::Result<Self> {
        let (commands, inbox) = async_channel::unbounded();
        let (outbox, events) = channel();
        let outbox = Outbox { events: outbox, wake };
        actor::start(inbox, outbox)?;
        Ok(Self { commands, events })
    }

    /// One whose engine is a test: what it is commanded comes out, and what is put in is heard.
    #[cfg(test)]
    pub(crate) fn scripted() -> (Self, async_channel::Receiver<Command>, Sender<Event>) {
        let (commands, inbox) = async_channel::unbounded();
        let (told, events) = channel();
        (Self { commands, events }, inbox, told)
    }

    /// Sends a command; it takes effect between two steps.
    ///
    /// # Errors
    /// When the engine has ended.
    pub fn send(&self, command: Command) -> Result<(), Ended> {
        self.commands.try_send(command).map_err(|_| Ended)
    }

    /// A sender of its own, for a signal handler or another thread.
    pub fn commands(&self) -> async_channel::Sender<Command> {
        self.commands.clone()
    }

    /// Stops the job that is running and waits until it has ended, for at most so long and where waiting is possible: for
    /// when the program ends, so that a checkpoint is left. Gives what happened meanwhile.
    pub fn stop_within(&self, most: Duration) -> Vec<Event> {
        let until = Instant::now() + most;
        let mut happened = Vec::new();
        if self.send(Command::Stop).is_err() {
            return happened;
        }
        let left = || until.saturating_duration_since(Instant::now());
        while let Some(event) = work::receive_within(&self.events, left()) {
            let ended = event.ends_a_job();
            happened.push(event);
            if ended {
                break;
            }
        }
        happened
    }

    /// What happens, in order. The channel closes when the engine ends.
    pub fn events(&self) -> &Receiver<Event> {
        &self.events
    }
}

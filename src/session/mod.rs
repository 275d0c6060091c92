//! The engine behind every front end: commands in, events out.
//!
//! [`Session::spawn`] starts it on a thread of its own. All tensors live there: CubeCL orders work by thread, and a
//! run split over two threads would read stale buffers.

mod control;
mod engine;
mod jobs;
pub mod protocol;

use std::sync::mpsc::{Receiver, channel};

pub use protocol::{Command, Event};

/// A running engine.
#[derive(Debug)]
pub struct Session {
    commands: async_channel::Sender<Command>,
    events: Receiver<Event>,
}

/// The engine has ended, so it takes no more commands.
#[derive(Debug, thiserror::Error)]
#[error("the engine has ended")]
pub struct Ended;

impl Session {
    /// Starts the engine.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn spawn() -> std::io::Result<Self> {
        let (commands, inbox) = async_channel::unbounded();
        let (outbox, events) = channel();
        std::thread::Builder::new()
            .name("engine".into())
            .spawn(move || futures_lite::future::block_on(engine::run(inbox, outbox)))?;
        Ok(Self { commands, events })
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

    /// What happens, in order. The channel closes when the engine ends.
    pub fn events(&self) -> &Receiver<Event> {
        &self.events
    }
}

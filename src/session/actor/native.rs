//! The engine on a thread of its own.

use std::path::Path;

use async_channel::Receiver;

use crate::host::work;
use crate::session::protocol::Command;
use crate::session::{Outbox, engine};

/// Whether each engine opens a device of its own: the program has one, which stays lost once it is.
pub const OWN_DEVICE: bool = false;

/// Starts it. When it ends, its end of both channels goes.
///
/// # Errors
/// When the operating system gives no thread.
pub fn start(commands: Receiver<Command>, events: Outbox) -> std::io::Result<()> {
    work::spawn("engine", move || engine::run(commands, events)).map(drop)
}

/// What runs have left is where every thread sees it.
pub fn work_in(_folder: &Path) {}

/// Waits while too much of what the engine said was not heard yet. A channel between threads takes everything.
pub async fn room() {}

//! A run as a fold over the engine's events: what the Train screen draws and what can be scrubbed.

use crate::session::Event;

/// The run that is going on, or the last one.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// Every event, in order.
    pub events: Vec<Event>,
}

impl Run {
    /// Takes in the next event.
    pub fn push(&mut self, event: Event) {
        self.events.push(event);
    }
}

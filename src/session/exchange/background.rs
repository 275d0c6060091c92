//! Work beside the window.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, channel};

use crate::host::work::spawn;
use crate::io::Progress;

pub use crate::session::project::Wake;

/// What the work may ask and tell while it runs.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    stop: Arc<AtomicBool>,
    pub(crate) progress: Progress,
}

impl Watch {
    /// Whether anybody still wants the result.
    pub(crate) fn goes_on(&self) -> bool {
        !self.stop.load(Ordering::Relaxed)
    }
}

/// Work beside the window. Dropped, it is told to stop and its result is thrown away.
#[derive(Debug)]
pub struct Background<T> {
    result: Receiver<T>,
    watch: Watch,
    total: u64,
}

/// Where the work stands.
#[derive(Debug)]
pub enum Outcome<T> {
    /// It goes on.
    Running,
    /// It is done. Told once.
    Done(T),
    /// It ended without a result: there was no thread to be had, or it broke off.
    Lost,
}

impl<T: Send + 'static> Background<T> {
    /// Starts the work. `total` is what its progress will reach, in bytes; 0 where that is not known.
    pub(crate) fn start(total: u64, wake: Wake, work: impl FnOnce(&Watch) -> T + Send + 'static) -> Self {
        Self::start_async(total, wake, async move |watch| work(watch))
    }

    /// The same for work that waits for somebody else.
    pub(crate) fn start_async(
        total: u64,
        wake: Wake,
        work: impl AsyncFnOnce(&Watch) -> T + Send + 'static,
    ) -> Self {
        let (sender, result) = channel();
        let watch = Watch::default();
        let theirs = watch.clone();
        let spawned = spawn("files", move || async move {
            let result = work(&theirs).await;
            // Nobody listens once it was cancelled.
            sender.send(result).ok();
            wake();
        });
        // Without a thread the sender is gone, and the first poll says that the work is lost.
        drop(spawned);
        Self { result, watch, total }
    }

    /// Work that has come so far and goes no further, for pictures of it.
    #[cfg(test)]
    pub(crate) fn stalled(total: u64, done: u64) -> Self {
        let (sender, result) = channel();
        std::mem::forget(sender);
        let watch = Watch::default();
        watch.progress.add(done);
        Self { result, watch, total }
    }

    /// What became of it. Never waits.
    pub fn poll(&self) -> Outcome<T> {
        match self.result.try_recv() {
            Ok(result) => Outcome::Done(result),
            Err(TryRecvError::Empty) => Outcome::Running,
            Err(TryRecvError::Disconnected) => Outcome::Lost,
        }
    }

    /// The share that is done, 0 to 1, where it can be told.
    pub fn share(&self) -> Option<f32> {
        let done = self.watch.progress.bytes();
        (self.total > 0).then(|| (done as f64 / self.total as f64).min(1.0) as f32)
    }
}

impl<T> Drop for Background<T> {
    fn drop(&mut self) {
        self.watch.stop.store(true, Ordering::Relaxed);
    }
}

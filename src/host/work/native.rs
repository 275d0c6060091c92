//! Work on threads.

use std::io;
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;
use std::time::Duration;

/// Work that was started. Dropped, it goes on.
#[derive(Debug)]
pub struct Work(JoinHandle<()>);

impl Work {
    /// Waits until it is done, where waiting is possible.
    pub fn finish(self) {
        // A panic in it was reported where it happened.
        let _ = self.0.join();
    }
}

/// Starts work; `name` is the thread's.
///
/// # Errors
/// When the operating system gives no thread.
pub fn spawn<F: Future<Output = ()>>(
    name: &str,
    work: impl FnOnce() -> F + Send + 'static,
) -> io::Result<Work> {
    std::thread::Builder::new()
        .name(name.into())
        .spawn(move || block_on(work()))
        .map(Work)
}

/// Lets the window be drawn, where it shares this thread.
pub async fn breathe() {}

/// Waits for a moment, for somebody else to go on.
pub async fn moment() {
    std::thread::sleep(Duration::from_millis(2));
}

/// Runs a future to its end. Only for one that waits for nothing but this machine's processor: a tab cannot wait.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    futures_lite::future::block_on(future)
}

/// The next message, waiting for at most so long where waiting is possible.
pub fn receive_within<T>(messages: &Receiver<T>, most: Duration) -> Option<T> {
    messages.recv_timeout(most).ok()
}

/// While this lives, what the calling thread computes stays on its core. Without it the work spreads, which is no fault.
#[must_use]
pub fn on_one_core() -> Option<rayon::ThreadPool> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread()
        .build()
        .ok()
}

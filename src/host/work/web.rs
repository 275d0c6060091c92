//! Work on the one thread that a tab has.

use std::io;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use js_sys::Promise;
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::MessageChannel;

/// Work that was started. Dropped, it goes on.
#[derive(Debug)]
pub struct Work(());

impl Work {
    /// Waits until it is done, where waiting is possible: here it is not.
    pub fn finish(self) {}
}

/// Starts work after the frame that is being drawn.
///
/// # Errors
/// None here; a desktop may have no thread.
pub fn spawn<F: Future<Output = ()> + 'static>(
    _name: &str,
    work: impl FnOnce() -> F + Send + 'static,
) -> io::Result<Work> {
    spawn_local(async move {
        breathe().await;
        work().await;
    });
    Ok(Work(()))
}

/// Lets the window be drawn and input be heard.
///
/// A message to oneself comes round at once; a timer would be held back to four milliseconds, and to a second in a tab that
/// is hidden.
pub async fn breathe() {
    let round = Promise::new(&mut |resolve, _| {
        let sent = MessageChannel::new().and_then(|channel| {
            channel.port1().set_onmessage(Some(&resolve));
            channel.port2().post_message(&JsValue::NULL)
        });
        if sent.is_err() {
            // Without such channels there is no giving way, but the work goes on.
            resolve.call0(&JsValue::NULL).ok();
        }
    });
    JsFuture::from(round).await.ok();
}

/// Waits for a moment, for somebody else to go on.
pub async fn moment() {
    breathe().await;
}

/// Runs a future to its end. Only for one that waits for nothing but this machine's processor: a tab cannot wait.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    futures_lite::future::block_on(future)
}

/// The next message, waiting for at most so long where waiting is possible: here only one that has come is given.
pub fn receive_within<T>(messages: &Receiver<T>, _most: Duration) -> Option<T> {
    messages.try_recv().ok()
}

/// See [`on_one_core`].
#[derive(Debug)]
pub struct Alone(());

/// What the calling thread computes stays on its core in any case.
#[must_use]
pub fn on_one_core() -> Alone {
    Alone(())
}

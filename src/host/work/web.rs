//! Work on the one thread that a tab has.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use async_channel::Sender;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
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

/// A channel to oneself, one a thread: ports are not let go of while they are open, as long as a worker lives.
struct Round {
    channel: MessageChannel,
    /// Who waits, in the order of the messages that are on their way.
    waiting: Rc<RefCell<VecDeque<Sender<()>>>>,
    _heard: Closure<dyn FnMut()>,
}

impl Round {
    /// Without such channels there is none.
    fn open() -> Option<Self> {
        let channel = MessageChannel::new().ok()?;
        let waiting = Rc::new(RefCell::new(VecDeque::<Sender<()>>::new()));
        let theirs = Rc::clone(&waiting);
        let heard = Closure::<dyn FnMut()>::new(move || {
            let next = theirs.borrow_mut().pop_front();
            if let Some(next) = next {
                // Whoever has been dropped meanwhile waits no more.
                next.try_send(()).ok();
            }
        });
        channel
            .port1()
            .set_onmessage(Some(heard.as_ref().unchecked_ref()));
        Some(Self {
            channel,
            waiting,
            _heard: heard,
        })
    }

    /// Sends a message round; false where that cannot be done.
    fn send(&self, waits: Sender<()>) -> bool {
        let sent = self.channel.port2().post_message(&JsValue::NULL).is_ok();
        if sent {
            self.waiting.borrow_mut().push_back(waits);
        }
        sent
    }
}

thread_local! {
    static ROUND: Option<Round> = Round::open();
}

/// Lets the window be drawn and input be heard.
///
/// A message to oneself comes round at once; a timer would be held back to four milliseconds, and to a second in a tab that
/// is hidden.
pub async fn breathe() {
    let (waits, round) = async_channel::bounded(1);
    let sent = ROUND.with(|channel| channel.as_ref().is_some_and(|channel| channel.send(waits)));
    // Where it cannot be sent there is no giving way, but the work goes on.
    if sent {
        round.recv().await.ok();
    }
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

//! The model that looks over the user's shoulder while they label.
//!
//! Every text becomes a vector once: its words, as TF-IDF reduced to the directions in which this project's texts differ,
//! beside what the frozen built-in language model makes of it. A head on these vectors, a logistic regression, is trained
//! in well under a second whenever labels change. From it come suggestions, the words that decide them, the order in which
//! texts are asked for, an honest error on the texts kept aside, similar texts and a map.
//!
//! This is not ULMFiT: nothing is fine-tuned. With 20 to 100 labels it errs clearly less than TF-IDF with logistic
//! regression does, and most of that comes from the words of the texts without labels, the rest from the language model.
//! It is there to label faster and to say when to stop; the classifier comes from training.
//!
//! It runs on a thread of its own, or in a worker of the page, and never holds up the window: the latest [`Insight`] is always there.

mod curve;
mod encoder;
mod head;
mod insight;
mod linear;
mod map;
mod mind;
mod place;
mod queue;
#[cfg(any(test, target_family = "wasm"))]
mod sent;
mod snapshot;
mod space;
mod tint;
mod words;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_channel::{Receiver, Sender};
use serde::{Deserialize, Serialize};

pub use insight::{Churn, Estimate, Insight, MEASURED_ON, Pick, Reason, Tint};

use self::mind::{Mind, Told};
use self::snapshot::Snapshot;
use crate::host::clock::Instant;
use crate::host::work::{breathe, on_one_core};
use crate::session::project::{Project, TextId, Texts};

/// Progress is shown this often; what was asked for, at once.
const OFTEN: Duration = Duration::from_millis(250);

/// The assistant of one project. It ends when this is dropped.
pub struct Assistant {
    shared: Arc<Shared>,
}

/// What both threads see.
struct Shared {
    inbox: Mutex<Inbox>,
    /// Holds one word while there is something in the inbox that may not have been seen.
    arrived: (Sender<()>, Receiver<()>),
    latest: Mutex<Arc<Insight>>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

/// What was asked for and is not taken up yet.
#[derive(Default, Serialize, Deserialize)]
struct Inbox {
    /// Only the newest counts.
    snapshot: Option<Snapshot>,
    explain: Vec<TextId>,
    similar: Vec<TextId>,
    map: bool,
    closed: bool,
}

impl Inbox {
    /// Asks for something more.
    #[cfg(target_family = "wasm")]
    fn add(&mut self, more: Self) {
        self.snapshot = more.snapshot.or(self.snapshot.take());
        self.explain.extend(more.explain);
        self.similar.extend(more.similar);
        self.map |= more.map;
        self.closed |= more.closed;
    }

    fn is_empty(&self) -> bool {
        self.snapshot.is_none()
            && self.explain.is_empty()
            && self.similar.is_empty()
            && !self.map
            && !self.closed
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Assistant {
    /// Starts the assistant of these texts. `seed` decides which texts are kept aside and in which order texts are asked
    /// for; `wake` is called whenever there is a new [`Insight`].
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn spawn(texts: Arc<Texts>, seed: u64, wake: Arc<dyn Fn() + Send + Sync>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            inbox: Mutex::default(),
            arrived: async_channel::bounded(1),
            latest: Mutex::default(),
            wake,
        });
        place::start(Arc::clone(&shared), texts, seed)?;
        Ok(Self { shared })
    }

    /// Answers, labels or texts kept aside have changed. Returns at once; of several, only the newest counts.
    pub fn tell(&self, project: &Project) {
        let snapshot = Snapshot::from(project);
        self.ask(|inbox| inbox.snapshot = Some(snapshot));
    }

    /// Asks for the words that decide a text's suggestion: they come in [`Insight::tints`], and again whenever the head
    /// has changed. The latest sixteen texts are remembered.
    pub fn explain(&self, text: TextId) {
        self.ask(|inbox| inbox.explain.push(text));
    }

    /// Asks for the texts most similar to one: they come in [`Insight::similar`], without those that are or will be kept
    /// aside.
    pub fn similar(&self, text: TextId) {
        self.ask(|inbox| inbox.similar.push(text));
    }

    /// Asks for the map of all texts: it comes in [`Insight::map`].
    pub fn map(&self) {
        self.ask(|inbox| inbox.map = true);
    }

    /// What is known now.
    pub fn insight(&self) -> Arc<Insight> {
        Arc::clone(&lock(&self.shared.latest))
    }

    fn ask(&self, change: impl FnOnce(&mut Inbox)) {
        change(&mut lock(&self.shared.inbox));
        // A word that is still there says the same.
        self.shared.arrived.0.try_send(()).ok();
    }
}

impl Drop for Assistant {
    fn drop(&mut self) {
        self.ask(|inbox| inbox.closed = true);
    }
}

impl std::fmt::Debug for Assistant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Assistant").finish_non_exhaustive()
    }
}

impl Shared {
    /// Takes what has arrived; waits for something to arrive when there is nothing else to do.
    async fn take(&self, wait: bool) -> Inbox {
        loop {
            let inbox = std::mem::take(&mut *lock(&self.inbox));
            if !wait || !inbox.is_empty() {
                return inbox;
            }
            // It never closes: its other end is here too.
            self.arrived.1.recv().await.ok();
        }
    }

    fn publish(&self, insight: Insight) {
        *lock(&self.latest) = Arc::new(insight);
        (self.wake)();
    }
}

/// The work: what has arrived first, then one step, and so on.
async fn run(shared: &Shared, texts: Arc<Texts>, seed: u64) {
    // The other cores are for training and for the window.
    let _alone = on_one_core();
    let mut mind = Mind::new(texts, seed);
    let (mut idle, mut unsaid) = (false, false);
    let mut said = Instant::now();
    loop {
        let inbox = shared.take(idle).await;
        if inbox.closed {
            return;
        }
        if let Some(snapshot) = &inbox.snapshot {
            mind.hear(snapshot);
        }
        inbox.explain.into_iter().for_each(|text| mind.explain(text));
        inbox.similar.into_iter().for_each(|text| mind.find_similar(text));
        if inbox.map {
            mind.draw_map();
        }
        let told = mind.step();
        idle = told.is_none();
        unsaid |= told.is_some();
        if unsaid && (idle || told == Some(Told::Much) || said.elapsed() >= OFTEN) {
            shared.publish(mind.insight.clone());
            (unsaid, said) = (false, Instant::now());
        }
        breathe().await;
    }
}

#[cfg(test)]
mod tests;

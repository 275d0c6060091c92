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
//! It runs on a thread of its own and never holds up the window: the latest [`Insight`] is always there.

mod curve;
mod encoder;
mod head;
mod insight;
mod linear;
mod map;
mod mind;
mod queue;
mod space;
mod tint;
mod words;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub use insight::{Churn, Estimate, Insight, Pick, Reason, Tint};

use self::mind::{Mind, Snapshot, Told};
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
    arrived: Condvar,
    latest: Mutex<Arc<Insight>>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

/// What was asked for and is not taken up yet.
#[derive(Default)]
struct Inbox {
    /// Only the newest counts.
    snapshot: Option<Snapshot>,
    explain: Vec<TextId>,
    similar: Vec<TextId>,
    map: bool,
    closed: bool,
}

impl Inbox {
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
    /// for; `wake` is called from the assistant's thread whenever there is a new [`Insight`].
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn spawn(texts: Arc<Texts>, seed: u64, wake: Arc<dyn Fn() + Send + Sync>) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            inbox: Mutex::default(),
            arrived: Condvar::new(),
            latest: Mutex::default(),
            wake,
        });
        let theirs = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("assistant".into())
            .spawn(move || run(&theirs, texts, seed))?;
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
        self.shared.arrived.notify_one();
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
    fn take(&self, wait: bool) -> Inbox {
        let mut inbox = lock(&self.inbox);
        while wait && inbox.is_empty() {
            inbox = self.arrived.wait(inbox).unwrap_or_else(PoisonError::into_inner);
        }
        std::mem::take(&mut inbox)
    }

    fn publish(&self, insight: &Insight) {
        *lock(&self.latest) = Arc::new(insight.clone());
        (self.wake)();
    }
}

/// The thread: what has arrived first, then one step of work, and so on.
fn run(shared: &Shared, texts: Arc<Texts>, seed: u64) {
    // The work of this thread stays on it: the other cores are for training and for the window. Without such a pool it
    // spreads, which is no fault.
    let _alone = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .use_current_thread()
        .build();
    let mut mind = Mind::new(texts, seed);
    let (mut idle, mut unsaid) = (false, false);
    let mut said = Instant::now();
    loop {
        let inbox = shared.take(idle);
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
            shared.publish(&mind.insight);
            (unsaid, said) = (false, Instant::now());
        }
    }
}

#[cfg(test)]
mod tests;

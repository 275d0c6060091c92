//! Watching a device work: seconds by operation, kernel launches, queue submissions.
//!
//! Everything but submissions is counted for the thread that watches, so several may watch at once. While nobody does, a
//! [`span`] costs one look at a thread-local.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Once, OnceLock};

use cubecl::logging::{
    Duration, LaunchObservation, LaunchObserver, ProfileDuration, TimingMethod, TimingRequest,
};
use log::{LevelFilter, Log, Metadata, Record};

use crate::host::clock::Instant;

/// What was seen between entering and leaving spans of one name.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Seen {
    /// Seconds of the calling thread, those of spans inside not included. On a GPU this is the time it takes to ask for
    /// the work, not to do it.
    pub host_seconds: f64,
    /// Kernels that were launched, whoever wrote them.
    pub launches: u64,
    /// Those of them that this crate wrote.
    pub own_launches: u64,
    /// Seconds of those kernels by the device's own clock, where they were timed.
    pub device_seconds: f64,
}

/// What a [`Watch`] has seen.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// By the names of spans; what is outside of every span is under [`OUTSIDE`].
    pub spans: BTreeMap<&'static str, Seen>,
    /// Submissions to the queue; `None` where they cannot be counted, see [`can_count_submits`].
    pub submits: Option<u64>,
    /// Whether every launch was timed by the device's own clock.
    pub timed_on_device: bool,
}

impl Report {
    /// Everything together.
    pub fn total(&self) -> Seen {
        self.spans.values().fold(Seen::default(), |a, b| Seen {
            host_seconds: a.host_seconds + b.host_seconds,
            launches: a.launches + b.launches,
            own_launches: a.own_launches + b.own_launches,
            device_seconds: a.device_seconds + b.device_seconds,
        })
    }
}

/// The name of what happens outside of every span.
pub const OUTSIDE: &str = "everything else";

struct Watching {
    spans: BTreeMap<&'static str, Seen>,
    /// The spans that are open, the innermost last.
    open: Vec<&'static str>,
    /// When the innermost span began, or went on.
    since: Instant,
    timings: Vec<(&'static str, ProfileDuration)>,
    /// A launch was timed by the host's clock, or not at all.
    untimed: bool,
}

impl Watching {
    fn innermost(&self) -> &'static str {
        self.open.last().copied().unwrap_or(OUTSIDE)
    }

    fn at(&mut self) -> &mut Seen {
        let name = self.innermost();
        self.spans.entry(name).or_default()
    }

    /// Gives the time until now to the innermost span.
    fn settle(&mut self) {
        let now = Instant::now();
        let seconds = now.duration_since(self.since).as_secs_f64();
        self.at().host_seconds += seconds;
        self.since = now;
    }
}

thread_local! {
    static WATCHING: RefCell<Option<Watching>> = const { RefCell::new(None) };
}

/// Calls `f` where this thread is watched.
fn watched<R>(f: impl FnOnce(&mut Watching) -> R) -> Option<R> {
    WATCHING.with(|cell| cell.try_borrow_mut().ok()?.as_mut().map(f))
}

/// Time and launches belong to this span's name until it is dropped.
#[must_use = "a span ends when it is dropped"]
pub struct Span {
    entered: bool,
}

/// Enters a span, where this thread is watched.
pub fn span(name: &'static str) -> Span {
    let entered = watched(|w| {
        w.settle();
        w.open.push(name);
    });
    Span {
        entered: entered.is_some(),
    }
}

impl Drop for Span {
    fn drop(&mut self) {
        if self.entered {
            watched(|w| {
                w.settle();
                w.open.pop();
            });
        }
    }
}

/// One more launch of a kernel of this crate.
pub(super) fn own_launch() {
    watched(|w| w.at().own_launches += 1);
}

/// Hears of every launch in the process, before the kernel is handed to the device, on the thread that asked for it.
struct Launches {
    timing: TimingRequest,
}

impl LaunchObserver for Launches {
    fn launched(&self, _: &'static str) {
        watched(|w| w.at().launches += 1);
    }

    fn timing(&self) -> TimingRequest {
        self.timing
    }

    fn profiled(&self, _: &'static str, profile: ProfileDuration) {
        watched(|w| {
            if profile.timing_method() == TimingMethod::Device {
                let name = w.innermost();
                w.timings.push((name, profile));
            } else {
                w.untimed = true;
            }
        });
    }

    fn timed(&self, _: &'static str, _: Duration, _: TimingMethod) {
        watched(|w| w.untimed = true);
    }
}

/// Watches the calling thread until [`Watch::finish`].
pub struct Watch {
    submits: Option<(u64, SubmitCount)>,
    timing: Option<LaunchObservation>,
}

impl Watch {
    /// Begins to watch this thread. Launches and submissions that were asked for before may still be under way: wait for
    /// the device first.
    pub fn start() -> Self {
        // For the rest of the process: observers of several threads could not be taken away in any order.
        static LAUNCHES: OnceLock<LaunchObservation> = OnceLock::new();
        LAUNCHES.get_or_init(|| {
            LaunchObservation::new(Arc::new(Launches {
                timing: TimingRequest::None,
            }))
        });
        let submits = SubmitCount::start().map(|count| (SUBMITS.load(Ordering::Relaxed), count));
        WATCHING.with(|cell| {
            *cell.borrow_mut() = Some(Watching {
                spans: BTreeMap::new(),
                open: Vec::new(),
                since: Instant::now(),
                timings: Vec::new(),
                untimed: false,
            });
        });
        Self {
            submits,
            timing: None,
        }
    }

    /// As [`Self::start`], and has every kernel timed by the device. Each launch then waits for its turn, so the host's
    /// seconds and the submissions say nothing. Nobody else may launch kernels meanwhile.
    pub fn start_timing() -> Self {
        let mut watch = Self::start();
        watch.timing = Some(LaunchObservation::new(Arc::new(Launches {
            timing: TimingRequest::Deferred,
        })));
        watch
    }

    /// What has happened on this thread since. Wait for the device first: what was asked for may not have been submitted.
    pub async fn finish(mut self) -> Report {
        let timed = self.timing.take().is_some();
        let watching = WATCHING.with(|cell| cell.borrow_mut().take());
        let submits = self
            .submits
            .take()
            .map(|(before, _)| SUBMITS.load(Ordering::Relaxed) - before);
        let Some(mut watching) = watching else {
            return Report::default();
        };
        watching.settle();
        let mut report = Report {
            submits,
            timed_on_device: timed && !watching.untimed,
            spans: watching.spans,
        };
        for (name, timing) in watching.timings {
            match timing.resolve().await {
                Some(ticks) => {
                    report.spans.entry(name).or_default().device_seconds += ticks.duration().as_secs_f64();
                }
                None => report.timed_on_device = false,
            }
        }
        report
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        WATCHING.with(|cell| cell.borrow_mut().take());
    }
}

static SUBMITS: AtomicU64 = AtomicU64::new(0);
static COUNTERS: AtomicUsize = AtomicUsize::new(0);

/// wgpu has no counter of submissions, but says each one at its lowest log level: this logger hears that, and is deaf to
/// everything else.
struct SubmitLog;

impl Log for SubmitLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        COUNTERS.load(Ordering::Relaxed) > 0 && metadata.target() == "wgpu_core::device::queue"
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) && record.args().as_str() == Some("Queue::submit") {
            SUBMITS.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn flush(&self) {}
}

/// Whether submissions can be counted: not where the process logs (`RUST_LOG`), for there is one logger, and not in a
/// browser.
pub fn can_count_submits() -> bool {
    static INSTALL: Once = Once::new();
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    INSTALL.call_once(|| {
        let installed = !cfg!(target_arch = "wasm32") && log::set_logger(&SubmitLog).is_ok();
        INSTALLED.get_or_init(|| installed);
    });
    INSTALLED.get().copied().unwrap_or(false)
}

/// Submissions are counted as long as one of these lives.
struct SubmitCount;

impl SubmitCount {
    fn start() -> Option<Self> {
        can_count_submits().then(|| {
            COUNTERS.fetch_add(1, Ordering::Relaxed);
            log::set_max_level(LevelFilter::Trace);
            Self
        })
    }
}

impl Drop for SubmitCount {
    fn drop(&mut self) {
        if COUNTERS.fetch_sub(1, Ordering::Relaxed) == 1 {
            log::set_max_level(LevelFilter::Off);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_lite::future::block_on;

    use super::*;

    fn spin(milliseconds: u64) {
        std::thread::sleep(Duration::from_millis(milliseconds));
    }

    #[test]
    fn a_span_does_not_count_what_is_inside_another() {
        let watch = Watch::start();
        {
            let _outer = span("outer");
            own_launch();
            {
                let _inner = span("inner");
                own_launch();
                own_launch();
                spin(20);
            }
            own_launch();
        }
        own_launch();
        let report = block_on(watch.finish());
        let own = |name: &str| report.spans[name].own_launches;
        assert_eq!((own("outer"), own("inner"), own(OUTSIDE)), (2, 2, 1));
        assert!(report.spans["inner"].host_seconds >= 0.02, "{report:?}");
        assert_eq!(report.total().own_launches, 5);
    }

    #[test]
    fn nothing_is_kept_while_nobody_watches() {
        drop(span("before"));
        own_launch();
        let watch = Watch::start();
        let other = std::thread::spawn(|| {
            let _span = span("on another thread");
            own_launch();
        });
        other.join().expect("it ends");
        let report = block_on(watch.finish());
        assert_eq!(report.spans.keys().collect::<Vec<_>>(), [&OUTSIDE]);
        assert_eq!(report.total().own_launches, 0);
    }
}

//! Signals that ask the program to end: Ctrl-C, SIGTERM (`timeout`, a scheduler, a container that is stopped) and a terminal that
//! is closed. The first lets the job write its checkpoint.

use std::io::{self, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::INTERRUPTED;

/// Signals that come so soon after the first mean the same: `timeout` sends two, and so do a shell and the terminal that it loses.
const TOGETHER: Duration = Duration::from_secs(1);

/// Counts what asks the program to end; the second time ends it at once.
pub fn watch(asked: &Arc<AtomicUsize>) -> Result<(), ctrlc::Error> {
    let asked = Arc::clone(asked);
    let mut first = None;
    // What `nohup` has set would be lost with the handler.
    let ignored = hangup::ignore();
    let watched = ctrlc::set_handler(move || {
        if is_another(&mut first, Instant::now()) {
            // Off the line of the progress bar.
            writeln!(io::stderr()).ok();
            std::process::exit(INTERRUPTED.into());
        }
        asked.store(1, Ordering::Relaxed);
    });
    if ignored {
        hangup::ignore();
    } else if watched.is_err() {
        hangup::restore();
    }
    watched
}

/// Whether a signal is not of the first asking.
fn is_another(first: &mut Option<Instant>, now: Instant) -> bool {
    now.duration_since(*first.get_or_insert(now)) >= TOGETHER
}

/// What becomes of the signal that tells of a closed terminal.
#[cfg(unix)]
mod hangup {
    use nix::sys::signal::{SigHandler, Signal, signal};

    /// Has it ignored; whether it was ignored before.
    pub fn ignore() -> bool {
        matches!(set(SigHandler::SigIgn), Some(SigHandler::SigIgn))
    }

    /// Has it end the program, as it does where nobody asked for anything else.
    pub fn restore() {
        set(SigHandler::SigDfl);
    }

    /// What was set before; `None` where it cannot be set.
    fn set(handler: SigHandler) -> Option<SigHandler> {
        // SAFETY: no handler is set that could do what a handler must not.
        unsafe { signal(Signal::SIGHUP, handler) }.ok()
    }
}

/// There is no such signal.
#[cfg(not(unix))]
mod hangup {
    pub fn ignore() -> bool {
        false
    }

    pub fn restore() {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_signals_at_once_ask_once() {
        let (mut first, now) = (None, Instant::now());
        assert!(!is_another(&mut first, now));
        assert!(!is_another(&mut first, now + TOGETHER / 2));
        assert!(is_another(&mut first, now + TOGETHER));
    }
}

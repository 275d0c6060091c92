//! What both training loops do between two steps, beside the training: they wait while they are paused, hand out the
//! checkpoints that are due or wished for, end when they are told to, and read a step's loss back.

use burn::tensor::Tensor;

use super::Error;
use super::checkpoint::{Checkpoint, Position};
use super::monitor::{Monitor, Signal};
use crate::host::clock::Instant;
use crate::model::read_back::floats;

/// When the next step may be made.
pub(super) struct Pace {
    clock: Clock,
    /// Steps between checkpoints that nobody asked for; 0 writes none.
    save_every: u64,
    /// Steps that were done when the loop was entered: a checkpoint has them already.
    entered_at: u64,
}

impl Pace {
    /// Of a loop that is entered at this position, now.
    pub fn new(at: &Position, save_every: u64) -> Self {
        Self {
            clock: Clock::new(at.seconds),
            save_every,
            entered_at: at.step,
        }
    }

    /// Seconds of training so far: those of earlier runs too, and not those of pauses.
    pub fn seconds(&self) -> f64 {
        self.clock.seconds()
    }

    /// Waits until the step after so many may be made. `checkpoint` makes a checkpoint that tells so many seconds of training.
    ///
    /// # Errors
    /// [`Error::Stopped`], or when a checkpoint cannot be made or kept.
    pub async fn before_step<M: Monitor, F>(
        &mut self,
        monitor: &mut M,
        step: u64,
        checkpoint: impl Fn(f64) -> F,
    ) -> Result<(), Error>
    where
        F: Future<Output = Result<Checkpoint, Error>>,
    {
        let mut due = self.save_every > 0 && step > self.entered_at && step.is_multiple_of(self.save_every);
        // Asked again after a checkpoint: one that is wished for during a pause does not end the pause.
        loop {
            let signal = self.clock.without(monitor.signal()).await;
            if signal != Signal::Continue || due {
                monitor.save(checkpoint(self.seconds()).await?)?;
                due = false;
            }
            match signal {
                Signal::Continue => return Ok(()),
                Signal::Save => {}
                Signal::Stop => return Err(Error::Stopped),
            }
        }
    }
}

/// The terms of a step's loss, the first of them the cross-entropy, read back in one transfer. `rate` is the highest one.
///
/// # Errors
/// When training has diverged, or the device is lost.
pub(super) async fn read_loss<const N: usize>(
    terms: [Tensor<1>; N],
    step: u64,
    rate: f64,
) -> Result<[f64; N], Error> {
    let mut terms: Vec<Tensor<1>> = terms.into_iter().map(Tensor::inner).collect();
    let all = if N == 1 {
        terms.swap_remove(0)
    } else {
        Tensor::cat(terms, 0)
    };
    let values = floats(all).await.map_err(Error::Device)?;
    let terms: [f64; N] = std::array::from_fn(|i| f64::from(values[i]));
    match terms.first() {
        Some(&loss) if !loss.is_finite() => Err(Error::Diverged { loss, step, rate }),
        _ => Ok(terms),
    }
}

/// Counts seconds of training: those of earlier runs, and not those of a pause.
struct Clock {
    before: f64,
    since: Instant,
}

impl Clock {
    fn new(before: f64) -> Self {
        Self {
            before,
            since: Instant::now(),
        }
    }

    fn seconds(&self) -> f64 {
        self.before + self.since.elapsed().as_secs_f64()
    }

    /// Stands still while `wait` is awaited.
    async fn without<T>(&mut self, wait: impl Future<Output = T>) -> T {
        self.before = self.seconds();
        let result = wait.await;
        self.since = Instant::now();
        result
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::Device;
    use futures_lite::future::block_on;

    use super::*;
    use crate::train::monitor::{Evaluation, Step};

    /// Answers with these signals, the last one first, and then has training go on.
    struct Script {
        signals: Vec<Signal>,
        saved: usize,
    }

    impl Monitor for Script {
        fn step(&mut self, _: Step) {}

        fn evaluation(&mut self, _: Evaluation) {}

        async fn signal(&mut self) -> Signal {
            self.signals.pop().unwrap_or(Signal::Continue)
        }

        fn save(&mut self, _: Checkpoint) -> Result<(), Error> {
            self.saved += 1;
            Ok(())
        }
    }

    /// Checkpoints before the step after `step`, and whether training ended there. It was entered at step 10, and has one
    /// every fifth step.
    fn before(step: u64, signals: &[Signal]) -> (usize, bool) {
        let at = Position {
            step: 10,
            ..Position::default()
        };
        let mut pace = Pace::new(&at, 5);
        let mut script = Script {
            signals: signals.iter().rev().copied().collect(),
            saved: 0,
        };
        let made = |_: f64| std::future::ready(Ok(Checkpoint::default()));
        let ended = match block_on(pace.before_step(&mut script, step, made)) {
            Ok(()) => false,
            Err(error) => matches!(error, Error::Stopped),
        };
        assert!(script.signals.is_empty(), "it goes on too early");
        (script.saved, ended)
    }

    #[test]
    fn checkpoints_are_made_when_due_when_wished_for_and_at_the_end() {
        use Signal::{Continue, Save, Stop};
        assert_eq!(before(11, &[Continue]), (0, false));
        assert_eq!(before(15, &[Continue]), (1, false));
        // What was read from a checkpoint is in it already.
        assert_eq!(before(10, &[Continue]), (0, false));
        assert_eq!(before(11, &[Save, Save, Continue]), (2, false));
        // One that is due and wished for is made once.
        assert_eq!(before(15, &[Save, Continue]), (1, false));
        assert_eq!(before(11, &[Stop]), (1, true));
    }

    #[test]
    fn a_loss_that_is_no_number_ends_training() {
        let device = Device::flex();
        let term = |x: f32| Tensor::<1>::from_data([x], &device);
        let read = block_on(read_loss([term(1.5), term(0.25)], 7, 0.1));
        assert_eq!(read.expect("two terms"), [1.5, 0.25]);
        let diverged = block_on(read_loss([term(f32::NAN)], 7, 0.1));
        assert!(matches!(diverged, Err(Error::Diverged { step: 7, .. })));
    }
}

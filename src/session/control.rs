//! The engine's side of a job: sending events, heeding commands, and being a training loop's monitor.

use std::path::PathBuf;
use std::time::Duration;

use async_channel::Receiver;

use super::Outbox;
use super::actor::room;
use super::protocol::{Command, Event, GroupStep};
use crate::host::clock::Instant;
use crate::host::work::breathe;
use crate::io::write_checkpoint;
use crate::train::checkpoint::Checkpoint;
use crate::train::monitor::{Evaluation, Monitor, Signal, Step};

/// Events out, commands in.
pub struct Control {
    commands: Receiver<Command>,
    events: Outbox,
    paused: bool,
}

impl Control {
    pub fn new(commands: Receiver<Command>, events: Outbox) -> Self {
        Self {
            commands,
            events,
            paused: false,
        }
    }

    /// The next command, or `None` when every front end has gone.
    pub async fn next(&mut self) -> Option<Command> {
        self.commands.recv().await.ok()
    }

    pub fn emit(&self, event: Event) {
        self.events.send(event);
    }

    pub fn note(&self, message: impl Into<String>) {
        self.emit(Event::Note {
            message: message.into(),
        });
    }

    pub fn warn(&self, message: impl Into<String>) {
        self.emit(Event::Warning {
            message: message.into(),
        });
    }

    /// A new job runs until it is told otherwise, however the one before ended.
    pub fn begin(&mut self) {
        self.paused = false;
    }

    /// Heeds waiting commands, each in its turn. Returns at once unless training is paused.
    async fn signal(&mut self, step: u64) -> Signal {
        loop {
            let command = if self.paused {
                match self.commands.recv().await {
                    Ok(command) => command,
                    Err(_) => return Signal::Stop,
                }
            } else {
                match self.commands.try_recv() {
                    Ok(command) => command,
                    Err(_) => return Signal::Continue,
                }
            };
            match command {
                Command::Pause if !self.paused => {
                    self.paused = true;
                    self.emit(Event::Paused { step });
                }
                Command::Step => {
                    self.paused = true;
                    return Signal::Continue;
                }
                Command::Resume if self.paused => {
                    self.paused = false;
                    self.emit(Event::Resumed);
                }
                Command::Save => return Signal::Save,
                Command::Stop => return Signal::Stop,
                Command::Start(_) => self.warn("a job is running; stop it before starting another"),
                Command::Pause | Command::Resume => {}
            }
        }
    }

    /// Whether a command to stop is waiting; for stages that do not train. A pause holds the first step after them.
    pub fn stop_asked(&mut self) -> bool {
        while let Ok(command) = self.commands.try_recv() {
            match command {
                Command::Stop => return true,
                Command::Start(_) => self.warn("a job is running; stop it before starting another"),
                Command::Pause if !self.paused => {
                    self.paused = true;
                    self.emit(Event::Paused { step: 0 });
                }
                Command::Resume if self.paused => {
                    self.paused = false;
                    self.emit(Event::Resumed);
                }
                Command::Pause | Command::Resume | Command::Step | Command::Save => {}
            }
        }
        false
    }
}

/// A stage that is timed and reported.
pub struct Stage<'a> {
    pub control: &'a mut Control,
    name: String,
    since: Instant,
    reported: Option<Instant>,
    steps: u64,
    checkpoint: Option<PathBuf>,
    first_step: Option<u64>,
    trained: Trained,
}

/// The time that goes into training steps: not that of a pause, nor what held-out texts take before and between them.
#[derive(Default)]
struct Trained {
    before: Duration,
    since: Option<Instant>,
}

impl Trained {
    fn go(&mut self) {
        self.since = Some(Instant::now());
    }

    fn halt(&mut self) -> f64 {
        self.before += self.since.take().map_or(Duration::ZERO, |since| since.elapsed());
        self.before.as_secs_f64()
    }
}

impl<'a> Stage<'a> {
    pub fn start(control: &'a mut Control, name: &str, groups: Vec<String>, total: u64, unit: &str) -> Self {
        control.emit(Event::StageStarted {
            stage: name.to_string(),
            groups,
            total,
            unit: unit.to_string(),
        });
        Self {
            control,
            name: name.to_string(),
            since: Instant::now(),
            reported: None,
            steps: 0,
            checkpoint: None,
            first_step: None,
            trained: Trained::default(),
        }
    }

    /// Checkpoints of this stage go to `path`.
    pub fn with_checkpoint(mut self, path: PathBuf) -> Self {
        self.checkpoint = Some(path);
        self
    }

    /// Reports progress, ten times a second at most.
    pub fn progress(&mut self, done: u64, total: u64) {
        if self.reported.is_some_and(|at| at.elapsed().as_millis() < 100) && done < total {
            return;
        }
        self.reported = Some(Instant::now());
        let per_second = done as f64 / self.since.elapsed().as_secs_f64().max(1e-9);
        let seconds_left = (total > 0).then(|| total.saturating_sub(done) as f64 / per_second.max(1e-9));
        self.control.emit(Event::Progress {
            stage: self.name.clone(),
            done,
            total,
            per_second,
            seconds_left,
        });
    }

    /// Training steps done, those of an interrupted run included.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Ends the stage; returns its seconds.
    pub fn done(self) -> f64 {
        let seconds = self.since.elapsed().as_secs_f64();
        self.control.emit(Event::StageDone {
            stage: self.name,
            seconds,
        });
        seconds
    }
}

impl Monitor for Stage<'_> {
    fn step(&mut self, step: Step) {
        let elapsed = self.trained.halt().max(1e-9);
        // Steps of an earlier, interrupted run do not count for the speed of this one.
        let first = *self.first_step.get_or_insert(step.step - 1);
        self.steps = step.step;
        let per_step = elapsed / (step.step - first) as f64;
        let (ar, tar) = match step.regularisation {
            Some((ar, tar)) => (Some(ar), Some(tar)),
            None => (None, None),
        };
        let groups = step.groups.iter().map(|g| GroupStep {
            rate: g.rate,
            frozen: g.frozen,
            weight_norm: g.norms.map(|n| n.weight),
            gradient_norm: g.norms.map(|n| n.gradient),
            update_norm: g.norms.map(|n| n.update),
            moved: g.norms.and_then(|n| n.moved),
        });
        self.control.emit(Event::Step {
            stage: self.name.clone(),
            step: step.step,
            total: step.total,
            epoch: step.epoch,
            loss: step.cross_entropy + ar.unwrap_or(0.0) + tar.unwrap_or(0.0),
            cross_entropy: step.cross_entropy,
            ar,
            tar,
            groups: groups.collect(),
            tokens_per_second: step.tokens as f64 / elapsed,
            seconds_left: per_step * (step.total.saturating_sub(step.step)) as f64,
        });
    }

    fn single_step(&self) -> bool {
        // A step that is made during a pause was asked for.
        self.control.paused
    }

    fn evaluation(&mut self, evaluation: Evaluation) {
        let Evaluation { epoch, nll, error } = evaluation;
        let perplexity = error.is_none().then(|| nll.exp());
        self.control.emit(Event::Evaluation {
            stage: self.name.clone(),
            epoch,
            nll,
            perplexity,
            error,
        });
    }

    async fn signal(&mut self) -> Signal {
        breathe().await;
        room().await;
        self.trained.halt();
        let steps = self.steps;
        let signal = self.control.signal(steps).await;
        self.trained.go();
        signal
    }

    fn save(&mut self, checkpoint: Checkpoint) -> Result<(), crate::train::Error> {
        let Some(path) = &self.checkpoint else {
            return Ok(());
        };
        let step = checkpoint.position.step;
        write_checkpoint(path, &self.name, checkpoint)
            .map_err(|e| crate::train::Error::Save(e.to_string()))?;
        self.control.emit(Event::Saved {
            path: path.clone(),
            step,
        });
        Ok(())
    }
}

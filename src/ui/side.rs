//! Quick questions to a second engine, so that they are answered while the first one trains.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::mpsc::TryRecvError;

use crate::session::protocol::{Command, Event, Job};
use crate::session::{Ended, Session};

/// Who asks. A newer question of the same asker replaces one that still waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// Classify: a text that is being typed.
    Try,
    /// Classify: why this label?
    Why,
    /// Write: the model before adaptation.
    WriteBefore,
    /// Write: the model after adaptation.
    WriteAfter,
    /// Where will be computed?
    Device,
}

/// The second engine and who waits for it.
pub struct Side {
    session: Session,
    wake: Arc<dyn Fn() + Send + Sync>,
    /// Whether this engine has said anything: one that never did is not replaced.
    spoke: bool,
    running: Option<Asker>,
    waiting: VecDeque<(Asker, Job)>,
}

impl Side {
    /// Starts the second engine.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn spawn(wake: Arc<dyn Fn() + Send + Sync>) -> std::io::Result<Self> {
        Ok(Self {
            session: Session::spawn_waking(Arc::clone(&wake))?,
            wake,
            spoke: false,
            running: None,
            waiting: VecDeque::new(),
        })
    }

    /// Asks as soon as the engine is free.
    ///
    /// # Errors
    /// When the engine has ended.
    pub fn ask(&mut self, asker: Asker, job: Job) -> Result<(), Ended> {
        self.waiting.retain(|(other, _)| *other != asker);
        self.waiting.push_back((asker, job));
        self.start_next()
    }

    /// Takes back what still waits of this asker. Whether an answer to it is under way all the same.
    pub fn take_back(&mut self, asker: Asker) -> bool {
        self.waiting.retain(|(other, _)| *other != asker);
        self.running == Some(asker)
    }

    /// Whether a question of this asker is not answered yet.
    pub fn busy(&self, asker: Asker) -> bool {
        self.running == Some(asker) || self.waiting.iter().any(|(other, _)| *other == asker)
    }

    fn start_next(&mut self) -> Result<(), Ended> {
        if self.running.is_some() {
            return Ok(());
        }
        let Some((asker, job)) = self.waiting.pop_front() else {
            return Ok(());
        };
        self.session.send(Command::Start(Box::new(job)))?;
        self.running = Some(asker);
        Ok(())
    }

    /// What was answered since the last time, each with who asked.
    pub fn poll(&mut self) -> Vec<(Asker, Event)> {
        let mut answers = Vec::new();
        loop {
            let event = match self.session.events().try_recv() {
                Ok(event) => event,
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    answers.extend(self.replace());
                    break;
                }
            };
            self.spoke = true;
            let ended = event.ends_a_job();
            let lost = matches!(event, Event::Failed { device: Some(_), .. });
            answers.extend(self.running.map(|asker| (asker, event)));
            if ended {
                self.running = None;
                // Should there be no other, this one says so again.
                if Session::OWN_DEVICE && lost {
                    self.renew();
                }
                if self.start_next().is_err() {
                    self.waiting.clear();
                }
            }
        }
        answers
    }

    /// The engine has broken off: another one takes its place, and whoever waits for an answer hears that there is none.
    fn replace(&mut self) -> Option<(Asker, Event)> {
        let failed = self.running.take().map(|asker| {
            let message = "the engine broke off; ask again".into();
            (
                asker,
                Event::Failed {
                    message,
                    usage: false,
                    device: None,
                    diverged: None,
                },
            )
        });
        if self.spoke && self.renew() {
            self.start_next().ok();
        }
        failed
    }

    /// Puts another engine in the place of this one. Whether there is one to be had.
    fn renew(&mut self) -> bool {
        let Ok(session) = Session::spawn_waking(Arc::clone(&self.wake)) else {
            return false;
        };
        self.session = session;
        self.spoke = false;
        true
    }
}

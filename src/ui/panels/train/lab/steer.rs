//! What the lab does: it asks the engine, hears it, and keeps what was found.

use std::sync::Arc;

use super::super::ready::Readiness;
use super::super::steer::{engine_does, wait_for_texts};
use super::course::Course;
use super::job::{Next, Shape, settings};
use super::kept::Comparison;
use super::{LabPanel, job, save};
use crate::session::exchange::{self, Background, Outcome};
use crate::session::files;
use crate::session::protocol::{Command, Event, Job, Lab};
use crate::session::unfinished::{LeftOfLab, look_for_comparison};
use crate::ui::actions::Action;
use crate::ui::run::{Asked, Status, words};
use crate::ui::{Screen, Shared};

impl LabPanel {
    /// Looks whether another project is open, and takes in what was read beside the window. Cheap.
    pub fn notice(&mut self, shared: &mut Shared) {
        if !shared.holds(self.of.as_ref()) {
            let texts = shared.project.as_ref().map(|open| &open.project.texts);
            *self = Self {
                shown: self.shown,
                without: std::mem::take(&mut self.without),
                of: texts.cloned(),
                comparison: shared.project.as_ref().and_then(Comparison::kept),
                ..Self::default()
            };
            self.status = match &self.comparison {
                None => Status::Idle,
                Some(comparison) if comparison.done => Status::Done,
                Some(_) => {
                    let out = job::place(&shared.work_dir);
                    self.looking = Some(look_for_comparison(out, Arc::clone(&shared.wake)));
                    Status::Stopped {
                        message: "the window was closed, or another project was opened".into(),
                    }
                }
            };
        }
        self.found(shared);
        self.written(shared);
    }

    /// Takes in what an interrupted comparison has left.
    fn found(&mut self, shared: &mut Shared) {
        let left = match self.looking.as_ref().map(Background::poll) {
            None | Some(Outcome::Running) => return,
            Some(Outcome::Done(left)) => left,
            Some(Outcome::Lost) => LeftOfLab::Nothing,
        };
        self.looking = None;
        let Some(comparison) = self.comparison.as_mut().filter(|_| !self.status.active()) else {
            return;
        };
        match left {
            LeftOfLab::Unfinished(job) if comparison.is_of(&job) => self.job = Some(job),
            // It ended when nobody listened.
            LeftOfLab::Finished(result, written) if written >= comparison.begun && !comparison.done => {
                comparison.finish(&result);
                self.status = Status::Done;
                if let Some(open) = &mut shared.project {
                    comparison.keep(open);
                }
            }
            _ => {}
        }
    }

    /// Takes in what became of the table.
    fn written(&mut self, shared: &mut Shared) {
        let written = match self.writing.as_ref().map(Background::poll) {
            None | Some(Outcome::Running) => return,
            Some(Outcome::Done(written)) => written,
            Some(Outcome::Lost) => Err("The work on the file broke off; try again.".into()),
        };
        self.writing = None;
        match written {
            Ok(path) => shared.say(save::written(&path)),
            Err(why) => shared.fail(why),
        }
    }

    /// Takes in what the engine says.
    pub fn hear(&mut self, event: &Event, shared: &mut Shared) {
        // Between the start of its job and the end of it the engine speaks of nothing else; what it says of a project that is
        // not open any more is not this one's.
        if !self.status.active() || shared.run.is_elsewhere() {
            return;
        }
        let Some(comparison) = &mut self.comparison else {
            return;
        };
        match event {
            Event::Started { .. } => self.status = Status::Running,
            Event::Compared(row) => comparison.hear(row),
            Event::LeftOut(gone) => {
                comparison.hear_left_out(gone);
                self.course.doing = None;
            }
            Event::Done { job, result } if job == "lab" => {
                comparison.finish(result);
                self.status = Status::Done;
                self.job = None;
                if !self.shown || shared.screen != Screen::Train {
                    shared.say("The methods are compared: 'Compare methods' on the Train screen shows what was found.");
                }
            }
            Event::Stopped { message } => {
                self.status = Status::Stopped {
                    message: message.clone(),
                }
            }
            Event::Failed {
                message,
                device,
                diverged,
                ..
            } => {
                if !self.shown || shared.screen != Screen::Train {
                    let why = (device.clone()).unwrap_or_else(|| words(message.clone(), None));
                    shared.fail(format!(
                        "Comparing methods failed: {}. 'Compare methods' on the Train screen has the way on.",
                        why.trim_end_matches('.')
                    ));
                }
                self.status = Status::Failed {
                    message: message.clone(),
                    device: device.clone(),
                    diverged: *diverged,
                }
            }
            Event::Paused { .. } => (self.status, self.asked) = (Status::Paused, Asked::Nothing),
            Event::Resumed => self.status = Status::Running,
            event => return self.course.hear(event),
        }
        if !self.status.active() {
            self.asked = Asked::Nothing;
        }
        let worth = matches!(event, Event::Compared(_) | Event::LeftOut(_)) || event.ends_a_job();
        if worth && let (Some(comparison), Some(open)) = (&self.comparison, &mut shared.project) {
            comparison.keep(open);
        }
    }

    /// Carries out an action of the Train screen while the engine works on it.
    pub fn act(&mut self, action: Action, shared: &mut Shared) {
        let command = match (action, &self.status) {
            (Action::PauseResume, Status::Running) => {
                self.asked = Asked::Pause;
                Command::Pause
            }
            (Action::PauseResume, Status::Paused) => Command::Resume,
            (Action::Stop, _) => {
                self.asked = Asked::Stop;
                Command::Stop
            }
            (Action::Step, _) => {
                shared.say("Methods are being compared: single steps are for a training run.");
                return;
            }
            _ => return,
        };
        if let Err(why) = shared.engine.send(command) {
            shared.fail(format!("{why}: close the window and open it again"));
        }
    }

    /// Begins a comparison of the ways that are ticked.
    pub(super) fn start(&mut self, shared: &mut Shared, next: Next<'_>, readiness: &Readiness) {
        if is_busy(shared) || wait_for_texts(shared) {
            return;
        }
        let (Readiness::Ready(material), Some(open)) = (readiness, &shared.project) else {
            return;
        };
        let common = shared.settings.common();
        let settings = settings(next, common.seed);
        let shape = self
            .split
            .map_or_else(|| Shape::of(&open.project, common.seed), |s| s.1);
        let job = job::job(
            &open.project,
            material,
            next,
            self.ways(),
            common,
            &shared.work_dir,
        );
        if let Err(why) = files::create_dir_all(&shared.work_dir) {
            let dir = shared.work_dir.display();
            shared.fail(format!(
                "{dir} cannot be made: {why}. Make room on that disk or allow writing there, then compare again."
            ));
            return;
        }
        let mut comparison = Comparison::begin(&open.project, &job, material.classes, shape);
        if self.send(job, shared) {
            comparison.settings = settings;
            comparison.before = self.comparison.take().and_then(Comparison::last);
            if let Some(open) = &mut shared.project {
                comparison.keep(open);
            }
            self.comparison = Some(comparison);
        }
    }

    /// Goes on with the one that was stopped.
    pub(super) fn go_on(&mut self, shared: &mut Shared) {
        if is_busy(shared) || wait_for_texts(shared) {
            return;
        }
        let Some(job) = &self.job else { return };
        let mut job = Lab {
            resume: true,
            ..(**job).clone()
        };
        // The device that it began on may be lost.
        job.common.device = shared.settings.device;
        self.send(job, shared);
    }

    /// Sends the job. Whether it could be.
    fn send(&mut self, job: Lab, shared: &mut Shared) -> bool {
        let command = Command::Start(Box::new(Job::Lab(job.clone())));
        if let Err(why) = shared.engine.send(command) {
            shared.fail(format!("{why}: close the window and open it again"));
            return false;
        }
        // What they offer would act on this now, or has to wait for it.
        shared.withdraw_offers();
        shared.run.occupy();
        self.job = Some(Box::new(job));
        self.status = Status::Starting;
        self.course = Course::default();
        (self.asked, self.choosing, self.looking) = (Asked::Nothing, false, None);
        true
    }

    /// Shows the last one that was done again, in place of one that was stopped.
    pub(super) fn go_back(&mut self, shared: &mut Shared) {
        let Some(before) = self
            .comparison
            .as_mut()
            .and_then(|comparison| comparison.before.take())
        else {
            return;
        };
        if let Some(open) = &mut shared.project {
            before.keep(open);
        }
        self.comparison = Some(*before);
        (self.status, self.job, self.looking) = (Status::Done, None, None);
        self.course = Course::default();
    }

    /// Writes the table to a file.
    pub(super) fn save(&mut self, shared: &Shared) {
        if let (Some(comparison), Some(open)) = (&self.comparison, &shared.project) {
            let wake = Arc::clone(&shared.wake);
            let work = exchange::write_table(save::rows(comparison), save::place(open), wake);
            self.writing = Some(work);
        }
    }
}

/// What keeps the engine busy, in words.
pub fn busy(shared: &Shared) -> Option<String> {
    let run = &shared.run;
    if run.is_running() {
        return Some("training".into());
    }
    let job = run.other_job().map(engine_does);
    run.busy().then(|| job.unwrap_or("at work").to_string())
}

/// Whether the engine is busy, which is said.
fn is_busy(shared: &mut Shared) -> bool {
    let busy = busy(shared);
    if let Some(what) = &busy {
        shared.fail(format!(
            "The engine is busy ({what}): wait for it, or stop it, before comparing methods."
        ));
    }
    busy.is_some()
}

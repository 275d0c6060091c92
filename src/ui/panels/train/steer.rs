//! What the screen does: it starts a run, goes on with one, and has the model measured of one that has ended.

use super::TrainPanel;
use super::lab::Shape;
use super::ready::{self, Readiness};
use super::start;
use crate::session::protocol::{Estimate, Fit, Job};
use crate::session::{Command, files};
use crate::ui::actions::Action;
use crate::ui::run::{Kind, Record, Run, Status, bounds, kept};
use crate::ui::{Offer, Shared};

/// Said where the engine would take one label that was several for a mistake.
const MERGED: &str = "Labels were merged while it trained: what it gets wrong of those kept aside is told on the Classify screen, once \
                      every text is classified.";

impl TrainPanel {
    /// A run of the open project was interrupted and can go on with this job, where it is known what it was given: that was
    /// kept (`given`), or labels have not changed since. Whether it can.
    pub fn interrupted(&mut self, job: Fit, given: bool, shared: &Shared) -> bool {
        let open = shared.project.as_ref().filter(|_| self.job.is_none());
        let goes_on = open.is_some_and(|open| given || start::learns_from(&job, &open.project));
        if goes_on {
            self.job = Some(Box::new(job));
        }
        goes_on
    }

    /// Offers to go on with the run, on whatever screen: nothing else tells there that it did not end.
    pub fn offer_to_resume(&self, shared: &mut Shared) {
        if !self.can_go_on(&shared.run) {
            return;
        }
        let record = &shared.run.record;
        let at = record.live().and_then(|at| record.at(at));
        let at = at.map_or(String::new(), |(stage, step)| {
            format!(" at step {step} of {} ({})", stage.total, stage.name)
        });
        let run = record.number;
        let offer = Offer {
            name: "Resume training",
            action: Action::PauseResume,
        };
        shared.offer(
            format!("Run {run} ended{at} before it was done, and can go on from its last checkpoint."),
            false,
            offer,
        );
    }

    /// Whether the last run ended before it was done, and can go on from its checkpoint.
    pub(super) fn can_go_on(&self, run: &Run) -> bool {
        let record = &run.record;
        self.job.is_some() && record.status.can_go_on() && record.live().is_some()
    }

    /// Whether it is not known yet if the last run can go on: what it has left is read beside the window, the longer the more
    /// texts there are, as is the run itself.
    pub(super) fn is_looking(&self, shared: &Shared) -> bool {
        let status = &shared.run.record.status;
        let is_unread = || {
            let open = shared.project.as_ref();
            *status == Status::Idle && open.is_some_and(|open| kept::last(open) > 0)
        };
        self.looking && (status.can_go_on() || is_unread())
    }

    /// Starts another run; where the last one can go on, that is asked for first, unless it is to be given up.
    pub(super) fn start(&mut self, shared: &mut Shared, gives_up: bool) {
        if shared.run.compares() {
            shared.fail("Methods are being compared: wait until that has ended, or stop it, before training; it can go on later.");
            return;
        }
        if shared.run.busy() || shared.run.record.status.active() {
            shared.fail("The engine is busy: wait for it, or stop the run, before starting another.");
            return;
        }
        if wait_for_texts(shared) {
            return;
        }
        let readiness = ready::readiness(shared.project.as_ref().map(|p| &p.project));
        let (Readiness::Ready(material), Some(open)) = (&readiness, &shared.project) else {
            shared.fail(match readiness {
                Readiness::TooFew(message) => message,
                _ => "No texts are open: open a file or try the sample first.".into(),
            });
            return;
        };
        if !gives_up && self.is_looking(shared) {
            shared.say("One moment: whether the last run can go on is being looked for.");
            return;
        }
        if !gives_up && self.can_go_on(&shared.run) {
            self.lab.close();
            self.look_at(None);
            self.asks = true;
            return;
        }
        self.keeper.follow(shared);
        let last = &shared.run.record;
        if last.status == Status::Done && self.seen != last.number {
            // What was chosen was for that run, whose end this screen has not seen.
            self.keeper.choose(None);
        }
        let recipe = self.keeper.complete(&self.recipe);
        let mut job = start::fit(
            &open.project,
            material,
            &recipe,
            shared.settings.common(),
            &shared.work_dir,
        );
        if let Some(adapted) = self.keeper.offered(&recipe).filter(|_| recipe.keep) {
            job = adapted.keep(job);
        }
        if let Err(why) = files::create_dir_all(&shared.work_dir) {
            let dir = shared.work_dir.display();
            shared.fail(format!(
                "{dir} cannot be made: {why}. Make room on that disk or allow writing there, then train again."
            ));
            return;
        }
        let folds = match job.estimate {
            Estimate::None => 0,
            _ => Shape::of(&open.project, shared.settings.seed).folds,
        };
        self.lab.close();
        shared.withdraw_offers();
        shared.run.begin(recipe, job.watch.clone());
        shared.run.record.folds = Some(folds);
        self.job = Some(Box::new(job.clone()));
        self.asks = false;
        self.look_at(None);
        send(shared, Command::Start(Box::new(Job::Fit(job))));
    }

    /// Starts another run in place of one that diverged, at a third of its rate.
    pub(super) fn start_slower(&mut self, shared: &mut Shared) {
        let record = &shared.run.record;
        if let Some((rate, reading)) = slower(record) {
            let place = if reading {
                &mut self.recipe.reading
            } else {
                &mut self.recipe.rate
            };
            *place = Some(rate);
            self.start(shared, true);
        }
    }

    /// Goes on with the last run from its checkpoint.
    pub(super) fn resume(&mut self, shared: &mut Shared) {
        if shared.run.busy() {
            shared.say("The engine is busy: resume when it has ended what it does.");
            return;
        }
        if wait_for_texts(shared) {
            return;
        }
        let Some(job) = &self.job else { return };
        let mut job = Fit {
            resume: true,
            ..(**job).clone()
        };
        // The device that it began on may be lost.
        job.common.device = shared.settings.device;
        shared.withdraw_offers();
        shared.run.resume();
        self.asks = false;
        self.lab.close();
        self.look_at(None);
        send(shared, Command::Start(Box::new(Job::Fit(job))));
    }

    /// When a run has ended, its model is measured on the labels that were kept aside.
    pub(super) fn follow(&mut self, shared: &mut Shared) {
        let record = &shared.run.record;
        // An engine at work would refuse it: it is asked when it has ended what it does.
        if record.status != Status::Done || self.seen == record.number || shared.run.busy() {
            return;
        }
        self.seen = record.number;
        // What was chosen was for that run.
        self.keeper.choose(None);
        // Runs that were read from the project, or made elsewhere, are measured already.
        let Some(outcome) = record.outcome.as_ref().filter(|o| o.error().is_none()) else {
            return;
        };
        let out = outcome.out.clone();
        let run = record.number;
        let Some(open) = &shared.project else { return };
        let names = start::names_of(run, open);
        let job = start::evaluation(&open.project, &names, shared.settings.common(), out);
        let Some(job) = job else { return };
        if start::merged(&names, &open.project) {
            shared.run.leave_unmeasured(MERGED);
            return;
        }
        shared.run.measure();
        send(shared, Command::Start(Box::new(Job::Evaluate(job))));
    }
}

/// Of a run that diverged a third of the rate at which it did, and whether that is the one at which texts are read (stage 2).
pub fn slower(record: &Record) -> Option<(f64, bool)> {
    let Status::Failed {
        diverged: Some(rate), ..
    } = record.status
    else {
        return None;
    };
    let last = record.stages.iter().rev().find(|stage| stage.trains());
    let reading = last.is_some_and(|stage| stage.kind == Kind::Adapt);
    Some((third(rate), reading))
}

/// A third of a rate at which training diverged.
pub fn third(rate: f64) -> f64 {
    (rate / 3.0).clamp(bounds::RATE.0, bounds::RATE.1)
}

/// What the engine does in a job of this name, where that is not plain from it.
pub fn engine_does(job: &str) -> &str {
    match job {
        "lab" => "comparing methods",
        job => job,
    }
}

/// Whether texts are being added, which a run would not be given, or a project is being opened, which would stop it; says so.
pub fn wait_for_texts(shared: &mut Shared) -> bool {
    let growing = shared.is_growing();
    if growing {
        shared.say("One moment: texts are being added. Train when they are there.");
    } else if shared.opening {
        shared.say("One moment: a project is being opened.");
    }
    growing || shared.opening
}

pub fn send(shared: &mut Shared, command: Command) {
    if let Err(why) = shared.engine.send(command) {
        let message = format!("{why}: close the window and open it again");
        if shared.run.record.status.active() {
            shared.run.fail(message.clone());
        }
        shared.fail(message);
    }
}

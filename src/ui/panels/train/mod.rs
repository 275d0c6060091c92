//! The Train screen: the thaw, the schedule with its playhead, what is learned and what is forgotten.
//!
//! Everything is drawn from one moment (`view::View`): the latest step, an earlier one that was dragged to, or a step of
//! the plan for the next run. The parts ask for changes as `view::Intent`s, which are carried out after the frame.

mod banner;
mod blocks;
mod broken;
mod chart;
mod forgetting;
mod formula;
mod keep;
mod lab;
mod layout;
mod loss;
mod method;
mod numbers;
mod outlook;
mod playhead;
mod ready;
mod schedule;
mod start;
mod steer;
#[cfg(test)]
mod tests;
mod transport;
mod view;
mod watched;

use std::sync::Arc;
use std::time::Duration;

use egui::{Panel, ScrollArea, Ui};

use crate::session::protocol::{DeviceChoice, Event, Fit, Way};
use crate::session::{Command, preview};
use crate::ui::actions::Action;
use crate::ui::run::{Asked, Kind, Playhead, Recipe, Record, Run, Stage, Status};
use crate::ui::theme::Theme;
use crate::ui::{Screen, Shared};

use keep::Keeper;
use lab::{LabPanel, Slower, Wanted};
use outlook::{Outlook, classifier_groups};
pub use ready::missing;
use ready::{Material, Readiness};
pub use start::model_place;
use steer::{engine_does, send};
use view::{Compare, Intent, View};

/// What only this screen needs.
#[derive(Default)]
pub struct TrainPanel {
    /// What the next run is to be.
    recipe: Recipe,
    /// Whether it keeps the language model that there is.
    keeper: Keeper,
    /// The recipe of the project's last run, where the next one took it from there.
    taken: Option<Recipe>,
    /// The earlier run that is looked at, by its number; `None` is the run that goes on, or the last one.
    shown: Option<usize>,
    /// The moment that is looked at; `None` follows the run.
    seek: Option<Playhead>,
    /// Whether the plan of the next run is looked at, though there is a run.
    plan: bool,
    /// The step of the plan that is looked at.
    plan_step: u64,
    /// The earlier run that is overlaid; `None` is the last one.
    compare: Compare,
    /// The job of the run, to go on with it.
    job: Option<Box<Fit>>,
    /// What the last run of the open project has left is still being looked for.
    looking: bool,
    /// Whether the user is asked if a run that can go on is to give way to another.
    asks: bool,
    outlook: Option<(OutlookKey, Arc<Outlook>)>,
    /// Whether there is enough to train on, and what that was counted from.
    counted: Option<(Counted, Readiness)>,
    /// The run whose result has been seen.
    seen: usize,
    /// The comparison of methods, which takes the place of the run where it is shown.
    lab: LabPanel,
}

/// What an outlook was made from.
#[derive(PartialEq)]
struct OutlookKey {
    recipe: Recipe,
    names: Vec<String>,
    /// Of each epoch.
    steps: Vec<usize>,
    /// Of a stage whose rates are read off what happened: the run's number, its name and epochs so far.
    adaptation: Option<(usize, usize, usize)>,
}

/// What changes when labels do.
type Counted = (Vec<(u16, usize)>, usize, usize, u64);

/// Labels that the plan is drawn for while no texts are open: the goal of the Label screen.
const EXAMPLE: usize = 100;

impl TrainPanel {
    /// How the next run will train.
    #[cfg(target_family = "wasm")]
    pub fn recipe_mut(&mut self) -> &mut Recipe {
        &mut self.recipe
    }

    /// Draws the screen.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared) {
        let readiness = self.readiness(shared);
        self.follow(shared);
        self.keeper.follow(shared);
        self.lab.notice(shared);
        if self.lab.is_shown() {
            // The method of the next run says nothing of what the comparison begins with.
            let compared = self.keeper.complete(&lab::reference(&self.recipe));
            let next = lab::Next {
                recipe: &self.recipe,
                // A comparison that is interrupted has to find it again.
                adapted: self
                    .keeper
                    .offered(&compared)
                    .filter(|a| a.stays && compared.keep),
            };
            match self.lab.show(ui, shared, next, &readiness) {
                Some(Wanted::Way(way)) => self.take(way),
                Some(Wanted::Slower(Slower::Reading(rate))) => self.recipe.reading = Some(rate),
                Some(Wanted::Slower(Slower::Training(rate))) => self.recipe.rate = Some(rate),
                None => {}
            }
        } else {
            let mut intents = Vec::new();
            self.draw(ui, shared, &readiness, &mut intents);
            for intent in intents {
                self.carry_out(intent, shared);
            }
        }
        if shared.run.busy() {
            // The engine's events wake no window by themselves.
            ui.ctx().request_repaint_after(Duration::from_millis(33));
        }
    }

    /// Whether it shows the run, and not the comparison of methods in its place.
    pub fn shows_run(&self) -> bool {
        !self.lab.is_shown()
    }

    /// Takes in what the engine says, before the run does.
    pub fn heard(&mut self, event: &Event, shared: &mut Shared) {
        if matches!(event, Event::Failed { .. }) && shared.run.is_running() {
            // The way on stands on the banner.
            self.lab.close();
        }
        self.lab.hear(event, shared);
    }

    /// Classifiers that a comparison of methods has trained, of how many, while it goes on.
    pub fn comparing(&self) -> Option<(u64, u64)> {
        self.lab.progress()
    }

    /// The next run trains in this way.
    fn take(&mut self, way: Way) {
        if self.recipe.method != way.method {
            // Another method brings its own rate.
            self.recipe.rate = None;
        }
        self.recipe.method = way.method;
        if preview::is_pretrained(way.method) {
            self.recipe.adapt = way.adapt;
        }
        (self.shown, self.plan) = (None, true);
    }

    /// Carries out an action of this screen.
    pub fn act(&mut self, action: Action, shared: &mut Shared) {
        if action == Action::Compare {
            shared.screen = Screen::Train;
            self.lab.open();
            return;
        }
        if self.lab.is_active() && action != Action::Train {
            return self.lab.act(action, shared);
        }
        let status = shared.run.record.status.clone();
        match action {
            Action::Train => {
                shared.screen = Screen::Train;
                self.start(shared, false);
            }
            Action::PauseResume if self.can_go_on(&shared.run) => self.resume(shared),
            Action::PauseResume if status == Status::Running => {
                shared.run.asked = Asked::Pause;
                send(shared, Command::Pause);
            }
            Action::PauseResume if status == Status::Paused => send(shared, Command::Resume),
            Action::Step if status.active() => {
                if status != Status::Paused {
                    send(shared, Command::Pause);
                }
                send(shared, Command::Step);
            }
            Action::Stop if status.active() => {
                shared.run.asked = Asked::Stop;
                send(shared, Command::Stop);
            }
            Action::PauseResume | Action::Step | Action::Stop => {
                shared.say("Nothing is training.");
            }
            _ => {}
        }
    }

    /// Another project is open: its runs are others. What was chosen here stays chosen; what came from a run does not.
    pub fn change_project(&mut self) {
        *self = Self {
            recipe: self.chosen(),
            looking: true,
            ..Self::default()
        };
    }

    /// It is known now what the last run of the open project has left.
    pub fn looked(&mut self) {
        self.looking = false;
    }

    /// How to train by what was chosen here: not by what came from a run. The rate at which texts are read does, where it is
    /// another than the usual one: it was too high for the texts of that project.
    pub fn chosen(&self) -> Recipe {
        let own = |recipe: &Recipe| Recipe {
            reading: None,
            ..recipe.clone()
        };
        let recipe = own(&self.recipe);
        if self.taken.as_ref().map(own).as_ref() == Some(&recipe) {
            Recipe::default()
        } else {
            recipe
        }
    }

    /// The runs of the open project were read: the next one is like the last, unless something else was chosen.
    pub fn restored(&mut self, last: &Record) {
        if self.recipe == Recipe::default() {
            // Whether the language model is kept is looked at before each run.
            self.recipe = Recipe {
                keep: false,
                ..last.recipe.clone()
            };
            self.taken = Some(self.recipe.clone());
        }
    }

    /// Counts labels anew only when they have changed.
    fn readiness(&mut self, shared: &Shared) -> Readiness {
        let Some(open) = &shared.project else {
            self.counted = None;
            return Readiness::NoProject;
        };
        let project = &open.project;
        let labels = project.labels().map(|l| (l.id, project.count(l.id))).collect();
        let (aside, texts) = (project.aside().len(), project.texts.texts.len());
        let key = (labels, aside, texts, open.steps());
        match &self.counted {
            Some((before, readiness)) if *before == key => readiness.clone(),
            _ => {
                let readiness = ready::readiness(Some(project));
                self.counted = Some((key, readiness.clone()));
                readiness
            }
        }
    }

    fn carry_out(&mut self, intent: Intent, shared: &mut Shared) {
        match intent {
            Intent::Seek(step) => match self.playhead(self.record(&shared.run)) {
                Some(at) => self.seek = Some(Playhead { step, ..at }),
                None => self.plan_step = step,
            },
            Intent::Stage(stage) => {
                let record = self.record(&shared.run);
                let done = record.stages.get(stage).map_or(0, |s| s.done);
                self.seek = Some(Playhead { stage, step: done });
                self.plan = false;
                if record.live() == self.seek {
                    self.seek = None;
                }
            }
            Intent::Run(number) => self.look_at(Some(number).filter(|n| *n != shared.run.record.number)),
            Intent::Plan => (self.shown, self.plan) = (None, true),
            Intent::Live => self.look_at(None),
            Intent::Compare(None) => self.compare = Compare::Nothing,
            Intent::Compare(Some(i)) => {
                let run = shared.run.earlier.get(i);
                self.compare = run.map_or(Compare::Nothing, |r| Compare::Run(r.number));
            }
            Intent::Act(action) => shared.act(action),
            Intent::Resume => self.resume(shared),
            Intent::StartOver => self.start(shared, true),
            Intent::StartSlower => self.start_slower(shared),
            Intent::Leave => self.asks = false,
            Intent::ResumeOnCpu => {
                // The finished model is measured and asked after this run: that must not end on the lost device again.
                shared.settings.device = DeviceChoice::Cpu;
                self.resume(shared);
            }
            Intent::Show(screen) => shared.act(Action::Show(screen)),
        }
    }

    /// Looks at an earlier run, or at the one that goes on or was last, where that has come to.
    fn look_at(&mut self, earlier: Option<usize>) {
        (self.shown, self.seek, self.plan) = (earlier, None, false);
    }

    /// The run that is looked at.
    fn record<'a>(&self, run: &'a Run) -> &'a Record {
        let shown = run.earlier.iter().find(|r| Some(r.number) == self.shown);
        shown.unwrap_or(&run.record)
    }

    /// The moment that is looked at; `None` while it is the plan.
    fn playhead(&self, record: &Record) -> Option<Playhead> {
        let live = record.live();
        if self.plan && !record.status.active() {
            return None;
        }
        self.seek.filter(|p| record.at(*p).is_some()).or(live)
    }

    fn outlook(
        &mut self,
        stage: Option<&Stage>,
        recipe: &Recipe,
        rows: (usize, usize),
        run: usize,
    ) -> Arc<Outlook> {
        let names = match stage {
            Some(stage) if stage.trains() => stage.groups.iter().map(|g| g.name.clone()).collect(),
            _ => classifier_groups(3),
        };
        let steps = match stage {
            Some(stage) => outlook::of_stage(stage, recipe.epochs.max(1)),
            None => outlook::planned(recipe, rows),
        };
        let adapting = stage.filter(|s| s.kind == Kind::Adapt && s.trains());
        let key = OutlookKey {
            recipe: recipe.clone(),
            names,
            steps,
            adaptation: adapting.map(|s| (run, s.name.len(), s.epochs.iter().count())),
        };
        if let Some((before, outlook)) = &self.outlook
            && *before == key
        {
            return Arc::clone(outlook);
        }
        let made = adapting.and_then(Outlook::adaptation);
        let made = made.unwrap_or_else(|| Outlook::classifier(&key.recipe, key.names.clone(), &key.steps));
        let made = Arc::new(made);
        self.outlook = Some((key, Arc::clone(&made)));
        made
    }

    fn draw(&mut self, ui: &mut Ui, shared: &Shared, readiness: &Readiness, intents: &mut Vec<Intent>) {
        let run = &shared.run;
        let record = self.record(run);
        let playhead = self.playhead(record);
        let at = playhead.and_then(|p| record.at(p));
        let material = match readiness {
            Readiness::Ready(material) => material.clone(),
            _ => Material {
                labels: EXAMPLE,
                watched: preview::watched(&[EXAMPLE / 2; 2]),
                classes: 2,
                ..Material::default()
            },
        };
        let before = self.keeper.complete(&self.recipe);
        let shown = if at.is_some() {
            record.recipe.clone()
        } else {
            before.clone()
        };
        let outlook = self.outlook(at.map(|(s, _)| s), &shown, material.rows(), record.number);
        let mut recipe = before.clone();
        {
            let view = View {
                theme: Theme::of(ui.ctx()),
                record,
                current: &run.record,
                recipe: &shown,
                stage: at.map(|(s, _)| s),
                step: at.map_or(self.plan_step.clamp(1, outlook.total.max(1)), |(_, step)| step),
                outlook: &outlook,
                live: self.seek.is_none() || playhead == record.live(),
                compare: self.compare.with(record, &run.earlier),
                adapted: self.keeper.offered(&before),
                // What is done and not seen yet waits for an engine at work.
                measuring: run.measuring()
                    || run.record.status == Status::Done && self.seen != run.record.number,
                aside: material.measured_aside(),
                comparing: self.lab.progress(),
                narrow: ui.available_width() < layout::COLUMNS,
            };
            let records: Vec<&Record> = run.earlier.iter().chain([&run.record]).collect();
            let steps = outlook::planned(&recipe, material.rows()).iter().sum::<usize>() as u64;
            let standing = banner::Standing {
                readiness,
                recipe: &before,
                estimate: banner::estimate(&records, &before, &material, steps),
                resumable: self.can_go_on(run) && !view.looks_back(),
                looking: self.is_looking(shared),
                asks: self.asks && self.can_go_on(run) && !view.looks_back(),
                on_cpu: shared.settings.device == DeviceChoice::Cpu || run.record.device.starts_with("CPU"),
                busy: run.other_job().map(engine_does),
            };
            let bar = egui::Frame::new().inner_margin(egui::Margin {
                top: 12,
                ..Default::default()
            });
            Panel::bottom("transport")
                .frame(bar)
                .show_separator_line(false)
                .show(ui, |ui| {
                    transport::show(ui, &view, &run.earlier, run.asked, intents)
                });
            ScrollArea::vertical().auto_shrink([false, false]).show(ui, |ui| {
                banner::show(ui, &view, &standing, intents);
                if view.narrow {
                    layout::stacked(ui, &view, &mut recipe, &run.earlier, intents);
                } else {
                    layout::columns(ui, &view, &mut recipe, &run.earlier, intents);
                }
            });
        }
        if recipe != before {
            if recipe.method != before.method {
                // Another method brings its own rate.
                recipe.rate = None;
            }
            if recipe.keep != before.keep {
                self.keeper.choose(Some(recipe.keep));
            }
            self.recipe = Recipe {
                keep: false,
                ..recipe
            };
            // What was changed is what one wants to see.
            (self.shown, self.plan) = (None, true);
        }
    }
}

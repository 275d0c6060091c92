//! The lab: the paper's comparisons on the user's own labels, in place of the run on the Train screen.
//!
//! What the engine tells is folded into a `Comparison`, which the project keeps, and a `Course`, how far it is. Like the
//! screen round it, it is drawn from those, and what is asked for is carried out after the frame.

mod course;
mod going;
mod job;
mod kept;
mod plot;
mod rows;
mod save;
mod setup;
mod standing;
mod steer;
#[cfg(test)]
mod tests;
mod view;
mod words;

use std::path::PathBuf;
use std::sync::Arc;

use egui::{ScrollArea, Ui};

use super::ready::Readiness;
use crate::session::exchange::Background;
use crate::session::project::Texts;
use crate::session::protocol::{Lab, Way};
use crate::session::unfinished::LeftOfLab;
use crate::ui::Shared;
use crate::ui::actions::Action;
use crate::ui::run::{Asked, Record, Status};
use crate::ui::theme::{self, Theme};

use course::Course;
pub use job::{Next, Shape, reference};
use kept::Comparison;
pub use view::Slower;
use view::{Ask, Look};

/// What is to be done with the recipe of the next run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wanted {
    /// It is to train in this way.
    Way(Way),
    /// It is to train, or to read the texts, at this rate.
    Slower(Slower),
}

/// The comparison of the open project.
#[derive(Default)]
pub struct LabPanel {
    /// Whether it is shown in place of the run.
    shown: bool,
    /// The texts of the project whose comparison this is; `None` before that was looked at.
    of: Option<Arc<Texts>>,
    /// Ways that are not to be compared.
    without: Vec<Way>,
    /// Whether the ticks are shown though something was measured.
    choosing: bool,
    status: Status,
    comparison: Option<Comparison>,
    course: Course,
    asked: Asked,
    /// The job, to go on with it.
    job: Option<Box<Lab>>,
    /// How the labels would be split, at how many steps of the project and by which seed.
    split: Option<((u64, u64), Shape)>,
    looking: Option<Background<LeftOfLab>>,
    writing: Option<Background<Result<PathBuf, String>>>,
}

impl LabPanel {
    /// Whether it is shown in place of the run.
    pub fn is_shown(&self) -> bool {
        self.shown
    }

    /// Shows it.
    pub fn open(&mut self) {
        self.shown = true;
    }

    /// Shows the run again.
    pub fn close(&mut self) {
        self.shown = false;
    }

    /// Whether the engine works on it.
    pub fn is_active(&self) -> bool {
        self.status.active()
    }

    /// Classifiers that are trained and measured, of how many, while it goes on.
    pub fn progress(&self) -> Option<(u64, u64)> {
        self.is_active().then_some((self.course.done, self.course.total))
    }

    /// The ways to compare, in the paper's order, the reference first.
    fn ways(&self) -> Vec<Way> {
        let all = Way::ALL.into_iter();
        all.filter(|way| !self.without.contains(way)).collect()
    }

    /// How the labels would be split: counted anew only when they, or the seed, have changed.
    fn shape(&mut self, shared: &Shared) -> Shape {
        let Some(open) = &shared.project else {
            return Shape::default();
        };
        let key = (open.steps(), shared.settings.seed);
        match self.split {
            Some((before, shape)) if before == key => shape,
            _ => {
                let shape = Shape::of(&open.project, key.1);
                self.split = Some((key, shape));
                shape
            }
        }
    }

    /// Draws the view, and carries out what was asked for. Gives what is to be done with the recipe of the next run.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        shared: &mut Shared,
        next: Next<'_>,
        readiness: &Readiness,
    ) -> Option<Wanted> {
        self.notice(shared);
        let shape = self.shape(shared);
        let mut asks = Vec::new();
        self.draw(ui, shared, (next, readiness, shape), &mut asks);
        let mut wanted = None;
        for ask in asks {
            match ask {
                Ask::Close => self.close(),
                Ask::Tick(way, on) => {
                    self.without.retain(|other| *other != way);
                    if !on {
                        self.without.push(way);
                    }
                }
                Ask::Only(ways) => {
                    let left = Way::ALL.into_iter().filter(|way| !ways.contains(way));
                    self.without = left.collect();
                }
                Ask::Choose(choosing) => self.choosing = choosing,
                Ask::Start => self.start(shared, next, readiness),
                Ask::GoOn => self.go_on(shared),
                Ask::GoBack => self.go_back(shared),
                Ask::Use(way) => {
                    self.close();
                    wanted = Some(Wanted::Way(way));
                }
                Ask::Slower(rate) => {
                    self.choosing = true;
                    wanted = Some(Wanted::Slower(rate));
                }
                Ask::Save => self.save(shared),
                Ask::Act(action) => shared.act(action),
                Ask::Show(screen) => shared.act(Action::Show(screen)),
            }
        }
        wanted
    }

    fn draw(
        &self,
        ui: &mut Ui,
        shared: &Shared,
        (next, readiness, shape): (Next<'_>, &Readiness, Shape),
        asks: &mut Vec<Ask>,
    ) {
        let ways = self.ways();
        let records: Vec<&Record> = shared.run.earlier.iter().chain([&shared.run.record]).collect();
        let estimate = match readiness {
            Readiness::Ready(material) => {
                let from = (records.as_slice(), self.comparison.as_ref());
                job::seconds(&ways, from, next, material.labels, shape)
            }
            _ => None,
        };
        let news = match (&self.comparison, &shared.project) {
            (Some(comparison), Some(open)) => comparison.given.news(&open.project),
            _ => 0,
        };
        let table = shared
            .project
            .as_ref()
            .map(|open| save::place(open).display().to_string());
        let look = Look {
            theme: Theme::of(ui.ctx()),
            narrow: ui.available_width() < theme::NARROW,
            status: &self.status,
            comparison: self.comparison.as_ref(),
            course: &self.course,
            asked: self.asked,
            choosing: self.choosing,
            resumable: self.looking.is_none().then_some(self.job.is_some()),
            readiness,
            shape,
            ways: &ways,
            recipe: next.recipe,
            settings: job::settings(next, shared.settings.seed),
            keeps: next.adapted.map(|adapted| adapted.added),
            estimate,
            news,
            busy: steer::busy(shared).filter(|_| !self.status.active()),
            table: table.unwrap_or_default(),
        };
        let enough = matches!(readiness, Readiness::Ready(material) if material.labels >= job::LEAST);
        let has_labels = enough && shape.measured > 0;
        ScrollArea::vertical()
            .id_salt("lab")
            .auto_shrink([false, false])
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 12.0;
                standing::head(ui, look.narrow, asks);
                standing::show(ui, &look, asks);
                if !look.is_setup() {
                    rows::show(ui, &look, asks);
                } else if has_labels {
                    setup::show(ui, &look, asks);
                }
            });
    }
}

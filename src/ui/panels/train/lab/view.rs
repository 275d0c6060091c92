//! What the parts of the view see, and what they ask for.

use super::super::ready::Readiness;
use super::super::steer::third;
use super::course::{Course, Doing};
use super::job::Shape;
use super::kept::Comparison;
use crate::session::protocol::Way;
use crate::ui::Screen;
use crate::ui::actions::Action;
use crate::ui::run::{Asked, Recipe, Status};
use crate::ui::theme::Theme;

/// What a part of the view asks for; carried out when the frame is drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// Back to the run.
    Close,
    /// Take a way in, or leave it out.
    Tick(Way, bool),
    /// Take in just these.
    Only(Vec<Way>),
    /// Show what can be chosen before the next comparison, or again what the last one found.
    Choose(bool),
    /// Show that with this rate, in place of one at which training diverged.
    Slower(Slower),
    /// Begin.
    Start,
    /// Go on from where it was stopped.
    GoOn,
    /// Show the last one that was done, in place of one that was stopped.
    GoBack,
    /// Train so in the next run.
    Use(Way),
    /// Write the table to a file.
    Save,
    /// An action of the window.
    Act(Action),
    /// Another screen.
    Show(Screen),
}

/// A lower rate than one at which training diverged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Slower {
    /// For stage 2, in which the texts are read.
    Reading(f64),
    /// For the classifiers: the highest one.
    Training(f64),
}

/// Everything that is drawn.
pub struct Look<'a> {
    /// Colours.
    pub theme: Theme,
    /// Whether it is a column.
    pub narrow: bool,
    /// Where the comparison stands.
    pub status: &'a Status,
    /// What was measured: so far, or the last time.
    pub comparison: Option<&'a Comparison>,
    /// How far it has come.
    pub course: &'a Course,
    /// What the engine was told and has not answered yet.
    pub asked: Asked,
    /// Whether the ticks are shown though something was measured.
    pub choosing: bool,
    /// Whether it can go on from where it was stopped; `None` while that is looked for.
    pub resumable: Option<bool>,
    /// Whether there is enough to compare on.
    pub readiness: &'a Readiness,
    /// How the labels would be split.
    pub shape: Shape,
    /// The ways that are ticked.
    pub ways: &'a [Way],
    /// How the next run trains.
    pub recipe: &'a Recipe,
    /// The numbers that every way trains by, in words.
    pub settings: String,
    /// Texts added since it was read, where it begins with a language model that has read the others.
    pub keeps: Option<usize>,
    /// Seconds that it would take, and what that is judged by.
    pub estimate: Option<(f64, String)>,
    /// Labels that were given or changed since it was measured.
    pub news: usize,
    /// What keeps the engine busy, where it is something else.
    pub busy: Option<String>,
    /// Where the table is written.
    pub table: String,
}

impl Look<'_> {
    /// Where it ended because training diverged, while the texts were read or at the way that the others are judged against: a
    /// lower rate for that. From a checkpoint it would end so again.
    pub fn slower(&self) -> Option<Slower> {
        let Status::Failed {
            diverged: Some(rate), ..
        } = self.status
        else {
            return None;
        };
        let rate = third(*rate);
        Some(if self.course.doing.as_ref().is_some_and(Doing::reads) {
            Slower::Reading(rate)
        } else {
            Slower::Training(rate)
        })
    }

    /// Whether ticks are shown in place of what was measured.
    pub fn is_setup(&self) -> bool {
        !self.status.active() && (self.choosing || self.comparison.is_none())
    }
}

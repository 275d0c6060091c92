//! What the parts of the screen see of a moment, and what they ask for.

use super::keep::Adapted;
use super::outlook::Outlook;
use crate::session::preview;
use crate::ui::Screen;
use crate::ui::actions::Action;
use crate::ui::run::stage::GroupMoment;
use crate::ui::run::{Kind, Recipe, Record, Stage};
use crate::ui::theme::Theme;

/// What a part of the screen asks for; carried out when the frame is drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Intent {
    /// Look at this step of the stage that is shown.
    Seek(u64),
    /// Look at this stage, at its last step.
    Stage(usize),
    /// Look at the run of this number.
    Run(usize),
    /// Look at the plan of the next run.
    Plan,
    /// Follow the run.
    Live,
    /// Lay this earlier run over the one that is shown.
    Compare(Option<usize>),
    /// An action of the window.
    Act(Action),
    /// Go on from the last checkpoint.
    Resume,
    /// The same on the processor, and everything after it.
    ResumeOnCpu,
    /// Another run in place of one that can go on, which that gives up.
    StartOver,
    /// Another run in place of one that diverged, at a lower rate.
    StartSlower,
    /// The run that can go on stays as it is.
    Leave,
    /// Another screen.
    Show(Screen),
}

/// Which earlier run is laid over the one that is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compare {
    /// The one before it.
    #[default]
    Last,
    /// None.
    Nothing,
    /// By its number.
    Run(usize),
}

impl Compare {
    /// The one that is laid over `shown`.
    pub fn with<'a>(self, shown: &Record, earlier: &'a [Record]) -> Option<&'a Record> {
        let mut others = earlier.iter();
        match self {
            Self::Last => others.take_while(|run| run.number != shown.number).last(),
            Self::Nothing => None,
            Self::Run(number) => others.find(|run| run.number == number && number != shown.number),
        }
    }
}

/// A moment of a run, or of the plan for the next one.
pub struct View<'a> {
    /// Colours.
    pub theme: Theme,
    /// The run that is shown.
    pub record: &'a Record,
    /// The run that goes on, or the last one: what can be done now depends on it.
    pub current: &'a Record,
    /// What was chosen: for this run, or for the next.
    pub recipe: &'a Recipe,
    /// The stage at the playhead; `None` while the plan is looked at.
    pub stage: Option<&'a Stage>,
    /// Steps done at the playhead.
    pub step: u64,
    /// Rates ahead of the playhead.
    pub outlook: &'a Outlook,
    /// Whether the playhead is at the latest step.
    pub live: bool,
    /// The run that is laid over it, dashed.
    pub compare: Option<&'a Record>,
    /// The language model that the next run may keep.
    pub adapted: Option<&'a Adapted>,
    /// Whether the model of the current run is measured on the labels kept aside, now or next.
    pub measuring: bool,
    /// Whether enough labels are kept aside to measure a model on.
    pub aside: bool,
    /// Classifiers that a comparison of methods has trained, of how many, while it goes on.
    pub comparing: Option<(u64, u64)>,
    /// Whether the screen is a column.
    pub narrow: bool,
}

impl View<'_> {
    /// Whether an earlier run is shown.
    pub fn looks_back(&self) -> bool {
        self.record.number != self.current.number
    }

    /// The epoch, from 1, whose weights the stage keeps, of those measured so far: once it is over of all, before that until the
    /// playhead. `None` where the method does not stop early, and the last epoch's are kept.
    pub fn kept(&self) -> Option<usize> {
        let early = preview::stops_early(self.recipe.method).is_some();
        let stage = self.stage.filter(|s| early && s.kind != Kind::Adapt)?;
        let until = stage.seconds.map_or(self.step, |_| u64::MAX);
        stage.kept(until).map(|measured| measured.epoch)
    }

    /// A layer group at the playhead: as it was, else as it is planned.
    pub fn group(&self, group: usize) -> GroupMoment {
        let recorded = self.stage.and_then(|s| s.group_at(group, self.step));
        recorded.unwrap_or_else(|| {
            let frozen = self.outlook.frozen(group, self.step);
            GroupMoment {
                rate: if frozen {
                    0.0
                } else {
                    self.outlook.rate(group, self.step)
                },
                frozen,
                update_ratio: None,
                moved: None,
            }
        })
    }

    /// A layer group's heat: how fast it learns beside the fastest.
    pub fn heat(&self, group: usize) -> f32 {
        let fastest = self.outlook.multiples().iter().copied().fold(0.0, f64::max);
        let own = self.outlook.multiples().get(group).copied().unwrap_or(0.0);
        super::chart::heat(own, fastest)
    }

    /// The stage of the overlaid run that compares with the one that is shown.
    pub fn overlay(&self) -> Option<&Stage> {
        let stage = self.stage?;
        self.compare?.like(stage)
    }
}

//! What the parts of the screen are shown, and what they ask for.

use crate::session::assistant::Insight;
use crate::session::project::{Action as Step, Answer, LabelId, Project, TextId};
use crate::ui::Shared;
use crate::ui::actions::Action;
use crate::ui::theme::Theme;

/// What fills the middle of the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    /// One text.
    #[default]
    Read,
    /// The texts most like it.
    Similar,
    /// All texts as points.
    Map,
    /// Renaming, merging and deleting labels.
    Labels,
}

/// What every part may look at.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub shared: &'a Shared,
    pub project: &'a Project,
    pub insight: &'a Insight,
    pub theme: Theme,
    /// One column, for a phone.
    pub narrow: bool,
    /// Whether the user hides suggestions.
    pub hidden: bool,
}

impl View<'_> {
    /// A text, or nothing where there is none of this number.
    pub fn text(&self, id: TextId) -> &str {
        self.project
            .texts
            .texts
            .get(id as usize)
            .map_or("", String::as_str)
    }

    /// The name of a label.
    pub fn label(&self, id: LabelId) -> &str {
        self.project.label(id).map_or("a deleted label", |l| &l.name)
    }

    /// An answer in a word.
    pub fn answer(&self, answer: Answer) -> &str {
        match answer {
            Answer::Label(id) => self.label(id),
            Answer::Skipped => "skipped",
            Answer::Unsure => "cannot tell",
        }
    }

    /// The colour of an answer; skipped and unsure have none.
    pub fn colour(&self, answer: Answer) -> Option<egui::Color32> {
        match answer {
            Answer::Label(id) => Some(self.theme.label(id)),
            Answer::Skipped | Answer::Unsure => None,
        }
    }
}

/// Something that a part of the screen asks for; carried out when the frame is drawn.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Want {
    /// This label for what is shown or selected.
    Label(LabelId),
    /// An action with a name.
    Act(Action),
    /// A step of the project.
    Step(Step),
    /// The text of an earlier answer.
    Change(TextId),
    /// The text that is asked for.
    Back,
    /// Another middle.
    Mode(Mode),
    /// The skipped ones once more.
    Revisit,
    /// The end of the first labels' screen.
    Begin,
}

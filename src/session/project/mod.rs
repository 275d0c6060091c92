//! A labelling project: its texts, what was answered to each, and every step back to the beginning.
//!
//! [`Project`] is a fold over [`Action`]s, so that undo reaches all the way back and a project is read again by replaying
//! its log. It knows no files: the store appends an action to the project file, and only then is it applied here.

mod answers;
mod encoding;
pub mod folder;
mod labels;
mod models;
mod open;
mod opening;
mod predictions;
pub mod recent;
mod store;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use answers::{Answer, Answered};
pub use labels::{Label, LabelId};
pub use open::{Happened, OpenProject};
pub use opening::Opening;
pub use predictions::Predictions;
pub use store::Wake;

pub use crate::io::project::{EXTENSION, ModelFile, ModelListing, ProjectError};

/// A text of a project: its position among all of them, from 0. Texts that are added later come after those that are there.
pub type TextId = u32;

/// Every text of a project, in the order of the imported files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Texts {
    /// Where the first of them come from: a file name, `pasted`, `the built-in sample`.
    pub source: String,
    /// The texts; several columns are joined by a line break.
    pub texts: Vec<String>,
    /// The other columns of the imported table, kept for the export.
    pub extra_columns: Vec<String>,
    /// Their cells, a row a text.
    pub extra: Vec<Vec<String>>,
    /// Which of these columns held JSON instead of text, as numbers are, so that they come out as they went in; those behind
    /// held text. An empty cell of one is `null`.
    pub extra_json: Vec<bool>,
}

/// One step of the user's work on a project. The log of these, in order, is the project.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// An answer to a text, the first or a later one.
    Answer {
        /// The text.
        text: TextId,
        /// The answer.
        answer: Answer,
        /// What the model suggested at that moment, where it suggested something and showed it.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        suggested: Option<LabelId>,
    },
    /// The same label for several texts at once: a lasso, similar texts, an import.
    AnswerMany {
        /// The texts.
        texts: Vec<TextId>,
        /// The answer to each.
        answer: Answer,
        /// Whether they were chosen because they are like each other (similar texts, a lasso). What was found so says little
        /// of other texts: to measure an error such labels are held out together.
        #[serde(skip_serializing_if = "std::ops::Not::not", default)]
        alike: bool,
    },
    /// Labels by their names, each for several texts; those that there are not are made. They came with added texts.
    AnswerByName {
        /// The labels, each with its texts.
        given: Vec<(String, Vec<TextId>)>,
    },
    /// Takes back whatever was answered to a text.
    Clear {
        /// The text.
        text: TextId,
    },
    /// A new label. Its id is the number of labels ever created.
    CreateLabel {
        /// Its name.
        name: String,
    },
    /// Another name for a label.
    RenameLabel {
        /// The label.
        label: LabelId,
        /// Its new name.
        name: String,
    },
    /// Every answer `from` becomes `into`, and `from` goes.
    MergeLabels {
        /// The label that goes.
        from: LabelId,
        /// The label that stays.
        into: LabelId,
    },
    /// The label goes, and its texts count as not answered.
    DeleteLabel {
        /// The label.
        label: LabelId,
    },
    /// Texts that are kept aside at random to measure the error: their labels are never trained on.
    KeepAside {
        /// The texts.
        texts: Vec<TextId>,
    },
    /// Takes back the last action that is not taken back.
    Undo,
    /// Does again what was last taken back.
    Redo,
}

/// Why an action cannot be applied. The project is as before.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no such text.
    #[error("there is no text {}; the project has {texts}", text + 1)]
    NoText {
        /// The text that was named.
        text: TextId,
        /// How many there are.
        texts: usize,
    },
    /// There is no such label, or no longer.
    #[error("there is no label number {}", .0 + 1)]
    NoLabel(LabelId),
    /// Two labels cannot have one name.
    #[error("there is a label '{0}' already")]
    NameTaken(String),
    /// No id is left for another label.
    #[error(
        "a project cannot have more than {} labels in its life; start another project with these texts",
        LabelId::MAX
    )]
    NoMoreLabels,
    /// A label needs a name.
    #[error("a label needs a name")]
    NoName,
    /// A label cannot be merged into itself.
    #[error("a label cannot be merged into itself")]
    SameLabel,
    /// Nothing to undo.
    #[error("there is nothing to undo")]
    NothingToUndo,
    /// Nothing to redo.
    #[error("there is nothing to redo")]
    NothingToRedo,
    /// More texts were meant for a project of other texts.
    #[error("the project has other texts by now; try again")]
    OtherTexts,
}

/// A project as it stands after its log.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// Its name, that of its file.
    pub name: String,
    /// Its texts.
    pub texts: Arc<Texts>,
    state: State,
    /// Actions in effect, oldest first; `Undo` and `Redo` are not among them.
    done: Vec<Action>,
    /// Actions taken back, the last one last.
    undone: Vec<Action>,
    /// `state` after so many actions of `done`, fewest first, so that undoing replays few of them. They are made when
    /// something is undone: who only goes forward pays nothing.
    snapshots: Vec<(usize, Arc<State>)>,
}

/// Actions between the two newest snapshots; older ones lie ever further apart, so that there are few of them however
/// long the log is.
const SNAPSHOT_EVERY: usize = 64;

/// What actions change.
#[derive(Clone, Debug, Default)]
struct State {
    labels: labels::Labels,
    answers: answers::Answers,
    /// Sorted.
    aside: Vec<TextId>,
}

impl Project {
    /// A project without any answer.
    pub fn new(name: impl Into<String>, texts: Arc<Texts>) -> Self {
        Self {
            name: name.into(),
            texts,
            ..Self::default()
        }
    }

    /// Applies an action.
    ///
    /// # Errors
    /// When the action makes no sense now; the project is as before.
    pub fn apply(&mut self, action: Action) -> Result<(), Refused> {
        match action {
            Action::Undo => {
                let action = self.done.pop().ok_or(Refused::NothingToUndo)?;
                self.undone.push(action);
                self.replay();
            }
            Action::Redo => {
                let action = self.undone.pop().ok_or(Refused::NothingToRedo)?;
                self.state.apply(&action, self.texts.texts.len())?;
                self.push(action);
            }
            action => {
                self.state.apply(&action, self.texts.texts.len())?;
                self.undone.clear();
                self.push(action);
            }
        }
        Ok(())
    }

    /// Whether an action could be applied now.
    ///
    /// # Errors
    /// The reason why not.
    pub fn check(&self, action: &Action) -> Result<(), Refused> {
        match action {
            Action::Undo if self.done.is_empty() => Err(Refused::NothingToUndo),
            Action::Redo if self.undone.is_empty() => Err(Refused::NothingToRedo),
            Action::Undo | Action::Redo => Ok(()),
            action => self.state.check(action, self.texts.texts.len()),
        }
    }

    fn push(&mut self, action: Action) {
        self.done.push(action);
    }

    /// `state` anew from `done`.
    fn replay(&mut self) {
        let end = self.done.len();
        self.snapshots.retain(|(at, _)| *at <= end);
        // The last multiple, and those 1, 3, 7, 15 ... multiples before it: the same ones for many steps back.
        let wanted: Vec<usize> = (0..usize::BITS)
            .map_while(|power| (end / SNAPSHOT_EVERY).checked_sub((1 << power) - 1))
            .take_while(|&multiple| multiple > 0)
            .map(|multiple| multiple * SNAPSHOT_EVERY)
            .collect();
        let (start, state) = self.snapshots.last().cloned().unwrap_or_default();
        let mut state = Arc::unwrap_or_clone(state);
        for (at, action) in (start..).zip(&self.done[start..]) {
            if at > start && wanted.contains(&at) {
                self.snapshots.push((at, Arc::new(state.clone())));
            }
            // It was applied to this very state before.
            let applied = state.apply(action, self.texts.texts.len());
            debug_assert!(applied.is_ok());
        }
        self.state = state;
        // Of the older ones, the nearest before each wanted place is enough.
        let kept: Vec<usize> = wanted
            .iter()
            .filter_map(|&place| self.snapshots.iter().map(|s| s.0).rfind(|&at| at <= place))
            .collect();
        self.snapshots.retain(|(at, _)| kept.contains(at));
    }

    /// The labels that can be given, in the order of their keys.
    pub fn labels(&self) -> impl Iterator<Item = &Label> {
        self.state.labels.iter()
    }

    /// A label that can be given.
    pub fn label(&self, id: LabelId) -> Option<&Label> {
        self.state.labels.get(id)
    }

    /// The label that a label is now: itself, or the one that it was merged into, which may have been merged in turn.
    pub fn now(&self, id: LabelId) -> LabelId {
        self.state.labels.now(id)
    }

    /// The answer to a text.
    pub fn answer(&self, text: TextId) -> Option<Answer> {
        self.state.answers.get(text)
    }

    /// Every answer, the latest last.
    pub fn answered(&self) -> impl DoubleEndedIterator<Item = Answered> + '_ {
        self.state.answers.in_order()
    }

    /// Texts with a label.
    pub fn labelled(&self) -> usize {
        self.state.answers.labelled()
    }

    /// Texts of one label.
    pub fn count(&self, label: LabelId) -> usize {
        self.state.answers.count(label)
    }

    /// Texts that are kept aside to measure the error, in order.
    pub fn aside(&self) -> &[TextId] {
        &self.state.aside
    }

    /// Whether a text is kept aside to measure the error.
    pub fn is_aside(&self, text: TextId) -> bool {
        self.state.aside.binary_search(&text).is_ok()
    }

    /// What `Undo` would take back.
    pub fn undoable(&self) -> Option<&Action> {
        self.done.last()
    }

    /// What `Redo` would do again.
    pub fn redoable(&self) -> Option<&Action> {
        self.undone.last()
    }
}

impl State {
    fn check(&self, action: &Action, texts: usize) -> Result<(), Refused> {
        let text = |id: TextId| {
            if (id as usize) < texts {
                Ok(())
            } else {
                Err(Refused::NoText { text: id, texts })
            }
        };
        let answer = |answer: Answer| match answer {
            Answer::Label(label) => self.labels.check(label),
            Answer::Skipped | Answer::Unsure => Ok(()),
        };
        match action {
            Action::Answer {
                text: id, answer: a, ..
            } => text(*id).and(answer(*a)),
            Action::AnswerMany { texts, answer: a, .. } => {
                texts.iter().try_for_each(|&id| text(id)).and(answer(*a))
            }
            Action::AnswerByName { given } => {
                let new = |name: &str| self.labels.check_name(name, None).is_ok();
                let made = given.iter().filter(|given| new(&given.0)).count();
                self.labels.check_room(made)?;
                given.iter().try_for_each(|(name, texts)| {
                    if name.trim().is_empty() {
                        return Err(Refused::NoName);
                    }
                    texts.iter().try_for_each(|&id| text(id))
                })
            }
            Action::Clear { text: id } => text(*id),
            Action::CreateLabel { name } => {
                self.labels.check_room(1)?;
                self.labels.check_name(name, None)
            }
            Action::RenameLabel { label, name } => self
                .labels
                .check(*label)
                .and(self.labels.check_name(name, Some(*label))),
            Action::MergeLabels { from, into } => {
                self.labels.check(*from)?;
                self.labels.check(*into)?;
                if from == into {
                    return Err(Refused::SameLabel);
                }
                Ok(())
            }
            Action::DeleteLabel { label } => self.labels.check(*label),
            Action::KeepAside { texts } => texts.iter().try_for_each(|&id| text(id)),
            Action::Undo | Action::Redo => Ok(()),
        }
    }

    fn apply(&mut self, action: &Action, texts: usize) -> Result<(), Refused> {
        self.check(action, texts)?;
        match action {
            Action::Answer {
                text,
                answer,
                suggested,
            } => self.answers.set(*text, *answer, *suggested),
            Action::AnswerMany { texts, answer, alike } => {
                for &text in texts {
                    self.answers.set_with_others(text, *answer);
                }
                if *alike {
                    self.answers.join(texts);
                }
            }
            Action::AnswerByName { given } => {
                for (name, texts) in given {
                    let label = self.labels.named(name);
                    for &text in texts {
                        self.answers.set_with_others(text, Answer::Label(label));
                    }
                }
            }
            Action::Clear { text } => self.answers.clear(*text),
            Action::CreateLabel { name } => self.labels.create(name),
            Action::RenameLabel { label, name } => self.labels.rename(*label, name),
            Action::MergeLabels { from, into } => {
                self.answers.replace(*from, Some(*into));
                self.labels.merge(*from, *into);
            }
            Action::DeleteLabel { label } => {
                self.answers.replace(*label, None);
                self.labels.remove(*label);
            }
            Action::KeepAside { texts } => {
                self.aside.extend(texts);
                self.aside.sort_unstable();
                self.aside.dedup();
            }
            Action::Undo | Action::Redo => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod store_tests;
#[cfg(test)]
mod tests;

//! Following undo and redo, which any screen, key or palette may have asked for.

use crate::session::project::{Action as Step, Project, TextId};

/// The project's last and next step, as they were when last looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail {
    done: Option<Step>,
    undone: Option<Step>,
}

/// What undo or redo left to do.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Turn {
    /// A text's answer was taken back, or is the next to be done again.
    Show(TextId),
    /// One more step in the same direction: keeping a text aside and answering it is one thing to the user.
    Also(Step),
}

impl Trail {
    /// What has changed since the last look.
    pub fn follow(&mut self, project: &Project) -> Option<Turn> {
        let (done, undone) = (project.undoable(), project.redoable());
        if done == self.done.as_ref() && undone == self.undone.as_ref() {
            return None;
        }
        let forwards = self.undone.is_some() && self.undone.as_ref() == done;
        let moved = undone != self.undone.as_ref();
        self.done = done.cloned();
        self.undone = undone.cloned();
        let undone = self.undone.as_ref()?;
        if !moved {
            return None;
        }
        if let Some(Step::KeepAside { texts }) = &self.done
            && let Some(&text) = texts.first()
            && answers(undone, text)
        {
            return Some(Turn::Also(if forwards { Step::Redo } else { Step::Undo }));
        }
        match undone {
            Step::Answer { text, .. } => Some(Turn::Show(*text)),
            Step::KeepAside { texts } => texts.first().copied().map(Turn::Show),
            _ => None,
        }
    }
}

fn answers(step: &Step, wanted: TextId) -> bool {
    match step {
        Step::Answer { text, .. } => *text == wanted,
        Step::AnswerMany { texts, .. } => texts.contains(&wanted),
        _ => false,
    }
}

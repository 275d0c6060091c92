//! The text that lies before the user, and the answer that is on its way to the file.

use std::collections::HashMap;

use super::order::{self, Order};
use crate::session::assistant::{Insight, Pick, Reason};
use crate::session::project::{Action as Step, Answer, LabelId, Project, TextId};
use crate::ui::Shared;

/// After so many seconds without an acknowledgement the same answer may be given again.
const PATIENCE: f64 = 1.0;

/// A text that is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Asked {
    /// The text.
    pub text: TextId,
    /// Why it was chosen; `None` when it came back through undo.
    pub reason: Option<Reason>,
}

/// An answer that is not on disk yet.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    text: TextId,
    answer: Answer,
    since: f64,
}

/// The text that lies before the user.
#[derive(Debug, Default)]
pub(super) struct Desk {
    order: Order,
    asked: Option<Asked>,
    /// An earlier text whose answer is being changed; it lies over the one that is asked for.
    changing: Option<TextId>,
    /// Why each text of this sitting was chosen, for when it comes back.
    reasons: HashMap<TextId, Reason>,
    waiting: Option<Waiting>,
    /// Going through the skipped ones, once nothing else is left.
    revisiting: bool,
    /// The text that the user has seen: only that one can be answered.
    seen: Option<TextId>,
}

impl Desk {
    /// A desk for so many texts.
    pub fn new(texts: usize, seed: u64) -> Self {
        Self {
            order: Order::new(texts, seed),
            ..Self::default()
        }
    }

    /// The text that is shown.
    pub fn text(&self) -> Option<TextId> {
        self.changing.or(self.asked.map(|a| a.text))
    }

    /// Why it was chosen.
    pub fn reason(&self) -> Option<Reason> {
        self.asked.and_then(|a| a.reason)
    }

    /// The earlier text whose answer is being changed.
    pub fn changing(&self) -> Option<TextId> {
        self.changing
    }

    /// The text is on the screen now.
    pub fn drawn(&mut self) {
        self.seen = self.text();
    }

    /// Whether a text was drawn at random to measure the error, so that no suggestion may colour its label.
    pub fn is_aside(&self, project: &Project, text: TextId) -> bool {
        project.is_aside(text) || self.reasons.get(&text) == Some(&Reason::KeptAside)
    }

    /// Shows an earlier text again, to change its answer.
    pub fn change(&mut self, text: TextId) {
        self.changing = Some(text);
        self.waiting = None;
    }

    /// Back to the text that is asked for. Whether there was a way back.
    pub fn back(&mut self) -> bool {
        self.changing.take().is_some()
    }

    /// What was on its way to the file did not get there: the answer may be given again at once.
    pub fn not_saved(&mut self) {
        self.waiting = None;
    }

    /// Whether an answer is on its way to the file.
    pub fn is_waiting(&self) -> bool {
        self.waiting.is_some()
    }

    /// Asks again for those that were skipped.
    pub fn revisit(&mut self) {
        self.revisiting = true;
    }

    /// Answers the text that is shown. Whether the answer was taken.
    pub fn answer(
        &mut self,
        shared: &mut Shared,
        answer: Answer,
        suggested: Option<LabelId>,
        now: f64,
    ) -> bool {
        let Some(text) = self.text().filter(|&t| self.seen == Some(t)) else {
            return false;
        };
        if self.waiting.is_some_and(|w| now - w.since < PATIENCE) {
            return false;
        }
        self.keep_aside(shared, text);
        let taken = send(
            shared,
            Step::Answer {
                text,
                answer,
                suggested,
            },
        );
        if taken {
            self.waiting = Some(Waiting {
                text,
                answer,
                since: now,
            });
        }
        taken
    }

    /// Gives several texts that are alike one label, but for those that measure the error: each of them is judged by itself.
    pub fn answer_many(&self, shared: &mut Shared, mut texts: Vec<TextId>, label: LabelId) -> bool {
        if let Some(open) = &shared.project {
            texts.retain(|&text| !self.is_aside(&open.project, text));
        }
        if texts.is_empty() {
            return false;
        }
        let step = Step::AnswerMany {
            alike: texts.len() > 1,
            texts,
            answer: Answer::Label(label),
        };
        send(shared, step)
    }

    /// A text that was drawn to measure the error is kept aside with its answer, also a skipped one: leaving out what is
    /// hard would flatter the measurement.
    fn keep_aside(&self, shared: &mut Shared, text: TextId) {
        let drawn = self.reasons.get(&text) == Some(&Reason::KeptAside);
        let done = shared.project.as_ref().is_some_and(|o| o.project.is_aside(text));
        if drawn && !done {
            send(shared, Step::KeepAside { texts: vec![text] });
        }
    }

    /// Moves on once the answer is acknowledged, and chooses the next text where none lies here. While a step is `writing`
    /// nothing is acknowledged: the same answer may have been there before.
    pub fn follow(&mut self, project: &Project, writing: bool, insight: &Insight) {
        if let Some(w) = self.waiting
            && !writing
            && project.answer(w.text) == Some(w.answer)
        {
            self.waiting = None;
            self.changing = self.changing.filter(|&t| t != w.text);
            self.asked = self.asked.filter(|a| a.text != w.text);
        }
        let open = |text| match project.answer(text) {
            None => true,
            Some(Answer::Skipped) => self.revisiting,
            Some(_) => false,
        };
        self.asked = self.asked.filter(|a| open(a.text));
        if self.asked.is_none() {
            self.asked = self.next(project, insight);
            if let Some(Asked {
                text,
                reason: Some(reason),
            }) = self.asked
            {
                self.reasons.insert(text, reason);
            }
        }
    }

    fn next(&mut self, project: &Project, insight: &Insight) -> Option<Asked> {
        if let Some(Pick { text, reason }) = self.order.next(project, insight) {
            self.revisiting = false;
            let reason = Some(reason);
            return Some(Asked { text, reason });
        }
        let text = self.revisiting.then(|| order::skipped(project)).flatten()?;
        Some(Asked { text, reason: None })
    }

    /// Shows a text whose answer was taken back.
    pub fn bring_back(&mut self, project: &Project, text: TextId) {
        if project.answer(text).is_none() {
            let aside = project.is_aside(text).then_some(Reason::KeptAside);
            let reason = self.reasons.get(&text).copied().or(aside);
            self.asked = Some(Asked { text, reason });
            self.changing = None;
        }
        self.waiting = None;
    }
}

/// Sends a step to the project's file. Whether it made sense.
pub(super) fn send(shared: &mut Shared, step: Step) -> bool {
    let Some(open) = &mut shared.project else {
        return false;
    };
    match open.act(step) {
        Ok(()) => true,
        Err(why) => {
            shared.say(why.to_string());
            false
        }
    }
}

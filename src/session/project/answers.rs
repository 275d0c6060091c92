//! What was answered to each text.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{LabelId, TextId};

/// What the user says of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// It has this label.
    Label(LabelId),
    /// Not now.
    Skipped,
    /// It cannot be told.
    Unsure,
}

/// An answer with its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The text.
    pub text: TextId,
    /// The answer.
    pub answer: Answer,
    /// What the model suggested when it was given.
    pub suggested: Option<LabelId>,
    /// The same number for texts that were labelled together because they are alike; `None` for one that was labelled by itself.
    /// A later answer leaves it: the text was still chosen for its likeness to the others, and is held out with those that have
    /// the same label. Taking the answer back ends it.
    pub group: Option<u64>,
    /// Whether one step answered other texts too: what was imported lies label by label.
    pub at_once: bool,
}

/// The latest answer to each text, and their order.
#[derive(Clone, Debug, Default)]
pub(super) struct Answers {
    /// Answers by when they were given.
    order: BTreeMap<u64, Answered>,
    /// When the latest answer to a text was given.
    when: HashMap<TextId, u64>,
    next: u64,
    counts: HashMap<LabelId, usize>,
}

impl Answers {
    pub fn get(&self, text: TextId) -> Option<Answer> {
        Some(self.order.get(self.when.get(&text)?)?.answer)
    }

    pub fn in_order(&self) -> impl DoubleEndedIterator<Item = Answered> + '_ {
        self.order.values().copied()
    }

    pub fn labelled(&self) -> usize {
        self.counts.values().sum()
    }

    pub fn count(&self, label: LabelId) -> usize {
        self.counts.get(&label).copied().unwrap_or(0)
    }

    pub fn set(&mut self, text: TextId, answer: Answer, suggested: Option<LabelId>) {
        let group = self.group(text);
        self.clear(text);
        self.order.insert(
            self.next,
            Answered {
                text,
                answer,
                suggested,
                group,
                at_once: false,
            },
        );
        self.when.insert(text, self.next);
        self.next += 1;
        if let Answer::Label(label) = answer {
            *self.counts.entry(label).or_default() += 1;
        }
    }

    /// An answer that came with others in one step.
    pub fn set_with_others(&mut self, text: TextId, answer: Answer) {
        self.set(text, answer, None);
        if let Some(mut latest) = self.order.last_entry() {
            latest.get_mut().at_once = true;
        }
    }

    fn group(&self, text: TextId) -> Option<u64> {
        self.order.get(self.when.get(&text)?)?.group
    }

    /// Makes these answered texts one group, together with all that any of them was in a group with.
    pub fn join(&mut self, texts: &[TextId]) {
        // No answer that is to come has this number, and so no other group.
        let group = Some(self.next.saturating_sub(1));
        let earlier: HashSet<u64> = texts.iter().filter_map(|&text| self.group(text)).collect();
        if !earlier.is_empty() {
            let with =
                |answered: &&mut Answered| answered.group.is_some_and(|group| earlier.contains(&group));
            for answered in self.order.values_mut().filter(with) {
                answered.group = group;
            }
        }
        for text in texts {
            if let Some(answered) = self.when.get(text).and_then(|at| self.order.get_mut(at)) {
                answered.group = group;
            }
        }
    }

    pub fn clear(&mut self, text: TextId) {
        let Some(answered) = self.when.remove(&text).and_then(|at| self.order.remove(&at)) else {
            return;
        };
        if let Answer::Label(label) = answered.answer
            && let Some(count) = self.counts.get_mut(&label)
        {
            *count -= 1;
        }
    }

    /// Every answer `from` becomes `into`, or goes.
    pub fn replace(&mut self, from: LabelId, into: Option<LabelId>) {
        let of_label: Vec<u64> = self
            .order
            .iter()
            .filter(|(_, a)| a.answer == Answer::Label(from))
            .map(|(&at, _)| at)
            .collect();
        for at in of_label {
            match into {
                Some(label) => {
                    if let Some(answered) = self.order.get_mut(&at) {
                        answered.answer = Answer::Label(label);
                    }
                    *self.counts.entry(label).or_default() += 1;
                }
                None => {
                    if let Some(answered) = self.order.remove(&at) {
                        self.when.remove(&answered.text);
                    }
                }
            }
        }
        self.counts.remove(&from);
    }
}

//! The labels of a project.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Refused;

/// A label by the order of its creation, from 0. Ids are never used again.
pub type LabelId = u16;

/// A label that can be given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Its id, which also chooses its colour.
    pub id: LabelId,
    /// Its name.
    pub name: String,
}

/// The labels that can be given, in the order of their keys, and how many there ever were.
#[derive(Clone, Debug, Default)]
pub(super) struct Labels {
    current: Vec<Label>,
    created: LabelId,
    /// Labels that went, each with the one that it was merged into.
    merged: BTreeMap<LabelId, LabelId>,
}

impl Labels {
    pub fn iter(&self) -> impl Iterator<Item = &Label> {
        self.current.iter()
    }

    pub fn get(&self, id: LabelId) -> Option<&Label> {
        self.current.iter().find(|l| l.id == id)
    }

    pub fn check(&self, id: LabelId) -> Result<(), Refused> {
        self.get(id).map(|_| ()).ok_or(Refused::NoLabel(id))
    }

    /// Whether so many labels can be made: an id that wrapped round would be another label's.
    pub fn check_room(&self, labels: usize) -> Result<(), Refused> {
        if labels > usize::from(LabelId::MAX - self.created) {
            return Err(Refused::NoMoreLabels);
        }
        Ok(())
    }

    /// Whether a label, but for `except`, could be called this.
    pub fn check_name(&self, name: &str, except: Option<LabelId>) -> Result<(), Refused> {
        let name = name.trim();
        if name.is_empty() {
            return Err(Refused::NoName);
        }
        let taken = |l: &&Label| Some(l.id) != except && l.name == name;
        match self.current.iter().find(taken) {
            Some(label) => Err(Refused::NameTaken(label.name.clone())),
            None => Ok(()),
        }
    }

    pub fn create(&mut self, name: &str) {
        self.current.push(Label {
            id: self.created,
            name: name.trim().to_string(),
        });
        self.created += 1;
    }

    /// The label of this name, made where there is none.
    pub fn named(&mut self, name: &str) -> LabelId {
        let name = name.trim();
        if let Some(label) = self.current.iter().find(|l| l.name == name) {
            return label.id;
        }
        self.create(name);
        self.created - 1
    }

    pub fn rename(&mut self, id: LabelId, name: &str) {
        if let Some(label) = self.current.iter_mut().find(|l| l.id == id) {
            label.name = name.trim().to_string();
        }
    }

    pub fn remove(&mut self, id: LabelId) {
        self.current.retain(|l| l.id != id);
    }

    /// `from` goes, and is `into` from now on.
    pub fn merge(&mut self, from: LabelId, into: LabelId) {
        self.remove(from);
        self.merged.insert(from, into);
    }

    /// What a label is now, or was when it was deleted.
    pub fn now(&self, mut id: LabelId) -> LabelId {
        // It ends: a label that went is never merged into, since ids are never used again.
        while let Some(&into) = self.merged.get(&id) {
            id = into;
        }
        id
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Action, State};
    use super::*;

    #[test]
    fn no_two_labels_share_an_id() {
        let last = LabelId::MAX - 1;
        let labels = Labels {
            created: last,
            ..Labels::default()
        };
        let mut state = State {
            labels,
            ..State::default()
        };
        let create = |name: &str| Action::CreateLabel { name: name.into() };
        let by_name = |name: &str| Action::AnswerByName {
            given: vec![(name.into(), vec![0])],
        };
        state.apply(&create("a"), 1).unwrap();
        assert_eq!(state.labels.get(last).map(|l| l.name.as_str()), Some("a"));
        for action in [create("b"), by_name("b")] {
            assert_eq!(state.apply(&action, 1), Err(Refused::NoMoreLabels));
        }
        state.apply(&by_name("a"), 1).unwrap();
        assert_eq!(state.answers.count(last), 1);
    }
}

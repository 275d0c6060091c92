//! The labels of a project.

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
}

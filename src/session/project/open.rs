//! A project that is open in this program: its state, and the file that every action reaches first.

use std::sync::Arc;

use super::{Action, Project, Refused, Texts};

/// A project and its file.
///
/// An action is applied only when it is on disk, so what the window shows is never lost.
#[derive(Debug)]
pub struct OpenProject {
    /// As it stands after everything that is on disk.
    pub project: Project,
}

impl OpenProject {
    /// A project that lives in memory only.
    pub fn in_memory(name: impl Into<String>, texts: Arc<Texts>) -> Self {
        Self {
            project: Project::new(name, texts),
        }
    }

    /// Sends an action to the file; it shows in `project` once it is durable.
    ///
    /// # Errors
    /// When the action makes no sense now.
    pub fn act(&mut self, action: Action) -> Result<(), Refused> {
        self.project.apply(action)
    }
}

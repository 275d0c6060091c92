//! More texts for an open project, after those that it has: what is known of a text by its place stays true.

use std::sync::Arc;

use super::super::store::Order;
use super::super::{Action, Project, Refused, Texts};
use super::{Happened, Keeper, OpenProject};

/// Something that was sent to the store and is not reported yet.
#[derive(Clone, Debug)]
pub(super) enum Sent {
    /// An action.
    Act(Action),
    /// More texts, and the action that comes with them.
    Grow(Arc<Texts>, Option<Action>),
}

impl Sent {
    /// Does to a project what the store was told to do to its file.
    pub(super) fn apply(&self, project: &mut Project) -> Result<(), Refused> {
        let action = match self {
            Self::Act(action) => Some(action),
            Self::Grow(texts, action) => {
                project.texts = Arc::clone(texts);
                action.as_ref()
            }
        };
        action.map_or(Ok(()), |action| project.apply(action.clone()))
    }
}

impl OpenProject {
    /// Sends more texts to the file: `texts` begin with `of`, those that the project has. An action that speaks of them may
    /// come with them, as one step. A later poll brings [`Happened::Grown`] or [`Happened::NotGrown`], and until then the
    /// project is as before.
    ///
    /// # Errors
    /// When the project has other texts than `of` by now, or the action makes no sense.
    pub fn grow(
        &mut self,
        of: &Arc<Texts>,
        texts: Arc<Texts>,
        action: Option<Action>,
    ) -> Result<(), Refused> {
        let sent = Sent::Grow(texts, action);
        let grown = |mut project: Project| {
            if !Arc::ptr_eq(&project.texts, of) {
                return Err(Refused::OtherTexts);
            }
            sent.apply(&mut project)?;
            Ok(project)
        };
        match &mut self.keeper {
            Keeper::Memory { .. } => {
                self.project = grown(self.project.clone())?;
                if let Sent::Grow(_, Some(action)) = sent {
                    self.steps += 1;
                    self.happened.push(Happened::Acted(action));
                }
                self.happened.push(Happened::Grown);
            }
            Keeper::File(link) => {
                let ahead = match link.ahead.take() {
                    Some(ahead) => ahead,
                    None => link.catch_up(&self.project)?,
                };
                // Where it is refused, the next action makes it anew.
                link.ahead = Some(grown(ahead)?);
                if let Sent::Grow(texts, action) = sent.clone() {
                    let burst = link.burst;
                    link.order(Order::Grow { burst, texts, action });
                }
                link.pending.push_back(sent);
            }
        }
        Ok(())
    }

    /// Whether more texts are on their way to the file.
    pub fn is_growing(&self) -> bool {
        match &self.keeper {
            Keeper::Memory { .. } => false,
            Keeper::File(link) => link.pending.iter().any(|sent| matches!(sent, Sent::Grow(..))),
        }
    }
}

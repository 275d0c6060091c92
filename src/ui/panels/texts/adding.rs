//! Adding what the preview shows to the project that is open: how much of it is new, the button, and what is said.

use std::sync::Arc;

use egui::Ui;

use super::Want;
use super::button::{Weight, button};
use crate::session::exchange::{Addition, Background, Fresh, Outcome, Plan, count_new};
use crate::session::project::{OpenProject, Texts};
use crate::ui::Shared;
use crate::ui::widgets::{grouped, small, texts};

/// What the open project does not have yet, counted beside the window.
#[derive(Default)]
pub(super) struct Adding {
    of: Option<Of>,
    counting: Option<Background<Fresh>>,
    /// `None` until it is counted.
    pub found: Option<Fresh>,
}

/// What it was counted for.
struct Of {
    columns: Vec<usize>,
    once_only: bool,
    texts: Arc<Texts>,
}

impl Adding {
    /// Counts anew where other columns were chosen or another project is open, and takes in what was counted.
    pub fn follow(&mut self, plan: Plan, shared: &Shared) {
        let Some(open) = &shared.project else {
            *self = Self::default();
            return;
        };
        let texts = &open.project.texts;
        let same = self.of.as_ref().is_some_and(|of| {
            of.columns == plan.text_columns && of.once_only == plan.once_only && Arc::ptr_eq(&of.texts, texts)
        });
        if !same {
            self.of = Some(Of {
                columns: plan.text_columns.clone(),
                once_only: plan.once_only,
                texts: Arc::clone(texts),
            });
            self.found = None;
            self.counting = Some(count_new(plan, Arc::clone(texts), Arc::clone(&shared.wake)));
        }
        match self.counting.as_ref().map(Background::poll) {
            None | Some(Outcome::Running) => return,
            Some(Outcome::Done(fresh)) => self.found = Some(fresh),
            // It is said once the texts are added.
            Some(Outcome::Lost) => {}
        }
        self.counting = None;
    }

    /// Draws the button, where a project is open.
    pub fn button(&self, ui: &mut Ui, shared: &Shared, ready: bool, wants: &mut Vec<Want>) {
        let Some(open) = &shared.project else { return };
        let text = format!("Add to {}", open.project.name);
        let hint = "Adds the texts that the open project does not have yet; its labels, runs and classifier stay. The labels \
                    that are taken over with them are one step, which Undo takes back.";
        let ready = ready && self.found.is_none_or(|found| found.new > 0);
        let add = |ui: &mut Ui| button(ui, &text, "", Weight::Usual, hint).clicked();
        if ui.add_enabled_ui(ready, add).inner {
            wants.push(Want::Add);
        }
    }

    /// Says how many are new, once that is known.
    pub fn say(&self, ui: &mut Ui, shared: &Shared) {
        if let (Some(open), Some(found)) = (&shared.project, self.found) {
            small(ui, counted(&open.project.name, found));
        }
    }
}

fn are(number: usize) -> &'static str {
    if number == 1 { "is" } else { "are" }
}

/// How many are new to the project of this name.
fn counted(name: &str, Fresh { new, known }: Fresh) -> String {
    match (new, known) {
        (0, 0) => format!("There is no text here to add to {name}."),
        (0, _) => format!("{name} has all of these texts already."),
        (_, 0) => format!("All of these texts are new to {name}."),
        _ => format!(
            "{} of these {} new to {name}, {} {} there already.",
            grouped(new),
            are(new),
            grouped(known),
            are(known)
        ),
    }
}

/// Why nothing can be added now.
pub(super) fn obstacle(shared: &Shared) -> Option<&'static str> {
    let busy = shared.run.busy() || shared.run.is_running();
    busy.then_some(
        "The engine is at work on the texts that there are: add these when it has ended, or stop it first.",
    )
}

/// What is said once the texts are added.
pub(super) fn added(open: &OpenProject, addition: &Addition) -> String {
    let Fresh { new, known } = addition.fresh;
    let were = |number| if number == 1 { "was" } else { "were" };
    let mut said = format!("{} {} added to {}", texts(new), were(new), open.project.name);
    if addition.labelled > 0 {
        said += &format!(", {} with a label", grouped(addition.labelled));
    }
    if known > 0 {
        said += &format!("; {} {} there already", grouped(known), were(known));
    }
    said.push('.');
    if open.models().next().is_some() {
        said += " What is new is not classified yet: the Classify screen does that.";
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_said_as_one() {
        let counted = |new, known| counted("mail", Fresh { new, known });
        assert_eq!(
            counted(1, 1_200),
            "1 of these is new to mail, 1,200 are there already."
        );
        assert_eq!(counted(2, 1), "2 of these are new to mail, 1 is there already.");
        assert_eq!(counted(0, 3), "mail has all of these texts already.");
        assert_eq!(counted(3, 0), "All of these texts are new to mail.");
    }
}

//! Keeping up with the labels: what is known of the classifier, and TF-IDF beside it on the same texts.

use egui::Ui;

use super::ClassifyPanel;
use super::export::wake;
use super::joint::Joint;
use super::knowledge::{Knowledge, classes};
use super::lesson::Lesson;
use crate::session::exchange::{Background, Outcome, Wake};
use crate::session::project::{Project, TextId};
use crate::session::trust::{Labelled, Trust, Words};
use crate::ui::Shared;
use crate::ui::run::Share;

/// TF-IDF with logistic regression from the labels that the classifier learned from. What training told of it is of the labels
/// that it held out, as they were then; as soon as others are judged too, or those are corrected, it is measured anew.
#[derive(Debug, Default)]
pub enum Counting {
    /// It was not asked for.
    #[default]
    Not,
    /// It learns.
    Learning(Background<Option<Words>>),
    /// It has learned; `None` where it cannot.
    Learned(Option<Box<Words>>),
}

impl Counting {
    /// What it has learned, once it has; the first call sets it to work.
    fn words(
        &mut self,
        lesson: &Lesson,
        classes: &[String],
        project: &Project,
        wake: impl FnOnce() -> Wake,
    ) -> Option<&mut Words> {
        match self {
            Self::Not => {
                *self = match set_to_work(lesson, classes, project, wake) {
                    Some(work) => Self::Learning(work),
                    None => Self::Learned(None),
                };
            }
            Self::Learning(work) => match work.poll() {
                Outcome::Running => {}
                Outcome::Done(words) => *self = Self::Learned(words.map(Box::new)),
                Outcome::Lost => *self = Self::Learned(None),
            },
            Self::Learned(_) => {}
        }
        match self {
            Self::Learned(words) => words.as_deref_mut(),
            Self::Not | Self::Learning(_) => None,
        }
    }
}

/// Sets it to work beside the window; `None` where there is nothing to learn from, or where it is not known which fold held out
/// which text.
fn set_to_work(
    lesson: &Lesson,
    classes: &[String],
    project: &Project,
    wake: impl FnOnce() -> Wake,
) -> Option<Background<Option<Words>>> {
    let folds = lesson.held_in()?;
    let then = lesson.classes_then(classes);
    let learned: Vec<Labelled> = (lesson.trained.iter())
        .filter_map(|&(id, _)| {
            let text = project.texts.texts.get(id as usize)?;
            let class = *then.get(&id)?;
            // Training leaves empty texts out.
            (!text.trim().is_empty()).then(|| Labelled {
                id,
                text: text.clone(),
                class,
            })
        })
        .collect();
    (!learned.is_empty()).then(|| Words::learn(classes.len(), learned, folds, wake()))
}

impl ClassifyPanel {
    /// Brings what is known up to date with the labels.
    pub(super) fn learn(&mut self, ui: &Ui, shared: &Shared) {
        let Some(open) = &shared.project else { return };
        let steps = open.steps();
        if self.known.as_ref().is_none_or(|(at, _)| *at != steps) {
            let earlier = self.known.take().map(|(_, known)| known);
            // Where these change, confidences have moved, and the order of the table may have.
            let of = |k: &Knowledge| (k.trust.as_ref().map(Trust::temperature), k.classes.clone());
            let before = earlier.as_ref().map(of);
            let known = Knowledge::new(&self.lesson, self.results.as_mut(), &open.project, earlier);
            if before != Some(of(&known)) {
                self.finder = None;
                if let (Some(results), Some(label)) = (&self.results, &mut self.filter.label) {
                    *label = results.first(*label);
                }
            }
            self.known = Some((steps, known));
        }
        self.count(ui, &open.project);
    }

    /// Sets TF-IDF beside the classifier on the judged texts, with the labels that they have now.
    fn count(&mut self, ui: &Ui, project: &Project) {
        let Some((_, known)) = &mut self.known else { return };
        if known.is_as_then || known.counted.is_some() || known.report.is_none() {
            return;
        }
        let classes = classes(&self.lesson, self.results.as_ref());
        let words = self.counting.words(&self.lesson, classes, project, || wake(ui));
        let Some(words) = words else { return };
        let joint = Joint::of(&self.lesson.ids(classes, project));
        let judges = self.lesson.judges(&known.judged);
        let text = |id: TextId| project.texts.texts.get(id as usize).map_or("", String::as_str);
        let found = words.beside(&known.classes, &known.judged, &judges, text, |p| joint.sums(p));
        known.counted = found.map(|(theirs, p)| Share {
            error: theirs.error,
            low: theirs.error_interval.low,
            high: theirs.error_interval.high,
            rows: theirs.rows,
            p: Some(p),
        });
    }
}

//! The lesson to come: what the run that goes on was given. The project keeps it until it has the classifier, so that a run that
//! was interrupted goes on though more was labelled since, and one that ended when nobody listened is not lost.

use serde::{Deserialize, Serialize};

use super::ClassifyPanel;
use super::lesson::{Lesson, MODEL};
use crate::session::clock::seconds_since_1970;
use crate::session::project::{LabelId, OpenProject, Project, TextId};
use crate::session::protocol::{Fit, GivenRow};
use crate::session::unfinished::Finished;
use crate::ui::Shared;
use crate::ui::run::Outcome as Trained;

/// The setting of the project that keeps it.
const SETTING: &str = "classifier lesson to come";

/// What a run was given, and when.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Coming {
    /// When the run began, in seconds since 1970.
    pub begun: u64,
    /// What it was given, with the number of the run.
    pub lesson: Lesson,
}

impl Coming {
    /// What a run of this number is given that begins now; the project keeps it.
    pub fn begin(run: usize, open: &mut OpenProject) -> (usize, Lesson) {
        let lesson = Lesson {
            run: run as u64,
            ..Lesson::begin(&open.project)
        };
        Self::keep(&lesson, open);
        (run, lesson)
    }

    /// Keeps it; of the lesson that is kept already, what is known of it by now.
    pub fn keep(lesson: &Lesson, open: &mut OpenProject) {
        let same = |kept: &Self| kept.lesson.run == lesson.run && kept.lesson.trained == lesson.trained;
        let begun = Self::kept(open).filter(same).map(|kept| kept.begun);
        let coming = Self {
            begun: begun.unwrap_or_else(seconds_since_1970),
            lesson: lesson.clone(),
        };
        open.set(SETTING, &coming);
    }

    /// What the project keeps.
    pub fn kept(open: &OpenProject) -> Option<Self> {
        open.setting::<Option<Self>>(SETTING).flatten()
    }

    /// The project has the classifier.
    pub fn forget(open: &mut OpenProject) {
        open.set(SETTING, &None::<Self>);
    }

    /// Whether a job trains on just this: the same texts with the same labels, by the names that those had then.
    pub fn was_handed_to(&self, job: &Fit, project: &Project) -> bool {
        let lesson = &self.lesson;
        let same = |(&(text, label), row): (&(TextId, LabelId), &GivenRow)| {
            let name = lesson.names.iter().find(|(_, id)| *id == label).map(|n| &n.0);
            let text = project.texts.texts.get(text as usize);
            name.is_some() && name == row.label.as_ref() && text == Some(&row.text)
        };
        job.data.rows.as_ref().is_some_and(|rows| {
            rows.len() == lesson.trained.len() && lesson.trained.iter().zip(rows).all(same)
        })
    }
}

impl ClassifyPanel {
    /// What the interrupted run of this job was given, where the project has kept that.
    pub fn given(&self, job: &Fit, shared: &Shared) -> Option<Lesson> {
        let open = shared.project.as_ref()?;
        let coming = Coming::kept(open)?;
        let its = coming.was_handed_to(job, &open.project);
        its.then_some(coming.lesson)
    }

    /// A run of the open project was interrupted and can go on. It speaks of texts by their place among the labels that it
    /// was given. Where those were not kept they are the ones that there are now, and are noted: more may be given before it
    /// does go on.
    pub fn interrupted(&mut self, given: Option<Lesson>, shared: &mut Shared) {
        self.notice(shared);
        let run = shared.run.record.number;
        if let Some(open) = &mut shared.project {
            self.coming = Some(match given {
                Some(lesson) => (run, lesson),
                None => Coming::begin(run, open),
            });
        }
    }

    /// A classifier lies finished where the open project's are made. It becomes the project's, if it is of a run that ended
    /// when nobody listened: then the number of the run, and what it gave.
    pub fn unheard(&mut self, finished: &Finished, shared: &mut Shared) -> Option<(usize, Trained)> {
        self.notice(shared);
        let open = shared.project.as_mut()?;
        let coming = Coming::kept(open).filter(|coming| finished.written > coming.begun)?;
        let saved = open.models().find(|model| model.0 == MODEL);
        let saved = saved.map(|(_, files)| files.saved);
        if saved.is_some_and(|saved| saved >= finished.written) {
            // The end was heard, but the window closed before that was noted.
            Coming::forget(open);
            return None;
        }
        let run = usize::try_from(coming.lesson.run).unwrap_or(0);
        let outcome = Trained {
            out: finished.out.clone(),
            ..Trained::of(&finished.result)
        };
        let mut lesson = coming.lesson;
        lesson.unheard = outcome.estimate.is_some() && lesson.held_out.is_empty();
        let mut known = outcome.clone();
        if lesson.unheard {
            // They are of texts that are not known, and must not be set beside what is measured on others.
            (known.baseline, known.together, known.alone) = (None, None, None);
        }
        self.coming = Some((run, lesson));
        self.trained(&known, shared);
        Some((run, outcome))
    }
}

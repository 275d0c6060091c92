//! What is known of the project's classifier beside its files: what it was trained on, and what was said of labels that
//! were held out. It is kept with the project, so that trust outlives the window.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::joint::Joint;
use super::results::Results;
use crate::session::project::{Answer, LabelId, Project, TextId};
use crate::session::protocol::Prediction;
use crate::session::trust::Judged;
use crate::ui::run::Share;

/// The name of the classifier among the project's models.
pub const MODEL: &str = "classifier";
/// The setting of the project that keeps the lesson.
pub const SETTING: &str = "classifier lesson";

/// What a classifier learned from, and what classifiers like it said of labels that they had not seen.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lesson {
    /// The number of the run that made it; 0 where that is not known.
    pub run: u64,
    /// The labels of the project when training began, by their names then.
    pub names: Vec<(String, LabelId)>,
    /// The labelled texts that were trained on, in the order that they were handed over.
    pub trained: Vec<(TextId, LabelId)>,
    /// The classes of `held_out`, in order.
    pub classes: Vec<String>,
    /// Probabilities of texts whose labels were held out.
    pub held_out: Vec<(TextId, Vec<f32>)>,
    /// The fold that held each of these out; none of a lesson that was kept before it was told.
    pub folds: Vec<usize>,
    /// What TF-IDF with logistic regression gets wrong of the same texts.
    pub baseline: Option<Share>,
    /// Of a classifier that TF-IDF has no vote in: what both together get wrong of them.
    pub together: Option<Share>,
    /// Of a classifier that TF-IDF has a vote in: what it gets wrong without.
    pub alone: Option<Share>,
    /// Labels were held out, and nobody heard what was said of them.
    pub unheard: bool,
}

impl Lesson {
    /// What a training run that begins now is given: every label that is not kept aside, in the order of the texts.
    pub fn begin(project: &Project) -> Self {
        let mut trained = labelled(project);
        trained.retain(|&(text, _)| !project.is_aside(text));
        Self {
            names: project.labels().map(|l| (l.name.clone(), l.id)).collect(),
            trained,
            ..Self::default()
        }
    }

    /// Takes in the predictions of held-out labels, each with its fold; each says its place among those that were handed
    /// over.
    pub fn hear(&mut self, classes: &[String], predictions: &[Prediction], folds: &[usize]) {
        self.classes = classes.to_vec();
        self.held_out.clear();
        self.folds.clear();
        for (i, p) in predictions.iter().enumerate() {
            if let Some(&(text, _)) = self.trained.get(p.row) {
                self.held_out.push((text, p.probabilities.clone()));
                self.folds.push(folds.get(i).copied().unwrap_or(0));
            }
        }
    }

    /// The labels of the project that a classifier's classes are: by their names when it was trained, so that a label
    /// may be renamed since. One that was merged into another is that one; one that was deleted is none of the project's any
    /// more.
    pub fn ids(&self, classes: &[String], project: &Project) -> Vec<Option<LabelId>> {
        let then = |name: &String| {
            let (_, id) = self.names.iter().find(|n| n.0 == *name)?;
            project.label(project.now(*id)).map(|l| l.id)
        };
        let then: Vec<Option<LabelId>> = classes.iter().map(then).collect();
        // A label that is another class under a new name is not this one too.
        let now = |name: &String| {
            let label = project.labels().find(|l| l.name == *name)?;
            (!then.contains(&Some(label.id))).then_some(label.id)
        };
        let found = classes.iter().zip(&then);
        found.map(|(name, id)| id.or_else(|| now(name))).collect()
    }

    /// Labels that were given or changed since, kept-aside ones not counted: training again would learn from them. Merging two
    /// gives no text another label than those of them have.
    pub fn news(&self, project: &Project) -> usize {
        if self.trained.is_empty() {
            // What it was trained on is not known.
            return 0;
        }
        let then = self.trained.iter();
        let mut before: Vec<_> = then.map(|&(text, label)| (text, project.now(label))).collect();
        before.sort_unstable();
        let now = labelled(project);
        let new =
            |entry: &&(TextId, LabelId)| !project.is_aside(entry.0) && before.binary_search(entry).is_err();
        now.iter().filter(new).count()
    }

    /// Texts whose label is known and that the classifier did not learn from: held out when it was estimated, or kept
    /// aside from the beginning. One whose label is no class is judged too: it is wrong for sure. Of classes that are one label
    /// by now ([`Joint`]) there is one.
    pub fn judged(&self, results: Option<&Results>, project: &Project) -> Vec<Judged> {
        let mut judged: Vec<Judged> = Vec::new();
        let mut add = |text, ids: &[Option<LabelId>], joint: &Joint, probabilities: &[f32]| {
            let Some(Answer::Label(label)) = project.answer(text) else {
                return;
            };
            let class = ids.iter().position(|id| *id == Some(label));
            let probabilities = joint.sums(probabilities);
            judged.push(Judged {
                text,
                // A mistake that was put right by a label of another kind stays one: nothing else of that kind is recognised.
                truth: class.map_or(probabilities.len(), |class| joint.place(class)),
                probabilities,
            });
        };
        let ids = self.ids(&self.classes, project);
        let joint = Joint::of(&ids);
        for (text, probabilities) in &self.held_out {
            add(*text, &ids, &joint, probabilities);
        }
        // Both must speak of the same classes to be counted together.
        if let Some(results) = results.filter(|r| self.classes.is_empty() || r.labels == self.classes) {
            let mut trained: Vec<TextId> = self.trained.iter().map(|t| t.0).collect();
            trained.sort_unstable();
            let joint = Joint::of(&results.ids);
            for &text in project.aside() {
                if trained.binary_search(&text).is_ok() {
                    continue;
                }
                let row = results.of(text).and_then(|i| results.probabilities.get(i));
                if let Some(probabilities) = row {
                    add(text, &results.ids, &joint, probabilities);
                }
            }
        }
        judged.sort_by_key(|j| j.text);
        judged
    }

    /// What training itself measured: the texts whose labels were held out, with the labels that they had then. None where
    /// nothing is known of them.
    pub fn then(&self) -> Vec<Judged> {
        let classes = self.classes_then(&self.classes);
        let mut judged: Vec<Judged> = (self.held_out.iter())
            .filter_map(|(text, probabilities)| {
                Some(Judged {
                    text: *text,
                    truth: *classes.get(text)?,
                    probabilities: probabilities.clone(),
                })
            })
            .collect();
        judged.sort_by_key(|j| j.text);
        judged
    }

    /// The number of the class that each text was trained on as.
    pub fn classes_then(&self, classes: &[String]) -> HashMap<TextId, usize> {
        let numbers: HashMap<&String, usize> = classes.iter().zip(0..).collect();
        let names: HashMap<LabelId, &String> = self.names.iter().map(|(name, id)| (*id, name)).collect();
        let class = |label: LabelId| numbers.get(*names.get(&label)?).copied();
        let trained = self.trained.iter();
        trained
            .filter_map(|&(text, label)| Some((text, class(label)?)))
            .collect()
    }

    /// The fold that held out each text, where one did; `None` where that was not told.
    pub fn held_in(&self) -> Option<HashMap<TextId, usize>> {
        let texts = self.held_out.iter().map(|h| h.0);
        (self.folds.len() == self.held_out.len()).then(|| texts.zip(self.folds.iter().copied()).collect())
    }

    /// Whether several classifiers, each with labels of its own held out, were measured together. Their interval leaves out
    /// that they share training labels.
    pub fn folded(&self) -> bool {
        let first = self.folds.first();
        self.folds.iter().any(|fold| Some(fold) != first)
    }

    /// The classifiers that judged these texts, by numbers: one a fold, and the one that learned from every label.
    pub fn judges(&self, judged: &[Judged]) -> Vec<usize> {
        let folds = self.folds.iter().copied().chain(std::iter::repeat(0));
        let folds: HashMap<TextId, usize> = self.held_out.iter().map(|h| h.0).zip(folds).collect();
        let last = self.folds.iter().max().copied().unwrap_or(0);
        let judge = |j: &Judged| folds.get(&j.text).copied().unwrap_or(last.saturating_add(1));
        judged.iter().map(judge).collect()
    }
}

/// Every text with a label, in the order of the texts.
fn labelled(project: &Project) -> Vec<(TextId, LabelId)> {
    let label = |answer| match answer {
        Answer::Label(label) => project.label(label).map(|l| l.id),
        Answer::Skipped | Answer::Unsure => None,
    };
    let mut all: Vec<(TextId, LabelId)> = project
        .answered()
        .filter(|a| project.texts.texts.len() > a.text as usize)
        .filter_map(|a| Some((a.text, label(a.answer)?)))
        .collect();
    all.sort_unstable();
    all
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::session::project::{Action, Texts};

    fn project() -> Project {
        let texts = Texts {
            texts: (0..8).map(|i| format!("text {i}")).collect(),
            ..Texts::default()
        };
        let mut project = Project::new("p", Arc::new(texts));
        for name in ["a", "b"] {
            project.apply(Action::CreateLabel { name: name.into() }).unwrap();
        }
        // Not in the order of the texts.
        for (text, label) in [(5, 1), (1, 0), (3, 1), (0, 0), (6, 1)] {
            answer(&mut project, text, label);
        }
        project.apply(Action::KeepAside { texts: vec![3] }).unwrap();
        project
    }

    fn answer(project: &mut Project, text: TextId, label: LabelId) {
        project
            .apply(Action::Answer {
                text,
                answer: Answer::Label(label),
                suggested: None,
            })
            .unwrap();
    }

    fn prediction(row: usize, p: f32) -> Prediction {
        Prediction {
            row,
            probabilities: vec![p, 1.0 - p],
        }
    }

    #[test]
    fn held_out_predictions_find_their_texts() {
        let mut p = project();
        let mut lesson = Lesson::begin(&p);
        assert_eq!(lesson.trained, [(0, 0), (1, 0), (5, 1), (6, 1)]);
        let classes = ["a".to_string(), "b".to_string()];
        lesson.hear(
            &classes,
            &[prediction(9, 0.5), prediction(1, 0.9), prediction(2, 0.8)],
            &[0, 1, 2],
        );
        let judged = lesson.judged(None, &p);
        let brief: Vec<_> = judged.iter().map(|j| (j.text, j.truth, j.right())).collect();
        assert_eq!(brief, [(1, 0, true), (5, 1, false)]);
        // The text that was kept aside is judged by the classifier itself.
        let all = (0..8).map(|row| prediction(row, 0.3)).collect();
        let results = Results::new(classes.to_vec(), lesson.ids(&classes, &p), all);
        let judged = lesson.judged(Some(&results), &p);
        assert_eq!(judged.iter().map(|j| j.text).collect::<Vec<_>>(), [1, 3, 5]);
        // By a classifier of its own, as every fold is. Of a lesson of before, the folds count as one.
        assert_eq!(lesson.judges(&judged), [1, 3, 2]);
        let before = Lesson {
            folds: Vec::new(),
            ..lesson.clone()
        };
        assert_eq!(before.judges(&judged), [0, 1, 0]);
        assert!(lesson.folded() && !Lesson::begin(&p).folded());
        // A renamed label is the same label; a label that goes takes its texts with it.
        p.apply(Action::RenameLabel {
            label: 0,
            name: "c".into(),
        })
        .unwrap();
        assert_eq!(lesson.judged(Some(&results), &p).len(), 3);
        p.apply(Action::DeleteLabel { label: 1 }).unwrap();
        assert_eq!(lesson.judged(Some(&results), &p).len(), 1);
    }

    #[test]
    fn a_text_that_was_trained_on_is_no_evidence_once_it_is_put_aside() {
        let mut p = project();
        let lesson = Lesson::begin(&p);
        p.apply(Action::KeepAside { texts: vec![0] }).unwrap();
        let classes = vec!["a".to_string(), "b".to_string()];
        let ids = lesson.ids(&classes, &p);
        let results = Results::new(classes, ids, (0..8).map(|row| prediction(row, 0.3)).collect());
        let judged = lesson.judged(Some(&results), &p);
        assert_eq!(judged.iter().map(|j| j.text).collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn a_label_that_only_texts_kept_aside_have_is_never_right() {
        let mut p = project();
        p.apply(Action::KeepAside { texts: vec![3, 7] }).unwrap();
        let mut lesson = Lesson::begin(&p);
        p.apply(Action::CreateLabel { name: "rare".into() }).unwrap();
        // One that was kept aside, and one that was held out under another label.
        answer(&mut p, 7, 2);
        answer(&mut p, 0, 2);
        let classes = vec!["a".to_string(), "b".to_string()];
        lesson.hear(&classes, &[prediction(0, 0.9), prediction(1, 0.9)], &[0, 1]);
        let ids = lesson.ids(&classes, &p);
        let results = Results::new(classes, ids, (0..8).map(|row| prediction(row, 0.3)).collect());
        let judged = lesson.judged(Some(&results), &p);
        let brief: Vec<_> = judged.iter().map(|j| (j.text, j.truth, j.right())).collect();
        assert_eq!(brief, [(0, 2, false), (1, 0, true), (3, 1, true), (7, 2, false)]);
        // What training measured stays as it was.
        let then: Vec<_> = lesson.then().iter().map(|j| (j.text, j.truth)).collect();
        assert_eq!(then, [(0, 0), (1, 0)]);
    }

    #[test]
    fn two_labels_that_are_merged_are_one_class() {
        let mut p = project();
        p.apply(Action::CreateLabel { name: "c".into() }).unwrap();
        p.apply(Action::CreateLabel { name: "d".into() }).unwrap();
        for text in [2, 4, 7] {
            answer(&mut p, text, 2);
        }
        let mut lesson = Lesson::begin(&p);
        let classes = ["a", "b", "c"].map(String::from);
        let said = |row, p: [f32; 3]| Prediction {
            row,
            probabilities: p.to_vec(),
        };
        // Texts 0 of `a`, 2 of `c` and 5 of `b`; what is said of the second is right of neither `a` nor `b`.
        assert_eq!(lesson.trained[2], (2, 2));
        lesson.hear(
            &classes,
            &[
                said(0, [0.25, 0.5, 0.25]),
                said(2, [0.5, 0.25, 0.25]),
                said(4, [0.25, 0.25, 0.5]),
            ],
            &[0, 1, 2],
        );
        let brief = |p: &Project| -> Vec<(TextId, usize, bool)> {
            let judged = lesson.judged(None, p);
            judged.iter().map(|j| (j.text, j.truth, j.right())).collect()
        };
        assert_eq!(brief(&p), [(0, 0, false), (2, 2, false), (5, 1, false)]);
        p.apply(Action::MergeLabels { from: 2, into: 0 }).unwrap();
        assert_eq!(lesson.ids(&classes, &p), [Some(0), Some(1), Some(0)]);
        // Both count as the first: half and half are as likely as the other, three quarters are likelier.
        assert_eq!(brief(&p), [(0, 0, true), (2, 0, true), (5, 1, false)]);
        assert_eq!(lesson.news(&p), 0, "no text has another label");
        // Merged on, it is the label that there is; deleted, none.
        p.apply(Action::MergeLabels { from: 0, into: 3 }).unwrap();
        assert_eq!(lesson.ids(&classes, &p), [Some(3), Some(1), Some(3)]);
        p.apply(Action::DeleteLabel { label: 3 }).unwrap();
        assert_eq!(lesson.ids(&classes, &p), [None, Some(1), None]);
        assert_eq!(brief(&p), [(5, 1, false)]);
    }

    #[test]
    fn labels_since_training_are_counted_once() {
        let mut p = project();
        let lesson = Lesson::begin(&p);
        assert_eq!(lesson.news(&p), 0);
        answer(&mut p, 0, 1);
        answer(&mut p, 7, 0);
        answer(&mut p, 7, 1);
        // Kept aside: training does not learn from it.
        answer(&mut p, 3, 0);
        assert_eq!(lesson.news(&p), 2);
        answer(&mut p, 0, 0);
        assert_eq!(lesson.news(&p), 1);
    }

    #[test]
    fn a_label_that_went_is_none_of_the_projects() {
        let mut p = project();
        let lesson = Lesson::begin(&p);
        let classes = ["a".to_string(), "b".to_string()];
        p.apply(Action::DeleteLabel { label: 1 }).unwrap();
        assert_eq!(lesson.ids(&classes, &p), [Some(0), None]);
        // Another label of that name is what the classifier means.
        p.apply(Action::CreateLabel { name: "b".into() }).unwrap();
        assert_eq!(lesson.ids(&classes, &p), [Some(0), Some(2)]);
    }

    #[test]
    fn a_label_is_not_two_classes() {
        let mut p = project();
        let lesson = Lesson::begin(&p);
        p.apply(Action::DeleteLabel { label: 1 }).unwrap();
        let name = "b".into();
        p.apply(Action::RenameLabel { label: 0, name }).unwrap();
        // The name of the class that went is now that of the other one.
        assert_eq!(lesson.ids(&["a".into(), "b".into()], &p), [Some(0), None]);
    }

    #[test]
    fn it_is_kept_and_read_again() {
        let mut lesson = Lesson::begin(&project());
        lesson.hear(&["a".into(), "b".into()], &[prediction(0, 0.5)], &[1]);
        let text = serde_json::to_string(&lesson).unwrap();
        assert_eq!(serde_json::from_str::<Lesson>(&text).unwrap(), lesson);
        // An older or a newer one is no failure.
        assert_eq!(serde_json::from_str::<Lesson>("{}").unwrap(), Lesson::default());
    }
}

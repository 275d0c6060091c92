//! Every text with its predicted label.

use super::joint::Joint;
use crate::session::project::{Answer, Label, LabelId, Predictions, Project, TextId};
use crate::session::protocol::Prediction;
use crate::session::trust::{Trust, most_probable};

/// A text and what the classifier says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The text.
    pub text: TextId,
    /// The most probable label, a column of [`Results::labels`]; the first, where several are one label by now.
    pub label: usize,
    /// Its calibrated probability.
    pub confidence: f32,
}

/// What a `predict` job gave for the whole project.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// Names of the labels when the classifier was trained.
    pub labels: Vec<String>,
    /// The labels of the project that they are, where it has them still.
    pub ids: Vec<Option<LabelId>>,
    /// A row a text, in the order of the texts.
    pub rows: Vec<Row>,
    /// Probabilities as the classifier gave them, a row a text.
    pub probabilities: Vec<Vec<f32>>,
    /// Which of the labels are one by now: what is said of each of them counts for that one.
    joint: Joint,
    /// The temperature that the confidences are of.
    temperature: Option<f64>,
}

impl Results {
    /// From the engine's event. A text without a probability is left out.
    pub fn new(labels: Vec<String>, ids: Vec<Option<LabelId>>, predictions: Vec<Prediction>) -> Self {
        let mut results = Self {
            labels,
            joint: Joint::of(&ids),
            ids,
            ..Self::default()
        };
        for prediction in predictions {
            let best = best(&results.joint, &prediction.probabilities);
            let (Some((label, confidence)), Ok(text)) = (best, TextId::try_from(prediction.row)) else {
                continue;
            };
            results.rows.push(Row {
                text,
                label,
                confidence,
            });
            results.probabilities.push(prediction.probabilities);
        }
        results
    }

    /// From what the project kept.
    pub fn kept(said: &Predictions, ids: Vec<Option<LabelId>>) -> Self {
        let predictions = said.rows().map(|(text, probabilities)| Prediction {
            row: text as usize,
            probabilities: probabilities.to_vec(),
        });
        Self::new(said.labels.clone(), ids, predictions.collect())
    }

    /// For the project to keep: what the classifier of a run said, and how long it took.
    pub fn to_keep(&self, run: u64, seconds: f64) -> Predictions {
        let all = self.rows.iter().zip(&self.probabilities);
        let whole = || all.clone().filter(|(_, p)| p.len() == self.labels.len());
        Predictions {
            run,
            labels: self.labels.clone(),
            seconds,
            texts: whole().map(|(row, _)| row.text).collect(),
            probabilities: whole().flat_map(|(_, p)| p).copied().collect(),
        }
    }

    /// Takes over which labels of the project the classes are now. Where some have become one, the rows follow; their
    /// confidences are not put right until the next [`Results::calibrate`].
    pub fn follow(&mut self, ids: Vec<Option<LabelId>>) {
        let joint = Joint::of(&ids);
        self.ids = ids;
        if joint == self.joint {
            return;
        }
        self.joint = joint;
        self.temperature = None;
        for (row, probabilities) in self.rows.iter_mut().zip(&self.probabilities) {
            if let Some(best) = best(&self.joint, probabilities) {
                (row.label, row.confidence) = best;
            }
        }
    }

    /// The first class that is the same label as this one: the one that rows of either have.
    pub fn first(&self, class: usize) -> usize {
        self.joint.first(self.joint.place(class))
    }

    /// Puts the confidences right by what is known of the classifier.
    pub fn calibrate(&mut self, trust: Option<&Trust>) {
        let temperature = trust.map(Trust::temperature);
        // Most labels leave it as it is, and the table may be long.
        if temperature == self.temperature {
            return;
        }
        self.temperature = temperature;
        for (row, probabilities) in self.rows.iter_mut().zip(&self.probabilities) {
            let of = |p: &[f32]| p.get(self.joint.place(row.label)).copied().unwrap_or(0.0);
            let probabilities = self.joint.sums(probabilities);
            row.confidence = match trust {
                Some(trust) => of(&trust.calibrated(&probabilities)),
                None => of(&probabilities),
            };
        }
    }

    /// Texts of the project that were added since.
    pub fn missing(&self, project: &Project) -> usize {
        let next = self.rows.last().map_or(0, |row| row.text as usize + 1);
        project.texts.texts.len().saturating_sub(next)
    }

    /// The place of a text among the rows.
    pub fn of(&self, text: TextId) -> Option<usize> {
        self.rows.binary_search_by_key(&text, |r| r.text).ok()
    }

    /// What the classifier gave a text, where the project has that label: its id and the confidence.
    pub fn predicted(&self, text: TextId) -> Option<(LabelId, f32)> {
        let row = self.rows.get(self.of(text)?)?;
        Some((self.ids.get(row.label).copied()??, row.confidence))
    }

    /// What the classifier gave a text, where the project no longer has that label: its name and the confidence.
    pub fn gone(&self, text: TextId) -> Option<(&str, f32)> {
        let row = self.rows.get(self.of(text)?).filter(|row| self.is_gone(row))?;
        Some((self.labels.get(row.label)?.as_str(), row.confidence))
    }

    /// Texts that were given such a label with at least this confidence.
    pub fn gone_from(&self, least: f32) -> usize {
        let sure = |row: &&Row| self.is_gone(row) && row.confidence >= least;
        self.rows.iter().filter(sure).count()
    }

    fn is_gone(&self, row: &Row) -> bool {
        self.ids.get(row.label).is_none_or(Option::is_none)
    }
}

/// The most probable label, the first of equals, and its probability: the first class of that label.
fn best(joint: &Joint, probabilities: &[f32]) -> Option<(usize, f32)> {
    let sums = joint.sums(probabilities);
    let place = most_probable(&sums)?;
    Some((joint.first(place), *sums.get(place)?))
}

/// Whether a text measures the error and has no label yet. What the classifier says of such a one is not shown: a label that is
/// given in view of it would agree with it more often than one that is given without, and make the error too good.
pub fn is_blind(project: &Project, text: TextId) -> bool {
    project.is_aside(text) && own_label(project, text).is_none()
}

/// The user's own label of a text, where there is one.
pub fn own_label(project: &Project, text: TextId) -> Option<&Label> {
    match project.answer(text)? {
        Answer::Label(id) => project.label(id),
        Answer::Skipped | Answer::Unsure => None,
    }
}

/// The name that a class of the classifier has now, and the label it is, where the project has that still.
pub fn class<'a>(
    project: &'a Project,
    labels: &'a [String],
    ids: &[Option<LabelId>],
    class: usize,
) -> (&'a str, Option<&'a Label>) {
    let label = ids.get(class).copied().flatten().and_then(|id| project.label(id));
    let before = labels.get(class).map_or("", String::as_str);
    (label.map_or(before, |l| l.name.as_str()), label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_merged_labels_counts_for_the_one_that_they_are() {
        let names = ["billing", "delivery", "payment"].map(String::from);
        let said = [[0.3, 0.4, 0.3], [0.1, 0.2, 0.7], [0.2, 0.75, 0.05]];
        let predictions = said.iter().enumerate().map(|(row, p)| Prediction {
            row,
            probabilities: p.to_vec(),
        });
        let apart = vec![Some(0), Some(1), Some(2)];
        let mut results = Results::new(names.to_vec(), apart.clone(), predictions.clone().collect());
        let rows = |results: &Results| -> Vec<(usize, i32)> {
            let rows = results.rows.iter();
            rows.map(|r| (r.label, (100.0 * r.confidence).round() as i32))
                .collect()
        };
        assert_eq!(rows(&results), [(1, 40), (2, 70), (1, 75)]);
        // Payment is merged into billing, and comes back.
        let together = vec![Some(0), Some(1), Some(0)];
        results.follow(together.clone());
        results.calibrate(None);
        assert_eq!(rows(&results), [(0, 60), (0, 80), (1, 75)]);
        assert_eq!(results.predicted(1).map(|p| p.0), Some(0));
        assert_eq!((results.gone_from(0.0), results.first(2)), (0, 0));
        let from_the_start = Results::new(names.to_vec(), together, predictions.collect());
        assert_eq!(rows(&from_the_start), rows(&results));
        results.follow(apart);
        assert_eq!(rows(&results), [(1, 40), (2, 70), (1, 75)]);
        // What is kept is what the classifier said.
        let kept = results.to_keep(1, 0.0);
        assert_eq!(kept.probabilities, said.concat());
    }
}

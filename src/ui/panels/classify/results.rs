//! Every text with its predicted label.

use crate::session::project::{Answer, Label, LabelId, Predictions, Project, TextId};
use crate::session::protocol::Prediction;
use crate::session::trust::Trust;

/// A text and what the classifier says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The text.
    pub text: TextId,
    /// The most probable label, a column of [`Results::labels`].
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
    /// The temperature that the confidences are of.
    temperature: Option<f64>,
}

impl Results {
    /// From the engine's event. A text without a probability is left out.
    pub fn new(labels: Vec<String>, ids: Vec<Option<LabelId>>, predictions: Vec<Prediction>) -> Self {
        let mut results = Self {
            labels,
            ids,
            ..Self::default()
        };
        for prediction in predictions {
            let by = |a: &(usize, &f32), b: &(usize, &f32)| a.1.total_cmp(b.1).then(b.0.cmp(&a.0));
            let best = prediction.probabilities.iter().enumerate().max_by(by);
            let (Some((label, &confidence)), Ok(text)) = (best, TextId::try_from(prediction.row)) else {
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

    /// Puts the confidences right by what is known of the classifier.
    pub fn calibrate(&mut self, trust: Option<&Trust>) {
        let temperature = trust.map(Trust::temperature);
        // Most labels leave it as it is, and the table may be long.
        if temperature == self.temperature {
            return;
        }
        self.temperature = temperature;
        for (row, probabilities) in self.rows.iter_mut().zip(&self.probabilities) {
            let of = |p: &[f32]| p.get(row.label).copied().unwrap_or(0.0);
            row.confidence = match trust {
                Some(trust) => of(&trust.calibrated(probabilities)),
                None => of(probabilities),
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

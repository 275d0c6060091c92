//! Every text with its predicted label, and which of them are shown in which order.

use std::cmp::Ordering;

use crate::session::project::{Answer, Project, TextId};
use crate::session::protocol::Prediction;

/// A text and what the classifier says of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The text.
    pub text: TextId,
    /// The most probable label, a column of [`Results::labels`].
    pub label: usize,
    /// Its probability.
    pub confidence: f32,
}

/// What a `predict` job gave for the whole project.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// Names of the labels.
    pub labels: Vec<String>,
    /// A row a text, in the order of the texts.
    pub rows: Vec<Row>,
    /// Probabilities, a row a text.
    pub probabilities: Vec<Vec<f32>>,
}

impl Results {
    /// From the engine's event. A text without a probability is left out.
    pub fn new(labels: Vec<String>, predictions: Vec<Prediction>) -> Self {
        let mut results = Self {
            labels,
            ..Self::default()
        };
        for prediction in predictions {
            let best = prediction.probabilities.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
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

    /// The row of a text.
    pub fn of(&self, text: TextId) -> Option<usize> {
        self.rows.binary_search_by_key(&text, |r| r.text).ok()
    }
}

/// In which order rows are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As in the file.
    #[default]
    File,
    /// The least sure first: those are worth checking.
    LeastSure,
    /// The surest first.
    Surest,
}

impl Order {
    /// Its name on the button.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "In file order",
            Self::LeastSure => "Least sure first",
            Self::Surest => "Surest first",
        }
    }

    /// The next one, for a button that goes round.
    pub fn next(self) -> Self {
        match self {
            Self::File => Self::LeastSure,
            Self::LeastSure => Self::Surest,
            Self::Surest => Self::File,
        }
    }
}

/// Which rows are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Only texts that hold this, whatever the case.
    pub search: String,
    /// Only this label.
    pub label: Option<usize>,
    /// In this order.
    pub order: Order,
    /// Only these texts, where something else has chosen some: a cell of the confusion matrix, likely errors.
    pub only: Option<Vec<TextId>>,
}

impl Filter {
    /// Rows of `results` to show, in order.
    pub fn apply(&self, results: &Results, project: &Project) -> Vec<u32> {
        let search = self.search.trim().to_lowercase();
        let holds = |text: TextId| {
            let text = project.texts.texts.get(text as usize);
            search.is_empty() || text.is_some_and(|t| t.to_lowercase().contains(&search))
        };
        let mut shown: Vec<u32> = (0..results.rows.len() as u32)
            .filter(|&i| {
                let row = &results.rows[i as usize];
                self.label.is_none_or(|l| l == row.label)
                    && self.only.as_ref().is_none_or(|only| only.contains(&row.text))
                    && holds(row.text)
            })
            .collect();
        let confidence = |i: &u32| results.rows[*i as usize].confidence;
        let by = |a: &u32, b: &u32| -> Ordering { confidence(a).total_cmp(&confidence(b)).then(a.cmp(b)) };
        match self.order {
            Order::File => {}
            Order::LeastSure => shown.sort_by(by),
            Order::Surest => shown.sort_by(|a, b| by(b, a)),
        }
        shown
    }
}

/// The user's own label of a text, where there is one.
pub fn own_label(project: &Project, text: TextId) -> Option<&crate::session::project::Label> {
    match project.answer(text)? {
        Answer::Label(id) => project.label(id),
        Answer::Skipped | Answer::Unsure => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::session::project::Texts;

    fn three() -> (Results, Project) {
        let texts = Texts {
            texts: ["Red apple", "green pear", "red cherry"].map(String::from).to_vec(),
            ..Texts::default()
        };
        let rows = [[0.9, 0.1], [0.4, 0.6], [0.8, 0.2]];
        let predictions = rows.iter().enumerate().map(|(row, p)| Prediction {
            row,
            probabilities: p.to_vec(),
        });
        let results = Results::new(vec!["a".into(), "b".into()], predictions.collect());
        (results, Project::new("fruit", Arc::new(texts)))
    }

    #[test]
    fn rows_are_filtered_and_ordered() {
        let (results, project) = three();
        let shown = |filter: Filter| filter.apply(&results, &project);
        assert_eq!(shown(Filter::default()), [0, 1, 2]);
        assert_eq!(shown(Filter { order: Order::LeastSure, ..Filter::default() }), [1, 2, 0]);
        assert_eq!(shown(Filter { order: Order::Surest, ..Filter::default() }), [0, 2, 1]);
        assert_eq!(shown(Filter { search: " RED".into(), ..Filter::default() }), [0, 2]);
        assert_eq!(shown(Filter { label: Some(1), ..Filter::default() }), [1]);
        assert_eq!(shown(Filter { only: Some(vec![2, 1]), search: "r".into(), ..Filter::default() }), [1, 2]);
        assert_eq!((results.of(2), results.of(3)), (Some(2), None));
    }
}

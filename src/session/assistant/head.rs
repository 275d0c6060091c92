//! The head: multinomial logistic regression with an L2 penalty on a text's vector.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::linear::Dense;
use crate::session::project::{LabelId, TextId};
use crate::train::baseline::logistic::Logistic;
use crate::train::baseline::tfidf::{Row, Sparse};
use crate::train::metrics::most_probable;

/// Inverse strength of the penalty; measured at 20, 50 and 100 labels.
const C: f64 = 10.0;
const TOLERANCE: f64 = 1e-4;
const MAX_ITER: usize = 50;

/// A labelled text.
pub(super) type Example = (TextId, LabelId);

/// A fitted head.
#[derive(Clone)]
pub(super) struct Head {
    /// The labels of its probabilities: those of its examples, in ascending order of their ids.
    pub labels: Vec<LabelId>,
    logistic: Logistic,
    columns: Vec<u32>,
}

impl Head {
    /// Fits a head; `None` with fewer than two labels.
    pub fn fit(vectors: &Dense, examples: &[Example]) -> Option<Self> {
        let mut column: BTreeMap<LabelId, usize> = examples.iter().map(|e| (e.1, 0)).collect();
        if column.len() < 2 {
            return None;
        }
        column.values_mut().enumerate().for_each(|(i, c)| *c = i);
        let mut rows = Vec::with_capacity(examples.len() * vectors.cols);
        for &(text, _) in examples {
            rows.extend_from_slice(vectors.row(text as usize));
        }
        let targets: Vec<usize> = examples
            .iter()
            .filter_map(|e| column.get(&e.1).copied())
            .collect();
        let rows = Sparse::from_dense(&rows, vectors.cols);
        let logistic = Logistic::fit(&rows, &targets, column.len(), C, TOLERANCE, MAX_ITER);
        Some(Self {
            labels: column.into_keys().collect(),
            logistic,
            columns: (0..vectors.cols as u32).collect(),
        })
    }

    /// Probabilities of one vector, a label each.
    pub fn probabilities(&self, vector: &[f32]) -> Arc<[f32]> {
        let p = self.logistic.predict_proba(Row::new(&self.columns, vector));
        p.into_iter().map(|p| p as f32).collect()
    }

    /// The most probable label of a vector.
    pub fn predict(&self, vector: &[f32]) -> LabelId {
        let p = self.probabilities(vector);
        self.labels[most_probable(&p).unwrap_or(0)]
    }
}

//! An insight on its way between a worker and the page: as it is, without shared parts.

use serde::{Deserialize, Serialize};

use super::insight::{Churn, Estimate, Insight, Pick, Tint};
use crate::session::project::{LabelId, TextId};

/// See [`Insight`].
#[derive(Serialize, Deserialize)]
pub(super) struct Sent {
    features: (usize, usize),
    queue: Vec<Pick>,
    reserve: Vec<TextId>,
    labels: Vec<LabelId>,
    probabilities: Vec<(TextId, Vec<f32>)>,
    estimate: Option<Estimate>,
    history: Vec<Estimate>,
    churn: Option<Churn>,
    tints: Vec<(TextId, Vec<Tint>)>,
    similar: Vec<(TextId, Vec<TextId>)>,
    map: Vec<(TextId, [f32; 2])>,
    trouble: Option<String>,
}

impl From<&Insight> for Sent {
    fn from(insight: &Insight) -> Self {
        Self {
            features: insight.features,
            queue: insight.queue.clone(),
            reserve: insight.reserve.to_vec(),
            labels: insight.labels.clone(),
            probabilities: insight
                .probabilities
                .iter()
                .map(|(id, row)| (*id, row.to_vec()))
                .collect(),
            estimate: insight.estimate,
            history: insight.history.clone(),
            churn: insight.churn,
            tints: insight
                .tints
                .iter()
                .map(|(id, row)| (*id, row.to_vec()))
                .collect(),
            similar: insight
                .similar
                .iter()
                .map(|(id, row)| (*id, row.to_vec()))
                .collect(),
            map: insight.map.to_vec(),
            trouble: insight.trouble.clone(),
        }
    }
}

impl From<Sent> for Insight {
    fn from(sent: Sent) -> Self {
        Self {
            features: sent.features,
            queue: sent.queue,
            reserve: sent.reserve.into(),
            labels: sent.labels,
            probabilities: sent
                .probabilities
                .into_iter()
                .map(|(id, row)| (id, row.into()))
                .collect(),
            estimate: sent.estimate,
            history: sent.history,
            churn: sent.churn,
            tints: sent.tints.into_iter().map(|(id, row)| (id, row.into())).collect(),
            similar: sent
                .similar
                .into_iter()
                .map(|(id, row)| (id, row.into()))
                .collect(),
            map: sent.map.into(),
            trouble: sent.trouble,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::insight::Reason;
    use super::*;

    #[test]
    fn what_is_sent_arrives() {
        let estimate = Estimate {
            trained_on: 7,
            measured_on: 5,
            error: 0.25,
            interval: (0.1, 0.5),
            baseline: 0.3,
        };
        let reason = Reason::Uncertain { first: 1, second: 2 };
        let insight = Insight {
            features: (2, 3),
            queue: vec![
                Pick { text: 4, reason },
                Pick {
                    text: 1,
                    reason: Reason::Diverse,
                },
            ],
            reserve: vec![1, 5].into(),
            labels: vec![2, 0],
            probabilities: [(3, vec![0.25, 0.75].into())].into(),
            estimate: Some(estimate),
            history: vec![estimate],
            churn: Some(Churn {
                labels: 3,
                changed: 0.5,
            }),
            tints: [(
                4,
                vec![Tint {
                    bytes: 0..3,
                    label: 1,
                    weight: 0.5,
                }]
                .into(),
            )]
            .into(),
            similar: [(1, vec![9, 8].into())].into(),
            map: vec![(1, [0.5, 0.25])].into(),
            trouble: Some("none".into()),
        };
        let mut bytes = Vec::new();
        ciborium::into_writer(&Sent::from(&insight), &mut bytes).unwrap();
        let sent: Sent = ciborium::from_reader(bytes.as_slice()).unwrap();
        assert_eq!(Insight::from(sent), insight);
    }
}

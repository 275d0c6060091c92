//! What the assistant needs to know of a project, and which of its labels a head learns from.

use serde::{Deserialize, Serialize};

use super::head::Example;
use crate::session::project::{Answer, Project, TextId};

/// Examples that a head is trained on, at most: the latest, and others drawn at random.
const EXAMPLES: usize = 2_000;
/// The fewest of the latest among them.
const LATEST: usize = 500;

/// What was answered and kept aside by now.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Snapshot {
    /// In the order in which they were given, with whether each was given with others at once.
    answers: Vec<(TextId, Answer, bool)>,
    /// Texts that are kept aside.
    pub aside: Vec<TextId>,
}

impl From<&Project> for Snapshot {
    fn from(project: &Project) -> Self {
        let answers = project.answered().map(|a| (a.text, a.answer, a.at_once));
        Self {
            answers: answers.collect(),
            aside: project.aside().to_vec(),
        }
    }
}

impl Snapshot {
    /// The answers to texts that have a rank, a random number each; oldest first. Those that were given at once lie by their
    /// ranks: an import comes label by label, and what learns from its beginning or its end would know a few labels only.
    pub fn mixed(&self, rank: &[u32]) -> Vec<(TextId, Answer)> {
        let exists = |a: &&(TextId, Answer, bool)| (a.0 as usize) < rank.len();
        let mut answers: Vec<_> = self.answers.iter().filter(exists).copied().collect();
        for run in answers.chunk_by_mut(|a, b| a.2 && b.2) {
            run.sort_unstable_by_key(|a| rank[a.0 as usize]);
        }
        answers.into_iter().map(|a| (a.0, a.1)).collect()
    }
}

/// Leaves no more examples than a head is trained on, in their order.
pub(super) fn thin(examples: &mut Vec<Example>, rank: &[u32]) {
    if examples.len() <= EXAMPLES {
        return;
    }
    // Which are the latest changes once in so many labels, so that earlier heads mostly keep their examples.
    let latest = LATEST + examples.len() % LATEST;
    let others = examples.len() - latest;
    let mut ranks: Vec<u32> = examples[..others].iter().map(|e| rank[e.0 as usize]).collect();
    ranks.sort_unstable();
    let below = ranks.get(EXAMPLES - 2 * LATEST).copied().unwrap_or(u32::MAX);
    let mut place = 0;
    examples.retain(|e| {
        place += 1;
        place > others || rank[e.0 as usize] < below
    });
}

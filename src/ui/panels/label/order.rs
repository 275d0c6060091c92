//! Which text is asked for next.

use rand::{SeedableRng as _, seq::SliceRandom as _};

use crate::session::assistant::{Insight, Pick, Reason};
use crate::session::project::{Answer, Project, TextId};

/// The order for as long as nobody knows better: a shuffle, the same for the same seed.
#[derive(Clone, Debug, Default)]
pub(super) struct Order {
    shuffled: Vec<TextId>,
}

impl Order {
    /// An order of so many texts.
    pub fn new(texts: usize, seed: u64) -> Self {
        let mut shuffled: Vec<TextId> = (0..TextId::try_from(texts).unwrap_or(TextId::MAX)).collect();
        shuffled.shuffle(&mut rand_chacha::ChaCha8Rng::seed_from_u64(seed));
        Self { shuffled }
    }

    /// The assistant's best text that has no answer, or else the next of the shuffle.
    pub fn next(&self, project: &Project, insight: &Insight) -> Option<Pick> {
        let texts = project.texts.texts.len();
        let open = |text: TextId| (text as usize) < texts && project.answer(text).is_none();
        let random = |&text: &TextId| Pick {
            text,
            reason: Reason::Random,
        };
        let best = insight.queue.iter().find(|pick| open(pick.text)).copied();
        best.or_else(|| self.shuffled.iter().find(|&&text| open(text)).map(random))
    }
}

/// The text that was put off longest ago.
pub(super) fn skipped(project: &Project) -> Option<TextId> {
    let mut answers = project.answered();
    Some(answers.find(|a| a.answer == Answer::Skipped)?.text)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::session::project::{Action, Texts};

    #[test]
    fn the_shuffle_is_the_seeds_and_asks_for_every_text_once() {
        let texts = Texts {
            texts: vec!["a".into(); 50],
            ..Texts::default()
        };
        let mut project = Project::new("test", Arc::new(texts));
        let order = Order::new(50, 7);
        assert_eq!(order.shuffled, Order::new(50, 7).shuffled);
        assert_ne!(order.shuffled, Order::new(50, 8).shuffled);
        let mut asked = Vec::new();
        while let Some(pick) = order.next(&project, &Insight::default()) {
            asked.push(pick.text);
            let answer = Answer::Unsure;
            let text = pick.text;
            let suggested = None;
            project
                .apply(Action::Answer {
                    text,
                    answer,
                    suggested,
                })
                .unwrap();
        }
        assert_eq!(asked, order.shuffled);
        asked.sort_unstable();
        assert_eq!(asked, (0..50).collect::<Vec<_>>());
    }

    #[test]
    fn the_assistant_comes_first_but_answers_it_has_not_seen_count() {
        let texts = Texts {
            texts: vec!["a".into(); 9],
            ..Texts::default()
        };
        let mut project = Project::new("test", Arc::new(texts));
        let pick = |text| Pick {
            text,
            reason: Reason::Diverse,
        };
        let insight = Insight {
            queue: vec![pick(700), pick(4), pick(2)],
            ..Insight::default()
        };
        let order = Order::new(9, 0);
        assert_eq!(order.next(&project, &insight), Some(pick(4)));
        let texts = vec![4, 2];
        let answer = Answer::Skipped;
        let skip = Action::AnswerMany {
            texts,
            answer,
            alike: false,
        };
        project.apply(skip).unwrap();
        let next = order.next(&project, &insight).unwrap();
        assert_eq!(next.reason, Reason::Random);
        assert_eq!(skipped(&project), Some(4));
    }
}

//! What counting words makes of the same labels: TF-IDF with logistic regression, asked about texts that it has not seen.

use std::collections::HashMap;

use super::{Judged, Report, report};
use crate::host::work::breathe;
use crate::session::exchange::{Background, Wake};
use crate::session::project::TextId;
use crate::train::baseline::Baseline;
use crate::train::metrics::difference;

/// A text that a classifier learned from.
#[derive(Clone, Debug)]
pub struct Labelled {
    /// Which text it is.
    pub id: TextId,
    /// Its words.
    pub text: String,
    /// The number of its class.
    pub class: usize,
}

/// TF-IDF with logistic regression that has learned from the labels of a classifier, also from those that each of its folds
/// left. It depends on those labels alone: whatever the texts are labelled later, it is asked and not taught again.
#[derive(Debug)]
pub struct Words {
    /// Learned from every label.
    last: Baseline,
    /// The probabilities that it gives texts that it did not learn from, as far as it was asked.
    said: HashMap<TextId, Vec<f32>>,
}

impl Words {
    /// Has it learn beside the window. `folds` are the texts that were held out, each with the number of its fold: what is
    /// said of those is learned from the other folds. `None` where it cannot learn from so few or so many.
    pub fn learn(
        classes: usize,
        learned: Vec<Labelled>,
        folds: HashMap<TextId, usize>,
        wake: Wake,
    ) -> Background<Option<Self>> {
        Background::start_async(0, wake, async move |watch| {
            let fit = |without: Option<usize>| {
                let kept = |of: &&Labelled| without.is_none() || folds.get(&of.id) != without.as_ref();
                let kept = learned.iter().filter(kept);
                let (texts, labels): (Vec<&str>, Vec<usize>) =
                    kept.map(|of| (of.text.as_str(), of.class)).unzip();
                Baseline::fit(&texts, &labels, classes).ok()
            };
            let mut rounds: Vec<usize> = folds.values().copied().collect();
            rounds.sort_unstable();
            rounds.dedup();
            let mut said = HashMap::new();
            for round in rounds {
                breathe().await;
                if !watch.goes_on() {
                    return None;
                }
                let fitted = fit(Some(round))?;
                let held: Vec<&Labelled> = (learned.iter())
                    .filter(|of| folds.get(&of.id) == Some(&round))
                    .collect();
                let asked: Vec<&str> = held.iter().map(|of| of.text.as_str()).collect();
                for (of, p) in held.iter().zip(fitted.predict_proba(&asked)) {
                    said.insert(of.id, p.iter().map(|&p| p as f32).collect());
                }
            }
            breathe().await;
            let last = fit(None)?;
            Some(Self { last, said })
        })
    }

    /// The probability that it gives each class of a text that it did not learn from.
    fn of(&mut self, id: TextId, text: &str) -> &[f32] {
        let last = &self.last;
        self.said.entry(id).or_insert_with(|| {
            let said = last.predict_proba(&[text]);
            said.into_iter().flatten().map(|p| p as f32).collect()
        })
    }

    /// What it gets wrong of the texts that a classifier has judged, and how often chance alone makes the two differ as much.
    /// `text` gives the words of one; `joined`, the probabilities of the classes `names` from those of the classes that it
    /// learned. `judges` are those of [`report`].
    pub fn beside<'a>(
        &mut self,
        names: &[String],
        ours: &[Judged],
        judges: &[usize],
        text: impl Fn(TextId) -> &'a str,
        joined: impl Fn(&[f32]) -> Vec<f32>,
    ) -> Option<(Report, f64)> {
        let theirs: Vec<Judged> = (ours.iter())
            .map(|ours| Judged {
                text: ours.text,
                truth: ours.truth,
                probabilities: joined(self.of(ours.text, text(ours.text))),
            })
            .collect();
        let both = ours.iter().zip(&theirs);
        let p = difference(both.map(|(ours, theirs)| (ours.right(), theirs.right())));
        Some((report(names, &theirs, judges)?, p))
    }
}

//! Which text to ask for next.
//!
//! About one text in four is drawn at random and kept aside until 25 are, and one in ten after that; these measure the
//! error and are never trained on. Of the others, before there is a head, every second is drawn at random and every second
//! is unlike all answered ones; with a head, half are texts on which it hesitates, a quarter are unlike the answered ones,
//! and a quarter are random, for a head that only sees what it hesitates on learns a distorted world.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::insight::{Pick, Reason};
use super::linear::{dot, square_distance};
use super::space::Space;
use crate::session::project::{LabelId, TextId};

/// Texts of a queue.
pub(super) const LENGTH: usize = 24;
/// Texts that are looked through for one on which the head hesitates.
pub(super) const UNCERTAIN_AMONG: usize = 5_000;
/// Texts that are looked through for one unlike the answered ones. A small random sample: the farthest of all texts are
/// broken ones, from which nothing is learnt.
const DIVERSE_AMONG: usize = 150;
/// Answered texts that the others are compared with: the latest.
const COMPARED: usize = 400;
/// A text as near as this (cosine) to one that is in the queue already waits for the next queue.
const NEAR: f32 = 0.95;

/// How many texts are to be kept aside after so many answers.
pub(super) fn aside_after(answers: usize) -> usize {
    if answers <= 100 {
        answers / 4
    } else {
        25 + (answers - 100) / 10
    }
}

/// What the queue is made from.
pub(super) struct Queue<'a> {
    /// Texts in their random order, those without any word left out.
    pub order: &'a [TextId],
    /// Texts without any word.
    pub empty: &'a [TextId],
    /// Texts that are or will be kept aside, in the order in which they are asked for.
    pub reserve: &'a [TextId],
    /// As a set.
    pub reserved: &'a HashSet<TextId>,
    /// Texts that are kept aside.
    pub aside: &'a HashSet<TextId>,
    /// Texts with an answer other than "not now", oldest first.
    pub answered: &'a [TextId],
    /// Texts answered with "not now", oldest first.
    pub skipped: &'a [TextId],
    /// Vectors, once there are any.
    pub space: Option<&'a Space>,
    /// Labels of the columns of `probabilities`.
    pub labels: &'a [LabelId],
    /// What the head says.
    pub probabilities: &'a HashMap<TextId, Arc<[f32]>>,
}

/// One kind of turn of those that are not kept aside.
#[derive(Clone, Copy)]
enum Turn {
    Random,
    Uncertain,
    Diverse,
}

const WITHOUT_HEAD: [Turn; 2] = [Turn::Random, Turn::Diverse];
const WITH_HEAD: [Turn; 4] = [Turn::Uncertain, Turn::Diverse, Turn::Uncertain, Turn::Random];

impl Queue<'_> {
    /// The next texts, best first: none that was answered, none twice; those answered with "not now" last.
    pub fn picks(&self) -> Vec<Pick> {
        let mut taken: HashSet<TextId> = self.answered.iter().chain(self.skipped).copied().collect();
        let mut kept = self.answered.iter().filter(|t| self.aside.contains(t)).count();
        // Not two within four, however many are missing: an import without any would mean a row of nothing else.
        let mut since_kept = self
            .answered
            .iter()
            .rev()
            .position(|t| self.aside.contains(t))
            .unwrap_or(usize::MAX);
        let mut reserve = self
            .reserve
            .iter()
            .copied()
            .filter(|t| !taken.contains(t))
            .collect::<Vec<_>>()
            .into_iter();
        let mut random = self.order.iter().copied().filter(|t| !self.reserved.contains(t));
        let mut uncertain = self.uncertain(&taken);
        let mut diverse = self.diverse(&taken);
        let turns: &[Turn] = if self.probabilities.is_empty() {
            &WITHOUT_HEAD
        } else {
            &WITH_HEAD
        };
        let mut picks: Vec<Pick> = Vec::with_capacity(LENGTH);
        while picks.len() < LENGTH {
            let turn = self.answered.len() + picks.len();
            let pick = if kept < aside_after(turn + 1) && since_kept >= 3 {
                reserve.next().map(|text| Pick {
                    text,
                    reason: Reason::KeptAside,
                })
            } else {
                None
            };
            // Counted without those kept aside, which come at every fourth turn and would always take the same one's place.
            let pick = pick
                .or_else(|| match turns[turn.saturating_sub(kept) % turns.len()] {
                    Turn::Random => None,
                    Turn::Uncertain => self.next_uncertain(&mut uncertain, &taken, &picks),
                    Turn::Diverse => diverse.next(&taken),
                })
                .or_else(|| {
                    random.find(|t| !taken.contains(t)).map(|text| Pick {
                        text,
                        reason: Reason::Random,
                    })
                })
                .or_else(|| {
                    reserve.next().map(|text| Pick {
                        text,
                        reason: Reason::KeptAside,
                    })
                });
            let Some(pick) = pick else { break };
            if pick.reason == Reason::KeptAside {
                kept += 1;
                since_kept = 0;
            } else {
                since_kept = since_kept.saturating_add(1);
                diverse.chosen(pick.text);
            }
            taken.insert(pick.text);
            picks.push(pick);
        }
        let last = self
            .empty
            .iter()
            .filter(|t| !taken.contains(t))
            .chain(self.skipped);
        for &text in last.take(LENGTH - picks.len()) {
            let reason = if self.reserved.contains(&text) {
                Reason::KeptAside
            } else {
                Reason::Random
            };
            picks.push(Pick { text, reason });
        }
        picks
    }

    /// Texts by how little the head prefers its first label to its second, least first.
    fn uncertain(&self, taken: &HashSet<TextId>) -> std::vec::IntoIter<Pick> {
        let mut found: Vec<(f32, Pick)> = self
            .order
            .iter()
            .filter(|t| !taken.contains(t) && !self.reserved.contains(t))
            .filter_map(|&text| Some((text, self.probabilities.get(&text)?)))
            .take(UNCERTAIN_AMONG)
            .filter_map(|(text, p)| {
                let (mut first, mut second) = (None::<usize>, None::<usize>);
                for i in 0..p.len() {
                    if first.is_none_or(|f| p[i] > p[f]) {
                        (first, second) = (Some(i), first);
                    } else if second.is_none_or(|s| p[i] > p[s]) {
                        second = Some(i);
                    }
                }
                let (first, second) = (first?, second?);
                let reason = Reason::Uncertain {
                    first: *self.labels.get(first)?,
                    second: *self.labels.get(second)?,
                };
                Some((p[first] - p[second], Pick { text, reason }))
            })
            .collect();
        // Stable, so that the random order decides between equals.
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        found.into_iter().map(|f| f.1).collect::<Vec<_>>().into_iter()
    }

    fn next_uncertain(
        &self,
        from: &mut std::vec::IntoIter<Pick>,
        taken: &HashSet<TextId>,
        picks: &[Pick],
    ) -> Option<Pick> {
        let space = self.space?;
        from.find(|pick| {
            let vector = space.vectors.row(pick.text as usize);
            let length = dot(vector, vector).sqrt();
            let near = |other: &Pick| {
                let other = space.vectors.row(other.text as usize);
                dot(vector, other) > NEAR * length * dot(other, other).sqrt()
            };
            !taken.contains(&pick.text) && !picks.iter().any(near)
        })
    }

    fn diverse(&self, taken: &HashSet<TextId>) -> Diverse<'_> {
        let Some(space) = self.space else {
            return Diverse::default();
        };
        let candidates: Vec<TextId> = self
            .order
            .iter()
            .copied()
            .filter(|t| !taken.contains(t) && !self.reserved.contains(t) && space.knows(*t))
            .take(DIVERSE_AMONG)
            .collect();
        let mut diverse = Diverse {
            distances: vec![f32::INFINITY; candidates.len()],
            candidates,
            space: Some(space),
        };
        for &text in self.answered.iter().rev().take(COMPARED) {
            diverse.chosen(text);
        }
        diverse
    }
}

/// Farthest-first among some texts.
#[derive(Default)]
struct Diverse<'a> {
    candidates: Vec<TextId>,
    /// Squared, to the nearest that was answered or chosen.
    distances: Vec<f32>,
    space: Option<&'a Space>,
}

impl Diverse<'_> {
    fn chosen(&mut self, text: TextId) {
        let Some(space) = self.space.filter(|space| space.knows(text)) else {
            return;
        };
        let vector = space.vectors.row(text as usize);
        for (&candidate, distance) in self.candidates.iter().zip(&mut self.distances) {
            *distance = distance.min(square_distance(vector, space.vectors.row(candidate as usize)));
        }
    }

    fn next(&mut self, taken: &HashSet<TextId>) -> Option<Pick> {
        let best = (0..self.candidates.len())
            .filter(|&i| !taken.contains(&self.candidates[i]) && self.distances[i] > 1e-6)
            // The first of equals, so that the random order decides.
            .reduce(|a, b| {
                if self.distances[b] > self.distances[a] {
                    b
                } else {
                    a
                }
            })?;
        Some(Pick {
            text: self.candidates[best],
            reason: Reason::Diverse,
        })
    }
}

//! The assistant's work in small steps, most urgent first. It knows no threads, so that a test can drive it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

use super::curve::Curve;
use super::encoder::Encoder;
use super::head::{Example, Head};
use super::insight::Insight;
use super::map::{ANCHORS, Layout, nearest};
use super::queue::{Queue, UNCERTAIN_AMONG};
use super::snapshot::{Snapshot, thin};
use super::space::Space;
use super::tint::Occlusion;
use super::words::Words;
use crate::session::project::{Answer, TextId, Texts};

/// Labels in all, kept aside or not, from which on there are suggestions.
const LABELS: usize = 10;
/// Share of the texts that may be kept aside, and how many at most.
const RESERVE_SHARE: usize = 4;
const RESERVE: usize = 200;
/// Texts whose vectors are computed in one step.
const CHUNK: usize = 32;
/// Texts of the queue whose words are tinted before they are shown.
const TINTED_AHEAD: usize = 3;
/// Texts that were asked about and are remembered.
const ASKED: usize = 16;
/// Texts whose occluded vectors are kept.
const OCCLUSIONS: usize = 48;
/// Similar texts of one text.
const SIMILAR: usize = 30;
/// Texts that find their place in the map in one step.
const PLACED: usize = 1_000;

/// How much a step changed what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// Something to show soon.
    Little,
    /// Something to show now.
    Much,
}

/// Everything the assistant holds.
pub(super) struct Mind {
    texts: Arc<Texts>,
    seed: u64,
    /// Texts with a word, in random order, and those without.
    order: Vec<TextId>,
    empty: Vec<TextId>,
    /// The place of each text in that order, by text.
    rank: Vec<u32>,
    /// The texts that this seed keeps aside, in the order in which they are asked for.
    own_reserve: Vec<TextId>,
    reserve: Vec<TextId>,
    reserved: HashSet<TextId>,
    aside: HashSet<TextId>,
    answered: Vec<TextId>,
    skipped: Vec<TextId>,
    /// Labels that the head learns from, oldest first, and labels that measure it.
    pub examples: Vec<Example>,
    pub measured: Vec<Example>,
    /// One more than the highest label's id.
    labels: usize,
    space: Option<Space>,
    /// How many of `order` and then `empty` have been looked at for vectors.
    looked_at: usize,
    head: Option<Head>,
    /// Counts the heads.
    generation: u64,
    /// Of the texts with a vector, how many have the probabilities of this head.
    predicted: usize,
    /// The head, the probabilities, the queue are of an older state than the answers.
    stale: bool,
    curve: Curve,
    curve_done: bool,
    asked: Vec<TextId>,
    occlusions: HashMap<TextId, Occlusion>,
    tinted: HashMap<TextId, u64>,
    /// Texts whose similar ones were asked for; with how many known vectors of which version they were found.
    similar: Vec<(TextId, usize, u64)>,
    map_asked: bool,
    layout: Option<Layout>,
    places: Vec<(TextId, [f32; 2])>,
    /// What is known.
    pub insight: Insight,
}

impl Mind {
    pub fn new(texts: Arc<Texts>, seed: u64) -> Self {
        let (mut order, empty): (Vec<TextId>, Vec<TextId>) = (0..texts.texts.len() as TextId)
            .partition(|&t| texts.texts[t as usize].chars().any(char::is_alphanumeric));
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        // The end of a random order is as random as its beginning, and random picks come from the beginning.
        let reserve = (order.len() / RESERVE_SHARE).min(RESERVE);
        let own_reserve: Vec<TextId> = order.iter().rev().take(reserve).copied().collect();
        let mut rank = vec![0; texts.texts.len()];
        for (place, &text) in (0..).zip(order.iter().chain(&empty)) {
            rank[text as usize] = place;
        }
        let mut mind = Self {
            insight: Insight {
                features: (0, texts.texts.len()),
                ..Insight::default()
            },
            texts,
            seed,
            order,
            empty,
            rank,
            own_reserve,
            reserve: Vec::new(),
            reserved: HashSet::new(),
            aside: HashSet::new(),
            answered: Vec::new(),
            skipped: Vec::new(),
            examples: Vec::new(),
            measured: Vec::new(),
            labels: 0,
            space: None,
            looked_at: 0,
            head: None,
            generation: 0,
            predicted: 0,
            stale: true,
            curve: Curve::default(),
            curve_done: true,
            asked: Vec::new(),
            occlusions: HashMap::new(),
            tinted: HashMap::new(),
            similar: Vec::new(),
            map_asked: false,
            layout: None,
            places: Vec::new(),
        };
        mind.hear(&Snapshot::default());
        mind
    }

    /// Takes in what was answered and kept aside by now.
    pub fn hear(&mut self, snapshot: &Snapshot) {
        let exists = |t: &TextId| (*t as usize) < self.texts.texts.len();
        let mut kept: Vec<TextId> = snapshot.aside.iter().copied().filter(exists).collect();
        kept.sort_unstable();
        self.aside = kept.iter().copied().collect();
        // What an earlier session kept aside is asked for first.
        let own: HashSet<TextId> = self.own_reserve.iter().copied().collect();
        self.reserve = kept.into_iter().filter(|t| !own.contains(t)).collect();
        self.reserve.extend(&self.own_reserve);
        self.reserved = self.reserve.iter().copied().collect();
        (self.answered, self.skipped) = (Vec::new(), Vec::new());
        (self.examples, self.measured) = (Vec::new(), Vec::new());
        self.labels = 0;
        for (text, answer) in snapshot.mixed(&self.rank) {
            if answer == Answer::Skipped {
                self.skipped.push(text);
            } else {
                self.answered.push(text);
            }
            if let Answer::Label(label) = answer {
                self.labels = self.labels.max(usize::from(label) + 1);
                if self.aside.contains(&text) {
                    self.measured.push((text, label));
                } else {
                    self.examples.push((text, label));
                }
            }
        }
        thin(&mut self.examples, &self.rank);
        let mut sorted = self.reserve.clone();
        sorted.sort_unstable();
        self.insight.reserve = sorted.into();
        self.stale = true;
    }

    /// Asks for the deciding words of a text.
    pub fn explain(&mut self, text: TextId) {
        if (text as usize) < self.texts.texts.len() {
            self.asked.retain(|&t| t != text);
            self.asked.insert(0, text);
            self.asked.truncate(ASKED);
        }
    }

    /// Asks for texts similar to a text.
    pub fn find_similar(&mut self, text: TextId) {
        if (text as usize) < self.texts.texts.len() && !self.similar.iter().any(|s| s.0 == text) {
            self.similar.insert(0, (text, 0, 0));
            for forgotten in self.similar.split_off(self.similar.len().min(ASKED)) {
                self.insight.similar.remove(&forgotten.0);
            }
        }
    }

    /// Asks for the map.
    pub fn draw_map(&mut self) {
        self.map_asked = true;
    }

    /// Does the most urgent part of the work; `None` when there is none left.
    pub fn step(&mut self) -> Option<Told> {
        let Some(mut space) = self.space.take() else {
            // The first queue needs no vectors and is there at once; making the vectors' directions takes a while.
            if self.stale {
                self.make_queue(None);
                self.stale = false;
                return Some(Told::Much);
            }
            self.space = Some(self.make_space());
            self.stale = true;
            return Some(Told::Little);
        };
        let told = self.step_in(&mut space);
        self.space = Some(space);
        told
    }

    fn make_space(&mut self) -> Space {
        let words = Words::fit(&self.texts.texts, &self.order, self.seed);
        let encoder = Encoder::load();
        if let Err(why) = &encoder {
            self.insight.trouble = Some(format!("{why}; suggestions go by words alone"));
        }
        Space::new(self.texts.texts.len(), words, encoder.ok(), self.seed)
    }

    fn step_in(&mut self, space: &mut Space) -> Option<Told> {
        if self.stale {
            let needed = self.examples.iter().chain(&self.measured).map(|e| e.0);
            let missing: Vec<TextId> = needed.filter(|&t| !space.knows(t)).take(CHUNK).collect();
            if !missing.is_empty() {
                self.learn(space, &missing);
                return Some(Told::Little);
            }
            self.retrain(space);
            return Some(Told::Much);
        }
        if let Some(&text) = self.asked.iter().find(|t| self.wants_tint(**t)) {
            self.tint(space, text);
            return Some(Told::Much);
        }
        let complete = space.learned.len() == space.known.len();
        let outdated = |s: &&(TextId, usize, u64)| {
            s.1 == 0 || s.2 != space.version || (complete && s.1 < space.learned.len())
        };
        if let Some(&(text, ..)) = self.similar.iter().find(outdated) {
            self.learn(space, &[text]);
            self.look_for_similar(space, text);
            return Some(Told::Much);
        }
        let ahead = self.insight.queue.iter().take(TINTED_AHEAD).map(|p| p.text);
        if let Some(text) = ahead.into_iter().find(|&t| self.wants_tint(t)) {
            self.tint(space, text);
            return Some(Told::Much);
        }
        if self.predict_next(space) {
            return Some(Told::Little);
        }
        if !self.curve_done {
            let texts = &self.texts.texts;
            self.curve_done = !self.curve.advance(space, texts, &self.examples, self.labels);
            self.measure(space);
            return Some(if self.curve_done { Told::Much } else { Told::Little });
        }
        if self.map_asked
            && self.places.is_empty()
            && (space.settled() || complete)
            && let Some(told) = self.advance_map(space)
        {
            return Some(told);
        }
        if self.learn_next(space) {
            return Some(Told::Little);
        }
        if self.map_asked {
            self.advance_map(space)
        } else {
            None
        }
    }

    /// Vectors of the next texts in order; whether there were any.
    fn learn_next(&mut self, space: &mut Space) -> bool {
        let rest = self.order.iter().chain(&self.empty).skip(self.looked_at);
        let mut next = Vec::with_capacity(CHUNK);
        for &text in rest {
            if next.len() == CHUNK {
                break;
            }
            self.looked_at += 1;
            if !space.knows(text) {
                next.push(text);
            }
        }
        if next.is_empty() {
            return false;
        }
        self.learn(space, &next);
        true
    }

    fn learn(&mut self, space: &mut Space, texts: &[TextId]) {
        let version = space.version;
        space.learn(&self.texts.texts, texts);
        self.insight.features.0 = space.learned.len();
        if space.version != version {
            self.stale = true;
        }
    }

    /// What the head says of the next texts; whether there were any. Of all at once would take long enough to be noticed.
    fn predict_next(&mut self, space: &Space) -> bool {
        let Some(head) = &self.head else { return false };
        let end = (self.predicted + UNCERTAIN_AMONG).min(space.learned.len());
        let next = &space.learned[self.predicted..end];
        if next.is_empty() {
            return false;
        }
        let probabilities = Arc::make_mut(&mut self.insight.probabilities);
        for &text in next {
            probabilities.insert(text, head.probabilities(space.vectors.row(text as usize)));
        }
        self.predicted = end;
        true
    }

    /// A new head from the examples, what it says of as many texts as the queue looks through, and the queue that follows.
    fn retrain(&mut self, space: &Space) {
        self.stale = false;
        self.generation += 1;
        let enough = self.examples.len() + self.measured.len() >= LABELS;
        self.head = enough
            .then(|| Head::fit(&space.vectors, &self.examples))
            .flatten();
        let labels = self.head.as_ref().map(|head| head.labels.clone());
        let labels = labels.unwrap_or_default();
        if self.insight.labels != labels {
            // Columns of other labels. Rows of the head before, on the other hand, may stay until this one's take their place.
            self.insight.probabilities = Arc::default();
            self.insight.labels = labels;
        }
        self.predicted = 0;
        self.predict_next(space);
        self.curve_done = self.head.is_none();
        if self.head.is_none() {
            self.insight.tints.clear();
            self.insight.estimate = None;
            self.insight.history.clear();
            self.insight.churn = None;
        }
        self.make_queue(Some(space));
    }

    fn make_queue(&mut self, space: Option<&Space>) {
        let picks = Queue {
            order: &self.order,
            empty: &self.empty,
            reserve: &self.reserve,
            reserved: &self.reserved,
            aside: &self.aside,
            answered: &self.answered,
            skipped: &self.skipped,
            space,
            labels: &self.insight.labels,
            probabilities: &self.insight.probabilities,
        }
        .picks();
        self.insight.queue = picks;
    }

    fn measure(&mut self, space: &Space) {
        let texts = &self.texts.texts;
        self.insight.estimate = self.curve.estimate(space, texts, &self.measured);
        self.insight.history = self.curve.history(space, texts, &self.measured);
        let churn = self.curve.churn(space);
        // The head of 20 labels ago may have to be fitted first.
        if churn.is_some() || self.curve_done {
            self.insight.churn = churn;
        }
    }

    fn wants_tint(&self, text: TextId) -> bool {
        self.head.is_some() && self.tinted.get(&text) != Some(&self.generation)
    }

    fn tint(&mut self, space: &Space, text: TextId) {
        // First, so that a text is not tried again and again while there is no head.
        self.tinted.insert(text, self.generation);
        let Some(head) = &self.head else { return };
        if self
            .occlusions
            .get(&text)
            .is_none_or(|o| o.version != space.version)
        {
            let found = Occlusion::new(space, &self.texts.texts[text as usize]);
            let ahead: Vec<TextId> = self
                .insight
                .queue
                .iter()
                .take(TINTED_AHEAD)
                .map(|p| p.text)
                .collect();
            if self.occlusions.len() >= OCCLUSIONS {
                let asked = &self.asked;
                let wanted = |t: &TextId| asked.contains(t) || ahead.contains(t);
                self.occlusions.retain(|t, _| wanted(t));
                self.insight.tints.retain(|t, _| wanted(t));
                self.tinted.retain(|t, _| wanted(t));
            }
            self.occlusions.insert(text, found);
        }
        if let Some(occlusion) = self.occlusions.get(&text) {
            self.insight.tints.insert(text, occlusion.tints(head).into());
            self.tinted.insert(text, self.generation);
        }
    }

    fn look_for_similar(&mut self, space: &Space, text: TextId) {
        let vector = space.vectors.row(text as usize);
        let many = SIMILAR + self.reserve.len();
        let near = nearest(&space.vectors, vector, many, Some(text as usize));
        let found: Vec<TextId> = near
            .into_iter()
            .filter(|t| space.knows(*t) && !self.reserved.contains(t))
            .take(SIMILAR)
            .collect();
        self.insight.similar.insert(text, found.into());
        if let Some(entry) = self.similar.iter_mut().find(|s| s.0 == text) {
            *entry = (text, space.learned.len(), space.version);
        }
    }

    /// A part of the map; `None` when it is as complete as the vectors are.
    fn advance_map(&mut self, space: &Space) -> Option<Told> {
        let layout = self.layout.get_or_insert_with(|| {
            let mut anchors: Vec<TextId> = self.order.iter().copied().filter(|&t| space.knows(t)).collect();
            anchors.truncate(ANCHORS);
            Layout::new(anchors, &space.vectors, self.seed)
        });
        if !layout.done() {
            layout.advance();
            return Some(Told::Little);
        }
        let placed = self.places.len();
        let next = &space.learned[placed..(placed + PLACED).min(space.learned.len())];
        if next.is_empty() {
            return None;
        }
        self.places.extend(layout.places(next, &space.vectors));
        let complete = self.places.len() == space.learned.len();
        if complete || placed == 0 {
            self.insight.map = self.places.as_slice().into();
            return Some(Told::Much);
        }
        Some(Told::Little)
    }
}

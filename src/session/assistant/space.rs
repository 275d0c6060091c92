//! Every text as a vector: its words and what the language model makes of it, side by side.

use std::collections::BTreeMap;

use super::encoder::{self, Encoder, Projection};
use super::linear::Dense;
use super::words::{self, Words};
use crate::session::project::TextId;

/// Numbers of a vector.
pub(super) const WIDTH: usize = words::WIDTH + encoder::WIDTH;
/// When the scale and directions of the encoder's numbers are found: after so many texts, and after all where there are
/// fewer. The last stays: by then a random sample of the texts is large enough.
const FITS: [usize; 3] = [100, 500, 2_000];

/// The vectors of a project's texts, as far as they are known.
pub(super) struct Space {
    words: Words,
    /// `None` when the model could not be loaded: then the words alone make the vectors.
    encoder: Option<Encoder>,
    projection: Option<Projection>,
    /// The encoder's numbers, until the projection is final.
    raw: BTreeMap<TextId, Vec<f32>>,
    /// Texts that the projection was found from.
    fitted: usize,
    /// `[texts, WIDTH]`; zeros where `known` is not set.
    pub vectors: Dense,
    /// Whether a text has its vector.
    pub known: Vec<bool>,
    /// Texts that have, in the order in which they got it.
    pub learned: Vec<TextId>,
    /// Counts up when vectors that were known have changed.
    pub version: u64,
    seed: u64,
}

impl Space {
    pub fn new(texts: usize, words: Words, encoder: Option<Encoder>, seed: u64) -> Self {
        Self {
            words,
            encoder,
            projection: None,
            raw: BTreeMap::new(),
            fitted: 0,
            vectors: Dense::zeros(texts, WIDTH),
            known: vec![false; texts],
            learned: Vec::new(),
            version: 0,
            seed,
        }
    }

    pub fn knows(&self, text: TextId) -> bool {
        self.known.get(text as usize).copied().unwrap_or(false)
    }

    /// Whether known vectors will not change any more.
    pub fn settled(&self) -> bool {
        self.encoder.is_none() || self.fitted >= FITS[2].min(self.known.len())
    }

    /// Computes the vectors of texts that have none yet.
    pub fn learn(&mut self, all: &[String], ids: &[TextId]) {
        let ids: Vec<TextId> = ids
            .iter()
            .copied()
            .filter(|&t| !self.knows(t) && (t as usize) < all.len())
            .collect();
        let texts: Vec<&str> = ids.iter().map(|&t| all[t as usize].as_str()).collect();
        let words = self.words.vectors(&texts);
        for (&id, row) in ids.iter().zip(words.iter()) {
            self.vectors.row_mut(id as usize)[..words::WIDTH].copy_from_slice(row);
        }
        if let Some(encoder) = &self.encoder {
            let raw = encode(encoder, &texts);
            if !self.settled() {
                for (&id, row) in ids.iter().zip(raw.iter()) {
                    self.raw.insert(id, row.to_vec());
                }
            }
            if let Some(projection) = &self.projection {
                let reduced = projection.apply(raw);
                for (&id, row) in ids.iter().zip(reduced.iter()) {
                    self.vectors.row_mut(id as usize)[words::WIDTH..].copy_from_slice(row);
                }
            }
        }
        for &id in &ids {
            self.known[id as usize] = true;
        }
        self.learned.extend_from_slice(&ids);
        self.refit();
    }

    /// Finds the projection again when enough texts have come since.
    fn refit(&mut self) {
        let Some(encoder) = &self.encoder else { return };
        let next = FITS
            .into_iter()
            .map(|n| n.min(self.known.len()))
            .find(|&n| n > self.fitted);
        if next.is_none_or(|n| self.raw.len() < n) {
            return;
        }
        let mut raw = Dense::zeros(0, encoder.width());
        for row in self.raw.values() {
            raw.data.extend_from_slice(row);
        }
        let projection = Projection::fit(&raw, self.seed);
        let reduced = projection.apply(raw);
        for (&id, row) in self.raw.keys().zip(reduced.iter()) {
            self.vectors.row_mut(id as usize)[words::WIDTH..].copy_from_slice(row);
        }
        self.fitted = self.raw.len();
        self.projection = Some(projection);
        self.version += 1;
        if self.settled() {
            self.raw.clear();
        }
    }

    /// Vectors of texts that are not the project's.
    pub fn of(&self, texts: &[&str]) -> Dense {
        let mut out = Dense::zeros(texts.len(), WIDTH);
        let words = self.words.vectors(texts);
        for (r, row) in words.iter().enumerate() {
            out.row_mut(r)[..words::WIDTH].copy_from_slice(row);
        }
        if let (Some(encoder), Some(projection)) = (&self.encoder, &self.projection) {
            let reduced = projection.apply(encode(encoder, texts));
            for (r, row) in reduced.iter().enumerate() {
                out.row_mut(r)[words::WIDTH..].copy_from_slice(row);
            }
        }
        out
    }
}

/// The encoder's numbers of texts.
fn encode(encoder: &Encoder, texts: &[&str]) -> Dense {
    let ids: Vec<Vec<u32>> = texts.iter().map(|t| encoder.ids(t)).collect();
    encoder.pool(&ids)
}

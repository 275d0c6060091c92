//! A digest of texts, by which they are told from others.

use xxhash_rust::const_xxh3::xxh3_64_with_seed;

/// A digest of several pieces, one after the other.
#[derive(Default)]
pub struct Digest(u64);

impl Digest {
    /// Takes the next piece.
    pub fn add(&mut self, piece: &[u8]) {
        // The digest of the pieces before is the seed: where one ends and the next begins counts as well.
        self.0 = xxh3_64_with_seed(piece, self.0);
    }

    /// Of texts in their order.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a String>) -> Self {
        let mut digest = Self::default();
        texts.into_iter().for_each(|text| digest.add(text.as_bytes()));
        digest
    }

    /// The number that stands for all of them.
    pub fn value(&self) -> u64 {
        self.0
    }
}

//! A place in the plane for every text, near texts near one another.
//!
//! Some texts, the anchors, are laid out: each is pulled towards its nearest neighbours in the space of vectors and pushed
//! away from a few others, which is the idea of UMAP and of t-SNE with negative sampling, here with the heavy-tailed
//! kernel 1 / (1 + d^2). Every other text goes between its nearest anchors. One pass over the anchors at a time, in a
//! fixed order and from a seed, so that the work can be interrupted and gives the same picture every time.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::linear::{Dense, Linear as _, directions, dot, square_distance};
use crate::session::project::TextId;

/// Texts that are laid out, at most.
pub(super) const ANCHORS: usize = 2_000;
/// Passes over the anchors.
const PASSES: usize = 250;
/// Directions in which neighbours are looked for.
const DIRECTIONS: usize = 20;
const NEIGHBOURS: usize = 12;
/// Random texts that each is pushed from, for each neighbour that it is pulled to.
const PUSHES: usize = 4;
/// Largest step of a text in one go.
const STEP: f32 = 4.0;

/// A layout in the making, or made.
pub(super) struct Layout {
    /// The anchors.
    texts: Vec<TextId>,
    /// What anchors are compared by: `[anchors, DIRECTIONS]`.
    reduced: Dense,
    directions: Dense,
    /// Neighbours of each anchor, `[anchors][NEIGHBOURS]` with fewer where there are few anchors.
    neighbours: Vec<Vec<u32>>,
    places: Vec<[f32; 2]>,
    pass: usize,
    rng: ChaCha8Rng,
}

impl Layout {
    /// Starts a layout of these texts from the vectors of all.
    pub fn new(texts: Vec<TextId>, vectors: &Dense, seed: u64) -> Self {
        let mut own = Dense::zeros(0, vectors.cols);
        for &t in &texts {
            own.data.extend_from_slice(vectors.row(t as usize));
        }
        let directions = directions(&own, DIRECTIONS, seed);
        let reduced = own.times(&directions);
        // The first direction of vectors that are not centred is their mean; the next two spread the texts.
        let places: Vec<[f32; 2]> = reduced
            .iter()
            .enumerate()
            // Texts that are the same start a hair apart, or nothing could ever part them.
            .map(|(i, r)| {
                let apart = i as f32 * 2.399_963;
                [10.0 * r[1] + 0.01 * apart.cos(), 10.0 * r[2] + 0.01 * apart.sin()]
            })
            .collect();
        Self {
            texts,
            reduced,
            directions,
            neighbours: Vec::new(),
            places,
            pass: 0,
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// Whether the anchors have their places.
    pub fn done(&self) -> bool {
        self.pass >= PASSES
    }

    /// Does a part of the work.
    pub fn advance(&mut self) {
        let n = self.texts.len();
        if self.neighbours.len() < n {
            for i in self.neighbours.len()..(self.neighbours.len() + 200).min(n) {
                self.neighbours
                    .push(nearest(&self.reduced, self.reduced.row(i), NEIGHBOURS, Some(i)));
            }
            return;
        }
        for _ in 0..10 {
            self.one_pass();
        }
    }

    fn one_pass(&mut self) {
        let n = self.texts.len();
        let rate = 1.0 - self.pass as f32 / PASSES as f32;
        self.pass += 1;
        if n < 2 {
            return;
        }
        for i in 0..n {
            for k in 0..self.neighbours[i].len() {
                let j = self.neighbours[i][k] as usize;
                let (d, square) = self.between(i, j);
                // Gradients of -log(1 / (1 + d^2)) and, below, of -log(1 - 1 / (1 + d^2)).
                let pull = -2.0 / (1.0 + square);
                self.shift(i, d, rate * pull);
                self.shift(j, d, -rate * pull);
                for _ in 0..PUSHES {
                    let other = self.rng.random_range(0..n);
                    if other != i {
                        let (d, square) = self.between(i, other);
                        let push = 2.0 / ((0.001 + square) * (1.0 + square));
                        self.shift(i, d, rate * push);
                    }
                }
            }
        }
    }

    fn between(&self, i: usize, j: usize) -> ([f32; 2], f32) {
        let (a, b) = (self.places[i], self.places[j]);
        let d = [a[0] - b[0], a[1] - b[1]];
        (d, d[0] * d[0] + d[1] * d[1])
    }

    fn shift(&mut self, i: usize, d: [f32; 2], by: f32) {
        for (place, d) in self.places[i].iter_mut().zip(d) {
            *place += (by * d).clamp(-STEP, STEP) * 0.5;
        }
    }

    /// The anchors' places in the unit square, by anchor.
    fn unit_square(&self) -> Vec<[f32; 2]> {
        let mut out = self.places.clone();
        for axis in 0..2 {
            let mut sorted: Vec<f32> = out.iter().map(|p| p[axis]).collect();
            sorted.sort_by(f32::total_cmp);
            // A few texts far out would leave all others in a dot: they go to the edge.
            let at = |share: f32| {
                let last = sorted.len().saturating_sub(1);
                sorted
                    .get((share * last as f32).round() as usize)
                    .copied()
                    .unwrap_or(0.0)
            };
            let (low, high) = (at(0.005), at(0.995));
            let range = (high - low).max(1e-6);
            for place in &mut out {
                place[axis] = (0.03 + 0.94 * (place[axis] - low) / range).clamp(0.0, 1.0);
            }
        }
        out
    }

    /// Places of these texts: an anchor's own, otherwise between the three nearest anchors.
    pub fn places(&self, texts: &[TextId], vectors: &Dense) -> Vec<(TextId, [f32; 2])> {
        let square = self.unit_square();
        let own: std::collections::HashMap<TextId, usize> =
            self.texts.iter().enumerate().map(|(i, &t)| (t, i)).collect();
        let place = |&text: &TextId| {
            if let Some(&i) = own.get(&text) {
                return (text, square[i]);
            }
            let one = Dense {
                cols: vectors.cols,
                data: vectors.row(text as usize).to_vec(),
            };
            let reduced = one.times(&self.directions);
            let mut sum = [0.0f32; 3];
            for i in nearest(&self.reduced, &reduced.data, 3, None) {
                let near = square_distance(self.reduced.row(i as usize), &reduced.data);
                let weight = 1.0 / (1e-4 + near);
                let [x, y] = square[i as usize];
                sum[0] += weight * x;
                sum[1] += weight * y;
                sum[2] += weight;
            }
            let sum_of = sum[2].max(1e-9);
            (text, [sum[0] / sum_of, sum[1] / sum_of])
        };
        texts.iter().map(place).collect()
    }
}

/// The rows of the largest cosine with `to`, nearest first; the lowest of equals first.
pub(super) fn nearest(rows: &Dense, to: &[f32], count: usize, except: Option<usize>) -> Vec<u32> {
    let mut found: Vec<(f32, u32)> = Vec::with_capacity(count + 1);
    for (i, row) in rows.iter().enumerate() {
        if Some(i) == except {
            continue;
        }
        let cosine = dot(row, to) / dot(row, row).sqrt().max(1e-9);
        if found.len() == count && found.last().is_some_and(|last| last.0 >= cosine) {
            continue;
        }
        let at = found.partition_point(|f| f.0 >= cosine);
        found.insert(at, (cosine, i as u32));
        found.truncate(count);
    }
    found.into_iter().map(|f| f.1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(vectors: &Dense) -> Vec<[f32; 2]> {
        let texts: Vec<TextId> = (0..vectors.rows() as u32).collect();
        let mut layout = Layout::new(texts.clone(), vectors, 3);
        while !layout.done() {
            layout.advance();
        }
        layout.places(&texts, vectors).into_iter().map(|p| p.1).collect()
    }

    #[test]
    fn groups_stay_together() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        let mut vectors = Dense::zeros(0, 30);
        for i in 0..120 {
            vectors.data.extend((0..30).map(|c| {
                let noise: f32 = rng.random_range(-0.3..0.3);
                noise + if c == i % 3 { 1.0 } else { 0.0 }
            }));
        }
        let places = laid_out(&vectors);
        assert_eq!(places, laid_out(&vectors), "the same every time");
        assert!(places.iter().flatten().all(|x| (0.0..=1.0).contains(x)));
        let mut same = 0;
        for (i, a) in places.iter().enumerate() {
            let nearest = (0..places.len())
                .filter(|&j| j != i)
                .min_by(|&j, &k| square_distance(a, &places[j]).total_cmp(&square_distance(a, &places[k])));
            same += usize::from(nearest.unwrap() % 3 == i % 3);
        }
        assert!(same >= 110, "{same} of 120 lie beside one of their group");
    }

    #[test]
    fn few_or_equal_texts_have_places() {
        for n in [0, 1, 2, 300] {
            let vectors = Dense {
                cols: 30,
                data: vec![0.2; 30 * n],
            };
            let places = laid_out(&vectors);
            assert!(places.iter().flatten().all(|x| (0.0..=1.0).contains(x)));
        }
    }
}

//! One thread's slots, and one step of every layer for all of them.

use super::super::packed::{self, Panels, bytes};
use super::super::simd::{dispatch, sigmoid, tanh};
use super::{Pooling, Reader, Words};

/// A layer's `[W_ih | W_hh]^T`, of the first one only `W_hh^T`.
pub enum Weights {
    Floats(Panels),
    Bytes(bytes::BytePanels),
}

/// A layer.
pub struct Layer {
    pub weights: Weights,
    /// `[4 hidden]`; the first layer's is in what it makes of the words.
    pub bias: Vec<f32>,
    /// Width of the layer below; 0 of the first.
    pub below: usize,
    pub hidden: usize,
}

/// Rows `[h_t of the layer below | h_{t-1}]`, one for each slot.
enum Rows {
    Floats(Vec<f32>),
    Bytes(Vec<u8>),
}

/// What a layer knows of each slot.
struct State {
    rows: Rows,
    /// Numbers of a row.
    length: usize,
    /// Where in a row the layer's own state begins.
    own: usize,
    /// Cells `[slots, hidden]`.
    cells: Vec<f32>,
    hidden: usize,
}

impl State {
    fn new(layer: &Layer, slots: usize) -> Self {
        let used = layer.below + layer.hidden;
        let (rows, length) = match layer.weights {
            Weights::Floats(_) => (Rows::Floats(vec![0.0; slots * used]), used),
            Weights::Bytes(_) => {
                let length = bytes::padded(used);
                (Rows::Bytes(vec![bytes::ZERO; slots * length]), length)
            }
        };
        Self {
            rows,
            length,
            own: layer.below,
            cells: vec![0.0; slots * layer.hidden],
            hidden: layer.hidden,
        }
    }

    /// The state before a document.
    fn clear(&mut self, slot: usize) {
        let own = slot * self.length + self.own..slot * self.length + self.own + self.hidden;
        match &mut self.rows {
            Rows::Floats(rows) => rows[own].fill(0.0),
            Rows::Bytes(rows) => rows[own].fill(bytes::ZERO),
        }
        self.cells[slot * self.hidden..][..self.hidden].fill(0.0);
    }

    /// Copies a slot over another.
    fn move_to(&mut self, to: usize, from: usize) {
        let at = |slot: usize, length: usize| slot * length..(slot + 1) * length;
        match &mut self.rows {
            Rows::Floats(rows) => rows.copy_within(at(from, self.length), to * self.length),
            Rows::Bytes(rows) => rows.copy_within(at(from, self.length), to * self.length),
        }
        self.cells.copy_within(at(from, self.hidden), to * self.hidden);
    }

    /// Puts an output into a slot's row, `at` numbers after its beginning.
    #[inline(always)]
    fn put(&mut self, slot: usize, at: usize, h: &[f32]) {
        let at = slot * self.length + at..slot * self.length + at + h.len();
        match &mut self.rows {
            Rows::Floats(rows) => rows[at].copy_from_slice(h),
            Rows::Bytes(rows) => rows[at].iter_mut().zip(h).for_each(|(b, &h)| *b = bytes::byte(h)),
        }
    }
}

/// Activates a slot's gates, to which `add` is added, and steps its cells.
#[inline(always)]
fn cell(gates: &[f32], add: &[f32], cells: &mut [f32], h: &mut [f32]) {
    let n = cells.len();
    let quarters = |x: &[f32]| -> [*const f32; 4] { std::array::from_fn(|q| x[q * n..(q + 1) * n].as_ptr()) };
    let (gates, add) = (quarters(gates), quarters(add));
    let h = &mut h[..n];
    for j in 0..n {
        // SAFETY: each quarter has n numbers.
        let [i, f, g, o] = std::array::from_fn(|q| unsafe { *gates[q].add(j) + *add[q].add(j) });
        let c = sigmoid(f) * cells[j] + sigmoid(i) * tanh(g);
        cells[j] = c;
        h[j] = sigmoid(o) * tanh(c);
    }
}

/// A document that is being read.
#[derive(Clone, Copy)]
struct Place {
    document: usize,
    /// Tokens read.
    at: usize,
}

/// One thread's slots.
pub struct Slots<'a> {
    reader: &'a Reader,
    words: &'a Words,
    pooling: Pooling,
    capacity: usize,
    places: Vec<Place>,
    states: Vec<State>,
    /// `[slots, 4 hidden]` of the widest layer.
    gates: Vec<f32>,
    /// One slot's output of the widest layer.
    h: Vec<f32>,
    /// What has been pooled, `[slots, pooled width]`.
    pooled: Vec<f32>,
    pooled_width: usize,
}

impl<'a> Slots<'a> {
    pub fn new(reader: &'a Reader, words: &'a Words, capacity: usize, pooling: Pooling) -> Self {
        let widest = reader.layers.iter().map(|layer| layer.hidden).max().unwrap_or(0);
        let pooled_width = reader.pooled_width(pooling);
        Self {
            reader,
            words,
            pooling,
            capacity,
            places: Vec::with_capacity(capacity),
            states: reader
                .layers
                .iter()
                .map(|layer| State::new(layer, capacity))
                .collect(),
            gates: vec![0.0; capacity * 4 * widest],
            h: vec![0.0; widest],
            pooled: vec![0.0; capacity * pooled_width],
            pooled_width,
        }
    }

    /// Reads whatever documents `take` gives, to the end of each.
    pub fn read(mut self, documents: &[&[u32]], take: impl Fn() -> Option<usize>) -> Vec<(usize, Vec<f32>)> {
        let mut done = Vec::new();
        while self.places.len() < self.capacity {
            let Some(document) = take() else { break };
            self.begin(self.places.len(), document);
        }
        while !self.places.is_empty() {
            self.step(documents);
            for slot in (0..self.places.len()).rev() {
                let Place { document, at } = self.places[slot];
                if at < documents[document].len() {
                    continue;
                }
                done.push((document, self.finish(slot, documents[document].len())));
                match take() {
                    Some(next) => self.begin(slot, next),
                    None => self.leave(slot),
                }
            }
        }
        done
    }

    fn begin(&mut self, slot: usize, document: usize) {
        let place = Place { document, at: 0 };
        match self.places.get_mut(slot) {
            Some(old) => *old = place,
            None => self.places.push(place),
        }
        self.states.iter_mut().for_each(|state| state.clear(slot));
        let pooled = &mut self.pooled[slot * self.pooled_width..][..self.pooled_width];
        pooled.fill(0.0);
        if let Pooling::Concat { .. } | Pooling::Deep { .. } = self.pooling {
            let top = self.reader.top();
            pooled[top..2 * top].fill(f32::NEG_INFINITY);
        }
    }

    /// Closes a slot: the last one takes its place.
    fn leave(&mut self, slot: usize) {
        let last = self.places.len() - 1;
        if slot < last {
            self.states.iter_mut().for_each(|state| state.move_to(slot, last));
            let width = self.pooled_width;
            self.pooled
                .copy_within(last * width..(last + 1) * width, slot * width);
        }
        self.places.swap_remove(slot);
    }

    /// What a document has given, means taken.
    fn finish(&self, slot: usize, length: usize) -> Vec<f32> {
        let mut pooled = self.pooled[slot * self.pooled_width..][..self.pooled_width].to_vec();
        let (sums, count) = match self.pooling {
            Pooling::Concat { max_len } | Pooling::Deep { max_len } => {
                (&mut pooled[2 * self.reader.top()..], length.min(max_len))
            }
            Pooling::Means => (&mut pooled[..], length),
        };
        sums.iter_mut().for_each(|x| *x /= count as f32);
        pooled
    }

    /// One token of every slot.
    fn step(&mut self, documents: &[&[u32]]) {
        let count = self.places.len();
        for (index, layer) in self.reader.layers.iter().enumerate() {
            let gates = &mut self.gates[..count * 4 * layer.hidden];
            let (here, above) = self.states[index..].split_at_mut(1);
            match (&layer.weights, &here[0].rows) {
                (Weights::Floats(weights), Rows::Floats(rows)) => {
                    packed::product(gates, rows, weights, false)
                }
                (Weights::Bytes(weights), Rows::Bytes(rows)) => bytes::product(gates, rows, weights),
                _ => unreachable!("rows are made for their weights"),
            }
            let last = index + 1 == self.reader.layers.len();
            let below: usize = self.reader.layers[..index].iter().map(|layer| layer.hidden).sum();
            let top = self.reader.top();
            // Steps of a document from where it is to its end.
            let left = |place: &Place| documents[place.document].len() - place.at;
            dispatch(
                #[inline(always)]
                || {
                    for (slot, place) in self.places.iter().enumerate() {
                        let token = documents[place.document][place.at] as usize;
                        let add = if index == 0 {
                            let row = self.words.row[token] as usize;
                            &self.words.gates[row * 4 * layer.hidden..][..4 * layer.hidden]
                        } else {
                            &layer.bias
                        };
                        let gates = &gates[slot * 4 * layer.hidden..][..4 * layer.hidden];
                        let h = &mut self.h[..layer.hidden];
                        cell(
                            gates,
                            add,
                            &mut here[0].cells[slot * layer.hidden..][..layer.hidden],
                            h,
                        );
                        here[0].put(slot, layer.below, h);
                        if let Some(above) = above.first_mut() {
                            above.put(slot, 0, h);
                        }
                        let pooled = &mut self.pooled[slot * self.pooled_width..][..self.pooled_width];
                        // Where the means begin; those of all layers, or of all but the last.
                        let (counts, means, every) = match self.pooling {
                            Pooling::Concat { max_len } => (left(place) <= max_len, None, false),
                            Pooling::Deep { max_len } => (left(place) <= max_len, Some(3 * top), false),
                            Pooling::Means => (true, Some(0), true),
                        };
                        if !counts {
                            continue;
                        }
                        if last && !every {
                            concat(&mut pooled[..3 * top], h);
                        }
                        let Some(means) = means else { continue };
                        let width = self.reader.width;
                        if index == 0 {
                            add_to(
                                &mut pooled[means..][..width],
                                &self.reader.embedding[token * width..][..width],
                            );
                        }
                        if !last || every {
                            add_to(&mut pooled[means + width + below..][..layer.hidden], h);
                        }
                    }
                },
            );
        }
        self.places.iter_mut().for_each(|place| place.at += 1);
    }
}

#[inline(always)]
fn add_to(sums: &mut [f32], x: &[f32]) {
    sums.iter_mut().zip(x).for_each(|(sum, x)| *sum += x);
}

/// The last step, the largest and the sum so far.
#[inline(always)]
fn concat(pooled: &mut [f32], h: &[f32]) {
    let (last, rest) = pooled.split_at_mut(h.len());
    let (max, sum) = rest.split_at_mut(h.len());
    last.copy_from_slice(h);
    for (max, &h) in max.iter_mut().zip(h) {
        *max = if h > *max { h } else { *max };
    }
    add_to(sum, h);
}

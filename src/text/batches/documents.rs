//! Classifier batches: documents of similar length, padded.

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use crate::text::rules::PAD_ID;

/// Batches per pool when training documents are shuffled: rows of a batch are of similar length, batches are random.
const POOL_BATCHES: usize = 50;

/// In which order documents are batched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Longest first: least padding, and memory runs out at once or not at all. For prediction.
    Sorted,
    /// For training, by seed: documents shuffled, sorted by length within pools of 50 batches, the batches
    /// shuffled, the one with the longest document first. No batch has a single row unless there is only one
    /// document, for batch normalisation needs two.
    Shuffled(u64),
}

/// Groups documents of similar length into batches of at most `batch` rows: indices into `lengths`, each once. Batches are of
/// even size, as far as the budget allows: a small one left over would have a loud loss and poor statistics in batch norm.
///
/// Rows times the longest row stay within `token_budget`, which bounds memory, but a batch always has one row
/// ([`Order::Sorted`]) or two ([`Order::Shuffled`], up to three where one was left over).
#[must_use]
pub fn plan(lengths: &[usize], batch: usize, token_budget: usize, order: Order) -> Vec<Vec<usize>> {
    let batch = batch.max(1);
    let longest_first = |&i: &usize| std::cmp::Reverse(lengths[i]);
    let mut documents: Vec<usize> = (0..lengths.len()).collect();
    match order {
        Order::Sorted => {
            documents.sort_by_key(longest_first);
            cut(&documents, lengths, batch, token_budget, 1)
        }
        Order::Shuffled(seed) => {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            documents.shuffle(&mut rng);
            for pool in documents.chunks_mut(batch.saturating_mul(POOL_BATCHES)) {
                pool.sort_by_key(longest_first);
            }
            let mut batches = cut(&documents, lengths, batch.max(2), token_budget, 2);
            if let Some(last) = batches.pop_if(|last| last.len() == 1) {
                match batches.last_mut() {
                    Some(previous) if previous.len() > 2 => {
                        let partner = previous.pop();
                        batches.push(partner.into_iter().chain(last).collect());
                    }
                    Some(previous) => previous.extend(last),
                    None => batches.push(last),
                }
            }
            batches.shuffle(&mut rng);
            let longest = |rows: &Vec<usize>| rows.iter().map(|&i| lengths[i]).max();
            if let Some(at) = (0..batches.len()).rev().max_by_key(|&at| longest(&batches[at])) {
                batches.swap(0, at);
            }
            batches
        }
    }
}

/// Consecutive batches of `documents`, as few as the limits allow, of even size.
fn cut(
    documents: &[usize],
    lengths: &[usize],
    batch: usize,
    token_budget: usize,
    least: usize,
) -> Vec<Vec<usize>> {
    let mut rest = documents;
    let mut batches = Vec::new();
    while !rest.is_empty() {
        let even = rest.len().div_ceil(rest.len().div_ceil(batch));
        let mut rows = 0;
        let mut longest = 1;
        for &next in rest {
            longest = longest.max(lengths[next]);
            let fits = rows < even && longest.saturating_mul(rows + 1) <= token_budget;
            if !fits && rows >= least {
                break;
            }
            rows += 1;
        }
        let (now, later) = rest.split_at(rows);
        batches.push(now.to_vec());
        rest = later;
    }
    batches
}

/// A classifier batch: whole documents, padded at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocBatch {
    /// `[time, batch]`, [`PAD_ID`] from each row's length on.
    pub tokens: Vec<u32>,
    /// Tokens of each row, at least 1.
    pub lengths: Vec<usize>,
    /// Time steps.
    pub time: usize,
    /// Rows.
    pub batch: usize,
}

impl DocBatch {
    /// Pads `docs` to the longest, rounded up to `pad_to_multiple` so that devices see few distinct shapes.
    ///
    /// A document of no tokens counts as one padding token: pooling over nothing has no value.
    #[must_use]
    pub fn new(docs: &[&[u32]], pad_to_multiple: usize) -> Self {
        let batch = docs.len();
        let lengths: Vec<usize> = docs.iter().map(|doc| doc.len().max(1)).collect();
        let longest = lengths.iter().copied().max().unwrap_or(1);
        let time = longest.next_multiple_of(pad_to_multiple.max(1));
        let mut tokens = vec![PAD_ID; time * batch];
        for (row, doc) in docs.iter().enumerate() {
            for (t, &token) in doc.iter().enumerate() {
                tokens[t * batch + row] = token;
            }
        }
        Self {
            tokens,
            lengths,
            time,
            batch,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn plans_are_permutations_within_their_limits(
            lengths in prop::collection::vec(0usize..60, 0..200),
            batch in 1usize..12, budget in 0usize..300, seed in prop::option::of(any::<u64>()),
        ) {
            let order = seed.map_or(Order::Sorted, Order::Shuffled);
            let batches = plan(&lengths, batch, budget, order);
            let mut all: Vec<usize> = batches.concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..lengths.len()).collect::<Vec<_>>());
            for rows in &batches {
                let longest = rows.iter().map(|&i| lengths[i].max(1)).max().unwrap_or(0);
                let (most, least) = if seed.is_some() { (batch.max(3), 3) } else { (batch, 1) };
                prop_assert!(rows.len() <= most);
                prop_assert!(rows.len() <= least || longest * rows.len() <= budget);
                prop_assert!(seed.is_none() || rows.len() > 1 || lengths.len() == 1, "batch norm needs two rows");
            }
            if let Some(first) = batches.first() {
                let longest = |rows: &[usize]| rows.iter().map(|&i| lengths[i]).max();
                prop_assert_eq!(longest(first), lengths.iter().copied().max(), "the longest batch comes first");
            }
        }

        #[test]
        fn documents_are_padded_at_the_end(
            docs in prop::collection::vec(prop::collection::vec(2u32..100, 0..30), 0..8), multiple in 0usize..17,
        ) {
            let slices: Vec<&[u32]> = docs.iter().map(Vec::as_slice).collect();
            let batch = DocBatch::new(&slices, multiple);
            prop_assert_eq!(batch.time % multiple.max(1), 0);
            prop_assert_eq!(batch.tokens.len(), batch.time * batch.batch);
            for (row, doc) in docs.iter().enumerate() {
                let column: Vec<u32> = (0..batch.time).map(|t| batch.tokens[t * batch.batch + row]).collect();
                prop_assert_eq!(&column[..doc.len()], &doc[..]);
                prop_assert!(column[doc.len()..].iter().all(|&token| token == PAD_ID));
                prop_assert_eq!(batch.lengths[row], doc.len().max(1));
            }
        }
    }

    #[test]
    fn the_seed_decides_the_order() {
        let lengths: Vec<usize> = (0..500).map(|i| i * 7 % 90).collect();
        let order = |seed| plan(&lengths, 8, 4_000, Order::Shuffled(seed));
        assert_eq!(order(5), order(5));
        assert_ne!(order(5), order(6));
    }

    fn sizes(documents: usize, batch: usize) -> Vec<usize> {
        let batches = plan(&vec![5; documents], batch, 10_000, Order::Shuffled(0));
        let mut sizes: Vec<usize> = batches.iter().map(Vec::len).collect();
        sizes.sort_unstable();
        sizes
    }

    #[test]
    fn no_batch_is_much_smaller_than_the_others() {
        assert_eq!(sizes(100, 16), [14, 14, 14, 14, 14, 15, 15]);
        assert_eq!(sizes(97, 16), [13, 14, 14, 14, 14, 14, 14]);
        assert_eq!(sizes(96, 16), [16; 6]);
        assert_eq!(sizes(17, 16), [8, 9]);
    }

    #[test]
    fn a_leftover_document_joins_a_batch() {
        assert_eq!(sizes(9, 4), [3, 3, 3]);
        assert_eq!(sizes(9, 2), [2, 2, 2, 3]);
        assert_eq!(
            plan(&[5; 3], 2, 1_000, Order::Shuffled(0)),
            plan(&[5; 3], 3, 1_000, Order::Shuffled(0))
        );
        assert_eq!(plan(&[5], 8, 1_000, Order::Shuffled(0)), [[0]]);
        assert_eq!(plan(&[9, 5, 7], 2, 1_000, Order::Sorted), [vec![0, 2], vec![1]]);
    }
}

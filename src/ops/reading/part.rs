//! Which documents are read in one go.

use super::Reader;

/// Multiplications of a part: about a second of work on two cores, after which progress is told and a command heeded.
const WORK: u64 = 150_000_000_000;
/// Tokens of a part: enough for every slot, and no more than are worth waiting for.
const TOKENS: std::ops::RangeInclusive<usize> = 24 * 1024..=64 * 1024;

/// Parts of documents of similar lengths, longest first, as many together as [`Reader::read`] should have at once.
pub fn parts(reader: &Reader, documents: &[&[u32]]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..documents.len()).collect();
    order.sort_by_key(|&d| std::cmp::Reverse(documents[d].len()));
    let most_words = reader.most_words();
    let most_tokens =
        ((WORK / reader.weights().max(1) as u64) as usize).clamp(*TOKENS.start(), *TOKENS.end());
    let mut seen = vec![usize::MAX; reader.embedding.len() / reader.width.max(1)];
    let mut parts: Vec<Vec<usize>> = Vec::new();
    let (mut tokens, mut words) = (0, 0);
    for document in order {
        let ids = documents[document];
        let this = parts.len().saturating_sub(1);
        let fresh = |part: usize, seen: &mut [usize]| {
            let mut fresh = 0;
            for &id in ids {
                if seen[id as usize] != part {
                    seen[id as usize] = part;
                    fresh += 1;
                }
            }
            fresh
        };
        let new = fresh(this, &mut seen);
        match parts.last_mut() {
            Some(part) if tokens + ids.len() <= most_tokens && words + new <= most_words => {
                part.push(document);
                tokens += ids.len();
                words += new;
            }
            _ => {
                parts.push(vec![document]);
                tokens = ids.len();
                words = fresh(parts.len() - 1, &mut seen);
            }
        }
    }
    parts
}

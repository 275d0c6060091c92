//! The word tokeniser of the pretrained models: splits English text as spaCy's blank English pipeline does, so that
//! text meets the vocabulary it was counted with.
//!
//! Text is cut at white space into chunks; a chunk that is a special case (`don't`, `Mr.`, `:-)`) is split as listed,
//! and any other loses its prefixes and suffixes one by one until nothing more comes off; what is left is kept whole if
//! it is an address and is cut at its infixes otherwise. Last, neighbouring tokens that together spell a special case
//! are joined or split as it says, so that `fun:)` still ends in `:)`.

mod affixes;
mod classes;
mod exceptions;
mod url;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use self::affixes::{for_each_infix, prefix_len, suffix_len};
pub(crate) use self::classes::{is_space, is_word};
use self::exceptions::Pieces;
use self::url::is_url;
use crate::text::rules;

/// Splits text into words and punctuation. Costs nothing to make or clone: its tables are shared and built on first use.
#[derive(Clone, Copy, Debug, Default)]
pub struct WordTokenizer;

impl WordTokenizer {
    /// The tokenizer for English.
    #[must_use]
    pub fn new() -> Self {
        Self
    }

    /// Applies the text rules to `raw`, splits the result and makes spaces inside tokens visible: the tokens that a
    /// model is trained on, `xxbos` first.
    #[must_use]
    pub fn tokenize(&self, raw: &str) -> Vec<String> {
        let text = rules::apply(raw);
        let mut tokens = Vec::new();
        self.split(&text, &mut tokens);
        tokens
            .into_iter()
            .map(|token| rules::replace_space(token).into_owned())
            .collect()
    }

    /// Appends the tokens of `text` to `out`, without applying any text rule.
    ///
    /// One space between tokens belongs to neither; any further white space is a token. Otherwise nothing is lost.
    pub fn split<'a>(&self, text: &'a str, out: &mut Vec<&'a str>) {
        let specials = &*SPECIALS;
        let first = out.len();
        for_each_chunk(text, |chunk| split_chunk(chunk, Some(specials), out));
        specials.rejoin(text, first, out);
    }
}

/// Whether the tokeniser cuts the word `first` + `second` into these two.
pub(crate) fn is_split_pair(first: &str, second: &str) -> bool {
    let is_pair = |pieces: &Pieces| matches!(**pieces, [len, _] if usize::from(len) == first.len());
    let length = first.len() + second.len();
    length <= SPECIALS.longest && SPECIALS.get(&[first, second].concat()).is_some_and(is_pair)
}

static SPECIALS: LazyLock<Specials> = LazyLock::new(Specials::build);

/// The special cases, by chunk, and by the first of the tokens that plain splitting makes of them.
struct Specials {
    chunks: HashMap<String, Pieces>,
    patterns: HashMap<String, Vec<Pattern>>,
    longest: usize,
}

/// A special case as plain splitting sees it.
struct Pattern {
    /// The tokens after the first.
    rest: Vec<String>,
    pieces: Pieces,
    /// Whether `pieces` differ from the plain split.
    changes: bool,
}

impl Specials {
    fn build() -> Self {
        let chunks = exceptions::build();
        let mut patterns: HashMap<String, Vec<Pattern>> = HashMap::new();
        for (chunk, pieces) in &chunks {
            let mut tokens = Vec::new();
            split_chunk(chunk, None, &mut tokens);
            let changes = !tokens
                .iter()
                .map(|t| t.len())
                .eq(pieces.iter().map(|p| usize::from(*p)));
            // A single token that stays as it is neither changes the text nor stands in another's way.
            let [first, rest @ ..] = &tokens[..] else { continue };
            if has_affix(chunk) && (changes || !rest.is_empty()) {
                let rest = rest.iter().map(ToString::to_string).collect();
                let pattern = Pattern {
                    rest,
                    pieces: pieces.clone(),
                    changes,
                };
                patterns.entry(first.to_string()).or_default().push(pattern);
            }
        }
        let longest = chunks.keys().map(String::len).max().unwrap_or(0);
        Self {
            chunks,
            patterns,
            longest,
        }
    }

    fn get(&self, chunk: &str) -> Option<&Pieces> {
        if chunk.len() > self.longest {
            None
        } else {
            self.chunks.get(chunk)
        }
    }

    /// Finds special cases in the tokens from `first` on and splits them as listed. Where they overlap, the longest
    /// and then the leftmost counts.
    fn rejoin<'a>(&self, text: &'a str, first: usize, out: &mut Vec<&'a str>) {
        let tokens = &out[first..];
        let mut matches: Vec<(Range<usize>, &Pattern)> = Vec::new();
        for (start, token) in tokens.iter().enumerate() {
            if token.len() > self.longest {
                continue;
            }
            for pattern in self.patterns.get(*token).into_iter().flatten() {
                if tokens[start + 1..]
                    .iter()
                    .zip(&pattern.rest)
                    .filter(|(a, b)| **a == b.as_str())
                    .count()
                    == pattern.rest.len()
                {
                    matches.push((start..start + 1 + pattern.rest.len(), pattern));
                }
            }
        }
        if !matches.iter().any(|(_, pattern)| pattern.changes) {
            return;
        }
        matches.sort_by_key(|(span, _)| (std::cmp::Reverse(span.len()), span.start));
        let mut taken = vec![false; tokens.len()];
        let mut chosen = Vec::new();
        for (span, pattern) in matches {
            // A match that has to give way still blocks those after it.
            if !taken[span.start]
                && !taken[span.end - 1]
                && pattern.changes
                && is_contiguous(&tokens[span.clone()])
            {
                chosen.push((span.clone(), pattern));
            }
            taken[span].fill(true);
        }
        chosen.sort_by_key(|(span, _)| span.start);
        let old = out.split_off(first);
        let mut next = 0;
        for (span, pattern) in chosen {
            out.extend_from_slice(&old[next..span.start]);
            let start = old[span.start].as_ptr() as usize - text.as_ptr() as usize;
            push_pieces(&text[start..], &pattern.pieces, out);
            next = span.end;
        }
        out.extend_from_slice(&old[next..]);
    }
}

/// Whether nothing lies between the tokens.
fn is_contiguous(tokens: &[&str]) -> bool {
    tokens
        .windows(2)
        .all(|pair| pair[0].as_bytes().as_ptr_range().end == pair[1].as_ptr())
}

fn has_affix(chunk: &str) -> bool {
    let mut has_infix = false;
    for_each_infix(chunk, |_, _| has_infix = true);
    has_infix || prefix_len(chunk) > 0 || suffix_len(chunk) > 0
}

/// Calls `found` for each run of white space and each run of other characters. A run of white space after a word is
/// given without its first character if that is a space.
fn for_each_chunk<'a>(text: &'a str, mut found: impl FnMut(&'a str)) {
    let mut start = 0;
    let mut in_space = text.chars().next().is_some_and(is_space);
    for (at, c) in text.char_indices() {
        // Most characters are ASCII letters: spare them the Unicode test.
        let space = !c.is_ascii_graphic() && is_space(c);
        if space != in_space {
            if start < at {
                found(&text[start..at]);
            }
            start = if c == ' ' { at + 1 } else { at };
            in_space = space;
        }
    }
    if start < text.len() {
        found(&text[start..]);
    }
}

/// Splits one chunk; without `specials`, by rule alone.
fn split_chunk<'a>(chunk: &'a str, specials: Option<&Specials>, out: &mut Vec<&'a str>) {
    let special = |s: &str| specials.and_then(|table| table.get(s));
    if let Some(pieces) = special(chunk) {
        return push_pieces(chunk, pieces, out);
    }
    if chunk.bytes().all(|b| b.is_ascii_alphabetic()) {
        return out.push(chunk);
    }
    let mut core = chunk;
    let mut suffixes = Vec::new();
    while !core.is_empty() && special(core).is_none() {
        let prefix = prefix_len(core);
        let (cut, rest) = core.split_at(prefix);
        if prefix > 0 && special(rest).is_some() {
            out.push(cut);
            core = rest;
            break;
        }
        let suffix = suffix_len(rest);
        let end = core.len() - suffix;
        if suffix > 0 && special(&core[..end]).is_some() {
            suffixes.push(&core[end..]);
            core = &core[..end];
            break;
        }
        if prefix + suffix == 0 {
            break;
        }
        if prefix > 0 {
            out.push(cut);
        }
        if suffix > 0 {
            suffixes.push(&core[end..]);
        }
        core = &core[prefix..end];
    }
    if let Some(pieces) = special(core) {
        push_pieces(core, pieces, out);
    } else if is_url(core) {
        out.push(core);
    } else {
        split_infixes(core, out);
    }
    out.extend(suffixes.into_iter().rev());
}

fn split_infixes<'a>(core: &'a str, out: &mut Vec<&'a str>) {
    let mut start = 0;
    for_each_infix(core, |from, to| {
        // One at the very start stays with what follows it.
        if from > 0 {
            if start < from {
                out.push(&core[start..from]);
            }
            out.push(&core[from..to]);
            start = to;
        }
    });
    if start < core.len() {
        out.push(&core[start..]);
    }
}

fn push_pieces<'a>(text: &'a str, pieces: &[u8], out: &mut Vec<&'a str>) {
    let mut start = 0;
    for len in pieces {
        let end = start + usize::from(*len);
        out.push(&text[start..end]);
        start = end;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(text: &str) -> Vec<&str> {
        let mut tokens = Vec::new();
        WordTokenizer::new().split(text, &mut tokens);
        tokens
    }

    #[derive(serde::Deserialize)]
    struct Sentence {
        text: String,
        tokens: Vec<String>,
    }

    #[test]
    fn agrees_with_fastai() {
        let sentences: Vec<Sentence> =
            serde_json::from_str(include_str!("../../../tests/fixtures/tokens.json")).unwrap();
        assert!(sentences.len() > 80);
        for Sentence { text, tokens } in sentences {
            assert_eq!(WordTokenizer::new().tokenize(&text), tokens, "{text:?}");
        }
    }

    #[test]
    fn only_single_spaces_are_lost() {
        assert_eq!(split("  a  b\n c "), ["  ", "a", " ", "b", "\n ", "c"]);
        assert_eq!(split(""), [""; 0]);
        assert_eq!(split(" "), [" "]);
    }

    #[test]
    fn affixes_come_off_until_a_special_case_is_left() {
        assert_eq!(split("(\"don't\")."), ["(", "\"", "do", "n't", "\"", ")", "."]);
        assert_eq!(split("(Mr.)"), ["(", "Mr.", ")"]);
        assert_eq!(
            split("well-known,e.g.,here"),
            ["well", "-", "known", ",", "e.g.", ",here"]
        );
    }

    #[test]
    fn special_cases_are_found_among_split_tokens() {
        assert_eq!(split("fun:) yes:'("), ["fun", ":)", "yes", ":'("]);
        assert_eq!(split("a: )"), ["a", ":", ")"]);
    }

    #[test]
    fn addresses_stay_whole() {
        assert_eq!(
            split("<http://example.com/a,b>"),
            ["<", "http://example.com/a,b", ">"]
        );
        assert_eq!(split("8.8.8.8:53/x"), ["8.8.8.8:53/x"]);
        assert_eq!(split("me@mail.example.org,"), ["me@mail.example.org", ","]);
        assert_eq!(split("end.start-now"), ["end.start", "-", "now"]);
    }

    #[test]
    fn finds_the_words_it_cuts_in_two() {
        assert!(is_split_pair("gon", "na"));
        assert!(is_split_pair("i", "m"));
        assert!(!is_split_pair("was", "n"));
        assert!(!is_split_pair("M", "r."));
    }

    proptest! {
        #[test]
        fn loses_nothing_but_white_space(text in "(\\PC|[ \n\t.,:;)('-]|n't|https?://|\\.com|:-\\)|5km|x\\.y@z){0,40}") {
            let bare = |s: &str| s.chars().filter(|c| !is_space(*c)).collect::<String>();
            let tokens = split(&text);
            prop_assert_eq!(bare(&tokens.concat()), bare(&text));
            prop_assert!(tokens.iter().all(|token| !token.is_empty()));
        }

        #[test]
        fn tokenises_anything(text in any::<String>()) {
            let tokens = WordTokenizer::new().tokenize(&text);
            prop_assert_eq!(tokens.first().map(String::as_str), Some(rules::BOS));
            prop_assert!(tokens.iter().all(|token| !token.contains(' ')));
        }
    }
}

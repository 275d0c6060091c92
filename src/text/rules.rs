//! The text rules of fastai, applied before a text is split into words; [`undo`] reverses them.
//!
//! A vocabulary need not hold "Good", "GOOD" and "goooood": a marker says what was done to the word that follows.
//! Pretrained models expect exactly these rules, oddities included.

mod html;
mod undo;

use std::borrow::Cow;

use self::html::unescape;
pub use self::undo::undo;
use super::word::{is_space, is_word};

/// An unknown word.
pub const UNK: &str = "xxunk";
/// Padding.
pub const PAD: &str = "xxpad";
/// The start of a text.
pub const BOS: &str = "xxbos";
/// The end of a text (not written by default).
pub const EOS: &str = "xxeos";
/// A field of a text of several columns; its number follows.
pub const FLD: &str = "xxfld";
/// A repeated character: the number of times and the character follow.
pub const REP: &str = "xxrep";
/// A repeated word: the number of times and the word follow.
pub const WREP: &str = "xxwrep";
/// The next word was written in capitals.
pub const UP: &str = "xxup";
/// The next word began with a capital.
pub const MAJ: &str = "xxmaj";

/// The special tokens, each at the row that it has in every vocabulary built here.
pub const SPECIALS: [&str; 9] = [UNK, PAD, BOS, EOS, FLD, REP, WREP, UP, MAJ];
/// Row of [`UNK`] among [`SPECIALS`].
pub const UNK_ID: u32 = 0;
/// Row of [`PAD`] among [`SPECIALS`].
pub const PAD_ID: u32 = 1;

/// Stands for a space inside a token.
const VISIBLE_SPACE: &str = "\u{2581}";

/// Applies all rules to a text; the result starts with [`BOS`] and is ready to be split into words.
#[must_use]
pub fn apply(text: &str) -> String {
    let text = fix_markup(text);
    let text = mark_repeated_chars(&text);
    let text = mark_repeated_words(&text);
    let text = space_out(&text);
    mark_capitals(&text)
}

/// Joins the columns of one text: two or more are each introduced by [`FLD`] and their number, from 1.
#[must_use]
pub fn join_fields(fields: &[&str]) -> String {
    if let [only] = fields {
        return (*only).to_string();
    }
    let marked: Vec<String> = (1..)
        .zip(fields)
        .map(|(n, field)| format!("{FLD} {n} {field}"))
        .collect();
    marked.join(" ")
}

/// Makes the spaces inside a token visible, so that tokens can be joined by spaces and split again.
#[must_use]
pub fn replace_space(token: &str) -> Cow<'_, str> {
    replace(Cow::Borrowed(token), " ", VISIBLE_SPACE)
}

/// Leftovers of mark-up and of earlier tokenisation, in the order in which they are replaced.
const MARKUP: [(&str, &str); 12] = [
    ("#39;", "'"),
    ("amp;", "&"),
    ("#146;", "'"),
    ("nbsp;", " "),
    ("#36;", "$"),
    ("\\n", "\n"),
    ("quot;", "'"),
    ("<br />", "\n"),
    ("\\\"", "\""),
    ("<unk>", UNK),
    (" @.@ ", "."),
    (" @-@ ", "-"),
];

fn fix_markup(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    if text.contains([';', '\\', '<', '@']) {
        text = MARKUP
            .iter()
            .fold(text, |text, (from, to)| replace(text, from, to));
    }
    text = replace(text, "...", " …");
    match text {
        Cow::Borrowed(text) => unescape(text),
        Cow::Owned(text) => Cow::Owned(unescape(&text).into_owned()),
    }
}

fn replace<'a>(text: Cow<'a, str>, from: &str, to: &str) -> Cow<'a, str> {
    if text.contains(from) {
        Cow::Owned(text.replace(from, to))
    } else {
        text
    }
}

/// `sooo` becomes `s xxrep 3 o `: three or more of a character.
fn mark_repeated_chars(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        let mut count = 1;
        while chars.next_if(|(_, next)| *next == c).is_some() {
            count += 1;
        }
        if count >= 3 && !is_space(c) {
            out.push_str(&text[copied..start]);
            out.extend([
                " ",
                REP,
                " ",
                &count.to_string(),
                " ",
                c.encode_utf8(&mut [0; 4]),
                " ",
            ]);
            copied = start + count * c.len_utf8();
        }
    }
    finish(text, copied, out)
}

/// `very very very good` becomes ` xxwrep 3 very good`: three or more of a word.
fn mark_repeated_words(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    while at < text.len() {
        let end = word_end(text, at);
        let word = &text[at..end];
        let lead = text[copied..at].chars().next_back();
        // A match takes the white space before it, which an earlier match may have taken already.
        if !word.is_empty() && (at == 0 || lead.is_some()) {
            let (count, last) = count_repeats(text, word, end);
            if count >= 3 {
                out.push_str(&text[copied..at - lead.map_or(0, char::len_utf8)]);
                let after = text[last..].chars().next();
                out.extend([" ", WREP, " ", &count.to_string(), " ", word, " "]);
                out.extend(after);
                copied = last + after.map_or(0, char::len_utf8);
                at = copied;
                // What directly follows the match has no white space before it.
                at = next_word(text, word_end(text, at));
                continue;
            }
        }
        at = next_word(text, end);
    }
    finish(text, copied, out)
}

/// How often `word`, which ends at `end`, stands in a row, and where the last one ends.
fn count_repeats(text: &str, word: &str, mut end: usize) -> (usize, usize) {
    let mut count = 1;
    loop {
        let next = next_word(text, end);
        if next == end || !text[next..].starts_with(word) || (count == 1 && !word.chars().all(is_word)) {
            return (count, end);
        }
        let next_end = next + word.len();
        match text[next_end..].chars().next() {
            Some(c) if is_word(c) => return (count, end),
            Some(c) if is_space(c) => {}
            // Punctuation may follow the last one.
            _ => return (count + 1, next_end),
        }
        count += 1;
        end = next_end;
    }
}

fn word_end(text: &str, from: usize) -> usize {
    text[from..].find(is_space).map_or(text.len(), |at| from + at)
}

fn next_word(text: &str, from: usize) -> usize {
    text[from..]
        .find(|c| !is_space(c))
        .map_or(text.len(), |at| from + at)
}

fn finish(text: &str, copied: usize, mut out: String) -> Cow<'_, str> {
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

/// Puts spaces round `/`, `#` and `\`, and makes every run of spaces one.
fn space_out(text: &str) -> Cow<'_, str> {
    let is_sign = |b: u8| matches!(b, b'/' | b'#' | b'\\');
    if !text.bytes().any(is_sign) && !text.contains("  ") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    let mut push = |c: char| {
        if c != ' ' || !out.ends_with(' ') {
            out.push(c);
        }
    };
    for c in text.chars() {
        if matches!(c, '/' | '#' | '\\') {
            push(' ');
            push(c);
            push(' ');
        } else {
            push(c);
        }
    }
    Cow::Owned(out)
}

/// Marks words in capitals and words that begin with one (English capitals only), and makes all letters small.
fn mark_capitals(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 4 + BOS.len() + 1);
    out.push_str(BOS);
    out.push(' ');
    let mut rest = text.trim_matches(is_space);
    while !rest.is_empty() {
        let (word, after) = rest.split_at(word_end(rest, 0));
        if let Some(marker) = capital_marker(word) {
            out.push_str(marker);
            out.push(' ');
        }
        if word.is_ascii() {
            let start = out.len();
            out.push_str(word);
            out[start..].make_ascii_lowercase();
        } else {
            out.push_str(&word.to_lowercase());
        }
        let (space, next) = after.split_at(next_word(after, 0));
        out.push_str(space);
        rest = next;
    }
    out
}

fn capital_marker(word: &str) -> Option<&'static str> {
    let (first, rest) = word.as_bytes().split_first()?;
    if !first.is_ascii_uppercase() || rest.is_empty() {
        None
    } else if !rest.iter().any(u8::is_ascii_lowercase) {
        Some(UP)
    } else if !rest.iter().any(u8::is_ascii_uppercase) {
        Some(MAJ)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn specials_stand_at_their_rows() {
        assert_eq!([UNK_ID, PAD_ID].map(|id| SPECIALS[id as usize]), [UNK, PAD]);
    }

    #[test]
    fn markup_is_cleaned() {
        assert_eq!(fix_markup("a<br />b\\nc"), "a\nb\nc");
        assert_eq!(fix_markup("it#39;s quot;so<unk>quot;"), "it's 'soxxunk'");
        assert_eq!(fix_markup("3 @.@ 5 well @-@ known..."), "3.5 well-known …");
        assert_eq!(fix_markup("R&amp;B &lt;"), "R&&B <");
    }

    #[test]
    fn repeated_characters_are_marked() {
        assert_eq!(
            mark_repeated_chars("sooo good!!!!"),
            "s xxrep 3 o  good xxrep 4 ! "
        );
        assert_eq!(mark_repeated_chars("oo    \n\n\n"), "oo    \n\n\n");
        assert_eq!(mark_repeated_chars("ééé"), " xxrep 3 é ");
    }

    #[test]
    fn repeated_words_are_marked() {
        assert_eq!(mark_repeated_words("very very very good"), " xxwrep 3 very  good");
        assert_eq!(mark_repeated_words("so no no  no, no"), "so xxwrep 3 no , no");
        assert_eq!(mark_repeated_words("ha ha hat"), "ha ha hat");
        assert_eq!(mark_repeated_words("ha ha ha hat"), " xxwrep 3 ha  hat");
        // The first match takes the space that the second would need before it.
        assert_eq!(mark_repeated_words("a a a b b b"), " xxwrep 3 a  b b b");
        assert_eq!(mark_repeated_words("a a a  b b b"), " xxwrep 3 a   xxwrep 3 b ");
        assert_eq!(mark_repeated_words("- - - -"), "- - - -");
    }

    #[test]
    fn signs_are_spaced_and_spaces_squeezed() {
        assert_eq!(space_out("and/or  #1 a\\b"), "and / or # 1 a \\ b");
        assert_eq!(space_out("a \n b"), "a \n b");
    }

    #[test]
    fn capitals_are_marked() {
        assert_eq!(
            mark_capitals(" The BBC I A1 McX iPod\n"),
            "xxbos xxmaj the xxup bbc i xxup a1 mcx ipod"
        );
        // Only English capitals are marked.
        assert_eq!(mark_capitals("École ÉCOLE ΟΔΟΣ"), "xxbos école école οδος");
    }

    #[test]
    fn columns_are_marked_if_several() {
        assert_eq!(join_fields(&["only"]), "only");
        assert_eq!(
            join_fields(&["a title", "a body"]),
            "xxfld 1 a title xxfld 2 a body"
        );
    }

    #[test]
    fn spaces_inside_tokens_become_visible() {
        assert_eq!(replace_space("\n "), "\n\u{2581}");
    }
}

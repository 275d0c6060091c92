//! Readable text from tokens, for what a language model writes.

use super::{BOS, EOS, FLD, MAJ, PAD, REP, SPECIALS, UP, VISIBLE_SPACE, WREP};
use crate::text::word;

/// A model may ask for any number of repeats.
const MAX_REPEATS: usize = 100;

/// Attach to the word before them.
const CLOSING: &str = ".,!?;:)]}…%’”»";
/// Attach to the word after them.
const OPENING: &str = "([{$£€#“‘«¿¡";
/// Attach on both sides.
const JOINING: &str = "/\\";
/// Attach on both sides between letters and digits only, else they are dashes.
const HYPHEN: &str = "-";
/// English texts are hardly ever without all of these, and other languages have none of them.
const ENGLISH: [&str; 18] = [
    "the", "with", "this", "that", "it", "you", "they", "what", "which", "would", "n't", "'m", "'ve", "'ll",
    "n’t", "’m", "’ve", "’ll",
];

/// Turns tokens back into text: repeats and capitals as their markers say, punctuation and contractions set close.
/// Where the rules lost the difference (`well - known`), the commoner reading is taken.
#[must_use]
pub fn undo(tokens: &[&str]) -> String {
    let mut writer = Writer {
        english: is_english(tokens),
        ..Writer::default()
    };
    let mut rest = tokens;
    while let [token, tail @ ..] = rest {
        rest = tail;
        let next = rest.first().copied().unwrap_or_default();
        match *token {
            "" | PAD | EOS => {}
            BOS => writer.new_line(),
            FLD => {
                writer.new_line();
                rest = &rest[usize::from(next.parse::<usize>().is_ok())..];
            }
            UP => writer.case = Case::Upper,
            MAJ => writer.case = Case::Title,
            REP | WREP => {
                if let Some((count, case, what, tail)) = repeat(rest) {
                    rest = tail;
                    writer.case = case;
                    writer.repeat(count, what, if *token == REP { "" } else { " " });
                }
            }
            word => writer.word(word, next),
        }
    }
    writer.out
}

/// Whether tokens are of an English text. With a capital a word may be of a name or a title.
fn is_english(tokens: &[&str]) -> bool {
    let mut before = "";
    tokens.iter().any(|&token| {
        let marked = before == MAJ || before == UP;
        before = token;
        !marked && ENGLISH.contains(&token)
    })
}

/// Reads what follows a repeat marker: how often, the case, what, and the remaining tokens.
fn repeat<'a, 'b>(tokens: &'b [&'a str]) -> Option<(usize, Case, &'a str, &'b [&'a str])> {
    let (count, tail) = tokens.split_first()?;
    let count = count.parse::<usize>().ok()?.min(MAX_REPEATS);
    let (case, tail) = match tail {
        [UP, tail @ ..] => (Case::Upper, tail),
        [MAJ, tail @ ..] => (Case::Title, tail),
        _ => (Case::AsIs, tail),
    };
    let (what, tail) = tail.split_first().filter(|(what, _)| !SPECIALS.contains(what))?;
    Some((count, case, what, tail))
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Case {
    #[default]
    AsIs,
    Title,
    Upper,
}

#[derive(Default)]
struct Writer<'a> {
    out: String,
    /// For the next word.
    case: Case,
    /// The token written last, before its case was restored.
    last: &'a str,
    last_case: Case,
    /// Whether the next token attaches to the last.
    attach: bool,
    double_quote_open: bool,
    single_quote_open: bool,
    /// Whether a lone `i` is the pronoun; in other languages it is another word.
    english: bool,
}

impl<'a> Writer<'a> {
    fn new_line(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        self.begin();
    }

    /// Begins anew behind what is written.
    fn begin(&mut self) {
        *self = Self {
            out: std::mem::take(&mut self.out),
            attach: true,
            english: self.english,
            ..Self::default()
        };
    }

    fn word(&mut self, token: &'a str, next: &str) {
        let text = token.replace(VISIBLE_SPACE, " ");
        if text.trim().is_empty() {
            self.out.push_str(text.trim_end_matches(' '));
            self.begin();
            return;
        }
        let (before, after) = self.attaches(token, next);
        // Capitals are marked once for a whole word, which may be several tokens: DO N'T, TOP - NOTCH.
        let same_word =
            before && self.last_case == Case::Upper && (is_ending(self.last, token) || is_joiner(self.last));
        let case = std::mem::take(&mut self.case);
        // The rules mark no capital of a single letter, and in English this word is hardly ever written without.
        let joined = before && !self.last.is_empty() && is_joiner(self.last);
        let is_pronoun = self.english && token == "i" && !joined;
        let case = if same_word { Case::Upper } else { case };
        self.put(
            &restore(&text, if is_pronoun { Case::Upper } else { case }),
            before,
        );
        if !(before && is_joiner(token)) {
            self.last_case = case;
        }
        self.last = token;
        self.attach = after;
    }

    /// Writes `what` `count` times, letters and digits as part of the word that they were cut out of.
    fn repeat(&mut self, count: usize, what: &'a str, between: &str) {
        let is_char = between.is_empty();
        let ends_in = |test: fn(char) -> bool| self.out.ends_with(test);
        let is_digit = is_char && what.chars().all(|c| c.is_ascii_digit());
        let is_letter = is_char && what.chars().all(char::is_alphabetic);
        let in_number = |text: &str| {
            text.strip_suffix([',', '.'])
                .unwrap_or(text)
                .ends_with(|c: char| c.is_ascii_digit())
        };
        let inside = (is_digit && in_number(&self.out)) || (is_letter && ends_in(char::is_alphabetic));
        let (before, after) = self.attaches(what, "");
        let case = std::mem::take(&mut self.case);
        let text = vec![restore(what, case); count].join(between);
        self.put(&text, before || inside);
        self.last = what;
        self.last_case = case;
        self.attach = after;
    }

    fn put(&mut self, text: &str, attached: bool) {
        if !attached && !self.out.is_empty() {
            self.out.push(' ');
        }
        self.out.push_str(text);
    }

    /// Whether `token` attaches to what is before and to what is after it.
    fn attaches(&mut self, token: &str, next: &str) -> (bool, bool) {
        let before = self.attach;
        let first = token.chars().next().unwrap_or_default();
        let after_word = self.last.ends_with(char::is_alphanumeric);
        match token {
            "\"" => {
                self.double_quote_open ^= true;
                return if self.double_quote_open {
                    (before, true)
                } else {
                    (true, false)
                };
            }
            "'" if self.single_quote_open || !self.last.ends_with('s') => {
                self.single_quote_open ^= true;
                return if self.single_quote_open {
                    (before, true)
                } else {
                    (true, false)
                };
            }
            "'" => return (true, false),
            HYPHEN if after_word && next.starts_with(char::is_alphanumeric) => return (true, true),
            _ => {}
        }
        if JOINING.contains(first) && token.chars().count() == 1 {
            (true, true)
        } else if OPENING.contains(first) {
            (before, true)
        } else {
            (
                before || CLOSING.contains(first) || is_ending(self.last, token) || self.completes_run(token),
                false,
            )
        }
    }

    /// Whether `token` is the rest of a word out of which a repeated letter was cut: `co xxrep 3 o l`.
    fn completes_run(&self, token: &str) -> bool {
        let mut chars = token.chars();
        let (Some(only), None) = (chars.next(), chars.next()) else {
            return false;
        };
        let run: Vec<char> = self.out.chars().rev().take(3).collect();
        let after_run = run.len() == 3 && run[0].is_alphabetic() && run.iter().all(|c| *c == run[0]);
        after_run && only.is_alphabetic() && !"ai".contains(only)
    }
}

/// Whether `token` is the second half of a contraction or of another word that the tokeniser cuts in two.
fn is_ending(last: &str, token: &str) -> bool {
    const ENDINGS: [&str; 14] = [
        "n't", "'s", "'re", "'ve", "'ll", "'d", "'m", "n’t", "’s", "’re", "’ve", "’ll", "’d", "’m",
    ];
    last.ends_with(char::is_alphanumeric) && ENDINGS.contains(&token) || word::is_split_pair(last, token)
}

fn is_joiner(token: &str) -> bool {
    token == HYPHEN || JOINING.contains(token)
}

fn restore(word: &str, case: Case) -> String {
    let mut chars = word.chars();
    match (case, chars.next()) {
        (Case::Upper, _) => word.to_uppercase(),
        (Case::Title, Some(first)) => first.to_uppercase().chain(chars).collect(),
        _ => word.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn undone(tokens: &str) -> String {
        undo(&tokens.split(' ').collect::<Vec<_>>())
    }

    #[test]
    fn case_and_repeats_come_back() {
        assert_eq!(undone("xxbos xxmaj the xxup bbc was good"), "The BBC was good");
        assert_eq!(undone("xxmaj good xxrep 4 ! xxmaj really ."), "Good!!!! Really.");
        assert_eq!(undone("it was s xxrep 4 o good"), "it was soooo good");
        assert_eq!(undone("c xxrep 3 o l"), "coool");
        assert_eq!(undone("$ 1 xxrep 3 0 or 2 , xxrep 3 0"), "$1000 or 2,000");
        assert_eq!(undone("xxwrep 3 very good"), "very very very good");
        assert_eq!(undone("xxwrep 3 xxmaj ha !"), "Ha Ha Ha!");
        assert_eq!(
            undone("xxup top - notch , i xxup do n't know"),
            "TOP-NOTCH, I DON'T know"
        );
        assert_eq!(undone("i know , i 'm in the wi - i"), "I know, I'm in the wi-i");
        assert_eq!(undone("xxbos i know that"), "I know that");
        assert_eq!(undone("they go \n\n i go xxbos i too"), "they go\n\nI go\nI too");
    }

    #[test]
    fn only_in_english_an_i_is_a_pronoun() {
        assert_eq!(undone("xxbos xxmaj mąż i żona"), "Mąż i żona");
        assert_eq!(undone("xxbos i skoven bor en ræv"), "i skoven bor en ræv");
        // The title of a film makes no English text.
        assert_eq!(
            undone("xxmaj the xxmaj ring i xxup the xxmaj end"),
            "The Ring i THE End"
        );
        assert_eq!(undone("xxmaj the film i saw with you"), "The film I saw with you");
    }

    #[test]
    fn punctuation_is_set_close() {
        assert_eq!(undone("xxmaj i do n't know , ( yet ) …"), "I don't know, (yet)…");
        assert_eq!(undone("he said \" no \" , twice"), "he said \"no\", twice");
        assert_eq!(
            undone("the boys ' club and the ' big ' one"),
            "the boys' club and the 'big' one"
        );
        assert_eq!(
            undone("you can not - not ever - say and / or"),
            "you cannot-not ever-say and/or"
        );
        assert_eq!(undone("gon na be 50 % off at 10 pm"), "gonna be 50% off at 10pm");
        assert_eq!(undone("one \n\n two"), "one\n\ntwo");
        assert_eq!(undone("one \n▁ two"), "one\ntwo");
    }

    #[test]
    fn markers_without_their_words_are_dropped() {
        assert_eq!(
            undone("xxpad xxbos xxfld 1 xxmaj title xxfld 2 body xxeos"),
            "Title\nbody"
        );
        assert_eq!(undone("so xxrep"), "so");
        assert_eq!(undone("so xxrep many things xxwrep 3"), "so many things 3");
        assert_eq!(undone("xxrep 4 xxbos done xxmaj"), "4\ndone");
        assert_eq!(undone("xxrep 99999 z").len(), MAX_REPEATS);
    }

    proptest! {
        #[test]
        fn never_panics(tokens in prop::collection::vec("xxrep|xxwrep|xxup|xxmaj|[0-9]{1,30}|\\PC{0,3}", 0..20)) {
            let text = undo(&tokens.iter().map(String::as_str).collect::<Vec<_>>());
            prop_assert!(SPECIALS.iter().all(|mark| !text.contains(mark)), "{text}");
        }
    }
}

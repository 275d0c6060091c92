//! Chunks that are split by a list and not by rule: contractions, abbreviations, clock times, emoticons.
//!
//! The tables below are spelt out as compactly as English allows; [`build`] multiplies them.

use std::collections::HashMap;

/// How a special chunk is split: the byte lengths of its tokens.
pub type Pieces = Box<[u8]>;

const WILL_WOULD: [&[&str]; 4] = [&["'ll"], &["'ll", "'ve"], &["'d"], &["'d", "'ve"]];
const PRONOUNS: [&str; 7] = ["i", "you", "he", "she", "it", "we", "they"];
const QUESTION_WORDS: [&str; 7] = ["who", "what", "when", "where", "why", "how", "there"];
const SINGULAR: [&str; 2] = ["that", "this"];
const PLURAL: [&str; 2] = ["these", "those"];
const NOT_HAVE_VERBS: [&str; 15] = [
    "ca", "could", "do", "does", "did", "had", "may", "might", "must", "need", "ought", "sha", "should",
    "wo", "would",
];
const NOT_VERBS: [&str; 8] = ["ai", "are", "is", "was", "were", "have", "has", "dare"];
const HAVE_VERBS: [&str; 5] = ["could", "might", "must", "should", "would"];
/// With and without a final apostrophe.
const CLIPPED: [&str; 8] = [
    "doin", "goin", "havin", "lovin", "nothin", "nuthin", "ol", "somethin",
];
/// Contractions without apostrophe that are words of their own: never split.
const WORDS: [&str; 8] = ["ill", "its", "hell", "shell", "shed", "were", "well", "whore"];

/// Split at the spaces; also with a capital.
const SPLIT: &str = "how 'd 'y|not 've|not ve|can not|gon na|got ta|let 's|c'm on";
const SPLIT_SMALL_ONLY: &str = "y' all|y all";

/// Kept whole; also with a capital after the apostrophe or at the start.
const WHOLE_CAPITALISED: &str = "'cause 'cos 'coz 'cuz ma'am o'clock";
const WHOLE: &str = "
    ' '' — \\\") \\t \\n <space> C++ 'S 's ‘S ‘s and/or w/o 're 'bout 'd em 'em ll 'll nuff 'nuff
    Ak. Ala. Apr. Ariz. Ark. Aug. Calif. Colo. Conn. Dec. Del. Feb. Fla. Ga. Ia. Id. Ill. Ind. Jan. Jul. Jun. Kan.
    Kans. Ky. La. Mar. Mass. Mich. Minn. Miss. Mt. N.C. N.D. N.H. N.J. N.M. N.Y. Neb. Nebr. Nev. Nov. Oct. Okla. Ore.
    Pa. S.C. Sep. Sept. Tenn. Va. Wash. Wis.
    a.m. p.m. Adm. Bros. co. Co. Corp. D.C. Dr. e.g. E.g. E.G. Gen. Gov. i.e. I.e. I.E. Inc. Jr. Ltd. Md. Messrs. Mo.
    Mont. Mr. Mrs. Ms. Ph.D. Prof. Rep. Rev. Sen. St. vs. v.s.";

/// Eyes, then every mouth that may follow them, with a nose or without.
const FACES: [(&str, &str); 4] = [
    (":", ") )) ))) ( (( ((( ] } / | P p O o 0 3 * > X x D"),
    (":'", ") ("),
    (";", ") D"),
    ("8", ") D"),
];
const NOSELESS: &str = "=) =( =] =[ =/ =| =3 =D";
const MIRRORED: &str = "(: (-: (= (; (-; (o: (-8 [: [-: [= ): )-: ]=";
const OTHER_FACES: &str = "
    :1 :o) :() >:( >:o xD XD xDD XDD ^_^ ^__^ ^___^ >.< >.> <.< ._. ;_; -_- -__- v.v V.V v_v V_V @_@ <3 <33 <333 </3
    (^_^) (-_-) (._.) (>_<) (*_*) (¬_¬) ಠ_ಠ ಠ︵ಠ (ಠ_ಠ) ¯\\(ツ)/¯ (╯°□°）╯︵┻━┻ ><(((*>";
/// Wide eyes of two sizes, as in `o_O`.
const WIDE_EYES: [&str; 7] = ["oo", "oO", "Oo", "OO", "0o", "o0", "00"];

/// Every special chunk with its split. White space is not among them: it is one token anyhow. Nor are the special
/// tokens (`xxbos` and so on): made of letters only, they are never split.
pub fn build() -> HashMap<String, Pieces> {
    let mut list = Exceptions::default();
    list.contractions();
    list.words();
    list.emoticons();
    list.0
}

#[derive(Default)]
struct Exceptions(HashMap<String, Pieces>);

impl Exceptions {
    /// Adds one chunk, and its twin with typographic apostrophes.
    fn add(&mut self, tokens: &[&str]) {
        let mut insert = |tokens: &[String]| {
            let lengths = tokens.iter().filter_map(|t| u8::try_from(t.len()).ok()).collect();
            self.0.insert(tokens.concat(), lengths);
        };
        let typographic: Vec<String> = tokens.iter().map(|t| t.replace('\'', "’")).collect();
        insert(&tokens.iter().map(ToString::to_string).collect::<Vec<_>>());
        insert(&typographic);
    }

    /// Adds a chunk as it is and with a capital.
    fn add_capitalised(&mut self, tokens: &[&str]) {
        self.add(tokens);
        if let Some((first, rest)) = tokens.split_first() {
            let capital = capitalise(first);
            self.add(&[&[capital.as_str()], rest].concat());
        }
    }

    /// Adds `stem` and `endings`, with and without apostrophes, small and capitalised.
    fn contract(&mut self, stem: &str, endings: &[&str]) {
        let bare: Vec<String> = endings.iter().map(|e| e.replace('\'', "")).collect();
        let bare: Vec<&str> = bare.iter().map(String::as_str).collect();
        self.add_capitalised(&[&[stem], endings].concat());
        self.add_capitalised(&[&[stem], &bare[..]].concat());
    }

    fn contractions(&mut self) {
        self.contract("i", &["'m"]);
        self.contract("i", &["'m", "a"]);
        for word in PRONOUNS
            .iter()
            .chain(&QUESTION_WORDS)
            .chain(&SINGULAR)
            .chain(&PLURAL)
        {
            for endings in WILL_WOULD {
                self.contract(word, endings);
            }
        }
        for word in ["i", "you", "we", "they"]
            .iter()
            .chain(&QUESTION_WORDS)
            .chain(&PLURAL)
            .chain(&HAVE_VERBS)
        {
            self.contract(word, &["'ve"]);
        }
        for word in ["you", "we", "they"].iter().chain(&QUESTION_WORDS).chain(&PLURAL) {
            self.contract(word, &["'re"]);
        }
        for word in ["he", "she", "it"].iter().chain(&QUESTION_WORDS).chain(&SINGULAR) {
            self.contract(word, &["'s"]);
        }
        for verb in NOT_HAVE_VERBS {
            self.not(verb, &[]);
            self.not(verb, &["'ve"]);
        }
        for verb in NOT_VERBS {
            self.not(verb, &[]);
        }
        for chunk in SPLIT.split('|') {
            self.add_capitalised(&chunk.split(' ').collect::<Vec<_>>());
        }
        for chunk in SPLIT_SMALL_ONLY.split('|') {
            self.add(&chunk.split(' ').collect::<Vec<_>>());
        }
        for hour in 1..=12 {
            for half in ["am", "a.m.", "pm", "p.m."] {
                self.add(&[&hour.to_string(), half]);
            }
        }
        for word in WORDS {
            self.0.remove(word);
            self.0.remove(&capitalise(word));
        }
    }

    fn not(&mut self, verb: &str, endings: &[&str]) {
        self.contract(verb, &[&["n't"], endings].concat());
    }

    fn words(&mut self) {
        for word in CLIPPED {
            self.add_capitalised(&[word]);
            self.add_capitalised(&[&format!("{word}'")]);
        }
        for word in WHOLE_CAPITALISED.split_whitespace() {
            self.add_capitalised(&[word]);
        }
        for word in WHOLE.split_whitespace() {
            self.add(&[word]);
        }
        for letter in ('a'..='z').chain(['ä', 'ö', 'ü']) {
            self.add(&[&format!("{letter}.")]);
        }
        for scale in ["c", "f", "k", "C", "F", "K"] {
            self.add(&["°", scale, "."]);
        }
    }

    fn emoticons(&mut self) {
        for (eyes, mouths) in FACES {
            for mouth in mouths.split_whitespace() {
                self.add(&[&format!("{eyes}{mouth}")]);
                self.add(&[&format!("{eyes}-{mouth}")]);
            }
        }
        for face in [NOSELESS, MIRRORED, OTHER_FACES]
            .iter()
            .flat_map(|list| list.split_whitespace())
        {
            self.add(&[face]);
        }
        for eyes in WIDE_EYES {
            let (left, right) = eyes.split_at(1);
            self.add(&[&format!("{left}_{right}")]);
            self.add(&[&format!("{left}.{right}")]);
        }
    }
}

/// Makes the first letter a capital, behind a leading apostrophe too.
fn capitalise(word: &str) -> String {
    let mut done = false;
    let capital = |c: char| {
        if done || !c.is_alphabetic() {
            return c;
        }
        done = true;
        c.to_ascii_uppercase()
    };
    word.chars().map(capital).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(chunk: &str) -> Option<Vec<String>> {
        let pieces = build().remove(chunk)?;
        let mut rest = chunk;
        let mut tokens = Vec::new();
        for len in pieces {
            let (token, after) = rest.split_at(usize::from(len));
            tokens.push(token.to_string());
            rest = after;
        }
        Some(tokens)
    }

    #[test]
    fn splits_add_up_to_their_chunk() {
        for (chunk, pieces) in build() {
            let mut end = 0;
            for len in &pieces {
                end += usize::from(*len);
                assert!(chunk.is_char_boundary(end), "{chunk}");
            }
            assert_eq!(end, chunk.len(), "{chunk}");
        }
    }

    #[test]
    fn covers_every_kind() {
        assert_eq!(split("shouldn't've").unwrap(), ["should", "n't", "'ve"]);
        assert_eq!(split("Theyll").unwrap(), ["They", "ll"]);
        assert_eq!(split("it’s").unwrap(), ["it", "’s"]);
        assert_eq!(split("11p.m.").unwrap(), ["11", "p.m."]);
        assert_eq!(split("°F.").unwrap(), ["°", "F", "."]);
        for whole in ["'Cause", "O'clock", "Mr.", "o_O", "8-)", ":’(", "z.", "Somethin’"] {
            assert_eq!(split(whole).unwrap(), [whole]);
        }
        for by_rule in ["well", "Hell", "its", "13pm", "mr.", "isn't've", "=-)"] {
            assert_eq!(split(by_rule), None, "{by_rule}");
        }
    }
}

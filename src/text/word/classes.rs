//! Character classes of the English word tokeniser: which characters are letters, cut off a word's start or end, and so
//! on. They follow spaCy's character tables, which are older and narrower than today's Unicode properties; pretrained
//! vocabularies were made with them, so the narrowness is kept.

use std::sync::LazyLock;

use regex::Regex;

/// A set of the classes below.
pub type Class = u8;

/// Cut off the start of a chunk.
pub const PREFIX: Class = 1;
/// Cut off the end of a chunk.
pub const SUFFIX: Class = 1 << 1;
/// A letter.
pub const ALPHA: Class = 1 << 2;
/// A lower-case letter, or one of a script without case.
pub const LOWER: Class = 1 << 3;
/// An upper-case letter, or one of a script without case.
pub const UPPER: Class = 1 << 4;
/// A quotation mark or bracket that counts as one.
pub const QUOTE: Class = 1 << 5;
/// A full stop after this character is a token of its own.
pub const BEFORE_STOP: Class = 1 << 6;
/// A symbol such as an emoji: always a token of its own.
pub const ICON: Class = 1 << 7;

const PUNCTUATION: &str = "…,:;!?¿؟¡()[]{}<>_#*&。？！，、；：～·।،۔؛٪";
const QUOTES: &str = "'\"”“`‘´’‚,„»«「」『』（）〔〕【】《》〈〉\u{2329}\u{232a}⟦⟧";
const DASHES: &str = "—–";
const PREFIX_SIGNS: &str = "§%=";
const CURRENCY: &str = "$£¥฿﷼";
const CURRENCY_BLOCK: (char, char) = ('\u{20a0}', '\u{20bf}');
const BEFORE_STOP_SIGNS: &str = "0123456789%²-+|";

/// Blocks whose letters have case; `char::is_uppercase` tells which one.
const CASED: &[(u32, u32)] = &[
    (0x41, 0x5a),
    (0x61, 0x7a),
    (0xc0, 0xd6),
    (0xd8, 0xf6),
    (0xf8, 0x1bf),
    (0x1c4, 0x2af),
    (0x386, 0x386),
    (0x388, 0x38a),
    (0x38c, 0x38c),
    (0x38e, 0x38f),
    (0x391, 0x3a9),
    (0x3ac, 0x3af),
    (0x3b1, 0x3c9),
    (0x3cc, 0x3ce),
    (0x400, 0x401),
    (0x403, 0x40a),
    (0x40c, 0x40d),
    (0x410, 0x451),
    (0x453, 0x45a),
    (0x45c, 0x45d),
    (0x490, 0x491),
    (0x496, 0x497),
    (0x4a2, 0x4a3),
    (0x4ae, 0x4af),
    (0x4ba, 0x4bb),
    (0x4d8, 0x4d9),
    (0x4e8, 0x4e9),
    (0x1d00, 0x1d25),
    (0x1d6b, 0x1d77),
    (0x1d79, 0x1d9a),
    (0x1e00, 0x1eff),
    (0x2c60, 0x2c7b),
    (0x2c7e, 0x2c7f),
    (0xa722, 0xa76f),
    (0xa771, 0xa787),
    (0xa78b, 0xa78e),
    (0xa790, 0xa7b9),
    (0xa7fa, 0xa7fa),
    (0xab30, 0xab5a),
    (0xab60, 0xab64),
    (0xff21, 0xff3a),
    (0xff41, 0xff5a),
];

/// Blocks of scripts without case (Hebrew, Arabic, Indic, Ethiopic, Hangul, kana, Han): lower and upper at once.
const UNCASED: &[(u32, u32)] = &[
    (0x591, 0x5f4),
    (0x620, 0x64a),
    (0x66e, 0x6d5),
    (0x6e5, 0x6ff),
    (0x750, 0x77f),
    (0x8a0, 0x8bd),
    (0x900, 0x9ff),
    (0xb80, 0xcff),
    (0xd80, 0xdff),
    (0x1100, 0x137f),
    (0x2e80, 0x2fdf),
    (0x2ff0, 0x30ff),
    (0x31c0, 0x31ef),
    (0x3200, 0x4dbf),
    (0x4e00, 0x9fff),
    (0xac00, 0xd7af),
    (0xf900, 0xfaff),
    (0xfb1d, 0xfbb1),
    (0xfbd3, 0xfd3d),
    (0xfd50, 0xfdc7),
    (0xfdf0, 0xfdfb),
    (0xfe30, 0xfe4f),
    (0xfe70, 0xfefc),
    (0x1ee00, 0x1eebb),
    (0x1f200, 0x1f2ff),
    (0x20000, 0x2a6df),
    (0x2a700, 0x2ebef),
    (0x2f800, 0x2fa1f),
];

/// Letters with neither case: ƻ and the title-case digraphs.
const CASELESS: &str = "ƻǅǈǋǲ";
/// The gap in the Greek capitals counts as one of them.
const UNASSIGNED_CAPITAL: char = '\u{3a2}';

/// "Symbol, other" as of Unicode 11.
const ICONS: &str = r"[\p{So}&&\p{Age:11.0}--\x{166D}]";

/// From here on only Han ideographs have a class.
const TABLE_END: u32 = 0x2_0000;

static TABLE: LazyLock<Box<[Class]>> = LazyLock::new(build);

/// The classes `c` belongs to.
pub fn class(c: char) -> Class {
    TABLE.get(c as usize).copied().unwrap_or_else(|| letter(c))
}

/// Whether `c` is in any of `classes`.
pub fn is(c: char, classes: Class) -> bool {
    class(c) & classes != 0
}

/// Python's `str.isspace`: Unicode white space and the four ASCII separators.
pub fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

/// A word character of Python's `\w`: letters, numbers of any kind, the underscore; no combining marks.
pub fn is_word(c: char) -> bool {
    static WORD: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[\p{L}\p{N}]").ok());
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || c == '_';
    }
    match WORD.as_ref() {
        Some(word) => word.is_match(c.encode_utf8(&mut [0; 4])),
        None => c.is_alphanumeric(),
    }
}

fn build() -> Box<[Class]> {
    let all: String = (0..TABLE_END).filter_map(char::from_u32).collect();
    let mut table: Box<[Class]> = (0..TABLE_END)
        .map(|u| char::from_u32(u).map_or(0, letter))
        .collect();
    let mut add = |chars: &str, classes: Class| {
        for c in chars.chars() {
            table[c as usize] |= classes;
        }
    };
    add(PUNCTUATION, PREFIX | SUFFIX | BEFORE_STOP);
    add(QUOTES, PREFIX | SUFFIX | BEFORE_STOP | QUOTE);
    add(DASHES, PREFIX | SUFFIX);
    add(PREFIX_SIGNS, PREFIX);
    add(CURRENCY, PREFIX);
    add(&(CURRENCY_BLOCK.0..=CURRENCY_BLOCK.1).collect::<String>(), PREFIX);
    add(BEFORE_STOP_SIGNS, BEFORE_STOP);
    if let Ok(icons) = Regex::new(ICONS) {
        for icon in icons.find_iter(&all) {
            add(icon.as_str(), PREFIX | SUFFIX | ICON);
        }
    }
    table
}

fn letter(c: char) -> Class {
    let u = c as u32;
    let within = |&(first, last): &(u32, u32)| (first..=last).contains(&u);
    if UNCASED.iter().any(within) {
        ALPHA | LOWER | UPPER | BEFORE_STOP
    } else if CASED.iter().any(within) {
        if CASELESS.contains(c) {
            ALPHA
        } else if c.is_uppercase() || c == UNASSIGNED_CAPITAL {
            ALPHA | UPPER
        } else {
            ALPHA | LOWER | BEFORE_STOP
        }
    } else {
        0
    }
}

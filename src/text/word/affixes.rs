//! What is cut off the start, the end and the inside of a chunk. Every function returns byte lengths or offsets.

use super::classes::{ALPHA, BEFORE_STOP, ICON, LOWER, PREFIX, QUOTE, SUFFIX, UPPER, class, is};

/// Units cut off a number that ends in an ASCII digit. `тб` is missing and `тбكم` there because a space is missing in
/// spaCy's list.
const UNITS: &str = "
    km km² km³ m m² m³ dm dm² dm³ cm cm² cm³ mm mm² mm³ ha µm nm yd in ft kg g mg µg t lb oz m/s km/h kmh mph hPa Pa
    mbar mb MB kb KB gb GB tb TB T G M K %
    км км² км³ м м² м³ дм дм² дм³ см см² см³ мм мм² мм³ нм кг г мг м/с км/ч кПа Па мбар Кб КБ кб Мб МБ мб Гб ГБ гб
    Тб ТБ тбكم كم كم² كم³ م م² م³ سم سم² سم³ مم مم² مم³ غرام جرام جم كغ ملغ كوب اكواب";
const DOLLARS: [&str; 3] = ["US$", "C$", "A$"];
const POSSESSIVES: [&str; 4] = ["'s", "'S", "’s", "’S"];
/// Longest first: `--` between letters is one token, although `-` would fit first.
const HYPHENS: [&str; 5] = ["---", "--", "——", "—", "–"];

/// Length of what is cut off the start of `s`, or 0.
pub fn prefix_len(s: &str) -> usize {
    let mut chars = s.chars();
    let Some(first) = chars.next() else { return 0 };
    match first {
        '.' => ellipsis(s.bytes()),
        '+' => usize::from(!chars.next().is_some_and(|c| c.is_ascii_digit())),
        'U' | 'C' | 'A' => DOLLARS.iter().find(|d| s.starts_with(**d)).map_or(0, |d| d.len()),
        _ if is(first, PREFIX) => first.len_utf8(),
        _ => 0,
    }
}

/// Length of what is cut off the end of `s`, or 0. Where several endings fit, the longest is cut.
pub fn suffix_len(s: &str) -> usize {
    let mut chars = s.chars();
    let Some(last) = chars.next_back() else { return 0 };
    let head = chars.as_str();
    let before = chars.next_back();
    match last {
        '.' => return ellipsis(s.bytes().rev()).max(usize::from(is_stop(before, chars.next_back()))),
        '…' if before == Some('…') => return 2 * last.len_utf8(),
        's' | 'S' if matches!(before, Some('\'' | '’')) => {
            return POSSESSIVES
                .iter()
                .find(|p| s.ends_with(**p))
                .map_or(0, |p| p.len());
        }
        '+' => return usize::from(head.ends_with(|c: char| c.is_ascii_digit())),
        _ => {}
    }
    let single = if is(last, SUFFIX) { last.len_utf8() } else { 0 };
    single.max(measure(s))
}

/// A currency or unit that directly follows the last ASCII digit.
fn measure(s: &str) -> usize {
    const LONGEST: usize = 10;
    let bytes = s.as_bytes();
    let tail_start = bytes.len().saturating_sub(LONGEST + 1);
    let Some(digit) = bytes[tail_start..].iter().rposition(u8::is_ascii_digit) else {
        return 0;
    };
    let tail = &s[tail_start + digit + 1..];
    let mut chars = tail.chars();
    let is_currency = match (chars.next(), chars.next()) {
        (Some(c), None) => matches!(c, '$' | '£' | '¥' | '฿' | '﷼' | '\u{20a0}'..='\u{20bf}'),
        _ => DOLLARS.contains(&tail),
    };
    if is_currency || UNITS.split_whitespace().any(|unit| unit == tail) {
        tail.len()
    } else {
        0
    }
}

/// Whether a final full stop is a token of its own: after a small letter, a digit or punctuation, and after two
/// capitals (`U.S.` keeps its stops).
fn is_stop(before: Option<char>, second: Option<char>) -> bool {
    before.is_some_and(|c| {
        is(c, BEFORE_STOP)
            || (is(c, UPPER) && second.is_some_and(|d| is(d, UPPER)))
            || (second == Some('°') && "FfCcKk".contains(c))
    })
}

/// Length of a run of two or more full stops at the start of `bytes`, or 0.
fn ellipsis(bytes: impl Iterator<Item = u8>) -> usize {
    match bytes.take_while(|b| *b == b'.').count() {
        1 => 0,
        run => run,
    }
}

/// Calls `found(start, end)` for every cut inside `s`, from left to right.
pub fn for_each_infix(s: &str, mut found: impl FnMut(usize, usize)) {
    let mut before: Option<char> = None;
    let mut at = 0;
    while let Some(c) = s[at..].chars().next() {
        let len = infix_len(before, c, &s[at..]);
        if len > 0 {
            found(at, at + len);
            before = s[at..at + len].chars().next_back();
            at += len;
        } else {
            before = Some(c);
            at += c.len_utf8();
        }
    }
}

fn infix_len(before: Option<char>, c: char, rest: &str) -> usize {
    if c.is_ascii_alphanumeric() {
        return 0;
    }
    let after = |len: usize| rest[len..].chars().next();
    let next_is = |len: usize, classes| after(len).is_some_and(|n| is(n, classes));
    let follows = |classes| before.is_some_and(|b| is(b, classes));
    let follows_digit = before.is_some_and(|b| b.is_ascii_digit());
    let in_sum = || follows_digit && after(1).is_some_and(|n| n.is_ascii_digit() || n == '-');
    match c {
        '.' => match ellipsis(rest.bytes()) {
            0 => usize::from(follows(LOWER | QUOTE) && next_is(1, UPPER | QUOTE)),
            run => run,
        },
        '…' => c.len_utf8(),
        '+' | '*' | '^' => usize::from(in_sum()),
        '-' if in_sum() => 1,
        ',' => usize::from(follows(ALPHA) && next_is(1, ALPHA)),
        '-' | '~' if (follows(ALPHA) || follows_digit) && next_is(1, ALPHA) => 1,
        '-' | '–' | '—' if follows(ALPHA) || follows_digit => {
            let fits = |h: &&&str| rest.starts_with(**h) && next_is(h.len(), ALPHA);
            HYPHENS.iter().find(fits).map_or(0, |h| h.len())
        }
        ':' | '<' | '>' | '=' | '/' => usize::from((follows(ALPHA) || follows_digit) && next_is(1, ALPHA)),
        _ if class(c) & ICON != 0 => c.len_utf8(),
        _ => 0,
    }
}

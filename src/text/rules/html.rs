//! HTML character references.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Longest name of an HTML character reference that is looked up, in characters.
const REFERENCE_MAX: usize = 32;

/// Decodes HTML character references as Python's `html.unescape` does: like a browser, references that lack the
/// semicolon and longer words that start with one included.
pub fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let len = match rest.strip_prefix("&#") {
            Some(number) => numeric_reference(number, &mut out).map_or(0, |len| len + 2),
            None => named_reference(rest, &mut out),
        };
        if len == 0 {
            out.push('&');
        }
        rest = &rest[len.max(1)..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Decodes what follows `&#`; gives the length read, or `None` if it is no number.
fn numeric_reference(number: &str, out: &mut String) -> Option<usize> {
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(hex) => (hex, 16),
        None => (number, 10),
    };
    let count = digits
        .bytes()
        .take_while(|b| char::from(*b).is_digit(radix))
        .count();
    if count == 0 {
        return None;
    }
    // Too many digits for a u32 is no code point either.
    let code = u32::from_str_radix(&digits[..count], radix).unwrap_or(u32::MAX);
    out.extend(code_point(code));
    let semicolon = usize::from(digits[count..].starts_with(';'));
    Some(number.len() - digits.len() + count + semicolon)
}

/// The character that a browser shows for a numeric reference: 128 to 159 mean Windows-1252, control characters and
/// non-characters mean nothing.
fn code_point(code: u32) -> Option<char> {
    const WINDOWS_1252: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";
    match code {
        0 => Some(char::REPLACEMENT_CHARACTER),
        0x80..=0x9f => WINDOWS_1252.chars().nth(code as usize - 0x80),
        0x1..=0x8 | 0xb | 0xe..=0x1f | 0x7f | 0xfdd0..=0xfdef => None,
        _ if code <= 0x10_ffff && code & 0xfffe == 0xfffe => None,
        _ => Some(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)),
    }
}

/// Decodes the named reference at the start of `text`; gives the length read with its `&`, or 0 if there is none.
fn named_reference(text: &str, out: &mut String) -> usize {
    static NAMES: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
        entities::ENTITIES
            .iter()
            .map(|e| (e.entity, e.characters))
            .collect()
    });
    let name = &text[1..];
    let end = name
        .char_indices()
        .enumerate()
        .find(|(n, (_, c))| {
            *n == REFERENCE_MAX || matches!(c, '\t' | '\n' | '\x0c' | ' ' | '<' | '&' | '#' | ';')
        })
        .map_or(name.len(), |(_, (at, _))| at);
    let semicolon = usize::from(end > 0 && name[end..].starts_with(';'));
    let whole = 1 + end + semicolon;
    // The shortest names have two letters.
    for len in (3..=whole).rev().filter(|len| text.is_char_boundary(*len)) {
        if let Some(characters) = NAMES.get(&text[..len]) {
            out.push_str(characters);
            return len;
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_decoded_as_browsers_do() {
        for (text, decoded) in [
            ("a &lt; b &amp;&amp; c", "a < b && c"),
            ("caf&eacute and &notit;", "café and ¬it;"),
            ("&#39;&#x27;&#X27;&#39", "''''"),
            ("&#150;&#0;&#xD800;&#99999999999;", "–\u{fffd}\u{fffd}\u{fffd}"),
            ("&#1;&#xFFFF;", ""),
            ("&NotEqualTilde;", "≂\u{338}"),
            ("R&B & &; &# &#x &é", "R&B & &; &# &#x &é"),
        ] {
            assert_eq!(unescape(text), decoded, "{text}");
        }
    }
}

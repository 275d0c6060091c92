//! Web and mail addresses, which stay whole.

use super::classes::{LOWER, is, is_word};

const LABEL_MAX: usize = 64;
const TOP_LEVEL: std::ops::RangeInclusive<usize> = 2..=63;
const PORT: std::ops::RangeInclusive<usize> = 2..=5;

/// Whether all of `s` is an address: `[scheme://][user[:password]@]host[:port][/path]`, the host a public IPv4 address
/// or a domain name with a top-level label in small letters.
pub fn is_url(s: &str) -> bool {
    // A host has a full stop: most words are dismissed here.
    if !s.contains('.') {
        return false;
    }
    let after_scheme = scheme_len(s);
    // The user part may hold anything, "@" and "://" too, so every "@" with something before it may end it.
    std::iter::once(0)
        .chain((after_scheme > 0).then_some(after_scheme))
        .chain(
            s.match_indices('@')
                .filter(|(at, _)| *at > 0)
                .map(|(at, _)| at + 1),
        )
        .any(|start| starts_with_host(&s[start..]))
}

/// Length of a leading `scheme://`, or 0.
fn scheme_len(s: &str) -> usize {
    match s.find("://") {
        Some(end) if s[..end].chars().nth(1).is_some() && s[..end].chars().all(is_scheme_char) => end + 3,
        _ => 0,
    }
}

fn is_scheme_char(c: char) -> bool {
    matches!(c, '+' | '-' | '.') || is_word(c)
}

/// Whether `s` is a host, then perhaps a port, then perhaps a path, a query or a fragment.
fn starts_with_host(s: &str) -> bool {
    // Stopping at the next "@", which no host has, keeps a long run of them from being read again and again.
    let end = s.find([':', '/', '?', '#', '@']).unwrap_or(s.len());
    let (host, mut rest) = s.split_at(end);
    if let Some(port) = rest.strip_prefix(':') {
        let digits = port.bytes().take_while(u8::is_ascii_digit).count();
        if !PORT.contains(&digits) {
            return false;
        }
        rest = &port[digits..];
    }
    (rest.is_empty() || rest.starts_with(['/', '?', '#'])) && (is_domain(host) || is_public_ip(host))
}

fn is_domain(host: &str) -> bool {
    let Some((labels, top)) = host.rsplit_once('.') else {
        return false;
    };
    TOP_LEVEL.contains(&top.chars().count())
        && top.chars().all(|c| is(c, LOWER))
        && labels.split('.').all(|label| {
            let edge = |c: Option<char>| c.is_some_and(is_label_edge);
            edge(label.chars().next())
                && edge(label.chars().next_back())
                && label.chars().all(|c| is_label_edge(c) || c == '_' || c == '-')
                && label.chars().count() <= LABEL_MAX
        })
}

fn is_label_edge(c: char) -> bool {
    c.is_ascii_alphanumeric() || ('\u{a1}'..='\u{ffff}').contains(&c)
}

/// Four numbers, outside the private, loopback, link-local and reserved networks.
fn is_public_ip(host: &str) -> bool {
    let mut parts = [0; 4];
    let mut texts = host.split('.');
    for (i, part) in parts.iter_mut().enumerate() {
        let Some(text) = texts.next() else { return false };
        let zero_padded = text.len() > 1 && text.starts_with('0');
        // Of the inner two, one leading zero is let through.
        let padding_ok = !zero_padded || (matches!(i, 1 | 2) && text.len() == 2);
        if text.is_empty() || text.len() > 3 || !padding_ok || !text.bytes().all(|b| b.is_ascii_digit()) {
            return false;
        }
        *part = text.parse().unwrap_or(u16::MAX);
    }
    texts.next().is_none()
        && (1..=223).contains(&parts[0])
        && parts[1] <= 255
        && parts[2] <= 255
        && (1..=254).contains(&parts[3])
        && !matches!(
            parts,
            [10 | 127, ..] | [169, 254, ..] | [192, 168, ..] | [172, 16..=31, ..]
        )
}

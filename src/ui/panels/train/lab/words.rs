//! What a comparison says, in plain words: rules from the numbers to sentences.

use super::super::numbers::{capital, ends, per_cent};
use super::job::least_difference;
use super::kept::{Comparison, MOST_FREQUENT, TFIDF};
use crate::session::protocol::Compared;
use crate::session::trust::CHANCE;

/// How one way stands to the one that it is judged against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// It is that one.
    Reference,
    /// Chance could have made the difference.
    Close,
    /// It errs so many points more.
    Worse(f64),
    /// It errs so many points less.
    Better(f64),
}

/// How a row stands to the one that it is judged against.
pub fn verdict(row: &Compared, reference: &Compared) -> Verdict {
    let points = 100.0 * (row.error - reference.error);
    match row.p {
        _ if row.way == reference.way => Verdict::Reference,
        Some(p) if p <= CHANCE && points > 0.0 => Verdict::Worse(points),
        Some(p) if p <= CHANCE && points < 0.0 => Verdict::Better(-points),
        _ => Verdict::Close,
    }
}

/// 3.2 points, 14 points.
pub fn points(points: f64) -> String {
    if points < 9.95 {
        format!("{points:.1} points")
    } else {
        format!("{points:.0} points")
    }
}

/// The verdict as it stands beside a row.
pub fn against(row: &Compared, reference: &Compared) -> String {
    let name = &reference.way;
    match verdict(row, reference) {
        Verdict::Reference => "the others are judged against it".into(),
        Verdict::Close => format!("too close to {name} to tell"),
        Verdict::Worse(by) => format!("{} worse than {name}", points(by)),
        Verdict::Better(by) => format!("{} better than {name}", points(by)),
    }
}

/// The p-value, as it is written.
pub fn p(p: f64) -> String {
    if p < 0.001 {
        "p < 0.001".into()
    } else if p < 0.1 {
        format!("p = {p:.3}")
    } else {
        format!("p = {p:.2}")
    }
}

/// An error with its interval.
pub fn wrong(row: &Compared) -> String {
    let ends = ends(row.error_low, row.error_high);
    format!("{} wrong ({ends})", per_cent(row.error))
}

/// What a way is, as part of a sentence: what ULMFiT would be like.
fn phrase(name: &str) -> String {
    let what = match name {
        "ulmfit-no-adapt" => "without reading your texts first (stage 2)",
        "scratch" => "from random weights, trained all at once,",
        "full" => "with every layer trained at once at one constant rate",
        "full-discr" => "with every layer trained at once at constant rates",
        "last" => "with the head alone trained, at a constant rate,",
        "chain-thaw" => "with one layer trained at a time, at constant rates,",
        "freez" => "with gradual unfreezing alone, at one constant rate,",
        "freez-discr" => "without the slanted triangle",
        "freez-stlr" => "without slower rates for lower layers",
        "freez-cos" => "with a cosine in place of the triangle and one rate for all layers",
        TFIDF => "counting words (TF-IDF)",
        MOST_FREQUENT => "guessing the most frequent label",
        other => return format!("as {other}"),
    };
    what.into()
}

/// a, b and c.
pub fn listed(all: &[String]) -> String {
    match all {
        [] => String::new(),
        [one] => one.clone(),
        [some @ .., last] => format!("{} and {last}", some.join(", ")),
    }
}

/// What the rows say together, in a few sentences; nothing before the first way is measured.
pub fn reading(comparison: &Comparison) -> Vec<String> {
    let Some(reference) = comparison.reference() else {
        return Vec::new();
    };
    let name = &reference.way;
    let others = || comparison.rows.iter().filter(|row| row.way != *name);
    let guess = comparison.row(MOST_FREQUENT);
    let guesses = guess.is_some_and(|row| !matches!(verdict(row, reference), Verdict::Worse(_)));
    let mut all = vec![format!("{name} gets {}.", wrong(reference))];
    if guesses {
        all.push(format!(
            "As far as these labels can tell, {name} does no better than guessing the most frequent label: it needs more labels before \
             its parts can be compared."
        ));
    }
    // Guessing is there to be beaten: that it is needs no sentence.
    let judged: Vec<(&Compared, Verdict)> = others()
        .filter(|row| row.way != MOST_FREQUENT)
        .map(|row| (row, verdict(row, reference)))
        .collect();
    all.extend(worse(&judged, name));
    all.extend(better(&judged, name));
    all.extend(close(&judged, name, comparison.measured_on));
    all.extend(by_chance(comparison, others().count()));
    let gone = comparison.left_out.iter();
    all.extend(gone.map(|gone| format!("{} is left out: {}.", gone.way, gone.message)));
    all
}

fn worse(judged: &[(&Compared, Verdict)], name: &str) -> Option<String> {
    let mut worse: Vec<(f64, &str)> = (judged.iter())
        .filter_map(|(row, verdict)| match verdict {
            Verdict::Worse(by) => Some((*by, row.way.as_str())),
            _ => None,
        })
        .collect();
    worse.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (words, ways): (Vec<_>, Vec<_>) = worse.into_iter().partition(|(_, way)| *way == TFIDF);
    let mut parts: Vec<String> = Vec::new();
    for (i, (by, way)) in ways.iter().enumerate() {
        parts.push(if i == 0 {
            format!("{} {name} errs {} more", phrase(way), points(*by))
        } else {
            format!("{} {}", phrase(way), points(*by).trim_end_matches(" points"))
        });
    }
    let mut said = Vec::new();
    if !parts.is_empty() {
        said.push(format!("{}.", capital(&listed(&parts))));
    }
    for (by, way) in words {
        said.push(format!("{} errs {} more.", capital(&phrase(way)), points(by)));
    }
    (!said.is_empty()).then(|| said.join(" "))
}

fn better(judged: &[(&Compared, Verdict)], name: &str) -> Option<String> {
    let mut better: Vec<(f64, &str)> = (judged.iter())
        .filter_map(|(row, verdict)| match verdict {
            Verdict::Better(by) => Some((*by, row.way.as_str())),
            _ => None,
        })
        .collect();
    better.sort_by(|a, b| b.0.total_cmp(&a.0));
    if better.is_empty() {
        return None;
    }
    let parts: Vec<String> = (better.iter().enumerate())
        .map(|(i, (by, way))| {
            if i == 0 {
                format!("{way} errs {} less than {name}", points(*by))
            } else {
                format!("{way} {} less", points(*by))
            }
        })
        .collect();
    let vote = if better.iter().any(|(_, way)| *way == TFIDF) {
        " On the Train screen TF-IDF can be given a vote."
    } else {
        ""
    };
    Some(format!("{}.{vote}", listed(&parts)))
}

fn close(judged: &[(&Compared, Verdict)], name: &str, measured: usize) -> Option<String> {
    let close: Vec<String> = (judged.iter())
        .filter(|(_, verdict)| *verdict == Verdict::Close)
        .map(|(row, _)| row.way.clone())
        .collect();
    if close.is_empty() {
        return None;
    }
    let least = points(100.0 * least_difference(measured));
    Some(format!(
        "Too close to {name} to tell: {}. On {measured} labels no difference below {least} can be told from chance; more labels tell \
         smaller ones.",
        listed(&close)
    ))
}

/// Differences that would be none if all comparisons were judged as one (Bonferroni).
fn by_chance(comparison: &Comparison, comparisons: usize) -> Option<String> {
    let strict = CHANCE / comparisons.max(1) as f64;
    let weak: Vec<String> = (comparison.rows.iter())
        .filter(|row| row.p.is_some_and(|p| p <= CHANCE && p > strict))
        .map(|row| row.way.clone())
        .collect();
    if weak.is_empty() || comparisons < 2 {
        return None;
    }
    Some(format!(
        "One in twenty comparisons looks like a difference by chance, and there are {comparisons}: {} may be such.",
        listed(&weak)
    ))
}

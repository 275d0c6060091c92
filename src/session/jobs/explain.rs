//! The words that decide a text's label: each is left out in turn, and the classifier asked again.

use std::ops::Range;

use serde_json::{Map, json};

use super::super::control::{Control, Stage};
use super::super::engine::{JobError, Outcome};
use super::super::protocol::{Event, Explain, WordWeight};
use super::kept::Kept;
use crate::train::defaults::CLASSIFY_BATCH;

/// Most questions that a text is worth; a longer one is asked about by runs of words.
const MOST: usize = 400;

/// Bytes of the words: letters and digits, and apostrophes and hyphens between them. A text without any, such as one of
/// emoji, is cut at white space.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let joins = matches!(c, '\'' | '\u{2019}' | '-')
            && found.last().is_some_and(|last| last.end == at)
            && chars.peek().is_some_and(|(_, next)| next.is_alphanumeric());
        if !c.is_alphanumeric() && !joins {
            continue;
        }
        let end = at + c.len_utf8();
        match found.last_mut() {
            Some(last) if last.end == at => last.end = end,
            _ => found.push(at..end),
        }
    }
    if found.is_empty() {
        let place = |word: &str| {
            let start = word.as_ptr() as usize - text.as_ptr() as usize;
            start..start + word.len()
        };
        found = text.split_whitespace().map(place).collect();
    }
    found
}

/// Joins neighbours until there are `most` at most, of as equal a number of words as can be.
fn runs(words: &[Range<usize>], most: usize) -> Vec<Range<usize>> {
    let size = words.len().div_ceil(most.max(1)).max(1);
    words
        .chunks(size)
        .filter_map(|chunk| Some(chunk.first()?.start..chunk.last()?.end))
        .collect()
}

/// The text without those bytes, and without the space before them, so that none is doubled.
fn without(text: &str, gap: &Range<usize>) -> String {
    let (before, after) = (&text[..gap.start], &text[gap.end..]);
    let before = match before.strip_suffix(' ') {
        Some(shorter) if after.is_empty() || after.starts_with(' ') => shorter,
        _ => before,
    };
    format!("{before}{after}")
}

pub async fn run(job: Explain, control: &mut Control, kept: &mut Kept) -> Outcome {
    let model = kept
        .classifier(control, "explain", &job.model, &job.common)
        .await?;
    let all = words(&job.text);
    if all.is_empty() {
        return Err(JobError::Failed(
            "the text is empty; there are no words to explain".into(),
        ));
    }
    let spans = runs(&all, MOST);
    let mut texts = vec![job.text.clone()];
    texts.extend(spans.iter().map(|span| without(&job.text, span)));
    let mut stage = Stage::start(control, "explain", Vec::new(), texts.len() as u64, "texts");
    let mut probabilities = model
        .probabilities(&texts, CLASSIFY_BATCH.max(texts.len()), &mut stage)
        .await?
        .into_iter();
    let seconds = stage.done();
    let whole = probabilities.next().unwrap_or_default();
    let words = spans
        .into_iter()
        .zip(probabilities)
        .map(|(span, without)| WordWeight {
            start: span.start,
            end: span.end,
            weights: whole
                .iter()
                .zip(without)
                .map(|(with, p)| (with - p) as f32)
                .collect(),
        });
    let words: Vec<WordWeight> = words.collect();
    let mut result = Map::new();
    result.insert("words".into(), json!(all.len()));
    result.insert("parts".into(), json!(words.len()));
    result.insert("seconds".into(), json!(seconds));
    control.emit(Event::Explanation {
        text: job.text,
        labels: model.labels.clone(),
        probabilities: whole.iter().map(|&p| p as f32).collect(),
        words,
    });
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<&str> {
        words(text).into_iter().map(|span| &text[span]).collect()
    }

    #[test]
    fn words_are_found_with_their_bytes() {
        assert_eq!(
            cut("Don't say \u{201e}Käse\u{201c} \u{2013} it's well-known, e.g. 3 - 4!"),
            ["Don't", "say", "Käse", "it's", "well-known", "e", "g", "3", "4"]
        );
        assert_eq!(cut("-a- 'b' c'"), ["a", "b", "c"]);
        assert_eq!(cut(" :-) \u{1f600}\u{1f600} "), [":-)", "\u{1f600}\u{1f600}"]);
        assert_eq!(cut(" \n"), [""; 0]);
    }

    #[test]
    fn long_texts_are_asked_about_in_runs() {
        let text = "ab ".repeat(1001);
        let all = words(&text);
        let spans = runs(&all, MOST);
        assert!(spans.len() <= MOST && spans.len() > MOST / 2, "{}", spans.len());
        // They cover every word once, in order.
        assert_eq!(spans[0], 0..8);
        assert_eq!(spans.last().map(|s| s.end), all.last().map(|s| s.end));
        assert!(spans.windows(2).all(|two| two[1].start == two[0].end + 1));
        assert_eq!(runs(&all[..7], MOST), all[..7]);
    }

    #[test]
    fn what_is_left_out_leaves_no_gap() {
        let text = "one two, three";
        let gone: Vec<String> = words(text).iter().map(|span| without(text, span)).collect();
        assert_eq!(gone, [" two, three", "one , three", "one two,"]);
        assert_eq!(without("a b c", &(2..3)), "a c");
    }
}

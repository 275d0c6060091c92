//! Which column is the text and which the label, and whether a file has a header: told from names, then from
//! values.

use std::collections::HashSet;

use super::table::{Cell, Row};

/// Names of text columns, the likeliest first. A title counts only beside one of these, or where there is
/// none.
const TEXT: [&str; 24] = [
    "text",
    "texts",
    "review",
    "reviewtext",
    "sentence",
    "comment",
    "message",
    "body",
    "content",
    "contents",
    "description",
    "document",
    "tweet",
    "post",
    "question",
    "query",
    "utterance",
    "feedback",
    "narrative",
    "abstract",
    "article",
    "answer",
    "sms",
    "email",
];
const TITLE: [&str; 4] = ["title", "headline", "subject", "heading"];
/// Names of label columns, the likeliest first.
const LABEL: [&str; 20] = [
    "label",
    "labels",
    "class",
    "classes",
    "category",
    "categories",
    "sentiment",
    "target",
    "intent",
    "topic",
    "y",
    "polarity",
    "stars",
    "rating",
    "score",
    "emotion",
    "genre",
    "tag",
    "spam",
    "coarselabel",
];
/// Words that make a column something about a text (its number, length, date) rather than the text.
const ABOUT: [&str; 13] = [
    "id", "ids", "index", "length", "len", "count", "date", "time", "url", "author", "lang", "language",
    "type",
];

/// Whether a column's whole name is one that a text or a label often has.
pub(super) fn is_known_name(name: &str) -> bool {
    let name = joined(name);
    [&TEXT[..], &TITLE, &LABEL]
        .iter()
        .any(|known| known.contains(&name.as_str()))
}

fn joined(name: &str) -> String {
    words(name).concat()
}

/// The words of `review_text`, `Review Text` and `reviewText`, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous = ' ';
    for letter in name.chars() {
        if letter.is_alphanumeric() {
            let starts = !previous.is_alphanumeric() || (previous.is_lowercase() && letter.is_uppercase());
            if starts {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.extend(letter.to_lowercase());
            }
        }
        previous = letter;
    }
    words
}

/// Whether the first row of a file without a promise is a header: its fields look like names, and either one
/// of them is a known name or the rows below are of another kind. Columns may be without a name, such as the empty ones
/// at the end of a spreadsheet's rows. The questions of a survey are too long for names, and some are asked twice: only
/// the answers tell what they are.
pub(super) fn is_header(first: &[String], below: &[Vec<String>]) -> bool {
    let given: Vec<&str> = first
        .iter()
        .map(|name| name.trim())
        .filter(|name| !name.is_empty())
        .collect();
    let distinct: HashSet<&str> = given.iter().copied().collect();
    if given.is_empty() {
        return false;
    }
    if distinct.len() != given.len() || !first.iter().all(|name| could_be_name(name)) {
        return is_above_values(first, below);
    }
    // In a file without a header the first row's label comes again further down, though it may be a known name: `spam`.
    let again = |at: usize, name: &str| comes_again(below, at, name);
    // Two known names are a header, though it may come again where tables were put together.
    let several = given.iter().filter(|name| is_known_name(name)).count() > 1;
    let known = |(at, name): (usize, &String)| is_known_name(name) && (several || !again(at, name));
    if below.is_empty() || first.iter().enumerate().any(known) {
        return true;
    }
    if first
        .iter()
        .enumerate()
        .any(|(at, name)| !name.is_empty() && again(at, name))
    {
        return false;
    }
    first.iter().enumerate().any(|(at, name)| {
        let mut fields = below
            .iter()
            .filter_map(|row| row.get(at))
            .filter(|field| !field.is_empty())
            .peekable();
        if fields.peek().is_none() {
            return false;
        }
        let (mut count, mut length, mut numbers) = (0, 0, 0);
        for field in fields {
            count += 1;
            length += field.len();
            numbers += usize::from(is_value(field));
        }
        (numbers == count && !is_value(name)) || length > 2 * count * name.len().max(10)
    })
}

fn comes_again(below: &[Vec<String>], at: usize, name: &str) -> bool {
    below
        .iter()
        .any(|row| row.get(at).is_some_and(|field| field == name))
}

/// Whether some column holds numbers or dates alone below the first row, which has none and of which nothing comes again.
fn is_above_values(first: &[String], below: &[Vec<String>]) -> bool {
    let has_values = |at: usize| {
        let mut fields = below
            .iter()
            .filter_map(|row| row.get(at))
            .filter(|field| !field.trim().is_empty())
            .peekable();
        fields.peek().is_some() && fields.all(|field| is_value(field))
    };
    let mut named = first
        .iter()
        .enumerate()
        .filter(|(_, name)| !name.trim().is_empty());
    !first.iter().any(|name| is_value(name))
        && !named.clone().any(|(at, name)| comes_again(below, at, name))
        && named.any(|(at, _)| has_values(at))
}

fn could_be_name(field: &str) -> bool {
    let field = field.trim();
    let ends_like_prose = field.ends_with(['.', '!', ',', ';', ':']);
    field.chars().count() <= 40
        && field.split_whitespace().count() <= 4
        && !is_number(field)
        && !ends_like_prose
}

fn is_number(field: &str) -> bool {
    field.trim().parse::<f64>().is_ok()
}

/// Whether a field is a number, or a date with a time behind it or none: `05.01.2024`, `2024/01/05 9:12:33 AM GMT+1`.
fn is_value(field: &str) -> bool {
    const LONGEST: usize = 40;
    let field = field.trim();
    let day = field.split([' ', 'T', ',']).next().unwrap_or_default();
    let parts: Vec<&str> = day.split(['/', '-', '.', ':']).collect();
    let is_part = |part: &&str| matches!(part.len(), 1..=4) && part.bytes().all(|byte| byte.is_ascii_digit());
    is_number(field) || (field.len() <= LONGEST && parts.len() == 3 && parts.iter().all(is_part))
}

/// What the first rows say about a column.
#[derive(Debug, Default)]
struct Column {
    filled: usize,
    characters: usize,
    words: usize,
    numbers: usize,
    fractions: usize,
    structures: usize,
    distinct: usize,
}

impl Column {
    fn of(rows: &[Row], at: usize) -> Self {
        let mut column = Self::default();
        let mut values = HashSet::new();
        for cell in rows.iter().filter_map(|row| row.cells.get(at)) {
            let value = cell.as_str().trim();
            if value.is_empty() {
                continue;
            }
            column.filled += 1;
            column.characters += value.chars().count();
            column.words += value.split_whitespace().count();
            column.numbers += usize::from(is_number(value));
            column.fractions +=
                usize::from(is_number(value) && value.contains('.') && !value.ends_with(".0"));
            column.structures +=
                usize::from(matches!(cell, Cell::Json(json) if json.starts_with(['[', '{'])));
            values.insert(value);
        }
        column.distinct = values.len();
        column
    }

    fn mean(&self, sum: usize) -> f64 {
        if self.filled == 0 {
            0.0
        } else {
            sum as f64 / self.filled as f64
        }
    }

    fn can_be_text(&self) -> bool {
        self.filled > 0 && 2 * self.numbers <= self.filled && self.structures == 0
    }

    /// Whether values repeat enough to be classes. An empty column may yet be labelled by its owner.
    fn can_be_label(&self) -> bool {
        let repeats = self.filled < 20 || 2 * self.distinct <= self.filled;
        self.structures == 0
            && self.mean(self.characters) <= 60.0
            && repeats
            && self.fractions * 10 <= self.filled
    }

    /// Whether this is a column of classes although no name says so.
    fn looks_like_label(&self) -> bool {
        self.can_be_label()
            && self.distinct >= 2
            && 2 * self.distinct <= self.filled
            && self.distinct <= (self.filled / 10).max(20)
            && self.mean(self.words) <= 3.0
    }

    fn is_prose(&self) -> bool {
        self.can_be_text() && self.mean(self.words) >= 3.0 && 2 * self.distinct > self.filled
    }
}

/// The guessed places of the text columns (none if nothing will do) and of the label.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Roles {
    pub(super) texts: Vec<usize>,
    pub(super) label: Option<usize>,
}

/// Guesses from the columns' names and the first rows. `texts` and `label` are what the user has already
/// said; without `by_value` a label is taken only where a column's name says so.
pub(super) fn guess(
    names: &[String],
    has_header: bool,
    rows: &[Row],
    texts: Vec<usize>,
    label: Option<usize>,
    by_value: bool,
) -> Roles {
    let columns: Vec<Column> = (0..names.len()).map(|at| Column::of(rows, at)).collect();
    let free = |at: usize| label != Some(at) && !texts.contains(&at);
    let label = label.or_else(|| {
        let fits = |at: &usize| free(*at) && columns[*at].can_be_label();
        let named = class_names(names)
            .filter(|at| columns[*at].filled > 0 && fits(at) && has_other_text(names, *at, &texts));
        named.or_else(|| by_name(names, &LABEL, fits))
    });
    // A label without a telling name is looked for last, in what the text leaves over.
    let texts = if texts.is_empty() {
        guess_texts(names, has_header, &columns, label)
    } else {
        texts
    };
    let label = label.or_else(|| {
        let candidates =
            (0..columns.len()).filter(|at| !texts.contains(at) && columns[*at].looks_like_label());
        candidates
            .min_by_key(|&at| columns[at].distinct)
            .filter(|_| by_value)
    });
    Roles { texts, label }
}

/// The names of the classes beside their numbers: data set libraries call them `label_text` and `label`.
fn class_names(names: &[String]) -> Option<usize> {
    let place = |wanted: &str| names.iter().position(|name| joined(name) == wanted);
    place("label").and(place("labeltext"))
}

/// Whether the text surely is in another column than this one.
fn has_other_text(names: &[String], at: usize, texts: &[usize]) -> bool {
    let is_text = |(other, name): (usize, &String)| other != at && TEXT.contains(&joined(name).as_str());
    !texts.is_empty() || names.iter().enumerate().any(is_text)
}

fn guess_texts(names: &[String], has_header: bool, columns: &[Column], label: Option<usize>) -> Vec<usize> {
    let fits = |at: &usize| label != Some(*at) && columns[*at].can_be_text();
    let title = by_name(names, &TITLE, fits);
    if let Some(main) = by_name(names, &TEXT, |at| fits(at) && title != Some(*at)) {
        let mut texts: Vec<usize> = title.into_iter().chain([main]).collect();
        texts.sort_unstable();
        return texts;
    }
    let prose: Vec<usize> = (0..columns.len())
        .filter(|at| fits(at) && columns[*at].is_prose())
        .collect();
    // Nothing tells the columns of a file without a header apart, and the usual ones are label, title, body.
    if !has_header && !prose.is_empty() {
        return prose;
    }
    let longest = |candidates: &[usize]| {
        let length = |at: usize| columns[at].mean(columns[at].characters);
        candidates
            .iter()
            .copied()
            .reduce(|best, at| if length(at) > length(best) { at } else { best })
    };
    let any: Vec<usize> = (0..columns.len()).filter(fits).collect();
    longest(&prose)
        .or(title)
        .or_else(|| longest(&any))
        .into_iter()
        .collect()
}

/// The column with the likeliest name: a known name as a whole, or else as one of its words.
fn by_name(names: &[String], known: &[&str], fits: impl Fn(&usize) -> bool) -> Option<usize> {
    let find = |matches: &dyn Fn(&str, &str) -> bool| {
        known
            .iter()
            .find_map(|word| (0..names.len()).find(|at| matches(&names[*at], word) && fits(at)))
    };
    find(&|name, word| joined(name) == word).or_else(|| {
        find(&|name, word| {
            let words = words(name);
            words.iter().any(|part| part == word) && !words.iter().any(|part| ABOUT.contains(&part.as_str()))
        })
    })
}

#[cfg(test)]
#[path = "columns_tests.rs"]
mod tests;

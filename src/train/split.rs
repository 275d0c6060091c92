//! Dividing labelled rows: hold-out and k-fold, stratified by class; plain draws and class weights. All of it is
//! determined by a seed.
//!
//! Rows are given by their class numbers, `labels` `[rows]`. `groups` `[rows]`, where given, marks rows that
//! must not be separated, such as copies of one text ([`text_group`]): a copy in both parts would be a test
//! on a row that was learned by heart. A group belongs to the class that most of its rows have. A group that has all
//! the rows of a class stays in every training part: tested, it would be of a class that nobody has learned.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;

use crate::text::fnv::{START, fnv1a};

/// Row numbers to train on and to validate on, each in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// Rows to train on.
    pub train: Vec<usize>,
    /// Rows to validate on.
    pub valid: Vec<usize>,
}

/// How to estimate the error from the labels there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Plan {
    /// One part, `fraction` of the rows, is kept for validation.
    HoldOut {
        /// The share of the rows that is kept, between 0 and 1.
        fraction: f64,
    },
    /// Each of `k` parts is kept for validation in turn.
    KFold {
        /// How many parts, at least 2.
        k: usize,
    },
}

impl Plan {
    /// Carries the plan out: one split, or one for each fold; none where nothing can be held out.
    #[must_use]
    pub fn split(self, labels: &[usize], groups: Option<&[u64]>, seed: u64) -> Vec<Split> {
        let mut splits = match self {
            Self::HoldOut { fraction } => vec![hold_out(labels, groups, fraction, seed)],
            Self::KFold { k } => k_fold(labels, groups, k, seed),
        };
        splits.retain(|split| !split.valid.is_empty());
        splits
    }
}

/// Folds where labels are few.
const FOLDS: usize = 5;

/// Chooses how to estimate the error.
///
/// Below 200 rows, or with a class of fewer than 10, a hold-out would leave too few rows to train on and to
/// test on: k-fold with k = 5, however small a class is. Fewer folds would measure classifiers that learned from
/// fewer rows than the one that is kept, and [`k_fold`] spreads a class over the parts in any case: one of two rows
/// is trained on whenever the other is tested, unless copies of both have another label. Otherwise a hold-out of 20 %, or
/// of 10 % from 5,000 rows.
#[must_use]
pub fn choose(labels: &[usize], groups: Option<&[u64]>) -> Plan {
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    for unit in units(labels, groups) {
        *sizes.entry(unit.class).or_default() += 1;
    }
    let rows: usize = sizes.values().sum();
    let smallest = sizes.values().copied().min().unwrap_or(0);
    if rows < 200 || smallest < 10 {
        Plan::KFold { k: FOLDS }
    } else {
        Plan::HoldOut {
            fraction: if rows < 5000 { 0.2 } else { 0.1 },
        }
    }
}

/// Keeps `fraction` of each class for validation, to the nearest row. A class of two groups or more is in
/// both parts, a class of one in the training part.
#[must_use]
pub fn hold_out(labels: &[usize], groups: Option<&[u64]>, fraction: f64, seed: u64) -> Split {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (units, bound) = testable(labels, groups);
    let mut split = Split {
        train: bound,
        valid: Vec::new(),
    };
    let mut learned = vec![0; labels.iter().max().map_or(0, |most| most + 1)];
    split.train.iter().for_each(|&row| learned[labels[row]] += 1);
    for mut class in by_class(units) {
        class.shuffle(&mut rng);
        let learned = class.first().map_or(0, |unit| learned[unit.class]);
        let rows: usize = class.iter().map(|unit| unit.rows.len()).sum();
        let target = held_out(rows + learned, fraction);
        // One is left to learn from.
        let most = class.len() - usize::from(learned == 0);
        let (mut held, mut valid) = (vec![false; class.len()], 0);
        for (held, unit) in held.iter_mut().zip(&class).take(most) {
            *held = valid + unit.rows.len() <= target;
            valid += if *held { unit.rows.len() } else { 0 };
        }
        let smallest = (0..class.len()).min_by_key(|&i| class[i].rows.len());
        if let Some(smallest) = smallest.filter(|_| valid == 0 && fraction > 0.0 && most > 0) {
            held[smallest] = true;
        }
        for (unit, held) in class.into_iter().zip(held) {
            if held { &mut split.valid } else { &mut split.train }.extend(unit.rows);
        }
    }
    split.train.sort_unstable();
    split.valid.sort_unstable();
    split
}

/// Rows of a class of so many that [`hold_out`] keeps for validation where no two rows are a group.
#[must_use]
pub fn held_out(rows: usize, fraction: f64) -> usize {
    let most = rows.saturating_sub(1);
    let least = usize::from(fraction > 0.0).min(most);
    ((rows as f64 * fraction).round() as usize).clamp(least, most)
}

/// Divides the rows into `k` parts (at least 2) of nearly equal size and class mix; each split validates on
/// one of them and trains on all other rows. Every row is validated on once, but for the only group of a class, which
/// is always trained on. There are fewer splits than `k` if there are fewer groups to validate on, and none if each is
/// the only one of its class.
#[must_use]
pub fn k_fold(labels: &[usize], groups: Option<&[u64]>, k: usize, seed: u64) -> Vec<Split> {
    let (units, _) = testable(labels, groups);
    let k = k.max(2).min(units.len());
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut parts = vec![Vec::new(); k];
    for mut class in by_class(units) {
        class.shuffle(&mut rng);
        class.sort_by_key(|unit| Reverse(unit.rows.len()));
        let mut of_class = vec![0; k];
        for unit in class {
            let part = (0..k).min_by_key(|&i| (of_class[i], parts[i].len())).unwrap_or(0);
            of_class[part] += unit.rows.len();
            parts[part].extend(unit.rows);
        }
    }
    let mut part_of = vec![None; labels.len()];
    for (i, rows) in parts.iter().enumerate() {
        for &row in rows {
            part_of[row] = Some(i);
        }
    }
    (0..k)
        .map(|i| {
            let (valid, train) = (0..labels.len()).partition(|&row| part_of[row] == Some(i));
            Split { train, valid }
        })
        .collect()
}

/// Draws `total` of so many rows, all of them equally likely, so that the classes have the shares that they have
/// among all. With one seed a smaller draw is part of every larger one. Ascending.
#[must_use]
pub fn drawn(rows: usize, total: usize, seed: u64) -> Vec<usize> {
    let mut drawn: Vec<usize> = (0..rows).collect();
    drawn.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    drawn.truncate(total);
    drawn.sort_unstable();
    drawn
}

/// The weight of each class `[classes]` in the loss: the inverse of its frequency, scaled so that the classes
/// that occur have a mean weight of 1. A class without rows has weight 0.
#[must_use]
pub fn class_weights(labels: &[usize], classes: usize) -> Vec<f64> {
    let mut counts = vec![0usize; classes];
    for &label in labels {
        if let Some(count) = counts.get_mut(label) {
            *count += 1;
        }
    }
    let inverse = |&count: &usize| if count == 0 { 0.0 } else { 1.0 / count as f64 };
    let sum: f64 = counts.iter().map(inverse).sum();
    let occurring = counts.iter().filter(|&&count| count > 0).count() as f64;
    counts
        .iter()
        .map(|count| {
            if *count == 0 {
                0.0
            } else {
                inverse(count) * occurring / sum
            }
        })
        .collect()
}

/// The group of a text: equal for texts that differ only in case, punctuation and spacing, or in symbols
/// where there are no letters or digits at all.
#[must_use]
pub fn text_group(text: &str) -> u64 {
    let words = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    let lower = words.flat_map(|word| word.chars().flat_map(char::to_lowercase).chain([' ']));
    let mut lower = lower.peekable();
    if lower.peek().is_some() {
        fnv1a(START, lower)
    } else {
        fnv1a(START, text.chars().filter(|c| !c.is_whitespace()))
    }
}

/// One group for rows that share either: a text ([`text_group`]), or both a number of `given` `[rows]`, such as those that
/// were labelled in one step, and the class. A row whose label was corrected since is thus in no group with the others: it
/// was judged by itself, and would take all of them with it where nothing else is of its class. That errs, if at all, on the
/// side of a larger error, since texts like it are learned from with another label. Rows beyond the end of `given` share the
/// text alone. A group's number is its first row.
#[must_use]
pub fn joined(texts: &[u64], given: &[Option<u64>], labels: &[usize]) -> Vec<u64> {
    // Each row points to an earlier one of its group, or to itself.
    let mut before: Vec<usize> = (0..texts.len()).collect();
    let (mut of_text, mut of_given) = (BTreeMap::new(), BTreeMap::new());
    for (row, &text) in texts.iter().enumerate() {
        let same_text = *of_text.entry(text).or_insert(row);
        join(&mut before, row, same_text);
        if let Some(&Some(given)) = given.get(row) {
            let same_given = *of_given.entry((given, labels.get(row))).or_insert(row);
            join(&mut before, row, same_given);
        }
    }
    (0..texts.len())
        .map(|row| first(&mut before, row) as u64)
        .collect()
}

/// The first row of a row's group.
fn first(before: &mut [usize], mut row: usize) -> usize {
    while before[row] != row {
        // Half the way for the next search.
        before[row] = before[before[row]];
        row = before[row];
    }
    row
}

fn join(before: &mut [usize], one: usize, other: usize) {
    let (one, other) = (first(before, one), first(before, other));
    before[one.max(other)] = one.min(other);
}

/// The classes that no plan can hold a row out of, ascending: what has all the rows of a class is always learned from.
#[must_use]
pub fn untestable(labels: &[usize], groups: Option<&[u64]>) -> Vec<usize> {
    let mut classes: BTreeSet<usize> = labels.iter().copied().collect();
    for row in testable(labels, groups).0.iter().flat_map(|unit| &unit.rows) {
        classes.remove(&labels[*row]);
    }
    classes.into_iter().collect()
}

/// Rows that stay together.
struct Unit {
    class: usize,
    rows: Vec<usize>,
}

/// The groups of rows, in the order of their first rows; each row is one where `groups` is not given. A row
/// beyond the end of `groups` is on its own.
fn units(labels: &[usize], groups: Option<&[u64]>) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let mut known: BTreeMap<u64, usize> = BTreeMap::new();
    for (row, &class) in labels.iter().enumerate() {
        let next = units.len();
        let at = groups
            .and_then(|groups| groups.get(row))
            .map_or(next, |&group| *known.entry(group).or_insert(next));
        if at == next {
            units.push(Unit {
                class,
                rows: vec![row],
            });
        } else {
            units[at].rows.push(row);
        }
    }
    for unit in units.iter_mut().filter(|unit| unit.rows.len() > 1) {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        for &row in &unit.rows {
            *counts.entry(labels[row]).or_default() += 1;
        }
        let most = counts
            .iter()
            .max_by_key(|&(&class, &count)| (count, Reverse(class)));
        unit.class = most.map_or(unit.class, |(&class, _)| class);
    }
    units
}

/// The groups that may be held out, and the rows of those that may not, because they have all the rows of a class.
fn testable(labels: &[usize], groups: Option<&[u64]>) -> (Vec<Unit>, Vec<usize>) {
    let units = units(labels, groups);
    // Where each class is: in one group, or in several.
    let mut of_class: BTreeMap<usize, Option<usize>> = BTreeMap::new();
    for (at, unit) in units.iter().enumerate() {
        for &row in &unit.rows {
            let only = of_class.entry(labels[row]).or_insert(Some(at));
            *only = only.filter(|&first| first == at);
        }
    }
    let only: BTreeSet<usize> = of_class.into_values().flatten().collect();
    let (mut free, mut bound) = (Vec::new(), Vec::new());
    for (at, unit) in units.into_iter().enumerate() {
        if only.contains(&at) {
            bound.extend(unit.rows);
        } else {
            free.push(unit);
        }
    }
    (free, bound)
}

/// The units of each class, in the order of the class numbers; none is empty.
fn by_class(units: Vec<Unit>) -> Vec<Vec<Unit>> {
    let mut classes: BTreeMap<usize, Vec<Unit>> = BTreeMap::new();
    for unit in units {
        classes.entry(unit.class).or_default().push(unit);
    }
    classes.into_values().collect()
}

#[cfg(test)]
#[path = "split_tests.rs"]
mod tests;

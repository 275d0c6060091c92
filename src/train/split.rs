//! Dividing labelled rows: hold-out and k-fold, stratified by class; plain draws and class weights. All of it is
//! determined by a seed.
//!
//! Rows are given by their class numbers, `labels` `[rows]`. `groups` `[rows]`, where given, marks rows that
//! must not be separated, such as copies of one text ([`text_group`]): a copy in both parts would be a test
//! on a row that was learned by heart. A group belongs to the class that most of its rows have.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// Row numbers to train on and to validate on, each in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// Rows to train on.
    pub train: Vec<usize>,
    /// Rows to validate on.
    pub valid: Vec<usize>,
}

/// How to estimate the error from the labels there are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
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
    /// Carries the plan out: one split, or one for each fold.
    #[must_use]
    pub fn split(self, labels: &[usize], groups: Option<&[u64]>, seed: u64) -> Vec<Split> {
        match self {
            Self::HoldOut { fraction } => vec![hold_out(labels, groups, fraction, seed)],
            Self::KFold { k } => k_fold(labels, groups, k, seed),
        }
    }
}

/// Folds where labels are few.
const FOLDS: usize = 5;

/// Chooses how to estimate the error.
///
/// Below 200 rows, or with a class of fewer than 10, a hold-out would leave too few rows to train on and to
/// test on: k-fold with k = 5, however small a class is. Fewer folds would measure classifiers that learned from
/// fewer rows than the one that is kept, and [`k_fold`] spreads a class over the parts in any case: one of two rows
/// is trained on whenever the other is tested. Otherwise a hold-out of 20 %, or of 10 % from 5,000 rows.
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
    let mut split = Split::default();
    for mut class in by_class(units(labels, groups)) {
        class.shuffle(&mut rng);
        let rows: usize = class.iter().map(|unit| unit.rows.len()).sum();
        let target = held_out(rows, fraction);
        let (mut held, mut valid) = (vec![false; class.len()], 0);
        for (held, unit) in held.iter_mut().zip(&class).take(class.len() - 1) {
            *held = valid + unit.rows.len() <= target;
            valid += if *held { unit.rows.len() } else { 0 };
        }
        let smallest = (0..class.len()).min_by_key(|&i| class[i].rows.len());
        if let Some(smallest) = smallest.filter(|_| valid == 0 && fraction > 0.0 && class.len() > 1) {
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
/// one of them and trains on the others. Every row is validated on once. There are fewer splits than `k` if
/// there are fewer groups, and none if all rows are one group.
#[must_use]
pub fn k_fold(labels: &[usize], groups: Option<&[u64]>, k: usize, seed: u64) -> Vec<Split> {
    let units = units(labels, groups);
    let k = k.max(2).min(units.len());
    if k < 2 {
        return Vec::new();
    }
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
    let mut part_of = vec![0; labels.len()];
    for (i, rows) in parts.iter().enumerate() {
        for &row in rows {
            part_of[row] = i;
        }
    }
    (0..k)
        .map(|i| {
            let (valid, train) = (0..labels.len()).partition(|&row| part_of[row] == i);
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
        fnv1a(lower)
    } else {
        fnv1a(text.chars().filter(|c| !c.is_whitespace()))
    }
}

/// FNV-1a over code points: the standard library's hasher may change between releases, and with it a seed's
/// split.
fn fnv1a(chars: impl Iterator<Item = char>) -> u64 {
    chars.fold(0xcbf2_9ce4_8422_2325, |hash, c| {
        (hash ^ u64::from(c)).wrapping_mul(0x0100_0000_01b3)
    })
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

/// The units of each class, in the order of the class numbers; none is empty.
fn by_class(units: Vec<Unit>) -> Vec<Vec<Unit>> {
    let mut classes: BTreeMap<usize, Vec<Unit>> = BTreeMap::new();
    for unit in units {
        classes.entry(unit.class).or_default().push(unit);
    }
    classes.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn count(rows: &[usize], labels: &[usize], class: usize) -> usize {
        rows.iter().filter(|&&row| labels[row] == class).count()
    }

    fn mixed(sizes: &[usize]) -> Vec<usize> {
        sizes
            .iter()
            .enumerate()
            .flat_map(|(class, &n)| std::iter::repeat_n(class, n))
            .collect()
    }

    #[test]
    fn hold_out_keeps_the_class_mix() {
        let labels = mixed(&[100, 40, 3, 2, 1]);
        let split = hold_out(&labels, None, 0.2, 1);
        let valid: Vec<usize> = (0..5).map(|class| count(&split.valid, &labels, class)).collect();
        assert_eq!(valid, [20, 8, 1, 1, 0]);
        assert_eq!(valid, [100, 40, 3, 2, 1].map(|n| held_out(n, 0.2)));
        assert_eq!(split, hold_out(&labels, None, 0.2, 1));
        assert_ne!(split, hold_out(&labels, None, 0.2, 2));
    }

    #[test]
    fn folds_keep_the_class_mix() {
        let labels = mixed(&[52, 13, 5]);
        let folds = k_fold(&labels, None, 5, 1);
        assert_eq!(folds.len(), 5);
        for fold in &folds {
            assert_eq!(fold.valid.len(), 14);
            assert!((10..=11).contains(&count(&fold.valid, &labels, 0)));
            assert!((2..=3).contains(&count(&fold.valid, &labels, 1)));
            assert_eq!(count(&fold.valid, &labels, 2), 1);
        }
        assert_ne!(folds, k_fold(&labels, None, 5, 2));
    }

    #[test]
    fn one_large_group_does_not_empty_the_training_part() {
        let labels = [0; 12];
        let mut groups = [7; 12];
        groups[10] = 1;
        groups[11] = 2;
        for seed in 0..5 {
            let valid = hold_out(&labels, Some(&groups), 0.2, seed).valid;
            assert!(matches!(valid[..], [10, 11] | [10 | 11]), "{valid:?}");
        }
        assert_eq!(hold_out(&[0; 5], Some(&[1, 1, 1, 2, 2]), 0.2, 3).valid, [3, 4]);
        assert!(k_fold(&labels, Some(&[7; 12]), 5, 3).is_empty());
        assert_eq!(k_fold(&labels, Some(&groups), 5, 3).len(), 3);
    }

    #[test]
    fn the_plan_depends_on_what_there_is() {
        assert_eq!(choose(&mixed(&[50, 50]), None), Plan::KFold { k: 5 });
        assert_eq!(choose(&mixed(&[50, 3]), None), Plan::KFold { k: 5 });
        assert_eq!(choose(&mixed(&[50, 1]), None), Plan::KFold { k: 5 });
        assert_eq!(choose(&mixed(&[400, 9]), None), Plan::KFold { k: 5 });
        assert_eq!(choose(&mixed(&[100, 100]), None), Plan::HoldOut { fraction: 0.2 });
        assert_eq!(
            choose(&mixed(&[4000, 1000]), None),
            Plan::HoldOut { fraction: 0.1 }
        );
        assert_eq!(choose(&[], None), Plan::KFold { k: 5 });
        // Two hundred copies of one text are one row.
        assert_eq!(choose(&mixed(&[200, 200]), Some(&[1; 400])), Plan::KFold { k: 5 });
    }

    #[test]
    fn draws_keep_the_class_mix_and_nest() {
        let labels = mixed(&[9_000, 1_000]);
        let of = |total| drawn(labels.len(), total, 9);
        // Ten standard deviations are 90 rows.
        assert!((10..190).contains(&count(&of(1_000), &labels, 1)));
        assert!(of(1_000).windows(2).all(|two| two[0] < two[1]));
        let more: BTreeSet<usize> = of(1_000).into_iter().collect();
        assert!(of(100).iter().all(|row| more.contains(row)));
        assert_ne!(of(100), drawn(labels.len(), 100, 10));
        assert_eq!(drawn(4, 9, 1), [0, 1, 2, 3]);
    }

    #[test]
    fn of_a_class_of_two_one_is_learned_whenever_the_other_is_tested() {
        for seed in 0..20 {
            let labels = mixed(&[40, 2, 3]);
            let folds = choose(&labels, None).split(&labels, None, seed);
            assert_eq!(folds.len(), 5);
            for (fold, class) in folds.iter().flat_map(|fold| [(fold, 1), (fold, 2)]) {
                assert!(count(&fold.valid, &labels, class) <= 1);
                assert!(count(&fold.train, &labels, class) >= 1);
            }
        }
        // There are no more folds than groups.
        let labels = mixed(&[2, 2]);
        assert_eq!(choose(&labels, None).split(&labels, None, 1).len(), 4);
    }

    #[test]
    fn weights_by_hand() {
        // Inverse frequencies 1/6, 1/3, 1/2 have mean 1/3; the class without rows has no part in it.
        let weights = class_weights(&mixed(&[6, 3, 0, 2]), 4);
        for (got, want) in weights.iter().zip([0.5, 1.0, 0.0, 1.5]) {
            assert!((got - want).abs() < 1e-12);
        }
    }

    #[test]
    fn near_copies_share_a_group() {
        let group = text_group("Great film, 10/10!");
        assert_eq!(group, text_group("  great FILM -- 10 10"));
        assert_ne!(group, text_group("great film 1010"));
        assert_ne!(group, text_group("great film"));
        assert_ne!(text_group(":-)"), text_group(":-("));
        assert_eq!(text_group(""), text_group("  "));
    }

    proptest! {
        #[test]
        fn splits_are_partitions_that_keep_groups_whole(
            rows in prop::collection::vec((0usize..4, 0u64..30), 2..80),
            k in 0usize..8, fraction in 0.0f64..1.0, seed: u64,
        ) {
            let (labels, groups): (Vec<usize>, Vec<u64>) = rows.into_iter().unzip();
            let all: Vec<usize> = (0..labels.len()).collect();
            for groups in [None, Some(&groups[..])] {
                let folds = k_fold(&labels, groups, k, seed);
                let mut validated: Vec<usize> = folds.iter().flat_map(|fold| fold.valid.clone()).collect();
                validated.sort_unstable();
                if !folds.is_empty() {
                    prop_assert_eq!(&validated, &all);
                }
                let held = hold_out(&labels, groups, fraction, seed);
                for split in folds.iter().chain([&held]) {
                    let mut both = [&split.train[..], &split.valid[..]].concat();
                    both.sort_unstable();
                    prop_assert_eq!(&both, &all);
                    prop_assert!(!split.train.is_empty());
                    if let Some(groups) = groups {
                        let of = |rows: &[usize]| rows.iter().map(|&row| groups[row]).collect::<BTreeSet<_>>();
                        prop_assert!(of(&split.train).is_disjoint(&of(&split.valid)));
                    }
                }
                prop_assert!(folds.iter().all(|fold| !fold.valid.is_empty()));
            }
        }

        #[test]
        fn every_class_of_two_or_more_is_in_both_parts(
            labels in prop::collection::vec(0usize..5, 2..60), fraction in 0.01f64..0.99, seed: u64,
        ) {
            let split = hold_out(&labels, None, fraction, seed);
            for class in 0..5 {
                if labels.iter().filter(|&&l| l == class).count() >= 2 {
                    prop_assert!(count(&split.train, &labels, class) > 0 && count(&split.valid, &labels, class) > 0);
                }
            }
        }
    }
}

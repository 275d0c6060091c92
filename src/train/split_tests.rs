use super::*;
use proptest::prelude::*;

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

/// Rows that share a group, or are one, with all the rows of a class.
fn bound(labels: &[usize], groups: Option<&[u64]>) -> Vec<usize> {
    let group = |row: usize| groups.map_or(row as u64, |groups| groups[row]);
    let rows = || 0..labels.len();
    let of =
        |class: usize| -> BTreeSet<u64> { rows().filter(|&row| labels[row] == class).map(group).collect() };
    let classes = labels.iter().map(|&class| of(class));
    let only: BTreeSet<u64> = classes.filter(|groups| groups.len() == 1).flatten().collect();
    rows().filter(|&row| only.contains(&group(row))).collect()
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
fn a_class_of_one_text_is_learned_and_never_tested() {
    let labels = mixed(&[20, 16, 12]);
    let groups: Vec<u64> = (0..48).map(|row| if row < 36 { row } else { 99 }).collect();
    for seed in 0..10 {
        let folds = k_fold(&labels, Some(&groups), 5, seed);
        let held = hold_out(&labels, Some(&groups), 0.25, seed);
        assert_eq!((folds.len(), held.valid.len()), (5, 9));
        for split in folds.iter().chain([&held]) {
            assert_eq!(count(&split.train, &labels, 2), 12);
            assert_eq!(count(&split.valid, &labels, 2), 0);
        }
        let tested: BTreeSet<usize> = folds.iter().flat_map(|fold| fold.valid.clone()).collect();
        assert_eq!(tested, (0..36).collect());
    }
    // Of a text that has both labels, one of them nowhere else, copies are as much a leak.
    let (labels, groups) = ([0, 0, 0, 1, 1], [1, 2, 3, 3, 3]);
    for split in k_fold(&labels, Some(&groups), 5, 1) {
        assert!(matches!(split.valid[..], [0 | 1]), "{split:?}");
    }
    assert_eq!(hold_out(&labels, Some(&groups), 0.9, 1).valid, [0, 1]);
}

#[test]
fn rows_that_share_a_text_or_a_number_are_one_group() {
    let given = [None, Some(7), Some(7), Some(9), None, Some(9)];
    // The third row has the text of the fourth, and so their numbers are of one group too.
    assert_eq!(joined(&[1, 2, 3, 3, 5, 6], &given, &[0; 6]), [0, 1, 1, 1, 4, 1]);
    assert_eq!(joined(&[1, 2, 1, 3], &[], &[0; 4]), [0, 1, 0, 3]);
    let labels = mixed(&[20, 20]);
    let texts: Vec<u64> = (0..40).collect();
    let given: Vec<Option<u64>> = (0..40).map(|row| Some(row / 10)).collect();
    let groups = joined(&texts, &given, &labels);
    let folds = k_fold(&labels, Some(&groups), 5, 1);
    assert_eq!(folds.len(), 4);
    for split in folds.iter().chain([&hold_out(&labels, Some(&groups), 0.2, 1)]) {
        assert!(
            split
                .valid
                .iter()
                .all(|&row| split.train.iter().all(|&other| row / 10 != other / 10))
        );
        assert!(split.valid.len().is_multiple_of(10) && !split.valid.is_empty());
    }
}

#[test]
fn what_was_corrected_leaves_the_others_of_its_group_to_be_held_out() {
    // Six clusters of ten, of two classes by turns; the first row of the first has been corrected.
    let texts: Vec<u64> = (0..60).collect();
    let given: Vec<Option<u64>> = (0..60).map(|row| Some(row / 10)).collect();
    let mut labels: Vec<usize> = (0..60).map(|row| row / 10 % 2).collect();
    let whole = joined(&texts, &given, &labels);
    labels[0] = 2;
    let groups = joined(&texts, &given, &labels);
    assert_eq!(groups[0], 0);
    assert!(groups[1..10].iter().all(|&group| group == 1));
    assert_eq!(groups[10..], whole[10..]);
    assert_eq!(untestable(&labels, Some(&groups)), [2]);
    for seed in 0..20 {
        let folds = k_fold(&labels, Some(&groups), 5, seed);
        let tested: BTreeSet<usize> = folds.iter().flat_map(|fold| fold.valid.clone()).collect();
        assert_eq!(tested, (1..60).collect());
    }

    // Another one, of a cluster of the other class, has the same new label: one of them is learned when the other is tested.
    labels[10] = 2;
    let groups = joined(&texts, &given, &labels);
    assert!(untestable(&labels, Some(&groups)).is_empty());
    for seed in 0..200 {
        for fold in k_fold(&labels, Some(&groups), 5, seed) {
            assert!(count(&fold.train, &labels, 2) > 0, "{seed}");
        }
    }
    // Two of one cluster that were given the same new label are as alike as they were.
    labels[1] = 2;
    let groups = joined(&texts, &given, &labels);
    assert_eq!((groups[1], groups[2], groups[10]), (0, 2, 10));
    // A copy of a text is in its group whatever its label.
    let copies = [0, 1, 2, 1];
    assert_eq!(
        joined(&copies, &[Some(1), Some(1), Some(1), None], &[0, 0, 0, 1]),
        [0, 0, 0, 0]
    );
}

#[test]
fn a_class_of_one_row_is_learned_and_never_tested() {
    let labels = mixed(&[20, 1, 16, 1]);
    for seed in 0..10 {
        let folds = k_fold(&labels, None, 5, seed);
        assert_eq!(folds.len(), 5);
        for split in folds.iter().chain([&hold_out(&labels, None, 0.25, seed)]) {
            for class in [1, 3] {
                assert_eq!(
                    (
                        count(&split.train, &labels, class),
                        count(&split.valid, &labels, class)
                    ),
                    (1, 0)
                );
            }
        }
    }
    assert_eq!(untestable(&labels, None), [1, 3]);
    // Two classes of a row each leave nothing to test.
    assert!(choose(&[0, 1], None).split(&[0, 1], None, 1).is_empty());
}

#[test]
fn nothing_is_held_out_where_every_class_has_one_text() {
    let (labels, groups) = (mixed(&[10, 10]), mixed(&[10, 10]));
    let groups: Vec<u64> = groups.into_iter().map(|group| group as u64).collect();
    assert_eq!(choose(&labels, Some(&groups)), Plan::KFold { k: 5 });
    for plan in [Plan::KFold { k: 5 }, Plan::HoldOut { fraction: 0.3 }] {
        assert!(plan.split(&labels, Some(&groups), 1).is_empty());
    }
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
    // The splits that a seed gives hang on it.
    assert_eq!(text_group("Great film"), 0xe2b1_44ce_bc1f_030c);
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
            let bound = bound(&labels, groups);
            let tested: Vec<usize> = all.iter().copied().filter(|row| !bound.contains(row)).collect();
            let mut validated: Vec<usize> = folds.iter().flat_map(|fold| fold.valid.clone()).collect();
            validated.sort_unstable();
            prop_assert_eq!(&validated, &tested);
            let classes = |rows: &[usize]| rows.iter().map(|&row| labels[row]).collect::<BTreeSet<_>>();
            let never: Vec<usize> = classes(&all).difference(&classes(&validated)).copied().collect();
            prop_assert_eq!(untestable(&labels, groups), never);
            let held = hold_out(&labels, groups, fraction, seed);
            prop_assert!(held.valid.iter().all(|row| !bound.contains(row)));
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

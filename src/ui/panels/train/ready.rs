//! Whether there is enough to train on, and what a run would be made of.

use std::collections::{BTreeMap, HashSet};

use super::numbers::{count, short};
use crate::session::preview::{self, Labelled};
use crate::session::project::{Answer, LabelId, Project, TextId};
use crate::ui::run::Recipe;

/// With so many labels kept aside the error is measured on them, and no label has to be left out of training for it.
pub const ENOUGH_ASIDE: usize = 20;
/// Labels that are named; of more it is told how many.
const NAMED: usize = 5;

/// Whether there is enough to train on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// No texts are open.
    NoProject,
    /// What is missing, in a sentence.
    TooFew(String),
    /// All there is.
    Ready(Material),
}

/// What a run would be made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Material {
    /// Texts in all.
    pub texts: usize,
    /// Labels to train on.
    pub labels: usize,
    /// Of these, the ones that methods with early stopping watch.
    pub watched: usize,
    /// Classes among them.
    pub classes: usize,
    /// The names of those that are learned and, where labels are left out to measure the error, not measured.
    pub not_measured: Vec<String>,
    /// Labels kept aside to measure the error.
    pub aside: usize,
}

impl Material {
    /// Labels, and the watched ones among them: what the length of a run depends on.
    pub fn rows(&self) -> (usize, usize) {
        (self.labels, self.watched)
    }

    /// Whether the error is measured on the labels kept aside.
    pub fn measured_aside(&self) -> bool {
        self.aside >= ENOUGH_ASIDE
    }

    /// Which labels are learned and not measured where some are left out, and why; nothing where all are measured.
    pub fn what_is_not_measured(&self) -> Option<String> {
        let names = &self.not_measured;
        let one = "one text (copies, and texts that were labelled together, count as one)";
        if names.len() == self.classes {
            return Some(format!(
                "The error is not measured: each label has {one}, and none can be left out while another of its label is learned \
                 from."
            ));
        }
        Some(match &names[..] {
            [] => return None,
            [name] => {
                format!(
                    "'{name}' is learned but not measured: it has {one}; label another of it to have it measured."
                )
            }
            names => format!(
                "{} are learned but not measured: each has {one}; label another of each to have it measured.",
                listed(names)
            ),
        })
    }
}

/// The first of these names; of more it is told how many.
pub fn listed(names: &[String]) -> String {
    let mut first: Vec<String> = names.iter().take(NAMED).map(|name| format!("'{name}'")).collect();
    let last = match names.len().saturating_sub(NAMED) {
        0 => first.pop().unwrap_or_default(),
        more => format!("{more} more"),
    };
    if first.is_empty() {
        last
    } else {
        format!("{} and {last}", first.join(", "))
    }
}

/// Labelled texts that are not kept aside, in order, as the engine splits them.
pub fn labelled(project: &Project) -> Labelled<'_> {
    let mut rows: Vec<(TextId, LabelId, Option<u64>)> = (project.answered())
        .filter(|answered| !project.is_aside(answered.text))
        .filter_map(|answered| match answered.answer {
            Answer::Label(label) => Some((answered.text, label, answered.group)),
            Answer::Skipped | Answer::Unsure => None,
        })
        .collect();
    rows.sort_unstable_by_key(|row| row.0);
    Labelled::new(rows.into_iter().filter_map(|(text, label, group)| {
        let text = project.texts.texts.get(text as usize)?;
        // The engine knows nothing of the order in which labels were made.
        Some((project.label(label)?.name.as_str(), text.as_str(), group))
    }))
}

/// Labels kept aside, and how many of each label there are besides those: of the labels that have any.
fn counted(project: &Project) -> (usize, BTreeMap<LabelId, usize>) {
    let (mut aside, mut counts) = (0, BTreeMap::new());
    for answered in project.answered() {
        if let Answer::Label(label) = answered.answer {
            if project.is_aside(answered.text) {
                aside += 1;
            } else {
                *counts.entry(label).or_default() += 1;
            }
        }
    }
    (aside, counts)
}

/// What is missing for training, in a sentence; nothing where it could start.
pub fn missing(project: &Project) -> Option<String> {
    missing_beside(&counted(project).1)
}

fn missing_beside(counts: &BTreeMap<LabelId, usize>) -> Option<String> {
    let missing = match counts.len() {
        0 => "two labels are",
        1 => "one more label is",
        _ => return None,
    };
    Some(format!(
        "Training needs texts of at least two labels, besides those kept aside: {missing} still without a text."
    ))
}

/// Counts what there is.
pub fn readiness(project: Option<&Project>) -> Readiness {
    let Some(project) = project else {
        return Readiness::NoProject;
    };
    let (aside, counts) = counted(project);
    if let Some(message) = missing_beside(&counts) {
        return Readiness::TooFew(message);
    }
    let labelled = labelled(project);
    let not_measured: HashSet<&str> = labelled.not_measured().into_iter().collect();
    let named = project
        .labels()
        .filter(|label| not_measured.contains(label.name.as_str()));
    Readiness::Ready(Material {
        texts: project.texts.texts.len(),
        labels: counts.values().sum(),
        // Of groups of several sizes a seed may watch some more than another.
        watched: labelled.watched(0),
        classes: counts.len(),
        not_measured: named.map(|label| label.name.clone()).collect(),
        aside,
    })
}

/// What a run will do, in plain words.
pub fn what_will_happen(material: &Material, recipe: &Recipe) -> String {
    let Material {
        texts,
        labels,
        classes,
        aside,
        ..
    } = *material;
    let (texts, labels) = (count(texts as u64), count(labels as u64));
    let first = if recipe.keep {
        format!(
            "Keeps the language model that has read your texts, and trains on your {labels} labels of {classes} classes"
        )
    } else if recipe.reads() {
        let rate = recipe.reading.map_or(String::new(), |rate| {
            format!(" at the rate {} in place of the usual one", short(rate))
        });
        format!(
            "Adapts the language model to your {texts} texts{rate}, then trains on your {labels} labels of {classes} classes"
        )
    } else if preview::is_pretrained(recipe.method) {
        format!(
            "Trains on your {labels} labels of {classes} classes, without adapting the language model first"
        )
    } else {
        format!("Trains on your {labels} labels of {classes} classes, from random weights")
    };
    let first = if recipe.both {
        format!("{first}: once forward and once backward")
    } else {
        first
    };
    let mut all = vec![format!("{first}.")];
    if material.measured_aside() {
        all.push(format!("The error is measured on the {aside} labels kept aside."));
    } else {
        if material.not_measured.len() < classes {
            all.push("The error is measured by classifiers that each leave some labels out.".into());
        }
        all.extend(material.what_is_not_measured());
    }
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::session::project::{Action, Texts};

    fn project(texts: usize, labels: &[&str]) -> Project {
        let texts = Texts {
            texts: (0..texts).map(|i| format!("text number {i}")).collect(),
            ..Texts::default()
        };
        let mut project = Project::new("test", Arc::new(texts));
        for &name in labels {
            project.apply(Action::CreateLabel { name: name.into() }).unwrap();
        }
        project
    }

    fn many(project: &mut Project, texts: impl IntoIterator<Item = TextId>, label: LabelId, alike: bool) {
        let step = Action::AnswerMany {
            texts: texts.into_iter().collect(),
            answer: Answer::Label(label),
            alike,
        };
        project.apply(step).unwrap();
    }

    fn material(project: &Project) -> Material {
        match readiness(Some(project)) {
            Readiness::Ready(material) => material,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_label_with_one_text_is_learned_and_named_as_not_measured() {
        let mut p = project(90, &["good", "bad", "rare", "odd", "a", "b", "c", "d"]);
        many(&mut p, 0..10, 0, false);
        assert!(
            missing(&p)
                .unwrap()
                .ends_with("one more label is still without a text.")
        );
        many(&mut p, 10..20, 1, false);
        assert_eq!((missing(&p), material(&p).what_is_not_measured()), (None, None));
        many(&mut p, [20], 2, false);
        let said = what_will_happen(&material(&p), &Recipe::default());
        assert!(
            said.contains("leave some labels out. 'rare' is learned but not measured: it has one text ("),
            "{said}"
        );
        // Another one that measures the error is not there to learn from.
        many(&mut p, [21], 2, false);
        assert_eq!(material(&p).what_is_not_measured(), None);
        p.apply(Action::KeepAside { texts: vec![21] }).unwrap();
        assert_eq!(material(&p).not_measured, ["rare"]);
        for label in 3..8 {
            many(&mut p, [19 + TextId::from(label)], label, false);
        }
        let said = material(&p).what_is_not_measured().unwrap();
        assert!(
            said.starts_with(
                "'rare', 'odd', 'a', 'b', 'c' and 1 more are learned but not measured: each has one text"
            ),
            "{said}"
        );
        // Where enough are kept aside the error is measured on those.
        many(&mut p, 40..65, 0, false);
        let texts = (40..65).collect();
        p.apply(Action::KeepAside { texts }).unwrap();
        let said = what_will_happen(&material(&p), &Recipe::default());
        assert!(!said.contains("not measured"), "{said}");
    }

    #[test]
    fn another_rate_of_reading_is_named() {
        let mut p = project(90, &["good", "bad"]);
        many(&mut p, 0..10, 0, false);
        many(&mut p, 10..20, 1, false);
        let slower = Recipe {
            reading: Some(0.0013),
            ..Recipe::default()
        };
        let said = |recipe: &Recipe| what_will_happen(&material(&p), recipe);
        let named = "to your 90 texts at the rate 1.3e-3 in place of the usual one, then trains";
        assert!(said(&slower).contains(named), "{}", said(&slower));
        assert!(said(&Recipe::default()).contains("to your 90 texts, then trains"));
        // Where nothing is read it has no effect.
        let kept = Recipe { keep: true, ..slower };
        assert!(!said(&kept).contains("1.3e-3"));
    }

    #[test]
    fn the_plan_is_the_same_in_whatever_order_the_labels_were_made() {
        let drawn = |labels: [&str; 2]| {
            let mut p = project(150, &labels);
            // Clusters of several sizes: some more or some less are held out, whichever are drawn.
            let sizes = [
                ("urgent", [5, 9, 14, 6, 11, 8, 13, 7]),
                ("other", [10, 4, 12, 15, 6, 9, 8, 5]),
            ];
            let mut from = 0;
            for (name, sizes) in sizes {
                let label = LabelId::from(labels[1] == name);
                for size in sizes {
                    many(&mut p, from..from + size, label, true);
                    from += size;
                }
            }
            let labelled = labelled(&p);
            (0..30).map(|seed| labelled.watched(seed)).collect::<Vec<_>>()
        };
        let plan = drawn(["urgent", "other"]);
        assert_eq!(plan, drawn(["other", "urgent"]));
        assert!(
            plan.iter().any(|drawn| *drawn != plan[0]),
            "a seed makes no difference"
        );
    }

    #[test]
    fn one_correction_leaves_the_others_that_were_labelled_with_it_to_be_measured() {
        let mut p = project(90, &["good", "bad", "rare"]);
        for cluster in 0..6 {
            let texts = cluster * 10..cluster * 10 + 10;
            many(&mut p, texts, LabelId::from(cluster % 2 == 1), true);
        }
        assert_eq!(labelled(&p).measured(1).1, 60);
        many(&mut p, [3], 2, false);
        assert_eq!(
            (labelled(&p).measured(1).1, material(&p).not_measured),
            (59, vec!["rare".to_string()])
        );
    }

    #[test]
    fn what_was_labelled_together_counts_as_one_text() {
        let mut p = project(90, &["good", "bad"]);
        many(&mut p, 0..30, 0, true);
        many(&mut p, 30..60, 1, true);
        let said = what_will_happen(&material(&p), &Recipe::default());
        assert!(
            said.contains("The error is not measured: each label has one text (copies, and texts that were labelled together")
                && !said.contains("leave some labels out"),
            "{said}"
        );
        many(&mut p, [60], 1, false);
        assert_eq!(material(&p).not_measured, ["good"]);
        assert_eq!(labelled(&p).measured(1).1, 31);
    }
}

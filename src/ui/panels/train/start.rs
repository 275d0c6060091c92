//! The job that is made of a project.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::super::classify::{LESSON, Lesson};
use super::ready::{ENOUGH_ASIDE, Material};
use crate::session::preview;
use crate::session::project::{Answer, Label, LabelId, OpenProject, Project};
use crate::session::protocol::{
    ClassifierOptions, Common, Estimate, Evaluate, Fit, GivenRow, LmOptions, Source,
};
use crate::ui::run::Recipe;

/// Texts that are watched.
const WATCHED: usize = 3;

/// The options of stage 3; what is as the method has it stays unsaid.
pub(super) fn options(recipe: &Recipe) -> ClassifierOptions {
    let takes = preview::takes(recipe.method);
    ClassifierOptions {
        epochs: Some(recipe.epochs),
        rate: recipe.rate.map(short),
        cut_frac: takes.triangle.then_some(short(recipe.cut_frac)),
        ratio: takes.triangle.then_some(short(recipe.ratio)),
        factor: takes.factor.then_some(short(recipe.factor)),
        ..ClassifierOptions::default()
    }
}

/// A number with as many digits as anyone chooses. One with all that a slider gives it may lose its last bit where the job is kept as
/// JSON, and the run that goes on would not be the one that its checkpoint is of.
fn short(number: f64) -> f64 {
    format!("{number:.6e}").parse().unwrap_or(number)
}

fn rows(project: &Project, aside: bool) -> Vec<GivenRow> {
    named(project, aside, |label| label.name.clone())
}

/// The labelled texts that are kept aside, or the others, each with what its label is called.
fn named(project: &Project, aside: bool, call: impl Fn(&Label) -> String) -> Vec<GivenRow> {
    let mut rows: Vec<(u32, GivenRow)> = Vec::new();
    for answered in project.answered() {
        let Answer::Label(label) = answered.answer else {
            continue;
        };
        if project.is_aside(answered.text) != aside {
            continue;
        }
        let text = project.texts.texts.get(answered.text as usize);
        if let (Some(text), Some(label)) = (text, project.label(label)) {
            rows.push((
                answered.text,
                GivenRow {
                    text: text.clone(),
                    label: Some(call(label)),
                    group: answered.group,
                },
            ));
        }
    }
    // Whatever the order of labelling, the same labels give the same model.
    rows.sort_by_key(|(text, _)| *text);
    let mut rows: Vec<GivenRow> = rows.into_iter().map(|(_, row)| row).collect();
    number_groups(&mut rows);
    rows
}

/// Numbers groups in the order of their first rows, so that the same groups are the same job however they came about. One of a
/// single row is none.
fn number_groups(rows: &mut [GivenRow]) {
    let mut sizes: HashMap<u64, usize> = HashMap::new();
    for group in rows.iter().filter_map(|row| row.group) {
        *sizes.entry(group).or_default() += 1;
    }
    let mut numbers: HashMap<u64, u64> = HashMap::new();
    for row in rows {
        let next = numbers.len() as u64;
        row.group = row
            .group
            .filter(|group| sizes.get(group).is_some_and(|&size| size > 1))
            .map(|group| *numbers.entry(group).or_insert(next));
    }
}

/// Where the classifier of a project is made.
pub fn model_place(work_dir: &Path) -> PathBuf {
    work_dir.join("classifier")
}

/// Whether a job trains on just the labels that the project has now.
pub fn learns_from(job: &Fit, project: &Project) -> bool {
    job.data.rows.as_ref() == Some(&rows(project, false))
}

fn given(name: &str, rows: Vec<GivenRow>) -> Source {
    Source {
        path: PathBuf::from(name),
        rows: Some(rows),
        ..Source::default()
    }
}

/// Short texts without an answer, which are good to read; without enough of them short texts with one.
fn watch(project: &Project) -> Vec<String> {
    let texts = project.texts.texts.iter().enumerate();
    let short = |t: &&(usize, &String)| (12..=90).contains(&t.1.chars().take(100).count());
    let all: Vec<(usize, &String)> = texts.collect();
    let open = |t: &&(usize, &String)| project.answer(t.0 as u32).is_none();
    let first = all.iter().filter(short).filter(open).take(WATCHED);
    let mut chosen: Vec<String> = first.map(|t| t.1.clone()).collect();
    let rest = all.iter().filter(open).chain(all.iter());
    for (_, text) in rest {
        if chosen.len() >= WATCHED {
            break;
        }
        if !chosen.contains(text) && !text.trim().is_empty() {
            chosen.push((*text).clone());
        }
    }
    chosen
}

/// The training job of a project.
pub fn fit(project: &Project, material: &Material, recipe: &Recipe, common: Common, work_dir: &Path) -> Fit {
    let unlabelled = project.texts.texts.iter().map(|text| GivenRow {
        text: text.clone(),
        ..GivenRow::default()
    });
    Fit {
        common,
        data: given("the labelled texts", rows(project, false)),
        unlabelled: recipe.reads().then(|| given("all texts", unlabelled.collect())),
        out: model_place(work_dir),
        method: recipe.method,
        bidirectional: recipe.both,
        tfidf: recipe.tfidf,
        adapt: recipe.reads(),
        lm: LmOptions {
            rate: recipe.reading.map(short),
            ..LmOptions::default()
        },
        classifier: options(recipe),
        estimate: if material.measured_aside() {
            Estimate::None
        } else {
            Estimate::Auto
        },
        forgetting: true,
        watch: watch(project),
        // The model of an earlier run gives way to this one once this one is done.
        overwrite: true,
        ..Fit::default()
    }
}

/// What the project's labels were called when a run began: so its classifier calls its classes. Nothing where the project
/// keeps what another run learned from.
pub fn names_of(run: usize, open: &OpenProject) -> Vec<(String, LabelId)> {
    let lesson: Option<Lesson> = open.setting(LESSON);
    let lesson = lesson.filter(|lesson| lesson.run == run as u64);
    lesson.map_or_else(Vec::new, |lesson| lesson.names)
}

/// Whether some of the labels that a run began with, by these names, are one by now: each stays a class of its own to its
/// classifier.
pub fn merged(names: &[(String, LabelId)], project: &Project) -> bool {
    let now: HashSet<LabelId> = names.iter().map(|(_, id)| project.now(*id)).collect();
    now.len() < names.len()
}

/// The job that measures a finished model on the labels kept aside, where those are enough. `names` are those that the
/// labels had when its training began: they may be renamed since.
pub fn evaluation(
    project: &Project,
    names: &[(String, LabelId)],
    common: Common,
    model: PathBuf,
) -> Option<Evaluate> {
    let call = |label: &Label| {
        if let Some((then, _)) = names.iter().find(|(_, id)| *id == label.id) {
            return then.clone();
        }
        // It is new, and not the label that had its name before and is there still.
        let taken = |(then, id): &(String, LabelId)| *then == label.name && project.label(*id).is_some();
        if names.iter().any(taken) {
            return format!("{} (new)", label.name);
        }
        label.name.clone()
    };
    let rows = named(project, true, call);
    (rows.len() >= ENOUGH_ASIDE).then(|| Evaluate {
        common,
        model,
        data: given("the labels kept aside", rows),
        batch: None,
        limit: None,
        // A rare label may have no text but those kept aside, and a label may be new: the rest is to be measured all
        // the same, and these are mistakes.
        unknown_is_wrong: true,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::ready::{Readiness, readiness, what_will_happen};
    use super::*;
    use crate::session::project::{Action, Texts};
    use crate::session::protocol::Method;

    fn project(texts: usize) -> Project {
        let texts = (0..texts)
            .map(|i| format!("text number {i} of the test"))
            .collect();
        let texts = Texts {
            texts,
            ..Texts::default()
        };
        let mut project = Project::new("test", Arc::new(texts));
        for name in ["good", "bad"] {
            project.apply(Action::CreateLabel { name: name.into() }).unwrap();
        }
        project
    }

    fn answer(project: &mut Project, text: u32, label: LabelId) {
        let answer = Answer::Label(label);
        project
            .apply(Action::Answer {
                text,
                answer,
                suggested: None,
            })
            .unwrap();
    }

    fn material(project: &Project) -> Material {
        match readiness(Some(project)) {
            Readiness::Ready(material) => material,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_missing_is_said() {
        assert_eq!(readiness(None), Readiness::NoProject);
        let mut p = project(9);
        let missing = |p: &Project| match readiness(Some(p)) {
            Readiness::TooFew(message) => message,
            other => panic!("{other:?}"),
        };
        assert!(missing(&p).contains("two labels are still without"));
        answer(&mut p, 8, 0);
        answer(&mut p, 7, 0);
        assert!(missing(&p).contains("one more label is still without"));
        answer(&mut p, 2, 1);
        // A label that is kept aside is not one to train on.
        p.apply(Action::KeepAside { texts: vec![2] }).unwrap();
        assert!(missing(&p).contains("one more label is still without"));
        answer(&mut p, 3, 1);
        assert_eq!(material(&p).not_measured, ["bad"]);
        answer(&mut p, 1, 1);
        let Readiness::Ready(material) = readiness(Some(&p)) else {
            panic!("enough")
        };
        assert_eq!((material.labels, material.classes, material.aside), (4, 2, 1));
        let said = what_will_happen(&material, &Recipe::default());
        assert!(
            said.contains("your 9 texts") && said.contains("your 4 labels"),
            "{said}"
        );
        let job = fit(
            &p,
            &material,
            &Recipe::default(),
            Common::default(),
            "/w".as_ref(),
        );
        assert!(!job.bidirectional);
        let both = Recipe {
            both: true,
            ..Recipe::default()
        };
        assert!(fit(&p, &material, &both, Common::default(), "/w".as_ref()).bidirectional);
        let rows = job.data.rows.unwrap();
        assert_eq!(rows[0].text, "text number 1 of the test");
        assert_eq!(
            rows.iter().filter(|r| r.label.as_deref() == Some("good")).count(),
            2
        );
        assert_eq!(job.unlabelled.unwrap().rows.unwrap().len(), 9);
        assert_eq!((job.watch.len(), job.estimate), (3, Estimate::Auto));
        assert_eq!(job.watch[0], "text number 0 of the test");
        assert_eq!(job.classifier.cut_frac, Some(0.1));
        assert_eq!(short(0.011_000_000_000_000_001), 0.011);
    }

    #[test]
    fn labels_given_together_are_handed_over_as_groups() {
        let mut p = project(30);
        for text in 20..26 {
            answer(&mut p, text, (text % 2) as LabelId);
        }
        let groups =
            |p: &Project| -> Vec<Option<u64>> { rows(p, false).iter().map(|row| row.group).collect() };
        assert_eq!(groups(&p), [None; 6]);
        let together = |texts: Vec<u32>, label| Action::AnswerMany {
            texts,
            answer: Answer::Label(label),
            alike: true,
        };
        p.apply(together(vec![9, 3, 5], 0)).unwrap();
        p.apply(together(vec![1, 7], 1)).unwrap();
        let both = [Some(0), Some(1), Some(1), Some(0), Some(1)];
        assert_eq!(groups(&p)[..5], both);
        let material = material(&p);
        let job = fit(
            &p,
            &material,
            &Recipe::default(),
            Common::default(),
            "/w".as_ref(),
        );
        assert!(learns_from(&job, &p));
        // A correction leaves the text with those that it was chosen for its likeness to.
        answer(&mut p, 5, 1);
        assert_eq!(groups(&p)[..5], both);
        // Two of which one is kept aside are one to learn from.
        p.apply(Action::KeepAside { texts: vec![7] }).unwrap();
        assert_eq!(groups(&p)[..4], [None, Some(0), Some(0), Some(0)]);
        assert!(!learns_from(&job, &p));
    }

    #[test]
    fn a_method_without_pretraining_is_promised_no_reading() {
        let mut p = project(9);
        for text in 0..8 {
            answer(&mut p, text, (text % 2) as LabelId);
        }
        let Readiness::Ready(material) = readiness(Some(&p)) else {
            panic!("enough")
        };
        let scratch = Recipe {
            method: Method::Scratch,
            ..Recipe::default()
        };
        assert!(scratch.adapt && !scratch.reads());
        let said = what_will_happen(&material, &scratch);
        assert!(
            said.contains("8 labels of 2 classes, from random weights.") && !said.contains("Adapts"),
            "{said}"
        );
        let job = fit(&p, &material, &scratch, Common::default(), "/w".as_ref());
        assert!(!job.adapt && job.unlabelled.is_none());
    }

    #[test]
    fn enough_labels_kept_aside_measure_the_error() {
        let mut p = project(60);
        for text in 0..60 {
            answer(&mut p, text, (text % 2) as LabelId);
        }
        p.apply(Action::KeepAside {
            texts: (0..20).collect(),
        })
        .unwrap();
        let Readiness::Ready(material) = readiness(Some(&p)) else {
            panic!("enough")
        };
        assert_eq!((material.labels, material.aside), (40, 20));
        let job = fit(
            &p,
            &material,
            &Recipe::default(),
            Common::default(),
            "/w".as_ref(),
        );
        assert_eq!(job.estimate, Estimate::None);
        let measure = evaluation(&p, &[], Common::default(), job.out).unwrap();
        assert_eq!(measure.data.rows.unwrap().len(), 20);
    }

    #[test]
    fn labels_are_measured_by_the_names_that_training_knew() {
        let mut p = project(24);
        for text in 0..24 {
            answer(&mut p, text, (text % 2) as LabelId);
        }
        p.apply(Action::KeepAside {
            texts: (0..20).collect(),
        })
        .unwrap();
        let names = Lesson::begin(&p).names;
        // While training goes on, `good` becomes `fine`, and another label becomes `good`.
        let name = "fine".to_string();
        p.apply(Action::RenameLabel { label: 0, name }).unwrap();
        for name in ["good", "rare"] {
            p.apply(Action::CreateLabel { name: name.into() }).unwrap();
        }
        answer(&mut p, 0, 2);
        answer(&mut p, 2, 3);
        let measure = evaluation(&p, &names, Common::default(), "/w".into()).unwrap();
        assert!(measure.unknown_is_wrong);
        let rows = measure.data.rows.unwrap();
        let called: Vec<&str> = rows.iter().filter_map(|r| r.label.as_deref()).take(5).collect();
        assert_eq!(called, ["good (new)", "bad", "rare", "bad", "good"]);
    }
}

//! Labels out of a project and into it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::background::{Background, Wake};
use super::dialog::{ASKS_WHERE, hand_over, let_go};
use super::reading::{Reading, plain};
use super::sheet::is_guessed;
use crate::host::fs;
use crate::io::exchange::{
    self as format, Export, Format, Given, Matched, Verdict, match_labels, read_labels_as,
};
use crate::io::{Warning, is_workbook};
use crate::session::project::{Action, Answer, LabelId, Project, TextId};

/// Writes texts, answers and predictions beside the window; gives the path that was written. `predicted` says what the
/// model makes of a text: its label and the probability.
///
/// An export replaces an older file of its name; a folder only where it holds such an export.
pub fn export_project(
    project: &Project,
    predicted: impl Fn(TextId) -> Option<(LabelId, f32)>,
    format: Format,
    path: PathBuf,
    wake: Wake,
) -> Background<Result<PathBuf, String>> {
    let labels: Vec<_> = project.labels().cloned().collect();
    let place = |id: LabelId| labels.iter().position(|label| label.id == id);
    let texts = Arc::clone(&project.texts);
    let ids = || (0..texts.texts.len()).map_while(|at| TextId::try_from(at).ok());
    let answers: Vec<Option<Given>> = ids()
        .map(|id| match project.answer(id)? {
            Answer::Label(label) => place(label).map(Given::Label),
            Answer::Skipped => Some(Given::Skipped),
            Answer::Unsure => Some(Given::Unsure),
        })
        .collect();
    let predictions: Vec<Option<(usize, f32)>> = ids()
        .map(|id| predicted(id).and_then(|(label, p)| Some((place(label)?, p))))
        .collect();
    let names: Vec<String> = labels.iter().map(|label| label.name.clone()).collect();
    let name = project.name.clone();
    Background::start(0, wake, move |_| {
        let export = Export {
            name: &name,
            labels: &names,
            texts: &texts.texts,
            answers: &answers,
            predictions: &predictions,
            extra_columns: &texts.extra_columns,
            extra: &texts.extra,
            extra_json: &texts.extra_json,
        };
        // A browser has no folders to hand out.
        let write = if ASKS_WHERE {
            format::export
        } else {
            format::export_side_by_side
        };
        write(&export, format, &path).map_err(|error| error.to_string())?;
        hand_over(&path).map_err(|error| {
            let_go(&path);
            format!("{}: {error}", path.display())
        })?;
        Ok(path)
    })
}

/// What to say of an export that was written to this path.
pub fn where_it_went(path: &Path) -> String {
    if ASKS_WHERE {
        format!("Written to {}.", path.display())
    } else {
        downloads(path)
    }
}

/// What the browser got: a file, or every file of a folder.
fn downloads(path: &Path) -> String {
    let entries = fs::read_dir(path).ok().filter(|_| fs::is_dir(path));
    let Some(entries) = entries else {
        let name = path.file_name().unwrap_or_default();
        return format!("{} goes to your downloads.", name.display());
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().display().to_string()))
        .collect();
    names.sort();
    format!(
        "{} go to your downloads; if the browser asks, allow both. Put them into one folder, under these names: \
         datasets.load_dataset opens it.",
        names.join(" and ")
    )
}

/// What a file of labels holds for a project. Nothing is changed until the actions are applied.
#[derive(Clone, Debug)]
pub struct Imported {
    /// What the file is.
    pub format: Format,
    /// New labels and answers, in this order.
    pub actions: Vec<Action>,
    /// Rows with a label whose text is in the project.
    pub matched: usize,
    /// Rows with a label whose text is not: where they begin.
    pub unmatched: Vec<u64>,
    /// Rows that contradict one another: where both begin. Their texts are left as they are.
    pub conflicting: Vec<(u64, u64)>,
    /// Rows without a label.
    pub without: usize,
    /// Rows whose labels a project cannot hold.
    pub unusable: usize,
    /// Names of the labels that are new.
    pub new_labels: Vec<String>,
    /// Texts that had another answer, which would be replaced.
    pub replaced: usize,
    /// Whether the file is not UTF-8 and was read as Windows-1252.
    pub guessed: bool,
    /// Whether classes are called by their numbers because the data set's card does not tell which names are theirs.
    pub nameless: bool,
    /// Whether it is a workbook.
    pub is_workbook: bool,
    /// The sheet that was read and those that were not, where a workbook has several and nobody chose one.
    pub sheets: Option<(String, Vec<String>)>,
}

/// Reads labels for the texts of a project beside the window, from a file that is read as the user says.
pub fn import_labels(
    project: &Project,
    path: PathBuf,
    reading: Reading,
    wake: Wake,
) -> Background<Result<Imported, String>> {
    let project = project.clone();
    Background::start(0, wake, move |_| import(&project, &path, &reading))
}

fn import(project: &Project, path: &Path, reading: &Reading) -> Result<Imported, String> {
    let file = read_labels_as(path, &reading.options()).map_err(|error| plain(&error))?;
    let found = match_labels(&project.texts.texts, &file);
    let imported = actions(project, file.format, found).map_err(|why| why.to_string())?;
    let nameless = |warning: &Warning| matches!(warning, Warning::NamelessClasses { .. });
    let sheets = |warning: &Warning| match warning {
        Warning::OtherSheets { sheet, others, .. } => Some((sheet.clone(), others.clone())),
        _ => None,
    };
    Ok(Imported {
        guessed: is_guessed(&file.warnings),
        nameless: file.warnings.iter().any(nameless),
        is_workbook: is_workbook(path),
        sheets: file.warnings.iter().find_map(sheets),
        ..imported
    })
}

fn actions(
    project: &Project,
    format: Format,
    found: Matched,
) -> Result<Imported, crate::session::project::Refused> {
    // A new label's id counts every label that ever was, so it is found by making it.
    let mut ahead = project.clone();
    let mut out = Imported {
        format,
        actions: Vec::new(),
        matched: found.matched,
        unmatched: found.unmatched,
        conflicting: found.conflicting,
        without: found.without,
        unusable: found.unusable,
        new_labels: Vec::new(),
        replaced: 0,
        guessed: false,
        nameless: false,
        is_workbook: false,
        sheets: None,
    };
    let mut by_verdict: BTreeMap<Verdict, Vec<TextId>> = BTreeMap::new();
    for (at, verdict) in found.verdicts {
        if let Ok(id) = TextId::try_from(at) {
            by_verdict.entry(verdict).or_default().push(id);
        }
    }
    for (verdict, mut texts) in by_verdict {
        let answer = match &verdict {
            Verdict::Skipped => Answer::Skipped,
            Verdict::Unsure => Answer::Unsure,
            Verdict::Label(name) => {
                let id = |p: &Project| p.labels().find(|l| &l.name == name).map(|l| l.id);
                if id(&ahead).is_none() {
                    let create = Action::CreateLabel { name: name.clone() };
                    ahead.apply(create.clone())?;
                    out.new_labels.push(name.clone());
                    out.actions.push(create);
                }
                let Some(label) = id(&ahead) else { continue };
                Answer::Label(label)
            }
        };
        texts.retain(|&text| project.answer(text) != Some(answer));
        out.replaced += texts
            .iter()
            .filter(|&&text| project.answer(text).is_some())
            .count();
        if !texts.is_empty() {
            out.actions.push(Action::AnswerMany {
                texts,
                answer,
                alike: false,
            });
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::super::background::Outcome;
    use super::*;
    use crate::session::project::Texts;

    fn project() -> Project {
        let texts = Texts {
            texts: ["a", "b", "c", "d"].map(String::from).to_vec(),
            ..Texts::default()
        };
        let mut project = Project::new("p", Arc::new(texts));
        let create = |name: &str| Action::CreateLabel { name: name.into() };
        let many = |texts: &[TextId], answer| Action::AnswerMany {
            texts: texts.to_vec(),
            answer,
            alike: false,
        };
        for action in [
            create("gone"),
            create("x"),
            Action::DeleteLabel { label: 0 },
            create("y"),
            many(&[0], Answer::Label(1)),
            many(&[1], Answer::Label(2)),
            many(&[2], Answer::Unsure),
        ] {
            project.apply(action).unwrap();
        }
        project
    }

    fn wait<T: Send + 'static>(work: &Background<T>) -> T {
        loop {
            match work.poll() {
                Outcome::Done(result) => return result,
                Outcome::Running => std::thread::yield_now(),
                Outcome::Lost => panic!("the thread is gone"),
            }
        }
    }

    #[test]
    fn an_export_brings_back_every_answer_to_an_empty_project() {
        let dir = tempfile::tempdir().unwrap();
        let wake: Wake = Arc::new(|| {});
        let full = project();
        for format in Format::ALL {
            let path = dir.path().join(format!("{format:?}.{}", format.extension()));
            let predicted = |text| (text == 3).then_some((2, 0.5));
            let written = export_project(&full, predicted, format, path.clone(), Arc::clone(&wake));
            assert_eq!(wait(&written).unwrap(), path);
            let mut again = Project::new("p", Arc::clone(&full.texts));
            let import = wait(&import_labels(
                &again,
                path.clone(),
                Reading::default(),
                Arc::clone(&wake),
            ))
            .unwrap();
            assert_eq!((import.matched, import.without, import.replaced), (3, 1, 0));
            assert_eq!(import.new_labels, ["x", "y"]);
            for action in import.actions {
                again.apply(action).unwrap();
            }
            let name = |p: &Project, text| match p.answer(text) {
                Some(Answer::Label(id)) => p.label(id).unwrap().name.clone(),
                other => format!("{other:?}"),
            };
            for text in 0..4 {
                assert_eq!(name(&again, text), name(&full, text), "{format:?}");
            }
            let nothing = wait(&import_labels(&full, path, Reading::default(), Arc::clone(&wake))).unwrap();
            assert!(
                nothing.actions.is_empty(),
                "what is there already is not given again"
            );
        }
    }

    #[test]
    fn what_a_browser_hands_out_is_called_by_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("mail-labels");
        std::fs::create_dir(&folder).unwrap();
        for name in ["train.parquet", "README.md"] {
            std::fs::write(folder.join(name), "x").unwrap();
        }
        let said = downloads(&folder);
        assert!(
            said.starts_with("README.md and train.parquet go to your downloads"),
            "{said}"
        );
        assert_eq!(
            downloads(&folder.join("train.parquet")),
            "train.parquet goes to your downloads."
        );
    }

    #[test]
    fn classes_that_a_card_does_not_name_are_told() {
        let dir = tempfile::tempdir().unwrap();
        let feature = |name: &str| {
            format!(
                "- config_name: {name}\n  features:\n  - name: label\n    dtype:\n      class_label:\n        names:\n          \
                 '0': {name}\n"
            )
        };
        let (one, other) = (feature("joy"), feature("neutral"));
        std::fs::write(dir.path().join("train.jsonl"), "{\"text\":\"a\",\"label\":0}\n").unwrap();
        for (features, label, nameless) in [(one.clone() + &other, "0", true), (one, "joy", false)] {
            let card = format!("---\ndataset_info:\n{features}---\n");
            std::fs::write(dir.path().join("README.md"), card).unwrap();
            let import = import(&project(), dir.path(), &Reading::default()).unwrap();
            assert_eq!((&import.new_labels[0][..], import.nameless), (label, nameless));
        }
    }

    #[test]
    fn that_the_encoding_of_labels_is_guessed_is_known() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        for (label, guessed) in [(&b"caf\xE9"[..], true), ("café".as_bytes(), false)] {
            std::fs::write(&path, [b"text,label\na,", label].concat()).unwrap();
            let import = import(&project(), &path, &Reading::default()).unwrap();
            assert_eq!((import.guessed, &import.new_labels[0][..]), (guessed, "café"));
        }
    }

    #[test]
    fn labels_are_read_in_the_encoding_that_is_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        // "Box", in Japanese; as Windows-1252 it would be something else.
        std::fs::write(&path, b"text,label\na,\x94\xA0\n").unwrap();
        let reading = Reading {
            encoding: Some("shift_jis".parse().unwrap()),
            ..Reading::default()
        };
        let import = import(&project(), &path, &reading).unwrap();
        assert_eq!((import.guessed, &import.new_labels[0][..]), (false, "箱"));
    }

    #[test]
    fn labels_come_from_the_sheet_that_is_said() {
        let book = |name: &str| PathBuf::from("tests/fixtures/workbooks").join(name);
        let of = |sheet: &str| Reading {
            sheet: Some(sheet.into()),
            ..Reading::default()
        };
        let import = |path: &Path, reading: &Reading| import(&project(), path, reading);
        let labels = import(&book("figures.xlsx"), &of("Labels")).unwrap();
        assert_eq!(
            (&labels.unmatched[..], labels.sheets, labels.is_workbook),
            (&[4, 5][..], None, true)
        );
        let first = import(&book("mail.xlsx"), &Reading::default()).unwrap();
        assert_eq!(first.sheets, Some(("Mail".into(), vec!["Forum".into()])));
        let none = import(&book("figures.xlsx"), &Reading::default()).unwrap_err();
        assert!(
            none.contains("or another sheet; this is 'Figures'") && !none.contains("--"),
            "{none}"
        );
    }

    #[test]
    fn failures_name_no_option_of_the_terminal() {
        let dir = tempfile::tempdir().unwrap();
        let failure = |text: &str| {
            let path = dir.path().join("a.csv");
            std::fs::write(&path, text).unwrap();
            import(&project(), &path, &Reading::default()).unwrap_err()
        };
        let labels = failure("id,text\n1,good film\n2,bad film\n");
        assert!(
            labels.ends_with("; choose a file in which a column holds labels") && !labels.contains("--"),
            "{labels}"
        );
        let texts = failure("a,b\n1,2\n3,4\n");
        assert!(
            texts.ends_with("a column holds text") && !texts.contains("--"),
            "{texts}"
        );
    }

    #[test]
    fn new_labels_get_the_ids_that_the_project_will_give_them() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.csv");
        std::fs::write(&path, "text,label\na,y\nd,new\nelsewhere,x\n").unwrap();
        let mut project = project();
        let import = import(&project, &path, &Reading::default()).unwrap();
        assert_eq!((import.matched, import.replaced), (2, 1));
        assert_eq!(import.unmatched, [4]);
        for action in import.actions {
            project.apply(action).unwrap();
        }
        assert_eq!(project.answer(0), Some(Answer::Label(2)));
        assert_eq!(project.label(3).unwrap().name, "new");
        assert_eq!(project.answer(3), Some(Answer::Label(3)));
    }
}

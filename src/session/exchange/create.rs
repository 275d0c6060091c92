//! From an opened table to a project.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::background::{Background, Wake};
use super::dialog::adopt;
use super::sheet::Sheet;
use crate::host::work::moment;
use crate::session::project::{
    Action, Answer, Happened, LabelId, OpenProject, Opening, TextId, Texts, folder,
};

/// More values than this in a column are no labels, and more keys than this nobody presses.
pub const MOST_LABELS: usize = 500;

/// How a table becomes a project.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The table.
    pub sheet: Arc<Sheet>,
    /// Columns that hold the text, in this order.
    pub text_columns: Vec<usize>,
    /// The column that holds labels, if one does: its values become the project's labels.
    pub label_column: Option<usize>,
    /// Whether the labels of the rows are taken over as answers.
    pub use_labels: bool,
    /// Whether only the first of several rows with the same text is kept.
    pub once_only: bool,
}

impl Plan {
    /// The rows that become texts: those whose text is not blank, the repeated ones only where they are wanted.
    pub(super) fn rows(&self) -> (Vec<usize>, Vec<String>) {
        let mut seen = HashSet::new();
        let mut rows = Vec::with_capacity(self.sheet.rows.len());
        let mut texts = Vec::with_capacity(self.sheet.rows.len());
        for row in 0..self.sheet.rows.len() {
            let text = self.sheet.text(row, &self.text_columns);
            if text.trim().is_empty() || (self.once_only && !seen.insert(text.clone())) {
                continue;
            }
            rows.push(row);
            texts.push(text);
        }
        (rows, texts)
    }

    /// The columns that are kept beside the text. The column of labels stays among them: what the file said is not lost
    /// when answers change.
    pub(super) fn extra_columns(&self) -> Vec<usize> {
        (0..self.sheet.columns.len())
            .filter(|at| !self.text_columns.contains(at))
            .collect()
    }

    /// The labels of these rows, each with the rows that have it.
    pub(super) fn labels(&self, column: usize, rows: &[usize]) -> Result<Vec<(String, Vec<usize>)>, String> {
        let labels = self.sheet.labels(column, rows.iter().copied());
        if labels.len() > MOST_LABELS {
            let name = self.sheet.columns.get(column).map_or("", String::as_str);
            let count = labels.len();
            return Err(format!(
                "The column '{name}' has {count} different values, too many for labels; choose another column or none"
            ));
        }
        Ok(labels)
    }
}

/// Where new projects are kept unless the user says otherwise.
pub fn projects_folder() -> PathBuf {
    folder::projects_directory()
}

/// Makes the project beside the window: a file in this folder, or in memory only.
pub fn create(plan: Plan, folder: Option<PathBuf>, wake: Wake) -> Background<Result<OpenProject, String>> {
    Background::start_async(0, Arc::clone(&wake), async move |_| {
        build(&plan, folder.as_deref(), wake).await
    })
}

/// Opens a project file beside the window.
pub fn open_project(path: PathBuf, wake: Wake) -> Background<Result<OpenProject, String>> {
    Background::start_async(0, Arc::clone(&wake), async move |_| {
        let place = adopt(path.clone()).map_err(|error| format!("the project cannot be copied: {error}"))?;
        open_adopted(&path, place, wake).await
    })
}

/// Opens a project file where it was adopted. A page's copy that cannot be opened goes again, or every try would leave one
/// that nobody sees; the file that it was made of is where the user has it.
async fn open_adopted(given: &Path, place: PathBuf, wake: Wake) -> Result<OpenProject, String> {
    let opened = Opening::open(place.clone(), wake).opened().await;
    if opened.is_err() && place != given {
        crate::host::fs::remove_file(&place).ok();
    }
    opened.map_err(|why| why.to_string())
}

/// Where a new project lives.
async fn new_project(
    sheet: &Sheet,
    texts: Arc<Texts>,
    folder: Option<&Path>,
    wake: Wake,
) -> Result<OpenProject, String> {
    let Some(folder) = folder else {
        return Ok(OpenProject::in_memory(sheet.name.clone(), texts));
    };
    let cannot = |error: std::io::Error| {
        let shown = folder.display();
        format!("{shown}: the folder for projects cannot be made ({error}); check that you may write there")
    };
    crate::host::fs::create_dir_all(folder).map_err(cannot)?;
    let path = folder::free_path(folder, &sheet.name);
    let name = path
        .file_stem()
        .map_or_else(|| sheet.name.clone(), |stem| stem.to_string_lossy().into_owned());
    let opening = Opening::create(path, name, texts, wake);
    opening.opened().await.map_err(|why| why.to_string())
}

/// Does the actions and waits until they are on disk.
async fn act(project: &mut OpenProject, actions: Vec<Action>) -> Result<(), String> {
    for action in actions {
        project.act(action).map_err(|why| why.to_string())?;
    }
    loop {
        let busy = project.busy();
        if let Some(why) = project.poll().iter().find_map(Happened::failure) {
            return Err(why);
        }
        if !busy {
            return Ok(());
        }
        moment().await;
    }
}

async fn build(plan: &Plan, folder: Option<&Path>, wake: Wake) -> Result<OpenProject, String> {
    let sheet = &plan.sheet;
    let (rows, texts) = plan.rows();
    if texts.is_empty() {
        return Err(format!(
            "{}: every text in these columns is empty; choose another column",
            sheet.source
        ));
    }
    let extra = plan.extra_columns();
    let texts = Texts {
        source: sheet.source.clone(),
        texts,
        extra_columns: extra
            .iter()
            .filter_map(|&at| sheet.columns.get(at).cloned())
            .collect(),
        extra: rows
            .iter()
            .map(|&row| extra.iter().map(|&at| sheet.cell(row, at).to_string()).collect())
            .collect(),
        extra_json: extra.iter().map(|&at| sheet.is_json(at)).collect(),
    };
    let actions = plan
        .label_column
        .map(|column| labels(plan, column, &rows))
        .transpose()?
        .unwrap_or_default();
    let mut project = new_project(sheet, Arc::new(texts), folder, wake).await?;
    act(&mut project, actions).await?;
    Ok(project)
}

/// The actions that make the labels of a column, and give them where that is wanted.
fn labels(plan: &Plan, column: usize, rows: &[usize]) -> Result<Vec<Action>, String> {
    let labels = plan.labels(column, rows)?;
    let mut actions: Vec<Action> = labels
        .iter()
        .map(|(name, _)| Action::CreateLabel { name: name.clone() })
        .collect();
    if plan.use_labels {
        for (id, (_, given)) in labels.iter().enumerate() {
            // Rows come in order, so a text is found by bisection.
            let texts: Vec<TextId> = given
                .iter()
                .filter_map(|row| TextId::try_from(rows.binary_search(row).ok()?).ok())
                .collect();
            if !texts.is_empty() {
                let label = LabelId::try_from(id).map_err(|e| e.to_string())?;
                let answer = Answer::Label(label);
                actions.push(Action::AnswerMany {
                    texts,
                    answer,
                    alike: false,
                });
            }
        }
    }
    Ok(actions)
}

#[cfg(test)]
mod tests {
    use super::super::sheet::SheetRow;
    use super::*;
    use crate::host::work::block_on;

    fn plan(rows: &[[&str; 3]]) -> Plan {
        let row = |(at, cells): (usize, &[&str; 3])| SheetRow {
            line: at as u64 + 2,
            cells: cells.map(str::to_string).to_vec(),
        };
        let sheet = Sheet {
            source: "a.csv".into(),
            name: "a".into(),
            columns: ["id", "text", "label"].map(String::from).to_vec(),
            rows: rows.iter().enumerate().map(row).collect(),
            ..Sheet::default()
        };
        Plan {
            sheet: Arc::new(sheet),
            text_columns: vec![1],
            label_column: Some(2),
            use_labels: true,
            once_only: false,
        }
    }

    fn built(plan: &Plan) -> Result<OpenProject, String> {
        block_on(build(plan, None, Arc::new(|| {})))
    }

    #[test]
    fn blank_texts_go_and_labels_become_answers_of_the_right_texts() {
        let mut plan = plan(&[
            ["7", "a", "10"],
            ["8", " ", "2"],
            ["9", "b", "2"],
            ["10", "a", ""],
        ]);
        let made = built(&plan).unwrap().project;
        assert_eq!(made.texts.texts, ["a", "b", "a"]);
        assert_eq!(made.texts.extra_columns, ["id", "label"]);
        assert_eq!(made.texts.extra[1], ["9", "2"]);
        let names: Vec<&str> = made.labels().map(|l| l.name.as_str()).collect();
        assert_eq!(names, ["2", "10"]);
        assert_eq!(made.answer(0), Some(Answer::Label(1)));
        assert_eq!(made.answer(1), Some(Answer::Label(0)));
        assert_eq!(made.answer(2), None);
        (plan.use_labels, plan.once_only) = (false, true);
        let made = built(&plan).unwrap().project;
        assert_eq!(
            (made.texts.texts.len(), made.labelled(), made.labels().count()),
            (2, 0, 2)
        );
    }

    #[test]
    fn what_cannot_be_labels_or_texts_is_refused() {
        assert!(
            built(&plan(&[["1", " ", "x"]]))
                .unwrap_err()
                .contains("every text")
        );
        let many: Vec<String> = (0..=MOST_LABELS).map(|n| format!("v{n}")).collect();
        let rows: Vec<[&str; 3]> = many.iter().map(|v| ["1", "t", v.as_str()]).collect();
        let why = built(&plan(&rows)).unwrap_err();
        assert!(why.contains("'label' has 501 different values"), "{why}");
    }

    #[test]
    fn only_a_copy_that_cannot_be_opened_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let wake: Wake = Arc::new(|| {});
        let [given, copy] = ["given.unfreeze", "copy.unfreeze"].map(|name| dir.path().join(name));
        for path in [&given, &copy] {
            std::fs::write(path, "no project").unwrap();
        }
        let open = |place: &Path| block_on(open_adopted(&given, place.to_path_buf(), Arc::clone(&wake)));
        assert!(open(&given).is_err() && given.exists());
        assert!(open(&copy).is_err() && !copy.exists() && given.exists());
        let whole = dir.path().join("whole.unfreeze");
        let texts = Arc::new(Texts {
            texts: vec!["a".into()],
            ..Texts::default()
        });
        drop(OpenProject::create(whole.clone(), "whole", texts, Arc::clone(&wake)).unwrap());
        assert!(open(&whole).is_ok() && whole.exists());
    }

    #[test]
    fn a_project_in_a_folder_has_its_labels_on_disk() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("deep");
        let plan = plan(&[["7", "a", "x"], ["8", "b", "y"]]);
        let wake: Wake = Arc::new(|| {});
        let texts = || {
            Arc::new(Texts {
                texts: vec!["a".into(), "b".into()],
                ..Texts::default()
            })
        };
        let actions = labels(&plan, 2, &[0, 1]).unwrap();
        for name in ["a", "a-2"] {
            let made = new_project(&plan.sheet, texts(), Some(&folder), Arc::clone(&wake));
            let mut made = block_on(made).unwrap();
            block_on(act(&mut made, actions.clone())).unwrap();
            assert_eq!((made.project.name.as_str(), made.project.labelled()), (name, 2));
            drop(made);
        }
        let again = OpenProject::open(folder.join("a-2.unfreeze"), wake).unwrap();
        assert_eq!(again.project.answer(1), Some(Answer::Label(1)));
    }
}

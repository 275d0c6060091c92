//! From an opened table to more texts for a project that is there already.

use std::collections::HashSet;
use std::sync::Arc;

use super::background::{Background, Wake};
use super::create::Plan;
use crate::session::project::{Action, OpenProject, Refused, TextId, Texts};

/// How many rows of a table bring a project something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fresh {
    /// Rows whose text the project does not have.
    pub new: usize,
    /// Rows whose text it has already.
    pub known: usize,
}

/// What a table adds to a project. Nothing is changed until it is given.
#[derive(Clone, Debug)]
pub struct Addition {
    /// The texts that the project had.
    of: Arc<Texts>,
    /// The same with the new ones after them.
    texts: Arc<Texts>,
    labels: Option<Action>,
    /// How many rows are added, and how many are left out.
    pub fresh: Fresh,
    /// Texts among those that are added whose label comes with them.
    pub labelled: usize,
}

impl Addition {
    /// Sends it to the project's file; gives the texts that the project has once that is done.
    ///
    /// # Errors
    /// When the project has other texts by now.
    pub fn give(self, open: &mut OpenProject) -> Result<Arc<Texts>, Refused> {
        let texts = Arc::clone(&self.texts);
        open.grow(&self.of, self.texts, self.labels)?;
        Ok(texts)
    }
}

/// Counts beside the window which rows bring something to a project of these texts.
pub fn count_new(plan: Plan, texts: Arc<Texts>, wake: Wake) -> Background<Fresh> {
    Background::start(0, wake, move |_| New::of(&plan, &texts).fresh())
}

/// Prepares beside the window what a table adds to a project of these texts.
pub fn add(plan: Plan, texts: Arc<Texts>, wake: Wake) -> Background<Result<Addition, String>> {
    Background::start(0, wake, move |_| addition(&plan, texts))
}

/// The rows whose text a project does not have yet.
struct New {
    rows: Vec<usize>,
    texts: Vec<String>,
    known: usize,
}

impl New {
    /// Texts are the same where a repeated row would be: when they are equal, letter by letter.
    fn of(plan: &Plan, texts: &Texts) -> Self {
        let there: HashSet<&str> = texts.texts.iter().map(String::as_str).collect();
        let (rows, found) = plan.rows();
        let all = rows.len();
        let (rows, texts): (Vec<usize>, Vec<String>) = rows
            .into_iter()
            .zip(found)
            .filter(|(_, text)| !there.contains(text.as_str()))
            .unzip();
        let known = all - rows.len();
        Self { rows, texts, known }
    }

    fn fresh(&self) -> Fresh {
        Fresh {
            new: self.rows.len(),
            known: self.known,
        }
    }
}

fn addition(plan: &Plan, of: Arc<Texts>) -> Result<Addition, String> {
    let source = &plan.sheet.source;
    let new = New::of(plan, &of);
    let fresh = new.fresh();
    if new.rows.is_empty() {
        return Err(match new.known {
            0 => format!("{source}: every text in these columns is empty; choose another column"),
            _ => format!("{source}: the project has all of these texts already"),
        });
    }
    let first = of.texts.len();
    if TextId::try_from(first + new.rows.len()).is_err() {
        return Err(format!(
            "{source}: the project would have more than four thousand million texts; make another project of these"
        ));
    }
    let mut given = Vec::new();
    if let Some(column) = plan.label_column.filter(|_| plan.use_labels) {
        for (name, rows) in plan.labels(column, &new.rows)? {
            // Rows come in order, so a text is found by bisection.
            let texts: Vec<TextId> = rows
                .iter()
                .filter_map(|row| TextId::try_from(first + new.rows.binary_search(row).ok()?).ok())
                .collect();
            if !texts.is_empty() {
                given.push((name, texts));
            }
        }
    }
    let labelled: usize = given.iter().map(|(_, texts)| texts.len()).sum();
    let texts = Texts {
        source: of.source.clone(),
        texts: of.texts.iter().cloned().chain(new.texts).collect(),
        ..extra(plan, &of, &new.rows)
    };
    Ok(Addition {
        of,
        texts: Arc::new(texts),
        labels: (!given.is_empty()).then_some(Action::AnswerByName { given }),
        fresh,
        labelled,
    })
}

/// The other columns of the project and of the table, those of one name as one, with a row a text: what a text does not
/// have is empty. One holds JSON where it does so in each of the two that has it.
fn extra(plan: &Plan, of: &Texts, new: &[usize]) -> Texts {
    let sheet = &plan.sheet;
    let mut columns = of.extra_columns.clone();
    let mut json = of.extra_json.clone();
    json.resize(columns.len(), false);
    // Columns of the table, each with its place among those of the project.
    let mut places: Vec<(usize, usize)> = Vec::new();
    for at in plan.extra_columns() {
        let name = sheet.columns.get(at).map_or("", String::as_str);
        // A table may have two columns of one name.
        let taken = |place: usize| places.iter().any(|&(_, other)| other == place);
        let place =
            (0..columns.len()).find(|&place| columns.get(place).is_some_and(|c| c == name) && !taken(place));
        let place = place.unwrap_or_else(|| {
            columns.push(name.to_string());
            json.push(true);
            columns.len() - 1
        });
        if let Some(json) = json.get_mut(place) {
            *json &= sheet.is_json(at);
        }
        places.push((at, place));
    }
    let empty = vec![String::new(); columns.len()];
    let mut extra = of.extra.clone();
    // A project may be without other columns.
    extra.resize(of.texts.len(), Vec::new());
    for row in &mut extra {
        row.resize(columns.len(), String::new());
    }
    extra.extend(new.iter().map(|&row| {
        let mut cells = empty.clone();
        for &(at, place) in &places {
            if let Some(cell) = cells.get_mut(place) {
                *cell = sheet.cell(row, at).to_string();
            }
        }
        cells
    }));
    Texts {
        extra_columns: columns,
        extra,
        extra_json: json,
        ..Texts::default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::sheet::{Sheet, SheetRow};
    use super::*;
    use crate::session::project::{Answer, Project};

    /// A table whose second column is the text and whose third has labels.
    fn plan(columns: &[&str], rows: &[&[&str]]) -> Plan {
        let row = |(at, cells): (usize, &&[&str])| SheetRow {
            line: at as u64 + 2,
            cells: cells.iter().map(ToString::to_string).collect(),
        };
        let sheet = Sheet {
            source: "week 2.csv".into(),
            columns: columns.iter().map(ToString::to_string).collect(),
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

    fn weekly() -> Plan {
        plan(
            &["channel", "text", "label", "id"],
            &[
                &["mail", "b", "bad", "7"],
                &["mail", "d", "bad", "8"],
                &["web", " ", "bad", "9"],
                &["web", "e", "", "10"],
                &["web", "D", "praise", "11"],
                &["web", "e", "good", "12"],
            ],
        )
    }

    /// Three texts, of which the first two have labels and the second is kept aside.
    fn project() -> OpenProject {
        let texts = Texts {
            source: "week 1.csv".into(),
            texts: ["a", "b", "c"].map(String::from).to_vec(),
            extra_columns: ["id", "label"].map(String::from).to_vec(),
            extra: [["1", "good"], ["2", "bad"], ["3", ""]]
                .map(|row| row.map(String::from).to_vec())
                .to_vec(),
            extra_json: Vec::new(),
        };
        let mut open = OpenProject::in_memory("p", Arc::new(texts));
        let answer = |text, label| Action::Answer {
            text,
            answer: Answer::Label(label),
            suggested: None,
        };
        let create = |name: &str| Action::CreateLabel { name: name.into() };
        let aside = Action::KeepAside { texts: vec![1] };
        for action in [create("good"), create("bad"), answer(0, 0), aside, answer(1, 1)] {
            open.act(action).unwrap();
        }
        open
    }

    fn label(project: &Project, text: TextId) -> Option<&str> {
        match project.answer(text)? {
            Answer::Label(id) => project.label(id).map(|l| l.name.as_str()),
            Answer::Skipped | Answer::Unsure => None,
        }
    }

    #[test]
    fn new_texts_come_after_those_that_are_there_with_their_labels_as_one_step() {
        let mut open = project();
        let add = addition(&weekly(), Arc::clone(&open.project.texts)).unwrap();
        assert_eq!((add.fresh, add.labelled), (Fresh { new: 4, known: 1 }, 3));
        let texts = add.give(&mut open).unwrap();
        let project = &open.project;
        assert!(Arc::ptr_eq(&texts, &project.texts));
        assert_eq!(texts.texts, ["a", "b", "c", "d", "e", "D", "e"]);
        assert_eq!(texts.source, "week 1.csv");
        let labels: Vec<Option<&str>> = (0..7).map(|text| label(project, text)).collect();
        let praise = Some("praise");
        assert_eq!(
            labels,
            [
                Some("good"),
                Some("bad"),
                None,
                Some("bad"),
                None,
                praise,
                Some("good")
            ]
        );
        assert_eq!(project.aside(), [1]);
        open.act(Action::Undo).unwrap();
        assert_eq!((open.project.labelled(), open.project.labels().count()), (2, 2));
        open.act(Action::Undo).unwrap();
        assert_eq!(
            open.project.answer(1),
            None,
            "the steps before it are there as well"
        );
        open.act(Action::Redo).unwrap();
        open.act(Action::Redo).unwrap();
        assert_eq!(open.project.labelled(), 5);
    }

    #[test]
    fn other_columns_are_brought_together_by_their_names() {
        let open = project();
        let add = addition(&weekly(), Arc::clone(&open.project.texts)).unwrap();
        assert_eq!(add.texts.extra_columns, ["id", "label", "channel"]);
        assert_eq!(add.texts.extra[1], ["2", "bad", ""]);
        assert_eq!(add.texts.extra[3], ["8", "bad", "mail"]);
        assert_eq!(add.texts.extra.len(), 7);
        // Two columns of one name stay two, and a project without others gets some.
        let twice = plan(&["id", "text", "label", "id"], &[&["1", "x", "", "2"]]);
        let texts = Texts {
            texts: vec!["a".into()],
            ..Texts::default()
        };
        let add = addition(&twice, Arc::new(texts)).unwrap();
        assert_eq!(add.texts.extra_columns, ["id", "label", "id"]);
        assert_eq!(add.texts.extra, [["", "", ""], ["1", "", "2"]]);
    }

    #[test]
    fn a_column_holds_json_where_both_hold_it() {
        let texts = |json: &[bool]| Texts {
            texts: vec!["a".into()],
            extra_columns: ["id", "n"].map(String::from).to_vec(),
            extra: vec![vec!["1".into(), "2".into()]],
            extra_json: json.to_vec(),
            ..Texts::default()
        };
        let added = |texts: Texts, json: &[bool]| {
            let mut plan = plan(&["id", "text", "label", "new"], &[&["1", "x", "", "3"]]);
            let sheet = Sheet {
                json: json.to_vec(),
                ..Sheet::clone(&plan.sheet)
            };
            plan.sheet = Arc::new(sheet);
            let add = addition(&plan, Arc::new(texts)).unwrap();
            assert_eq!(add.texts.extra_columns, ["id", "n", "label", "new"]);
            add.texts.extra_json.clone()
        };
        let numbers = [true, false, false, true];
        assert_eq!(added(texts(&[true, true]), &numbers), [true, true, false, true]);
        assert_eq!(added(texts(&[true, true]), &[]), [false, true, false, false]);
        assert_eq!(added(texts(&[]), &numbers), [false, false, false, true]);
    }

    #[test]
    fn what_is_there_already_is_left_out_and_nothing_new_is_said() {
        let mut open = project();
        let add = addition(&weekly(), Arc::clone(&open.project.texts)).unwrap();
        let late = add.clone();
        add.give(&mut open).unwrap();
        let again = addition(&weekly(), Arc::clone(&open.project.texts)).unwrap_err();
        assert_eq!(again, "week 2.csv: the project has all of these texts already");
        let blank = plan(&["id", "text", "label"], &[&["1", " ", ""]]);
        let blank = addition(&blank, Arc::clone(&open.project.texts)).unwrap_err();
        assert!(blank.contains("every text"), "{blank}");
        // What was prepared for other texts would name the wrong ones.
        assert_eq!(late.give(&mut open).unwrap_err(), Refused::OtherTexts);
        assert_eq!(open.project.texts.texts.len(), 7);
    }

    #[test]
    fn repeated_rows_and_labels_are_taken_as_they_are_wanted() {
        let mut plan = weekly();
        (plan.once_only, plan.use_labels) = (true, false);
        let mut open = project();
        let add = addition(&plan, Arc::clone(&open.project.texts)).unwrap();
        assert_eq!((add.fresh, add.labelled), (Fresh { new: 3, known: 1 }, 0));
        let steps = open.steps();
        add.give(&mut open).unwrap();
        assert_eq!((open.steps(), open.project.labelled()), (steps, 2));
    }

    #[test]
    fn of_a_hundred_thousand_texts_those_that_are_known_are_found() {
        let rows: Vec<[String; 3]> = (0..150_000)
            .map(|n| [n.to_string(), format!("message {n}"), (n % 9).to_string()])
            .collect();
        let cells: Vec<Vec<&str>> = rows
            .iter()
            .map(|row| row.iter().map(String::as_str).collect())
            .collect();
        let rows: Vec<&[&str]> = cells.iter().map(Vec::as_slice).collect();
        let plan = plan(&["id", "text", "label"], &rows);
        let texts = Texts {
            texts: (0..100_000).map(|n| format!("message {n}")).collect(),
            ..Texts::default()
        };
        let add = addition(&plan, Arc::new(texts)).unwrap();
        assert_eq!((add.fresh.new, add.labelled), (50_000, 50_000));
        assert_eq!(add.texts.texts[149_999], "message 149999");
    }
}

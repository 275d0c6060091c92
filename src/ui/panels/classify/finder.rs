//! Which rows are shown in which order, found a little each frame so that no search holds the window up.

use super::results::{Results, Row, own_label};
use crate::session::project::{Project, TextId};

/// Bytes of texts that one frame searches.
const A_FRAME: usize = 4 << 20;

/// In which order rows are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As in the file.
    #[default]
    File,
    /// The least sure first: those are worth checking.
    LeastSure,
    /// The surest first.
    Surest,
    /// Label by label, the surest of each first.
    Label,
}

impl Order {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::File, Self::LeastSure, Self::Surest, Self::Label];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "File order",
            Self::LeastSure => "Least sure first",
            Self::Surest => "Surest first",
            Self::Label => "By label",
        }
    }
}

/// Texts that something else has chosen: a cell of the confusion matrix, likely errors.
#[derive(Clone, Debug, PartialEq)]
pub struct Only {
    /// What they are, as in "only ...".
    pub what: String,
    /// The texts, in the order that they are shown in.
    pub texts: Vec<TextId>,
}

/// Which rows are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// Only texts that hold this, whatever the case.
    pub search: String,
    /// Only this label.
    pub label: Option<usize>,
    /// Only rows of less confidence whose texts have no label of the user's: those that are left to check.
    pub below: Option<f32>,
    /// In this order.
    pub order: Order,
    /// Only these.
    pub only: Option<Only>,
}

impl Filter {
    /// Whether every text is shown.
    pub fn is_open(&self) -> bool {
        self.search.trim().is_empty() && self.label.is_none() && self.below.is_none() && self.only.is_none()
    }

    /// Rows that may be shown, in order: all but the search.
    fn candidates(&self, results: &Results, project: &Project) -> Vec<u32> {
        let left = |row: &Row, below: f32| row.confidence < below && own_label(project, row.text).is_none();
        let fits = |row: &Row| {
            self.label.is_none_or(|l| l == row.label) && self.below.is_none_or(|below| left(row, below))
        };
        let kept = |&i: &usize| results.rows.get(i).is_some_and(fits);
        let mut rows: Vec<u32> = match &self.only {
            Some(only) => {
                let places = only.texts.iter().filter_map(|&text| results.of(text));
                places.filter(kept).map(|i| i as u32).collect()
            }
            None => (0..results.rows.len()).filter(kept).map(|i| i as u32).collect(),
        };
        let key = |i: u32| {
            results
                .rows
                .get(i as usize)
                .map_or((0, 0.0), |r| (r.label, r.confidence))
        };
        match self.order {
            Order::File => {}
            Order::LeastSure => rows.sort_by(|&a, &b| key(a).1.total_cmp(&key(b).1).then(a.cmp(&b))),
            Order::Surest => rows.sort_by(|&a, &b| key(b).1.total_cmp(&key(a).1).then(a.cmp(&b))),
            Order::Label => rows.sort_by(|&a, &b| {
                let ((label, sure), (other, less)) = (key(a), key(b));
                label.cmp(&other).then(less.total_cmp(&sure)).then(a.cmp(&b))
            }),
        }
        rows
    }
}

/// A filter at work.
#[derive(Clone, Debug, Default)]
pub struct Finder {
    filter: Filter,
    needle: String,
    candidates: Vec<u32>,
    next: usize,
    found: Vec<u32>,
}

impl Finder {
    /// Begins. A text that is labelled after this keeps its row, which would else vanish under the pointer.
    pub fn new(filter: &Filter, results: &Results, project: &Project) -> Self {
        let needle = filter.search.trim().to_lowercase();
        let mut candidates = filter.candidates(results, project);
        let found = if needle.is_empty() {
            std::mem::take(&mut candidates)
        } else {
            Vec::new()
        };
        Self {
            filter: filter.clone(),
            needle,
            candidates,
            next: 0,
            found,
        }
    }

    /// Whether it is for this filter.
    pub fn is_for(&self, filter: &Filter) -> bool {
        self.filter == *filter
    }

    /// The rows that were found so far, in order.
    pub fn found(&self) -> &[u32] {
        &self.found
    }

    /// Whether all are found.
    pub fn done(&self) -> bool {
        self.next >= self.candidates.len()
    }

    /// Searches as much as a frame can spare.
    pub fn advance(&mut self, results: &Results, project: &Project) {
        let mut bytes = 0;
        while bytes < A_FRAME
            && let Some(&row) = self.candidates.get(self.next)
        {
            self.next += 1;
            let row_text = results.rows.get(row as usize).map(|r| r.text as usize);
            let text = row_text.and_then(|text| project.texts.texts.get(text));
            let text = text.map_or("", String::as_str);
            bytes += text.len() + 16;
            if holds(text, &self.needle) {
                self.found.push(row);
            }
        }
    }
}

/// Whether a text holds a needle of small letters, whatever the case of the text.
fn holds(text: &str, needle: &str) -> bool {
    if needle.is_ascii() {
        // No copy of the text: most searches are of this kind.
        let needle = needle.as_bytes();
        text.len() >= needle.len()
            && text
                .as_bytes()
                .windows(needle.len().max(1))
                .any(|window| window.eq_ignore_ascii_case(needle))
    } else {
        text.to_lowercase().contains(needle)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::session::project::{Action, Answer, Texts};
    use crate::session::protocol::Prediction;

    fn three() -> (Results, Project) {
        let texts = Texts {
            texts: ["Red apple", "green pear", "red CHERRY Ä"]
                .map(String::from)
                .to_vec(),
            ..Texts::default()
        };
        let rows = [[0.9, 0.1], [0.4, 0.6], [0.8, 0.2]];
        let predictions = rows.iter().enumerate().map(|(row, p)| Prediction {
            row,
            probabilities: p.to_vec(),
        });
        let results = Results::new(vec!["a".into(), "b".into()], vec![None; 2], predictions.collect());
        (results, Project::new("fruit", Arc::new(texts)))
    }

    #[test]
    fn rows_are_filtered_and_ordered() {
        let (results, project) = three();
        let shown_of = |filter: Filter, project: &Project| {
            let mut finder = Finder::new(&filter, &results, project);
            while !finder.done() {
                finder.advance(&results, project);
            }
            finder.found().to_vec()
        };
        let shown = |filter: Filter| shown_of(filter, &project);
        let order = |order| Filter {
            order,
            ..Filter::default()
        };
        let search = |search: &str| Filter {
            search: search.into(),
            ..Filter::default()
        };
        assert_eq!(shown(Filter::default()), [0, 1, 2]);
        assert_eq!(shown(order(Order::LeastSure)), [1, 2, 0]);
        assert_eq!(shown(order(Order::Surest)), [0, 2, 1]);
        assert_eq!(shown(order(Order::Label)), [0, 2, 1]);
        assert_eq!(shown(search(" RED")), [0, 2]);
        assert_eq!(shown(search("cherry ä")), [2]);
        assert_eq!(shown(search("nothing like it")), [0; 0]);
        let below = Filter {
            below: Some(0.85),
            ..Filter::default()
        };
        assert_eq!(shown(below.clone()), [1, 2]);
        // What was checked is not left to check; a skipped text is.
        let mut checked = project.clone();
        let name = "a".into();
        checked.apply(Action::CreateLabel { name }).unwrap();
        for (text, answer) in [(1, Answer::Label(0)), (2, Answer::Skipped)] {
            let texts = vec![text];
            let step = Action::AnswerMany {
                texts,
                answer,
                alike: false,
            };
            checked.apply(step).unwrap();
        }
        assert_eq!(shown_of(below, &checked), [2]);
        assert_eq!(shown_of(Filter::default(), &checked), [0, 1, 2]);
        let label = Filter {
            label: Some(1),
            ..Filter::default()
        };
        assert_eq!(shown(label), [1]);
        // As they were chosen, in that order, and still searched.
        let only = |search: &str| Filter {
            only: Some(Only {
                what: "some".into(),
                texts: vec![2, 1, 99],
            }),
            search: search.into(),
            ..Filter::default()
        };
        assert_eq!(shown(only("")), [2, 1]);
        assert_eq!(shown(only("pear")), [1]);
    }

    #[test]
    fn a_long_search_is_spread_over_frames() {
        let texts = Texts {
            texts: vec!["x".repeat(1 << 20); 9],
            ..Texts::default()
        };
        let predictions = (0..9).map(|row| Prediction {
            row,
            probabilities: vec![1.0],
        });
        let results = Results::new(vec!["a".into()], vec![None], predictions.collect());
        let project = Project::new("long", Arc::new(texts));
        let mut finder = Finder::new(
            &Filter {
                search: "xx".into(),
                ..Filter::default()
            },
            &results,
            &project,
        );
        let mut frames = 0;
        while !finder.done() {
            finder.advance(&results, &project);
            frames += 1;
        }
        assert_eq!((frames, finder.found().len()), (3, 9));
    }
}

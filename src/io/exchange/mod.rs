//! Labels out and in: the files that spreadsheets, training scripts and other labelling tools read and write.
//!
//! | | file | a labelled text is |
//! |---|---|---|
//! | [`Format::Csv`], [`Format::Jsonl`], [`Format::Parquet`] | a table | a row with the columns [`COLUMNS`], then the project's other ones |
//! | [`Format::Prodigy`] | JSON lines | a `choice` task with `accept` and `answer` |
//! | [`Format::LabelStudio`] | a JSON list | a task with `data` and `annotations` of type `choices` |
//! | [`Format::HuggingFace`] | a folder | a row of `data/train.parquet`, its class named in the card `README.md` |
//!
//! Every format carries skipped and unclear texts, the model's own label with its confidence, and the number of the text,
//! so that [`read_labels`] and [`match_labels`] bring back exactly what [`export`] wrote.

mod class_names;
#[cfg(test)]
mod foreign_tests;
mod hugging_face;
mod label_studio;
mod matching;
mod others;
mod prodigy;
mod read;
mod rows;
#[cfg(test)]
mod tests;

use std::path::Path;

use super::atomic::write_atomic;
use super::error::Error;
use super::warnings::Warning;
use hugging_face::Layout;
pub use label_studio::configuration as label_studio_configuration;
pub use matching::{Matched, match_labels};
pub use read::{is_of_a_tool, read_labels, read_labels_as};
pub use rows::COLUMNS;

/// A file format for texts with labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Comma-separated values.
    Csv,
    /// One JSON object a line.
    Jsonl,
    /// Parquet.
    Parquet,
    /// JSON lines as Prodigy's `db-in` and `db-out` have them.
    Prodigy,
    /// The list of tasks that Label Studio imports and exports.
    LabelStudio,
    /// A folder that `datasets.load_dataset` opens.
    HuggingFace,
}

impl Format {
    /// Every format, the most common first.
    pub const ALL: [Self; 6] = [
        Self::Csv,
        Self::Jsonl,
        Self::Parquet,
        Self::Prodigy,
        Self::LabelStudio,
        Self::HuggingFace,
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Jsonl => "JSON lines",
            Self::Parquet => "Parquet",
            Self::Prodigy => "Prodigy",
            Self::LabelStudio => "Label Studio",
            Self::HuggingFace => "Hugging Face folder",
        }
    }

    /// The ending of its files; empty for a folder.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl | Self::Prodigy => "jsonl",
            Self::Parquet => "parquet",
            Self::LabelStudio => "json",
            Self::HuggingFace => "",
        }
    }

    /// What it is for, in a sentence or two.
    #[must_use]
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Csv => "A table that every spreadsheet opens, one row a text.",
            Self::Jsonl => "One JSON object a line, for scripts.",
            Self::Parquet => "A compact table for pandas, Polars, DuckDB and Spark.",
            Self::Prodigy => {
                "Choice tasks for Prodigy: those with your label are accepted, all others ignored."
            }
            Self::LabelStudio => {
                "A list of tasks for Label Studio, with your labels as annotations and the model's as predictions."
            }
            Self::HuggingFace => "A folder with a data set card that datasets.load_dataset opens.",
        }
    }

    /// Whether it is a folder.
    #[must_use]
    pub fn is_folder(self) -> bool {
        self == Self::HuggingFace
    }
}

/// What the user said of a text; a label by its place in [`Export::labels`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// It has this label.
    Label(usize),
    /// Not now.
    Skipped,
    /// It cannot be told.
    Unsure,
}

/// What a file says of a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// It has this label.
    Label(String),
    /// It was skipped.
    Skipped,
    /// It cannot be told.
    Unsure,
}

/// Everything that is written of a project. The slices that go by text are as long as `texts`, or empty.
#[derive(Clone, Copy, Debug)]
pub struct Export<'a> {
    /// The project's name.
    pub name: &'a str,
    /// Names of the labels.
    pub labels: &'a [String],
    /// The texts.
    pub texts: &'a [String],
    /// What the user said of each.
    pub answers: &'a [Option<Given>],
    /// The model's label of each, by its place in `labels`, and its probability, 0 to 1.
    pub predictions: &'a [Option<(usize, f32)>],
    /// Names of the other columns that came with the texts.
    pub extra_columns: &'a [String],
    /// Their cells, a row a text.
    pub extra: &'a [Vec<String>],
    /// Which of these columns hold JSON, as numbers are, where an empty cell is `null`; those behind hold text.
    pub extra_json: &'a [bool],
}

/// One text of an [`Export`].
#[derive(Clone, Copy, Debug)]
struct Item<'a> {
    /// From 1, as people count.
    row: usize,
    text: &'a str,
    given: Option<Given>,
    label: Option<&'a str>,
    predicted: Option<(&'a str, f32)>,
    extra: &'a [String],
    extra_json: &'a [bool],
}

impl Item<'_> {
    /// What was answered, in the word of the column `answer`.
    fn answer(&self) -> Option<&'static str> {
        self.given.map(|given| match given {
            Given::Label(_) => "label",
            Given::Skipped => "skipped",
            Given::Unsure => "unsure",
        })
    }
}

impl<'a> Export<'a> {
    fn items(&self) -> impl Iterator<Item = Item<'a>> + use<'a> {
        let export = *self;
        let name = move |at: usize| export.labels.get(at).map(String::as_str);
        export.texts.iter().enumerate().map(move |(at, text)| {
            let given = export.answers.get(at).copied().flatten();
            Item {
                row: at + 1,
                text,
                given,
                label: match given {
                    Some(Given::Label(label)) => name(label),
                    _ => None,
                },
                predicted: export
                    .predictions
                    .get(at)
                    .copied()
                    .flatten()
                    .and_then(|(label, confidence)| Some((name(label)?, confidence))),
                extra: export.extra.get(at).map_or(&[], Vec::as_slice),
                extra_json: export.extra_json,
            }
        })
    }

    /// Names of the other columns, none of them one of `reserved` or another's.
    fn extra_names(&self, reserved: &[&str]) -> Vec<String> {
        let mut names: Vec<String> = Vec::with_capacity(self.extra_columns.len());
        for column in self.extra_columns {
            let mut name = column.clone();
            while reserved.contains(&name.as_str()) || names.contains(&name) {
                name = format!("original_{name}");
            }
            names.push(name);
        }
        names
    }
}

/// Writes a project's texts, labels and predictions; a file or folder appears whole or not at all.
///
/// # Errors
/// The disk refuses, or the folder holds something that is not such an export.
pub fn export(export: &Export, format: Format, path: &Path) -> Result<(), Error> {
    match format {
        Format::Csv => write_atomic(path, |out| rows::write_csv(export, out)),
        Format::Jsonl => write_atomic(path, |out| rows::write_jsonl(export, out)),
        Format::Parquet => write_atomic(path, |out| rows::write_parquet(export, out)),
        Format::Prodigy => write_atomic(path, |out| prodigy::write(export, out)),
        Format::LabelStudio => write_atomic(path, |out| label_studio::write(export, out)),
        Format::HuggingFace => hugging_face::write(export, Layout::Nested, path),
    }
}

/// As [`export`], but a folder has its files side by side, so that they belong together wherever they are put: for where they
/// are handed out one by one.
///
/// # Errors
/// As [`export`].
pub fn export_side_by_side(project: &Export, format: Format, path: &Path) -> Result<(), Error> {
    match format {
        Format::HuggingFace => hugging_face::write(project, Layout::Flat, path),
        file => export(project, file, path),
    }
}

/// One row that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labelled {
    /// Where it begins in the file, from 1: the line, or the number of the task or row.
    pub line: u64,
    /// The number of the text in the project, from 0, where the file is an export of ours.
    pub row: Option<usize>,
    /// The text.
    pub text: String,
    /// What is said of it; nothing where it is not labelled yet.
    pub verdict: Option<Verdict>,
    /// Its cells in [`LabelFile::others`], up to the last that it has.
    pub others: Vec<String>,
}

/// The rows of a file and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelFile {
    /// Its format.
    pub format: Format,
    /// Its rows.
    pub rows: Vec<Labelled>,
    /// Rows whose label a project cannot hold: several at once, or one that was only rejected. They have no verdict.
    pub unusable: Vec<u64>,
    /// Names of the columns beside text and label, where a labelling tool or a data set library wrote the file.
    pub others: Vec<String>,
    /// What the user should know of, though the file can be used.
    pub warnings: Vec<Warning>,
}

impl LabelFile {
    fn new(format: Format) -> Self {
        Self {
            format,
            rows: Vec::new(),
            unusable: Vec::new(),
            others: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

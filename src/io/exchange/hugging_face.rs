//! A folder that `datasets.load_dataset` opens: `data/train.parquet` and a data set card, `README.md`. Where files are handed
//! out one by one, as by a browser, both lie side by side.
//!
//! `label` is a class number whose names stand in the card's header (`class_label`), `label_text` the name itself;
//! both are empty where a text has no label. The card declares the type of every column.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::class_names::{ClassNames, Names};
use super::others::Others;
use super::read::warnings;
use super::{Export, Format, LabelFile, Labelled, rows};
use crate::host::fs;
use crate::io::atomic::{OutputDir, write_atomic};
use crate::io::compression::{Kind, kind_of};
use crate::io::encoding::Encoding;
use crate::io::error::Error;
use crate::io::overwrite::{Contents, Overwrite};
use crate::io::parquet::{self, Column, Stored};
use crate::io::table::{self, Cell, Known, Labels, TableOptions};
use crate::io::warnings::Warning;

const COLUMNS: [&str; 7] = [
    "text",
    "label",
    "label_text",
    "answer",
    "predicted_label",
    "confidence",
    "row",
];
/// Where the files of an export lie in its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// The data in a folder of their own, as on the Hub.
    Nested,
    /// Beside the card.
    Flat,
}

impl Layout {
    /// The data's place in the folder.
    fn data(self) -> &'static str {
        match self {
            Self::Nested => "data/train.parquet",
            Self::Flat => "train.parquet",
        }
    }

    /// All that the folder holds.
    fn contents(self) -> &'static Contents {
        match self {
            Self::Nested => &Contents {
                files: &["README.md"],
                folders: &[(
                    "data",
                    &Contents {
                        files: &["train.parquet"],
                        folders: &[],
                    },
                )],
            },
            Self::Flat => &Contents {
                files: &["README.md", "train.parquet"],
                folders: &[],
            },
        }
    }
}

/// A column with its cells and its type in the card.
struct Typed {
    name: String,
    cells: Vec<Cell>,
    dtype: &'static str,
}

fn columns(export: &Export) -> Vec<Typed> {
    let names = COLUMNS.map(str::to_string).into_iter();
    let names: Vec<String> = names.chain(export.extra_names(&COLUMNS)).collect();
    let mut cells: Vec<Vec<Cell>> = names
        .iter()
        .map(|_| Vec::with_capacity(export.texts.len()))
        .collect();
    for item in export.items() {
        let class = item
            .label
            .and_then(|label| export.labels.iter().position(|l| l == label));
        let own = [
            Cell::Text(item.text.to_string()),
            class.map_or_else(rows::null, |class| Cell::Json(class.to_string())),
            rows::text_or_null(item.label),
            rows::text_or_null(item.answer()),
            rows::text_or_null(item.predicted.map(|(label, _)| label)),
            rows::confidence(&item),
            Cell::Json(item.row.to_string()),
        ];
        let extra = (0..export.extra_columns.len()).map(|at| rows::extra(&item, at));
        for (column, cell) in cells.iter_mut().zip(own.into_iter().chain(extra)) {
            column.push(cell);
        }
    }
    names
        .into_iter()
        .zip(cells)
        // A column without a value has no type that the card could declare.
        .filter(|(name, cells)| name == "text" || !cells.iter().all(Cell::is_null))
        .map(|(name, cells)| {
            let dtype = match name.as_str() {
                "label" => "class_label",
                _ => Stored::of(cells.iter()).name(),
            };
            Typed { name, cells, dtype }
        })
        .collect()
}

pub(super) fn write(export: &Export, layout: Layout, path: &Path) -> Result<(), Error> {
    let folder = OutputDir::create(path, Overwrite::Holding(layout.data(), layout.contents()))?;
    let columns = columns(export);
    let stored: Vec<Column> = columns
        .iter()
        .map(|column| Column {
            name: &column.name,
            cells: column.cells.iter().collect(),
        })
        .collect();
    let mut bytes = Vec::new();
    parquet::write(&mut bytes, &stored).map_err(|error| Error::write(path, &std::io::Error::other(error)))?;
    let data = folder.path().join(layout.data());
    if let Some(around) = data.parent() {
        fs::create_dir_all(around).map_err(|error| Error::write(around, &error))?;
    }
    write_atomic(&data, |out| out.write_all(&bytes))?;
    let card = card(export, layout, &columns);
    write_atomic(&folder.path().join("README.md"), |out| {
        out.write_all(card.as_bytes())
    })?;
    folder.commit().map(|_| ())
}

/// The data set card: YAML for programs, then a few lines for people.
fn card(export: &Export, layout: Layout, columns: &[Typed]) -> String {
    let mut card = format!(
        "---\npretty_name: {}\ntask_categories:\n- text-classification\nsize_categories:\n- {}\nconfigs:\n\
         - config_name: default\n  data_files:\n  - split: train\n    path: {}\ndataset_info:\n  features:\n",
        quoted(export.name),
        size(export.texts.len()),
        layout.data()
    );
    for column in columns {
        let _ = writeln!(card, "  - name: {}", quoted(&column.name));
        if column.dtype == "class_label" {
            card.push_str("    dtype:\n      class_label:\n        names:\n");
            for (at, label) in export.labels.iter().enumerate() {
                let _ = writeln!(card, "          '{at}': {}", quoted(label));
            }
        } else {
            let _ = writeln!(card, "    dtype: {}", column.dtype);
        }
    }
    let labelled = export.items().filter(|item| item.label.is_some()).count();
    let _ = write!(
        card,
        "---\n\n# {}\n\n{} texts, {labelled} of them labelled by hand. Rows without a label have an empty `label`;\n\
         `answer` tells skipped and unclear texts from those that nobody looked at.\n\n| label | texts |\n|---|---:|\n",
        one_line(export.name),
        export.texts.len()
    );
    for label in export.labels {
        let count = export.items().filter(|i| i.label == Some(label)).count();
        let _ = writeln!(card, "| {} | {count} |", one_line(label).replace('|', "\\|"));
    }
    card.push_str("\n`predicted_label` and `confidence`, where they are there, are a classifier's and not a person's.\n");
    card
}

fn size(texts: usize) -> &'static str {
    match texts {
        0..1_000 => "n<1K",
        1_000..10_000 => "1K<n<10K",
        10_000..100_000 => "10K<n<100K",
        100_000..1_000_000 => "100K<n<1M",
        _ => "1M<n<10M",
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A YAML string that is JSON too; what YAML does not take as it is becomes an escape.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}') =>
            {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The data files of a folder, in the order of their names: those in `data/`, or else beside the card.
fn data_files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    for dir in [folder.join("data"), folder.to_path_buf()] {
        let Ok(entries) = fs::read_dir(&dir) else { continue };
        let mut files: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            // A .json file beside the data describes it.
            .filter(|path| fs::is_file(path) && path.extension().is_none_or(|end| end != "json"))
            .filter(|path| {
                kind_of(path)
                    .0
                    .is_some_and(|kind| !matches!(kind, Kind::Text | Kind::Workbook))
            })
            .collect();
        files.sort();
        if !files.is_empty() {
            return Ok(files);
        }
    }
    Err(Error::NoDocuments {
        path: folder.to_path_buf(),
    })
}

/// Reads every data file of a folder.
pub(super) fn read(folder: &Path, encoding: Option<Encoding>) -> Result<LabelFile, Error> {
    let names = fs::read_to_string(folder.join("README.md"))
        .map(|card| ClassNames::of(&card))
        .unwrap_or_default();
    let file = LabelFile::new(Format::HuggingFace);
    let known = Known {
        table: true,
        encoding,
        ..Known::default()
    };
    read_parts(&data_files(folder)?, known, &names, file)
}

/// Whether a table has classes by number and by name, as one of such a folder that is read without its card.
pub(super) fn names_its_classes(columns: &[String]) -> bool {
    let mut needed = ["text", "label", "label_text"].iter();
    needed.all(|name| columns.iter().any(|column| column == name))
}

/// Reads one data file by itself, whose rows name their classes.
pub(super) fn read_alone(path: &Path, known: Known, file: LabelFile) -> Result<LabelFile, Error> {
    read_parts(&[path.to_path_buf()], known, &ClassNames::default(), file)
}

fn read_parts(
    paths: &[PathBuf],
    known: Known,
    names: &ClassNames,
    mut file: LabelFile,
) -> Result<LabelFile, Error> {
    let mut others = Others::default();
    for path in paths {
        read_part(path, known, names, &mut file, &mut others)?;
    }
    file.others = others.into_columns();
    Ok(file)
}

fn read_part(
    path: &Path,
    known: Known,
    names: &ClassNames,
    file: &mut LabelFile,
    others: &mut Others,
) -> Result<(), Error> {
    let mut reader = table::open_records(path, known, None)?;
    let records = reader.by_ref().collect::<Result<Vec<_>, _>>()?;
    let columns = reader.columns().to_vec();
    file.warnings.extend(warnings(path, &*reader));
    let place = |name: &str| columns.iter().position(|column| column == name);
    let (text, label) = match (place("text"), place("label")) {
        (Some(text), label) => (vec![text], label),
        (None, _) => {
            let options = TableOptions {
                labels: Labels::Required,
                ..TableOptions::default()
            };
            let sample = &records[..records.len().min(table::SAMPLE_ROWS)];
            let roles = table::choose(path, &columns, reader.has_header(), sample, &options)?;
            (roles.texts, roles.label)
        }
    };
    let column = label.map_or("", |at| columns[at].as_str());
    let names = names.of_column(column);
    let (label_text, answer, row) = (place("label_text"), place("answer"), place("row"));
    let mut nameless = false;
    let is_other = |at: &usize| !text.contains(at) && ![label, label_text].contains(&Some(*at));
    for record in records {
        let cell = |at: Option<usize>| at.and_then(|at| record.cells.get(at)).map_or("", Cell::as_str);
        let numbered = cell(label);
        let label = match (cell(label_text), numbered, names) {
            ("", "", _) => "",
            // This is how the library marks a text without a class, where classes are numbered.
            ("", "-1", Names::These(_) | Names::Unclear) => "",
            ("", numbered, Names::These(names)) => {
                let class = numbered.parse::<usize>().ok();
                let named = class.and_then(|class| names.get(class));
                named.map_or(numbered, String::as_str)
            }
            ("", numbered, Names::Unclear) => {
                nameless |= numbered.parse::<usize>().is_ok();
                numbered
            }
            ("", numbered, Names::None) => numbered,
            (text, ..) => text,
        };
        let texts: Vec<&str> = text.iter().map(|&at| cell(Some(at))).collect();
        let mut further = Vec::new();
        for at in (0..columns.len()).filter(is_other) {
            others.put(&mut further, &columns[at], cell(Some(at)));
        }
        file.rows.push(Labelled {
            line: record.line,
            row: rows::number(cell(row)),
            text: texts.join("\n"),
            verdict: rows::verdict(label, cell(answer)),
            others: further,
        });
    }
    if nameless {
        let column = column.to_string();
        file.warnings.push(Warning::NamelessClasses { column });
    }
    Ok(())
}

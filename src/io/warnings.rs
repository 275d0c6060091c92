//! What the user should know about a table that can nevertheless be used.

use std::fmt;
use std::path::Path;

/// Something the user should know about a table that can nevertheless be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// No header: the columns are named by their place.
    NoHeader {
        /// How many columns there are.
        columns: usize,
    },
    /// The file is not UTF-8 and was read as Windows-1252, which any bytes might be.
    Guessed {
        /// The file.
        file: String,
    },
    /// Rows with an empty text, and whether they were left out.
    EmptyTexts {
        /// Where the rows begin.
        lines: Vec<u64>,
        /// Whether they were left out.
        dropped: bool,
    },
    /// Rows without a label, where labels were asked for.
    Unlabelled {
        /// Where the rows begin.
        lines: Vec<u64>,
    },
    /// Sheets of a workbook that were not read, where none was named.
    OtherSheets {
        /// The file.
        file: String,
        /// The sheet that was read.
        sheet: String,
        /// Those that were not.
        others: Vec<String>,
        /// Whether another can be named.
        nameable: bool,
    },
    /// Formulas of a sheet that no program has computed yet, which are read as empty cells.
    NotComputed {
        /// The file.
        file: String,
        /// How many.
        cells: usize,
    },
    /// Rows of a sheet above the table, such as a title, which were left out.
    AboveTable {
        /// The file.
        file: String,
        /// Their numbers in the sheet.
        lines: Vec<u64>,
    },
    /// Classes are numbers, and the data set's card has more than one list of names for them.
    NamelessClasses {
        /// The column that holds them.
        column: String,
    },
    /// The same text with different labels: for each such text, the first row and one that contradicts it.
    Conflicts {
        /// Where the two rows begin.
        lines: Vec<(u64, u64)>,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str(&self.tell("line"))
    }
}

impl Warning {
    /// That the encoding of this file is guessed.
    pub(super) fn guessed(path: &Path) -> Self {
        Self::Guessed {
            file: path.display().to_string(),
        }
    }

    /// The warning in words; `place` is what the table counts, `line` or `row`.
    #[must_use]
    pub fn tell(&self, place: &str) -> String {
        match self {
            Self::NoHeader { columns: 1 } => "no header was found; the column is called column1".into(),
            Self::NoHeader { columns } => {
                format!("no header was found; the columns are called column1 to column{columns}")
            }
            Self::Guessed { file } => {
                format!(
                    "{file} is not UTF-8 and was read as Windows-1252; are the accents right? If not, name its encoding \
                     with `--encoding`"
                )
            }
            Self::EmptyTexts { lines, dropped } => {
                let fate = match (dropped, lines.len()) {
                    (true, 1) => "was left out",
                    (true, _) => "were left out",
                    (false, 1) => "is kept",
                    (false, _) => "are kept",
                };
                format!(
                    "{} with an empty text {fate}: {}",
                    rows(lines.len()),
                    some(place, lines, u64::to_string)
                )
            }
            Self::Unlabelled { lines } => {
                format!(
                    "{} without a label: {}",
                    rows(lines.len()),
                    some(place, lines, u64::to_string)
                )
            }
            Self::OtherSheets {
                file,
                sheet,
                others,
                nameable,
            } => {
                let others: Vec<String> = others.iter().map(|name| format!("'{name}'")).collect();
                let advice = if *nameable {
                    "; `--sheet` names another"
                } else {
                    ""
                };
                format!(
                    "{file}: only the sheet '{sheet}' is read, not {}{advice}",
                    others.join(", ")
                )
            }
            Self::NotComputed { file, cells } => format!(
                "{file}: {cells} cell{} formulas that were never computed, which are read as empty; open the file in the \
                 spreadsheet program and save it",
                if *cells == 1 { " holds" } else { "s hold" }
            ),
            Self::AboveTable { file, lines } => format!(
                "{file}: {} above the table {} left out: {}",
                rows(lines.len()),
                if lines.len() == 1 { "was" } else { "were" },
                some("row", lines, u64::to_string)
            ),
            Self::NamelessClasses { column } => format!(
                "the card of this data set has several lists of names for the classes in '{column}' and does not tell \
                 which is meant; they are called by their numbers"
            ),
            Self::Conflicts { lines } => format!(
                "{} given more than once with different labels: {}",
                if lines.len() == 1 {
                    "1 text is".to_string()
                } else {
                    format!("{} texts are", lines.len())
                },
                some(place, lines, |(first, other)| format!("{first} and {other}"))
            ),
        }
    }
}

fn rows(count: usize) -> String {
    format!("{count} row{}", if count == 1 { "" } else { "s" })
}

/// The first few places of a kind in a list, and how many more there are.
pub(super) fn some<T>(place: &str, lines: &[T], show: impl Fn(&T) -> String) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = lines.iter().take(SHOWN).map(show).collect();
    let more = match lines.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let shown = shown.join(", ");
    let one = lines.len() == 1 && !shown.contains(' ');
    format!("{place}{} {shown}{more}", if one { "" } else { "s" })
}

//! Workbooks of spreadsheet programs: one sheet of them is a table.
//!
//! A sheet is held whole while its rows are read, as its table is. Cells that only have a format are no cells, so that what a
//! sheet is said to span costs nothing.

mod book;
mod cell;
#[cfg(test)]
mod tests;
mod trust;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::columns;
use super::compression::stream_error;
use super::csv::column_names;
use super::error::Error;
use super::table::{Cell, Known, RecordReader, Row};
use super::warnings::Warning;
use book::{Book, Refused};

/// Most bytes of a workbook as it lies on the disk, and most cells of one of its sheets, also once the empty ones between the
/// others are counted: each costs some fifty bytes.
const MOST_BYTES: u64 = if cfg!(target_family = "wasm") {
    1 << 28
} else {
    1 << 30
};
const MOST_CELLS: usize = if cfg!(target_family = "wasm") {
    6_000_000
} else {
    40_000_000
};

/// Which sheet of a workbook was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workbook {
    /// The sheet's name.
    pub sheet: String,
    /// Every sheet that can be seen and holds something, in their order.
    pub sheets: Vec<String>,
}

/// What a sheet holds.
#[derive(Debug, Default)]
struct Filled {
    /// The cells that hold something: by row, from 0, and column, from 0.
    rows: BTreeMap<u32, Vec<(u32, Cell)>>,
    /// How many cells are formulas that no program has computed yet.
    not_computed: usize,
}

/// Reads rows one by one. A row's line is its number in the sheet, from 1.
#[derive(Debug)]
pub(super) struct Reader {
    columns: Vec<String>,
    unnamed: Vec<usize>,
    has_header: bool,
    rows: std::vec::IntoIter<Row>,
    workbook: Workbook,
    warnings: Vec<Warning>,
}

/// Reads the sheet that is named, or the first that can be seen and holds something.
pub(super) fn open(path: &Path, stream: impl Read, known: Known) -> Result<Reader, Error> {
    let mut bytes = Vec::new();
    stream
        .take(MOST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| stream_error(path, &error))?;
    let path = path.to_path_buf();
    if bytes.is_empty() {
        return Err(Error::Empty { path });
    }
    if bytes.len() as u64 > MOST_BYTES {
        return Err(too_large(path));
    }
    let refused = |refused: Refused| match refused {
        Refused::Protected => Error::Protected { path: path.clone() },
        Refused::TooLarge => too_large(path.clone()),
        Refused::Damaged(cause) => Error::Workbook {
            path: path.clone(),
            cause,
        },
    };
    let mut book = Book::open(&bytes).map_err(refused)?;
    let all = book.sheets();
    let seen: Vec<String> = all
        .iter()
        .filter(|(_, seen)| *seen)
        .map(|(name, _)| name.clone())
        .collect();
    // A cover has a title; a table has a header and a row.
    let mut sheets = Vec::new();
    let mut first = None;
    for name in seen {
        // What is wrong with one sheet is no reason against another.
        let rows = book.rows_up_to(&name, 2).unwrap_or(2);
        if rows > 1 {
            first.get_or_insert_with(|| name.clone());
        }
        if rows > 0 {
            sheets.push(name);
        }
    }
    let chosen = match known.sheet {
        Some(wanted) => find(all.iter().map(|(name, _)| name.as_str()), wanted).map(str::to_string),
        None => first.or_else(|| sheets.first().cloned()),
    };
    let Some(sheet) = chosen else {
        return Err(match known.sheet {
            Some(sheet) => Error::NoSheet {
                sheet: sheet.to_string(),
                sheets: all.into_iter().map(|(name, _)| name).collect(),
                path,
            },
            None => Error::Empty { path },
        });
    };
    let filled = book.filled(&sheet).map_err(refused)?;
    let file = path.display().to_string();
    let mut warnings = Vec::new();
    if known.sheet.is_none() && sheets.len() > 1 {
        warnings.push(Warning::OtherSheets {
            file: file.clone(),
            nameable: true,
            sheet: sheet.clone(),
            others: sheets.iter().filter(|&name| *name != sheet).cloned().collect(),
        });
    }
    if filled.not_computed > 0 {
        warnings.push(Warning::NotComputed {
            file: file.clone(),
            cells: filled.not_computed,
        });
    }
    // Whoever says what the first row is means the first.
    let first = if known.header.is_some() {
        0
    } else {
        first_row(&filled)
    };
    let above: Vec<u64> = filled
        .rows
        .range(..first)
        .map(|(row, _)| u64::from(*row) + 1)
        .collect();
    if !above.is_empty() {
        warnings.push(Warning::AboveTable { file, lines: above });
    }
    let rows = rectangle(filled, first).ok_or_else(|| too_large(path.clone()))?;
    if rows.is_empty() {
        return Err(Error::EmptySheet { path, sheet });
    }
    Ok(Reader::new(
        rows,
        known.header,
        Workbook { sheet, sheets },
        warnings,
    ))
}

fn too_large(path: PathBuf) -> Error {
    Error::LargeWorkbook { path }
}

/// The name that is wanted; one that differs in capitals and the spaces round it will do where no other does, too.
fn find<'a>(names: impl Iterator<Item = &'a str> + Clone, wanted: &str) -> Option<&'a str> {
    if let Some(name) = names.clone().find(|name| *name == wanted) {
        return Some(name);
    }
    let folded = |name: &str| name.trim().to_lowercase();
    let mut alike = names.filter(|name| folded(name) == folded(wanted));
    match (alike.next(), alike.next()) {
        (Some(name), None) => Some(name),
        _ => None,
    }
}

/// The first row of the table, from 0: lines of one cell, such as a title, may stand above it. They are set apart by an empty row,
/// or by a header of three columns and more, and most rows below them are wider.
fn first_row(filled: &Filled) -> u32 {
    const MOST_ABOVE: usize = 10;
    const SAMPLE: usize = 300;
    let is_title = |cells: &[(u32, Cell)]| match cells {
        // The one column that has a name may be the first row of a table.
        [(_, cell)] => !columns::is_known_name(cell.as_str()),
        _ => false,
    };
    let rows = filled.rows.iter().map(|(row, cells)| (*row, cells.len()));
    let above: Vec<u32> = (filled.rows.iter())
        .take(MOST_ABOVE + 1)
        .take_while(|(_, cells)| is_title(cells))
        .map(|(row, _)| *row)
        .collect();
    let Some((header, width)) = rows.clone().nth(above.len()) else {
        return 0;
    };
    let first = if width > 2 {
        header
    } else {
        let ends: Vec<u32> = above.iter().copied().chain([header]).collect();
        let gap = ends.windows(2).rev().find(|pair| pair[1] > pair[0] + 1);
        gap.map_or(0, |pair| pair[1])
    };
    let below: Vec<usize> = rows
        .filter(|(row, _)| *row >= first)
        .take(SAMPLE)
        .map(|(_, cells)| cells)
        .collect();
    let wide = below.iter().filter(|&&cells| cells > 1).count();
    let is_apart = above.len() <= MOST_ABOVE && !above.is_empty() && 2 * wide > below.len();
    if is_apart { first } else { 0 }
}

/// The rows from this one on, each with a cell for every column that any of them fills; `None` where that is too much.
fn rectangle(mut filled: Filled, from: u32) -> Option<Vec<Row>> {
    let filled = filled.rows.split_off(&from);
    let columns: BTreeSet<u32> = filled.values().flatten().map(|(column, _)| *column).collect();
    if filled.len().saturating_mul(columns.len()) > MOST_CELLS {
        return None;
    }
    let place: BTreeMap<u32, usize> = columns.iter().copied().zip(0..).collect();
    let rows = filled.into_iter().map(|(number, cells)| {
        let mut row = vec![Cell::Json("null".to_string()); columns.len()];
        for (column, cell) in cells {
            row[place[&column]] = cell;
        }
        Row {
            line: u64::from(number) + 1,
            cells: row,
        }
    });
    Some(rows.collect())
}

impl Reader {
    fn new(mut rows: Vec<Row>, header: Option<bool>, workbook: Workbook, warnings: Vec<Warning>) -> Self {
        const SAMPLE: usize = 300;
        let texts =
            |row: &Row| -> Vec<String> { row.cells.iter().map(|cell| cell.as_str().to_string()).collect() };
        let first = rows.first().map(texts).unwrap_or_default();
        let has_header = header.unwrap_or_else(|| {
            let below: Vec<Vec<String>> = rows.iter().skip(1).take(SAMPLE).map(texts).collect();
            columns::is_header(&first, &below)
        });
        let names = if has_header {
            rows.remove(0);
            first
        } else {
            vec![String::new(); first.len()]
        };
        let is_unnamed = |at: &usize| has_header && names[*at].trim().is_empty();
        Self {
            columns: column_names(&names),
            unnamed: (0..names.len()).filter(is_unnamed).collect(),
            has_header,
            rows: rows.into_iter(),
            workbook,
            warnings,
        }
    }
}

impl RecordReader for Reader {
    fn columns(&self) -> &[String] {
        &self.columns
    }

    fn has_header(&self) -> bool {
        self.has_header
    }

    fn unnamed(&self) -> &[usize] {
        &self.unnamed
    }

    fn place(&self) -> &'static str {
        "row"
    }

    fn workbook(&self) -> Option<&Workbook> {
        Some(&self.workbook)
    }

    fn warnings(&self) -> Vec<Warning> {
        self.warnings.clone()
    }
}

impl Iterator for Reader {
    type Item = Result<Row, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rows.next().map(Ok)
    }
}

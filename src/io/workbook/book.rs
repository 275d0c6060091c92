//! A workbook as the library that reads them has it, kept from what would cost it its calm.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{
    Data, DataRef, Ods, OdsError, Reader, SheetType, SheetVisible, Sheets, Xls, XlsError, Xlsx, XlsxError,
};

use super::super::error::one_line;
use super::super::table::Cell;
use super::cell::{cell, is_error};
use super::trust::{Contents, contents};
use super::{Filled, MOST_CELLS};

/// Most bytes of the texts of a sheet: a text is kept once in a file, however many cells show it.
const MOST_TEXT: usize = match () {
    () if cfg!(test) => 1 << 24,
    () if cfg!(target_family = "wasm") => 1 << 28,
    () => 1 << 30,
};

/// Why a workbook was not read.
pub(super) enum Refused {
    /// It opens with a password only.
    Protected,
    /// Nothing that a machine has would hold it.
    TooLarge,
    /// It is none, or damaged.
    Damaged(String),
}

/// An open workbook.
pub(super) struct Book<'a>(Sheets<Cursor<&'a [u8]>>);

impl<'a> Book<'a> {
    /// Opens what a file holds, whatever its name says that it is.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, Refused> {
        /// The first bytes of the container that `.xls` files and encrypted ones of the others lie in.
        const CONTAINER: &[u8] = b"\xD0\xCF\x11\xE0";
        let stream = Cursor::new(bytes);
        if bytes.starts_with(CONTAINER) {
            return guarded(|| match Xls::new(stream.clone()) {
                Ok(book) => Ok(Self(Sheets::Xls(book))),
                Err(XlsError::Password) => Err(Refused::Protected),
                Err(error) => Err(match Xlsx::new(stream) {
                    Err(XlsxError::Password) => Refused::Protected,
                    _ => Refused::Damaged(one_line(&error)),
                }),
            });
        }
        match contents(stream.clone())? {
            Contents::OpenDocument => guarded(|| Ok(Self(Sheets::Ods(Ods::new(stream)?)))),
            Contents::Other => guarded(|| Ok(Self(Sheets::Xlsx(Xlsx::new(stream)?)))),
        }
    }

    /// The names of the sheets, charts left out, and whether each can be seen.
    pub(super) fn sheets(&self) -> Vec<(String, bool)> {
        let sheets = self.0.sheets_metadata().iter();
        sheets
            .filter(|sheet| sheet.typ == SheetType::WorkSheet)
            .map(|sheet| (sheet.name.clone(), sheet.visible == SheetVisible::Visible))
            .collect()
    }

    /// How many rows of a sheet hold something, up to this many.
    pub(super) fn rows_up_to(&mut self, sheet: &str, most: usize) -> Result<usize, Refused> {
        let mut rows = BTreeSet::new();
        self.each(sheet, |row, _, found| {
            rows.extend(found.is_some().then_some(row));
            Ok(rows.len() < most)
        })?;
        Ok(rows.len())
    }

    /// Every cell of a sheet that holds something.
    pub(super) fn filled(&mut self, sheet: &str) -> Result<Filled, Refused> {
        let mut filled = Filled::default();
        let (mut bytes, mut cells) = (0, 0);
        self.each(sheet, |row, column, found| {
            let Some(cell) = found else {
                filled.not_computed += 1;
                return Ok(true);
            };
            bytes += cell.as_str().len();
            cells += 1;
            if bytes > MOST_TEXT || cells > MOST_CELLS {
                return Err(Refused::TooLarge);
            }
            filled.rows.entry(row).or_default().push((column, cell));
            Ok(true)
        })?;
        Ok(filled)
    }

    /// Hands over the cells of a sheet that hold something, with their rows and columns from 0, as long as that says to go on;
    /// `None` is a formula that no program has computed yet.
    fn each(
        &mut self,
        sheet: &str,
        mut take: impl FnMut(u32, u32, Option<Cell>) -> Result<bool, Refused>,
    ) -> Result<(), Refused> {
        guarded(|| {
            if let Sheets::Xlsx(book) = &mut self.0 {
                // Cell by cell: as a rectangle, two cells in opposite corners would be thousands of millions.
                let mut cells = book.worksheet_cells_reader(sheet)?;
                loop {
                    let found = match cells.next_cell_with_formula_metadata() {
                        Ok(Some(found)) => found,
                        Ok(None) => return Ok(()),
                        // An error that the library does not know by its name is one like the others: no value.
                        Err(XlsxError::CellError(_)) => continue,
                        Err(error) => return Err(error.into()),
                    };
                    let (row, column) = found.pos;
                    let is_new = found.formula.is_some() && found.value == DataRef::Empty;
                    let cell = cell(Data::from(found.value));
                    if (cell.is_some() || is_new) && !take(row, column, cell)? {
                        return Ok(());
                    }
                }
            }
            let is_open_document = matches!(self.0, Sheets::Ods(_));
            let range = self
                .0
                .worksheet_range(sheet)
                .map_err(|error| Refused::Damaged(one_line(&error)))?;
            let (top, left) = range.start().unwrap_or_default();
            for (row, column, value) in range.used_cells() {
                // There the library gives errors as texts.
                if is_open_document && is_error(value) {
                    continue;
                }
                let (row, column) = (top + row as u32, left + column as u32);
                if let Some(cell) = cell(value.clone())
                    && !take(row, column, Some(cell))?
                {
                    break;
                }
            }
            Ok(())
        })
    }
}

/// Runs a piece of the library, which may panic on damaged files where it should return an error. In the page a panic is the end,
/// caught or not; and of an `.xls` file, whose cells the library puts into a rectangle as they are told, none is spared here either.
fn guarded<T>(work: impl FnOnce() -> Result<T, Refused>) -> Result<T, Refused> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Refused::Damaged("the contents contradict each other".to_string())))
}

impl From<XlsxError> for Refused {
    fn from(error: XlsxError) -> Self {
        match error {
            XlsxError::Password => Self::Protected,
            error => Self::Damaged(one_line(&error)),
        }
    }
}

impl From<OdsError> for Refused {
    fn from(error: OdsError) -> Self {
        match error {
            OdsError::Password => Self::Protected,
            error => Self::Damaged(one_line(&error)),
        }
    }
}

//! A small table of what the window shows, as a file for a spreadsheet.

use std::path::PathBuf;

use super::background::{Background, Wake};
use super::dialog::hand_over;
use crate::io::{write_atomic, write_row};

/// Writes rows of cells as CSV beside the window, and gives the path. An older file of that name is replaced once the new one is
/// whole.
pub fn write_table(rows: Vec<Vec<String>>, path: PathBuf, wake: Wake) -> Background<Result<PathBuf, String>> {
    Background::start(0, wake, move |_| {
        let written = write_atomic(&path, |out| {
            (rows.iter()).try_for_each(|row| write_row(out, ',', row.iter().map(String::as_str)))
        });
        written.map_err(|error| error.to_string())?;
        hand_over(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    })
}

//! The table as a file for a spreadsheet.

use std::path::PathBuf;

use super::kept::Comparison;
use crate::session::exchange;
use crate::session::project::OpenProject;
use crate::session::protocol::Compared;

/// The rows of the file, its head first: the columns that `unfreeze lab` writes, and how it was measured.
pub fn rows(comparison: &Comparison) -> Vec<Vec<String>> {
    let more = ["labels", "measured_on", "folds", "settings"];
    let head = Compared::COLUMNS.into_iter().chain(more).map(String::from);
    let measured = [comparison.labels(), comparison.measured_on, comparison.folds].map(|n| n.to_string());
    let how = measured.into_iter().chain([comparison.settings.clone()]);
    let mut rows = vec![head.collect()];
    rows.extend((comparison.rows.iter()).map(|row| row.cells().into_iter().chain(how.clone()).collect()));
    rows
}

/// Where it is written: beside the project, as an export is.
pub fn place(open: &OpenProject) -> PathBuf {
    let beside = open.path().and_then(|path| path.parent());
    let folder = beside.map_or_else(exchange::projects_folder, PathBuf::from);
    exchange::exports_folder(&folder).join(format!("{}-methods.csv", open.project.name))
}

/// What is said when it is written.
pub fn written(path: &std::path::Path) -> String {
    if exchange::ASKS_WHERE {
        format!("Written to {}.", path.display())
    } else {
        let name = path.file_name().unwrap_or_default();
        format!("{} goes to your downloads.", name.display())
    }
}

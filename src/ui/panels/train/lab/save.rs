//! The table as a file for a spreadsheet.

use std::path::PathBuf;

use super::kept::Comparison;
use crate::session::exchange;
use crate::session::project::OpenProject;

/// The rows of the file, its head first: the columns that `unfreeze lab` writes, and how it was measured.
pub fn rows(comparison: &Comparison) -> Vec<Vec<String>> {
    let columns = [
        "way",
        "error",
        "error_low",
        "error_high",
        "p",
        "seconds",
        "what",
        "labels",
        "measured_on",
        "folds",
    ];
    let mut rows = vec![columns.map(String::from).to_vec()];
    rows.extend(comparison.rows.iter().map(|row| {
        vec![
            row.way.clone(),
            row.error.to_string(),
            row.error_low.to_string(),
            row.error_high.to_string(),
            row.p.map(|p| p.to_string()).unwrap_or_default(),
            row.seconds.to_string(),
            row.what.clone(),
            comparison.labels().to_string(),
            comparison.measured_on.to_string(),
            comparison.folds.to_string(),
        ]
    }));
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

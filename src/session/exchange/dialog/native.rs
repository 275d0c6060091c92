//! The operating system's windows for choosing a file.

use std::path::{Path, PathBuf};

use crate::io::exchange::Format;
use crate::session::exchange::background::{Background, Wake};

/// Lets the user choose a file of texts or labels in the system's own window; `None` where they chose none.
pub fn choose_file(title: &'static str, wake: Wake) -> Background<Option<PathBuf>> {
    Background::start(0, wake, move |_| {
        let tables = [
            "csv", "tsv", "xlsx", "xlsm", "xls", "ods", "txt", "jsonl", "json", "parquet", "gz", "zst",
            "unfreeze",
        ];
        rfd::FileDialog::new()
            .set_title(title)
            .add_filter("Tables and texts", &tables)
            .add_filter("Every file", &["*"])
            .pick_file()
    })
}

/// Lets the user choose where to write; `name` is suggested. `None` where they chose no place.
pub fn choose_place(name: String, format: Format, wake: Wake) -> Background<Option<PathBuf>> {
    Background::start(0, wake, move |_| {
        let dialog = rfd::FileDialog::new().set_title("Export").set_file_name(name);
        match format.extension() {
            "" => dialog.save_file(),
            end => dialog.add_filter(format.name(), &[end]).save_file(),
        }
    })
}

/// Whether it is the user who says where a file is written.
pub const ASKS_WHERE: bool = true;

/// Whether the user sees their project files without this program, and can delete them there.
pub const SHOWS_FILES: bool = true;

/// Where a file is written unless the user says otherwise: beside their project.
pub fn exports_folder(beside: &Path) -> PathBuf {
    beside.to_path_buf()
}

/// Where projects are kept, for the user.
pub fn shown(folder: &Path) -> String {
    folder.display().to_string()
}

/// A project file is worked on where it lies.
///
/// # Errors
/// None here; a page copies it.
pub(in crate::session) fn adopt(path: PathBuf) -> std::io::Result<PathBuf> {
    Ok(path)
}

/// A file lies where the user has it, and stays there.
pub fn let_go(_path: &Path) {}

/// What was written is where the user wanted it.
///
/// # Errors
/// None here; a browser may refuse a download.
pub fn hand_over(_path: &Path) -> std::io::Result<()> {
    Ok(())
}

//! Where projects are put, and what their files are called.

use std::path::{Path, PathBuf};

use super::EXTENSION;
use crate::host::{folders, fs};

pub use folders::{data as data_directory, temporary as temporary_directory};

/// Where a new project goes unless the user says otherwise: `Unfreeze` among their documents, or the data directory where
/// they have no documents. It need not exist.
pub fn projects_directory() -> PathBuf {
    folders::documents()
        .map(|dir| dir.join("Unfreeze"))
        .or_else(|| data_directory().map(|dir| dir.join("projects")))
        .unwrap_or_else(|| PathBuf::from("Unfreeze"))
}

/// Where runs write what can be made again from their project.
pub fn work_directory() -> PathBuf {
    data_directory().unwrap_or_else(temporary_directory).join("work")
}

/// The name of a project of texts from this source: `reviews` for `/home/me/reviews.csv.gz`. It can be the name of a file
/// on every system.
pub fn name_of(source: &str) -> String {
    const LONGEST: usize = 80;
    let file = source.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut stem = file;
    while let Some((before, ending)) = stem.rsplit_once('.') {
        let known = [
            "csv", "tsv", "tab", "txt", "text", "jsonl", "ndjson", "json", "parquet", "xlsx", "xlsm", "xls",
            "ods", "gz", "zst", "md",
        ];
        if before.is_empty() || !known.contains(&ending.to_lowercase().as_str()) {
            break;
        }
        stem = before;
    }
    let allowed = |c: char| !c.is_control() && !"<>:\"/\\|?*".contains(c);
    let name: String = stem.chars().filter(|&c| allowed(c)).take(LONGEST).collect();
    // Windows keeps some names for devices, and cuts dots and blanks off the end.
    let name = name.trim().trim_matches('.').trim();
    let device = |name: &str| {
        let name = name.split('.').next().unwrap_or_default().to_lowercase();
        let port = name.strip_prefix("com").or_else(|| name.strip_prefix("lpt"));
        ["con", "prn", "aux", "nul"].contains(&name.as_str())
            || port.is_some_and(|n| n.len() == 1 && n.chars().all(|c| c.is_ascii_digit()))
    };
    match name {
        "" => "project".to_string(),
        name if device(name) => format!("{name}-project"),
        name => name.to_string(),
    }
}

/// A file in `folder` for a project of texts from this source that replaces none: `reviews.unfreeze`, or
/// `reviews-2.unfreeze` where that exists. The name of the project is the file's without its ending.
pub fn free_path(folder: &Path, source: &str) -> PathBuf {
    let name = name_of(source);
    let path = |name: &str| folder.join(format!("{name}.{EXTENSION}"));
    let first = path(&name);
    if !fs::is_there(&first) {
        return first;
    }
    (2_u64..)
        .map(|n| path(&format!("{name}-{n}")))
        .find(|path| !fs::is_there(path))
        .unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_the_source() {
        for (source, name) in [
            ("/home/me/reviews.csv.gz", "reviews"),
            ("C:\\data\\Our reviews.2024.TSV", "Our reviews.2024"),
            ("pasted", "pasted"),
            ("отзывы.jsonl", "отзывы"),
            ("a:b?c.csv", "abc"),
            ("../..", "project"),
            ("", "project"),
            (".csv", "csv"),
            ("con.txt", "con-project"),
            ("com1", "com1-project"),
            ("a\nb", "ab"),
        ] {
            assert_eq!(name_of(source), name, "{source}");
        }
        assert_eq!(name_of(&"é".repeat(500)).chars().count(), 80);
    }

    #[test]
    fn no_file_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        for expected in ["reviews.unfreeze", "reviews-2.unfreeze", "reviews-3.unfreeze"] {
            let path = free_path(dir.path(), "reviews.csv");
            assert_eq!(path, dir.path().join(expected));
            std::fs::write(path, "x").unwrap();
        }
    }
}

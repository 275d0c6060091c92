//! A small table of what the window shows, as a file for a spreadsheet.

use std::io::{self, Write};
use std::path::PathBuf;

use super::background::{Background, Wake};
use super::dialog::{hand_over, let_go};
use crate::io::{write_atomic, write_mark, write_row};

/// Writes rows of cells as CSV beside the window, and gives the path. An older file of that name is replaced once the new one is
/// whole.
pub fn write_table(rows: Vec<Vec<String>>, path: PathBuf, wake: Wake) -> Background<Result<PathBuf, String>> {
    Background::start(0, wake, move |_| {
        write_atomic(&path, |out| write(&rows, out)).map_err(|error| error.to_string())?;
        let handed = hand_over(&path);
        let_go(&path);
        handed.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    })
}

fn write(rows: &[Vec<String>], out: &mut dyn Write) -> io::Result<()> {
    write_mark(out, rows.iter().flatten().map(String::as_str))?;
    (rows.iter()).try_for_each(|row| write_row(out, ',', row.iter().map(String::as_str)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_ascii_is_known_to_a_spreadsheet() {
        let written = |label: &str| {
            let mut out = Vec::new();
            let rows = [["label", "error"], [label, "0.1"]].map(|row| row.map(String::from).to_vec());
            write(&rows, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written("praise"), "label,error\npraise,0.1\n");
        assert_eq!(written("Ärger"), "\u{feff}label,error\nÄrger,0.1\n");
    }
}

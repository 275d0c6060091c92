//! Tables on standard output.

use comfy_table::{Cell, CellAlignment, ContentArrangement, Table, presets};

use super::console::Look;
use super::lines::harmless;

/// Columns of the terminal that standard output is, `None` where it is none or does not say.
pub fn stdout_width() -> Option<usize> {
    Table::new().width().map(usize::from).filter(|&width| width > 0)
}

/// A table as lines of text: columns of numbers to the right, wrapped to the terminal where there is one.
pub fn render(columns: &[String], rows: &[Vec<String>], look: Look) -> String {
    let mut table = Table::new();
    table.load_style(if look.unicode {
        presets::UTF8_FULL_CONDENSED
    } else {
        presets::ASCII_FULL_CONDENSED
    });
    match look.width {
        Some(width) => {
            table.set_content_arrangement(ContentArrangement::Dynamic);
            table.set_width(u16::try_from(width).unwrap_or(u16::MAX));
        }
        // A file or a pipe has no width: nothing is wrapped.
        None => {
            table.force_no_tty();
        }
    }
    let numeric: Vec<bool> = (0..columns.len())
        .map(|at| {
            rows.iter()
                .filter_map(|row| row.get(at))
                .all(|cell| is_number(cell))
                && !rows.is_empty()
        })
        .collect();
    let line = |cells: &[String]| -> Vec<Cell> {
        let align = |at: usize| match numeric.get(at) {
            Some(true) => CellAlignment::Right,
            _ => CellAlignment::Left,
        };
        cells
            .iter()
            .enumerate()
            .map(|(at, cell)| Cell::new(harmless(cell)).set_alignment(align(at)))
            .collect()
    };
    table.set_header(line(columns));
    for row in rows {
        table.add_row(line(row));
    }
    table.trim_fmt()
}

/// Whether a cell holds a number, perhaps with thousands or a unit behind it (`1,234`, `8.3 %`, `±0.2`), or nothing.
fn is_number(cell: &str) -> bool {
    let bare: String = cell
        .chars()
        .filter(|c| !matches!(c, ',' | ' ' | '%' | '±'))
        .collect();
    bare.is_empty() || matches!(bare.as_str(), "-" | "–" | "—") || bare.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(cells: &[&str]) -> Vec<String> {
        cells.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn numbers_stand_to_the_right() {
        let rows = [owned(&["pos", "8.3 %"]), owned(&["neg", "12.0 %"])];
        let text = render(&owned(&["label", "error"]), &rows, Look::default());
        assert!(text.contains("| pos   |  8.3 % |"), "{text}");
        assert!(text.contains("| label |  error |"), "{text}");
        assert!(text.is_ascii());
    }

    #[test]
    fn a_narrow_terminal_wraps_and_a_pipe_does_not() {
        let rows = [owned(&[
            "a long cell with many words in it, and then a few more",
            "2",
        ])];
        let wide = render(&owned(&["text", "n"]), &rows, Look::default());
        assert!(wide.contains(&rows[0][0]));
        let narrow = render(
            &owned(&["text", "n"]),
            &rows,
            Look {
                width: Some(30),
                ..Look::default()
            },
        );
        assert!(narrow.lines().all(|line| line.chars().count() <= 30), "{narrow}");
    }

    #[test]
    fn ragged_rows_and_no_rows_are_shown() {
        let text = render(
            &owned(&["a", "b"]),
            &[owned(&["only"]), owned(&["x", "y", "z"])],
            Look::default(),
        );
        assert!(text.contains("only") && text.contains('z'), "{text}");
        assert!(render(&owned(&["a"]), &[], Look::default()).contains('a'));
    }
}

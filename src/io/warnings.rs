//! What the user should know about a table that can nevertheless be used.

use std::fmt;

/// Something the user should know about a table that can nevertheless be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// No header: the columns are named by their place.
    NoHeader {
        /// How many columns there are.
        columns: usize,
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
    /// The same text with different labels: for each such text, the first row and one that contradicts it.
    Conflicts {
        /// Where the two rows begin.
        lines: Vec<(u64, u64)>,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::NoHeader { columns: 1 } => write!(out, "no header was found; the column is called column1"),
            Self::NoHeader { columns } => {
                write!(
                    out,
                    "no header was found; the columns are called column1 to column{columns}"
                )
            }
            Self::EmptyTexts { lines, dropped } => {
                let fate = if *dropped { "were left out" } else { "are kept" };
                write!(
                    out,
                    "{} with an empty text {fate}: {}",
                    rows(lines.len()),
                    some(lines, u64::to_string)
                )
            }
            Self::Unlabelled { lines } => {
                write!(
                    out,
                    "{} without a label: {}",
                    rows(lines.len()),
                    some(lines, u64::to_string)
                )
            }
            Self::Conflicts { lines } => write!(
                out,
                "{} given more than once with different labels: {}",
                if lines.len() == 1 {
                    "1 text is".to_string()
                } else {
                    format!("{} texts are", lines.len())
                },
                some(lines, |(first, other)| format!("{first} and {other}"))
            ),
        }
    }
}

fn rows(count: usize) -> String {
    format!("{count} row{}", if count == 1 { "" } else { "s" })
}

/// The first few places in a list, and how many more there are.
pub(super) fn some<T>(lines: &[T], show: impl Fn(&T) -> String) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<String> = lines.iter().take(SHOWN).map(show).collect();
    let more = match lines.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let shown = shown.join(", ");
    let one = lines.len() == 1 && !shown.contains(' ');
    format!("line{} {shown}{more}", if one { "" } else { "s" })
}

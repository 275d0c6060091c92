//! Which columns of a table a command reads.

use clap::Args;

/// Which columns of a table hold what.
#[derive(Clone, Debug, Args)]
pub struct ColumnArgs {
    /// The column with the text; give several to join them in this order; guessed without it
    #[arg(long = "text-column", value_name = "NAME", value_delimiter = ',')]
    pub text_columns: Vec<String>,
    /// The column with the label; guessed without it
    #[arg(long, value_name = "NAME")]
    pub label_column: Option<String>,
}

/// Which columns of a table hold the text, in a command that reads no labels.
#[derive(Clone, Debug, Args)]
pub struct TextColumnArgs {
    /// The column with the text; give several to join them in this order; guessed without it
    #[arg(long = "text-column", value_name = "NAME", value_delimiter = ',')]
    pub text_columns: Vec<String>,
    /// Taken, so that a script can give all commands the same options, but not offered: it changes nothing, which is said
    #[arg(long, value_name = "NAME", hide = true)]
    pub label_column: Option<String>,
}

impl From<TextColumnArgs> for ColumnArgs {
    fn from(columns: TextColumnArgs) -> Self {
        Self {
            text_columns: columns.text_columns,
            label_column: columns.label_column,
        }
    }
}

//! Which columns of a table a command reads, and what it is written in.

use clap::Args;

use crate::session::protocol::Encoding;

/// Which columns of a table hold what.
#[derive(Clone, Debug, Args)]
pub struct ColumnArgs {
    /// The column with the text; give several to join them in this order; guessed without it
    #[arg(long = "text-column", value_name = "NAME", value_delimiter = ',')]
    pub text_columns: Vec<String>,
    /// The column with the label; guessed without it
    #[arg(long, value_name = "NAME")]
    pub label_column: Option<String>,
    /// The sheet of a workbook, of each that is read; without it the first that can be seen and holds something
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
    #[command(flatten)]
    pub written: EncodingArgs,
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
    /// The sheet of a workbook, of each that is read; without it the first that can be seen and holds something
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
    #[command(flatten)]
    pub written: EncodingArgs,
}

/// What the texts are written in.
#[derive(Clone, Debug, Args)]
pub struct EncodingArgs {
    /// The encoding of the texts, such as shift_jis, gb18030, big5, euc-kr, windows-1251, iso-8859-2, koi8-r or utf-16le;
    /// without it UTF-8, UTF-16 with a byte order mark or, as a guess, Windows-1252
    ///
    /// Any name that the web has for it. A file with a byte order mark is what that says, and Parquet and workbooks are what they are
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<Encoding>,
}

impl From<TextColumnArgs> for ColumnArgs {
    fn from(columns: TextColumnArgs) -> Self {
        Self {
            text_columns: columns.text_columns,
            label_column: columns.label_column,
            sheet: columns.sheet,
            written: columns.written,
        }
    }
}

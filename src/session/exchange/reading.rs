//! How a table is read, and why one was not.

use crate::io::{Encoding, Error, TableOptions, Workbook};

/// What the user says of a table; the rest is guessed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Whether the first row of delimited text or of a sheet names the columns.
    pub header: Option<bool>,
    /// What it is written in, where it does not say so itself with a mark.
    pub encoding: Option<Encoding>,
    /// The sheet of a workbook.
    pub sheet: Option<String>,
}

impl Reading {
    /// The same for whatever reads tables; texts are kept that are empty.
    pub(super) fn options(&self) -> TableOptions {
        TableOptions {
            header: self.header,
            keep_empty_texts: true,
            encoding: self.encoding,
            sheet: self.sheet.clone(),
            ..TableOptions::default()
        }
    }
}

/// Why a table was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotRead {
    /// A sentence that names the file and the place in it, and says what to do.
    pub why: String,
    /// Whether it is no text in the encoding that it was read in, so that it can be read again in another.
    pub by_encoding: bool,
    /// Which sheet it was, where the workbook has others that may be read instead.
    pub workbook: Option<Workbook>,
}

impl From<String> for NotRead {
    fn from(why: String) -> Self {
        Self {
            why,
            by_encoding: false,
            workbook: None,
        }
    }
}

impl From<Error> for NotRead {
    fn from(error: Error) -> Self {
        let (why, by_encoding) = (plain(&error), error.is_of_encoding());
        let workbook = match error {
            Error::OfSheet { workbook, .. } => Some(workbook),
            _ => None,
        };
        Self {
            why,
            by_encoding,
            workbook,
        }
    }
}

impl NotRead {
    /// Whether the file can be read otherwise.
    pub fn has_remedy(&self) -> bool {
        self.by_encoding || self.workbook.is_some()
    }
}

/// An error in the words of the window, which has no options to name.
pub(super) fn plain(error: &Error) -> String {
    if let Error::OfSheet { workbook, cause } = error {
        return format!("{}, or another sheet; this is '{}'", plain(cause), workbook.sheet);
    }
    let message = error.to_string();
    if let Some((said, _)) = message.split_once(", or name its encoding with --") {
        return said.to_string();
    }
    if let Some((said, _)) = message.split_once("; name another encoding with --") {
        return format!("{said}; choose another encoding");
    }
    let without = message
        .split("; name one with --")
        .next()
        .and_then(|m| m.split("; name another column with --").next())
        .unwrap_or(&message);
    let wanted = if matches!(error, Error::NoLabelColumn { .. }) {
        "labels"
    } else {
        "text"
    };
    if without.len() == message.len() {
        message
    } else {
        format!("{without}; choose a file in which a column holds {wanted}")
    }
}

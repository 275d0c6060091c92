//! Which columns are meant, whether every row has what they promise, and what is odd about them.

use std::collections::HashMap;
use std::path::Path;

use super::super::columns::{self, Roles};
use super::super::warnings::Warning;
use super::{Cell, Error, Labels, Row, Table, TableOptions};

/// Checks what the options ask for, and notes what is odd.
pub(super) fn check(mut table: Table, options: &TableOptions) -> Result<Table, Error> {
    check_texts(&table)?;
    leave_out_empty(&mut table, options.keep_empty_texts)?;
    if options.labels == Labels::Required {
        let unlabelled: Vec<u64> = table
            .rows
            .iter()
            .filter(|row| table.label(row).is_none())
            .map(|row| row.line)
            .collect();
        if unlabelled.len() == table.len() {
            let column = table.label_column().unwrap_or_default().to_string();
            return Err(Error::NoLabels {
                path: table.path,
                column,
            });
        }
        if !unlabelled.is_empty() {
            table.warnings.push(Warning::Unlabelled { lines: unlabelled });
        }
    }
    table.warnings.extend(conflicts(&table));
    Ok(table)
}

/// Finds the columns that the options name, and guesses those that they do not.
pub(in crate::io) fn choose(
    path: &Path,
    names: &[String],
    has_header: bool,
    sample: &[Row],
    options: &TableOptions,
) -> Result<Roles, Error> {
    let find = |column: &str| find_column(path, names, column);
    let texts = options
        .text_columns
        .iter()
        .map(|column| find(column))
        .collect::<Result<Vec<_>, _>>()?;
    let again = (1..texts.len()).find(|&at| texts[..at].contains(&texts[at]));
    if let Some(at) = again {
        return Err(Error::RepeatedColumn {
            path: path.to_path_buf(),
            column: names[texts[at]].clone(),
        });
    }
    let label = match (&options.label_column, options.labels) {
        (Some(column), Labels::Required | Labels::Optional) => Some(find(column)?),
        _ => None,
    };
    if let Some(at) = label.filter(|at| texts.contains(at)) {
        return Err(Error::SameColumn {
            path: path.to_path_buf(),
            column: names[at].clone(),
        });
    }
    let by_value = options.labels == Labels::Required;
    let mut roles = columns::guess(names, has_header, sample, texts, label, by_value);
    if options.labels == Labels::Ignored {
        roles.label = None;
    }
    if roles.texts.is_empty() {
        return Err(Error::NoTextColumn {
            path: path.to_path_buf(),
            columns: names.to_vec(),
        });
    }
    if roles.label.is_none() && options.labels == Labels::Required {
        return Err(Error::NoLabelColumn {
            path: path.to_path_buf(),
            columns: names.to_vec(),
        });
    }
    Ok(roles)
}

fn find_column(path: &Path, names: &[String], wanted: &str) -> Result<usize, Error> {
    // An exact name wins; `Text` for `text` is no reason to stop, unless it could mean two columns.
    let folded = |name: &str| name.trim().to_lowercase();
    let mut alike = (0..names.len()).filter(|&at| folded(&names[at]) == folded(wanted));
    if let Some(at) = names.iter().position(|name| name == wanted) {
        return Ok(at);
    }
    if let (Some(at), None) = (alike.next(), alike.next()) {
        return Ok(at);
    }
    let likeness = |name: &String| strsim::jaro_winkler(&folded(name), &folded(wanted));
    let nearest = names.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    Err(Error::UnknownColumn {
        path: path.to_path_buf(),
        column: wanted.to_string(),
        nearest: nearest.filter(|name| likeness(name) > 0.75).cloned(),
        columns: names.to_vec(),
    })
}

/// Checks that every row has its text, and that it is text.
fn check_texts(table: &Table) -> Result<(), Error> {
    table
        .rows
        .iter()
        .try_for_each(|row| check_row(&table.path, &table.columns, &table.roles, table.place, row))
}

/// Checks one row; `place` is what its line counts.
pub(in crate::io) fn check_row(
    path: &Path,
    names: &[String],
    roles: &Roles,
    place: &'static str,
    row: &Row,
) -> Result<(), Error> {
    let fault = |at: usize| (path.to_path_buf(), row.line, names[at].clone());
    let cell = |at: usize| row.cells.get(at).unwrap_or(&Cell::Missing);
    for &at in &roles.texts {
        let found = match cell(at) {
            Cell::Json(json) if json.starts_with('{') => "an object",
            Cell::Json(json) if json.starts_with('[') => "a list",
            Cell::Json(json) if json == "true" || json == "false" => "true or false",
            _ => continue,
        };
        let (path, line, column) = fault(at);
        return Err(Error::NotText {
            path,
            place,
            line,
            column,
            found,
        });
    }
    // A title may be left out, but not every part of the text.
    match roles.texts.last() {
        Some(&last) if roles.texts.iter().all(|&at| *cell(at) == Cell::Missing) => {
            let (path, line, column) = fault(last);
            Err(Error::MissingKey {
                path,
                place,
                line,
                column,
            })
        }
        _ => Ok(()),
    }
}

fn leave_out_empty(table: &mut Table, keep: bool) -> Result<(), Error> {
    let lines: Vec<u64> = table
        .rows
        .iter()
        .filter(|row| table.is_blank(row))
        .map(|row| row.line)
        .collect();
    if lines.len() == table.len() {
        let columns = table.text_columns().into_iter().map(str::to_string).collect();
        return Err(Error::AllTextsEmpty {
            path: table.path.clone(),
            columns,
        });
    }
    if lines.is_empty() {
        return Ok(());
    }
    if !keep {
        let rows = std::mem::take(&mut table.rows);
        table.rows = rows.into_iter().filter(|row| !table.is_blank(row)).collect();
    }
    table.warnings.push(Warning::EmptyTexts {
        lines,
        dropped: !keep,
    });
    Ok(())
}

fn conflicts(table: &Table) -> Option<Warning> {
    let mut first: HashMap<Vec<&str>, (&str, u64, bool)> = HashMap::new();
    let mut lines = Vec::new();
    for row in &table.rows {
        let Some(label) = table.label(row) else { continue };
        let seen = first.entry(table.fields(row)).or_insert((label, row.line, false));
        if seen.0 != label && !seen.2 {
            seen.2 = true;
            lines.push((seen.1, row.line));
        }
    }
    (!lines.is_empty()).then_some(Warning::Conflicts { lines })
}

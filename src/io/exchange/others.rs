//! Fields that are neither text nor label, as further columns: what they say of a text is not for us to judge.

use std::collections::HashMap;

use serde_json::Value;

/// More names than this are values of their own kind; those behind get no columns.
const MOST: usize = 500;

/// The columns, in the order in which their names appear.
#[derive(Debug, Default)]
pub(super) struct Others {
    columns: Vec<String>,
    places: HashMap<String, usize>,
}

impl Others {
    /// Puts a value into the column of this name.
    pub(super) fn put(&mut self, row: &mut Vec<String>, name: &str, value: &str) {
        let at = match self.places.get(name) {
            Some(&at) => at,
            None if self.columns.len() >= MOST => return,
            None => {
                let at = self.columns.len();
                self.columns.push(name.to_string());
                self.places.insert(name.to_string(), at);
                at
            }
        };
        if row.len() <= at {
            row.resize(at + 1, String::new());
        }
        row[at] = value.to_string();
    }

    /// Their names.
    pub(super) fn into_columns(self) -> Vec<String> {
        self.columns
    }
}

/// A value that a cell can hold; lists and objects are none, and `null` is no value.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

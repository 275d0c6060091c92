//! Label Studio's list of tasks.
//!
//! A task has an `id`, `data` (`text`, `row` and the other columns), `annotations` and `predictions`, both lists of
//! `result`s of type `choices` with `from_name` "label" and `to_name` "text", as [`configuration`] names them. A skipped
//! text has an annotation with `was_cancelled`; `meta.answer` tells an unclear one from it. Read are this and the short
//! form (`JSON_MIN`), whose tasks have `text` and the choice side by side.

use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::{Export, Given, LabelFile, Labelled, Verdict, prodigy, rows};
use crate::io::compression::{self, Utf8, stream_error};
use crate::io::error::{Error, one_line};

/// The labelling configuration that a Label Studio project needs for the tasks of an export.
#[must_use]
pub fn configuration(labels: &[String]) -> String {
    let choices: String = labels
        .iter()
        .map(|label| format!("    <Choice value=\"{}\"/>\n", escaped(label)))
        .collect();
    format!(
        "<View>\n  <Text name=\"text\" value=\"$text\"/>\n  <Choices name=\"label\" toName=\"text\" choice=\"single\">\n\
         {choices}  </Choices>\n</View>\n"
    )
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}

pub(super) fn write(export: &Export, out: &mut dyn Write) -> io::Result<()> {
    let extra_names = export.extra_names(&["text", "row"]);
    let choice = |id: String, label: &str| {
        json!({
            "id": id,
            "from_name": "label",
            "to_name": "text",
            "type": "choices",
            "value": { "choices": [label] },
        })
    };
    out.write_all(b"[")?;
    for item in export.items() {
        let row = item.row;
        let mut data = Map::new();
        data.insert("text".into(), json!(item.text));
        data.insert("row".into(), json!(row));
        for (name, cell) in extra_names.iter().zip(item.extra) {
            data.insert(name.clone(), json!(cell));
        }
        let annotations: Vec<Value> = item
            .given
            .map(|_| {
                let result: Vec<Value> = item
                    .label
                    .map(|label| choice(format!("label-{row}"), label))
                    .into_iter()
                    .collect();
                json!({ "id": row, "was_cancelled": result.is_empty(), "result": result })
            })
            .into_iter()
            .collect();
        let predictions: Vec<Value> = item
            .predicted
            .map(|(label, confidence)| {
                let result = [choice(format!("prediction-{row}"), label)];
                let score = prodigy::rounded(confidence);
                json!({ "model_version": "unfreeze", "score": score, "result": result })
            })
            .into_iter()
            .collect();
        let mut task = json!({
            "id": row,
            "data": data,
            "annotations": annotations,
            "predictions": predictions,
        });
        if item.given == Some(Given::Unsure)
            && let Some(task) = task.as_object_mut()
        {
            task.insert("meta".into(), json!({ "answer": "unsure" }));
        }
        write!(out, "{}{task}", if row == 1 { "\n" } else { ",\n" })?;
    }
    out.write_all(b"\n]\n")
}

/// Reads a list of tasks, long or short.
pub(super) fn read(path: &Path) -> Result<LabelFile, Error> {
    let mut text = String::new();
    Utf8::new(BufReader::new(compression::open(path, None)?))
        .read_to_string(&mut text)
        .map_err(|error| stream_error(path, &error))?;
    let tasks: Vec<Value> = serde_json::from_str(&text).map_err(|error| Error::Json {
        path: path.to_path_buf(),
        line: error.line() as u64,
        column: error.column(),
        cause: one_line(&error)
            .split(" at line ")
            .next()
            .unwrap_or_default()
            .to_string(),
    })?;
    let mut file = LabelFile {
        format: super::Format::LabelStudio,
        rows: Vec::with_capacity(tasks.len()),
        unusable: Vec::new(),
    };
    for (at, task) in tasks.iter().enumerate() {
        let line = at as u64 + 1;
        let data = task.get("data").unwrap_or(task);
        let Some(text) = text_of(data) else {
            return Err(Error::MissingKey {
                path: path.to_path_buf(),
                place: "task",
                line,
                column: "text".to_string(),
            });
        };
        let verdict = verdict(task).unwrap_or_else(|Unusable| {
            file.unusable.push(line);
            None
        });
        file.rows.push(Labelled {
            line,
            row: data
                .get("row")
                .and_then(Value::as_u64)
                .and_then(|row| usize::try_from(row).ok()?.checked_sub(1)),
            text: text.to_string(),
            verdict,
        });
    }
    Ok(file)
}

/// The text of a task: `text`, or its only string.
fn text_of(data: &Value) -> Option<&str> {
    let data = data.as_object()?;
    if let Some(text) = data.get("text") {
        return text.as_str();
    }
    let mut strings = data.values().filter_map(Value::as_str);
    match (strings.next(), strings.next()) {
        (Some(text), None) => Some(text),
        _ => None,
    }
}

/// A task has labels that one text of a project cannot have.
struct Unusable;

fn verdict(task: &Value) -> Result<Option<Verdict>, Unusable> {
    let unsure = task.pointer("/meta/answer").and_then(Value::as_str) == Some("unsure");
    let Some(annotations) = task.get("annotations").and_then(Value::as_array) else {
        return short(task);
    };
    let mut found = None;
    for annotation in annotations {
        if annotation.get("was_cancelled").and_then(Value::as_bool) == Some(true) {
            let without = if unsure { Verdict::Unsure } else { Verdict::Skipped };
            found = found.or(Some(without));
            continue;
        }
        let results = annotation.get("result").and_then(Value::as_array);
        for result in results.into_iter().flatten() {
            let Some(choices) = result.pointer("/value/choices").and_then(Value::as_array) else {
                continue;
            };
            let one = one_of(choices)?;
            match &found {
                // A second opinion that differs is for the other tool to settle.
                Some(Verdict::Label(_)) if one.is_some() && one != found => return Err(Unusable),
                _ => found = one.or(found),
            }
        }
    }
    Ok(found)
}

/// The choice of the short form: `label`, or `choice`; a string or `{"choices": [...]}`.
fn short(task: &Value) -> Result<Option<Verdict>, Unusable> {
    let choice = ["label", "choice", "choices"]
        .iter()
        .find_map(|key| task.get(key));
    match choice {
        Some(Value::String(label)) => Ok(rows::verdict(label, "")),
        Some(Value::Object(value)) => value
            .get("choices")
            .and_then(Value::as_array)
            .map_or(Ok(None), |choices| one_of(choices)),
        _ => Ok(None),
    }
}

fn one_of(choices: &[Value]) -> Result<Option<Verdict>, Unusable> {
    match choices {
        [] => Ok(None),
        [Value::String(label)] => Ok(rows::verdict(label, "")),
        _ => Err(Unusable),
    }
}

//! Prodigy's JSON lines.
//!
//! Written is the `choice` interface, which holds any number of classes: `text`, `options` (a list of `id` and `text`),
//! `accept` (the chosen ids), `answer` (`accept`, or `ignore` where no label was given), `meta` (`row`, `answer`, the model's
//! label and the other columns). `options` stands on every line: training in Prodigy fails on a task without them. So does
//! `answer`: `db-in` takes a task without one for accepted. `meta.answer` tells unclear texts (`unsure`) and those that nobody
//! looked at (`none`) from skipped ones. Read are `choice` and the binary interface with `label` and `answer`.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::others::{Others, scalar};
use super::{Export, Given, LabelFile, Labelled, Verdict, rows};
use crate::io::table::{Cell, Row};

const META: [&str; 4] = ["row", "answer", "predicted_label", "confidence"];
/// Fields that are read for the text and its label, or only say how a task is shown; `label` is one where it is the verdict.
const OWN: [&str; 5] = ["text", "accept", "answer", "meta", "_view_id"];
/// What `meta.answer` says of an ignored task that is unclear.
const UNSURE: &str = "unsure";
/// What it says of one that nobody has answered yet.
const NONE: &str = "none";

pub(super) fn write(export: &Export, out: &mut dyn Write) -> io::Result<()> {
    let options: Vec<Value> = export
        .labels
        .iter()
        .map(|label| json!({ "id": label, "text": label }))
        .collect();
    let extra_names = export.extra_names(&META);
    for item in export.items() {
        let mut meta = Map::new();
        meta.insert("row".into(), json!(item.row));
        let unlike_skipped = match item.given {
            Some(Given::Label(_) | Given::Skipped) => None,
            Some(Given::Unsure) => Some(UNSURE),
            None => Some(NONE),
        };
        if let Some(answer) = unlike_skipped {
            meta.insert("answer".into(), json!(answer));
        }
        if let Some((label, confidence)) = item.predicted {
            meta.insert("predicted_label".into(), json!(label));
            meta.insert("confidence".into(), rounded(confidence));
        }
        for (at, name) in extra_names.iter().enumerate().take(item.extra.len()) {
            meta.insert(name.clone(), rows::extra_value(&item, at));
        }
        let answer = match item.given {
            Some(Given::Label(_)) => "accept",
            Some(Given::Skipped | Given::Unsure) | None => "ignore",
        };
        let task = json!({
            "text": item.text,
            "options": options,
            "accept": item.label.into_iter().collect::<Vec<_>>(),
            "answer": answer,
            "meta": meta,
            "_view_id": "choice",
            "config": { "choice_style": "single" },
        });
        writeln!(out, "{task}")?;
    }
    Ok(())
}

/// A probability with four decimals, as everywhere.
pub(super) fn rounded(confidence: f32) -> Value {
    json!((f64::from(confidence) * 1e4).round() / 1e4)
}

/// Whether an object is a task of Prodigy. One without a text has nothing for us, and `options` are those of many another list
/// (the answers to a question, what a shop sells) unless they have ids.
pub(super) fn is_task(object: &Map<String, Value>) -> bool {
    let answer = object.get("answer").and_then(Value::as_str);
    let options = object.get("options").and_then(Value::as_array);
    let have_ids = |options: &Vec<Value>| options.iter().all(|option| option.get("id").is_some());
    object.get("text").is_some_and(Value::is_string)
        && (options.is_some_and(|options| !options.is_empty() && have_ids(options))
            || object.contains_key("_input_hash")
            || matches!(answer, Some("accept" | "reject" | "ignore")))
}

/// Reads tasks out of the rows of a JSON lines file.
pub(super) fn read(columns: &[String], rows: Vec<Row>, file: &mut LabelFile) {
    let place = |name: &str| columns.iter().position(|column| column == name);
    let (text, label, accept) = (place("text"), place("label"), place("accept"));
    let (answer, meta) = (place("answer"), place("meta"));
    let mut others = Others::default();
    for row in rows {
        let cell = |at: Option<usize>| at.and_then(|at| row.cells.get(at)).unwrap_or(&Cell::Missing);
        let meta: Map<String, Value> = serde_json::from_str(cell(meta).as_str()).unwrap_or_default();
        let accepted: Vec<Value> = serde_json::from_str(cell(accept).as_str()).unwrap_or_default();
        let answered = meta.get("answer").and_then(Value::as_str);
        // What our own word beside an ignored task says is in the verdict.
        let ours = cell(answer).as_str() == "ignore" && matches!(answered, Some(UNSURE | NONE));
        let by_label = cell(answer).as_str() == "accept" && accepted.is_empty();
        let verdict = match (cell(answer).as_str(), accepted.as_slice()) {
            ("ignore", _) if answered == Some(NONE) => None,
            ("ignore", _) if answered == Some(UNSURE) => Some(Verdict::Unsure),
            ("ignore", _) => Some(Verdict::Skipped),
            ("accept", [one]) => rows::verdict(&name(one), ""),
            ("accept", []) => rows::verdict(cell(label).as_str(), ""),
            ("accept", _) | ("reject", _) => {
                file.unusable.push(row.line);
                None
            }
            _ => None,
        };
        let mut further = Vec::new();
        for (name, cell) in columns.iter().zip(&row.cells) {
            let nested = matches!(cell, Cell::Json(json) if json.starts_with(['[', '{']));
            let is_own = OWN.contains(&name.as_str()) || (name == "label" && by_label);
            if !is_own && !nested && !cell.is_null() {
                others.put(&mut further, name, cell.as_str());
            }
        }
        for (name, value) in &meta {
            let Some(value) = scalar(value).filter(|_| !ours || name != "answer") else {
                continue;
            };
            if columns.contains(name) {
                others.put(&mut further, &format!("meta_{name}"), &value);
            } else {
                others.put(&mut further, name, &value);
            }
        }
        file.rows.push(Labelled {
            line: row.line,
            row: meta
                .get("row")
                .and_then(Value::as_u64)
                .and_then(|row| usize::try_from(row).ok()?.checked_sub(1)),
            text: cell(text).as_str().to_string(),
            verdict,
            others: further,
        });
    }
    file.others = others.into_columns();
}

/// An option's id, which Prodigy also allows to be a number.
fn name(id: &Value) -> String {
    match id {
        Value::String(id) => id.clone(),
        other => other.to_string(),
    }
}

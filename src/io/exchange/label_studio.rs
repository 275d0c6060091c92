//! Label Studio's list of tasks.
//!
//! A task has an `id`, `data` (`text`, `row` and the other columns), `annotations` and `predictions`, both lists of
//! `result`s of type `choices` with `from_name` "label" and `to_name` "text", as [`configuration`] names them. A skipped
//! text has an annotation with `was_cancelled`; `meta.answer` tells an unclear one from it. Read are this and the short
//! form (`JSON_MIN`), whose tasks have `text` and the choice side by side, as the objects of many another list have. Where
//! they have no `text`, it is guessed as in a table; so is the choice, which has the name of its tag in the configuration.

use std::fmt;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value, json};

use super::others::{Others, scalar};
use super::{Export, Given, LabelFile, Labelled, Verdict, prodigy, rows};
use crate::io::compression::{self, stream_error};
use crate::io::encoding::{Encoding, Utf8, decoded};
use crate::io::error::{Error, one_line};
use crate::io::jsonl::{self, Object};
use crate::io::table::{self, Cell, Labels, Row, TableOptions};
use crate::io::warnings::Warning;

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
        for (at, name) in extra_names.iter().enumerate().take(item.extra.len()) {
            data.insert(name.clone(), rows::extra_value(&item, at));
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

/// A task: its fields in the order of the file, and those of `data` where it is an object.
struct Task {
    fields: Vec<(String, Value)>,
    data: Option<Vec<(String, Value)>>,
}

/// What `data` may be.
#[derive(Deserialize)]
#[serde(untagged)]
enum Data {
    Object(Object),
    Other(Value),
}

impl<'de> Deserialize<'de> for Task {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TaskVisitor)
    }
}

struct TaskVisitor;

impl<'de> Visitor<'de> for TaskVisitor {
    type Value = Task;

    fn expecting(&self, out: &mut fmt::Formatter) -> fmt::Result {
        out.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Task, M::Error> {
        let mut task = Task {
            fields: Vec::new(),
            data: None,
        };
        while let Some(name) = map.next_key::<String>()? {
            if name != "data" {
                task.fields.push((name, map.next_value()?));
                continue;
            }
            match map.next_value::<Data>()? {
                Data::Object(Object(data)) => task.data = Some(data),
                Data::Other(value) => task.fields.push((name, value)),
            }
        }
        Ok(task)
    }
}

fn field<'a>(fields: &'a [(String, Value)], name: &str) -> Option<&'a Value> {
    let found = fields.iter().rev().find(|(found, _)| found == name);
    found.map(|(_, value)| value)
}

/// The text of a task.
struct Found {
    text: String,
    /// Its label where a field had to be guessed; otherwise nothing.
    label: String,
    /// Names of the fields that these were taken from.
    own: Vec<String>,
}

impl Task {
    fn get(&self, name: &str) -> Option<&Value> {
        field(&self.fields, name)
    }

    /// The fields among which the text is.
    fn data(&self) -> &[(String, Value)] {
        self.data.as_deref().unwrap_or(&self.fields)
    }

    /// The choice of the short form and the name of its field.
    fn choice(&self) -> Option<(&'static str, &Value)> {
        let mut names = ["label", "choice", "choices"].into_iter();
        names.find_map(|name| Some((name, self.get(name)?)))
    }

    /// The name of its field where it is beside the text.
    fn choice_beside(&self) -> Option<&'static str> {
        let choice = self.choice().filter(|_| self.data.is_none());
        choice.map(|(name, _)| name)
    }

    /// Whether nothing says which field beside the text is the choice, nor that it is none.
    fn is_plain(&self) -> bool {
        self.data.is_none() && self.choice_beside().is_none() && self.get("annotations").is_none()
    }

    /// The text where there is no doubt about it: `text`, or the only string.
    fn text(&self) -> Option<Found> {
        let choice = self.choice_beside();
        let (name, text) = if let Some(text) = field(self.data(), "text") {
            ("text", text.as_str()?)
        } else {
            let mut strings = self
                .data()
                .iter()
                .filter(|(name, _)| choice != Some(name.as_str()))
                .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
            let only = strings.next()?;
            if strings.next().is_some() {
                return None;
            }
            only
        };
        Some(Found {
            text: text.to_string(),
            label: String::new(),
            own: vec![name.to_string()],
        })
    }
}

/// Texts and labels of tasks that do not all say which field is the text, unless it is this one, or which is the label.
fn guessed(path: &Path, tasks: &[Task], text: Option<String>) -> Result<Vec<Found>, Error> {
    let mut columns = Vec::new();
    let cells = |(line, task): (u64, &Task)| Row {
        line,
        cells: jsonl::cells(task.data().to_vec(), &mut columns),
    };
    let rows: Vec<Row> = (1..).zip(tasks).map(cells).collect();
    let sample = &rows[..rows.len().min(table::SAMPLE_ROWS)];
    // Where the tool says which texts have a label, a field beside the text is none.
    let options = TableOptions {
        text_columns: text.into_iter().collect(),
        labels: if tasks.iter().all(Task::is_plain) {
            Labels::Optional
        } else {
            Labels::Ignored
        },
        ..TableOptions::default()
    };
    let roles = table::choose(path, &columns, true, sample, &options)?;
    let own = roles.texts.iter().copied().chain(roles.label);
    let own: Vec<String> = own.map(|at| columns[at].clone()).collect();
    let found = rows.iter().map(|row| -> Result<Found, Error> {
        table::check_row(path, &columns, &roles, "task", row)?;
        let cell = |at: usize| row.cells.get(at).map_or("", Cell::as_str);
        let texts: Vec<&str> = roles.texts.iter().map(|&at| cell(at)).collect();
        Ok(Found {
            text: texts.join("\n"),
            label: roles.label.map_or("", cell).to_string(),
            own: own.clone(),
        })
    });
    found.collect()
}

/// Reads a list of tasks, long or short.
pub(super) fn read(path: &Path, encoding: Option<Encoding>) -> Result<LabelFile, Error> {
    let stream = Box::new(BufReader::new(compression::open(path, None)?));
    let mut stream = Utf8::new(decoded(stream, encoding));
    let mut text = String::new();
    stream
        .read_to_string(&mut text)
        .map_err(|error| stream_error(path, &error))?;
    let tasks: Vec<Task> = serde_json::from_str(&text).map_err(|error| Error::Json {
        path: path.to_path_buf(),
        line: error.line() as u64,
        column: error.column(),
        cause: one_line(&error)
            .split(" at line ")
            .next()
            .unwrap_or_default()
            .to_string(),
    })?;
    let mut file = LabelFile::new(super::Format::LabelStudio);
    if stream.guessed().is_so() {
        file.warnings.push(Warning::guessed(path));
    }
    let own: Option<Vec<Found>> = tasks.iter().map(Task::text).collect();
    let found = match own {
        // Its label may be beside it under any name.
        Some(found) if tasks.iter().all(Task::is_plain) => match one_field(&found) {
            Some(text) => guessed(path, &tasks, Some(text))?,
            None => found,
        },
        Some(found) => found,
        None => guessed(path, &tasks, None)?,
    };
    // The task's own number is how the tool knows it again.
    let has_id = |task: &Task| field(task.data.as_deref().unwrap_or_default(), "id").is_some();
    let taken = tasks.iter().any(has_id);
    let number = if taken { "task_id" } else { "id" };
    let mut others = Others::default();
    for ((line, task), found) in (1..).zip(&tasks).zip(found) {
        let verdict = match verdict(task) {
            Ok(given) => given.or_else(|| rows::verdict(&found.label, "")),
            Err(Unusable) => {
                file.unusable.push(line);
                None
            }
        };
        let mut further = Vec::new();
        if let (Some(_), Some(id)) = (&task.data, task.get("id").and_then(scalar)) {
            others.put(&mut further, number, &id);
        }
        let choice = task.choice_beside();
        for (name, value) in task.data() {
            if let Some(value) = scalar(value)
                && choice != Some(name.as_str())
                && !found.own.contains(name)
            {
                others.put(&mut further, name, &value);
            }
        }
        file.rows.push(Labelled {
            line,
            row: field(task.data(), "row")
                .and_then(Value::as_u64)
                .and_then(|row| usize::try_from(row).ok()?.checked_sub(1)),
            text: found.text,
            verdict,
            others: further,
        });
    }
    file.others = others.into_columns();
    Ok(file)
}

/// The field that every text was taken from, where it is the same one.
fn one_field(found: &[Found]) -> Option<String> {
    let (first, others) = found.split_first()?;
    let name = first.own.first()?;
    let same = others.iter().all(|other| other.own == first.own);
    same.then(|| name.clone())
}

/// A task has labels that one text of a project cannot have.
struct Unusable;

fn verdict(task: &Task) -> Result<Option<Verdict>, Unusable> {
    let answer = task.get("meta").and_then(|meta| meta.get("answer"));
    let unsure = answer.and_then(Value::as_str) == Some("unsure");
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

/// The choice of the short form: `label`, or `choice`; a label or `{"choices": [...]}`.
fn short(task: &Task) -> Result<Option<Verdict>, Unusable> {
    match task.choice() {
        Some((_, Value::Object(value))) => value
            .get("choices")
            .and_then(Value::as_array)
            .map_or(Ok(None), |choices| one_of(choices)),
        Some((_, value)) => Ok(scalar(value).and_then(|label| rows::verdict(&label, ""))),
        None => Ok(None),
    }
}

fn one_of(choices: &[Value]) -> Result<Option<Verdict>, Unusable> {
    match choices {
        [] => Ok(None),
        [Value::String(label)] => Ok(rows::verdict(label, "")),
        _ => Err(Unusable),
    }
}

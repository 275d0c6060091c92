//! Whether a run that was begun is the one that is asked for now, and in what it differs.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::host::fs;

/// In what a run that was begun differs from the one that is asked for now.
#[derive(Debug, PartialEq, Eq)]
pub enum Difference {
    /// Its description cannot be read.
    Unreadable,
    /// It is of another command.
    Command,
    /// These options are others, as they are typed.
    Options(Vec<String>),
}

impl Difference {
    /// What the earlier run is.
    pub fn describe(&self) -> String {
        match self {
            Self::Unreadable => "a run of which it cannot be read what it was".into(),
            Self::Command => "a run of another command".into(),
            Self::Options(options) => format!("a run with other options ({})", options.join(", ")),
        }
    }
}

/// The parts of a description that hold several options.
const GROUPS: [&str; 6] = ["common", "data", "unlabelled", "texts", "lm", "classifier"];
/// What holds paths.
const PATHS: [&str; 8] = [
    "path",
    "model",
    "backward_model",
    "adapted",
    "corpus",
    "valid",
    "vocab_from",
    "from",
];

/// In what a description that was written differs from that of a run; `None` where they are of the same one. It may go on on
/// another device, since the one that it began on may be lost, and its output may be written otherwise: it was found by it.
pub fn difference(before: &str, now: &Value) -> Option<Difference> {
    // Numbers lose their last bit when JSON is read here, so what is asked for now is read too.
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    let (Some(before), Some(now)) = (read(before), read(&now.to_string())) else {
        return Some(Difference::Unreadable);
    };
    let (Value::Object(before), Value::Object(now)) = (&before, &now) else {
        return (before != now).then_some(Difference::Command);
    };
    if command(before) != command(now) {
        return Some(Difference::Command);
    }
    let mut options = Vec::new();
    for key in keys(before, now).filter(|key| *key != "out") {
        match (of(before, key), of(now, key)) {
            (Value::Object(before), Value::Object(this)) if GROUPS.contains(&key) => {
                for inner in keys(before, this).filter(|inner| *inner != "device") {
                    if !equal(inner, of(before, inner), of(this, inner)) {
                        options.push(option(now, key, inner));
                    }
                }
            }
            (before, this) if !equal(key, before, this) => options.push(option(now, "", key)),
            _ => {}
        }
    }
    // One option may stand in several places.
    let mut named = BTreeSet::new();
    options.retain(|option| named.insert(option.clone()));
    (!options.is_empty()).then_some(Difference::Options(options))
}

/// What tells the commands apart.
fn command(run: &Map<String, Value>) -> (Option<&'static str>, Option<&Value>) {
    let key = ["corpus", "texts", "ways", "data"]
        .into_iter()
        .find(|key| run.contains_key(*key));
    (key, run.get("adapt"))
}

fn keys<'a>(one: &'a Map<String, Value>, other: &'a Map<String, Value>) -> impl Iterator<Item = &'a str> {
    let all: BTreeSet<&str> = one.keys().chain(other.keys()).map(String::as_str).collect();
    all.into_iter()
}

fn of<'a>(run: &'a Map<String, Value>, key: &str) -> &'a Value {
    run.get(key).unwrap_or(&Value::Null)
}

fn equal(key: &str, before: &Value, now: &Value) -> bool {
    // A version that did not know an option has not written it, and did what is done without it.
    let absent = |value: &Value| match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        _ => false,
    };
    let same_path = || PATHS.contains(&key) && whole(before) == whole(now);
    before == now || (absent(before) && absent(now)) || same_path()
}

/// Paths, however they are written; one that leads nowhere may be a name that is none.
fn whole(value: &Value) -> Vec<PathBuf> {
    let path = |text: &str| {
        fs::canonicalize(text)
            .or_else(|_| fs::absolute(text))
            .unwrap_or_else(|_| PathBuf::from(text))
    };
    match value {
        Value::String(text) => vec![path(text)],
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(path).collect(),
        _ => Vec::new(),
    }
}

/// An option as it is typed.
fn option(run: &Map<String, Value>, group: &str, key: &str) -> String {
    let name = match (group, key) {
        ("data" | "unlabelled" | "texts", "path" | "rows") => group,
        (_, "text_columns") => "text-column",
        (_, "tfidf") => "with-tfidf",
        (_, "ways") => "methods",
        // Where a classifier is trained too, it has the bare names.
        ("lm", "epochs" | "rate" | "batch" | "max_tokens") if run.contains_key("classifier") => {
            return format!("`--lm-{}`", key.replace('_', "-"));
        }
        _ => key,
    };
    format!("`--{}`", name.replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fit(more: &Value) -> Value {
        let mut run = json!({
            "common": { "device": "gpu", "seed": 7 }, "data": { "path": "a.csv", "text_columns": [] }, "out": "model",
            "model": null, "adapt": true, "lm": { "epochs": null }, "classifier": { "epochs": 4, "bptt": null },
        });
        for (key, value) in more.as_object().unwrap() {
            match (&mut run[key], value) {
                (Value::Object(group), Value::Object(more)) => group.extend(more.clone()),
                (place, value) => *place = value.clone(),
            }
        }
        run
    }

    fn changed(more: &Value) -> Option<Difference> {
        difference(&fit(&json!({})).to_string(), &fit(more))
    }

    #[test]
    fn what_makes_no_other_run_may_change() {
        for more in [
            json!({}),
            json!({ "common": { "device": "cpu" } }),
            json!({ "out": "./model", "data": { "path": "./a.csv" } }),
            json!({ "tfidf": false, "watch": [], "unlabelled": null }),
        ] {
            assert_eq!(changed(&more), None, "{more}");
        }
    }

    #[test]
    fn options_that_differ_are_named_as_they_are_typed() {
        let named = |more: &Value| match changed(more) {
            Some(Difference::Options(options)) => options.join(" "),
            other => panic!("{more}: {other:?}"),
        };
        for (more, options) in [
            (json!({ "common": { "seed": 8 } }), "`--seed`"),
            (json!({ "data": { "path": "b.csv" } }), "`--data`"),
            (
                json!({ "classifier": { "epochs": 5, "bptt": 9 }, "lm": { "bptt": 9 } }),
                "`--bptt` `--epochs`",
            ),
            (
                json!({ "lm": { "epochs": 5, "find_rate": true } }),
                "`--lm-epochs` `--find-rate`",
            ),
            (
                json!({ "model": "base", "tfidf": true }),
                "`--model` `--with-tfidf`",
            ),
            (
                json!({ "data": { "text_columns": ["a"] }, "unlabelled": { "path": "c.csv" } }),
                "`--text-column` `--unlabelled`",
            ),
            (json!({ "data": { "encoding": "GBK" } }), "`--encoding`"),
            (json!({ "data": { "sheet": "B" } }), "`--sheet`"),
        ] {
            assert_eq!(named(&more), options, "{more}");
        }
        let adapt = |rate: f64| json!({ "texts": { "path": "a.csv" }, "lm": { "rate": rate } });
        assert_eq!(
            difference(&adapt(0.1).to_string(), &adapt(0.2)),
            Some(Difference::Options(vec!["`--rate`".into()]))
        );
    }

    #[test]
    fn another_command_is_another_run() {
        let fit = fit(&json!({})).to_string();
        for other in [
            json!({ "texts": { "path": "a.csv" }, "out": "model" }),
            json!({ "data": { "path": "a.csv" }, "adapt": false }),
            json!({ "data": { "path": "a.csv" }, "ways": [] }),
        ] {
            assert_eq!(difference(&fit, &other), Some(Difference::Command), "{other}");
        }
        assert_eq!(difference("{", &json!({})), Some(Difference::Unreadable));
    }
}

//! A job's result in plain words.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::number::{counted, duration, general, percent};
use crate::session::protocol::Job;
use crate::session::trust::CHANCE;

/// What a summary has to know of the job beyond its result.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// The model directory or file that the job makes.
    pub made: Option<PathBuf>,
    /// The command to type next, without the program's name.
    pub next: Option<String>,
}

impl Context {
    /// What `job` makes, and what is done with it.
    pub fn of(job: &Job) -> Self {
        let classify = |out: &Path| {
            format!(
                "classify --model {} --input texts.csv --output labelled-texts.csv",
                quoted(out)
            )
        };
        let tune = |out: &Path| format!("fit --data labelled.csv --model {} --out my-model", quoted(out));
        let (made, next) = match job {
            Job::Demo { out: Some(out), .. } => (out, Some(classify(out))),
            Job::Demo { out: None, .. } => {
                return Self {
                    made: None,
                    next: Some("fit --data labelled.csv --out my-model".into()),
                };
            }
            Job::Fit(fit) => (&fit.out, Some(classify(&fit.out))),
            Job::Adapt(adapt) => {
                let next = format!(
                    "train --data labelled.csv --model {} --out my-model",
                    quoted(&adapt.out)
                );
                (&adapt.out, Some(next))
            }
            Job::Pretrain(pretrain) => (&pretrain.out, Some(tune(&pretrain.out))),
            Job::Import(import) => (&import.out, Some(tune(&import.out))),
            Job::Export(export) => (&export.out, None),
            Job::Lab(lab) => (&lab.out, None),
            Job::Classify(classify) => match &classify.output {
                Some(output) => (output, None),
                None => return Self::default(),
            },
            Job::Doctor { .. }
            | Job::Tokenize { .. }
            | Job::Predict(_)
            | Job::Explain(_)
            | Job::Evaluate(_)
            | Job::Perplexity(_)
            | Job::Generate(_)
            | Job::Bench(_) => return Self::default(),
        };
        Self {
            made: Some(made.clone()),
            next,
        }
    }
}

/// A path as a shell takes it.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/\\._-+:,@%".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// A table found in a result: its title, heads and cells.
pub type Found = (String, Vec<String>, Vec<Vec<String>>);

/// The result as lines, and as tables what in it is no single number. Every key is shown, known or not.
pub fn summary(result: &Map<String, Value>, context: &Context) -> (Vec<String>, Vec<Found>) {
    let mut rest = Rest(result.clone());
    let mut lines = Vec::new();
    lines.extend(rest.error());
    lines.extend(rest.baseline(result.get("error").and_then(Value::as_f64)));
    lines.extend(rest.vote(result.get("error").and_then(Value::as_f64)));
    lines.extend(rest.perplexity());
    if let Some(made) = &context.made {
        lines.push(format!("written to {}", made.display()));
        rest.forget_path(made);
    }
    let stages = rest.stages();
    let seconds = rest.number("seconds");
    let total = rest.number("total_seconds");
    let encoder = rest.0.remove("from_classifier") == Some(Value::Bool(true));
    let mut found = Vec::new();
    for (key, value) in rest.0 {
        rest_of(&key.replace('_', " "), &value, &mut lines, &mut found);
    }
    lines.extend(stages);
    lines.extend(match (seconds, total) {
        (Some(seconds), Some(total)) => Some(format!(
            "done in {}, {} of it training",
            duration(total),
            duration(seconds)
        )),
        (seconds, total) => seconds
            .or(total)
            .map(|seconds| format!("done in {}", duration(seconds))),
    });
    // A classifier's encoder has read its texts: stage 3 is left.
    let next = context.next.as_ref().map(|next| match next.strip_prefix("fit ") {
        Some(options) if encoder => format!("next: unfreeze train {options}"),
        _ => format!("next: unfreeze {next}"),
    });
    lines.extend(next);
    (lines, found)
}

/// The keys of a result that have not been told yet.
struct Rest(Map<String, Value>);

impl Rest {
    fn number(&mut self, key: &str) -> Option<f64> {
        let number = self.0.get(key)?.as_f64()?;
        self.0.remove(key);
        Some(number)
    }

    /// How long each stage took.
    fn stages(&mut self) -> Option<String> {
        let stages = self.0.remove("stage_seconds")?;
        let times = stages.as_object()?.iter();
        let times = times.map(|(stage, s)| format!("{stage} {}", duration(s.as_f64().unwrap_or(f64::NAN))));
        let times: Vec<String> = times.collect();
        (!times.is_empty()).then(|| format!("time: {}", times.join(", ")))
    }

    /// Whether the language model was adapted in this job.
    fn read_first(&self) -> bool {
        let stages = self.0.get("stage_seconds").and_then(Value::as_object);
        stages.is_some_and(|stages| stages.keys().any(|stage| stage.starts_with("adapt")))
    }

    /// The 95 % interval of the error under `key`.
    fn interval(&mut self, key: &str) -> Option<(f64, f64)> {
        let bounds = [format!("{key}_low"), format!("{key}_high")];
        let at = |bound: &str| self.0.get(bound)?.as_f64();
        let interval = (at(&bounds[0])?, at(&bounds[1])?);
        self.0.retain(|key, _| !bounds.contains(key));
        Some(interval)
    }

    fn error(&mut self) -> Option<String> {
        let error = self.number("error")?;
        let mut line = format!("error {}", percent(error));
        let of_thousand = |share: f64| (share * 1000.0).round();
        let mut range = String::new();
        if let Some((low, high)) = self.interval("error") {
            line += &format!(" (95 % interval {} to {})", percent(low), percent(high));
            range = format!(" ({} to {})", of_thousand(low), of_thousand(high));
        }
        // Beside an estimate `rows` counts the rows that were learned from.
        let estimated = self.0.contains_key("estimated_on");
        if let Some(rows) = self.number("estimated_on").or_else(|| self.number("rows")) {
            line += &format!(", measured on {}", counted(rows as u64, "row"));
        }
        line += &format!(
            ": of 1,000 new texts about {}{range} will be labelled wrongly",
            of_thousand(error)
        );
        // Labels are held out in stage 3 only. What is measured on a file of its own has no `estimated_on`.
        if estimated && self.read_first() {
            line += "; stage 2 had these rows to read too, without their labels: of texts that it has not read there may be more";
        }
        // The same number from the other side.
        if self
            .0
            .get("accuracy")
            .and_then(Value::as_f64)
            .is_some_and(|a| (1.0 - a - error).abs() < 1e-6)
        {
            self.0.remove("accuracy");
        }
        Some(line)
    }

    fn baseline(&mut self, error: Option<f64>) -> Option<String> {
        let baseline = self.number("baseline_error")?;
        let mut line = format!(
            "TF-IDF with logistic regression on the same labels: error {}",
            percent(baseline)
        );
        if let Some((low, high)) = self.interval("baseline_error") {
            line += &format!(" ({} to {})", percent(low), percent(high));
        }
        let close = self.number("baseline_p").is_some_and(|p| p > CHANCE);
        if let Some(error) = error {
            line += &if close {
                "; the two are too close to tell on these labels".to_string()
            } else if error < baseline {
                format!(
                    "; this model makes {} fewer mistakes",
                    percent(1.0 - error / baseline)
                )
            } else if error > baseline {
                "; on these labels it does better than this model".into()
            } else {
                "; the same as this model".into()
            };
        }
        Some(line)
    }

    /// What TF-IDF's vote changes, or would.
    fn vote(&mut self, error: Option<f64>) -> Option<String> {
        let votes = self
            .0
            .remove("tfidf")
            .and_then(|votes| votes.as_bool())
            .unwrap_or(false);
        let (key, p) = if votes {
            ("alone_error", "alone_p")
        } else {
            ("together_error", "together_p")
        };
        let Some(other) = self.number(key) else {
            return votes.then(|| "TF-IDF votes too".into());
        };
        let mut line = format!("error {}", percent(other));
        if let Some((low, high)) = self.interval(key) {
            line += &format!(" ({} to {})", percent(low), percent(high));
        }
        let p = self.number(p);
        if p.is_some_and(|p| p > CHANCE) {
            line += ", too close to tell on these labels";
        }
        let helps = error.is_some_and(|error| other < error) && p.is_some_and(|p| p <= CHANCE);
        Some(match (votes, helps) {
            (true, _) => format!("without TF-IDF's vote: {line}"),
            (false, true) => format!("if TF-IDF voted too: {line}; `--with-tfidf` lets it"),
            (false, false) => format!("if TF-IDF voted too: {line}"),
        })
    }

    fn perplexity(&mut self) -> Option<String> {
        let perplexity = self.number("perplexity")?;
        let mut line = format!("perplexity {perplexity:.2}");
        if let Some(before) = self.number("perplexity_before") {
            line += &format!(", {before:.2} before");
        }
        if let Some(nll) = self.number("nll") {
            line += &format!(" (nll {nll:.4} nats)");
        }
        if let Some(predictions) = self.number("predictions") {
            line += &format!(" over {}", counted(predictions as u64, "predicted token"));
        }
        Some(line)
    }

    /// Removes the keys that say no more than where the result is.
    fn forget_path(&mut self, made: &Path) {
        let made = made.display().to_string();
        self.0.retain(|key, value| {
            !(matches!(key.as_str(), "model" | "out" | "output" | "path")
                && value.as_str() == Some(made.as_str()))
        });
    }
}

/// One value of a result that is not known by its key.
fn rest_of(name: &str, value: &Value, lines: &mut Vec<String>, found: &mut Vec<Found>) {
    let flat = |value: &Value| !value.is_array() && !value.is_object();
    match value {
        // Nothing is told by a name with nothing behind it.
        Value::Array(items) if items.is_empty() => {}
        Value::Object(map) if map.values().all(flat) => {
            let pairs = map.iter().map(|(key, value)| format!("{key} {}", shown(value)));
            lines.push(format!("{name}: {}", pairs.collect::<Vec<_>>().join(", ")));
        }
        Value::Object(map) => {
            for (key, value) in map {
                rest_of(&format!("{name} {}", key.replace('_', " ")), value, lines, found);
            }
        }
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_object) => {
            let mut columns: Vec<String> = Vec::new();
            for key in items.iter().filter_map(Value::as_object).flat_map(Map::keys) {
                if !columns.contains(key) {
                    columns.push(key.clone());
                }
            }
            // What a row is about comes first; the rest keeps the order of its names.
            columns.sort_by_key(|key| key != "label");
            let cells = |item: &Value| {
                columns
                    .iter()
                    .map(|key| item.get(key).map_or_else(String::new, shown))
                    .collect()
            };
            let rows = items.iter().map(cells).collect();
            found.push((name.into(), columns, rows));
        }
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_array) => {
            let rows: Vec<Vec<String>> = items
                .iter()
                .filter_map(Value::as_array)
                .map(|row| row.iter().map(shown).collect())
                .collect();
            let width = rows.iter().map(Vec::len).max().unwrap_or(0);
            found.push((name.into(), (1..=width).map(|at| at.to_string()).collect(), rows));
        }
        _ => lines.push(format!("{name}: {}", shown(value))),
    }
}

/// A value in one line.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "unknown".into(),
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => {
            number.as_f64().map_or_else(|| number.to_string(), general)
        }
        Value::Array(items) if !items.iter().any(|item| item.is_array() || item.is_object()) => {
            items.iter().map(shown).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
#[path = "summary_tests.rs"]
mod tests;

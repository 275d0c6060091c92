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
mod tests {
    use super::*;
    use crate::session::protocol::Common;
    use serde_json::json;

    fn told(result: Value, context: &Context) -> (String, Vec<Found>) {
        let Value::Object(map) = result else {
            panic!("not an object")
        };
        let (lines, found) = summary(&map, context);
        (lines.join("\n"), found)
    }

    #[test]
    fn an_error_stands_beside_its_interval_and_the_baseline() {
        let context = Context {
            made: Some("m".into()),
            next: Some("classify --model m".into()),
        };
        let result = json!({"error": 0.083, "accuracy": 0.917, "error_low": 0.06, "error_high": 0.11, "estimated_on": 1200, "rows": 6000,
            "baseline_error": 0.166, "baseline_p": 0.001, "macro_f1": 0.91, "seconds": 200.0, "model": "m",
            "stage_seconds": {"adapt": 32.6477, "train": 125.2}});
        let (text, _) = told(result, &context);
        assert!(
            text.contains("error 8.3 % (95 % interval 6.0 % to 11.0 %), measured on 1,200 rows"),
            "{text}"
        );
        assert!(text.contains("about 83 (60 to 110) will be"), "{text}");
        assert!(text.contains("; stage 2 had these rows to read too"), "{text}");
        assert!(
            text.contains(
                "logistic regression on the same labels: error 16.6 %; this model makes 50.0 % fewer"
            )
        );
        assert!(
            text.contains("macro f1: 0.91") && text.contains("time: adapt 33s, train 2m 05s\ndone in 3m 20s"),
            "{text}"
        );
        assert!(
            text.contains("written to m\n") && text.ends_with("next: unfreeze classify --model m"),
            "{text}"
        );
        assert!(!text.contains("accuracy") && !text.contains("model: m"), "{text}");
    }

    #[test]
    fn what_chance_may_have_done_is_no_difference() {
        let result = json!({"error": 0.30, "error_low": 0.21, "error_high": 0.41, "estimated_on": 80, "baseline_error": 0.31,
            "baseline_p": 1.0, "tfidf": false, "together_error": 0.28, "together_p": 0.5});
        let (text, _) = told(result, &Context::default());
        assert!(
            text.contains("error 31.0 %; the two are too close to tell on these labels\n"),
            "{text}"
        );
        assert!(!text.contains("fewer mistakes") && !text.contains("--with-tfidf"));
        assert!(
            text.contains("if TF-IDF voted too: error 28.0 %, too close to tell"),
            "{text}"
        );
        assert!(!text.contains(" p: "), "{text}");
    }

    #[test]
    fn a_better_baseline_is_not_hidden() {
        let result = json!({"error": 0.2, "baseline_error": 0.1, "baseline_error_low": 0.05, "baseline_error_high": 0.15,
            "rows": 50});
        let (text, _) = told(result, &Context::default());
        assert!(
            text.contains("does better than this model") && text.contains("5.0 % to 15.0 %)"),
            "{text}"
        );
        assert!(
            text.contains("measured on 50 rows") && !text.contains("baseline"),
            "{text}"
        );
        assert!(!text.contains("stage 2"), "{text}");
    }

    #[test]
    fn it_is_said_what_the_vote_of_tf_idf_changes_or_would() {
        let line = |result: Value| told(result, &Context::default()).0;
        let without = |other: f64| {
            line(
                json!({"error": 0.2, "tfidf": false, "together_error": other, "together_error_low": 0.1,
                "together_error_high": 0.3, "together_p": 0.04}),
            )
        };
        let better = without(0.15);
        assert!(
            better.contains("if TF-IDF voted too: error 15.0 % (10.0 % to 30.0 %); `--with-tfidf` lets it"),
            "{better}"
        );
        let worse = without(0.25);
        assert!(
            worse.contains("if TF-IDF voted too: error 25.0 %") && !worse.contains("--with-tfidf"),
            "{worse}"
        );
        assert!(!worse.contains("together") && !worse.contains("tfidf"), "{worse}");
        let with = line(json!({"error": 0.2, "tfidf": true, "alone_error": 0.3, "alone_p": 0.01}));
        assert!(with.contains("without TF-IDF's vote: error 30.0 %"), "{with}");
        assert_eq!(line(json!({"tfidf": true})), "TF-IDF votes too");
        assert_eq!(line(json!({"tfidf": false})), "");
    }

    #[test]
    fn perplexity_in_one_line() {
        let (text, _) = told(
            json!({"nll": 3.8113, "perplexity": 45.21, "perplexity_before": 120.5, "predictions": 120_345}),
            &Context::default(),
        );
        assert_eq!(
            text,
            "perplexity 45.21, 120.50 before (nll 3.8113 nats) over 120,345 predicted tokens"
        );
    }

    #[test]
    fn nothing_unknown_is_lost() {
        let result = json!({"new_key": "x", "list": [1, 2], "deep": {"a": {"b": 0.5}}, "nll": null, "flag": true,
            "classes": [{"f1": 0.5, "label": "neg"}, {"label": "pos"}], "confusion": [[1, 2], [3, 4]], "seconds": "long"});
        let (text, found) = told(result, &Context::default());
        for line in [
            "new key: x",
            "list: 1, 2",
            "deep a: b 0.5",
            "nll: unknown",
            "flag: true",
            "seconds: long",
        ] {
            assert!(text.contains(line), "{text}");
        }
        assert_eq!(found.len(), 2);
        let (title, columns, rows) = &found[0];
        assert_eq!(
            (title.as_str(), columns.join(" ")),
            ("classes", "label f1".to_string())
        );
        assert_eq!(rows, &[["neg", "0.5"], ["pos", ""]]);
        assert_eq!(found[1].2, [["1", "2"], ["3", "4"]]);
    }

    #[test]
    fn two_times_are_told_apart() {
        let (text, _) = told(
            json!({"seconds": 0.1, "total_seconds": 0.82}),
            &Context::default(),
        );
        assert_eq!(text, "done in 0.8s, 0.1s of it training");
    }

    #[test]
    fn what_was_imported_says_what_comes_next() {
        let context = Context {
            made: None,
            next: Some("fit --data labelled.csv --model m".into()),
        };
        let (text, _) = told(json!({"ignored": []}), &context);
        assert_eq!(text, "next: unfreeze fit --data labelled.csv --model m");
        let (text, _) = told(json!({"from_classifier": true}), &context);
        assert_eq!(text, "next: unfreeze train --data labelled.csv --model m");
    }

    /// What is to be typed next must not write over what was typed before.
    #[test]
    fn what_comes_next_spares_the_labels() {
        let job = Job::Demo {
            common: Common::default(),
            out: Some("m".into()),
        };
        let next = Context::of(&job).next.unwrap();
        assert_eq!(
            next,
            "classify --model m --input texts.csv --output labelled-texts.csv"
        );
    }

    #[test]
    fn paths_survive_a_shell() {
        assert_eq!(quoted(Path::new("my-model")), "my-model");
        assert_eq!(quoted(Path::new("my model")), "'my model'");
        assert_eq!(quoted(Path::new("it's")), r"'it'\''s'");
    }
}

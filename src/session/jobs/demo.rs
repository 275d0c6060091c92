//! The whole pipeline on the built-in sample.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::super::control::{Control, Stage};
use super::super::engine::{JobError, Outcome};
use super::super::protocol::{Common, Estimate, Event, Fit, Source};
use super::classify::{Loaded, best, vote};
use super::{fit, work};
use crate::io::{Error, Labels, OutputDir, Overwrite, Table, TableOptions, parse_table, write_atomic};
use crate::train::baseline::Baseline;
use crate::train::defaults::CLASSIFY_BATCH;
use crate::train::metrics::{Report, difference, most_probable};

/// The built-in sample as it lies in the program.
pub(crate) const MESSAGES: &[u8] = include_bytes!("../../../assets/sample/messages.csv");
/// The file that its labelled messages are handed over in.
const LABELLED: &str = "labelled.jsonl";
/// Messages that the table of results shows.
const SHOWN: usize = 8;
/// Characters of a message in that table.
const SHOWN_CHARS: usize = 72;

struct Message {
    text: String,
    label: String,
    set: String,
}

/// The messages in their three sets: `labelled`, `unlabelled`, and `test`, which is kept aside.
struct Sample(Vec<Message>);

impl Sample {
    fn set(&self, name: &'static str) -> impl Iterator<Item = &Message> {
        self.0.iter().filter(move |message| message.set == name)
    }
}

fn messages() -> Result<Vec<Message>, JobError> {
    let options = TableOptions {
        text_columns: vec!["text".into()],
        label_column: Some("label".into()),
        labels: Labels::Required,
        ..TableOptions::default()
    };
    let table: Table = parse_table(Path::new("the built-in sample.csv"), MESSAGES, &options)?;
    let set = table.columns.iter().position(|c| c == "set");
    Ok(table
        .rows
        .iter()
        .map(|row| Message {
            text: table.fields(row).join(" "),
            label: table.label(row).unwrap_or_default().to_string(),
            set: set.map_or_else(String::new, |i| row.cells[i].as_str().to_string()),
        })
        .collect())
}

fn jsonl<'a>(path: &Path, rows: impl Iterator<Item = Value> + 'a) -> Result<(), JobError> {
    Ok(write_atomic(path, |w| {
        for row in rows {
            writeln!(w, "{row}")?;
        }
        Ok(())
    })?)
}

fn source(path: PathBuf) -> Source {
    Source {
        path,
        text_columns: vec!["text".into()],
        ..Source::default()
    }
}

pub async fn run(common: Common, out: Option<PathBuf>, control: &mut Control) -> Outcome {
    let started = crate::host::clock::Instant::now();
    let scratch =
        crate::host::fs::tempdir().map_err(|e| JobError::Failed(format!("no temporary directory: {e}")))?;
    let sample = Sample(messages()?);
    control.note(format!(
        "The sample: {} messages to a shop in 6 categories; {} are labelled, {} are not, and {} are kept aside to measure the error",
        sample.0.len(),
        sample.set("labelled").count(),
        sample.set("unlabelled").count(),
        sample.set("test").count()
    ));
    // The test messages take no part in stage 2 either, so that the error is that of texts never seen.
    let (data, further) = (
        scratch.path().join(LABELLED),
        scratch.path().join("unlabelled.jsonl"),
    );
    let labelled = sample.set("labelled");
    jsonl(
        &data,
        labelled.map(|m| json!({ "text": m.text, "label": m.label })),
    )?;
    jsonl(
        &further,
        sample.set("unlabelled").map(|m| json!({ "text": m.text })),
    )?;
    let keep = out.is_some();
    let out = out.unwrap_or_else(|| scratch.path().join("classifier"));
    check_free(&out, scratch.path().parent())?;
    let job = Fit {
        common: common.clone(),
        data: Source {
            label_column: Some("label".into()),
            ..source(data)
        },
        unlabelled: Some(source(further)),
        out: out.clone(),
        adapt: true,
        estimate: Estimate::None,
        // There is no classifier there, but there may be what a demo that was killed has left.
        overwrite: true,
        ..Fit::default()
    };
    let fitted = match fit::run(job, control).await {
        Err(JobError::Stopped(_)) => {
            work::forget(&out);
            return Err(JobError::Stopped("nothing was written".into()));
        }
        other => other?,
    };

    let device = crate::gpu::device::select(common.device).await?.device;
    let model = Loaded::read(control, &out, &device, crate::ops::reading::Rounding::None).await?;
    let measured = measure(control, &model, &sample).await?;
    measured.show_examples(control, &model.labels);
    fit::show_report(control, &measured.ours);
    measured.show_errors(control);
    let mut result = measured.result();
    for key in ["perplexity_before", "perplexity", "stage_seconds"] {
        result.insert(key.into(), fitted.get(key).cloned().unwrap_or_default());
    }
    result.insert("seconds".into(), json!(started.elapsed().as_secs_f64()));
    if keep {
        result.insert("out".into(), json!(out));
    }
    Ok(result)
}

/// Refuses a directory that holds anything, or to which an interrupted run is on its way, other than a demo's, whose texts lie in
/// the directory of `temporary` files.
fn check_free(out: &Path, temporary: Option<&Path>) -> Result<(), JobError> {
    if let Err(error) = OutputDir::create(out, Overwrite::Never) {
        return Err(match error {
            Error::OutputExists { path } => JobError::Usage(format!(
                "{} exists and is not empty; name another directory",
                path.display()
            )),
            other => other.into(),
        });
    }
    // What a demo that was killed has left may go; an interrupted run of somebody's own texts may not.
    let of_a_demo = |run: &Fit| {
        run.data.path.ends_with(LABELLED) && temporary.is_some_and(|dir| run.data.path.starts_with(dir))
    };
    if work::is_unfinished(out) && !work::unfinished::<Fit>(out).is_some_and(|run| of_a_demo(&run)) {
        return Err(JobError::Usage(format!(
            "an interrupted run is on its way to {}; name another directory",
            out.display()
        )));
    }
    Ok(())
}

/// How the classifier and the baseline did on the messages kept aside.
struct Measured<'a> {
    test: Vec<&'a Message>,
    /// What the classifier says of them.
    probabilities: Vec<Vec<f64>>,
    ours: Report,
    /// The baseline's.
    theirs: Report,
    /// That of both, voting.
    together: Report,
    /// How often chance alone would set them as far apart from the classifier.
    baseline_p: f64,
    together_p: f64,
}

/// Asks the classifier for labels of the messages kept aside, and a baseline that learned from the same labels.
async fn measure<'a>(
    control: &mut Control,
    model: &Loaded,
    sample: &'a Sample,
) -> Result<Measured<'a>, JobError> {
    let test: Vec<&Message> = sample.set("test").collect();
    let texts: Vec<String> = test.iter().map(|m| m.text.clone()).collect();
    let mut stage = Stage::start(control, "classify", Vec::new(), texts.len() as u64, "texts");
    let probabilities = model.probabilities(&texts, CLASSIFY_BATCH, &mut stage).await?;
    stage.done();
    let class = |label: &str| model.labels.iter().position(|l| l == label).unwrap_or_default();
    let truth: Vec<usize> = test.iter().map(|m| class(&m.label)).collect();
    let report =
        |p: &[Vec<f64>]| Report::new(&model.labels, &truth, p).map_err(|e| JobError::Failed(e.to_string()));
    let ours = report(&probabilities)?;
    let train: Vec<&Message> = sample.set("labelled").collect();
    let train_texts: Vec<&str> = train.iter().map(|m| m.text.as_str()).collect();
    let train_labels: Vec<usize> = train.iter().map(|m| class(&m.label)).collect();
    let baseline = Baseline::fit(&train_texts, &train_labels, model.labels.len())
        .map_err(|e| JobError::Failed(e.to_string()))?
        .predict_proba(&test.iter().map(|m| m.text.as_str()).collect::<Vec<_>>());
    let theirs = report(&baseline)?;
    let mut together = probabilities.clone();
    vote(&mut together, &baseline);
    let p = |theirs: &[Vec<f64>]| {
        let both = truth.iter().zip(probabilities.iter().zip(theirs));
        let right = |said: &[f64], class| most_probable(said) == Some(class);
        difference(both.map(|(&class, (ours, theirs))| (right(ours, class), right(theirs, class))))
    };
    let (baseline_p, together_p) = (p(&baseline), p(&together));
    let together = report(&together)?;
    Ok(Measured {
        test,
        probabilities,
        ours,
        theirs,
        together,
        baseline_p,
        together_p,
    })
}

impl Measured<'_> {
    /// The first messages and what they are taken for.
    fn show_examples(&self, control: &Control, labels: &[String]) {
        let rows = self
            .test
            .iter()
            .zip(&self.probabilities)
            .take(SHOWN)
            .map(|(m, p)| {
                let (top, confidence) = best(p);
                let mut text: String = m.text.split_whitespace().collect::<Vec<_>>().join(" ");
                if text.chars().count() > SHOWN_CHARS {
                    text = text.chars().take(SHOWN_CHARS - 3).collect::<String>() + "...";
                }
                vec![
                    text,
                    labels[top].clone(),
                    format!("{:.0} %", 100.0 * confidence),
                    m.label.clone(),
                ]
            });
        let columns = ["message", "label", "confidence", "truth"]
            .map(String::from)
            .to_vec();
        control.emit(Event::Table {
            title: "Some of the messages kept aside".into(),
            columns,
            rows: rows.collect(),
        });
    }

    /// The errors of the classifier, the baseline and both.
    fn show_errors(&self, control: &Control) {
        let interval = |r: &Report| {
            format!(
                "{:.1} % ({:.1} to {:.1})",
                100.0 * r.error,
                100.0 * r.error_interval.low,
                100.0 * r.error_interval.high
            )
        };
        control.emit(Event::Table {
            title: format!(
                "Error on the {} messages kept aside (95 % interval)",
                self.test.len()
            ),
            columns: ["ULMFiT", "TF-IDF with logistic regression", "both voting"]
                .map(String::from)
                .to_vec(),
            rows: vec![[&self.ours, &self.theirs, &self.together].map(interval).to_vec()],
        });
    }

    fn result(&self) -> Map<String, Value> {
        let (ours, theirs, together) = (&self.ours, &self.theirs, &self.together);
        let result = [
            ("error", json!(ours.error)),
            ("error_low", json!(ours.error_interval.low)),
            ("error_high", json!(ours.error_interval.high)),
            ("accuracy", json!(ours.accuracy)),
            ("baseline_error", json!(theirs.error)),
            ("baseline_p", json!(self.baseline_p)),
            ("together_error", json!(together.error)),
            ("together_p", json!(self.together_p)),
            ("rows", json!(self.test.len())),
        ];
        let result = result.into_iter();
        result.map(|(key, value)| (key.to_string(), value)).collect()
    }
}

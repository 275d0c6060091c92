//! A classifier against labels.

use serde_json::{Map, json};

use super::super::control::{Control, Stage};
use super::super::engine::{JobError, Outcome, start};
use super::super::protocol::{Evaluate, Event};
use super::classify::Loaded;
use super::fit::show_report;
use super::load;
use crate::io::Labels;
use crate::train::defaults::CLASSIFY_BATCH;
use crate::train::metrics::Report;
use crate::train::split::drawn;

pub async fn run(job: Evaluate, control: &mut Control) -> Outcome {
    let device = start(control, "evaluate", &job.common).await?;
    let model = Loaded::read(control, &job.model, &device, crate::ops::reading::Rounding::None).await?;
    let table = load::table(control, "labelled", &job.data, Labels::Required, false)?;
    model.check_columns(control, &table);
    let (mut texts, mut truth) = (Vec::new(), Vec::new());
    // Those of the classifier, and behind them labels that it does not know, where these count.
    let mut names = model.labels.clone();
    for ((fields, label), row) in table.examples().zip(&table.rows) {
        let Some(label) = label else { continue };
        let known = names.iter().position(|name| name == label);
        let Some(class) = known.or_else(|| job.unknown_is_wrong.then(|| added(&mut names, label))) else {
            return Err(JobError::Failed(format!(
                "{}: {} {}: the classifier does not know the label '{label}'; it knows {}",
                job.data.path.display(),
                table.place,
                row.line,
                model.labels.join(", ")
            )));
        };
        texts.push(load::joined(&fields));
        truth.push(class);
    }
    if let Some(limit) = job.limit.filter(|&n| n < texts.len()) {
        let rows = drawn(texts.len(), limit, job.common.seed);
        texts = rows.iter().map(|&r| texts[r].clone()).collect();
        truth = rows.iter().map(|&r| truth[r]).collect();
    }
    let started = crate::host::clock::Instant::now();
    let mut stage = Stage::start(control, "classify", Vec::new(), texts.len() as u64, "texts");
    let mut probabilities = model
        .probabilities(&texts, job.batch.unwrap_or(CLASSIFY_BATCH).max(1), &mut stage)
        .await?;
    stage.done();
    let seconds = started.elapsed().as_secs_f64();
    // A class that it does not know is never what it says.
    for p in &mut probabilities {
        p.resize(names.len(), 0.0);
    }
    let report = Report::new(&names, &truth, &probabilities).map_err(|e| JobError::Failed(e.to_string()))?;
    show_report(control, &report);
    let columns = std::iter::once("truth \\ predicted".to_string())
        .chain(names.iter().cloned())
        .collect();
    let rows = (names.iter().zip(&report.confusion))
        .map(|(name, row)| {
            std::iter::once(name.clone())
                .chain(row.iter().map(ToString::to_string))
                .collect()
        })
        .collect();
    control.emit(Event::Table {
        title: "Confusion matrix".into(),
        columns,
        rows,
    });
    let mut result = Map::new();
    for (key, value) in [
        ("rows", json!(report.rows)),
        ("error", json!(report.error)),
        ("error_low", json!(report.error_interval.low)),
        ("error_high", json!(report.error_interval.high)),
        ("accuracy", json!(report.accuracy)),
        ("macro_f1", json!(report.macro_f1)),
        ("nll", json!(report.nll)),
        ("calibration_error", json!(report.calibration_error)),
        ("classes", json!(report.classes)),
        ("labels", json!(names)),
        ("confusion", json!(report.confusion)),
        ("seconds", json!(seconds)),
        (
            "documents_per_second",
            json!(report.rows as f64 / seconds.max(1e-9)),
        ),
    ] {
        result.insert(key.into(), value);
    }
    Ok(result)
}

/// The number of a class behind the others.
fn added(names: &mut Vec<String>, label: &str) -> usize {
    names.push(label.to_string());
    names.len() - 1
}

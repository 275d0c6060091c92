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
use crate::train::split::balanced;

pub async fn run(job: Evaluate, control: &mut Control) -> Outcome {
    let device = start(control, "evaluate", &job.common).await?;
    let model = Loaded::read(control, &job.model, &device, crate::ops::reading::Rounding::None).await?;
    let table = load::table(control, "labelled", &job.data, Labels::Required, false)?;
    let (mut texts, mut truth) = (Vec::new(), Vec::new());
    for ((fields, label), row) in table.examples().zip(&table.rows) {
        let Some(label) = label else { continue };
        let Some(class) = model.labels.iter().position(|name| name == label) else {
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
        let rows = balanced(&truth, limit, job.common.seed);
        texts = rows.iter().map(|&r| texts[r].clone()).collect();
        truth = rows.iter().map(|&r| truth[r]).collect();
    }
    let started = crate::host::clock::Instant::now();
    let mut stage = Stage::start(control, "classify", Vec::new(), texts.len() as u64, "texts");
    let probabilities = model
        .probabilities(&texts, job.batch.unwrap_or(CLASSIFY_BATCH).max(1), &mut stage)
        .await?;
    stage.done();
    let seconds = started.elapsed().as_secs_f64();
    let report =
        Report::new(&model.labels, &truth, &probabilities).map_err(|e| JobError::Failed(e.to_string()))?;
    show_report(control, &report);
    let columns = std::iter::once("truth \\ predicted".to_string())
        .chain(model.labels.iter().cloned())
        .collect();
    let rows = (model.labels.iter().zip(&report.confusion))
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
        ("labels", json!(model.labels)),
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

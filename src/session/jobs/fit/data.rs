//! The labelled texts, how they are split to estimate the error, and what the baseline makes of the same splits.

use super::super::load;
use crate::io::{Labels, check_labels};
use crate::session::control::Control;
use crate::session::engine::JobError;
use crate::session::protocol::{Estimate, Fit};
use crate::train::baseline::Baseline;
use crate::train::metrics::Report;
use crate::train::split::{self, Plan as SplitPlan, Split, text_group};

/// The labelled texts of a job.
pub struct Data {
    /// Where each is in the table, from 0.
    pub rows: Vec<usize>,
    pub texts: Vec<String>,
    pub labels: Vec<usize>,
    pub names: Vec<String>,
    pub fields: usize,
}

pub fn labelled(control: &Control, job: &Fit) -> Result<Data, JobError> {
    let table = load::table(control, "labelled", &job.data, Labels::Required, false)?;
    let summary = check_labels(&table)?;
    let names: Vec<String> = summary.classes.iter().map(|(name, _)| name.clone()).collect();
    let (mut rows, mut texts, mut labels) = (Vec::new(), Vec::new(), Vec::new());
    for (at, (row, (fields, label))) in table.rows.iter().zip(table.examples()).enumerate() {
        // Rows without a label still help stage 2; they are reported by a warning of the reader.
        let Some(class) = label.and_then(|l| names.iter().position(|n| n == l)) else {
            continue;
        };
        // Texts that were handed over are known by their place among all of them, empty ones included.
        let given = usize::try_from(row.line).unwrap_or(at).saturating_sub(1);
        rows.push(if job.data.rows.is_some() { given } else { at });
        texts.push(load::joined(&fields));
        labels.push(class);
    }
    Ok(Data {
        rows,
        texts,
        labels,
        names,
        fields: table.text_columns().len(),
    })
}

pub fn splits(job: &Fit, data: &Data) -> Vec<Split> {
    let groups: Vec<u64> = data.texts.iter().map(|t| text_group(t)).collect();
    let plan = match job.estimate {
        Estimate::None => return Vec::new(),
        Estimate::Auto => split::choose(&data.labels, Some(&groups)),
        Estimate::Folds(k) => SplitPlan::KFold { k: k.max(2) },
        Estimate::HoldOut(fraction) => SplitPlan::HoldOut {
            fraction: fraction.clamp(0.01, 0.9),
        },
    };
    plan.split(&data.labels, Some(&groups), job.common.seed)
}

/// What TF-IDF with logistic regression gets from the same splits.
pub fn baseline(control: &Control, data: &Data, splits: &[Split]) -> Option<Report> {
    let (mut truth, mut probabilities, mut folds) = (Vec::new(), Vec::new(), Vec::new());
    for (fold, split) in splits.iter().enumerate() {
        let pick = |rows: &[usize]| rows.iter().map(|&r| data.texts[r].as_str()).collect::<Vec<_>>();
        let labels: Vec<usize> = split.train.iter().map(|&r| data.labels[r]).collect();
        match Baseline::fit(&pick(&split.train), &labels, data.names.len()) {
            Ok(fitted) => probabilities.extend(fitted.predict_proba(&pick(&split.valid))),
            Err(error) => {
                control.warn(format!("The TF-IDF baseline could not be fitted: {error}"));
                return None;
            }
        }
        truth.extend(split.valid.iter().map(|&r| data.labels[r]));
        folds.extend(split.valid.iter().map(|_| fold));
    }
    Report::pooled(&data.names, &truth, &probabilities, &folds).ok()
}

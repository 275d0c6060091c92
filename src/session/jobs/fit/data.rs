//! The labelled texts, how they are split to estimate the error, and what the baseline makes of the same splits.

use std::collections::HashSet;

use super::super::card::count;
use super::super::load;
use crate::io::{Labels, check_labels};
use crate::session::control::Control;
use crate::session::engine::JobError;
use crate::session::protocol::{Estimate, Fit};
use crate::train::baseline::{Baseline, BaselineError};
use crate::train::split::{self, Plan as SplitPlan, Split, text_group};

/// The labelled texts of a job.
pub struct Data {
    /// Where each is in the table, from 0.
    pub rows: Vec<usize>,
    pub texts: Vec<String>,
    pub labels: Vec<usize>,
    pub names: Vec<String>,
    pub fields: usize,
    /// Texts of the table without a label, which stage 2 reads.
    pub unlabelled: Vec<String>,
}

pub fn labelled(control: &Control, job: &Fit) -> Result<Data, JobError> {
    let table = load::table(control, "labelled", &job.data, Labels::Required, false)?;
    let summary = check_labels(&table)?;
    let names: Vec<String> = summary.classes.iter().map(|(name, _)| name.clone()).collect();
    let (mut rows, mut texts, mut labels, mut unlabelled) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (at, (row, (fields, label))) in table.rows.iter().zip(table.examples()).enumerate() {
        let Some(class) = label.and_then(|l| names.iter().position(|n| n == l)) else {
            unlabelled.push(load::joined(&fields));
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
        unlabelled,
    })
}

/// The texts that stage 2 reads beside the labelled ones, each of them once: a copy of a text that is held out would make
/// perplexity that of texts known by heart.
pub fn further(control: &Control, data: &Data, others: Vec<String>) -> Vec<String> {
    let mut seen: HashSet<String> = data.texts.iter().cloned().collect();
    let mut further: Vec<String> = data.unlabelled.iter().cloned().chain(others).collect();
    let all = further.len();
    further.retain(|text| seen.insert(text.clone()));
    let copies = all - further.len();
    if copies > 0 {
        let copies = count(copies);
        control.note(format!("Unlabelled texts that are there twice, or labelled too: {copies}; the language model reads each once"));
    }
    further
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

/// TF-IDF with logistic regression, learned from some of the labelled texts.
pub fn baseline(data: &Data, rows: &[usize]) -> Result<Baseline, BaselineError> {
    let texts: Vec<&str> = rows.iter().map(|&r| data.texts[r].as_str()).collect();
    let labels: Vec<usize> = rows.iter().map(|&r| data.labels[r]).collect();
    Baseline::fit(&texts, &labels, data.names.len())
}

/// What it says of each text that a split holds out, learned from the split's others: `[rows][classes]`, zeros where no split
/// holds a text out.
pub fn baseline_out_of_sample(data: &Data, splits: &[Split]) -> Result<Vec<Vec<f64>>, BaselineError> {
    let mut probabilities = vec![vec![0.0; data.names.len()]; data.labels.len()];
    for split in splits {
        let fitted = baseline(data, &split.train)?;
        let texts: Vec<&str> = split.valid.iter().map(|&r| data.texts[r].as_str()).collect();
        for (&row, p) in split.valid.iter().zip(fitted.predict_proba(&texts)) {
            probabilities[row] = p;
        }
    }
    Ok(probabilities)
}

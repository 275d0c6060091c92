//! The labelled texts, how they are split to estimate the error, and what the baseline makes of the same splits.

use std::collections::{HashMap, HashSet};

use super::super::card::count;
use super::super::load;
use crate::host::work::breathe;
use crate::io::{Labels, check_labels, is_plain_text};
use crate::session::control::Control;
use crate::session::digest::Digest;
use crate::session::engine::JobError;
use crate::session::protocol::{Estimate, Fit};
use crate::train::baseline::{Baseline, BaselineError};
use crate::train::split::{self, Plan as SplitPlan, Split, text_group};

/// The labelled texts of a job.
#[derive(Default)]
pub struct Data {
    /// Where each is in the table, from 0, rows without a text left out.
    pub rows: Vec<usize>,
    /// Where each begins in the file, from 1, and what that counts: `line` or `row`.
    pub lines: Vec<u64>,
    pub place: &'static str,
    pub texts: Vec<String>,
    pub labels: Vec<usize>,
    /// The same number for texts that were labelled together; empty where none were.
    pub given: Vec<Option<u64>>,
    pub names: Vec<String>,
    pub fields: usize,
    /// Texts of the table without a label, which stage 2 reads.
    pub unlabelled: Vec<String>,
}

impl Data {
    /// The group of each labelled text: no split separates copies of a text, or texts that were labelled together and still
    /// have the same label.
    pub fn groups(&self) -> Vec<u64> {
        let texts: Vec<u64> = self.texts.iter().map(|text| text_group(text)).collect();
        split::joined(&texts, &self.given, &self.labels)
    }

    /// Whether texts that were labelled together have different labels by now.
    fn is_corrected(&self) -> bool {
        let mut first = HashMap::new();
        (self.given.iter().zip(&self.labels))
            .any(|(given, label)| given.is_some_and(|given| *first.entry(given).or_insert(label) != label))
    }

    /// What a run learns from, together with these further texts, where these classes are not measured: one that is resumed must
    /// learn from the same, and leave the same out.
    pub fn digest(&self, further: &[String], untested: &[usize]) -> Digest {
        let mut read = Digest::of(self.texts.iter().chain(further).chain(&self.names));
        self.labels
            .iter()
            .for_each(|label| read.add(&label.to_le_bytes()));
        // Versions that measured them too have split the labels otherwise.
        untested.iter().for_each(|class| read.add(&class.to_le_bytes()));
        if self.is_corrected() {
            // Nor did they part what was corrected from its group.
            self.groups()
                .iter()
                .for_each(|group| read.add(&group.to_le_bytes()));
        }
        read
    }
}

pub fn labelled(control: &Control, job: &Fit) -> Result<Data, JobError> {
    let table = load::table(control, "labelled", &job.data, Labels::Required, false)?;
    let summary = check_labels(&table)?;
    let names: Vec<String> = summary.classes.iter().map(|(name, _)| name.clone()).collect();
    let (mut rows, mut texts, mut labels, mut unlabelled) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut lines, mut groups) = (Vec::new(), Vec::new());
    for (at, (row, (fields, label))) in table.rows.iter().zip(table.examples()).enumerate() {
        let Some(class) = label.and_then(|l| names.iter().position(|n| n == l)) else {
            unlabelled.push(load::joined(&fields));
            continue;
        };
        // Texts that were handed over are known by their place among all of them, empty ones included.
        let given = usize::try_from(row.line).unwrap_or(at).saturating_sub(1);
        let handed = job.data.rows.as_ref();
        groups.push(handed.and_then(|rows| rows.get(given)?.group));
        rows.push(if handed.is_some() { given } else { at });
        lines.push(row.line);
        texts.push(load::joined(&fields));
        labels.push(class);
    }
    Ok(Data {
        rows,
        lines,
        place: table.place,
        texts,
        labels,
        given: groups,
        names,
        fields: table.text_columns().len(),
        unlabelled,
    })
}

/// Further texts for stage 2, where the job names some.
pub fn unlabelled(control: &Control, job: &Fit) -> Result<Vec<String>, JobError> {
    let Some(source) = &job.unlabelled else {
        return Ok(Vec::new());
    };
    let mut source = source.clone();
    if is_plain_text(&source.path) == Some(true) {
        // A plain text file has no columns to name.
        source.text_columns.clear();
    }
    let table = load::table(control, "unlabelled", &source, Labels::Ignored, false)?;
    Ok(load::texts(&table))
}

/// The texts that stage 2 reads beside the labelled ones, each of them once: a copy of a text that is held out would make
/// perplexity that of texts known by heart.
pub fn further(control: &Control, job: &Fit, data: &Data, others: Vec<String>) -> Vec<String> {
    let mut further: Vec<String> = data.unlabelled.iter().cloned().chain(others).collect();
    let all = further.len();
    let mut seen: HashSet<&str> = data.texts.iter().map(String::as_str).collect();
    let new: Vec<bool> = further.iter().map(|text| seen.insert(text)).collect();
    let mut new = new.into_iter();
    further.retain(|_| new.next().unwrap_or(true));
    let copies = all - further.len();
    // The window hands over all its texts, labelled or not.
    let meant = job
        .unlabelled
        .as_ref()
        .is_some_and(|source| source.rows.is_some());
    if copies > 0 && !meant && job.method.plan(2, 1, None).pretrained {
        let copies = count(copies);
        control.note(format!("Unlabelled texts that are there twice, or labelled too: {copies}; the language model reads each once"));
    }
    further
}

pub fn splits(job: &Fit, data: &Data) -> Vec<Split> {
    let groups = data.groups();
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

/// Refuses TF-IDF a vote that it could not cast: hours of training must not end at what is fitted last.
pub fn check_vote(data: &Data) -> Result<(), JobError> {
    let texts: Vec<&str> = data.texts.iter().map(String::as_str).collect();
    let checked = Baseline::check(&texts, &data.labels, data.names.len());
    checked.map_err(|e| {
        JobError::Failed(format!(
            "TF-IDF with logistic regression cannot vote: {e}; leave out `--with-tfidf`"
        ))
    })
}

/// What it says of each text that a split holds out, learned from the split's others: `[rows][classes]`, zeros where no split
/// holds a text out; `None`, with a warning, where it cannot be fitted. A command to stop is heeded between two splits.
pub async fn baseline_out_of_sample(
    control: &mut Control,
    data: &Data,
    splits: &[Split],
) -> Result<Option<Vec<Vec<f64>>>, JobError> {
    if splits.is_empty() {
        return Ok(None);
    }
    let mut probabilities = vec![vec![0.0; data.names.len()]; data.labels.len()];
    for split in splits {
        breathe().await;
        if control.stop_asked() {
            return Err(crate::train::Error::Stopped.into());
        }
        let fitted = match baseline(data, &split.train) {
            Ok(fitted) => fitted,
            Err(error) => {
                control.warn(format!("The TF-IDF baseline could not be fitted: {error}"));
                return Ok(None);
            }
        };
        let texts: Vec<&str> = split.valid.iter().map(|&r| data.texts[r].as_str()).collect();
        for (&row, p) in split.valid.iter().zip(fitted.predict_proba(&texts)) {
            probabilities[row] = p;
        }
    }
    Ok(Some(probabilities))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::{Receiver, channel};

    use super::*;
    use crate::host::work::block_on;
    use crate::session::Outbox;
    use crate::session::protocol::{Command, Event, GivenRow, Source};

    /// Texts of two words of their own, whose labels take turns.
    fn data(texts: usize, classes: usize) -> Data {
        Data {
            rows: (0..texts).collect(),
            texts: (0..texts).map(|i| format!("left{i} right{i}")).collect(),
            labels: (0..texts).map(|i| i % classes).collect(),
            names: (0..classes).map(|i| format!("class {i}")).collect(),
            fields: 1,
            ..Data::default()
        }
    }

    fn job(estimate: Estimate, rows: Vec<GivenRow>) -> Fit {
        Fit {
            data: Source {
                rows: Some(rows),
                ..Source::default()
            },
            estimate,
            ..Fit::default()
        }
    }

    fn control() -> (Control, async_channel::Sender<Command>, Receiver<Event>) {
        let (commands, inbox) = async_channel::unbounded();
        let (events, told) = channel();
        let wake = Arc::new(|| {});
        (Control::new(inbox, Outbox { events, wake }), commands, told)
    }

    #[test]
    fn what_was_labelled_together_is_held_out_together() {
        let mut data = data(60, 2);
        // Ten clusters of one label each: six texts of it in a row.
        data.given = (0..60).map(|row| Some(row / 12 * 2 + row % 2)).collect();
        for estimate in [Estimate::Auto, Estimate::Folds(3), Estimate::HoldOut(0.2)] {
            let splits = splits(&job(estimate, Vec::new()), &data);
            assert!(!splits.is_empty());
            for split in &splits {
                let given = |rows: &[usize]| -> HashSet<Option<u64>> {
                    rows.iter().map(|&row| data.given[row]).collect()
                };
                assert!(
                    given(&split.train).is_disjoint(&given(&split.valid)),
                    "{estimate:?}"
                );
            }
        }
    }

    #[test]
    fn one_correction_does_not_keep_all_that_was_labelled_with_it_from_being_measured() {
        let mut data = data(60, 2);
        // Six clusters of ten, of one label each.
        data.given = (0..60).map(|row| Some(row / 10)).collect();
        data.labels = (0..60).map(|row| row / 10 % 2).collect();
        let held = |data: &Data| -> usize {
            let splits = splits(&job(Estimate::Auto, Vec::new()), data);
            splits.iter().map(|split| split.valid.len()).sum()
        };
        assert_eq!(held(&data), 60);
        let before = data.digest(&[], &[]).value();
        data.given.clear();
        assert_eq!(data.digest(&[], &[]).value(), before);

        data.given = (0..60).map(|row| Some(row / 10)).collect();
        data.names.push("rare".into());
        data.labels[0] = 2;
        assert_eq!(held(&data), 59);
        // It is split otherwise than by versions that held it to its group.
        let now = data.digest(&[], &[2]).value();
        data.given.clear();
        assert_ne!(data.digest(&[], &[2]).value(), now);
    }

    #[test]
    fn rows_that_are_handed_over_say_what_was_labelled_together() {
        let row = |text: &str, label: Option<&str>, group| GivenRow {
            text: text.into(),
            label: label.map(String::from),
            group,
        };
        let rows = vec![
            row("one", Some("a"), Some(4)),
            row(" ", Some("a"), Some(4)),
            row("two", None, None),
            row("three", Some("b"), None),
            row("four", Some("a"), Some(4)),
        ];
        let (control, _commands, _told) = control();
        let data = labelled(&control, &job(Estimate::Auto, rows.clone())).unwrap();
        assert_eq!(
            (data.rows.clone(), data.given.clone()),
            (vec![0, 3, 4], vec![Some(4), None, Some(4)])
        );
        assert_eq!(data.groups(), [0, 1, 0]);
        // What an earlier version asked for has no groups, and none are written where there are none.
        let old = r#"{"text":"two"}"#;
        assert_eq!(serde_json::from_str::<GivenRow>(old).unwrap(), rows[2]);
        assert_eq!(serde_json::to_string(&rows[2]).unwrap(), old);
    }

    #[test]
    fn counting_words_can_be_stopped() {
        let (mut control, commands, _told) = control();
        let data = data(40, 2);
        let splits = SplitPlan::KFold { k: 4 }.split(&data.labels, None, 1);
        let none = block_on(baseline_out_of_sample(&mut control, &data, &[])).unwrap();
        assert!(none.is_none());
        let said = block_on(baseline_out_of_sample(&mut control, &data, &splits));
        let said = said.unwrap().unwrap();
        assert!(said.iter().all(|p| (p.iter().sum::<f64>() - 1.0).abs() < 1e-9));
        commands.try_send(Command::Stop).unwrap();
        let stopped = block_on(baseline_out_of_sample(&mut control, &data, &splits));
        assert!(matches!(stopped, Err(JobError::Stopped(_))));
    }

    #[test]
    fn too_many_words_and_classes_are_left_out_or_have_no_vote() {
        let (mut control, _commands, told) = control();
        let data = data(4_000, 4_000);
        let split = Split {
            train: (0..4_000).collect(),
            valid: vec![0],
        };
        let said = block_on(baseline_out_of_sample(&mut control, &data, &[split]));
        assert!(said.unwrap().is_none());
        let warned = told.try_iter().any(
            |event| matches!(event, Event::Warning { message } if message.contains("12000 x 4000 weights")),
        );
        assert!(warned);
        let refused = check_vote(&data).unwrap_err().to_string();
        assert!(
            refused.contains("12000 x 4000 weights; leave out `--with-tfidf`"),
            "{refused}"
        );
    }
}

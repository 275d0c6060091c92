//! Reading what a job names: models and texts.

use std::path::Path;

use rayon::prelude::*;

use super::super::base;
use super::super::control::{Control, Stage};
use super::super::engine::JobError;
use super::super::protocol::{Event, Source};
use crate::io::{
    self, Error, Labels, ModelBytes, ModelFiles, Splitting, Table, TableOptions, Texts, given_table,
    read_table,
};
use crate::text::rules::join_fields;
use crate::text::vocab::Vocab;
use crate::text::{Tokenizer, corpus::Corpus};

/// The vocabulary of the built-in base model that reads forward.
pub fn base_vocab() -> Option<Vocab> {
    let json = base::files(false)?.vocab;
    Vocab::from_json(std::str::from_utf8(json).ok()?).ok()
}

/// The built-in base model of one direction.
pub fn base_model(backward: bool) -> Result<ModelFiles, JobError> {
    let files = base::files(backward)
        .ok_or_else(|| JobError::Failed("the built-in model was not loaded; load the page again".into()))?;
    let files = ModelBytes {
        origin: "the built-in model",
        config: files.config,
        vocab: files.vocab,
        weights: files.weights,
    };
    Ok(ModelFiles::parse(&files)?)
}

/// Has the built-in model of one direction there, where a job names no other: in a tab it may have to be fetched first.
pub async fn have(control: &mut Control, path: Option<&Path>, backward: bool) -> Result<(), JobError> {
    if path.is_some() || base::files(backward).is_some() {
        return Ok(());
    }
    let direction = if backward { "backward" } else { "forward" };
    let mut stage = Stage::start(
        control,
        &format!("fetch the model that reads {direction}"),
        Vec::new(),
        0,
        "KB",
    );
    let heard = |done: u64, total: u64| {
        stage.progress(done / 1000, total / 1000);
        !stage.control.stop_asked()
    };
    if !base::fetch(backward, heard).await.map_err(JobError::Failed)? {
        return Err(JobError::Stopped("nothing was trained yet".into()));
    }
    stage.done();
    Ok(())
}

/// The model that a job names, or the built-in one, which [`have`] has put there; announced.
pub fn model(control: &Control, path: Option<&Path>, backward: bool) -> Result<ModelFiles, JobError> {
    let files = match path {
        Some(path) => ModelFiles::read(path)?,
        None => base_model(backward)?,
    };
    let crate::model::Architecture {
        vocab,
        embedding,
        hidden,
        layers,
    } = files.config.architecture;
    let direction = if files.config.backward {
        "reads backward"
    } else {
        "reads forward"
    };
    let sizes =
        format!("embedding {embedding}, {layers} LSTM layers of {hidden}, {vocab} tokens, {direction}");
    control.note(format!("Model: {} ({sizes})", files.origin));
    Ok(files)
}

/// Reads a table, or takes the texts that were handed over, and says what was found and what is odd about it.
pub fn table(
    control: &Control,
    what: &str,
    source: &Source,
    labels: Labels,
    keep_empty: bool,
) -> Result<Table, JobError> {
    let options = options(source, labels, keep_empty);
    let table = match &source.rows {
        Some(rows) => {
            let rows = rows.iter().map(|row| (row.text.clone(), row.label.clone()));
            given_table(&source.path, rows, &options)?
        }
        None => read_table(&source.path, &options)?,
    };
    announce(control, what, source, &table, labels);
    Ok(table)
}

fn options(source: &Source, labels: Labels, keep_empty: bool) -> TableOptions {
    TableOptions {
        text_columns: source.text_columns.clone(),
        label_column: source.label_column.clone(),
        labels,
        header: None,
        keep_empty_texts: keep_empty,
        encoding: source.encoding,
        sheet: source.sheet.clone(),
    }
}

/// Says what was found in a table and what is odd about it.
fn announce(control: &Control, what: &str, source: &Source, table: &Table, labels: Labels) {
    let mut counts = std::collections::BTreeMap::new();
    for (_, label) in table.examples() {
        if let Some(label) = label {
            *counts.entry(label.to_string()).or_insert(0) += 1;
        }
    }
    control.emit(Event::Loaded {
        what: what.to_string(),
        path: source.path.display().to_string(),
        rows: table.len(),
        text_columns: table.text_columns().iter().map(ToString::to_string).collect(),
        label_column: table.label_column().map(ToString::to_string),
        labels: counts.into_iter().collect(),
    });
    for warning in &table.warnings {
        control.warn(warning.tell(table.place));
    }
    if source.sheet.is_some() && table.workbook.is_none() && what != "unlabelled" {
        control.warn("`--sheet` changes nothing here: this is no workbook");
    }
    if labels == Labels::Ignored && source.label_column.is_some() {
        control.warn("`--label-column` changes nothing here: labels in this table are not read");
    }
}

/// Texts for a language model.
pub struct Reading {
    /// A text a row of a table, or a document of running text.
    pub texts: Vec<String>,
    /// Whether it is running text.
    pub running: bool,
}

/// Reads the texts that a language model is to learn or to be measured on, and says what they were read as.
pub fn reading(control: &Control, source: &Source, splitting: Splitting) -> Result<Reading, JobError> {
    let labels = Labels::Ignored;
    let rows = |table: &Table| Reading {
        texts: texts(table),
        running: false,
    };
    if source.rows.is_some() {
        return Ok(rows(&table(control, "texts", source, labels, false)?));
    }
    match io::texts(&source.path, splitting, &options(source, labels, false))? {
        Texts::Rows(table) => {
            announce(control, "texts", source, &table, labels);
            Ok(rows(&table))
        }
        Texts::Running(mut documents) => {
            let texts = documents.by_ref().collect::<Result<Vec<_>, Error>>()?;
            control.emit(Event::Loaded {
                what: "running text".into(),
                path: source.path.display().to_string(),
                rows: texts.len(),
                text_columns: Vec::new(),
                label_column: None,
                labels: Vec::new(),
            });
            if source.sheet.is_some() {
                control.warn("`--sheet` changes nothing here: this is no workbook");
            }
            for warning in documents.warnings() {
                control.warn(warning.to_string());
            }
            Ok(Reading { texts, running: true })
        }
    }
}

/// A row's text: one column as it is, several marked as fields.
pub fn joined(fields: &[&str]) -> String {
    match fields {
        [one] => (*one).to_string(),
        many => join_fields(many),
    }
}

/// Every row's text.
pub fn texts(table: &Table) -> Vec<String> {
    table.examples().map(|(fields, _)| joined(&fields)).collect()
}

/// Tokens of every text, in parallel.
pub fn tokenize(tokenizer: &Tokenizer, texts: &[String]) -> Vec<Vec<String>> {
    texts.par_iter().map(|text| tokenizer.tokenize(text)).collect()
}

/// Token ids of every document; reversed for a model that reads backward.
pub fn encode(vocab: &Vocab, documents: &[Vec<String>], backward: bool) -> Vec<Vec<u32>> {
    let encode = |tokens: &Vec<String>| {
        let mut ids = vocab.encode(tokens);
        if ids.is_empty() {
            ids.push(vocab.unk());
        }
        if backward {
            ids.reverse();
        }
        ids
    };
    documents.par_iter().map(encode).collect()
}

/// Keeps every `1 / share`-th document aside: training and validation corpus.
pub fn hold_out(documents: &[Vec<u32>], share: f64) -> (Corpus, Corpus) {
    let every = (1.0 / share).round().max(2.0) as usize;
    let part = |held: bool| {
        Corpus::from_documents(
            documents
                .iter()
                .enumerate()
                .filter(|(i, _)| (i % every == every - 1) == held)
                .map(|(_, d)| d.as_slice()),
        )
    };
    (part(false), part(true))
}

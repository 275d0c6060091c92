//! Stage 2 for one direction: the language model that a classifier starts from.

use serde_json::{Map, Value, json};

use super::super::adapt;
use super::super::load;
use super::super::observe::General;
use super::super::outputs::MODEL;
use super::super::work::{BACKWARD, Work};
use super::data::Data;
use super::report;
use crate::io::{ModelFiles, OutputDir, Precision};
use crate::model::AwdLstm;
use crate::session::control::Control;
use crate::session::engine::JobError;
use crate::session::protocol::Fit;
use crate::train::forgetting::Decoder;

/// One direction's language model and documents.
pub struct Direction {
    /// The language model.
    pub files: ModelFiles,
    /// Its encoder.
    pub encoder: AwdLstm,
    /// The encoder before stage 2.
    pub pretrained: AwdLstm,
    /// The labelled texts.
    pub documents: Vec<Vec<u32>>,
    /// The texts that are watched.
    pub watched: Vec<Vec<u32>>,
    /// General text, where forgetting is measured, and the decoder that reads it on.
    pub general: Option<(General, Decoder)>,
}

/// A stage's name in one direction.
pub fn stage_name(what: &str, backward: bool) -> String {
    if backward {
        format!("{what}{BACKWARD}")
    } else {
        what.to_string()
    }
}

/// Stage 2 for one direction, or the base model as it is; a finished one is taken from the work directory.
pub async fn language_model(
    control: &mut Control,
    job: &Fit,
    base: &ModelFiles,
    data: &Data,
    further: &[String],
    (device, work): (&burn::tensor::Device, &Work),
    seconds: &mut Map<String, Value>,
) -> Result<(Direction, Option<(f64, f64)>), JobError> {
    let backward = base.config.backward;
    let pretrained = job.method.plan(2, 1, None).pretrained;
    let general = if job.forgetting && pretrained {
        General::measure(control, base, device).await?
    } else {
        None
    };
    let stage = stage_name("adapt", backward);
    let labelled = load::tokenize(&base.tokenizer, &data.texts);
    let kept = work.path(&stage.replace(' ', "-"));
    let measured = format!("{}.json", stage.replace(' ', "-"));
    let took = format!("{}-seconds.json", stage.replace(' ', "-"));
    let mut perplexity = None;
    let files = if job.adapt && crate::host::fs::is_file(&kept.join("config.json")) {
        // JSON has no NaN, which stands for too few texts to measure on.
        let number = |x: Option<f64>| x.unwrap_or(f64::NAN);
        perplexity = work
            .kept::<(Option<f64>, Option<f64>)>(&measured)?
            .map(|(b, a)| (number(b), number(a)));
        if let Some(before) = work.kept::<f64>(&took)? {
            seconds.insert(stage.clone(), json!(before));
        }
        let mut files = ModelFiles::read(&kept)?;
        // What it says of itself is for whoever finds it; a run that goes on ends with the same result as one without a break.
        files.config.training.clone_from(&base.config.training);
        files
    } else {
        let mut documents = labelled.clone();
        documents.extend(load::tokenize(&base.tokenizer, further));
        let prepared = adapt::prepare(control, base, &documents)?;
        if job.adapt && pretrained {
            let (lm, seed) = (&job.lm, job.common.seed);
            let general = general.as_ref();
            let mut adapted = adapt::adapt(
                control, &stage, prepared, &documents, lm, seed, device, work, general,
            )
            .await?;
            seconds.insert(stage.clone(), json!(adapted.seconds));
            perplexity = Some(adapted.perplexity);
            work.keep(&measured, &adapted.perplexity)?;
            work.keep(&took, &adapted.seconds)?;
            let dir = OutputDir::create(&kept, MODEL)?;
            let second = backward && job.bidirectional;
            adapted.files.config.training = report::adapted(job, &base.config.training, second);
            adapted.files.write(dir.path(), Precision::F32, "")?;
            dir.commit()?;
            adapted.files.config.training.clone_from(&base.config.training);
            adapted.files
        } else {
            prepared
        }
    };
    let documents = load::encode(&files.vocab, &labelled, backward);
    let watched = load::tokenize(&base.tokenizer, &job.watch);
    let watched = load::encode(&files.vocab, &watched, backward);
    let model = files.language_model(device)?;
    let general = general.map(|general| {
        let decoder = general.decoder(&model);
        (general, decoder)
    });
    let before = adapt::with_vocab(base, files.vocab.clone());
    let pretrained = before.language_model(device)?.encoder;
    Ok((
        Direction {
            files,
            encoder: model.encoder,
            pretrained,
            documents,
            watched,
            general,
        },
        perplexity,
    ))
}

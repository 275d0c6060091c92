//! A language model against texts.

use std::ops::ControlFlow;

use serde_json::{Map, json};

use super::super::control::{Control, Stage};
use super::super::engine::{JobError, Outcome, start};
use super::super::protocol::Perplexity;
use super::load;
use crate::io::Splitting;
use crate::text::corpus::Corpus;
use crate::text::rules::BOS;
use crate::train::defaults::{BPTT, CLASSIFY_BATCH};
use crate::train::evaluate::{document_nll, single_stream_nll};

/// Texts that are read from their end, with the mark of a beginning before the word that is read first instead of behind the one
/// that is read last. As in the other direction every word is predicted and the mark is not, so that the numbers compare.
fn mark_first(documents: &mut [Vec<u32>], mark: u32) {
    for document in documents {
        if document.last() == Some(&mark) {
            document.rotate_right(1);
        }
    }
}

pub async fn run(job: Perplexity, control: &mut Control) -> Outcome {
    let device = start(control, "perplexity", &job.common).await?;
    load::have(control, job.model.as_deref(), job.backward).await?;
    let files = load::model(control, job.model.as_deref(), job.backward)?;
    let model = files.language_model(&device)?;
    let path = &job.texts.path;
    let load::Reading { texts, running } = load::reading(control, &job.texts, Splitting::Files)?;
    let characters: usize = texts.iter().map(|t| t.chars().count()).sum();
    let tokens = load::tokenize(&files.tokenizer, &texts);
    let unknown = files.vocab.unknown_rate(tokens.iter().flatten());
    let mut ids = load::encode(&files.vocab, &tokens, files.config.backward);
    if let (true, Some(mark)) = (files.config.backward, files.vocab.get(BOS)) {
        mark_first(&mut ids, mark);
    }
    let started = crate::host::clock::Instant::now();
    let ids: Vec<&[u32]> = ids.iter().map(Vec::as_slice).collect();
    let together: usize = ids.iter().map(|d| d.len()).sum();
    let firsts = if running { 1 } else { ids.len() };
    let total = together.saturating_sub(firsts) as u64;
    // Of nothing every model is certain.
    if total == 0 {
        return Err(JobError::Failed(format!(
            "{}: there is too little text to predict anything; give at least two words",
            path.display()
        )));
    }
    let mut stage = Stage::start(control, "perplexity", Vec::new(), total, "tokens");
    let mut progress = |predictions: usize| {
        stage.progress(predictions as u64, total);
        if stage.control.stop_asked() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    };
    let nll = if running {
        single_stream_nll(&model, &Corpus::from_documents(&ids), BPTT, &mut progress).await
    } else {
        document_nll(&model, &ids, CLASSIFY_BATCH, BPTT, &mut progress).await
    }
    .map_err(|error| match error {
        crate::train::Error::Stopped => JobError::Stopped("nothing was measured".into()),
        other => other.into(),
    })?;
    stage.done();
    let seconds = started.elapsed().as_secs_f64();
    let mut result = Map::new();
    for (key, value) in [
        ("nll", json!(nll.nll)),
        ("perplexity", json!(nll.nll.exp())),
        ("predictions", json!(nll.predictions)),
        ("documents", json!(texts.len())),
        ("unknown_rate", json!(unknown)),
        // Unlike perplexity, this does not depend on how the text is cut into tokens, unknown words aside.
        (
            "bits_per_character",
            json!(nll.nll * nll.predictions as f64 / std::f64::consts::LN_2 / characters.max(1) as f64),
        ),
        (
            "tokens_per_second",
            json!(nll.predictions as f64 / seconds.max(1e-9)),
        ),
    ] {
        result.insert(key.into(), value);
    }
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_from_the_end_every_word_is_predicted_and_the_mark_is_not() {
        // Two texts turned round, one that is the mark alone, and one without it.
        let mut documents = vec![vec![9, 8, 7, 2], vec![5, 2], vec![2], vec![6, 4]];
        mark_first(&mut documents, 2);
        assert_eq!(documents, [vec![2, 9, 8, 7], vec![2, 5], vec![2], vec![6, 4]]);
    }
}

//! Text from a language model.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, json};

use super::super::control::{Control, Stage};
use super::super::engine::{JobError, Outcome, start};
use super::super::protocol::{Event, Generate};
use super::adapt::is_special;
use super::load;
use crate::host::work::breathe;
use crate::model::Tokens;
use crate::model::read_back::floats;
use crate::train::Error;

/// Draws a token: softmax at `temperature`, tokens below `min_p` left out, special ones never.
fn draw(logits: &[f32], allowed: &[bool], temperature: f64, min_p: f64, rng: &mut ChaCha8Rng) -> u32 {
    let scaled = |i: usize| {
        if allowed[i] {
            f64::from(logits[i]) / temperature
        } else {
            f64::NEG_INFINITY
        }
    };
    let top = (0..logits.len()).map(scaled).fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = (0..logits.len()).map(|i| (scaled(i) - top).exp()).collect();
    let total: f64 = weights.iter().sum();
    // The likeliest token always stays, so that something is left to draw.
    let kept = |w: f64| if w >= 1.0 || w / total >= min_p { w } else { 0.0 };
    let mut point = rng.random_range(0.0..1.0) * weights.iter().map(|&w| kept(w)).sum::<f64>();
    let mut last = 0;
    for (i, &w) in weights.iter().enumerate() {
        if kept(w) > 0.0 {
            last = i;
            point -= w;
            if point <= 0.0 {
                break;
            }
        }
    }
    last as u32
}

pub async fn run(job: Generate, control: &mut Control) -> Outcome {
    if job.temperature.is_nan()
        || job.temperature <= 0.0
        || !(0.0..1.0).contains(&job.min_p)
        || job.samples == 0
    {
        return Err(JobError::Usage(
            "temperature must be above 0, min-p between 0 and 1, samples at least 1".into(),
        ));
    }
    let device = start(control, "generate", &job.common).await?;
    let files = load::model(control, job.model.as_deref(), false)?;
    if files.config.backward {
        return Err(JobError::Failed(format!(
            "{} reads texts from their end and cannot continue one; name a forward model",
            files.origin
        )));
    }
    let model = files.language_model(&device)?;
    let allowed: Vec<bool> = files.vocab.tokens().iter().map(|t| !is_special(t)).collect();
    let own = files.tokenizer.tokenize(&job.prompt);
    let prompt = files.vocab.encode(&own);
    let mut rng = ChaCha8Rng::seed_from_u64(job.common.seed);
    let started = crate::host::clock::Instant::now();
    let mut texts = Vec::new();
    for _ in 0..job.samples {
        let mut stage = Stage::start(control, "generate", Vec::new(), job.tokens as u64, "tokens");
        let mut ids = prompt.clone();
        let mut states = model.encoder.zero_states(1);
        let mut input = Tokens::new(prompt.clone(), prompt.len(), 1);
        for n in 0..job.tokens {
            // Or else a worker of the page that computes on the processor hears of no stop.
            breathe().await;
            let (logits, next) = model.next_logits(&input, states);
            states = next;
            let logits = floats(logits).await.map_err(Error::Device)?;
            let id = draw(&logits, &allowed, job.temperature, job.min_p, &mut rng);
            if files.vocab.token(id) == crate::text::rules::BOS {
                break;
            }
            ids.push(id);
            input = Tokens::new(vec![id], 1, 1);
            stage.progress(n as u64 + 1, job.tokens as u64);
            if stage.control.stop_asked() {
                return Err(JobError::Stopped("nothing was written".into()));
            }
        }
        stage.done();
        // The model does not know every word that the text begins with, but the user does.
        let written = files.vocab.decode(&ids[prompt.len()..]);
        let all: Vec<&str> = own.iter().map(String::as_str).chain(written).collect();
        let text = files.tokenizer.detokenize(&all);
        control.emit(Event::Line {
            text: text.clone(),
            tokens: Vec::new(),
        });
        texts.push(text);
    }
    let mut result = Map::new();
    result.insert("texts".into(), json!(texts));
    result.insert("seconds".into(), json!(started.elapsed().as_secs_f64()));
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawing_heeds_temperature_threshold_and_special_tokens() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let logits = [5.0, 1.0, 0.9, -3.0];
        let mut count = |allowed: [bool; 4], t: f64, min_p: f64| {
            let mut counts = [0; 4];
            for _ in 0..2_000 {
                counts[draw(&logits, &allowed, t, min_p, &mut rng) as usize] += 1;
            }
            counts
        };
        assert_eq!(count([true; 4], 0.01, 0.0), [2_000, 0, 0, 0]);
        assert_eq!(count([true; 4], 1.0, 0.5), [2_000, 0, 0, 0]);
        let counts = count([false, true, true, true], 1.0, 0.0);
        assert!(
            counts[0] == 0 && (900..1_200).contains(&counts[1]) && counts[3] > 0,
            "{counts:?}"
        );
    }
}

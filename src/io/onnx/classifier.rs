//! The classifier: the encoder's outputs pooled over each text's last tokens (equation 4), two linear blocks, and the mean of
//! what both directions say.

use super::encoder::{Encoded, Part, encoder, lengths_of_lstm};
use super::graph::Graph;
use super::schema::{Attribute, Element, Extent};
use super::vocabulary::Numbering;
use crate::io::{Error, ModelFiles};
use crate::model::Pooling;
use crate::model::classifier::{BN_EPSILON, HEAD_HIDDEN};

/// Probabilities below this count as it when they are calibrated, so that their logarithms are finite.
const LEAST: f32 = 1e-7;

/// What people read of the graph.
pub const ABOUT: &str = "Labels texts. `tokens [batch, time]`, of one row at least, holds the ids of each text's tokens in reading \
    order, whatever the direction that they are read in, and `lengths [batch]` how many of a row are tokens, one at least; what \
    follows them may be any id. A token's id is its place in `vocab` of the metadata, `unk` where it has none. `unfreeze tokenize \
    --model MODEL --json` cuts texts, a text a line with `<br />` for a line break, and tells the `tokens` of each. \
    `probabilities [batch, classes]` has a column for each of `labels`.";

/// Steps of the padded batch, for the masks.
struct Steps {
    /// `[batch]`
    lengths: String,
    /// `[time, 1]`
    positions: String,
}

/// Adds the whole classifier.
///
/// # Errors
/// A tensor is missing, of another shape, or too large for half precision.
pub fn classifier(
    graph: &mut Graph,
    directions: &[ModelFiles],
    numbering: &Numbering,
    temperature: Option<f64>,
) -> Result<(), Error> {
    let classes = directions.first().map_or(0, |files| files.labels.len());
    let [batch, time] = ["batch", "time"].map(Extent::Any);
    graph.input("tokens", Element::I64, &[batch, time], "ids, padded at the end");
    graph.input("lengths", Element::I64, &[batch], "tokens of each row");
    let ids = graph.node(
        "Transpose",
        "ids",
        &["tokens"],
        &[Attribute::Ints("perm", &[1, 0])],
    );
    let steps = steps(graph);
    let lstm_lengths = lengths_of_lstm(graph, &steps.lengths);
    let mut votes = Vec::new();
    for (files, own) in directions.iter().zip(&numbering.own) {
        let part = Part::new(files);
        let mut ids = ids.clone();
        if let Some(own) = own {
            let own = graph.ints(&part.named("numbers"), own);
            ids = graph.node("Gather", &part.named("ids"), &[&own, &ids], &[]);
        }
        if files.config.backward {
            let axes = [Attribute::Int("time_axis", 0), Attribute::Int("batch_axis", 1)];
            let inputs = [ids.as_str(), &steps.lengths];
            ids = graph.node("ReverseSequence", &part.named("reversed"), &inputs, &axes);
        }
        let encoded = encoder(graph, &part, &ids, &lstm_lengths, &[])?;
        let pooled = pool(graph, &part, &encoded, &steps);
        let logits = head(graph, &part, &pooled, classes)?;
        votes.push(softmax(graph, &part.named("probabilities"), &logits));
    }
    let votes: Vec<&str> = votes.iter().map(String::as_str).collect();
    let mut probabilities = graph.node("Mean", "mean", &votes, &[]);
    if let Some(temperature) = temperature {
        probabilities = calibrated(graph, &probabilities, temperature);
    }
    let shape = [batch, Extent::Fixed(classes)];
    graph.output("probabilities", &probabilities, &shape, "a column a label");
    Ok(())
}

fn steps(graph: &mut Graph) -> Steps {
    let (first, second) = (graph.axis(0), graph.axis(1));
    let of_time = [Attribute::Int("start", 1), Attribute::Int("end", 2)];
    let time = graph.node("Shape", "time.shape", &["tokens"], &of_time);
    let time = graph.node("Squeeze", "time", &[&time, &first], &[]);
    let (zero, one) = (graph.int(0), graph.int(1));
    let range = graph.node("Range", "positions.row", &[&zero, &time, &one], &[]);
    Steps {
        lengths: "lengths".to_string(),
        positions: graph.node("Unsqueeze", "positions", &[&range, &second], &[]),
    }
}

/// `[batch, pooled]`: last step, maximum and mean of the last layer, and where the head sees them the means of what is below.
fn pool(graph: &mut Graph, part: &Part<'_>, encoded: &Encoded, steps: &Steps) -> String {
    let config = &part.files.config;
    let Steps { lengths, positions } = steps;
    let named = |what: &str| part.named(what);
    let most = graph.int(i64::try_from(config.chunking().max_len).unwrap_or(i64::MAX));
    let (zero, second, third) = (graph.int(0), graph.axis(1), graph.axis(2));

    // [time, batch, 1]: the last `max_len` tokens of each text.
    let first = graph.node("Sub", &named("before"), &[lengths, &most], &[]);
    let first = graph.node("Max", &named("first"), &[&first, &zero], &[]);
    let begun = graph.node("GreaterOrEqual", &named("begun"), &[positions, &first], &[]);
    let not_over = graph.node("Less", &named("not_over"), &[positions, lengths], &[]);
    let pooled = graph.node("And", &named("pooled.row"), &[&begun, &not_over], &[]);
    let pooled = graph.node("Unsqueeze", &named("pooled"), &[&pooled, &third], &[]);

    let f32 = [Attribute::Int("to", Element::F32 as i64)];
    let count = graph.node("Min", &named("count.whole"), &[lengths, &most], &[]);
    let count = graph.node("Cast", &named("count.row"), &[&count], &f32);
    let count = graph.node("Unsqueeze", &named("count"), &[&count, &second], &[]);
    let weight = graph.node("Cast", &named("weight"), &[&pooled], &f32);
    let share = graph.node("Div", &named("share"), &[&weight, &count], &[]);
    let over_time = graph.axis(0);
    let gone = Attribute::Int("keepdims", 0);
    let mean = |graph: &mut Graph, x: &str| {
        let shares = graph.node("Mul", &format!("{x}.shares"), &[x, &share], &[]);
        graph.node("ReduceSum", &format!("{x}.mean"), &[&shares, &over_time], &[gone])
    };

    // No output of an LSTM is as low.
    let low = graph.floats(&named("low"), &[], &[f32::MIN]);
    let top = graph.node("Where", &named("top"), &[&pooled, &encoded.top, &low], &[]);
    let over = [Attribute::Ints("axes", &[0]), gone];
    let max = graph.node("ReduceMax", &named("max"), &[&top], &over);
    let last = encoded.states.last().map_or("", |[h, _]| h.as_str());
    let last = graph.node("Squeeze", &named("last"), &[last, &over_time], &[]);
    let mut seen = vec![last, max, mean(graph, &encoded.top)];
    if config.pooling == Pooling::Deep {
        seen.extend(encoded.below.iter().map(|x| mean(graph, x)));
    }
    let seen: Vec<&str> = seen.iter().map(String::as_str).collect();
    graph.node("Concat", &named("features"), &seen, &[Attribute::Int("axis", 1)])
}

/// Logits `[batch, classes]` from pooled features.
fn head(graph: &mut Graph, part: &Part<'_>, pooled: &str, classes: usize) -> Result<String, Error> {
    let config = &part.files.config;
    let sizes = [config.pooling.width(&config.architecture), HEAD_HIDDEN, classes];
    let mut x = pooled.to_string();
    for (i, size) in sizes.windows(2).enumerate() {
        let (inputs, outputs) = (size[0], size[1]);
        let block = format!("1.layers.{i}");
        if i > 0 {
            x = graph.node("Relu", &part.named(&format!("{block}.relu")), &[&x], &[]);
        }
        let mut norm = |what: &str| part.vector(graph, &format!("{block}.0.{what}"), inputs);
        let (scale, shift) = (norm("weight")?, norm("bias")?);
        let (mean, variance) = (norm("running_mean")?, norm("running_var")?);
        x = graph.node(
            "BatchNormalization",
            &part.named(&format!("{block}.norm")),
            &[&x, &scale, &shift, &mean, &variance],
            &[Attribute::Float("epsilon", BN_EPSILON as f32)],
        );
        let weight = part.matrix(graph, &format!("{block}.2.weight"), [outputs, inputs])?;
        let bias = part.vector(graph, &format!("{block}.2.bias"), outputs)?;
        let name = part.named(&format!("{block}.linear"));
        x = graph.node(
            "Gemm",
            &name,
            &[&x, &weight, &bias],
            &[Attribute::Int("transB", 1)],
        );
    }
    Ok(x)
}

fn softmax(graph: &mut Graph, name: &str, logits: &str) -> String {
    graph.node("Softmax", name, &[logits], &[Attribute::Int("axis", 1)])
}

/// Probabilities whose logits are divided by the temperature.
fn calibrated(graph: &mut Graph, probabilities: &str, temperature: f64) -> String {
    let least = graph.floats("least", &[], &[LEAST]);
    let temperature = graph.floats("temperature", &[], &[temperature as f32]);
    let clipped = graph.node("Clip", "mean.clipped", &[probabilities, &least], &[]);
    let logits = graph.node("Log", "mean.log", &[&clipped], &[]);
    let cooled = graph.node("Div", "cooled", &[&logits, &temperature], &[]);
    softmax(graph, "calibrated", &cooled)
}

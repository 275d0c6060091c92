//! The language model: the encoder, its embedding as the decoder, and its states in and out, so that a text can be read on.

use super::encoder::{Part, encoder};
use super::graph::Graph;
use super::schema::{Attribute, Element, Extent};
use crate::io::{Error, ModelFiles};

/// What people read of the graph.
pub const ABOUT: &str = "Predicts the next token. `tokens [batch, time]`, of one row at least, holds ids: a token's is its place \
    in `vocab` of the metadata, `unk` where it has none. `unfreeze tokenize --model MODEL --json` cuts texts, a text a line with \
    `<br />` for a line break, and tells the `tokens` of each. `states [batch, width]` is zero where a text begins; to go on with \
    it, it is `states_out` of the call before. `logits [batch, time, vocab]` are those of the token after each; their softmax is \
    its probabilities. Where `reads` of the metadata is `backward`, a text's last token comes first.";

/// Adds the whole language model.
///
/// # Errors
/// A tensor is missing, of another shape, or too large for half precision.
pub fn language_model(graph: &mut Graph, files: &ModelFiles) -> Result<(), Error> {
    let part = Part::new(files);
    let sizes = files.config.architecture;
    let [batch, time] = ["batch", "time"].map(Extent::Any);
    graph.input("tokens", Element::I64, &[batch, time], "ids");
    let ids = graph.node(
        "Transpose",
        "ids",
        &["tokens"],
        &[Attribute::Ints("perm", &[1, 0])],
    );

    // Each layer's hidden state and cell, one beside the other: [batch, width] to and from [1, batch, features].
    let widths: Vec<usize> = (0..sizes.layers)
        .flat_map(|i| [sizes.layer_sizes(i).1; 2])
        .collect();
    let width = Extent::Fixed(widths.iter().sum());
    graph.input(
        "states",
        Element::F32,
        &[batch, width],
        "zero where a text begins",
    );
    let (beside, first) = (Attribute::Int("axis", 1), graph.axis(0));
    let sizes_of_states: Vec<i64> = widths.iter().map(|&n| n as i64).collect();
    let split = graph.ints("widths", &sizes_of_states);
    let named: Vec<String> = (0..widths.len()).map(|i| format!("states.{i}")).collect();
    let names: Vec<&str> = named.iter().map(String::as_str).collect();
    graph.node_of("Split", "states.all", &["states", &split], &names, &[beside]);
    let mut one = |name: &str| graph.node("Unsqueeze", &format!("{name}.one"), &[name, &first], &[]);
    let mut states = Vec::new();
    for [h, c] in names.as_chunks().0 {
        states.push([one(h), one(c)]);
    }
    let encoded = encoder(graph, &part, &ids, "", &states)?;

    let perm = [Attribute::Ints("perm", &[1, 0, 2])];
    let top = graph.node("Transpose", "top", &[&encoded.top], &perm);
    let perm = [Attribute::Ints("perm", &[1, 0])];
    let decoder = graph.node("Transpose", "decoder", &[&encoded.embedding], &perm);
    let bias = part.vector(graph, "1.decoder.bias", sizes.vocab)?;
    let scores = graph.node("MatMul", "scores", &[&top, &decoder], &[]);
    let logits = graph.node("Add", "scores.biased", &[&scores, &bias], &[]);
    let shape = [batch, time, Extent::Fixed(sizes.vocab)];
    graph.output("logits", &logits, &shape, "of the next token");
    let after: Vec<String> = (encoded.states.iter().flatten())
        .map(|state| graph.node("Squeeze", &format!("{state}.row"), &[state, &first], &[]))
        .collect();
    let after: Vec<&str> = after.iter().map(String::as_str).collect();
    let after = graph.node("Concat", "states.after", &after, &[beside]);
    graph.output("states_out", &after, &[batch, width], "after the last token");
    Ok(())
}

//! The encoder: ONNX's LSTM is PyTorch's with its gates in another order.

use super::graph::Graph;
use super::schema::{Attribute, Element};
use crate::io::{Error, Kind, ModelFiles};

/// One direction of a model, and the name that what it computes goes under.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    /// Its weights.
    pub files: &'a ModelFiles,
    /// `forward` or `backward`.
    pub name: &'static str,
}

impl<'a> Part<'a> {
    /// A model by the direction that it reads in.
    pub fn new(files: &'a ModelFiles) -> Self {
        let name = if files.config.backward {
            "backward"
        } else {
            "forward"
        };
        Self { files, name }
    }

    /// Compares the sizes that everything is made by with the tensors that are there.
    ///
    /// # Errors
    /// They differ.
    pub fn check(&self) -> Result<(), Error> {
        self.files.check_sizes(self.prefix())
    }

    /// The name of something in this part.
    pub fn named(&self, what: &str) -> String {
        format!("{}/{what}", self.name)
    }

    /// Numbers of a tensor of the file, which has to have this shape.
    ///
    /// # Errors
    /// It is not there or has another shape.
    pub fn numbers(&self, tensor: &str, shape: &[usize]) -> Result<&'a [f32], Error> {
        Ok(&self.files.tensor(tensor, shape)?.data)
    }

    /// A tensor of the file as a constant of its own shape.
    ///
    /// # Errors
    /// As [`Self::numbers`].
    pub fn vector(&self, graph: &mut Graph, tensor: &str, size: usize) -> Result<String, Error> {
        let data = self.numbers(tensor, &[size])?;
        Ok(graph.floats(&self.named(tensor), &[size], data))
    }

    /// As [`Self::vector`], in the precision of matrices.
    ///
    /// # Errors
    /// As [`Self::numbers`], and a number is too large for that precision.
    pub fn matrix(&self, graph: &mut Graph, tensor: &str, shape: [usize; 2]) -> Result<String, Error> {
        let data = self.numbers(tensor, &shape)?;
        graph.matrix(&self.named(tensor), &shape, data, &self.files.origin)
    }

    /// What stands before the encoder's names in the file.
    fn prefix(&self) -> &'static str {
        match self.files.config.kind {
            Kind::Classifier => "0.module.",
            Kind::LanguageModel => "0.",
        }
    }
}

/// What the encoder gives, by name; activations are `[time, batch, features]`, states `[1, batch, features]`.
#[derive(Debug, Default)]
pub struct Encoded {
    /// The embedding's matrix `[vocab, embedding]`.
    pub embedding: String,
    /// The embedded words and the outputs of every layer but the last.
    pub below: Vec<String>,
    /// The last layer's output.
    pub top: String,
    /// Every layer's hidden state after each text's last token, and its cell.
    pub states: Vec<[String; 2]>,
}

/// Adds the encoder, which reads `ids [time, batch]` from `states` on, zero where there are none. Past its length, of
/// `lengths [batch]`, a text leaves the states as they are.
///
/// # Errors
/// A tensor is missing, of another shape, or too large for half precision.
pub fn encoder(
    graph: &mut Graph,
    part: &Part<'_>,
    ids: &str,
    lengths: &str,
    states: &[[String; 2]],
) -> Result<Encoded, Error> {
    let sizes = part.files.config.architecture;
    let prefix = part.prefix();
    let shape = [sizes.vocab, sizes.embedding];
    let embedding = part.matrix(graph, &format!("{prefix}encoder.weight"), shape)?;
    let mut x = graph.node("Gather", &part.named("words"), &[&embedding, ids], &[]);
    let mut encoded = Encoded {
        embedding,
        ..Encoded::default()
    };
    let direction = graph.axis(1);
    for i in 0..sizes.layers {
        let (input, hidden) = sizes.layer_sizes(i);
        let rnn = format!("{prefix}rnns.{i}");
        let name = part.named(&format!("lstm_{}", i + 1));
        let mut weight = |tensor: &str, columns: usize, short: &str| {
            let data = part.numbers(&format!("{rnn}.{tensor}"), &[4 * hidden, columns])?;
            let shape = [1, 4 * hidden, columns];
            graph.matrix(
                &format!("{name}.{short}"),
                &shape,
                &gates(data),
                &part.files.origin,
            )
        };
        let w = weight("module.weight_ih_l0", input, "W")?;
        let r = weight("weight_hh_l0_raw", hidden, "R")?;
        let bias =
            |tensor: &str| Ok::<_, Error>(gates(part.numbers(&format!("{rnn}.{tensor}"), &[4 * hidden])?));
        let b = [bias("module.bias_ih_l0")?, bias("module.bias_hh_l0")?];
        let b = graph.floats(&format!("{name}.B"), &[1, 8 * hidden], &b.concat());
        let [h, c] = states.get(i).map_or(["", ""], |[h, c]| [h.as_str(), c.as_str()]);
        let [y, y_h, y_c] = ["Y", "Y_h", "Y_c"].map(|output| format!("{name}.{output}"));
        graph.node_of(
            "LSTM",
            &name,
            &[&x, &w, &r, &b, lengths, h, c],
            &[&y, &y_h, &y_c],
            &[Attribute::Int("hidden_size", hidden as i64)],
        );
        // Its second extent is that of the directions, of which there is one.
        encoded.below.push(x);
        x = graph.node("Squeeze", &format!("{name}.out"), &[&y, &direction], &[]);
        encoded.states.push([y_h, y_c]);
    }
    encoded.top = x;
    Ok(encoded)
}

/// Lengths as the LSTM takes them.
pub fn lengths_of_lstm(graph: &mut Graph, lengths: &str) -> String {
    let to = [Attribute::Int("to", Element::I32 as i64)];
    graph.node("Cast", "lengths.i32", &[lengths], &to)
}

/// Rows by gate, from PyTorch's order (input, forget, cell, output) to ONNX's (input, output, forget, cell).
fn gates(rows: &[f32]) -> Vec<f32> {
    let gate = rows.len() / 4;
    let of = |i: usize| &rows[i * gate..(i + 1) * gate];
    [of(0), of(3), of(1), of(2)].concat()
}

#[cfg(test)]
mod tests {
    use super::gates;

    #[test]
    fn gates_change_places_with_all_their_rows() {
        // Two rows of three numbers a gate.
        let rows: Vec<f32> = (0u8..24).map(|n| f32::from(n / 6)).collect();
        let expected = [0.0, 3.0, 1.0, 2.0].map(|gate| [gate; 6]).concat();
        assert_eq!(gates(&rows), expected);
    }
}

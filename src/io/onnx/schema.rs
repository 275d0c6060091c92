//! The messages of `onnx.proto`, those fields of them that are written here.

use super::wire::Message;

/// Version of the file's layout (`IR_VERSION`): of 2022, as the operators.
const IR_VERSION: i64 = 8;
/// Version of the operators.
pub const OPSET: i64 = 17;

/// Types of a tensor's numbers (`TensorProto.DataType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// Single precision.
    F32 = 1,
    /// What the LSTM takes lengths in.
    I32 = 6,
    /// Token ids, lengths, shapes.
    I64 = 7,
    /// Half precision.
    F16 = 10,
}

/// One extent of an input or output.
#[derive(Clone, Copy, Debug)]
pub enum Extent<'a> {
    /// The same wherever this name stands.
    Any(&'a str),
    /// Always this.
    Fixed(usize),
}

/// A setting of an operator.
#[derive(Clone, Copy, Debug)]
pub enum Attribute<'a> {
    /// A whole number.
    Int(&'a str, i64),
    /// A number.
    Float(&'a str, f32),
    /// A list.
    Ints(&'a str, &'a [i64]),
}

impl Attribute<'_> {
    /// `AttributeProto`.
    fn message(self) -> Message {
        let (name, value, kind) = match self {
            Self::Float(name, value) => (name, Message::default().float(2, value), 1),
            Self::Int(name, value) => (name, Message::default().number(3, value), 2),
            Self::Ints(name, values) => {
                let all = (values.iter()).fold(Message::default(), |message, &n| message.number(8, n));
                (name, all, 7)
            }
        };
        value.text(1, name).number(20, kind)
    }
}

/// `NodeProto`: an operator called `name`. An input whose name is empty is left out.
pub fn node(
    op: &str,
    name: &str,
    inputs: &[&str],
    outputs: &[&str],
    attributes: &[Attribute<'_>],
) -> Message {
    let names = |message: Message, field: u32, names: &[&str]| {
        names
            .iter()
            .fold(message, |message, name| message.text(field, name))
    };
    let given = inputs
        .iter()
        .rposition(|input| !input.is_empty())
        .map_or(0, |last| last + 1);
    let message = names(names(Message::default(), 1, &inputs[..given]), 2, outputs);
    let attributes = attributes.iter().map(|attribute| attribute.message());
    message.text(3, name).text(4, op).messages(5, attributes)
}

/// `TensorProto`: numbers in row-major order, little-endian.
pub fn tensor(name: &str, element: Element, shape: &[usize], data: Vec<u8>) -> Message {
    let dims = (shape.iter()).fold(Message::default(), |message, &n| message.number(1, n as i64));
    dims.number(2, element as i64).text(8, name).bytes(9, data)
}

/// `ValueInfoProto`: an input or output.
pub fn value(name: &str, element: Element, shape: &[Extent<'_>], about: &str) -> Message {
    let extents = shape.iter().map(|extent| match extent {
        Extent::Fixed(n) => Message::default().number(1, *n as i64),
        Extent::Any(name) => Message::default().text(2, name),
    });
    let shape = Message::default().messages(1, extents);
    let tensor = Message::default().number(1, element as i64).message(2, shape);
    let kind = Message::default().message(1, tensor);
    Message::default().text(1, name).message(2, kind).text(3, about)
}

/// What a `GraphProto` is made of: operators in an order in which each has its inputs, constants, inputs and outputs.
#[derive(Debug, Default)]
pub struct Parts {
    /// `NodeProto`s.
    pub nodes: Vec<Message>,
    /// `TensorProto`s.
    pub constants: Vec<Message>,
    /// `ValueInfoProto`s.
    pub inputs: Vec<Message>,
    /// `ValueInfoProto`s.
    pub outputs: Vec<Message>,
}

/// `ModelProto`: a graph with what is said of it, for people and, by key, for programs.
pub fn model(parts: Parts, name: &str, about: &str, metadata: Vec<(&str, String)>) -> Message {
    let graph = Message::default()
        .messages(1, parts.nodes)
        .text(2, name)
        .messages(5, parts.constants)
        .messages(11, parts.inputs)
        .messages(12, parts.outputs);
    let operators = Message::default().text(1, "").number(2, OPSET);
    let metadata = metadata
        .into_iter()
        .map(|(key, value)| Message::default().text(1, key).text(2, &value));
    Message::default()
        .number(1, IR_VERSION)
        .text(2, env!("CARGO_PKG_NAME"))
        .text(3, env!("CARGO_PKG_VERSION"))
        .text(6, about)
        .message(7, graph)
        .message(8, operators)
        .messages(14, metadata)
}

//! Putting a graph together: operators by the names of what they give.

use std::collections::HashSet;

use half::f16;

use super::schema::{self, Attribute, Element, Extent, Parts};
use super::wire::Message;
use crate::io::Error;

/// A graph that grows from its inputs to its outputs.
#[derive(Debug, Default)]
pub struct Graph {
    parts: Parts,
    /// Numbers that are there already, by their names.
    numbers: HashSet<String>,
    /// Whether matrices are stored in half precision.
    half: bool,
    inputs: Vec<String>,
    outputs: Vec<String>,
}

/// What a caller gives and gets, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// What has to be given.
    pub inputs: Vec<String>,
    /// What is given back.
    pub outputs: Vec<String>,
}

impl Graph {
    /// Nothing yet.
    pub fn new(half: bool) -> Self {
        Self {
            half,
            ..Self::default()
        }
    }

    /// What the caller gives.
    pub fn input(&mut self, name: &str, element: Element, shape: &[Extent<'_>], about: &str) {
        self.parts.inputs.push(schema::value(name, element, shape, about));
        self.inputs.push(name.to_string());
    }

    /// Gives `value` to the caller as `name`.
    pub fn output(&mut self, name: &str, value: &str, shape: &[Extent<'_>], about: &str) {
        self.node("Identity", name, &[value], &[]);
        let output = schema::value(name, Element::F32, shape, about);
        self.parts.outputs.push(output);
        self.outputs.push(name.to_string());
    }

    /// An operator that gives `name`.
    pub fn node(&mut self, op: &str, name: &str, inputs: &[&str], attributes: &[Attribute<'_>]) -> String {
        self.node_of(op, name, inputs, &[name], attributes);
        name.to_string()
    }

    /// An operator that gives several things.
    pub fn node_of(
        &mut self,
        op: &str,
        name: &str,
        inputs: &[&str],
        outputs: &[&str],
        attributes: &[Attribute<'_>],
    ) {
        let node = schema::node(op, name, inputs, outputs, attributes);
        self.parts.nodes.push(node);
    }

    /// A constant in single precision.
    pub fn floats(&mut self, name: &str, shape: &[usize], data: &[f32]) -> String {
        let bytes = data.iter().flat_map(|x| x.to_le_bytes()).collect();
        let tensor = schema::tensor(name, Element::F32, shape, bytes);
        self.parts.constants.push(tensor);
        name.to_string()
    }

    /// A constant that is large: stored in half precision where that was asked for, and computed with in single precision.
    ///
    /// # Errors
    /// A number is too large for half precision; `origin` is the model's.
    pub fn matrix(
        &mut self,
        name: &str,
        shape: &[usize],
        data: &[f32],
        origin: &str,
    ) -> Result<String, Error> {
        if !self.half {
            return Ok(self.floats(name, shape, data));
        }
        let halves: Vec<f16> = data.iter().map(|&x| f16::from_f32(x)).collect();
        if let Some((value, _)) = data
            .iter()
            .zip(&halves)
            .find(|(x, h)| x.is_finite() && !h.is_finite())
        {
            return Err(Error::Tensor {
                origin: origin.to_string(),
                tensor: name.to_string(),
                cause: format!("{value} is too large for F16; write it as F32"),
            });
        }
        let bytes = halves.iter().flat_map(|x| x.to_le_bytes()).collect();
        let stored = format!("{name}.half");
        let tensor = schema::tensor(&stored, Element::F16, shape, bytes);
        self.parts.constants.push(tensor);
        Ok(self.node(
            "Cast",
            name,
            &[&stored],
            &[Attribute::Int("to", Element::F32 as i64)],
        ))
    }

    /// A constant list of whole numbers.
    pub fn ints(&mut self, name: &str, values: &[i64]) -> String {
        self.whole(name, &[values.len()], values)
    }

    /// One whole number, as an operator takes it that asks for an axis or a limit.
    pub fn int(&mut self, value: i64) -> String {
        self.whole(&format!("int_{value}"), &[], &[value])
    }

    /// A list of one whole number, as an operator takes it that asks for axes.
    pub fn axis(&mut self, value: i64) -> String {
        self.whole(&format!("axis_{value}"), &[1], &[value])
    }

    fn whole(&mut self, name: &str, shape: &[usize], values: &[i64]) -> String {
        if self.numbers.insert(name.to_string()) {
            let bytes = values.iter().flat_map(|x| x.to_le_bytes()).collect();
            let tensor = schema::tensor(name, Element::I64, shape, bytes);
            self.parts.constants.push(tensor);
        }
        name.to_string()
    }

    /// The file's message, and what a caller gives and gets.
    pub fn finish(self, name: &str, about: &str, metadata: Vec<(&str, String)>) -> (Message, Interface) {
        let interface = Interface {
            inputs: self.inputs,
            outputs: self.outputs,
        };
        (schema::model(self.parts, name, about, metadata), interface)
    }
}

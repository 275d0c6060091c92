use std::collections::{BTreeMap, HashSet};

use burn::tensor::Device;
use serde_json::{Value, json};

use super::schema::{Element, OPSET};
use super::wire::read;
use super::*;
use crate::host::work::block_on;
use crate::io::{ModelConfig, tensors_of, tensors_of_classifier};
use crate::model::{Architecture, AwdLstm, Classifier, LanguageModel, Pooling};
use crate::text::vocab::Vocab;
use crate::text::word::WordTokenizer;

const SIZES: Architecture = Architecture {
    vocab: 4,
    embedding: 3,
    hidden: 5,
    layers: 2,
};
const WORDS: [&str; 4] = ["xxunk", "xxpad", "xxbos", "a"];

fn files(kind: Kind, backward: bool, words: [&str; 4]) -> ModelFiles {
    let tokenizer = Tokenizer::Word(WordTokenizer::new());
    let device = Device::flex();
    let mut config = ModelConfig::new(kind, SIZES, backward, &tokenizer);
    config.pooling = Pooling::Deep;
    config.fields = 2;
    let (tensors, labels) = if kind == Kind::Classifier {
        let encoder = AwdLstm::new(SIZES, 1, &device);
        let model = Classifier::new(encoder, 2, config.pooling, 1, &device);
        let labels = ["no", "yes"].map(String::from).to_vec();
        (block_on(tensors_of_classifier(&model)).unwrap(), labels)
    } else {
        let model = LanguageModel::new(SIZES, 1, &device);
        (block_on(tensors_of(&model)).unwrap(), Vec::new())
    };
    ModelFiles {
        origin: if backward { "m/backward" } else { "m" }.to_string(),
        config,
        tokenizer,
        vocab: Vocab::from_tokens(words.map(String::from).to_vec()).unwrap(),
        tensors,
        labels,
    }
}

/// A file as it is read back.
struct Read {
    model: read::Message,
    graph: read::Message,
    /// Shape, type and bytes by name.
    constants: BTreeMap<String, (Vec<i64>, i64, Vec<u8>)>,
    interface: Interface,
}

impl Read {
    fn of(directions: &[ModelFiles], options: &Onnx<'_>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("model.onnx");
        let interface = write_onnx(&path, directions, options).unwrap();
        let model = read::Message::parse(&std::fs::read(path).unwrap());
        let graph = model.messages(7).remove(0);
        let constant = |t: read::Message| {
            let data = (t.numbers(1), t.numbers(2)[0], t.bytes(9)[0].to_vec());
            (t.text(8), data)
        };
        Self {
            constants: graph.messages(5).into_iter().map(constant).collect(),
            model,
            graph,
            interface,
        }
    }

    fn metadata(&self) -> BTreeMap<String, String> {
        let pair = |m: read::Message| (m.text(1), m.text(2));
        self.model.messages(14).into_iter().map(pair).collect()
    }

    fn floats(&self, name: &str) -> Vec<f32> {
        let (_, element, bytes) = &self.constants[name];
        assert_eq!(*element, Element::F32 as i64, "{name}");
        bytes
            .as_chunks()
            .0
            .iter()
            .map(|b| f32::from_le_bytes(*b))
            .collect()
    }

    fn numbers(&self, name: &str) -> Vec<i64> {
        let (_, element, bytes) = &self.constants[name];
        assert_eq!(*element, Element::I64 as i64, "{name}");
        let numbers = bytes.as_chunks().0.iter();
        numbers.map(|b| i64::from_le_bytes(*b)).collect()
    }

    /// Names and extents.
    fn values(&self, field: u32) -> Vec<(String, Vec<String>)> {
        let extent = |d: &read::Message| match d.numbers(1)[..] {
            [n] => n.to_string(),
            _ => d.text(2),
        };
        let value = |v: read::Message| {
            let tensor = v.messages(2)[0].messages(1).remove(0);
            let extents = tensor.messages(2)[0].messages(1);
            (v.text(1), extents.iter().map(extent).collect())
        };
        self.graph.messages(field).into_iter().map(value).collect()
    }

    fn operators(&self) -> Vec<String> {
        self.graph.messages(1).iter().map(|node| node.text(4)).collect()
    }

    fn count(&self, operator: &str) -> usize {
        self.operators().iter().filter(|op| *op == operator).count()
    }

    /// What a checker checks: every name is given once, and before it is asked for.
    fn assert_in_order(&self) {
        let mut given: HashSet<String> = self.constants.keys().cloned().collect();
        assert_eq!(given.len(), self.graph.messages(5).len());
        given.extend(self.values(11).into_iter().map(|(name, _)| name));
        let mut names = HashSet::new();
        for node in self.graph.messages(1) {
            assert!(names.insert(node.text(3)), "two nodes {}", node.text(3));
            for input in node.texts(1) {
                assert!(input.is_empty() || given.contains(&input), "no {input}");
            }
            for output in node.texts(2) {
                assert!(given.insert(output.clone()), "{output} twice");
            }
        }
        let outputs = self.values(12);
        assert!(outputs.iter().all(|(name, _)| given.contains(name)));
        let names = |values: Vec<(String, Vec<String>)>| values.into_iter().map(|(name, _)| name).collect();
        let interface = Interface {
            inputs: names(self.values(11)),
            outputs: names(outputs),
        };
        assert_eq!(interface, self.interface);
    }
}

#[test]
fn a_classifier_is_one_graph_with_what_a_caller_needs() {
    let options = Onnx {
        temperature: Some(1.5),
        licence: Some("cc0"),
        half: false,
    };
    let read = Read::of(&[files(Kind::Classifier, false, WORDS)], &options);
    read.assert_in_order();
    assert_eq!(
        (read.model.numbers(1), read.model.text(2)),
        (vec![8], "unfreeze".to_string())
    );
    assert_eq!(read.model.text(3), env!("CARGO_PKG_VERSION"));
    assert_eq!(read.model.messages(8)[0].numbers(2), [OPSET]);
    let values = |field: u32| json!(read.values(field));
    assert_eq!(
        values(11),
        json!([["tokens", ["batch", "time"]], ["lengths", ["batch"]]])
    );
    assert_eq!(values(12), json!([["probabilities", ["batch", "2"]]]));
    let metadata = read.metadata();
    let list = |key: &str| serde_json::from_str::<Value>(&metadata[key]).unwrap();
    assert_eq!(
        (list("labels"), list("vocab")),
        (json!(["no", "yes"]), json!(WORDS))
    );
    for (key, value) in [
        ("kind", "classifier"),
        ("tokenizer", "word"),
        ("unk", "0"),
        ("pad", "1"),
        ("bos", "2"),
        ("fields", "2"),
        ("licence", "cc0"),
    ] {
        assert_eq!(metadata[key], value, "{key}");
    }
    assert_eq!(read.floats("temperature"), [1.5]);
    assert_eq!([read.count("LSTM"), read.count("ReverseSequence")], [2, 0]);
    // Means of the last layer, of the first and of the words.
    assert_eq!(read.count("ReduceSum"), 3);
}

#[test]
fn gates_and_biases_lie_as_onnx_has_them() {
    let files = files(Kind::Classifier, false, WORDS);
    let read = Read::of(std::slice::from_ref(&files), &Onnx::default());
    let tensor = |name: &str| files.tensors[&format!("0.module.rnns.1.{name}")].data.clone();
    // The second layer has three units: three rows a gate, i f g o to i o f g.
    let order = [0, 1, 2, 9, 10, 11, 3, 4, 5, 6, 7, 8];
    let rows = |data: &[f32], width: usize| -> Vec<f32> {
        let row = |row: usize| data[row * width..][..width].to_vec();
        order.map(row).concat()
    };
    for (short, name, width) in [("W", "module.weight_ih_l0", 5), ("R", "weight_hh_l0_raw", 3)] {
        let constant = format!("forward/lstm_2.{short}");
        assert_eq!(read.floats(&constant), rows(&tensor(name), width), "{name}");
        assert_eq!(read.constants[&constant].0, [1, 12, width as i64]);
    }
    let biases = ["module.bias_ih_l0", "module.bias_hh_l0"].map(|name| rows(&tensor(name), 1));
    assert_eq!(read.floats("forward/lstm_2.B"), biases.concat());
    assert_eq!(read.constants["forward/lstm_2.B"].0, [1, 24]);
}

#[test]
fn both_directions_are_given_the_tokens_once() {
    let alike = [false, true].map(|backward| files(Kind::Classifier, backward, WORDS));
    let read = Read::of(&alike, &Onnx::default());
    read.assert_in_order();
    assert_eq!([read.count("LSTM"), read.count("ReverseSequence")], [4, 1]);
    assert!(!read.constants.contains_key("backward/numbers") && !read.constants.contains_key("temperature"));

    // The words of both, and what each calls them.
    let mut other = alike.clone();
    other[1] = files(Kind::Classifier, true, ["xxpad", "xxunk", "b", "a"]);
    let read = Read::of(&other, &Onnx::default());
    read.assert_in_order();
    assert_eq!(
        read.metadata()["vocab"],
        json!(["xxunk", "xxpad", "xxbos", "a", "b"]).to_string()
    );
    assert_eq!(read.numbers("forward/numbers"), [0, 1, 2, 3, 0]);
    assert_eq!(read.numbers("backward/numbers"), [1, 0, 1, 3, 2]);
}

#[test]
fn a_language_model_takes_and_gives_its_states() {
    let read = Read::of(&[files(Kind::LanguageModel, true, WORDS)], &Onnx::default());
    read.assert_in_order();
    // Hidden state and cell of five units and of three.
    assert_eq!(
        json!(read.values(11)),
        json!([["tokens", ["batch", "time"]], ["states", ["batch", "16"]]])
    );
    assert_eq!(
        json!(read.values(12)),
        json!([
            ["logits", ["batch", "time", "4"]],
            ["states_out", ["batch", "16"]]
        ])
    );
    assert_eq!(read.numbers("widths"), [5, 5, 3, 3]);
    let metadata = read.metadata();
    assert_eq!(
        (metadata["kind"].as_str(), metadata["reads"].as_str()),
        ("language_model", "backward")
    );
    assert!(!metadata.contains_key("labels") && !metadata.contains_key("licence"));
}

#[test]
fn matrices_are_halved_where_asked() {
    let mut files = files(Kind::LanguageModel, false, WORDS);
    let half = Onnx {
        half: true,
        ..Onnx::default()
    };
    let read = Read::of(std::slice::from_ref(&files), &half);
    read.assert_in_order();
    let halved = |(_, element, _): &&(Vec<i64>, i64, Vec<u8>)| *element == Element::F16 as i64;
    // The embedding, and two of each layer.
    assert_eq!(read.constants.values().filter(halved).count(), 5);
    assert_eq!(read.floats("forward/lstm_1.B").len(), 40);

    let embedding = files.tensors.get_mut("0.encoder.weight").unwrap();
    embedding.data[2] = 1e6;
    let error = model(std::slice::from_ref(&files), &half)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("0.encoder.weight") && error.contains("1000000 is too large"),
        "{error}"
    );
    assert!(model(&[files], &Onnx::default()).is_ok());
}

#[test]
fn what_cannot_be_written_is_said() {
    let path = Path::new("a.onnx");
    assert!(check_size(i32::MAX as u64, path).is_ok());
    let error = check_size(i32::MAX as u64 + 1, path).unwrap_err().to_string();
    assert!(
        error.starts_with("a.onnx: cannot be written as ONNX: it would have 2147 MB"),
        "{error}"
    );
    assert!(model(&[], &Onnx::default()).is_err());
    let error = |files: &[ModelFiles]| model(files, &Onnx::default()).unwrap_err().to_string();
    let forward = || files(Kind::Classifier, false, WORDS);
    assert_eq!(
        error(&[forward(), forward()]),
        "m: cannot be written as ONNX: it reads forward, as the other direction does"
    );
    let mut claims = forward();
    claims.config.architecture.hidden = usize::MAX;
    assert!(error(&[claims]).contains("is expected from config.json"));

    let mut lacking = forward();
    lacking.tensors.remove("1.layers.0.0.running_var");
    let error = error(&[lacking]);
    assert!(
        error.contains("'1.layers.0.0.running_var', which config.json asks for"),
        "{error}"
    );
}

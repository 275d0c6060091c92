use super::*;
use proptest::prelude::*;
use std::io::Write as _;

#[path = "pytorch_code_tests.rs"]
mod code;

/// A language model of 6 tokens, embedding 2, hidden 3 and three layers, with fastai v2's copies.
fn language_model() -> Tensors {
    let mut tensors = Tensors::new();
    let mut add = |name: &str, shape: &[usize]| {
        let count = shape.iter().product::<usize>();
        let data = (0..count).map(|at| (at + shape.len()) as f32).collect();
        tensors.insert(
            name.to_string(),
            NamedTensor {
                name: name.to_string(),
                shape: shape.to_vec(),
                data,
            },
        );
    };
    for name in ["0.encoder.weight", "0.encoder_dp.emb.weight", "1.decoder.weight"] {
        add(name, &[6, 2]);
    }
    add("1.decoder.bias", &[6]);
    for (layer, input, units) in [(0, 2, 3), (1, 3, 3), (2, 3, 2)] {
        add(&format!("0.rnns.{layer}.weight_hh_l0_raw"), &[4 * units, units]);
        add(
            &format!("0.rnns.{layer}.module.weight_hh_l0"),
            &[4 * units, units],
        );
        add(
            &format!("0.rnns.{layer}.module.weight_ih_l0"),
            &[4 * units, input],
        );
        add(&format!("0.rnns.{layer}.module.bias_ih_l0"), &[4 * units]);
        add(&format!("0.rnns.{layer}.module.bias_hh_l0"), &[4 * units]);
    }
    tensors
}

const SIZES: Architecture = Architecture {
    vocab: 6,
    embedding: 2,
    hidden: 3,
    layers: 3,
};

fn renamed(tensors: Tensors, rename: impl Fn(&str) -> Option<String>) -> Tensors {
    let rename = |(name, tensor): (String, NamedTensor)| rename(&name).map(|name| (name, tensor));
    tensors.into_iter().filter_map(rename).collect()
}

fn refused(change: impl Fn(&mut Tensors)) -> String {
    let mut tensors = language_model();
    change(&mut tensors);
    fastai_names(tensors).expect_err("refused").to_string()
}

#[test]
fn copies_are_dropped_and_the_sizes_found() {
    let model = fastai_names(language_model()).expect("a language model");
    assert_eq!(model.architecture, SIZES);
    assert_eq!(model.tensors.len(), 2 + 3 * 4);
    assert!(model.tensors.iter().all(|(name, tensor)| *name == tensor.name));
    for gone in [
        "0.encoder_dp.emb.weight",
        "0.rnns.0.module.weight_hh_l0",
        "1.decoder.weight",
    ] {
        assert!(!model.tensors.contains_key(gone), "{gone}");
    }
    assert_eq!(model.ignored, [""; 0]);
}

#[test]
fn the_raw_hidden_weights_count() {
    let mut tensors = language_model();
    let dropped = tensors.get_mut("0.rnns.1.module.weight_hh_l0").expect("there");
    dropped.data.fill(0.0);
    let model = fastai_names(tensors).expect("a language model");
    assert_eq!(model.tensors["0.rnns.1.weight_hh_l0_raw"].data[1], 3.0);
}

#[test]
fn other_versions_and_parts_give_the_same() {
    let whole = fastai_names(language_model()).expect("a language model");
    let old = renamed(language_model(), |name| match name {
        "0.encoder_dp.emb.weight" => Some("0.encoder_with_dropout.embed.weight".to_string()),
        "0.encoder.weight" => None,
        name if name.ends_with("module.weight_hh_l0") => None,
        name => Some(name.replace(".weight_hh_l0_raw", ".module.weight_hh_l0_raw")),
    });
    assert_eq!(fastai_names(old).expect("fastai 0.7"), whole);
    let plain = renamed(language_model(), |name| {
        (!name.ends_with("_raw") && !name.contains("_dp")).then(|| name.replace(".module", ""))
    });
    assert_eq!(fastai_names(plain).expect("no wrappers"), whole);

    let mut encoder = whole.tensors.clone();
    encoder.remove("1.decoder.bias");
    let saved = renamed(language_model(), |name| {
        name.strip_prefix("0.").map(str::to_string)
    });
    assert_eq!(fastai_names(saved).expect("save_encoder").tensors, encoder);
    let mut classifier = renamed(language_model(), |name| {
        name.strip_prefix("0.").map(|name| format!("0.module.{name}"))
    });
    let head = NamedTensor {
        name: "1.layers.0.0.weight".to_string(),
        shape: vec![1],
        data: vec![0.0],
    };
    classifier.insert(head.name.clone(), head);
    let read = fastai_names(classifier).expect("a classifier");
    assert_eq!(
        (read.tensors, read.ignored),
        (encoder, vec!["1.layers.0.0.weight".to_string()])
    );
}

#[test]
fn wrong_models_are_named() {
    let missing = refused(|tensors| drop(tensors.remove("0.rnns.1.module.bias_hh_l0")));
    assert!(
        missing.starts_with(
            "the weights have no tensor '0.rnns.1.module.bias_hh_l0'; expected a fastai AWD-LSTM"
        )
    );
    assert!(
        refused(|tensors| tensors.retain(|name, _| name.starts_with('1')))
            .contains("no tensor '0.encoder.weight'")
    );
    let shape = |name: &'static str, shape: &'static [usize]| {
        refused(move |tensors| tensors.get_mut(name).expect("there").shape = shape.to_vec())
    };
    assert_eq!(
        shape("0.rnns.1.module.weight_ih_l0", &[12, 5]),
        "tensor '0.rnns.1.module.weight_ih_l0' has shape [12, 5] where [12, 3] is expected from \
         0.rnns.0.weight_hh_l0_raw"
    );
    assert!(
        shape("1.decoder.bias", &[7]).ends_with("has shape [7] where [6] is expected from 0.encoder.weight")
    );
    assert!(shape("0.encoder.weight", &[12]).contains("from an embedding of tokens by features"));
    assert!(shape("0.rnns.0.weight_hh_l0_raw", &[12, 4]).contains("where [16, 4] is expected"));
    assert!(
        shape("0.rnns.2.weight_hh_l0_raw", &[12, 3])
            .contains("where [8, 2] is expected from 0.encoder.weight")
    );
    let untied = refused(|tensors| tensors.get_mut("1.decoder.weight").expect("there").data[0] += 1.0);
    assert!(
        untied
            .starts_with("the weights are of a model whose decoder is not tied to its encoder, which is not")
    );
    let add = |name: &'static str| {
        refused(move |tensors| {
            let tensor = NamedTensor {
                name: name.to_string(),
                shape: vec![1],
                data: vec![0.0],
            };
            tensors.insert(name.to_string(), tensor);
        })
    };
    assert!(add("0.rnns.0.module.weight_ih_l0_reverse").contains("a bidirectional LSTM"));
    assert!(add("0.rnns.0.layers.0.linear.weight_raw").contains("a QRNN"));
    assert!(add("0.rnns.7.module.bias_ih_l0").contains("where [12, 3] is expected"));
}

/// A checkpoint as `torch.save({'model': {...}, 'opt': {...}})` lays it out, with the storages given as
/// bytes.
fn saved(pickle: &[u8], storages: &[&[u8]]) -> Vec<u8> {
    let mut entries: Vec<(String, Vec<u8>)> = vec![("m/data.pkl".to_string(), pickle.to_vec())];
    entries.extend(
        storages
            .iter()
            .enumerate()
            .map(|(at, data)| (format!("m/data/{at}"), data.to_vec())),
    );
    entries.push(("m/version".to_string(), b"3\n".to_vec()));
    zip(&entries)
}

/// A ZIP archive without compression, as `torch.save` writes.
fn zip(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in entries {
        let mut crc = flate2::Crc::new();
        crc.update(data);
        let size = u32::try_from(data.len()).expect("small").to_le_bytes();
        let length = u16::try_from(name.len()).expect("short").to_le_bytes();
        let common = [
            &[0; 8][..],
            &crc.sum().to_le_bytes(),
            &size,
            &size,
            &length,
            &[0; 2],
        ]
        .concat();
        let offset = u32::try_from(out.len()).expect("small").to_le_bytes();
        directory.extend(
            [
                b"PK\x01\x02\x14\x00\x14\x00",
                &common[..],
                &[0; 10],
                &offset,
                name.as_bytes(),
            ]
            .concat(),
        );
        out.extend([b"PK\x03\x04\x14\x00", &common[..], name.as_bytes(), data].concat());
    }
    let count = u16::try_from(entries.len()).expect("few").to_le_bytes();
    let size = u32::try_from(directory.len()).expect("small").to_le_bytes();
    let offset = u32::try_from(out.len()).expect("small").to_le_bytes();
    [
        &out[..],
        &directory,
        b"PK\x05\x06\0\0\0\0",
        &count,
        &count,
        &size,
        &offset,
        b"\0\0",
    ]
    .concat()
}

/// The pickle of one tensor: its storage's type, number and element count, and its shape and strides.
fn tensor_pickle(storage: (&str, usize, usize), shape: [u8; 2], strides: [u8; 2]) -> Vec<u8> {
    let (kind, key, count) = storage;
    let mut out = b"ctorch._utils\n_rebuild_tensor_v2\n((".to_vec();
    write!(out, "Vstorage\nctorch\n{kind}\nV{key}\nVcpu\nI{count}\ntQI0\n").expect("a vector takes it");
    let pair = |out: &mut Vec<u8>, [a, b]: [u8; 2]| out.extend([b'K', a, b'K', b, 0x86]);
    pair(&mut out, shape);
    pair(&mut out, strides);
    out.extend(b"I00\nccollections\nOrderedDict\n)RtR");
    out
}

fn read(bytes: &[u8]) -> Result<Tensors, String> {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("m.pth");
    fs::write(&path, bytes).expect("written");
    read_checkpoint(&path).map_err(|error| error.to_string())
}

fn sample() -> Vec<u8> {
    let half: Vec<u8> = [1.5_f32, -2.0]
        .iter()
        .flat_map(|value| f16::from_f32(*value).to_le_bytes())
        .collect();
    let single: Vec<u8> = [1.0_f32, 2.0, 3.0, 4.0]
        .iter()
        .flat_map(|value| value.to_le_bytes())
        .collect();
    let pickle = [
        b"\x80\x02}(Vmodel\n}(V0.encoder.weight\n".as_slice(),
        &tensor_pickle(("FloatStorage", 0, 4), [2, 2], [1, 2]),
        b"V1.decoder.bias\n",
        &tensor_pickle(("HalfStorage", 1, 2), [1, 2], [2, 1]),
        b"Vsteps\n",
        &tensor_pickle(("LongStorage", 2, 1), [1, 1], [1, 1]),
        b"uVopt\n}Vstate\n",
        &tensor_pickle(("FloatStorage", 0, 4), [2, 2], [2, 1]),
        b"su.",
    ];
    saved(&pickle.concat(), &[&single, &half, &[0; 8]])
}

#[test]
fn checkpoints_with_an_optimiser_are_read() {
    let tensors = read(&sample()).expect("a checkpoint");
    assert_eq!(
        tensors.keys().collect::<Vec<_>>(),
        ["0.encoder.weight", "1.decoder.bias"]
    );
    // Stored transposed, so the strides must be honoured.
    assert_eq!(tensors["0.encoder.weight"].data, [1.0, 3.0, 2.0, 4.0]);
    assert_eq!(
        (
            tensors["1.decoder.bias"].shape.as_slice(),
            &tensors["1.decoder.bias"].data[..]
        ),
        (&[1, 2][..], &[1.5, -2.0][..])
    );
}

#[test]
fn damaged_and_hostile_checkpoints_are_refused() {
    let bytes = sample();
    for damaged in [&bytes[..bytes.len() / 2], b"not a checkpoint", b"\x80\x02}."] {
        let message = read(damaged).expect_err("damaged");
        assert!(
            message.contains("m.pth: not a readable PyTorch checkpoint: "),
            "{message}"
        );
    }
    assert!(
        read(b"")
            .expect_err("empty")
            .ends_with("m.pth: the file is empty")
    );
    // 255 x 255 x 40 numbers out of one, by a stride of zero.
    let one = tensor_pickle(("FloatStorage", 0, 1), [255, 255], [0, 0]);
    let mut pickle = b"\x80\x02}(".to_vec();
    for at in 0..40 {
        writeln!(pickle, "Vw{at}").expect("a vector takes it");
        pickle.extend(&one);
    }
    pickle.extend(b"u.");
    let message = read(&saved(&pickle, &[&[0; 4]])).expect_err("hostile");
    assert!(
        message.ends_with("its tensors are larger than the file"),
        "{message}"
    );
    let missing = read_checkpoint(Path::new("no/m.pth"))
        .expect_err("missing")
        .to_string();
    assert_eq!(missing, "no/m.pth: no such file; check the path");
}

#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
    let nested = [
        b"\x80\x02".as_slice(),
        &vec![b']'; 200_000],
        &vec![b'a'; 199_999],
        b".",
    ]
    .concat();
    assert!(read(&saved(&nested, &[])).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
        let _ = read(&saved(&bytes, &[&[0; 4]]));
    }

    #[test]
    fn changed_bytes_never_panic(changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..4)) {
        let mut bytes = sample();
        let length = bytes.len();
        for (at, byte) in changes {
            bytes[at % length] = byte;
        }
        if let Ok(tensors) = read(&bytes) {
            let _ = fastai_names(tensors);
        }
    }
}

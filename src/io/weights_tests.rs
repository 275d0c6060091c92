use super::*;
use proptest::prelude::*;

fn tensor(name: &str, shape: &[usize], data: &[f32]) -> (String, NamedTensor) {
    (
        name.to_string(),
        NamedTensor {
            name: name.to_string(),
            shape: shape.to_vec(),
            data: data.to_vec(),
        },
    )
}

fn sample() -> Tensors {
    [
        tensor("b", &[2, 2], &[1.0, -0.5, 3.25, 0.0]),
        tensor("a.bias", &[0], &[]),
        tensor("s", &[], &[7.0]),
    ]
    .into()
}

fn metadata() -> BTreeMap<String, String> {
    [("preset", "small"), ("format", "1"), ("é", "\"")]
        .map(|(k, v)| (k.to_string(), v.to_string()))
        .into()
}

/// A file of one type, built by hand.
fn raw(entries: &[(&str, &str, &[usize], &[u8])]) -> Vec<u8> {
    let mut header = Map::new();
    let mut data = Vec::new();
    for (name, dtype, shape, bytes) in entries {
        let offsets = [data.len(), data.len() + bytes.len()];
        header.insert(
            (*name).to_string(),
            json!({"dtype": dtype, "shape": shape, "data_offsets": offsets}),
        );
        data.extend_from_slice(bytes);
    }
    let header = Value::Object(header).to_string();
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &data].concat()
}

#[test]
fn what_is_written_reads_back_and_is_the_same_each_time() {
    let bytes = safetensors_bytes(&sample(), &metadata(), Precision::F32).expect("written");
    assert_eq!(
        bytes,
        safetensors_bytes(&sample(), &metadata(), Precision::F32).expect("written")
    );
    assert_eq!(
        parse_safetensors(&bytes, "x").expect("read"),
        (sample(), metadata())
    );
    let half = safetensors_bytes(&sample(), &BTreeMap::new(), Precision::F16).expect("written");
    assert_eq!(
        parse_safetensors(&half, "x").expect("read"),
        (sample(), BTreeMap::new())
    );
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("w.safetensors");
    write_safetensors(&path, &sample(), &metadata(), Precision::F32).expect("written");
    assert_eq!(fs::read(&path).expect("read"), bytes);
    assert_eq!(read_safetensors(&path).expect("read").0, sample());
}

#[test]
fn bytes_a_row_read_back_as_they_were_foretold() {
    let rows: Vec<f32> = (0..60).map(|i| ((i * 37) % 41) as f32 * 0.01 - 0.2).collect();
    let tensors: Tensors = [
        tensor("0.encoder.weight", &[12, 5], &rows),
        tensor("0.rnns.0.weight", &[5, 12], &rows),
        tensor("bias", &[3], &[0.5, -0.25, 8.0]),
        tensor("empty row", &[2, 2], &[0.0, 0.0, 1.0, -1.0]),
    ]
    .into();
    for precision in [Precision::F16, Precision::EmbeddingI8, Precision::MatricesI8] {
        let bytes = safetensors_bytes(&tensors, &metadata(), precision).expect("written");
        let read = parse_safetensors(&bytes, "x").expect("read").0;
        assert_eq!(read, as_stored(&tensors, precision), "{precision:?}");
        for (name, tensor) in &tensors {
            let worst = tensor
                .data
                .iter()
                .zip(&read[name].data)
                .map(|(a, b)| (a - b).abs());
            assert!(
                worst.fold(0.0, f32::max) <= 0.2 / 254.0 + 1e-6,
                "{precision:?}: {name}"
            );
        }
    }
    let size = |precision| {
        safetensors_bytes(&tensors, &BTreeMap::new(), precision)
            .expect("written")
            .len()
    };
    assert!(size(Precision::MatricesI8) < size(Precision::F32));
}

#[test]
fn other_types_become_f32() {
    let bytes = raw(&[
        ("d", "F64", &[1], &2.5_f64.to_le_bytes()),
        (
            "h",
            "BF16",
            &[2],
            &[
                bf16::from_f32(1.5).to_le_bytes(),
                bf16::from_f32(-2.0).to_le_bytes(),
            ]
            .concat(),
        ),
        ("q", "I8", &[2, 3], &[1, 2, 255, 4, 0, 128]),
        (
            "q.scale",
            "F32",
            &[2],
            &[0.5_f32.to_le_bytes(), 2.0_f32.to_le_bytes()].concat(),
        ),
    ]);
    let (tensors, _) = parse_safetensors(&bytes, "x").expect("read");
    assert_eq!(tensors.keys().collect::<Vec<_>>(), ["d", "h", "q"]);
    assert_eq!(tensors["d"].data, [2.5]);
    assert_eq!(tensors["h"].data, [1.5, -2.0]);
    assert_eq!(tensors["q"].data, [0.5, 1.0, -0.5, 8.0, 0.0, -256.0]);
}

#[test]
fn faults_name_the_file_and_the_tensor() {
    let message = |bytes: &[u8]| {
        parse_safetensors(bytes, "w.safetensors")
            .expect_err("refused")
            .to_string()
    };
    let bytes = safetensors_bytes(&sample(), &metadata(), Precision::F32).expect("written");
    for cut in [0, 5, 20, bytes.len() - 1] {
        let message = message(&bytes[..cut]);
        assert!(
            message.starts_with("w.safetensors: not a whole safetensors file: "),
            "{message}"
        );
    }
    assert_eq!(
        message(&raw(&[("n", "I64", &[1], &[0; 8])])),
        "w.safetensors: tensor 'n': holds I64 numbers; expected F32, F16, BF16, F64 or scaled I8"
    );
    assert!(
        message(&raw(&[("q", "I8", &[1], &[1])])).ends_with("tensor 'q': holds I8 numbers without 'q.scale'")
    );
    let scale = raw(&[("q", "I8", &[2], &[1, 2]), ("q.scale", "F32", &[1], &[0; 4])]);
    assert!(message(&scale).ends_with("tensor 'q': has 2 rows but 'q.scale' has 1 factors"));
    let large: Tensors = [tensor("w", &[1], &[1e6])].into();
    let error = safetensors_bytes(&large, &BTreeMap::new(), Precision::F16).expect_err("too large");
    assert!(
        error
            .to_string()
            .ends_with("tensor 'w': 1000000 is too large for F16; write it as F32")
    );
    let short: Tensors = [tensor("w", &[3], &[1.0])].into();
    let error = safetensors_bytes(&short, &BTreeMap::new(), Precision::F32).expect_err("short");
    assert!(
        error
            .to_string()
            .ends_with("tensor 'w': has 1 numbers for the shape [3]")
    );
    let missing = read_safetensors(Path::new("no/such.safetensors")).expect_err("missing");
    assert_eq!(
        missing.to_string(),
        "no/such.safetensors: no such file; check the path"
    );
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse_safetensors(&bytes, "x");
    }

    #[test]
    fn changed_bytes_never_panic(at in any::<usize>(), byte in any::<u8>()) {
        let mut bytes = safetensors_bytes(&sample(), &metadata(), Precision::F32).expect("written");
        let length = bytes.len();
        bytes[at % length] = byte;
        let _ = parse_safetensors(&bytes, "x");
    }

    #[test]
    fn arbitrary_headers_never_panic(
        dtype in "F32|F16|I8|F64|F4|X", shape in proptest::collection::vec(any::<usize>(), 0..3), size in 0_usize..20
    ) {
        let _ = parse_safetensors(&raw(&[("a", &dtype, &shape, &vec![1; size])]), "x");
    }
}

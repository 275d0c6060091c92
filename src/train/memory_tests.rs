//! Memory over many steps, of whatever adapter wgpu finds and of the process that trains on the processor.

use burn::tensor::Device;

use super::optimiser::{Adam, Optimiser};
use crate::gpu::testing::test_adapter;
use crate::model::dropout::Draw;
use crate::model::{Architecture, Dropouts, LanguageModel, Network as _, Targets, Tokens};

/// Set for the process that measures.
const ALONE: &str = "UNFREEZE_TEST_ALONE";

/// Runs a test in a process of its own, for pools and resident memory belong to all tests of a process, which run at the same
/// time. Whether this is that process.
fn is_alone(test: &str) -> bool {
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let name = format!("train::memory_tests::{test}");
    let program = std::env::current_exe().expect("the name of this program");
    let output = std::process::Command::new(program)
        .args(["--exact", &name, "--nocapture"])
        .env(ALONE, "1")
        .output()
        .expect("it starts");
    let told = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
    assert!(output.status.success(), "{}", told.concat());
    assert!(told[0].contains("1 passed"), "{}", told.concat());
    eprint!("{}", told[1]);
    false
}

/// Training at a fixed shape must hold on to nothing from step to step. During the first steps CubeCL's cache of info words
/// fills up.
#[test]
fn device_memory_is_flat_over_many_steps() {
    if !is_alone("device_memory_is_flat_over_many_steps") {
        return;
    }
    let Some(device) = test_adapter() else { return };
    let usage = train(&device, || {
        device.sync().expect("the device");
        device.memory_pool_usage().expect("wgpu reports its pools")
    });
    let [before, after] = &usage;
    eprintln!("after 70 steps {before:?}, after 520 {after:?}");
    assert!(
        after.number_allocs <= before.number_allocs && after.bytes_reserved <= before.bytes_reserved,
        "it grows"
    );
}

/// An array as large as a layer's weights that every step left behind would be four mebibytes in the end.
#[test]
#[cfg(target_os = "linux")]
fn the_processor_needs_no_more_memory_after_many_steps() {
    if !is_alone("the_processor_needs_no_more_memory_after_many_steps") {
        return;
    }
    let resident = || {
        let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|rest| rest.trim().strip_suffix(" kB"));
        kib.and_then(|kib| kib.trim().parse::<u64>().ok())
            .expect("a number")
    };
    let [before, after] = train(&Device::flex(), resident);
    eprintln!("after 70 steps {before} KiB, after 520 {after} KiB");
    assert!(after < before + 1024, "{before} KiB became {after} KiB");
}

/// What `measure` says after 70 steps and after 520.
fn train<T: std::fmt::Debug>(device: &Device, measure: impl Fn() -> T) -> [T; 2] {
    let arch = Architecture {
        vocab: 503,
        embedding: 16,
        hidden: 24,
        layers: 2,
    };
    let (time, batch) = (3, 2);
    let mut model = LanguageModel::new(arch, 1, device);
    let mut optimiser = Optimiser::new(Adam::PAPER, 0.01, 0.3);
    let rates = vec![1e-3; model.groups().len()];
    let mut states = model.encoder.zero_states(batch);
    let mut usage = Vec::new();
    for step in 0..520u32 {
        model.visit_mut(&mut |_, _, p| p.track(true));
        let ids = |salt: u32| (0..6).map(|i| (i * 97 + salt * 7) % 503).collect::<Vec<u32>>();
        let tokens = Tokens::new(ids(step), time, batch);
        let draw = Draw {
            seed: 1,
            step: u64::from(step),
        };
        let masks = model.masks(draw, &Dropouts::LANGUAGE_MODEL, batch);
        let (loss, next) = model.loss(
            &tokens,
            &Targets::All(ids(step + 1).into()),
            states,
            &masks,
            (2.0, 1.0),
        );
        states = next;
        let gradients = loss.total().backward();
        let stepped = optimiser.step(&mut model, gradients, &rates, None, None);
        futures_lite::future::block_on(stepped).expect("a step");
        drop((loss, masks, tokens));
        if step == 69 || step == 519 {
            usage.push(measure());
        }
    }
    usage.try_into().expect("two measurements")
}

//! Every entry point of every shader, with the constants that the operations prepend, held to what any WebGPU adapter
//! promises: naga's validation without any optional capability, 16 KiB of workgroup memory, 256 invocations, 7 storage
//! buffers, and every declared binding used (a layout made by the driver drops the others).
//!
//! What no tool sees is kept by review. Workgroup memory is not cleared natively (browsers clear it), so each shader
//! writes an element before any invocation reads it:
//!
//! - `lstm`: both pieces are stored whole, zeros beyond the edges, before the barrier in front of the product; every slice
//!   stores all of its parts before they are added.
//! - `lstm_sequence`: the first half of the hidden states and all cells of a slot are loaded for every unit before the
//!   first step; a step reads the half that the one before has stored whole, behind a barrier. Lanes beyond the last
//!   slot touch neither.
//! - `lstm_sequence_back`: all gradients of a slot are zeroed or loaded before the first step; a step's products read them
//!   behind one barrier and new ones are stored behind another.
//! - `product`: both tiles are stored whole, zeros beyond the edges, before the barrier in front of each piece.
//! - `sums`: every lane stores its sum before the first one adds them up.
//! - `linear_cross_entropy`: all 256 invocations store their partial result before the reduction.
//!
//! Out-of-bounds accesses are not clamped natively either: indices are bounded by the shaders themselves.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use naga::AddressSpace;
use naga::valid::{Capabilities, ValidationFlags, Validator};

use super::lstm::gpu::Forward;
use super::{adam, concat_pool, dropout_mask, embedding, linear_cross_entropy, lstm, product};
use crate::gpu::caps::DeviceCaps;
use crate::gpu::kernel::Kernel;

/// Each kernel as it is launched, over sizes that occur, with the number of its buffers.
fn launched() -> Vec<(Kernel, usize)> {
    let mut all = vec![
        (adam::gpu::kernel(), 6),
        (dropout_mask::gpu::kernel(), 1),
        (linear_cross_entropy::gpu::kernel(), 3),
    ];
    for width in [1, 50, 128, 400] {
        all.push((embedding::gpu::kernel("gather", width), 3));
        all.push((embedding::gpu::kernel("scatter", width), 3));
        all.push((concat_pool::gpu::kernel("pool", width), 4));
        all.push((concat_pool::gpu::kernel("pool_backward", width), 4));
    }
    for turned in [[false, false], [false, true], [true, false], [true, true]] {
        // The left operand's columns make a difference only where it is turned.
        let sizes: &[(usize, usize)] = if turned[0] {
            &[(4, 4), (3, 4), (4, 3), (3, 3)]
        } else {
            &[(4, 4), (4, 3)]
        };
        for &(m, n) in sizes {
            for halves in [1, 2] {
                all.push((product::kernel(product::access(turned, m, n), turned, halves), 4));
            }
        }
    }
    all.push((product::sum_kernel("product_sum"), 3));
    all.push((product::sum_kernel("sum_rows"), 2));
    all.push((product::sum_kernel("total"), 2));
    for hidden in [
        1, 7, 16, 64, 100, 128, 255, 256, 257, 300, 320, 341, 342, 400, 512, 1_150, 1_152,
    ] {
        // A step's kernels differ by their sizes in nothing but numbers, and take a browser long to compile.
        if [1, 100, 512, 1_152].contains(&hidden) {
            for rows in [8, 16, 32] {
                all.push((lstm::gpu::step_kernel("forward", hidden, rows), 4));
                all.push((lstm::gpu::step_kernel("backward_end", hidden, rows), 4));
                all.push((lstm::gpu::step_kernel("backward_step", hidden, rows), 5));
            }
        }
        if Forward::SequenceOne.sequence_back(&DeviceCaps::FLOOR, hidden) {
            all.push((lstm::gpu::kernel("sequence_back", hidden), 5));
        }
        for (variant, entry) in [
            (Forward::SequenceOne, "sequence_one"),
            (Forward::SequenceFour, "sequence_four"),
        ] {
            if variant.fits(&DeviceCaps::FLOOR, hidden) {
                all.push((lstm::gpu::kernel(entry, hidden), 4));
            }
        }
    }
    all
}

/// A shader without its comments.
fn code(text: &str) -> String {
    let line = |line: &str| line.split("//").next().unwrap_or_default().to_string();
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn shaders_keep_within_what_every_adapter_promises() {
    for (kernel, buffers) in launched() {
        let name = format!("{} {:?}", kernel.entry, kernel.constants);
        let text = kernel.text();
        let module = naga::front::wgsl::parse_str(&text)
            .unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(&text)));
        let info = Validator::new(ValidationFlags::all(), Capabilities::empty())
            .validate(&module)
            .unwrap_or_else(|e| panic!("{name}: {}", e.emit_to_string(&text)));
        let index = module
            .entry_points
            .iter()
            .position(|e| e.name == kernel.entry)
            .unwrap_or_else(|| panic!("{name}: no such entry point"));
        let size = module.entry_points[index].workgroup_size;
        assert!(
            size.iter().product::<u32>() <= DeviceCaps::FLOOR.invocations,
            "{name}: a workgroup of {size:?}"
        );
        let uses = info.get_entry_point(index);
        let mut workgroup = 0;
        let (mut storage, mut uniform) = (BTreeSet::new(), BTreeSet::new());
        for (handle, variable) in module.global_variables.iter() {
            if uses[handle].is_empty() {
                continue;
            }
            match variable.space {
                AddressSpace::WorkGroup => {
                    workgroup += module.types[variable.ty]
                        .inner
                        .size(module.to_ctx())
                        .next_multiple_of(16);
                }
                AddressSpace::Storage { .. } => {
                    storage.extend(variable.binding.map(|b| (b.group, b.binding)));
                }
                AddressSpace::Uniform => {
                    uniform.extend(variable.binding.map(|b| (b.group, b.binding)));
                }
                other => panic!("{name}: {:?} is in {other:?}", variable.name),
            }
        }
        assert!(
            workgroup <= DeviceCaps::FLOOR.workgroup_memory,
            "{name}: {workgroup} bytes of workgroup memory"
        );
        assert!(
            buffers <= DeviceCaps::FLOOR.storage_buffers as usize,
            "{name}: {buffers} storage buffers"
        );
        let want: BTreeSet<_> = (0..buffers as u32).map(|i| (0, i)).collect();
        assert_eq!(
            storage, want,
            "{name}: storage bindings that the entry point uses"
        );
        assert_eq!(
            uniform,
            BTreeSet::from([(0, buffers as u32)]),
            "{name}: the info words"
        );
        for word in ["enable ", "subgroup", "f16", "atomic", "requires "] {
            assert!(!code(&text).contains(word), "{name} uses {word}");
        }
    }
}

/// Gives every kernel to `tests/web/webgpu.test.mjs`, where `$UNFREEZE_KERNELS` names a file: a browser's compiler is not naga.
#[test]
#[ignore = "writes a file for the tests of the page"]
fn kernels_for_the_browser() {
    let path = std::env::var_os("UNFREEZE_KERNELS").expect("UNFREEZE_KERNELS names a file");
    let kernel = |(kernel, _): &(Kernel, usize)| {
        let name = format!("{} {:?}", kernel.entry, kernel.constants);
        serde_json::json!({ "name": name, "entry": kernel.entry, "code": kernel.text() })
    };
    let all: Vec<serde_json::Value> = launched().iter().map(kernel).collect();
    fs::write(path, serde_json::to_vec(&all).unwrap()).unwrap();
}

#[test]
fn every_entry_point_is_launched_by_an_operation() {
    let launched: BTreeSet<String> = launched().iter().map(|(k, _)| k.entry.to_string()).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("shaders");
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).expect("the shaders") {
        let text = code(&fs::read_to_string(entry.expect("a file").path()).expect("a shader"));
        for rest in text.split("@compute").skip(1) {
            let name = rest.split("fn ").nth(1).and_then(|r| r.split('(').next());
            assert!(
                found.insert(name.expect("an entry point").to_string()),
                "{name:?} twice: names key the pipelines"
            );
        }
    }
    assert_eq!(found, launched);
}

#[test]
fn small_layers_run_many_steps_a_dispatch_where_dispatches_are_dear() {
    let software = DeviceCaps {
        software: true,
        ..DeviceCaps::FLOOR
    };
    assert_eq!(Forward::choose(&software, 1, 256), Forward::SequenceOne);
    assert_eq!(Forward::choose(&software, 32, 256), Forward::SequenceFour);
    assert_eq!(Forward::choose(&software, 64, 400), Forward::Step);
    assert_eq!(Forward::choose(&software, 1, 1_152), Forward::Step);
    assert_eq!(Forward::choose(&DeviceCaps::FLOOR, 32, 256), Forward::Step);
    for hidden in 1..=320 {
        assert!(Forward::SequenceFour.fits(&software, hidden), "{hidden} units");
        assert!(
            Forward::SequenceFour.sequence_back(&software, hidden),
            "{hidden} units back"
        );
    }
    let tight = DeviceCaps {
        workgroup_memory: 8 << 10,
        ..software
    };
    assert_eq!(Forward::choose(&tight, 32, 256), Forward::Step);
}

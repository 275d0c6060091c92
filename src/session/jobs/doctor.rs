//! Adapters, limits, and the device that would be used and why.

use serde_json::{Map, json};

use super::super::base;
use super::super::control::Control;
use super::super::engine::{Outcome, start};
use super::super::protocol::{Common, Event};
use super::card::count;
use super::load::base_model;
use crate::gpu::caps::DeviceCaps;
use crate::gpu::device::{Adapter, adapters};
use crate::model::Architecture;
use crate::session::number::counted;

/// What the kernels need of an adapter, and what each one has.
fn limits(found: &[Adapter]) -> Event {
    let number = |n: u32| count(n as usize);
    let limit = |name: &str, text: &dyn Fn(&DeviceCaps) -> String| {
        let all = std::iter::once(&DeviceCaps::FLOOR).chain(found.iter().map(|a| &a.caps));
        let mut row = vec![name.to_string()];
        row.extend(all.map(text));
        row
    };
    let mut columns = vec!["limit".to_string(), "needed".to_string()];
    columns.extend(found.iter().map(|a| a.name.clone()));
    Event::Table {
        title: "Limits".into(),
        columns,
        rows: vec![
            limit("storage buffers of a stage", &|c| number(c.storage_buffers)),
            limit("workgroup memory, KiB", &|c| number(c.workgroup_memory >> 10)),
            limit("invocations of a workgroup", &|c| number(c.invocations)),
            limit("workgroups of a dimension", &|c| number(c.workgroups)),
            limit("largest binding, MiB", &|c| count((c.binding >> 20) as usize)),
        ],
    }
}

/// "embedding 128, hidden 256, 3 layers, 8,008 words".
fn sizes(arch: &Architecture) -> String {
    let Architecture {
        vocab,
        embedding,
        hidden,
        layers,
    } = *arch;
    format!(
        "embedding {embedding}, hidden {hidden}, {}, {} words",
        counted(layers as u64, "layer"),
        count(vocab)
    )
}

const MODEL_COLUMNS: [&str; 6] = [
    "model",
    "reads",
    "sizes",
    "trained on",
    "tokens read",
    "perplexity",
];

fn reads(backward: bool) -> &'static str {
    if backward {
        "from the end"
    } else {
        "from the beginning"
    }
}

pub async fn run(common: &Common, control: &mut Control) -> Outcome {
    let found = adapters().await;
    let cells = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    control.emit(Event::Table {
        title: "Adapters".into(),
        columns: cells(&["adapter", "API", "kind", "driver"]),
        rows: found
            .iter()
            .map(|a| {
                let kind = if a.caps.software {
                    "software renderer"
                } else {
                    &a.kind
                };
                cells(&[&a.name, &a.api, kind, &a.driver])
            })
            .collect(),
    });
    if !found.is_empty() {
        control.emit(limits(&found));
    }
    if found.is_empty() {
        control.note("wgpu finds no adapter: no GPU, or no Vulkan, Metal or DirectX 12 driver for it");
    }
    let mut models = Vec::new();
    let mut rows = Vec::new();
    for backward in [false, true] {
        if base::files(backward).is_none() {
            let mut row = cells(&["built-in", reads(backward), "fetched when it is first needed"]);
            row.resize(MODEL_COLUMNS.len(), String::new());
            rows.push(row);
            continue;
        }
        let model = base_model(backward)?;
        let config = &model.config;
        rows.push(vec![
            "built-in".to_string(),
            reads(backward).to_string(),
            sizes(&config.architecture),
            config.training["corpus"].as_str().unwrap_or("?").to_string(),
            config.training["tokens_seen"]
                .as_u64()
                .map_or("?".into(), |n| count(n as usize)),
            config.training["perplexity"]
                .as_f64()
                .map_or("?".into(), |p| format!("{p:.1}")),
        ]);
        models.push(json!({
            "model": "built-in",
            "backward": backward,
            "architecture": model.config.architecture,
            "training": model.config.training,
        }));
    }
    control.emit(Event::Table {
        title: "Models".into(),
        columns: cells(&MODEL_COLUMNS),
        rows,
    });
    // Tells the device that would be used, and why.
    start(control, "doctor", common).await?;
    let mut result = Map::new();
    result.insert("adapters".into(), json!(found));
    result.insert("models".into(), json!(models));
    result.insert("threads".into(), json!(rayon::current_num_threads()));
    Ok(result)
}

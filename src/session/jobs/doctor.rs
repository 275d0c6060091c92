//! Adapters, limits, and the device that would be used and why.

use serde_json::{Map, json};

use super::super::control::Control;
use super::super::engine::{Outcome, start};
use super::super::protocol::{Common, Event};
use super::load::base_model;
use crate::gpu::device::adapters;

pub async fn run(common: &Common, control: &mut Control) -> Outcome {
    let found = adapters().await;
    let mib = |bytes: u64| format!("{} MiB", bytes >> 20);
    let columns = [
        "adapter",
        "API",
        "kind",
        "driver",
        "largest binding",
        "buffers a stage",
        "workgroup memory",
        "workgroup",
    ];
    let rows = found
        .iter()
        .map(|a| {
            vec![
                a.name.clone(),
                a.api.clone(),
                if a.software {
                    "software renderer".into()
                } else {
                    a.kind.clone()
                },
                a.driver.clone(),
                mib(a.max_storage_binding),
                a.storage_buffers.to_string(),
                format!("{} KiB", a.workgroup_memory >> 10),
                a.workgroup_size.to_string(),
            ]
        })
        .collect();
    control.emit(Event::Table {
        title: "Adapters".into(),
        columns: columns.map(String::from).to_vec(),
        rows,
    });
    if found.is_empty() {
        control.note("wgpu finds no adapter: no GPU, or no Vulkan, Metal or DirectX 12 driver for it");
    }
    let mut models = Vec::new();
    for backward in [false, true] {
        let model = base_model(backward)?;
        models.push(json!({
            "model": "built-in",
            "backward": backward,
            "architecture": model.config.architecture,
            "training": model.config.training,
        }));
    }
    let row = |m: &serde_json::Value| {
        vec![
            "built-in".to_string(),
            if m["backward"] == true {
                "backward".into()
            } else {
                "forward".into()
            },
            m["architecture"].to_string(),
            m["training"]["perplexity"]
                .as_f64()
                .map_or("?".into(), |p| format!("{p:.1}")),
        ]
    };
    let columns = ["model", "direction", "sizes", "perplexity"]
        .map(String::from)
        .to_vec();
    control.emit(Event::Table {
        title: "Models".into(),
        columns,
        rows: models.iter().map(row).collect(),
    });
    let device = start(control, "doctor", common).await?;
    let mut result = Map::new();
    result.insert("adapters".into(), json!(found));
    result.insert("models".into(), json!(models));
    result.insert("threads".into(), json!(rayon::current_num_threads()));
    result.insert("device".into(), json!(format!("{device:?}")));
    Ok(result)
}

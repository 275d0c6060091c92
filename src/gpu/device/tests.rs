use super::*;

fn adapter(name: &str, api: &str, kind: &str) -> Adapter {
    Adapter {
        name: name.into(),
        api: api.into(),
        kind: kind.into(),
        driver: String::new(),
        caps: DeviceCaps {
            software: kind == "Cpu",
            ..DeviceCaps::FLOOR
        },
        max_buffer: 256 << 20,
        timestamps: true,
    }
}

#[test]
fn the_gpu_that_computes_is_named_and_not_the_first_one() {
    let all = [
        adapter("llvmpipe", "Vulkan", "Cpu"),
        adapter("integrated", "Vulkan", "IntegratedGpu"),
        adapter("first card", "Vulkan", "DiscreteGpu"),
        adapter("second card", "Vulkan", "DiscreteGpu"),
        adapter("third card", "Dx12", "DiscreteGpu"),
    ];
    let name = |adapters: &[Adapter]| fastest(adapters).map(|a| a.name.clone());
    assert_eq!(name(&all).as_deref(), Some("first card"));
    assert_eq!(name(&all[..2]).as_deref(), Some("integrated"));
    assert_eq!(name(&all[..1]), None);
    // Another interface's card is not opened while the first interface has a real GPU.
    let two = [all[1].clone(), all[4].clone()];
    assert_eq!(name(&two).as_deref(), Some("integrated"));
}

#[test]
fn a_browser_without_timestamps_falls_short() {
    let mut nameless = adapter("", "BrowserWebGpu", "Other");
    assert_eq!(nameless.shortfall(true), None);
    nameless.timestamps = false;
    assert_eq!(nameless.shortfall(false), None);
    let lack = nameless.shortfall(true).unwrap();
    let name = nameless.called().to_string();
    let chosen = or_cpu(Choice::Auto, Err(Error::Weak { name, lack })).unwrap();
    assert_eq!(
        chosen.reason,
        "the GPU of this browser offers only WebGPU without timestamp queries"
    );
}

#[test]
fn a_gpu_that_cannot_be_opened_leaves_the_cpu_to_those_who_do_not_insist() {
    let refused = || Err(Error::Unopened("out of memory".into()));
    let chosen = or_cpu(Choice::Auto, refused()).unwrap();
    assert!(chosen.name.starts_with("CPU"), "{}", chosen.name);
    assert_eq!(chosen.reason, "the GPU cannot be opened (out of memory)");
    assert!(matches!(or_cpu(Choice::Gpu, refused()), Err(Error::Unopened(_))));
}

#[test]
fn what_an_adapter_is_told_as_has_no_timestamps() {
    let told = serde_json::to_value(adapter("a", "Vulkan", "DiscreteGpu")).unwrap();
    assert!(told.get("timestamps").is_none(), "{told}");
}

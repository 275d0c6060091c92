//! A graphics card that goes away in the middle of a run, as after a driver's reset.

use cubecl::wgpu::{AutoGraphicsApi, RuntimeOptions, WgpuDevice, init_setup};
use unfreeze::session::Session;
use unfreeze::session::protocol::{Command, DeviceChoice, Event, Job};

use super::{Outcome, Place, rest, send, start, step_of, until};

fn on(device: DeviceChoice, job: Job) -> Job {
    match job {
        Job::Adapt(mut adapt) => {
            adapt.common.device = device;
            Job::Adapt(adapt)
        }
        other => other,
    }
}

/// The engine stays, says what happened, and goes on from the last checkpoint on the processor.
#[test]
fn a_lost_device_ends_the_run_and_not_the_engine() {
    if futures_lite::future::block_on(unfreeze::gpu::device::adapters()).is_empty() {
        assert!(
            std::env::var_os("UNFREEZE_WGPU").is_none_or(|set| set.is_empty()),
            "UNFREEZE_WGPU is set and there is no adapter: install a Vulkan driver (mesa-vulkan-drivers has a software one)"
        );
        return;
    }
    let place = Place::new();
    // The device that the engine will use: opened here, so that it can be destroyed under its feet.
    let setup = init_setup::<AutoGraphicsApi>(&WgpuDevice::default(), RuntimeOptions::default());
    let session = Session::spawn().expect("a thread");
    start(&session, on(DeviceChoice::Wgpu, place.adapt("lost", false)));
    until(&session, |event| step_of(event) == Some(6));
    send(&session, Command::Save);
    let events = until(&session, |event| matches!(event, Event::Saved { .. }));
    let Some(&Event::Saved { step: saved, .. }) = events.last() else {
        unreachable!()
    };

    setup.device.destroy();
    match rest(&session).last() {
        Some(Event::Failed {
            device: Some(what),
            usage: false,
            message,
            ..
        }) => {
            assert!(what.contains("device"), "{what}");
            assert!(message.contains("--resume"), "{message}");
        }
        other => panic!("{other:?}"),
    }
    // The same device again: it is still gone, and that is said once more, without a hang.
    start(&session, on(DeviceChoice::Wgpu, place.adapt("lost", true)));
    let ended = rest(&session);
    assert!(
        matches!(ended.last(), Some(Event::Failed { device: Some(_), .. })),
        "{:?}",
        ended.last()
    );

    start(&session, on(DeviceChoice::Cpu, place.adapt("lost", true)));
    let events = rest(&session);
    assert!(
        matches!(events.last(), Some(Event::Done { .. })),
        "{:?}",
        events.last()
    );
    let losses = Outcome::of(&events).losses;
    assert_eq!(losses.first().map(|&(step, _)| step), Some(saved + 1));
}

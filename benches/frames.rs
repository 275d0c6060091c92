//! How long the window takes for a frame while nothing happens and while it trains: `cargo bench --bench frames`, with
//! `-- wgpu` for training on the same adapter that draws.
//!
//! The window is the real one, drawn at 1280 x 800 on whatever adapter wgpu finds, without a display. A frame is layout,
//! drawing and reading the picture back, which a real window need not do.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement that goes wrong is to end loudly, and prints what it found"
)]

use std::time::{Duration, Instant};

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use unfreeze::session::exchange::Shelf;
use unfreeze::session::protocol::DeviceChoice;
use unfreeze::ui::settings::Settings;
use unfreeze::ui::{App, Screen};

/// Labels that are given before training.
const LABELS: usize = 24;
/// Frames while nothing happens.
const IDLE: usize = 100;
/// Longest training that is watched.
const WATCHED: Duration = Duration::from_secs(40);
/// Time between two frames that the window asks for while it trains.
const PACE: Duration = Duration::from_millis(33);

fn frame(harness: &mut Harness<'_, App>) -> Duration {
    let began = Instant::now();
    harness.step();
    harness.render().expect("a picture");
    began.elapsed()
}

fn until(harness: &mut Harness<'_, App>, what: &str, happened: impl Fn(&App) -> bool) {
    let began = Instant::now();
    while !happened(harness.state()) {
        assert!(began.elapsed() < Duration::from_secs(300), "never: {what}");
        harness.step();
        std::thread::sleep(Duration::from_millis(5));
    }
    harness.run_steps(2);
}

fn report(what: &str, mut frames: Vec<Duration>) {
    assert!(!frames.is_empty(), "no frames of {what}");
    frames.sort();
    let at = |share: f64| frames[((frames.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    println!(
        "| {what} | {} | {:.1} | {:.1} | {:.1} |",
        frames.len(),
        at(0.5),
        at(0.95),
        at(1.0)
    );
}

fn answered(app: &App) -> usize {
    let project = app.shared().project.as_ref().map(|open| &open.project);
    project.map_or(0, |p| p.answered().count())
}

fn main() {
    let device = if std::env::args().any(|a| a == "wgpu") {
        DeviceChoice::Wgpu
    } else {
        DeviceChoice::Cpu
    };
    let settings = Settings {
        device,
        ..Settings::default()
    };
    let began = Instant::now();
    let mut harness = Harness::builder()
        .with_size([1280.0, 800.0])
        .wgpu()
        .build_eframe(move |cc| {
            App::with_shelf(&cc.egui_ctx, settings, Shelf::in_memory()).expect("a thread")
        });
    harness
        .ctx
        .set_missing_glyph_policy(egui::MissingGlyphPolicy::Tofu);
    frame(&mut harness);
    println!(
        "first frame after {:.2} s, the adapter opened for it\n",
        began.elapsed().as_secs_f64()
    );
    println!("| training on {device:?} | frames | p50, ms | p95, ms | worst, ms |\n|---|---|---|---|---|");

    harness.get_by_label_contains("Try the sample").click();
    until(&mut harness, "the sample", |app| app.shared().project.is_some());
    until(&mut harness, "something to ask", |app| {
        !app.shared().insight.queue.is_empty()
    });
    let mut labelling = Vec::new();
    for given in 1..=LABELS {
        harness.key_press([Key::Num1, Key::Num2, Key::Num3][given % 3]);
        labelling.push(frame(&mut harness));
        until(&mut harness, "a label", |app| answered(app) >= given);
    }
    report("the frame after a label's key", labelling);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Num3);
    until(&mut harness, "the Train screen", |app| {
        app.shared().screen == Screen::Train
    });
    report(
        "the Train screen, nothing trains",
        (0..IDLE).map(|_| frame(&mut harness)).collect(),
    );
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    until(&mut harness, "training", |app| app.shared().run.is_running());
    let (began, mut frames, mut between) = (Instant::now(), Vec::new(), Vec::new());
    let mut last = Instant::now();
    while harness.state().shared().run.is_running() && began.elapsed() < WATCHED {
        let took = frame(&mut harness);
        frames.push(took);
        std::thread::sleep(PACE.saturating_sub(took));
        between.push(last.elapsed());
        last = Instant::now();
    }
    report("the Train screen while it trains", frames);
    report("from frame to frame while it trains", between);
}

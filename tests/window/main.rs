//! The real window, driven without a display.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in functions marked as tests, but not in their helpers"
)]

mod chrome;

use egui_kittest::Harness;
use unfreeze::ui::App;
use unfreeze::ui::settings::Settings;

/// The window with the settings of a first start, in the light or the dark mode.
///
/// # Panics
/// Without a thread or an adapter.
pub fn window(size: [f32; 2], dark: bool) -> Harness<'static, App> {
    let settings = Settings {
        theme: if dark {
            egui::ThemePreference::Dark
        } else {
            egui::ThemePreference::Light
        },
        still: true,
        ..Settings::default()
    };
    Harness::builder()
        .with_size(size)
        .with_max_steps(200)
        .wgpu()
        .build_eframe(move |cc| App::new(&cc.egui_ctx, settings).expect("a thread"))
}

/// Writes what is on the screen to `$UNFREEZE_SHOTS/<name>.png` where that is set, to be looked at.
///
/// # Panics
/// When nothing can be drawn or written.
pub fn shot(harness: &mut Harness<'_, App>, name: &str) {
    let image = harness.render().expect("an image");
    let Some(folder) = std::env::var_os("UNFREEZE_SHOTS") else {
        return;
    };
    let path = std::path::Path::new(&folder).join(format!("{name}.png"));
    image.save(path).expect("a picture on disk");
}

//! The real window, driven without a display.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in functions marked as tests, but not in their helpers"
)]

mod again;
mod chrome;
mod flow;
mod hands;
mod large;
mod pictures;

use std::path::Path;

use egui_kittest::Harness;
use unfreeze::session::exchange::Shelf;
use unfreeze::ui::App;
use unfreeze::ui::settings::Settings;

/// The window with the settings of a first start, in the light or the dark mode, and projects in memory.
///
/// # Panics
/// Without a thread or an adapter.
pub fn window(size: [f32; 2], dark: bool) -> Harness<'static, App> {
    build(Shelf::in_memory(), size, dark)
}

/// The same with projects in this folder.
///
/// # Panics
/// Without a thread or an adapter.
pub fn window_in(home: &Path, size: [f32; 2], dark: bool) -> Harness<'static, App> {
    let harness = build(Shelf::in_folder(home), size, dark);
    // The sample has emoji, for which the real window borrows the system's fonts; the machine that tests may have none.
    harness
        .ctx
        .set_missing_glyph_policy(egui::MissingGlyphPolicy::Tofu);
    harness
}

/// The window with these settings, and projects in this folder.
///
/// # Panics
/// Without a thread or an adapter.
pub fn window_with(settings: Settings, home: &Path) -> Harness<'static, App> {
    let shelf = Shelf::in_folder(home);
    let harness = Harness::builder()
        .with_size([1280.0, 800.0])
        .with_max_steps(200)
        .wgpu()
        .build_eframe(move |cc| App::with_shelf(&cc.egui_ctx, settings, shelf).expect("a thread"));
    harness
        .ctx
        .set_missing_glyph_policy(egui::MissingGlyphPolicy::Tofu);
    harness
}

fn build(shelf: Shelf, size: [f32; 2], dark: bool) -> Harness<'static, App> {
    let (theme, preference) = if dark {
        (egui::Theme::Dark, egui::ThemePreference::Dark)
    } else {
        (egui::Theme::Light, egui::ThemePreference::Light)
    };
    let settings = Settings {
        theme: preference,
        still: true,
        ..Settings::default()
    };
    Harness::builder()
        .with_size(size)
        .with_max_steps(200)
        .with_theme(theme)
        .wgpu()
        .build_eframe(move |cc| App::with_shelf(&cc.egui_ctx, settings, shelf).expect("a thread"))
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
    let path = Path::new(&folder).join(format!("{name}.png"));
    image.save(path).expect("a picture on disk");
}

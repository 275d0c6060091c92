//! The window on the desktop.

mod fonts;

use super::App;

/// Whether there is anything to open a window on.
pub fn has_display() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|v| !v.is_empty());
    !cfg!(all(unix, not(target_os = "macos"))) || set("DISPLAY") || set("WAYLAND_DISPLAY")
}

/// Opens the window and stays until it is closed.
///
/// # Errors
/// When there is no display or no adapter to draw with.
pub fn open_window() -> Result<(), String> {
    let viewport = egui::ViewportBuilder::default()
        .with_title("Unfreeze")
        .with_app_id("unfreeze")
        .with_inner_size([1280.0, 800.0])
        .with_min_inner_size([360.0, 480.0]);
    let options = eframe::NativeOptions {
        renderer: eframe::Renderer::Wgpu,
        viewport,
        ..Default::default()
    };
    let start = |cc: &eframe::CreationContext<'_>| -> Result<Box<dyn eframe::App>, Box<dyn std::error::Error + Send + Sync>> {
        fonts::install_later(&cc.egui_ctx);
        let settings = App::kept_settings(cc.storage);
        Ok(Box::new(App::new(&cc.egui_ctx, settings)?))
    };
    eframe::run_native("unfreeze", options, Box::new(start)).map_err(|e| e.to_string())
}

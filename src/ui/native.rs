//! The window on the desktop.

use super::App;

/// Opens the window and stays until it is closed.
///
/// # Errors
/// When there is no display or no adapter to draw with.
pub fn open_window() -> Result<(), String> {
    let options = eframe::NativeOptions {
        renderer: eframe::Renderer::Wgpu,
        viewport: egui::ViewportBuilder::default()
            .with_title("Unfreeze")
            .with_app_id("unfreeze")
            .with_inner_size([1280.0, 800.0])
            .with_min_inner_size([360.0, 480.0]),
        ..Default::default()
    };
    eframe::run_native(
        "unfreeze",
        options,
        Box::new(|cc| Ok(Box::new(App::new(&cc.egui_ctx)?))),
    )
    .map_err(|e| e.to_string())
}

//! The window in a tab: a canvas that fills the page.

mod mirror;
mod spoken;

use wasm_bindgen::prelude::*;
use web_sys::{HtmlCanvasElement, console};

use super::App;
use crate::session::base;

unsafe extern "C" {
    /// Runs what the crates of this program registered before its start.
    fn __wasm_call_ctors();
}

/// What happens as soon as the program is loaded.
#[wasm_bindgen(start)]
fn loaded() {
    // SAFETY: the linker provides it, and the browser calls this function once, before any other of the program. Were it
    // never named here, the linker would run all of it again at every call from the page, which takes seconds.
    unsafe { __wasm_call_ctors() };
    std::panic::set_hook(Box::new(|panic| console::error_1(&panic.to_string().into())));
}

/// The files of the base models that the page has to fetch, each to be given to [`give_model_file`] before the window opens.
#[wasm_bindgen]
pub fn model_files() -> Vec<String> {
    base::FILES.map(String::from).to_vec()
}

/// Takes a file of the base models.
///
/// # Errors
/// When the program knows no file of this name.
#[wasm_bindgen]
pub fn give_model_file(name: &str, bytes: Vec<u8>) -> Result<(), JsError> {
    if base::give(name, bytes) {
        Ok(())
    } else {
        Err(JsError::new(&format!(
            "there is no '{name}' among the model's files"
        )))
    }
}

/// Opens the window on a canvas; the page calls it once. Without WebGPU it is drawn through WebGL. `link` is what the page's
/// address says behind `#`; `still` has nothing move by itself, until the user chooses otherwise.
///
/// # Errors
/// When the browser has neither to draw with.
#[wasm_bindgen]
pub async fn open_window(
    canvas: HtmlCanvasElement,
    webgpu: bool,
    link: String,
    still: bool,
) -> Result<(), JsValue> {
    let start = move |cc: &eframe::CreationContext<'_>| -> Result<Box<dyn eframe::App>, Box<dyn std::error::Error + Send + Sync>> {
        cc.egui_ctx.add_plugin(mirror::Mirror::default());
        if let Some(render) = &cc.wgpu_render_state {
            // eframe goes on drawing, which nobody sees.
            render.device.set_device_lost_callback(|why, _| {
                if !matches!(why, eframe::wgpu::DeviceLostReason::Destroyed) {
                    mirror::dark();
                }
            });
        }
        let mut settings = App::kept_settings(cc.storage);
        settings.still |= still && !App::has_settings(cc.storage);
        let mut app = App::new(&cc.egui_ctx, settings)?;
        app.heed_link(&link);
        if !webgpu {
            app.say("This browser gives no WebGPU, so training runs on the processor, several times slower than on a graphics card.");
        }
        Ok(Box::new(spoken::Speaking::new(app)))
    };
    let renderer = if webgpu {
        eframe::Renderer::Wgpu
    } else {
        eframe::Renderer::Glow
    };
    let options = eframe::WebOptions {
        renderer,
        ..eframe::WebOptions::default()
    };
    eframe::WebRunner::new()
        .start(canvas, options, Box::new(start))
        .await
}

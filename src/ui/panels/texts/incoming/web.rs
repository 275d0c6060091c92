//! A page sees the contents of a dropped file and not where it lies, and has to wait for them, as for the clipboard's.

use std::sync::Arc;

use egui::{Context, DroppedFileHandle};
use wasm_bindgen::prelude::*;

use crate::session::exchange;
use crate::ui::Shared;
use crate::ui::panels::texts::TextsPanel;
use crate::ui::panels::texts::work::Work;

#[wasm_bindgen(raw_module = "./files.js")]
extern "C" {
    /// Has the browser paste what is on the clipboard; where it does not, the window tells how to.
    fn paste();
}

impl TextsPanel {
    /// Copies it among the page's own files; then it is as if it had been chosen.
    pub(in crate::ui::panels::texts) fn receive(
        &mut self,
        file: &DroppedFileHandle,
        _ctx: &Context,
        shared: &mut Shared,
    ) {
        if !self.may_begin(shared) {
            return;
        }
        let (file, name) = (Arc::clone(file), file.path().to_string_lossy().into_owned());
        let wake = Arc::clone(&shared.wake);
        let copied =
            async move || exchange::keep(&name, &file.bytes_async().await?).map_err(|e| e.to_string());
        self.work = Some(Work::Choosing(exchange::taking_in(copied, wake)));
    }

    /// Has what is on the clipboard pasted.
    pub(in crate::ui::panels::texts) fn paste(_ctx: &Context) {
        paste();
    }
}

//! A dropped file is where it is, and the clipboard is the window's to ask.

use egui::{Context, DroppedFileHandle, ViewportCommand};

use crate::session::exchange::Source;
use crate::ui::Shared;
use crate::ui::panels::texts::{TextsPanel, Want};

impl TextsPanel {
    /// Reads it, or opens the project that it is.
    pub(in crate::ui::panels::texts) fn receive(
        &mut self,
        file: &DroppedFileHandle,
        ctx: &Context,
        shared: &mut Shared,
    ) {
        let source = Source::File(file.path().to_path_buf());
        self.carry_out(ctx, Want::Read(source), shared);
    }

    /// Has what is on the clipboard pasted.
    pub(in crate::ui::panels::texts) fn paste(ctx: &Context) {
        ctx.send_viewport_cmd(ViewportCommand::RequestPaste);
    }
}

//! What comes from outside: files that are dropped anywhere on the window, and what is pasted on this screen.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui::text::LayoutJob;
use egui::{
    Align, Align2, Context, DroppedFileHandle, Event, FontId, Id, LayerId, Order, Stroke, StrokeKind,
};

use super::{Want, is_project};
use crate::session::exchange::Source;
use crate::session::files;
use crate::ui::theme::{RADIUS, Theme};
use crate::ui::{Screen, Shared};

/// The file that was dropped in this frame.
pub(super) fn dropped(ctx: &Context, shared: &mut Shared) -> Option<DroppedFileHandle> {
    hovered(ctx);
    let dropped = ctx.input(|i| i.raw.dropped_files.clone());
    let [first, others @ ..] = dropped.as_slice() else {
        return None;
    };
    if !others.is_empty() {
        let path = first.path();
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
        shared.say(format!("Only {name} is opened: add the others to it later."));
    }
    Some(Arc::clone(first))
}

/// What was pasted in this frame.
pub(super) fn wants(ctx: &Context, shared: &mut Shared) -> Vec<Want> {
    let mut wants = Vec::new();
    let here = shared.screen == Screen::Texts
        && !ctx.text_edit_focused()
        && ctx.memory(|m| m.top_modal_layer().is_none());
    if here {
        let pasted = ctx.input(|i| {
            i.events.iter().find_map(|event| match event {
                Event::Paste(text) => Some(text.clone()),
                _ => None,
            })
        });
        wants.extend(pasted.map(pasted_source).map(Want::Read));
    }
    wants
}

/// Pasted text, or the file that was copied in a file manager.
fn pasted_source(text: String) -> Source {
    let line = text.trim();
    let path = line.strip_prefix("file://").unwrap_or(line);
    let one_line = !line.is_empty() && !line.contains('\n') && path.starts_with('/');
    if one_line && files::is_file(Path::new(path)) {
        Source::File(PathBuf::from(path))
    } else {
        Source::Pasted(text)
    }
}

/// What becomes of what is open, if a file of this name is let go: a page does not see the name before.
fn promise(name: Option<&str>) -> &'static str {
    match name {
        Some(name) if is_project(Path::new(name)) => {
            "It takes the place of the project that is open; what goes on there is not stopped before you say so."
        }
        Some(_) => "What is open now stays as it is until you start with the new texts.",
        None => "Texts are shown first, and what is open stays as it is; a project takes its place.",
    }
}

/// While a file is held over the window, says that it can be let go.
fn hovered(ctx: &Context) {
    let held = ctx.input(|i| i.raw.hovered_files.clone());
    if held.is_empty() {
        return;
    }
    let theme = Theme::of(ctx);
    let name = held
        .iter()
        .find_map(|file| Some(file.path.as_ref()?.file_name()?.to_string_lossy().into_owned()));
    let painter = ctx.layer_painter(LayerId::new(Order::Foreground, Id::unique("drop")));
    let room = ctx.content_rect();
    painter.rect_filled(room, 0, theme.background.gamma_multiply(0.9));
    let frame = room.shrink(24.0);
    painter.rect(
        frame,
        RADIUS,
        theme.tint(theme.ice, 0.08).gamma_multiply(0.9),
        Stroke::new(2.0, theme.ice),
        StrokeKind::Inside,
    );
    let middle = frame.center();
    let large = FontId::proportional(20.0);
    let what = match &name {
        Some(name) => format!("Let go to open {name}"),
        None => "Let go to open it".to_owned(),
    };
    let small = FontId::proportional(12.0);
    let stays = promise(name.as_deref()).to_owned();
    for (text, font, colour, side, gap) in [
        (what, large, theme.text, Align2::CENTER_BOTTOM, 0.0),
        (stays, small, theme.dim, Align2::CENTER_TOP, 10.0),
    ] {
        let mut job = LayoutJob::simple(text, font, colour, frame.width() - 32.0);
        job.halign = Align::Center;
        let galley = painter.layout_job(job);
        // A centred galley hangs from the middle of its upper edge.
        let at = side.anchor_size(middle + egui::vec2(0.0, gap), galley.size());
        painter.galley(at.center_top(), galley, colour);
    }
}

#[cfg(test)]
mod tests {
    use super::promise;

    #[test]
    fn a_project_that_is_let_go_is_not_said_to_change_nothing() {
        assert!(promise(Some("mail.csv")).contains("stays as it is until you start"));
        assert!(promise(Some("mail.unfreeze")).contains("takes the place of the project"));
        assert!(promise(None).contains("a project takes its place"));
    }
}

//! What the keys act on: a ring round it, and what it is for beside it.
//!
//! egui shows an explanation to a pointer only, and a button with a colour of its own looks the same whether it has the focus or
//! not. Both are put right here, once for every widget: the explanation is what `on_hover_text` tells a screen reader.

use egui::accesskit::Role;
use egui::{Context, Id, Popup, Response, Stroke, StrokeKind, Tooltip};

use crate::ui::theme::Theme;

/// Draws both, after everything that may have the focus; nothing where that came by the pointer, or the pointer is used now.
pub fn show(ctx: &Context) {
    let focused = ctx.memory(|m| m.focused());
    let Some(id) = came_by_key(ctx, focused) else {
        return;
    };
    let Some(response) = ctx.read_response(id) else {
        return;
    };
    if !ctx.memory(|m| m.allows_interaction(response.layer_id)) {
        return;
    }
    // A field shows where it is with a caret.
    if !ctx.text_edit_focused() {
        ring(ctx, &response);
    }
    if !Popup::is_any_open(ctx) && !response.hovered() {
        explain(ctx, &response);
    }
}

/// The widget that has the focus, where it got that without the pointer, which has been still since.
fn came_by_key(ctx: &Context, focused: Option<Id>) -> Option<Id> {
    let place = Id::unique("when the focus came");
    let Some(id) = focused else {
        ctx.data_mut(|d| d.remove::<(Id, f64)>(place));
        return None;
    };
    let now = ctx.input(|i| i.time);
    let known: Option<(Id, f64)> = ctx.data(|d| d.get_temp(place));
    let known = known.filter(|(before, _)| *before == id);
    let (_, since) = known.unwrap_or((id, now));
    ctx.data_mut(|d| d.insert_temp(place, (id, since)));
    let still = ctx.input(|i| {
        let had = (now - since) as f32;
        let pointer = &i.pointer;
        !pointer.any_down()
            && pointer.time_since_last_movement() > had
            && pointer.time_since_last_click() > had
    });
    if still && known.is_none() {
        // Without a screen reader nothing is described unless it is asked for, and that holds from the next frame on.
        ctx.enable_accesskit();
        ctx.request_repaint();
    }
    still.then_some(id)
}

fn ring(ctx: &Context, response: &Response) {
    let seen = response.interact_rect;
    if seen.is_positive() {
        let line = Stroke::new(2.0, Theme::of(ctx).text);
        let painter = ctx.layer_painter(response.layer_id);
        painter.rect_stroke(seen.expand(1.0), 9, line, StrokeKind::Outside);
    }
}

/// Shows what the widget is for, where something says so and it is not a field that is typed into.
fn explain(ctx: &Context, response: &Response) {
    if !ctx.has_accesskit_node(response.id) {
        return;
    }
    let said = ctx.accesskit_node_builder(response.id, |node| match node.role() {
        Role::TextInput | Role::MultilineTextInput => None,
        _ => node.description().map(String::from),
    });
    if let Some(text) = said.flatten() {
        Tooltip::for_widget(response).show(|ui| {
            ui.set_max_width(ui.spacing().tooltip_width);
            ui.label(text);
        });
    }
}

#[cfg(test)]
mod tests {
    use egui::{Button, Color32, Event, Key, Modifiers, RawInput, Rect, Shape, pos2, vec2};

    use super::*;

    const WHY: &str = "What it is for.";

    /// Draws a frame in which this happens: whether a ring was round something, and whether the explanation was there.
    fn frame(ctx: &Context, time: f64, events: Vec<Event>) -> (bool, bool) {
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), vec2(400.0, 300.0))),
            time: Some(time),
            events,
            ..RawInput::default()
        };
        let mut output = ctx.run_ui(input, |ui| {
            // As the buttons are that are to be pressed next.
            let button = Button::new("Start")
                .fill(Color32::RED)
                .stroke(Stroke::new(1.0, Color32::RED));
            ui.add(button).on_hover_text(WHY);
            show(ui.ctx());
        });
        let shapes = std::mem::take(&mut output.shapes);
        output.drop_without_applying_deltas();
        let (mut ringed, mut said) = (false, false);
        for shape in shapes {
            match shape.shape {
                Shape::Rect(rect) => ringed |= rect.stroke == Stroke::new(2.0, Theme::of(ctx).text),
                Shape::Text(text) => said |= text.galley.text() == WHY,
                _ => {}
            }
        }
        (ringed, said)
    }

    fn key(key: Key) -> Event {
        Event::Key {
            key,
            physical_key: None,
            pressed: true,
            repeat: false,
            modifiers: Modifiers::NONE,
        }
    }

    /// What there is after these events, once it is drawn in full.
    fn after(ctx: &Context, time: f64, events: Vec<Event>) -> (bool, bool) {
        frame(ctx, time, events);
        // A tooltip finds its size before it is seen.
        frame(ctx, time + 0.1, Vec::new());
        frame(ctx, time + 0.2, Vec::new());
        frame(ctx, time + 0.3, Vec::new())
    }

    #[test]
    fn what_the_keys_act_on_is_ringed_and_explained_until_the_pointer_moves() {
        let ctx = Context::default();
        assert_eq!(after(&ctx, 1.0, Vec::new()), (false, false));
        assert_eq!(after(&ctx, 2.0, vec![key(Key::Tab)]), (true, true));
        let moved = vec![Event::PointerMoved(pos2(300.0, 200.0))];
        assert_eq!(after(&ctx, 3.0, moved), (false, false));
        // Left and come back to by keys, while the pointer rests.
        assert_eq!(after(&ctx, 4.0, vec![key(Key::Escape)]), (false, false));
        assert_eq!(after(&ctx, 5.0, vec![key(Key::Tab)]), (true, true));
    }
}

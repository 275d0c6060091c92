//! Messages at the lower edge. A failure stays until it is dismissed, the rest goes by itself.

use std::time::Duration;

use egui::{Align2, Area, CornerRadius, Frame, Id, Margin, Order, Stroke, Ui, vec2};

use crate::session::clock::Instant;
use crate::ui::Shared;
use crate::ui::theme::{self, Theme};

const STAYS: Duration = Duration::from_secs(6);
/// More than this at once hides the screen.
const AT_MOST: usize = 4;

/// Draws the messages and drops those that have been there long enough.
pub fn show(ui: &mut Ui, shared: &mut Shared) {
    let now = Instant::now();
    shared
        .messages
        .retain(|m| m.failure || now.duration_since(m.since) < STAYS);
    let surplus = shared.messages.len().saturating_sub(AT_MOST);
    shared.messages.drain(..surplus);
    if shared.messages.is_empty() {
        return;
    }
    let theme = Theme::of(ui.ctx());
    let mut dismissed = None;
    let area = Area::new(Id::unique("messages")).order(Order::Foreground);
    area.anchor(Align2::CENTER_BOTTOM, vec2(0.0, -76.0))
        .show(ui.ctx(), |ui| {
            for (i, message) in shared.messages.iter().enumerate() {
                let edge = if message.failure { theme.warm } else { theme.right };
                Frame::new()
                    .fill(theme.panel)
                    .stroke(Stroke::new(1.0, edge))
                    .corner_radius(CornerRadius::same(theme::RADIUS))
                    .inner_margin(Margin::symmetric(14, 10))
                    .show(ui, |ui| {
                        ui.horizontal(|ui| {
                            ui.set_max_width(560.0_f32.min(ui.ctx().content_rect().width() - 80.0));
                            ui.label(&message.text);
                            if ui.small_button("Dismiss").clicked() {
                                dismissed = Some(i);
                            }
                        });
                    });
            }
        });
    if let Some(i) = dismissed {
        shared.messages.remove(i);
    }
    ui.ctx().request_repaint_after(Duration::from_millis(500));
}

//! Messages at the lower edge. A failure stays until it is dismissed, and what offers something until that is done; the rest goes
//! by itself.

use std::time::Duration;

use egui::accesskit::Live;
use egui::{Align2, Area, CornerRadius, Frame, Id, Margin, Order, Stroke, Ui, vec2};

use crate::session::clock::Instant;
use crate::ui::theme::{self, Theme};
use crate::ui::{Message, Shared};

const STAYS: Duration = Duration::from_secs(6);
/// More than this at once hides the screen.
const AT_MOST: usize = 4;

/// Draws the messages and drops those that have been there long enough.
pub fn show(ui: &mut Ui, shared: &mut Shared) {
    let now = Instant::now();
    shared
        .messages
        .retain(|m| m.failure || m.offer.is_some() || now.duration_since(m.since) < STAYS);
    while shared.messages.len() > AT_MOST {
        // What goes by itself gives way before what has to be read.
        let goes = |message: &Message| !message.failure && message.offer.is_none();
        let first = shared.messages.iter().position(goes);
        shared.messages.remove(first.unwrap_or(0));
    }
    if shared.messages.is_empty() {
        return;
    }
    let theme = Theme::of(ui.ctx());
    let (mut dismissed, mut taken) = (None, None);
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
                        let width = 560.0_f32.min(ui.ctx().content_rect().width() - 80.0);
                        let mut dismiss = |ui: &mut Ui| {
                            if ui.small_button("Dismiss").clicked() {
                                dismissed = Some(i);
                            }
                        };
                        if let Some(offer) = message.offer {
                            ui.set_max_width(width);
                            said(ui, message);
                            ui.horizontal(|ui| {
                                if ui.button(offer.name).clicked() {
                                    taken = Some((i, offer.action));
                                }
                                dismiss(ui);
                            });
                        } else {
                            ui.horizontal(|ui| {
                                ui.set_max_width(width);
                                said(ui, message);
                                dismiss(ui);
                            });
                        }
                    });
            }
        });
    if let Some(i) = dismissed.or(taken.map(|(i, _)| i)) {
        shared.messages.remove(i);
    }
    if let Some((_, action)) = taken {
        shared.act(action);
    }
    ui.ctx().request_repaint_after(Duration::from_millis(500));
}

/// Its words. A screen reader says them when they come: a failure at once, the rest when it has said what it says.
fn said(ui: &mut Ui, message: &Message) {
    let label = ui.label(&message.text);
    let live = if message.failure {
        Live::Assertive
    } else {
        Live::Polite
    };
    ui.ctx()
        .accesskit_node_builder(label.id, |node| node.set_live(live));
}

#[cfg(test)]
mod tests {
    use egui_kittest::{Harness, kittest::Queryable as _};

    use super::*;
    use crate::ui::Offer;
    use crate::ui::actions::Action;

    #[test]
    fn what_a_message_offers_stays_until_it_is_taken() {
        let mut shared = Shared::for_tests(None);
        let offer = Offer {
            name: "Resume training",
            action: Action::PauseResume,
        };
        shared.offer("a run can go on", false, offer);
        for i in 0..2 * AT_MOST {
            shared.say(format!("message {i}"));
        }
        let draw = |ui: &mut Ui, shared: &mut Shared| show(ui, shared);
        let mut harness = Harness::new_ui_state(draw, shared);
        harness.run_steps(2);
        assert!(harness.query_by_label("message 0").is_none());
        harness.get_by_label("Resume training").click();
        harness.run_steps(2);
        assert_eq!(harness.state().queue, [Action::PauseResume]);
        assert!(harness.query_by_label("a run can go on").is_none());
    }

    #[test]
    fn a_screen_reader_says_what_comes() {
        let mut shared = Shared::for_tests(None);
        shared.say("The labels were written.");
        shared.fail("The disk is full.");
        let ctx = egui::Context::default();
        ctx.enable_accesskit();
        let mut told: Vec<(String, Live)> = Vec::new();
        // What lies over the screen finds its size in the first frame.
        for _ in 0..3 {
            let mut output = ctx.run_ui(egui::RawInput::default(), |ui| show(ui, &mut shared));
            let update = output.platform_output.accesskit_update.take();
            output.drop_without_applying_deltas();
            let nodes = update.map(|update| update.nodes).unwrap_or_default();
            let said = nodes
                .iter()
                .filter_map(|(_, node)| Some((node.value()?.to_string(), node.live()?)));
            told = said.collect();
        }
        told.sort_by_key(|(text, _)| text.clone());
        let expected = [
            ("The disk is full.".to_string(), Live::Assertive),
            ("The labels were written.".to_string(), Live::Polite),
        ];
        assert_eq!(told, expected);
    }
}

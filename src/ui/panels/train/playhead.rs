//! The keys, and the steps of a screen reader, for what has a playhead to move.

use egui::accesskit::{Action, ActionData};
use egui::{EventFilter, Key, Response, Ui};

/// Presses of the page keys that cross the whole.
const LEAPS: u64 = 20;

/// The step that is wanted of a widget whose playhead is at `at` and may go to `end`: an arrow is one step, a page key a
/// twentieth of all, Home and End the first and the last.
pub fn wanted(ui: &Ui, response: &Response, at: u64, end: u64) -> Option<u64> {
    let end = end.max(1);
    let leap = (end / LEAPS).max(1);
    describe(ui, response, end, leap);
    let has_focus = response.has_focus();
    if has_focus {
        // The arrows are the playhead's while it has the focus.
        let filter = EventFilter {
            horizontal_arrows: true,
            ..EventFilter::default()
        };
        ui.memory_mut(|m| m.set_focus_lock_filter(response.id, filter));
    }
    ui.input(|input| {
        let set = input
            .accesskit_action_requests(response.id, Action::SetValue)
            .filter_map(|request| match request.data {
                Some(ActionData::NumericValue(value)) => Some(value.round().max(1.0) as u64),
                _ => None,
            })
            .last();
        let keys = |key| {
            if has_focus {
                input.num_presses(key) as u64
            } else {
                0
            }
        };
        let asked = |action| input.num_accesskit_action_requests(response.id, action) as u64;
        let on = keys(Key::ArrowRight) + leap * (keys(Key::PageUp) + asked(Action::Increment));
        let back = keys(Key::ArrowLeft) + leap * (keys(Key::PageDown) + asked(Action::Decrement));
        let to = match (set, keys(Key::Home), keys(Key::End)) {
            (Some(step), ..) => step,
            (None, 1.., _) => 1,
            (None, 0, 1..) => end,
            (None, 0, 0) if on + back > 0 => at.saturating_add(on).saturating_sub(back),
            (None, 0, 0) => return None,
        };
        Some(to.clamp(1, end))
    })
}

/// Tells a screen reader how far it goes, and what it may ask for.
fn describe(ui: &Ui, response: &Response, end: u64, leap: u64) {
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_min_numeric_value(1.0);
        node.set_max_numeric_value(end as f64);
        node.set_numeric_value_step(leap as f64);
        for action in [Action::SetValue, Action::Increment, Action::Decrement] {
            node.add_action(action);
        }
    });
}

#[cfg(test)]
mod tests {
    use egui::{Role, Sense, WidgetInfo, vec2};
    use egui_kittest::{Harness, kittest::Queryable as _};

    use super::*;

    #[test]
    fn a_playhead_is_moved_by_keys() {
        let draw = |ui: &mut Ui, at: &mut u64| {
            let (_, response) = ui.allocate_exact_size(vec2(200.0, 20.0), Sense::click_and_drag());
            if let Some(to) = wanted(ui, &response, *at, 6_000) {
                *at = to;
            }
            response.widget_info(|| {
                let mut info = WidgetInfo::slider(true, 0.0, "Progress");
                info.role = Role::Slider;
                info
            });
        };
        let mut harness = Harness::new_ui_state(draw, 600);
        harness.key_press(Key::End);
        harness.run_steps(2);
        assert_eq!(*harness.state(), 600, "another widget may have the focus");
        harness.get_by_label("Progress").focus();
        harness.run_steps(3);
        let mut after = |key: Key| {
            harness.key_press(key);
            harness.run_steps(2);
            *harness.state()
        };
        assert_eq!(after(Key::ArrowRight), 601);
        assert_eq!(after(Key::ArrowLeft), 600);
        assert_eq!(after(Key::PageUp), 900);
        assert_eq!(after(Key::PageDown), 600);
        assert_eq!(after(Key::End), 6_000);
        assert_eq!(after(Key::PageUp), 6_000);
        assert_eq!(after(Key::Home), 1);
        assert_eq!(after(Key::PageDown), 1);
    }
}

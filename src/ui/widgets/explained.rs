//! Why something cannot be used now, for everybody.

use egui::Response;

/// What egui's responses leave out: it shows to a pointer why something cannot be used, and tells nobody else.
pub trait Explained {
    /// Says why it cannot be used, where it cannot: a screen reader hears that in place of what it is for.
    fn blocked_because(self, why: &str) -> Self;
}

impl Explained for Response {
    fn blocked_because(self, why: &str) -> Self {
        if !self.enabled() && self.ctx.has_accesskit_node(self.id) {
            self.ctx
                .accesskit_node_builder(self.id, |node| node.set_description(why));
        }
        self.on_disabled_hover_text(why)
    }
}

#[cfg(test)]
mod tests {
    use egui::{Button, Context, RawInput, Ui};

    use super::*;

    fn described(may: bool) -> Option<String> {
        let ctx = Context::default();
        ctx.enable_accesskit();
        let draw = |ui: &mut Ui| {
            let button = ui.add_enabled(may, Button::new("Start"));
            button
                .on_hover_text("What it is for.")
                .blocked_because("Why it cannot be.");
        };
        let mut output = ctx.run_ui(RawInput::default(), draw);
        let update = output.platform_output.accesskit_update.take();
        output.drop_without_applying_deltas();
        let nodes = update?.nodes;
        let button = nodes.iter().find(|(_, node)| node.label() == Some("Start"))?;
        button.1.description().map(String::from)
    }

    #[test]
    fn a_screen_reader_hears_why_something_cannot_be_used() {
        assert_eq!(described(true).as_deref(), Some("What it is for."));
        assert_eq!(described(false).as_deref(), Some("Why it cannot be."));
    }
}

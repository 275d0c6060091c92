//! How far the user has come, and that it is enough.

use egui::{Color32, RichText, Stroke, TextStyle, Ui};

use super::pace::Pace;
use super::view::{View, Want};
use crate::ui::Screen;
use crate::ui::actions::Action;
use crate::ui::theme;
use crate::ui::widgets::{Segment, grouped, keycap, segments};

/// The line and the bar.
pub(super) fn show(ui: &mut Ui, view: &View, pace: &Pace) {
    let (labelled, goal) = (view.project.labelled(), view.shared.goal);
    let numbers = format!("{} of {}", grouped(labelled), grouped(goal));
    ui.horizontal_wrapped(|ui| {
        ui.label(RichText::new(&numbers).text_style(theme::title()).strong());
        let rest = match pace.to_go(goal.saturating_sub(labelled)) {
            Some(to_go) => format!("labelled · {to_go}"),
            None => "labelled".into(),
        };
        ui.label(RichText::new(rest).color(view.theme.dim))
            .on_hover_text("Your pace is the median of your last twenty labels; breaks do not count.");
    });
    let parts: Vec<Segment> = view
        .project
        .labels()
        .map(|l| Segment {
            colour: view.theme.label(l.id),
            amount: view.project.count(l.id),
        })
        .collect();
    segments(ui, &parts, goal, &format!("{numbers} labelled")).on_hover_ui(|ui| {
        for label in view.project.labels() {
            ui.label(format!(
                "{}: {}",
                label.name,
                grouped(view.project.count(label.id))
            ));
        }
        let not = view.project.answered().count().saturating_sub(labelled);
        ui.label(format!("Skipped or unsure: {}", grouped(not)));
    });
}

/// A line across the screen in this colour.
fn banner(view: &View, colour: Color32) -> egui::Frame {
    let theme = &view.theme;
    egui::Frame::new()
        .fill(theme.tint(colour, 0.12))
        .stroke(Stroke::new(1.0, theme.tint(colour, 0.5)))
        .corner_radius(theme::RADIUS)
        .inner_margin(egui::Margin::symmetric(16, 8))
}

/// So many labels would be enough, were it not for this.
pub(super) fn not_yet(ui: &mut Ui, view: &View, missing: &str) {
    let text = RichText::new(missing).color(view.theme.text);
    banner(view, view.theme.dim).show(ui, |ui| ui.label(text));
}

/// Calm: more labels are welcome, none is asked for.
pub(super) fn enough(ui: &mut Ui, view: &View, wants: &mut Vec<Want>) {
    let theme = &view.theme;
    banner(view, theme.right).show(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new("Enough to train").strong());
            let more = RichText::new("Each further label still helps a little.").text_style(TextStyle::Small);
            ui.label(more.color(theme.text));
            let train = ui.button("Start training");
            if train.on_hover_text(Action::Train.explanation()).clicked() {
                wants.push(Want::Act(Action::Show(Screen::Train)));
                wants.push(Want::Act(Action::Train));
            }
            if !view.narrow {
                keycap(ui, "Ctrl Enter");
            }
        });
    });
}

//! The project that is open.

use egui::{Label, RichText, TextStyle, Ui};

use super::Want;
use super::button::{Weight, button};
use crate::session::exchange::{ASKS_WHERE, is_sample, shown};
use crate::session::files;
use crate::session::project::OpenProject;
use crate::ui::Screen;
use crate::ui::actions::Action;
use crate::ui::theme::{self, Theme};
use crate::ui::widgets::{Segment, card, grouped, label_dot, segments, small, texts};

/// How many labels are named.
const NAMED: usize = 12;

/// Draws what it is and the ways on.
pub(super) fn show(ui: &mut Ui, open: &OpenProject, wants: &mut Vec<Want>) {
    let theme = Theme::of(ui.ctx());
    let project = &open.project;
    let all = project.texts.texts.len();
    card(ui, |ui| {
        ui.horizontal_wrapped(|ui| {
            let name = RichText::new(&project.name).text_style(theme::title());
            ui.add(Label::new(name.strong()).truncate());
            small(
                ui,
                format!(
                    "{} of {} labelled · from {}",
                    grouped(project.labelled()),
                    texts(all),
                    project.texts.source
                ),
            );
        });
        let parts: Vec<Segment> = project
            .labels()
            .map(|label| Segment {
                colour: theme.label(label.id),
                amount: project.count(label.id),
            })
            .collect();
        let said = format!("{} of {} texts labelled", project.labelled(), all);
        segments(ui, &parts, project.labelled().max(1), &said)
            .on_hover_text("How the labels that you gave are shared out.");
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            for label in project.labels().take(NAMED) {
                label_dot(ui, theme.label(label.id));
                ui.label(RichText::new(&label.name).text_style(TextStyle::Small));
                small(ui, grouped(project.count(label.id)));
                ui.add_space(8.0);
            }
            match project.labels().count() {
                0 => {
                    small(ui, "No labels yet.");
                }
                n if n > NAMED => {
                    small(ui, format!("and {} more", n - NAMED));
                }
                _ => {}
            }
        });
        match open.path() {
            Some(path) => {
                let place = format!("All of it is in {}", shown(path));
                let place = RichText::new(place).text_style(TextStyle::Small).color(theme.dim);
                ui.add(Label::new(place).wrap().selectable(true)).on_hover_text(
                    if ASKS_WHERE {
                        "Texts, labels, runs and models are in this one file. Copy it to keep it or to move it."
                    } else {
                        "Texts, labels, runs and models. Who clears this page's data in the browser clears them."
                    },
                );
                if let Some(warning) = danger(project.labelled(), files::may_be_cleared()) {
                    let warning = RichText::new(warning).text_style(TextStyle::Small);
                    ui.add(Label::new(warning.color(theme.thaw)).wrap());
                }
            }
            None => {
                let warning = "It lives in memory only: export the labels before you close the window.";
                ui.label(
                    RichText::new(warning)
                        .text_style(TextStyle::Small)
                        .color(theme.thaw),
                );
            }
        }
        ui.add_space(2.0);
        ui.horizontal_wrapped(|ui| {
            let hint = "Shows the next text to label.";
            if button(ui, "Go on labelling", "Enter", Weight::Main, hint).clicked() {
                wants.push(Want::Act(Action::Show(Screen::Label)));
            }
            if is_sample(open) {
                let (name, hint) = (Action::FreshSample.name(), Action::FreshSample.explanation());
                if button(ui, name, "", Weight::Usual, hint).clicked() {
                    wants.push(Want::Act(Action::FreshSample));
                }
            }
            let key = Action::Export
                .shortcut()
                .map_or_else(String::new, |s| ui.ctx().format_shortcut(&s));
            let hint = "Writes texts and labels as CSV, JSON lines, Parquet, or for Prodigy, Label Studio and Hugging Face, \
                        and gives these texts labels from such a file.";
            if button(ui, "Export or import labels", &key, Weight::Usual, hint).clicked() {
                wants.push(Want::Act(Action::Export));
            }
            let hint = "Texts, labels, runs and models as one file, which the desktop program and other browsers open too.";
            if !ASKS_WHERE && button(ui, "Download the project", "", Weight::Usual, hint).clicked() {
                wants.push(Want::Download);
            }
        });
    });
}

/// What to know of labels that the browser may delete.
fn danger(labelled: usize, may_be_cleared: bool) -> Option<&'static str> {
    (labelled > 0 && may_be_cleared).then_some(
        "This browser does not promise to keep it: Safari deletes what a page has kept after seven days without a visit, others may \
         when the disk is full. Download the project now and then, so that you have your labels in any case.",
    )
}

#[cfg(test)]
mod tests {
    use super::danger;

    #[test]
    fn labels_that_may_be_deleted_are_told_with_the_way_out() {
        assert!(danger(1, true).is_some_and(|said| said.contains("Download the project")));
        assert_eq!((danger(0, true), danger(1, false)), (None, None));
        assert!(
            !crate::session::files::may_be_cleared(),
            "a disk keeps what it has"
        );
    }
}

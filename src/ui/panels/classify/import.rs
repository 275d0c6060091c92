//! Labels in from a file: what they would change is shown before they are given.

use std::path::PathBuf;

use egui::{RichText, TextStyle, Ui};

use super::export::{ExportWindow, wake};
use crate::session::exchange::{self as exchange, Imported, Reading, Wake};
use crate::session::project::OpenProject;
use crate::ui::Shared;
use crate::ui::number::count;
use crate::ui::theme::Theme;
use crate::ui::widgets::{heading, small};

impl ExportWindow {
    /// Reads labels for a project from a file, as the user says; what they would change is shown in the window.
    pub fn read(&mut self, open: &OpenProject, path: PathBuf, reading: Reading, wake: Wake) {
        let work = exchange::import_labels(&open.project, path.clone(), reading.clone(), wake);
        self.reading = Some(work);
        self.imported = None;
        self.compared = (path, reading, open.steps());
    }

    /// Compares the file of labels with the project anew where that is no longer as it was then: new labels would get other
    /// numbers, and other answers would be replaced. A step that is on its way to the disk comes first as well.
    pub(super) fn compare_anew(&mut self, ui: &Ui, shared: &Shared) {
        if self.imported.is_some()
            && let Some(open) = &shared.project
            && (open.busy() || open.steps() != self.compared.2)
        {
            let (path, reading, _) = std::mem::take(&mut self.compared);
            self.read(open, path, reading, wake(ui));
        }
    }

    /// Draws that part of the window.
    pub(super) fn labels_in(&mut self, ui: &mut Ui, shared: &mut Shared) {
        heading(ui, "Labels from a file");
        let theme = Theme::of(ui.ctx());
        let Some(found) = &self.imported else {
            small(
                ui,
                "Reads labels from any of these formats and gives them to the texts of this project that are the same. You \
                 see what will change first.",
            );
            // A browser does not tell that it has opened no window to choose in: there the next press asks again.
            let choosing = exchange::ASKS_WHERE && self.choosing_labels.is_some();
            let busy = choosing || self.reading.is_some();
            ui.horizontal(|ui| {
                let button = ui.add_enabled(!busy, egui::Button::new("Import labels"));
                if button
                    .on_hover_text("Opens the system's own window to choose a file.")
                    .clicked()
                {
                    self.choosing_labels = Some(exchange::choose_file("Labels", wake(ui)));
                }
                if self.reading.is_some() {
                    ui.spinner();
                    ui.label(
                        RichText::new("Reading")
                            .text_style(TextStyle::Small)
                            .color(theme.dim),
                    );
                }
            });
            return;
        };
        for sentence in sentences(found) {
            ui.label(RichText::new(sentence).text_style(TextStyle::Small));
        }
        let (mut give, mut leave) = (false, false);
        ui.horizontal(|ui| {
            if found.actions.is_empty() {
                small(ui, "There is nothing to change.");
            } else {
                let hint = "Gives these labels; each step can be undone.";
                give = ui.button("Give these labels").on_hover_text(hint).clicked();
            }
            leave = ui.button("Leave it").on_hover_text("Changes nothing.").clicked();
        });
        if give && let (Some(found), Some(open)) = (self.imported.take(), &mut shared.project) {
            let refused = found
                .actions
                .into_iter()
                .find_map(|action| open.act(action).err());
            match refused {
                Some(why) => shared.fail(format!("Not all labels were taken over: {why}.")),
                None => shared.say(format!("{} labels were read.", count(found.matched))),
            }
            self.let_go();
        } else if leave {
            self.let_go();
        }
    }

    /// Forgets the file of labels that was read.
    pub(super) fn let_go(&mut self) {
        self.imported = None;
        if self.reading.is_none() {
            exchange::let_go(&self.compared.0);
        }
    }
}

/// What a file of labels would change.
fn sentences(found: &Imported) -> Vec<String> {
    let mut all = vec![format!(
        "{}: {} labels belong to texts of this project.",
        if found.is_workbook {
            "Workbook"
        } else {
            found.format.name()
        },
        count(found.matched)
    )];
    if found.guessed {
        all.push("The file is not UTF-8 and was read as Windows-1252: are the accents right?".into());
    }
    if found.nameless {
        all.push(
            "The data set's card has several lists of names for its classes and does not tell which is meant: they are called \
             by their numbers."
                .into(),
        );
    }
    if let Some((sheet, others)) = &found.sheets {
        all.push(format!(
            "Of the workbook only the sheet {sheet} is read, not {}. To take the labels of another, drop the file on the Texts \
             screen and choose it there.",
            others.join(", ")
        ));
    }
    if !found.new_labels.is_empty() {
        all.push(format!("New labels: {}.", found.new_labels.join(", ")));
    }
    if found.replaced > 0 {
        all.push(format!(
            "{} texts have another answer, which would be replaced.",
            count(found.replaced)
        ));
    }
    match found.unmatched.len() {
        0 => {}
        1 => all.push("1 label is for a text that this project does not have.".into()),
        n => all.push(format!(
            "{} labels are for texts that this project does not have.",
            count(n)
        )),
    }
    match found.conflicting.len() {
        0 => {}
        1 => all.push("1 text is labelled twice and differently; it stays as it is.".into()),
        n => all.push(format!(
            "{} texts are labelled twice and differently; they stay as they are.",
            count(n)
        )),
    }
    if found.without > 0 {
        all.push(format!("{} rows have no label.", count(found.without)));
    }
    if found.unusable > 0 {
        all.push(format!(
            "{} labels cannot be used: more than one label a text, or an empty name.",
            count(found.unusable)
        ));
    }
    all
}

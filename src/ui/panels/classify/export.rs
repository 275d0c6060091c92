//! Labels out to a file that other programs read: the window that `import` has a part of.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{RichText, ScrollArea, TextEdit, TextStyle, Ui};

use super::replace::Replacing;
use super::results::Results;
use crate::session::exchange::{
    self as exchange, Background, Format, Imported, Outcome, Reading, Wake, label_studio_configuration,
};
use crate::ui::Shared;
use crate::ui::number::count;
use crate::ui::panels::texts::whole;
use crate::ui::theme::Theme;
use crate::ui::widgets::small;

/// Said where there is nothing to write.
const NOTHING: &str = "There is nothing to export yet: label some texts first.";

/// The window over the screen.
pub struct ExportWindow {
    shown: bool,
    format: Format,
    /// Where to write, as it is typed; empty until the user has a say.
    typed: String,
    /// Leave out the classifier's labels below the threshold.
    only_sure: bool,
    choosing: Option<Background<Option<PathBuf>>>,
    /// The format that a place is chosen for.
    choosing_for: Format,
    /// What is asked before something that is there is replaced.
    replacing: Replacing,
    writing: Option<Background<Result<PathBuf, String>>>,
    pub(super) choosing_labels: Option<Background<Option<PathBuf>>>,
    pub(super) reading: Option<Background<Result<Imported, String>>>,
    pub(super) imported: Option<Imported>,
    /// The file of labels that is read or was, what it is written in where that was said, and the steps of the project that it was
    /// compared with.
    pub(super) compared: (PathBuf, Reading, u64),
}

impl Default for ExportWindow {
    fn default() -> Self {
        Self {
            shown: false,
            format: Format::Csv,
            typed: String::new(),
            only_sure: false,
            choosing: None,
            choosing_for: Format::Csv,
            replacing: Replacing::default(),
            writing: None,
            choosing_labels: None,
            reading: None,
            imported: None,
            compared: Default::default(),
        }
    }
}

impl ExportWindow {
    /// Shows the window.
    pub fn open(&mut self) {
        self.shown = true;
    }

    /// Whether it lies over the screen.
    pub fn is_shown(&self) -> bool {
        self.shown
    }

    /// Draws the window while it is open, and sees to what goes on beside it.
    pub fn show(&mut self, ui: &Ui, shared: &mut Shared, results: Option<&Results>, threshold: f32) {
        self.poll(ui, shared);
        if !self.shown {
            return;
        }
        self.compare_anew(ui, shared);
        let room = ui.ctx().content_rect();
        let frame = egui::Frame::popup(&ui.global_style()).inner_margin(20);
        let modal = egui::Modal::new(egui::Id::unique("export"))
            .frame(frame)
            .show(ui.ctx(), |ui| {
                ui.set_width(520.0_f32.min(room.width() - 72.0));
                ui.heading("Export and import");
                let area = ScrollArea::vertical()
                    .id_salt("export")
                    .max_height(room.height() - 150.0);
                area.show(ui, |ui| {
                    // What a file would change is decided before anything else is done.
                    if self.imported.is_none() {
                        self.out(ui, shared, results, threshold);
                        ui.add_space(8.0);
                        ui.separator();
                    }
                    self.labels_in(ui, shared);
                });
                ui.add_space(8.0);
                let close = ui.button("Close").on_hover_text("Back to the table. (Esc)");
                close.clicked()
            });
        let left = modal.should_close();
        // Esc is the answer to a question first.
        let answered = left && !modal.inner && self.replacing.take_back();
        if modal.inner || (left && !answered) {
            self.shown = false;
            self.let_go();
            self.replacing.leave();
        }
    }

    fn out(&mut self, ui: &mut Ui, shared: &mut Shared, results: Option<&Results>, threshold: f32) {
        let Some(open) = &shared.project else { return };
        let theme = Theme::of(ui.ctx());
        let nothing = results.is_none() && open.project.labelled() == 0;
        small(
            ui,
            "Every text with your label, the classifier's label and its confidence, and the other columns of your table.",
        );
        ui.add_space(4.0);
        let before = self.format;
        for format in Format::ALL {
            let choice = ui.radio_value(&mut self.format, format, format.name());
            choice.on_hover_text(format.explanation());
        }
        if self.format != before {
            self.end_as_the_format();
        }
        small(ui, self.format.explanation());
        if self.format == Format::LabelStudio {
            let copy = ui.small_button("Copy its labelling configuration");
            let hint =
                "Copies the XML that Label Studio asks for in a project's settings, with your labels in it.";
            if copy.on_hover_text(hint).clicked() {
                let names: Vec<String> = open.project.labels().map(|l| l.name.clone()).collect();
                ui.ctx().copy_text(label_studio_configuration(&names));
            }
        }
        if results.is_some() {
            let text = format!("Leave out the classifier's labels below {threshold:.2}");
            let hint = "Their texts are written without a label of the classifier's, to be labelled elsewhere. Your own \
                        labels are always written.";
            ui.checkbox(&mut self.only_sure, text).on_hover_text(hint);
            let gone = results.map_or(0, |r| r.gone_from(self.least(threshold)));
            if let Some(sentence) = left_out(gone) {
                small(ui, sentence);
            }
        } else if nothing {
            small(ui, NOTHING);
        } else {
            small(
                ui,
                "The texts are not classified yet: only your own labels are written.",
            );
        }
        ui.add_space(4.0);
        let suggested = self.suggested(shared);
        let place = |ui: &mut Ui| {
            let width = (ui.available_width() - 96.0).max(80.0);
            let edit = TextEdit::singleline(&mut self.typed)
                .align(egui::Align2::LEFT_CENTER)
                .hint_text(suggested.display().to_string())
                .desired_width(width);
            let edit = ui.add(edit);
            edit.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Where to write"));
            edit.on_hover_text("The file or folder to write; empty writes the one that is suggested.");
            let browse = ui.add_enabled(self.choosing.is_none(), egui::Button::new("Browse"));
            if browse
                .on_hover_text("Opens the system's own window to choose a place.")
                .clicked()
            {
                let name = suggested
                    .file_name()
                    .map_or(String::new(), |n| n.to_string_lossy().into_owned());
                self.choosing = Some(exchange::choose_place(name, self.format, wake(ui)));
                self.choosing_for = self.format;
            }
        };
        if exchange::ASKS_WHERE {
            ui.horizontal(place);
        } else if self.format.is_folder() {
            small(ui, "The browser puts its two files among your downloads.");
        } else {
            small(ui, "The browser puts it among your downloads.");
        }
        let place = self.place(shared);
        if self.replacing.is_asking(&place, self.format) {
            if self.replacing.show(ui) {
                self.write_to(place, ui, shared, results, threshold);
            }
            return;
        }
        let busy = self.writing.is_some();
        ui.horizontal(|ui| {
            let button = egui::Button::new(RichText::new("Write").strong()).min_size(egui::vec2(88.0, 32.0));
            let hint = if exchange::ASKS_WHERE {
                "Writes the file; asks first where it would replace one that this window has not written."
            } else {
                "Gives the file to the browser, which puts it among your downloads."
            };
            let write = ui.add_enabled(!busy && !nothing, button).on_hover_text(hint);
            let why = if nothing {
                NOTHING
            } else {
                "The file is being written."
            };
            if write.on_disabled_hover_text(why).clicked() {
                self.write(ui, shared, results, threshold);
            }
            if busy {
                ui.spinner();
                ui.label(
                    RichText::new("Writing")
                        .text_style(TextStyle::Small)
                        .color(theme.dim),
                );
            }
        });
    }

    /// Where to write.
    fn place(&self, shared: &Shared) -> PathBuf {
        match self.typed.trim() {
            "" => self.suggested(shared),
            typed => PathBuf::from(typed),
        }
    }

    /// Where to write unless the user says otherwise: beside the project.
    fn suggested(&self, shared: &Shared) -> PathBuf {
        let open = shared.project.as_ref();
        let beside = open.and_then(|o| o.path()).and_then(|p| p.parent());
        let folder = beside.map_or_else(exchange::projects_folder, PathBuf::from);
        let project = open.map_or("", |o| o.project.name.as_str());
        let name = match self.format.extension() {
            "" => format!("{project}-labels"),
            end => format!("{project}-labels.{end}"),
        };
        exchange::exports_folder(&folder).join(name)
    }

    /// The least confidence of the classifier's labels that are written.
    fn least(&self, threshold: f32) -> f32 {
        if self.only_sure { threshold } else { 0.0 }
    }

    /// Gives the place that was typed the ending of the format, so that a file of another format is not replaced.
    fn end_as_the_format(&mut self) {
        let typed = self.typed.trim();
        if typed.is_empty() || typed.ends_with(['/', '\\']) {
            return;
        }
        // Whatever else follows a full stop is part of the name: mail.2024-06.
        let stem = (Format::ALL.iter())
            .map(|format| format.extension())
            .filter(|ending| !ending.is_empty())
            .find_map(|ending| typed.strip_suffix(&format!(".{ending}")))
            .unwrap_or(typed);
        self.typed = match self.format.extension() {
            "" => stem.to_string(),
            ending => format!("{stem}.{ending}"),
        };
    }

    fn write(&mut self, ui: &Ui, shared: &mut Shared, results: Option<&Results>, threshold: f32) {
        let Some(open) = &shared.project else { return };
        let path = self.place(shared);
        if open.path().is_some_and(|own| whole(own) == whole(&path)) {
            shared.fail("That is the file of this project itself: choose another name to write to.");
            return;
        }
        let source = &open.project.texts.source;
        if !self.replacing.asks(&path, self.format, source) {
            self.write_to(path, ui, shared, results, threshold);
        }
    }

    fn write_to(
        &mut self,
        path: PathBuf,
        ui: &Ui,
        shared: &Shared,
        results: Option<&Results>,
        threshold: f32,
    ) {
        let Some(open) = &shared.project else { return };
        let least = self.least(threshold);
        let predicted = |text| results?.predicted(text).filter(|(_, p)| *p >= least);
        let work = exchange::export_project(&open.project, predicted, self.format, path, wake(ui));
        self.writing = Some(work);
    }

    fn poll(&mut self, ui: &Ui, shared: &mut Shared) {
        const LOST: &str = "The work on the file broke off; try again.";
        if let Some(chosen) = take(&mut self.choosing) {
            match chosen {
                Ok(Some(path)) => {
                    self.typed = path.display().to_string();
                    self.replacing.confirmed(path);
                    if self.choosing_for != self.format {
                        self.end_as_the_format();
                    }
                }
                Ok(None) => {}
                Err(()) => shared.fail("No window to choose a place could be opened: type where to write."),
            }
        }
        if let Some(written) = take(&mut self.writing) {
            match written {
                Ok(Ok(path)) => {
                    self.shown = false;
                    self.replacing.wrote(&path);
                    self.replacing.leave();
                    shared.say(exchange::where_it_went(&path));
                    exchange::let_go(&path);
                }
                Ok(Err(why)) => shared.fail(why),
                Err(()) => shared.fail(LOST),
            }
        }
        if let Some(chosen) = take(&mut self.choosing_labels) {
            match (chosen, &shared.project) {
                (Ok(Some(path)), Some(open)) => {
                    self.read(open, path, Reading::default(), wake(ui));
                }
                (Ok(_), _) => {}
                (Err(()), _) => shared.fail("No window to choose a file could be opened."),
            }
        }
        if let Some(read) = take(&mut self.reading) {
            match read {
                Ok(Ok(imported)) => self.imported = Some(imported),
                Ok(Err(why)) => {
                    shared.fail(why);
                    self.let_go();
                }
                Err(()) => shared.fail(LOST),
            }
        }
    }
}

/// The result of work that has ended, once; an error where it was lost.
fn take<T: Send + 'static>(work: &mut Option<Background<T>>) -> Option<Result<T, ()>> {
    let ended = match work.as_ref()?.poll() {
        Outcome::Running => return None,
        Outcome::Done(result) => Ok(result),
        Outcome::Lost => Err(()),
    };
    *work = None;
    Some(ended)
}

/// Wakes the window.
pub fn wake(ui: &Ui) -> Wake {
    let ctx = ui.ctx().clone();
    Arc::new(move || ctx.request_repaint())
}

/// How many of the classifier's labels are not written because the project no longer has them.
fn left_out(gone: usize) -> Option<String> {
    let (texts, are) = match gone {
        0 => return None,
        1 => ("1 text has".to_owned(), "it is"),
        n => (format!("{} texts have", count(n)), "they are"),
    };
    Some(format!(
        "{texts} a label that this project no longer has: {are} written without the classifier's label."
    ))
}

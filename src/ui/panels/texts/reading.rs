//! What was guessed of a file, and another way to read it.

use egui::{ComboBox, RichText, Ui};

use super::Want;
use super::button::{Weight, button};
use crate::session::exchange::{Encoding, Reading, Sheet, Source, Workbook};
use crate::session::number::counted;
use crate::ui::theme::{self, Theme};
use crate::ui::widgets::{card, small};

/// A file that is no text in the encoding that it was read in, or a workbook whose sheet is no table of texts.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    /// Where it is.
    pub source: Source,
    /// How it was read.
    pub reading: Reading,
    /// Which sheet it was, where it is a workbook.
    pub workbook: Option<Workbook>,
}

/// Which sheet of a workbook is shown, where there are several; the other way to read it, where that is wanted.
pub(super) fn sheet(ui: &mut Ui, sheet: &Sheet, reading: &Reading) -> Option<Reading> {
    let workbook = sheet
        .workbook
        .as_ref()
        .filter(|workbook| workbook.sheets.len() > 1)?;
    let chosen = ui.horizontal_wrapped(|ui| sheets(ui, workbook, reading));
    chosen.inner
}

/// The sheets to choose from; the other way to read the file, where another is chosen.
fn sheets(ui: &mut Ui, workbook: &Workbook, reading: &Reading) -> Option<Reading> {
    let mut chosen = workbook.sheet.clone();
    let list = ComboBox::from_id_salt("sheet")
        .selected_text(format!("Sheet: {chosen}"))
        .truncate()
        .show_ui(ui, |ui| {
            for name in &workbook.sheets {
                ui.selectable_value(&mut chosen, name.clone(), name);
            }
        });
    list.response
        .accessible_name("Sheet")
        .on_hover_text("The workbook has several. Reads the file again, of it the sheet that is chosen.");
    (chosen != workbook.sheet).then(|| Reading {
        // Whether another sheet has a header is another question.
        header: None,
        sheet: Some(chosen),
        ..reading.clone()
    })
}

/// Whether the first row names the columns, where nothing but its looks says so; the other way to read it, where that is wanted.
pub(super) fn header(ui: &mut Ui, sheet: &Sheet, reading: &Reading) -> Option<Reading> {
    if !sheet.guessed_header {
        return None;
    }
    let mut on = sheet.has_header;
    let hint = "Guessed from how the first row looks beside the others. Without it the first row is a text like every other. \
                The file is read again.";
    let tick = ui.checkbox(&mut on, "The first row names the columns");
    let above = match sheet.above {
        0 => "",
        1 => "The row above it is left out, as a title.",
        _ => "The rows above it are left out, as titles.",
    };
    if !above.is_empty() {
        small(ui, above);
    }
    if sheet.not_computed > 0 {
        let formulas = format!(
            "{} that were never computed are read as empty cells. Open the file in the spreadsheet program and save it.",
            counted(sheet.not_computed as u64, "formula")
        );
        ui.label(RichText::new(formulas).color(Theme::of(ui.ctx()).thaw));
    }
    tick.on_hover_text(hint).changed().then(|| Reading {
        header: Some(on),
        ..reading.clone()
    })
}

/// Asks whether the accents are right, where the file does not say what it is written in; the other way to read it, where that
/// is wanted.
pub(super) fn encoding(ui: &mut Ui, sheet: &Sheet, reading: &Reading) -> Option<Reading> {
    if !sheet.guessed && reading.encoding.is_none() {
        return None;
    }
    let theme = Theme::of(ui.ctx());
    let now = reading.encoding.unwrap_or_else(Encoding::guess);
    let name = if now == Encoding::guess() {
        "Windows-1252"
    } else {
        now.describe()
    };
    let mut chosen = None;
    ui.horizontal_wrapped(|ui| {
        let asked = format!("The file is not UTF-8 and was read as {name}: are the accents right?");
        ui.label(RichText::new(asked).color(theme.thaw));
        chosen = list(ui, Some(now));
    });
    small(
        ui,
        "If none of these has them right, save the file as UTF-8 (in Excel: CSV UTF-8) and open that.",
    );
    let other = chosen.filter(|&chosen| chosen != now)?;
    Some(Reading {
        encoding: Some(other),
        ..reading.clone()
    })
}

/// Asks what a file is written in that was refused, or which of its sheets is meant, to read it again so. `alone` where no preview
/// has the key that leaves it out.
pub(super) fn refused(ui: &mut Ui, refused: &Refused, alone: bool, wants: &mut Vec<Want>) {
    let reading = &refused.reading;
    let now = reading.encoding;
    let file = refused.source.name();
    card(ui, |ui| {
        let asked = match &refused.workbook {
            Some(workbook) => format!(
                "The sheet {} of {file} is no table of texts. Which one is?",
                workbook.sheet
            ),
            None => format!(
                "{file} is not {}. What is it written in?",
                now.map_or("UTF-8", Encoding::describe)
            ),
        };
        ui.label(RichText::new(asked).text_style(theme::title()).strong());
        ui.horizontal_wrapped(|ui| {
            let other = match &refused.workbook {
                Some(workbook) => sheets(ui, workbook, reading),
                None => list(ui, now)
                    .filter(|&chosen| Some(chosen) != now)
                    .map(|chosen| Reading {
                        encoding: Some(chosen),
                        ..reading.clone()
                    }),
            };
            wants.extend(other.map(Want::ReadAs));
            let hint = "Leaves the file as it is; nothing is changed.";
            let key = if alone { "Esc" } else { "" };
            if button(ui, "Leave it out", key, Weight::Usual, hint).clicked() {
                wants.push(Want::LeaveOut);
            }
        });
        if refused.workbook.is_none() {
            small(
                ui,
                "If you do not know it, save the file as UTF-8 (in Excel: CSV UTF-8) and open that.",
            );
        }
    });
}

/// The encodings to choose from, and which one was.
fn list(ui: &mut Ui, now: Option<Encoding>) -> Option<Encoding> {
    let mut chosen = now;
    let list = ComboBox::from_id_salt("encoding")
        .selected_text(now.map_or("Choose", Encoding::describe))
        .show_ui(ui, |ui| {
            for (other, words) in Encoding::listed() {
                ui.selectable_value(&mut chosen, Some(other), words);
            }
        });
    list.response
        .accessible_name("The file's letters")
        .on_hover_text("Reads the file again with other letters.");
    chosen
}

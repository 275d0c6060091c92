//! What was guessed of a file, and another way to read it.

use egui::{ComboBox, RichText, Ui};

use super::Want;
use super::button::{Weight, button};
use crate::session::exchange::{Encoding, Reading, Sheet, Source};
use crate::ui::theme::{self, Theme};
use crate::ui::widgets::{card, small};

/// A file that is no text in the encoding that it was read in.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    /// Where it is.
    pub source: Source,
    /// How it was read.
    pub reading: Reading,
}

/// Whether the first row names the columns, where nothing but its looks says so; the other way to read it, where that is wanted.
pub(super) fn header(ui: &mut Ui, sheet: &Sheet, reading: Reading) -> Option<Reading> {
    if !sheet.delimited {
        return None;
    }
    let mut on = sheet.has_header;
    let hint = "Guessed from how the first row looks beside the others. Without it the first row is a text like every other. \
                The file is read again.";
    let tick = ui.checkbox(&mut on, "The first row names the columns");
    tick.on_hover_text(hint).changed().then_some(Reading {
        header: Some(on),
        ..reading
    })
}

/// Asks whether the accents are right, where the file does not say what it is written in; the other way to read it, where that
/// is wanted.
pub(super) fn encoding(ui: &mut Ui, sheet: &Sheet, reading: Reading) -> Option<Reading> {
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
        ..reading
    })
}

/// Asks what a file is written in that was refused, to read it again so. `alone` where no preview has the key that leaves it out.
pub(super) fn refused(ui: &mut Ui, refused: &Refused, alone: bool, wants: &mut Vec<Want>) {
    let now = refused.reading.encoding;
    let name = now.map_or("UTF-8", Encoding::describe);
    card(ui, |ui| {
        let asked = format!("{} is not {name}. What is it written in?", refused.source.name());
        ui.label(RichText::new(asked).text_style(theme::title()).strong());
        ui.horizontal_wrapped(|ui| {
            let chosen = list(ui, now).filter(|&chosen| Some(chosen) != now);
            wants.extend(chosen.map(Want::ReadAs));
            let hint = "Leaves the file as it is; nothing is changed.";
            let key = if alone { "Esc" } else { "" };
            if button(ui, "Leave it out", key, Weight::Usual, hint).clicked() {
                wants.push(Want::LeaveOut);
            }
        });
        small(
            ui,
            "If you do not know it, save the file as UTF-8 (in Excel: CSV UTF-8) and open that.",
        );
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

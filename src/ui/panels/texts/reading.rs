//! What was guessed of a file, and another way to read it.

use egui::{ComboBox, RichText, Ui};

use crate::session::exchange::{Page, Reading, Sheet};
use crate::ui::theme::Theme;
use crate::ui::widgets::small;

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
pub(super) fn page(ui: &mut Ui, sheet: &Sheet, reading: Reading) -> Option<Reading> {
    if !sheet.guessed {
        return None;
    }
    let theme = Theme::of(ui.ctx());
    let now = reading.page;
    let mut page = now;
    ui.horizontal_wrapped(|ui| {
        let name = match now {
            Page::Western => "Windows-1252",
            other => other.name(),
        };
        let asked = format!("The file is not UTF-8 and was read as {name}: are the accents right?");
        ui.label(RichText::new(asked).color(theme.thaw));
        let list = ComboBox::from_id_salt("page")
            .selected_text(now.name())
            .show_ui(ui, |ui| {
                for other in Page::ALL {
                    ui.selectable_value(&mut page, other, other.name());
                }
            });
        list.response
            .accessible_name("The file's letters")
            .on_hover_text("Reads the file again with other letters.");
    });
    small(
        ui,
        "If none of these has them right, save the file as UTF-8 (in Excel: CSV UTF-8) and open that.",
    );
    (page != now).then_some(Reading { page, ..reading })
}

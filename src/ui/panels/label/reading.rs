//! The text itself, large, with why it was chosen.

use egui::{CollapsingHeader, FontId, Grid, Label, Margin, Panel, RichText, ScrollArea, TextStyle, Ui};

use super::desk::Desk;
use super::tint;
use super::view::{Mode, View, Want};
use crate::session::assistant::{Reason, Tint};
use crate::session::project::{Action as Step, TextId};
use crate::ui::actions::Action;
use crate::ui::theme;
use crate::ui::widgets::{card, grouped, key_hint, percent, small};

/// The text column is never wider than so many characters.
const COLUMN: usize = 75;

/// Why a text was chosen, in words.
pub(super) fn why(view: &View, reason: Option<Reason>) -> String {
    match reason {
        Some(Reason::KeptAside) => "Drawn at random and kept aside to measure the error".into(),
        Some(Reason::Random) => "Drawn at random".into(),
        Some(Reason::Uncertain { first, second }) => format!(
            "Chosen because the model hesitates between {} and {}",
            view.label(first),
            view.label(second)
        ),
        Some(Reason::Diverse) => "Chosen because it is unlike every text you have answered".into(),
        None => "Back for another answer".into(),
    }
}

/// Whether the model's opinion of a text is shown.
pub(super) fn suggests(view: &View, desk: &Desk, text: TextId) -> bool {
    !view.hidden && !desk.is_aside(view.project, text) && view.insight.suggestion(text).is_some()
}

/// Draws the text that is shown.
pub(super) fn show(ui: &mut Ui, view: &View, desk: &Desk, wants: &mut Vec<Want>) {
    let Some(text) = desk.text() else {
        all_done(ui, view, wants);
        return;
    };
    card(ui, |ui| {
        if view.narrow {
            header(ui, view, desk, text, wants);
            body(ui, view, desk, text);
            ui.add_space(12.0);
            footer(ui, view, desk, text, wants);
        } else {
            let margin = Margin::symmetric(18, 0);
            Panel::bottom("reading-foot")
                .frame(egui::Frame::new().inner_margin(margin))
                .show_separator_line(false)
                .show(ui, |ui| footer(ui, view, desk, text, wants));
            egui::CentralPanel::no_frame()
                .frame(egui::Frame::new().inner_margin(Margin {
                    left: 18,
                    right: 18,
                    top: 12,
                    bottom: 8,
                }))
                .show(ui, |ui| {
                    header(ui, view, desk, text, wants);
                    ui.add_space(6.0);
                    ScrollArea::vertical()
                        .id_salt(("text", text))
                        .auto_shrink([false, false])
                        .show(ui, |ui| body(ui, view, desk, text));
                });
        }
    });
}

fn header(ui: &mut Ui, view: &View, desk: &Desk, text: TextId, wants: &mut Vec<Want>) {
    let number = grouped(text as usize + 1);
    if desk.changing().is_some() {
        ui.horizontal_wrapped(|ui| {
            let now = view
                .project
                .answer(text)
                .map_or("not answered", |a| view.answer(a));
            small(ui, format!("Your answer was: {now}  ·  text {number}"));
            let height = if view.narrow { 44.0 } else { 0.0 };
            let clear = "Takes your answer back: the text counts as not answered.";
            if key_hint(ui, "", "Take the answer back", clear, height).clicked() {
                wants.push(Want::Step(Step::Clear { text }));
                wants.push(Want::Back);
            }
            let back = "Leaves the answer as it is and goes on where you were.";
            if key_hint(ui, "Esc", "go on", back, height).clicked() {
                wants.push(Want::Back);
            }
        });
    } else {
        let why = why(view, desk.reason());
        small(ui, format!("{why}  ·  text {number}"))
            .on_hover_text("Random texts keep the measurement honest; the others teach the model most.");
    }
    extra(ui, view, text);
}

/// The other columns of the row, one click away.
fn extra(ui: &mut Ui, view: &View, text: TextId) {
    let texts = &view.project.texts;
    let (names, cells) = (&texts.extra_columns, texts.extra.get(text as usize));
    let Some(cells) = cells.filter(|_| !names.is_empty()) else {
        return;
    };
    let title = RichText::new("Other columns")
        .text_style(TextStyle::Small)
        .color(view.theme.dim);
    CollapsingHeader::new(title)
        .id_salt("other-columns")
        .show_unindented(ui, |ui| {
            Grid::new("extra").num_columns(2).show(ui, |ui| {
                for (name, cell) in names.iter().zip(cells) {
                    small(ui, name);
                    ui.add(Label::new(RichText::new(cell).text_style(TextStyle::Small)).wrap());
                    ui.end_row();
                }
            });
        });
}

/// The width of a column of so many characters of running text.
pub(super) fn column(ui: &Ui, font: &FontId) -> f32 {
    let sample = "the parcel says delivered on tuesday but nothing came, and i was still";
    let galley = ui
        .painter()
        .layout_no_wrap(sample.into(), font.clone(), egui::Color32::PLACEHOLDER);
    galley.size().x / sample.chars().count() as f32 * COLUMN as f32
}

fn body(ui: &mut Ui, view: &View, desk: &Desk, text: TextId) {
    let font = theme::reading().resolve(ui.style());
    let width = column(ui, &font).min(ui.available_width());
    let tints = tints(view, desk, text);
    let job = tint::layout(view.text(text), tints, &view.theme, font, width);
    ui.add(Label::new(job).selectable(true));
}

fn tints<'a>(view: &'a View, desk: &Desk, text: TextId) -> &'a [Tint] {
    if suggests(view, desk, text) {
        view.insight.tints.get(&text).map_or(&[], |t| t)
    } else {
        &[]
    }
}

fn footer(ui: &mut Ui, view: &View, desk: &Desk, text: TextId, wants: &mut Vec<Want>) {
    let suggestion = view.insight.suggestion(text);
    let (sentence, word) = if desk.is_aside(view.project, text) {
        (
            "This text measures the error, so nothing is suggested.".into(),
            None,
        )
    } else if view.insight.labels.is_empty() {
        let begins = "Suggestions begin once you have labelled a few texts of two labels.";
        (begins.into(), None)
    } else if view.hidden {
        ("Suggestions are hidden.".into(), Some("shows them"))
    } else if let Some((label, p)) = suggestion {
        let mut leans = format!(
            "The model leans to {}, {}.",
            view.label(label),
            percent(f64::from(p))
        );
        if !tints(view, desk, text).is_empty() {
            leans += " Tint: words that move the suggestion.";
        }
        (leans, Some("hides suggestions"))
    } else {
        (
            "The model has not read this text yet.".into(),
            Some("hides suggestions"),
        )
    };
    ui.horizontal_wrapped(|ui| {
        let explained =
            "Each tinted word speaks for the label of its colour; the stronger the tint, the more it counts.";
        small(ui, sentence).on_hover_text(explained);
        if let Some(word) = word {
            let action = Action::Suggestions;
            let height = if view.narrow { 44.0 } else { 0.0 };
            if key_hint(ui, "H", word, action.explanation(), height).clicked() {
                wants.push(Want::Act(action));
            }
        }
    });
}

/// Nothing is left to ask.
fn all_done(ui: &mut Ui, view: &View, wants: &mut Vec<Want>) {
    use crate::session::project::Answer;
    let skipped = view
        .project
        .answered()
        .filter(|a| a.answer == Answer::Skipped)
        .count();
    card(ui, |ui| {
        ui.label(
            RichText::new("Every text has an answer")
                .text_style(theme::title())
                .strong(),
        );
        if skipped > 0 {
            ui.label(format!("You skipped {}.", crate::ui::widgets::texts(skipped)));
            let again = ui.button("Go through the skipped ones");
            if again
                .on_hover_text("Asks for each skipped text once more, the oldest first.")
                .clicked()
            {
                wants.push(Want::Revisit);
            }
        } else {
            ui.label("Click an answer of the list to change it, or train on what you have.");
        }
        let labels = ui.button("Edit labels");
        if labels.on_hover_text("Rename, merge and delete labels.").clicked() {
            wants.push(Want::Mode(Mode::Labels));
        }
    });
}

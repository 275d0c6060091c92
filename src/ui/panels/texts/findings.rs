//! What is in the texts: language, unknown words, lengths, and the rows that need a look.

use egui::{RichText, TextStyle, Ui};

use super::lengths;
use crate::session::exchange::MOST_LABELS;
use crate::session::survey::Survey;
use crate::ui::theme::Theme;
use crate::ui::widgets::{card, grouped, heading, small};

/// More unknown words than this are rather numbers, codes or another language.
const MANY_UNKNOWN: f64 = 0.25;
/// Places that are named.
const NAMED: usize = 4;
/// Labels that are named.
const LABELS: usize = 8;

/// Which rows are stepped through, and where the stepping is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Steps {
    empty: usize,
    repeated: usize,
    contradicting: usize,
}

/// Draws the cards; the place in the file of a row that is to be brought into view. `place` is what a place is called:
/// a line or a row.
pub(super) fn show(
    ui: &mut Ui,
    found: Option<&Survey>,
    labels: bool,
    steps: &mut Steps,
    place: &str,
) -> Option<u64> {
    let Some(found) = found else {
        card(ui, |ui| {
            heading(ui, "What is in them");
            ui.horizontal(|ui| {
                ui.spinner();
                small(ui, "Counting words, looking for repeated texts");
            });
        });
        return None;
    };
    let mut bring = None;
    card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        heading(ui, "What is in them");
        lengths::show(ui, found);
        ui.add_space(2.0);
        language(ui, found);
        unknown(ui, found);
    });
    let odd = !(found.empty.is_empty() && found.repeated.is_empty());
    if odd {
        card(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 6.0;
            heading(ui, "Worth a look");
            bring = rows(ui, found, steps, place);
        });
    }
    if labels {
        card(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 4.0;
            label_counts(ui, found);
        });
    }
    bring
}

fn caution(ui: &mut Ui, text: String) {
    let theme = Theme::of(ui.ctx());
    ui.label(RichText::new(text).text_style(TextStyle::Small).color(theme.thaw));
}

fn language(ui: &mut Ui, found: &Survey) {
    let guess = &found.language;
    let hint = "Guessed from the letters and the commonest words. The base model has read English.";
    match (guess.language, guess.script) {
        (Some(language), _) => ui.label(format!("They seem to be in {language}.")),
        (None, "") => ui.label("There are no letters in them."),
        (None, "Latin") => ui.label("Latin letters; too few common words to tell the language."),
        (None, script) => ui.label(format!("They are written in {script} letters.")),
    }
    .on_hover_text(hint);
    if let Some(what) = boxes(guess.script, SYSTEM_FONTS) {
        caution(ui, what);
    }
    if !guess.could_be_english() {
        let what =
            "The base model has read English only and will help little here: expect to need more labels.";
        caution(ui, what.into());
    }
}

/// Whether letters that the window's own fonts lack come from the system's, as on the desktop. A page sees none of those.
const SYSTEM_FONTS: bool = cfg!(not(target_family = "wasm"));
/// Scripts that the window's own fonts have.
const DRAWN: [&str; 3] = ["Latin", "Greek", "Cyrillic"];

/// What to know of texts whose letters cannot be drawn.
fn boxes(script: &str, system_fonts: bool) -> Option<String> {
    let drawn = system_fonts || script.is_empty() || DRAWN.contains(&script);
    (!drawn).then(|| {
        format!(
            "This page has no font for {script} letters and shows boxes in their place; what is in the texts stays as it is. Unfreeze \
             on the desktop shows them."
        )
    })
}

fn unknown(ui: &mut Ui, found: &Survey) {
    let Some(unknown) = &found.unknown else {
        return;
    };
    let hint = format!(
        "Measured on {} texts spread over the table, {} words and marks. Names and misspellings are usual; reading your \
         texts teaches the model those that come often.",
        grouped(unknown.texts),
        grouped(unknown.words)
    );
    ui.label(format!(
        "The base model does not know {:.1} % of their words.",
        100.0 * unknown.rate
    ))
    .on_hover_text(hint);
    if !unknown.examples.is_empty() {
        small(ui, format!("Most often: {}", unknown.examples.join(", ")));
    }
    if unknown.rate > MANY_UNKNOWN && found.language.could_be_english() {
        let what = "That is a lot for English: is the right column chosen?";
        caution(ui, what.into());
    }
}

/// `line 3`, `lines 3, 17 and 40`, `lines 3, 17, 40, 52 and 8 more`.
fn named(places: impl ExactSizeIterator<Item = u64>, place: &str) -> String {
    let all = places.len();
    let shown: Vec<String> = places.take(NAMED).map(|at| grouped(at as usize)).collect();
    let plural = if all == 1 { "" } else { "s" };
    let list = match shown.as_slice() {
        [one] => one.clone(),
        [firsts @ .., last] if all == shown.len() => format!("{} and {last}", firsts.join(", ")),
        shown => format!("{} and {} more", shown.join(", "), grouped(all - shown.len())),
    };
    format!("{place}{plural} {list}")
}

/// Steps to the next of `places` with each press.
fn next(ui: &mut Ui, places: &[u64], step: &mut usize, what: &str) -> Option<u64> {
    let text = match (*step, places.len()) {
        (_, 1) => "Show it".to_owned(),
        (0, _) => "Show the first".to_owned(),
        (at, all) => format!("Show the next: {} of {}", at % all + 1, grouped(all)),
    };
    let button = ui.link(RichText::new(text).text_style(TextStyle::Small));
    button.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Show rows with {what}"))
    });
    let pressed = button
        .on_hover_text("Scrolls the table to the row and marks it.")
        .clicked();
    if !pressed {
        return None;
    }
    let found = places.get(*step % places.len().max(1)).copied();
    *step += 1;
    found
}

/// Names some of `places` and offers to step through all of them.
fn places(ui: &mut Ui, places: &[u64], step: &mut usize, what: &str, place: &str) -> Option<u64> {
    let line = |ui: &mut Ui| {
        small(ui, named(places.iter().copied(), place));
        next(ui, places, step, what)
    };
    ui.horizontal_wrapped(line).inner
}

fn rows(ui: &mut Ui, found: &Survey, steps: &mut Steps, place: &str) -> Option<u64> {
    let mut bring = None;
    let plural = |n: usize| if n == 1 { "" } else { "s" };
    if !found.empty.is_empty() {
        let n = found.empty.len();
        let verb = if n == 1 { "has" } else { "have" };
        ui.label(format!(
            "{} row{} {verb} no text and will be left out.",
            grouped(n),
            plural(n)
        ));
        bring = bring.or(places(ui, &found.empty, &mut steps.empty, "no text", place));
    }
    if !found.repeated.is_empty() {
        let n = found.repeated.len();
        let verb = if n == 1 { "repeats" } else { "repeat" };
        ui.label(format!(
            "{} row{} {verb} the text of an earlier one.",
            grouped(n),
            plural(n)
        ));
        let later: Vec<u64> = found.repeated.iter().map(|&(_, at)| at).collect();
        bring = bring.or(places(ui, &later, &mut steps.repeated, "a repeated text", place));
    }
    if !found.contradicting.is_empty() {
        let n = found.contradicting.len();
        caution(
            ui,
            format!(
                "{} of them {} another label than the first: one of the two is wrong.",
                grouped(n),
                if n == 1 { "has" } else { "have" }
            ),
        );
        let later: Vec<u64> = found.contradicting.iter().map(|&(_, at)| at).collect();
        bring = bring.or(places(
            ui,
            &later,
            &mut steps.contradicting,
            "another label",
            place,
        ));
    }
    bring
}

fn label_counts(ui: &mut Ui, found: &Survey) {
    let theme = Theme::of(ui.ctx());
    let n = found.labels.len();
    heading(
        ui,
        format!("{} label{}", grouped(n), if n == 1 { "" } else { "s" }),
    );
    if n > MOST_LABELS {
        let what = "Too many different values to be labels. Choose another column, or none.";
        return caution(ui, what.into());
    }
    if n == 0 {
        small(ui, "This column is empty. Choose another, or none.");
        return;
    }
    let most = found.labels.iter().map(|(_, n)| *n).max().unwrap_or(0).max(1);
    for (id, (label, count)) in found.labels.iter().take(LABELS).enumerate() {
        ui.horizontal(|ui| {
            let width = ui.available_width();
            let colour = theme.label(id as u16);
            let (rect, _) = ui.allocate_exact_size(egui::vec2(36.0, 10.0), egui::Sense::hover());
            ui.painter().rect_filled(rect, 2, theme.raised);
            let full = rect.width() * *count as f32 / most as f32;
            ui.painter()
                .rect_filled(rect.with_max_x(rect.left() + full), 2, colour);
            let name = RichText::new(label).text_style(TextStyle::Small);
            ui.scope(|ui| {
                ui.set_max_width((width - 36.0 - 70.0).max(40.0));
                ui.add(egui::Label::new(name).truncate());
            });
            small(ui, grouped(*count));
        });
    }
    if n > LABELS {
        small(ui, format!("and {} more", grouped(n - LABELS)));
    }
    if n == 1 {
        caution(
            ui,
            "A classifier needs at least two; more can be made while labelling.".into(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::{boxes, named};

    #[test]
    fn letters_that_a_page_cannot_draw_are_told() {
        assert!(boxes("Chinese", false).is_some_and(|said| said.contains("no font for Chinese letters")));
        for (script, system) in [
            ("Chinese", true),
            ("Latin", false),
            ("Cyrillic", false),
            ("", false),
        ] {
            assert_eq!(boxes(script, system), None);
        }
    }

    #[test]
    fn places_are_named_and_the_rest_is_counted() {
        let say = |places: &[u64]| named(places.iter().copied(), "line");
        assert_eq!(say(&[3]), "line 3");
        assert_eq!(say(&[3, 17]), "lines 3 and 17");
        assert_eq!(say(&[3, 17, 40, 1_052]), "lines 3, 17, 40 and 1,052");
        assert_eq!(say(&[1, 2, 3, 4, 5, 6]), "lines 1, 2, 3, 4 and 2 more");
    }
}

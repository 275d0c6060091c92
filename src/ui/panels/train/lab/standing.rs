//! Above everything: where the comparison stands, what it found, and the one thing to do next.

use egui::{Button, CornerRadius, RichText, Stroke, Ui, vec2};

use super::super::numbers::{capital, count, short};
use super::super::ready::Readiness;
use super::job::{LEAST, least_difference};
use super::kept::Comparison;
use super::view::{Ask, Look, Slower};
use super::words::{points, reading};
use super::{going, setup};
use crate::ui::Screen;
use crate::ui::actions::Action;
use crate::ui::run::{Status, words as words_of_failure};
use crate::ui::theme;
use crate::ui::widgets::{self, Explained as _, small};

/// The line above: what this is, and the way back.
pub fn head(ui: &mut Ui, narrow: bool, asks: &mut Vec<Ask>) {
    let what = "What pretraining (table 4 of the paper), reading your texts (table 6) and each part of the fine-tuning (table 7) give, \
                measured on your own labels.";
    ui.horizontal(|ui| {
        let back = Button::new("Back to training").corner_radius(CornerRadius::same(255));
        let hint = "Shows the run and its plan again. A comparison that goes on goes on.";
        if ui.add(back).on_hover_text(hint).clicked() {
            asks.push(Ask::Close);
        }
        title(ui, "Compare methods");
        if !narrow {
            ui.vertical(|ui| {
                ui.add_space(6.0);
                small(ui, what);
            });
        }
    });
    if narrow {
        small(ui, what);
    }
}

/// Draws it.
pub fn show(ui: &mut Ui, look: &Look<'_>, asks: &mut Vec<Ask>) {
    let theme = look.theme;
    let edge = match look.status {
        _ if look.is_setup() => theme.line,
        Status::Failed { .. } => theme.warm,
        Status::Stopped { .. } | Status::Paused => theme.thaw,
        Status::Done => theme.right,
        _ => theme.ice,
    };
    widgets::standing(ui, edge, |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        if look.is_setup() {
            before(ui, look, asks);
        } else if look.status.active() {
            going::show(ui, look, asks);
        } else if let Some(comparison) = look.comparison {
            ended(ui, look, comparison, asks);
        }
        if let Some(busy) = &look.busy {
            small(
                ui,
                format!("The engine is busy ({busy}); methods can be compared when it is done."),
            );
        }
    });
}

/// The line that says where it stands.
pub fn title(ui: &mut Ui, text: impl Into<String>) -> egui::Response {
    ui.label(RichText::new(text).text_style(theme::title()).strong())
}

/// A button; the one to press stands out. Whether it was.
pub fn press(ui: &mut Ui, name: &str, first: bool, blocked: Option<&str>, why: &str) -> bool {
    let theme = theme::Theme::of(ui.ctx());
    let mut button = Button::new(name).min_size(vec2(0.0, 34.0));
    if first {
        let text = RichText::new(name).strong().color(theme.text);
        button = Button::new(text)
            .min_size(vec2(150.0, 38.0))
            .fill(theme.tint(theme.warm, 0.30))
            .stroke(Stroke::new(1.0, theme.warm));
    }
    ui.add_enabled(blocked.is_none(), button)
        .on_hover_text(why)
        .blocked_because(blocked.unwrap_or_default())
        .clicked()
}

/// Before it runs: what it will do, or what is missing.
fn before(ui: &mut Ui, look: &Look<'_>, asks: &mut Vec<Ask>) {
    let missing = match look.readiness {
        Readiness::NoProject => {
            title(ui, "No texts are open");
            ui.label("Open a file or try the sample, and label some of the texts; then the paper's methods can be compared on them.");
            ui.horizontal_wrapped(|ui| {
                if press(ui, "Try the sample", true, None, Action::OpenSample.explanation()) {
                    asks.push(Ask::Act(Action::OpenSample));
                }
            });
            return;
        }
        Readiness::TooFew(message) => Some(message.clone()),
        Readiness::Ready(material) if material.labels < LEAST => Some(format!(
            "Comparing needs {LEAST} labels that are not kept aside; there are {}. With fewer, ways that differ by less than {} could not \
             be told from chance.",
            material.labels,
            points(100.0 * least_difference(LEAST))
        )),
        Readiness::Ready(_) if look.shape.measured == 0 => Some(
            "Each label has one text only (copies, and texts that were labelled together, count as one): none can be left out of \
             training while another of its label is learned from."
                .into(),
        ),
        Readiness::Ready(_) => None,
    };
    if let Some(message) = missing {
        title(ui, "Not enough labels yet");
        ui.label(message);
        ui.horizontal_wrapped(|ui| {
            if press(ui, "Label more", true, None, Screen::Label.explanation()) {
                asks.push(Ask::Show(Screen::Label));
            }
            back_to_result(ui, look, asks);
        });
        return;
    }
    let Readiness::Ready(material) = look.readiness else {
        return;
    };
    title(ui, "Ready to compare");
    ui.label(setup::plan(look, material));
    small(ui, setup::conditions(look, material));
    let goes_on = look.resumable == Some(true) && look.slower().is_none();
    if goes_on && look.comparison.is_some_and(|comparison| !comparison.done) {
        let gone = "The comparison that was stopped, and can go on, is given up when this one begins.";
        ui.label(RichText::new(gone).color(look.theme.thaw));
    }
    ui.horizontal_wrapped(|ui| {
        let blocked = look.busy.as_ref().map(|_| "The engine is busy.");
        let why =
            "Trains and measures every way that is ticked. It can be stopped at any time, and gone on with.";
        if press(ui, "Start comparing", true, blocked, why) {
            asks.push(Ask::Start);
        }
        back_to_result(ui, look, asks);
    });
}

fn back_to_result(ui: &mut Ui, look: &Look<'_>, asks: &mut Vec<Ask>) {
    if let Some(comparison) = look.comparison {
        let (name, why) = if comparison.done {
            ("The last result", "Shows again what was found the last time.")
        } else {
            ("Back to the stopped one", "Shows again how far it has come.")
        };
        if press(ui, name, false, None, why) {
            asks.push(Ask::Choose(false));
        }
    }
}

/// When it has ended, well or not.
fn ended(ui: &mut Ui, look: &Look<'_>, comparison: &Comparison, asks: &mut Vec<Ask>) {
    let part = format!(
        "{} of {} ways are measured",
        comparison.measured(),
        comparison.ways.len()
    );
    let on = match look.resumable {
        _ if look.slower().is_some() => "From there it would end in the same way: it takes a lower rate.",
        Some(true) => "It goes on from where it was, and the result is the same as without the break.",
        Some(false) => "What it needs to go on is not there any more: it starts anew.",
        None => "Whether it can go on is being looked for.",
    };
    match look.status {
        Status::Failed { message, device, .. } => {
            title(ui, "The comparison failed");
            ui.label(words_of_failure(message.clone(), device.clone()));
            small(ui, format!("{}. {on}", capital(&part)));
        }
        Status::Done => {
            title(ui, done(comparison));
            // What an older version kept tells none.
            let settings = Some(comparison.settings.as_str()).filter(|said| !said.is_empty());
            small(
                ui,
                settings.map_or_else(|| HARD.into(), |said| format!("{said}. {HARD}")),
            );
        }
        _ => {
            title(ui, format!("Stopped: {part}"));
            ui.label(on);
        }
    }
    for sentence in reading(comparison) {
        ui.label(sentence);
    }
    going::warning(ui, look);
    if let Some(sentence) = since(look, comparison) {
        let text = RichText::new(sentence).color(look.theme.thaw);
        ui.label(text);
    }
    ui.horizontal_wrapped(|ui| {
        let busy = look.busy.as_ref().map(|_| "The engine is busy.");
        let slower = look.slower();
        if let Some(rate) = slower {
            let (name, why) = match rate {
                Slower::Reading(rate) => (
                    format!("Start anew reading at {}", short(rate)),
                    "Shows what can be chosen before a comparison in which stage 2 has a third of the rate.",
                ),
                Slower::Training(rate) => (
                    format!("Start anew with η max {}", short(rate)),
                    "Shows what can be chosen before a comparison in which every way has this rate, a third of the one that was too high.",
                ),
            };
            if press(ui, &name, true, None, why) {
                asks.push(Ask::Slower(rate));
            }
        }
        let resumable = look.resumable == Some(true) && !comparison.done && slower.is_none();
        if resumable
            && press(
                ui,
                "Go on",
                true,
                busy,
                "Trains and measures the ways that are left.",
            )
        {
            asks.push(Ask::GoOn);
        }
        let again = if comparison.done {
            "Compare again"
        } else {
            "Start anew"
        };
        let why = "Shows what can be chosen before a comparison of the labels that there are now.";
        if press(ui, again, !resumable && slower.is_none() && look.news > 0, None, why) {
            asks.push(Ask::Choose(true));
        }
        if comparison.before.is_some() {
            let why = "Shows again what was found the last time; this one is given up.";
            if press(ui, "The last result", false, None, why) {
                asks.push(Ask::GoBack);
            }
        }
        if !comparison.rows.is_empty() {
            let why = format!(
                "Writes the numbers as CSV, for a spreadsheet: {}. An older one of that name is replaced.",
                look.table
            );
            if press(ui, "Save the table", false, None, &why) {
                asks.push(Ask::Save);
            }
        }
    });
}

const HARD: &str = "Where labels were chosen because they are hard, as the queue chooses them, all of these errors are higher than on \
                    all texts, which labels kept aside tell.";

/// What a finished comparison was measured on.
fn done(comparison: &Comparison) -> String {
    let labels = count(comparison.measured_on as u64);
    if comparison.folds > 1 {
        format!(
            "Measured on {labels} labels, each left out once ({} folds)",
            comparison.folds
        )
    } else {
        format!("Measured on {labels} labels that were left out")
    }
}

/// That labels have changed since.
fn since(look: &Look<'_>, comparison: &Comparison) -> Option<String> {
    if look.news == 0 {
        return None;
    }
    let then = comparison.labels();
    let now = match look.readiness {
        Readiness::Ready(material) => material.labels,
        _ => return None,
    };
    let changed = if now == then {
        format!("{} of them have changed since", count(look.news as u64))
    } else {
        format!("there are {} now", count(now as u64))
    };
    let next = if comparison.done {
        "Compare again to see whether it still holds."
    } else {
        "What goes on goes on with those that it began with."
    };
    Some(format!(
        "It was given {} labels; {changed}. {next}",
        count(then as u64)
    ))
}

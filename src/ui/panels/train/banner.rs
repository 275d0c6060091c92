//! The line above everything, while nothing runs: where one stands, and the one thing to do next.

use egui::{Button, RichText, Stroke, TextStyle, Ui};

use super::broken;
use super::numbers::{about, capital, clock, ends, per_cent, short};
use super::ready::{Material, Readiness, listed, what_will_happen};
use super::view::{Intent, View};
use crate::ui::Screen;
use crate::ui::actions::Action;
use crate::ui::run::{Kind, Outcome, Recipe, Record, Share, Status, words as words_of_failure};
use crate::ui::theme;
use crate::ui::widgets::{self, Explained as _, keycap, small};

/// Said while it is not known whether the run that ended can go on.
pub const LOOKING: &str = "Whether the run can go on is being looked for.";

/// What the banner is drawn from, beside the view.
pub struct Standing<'a> {
    /// Whether there is enough to train on.
    pub readiness: &'a Readiness,
    /// The recipe of the next run.
    pub recipe: &'a Recipe,
    /// Seconds that the next run takes, judged by an earlier one, with its number.
    pub estimate: Option<(f64, usize)>,
    /// Whether the run can go on from a checkpoint.
    pub resumable: bool,
    /// Whether that is still being looked for.
    pub looking: bool,
    /// Whether it is asked if it is to give way to another.
    pub asks: bool,
    /// Whether it would go on on the processor anyway.
    pub on_cpu: bool,
    /// The job that keeps the engine busy.
    pub busy: Option<&'a str>,
}

/// How long a run takes, judged by the last one that was finished.
pub fn estimate(
    records: &[&Record],
    recipe: &Recipe,
    material: &Material,
    steps: u64,
) -> Option<(f64, usize)> {
    records.iter().rev().find_map(|record| {
        let train = record.stage(Kind::Train)?;
        let per_step = train.seconds? / train.done.max(1) as f64;
        let folds = record.stages.iter().filter(|s| s.kind == Kind::Estimate).count();
        let folds = if material.measured_aside() {
            0
        } else {
            folds / record.recipe.directions()
        };
        let classifiers = per_step * steps as f64 * (1 + folds) as f64;
        let adapt = if recipe.reads() {
            record.stage(Kind::Adapt)?.seconds?
        } else {
            0.0
        };
        let directions = recipe.directions() as f64;
        Some((directions * (classifiers + adapt), record.number))
    })
}

/// Draws it; nothing while the run that is shown goes on.
pub fn show(ui: &mut Ui, view: &View<'_>, standing: &Standing<'_>, intents: &mut Vec<Intent>) {
    if view.record.status.active() {
        return;
    }
    let theme = view.theme;
    let edge = match &view.record.status {
        Status::Failed { .. } => theme.warm,
        Status::Stopped { .. } => theme.thaw,
        Status::Done => theme.right,
        _ => theme.line,
    };
    widgets::standing(ui, edge, |ui| {
        if view.narrow {
            words(ui, view, standing);
            ui.horizontal_wrapped(|ui| {
                for button in buttons(view, standing) {
                    add(ui, button, intents);
                }
            });
        } else {
            ui.horizontal(|ui| {
                let buttons = buttons(view, standing);
                // A button with its key, in points.
                let room = 250.0 * buttons.len() as f32;
                ui.vertical(|ui| {
                    ui.set_width((ui.available_width() - room).max(200.0));
                    words(ui, view, standing);
                });
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    for button in buttons {
                        add(ui, button, intents);
                    }
                });
            });
        }
    });
}

/// The line that says where one stands.
pub fn title(ui: &mut Ui, text: impl Into<String>) -> egui::Response {
    ui.label(RichText::new(text).text_style(theme::title()).strong())
}

/// What the next run will do.
pub fn ready(ui: &mut Ui, material: &Material, standing: &Standing<'_>) {
    title(ui, "Ready to train");
    ui.label(format!(
        "{} {}",
        what_will_happen(material, standing.recipe),
        duration(standing)
    ));
}

fn words(ui: &mut Ui, view: &View<'_>, standing: &Standing<'_>) {
    if view.looks_back() {
        small(ui, format!("Looking back at {}", view.record.title()));
    }
    let planned = view.stage.is_none() && view.record.live().is_some();
    match &view.record.status {
        Status::Failed { .. } | Status::Stopped { .. } => broken::words(ui, view, standing),
        Status::Done => match (&view.record.outcome, standing.readiness) {
            (_, Readiness::Ready(material)) if planned => ready(ui, material, standing),
            (Some(outcome), _) => {
                done(ui, view, outcome);
                note(ui, view);
            }
            (None, _) => {
                title(ui, "Done");
                note(ui, view);
            }
        },
        _ => match standing.readiness {
            Readiness::NoProject => {
                title(ui, "No texts are open");
                ui.label("Open a file or try the sample. Until then, the plan below answers to its sliders.");
            }
            Readiness::TooFew(message) => {
                title(ui, "Not enough labels yet");
                ui.label(message);
            }
            Readiness::Ready(material) => ready(ui, material, standing),
        },
    }
    if let Some(job) = standing.busy {
        small(
            ui,
            format!("The engine is busy ({job}); training can start when it is done."),
        );
    }
}

fn duration(standing: &Standing<'_>) -> String {
    match standing.estimate {
        Some((seconds, run)) => format!("It takes {}, going by run {run}.", about(seconds)),
        None => "How long it takes shows after the first steps.".into(),
    }
}

/// Of a run that is done and was not measured, why: the last that the engine said.
fn note(ui: &mut Ui, view: &View<'_>) {
    let is_measured = view.record.outcome.as_ref().is_some_and(|o| o.error().is_some());
    if let Some(note) = view.record.notes.last().filter(|_| !is_measured) {
        small(ui, words_of_failure(note.clone(), None));
    }
}

/// A share beside the error of the run.
fn beside(share: &Share) -> String {
    let close = if share.too_close() {
        ", too close to tell on these labels"
    } else {
        ""
    };
    format!("{}{close}", words_of(share))
}

fn words_of(share: &Share) -> String {
    let ends = ends(share.low, share.high);
    format!("{} wrong ({ends})", per_cent(share.error))
}

fn done(ui: &mut Ui, view: &View<'_>, outcome: &Outcome) {
    let Some(error) = outcome.error() else {
        title(ui, "Done");
        ui.label(format!(
            "Trained on {} labels in {}.",
            outcome.rows,
            clock(outcome.seconds)
        ));
        return;
    };
    let folded = outcome.aside.is_none() && outcome.folds > 1;
    let wider = if folded {
        " The classifiers that were measured share training labels, so the true uncertainty is somewhat larger."
    } else {
        ""
    };
    title(ui, words_of(error)).on_hover_text(format!(
        "95 % interval: {} to {}.{wider}",
        per_cent(error.low),
        per_cent(error.high)
    ));
    let how = match (outcome.aside.is_some(), outcome.folds) {
        (true, _) => format!("measured on {} labels kept aside from the beginning", error.rows),
        (false, 1) => format!("measured on {} labels that were left out", error.rows),
        (false, folds) => format!(
            "measured on {} labels, each left out once ({folds} folds)",
            error.rows
        ),
    };
    let without = match &outcome.not_measured[..] {
        names if names.is_empty() || outcome.aside.is_some() => String::new(),
        names => format!(
            " It is the error of the other labels: {} had no text that could be left out.",
            listed(names)
        ),
    };
    let baseline = outcome.baseline.map_or(String::new(), |b| {
        format!(
            " TF-IDF with logistic regression from the same labels: {}.",
            beside(&b)
        )
    });
    let vote = match (outcome.alone, outcome.together) {
        (Some(alone), _) => format!(" Without TF-IDF's vote: {}.", beside(&alone)),
        (None, Some(both)) => format!(" If TF-IDF voted too: {}.", beside(&both)),
        (None, None) => String::new(),
    };
    let perplexity = outcome.perplexity.filter(|_| view.record.recipe.reads());
    let read = perplexity.map_or(String::new(), read);
    ui.label(format!(
        "{}, in {}.{without}{baseline}{vote}{read}",
        capital(&how),
        clock(outcome.seconds)
    ));
}

/// What reading the texts has changed: perplexity before and after it, on those that were kept back from it.
fn read((before, after): (f64, f64)) -> String {
    let ends = (short(before), short(after));
    if ends.0 == ends.1 {
        format!(
            " Perplexity on texts kept back from reading stayed at {}.",
            ends.0
        )
    } else if after < before {
        format!(
            " Perplexity on texts kept back from reading fell from {} to {}.",
            ends.0, ends.1
        )
    } else {
        format!(
            " Perplexity on texts kept back from reading rose from {} to {}: reading the others did not help with them.",
            ends.0, ends.1
        )
    }
}

/// A button: what it says, whether it is the one to press, why it cannot be, what it is for.
pub struct Press {
    pub name: String,
    pub first: bool,
    pub blocked: Option<String>,
    pub why: &'static str,
    pub intent: Intent,
}

/// The first one is rightmost.
fn buttons(view: &View<'_>, standing: &Standing<'_>) -> Vec<Press> {
    let busy = standing.busy.map(|job| format!("The engine is busy: {job}."));
    let blocked = busy.or_else(|| standing.looking.then(|| LOOKING.into()));
    let press = |name: &str, first, why, intent| Press {
        name: name.into(),
        first,
        blocked: None,
        why,
        intent,
    };
    let train = |name, first| Press {
        blocked: blocked.clone(),
        ..press(
            name,
            first,
            Action::Train.explanation(),
            Intent::Act(Action::Train),
        )
    };
    if view.looks_back() {
        // What can be done now depends on the last run, and what is said here is about another.
        let name = if view.current.status.active() {
            "Back to the run that goes on"
        } else {
            "Back to the last run"
        };
        let why = "Shows that run again. What can be done next is there.";
        return vec![press(name, true, why, Intent::Run(view.current.number))];
    }
    let ready = matches!(standing.readiness, Readiness::Ready(_));
    if view.record.status != Status::Done
        && let Some(all) = broken::buttons(view, standing, blocked.as_ref())
    {
        return all;
    }
    match &view.record.status {
        Status::Done => {
            let why = Action::Classify.explanation();
            let mut all = vec![press(
                "Classify every text",
                true,
                why,
                Intent::Act(Action::Classify),
            )];
            if ready {
                all.push(train("Train again", false));
            }
            all
        }
        _ => match standing.readiness {
            Readiness::NoProject => vec![
                press(
                    "Try the sample",
                    true,
                    Action::OpenSample.explanation(),
                    Intent::Act(Action::OpenSample),
                ),
                press(
                    "Open a file",
                    false,
                    Action::OpenFile.explanation(),
                    Intent::Act(Action::OpenFile),
                ),
            ],
            Readiness::TooFew(_) => {
                vec![press(
                    "Label more",
                    true,
                    Screen::Label.explanation(),
                    Intent::Show(Screen::Label),
                )]
            }
            Readiness::Ready(_) => vec![train("Start training", true)],
        },
    }
}

fn add(ui: &mut Ui, button: Press, intents: &mut Vec<Intent>) {
    let theme = theme::Theme::of(ui.ctx());
    let Press {
        name,
        first,
        blocked,
        why,
        intent,
    } = button;
    let key = match &intent {
        Intent::Act(action) => action.shortcut().map(|s| ui.ctx().format_shortcut(&s)),
        _ => None,
    };
    let mut text = RichText::new(name);
    let mut widget = Button::new(text.clone()).min_size(egui::vec2(0.0, 34.0));
    if first {
        text = text.strong().text_style(TextStyle::Button).color(theme.text);
        widget = Button::new(text)
            .min_size(egui::vec2(150.0, 38.0))
            .fill(theme.tint(theme.warm, 0.30))
            .stroke(Stroke::new(1.0, theme.warm));
    }
    let wraps = ui.layout().is_horizontal() && !ui.layout().prefer_right_to_left();
    if !wraps && let Some(key) = &key {
        keycap(ui, key);
    }
    let button = ui.add_enabled(blocked.is_none(), widget);
    let button = button
        .on_hover_text(why)
        .blocked_because(&blocked.unwrap_or_default());
    if button.clicked() {
        intents.push(intent);
    }
    if wraps && let Some(key) = key {
        keycap(ui, &key);
    }
}

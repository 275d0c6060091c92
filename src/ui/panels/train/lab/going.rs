//! While a comparison runs: how far it is, how long it still takes, and holding or ending it.

use egui::accesskit::Role;
use egui::{Rect, Sense, Ui, WidgetInfo, pos2, vec2};

use super::super::numbers::{about, capital, clock, count};
use super::course::Doing;
use super::standing::{press, title};
use super::view::{Ask, Look};
use crate::ui::actions::Action;
use crate::ui::run::{Asked, Status, words as words_of_failure};
use crate::ui::widgets::{keycap, small};

/// While it runs.
pub fn show(ui: &mut Ui, look: &Look<'_>, asks: &mut Vec<Ask>) {
    let course = look.course;
    let so_far = format!("{} of {} classifiers", count(course.done), count(course.total));
    title(
        ui,
        match look.status {
            Status::Starting => "The comparison begins".to_string(),
            Status::Paused => format!("Paused: {so_far}"),
            _ if course.total == 0 => "Comparing".to_string(),
            _ => format!("Comparing: {so_far}"),
        },
    );
    ui.label(now(look));
    bar(ui, look);
    let left = match course.seconds_left() {
        Some(seconds) => format!(
            "{} left, going by those that were trained",
            capital(&about(seconds))
        ),
        None => "How long all of it takes shows with the first classifier.".into(),
    };
    small(ui, left);
    warning(ui, look);
    ui.horizontal_wrapped(|ui| buttons(ui, look, asks));
}

/// What the engine warned of: a baseline that could not be fitted.
pub fn warning(ui: &mut Ui, look: &Look<'_>) {
    if let Some(warning) = &look.course.warning {
        small(ui, words_of_failure(warning.clone(), None));
    }
}

/// What the engine is at.
fn now(look: &Look<'_>) -> String {
    let left = |doing: &Doing| {
        let left = doing
            .seconds_left
            .map(|seconds| format!(", {} left", clock(seconds)));
        left.unwrap_or_default()
    };
    match &look.course.doing {
        None if *look.status == Status::Starting => "The engine is starting.".into(),
        None => "Measuring, and getting the next classifier ready.".into(),
        Some(doing) if doing.reads() => format!(
            "Stage 2, once for every way that has it: the language model reads your texts, step {} of {}{}.",
            count(doing.done),
            count(doing.total),
            left(doing)
        ),
        Some(doing) if doing.trains => {
            let fold = doing
                .fold
                .map(|(fold, folds)| format!(", fold {fold} of {folds}"));
            format!(
                "{}{}: step {} of {}{}.",
                doing.way,
                fold.unwrap_or_default(),
                count(doing.done),
                count(doing.total),
                left(doing)
            )
        }
        Some(doing) => format!(
            "{}: {} of {} {}.",
            capital(&doing.stage),
            count(doing.done),
            count(doing.total),
            doing.unit
        ),
    }
}

/// How far all of it is; while the texts are read, how far that is.
fn bar(ui: &mut Ui, look: &Look<'_>) {
    let theme = look.theme;
    let reads = look.course.doing.as_ref().filter(|doing| doing.reads());
    let share = reads.map_or_else(|| look.course.share(), Doing::share) as f32;
    let width = ui.available_width();
    let (rect, response) = ui.allocate_exact_size(vec2(width, 10.0), Sense::hover());
    ui.painter().rect_filled(rect, 5.0, theme.raised);
    let filled = Rect::from_min_max(rect.min, pos2(rect.left() + share * rect.width(), rect.bottom()));
    ui.painter().rect_filled(filled, 5.0, theme.ice);
    let what = if reads.is_some() {
        "Stage 2"
    } else {
        "The comparison"
    };
    let name = format!("{what}: {:.0} % done", 100.0 * share);
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, &name));
    response.on_hover_text(name);
}

fn buttons(ui: &mut Ui, look: &Look<'_>, asks: &mut Vec<Ask>) {
    let starting = (*look.status == Status::Starting).then_some("The engine is starting.");
    let told = match look.asked {
        Asked::Stop => Some("It stops after this step."),
        Asked::Pause => Some("It holds after this step."),
        Asked::Nothing => None,
    };
    let (name, why) = if *look.status == Status::Paused {
        ("Resume", "Lets it go on.")
    } else {
        ("Pause", "Holds it between two steps.")
    };
    if press(ui, name, false, told.or(starting), why) {
        asks.push(Ask::Act(Action::PauseResume));
    }
    if let Some(key) = Action::PauseResume.shortcut() {
        keycap(ui, &ui.ctx().format_shortcut(&key));
    }
    let why = "Ends it after this step. What is measured stays, and it can be gone on with.";
    let stops = told.filter(|_| look.asked == Asked::Stop);
    if press(ui, "Stop", false, stops, why) {
        asks.push(Ask::Act(Action::Stop));
    }
}

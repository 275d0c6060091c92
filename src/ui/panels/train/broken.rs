//! The banner of a run that ended before it was done: what became of it, whether it can go on, and what another one gives up.

use egui::Ui;

use super::banner::{LOOKING, Press, Standing, ready, title};
use super::numbers::{capital, short};
use super::ready::Readiness;
use super::steer::slower;
use super::view::{Intent, View};
use crate::session::Session;
use crate::ui::actions::Action;
use crate::ui::run::{Status, words as words_of_failure};
use crate::ui::widgets::small;

/// Where the run ended, as part of a sentence.
fn at(view: &View<'_>) -> String {
    let at = view.record.live().and_then(|p| view.record.at(p));
    at.map_or(String::new(), |(stage, step)| {
        format!(" at step {step} of {} ({})", stage.total, stage.name)
    })
}

/// Says what became of it.
pub fn words(ui: &mut Ui, view: &View<'_>, standing: &Standing<'_>) {
    let run = format!("run {}", view.record.number);
    if standing.asks {
        title(ui, format!("Give up {run}?"));
        let kept = if standing.recipe.keep {
            ", but for the language model that has read your texts"
        } else {
            ""
        };
        ui.label(format!(
            "It ended{} and can go on from its last checkpoint. Another run in its place gives that up{kept}.",
            at(view)
        ));
        return;
    }
    if view.stage.is_none()
        && view.record.live().is_some()
        && let Readiness::Ready(material) = standing.readiness
    {
        ready(ui, material, standing);
        if standing.resumable {
            let until = "can go on from its last checkpoint until another run takes its place.";
            small(ui, format!("{} {until}", capital(&run)));
        }
        return;
    }
    match &view.record.status {
        Status::Failed {
            device: Some(what), ..
        } => {
            title(ui, "The device was lost or is full");
            ui.label(lost(view, what, standing));
        }
        Status::Failed {
            message,
            diverged: Some(rate),
            ..
        } => {
            title(ui, "Training diverged");
            ui.label(diverged(view, message, *rate, standing));
        }
        Status::Failed { message, .. } => {
            title(ui, "Training failed");
            ui.label(words_of_failure(message.clone(), None));
        }
        _ => {
            title(ui, "Stopped");
            let next = if standing.resumable {
                "Resume goes on from there; the result is the same as without the break."
            } else if standing.looking {
                LOOKING
            } else {
                "Start again when you are ready."
            };
            ui.label(format!("The run ended{}. {next}", at(view)));
        }
    }
}

/// What happened, and why going on is no way.
fn diverged(view: &View<'_>, message: &str, rate: f64, standing: &Standing<'_>) -> String {
    let what = message.split_once(':').map_or(message, |(what, _)| what);
    let (stage, kept) = match slower(view.record) {
        Some((_, true)) => ("while it read the texts", ""),
        _ if standing.recipe.keep => (
            "while the classifier was trained",
            " The language model that has read your texts is kept.",
        ),
        _ => ("while the classifier was trained", ""),
    };
    format!(
        "{} {stage}: the highest rate, {}, is too high for these texts. From a checkpoint it would end in the same way.{kept}",
        capital(what),
        short(rate)
    )
}

/// What happened to the device, what is kept, and the ways on.
fn lost(view: &View<'_>, what: &str, standing: &Standing<'_>) -> String {
    let kept = match (standing.resumable, view.record.saved) {
        (false, _) if standing.looking => return format!("{}. {LOOKING}", capital(what)),
        (false, _) => {
            return format!(
                "{}. Start again, or choose another device in the settings.",
                capital(what)
            );
        }
        (true, Some(step)) => format!("Everything until step {step} of this stage is kept"),
        (true, None) => "Stages that were finished are kept".into(),
    };
    let on = if standing.on_cpu {
        "Resume goes on from there; with other programs closed there is more memory."
    } else if Session::OWN_DEVICE {
        "Resume tries the same device again; the CPU is slower and goes on from the same place."
    } else {
        "If the device was lost, it comes back when the program is started again; the CPU goes on from the same place now."
    };
    format!("{}. {kept}. {on}", capital(what))
}

/// The ways on, the one to take first; `None` where there is no other than to begin.
pub fn buttons(view: &View<'_>, standing: &Standing<'_>, blocked: Option<&String>) -> Option<Vec<Press>> {
    let press = |name: &str, first, why, intent| Press {
        name: name.into(),
        first,
        blocked: blocked.cloned(),
        why,
        intent,
    };
    let is_ready = matches!(standing.readiness, Readiness::Ready(_));
    let again = |name| {
        press(
            name,
            false,
            Action::Train.explanation(),
            Intent::Act(Action::Train),
        )
    };
    // What was chosen since is not to be overridden.
    let is_same = standing.recipe.trains_as(&view.record.recipe);
    if let Some((rate, reading)) = slower(view.record).filter(|_| is_ready && is_same) {
        let (what, why) = if reading {
            (
                "reading at",
                "Starts another run in which stage 2, where the language model reads your texts, has a third of the rate.",
            )
        } else {
            (
                "with η max",
                "Starts another run at a third of the rate, which the slider shows then.",
            )
        };
        let name = format!("Start again {what} {}", short(rate));
        let slower = press(&name, true, why, Intent::StartSlower);
        return Some(vec![slower, again("Start again")]);
    }
    if !standing.resumable {
        return None;
    }
    let resume = press(
        "Resume",
        true,
        "Goes on from the last checkpoint.",
        Intent::Resume,
    );
    if standing.asks {
        let why = "Gives up what this run has reached, and trains from the beginning.";
        let anew = press("Give it up and start again", false, why, Intent::StartOver);
        let why = "Changes nothing: it can go on, or give way, another time.";
        return Some(vec![resume, anew, press("Leave it", false, why, Intent::Leave)]);
    }
    let mut all = vec![resume];
    if matches!(view.record.status, Status::Failed { device: Some(_), .. }) && !standing.on_cpu {
        all.push(press(
            "Resume on the CPU",
            false,
            "Goes on from the last checkpoint on the processor, and uses it for everything after; the settings have the way back.",
            Intent::ResumeOnCpu,
        ));
    }
    if is_ready {
        all.push(again("Start again"));
    }
    Some(all)
}

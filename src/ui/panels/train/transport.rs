//! The bar along the bottom: what runs, how far it is, and looking back.

use egui::accesskit::Role;
use egui::{
    Button, ComboBox, CornerRadius, Frame, Margin, Rect, RichText, Sense, Stroke, TextStyle, Ui, WidgetInfo,
    pos2, vec2,
};

use super::chart::gradient;
use super::numbers::{about, capital, clock, count};
use super::playhead;
use super::view::{Intent, View};
use crate::ui::actions::Action;
use crate::ui::run::left::{Course, course};
use crate::ui::run::{Asked, Kind, Record, Stage, Status, read_backward};
use crate::ui::theme;
use crate::ui::widgets::{Explained as _, keycap, small};

/// Whether the plan of the next run is looked at.
fn plans(view: &View<'_>) -> bool {
    view.stage.is_none() && !view.record.status.active()
}

/// The stages as people tell them apart: what a chip says, which stages of the record it stands for, whether it is over.
fn chips(view: &View<'_>) -> Vec<(String, Option<usize>, bool)> {
    // Where the plan is looked at, what it will do: nothing of that has begun.
    let planned = plans(view);
    let stages: &[Stage] = if planned { &[] } else { &view.record.stages };
    let recipe = if planned { view.recipe } else { &view.record.recipe };
    let mut kinds = vec![
        (Kind::Estimate, "estimate the error"),
        (Kind::Train, "train on every label"),
    ];
    if recipe.reads() {
        kinds.insert(0, (Kind::Adapt, "adapt the language model"));
    }
    let over = view.record.status == Status::Done && !planned;
    let began = |kind| stages.iter().rposition(|s| s.kind == kind && s.trains());
    // Without folds there is no estimate to wait for.
    kinds.retain(|(kind, _)| {
        *kind != Kind::Estimate || began(*kind).is_some() || began(Kind::Train).is_none()
    });
    let mut chips = Vec::new();
    for (kind, name) in &kinds {
        let at = began(*kind);
        let stage = at.and_then(|at| stages.get(at));
        let fold = stage
            .filter(|_| *kind == Kind::Estimate)
            .map_or("", |s| s.name.trim_start_matches("train "));
        let name = if fold.starts_with("fold") {
            format!("{name}, {fold}")
        } else if stage.is_some_and(|s| read_backward(&s.name).is_some()) {
            format!("{name}, backward")
        } else {
            (*name).to_string()
        };
        let done = over || stage.is_some_and(|s| s.seconds.is_some());
        // Without numbers: the paper counts pretraining as the first of its stages, and this bar does not show it.
        chips.push((name, at, done));
    }
    chips
}

/// Places for runs; where there are more, the first place is a list.
const PLACES: usize = 3;
/// The same on a phone.
const PLACES_NARROW: usize = 1;
const LOOK: &str = "Shows this run: what it gave, its curves, and any step of it.";

/// Draws it.
pub fn show(ui: &mut Ui, view: &View<'_>, earlier: &[Record], asked: Asked, intents: &mut Vec<Intent>) {
    let theme = view.theme;
    Frame::new()
        .fill(theme.panel)
        .stroke(Stroke::new(1.0, theme.line))
        .corner_radius(CornerRadius::same(theme::RADIUS))
        .inner_margin(Margin::symmetric(16, 10))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing.x = 6.0;
                runs(ui, view, earlier, intents);
                stages(ui, view, intents);
            });
            if view.narrow {
                if view.current.status.active() {
                    ui.horizontal_wrapped(|ui| buttons(ui, view, asked, intents));
                }
                progress(ui, view, intents);
                pace(ui, view);
            } else {
                ui.horizontal(|ui| {
                    buttons(ui, view, asked, intents);
                    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                        pace(ui, view);
                        progress(ui, view, intents);
                    });
                });
            }
        });
}

/// Something to look at; raised where it is what is shown.
fn chip(theme: theme::Theme, text: String, here: bool) -> Button<'static> {
    let text = RichText::new(text).text_style(TextStyle::Small);
    let text = text.color(if here { theme.text } else { theme.dim });
    Button::new(text)
        .corner_radius(CornerRadius::same(255))
        .fill(if here { theme.raised } else { theme.panel })
}

/// The runs that can be looked at, where there is more to look at than the one that goes on, and the next one's plan.
fn runs(ui: &mut Ui, view: &View<'_>, earlier: &[Record], intents: &mut Vec<Intent>) {
    let going = view.current.status.active();
    let alone = going && earlier.is_empty();
    let last = Some(view.current).filter(|run| !alone && (going || run.live().is_some()));
    let all: Vec<&Record> = earlier.iter().chain(last).collect();
    let places = if view.narrow { PLACES_NARROW } else { PLACES };
    let folded = if all.len() > places {
        all.len() + 1 - places
    } else {
        0
    };
    let is_here = |run: &Record| run.number == view.record.number && !plans(view);
    let (folded, shown) = all.split_at(folded);
    fold(ui, folded, is_here, intents);
    for run in shown {
        let chip = ui.add(chip(view.theme, run.title(), is_here(run)));
        if chip.on_hover_text(LOOK).clicked() {
            intents.push(Intent::Run(run.number));
        }
    }
    if !going {
        let chip = ui.add(chip(view.theme, "the next run's plan".into(), plans(view)));
        if chip
            .on_hover_text("Shows what the method and sliders above will do, before it runs.")
            .clicked()
        {
            intents.push(Intent::Plan);
        }
    }
    if !alone {
        ui.add_space(10.0);
    }
}

/// The runs for which there is no room, as a list.
fn fold(ui: &mut Ui, runs: &[&Record], is_here: impl Fn(&Record) -> bool, intents: &mut Vec<Intent>) {
    if runs.is_empty() {
        return;
    }
    let here = runs.iter().find(|run| is_here(run));
    let text = here.map_or_else(|| "earlier runs".to_string(), |run| run.title());
    let small = |text: String| RichText::new(text).text_style(TextStyle::Small);
    let combo = ComboBox::from_id_salt("earlier runs").selected_text(small(text.clone()));
    let list = combo.show_ui(ui, |ui| {
        for run in runs.iter().rev() {
            if ui.selectable_label(is_here(run), run.title()).clicked() {
                intents.push(Intent::Run(run.number));
            }
        }
    });
    let name = format!("Runs: {text}");
    let response = list.response.on_hover_text(LOOK);
    response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, &name));
}

fn stages(ui: &mut Ui, view: &View<'_>, intents: &mut Vec<Intent>) {
    for (name, at, done) in chips(view) {
        let here = view.stage.is_some_and(|s| {
            at.and_then(|at| view.record.stages.get(at))
                .is_some_and(|of| of.kind == s.kind)
        });
        let text = if done { format!("{name}, done") } else { name };
        let chip = ui.add_enabled(at.is_some(), chip(view.theme, text, here));
        let chip = chip.on_hover_text("Shows this stage at its last step.");
        if chip.blocked_because("This stage has not begun.").clicked()
            && let Some(at) = at
        {
            intents.push(Intent::Stage(at));
        }
    }
}

fn buttons(ui: &mut Ui, view: &View<'_>, asked: Asked, intents: &mut Vec<Intent>) {
    let status = &view.current.status;
    let running = matches!(status, Status::Running | Status::Starting);
    let key = |ui: &mut Ui, action: Action| {
        if let Some(shortcut) = action.shortcut() {
            keycap(ui, &ui.ctx().format_shortcut(&shortcut));
        }
    };
    if !status.active() {
        return;
    }
    let (name, hover) = if running {
        ("Pause", "Holds training between two steps.")
    } else {
        ("Resume", "Lets training go on.")
    };
    let waiting = asked != Asked::Nothing || *status == Status::Starting;
    let pause = ui.add_enabled(!waiting, Button::new(name));
    let why = match asked {
        Asked::Stop => "It stops after this step.",
        Asked::Pause => "It holds after this step.",
        Asked::Nothing => "The engine is starting.",
    };
    if pause.on_hover_text(hover).blocked_because(why).clicked() {
        intents.push(Intent::Act(Action::PauseResume));
    }
    key(ui, Action::PauseResume);
    let can_step = asked != Asked::Stop && *status != Status::Starting;
    let step = ui.add_enabled(can_step, Button::new("Step"));
    if step
        .on_hover_text("Does one training step and holds again.")
        .blocked_because(why)
        .clicked()
    {
        intents.push(Intent::Act(Action::Step));
    }
    key(ui, Action::Step);
    let stop = ui.add_enabled(asked != Asked::Stop, Button::new("Stop"));
    let hover = "Ends training after this step. It writes a checkpoint first and can be resumed from there.";
    if stop.on_hover_text(hover).blocked_because(why).clicked() {
        intents.push(Intent::Act(Action::Stop));
    }
}

/// What training waits for at the moment: kernels that compile, a model that is fetched.
fn waited_for<'a>(view: &View<'a>) -> Option<&'a Stage> {
    let last = view.record.stages.last()?;
    let waits = view.record.status.active() && view.live && !last.trains() && last.seconds.is_none();
    waits.then_some(last)
}

/// Done and to do of what is shown: a recorded stage, or the plan.
fn extent(view: &View<'_>) -> (u64, u64) {
    match waited_for(view).or(view.stage) {
        Some(stage) => (stage.done, stage.total.max(stage.done)),
        None => (view.outlook.total, view.outlook.total),
    }
}

fn progress(ui: &mut Ui, view: &View<'_>, intents: &mut Vec<Intent>) {
    let theme = view.theme;
    let (done, total) = extent(view);
    let width = ui.available_width().max(60.0);
    let (outer, response) = ui.allocate_exact_size(vec2(width, 22.0), Sense::click_and_drag());
    let rect = Rect::from_center_size(outer.center(), vec2(width, 10.0));
    let x = |step: u64| rect.left() + rect.width() * (step as f32 / total.max(1) as f32).clamp(0.0, 1.0);
    if ui.is_rect_visible(outer) {
        let painter = ui.painter();
        let edge = Stroke::new(1.0, theme.edge);
        painter.rect(rect, 5.0, theme.raised, edge, egui::StrokeKind::Inside);
        let waits = waited_for(view).is_some();
        let until = if waits || view.stage.is_some() {
            x(done)
        } else {
            x(view.step)
        };
        let filled = Rect::from_min_max(rect.min, pos2(until, rect.bottom()));
        // Ice to ember over the whole bar, of which the filled part is shown.
        let clipped = painter.with_clip_rect(filled);
        let middle = rect.center().x;
        let left = Rect::from_min_max(rect.min, pos2(middle + 5.0, rect.bottom()));
        let right = Rect::from_min_max(pos2(middle - 5.0, rect.top()), rect.max);
        clipped.add(gradient(left, 5.0, theme.heat(0.0), theme.heat(0.5)));
        clipped.add(gradient(right, 5.0, theme.heat(0.5), theme.heat(1.0)));
        let joint = Rect::from_min_max(pos2(middle - 6.0, rect.top()), pos2(middle + 6.0, rect.bottom()));
        clipped.rect_filled(joint, 0.0, theme.heat(0.5));
        if !waits && (!view.live || view.stage.is_none()) {
            painter.circle(
                pos2(x(view.step), rect.center().y),
                7.0,
                theme.text,
                Stroke::new(2.0, theme.panel),
            );
        }
        if response.has_focus() {
            painter.rect_stroke(outer, 4.0, Stroke::new(1.0, theme.ice), egui::StrokeKind::Inside);
        }
    }
    let mut goal = playhead::wanted(ui, &response, view.step, done).filter(|step| *step != view.step);
    if (response.dragged() || response.clicked())
        && let Some(at) = response.interact_pointer_pos()
    {
        let share = ((at.x - rect.left()) / rect.width().max(1.0)).clamp(0.0, 1.0);
        goal = Some((f64::from(share) * total as f64).round() as u64);
    }
    if let Some(step) = goal {
        intents.push(if step >= done && view.record.status.active() {
            Intent::Live
        } else {
            Intent::Seek(step.clamp(1, done.max(1)))
        });
    }
    response.widget_info(|| {
        let mut info = WidgetInfo::slider(true, view.step as f64, "Progress");
        info.role = Role::Slider;
        info.current_text_value = Some(format!("{done} of {total} done, showing {}", view.step));
        info
    });
    response.on_hover_text(
        "How far this stage is. Drag, or use the arrow keys, Home and End, to look back at any step: everything on the screen \
         follows.",
    );
}

/// The time left in a stage that goes on, and in all of the run, so that nobody takes the one for the other.
fn left(view: &View<'_>, stage: &Stage, seconds: f64) -> String {
    let of_stage = clock(seconds);
    let course = course(view.record).filter(|_| stage.trains());
    let Some(Course { at, of: Some(of), .. }) = course else {
        return format!("{of_stage} left in this stage");
    };
    let whole = course.and_then(|course| course.seconds_left);
    match whole.filter(|_| at < of) {
        Some(whole) => format!("{of_stage} left in step {at} of {of}, {} in all", about(whole)),
        None => format!("{of_stage} left in step {at} of {of}"),
    }
}

fn pace(ui: &mut Ui, view: &View<'_>) {
    let (done, total) = extent(view);
    let active = view.record.status.active();
    let text = match view.stage {
        _ if let Some(stage) = waited_for(view) => {
            let (done, total) = (count(done), count(total));
            format!("{}: {done} of {total} {}", capital(&stage.name), stage.unit)
        }
        None => format!("{} steps planned", count(total)),
        Some(stage) if active => {
            let unit = if stage.trains() {
                "tokens"
            } else {
                stage.unit.as_str()
            };
            let speed = format!("{} {unit}/s", count(stage.per_second.max(0.0).round() as u64));
            match stage.seconds_left {
                Some(seconds) => format!("{speed} · {}", left(view, stage, seconds)),
                None => speed,
            }
        }
        Some(stage) => match stage.seconds {
            Some(seconds) => format!("{} steps in {}", count(done), clock(seconds)),
            None => format!("{} of {} steps", count(done), count(total)),
        },
    };
    small(ui, text).on_hover_text(
        "Throughput, and the time left at this pace. A run trains several times, one after the other: the language model on your \
         texts, a classifier for each part of the labels that is left out to measure the error, and the one that is kept.",
    );
}

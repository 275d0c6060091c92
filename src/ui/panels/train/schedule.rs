//! The learning rate of every layer group over the steps, with the playhead.

use egui::accesskit::Role;
use egui::{Align2, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::chart::{Axes, small_font};
use super::layout::CLOSE;
use super::numbers::{capital, count, log_ticks, scientific};
use super::playhead;
use super::view::{Intent, View};
use crate::session::protocol::Schedule;
use crate::ui::widgets::{heading, small};

/// How the plot is read, whatever it shows.
const READING: &str = "One line a layer group, dashed while it is frozen. Drag, or use the arrow keys, to look at any step; everything \
                       on the screen follows.";

/// Room for the numbers of the rate axis, in points.
const GUTTER: f32 = 46.0;
/// Least height between two of them, in points.
const LINE: f32 = 26.0;

/// Draws the card's head and the plot, `height` high. Where there is no room beside the title, the place is below it.
pub fn show(ui: &mut Ui, view: &View<'_>, height: f32, intents: &mut Vec<Intent>) {
    if ui.available_width() < CLOSE {
        heading(ui, title(view)).on_hover_text(explanation(view));
        ui.horizontal(|ui| place(ui, view, intents));
    } else {
        ui.horizontal(|ui| {
            heading(ui, title(view)).on_hover_text(explanation(view));
            let right = egui::Layout::right_to_left(egui::Align::Center);
            ui.with_layout(right, |ui| place(ui, view, intents));
        });
    }
    plot(ui, view, height, intents);
}

/// Where the playhead is, and the way back to the run.
fn place(ui: &mut Ui, view: &View<'_>, intents: &mut Vec<Intent>) {
    let total = view.outlook.total;
    let at = if total == 0 {
        "before the first step".to_string()
    } else if view.stage.is_some() {
        format!("step {} of {}", count(view.step), count(total))
    } else {
        format!("planned step {} of {}", count(view.step), count(total))
    };
    small(ui, format!("{at} · log scale")).on_hover_text(
        "Steps are batches: each changes the weights once. The vertical axis is logarithmic, so that rates a factor apart \
         lie the same distance apart.",
    );
    let behind = !view.live || view.looks_back();
    if view.stage.is_some() && behind && view.current.status.active() {
        let back = crate::ui::widgets::chip(ui, "back to live");
        if back.on_hover_text("Follows the run again.").clicked() {
            intents.push(Intent::Live);
        }
    }
}

/// The schedule at the playhead.
fn schedule(view: &View<'_>) -> Option<Schedule> {
    view.outlook.span(view.step).map(|(span, _)| span.schedule)
}

fn title(view: &View<'_>) -> &'static str {
    match schedule(view) {
        Some(Schedule::Constant) => "Constant learning rates",
        Some(Schedule::Cosine) => "Cosine learning rates",
        _ => "Slanted triangular learning rates",
    }
}

fn explanation(view: &View<'_>) -> String {
    let what = match schedule(view) {
        Some(Schedule::Constant) => {
            "This method keeps each layer's rate as it is from the first step to the last."
        }
        Some(Schedule::Cosine) => {
            "Cosine annealing: the rate falls along half a cosine, from its highest at the first step to nearly nothing at the \
             last (table 7, `freez + cos`)."
        }
        _ => {
            "Slanted triangular learning rates (section 3.2, equation 3): a short rise lets the model find a good region, the long \
             fall refines it."
        }
    };
    format!("{what} {READING}")
}

fn plot(ui: &mut Ui, view: &View<'_>, height: f32, intents: &mut Vec<Intent>) {
    let theme = view.theme;
    let (whole, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    // The numbers of the axis lie to the left of what can be dragged.
    let outer = whole.with_min_x(whole.left() + GUTTER);
    let id = ui.scope_id().with("learning rates");
    let response = ui.interact(outer, id, Sense::click_and_drag());
    let mut rect = outer;
    rect.min.y += 18.0;
    let outlook = view.outlook;
    let axes = Axes {
        rect,
        x: (1.0, outlook.total.max(2) as f64),
        y: outlook.range(),
        log: true,
    };
    if outlook.total == 0 {
        ui.painter().text(
            rect.center(),
            Align2::CENTER_CENTER,
            "Preparing this stage",
            small_font(ui),
            theme.dim,
        );
    } else if ui.is_rect_visible(outer) {
        let painter = ui.painter().with_clip_rect(outer.expand(2.0));
        rates(ui, view, &axes);
        epochs(ui, view, &axes);
        // The fastest group is drawn last, over the others.
        for group in 0..outlook.names.len() {
            let warm = theme.heat(view.heat(group));
            let width = if group + 1 == outlook.names.len() {
                2.5
            } else {
                1.8
            };
            for (from, to, trains) in outlook.stretches(group) {
                // A constant rate needs no more than its ends; a curve a point every few pixels.
                let step = ((to.saturating_sub(from)) / 400).max(1);
                let steps = (from.saturating_sub(1).max(1)..=to)
                    .step_by(step as usize)
                    .chain([to.max(1)]);
                let points = steps.map(|s| (s as f64, outlook.rate(group, s)));
                if trains {
                    axes.line(&painter, points, Stroke::new(width, warm));
                } else {
                    axes.dashed(&painter, points, Stroke::new(1.5, theme.frozen()));
                }
            }
        }
        names(ui, view, &axes);
        let x = axes.place(view.step.max(1) as f64, axes.y.0).x;
        painter.vline(x, rect.y_range(), Stroke::new(1.5, theme.text));
        for group in 0..outlook.names.len() {
            let now = view.group(group);
            if !now.frozen && now.rate > 0.0 {
                let at = pos2(x, axes.place(0.0, now.rate).y);
                painter.circle(
                    at,
                    4.0,
                    theme.heat(view.heat(group)),
                    Stroke::new(1.0, theme.panel),
                );
            }
        }
        if response.has_focus() {
            let ring = Stroke::new(1.0, theme.ice);
            painter.rect_stroke(outer, 4.0, ring, egui::StrokeKind::Inside);
        }
    }
    let end = if view.stage.is_some_and(|s| s.done < outlook.total) {
        view.stage.map_or(outlook.total, |s| s.done)
    } else {
        outlook.total
    };
    let mut goal = None;
    if (response.dragged() || response.clicked())
        && let Some(at) = response.interact_pointer_pos()
    {
        response.request_focus();
        goal = Some((axes.x_at(at).round() as u64).clamp(1, end.max(1)));
    }
    let goal = playhead::wanted(ui, &response, view.step, end).or(goal);
    if let Some(step) = goal
        && step != view.step
    {
        intents.push(Intent::Seek(step));
    }
    let rate = scientific(outlook.base(view.step));
    response.widget_info(|| {
        let mut info = WidgetInfo::slider(true, view.step as f64, "Learning rates, playhead");
        info.role = Role::Slider;
        info.current_text_value = Some(if outlook.total == 0 {
            "before the first step".into()
        } else {
            format!("step {} of {}, η {rate}", view.step, outlook.total)
        });
        info
    });
    response.on_hover_text_at_pointer(explanation(view));
}

/// The numbers of the rate axis and a line across at each.
fn rates(ui: &Ui, view: &View<'_>, axes: &Axes) {
    let theme = view.theme;
    let painter = ui.painter();
    let left = axes.rect.left();
    let write = |at, align, text: &str| {
        painter.text(at, align, text, small_font(ui), theme.dim);
    };
    for (value, number) in log_ticks(axes.y, axes.rect.height() / LINE) {
        let y = axes.place(0.0, value).y;
        painter.hline(
            axes.rect.x_range(),
            y,
            Stroke::new(1.0, theme.tint(theme.line, 0.45)),
        );
        write(pos2(left - 7.0, y), Align2::RIGHT_CENTER, &number);
    }
    write(pos2(left - 7.0, axes.rect.top() - 16.0), Align2::RIGHT_TOP, "η");
}

/// A line and a number where an epoch begins, as many numbers as there is room for.
fn epochs(ui: &Ui, view: &View<'_>, axes: &Axes) {
    let theme = view.theme;
    let starts = view.outlook.starts();
    let room = axes.rect.width() / starts.len().max(1) as f32;
    let every = (30.0 / room.max(0.1)).ceil().max(1.0) as usize;
    let mut free = f32::NEG_INFINITY;
    for (epoch, start) in starts.enumerate() {
        let x = axes.place((start + 1) as f64, axes.y.0).x;
        if epoch > 0 {
            let y = axes.rect.top() - 16.0..=axes.rect.bottom();
            ui.painter()
                .vline(x, y, Stroke::new(1.0, theme.tint(theme.line, 0.7)));
        }
        if epoch % every == 0 {
            let name = if room * every as f32 > 64.0 || epoch == 0 {
                format!("epoch {}", epoch + 1)
            } else {
                (epoch + 1).to_string()
            };
            // The first name is longer than its place: the next one waits.
            if epoch > 0 && x < axes.rect.left() + 56.0 {
                continue;
            }
            let name = ui.painter().layout_no_wrap(name, small_font(ui), theme.dim);
            // The last epoch of a short run begins at the right edge.
            let behind = axes.rect.right() - x - 4.0 >= name.size().x;
            let left = if behind { x + 4.0 } else { x - 4.0 - name.size().x };
            if left < free {
                continue;
            }
            free = left + name.size().x + 4.0;
            ui.painter()
                .galley(pos2(left, axes.rect.top() - 16.0), name, theme.dim);
        }
    }
}

/// The groups' names above their lines, one below the other where most of them cross no line.
fn names(ui: &Ui, view: &View<'_>, axes: &Axes) {
    const PLACES: [f32; 7] = [0.75, 0.65, 0.55, 0.45, 0.35, 0.25, 0.15];
    let outlook = view.outlook;
    let names: Vec<_> = (outlook.names.iter())
        .map(|name| {
            ui.painter()
                .layout_no_wrap(capital(name), small_font(ui), view.theme.dim)
        })
        .collect();
    let widest = names.iter().map(|n| n.size().x).fold(0.0, f32::max);
    let placed = |share: f32| {
        let x = (axes.rect.left() + share * axes.rect.width()).min(axes.rect.right() - widest);
        placed(&names, x, |group, x| height(view, axes, group, x))
    };
    let mut best = Vec::new();
    for found in PLACES.into_iter().map(placed) {
        if found.len() > best.len() {
            best = found;
        }
        if best.len() == names.len() {
            break;
        }
    }
    for (group, at) in best {
        ui.painter().galley(at, names[group].clone(), view.theme.dim);
    }
}

/// Where a group's line is at `x`, both in points. Few steps lie far apart: between two of them it is straight.
fn height(view: &View<'_>, axes: &Axes, group: usize, x: f32) -> f32 {
    let step = axes.x_at(pos2(x, 0.0)).max(1.0);
    let at = |step: f64| axes.place(step, view.outlook.rate(group, step as u64)).y;
    egui::lerp(at(step.floor())..=at(step.ceil()), step.fract() as f32)
}

/// The left top corners of those names at `x` that neither a line nor a name above crosses, the last group's first.
fn placed(
    names: &[std::sync::Arc<egui::Galley>],
    x: f32,
    height: impl Fn(usize, f32) -> f32,
) -> Vec<(usize, egui::Pos2)> {
    const GAP: f32 = 1.0;
    /// The share of a row's height that letters fill.
    const INK: f32 = 0.75;
    const SAMPLES: usize = 8;
    let mut found = Vec::new();
    let mut free = f32::NEG_INFINITY;
    for group in (0..names.len()).rev() {
        let size = names[group].size();
        let along = |line: usize| {
            (0..=SAMPLES)
                .map(move |i| x + size.x * i as f32 / SAMPLES as f32)
                .map(|x| height(line, x))
                .collect::<Vec<f32>>()
        };
        let bottom = along(group).into_iter().fold(f32::INFINITY, f32::min) - GAP;
        let top = bottom - size.y;
        let crossed = (0..names.len())
            .filter(|&line| line != group)
            .flat_map(along)
            .any(|y| y > bottom - INK * size.y && y < bottom);
        if !crossed && top >= free {
            found.push((group, pos2(x, top)));
            free = bottom + 1.0;
        }
    }
    found
}

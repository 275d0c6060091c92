//! The table: a row for each way of training and each baseline, what it errs beside the others.

use egui::accesskit::Role;
use egui::{
    Align, Button, Layout, Rect, RichText, Sense, Stroke, TextStyle, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use super::super::method::explanation;
use super::course::{Course, Doing};
use super::kept::{Comparison, is_baseline};
use super::plot::{Axis, NUMBERS, colour};
use super::view::{Ask, Look};
use super::words::{against, p, verdict, wrong};
use crate::session::protocol::{Compared, Way};
use crate::ui::number::duration;
use crate::ui::theme::Theme;
use crate::ui::widgets::{card, heading, small};

/// Height of a row, and between its parts.
const ROW: f32 = 56.0;
const GAP: f32 = 16.0;
/// Width of the words beside the plot.
const WORDS: f32 = 205.0;
/// Width of the button behind them.
const BUTTON: f32 = 135.0;

/// What a row shows.
struct Row<'a> {
    name: &'a str,
    state: State<'a>,
}

/// How far a row is.
#[derive(Clone, Copy)]
enum State<'a> {
    Measured(&'a Compared),
    /// Its training gave nothing to measure, and why.
    LeftOut(&'a str),
    /// Its classifiers are trained now.
    Current,
    Waits,
}

impl<'a> Row<'a> {
    fn measured(&self) -> Option<&'a Compared> {
        match self.state {
            State::Measured(measured) => Some(measured),
            _ => None,
        }
    }

    fn is_current(&self) -> bool {
        matches!(self.state, State::Current)
    }
}

/// The rows: as they were asked for while they come, the least error first when they are there.
fn order<'a>(comparison: &'a Comparison, course: &Course, going: bool) -> Vec<Row<'a>> {
    let state = |name: &str| {
        let measured = comparison.row(name).map(State::Measured);
        measured.or_else(|| comparison.why_left_out(name).map(State::LeftOut))
    };
    // Between two classifiers, the way that is next.
    let next = || comparison.ways.iter().find(|way| state(way).is_none());
    let current = course.classifier().map(|doing| &doing.way).or_else(next);
    let current = current.filter(|_| going);
    let row = |name: &'a str| {
        let is_current = current.is_some_and(|current| current == name);
        let waits = if is_current { State::Current } else { State::Waits };
        Row {
            name,
            state: state(name).unwrap_or(waits),
        }
    };
    let mut rows: Vec<Row<'a>> = comparison.names().map(row).collect();
    if !going {
        let error = |row: &Row<'_>| row.measured().map_or(f64::INFINITY, |measured| measured.error);
        // Stable: of equals the one that was asked for first.
        rows.sort_by(|a, b| error(a).total_cmp(&error(b)));
    }
    rows
}

/// Draws the card.
pub fn show(ui: &mut Ui, look: &Look<'_>, asks: &mut Vec<Ask>) {
    let Some(comparison) = look.comparison else { return };
    let rows = order(comparison, look.course, look.status.active());
    let axis = Axis::over(comparison.rows.iter());
    card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        heading(ui, "Errors");
        small(
            ui,
            "The share of labels that each got wrong; the line is the 95 % interval. A hollow mark cannot be told from the one that the \
             others are judged against, whose error is dashed; squares are no way of training.",
        );
        if look.narrow {
            stacked(ui, look, (comparison, axis), &rows, asks);
        } else {
            columns(ui, look, (comparison, axis), &rows, asks);
        }
    });
}

fn columns(
    ui: &mut Ui,
    look: &Look<'_>,
    (comparison, axis): (&Comparison, Axis),
    rows: &[Row<'_>],
    asks: &mut Vec<Ask>,
) {
    ui.spacing_mut().item_spacing.y = 0.0;
    let width = ui.available_width();
    let left = (0.3 * width).clamp(190.0, 340.0);
    let button = if look.status.active() { 0.0 } else { BUTTON };
    let plot = |rect: Rect| {
        let right = rect.right() - button - WORDS - GAP;
        Rect::from_min_max(
            pos2(rect.left() + left + GAP, rect.top()),
            // Room for half of the last number.
            pos2(right - GAP, rect.bottom()),
        )
    };
    let reference = comparison.reference();
    let (rect, _) = ui.allocate_exact_size(vec2(width, NUMBERS), Sense::hover());
    if !comparison.rows.is_empty() {
        axis.numbers(ui, plot(rect));
    }
    for row in rows {
        let (rect, _) = ui.allocate_exact_size(vec2(width, ROW), Sense::hover());
        ui.painter()
            .hline(rect.x_range(), rect.top(), Stroke::new(1.0, look.theme.line));
        let inner = rect.shrink2(vec2(0.0, 4.0));
        let until = |x: f32| Rect::from_min_max(pos2(x, inner.top()), inner.max);
        let name = Rect::from_min_size(inner.min, vec2(left, inner.height()));
        within(ui, name, (row.name, "name"), |ui| title(ui, row, comparison));
        let place = plot(rect);
        mark(ui, look, place, row, (axis, reference));
        let words = until(inner.right() - button - WORDS).with_max_x(inner.right() - button);
        within(ui, words, (row.name, "words"), |ui| {
            said(ui, look, row, comparison)
        });
        if button > 0.0 {
            let place = until(inner.right() - button + 8.0);
            within(ui, place, (row.name, "use"), |ui| {
                ui.add_space(6.0);
                choose(ui, look, row, asks);
            });
        }
    }
}

fn stacked(
    ui: &mut Ui,
    look: &Look<'_>,
    (comparison, axis): (&Comparison, Axis),
    rows: &[Row<'_>],
    asks: &mut Vec<Ask>,
) {
    let reference = comparison.reference();
    let plot = |rect: Rect| rect.shrink2(vec2(14.0, 0.0));
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), NUMBERS), Sense::hover());
    if !comparison.rows.is_empty() {
        axis.numbers(ui, plot(rect));
    }
    for row in rows {
        let line = Stroke::new(1.0, look.theme.line);
        let top = ui.cursor().top();
        ui.painter().hline(ui.max_rect().x_range(), top, line);
        ui.add_space(4.0);
        title(ui, row, comparison);
        if row.measured().is_some() || row.is_current() {
            let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 24.0), Sense::hover());
            mark(ui, look, plot(rect), row, (axis, reference));
        }
        let button = if look.status.active() { 0.0 } else { BUTTON };
        ui.horizontal_top(|ui| {
            ui.vertical(|ui| {
                ui.set_width(ui.available_width() - button);
                ui.spacing_mut().item_spacing.y = 1.0;
                said(ui, look, row, comparison);
            });
            if button > 0.0 {
                choose(ui, look, row, asks);
            }
        });
        ui.add_space(4.0);
    }
}

/// Draws within a rectangle of a row, whose place in the column is taken already.
fn within(ui: &mut Ui, rect: Rect, salt: (&str, &str), add: impl FnOnce(&mut Ui)) {
    let layout = Layout::top_down(Align::Min);
    let mut child = ui.new_child(UiBuilder::new().max_rect(rect).layout(layout).id_salt(salt));
    child.spacing_mut().item_spacing.y = 1.0;
    add(&mut child);
}

/// The name of a row, and what it is.
fn title(ui: &mut Ui, row: &Row<'_>, comparison: &Comparison) {
    let is_reference = comparison.ways.first().is_some_and(|first| first == row.name);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let name = ui.label(RichText::new(row.name).strong());
        if let Some(way) = Way::parse(row.name) {
            name.on_hover_text(explanation(way.method));
        }
        if is_reference {
            small(ui, "the reference");
        } else if is_baseline(row.name) {
            small(ui, "a baseline");
        }
    });
    let what = row.measured().map(|measured| measured.what.clone());
    small(ui, what.unwrap_or_else(|| Compared::describe(row.name)));
}

/// The dot of a row, or how far its classifiers are.
fn mark(ui: &Ui, look: &Look<'_>, place: Rect, row: &Row<'_>, (axis, reference): (Axis, Option<&Compared>)) {
    let theme = look.theme;
    if let Some(measured) = row.measured() {
        axis.lines(ui, place, reference);
        axis.dot(ui, place, measured, reference, is_baseline(row.name));
        let response = ui.interact(place, ui.scope_id().with((row.name, "plot")), Sense::hover());
        response.widget_info(|| {
            WidgetInfo::labeled(Role::Image, true, format!("Error of {}, on the axis", row.name))
        });
        response.on_hover_text(details(measured, reference));
    } else if row.is_current() {
        let bar = Rect::from_center_size(place.center(), vec2(place.width(), 8.0));
        ui.painter().rect_filled(bar, 4.0, theme.raised);
        let folds = look.comparison.map_or(1, |comparison| comparison.folds);
        let share = look.course.share_of(row.name, folds) as f32;
        let filled = bar.with_max_x(bar.left() + share * bar.width());
        ui.painter().rect_filled(filled, 4.0, theme.ice);
        let response = ui.interact(place, ui.scope_id().with((row.name, "bar")), Sense::hover());
        response.widget_info(|| {
            let name = format!("{}: {:.0} % of its classifiers", row.name, 100.0 * share);
            WidgetInfo::labeled(Role::ProgressIndicator, true, name)
        });
    }
}

/// Everything that is known of a row, for the hover.
fn details(row: &Compared, reference: Option<&Compared>) -> String {
    let mut text = format!("{}: {}", row.way, wrong(row));
    if let Some((chance, reference)) = row.p.zip(reference) {
        let name = &reference.way;
        text += &format!(
            "\n{}: how often chance alone would set it as far from {name} as it is (McNemar's exact test).",
            p(chance)
        );
    }
    text
}

/// What a row says: its error and how it stands, or what it waits for.
fn said(ui: &mut Ui, look: &Look<'_>, row: &Row<'_>, comparison: &Comparison) {
    match row.state {
        State::Measured(measured) => stands(ui, look, measured, comparison.reference()),
        State::LeftOut(why) => {
            let text = RichText::new("left out").color(look.theme.thaw);
            ui.label(text.strong());
            small(ui, "its training diverged").on_hover_text(why);
        }
        State::Current => trains(ui, look),
        State::Waits if look.status.active() => {
            small(ui, "waits for its turn");
        }
        State::Waits => {
            small(ui, "not measured yet");
        }
    }
}

/// The error of a row, and how it stands.
fn stands(ui: &mut Ui, look: &Look<'_>, measured: &Compared, reference: Option<&Compared>) {
    let verdict = reference.map(|reference| verdict(measured, reference));
    ui.label(RichText::new(wrong(measured)).strong());
    if let Some(reference) = reference {
        let text = RichText::new(against(measured, reference)).text_style(TextStyle::Small);
        ui.label(text.color(colour(&look.theme, verdict)));
    }
    let chance = measured.p.map(p);
    let took = (measured.seconds > 0.0).then(|| format!("trained in {}", duration(measured.seconds)));
    let both: Vec<String> = chance.into_iter().chain(took).collect();
    if !both.is_empty() {
        small(ui, both.join(" · ")).on_hover_text(details(measured, reference));
    }
}

/// How far the classifier is that is trained now.
fn trains(ui: &mut Ui, look: &Look<'_>) {
    let Some(doing) = look.course.classifier() else {
        let reads = look.course.doing.as_ref().is_some_and(Doing::reads);
        let text = if reads {
            "when the texts are read"
        } else {
            "begins"
        };
        small(ui, text);
        return;
    };
    let epoch = match doing.epoch {
        0 => String::new(),
        epoch => format!("epoch {epoch}"),
    };
    let fold = doing.fold.map(|(fold, folds)| format!("fold {fold} of {folds}"));
    let parts: Vec<String> = fold
        .into_iter()
        .chain(Some(epoch).filter(|e| !e.is_empty()))
        .collect();
    small(ui, parts.join(", "));
    thaw(ui, &look.theme, &doing.groups);
}

/// The layer groups, the last one first as on the Train screen: ice while frozen, warmer the faster they learn.
fn thaw(ui: &mut Ui, theme: &Theme, groups: &[Option<f64>]) {
    if groups.is_empty() {
        return;
    }
    let (side, gap) = (12.0, 4.0);
    let width = (side + gap) * groups.len() as f32;
    let (rect, response) = ui.allocate_exact_size(vec2(width, side + 4.0), Sense::hover());
    for (i, group) in groups.iter().rev().enumerate() {
        let at = pos2(rect.left() + (side + gap) * i as f32, rect.top() + 2.0);
        let square = Rect::from_min_size(at, vec2(side, side));
        match group {
            Some(rate) => {
                let heat = super::super::chart::heat(*rate, 1.0);
                ui.painter().rect_filled(square, 3.0, theme.heat(heat));
            }
            None => {
                let stroke = Stroke::new(1.0, theme.ice);
                let fill = theme.tint(theme.ice, 0.15);
                ui.painter()
                    .rect(square, 3.0, fill, stroke, egui::StrokeKind::Inside);
            }
        }
    }
    let frozen = groups.iter().filter(|group| group.is_none()).count();
    let name = format!("{frozen} of {} layer groups frozen", groups.len());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
    response.on_hover_text(format!(
        "{name}. The classifier head is at the left, the embedding at the right; what is warm trains, the warmer the faster."
    ));
}

/// The button that takes a way over for the next run.
fn choose(ui: &mut Ui, look: &Look<'_>, row: &Row<'_>, asks: &mut Vec<Ask>) {
    let Some(way) = Way::parse(row.name).filter(|_| row.measured().is_some()) else {
        return;
    };
    let recipe = look.recipe;
    if recipe.method == way.method && (recipe.adapt == way.adapt || Way::of(way.method) == way && !way.adapt)
    {
        small(ui, "the next run's method").on_hover_text("The Train screen is set so already.");
        return;
    }
    let text = RichText::new("Use this method").text_style(TextStyle::Small);
    let button = ui.add(Button::new(text));
    let name = format!("Use this method: {}", row.name);
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    let hint = "Sets the method of the next run, with or without stage 2, and goes back to the Train screen.";
    if button.on_hover_text(hint).clicked() {
        asks.push(Ask::Use(way));
    }
}

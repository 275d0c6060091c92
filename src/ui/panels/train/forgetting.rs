//! The forgetting meter: how well the model still knows general language while it learns the task.

use egui::accesskit::Role;
use egui::{Align2, Color32, Painter, Pos2, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use super::chart::{Axes, small_font};
use super::numbers::{count, per_cent, short};
use super::view::View;
use crate::session::preview::is_pretrained;
use crate::ui::run::{Kind, Stage};
use crate::ui::widgets::{heading, small};

const EXPLANATION: &str = "Catastrophic forgetting as a curve: the encoder that is being tuned, under the decoder of the language \
                           model that it came from, reads general text: after every epoch while it reads your texts; while \
                           it learns the labels, before each thaw, after every fourth epoch and after the last. The higher its \
                           perplexity above the pretrained model's, the more it has forgotten; gradual unfreezing is there to \
                           keep it low (section 3.3).";

/// Draws the card's contents; the plot is `height` high.
pub fn show(ui: &mut Ui, view: &View<'_>, height: f32) {
    heading(ui, "Forgetting meter").on_hover_text(EXPLANATION);
    if !is_pretrained(view.recipe.method) {
        small(
            ui,
            "This method starts from random weights: there is nothing that it could forget, and nothing is measured.",
        );
        return;
    }
    let own = view.stage.filter(|s| !s.forgetting.is_empty());
    let stage = own.or_else(|| {
        // The plan is looked at, or a stage in which it is not measured: the last time that it was.
        view.record.stages.iter().rev().find(|s| !s.forgetting.is_empty())
    });
    let Some(stage) = stage.filter(|_| view.stage.is_some()) else {
        small(
            ui,
            "From time to time: how well the model still reads general text, beside the pretrained model.",
        );
        return;
    };
    let step = if own.is_some() { view.step } else { u64::MAX };
    // It is not measured at every step, nor after every epoch.
    let now = stage.forgetting.points().take_while(|p| p.0 <= step).last();
    match now.zip(stage.pretrained) {
        Some(((at, now), before)) if before > 0.0 => {
            let change = now / before - 1.0;
            let sign = if change < 0.0 { "−" } else { "+" };
            let text = format!(
                "perplexity on general text {} ({sign}{})",
                short(now),
                per_cent(change.abs())
            );
            small(ui, text).on_hover_text(format!(
                "Measured {}; {} for the pretrained model.",
                after(at),
                short(before)
            ));
        }
        _ => {
            small(ui, "perplexity on general text");
        }
    }
    plot(ui, view, stage, step, height);
}

/// When it was measured.
fn after(step: u64) -> String {
    match step {
        0 => "before the first step".into(),
        _ => format!("after step {}", count(step)),
    }
}

/// Height of the row that names two lines.
const KEY_HEIGHT: f32 = 16.0;

/// A line's colour and its name; gives the width that they take.
fn key(ui: &Ui, painter: &Painter, at: Pos2, name: &str, line: Color32, text: Color32) -> f32 {
    const SWATCH: f32 = 12.0;
    let middle = at.y + KEY_HEIGHT / 2.0;
    painter.hline(at.x..=at.x + SWATCH, middle, Stroke::new(2.0, line));
    let at = pos2(at.x + SWATCH + 4.0, middle);
    let drawn = painter.text(at, Align2::LEFT_CENTER, name, small_font(ui), text);
    SWATCH + 4.0 + drawn.width()
}

fn plot(ui: &mut Ui, view: &View<'_>, stage: &Stage, step: u64, height: f32) {
    let theme = view.theme;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let other = view
        .compare
        .and_then(|r| {
            r.like(stage)
                .filter(|s| !s.forgetting.is_empty())
                .or_else(|| r.stage(Kind::Train))
        })
        .filter(|s| !s.forgetting.is_empty());
    let range = |s: &Stage| {
        let (low, high) = s.forgetting.range()?;
        let before = s.pretrained.unwrap_or(low);
        Some((low.min(before), high.max(before)))
    };
    let own = range(stage).unwrap_or((1.0, 2.0));
    let both = other
        .and_then(range)
        .map_or(own, |(low, high)| (own.0.min(low), own.1.max(high)));
    let room = ((both.1 - both.0) * 0.15).max(both.1 * 0.005);
    // With two lines their names get a row of their own above them.
    let compared = view.compare.filter(|_| other.is_some());
    let mut inner = rect;
    if compared.is_some() {
        inner.min.y += KEY_HEIGHT;
    }
    let axes = Axes {
        rect: inner,
        x: (0.0, stage.total.max(stage.done).max(1) as f64),
        y: (both.0 - room, both.1 + room),
        log: false,
    };
    if ui.is_rect_visible(rect) {
        let painter = ui.painter().with_clip_rect(rect.expand(2.0));
        if let Some(before) = stage.pretrained {
            let y = axes.place(0.0, before).y;
            painter.hline(rect.x_range(), y, Stroke::new(1.0, theme.line));
            let at = pos2(rect.right() - 4.0, y - 2.0);
            painter.text(at, Align2::RIGHT_BOTTOM, "pretrained", small_font(ui), theme.dim);
        }
        if let Some(other) = other {
            let scale = axes.x.1 / other.total.max(other.done).max(1) as f64;
            let points = other.forgetting.points().map(|(s, v)| (s as f64 * scale, v));
            axes.dashed(&painter, points, Stroke::new(1.5, theme.warm));
        }
        let until = stage.forgetting.points().take_while(|p| p.0 <= step);
        axes.line(
            &painter,
            until.map(|(s, v)| (s as f64, v)),
            Stroke::new(2.0, theme.ice),
        );
        if let Some(run) = compared {
            let name = format!("{} (this run)", view.recipe.method.name());
            let used = key(ui, &painter, rect.left_top(), &name, theme.ice, theme.dim);
            let name = format!("{} (run {})", run.recipe.method.name(), run.number);
            key(
                ui,
                &painter,
                rect.left_top() + vec2(used + 10.0, 0.0),
                &name,
                theme.warm,
                theme.dim,
            );
        }
        axes.mark(&painter, step.min(stage.done) as f64, Stroke::new(1.0, theme.dim));
    }
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Image, true, "Forgetting meter");
        let now = stage.forgetting.at(step).map_or("not measured".into(), short);
        info.current_text_value = Some(format!("perplexity on general text {now}"));
        info
    });
    response.on_hover_text(EXPLANATION);
}

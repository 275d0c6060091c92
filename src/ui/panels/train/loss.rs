//! The loss by its terms, and what was measured on texts that were not trained on.

use egui::accesskit::Role;
use egui::text::LayoutJob;
use egui::{Color32, Sense, Stroke, TextFormat, Ui, WidgetInfo, vec2};

use super::chart::{Axes, body_font, small_font};
use super::numbers::{ends, per_cent, short};
use super::view::View;
use crate::ui::run::{Kind, Series, Stage, Status};
use crate::ui::widgets::{heading, small};

const EXPLANATION: &str = "What training minimises, in nats: CE is the cross-entropy, how surprised the model is by the truth. AR \
                           keeps activations small, TAR keeps them from jumping between words; both only when a language \
                           model is tuned (AWD-LSTM: Merity et al. 2017, section 4.6). There, with a vocabulary of 8,192 \
                           words or more, CE is estimated from a sample of the words in each step; perplexity never is.";

/// What a method that stops early measures after each epoch, and what for.
const KEPT: &str = "Share of wrong labels among labelled texts that this classifier is not trained on, measured after each epoch. The \
                    method stops early: it ends once the loss on them (green) has long not fallen, and keeps the weights of the \
                    epoch where that was lowest, which need not be the one with the fewest wrong labels. The blocks and the \
                    curves go on to the last epoch all the same.";

/// Draws the card's contents; the plot is `height` high.
pub fn show(ui: &mut Ui, view: &View<'_>, height: f32) {
    let trained = view.stage.filter(|s| !s.loss.is_empty());
    let Some(stage) = trained else {
        heading(ui, "Loss").on_hover_text(EXPLANATION);
        small(
            ui,
            "It is drawn from the first step on: how wrong the model is on what it trains on, and on what it does not.",
        );
        return;
    };
    head(ui, view, stage);
    plot(ui, view, stage, height);
    measured(ui, view, stage);
}

fn head(ui: &mut Ui, view: &View<'_>, stage: &Stage) {
    let theme = view.theme;
    let mut job = LayoutJob::default();
    let mut add = |text: String, color: Color32, strong: bool| {
        let font = if strong { body_font(ui) } else { small_font(ui) };
        job.append(&text, 0.0, TextFormat::simple(font, color));
    };
    let at = |series: &Series| series.at(view.step);
    add(
        format!("Loss {}", at(&stage.loss).map_or("–".into(), short)),
        theme.text,
        true,
    );
    for (name, series, colour) in [
        ("CE", &stage.cross_entropy, theme.dim),
        ("AR", &stage.ar, theme.ice),
        ("TAR", &stage.tar, theme.thaw),
    ] {
        if let Some(value) = at(series) {
            add(format!("   {name} {}", short(value)), colour, false);
        }
    }
    ui.label(job).on_hover_text(EXPLANATION);
}

fn plot(ui: &mut Ui, view: &View<'_>, stage: &Stage, height: f32) {
    let theme = view.theme;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    let other = view.overlay();
    // A third of room above the usual loss; the first spike may leave the plot, the fall may not.
    let first = stage.loss.range().unwrap_or((0.0, 1.0));
    let before = other.and_then(|o| o.loss.range()).unwrap_or(first);
    let held = stage.measured.iter().map(|m| m.nll).fold(first.1, f64::max);
    let axes = Axes {
        rect,
        x: (1.0, stage.total.max(stage.done).max(2) as f64),
        y: (0.0, first.1.max(before.1).max(held).max(1e-6)),
        log: false,
    };
    if ui.is_rect_visible(rect) {
        let painter = ui.painter().with_clip_rect(rect.expand(2.0));
        painter.hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, theme.line));
        let scaled = |s: &Stage| axes.x.1 / s.total.max(s.done).max(1) as f64;
        let points = |series: &'_ Series| {
            let points: Vec<(f64, f64)> = series.points().map(|(s, v)| (s as f64, v)).collect();
            points.into_iter()
        };
        if let Some(other) = other {
            let scale = scaled(other);
            let line = points(&other.cross_entropy).map(|(s, v)| (s * scale, v));
            axes.dashed(&painter, line, Stroke::new(1.0, theme.dim));
        }
        axes.line(&painter, points(&stage.ar), Stroke::new(1.0, theme.ice));
        axes.line(&painter, points(&stage.tar), Stroke::new(1.0, theme.thaw));
        let quiet = Stroke::new(1.0, theme.tint(theme.text, 0.5));
        axes.line(&painter, points(&stage.cross_entropy), quiet);
        axes.line(
            &painter,
            smooth(&stage.cross_entropy),
            Stroke::new(1.8, theme.text),
        );
        let held = stage.measured.iter().map(|m| (m.step as f64, m.nll));
        axes.line(&painter, held.clone(), Stroke::new(1.8, theme.right));
        for (x, y) in held {
            painter.circle_filled(axes.place(x, y), 2.5, theme.right);
        }
        axes.mark(&painter, view.step.max(1) as f64, Stroke::new(1.0, theme.dim));
        axes.bounds(ui, short);
    }
    response.widget_info(|| {
        let mut info = WidgetInfo::labeled(Role::Image, true, "Loss by term");
        let now = stage.loss.at(view.step).map_or("no step yet".into(), short);
        info.current_text_value = Some(format!("loss {now} at step {}", view.step));
        info
    });
    response.on_hover_text(format!(
        "{EXPLANATION}\nThe strong line is the cross-entropy averaged over neighbouring steps, green what was measured on texts \
         that were not trained on, dashed the run that is compared."
    ));
}

/// The cross-entropy averaged over the steps before, since one batch says little.
fn smooth(series: &Series) -> impl Iterator<Item = (f64, f64)> + '_ {
    let keep = 1.0 - 1.0 / (series.len() as f64 / 20.0).clamp(1.0, 20.0);
    let mut mean = None;
    series.points().map(move |(step, value)| {
        let next = mean.map_or(value, |m: f64| keep * m + (1.0 - keep) * value);
        mean = Some(next);
        (step as f64, next)
    })
}

/// When the error is told, where it is not told yet, and what it is measured on.
fn awaited(view: &View<'_>) -> (&'static str, &'static str) {
    const ASIDE: &str = "The classifier is asked for the labels kept aside, which it was not trained on.";
    let folds = view.record.stages.iter().any(|s| s.kind == Kind::Estimate);
    match &view.record.status {
        Status::Done if view.measuring && !view.looks_back() => {
            ("measured next on the labels kept aside", ASIDE)
        }
        Status::Done => (
            "it could not be measured",
            "It takes labels that the classifier was not trained on: label more, of every label two at least, and train again.",
        ),
        status if !status.active() => (
            "not measured yet",
            "It is measured when the run has gone on to its end.",
        ),
        _ if folds => (
            "measured once the folds are done",
            "Every label is needed for training, so the error comes from classifiers that each leave some labels out.",
        ),
        _ if view.aside => ("measured next on the labels kept aside", ASIDE),
        _ => (
            "not measured yet",
            "It is told at the end of the run, where some labels could be left out of training.",
        ),
    }
}

fn measured(ui: &mut Ui, view: &View<'_>, stage: &Stage) {
    let theme = view.theme;
    let say = |ui: &mut Ui, text: String| {
        ui.label(
            egui::RichText::new(text)
                .text_style(egui::TextStyle::Small)
                .color(theme.right),
        )
    };
    let last = stage.measured_at(view.step);
    if let Some(error) = last.and_then(|m| m.error) {
        let kept = match view.kept() {
            Some(epoch) if stage.seconds.is_some() => format!(" · kept: epoch {epoch}"),
            Some(epoch) => format!(" · kept so far: epoch {epoch}"),
            None => String::new(),
        };
        say(ui, format!("validation error {}{kept}", per_cent(error))).on_hover_text(KEPT);
    } else if let Some(perplexity) = last.and_then(|m| m.perplexity) {
        say(ui, format!("perplexity {} on texts kept back", short(perplexity))).on_hover_text(
            "Among how many words, so to speak, the model hesitates at each one; on texts that it was not adapted to. Lower is better.",
        );
    } else if let Some(error) = view.record.outcome.as_ref().and_then(|o| o.error()) {
        let ends = ends(error.low, error.high);
        let recipe = &view.record.recipe;
        let read = if recipe.reads() || recipe.keep {
            " The language model had these texts to read in stage 2, without their labels."
        } else {
            ""
        };
        say(ui, format!("error {} ({ends})", per_cent(error.error))).on_hover_text(format!(
            "On labelled texts whose labels the measured classifiers had not seen, with its 95 % interval.{read}"
        ));
    } else if stage.kind != Kind::Adapt {
        let (when, why) = awaited(view);
        small(ui, format!("error: {when}")).on_hover_text(why);
    }
    if let Some(other) = view.compare {
        small(ui, format!("dashed: {}", other.title()));
    }
}

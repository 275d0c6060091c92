//! The cards beside the text: how good the model is now, and whether more labels change it.

use egui::{RichText, TextStyle, Ui};

use super::view::View;
use crate::session::assistant::{Churn, Estimate, MEASURED_ON};
use crate::session::project::{Answer, Project, TextId};
use crate::ui::widgets::{Curve, card, curves, grouped, heading, percent, range, small};

/// Size of the number that a card is about.
const FIGURE: f32 = 26.0;
/// When fewer predictions than this share change, more labels change little.
const SETTLED: f64 = 0.02;

/// The error on the texts that were kept aside.
pub(super) fn stopped(ui: &mut Ui, view: &View) {
    card(ui, |ui| {
        heading(ui, "If you stopped now");
        let Some(estimate) = view.insight.estimate else {
            small(ui, waiting(view));
            return;
        };
        figure(ui, view, &estimate);
        small(
            ui,
            format!(
                "The small model that suggests, measured on {} labels kept aside at random. TF-IDF from the same labels: {}.",
                grouped(estimate.measured_on),
                percent(estimate.baseline)
            ),
        )
        .on_hover_text(
            "It is a logistic regression on the words of a text and on what the built-in language model makes of it: quick, and not \
             the classifier that training makes, which is measured anew. TF-IDF with logistic regression only counts words of the \
             texts with a label. Most of the difference between the two comes from the words of the texts without one, the rest \
             from the language model. Labels kept aside are never trained on, so the measurement is honest.",
        );
        if view.insight.history.len() > 1 {
            history(ui, view);
        }
    });
}

fn figure(ui: &mut Ui, view: &View, estimate: &Estimate) {
    let (low, high) = estimate.interval;
    ui.horizontal(|ui| {
        let wrong = format!("{} wrong", percent(estimate.error));
        ui.label(RichText::new(wrong).size(FIGURE).strong());
        // The ends themselves: where nothing is wrong, the interval lies all on one side.
        ui.label(RichText::new(range(low, high)).color(view.theme.dim))
    })
    .response
    .on_hover_text(format!(
        "Of the small model after {} labels to learn from; 95 % interval {} to {}.",
        grouped(estimate.trained_on),
        percent(low),
        percent(high)
    ));
}

fn waiting(view: &View) -> String {
    let project = view.project;
    let measures = |t: &&TextId| matches!(project.answer(**t), Some(Answer::Label(_)));
    if project.aside().iter().filter(measures).count() >= MEASURED_ON && !tells_apart(project) {
        return "The small model that suggests needs labels of two kinds that are not kept aside; so far it has fewer. \
                Once it has them, this says how much it gets wrong."
            .into();
    }
    let aside = project.aside().len();
    let so_far = match aside {
        0 => "None is there yet".into(),
        1 => "One is there".into(),
        n => format!("{} are there", grouped(n)),
    };
    format!(
        "Now and then a text is drawn at random and its label kept aside. {so_far}; once there are enough to measure \
         with, this says how much the small model that suggests gets wrong."
    )
}

/// Whether there are two kinds of labels to learn from.
fn tells_apart(project: &Project) -> bool {
    let mut kinds = project.answered().filter_map(|a| match a.answer {
        Answer::Label(label) if !project.is_aside(a.text) => Some(label),
        _ => None,
    });
    let first = kinds.next();
    kinds.any(|kind| Some(kind) != first)
}

fn history(ui: &mut Ui, view: &View) {
    let points = |error: fn(&Estimate) -> f64| {
        let point = |e: &Estimate| (e.trained_on as f64, error(e));
        view.insight.history.iter().map(point).collect::<Vec<_>>()
    };
    let both = [
        Curve {
            points: points(|e| e.baseline),
            colour: view.theme.dim,
            dashed: true,
        },
        Curve {
            points: points(|e| e.error),
            colour: view.theme.ice,
            dashed: false,
        },
    ];
    ui.add_space(4.0);
    let (first, last) = (view.insight.history.first(), view.insight.history.last());
    let name = match (first, last) {
        (Some(a), Some(b)) => format!(
            "From {} wrong at {} labels to {} at {}. Solid: the small model. Dashed: TF-IDF.",
            percent(a.error),
            a.trained_on,
            percent(b.error),
            b.trained_on
        ),
        _ => return,
    };
    curves(ui, 56.0, &both, &name).on_hover_text(&name);
}

/// Whether more labels would change much.
pub(super) fn enough(ui: &mut Ui, view: &View) {
    card(ui, |ui| {
        heading(ui, "Enough yet?");
        match view.insight.churn {
            Some(churn) => {
                let colour = if churn.changed < SETTLED {
                    view.theme.right
                } else {
                    view.theme.dim
                };
                let words = RichText::new(settled(churn)).text_style(TextStyle::Small);
                ui.label(words.color(colour))
            }
            None => small(
                ui,
                "Once the model suggests, this says how much your latest labels change its mind.",
            ),
        }
        .on_hover_text(
            "When new labels hardly change what the small model that suggests predicts, more of them add little to it. That does not \
             say that little is wrong: the labels kept aside do, and training measures the classifier itself.",
        );
    });
}

/// How settled the predictions are, in words.
pub(super) fn settled(churn: Churn) -> String {
    let changed = percent(churn.changed);
    let labels = grouped(churn.labels);
    let limit = percent(SETTLED);
    if churn.changed < SETTLED {
        format!(
            "The last {labels} labels changed {changed} of the small model's predictions. That is under {limit}: they have settled."
        )
    } else {
        format!(
            "The last {labels} labels changed {changed} of the small model's predictions. Under {limit} they have settled."
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settled_predictions_are_the_small_models_and_promise_no_end() {
        for changed in [0.01, 0.05] {
            let said = settled(Churn { labels: 20, changed });
            assert!(
                said.contains("the small model's predictions") && said.ends_with("they have settled."),
                "{said}"
            );
            assert!(!said.contains("stop"), "{said}");
        }
    }
}

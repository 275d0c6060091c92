//! Where it goes wrong: the confusion matrix, the scores of each label, the worst mistakes, labels that look wrong, and
//! TF-IDF beside it.

use egui::{CollapsingHeader, Color32, Grid, RichText, TextStyle, Ui};

use super::confusion;
use super::finder::Only;
use super::knowledge::Knowledge;
use super::lesson::Lesson;
use super::results::class;
use crate::session::project::Project;
use crate::session::trust::{Interval, Report};
use crate::ui::number::{count, percent};
use crate::ui::run::Share;
use crate::ui::theme::Theme;
use crate::ui::widgets::{card, chip, heading, small};

/// Draws the card; returns texts to be shown in the table.
pub fn show(ui: &mut Ui, known: &Knowledge, lesson: &Lesson, project: &Project) -> Option<Only> {
    let mut only = None;
    card(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        heading(ui, "Where it goes wrong");
        let Some(report) = &known.report else {
            let why = if lesson.unheard {
                "That cannot be said of this classifier: nobody listened when training told what it had said of the labels that \
                 were held out. Train again to see it; labels that are kept aside count once every text is \
                 classified."
            } else {
                "That cannot be said yet: it takes labels that the classifier has not seen. Training holds some out by \
                 itself, and labels that are kept aside count once every text is classified."
            };
            small(ui, why);
            return;
        };
        let theme = Theme::of(ui.ctx());
        let names: Vec<(String, Color32)> = (report.classes.iter().enumerate())
            .map(|(i, of)| {
                // Behind the classifier's own classes is the one of the labels that it has not learned.
                if i >= known.classes.len() {
                    return (of.label.clone(), theme.dim);
                }
                let (name, label) = class(project, &known.classes, &known.ids, i);
                (name.to_owned(), label.map_or(theme.dim, |l| theme.label(l.id)))
            })
            .collect();
        let name = |class: usize| names.get(class).map_or("?", |n| n.0.as_str());
        if names.len() <= confusion::MOST {
            if let Some((truth, predicted)) = confusion::show(ui, &names, &report.confusion) {
                only = Some(Only {
                    what: format!("{} taken for {}", name(truth), name(predicted)),
                    texts: known.cell(truth, predicted),
                });
            }
        } else {
            small(ui, "Most often confused:");
            for (truth, predicted, texts) in report.most_confused().into_iter().take(6) {
                let what = format!("{} taken for {}", name(truth), name(predicted));
                let hint = "Click to see them in the table.";
                if chip(ui, format!("{texts} {what}")).on_hover_text(hint).clicked() {
                    let texts = known.cell(truth, predicted);
                    only = Some(Only { what, texts });
                }
            }
        }
        caption(ui, report, known, lesson);
        lists(ui, known, &mut only);
        CollapsingHeader::new(RichText::new("Each label").text_style(TextStyle::Small))
            .id_salt("scores")
            .show(ui, |ui| scores(ui, report, &names));
    });
    only
}

fn caption(ui: &mut Ui, report: &Report, known: &Knowledge, lesson: &Lesson) {
    let (baseline, others) = if known.is_as_then {
        (
            lesson.baseline,
            voting(lesson, ["Without its vote", "If it voted too"]),
        )
    } else {
        (known.counted, String::new())
    };
    let text = format!(
        "Rows: your label; columns: the classifier's. {} labels that it had not seen. Error {}{}{others}",
        count(report.rows),
        measured(report),
        said("TF-IDF", baseline)
    );
    let wider = if lesson.folded() {
        " The classifiers of the folds share training labels, so the true uncertainty is somewhat larger."
    } else {
        ""
    };
    small(ui, text).on_hover_text(format!(
        "Error is the share of wrong labels; the range is its 95 % interval.{wider} TF-IDF with logistic regression, which only \
         counts words, learned from the same labels: a classifier that is not better than it has not understood more."
    ));
    // What was told of TF-IDF is set beside what it was measured with.
    let then = known.then.as_ref().filter(|_| !known.is_as_then);
    let before = lesson.baseline.filter(|_| known.counted.is_none());
    if let Some(then) = then {
        let votes = ["Without TF-IDF's vote", "If TF-IDF voted too"];
        let shares = said("TF-IDF", before) + &voting(lesson, votes);
        if !shares.is_empty() {
            let labels = if then.rows == 1 { "label" } else { "labels" };
            let turns = if lesson.folded() { " in turn" } else { "" };
            small(
                ui,
                format!(
                    "Of the {} {labels} that training held out{turns}, as they were then: error {}{shares}",
                    count(then.rows),
                    measured(then)
                ),
            );
        }
    }
    // What was kept before the two were compared text by text has its interval only.
    let beside = baseline.map(|b| (b, report)).or_else(|| before.zip(then));
    let worse = beside.is_some_and(|(b, ours)| match b.p {
        Some(_) => b.clearly_less(ours.error),
        None => b.error < ours.error_interval.low,
    });
    if worse {
        let theme = Theme::of(ui.ctx());
        let words = "Counting words does better than this classifier. More labels help it most; adapting the language \
                     model to your texts before may help too.";
        ui.label(
            RichText::new(words)
                .text_style(TextStyle::Small)
                .color(theme.warm),
        );
    }
    let helps =
        (lesson.together.zip(known.then.as_ref())).is_some_and(|(both, ours)| both.clearly_less(ours.error));
    if helps {
        small(
            ui,
            "The two err on other texts: tick \u{201c}TF-IDF votes too\u{201d} on the Train screen, and train again.",
        );
    }
}

/// An error with its interval.
fn measured(report: &Report) -> String {
    let Interval { low, high } = report.error_interval;
    format!("{} ({}).", percent(report.error), range(low, high))
}

/// What another one gets wrong of the same texts, where that is known.
fn said(who: &str, share: Option<Share>) -> String {
    share.map_or_else(String::new, |share| {
        let close = if share.too_close() {
            ", too close to tell on these labels"
        } else {
            ""
        };
        format!(
            " {who}: {} ({}){close}.",
            percent(share.error),
            range(share.low, share.high)
        )
    })
}

/// What the classifier gets wrong where TF-IDF has a vote and where it has none, of the labels that training held out.
fn voting(lesson: &Lesson, [without, with]: [&str; 2]) -> String {
    said(without, lesson.alone) + &said(with, lesson.together)
}

fn range(low: f64, high: f64) -> String {
    format!("{:.0}\u{2013}{:.0}", 100.0 * low, 100.0 * high)
}

/// What is worth a look, as buttons that show it in the table.
fn lists(ui: &mut Ui, known: &Knowledge, only: &mut Option<Only>) {
    ui.horizontal_wrapped(|ui| {
        let mistakes = known.mistakes.len();
        if mistakes > 0 {
            let hint = "Labels that it had not seen and gets wrong, the worst first: those whose own label it held least \
                        likely.";
            if chip(ui, format!("Worst mistakes {mistakes}")).on_hover_text(hint).clicked() {
                *only = Some(Only {
                    what: "mistakes, the worst first".into(),
                    texts: known.mistakes.clone(),
                });
            }
        }
        let doubtful = known.doubtful.len();
        if doubtful > 0 {
            let hint = "Your labels that look wrong: the text is as like another label as texts of that one are. A slip of \
                        the key, or a text that can be told either way.";
            if chip(ui, format!("Doubtful labels {doubtful}")).on_hover_text(hint).clicked() {
                *only = Some(Only {
                    what: "labels of yours that look wrong".into(),
                    texts: known.doubtful.clone(),
                });
            }
        }
    });
    if known.doubtful.is_empty() {
        // The others were learned from: what it says of those is no evidence.
        let said = match known.judged.len() {
            1 => "The one label that it had not seen does not look wrong.".to_string(),
            n => {
                let n = count(n);
                format!("None of the {n} labels that it had not seen looks wrong.")
            }
        };
        small(ui, said);
    }
}

fn scores(ui: &mut Ui, report: &Report, names: &[(String, Color32)]) {
    let theme = Theme::of(ui.ctx());
    Grid::new("scores")
        .num_columns(5)
        .spacing([10.0, 4.0])
        .show(ui, |ui| {
            for (head, hint) in [
                ("", ""),
                (
                    "precision",
                    "Of the texts that are given the label, the share that has it.",
                ),
                (
                    "recall",
                    "Of the texts that have the label, the share that is given it.",
                ),
                ("F1", "The harmonic mean of the two: low where either is low."),
                ("n", "Labels that it was measured on."),
            ] {
                let cell = ui.label(RichText::new(head).text_style(TextStyle::Small).color(theme.dim));
                if !hint.is_empty() {
                    cell.on_hover_text(hint);
                }
            }
            ui.end_row();
            for (class, (name, _)) in report.classes.iter().zip(names) {
                let short: String = name.chars().take(16).collect();
                ui.label(RichText::new(short).text_style(TextStyle::Small))
                    .on_hover_text(name);
                // Nothing was given the label, or nothing has it and none could have been given it rightly: the score says nothing.
                let cells = [
                    (class.predicted > 0 && class.support > 0).then_some(class.precision),
                    (class.support > 0).then_some(class.recall),
                    (class.support > 0).then_some(class.f1),
                ];
                for cell in cells {
                    let text = cell.map_or("\u{2013}".into(), percent);
                    ui.label(RichText::new(text).text_style(TextStyle::Small));
                }
                small(ui, class.support.to_string());
                ui.end_row();
            }
        });
}

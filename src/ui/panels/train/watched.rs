//! What the classifier says of a few texts, and what it said an epoch ago.

use egui::epaint::text::ByteRangeExt as _;
use egui::text::LayoutJob;
use egui::{Label, TextFormat, TextStyle, Ui};

use super::view::View;
use crate::session::protocol::Prediction;
use crate::session::trust::most_probable;
use crate::ui::run::Kind;
use crate::ui::widgets::{heading, small};

/// The most probable label and its probability.
fn best<'a>(prediction: &Prediction, labels: &'a [String]) -> Option<(&'a str, f32)> {
    let at = most_probable(&prediction.probabilities)?;
    Some((labels.get(at)?, *prediction.probabilities.get(at)?))
}

fn excerpt(text: &str, most: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= most {
        return line;
    }
    let cut: String = line.chars().take(most).collect();
    format!("{}…", cut.trim_end())
}

/// How many letters of a text a line of this width has room for, its end mark included.
fn letters(ui: &Ui, text: &str, room: f32) -> usize {
    /// Wider than any card.
    const MOST: usize = 300;
    let line = excerpt(text, MOST);
    let font = TextStyle::Body.resolve(ui.style());
    let galley = ui
        .painter()
        .layout_no_wrap(line.clone(), font.clone(), egui::Color32::PLACEHOLDER);
    if galley.size().x <= room {
        return line.chars().count();
    }
    let mark = ui
        .painter()
        .layout_no_wrap("…".into(), font, egui::Color32::PLACEHOLDER)
        .size()
        .x;
    let fits = galley.cursor_from_pos(egui::vec2(room - mark, 0.5 * galley.size().y));
    // The place is the nearest one, which may lie half a letter beyond.
    fits.index.0.saturating_sub(1)
}

/// Draws the card's contents.
pub fn show(ui: &mut Ui, view: &View<'_>) {
    let theme = view.theme;
    heading(ui, "What it says now").on_hover_text(
        "Three of your texts, without a label where there are such. After every epoch the classifier is asked for them, so that \
         you can read what it has learned. Without a label they teach it no answer; the language model reads them in stage 2, \
         where there is one.",
    );
    let stage = view.stage.filter(|s| !s.said.is_empty());
    // While the language model adapts, or a fold trains, there may be nothing said in that very stage.
    let Some((stage, (now, before))) = stage.and_then(|s| Some((s, s.said_at(view.step)?))) else {
        let why = match view.stage.map(|s| s.kind) {
            Some(Kind::Adapt) => {
                "The language model is still reading your texts; there is no classifier yet."
            }
            Some(_) => "The classifier is asked after its first epoch.",
            None => "Three of your texts, and what the classifier says of them after every epoch.",
        };
        small(ui, why);
        for text in view.record.watch.iter().filter(|_| view.stage.is_some()) {
            ui.label(egui::RichText::new(excerpt(text, 90)).color(theme.dim));
        }
        return;
    };
    let over = stage.seconds.is_some();
    if let Some(kept) = view.kept().filter(|&kept| over && kept != now.epoch) {
        let said = now.epoch;
        let text = format!("Said after epoch {said}; kept is the classifier of epoch {kept}.");
        small(ui, text).on_hover_text(
            "This method keeps the epoch where the loss on texts that it is not trained on was lowest.",
        );
    }
    for (text, prediction) in view.record.watch.iter().zip(&now.predictions) {
        let Some((label, p)) = best(prediction, &stage.labels) else {
            continue;
        };
        let mut tail = LayoutJob::default();
        let body = TextStyle::Body.resolve(ui.style());
        // Only the font of fixed width has arrows.
        let arrow = TextStyle::Monospace.resolve(ui.style());
        let mut add = |text: String, colour| {
            let font = if text.contains('→') { &arrow } else { &body };
            tail.append(&text, 0.0, TextFormat::simple(font.clone(), colour));
        };
        add(" → ".into(), theme.dim);
        add(format!("{label} {:.0} %", 100.0 * p), theme.right);
        let earlier = before.and_then(|b| {
            let old = b.predictions.iter().find(|o| o.row == prediction.row)?;
            Some((best(old, &stage.labels)?, b.epoch))
        });
        if let Some(((old, q), epoch)) = earlier {
            let was = if old == label {
                format!("{:.0} %", 100.0 * q)
            } else {
                old.to_string()
            };
            add(format!("  (was {was}, epoch {epoch})"), theme.dim);
        }
        let most = if view.narrow {
            60
        } else {
            let room = ui.available_width() - ui.painter().layout_job(tail.clone()).size().x;
            letters(ui, text, room)
        };
        let start = excerpt(text, most);
        let font = if start.contains('→') {
            arrow.clone()
        } else {
            body.clone()
        };
        let mut job = LayoutJob::simple(start, font, theme.text, ui.available_width());
        for section in &tail.sections {
            job.append(
                &tail.text[section.byte_range.as_usize()],
                0.0,
                section.format.clone(),
            );
        }
        let all = stage.labels.iter().zip(&prediction.probabilities);
        let mut all: Vec<(&String, &f32)> = all.collect();
        all.sort_by(|a, b| b.1.total_cmp(a.1));
        let lines: Vec<String> = all
            .iter()
            .map(|(l, p)| format!("{l} {:.1} %", 100.0 * **p))
            .collect();
        ui.add(Label::new(job))
            .on_hover_text(format!("{text}\n\n{}", lines.join("\n")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_at_characters_and_the_best_label_leads() {
        assert_eq!(excerpt("über\n alles", 20), "über alles");
        assert_eq!(excerpt("ééé ééé", 4), "ééé…");
        let labels = ["a".to_string(), "b".to_string()];
        let said = Prediction {
            row: 0,
            probabilities: vec![0.2, 0.8],
        };
        assert_eq!(best(&said, &labels), Some(("b", 0.8)));
        let undecided = Prediction {
            row: 0,
            probabilities: vec![0.5, 0.5],
        };
        assert_eq!(best(&undecided, &labels), Some(("a", 0.5)));
    }
}

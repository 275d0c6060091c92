//! The whole table: text, label, confidence. Only the rows in view are laid out.

use egui::{Align2, FontId, Rect, ScrollArea, Sense, Stroke, TextStyle, Ui, WidgetInfo, pos2, vec2};

use super::results::{Results, Row, class, is_blind, own_label};
use crate::session::project::{Project, TextId};
use crate::session::trust::Trust;
use crate::ui::number::percent;
use crate::ui::theme::Theme;
use crate::ui::widgets::one_line;

/// Height of a row.
const ROW: f32 = 37.0;
/// Height of a row of two lines, where the table is narrow.
const TALL: f32 = 58.0;
/// Said of a text whose label is still to measure the error.
const ASIDE: &str = "measures the error";
/// A table that is narrower than this puts the label under the text.
const NARROW: f32 = 480.0;

/// What is scrolled to.
#[derive(Clone, Copy, Debug, Default)]
pub struct View {
    /// The first point that is shown.
    offset: f32,
    /// How much is shown.
    height: f32,
    /// A place in the table that must come into view.
    pub bring: Option<usize>,
}

/// The table's contents.
pub struct Table<'a> {
    pub results: &'a Results,
    pub project: &'a Project,
    /// Rows of the results, in order.
    pub shown: &'a [u32],
    pub selected: Option<TextId>,
    /// Confidence from which a label is accepted.
    pub threshold: f32,
    /// What confidence is worth, where that is known.
    pub trust: Option<&'a Trust>,
}

impl Table<'_> {
    /// Draws it; returns a text that was chosen by the pointer.
    pub fn show(&self, ui: &mut Ui, view: &mut View) -> Option<TextId> {
        let mut chosen = None;
        ui.spacing_mut().item_spacing.y = 0.0;
        let height = if ui.available_width() < NARROW { TALL } else { ROW };
        let mut area = ScrollArea::vertical()
            .id_salt("results")
            .auto_shrink([false, false]);
        if let Some(place) = view.bring.take() {
            let top = place as f32 * height;
            let seen = view.height.max(height);
            if top < view.offset {
                area = area.vertical_scroll_offset(top);
            } else if top + height > view.offset + seen {
                area = area.vertical_scroll_offset(top + height - seen);
            }
        }
        let shown = area.show_rows(ui, height, self.shown.len(), |ui, range| {
            for &i in self.shown.get(range).unwrap_or_default() {
                if let Some(row) = self.results.rows.get(i as usize)
                    && self.row(ui, row, height)
                {
                    chosen = Some(row.text);
                }
            }
        });
        view.offset = shown.state.clamped_offset().y;
        view.height = shown.inner_rect.height();
        chosen
    }

    /// Draws a row; whether it was clicked.
    fn row(&self, ui: &mut Ui, row: &Row, height: f32) -> bool {
        let theme = Theme::of(ui.ctx());
        let text = self.project.texts.texts.get(row.text as usize);
        let text = text.map_or("", String::as_str);
        let line = one_line(text);
        let own = own_label(self.project, row.text);
        let (predicted, label) = class(self.project, &self.results.labels, &self.results.ids, row.label);
        // The user's own label stands instead of the prediction.
        let (name, label) = own.map_or((predicted, label), |own| (own.name.as_str(), Some(own)));
        let blind = is_blind(self.project, row.text);
        let (name, label) = if blind {
            ("no label yet", None)
        } else {
            (name, label)
        };
        let colour = label.map_or(theme.dim, |l| theme.label(l.id));

        let width = ui.available_width();
        let (rect, response) = ui.allocate_exact_size(vec2(width, height), Sense::click());
        let selected = self.selected == Some(row.text);
        let sure = format!("{:.0} %", 100.0 * row.confidence);
        let said = match own {
            Some(_) => format!("{line}: {name}, your label"),
            None if blind => format!("{line}: {name}, {ASIDE}"),
            None => format!("{line}: {name}, {sure}"),
        };
        response.widget_info(|| WidgetInfo::selected(egui::Role::Row, true, selected, &said));
        let painter = ui.painter();
        if selected || response.hovered() || response.has_focus() {
            painter.rect_filled(rect, 0, theme.raised);
        }
        if selected {
            painter.rect_filled(rect.with_max_x(rect.left() + 3.0), 0, theme.ice);
        }
        painter.hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, theme.line));

        // The columns: side by side, or the text above the rest.
        let narrow = height > ROW;
        let inner = rect.shrink2(vec2(12.0, 0.0));
        let (words, named, bar) = if narrow {
            let (top, below) = inner.shrink2(vec2(0.0, 6.0)).split_top_bottom_at_fraction(0.5);
            let at = |share: f32| below.left() + share * below.width();
            (top, below.with_max_x(at(0.5)), below.with_min_x(at(0.5)))
        } else {
            let right = (0.36 * width).clamp(232.0, 330.0);
            let edge = inner.right() - right;
            let split = edge + 0.5 * right;
            (
                inner.with_max_x(edge - 12.0),
                inner.with_min_x(edge).with_max_x(split - 8.0),
                inner.with_min_x(split),
            )
        };
        elided(ui, words, &line, theme);
        let painter = ui.painter();
        painter.circle_filled(pos2(named.left() + 4.0, named.center().y), 4.0, colour);
        elided(ui, named.with_min_x(named.left() + 15.0), name, theme);
        let instead = own.map(|own| {
            let same = own.name == predicted;
            if same {
                "your label".to_owned()
            } else {
                format!("yours; it says {predicted}")
            }
        });
        let instead = instead.or(blind.then(|| ASIDE.to_owned()));
        self.sureness(ui, bar, row, &sure, instead, theme);

        let clicked = response.clicked();
        response.on_hover_ui(|ui| {
            ui.set_max_width(420.0);
            if text.len() > 60 {
                ui.label(text.chars().take(1_500).collect::<String>());
            }
            let note = match own {
                Some(_) => format!("Your own label. The classifier says {predicted}, {sure}."),
                None if blind => {
                    "What the classifier says of it is shown once it has your label: it measures the error."
                        .into()
                }
                None if label.is_none() => {
                    format!("{predicted}, {sure}: a label that this project no longer has. Click to see why.")
                }
                None => worth(predicted, row.confidence, self.trust),
            };
            ui.label(
                egui::RichText::new(note)
                    .text_style(TextStyle::Small)
                    .color(theme.dim),
            );
        });
        clicked
    }

    /// The bar of confidence and its number, or what stands `instead` where the label is the user's own.
    fn sureness(&self, ui: &Ui, rect: Rect, row: &Row, sure: &str, instead: Option<String>, theme: Theme) {
        let painter = ui.painter();
        let end = pos2(rect.right(), rect.center().y);
        let font = FontId::proportional(12.0);
        if let Some(instead) = instead {
            let mut job = egui::text::LayoutJob::simple_singleline(instead, font, theme.dim);
            job.wrap = egui::text::TextWrapping::truncate_at_width(rect.width());
            let galley = painter.layout_job(job);
            painter.galley(
                end - vec2(galley.size().x, galley.size().y / 2.0),
                galley,
                theme.dim,
            );
            return;
        }
        let colour = if row.confidence >= self.threshold {
            theme.right
        } else {
            theme.thaw
        };
        let track = Rect::from_min_max(
            pos2(rect.left(), end.y - 2.5),
            pos2(rect.right() - 46.0, end.y + 2.5),
        );
        painter.rect_filled(track, 2.5, theme.line);
        let full = track.with_max_x(track.left() + track.width() * row.confidence.clamp(0.0, 1.0));
        painter.rect_filled(full, 2.5, colour);
        painter.text(end, Align2::RIGHT_CENTER, sure, font, theme.text);
    }
}

/// What a prediction of so much confidence is worth, as the card about the threshold reckons it.
fn worth(predicted: &str, confidence: f32, trust: Option<&Trust>) -> String {
    let confidence = f64::from(confidence);
    let sure = percent(confidence);
    match trust {
        Some(trust) => {
            let right = percent(trust.likely_right(confidence));
            format!(
                "{predicted}, confidence {sure}: right with a chance of about {right}, measured on labels that it had not seen. \
                 Click to see why."
            )
        }
        None => format!("{predicted}, confidence {sure}, not checked against any label. Click to see why."),
    }
}

/// One line of text, cut off with an ellipsis where the room ends.
fn elided(ui: &Ui, rect: Rect, line: &str, theme: Theme) {
    let font = TextStyle::Body.resolve(ui.style());
    let mut job = egui::text::LayoutJob::simple_singleline(line.to_owned(), font, theme.text);
    job.wrap = egui::text::TextWrapping::truncate_at_width(rect.width().max(1.0));
    let galley = ui.painter().layout_job(job);
    let place = pos2(rect.left(), rect.center().y - galley.size().y / 2.0);
    ui.painter().galley(place, galley, theme.text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::trust::Judged;

    #[test]
    fn a_confidence_is_said_to_be_worth_what_was_measured() {
        let said = worth("billing", 0.97, None);
        assert!(
            said.contains("confidence 97 %, not checked") && !said.contains("chance"),
            "{said}"
        );
        // Sure of ten labels: eight are right, two are of a kind that it has not learned, which no temperature puts right.
        let judged = |text: TextId| Judged {
            text,
            truth: if text < 8 { 0 } else { 2 },
            probabilities: vec![0.97, 0.03],
        };
        let evidence: Vec<Judged> = (0..10).map(judged).collect();
        let trust = Trust::measured(&evidence).unwrap();
        let right = percent(trust.likely_right(0.97));
        assert!(trust.likely_right(0.97) < 0.8);
        let said = worth("billing", 0.97, Some(&trust));
        assert!(
            said.contains(&format!("confidence 97 %: right with a chance of about {right},")),
            "{said}"
        );
    }
}

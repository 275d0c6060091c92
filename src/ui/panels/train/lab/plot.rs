//! The forest plot: every error as a dot with its 95 % interval, on one axis.

use egui::{Align2, Color32, Rect, Shape, Stroke, Ui, pos2, vec2};

use super::super::chart::small_font;
use super::words::{Verdict, verdict};
use crate::session::protocol::Compared;
use crate::ui::theme::Theme;

/// The axis of errors, from 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    high: f64,
    step: f64,
}

/// Height of the numbers above the rows.
pub const NUMBERS: f32 = 20.0;
const DOT: f32 = 5.0;

impl Axis {
    /// One on which all these have room.
    pub fn over<'a>(rows: impl Iterator<Item = &'a Compared>) -> Self {
        let high = rows
            .map(|row| row.error_high)
            .filter(|high| high.is_finite())
            .fold(0.05, f64::max)
            .min(1.0);
        let step = match high {
            high if high <= 0.12 => 0.02,
            high if high <= 0.3 => 0.05,
            high if high <= 0.6 => 0.1,
            _ => 0.2,
        };
        // Not a step further for what rounding has left.
        let high = (high / step - 1e-9).ceil() * step;
        Self { high, step }
    }

    fn x(&self, rect: Rect, share: f64) -> f32 {
        rect.left() + rect.width() * (share / self.high).clamp(0.0, 1.0) as f32
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        let (step, number) = (self.step, (self.high / self.step).round() as u32);
        (0..=number).map(move |i| step * f64::from(i))
    }

    /// The numbers above the rows.
    pub fn numbers(&self, ui: &Ui, rect: Rect) {
        let theme = Theme::of(ui.ctx());
        for share in self.ticks() {
            let at = pos2(self.x(rect, share), rect.bottom() - 3.0);
            let text = format!("{:.0} %", 100.0 * share);
            ui.painter()
                .text(at, Align2::CENTER_BOTTOM, text, small_font(ui), theme.dim);
        }
    }

    /// The lines behind a row, the one of the reference dashed, so that those of rows below one another join.
    pub fn lines(&self, ui: &Ui, rect: Rect, reference: Option<&Compared>) {
        let theme = Theme::of(ui.ctx());
        let painter = ui.painter();
        for share in self.ticks() {
            let colour = if share == 0.0 { theme.dim } else { theme.line };
            painter.vline(self.x(rect, share), rect.y_range(), Stroke::new(1.0, colour));
        }
        if let Some(reference) = reference {
            let x = self.x(rect, reference.error);
            let line = [pos2(x, rect.top()), pos2(x, rect.bottom())];
            let stroke = Stroke::new(1.0, theme.dim);
            painter.extend(Shape::dashed_line(&line, stroke, 3.0, 3.0));
        }
    }

    /// An error with its interval: round for a way of training, a square for a baseline; filled where it can be told from the
    /// reference, or is it.
    pub fn dot(&self, ui: &Ui, rect: Rect, row: &Compared, reference: Option<&Compared>, baseline: bool) {
        let theme = Theme::of(ui.ctx());
        let verdict = reference.map(|reference| verdict(row, reference));
        let colour = colour(&theme, verdict);
        let painter = ui.painter();
        let y = rect.center().y;
        let (low, high) = (self.x(rect, row.error_low), self.x(rect, row.error_high));
        let stroke = Stroke::new(2.0, colour);
        painter.hline(low..=high, y, stroke);
        for end in [low, high] {
            painter.vline(end, y - 4.0..=y + 4.0, stroke);
        }
        let at = pos2(self.x(rect, row.error), y);
        let fill = match verdict {
            None | Some(Verdict::Close) => theme.panel,
            Some(_) => colour,
        };
        if baseline {
            let square = Rect::from_center_size(at, vec2(2.0 * DOT, 2.0 * DOT) * 0.9);
            painter.rect(square, 0, fill, stroke, egui::StrokeKind::Inside);
        } else {
            painter.circle(at, DOT, fill, stroke);
        }
    }
}

/// The colour of a verdict, which stands beside it in words.
pub fn colour(theme: &Theme, verdict: Option<Verdict>) -> Color32 {
    match verdict {
        None | Some(Verdict::Reference) => theme.text,
        Some(Verdict::Close) => theme.ice,
        Some(Verdict::Worse(_)) => theme.warm,
        Some(Verdict::Better(_)) => theme.right,
    }
}

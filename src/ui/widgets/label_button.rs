//! A label as a button: its key, colour, name, count, and how likely it is.

use std::sync::Arc;

use egui::text::LayoutJob;
use egui::{
    Color32, Galley, Rect, Response, Role, Sense, Stroke, StrokeKind, TextStyle, Ui, Widget, WidgetInfo,
    pos2, vec2,
};

use super::keycap::Keycap;
use super::{grouped, percent};
use crate::ui::theme::{self, Theme};

/// The least height, in points, that a finger meets.
pub const HEIGHT: f32 = 44.0;

/// A label that can be given.
#[derive(Clone, Debug)]
pub struct LabelButton<'a> {
    /// Its name.
    pub name: &'a str,
    /// The key that gives it; `None` past the last key.
    pub key: Option<&'a str>,
    /// Its colour.
    pub colour: Color32,
    /// Texts that have it.
    pub count: usize,
    /// How likely the model holds it for the text that is shown.
    pub probability: Option<f32>,
    /// Whether it is the most likely one.
    pub best: bool,
    /// Whether it is what the text has now.
    pub current: bool,
    /// From 1, just pressed, to 0.
    pub flash: f32,
    /// What a press does, or why none does anything now, in a sentence.
    pub explanation: &'a str,
}

impl LabelButton<'_> {
    /// What a screen reader says, with what is only painted.
    fn accessible_name(&self) -> String {
        let key = self.key.map_or(String::new(), |k| format!(", key {k}"));
        let likely = self.probability.map(|p| percent(f64::from(p)));
        let likely = likely.map_or(String::new(), |p| format!(", {p}"));
        let best = if self.best { ", suggested" } else { "" };
        format!("Label: {}{key}{likely}{best}", self.name)
    }
}

impl Widget for LabelButton<'_> {
    fn ui(self, ui: &mut Ui) -> Response {
        let theme = Theme::of(ui.ctx());
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), HEIGHT), Sense::click());
        let name = self.accessible_name();
        response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), self.current, &name));
        if ui.is_rect_visible(rect) {
            let lit = response.hovered() || response.has_focus();
            let resting = if lit { theme.raised } else { theme.panel };
            let fill = resting.lerp_to_gamma(self.colour, 0.6 * self.flash);
            let stroke = match (self.best, response.has_focus()) {
                (true, _) => Stroke::new(1.5, theme.ice),
                (_, true) => Stroke::new(1.5, theme.text),
                _ => Stroke::new(1.0, theme.line),
            };
            ui.painter().rect(rect, 8, fill, stroke, StrokeKind::Inside);
            self.paint(ui, rect, &theme);
        }
        let explained = response.on_hover_text(self.explanation);
        explained.on_disabled_hover_text(self.explanation)
    }
}

impl LabelButton<'_> {
    fn name_within(&self, ui: &Ui, room: f32, theme: &Theme, style: &TextStyle, rows: usize) -> Arc<Galley> {
        let mut job = LayoutJob::simple(self.name.to_owned(), style.resolve(ui.style()), theme.text, room);
        job.wrap.max_rows = rows;
        job.wrap.break_anywhere = rows == 1;
        ui.painter().layout_job(job)
    }

    fn paint(&self, ui: &Ui, rect: Rect, theme: &Theme) {
        let painter = ui.painter();
        let small = TextStyle::Small.resolve(ui.style());
        let middle = rect.center().y;
        let mut left = rect.left() + 12.0;
        if let Some(key) = self.key.filter(|_| !theme::is_narrow(ui.ctx())) {
            let cap = Keycap::new(ui, key).paint(painter, pos2(left, middle), theme, false);
            left = cap.right() + 10.0;
        }
        painter.circle_filled(pos2(left + 5.0, middle), 5.0, self.colour);
        left += 20.0;

        let at_right = if self.current {
            Some("now".to_owned())
        } else {
            self.probability.map(|p| percent(f64::from(p)))
        };
        let mut right = rect.right() - 14.0;
        if let Some(text) = at_right {
            let colour = if self.best { theme.text } else { theme.dim };
            let drawn = painter.text(
                pos2(right, middle),
                egui::Align2::RIGHT_CENTER,
                text,
                small.clone(),
                colour,
            );
            right = drawn.left() - 10.0;
        }
        let count = painter.layout_no_wrap(grouped(self.count), small, theme.dim);
        let room = (right - left - count.size().x - 8.0).max(20.0);
        let mut name = self.name_within(ui, room, theme, &TextStyle::Body, 1);
        if name.elided {
            // Rather two lines of small letters than half a name.
            name = self.name_within(ui, room, theme, &TextStyle::Small, 2);
        }
        let end = left + name.size().x + 8.0;
        painter.galley(pos2(left, middle - name.size().y / 2.0), name, theme.text);
        painter.galley(pos2(end, middle - count.size().y / 2.0 + 1.0), count, theme.dim);

        if let Some(p) = self.probability {
            let full = rect.width() - 28.0;
            let line = Rect::from_min_size(
                pos2(rect.left() + 14.0, rect.bottom() - 5.0),
                vec2(full * p.clamp(0.0, 1.0), 2.0),
            );
            painter.rect_filled(line, 1, self.colour);
        }
    }
}

//! A text of one line in a list, with what was answered.

use egui::{
    Color32, Response, RichText, Role, Sense, Stroke, TextStyle, TextWrapMode, Ui, Widget, WidgetInfo,
    WidgetText, pos2, vec2,
};

use crate::ui::theme::Theme;

/// A text on one line: line breaks become spaces, and no more characters than any row has room for.
pub fn one_line(text: &str) -> String {
    const ROOM: usize = 240;
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().take(ROOM));
        if line.chars().count() > ROOM {
            break;
        }
    }
    line
}

/// A row to click.
#[derive(Clone, Debug)]
pub struct TextRow<'a> {
    /// The text.
    pub text: &'a str,
    /// What was answered.
    pub answer: &'a str,
    /// The label's colour; `None` draws a ring.
    pub colour: Option<Color32>,
    /// Whether it is the one that is shown.
    pub selected: bool,
    /// Height in points.
    pub height: f32,
}

impl Widget for TextRow<'_> {
    fn ui(self, ui: &mut Ui) -> Response {
        let theme = Theme::of(ui.ctx());
        let (rect, response) =
            ui.allocate_exact_size(vec2(ui.available_width(), self.height), Sense::click());
        let line = one_line(self.text);
        response.widget_info(|| {
            let name = format!("Change: {line}, {}", self.answer);
            WidgetInfo::selected(Role::Button, ui.is_enabled(), self.selected, name)
        });
        if ui.is_rect_visible(rect) {
            let painter = ui.painter();
            if self.selected || response.hovered() || response.has_focus() {
                painter.rect_filled(rect.expand2(vec2(6.0, 0.0)), 4, theme.raised);
            }
            painter.hline(rect.x_range(), rect.bottom(), Stroke::new(1.0, theme.line));
            let middle = rect.center().y;
            let dot = pos2(rect.left() + 4.0, middle);
            match self.colour {
                Some(colour) => painter.circle_filled(dot, 4.0, colour),
                None => painter.circle_stroke(dot, 3.5, Stroke::new(1.0, theme.dim)),
            };
            let galley =
                |text: &str, colour, room| {
                    WidgetText::from(RichText::new(text).text_style(TextStyle::Small).color(colour))
                        .into_galley(ui, Some(TextWrapMode::Truncate), room, TextStyle::Small)
                };
            let answer = galley(self.answer, theme.dim, rect.width() * 0.4);
            let room = rect.width() - 16.0 - answer.size().x - 10.0;
            let text = galley(&line, theme.text, room.max(20.0));
            painter.galley(
                pos2(rect.left() + 16.0, middle - text.size().y / 2.0),
                text,
                theme.text,
            );
            let at = pos2(rect.right() - answer.size().x, middle - answer.size().y / 2.0);
            painter.galley(at, answer, theme.dim);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn a_row_has_no_line_breaks_and_an_end() {
        assert_eq!(one_line("  a\nb\r\n\tc "), "a b c");
        assert!(one_line(&"x".repeat(1_000_000)).len() <= 240);
        assert!(one_line(&"word ".repeat(1_000)).chars().count() < 300);
    }
}

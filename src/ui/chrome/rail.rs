//! The screens to choose from: at the left, or at the bottom where it is narrow.

use egui::{Align2, FontId, Frame, Margin, Panel, Rect, Sense, Ui, pos2, vec2};

use crate::ui::actions::Action;
use crate::ui::run::Status;
use crate::ui::theme::Theme;
use crate::ui::{Screen, Shared};

const WIDTH: f32 = 76.0;
const HEIGHT: f32 = 60.0;

/// Draws the rail.
pub fn show(ui: &mut Ui, shared: &mut Shared, narrow: bool) {
    let frame = Frame::new().fill(Theme::of(ui.ctx()).panel);
    if narrow {
        Panel::bottom("rail").frame(frame).show(ui, |ui| {
            let width = ui.available_width() / Screen::ALL.len() as f32;
            ui.spacing_mut().item_spacing.x = 0.0;
            ui.horizontal(|ui| {
                for screen in Screen::ALL {
                    item(ui, shared, screen, width, true);
                }
            });
        });
    } else {
        let panel = Panel::left("rail").exact_size(WIDTH).resizable(false);
        panel
            .frame(frame.inner_margin(Margin::symmetric(0, 10)))
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 4.0;
                for screen in Screen::ALL {
                    item(ui, shared, screen, WIDTH, false);
                }
            });
    }
}

fn item(ui: &mut Ui, shared: &mut Shared, screen: Screen, width: f32, narrow: bool) {
    let theme = Theme::of(ui.ctx());
    let here = shared.screen == screen;
    let (rect, response) = ui.allocate_exact_size(vec2(width, HEIGHT), Sense::click());
    let news = news(shared, screen, theme);
    response.widget_info(|| {
        let mut info = egui::WidgetInfo::selected(egui::Role::Tab, true, here, screen.name());
        info.current_text_value = news.map(|(what, _)| what.into());
        info
    });
    let painter = ui.painter();
    if here || response.hovered() || response.has_focus() {
        painter.rect_filled(rect, 0.0, theme.raised);
    }
    if here {
        let edge = if narrow {
            Rect::from_min_size(rect.min, vec2(rect.width(), 3.0))
        } else {
            Rect::from_min_size(rect.min, vec2(3.0, rect.height()))
        };
        painter.rect_filled(edge, 0.0, theme.ice);
    }
    let colour = if here { theme.text } else { theme.dim };
    icon(painter, screen, pos2(rect.center().x, rect.top() + 22.0), colour);
    let place = pos2(rect.center().x, rect.top() + 45.0);
    painter.text(
        place,
        Align2::CENTER_CENTER,
        screen.name(),
        FontId::proportional(12.0),
        colour,
    );
    if let Some((_, colour)) = news {
        let at = pos2(rect.center().x + 17.0, rect.top() + 12.0);
        painter.circle(at, 4.5, colour, egui::Stroke::new(1.5, theme.panel));
    }
    let key = super::shortcut_text(ui, Action::Show(screen));
    let news = news.map_or(String::new(), |(what, _)| format!("\n{what}."));
    if response
        .on_hover_text(format!("{} {key}{news}", screen.explanation()))
        .clicked()
    {
        shared.act(Action::Show(screen));
    }
}

/// What there is to know of a screen that is not looked at, and the colour of its dot.
fn news(shared: &Shared, screen: Screen, theme: Theme) -> Option<(&'static str, egui::Color32)> {
    let run = &shared.run;
    match run.record.status {
        _ if screen != Screen::Train => None,
        _ if run.compares() => Some(("Methods are being compared", theme.ice)),
        Status::Paused => Some(("Training holds", theme.thaw)),
        Status::Starting | Status::Running => Some(("Training goes on", theme.thaw)),
        Status::Failed { .. } if run.is_unseen() => Some(("Training failed", theme.warm)),
        Status::Done if run.is_unseen() => Some(("Training is done", theme.right)),
        _ => None,
    }
}

/// Drawn rather than taken from a font, so that it looks the same everywhere.
fn icon(painter: &egui::Painter, screen: Screen, at: egui::Pos2, colour: egui::Color32) {
    let stroke = egui::Stroke::new(1.6, colour);
    let line = |x0: f32, y0: f32, x1: f32, y1: f32| {
        painter.line_segment([at + vec2(x0, y0), at + vec2(x1, y1)], stroke);
    };
    match screen {
        Screen::Texts => {
            for y in [-6.0, 0.0, 6.0] {
                line(-8.0, y, 8.0, y);
            }
        }
        Screen::Label => {
            painter.circle_stroke(at, 8.0, stroke);
            painter.circle_filled(at, 3.5, colour);
        }
        Screen::Train => {
            line(-9.0, 7.0, -3.0, -7.0);
            line(-3.0, -7.0, 9.0, 7.0);
            line(-9.0, 7.0, 9.0, 7.0);
        }
        Screen::Classify => {
            for y in [-6.0, 0.0, 6.0] {
                painter.circle_filled(at + vec2(-7.0, y), 1.8, colour);
                line(-2.0, y, 8.0, y);
            }
        }
        Screen::Write => {
            line(-7.0, 7.0, 5.0, -5.0);
            line(5.0, -5.0, 8.0, -8.0);
            line(-7.0, 7.0, -2.0, 6.0);
            line(2.0, 8.0, 9.0, 8.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Event;
    use crate::ui::run::Recipe;

    #[test]
    fn the_dot_of_the_train_screen_stays_until_the_end_is_seen() {
        let mut shared = Shared::for_tests(None);
        let theme = Theme::of(&egui::Context::default());
        let told = |shared: &Shared, screen| news(shared, screen, theme).map(|(what, _)| what);
        assert_eq!(told(&shared, Screen::Train), None);
        shared.run.begin(Recipe::default(), Vec::new());
        assert_eq!(told(&shared, Screen::Train), Some("Training goes on"));
        assert_eq!(told(&shared, Screen::Label), None);
        shared.run.push(Event::Failed {
            message: "no room".into(),
            usage: false,
            device: None,
            diverged: None,
        });
        assert_eq!(told(&shared, Screen::Train), Some("Training failed"));
        shared.run.seen();
        assert_eq!(told(&shared, Screen::Train), None);
    }
}

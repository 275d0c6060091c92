//! Lines on a rectangle: what the plots of this screen share.

use egui::{Align2, Color32, FontId, Painter, Pos2, Rect, Shape, Stroke, TextStyle, Ui, pos2};

use crate::session::preview::DISCRIMINATIVE_FACTOR;
use crate::ui::theme::Theme;

/// A rectangle with a range of numbers along each side.
#[derive(Clone, Copy, Debug)]
pub struct Axes {
    /// On the screen.
    pub rect: Rect,
    /// Left and right.
    pub x: (f64, f64),
    /// Bottom and top.
    pub y: (f64, f64),
    /// Whether the vertical axis is logarithmic; `y` is above 0 then.
    pub log: bool,
}

impl Axes {
    /// Where a point lies.
    pub fn place(&self, x: f64, y: f64) -> Pos2 {
        let share = |v: f64, (low, high): (f64, f64)| {
            let span = high - low;
            if span > 0.0 {
                ((v - low) / span).clamp(0.0, 1.0)
            } else {
                0.5
            }
        };
        let vertical = if self.log {
            share(y.max(self.y.0).ln(), (self.y.0.ln(), self.y.1.ln()))
        } else {
            share(y, self.y)
        };
        pos2(
            self.rect.left() + share(x, self.x) as f32 * self.rect.width(),
            self.rect.bottom() - vertical as f32 * self.rect.height(),
        )
    }

    /// The number below a place.
    pub fn x_at(&self, at: Pos2) -> f64 {
        let share = f64::from((at.x - self.rect.left()) / self.rect.width().max(1.0));
        self.x.0 + share.clamp(0.0, 1.0) * (self.x.1 - self.x.0)
    }

    /// A path with at most a rise and a fall in each column of pixels, however many points there are.
    pub fn path(&self, points: impl Iterator<Item = (f64, f64)>) -> Vec<Pos2> {
        let mut path: Vec<Pos2> = Vec::new();
        // The lowest and highest point of this column, in the order in which they came.
        let mut column: Option<(i64, Pos2, Pos2)> = None;
        let flush = |path: &mut Vec<Pos2>, column: &mut Option<(i64, Pos2, Pos2)>| {
            if let Some((_, first, second)) = column.take() {
                path.push(first);
                if first != second {
                    path.push(second);
                }
            }
        };
        for (x, y) in points {
            let at = self.place(x, y);
            let key = at.x.floor() as i64;
            column = Some(match column {
                Some((same, first, second)) if same == key => {
                    let (low, high) = if first.y < second.y {
                        (first, second)
                    } else {
                        (second, first)
                    };
                    if at.y < low.y {
                        (key, high, at)
                    } else if at.y > high.y {
                        (key, low, at)
                    } else {
                        (key, first, second)
                    }
                }
                mut before => {
                    flush(&mut path, &mut before);
                    (key, at, at)
                }
            });
        }
        flush(&mut path, &mut column);
        path
    }

    /// Draws a line.
    pub fn line(&self, painter: &Painter, points: impl Iterator<Item = (f64, f64)>, stroke: Stroke) {
        let path = self.path(points);
        if let [only] = *path {
            painter.circle_filled(only, stroke.width, stroke.color);
        } else {
            painter.line(path, stroke);
        }
    }

    /// Draws a dashed line.
    pub fn dashed(&self, painter: &Painter, points: impl Iterator<Item = (f64, f64)>, stroke: Stroke) {
        painter.extend(Shape::dashed_line(&self.path(points), stroke, 4.0, 4.0));
    }

    /// A vertical line.
    pub fn mark(&self, painter: &Painter, x: f64, stroke: Stroke) {
        painter.vline(self.place(x, self.y.0).x, self.rect.y_range(), stroke);
    }

    /// The numbers at the lower and the upper end, in the corners.
    pub fn bounds(&self, ui: &Ui, format: impl Fn(f64) -> String) {
        let theme = Theme::of(ui.ctx());
        for (y, at, align) in [
            (self.y.1, self.rect.right_top(), Align2::RIGHT_TOP),
            (self.y.0, self.rect.right_bottom(), Align2::RIGHT_BOTTOM),
        ] {
            let painter = ui.painter();
            let text = painter.layout_no_wrap(format(y), small_font(ui), theme.dim);
            let rect = align.anchor_size(at, text.size());
            // Lines run to the edge, and a number on a line cannot be read.
            painter.rect_filled(
                rect.expand2(egui::vec2(2.0, 0.0)),
                2.0,
                theme.panel.gamma_multiply(0.85),
            );
            painter.galley(rect.min, text, theme.dim);
        }
    }
}

/// The font of small print.
pub fn small_font(ui: &Ui) -> FontId {
    TextStyle::Small.resolve(ui.style())
}

/// The font of numbers that are to stand below one another.
pub fn body_font(ui: &Ui) -> FontId {
    TextStyle::Body.resolve(ui.style())
}

/// A layer group's heat: 1 for the fastest, a fifth less for each [`DISCRIMINATIVE_FACTOR`] that it is slower.
pub fn heat(rate: f64, fastest: f64) -> f32 {
    if rate <= 0.0 || fastest <= 0.0 {
        return 0.0;
    }
    (1.0 - 0.2 * (fastest / rate).ln() / DISCRIMINATIVE_FACTOR.ln()).clamp(0.15, 1.0) as f32
}

/// A rounded rectangle whose colour runs from `left` to `right`.
pub fn gradient(rect: Rect, radius: f32, left: Color32, right: Color32) -> Shape {
    let colour = |at: Pos2| left.lerp_to_gamma(right, (at.x - rect.left()) / rect.width().max(1.0));
    let mut mesh = egui::Mesh::default();
    mesh.colored_vertex(rect.center(), colour(rect.center()));
    let inner = rect.shrink(radius);
    let corners = [
        (inner.right_bottom(), 0.0_f32),
        (inner.left_bottom(), 90.0),
        (inner.left_top(), 180.0),
        (inner.right_top(), 270.0),
    ];
    let mut n = 0;
    for (centre, from) in corners {
        for turn in 0..=6_u8 {
            let angle = (from + 15.0 * f32::from(turn)).to_radians();
            let at = centre + radius * egui::vec2(angle.cos(), angle.sin());
            mesh.colored_vertex(at, colour(at));
            n += 1;
        }
    }
    for i in 0..n {
        mesh.add_triangle(0, 1 + i, 1 + (i + 1) % n);
    }
    Shape::mesh(mesh)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes(log: bool) -> Axes {
        Axes {
            rect: Rect::from_min_max(pos2(10.0, 10.0), pos2(110.0, 60.0)),
            x: (0.0, 1_000.0),
            y: (0.01, 1.0),
            log,
        }
    }

    #[test]
    fn places_and_numbers_agree() {
        let axes = axes(true);
        assert_eq!(axes.place(500.0, 0.1), pos2(60.0, 35.0));
        assert!((axes.x_at(pos2(60.0, 0.0)) - 500.0).abs() < 1e-3);
        // What lies outside stays at the edge; nothing is drawn over the neighbour.
        assert_eq!(axes.place(2_000.0, 0.0), pos2(110.0, 60.0));
    }

    #[test]
    fn a_path_has_two_points_a_pixel_and_keeps_a_spike() {
        let axes = axes(false);
        let points = (0..100_000).map(|i| (f64::from(i) / 100.0, if i == 51_234 { 1.0 } else { 0.2 }));
        let path = axes.path(points);
        assert!(path.len() <= 204, "{}", path.len());
        assert!(path.iter().any(|p| p.y == 10.0));
        assert!(path.windows(2).all(|w| w[0].x <= w[1].x + 1.0));
    }

    #[test]
    fn heat_falls_a_fifth_for_each_factor_of_2_6() {
        assert!((heat(0.01 / 2.6, 0.01) - 0.8).abs() < 1e-6);
        assert_eq!(
            (heat(0.0, 1.0), heat(1e-9, 1.0), heat(1.0, 1.0)),
            (0.0, 0.15, 1.0)
        );
    }
}

//! A few small curves in one frame, without axes: the direction is what counts.

use egui::{Color32, Pos2, Response, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};

/// A curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Its points, x ascending.
    pub points: Vec<(f64, f64)>,
    /// Its colour.
    pub colour: Color32,
    /// Dashed: what it is compared with.
    pub dashed: bool,
}

/// Paints curves from zero up in one common scale. `name` is what a screen reader says.
pub fn curves(ui: &mut Ui, height: f32, all: &[Curve], name: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, name));
    let points = || all.iter().flat_map(|c| &c.points);
    let fold =
        |f: fn(f64, f64) -> f64, start: f64, pick: fn(&(f64, f64)) -> f64| points().map(pick).fold(start, f);
    let (x0, x1) = (
        fold(f64::min, f64::INFINITY, |p| p.0),
        fold(f64::max, f64::NEG_INFINITY, |p| p.0),
    );
    let y1 = fold(f64::max, 0.0, |p| p.1);
    if !(x1 > x0 && y1 > 0.0 && x1.is_finite() && y1.is_finite()) {
        return response;
    }
    let inner = rect.shrink(2.0);
    let place = |&(x, y): &(f64, f64)| -> Pos2 {
        pos2(
            inner.left() + inner.width() * ((x - x0) / (x1 - x0)) as f32,
            inner.bottom() - inner.height() * (y / y1) as f32,
        )
    };
    for curve in all {
        let path: Vec<Pos2> = curve.points.iter().map(place).collect();
        if curve.dashed {
            let stroke = Stroke::new(1.0, curve.colour);
            ui.painter().extend(Shape::dashed_line(&path, stroke, 3.0, 3.0));
        } else {
            ui.painter().line(path, Stroke::new(2.0, curve.colour));
        }
    }
    response
}

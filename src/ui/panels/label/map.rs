//! All texts as points, similar ones close together; a loop drawn round some selects them.

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::epaint::Mesh;
use egui::{Color32, Pos2, Rect, Role, Sense, Shape, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, pos2, vec2};

use super::lasso;
use super::view::{Mode, View, Want};
use crate::session::assistant::Insight;
use crate::session::project::{Project, TextId};
use crate::ui::theme;
use crate::ui::widgets::{card, grouped, key_hint, one_line, small, texts, tick_list};

/// Bands of the map's height that the list follows, there and back, so that neighbours stay together.
const BANDS: f32 = 24.0;

/// A place in the unit square for every text.
type Places = Arc<[(TextId, [f32; 2])]>;

/// The map, with what is selected.
#[derive(Default)]
pub(super) struct Map {
    selected: BTreeSet<TextId>,
    outline: Vec<Pos2>,
    /// The points without an answer, as they were last laid out.
    base: Option<(Laid, Arc<Mesh>)>,
    /// The map in the order of the list.
    order: Vec<TextId>,
    ordered: Option<Places>,
}

/// What the layout of the points depends on.
#[derive(Clone)]
struct Laid {
    insight: Arc<Insight>,
    rect: Rect,
    dark: bool,
    hidden: bool,
}

impl Laid {
    fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.insight, &other.insight)
            && (self.rect, self.dark, self.hidden) == (other.rect, other.dark, other.hidden)
    }
}

impl Map {
    /// The selected texts that a label goes to: those without an answer, but for the random ones that measure the error and
    /// are asked for one at a time.
    pub fn selected(&self, project: &Project, insight: &Insight) -> Vec<TextId> {
        let open = |t: &TextId| project.answer(*t).is_none() && !insight.is_reserved(*t);
        self.selected.iter().copied().filter(open).collect()
    }

    /// Lets go of the selection.
    pub fn clear(&mut self) {
        self.selected.clear();
        self.outline.clear();
    }

    /// Draws the map and the list.
    pub fn show(&mut self, ui: &mut Ui, view: &View, wants: &mut Vec<Want>) {
        self.follow(view);
        card(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                let open = self.selected(view.project, view.insight).len();
                let title = match open {
                    0 => "Draw round some points".into(),
                    1 => "Label this one as …".into(),
                    n => format!("Label these {} as …", grouped(n)),
                };
                ui.label(egui::RichText::new(title).text_style(theme::title()).strong());
                ui.add_space(8.0);
                if key_hint(
                    ui,
                    "Esc",
                    "back to the text",
                    "Goes on with one text at a time.",
                    28.0,
                )
                .clicked()
                {
                    wants.push(Want::Mode(Mode::Read));
                }
            });
            self.sentence(ui, view);
            if self.order.is_empty() {
                super::similar::waiting(ui, view);
                if !view.narrow {
                    ui.set_min_height(ui.available_height());
                }
                return;
            }
            if view.narrow {
                self.canvas(ui, view, vec2(ui.available_width(), 320.0));
                self.list(ui, view, 260.0);
            } else {
                let size = ui.available_size();
                let list = (size.x * 0.34).clamp(200.0, 340.0);
                ui.horizontal_top(|ui| {
                    self.canvas(ui, view, vec2(size.x - list - 12.0, size.y));
                    ui.vertical(|ui| self.list(ui, view, size.y - 24.0));
                });
            }
        });
    }

    fn sentence(&self, ui: &mut Ui, view: &View) {
        if self.selected.is_empty() {
            small(
                ui,
                "Similar texts lie close together. Full points are answered, pale ones suggested, grey ones neither. Hold \
                 Shift to add to a selection, or tick texts in the list.",
            );
            return;
        }
        let open = self.selected(view.project, view.insight).len();
        let answered = |t: &&TextId| view.project.answer(**t).is_some();
        let answered = self.selected.iter().filter(answered).count();
        let kept = self.selected.len() - open - answered;
        let line = small(ui, about(open, answered, kept));
        if kept > 0 {
            line.on_hover_text(
                "Texts drawn at random tell how often the model is wrong. They are asked for one at a time: labelled with \
                 others that are alike, they would be a random sample no more.",
            );
        }
    }

    /// Takes in a new map: the order of its list, along bands of the square there and back.
    fn follow(&mut self, view: &View) {
        let map = &view.insight.map;
        if self.ordered.as_ref().is_some_and(|known| Arc::ptr_eq(known, map)) {
            return;
        }
        let key = |[x, y]: [f32; 2]| {
            let band = (y.clamp(0.0, 1.0) * BANDS).floor();
            let x = if band % 2.0 == 0.0 { x } else { -x };
            (band, x)
        };
        let texts = view.project.texts.texts.len();
        let mut all: Vec<_> = map
            .iter()
            .filter(|(text, _)| (*text as usize) < texts)
            .map(|&(text, at)| (key(at), text))
            .collect();
        all.sort_by(|(a, s), (b, t)| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)).then(s.cmp(t)));
        self.order = all.into_iter().map(|(_, text)| text).collect();
        self.selected.retain(|&t| (t as usize) < texts);
        self.ordered = Some(map.clone());
    }

    fn list(&mut self, ui: &mut Ui, view: &View, height: f32) {
        small(ui, format!("{}, neighbours together", texts(self.order.len())));
        let (order, selected) = (&self.order, &self.selected);
        let row = |i: usize| {
            order
                .get(i)
                .map_or(("", false), |t| (view.text(*t), selected.contains(t)))
        };
        let changed = tick_list(ui, "map-list", order.len(), height, row);
        if let Some(&text) = changed.and_then(|i| self.order.get(i)) {
            self.toggle(text);
        }
    }

    fn toggle(&mut self, text: TextId) {
        if !self.selected.remove(&text) {
            self.selected.insert(text);
        }
    }

    fn canvas(&mut self, ui: &mut Ui, view: &View, size: Vec2) {
        let size = size.max(vec2(120.0, 120.0));
        let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
        let name = format!(
            "Map of {}; the list beside it holds the same",
            texts(view.insight.map.len())
        );
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
        let painter = ui.painter_at(rect);
        painter.rect_filled(rect, 8, view.theme.background);
        painter.rect_stroke(rect, 8, Stroke::new(1.0, view.theme.line), StrokeKind::Inside);
        let inner = rect.shrink(14.0);
        let map = &view.insight.map;
        let place = |at: [f32; 2]| inner.min + vec2(at[0], at[1]) * inner.size();

        painter.add(Shape::Mesh(self.base(view, inner)));
        for &(text, at) in map.iter() {
            if let Some(answer) = view.project.answer(text) {
                let colour = view.colour(answer).unwrap_or(view.theme.dim);
                painter.circle(place(at), 4.5, colour, Stroke::new(1.0, view.theme.text));
            }
            if self.selected.contains(&text) {
                painter.circle_stroke(place(at), 6.5, Stroke::new(1.5, view.theme.ice));
            }
        }
        self.select(ui, &response, map, &place);
        if self.outline.len() > 1 {
            let ring = self.outline.clone();
            painter.add(Shape::closed_line(ring, Stroke::new(1.5, view.theme.ice)));
        }
        let over = response.hover_pos().filter(|_| !response.dragged());
        let points = map.iter().map(|(_, at)| place(*at));
        let hovered = over.and_then(|p| lasso::nearest(points, p, 10.0));
        if let Some(&(text, at)) = hovered.and_then(|i| map.get(i)) {
            painter.circle_stroke(place(at), 8.0, Stroke::new(1.5, view.theme.text));
            response.on_hover_ui_at_pointer(|ui| tip(ui, view, text));
        }
    }

    /// A drag draws the loop, a click takes the nearest point; Shift adds to what is selected.
    fn select(
        &mut self,
        ui: &Ui,
        response: &egui::Response,
        map: &[(TextId, [f32; 2])],
        place: &impl Fn([f32; 2]) -> Pos2,
    ) {
        let adding = ui.input(|i| i.modifiers.shift);
        let points = || map.iter().map(|(_, at)| place(*at));
        let pointer = response.interact_pointer_pos();
        if response.drag_started() {
            self.outline.clear();
            self.outline.extend(ui.input(|i| i.pointer.press_origin()));
        }
        if response.dragged()
            && let Some(at) = pointer
            && self.outline.last().is_none_or(|last| last.distance(at) > 3.0)
        {
            self.outline.push(at);
        }
        if response.drag_stopped() {
            if !adding {
                self.selected.clear();
            }
            let caught = lasso::inside(points(), &self.outline);
            self.selected
                .extend(caught.iter().filter_map(|&i| map.get(i)).map(|p| p.0));
            self.outline.clear();
        } else if response.clicked()
            && let Some(at) = pointer
        {
            let found = lasso::nearest(points(), at, 12.0).and_then(|i| map.get(i));
            match found {
                Some(&(text, _)) => {
                    if !adding && !self.selected.contains(&text) {
                        self.selected.clear();
                    }
                    self.toggle(text);
                }
                None => self.selected.clear(),
            }
        }
    }

    /// Every point in one mesh, laid out again only when the assistant knows more or the window changes.
    fn base(&mut self, view: &View, rect: Rect) -> Arc<Mesh> {
        let laid = Laid {
            insight: view.shared.insight.clone(),
            rect,
            dark: view.theme.dark,
            hidden: view.hidden,
        };
        if let Some((known, mesh)) = &self.base
            && known.same(&laid)
        {
            return mesh.clone();
        }
        let map = &view.insight.map;
        let sides: u32 = if map.len() > 10_000 { 4 } else { 10 };
        let mut mesh = Mesh::default();
        mesh.reserve_vertices(map.len() * sides as usize);
        mesh.reserve_triangles(map.len() * (sides as usize - 2));
        for &(text, at) in map.iter() {
            let suggestion = view.insight.suggestion(text).filter(|_| !view.hidden);
            let colour = match suggestion {
                Some((label, p)) => view.theme.tint(view.theme.label(label), 0.25 + 0.45 * p),
                None => view.theme.tint(view.theme.dim, 0.5),
            };
            let centre = rect.min + vec2(at[0], at[1]) * rect.size();
            disc(&mut mesh, centre, 3.0, sides, colour);
        }
        let mesh = Arc::new(mesh);
        self.base = Some((laid, mesh.clone()));
        mesh
    }
}

/// What becomes of the selected texts: those that get a label, those that have an answer, those kept to measure the error.
fn about(open: usize, answered: usize, kept: usize) -> String {
    let mut all = Vec::new();
    if open > 0 {
        all.push("A label's key labels them all, in one step.".to_owned());
    }
    let more = if open > 0 { " more" } else { "" };
    match answered {
        0 => {}
        1 => all.push(format!("1{more} had an answer and keeps it.")),
        n => all.push(format!("{}{more} had an answer and keep it.", grouped(n))),
    }
    match kept {
        0 => {}
        1 => all.push(format!("1{more} of these is kept to measure the error.")),
        n => all.push(format!(
            "{}{more} of these are kept to measure the error.",
            grouped(n)
        )),
    }
    all.join(" ")
}

/// A regular polygon as a fan of triangles.
fn disc(mesh: &mut Mesh, centre: Pos2, radius: f32, sides: u32, colour: Color32) {
    let first = mesh.vertices.len() as u32;
    for side in 0..sides {
        let angle = std::f32::consts::TAU * (side as f32 + 0.5) / sides as f32;
        let corner = pos2(centre.x + radius * angle.cos(), centre.y + radius * angle.sin());
        mesh.colored_vertex(corner, colour);
    }
    for side in 1..sides.saturating_sub(1) {
        mesh.add_triangle(first, first + side, first + side + 1);
    }
}

/// What the pointer shows of a point.
fn tip(ui: &mut Ui, view: &View, text: TextId) {
    ui.set_max_width(360.0);
    ui.label(one_line(view.text(text)));
    let words = match (view.project.answer(text), view.insight.suggestion(text)) {
        (Some(answer), _) => format!("Your answer: {}", view.answer(answer)),
        (None, Some((label, p))) if !view.hidden => {
            let p = crate::ui::widgets::percent(f64::from(p));
            format!("Not answered; the model leans to {}, {p}", view.label(label))
        }
        _ => "Not answered".into(),
    };
    small(ui, words);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_becomes_of_a_selection_is_said_in_whole_sentences() {
        assert_eq!(about(2, 0, 0), "A label's key labels them all, in one step.");
        assert_eq!(
            about(1, 1, 1),
            "A label's key labels them all, in one step. 1 more had an answer and keeps it. 1 more of these is kept to \
             measure the error."
        );
        assert_eq!(
            about(0, 1_200, 2),
            "1,200 had an answer and keep it. 2 of these are kept to measure the error."
        );
    }
}

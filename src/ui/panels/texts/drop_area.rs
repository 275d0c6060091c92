//! The large area that says what can be brought here, and how.

use egui::{Pos2, Rect, RichText, Shape, Stroke, TextStyle, Ui, UiBuilder, pos2, vec2};

use super::Want;
use super::button::{Weight, button};
use crate::ui::actions::Action;
use crate::ui::theme::{self, Theme};

/// Which kinds of files can be read, in words.
const KINDS: &str = "CSV, TSV, Excel and OpenDocument workbooks, JSON lines, Parquet, or plain text with a text a line; \
                     packed as .gz or .zst too. Tasks of Prodigy and Label Studio, and .unfreeze projects.";

/// Draws the area, `height` points high at least.
pub(super) fn show(ui: &mut Ui, height: f32, first: bool, wants: &mut Vec<Want>) {
    let theme = Theme::of(ui.ctx());
    let width = ui.available_width();
    // Its contents decide how high it is; they lie in the middle of what there is.
    let id = ui.scope_id().with("drop-area");
    let needed: f32 = ui.data(|d| d.get_temp(id)).unwrap_or(height);
    let (_, rect) = ui.allocate_space(vec2(width, height.max(needed + 48.0)));
    ui.painter().rect_filled(rect, theme::RADIUS, theme.panel);
    outline(ui, rect, theme);
    let top = rect.top() + ((rect.height() - needed) / 2.0).max(24.0);
    let inside = Rect::from_min_max(pos2(rect.left() + 24.0, top), rect.max - vec2(24.0, 0.0));
    let mut inner = ui.new_child(
        UiBuilder::new()
            .max_rect(inside)
            .layout(egui::Layout::top_down(egui::Align::Center)),
    );
    contents(&mut inner, first, theme, wants);
    let used = inner.min_rect().height();
    if (used - needed).abs() > 0.5 {
        ui.data_mut(|d| d.insert_temp(id, used));
        ui.ctx().request_discard("the drop area learned its height");
    }
}

fn contents(ui: &mut Ui, first: bool, theme: Theme, wants: &mut Vec<Want>) {
    let (_, icon) = ui.allocate_space(vec2(56.0, 56.0));
    sheet(ui, icon, theme);
    ui.add_space(4.0);
    let title = RichText::new("Drop a file of texts here").text_style(theme::title());
    ui.label(title.strong());
    let kinds = RichText::new(KINDS).text_style(TextStyle::Small).color(theme.dim);
    ui.scope(|ui| {
        ui.set_max_width(460.0_f32.min(ui.available_width()));
        ui.add(egui::Label::new(kinds).halign(egui::Align::Center));
    });
    ui.add_space(10.0);
    let key = |action: Action| {
        let shortcut = action.shortcut();
        shortcut.map_or_else(String::new, |s| ui.ctx().format_shortcut(&s))
    };
    let paste = egui::KeyboardShortcut::new(egui::Modifiers::COMMAND, egui::Key::V);
    let (open_key, paste_key) = (key(Action::OpenFile), ui.ctx().format_shortcut(&paste));
    let weight = if first { Weight::Main } else { Weight::Usual };
    let row = |ui: &mut Ui, wants: &mut Vec<Want>| {
        let hint = "Opens the system's own window to choose a file.";
        if button(ui, "Open a file", &open_key, weight, hint).clicked() {
            wants.push(Want::Act(Action::OpenFile));
        }
        let hint = "Takes texts from the clipboard: a text a line, or cells of a spreadsheet.";
        if button(ui, "Paste", &paste_key, Weight::Usual, hint).clicked() {
            wants.push(Want::Paste);
        }
        let hint =
            "Six hundred customer messages and six labels, to see how it goes before you bring your own.";
        if button(ui, "Try the sample", "S", Weight::Usual, hint).clicked() {
            wants.push(Want::Act(Action::OpenSample));
        }
    };
    let id = ui.scope_id().with("drop-buttons");
    let wide: f32 = ui.data(|d| d.get_temp(id)).unwrap_or(420.0);
    let room = ui.available_width();
    if room < 420.0 {
        ui.with_layout(egui::Layout::top_down_justified(egui::Align::Center), |ui| {
            row(ui, wants);
        });
        // Where it is wide, a card beside this says it at more length.
        ui.add_space(10.0);
        let said = RichText::new("Nothing leaves this machine.").text_style(TextStyle::Small);
        ui.label(said.color(theme.dim))
            .on_hover_text("Everything is computed here. No text, label or model is sent anywhere.");
        return;
    }
    let used = ui
        .horizontal(|ui| {
            ui.add_space(((room - wide) / 2.0).max(0.0));
            let before = ui.min_rect().right();
            row(ui, wants);
            ui.min_rect().right() - before
        })
        .inner;
    if (used - wide).abs() > 0.5 {
        ui.data_mut(|d| d.insert_temp(id, used));
        ui.ctx().request_discard("the buttons learned their width");
    }
}

/// A dashed line round the area, as places to drop something have.
fn outline(ui: &Ui, rect: Rect, theme: Theme) {
    let (r, rect) = (f32::from(theme::RADIUS), rect.shrink(1.0));
    let mut path: Vec<Pos2> = Vec::new();
    let corners = [
        (pos2(rect.right() - r, rect.top() + r), -0.25_f32),
        (pos2(rect.right() - r, rect.bottom() - r), 0.0),
        (pos2(rect.left() + r, rect.bottom() - r), 0.25),
        (pos2(rect.left() + r, rect.top() + r), 0.5),
    ];
    for (centre, from) in corners {
        for step in 0..=6 {
            let turn = (from + 0.25 * step as f32 / 6.0) * std::f32::consts::TAU;
            path.push(centre + r * vec2(turn.cos(), turn.sin()));
        }
    }
    path.extend(path.first().copied());
    let stroke = Stroke::new(1.5, theme.dim.gamma_multiply(0.7));
    ui.painter().extend(Shape::dashed_line(&path, stroke, 6.0, 5.0));
}

/// A sheet of lines with an arrow into it. Drawn, so that it looks the same everywhere.
fn sheet(ui: &Ui, rect: Rect, theme: Theme) {
    let painter = ui.painter();
    let page = Rect::from_center_size(rect.center(), vec2(38.0, 48.0));
    let line = Stroke::new(1.6, theme.dim);
    painter.rect_stroke(page, 4, line, egui::StrokeKind::Inside);
    for y in [10.0, 18.0] {
        painter.hline(
            page.left() + 8.0..=page.right() - 8.0,
            page.top() + y,
            Stroke::new(1.4, theme.line.lerp_to_gamma(theme.dim, 0.5)),
        );
    }
    let ice = Stroke::new(2.0, theme.ice);
    let (tip, tail) = (
        page.center_bottom() - vec2(0.0, 7.0),
        page.center() + vec2(0.0, 1.0),
    );
    painter.line_segment([tail, tip], ice);
    for side in [-5.0, 5.0] {
        painter.line_segment([tip, tip + vec2(side, -5.0)], ice);
    }
}

//! Cards, chips and lines of text in the house's sizes.

use egui::{
    Color32, CornerRadius, Frame, InnerResponse, Margin, Response, RichText, Sense, Stroke, TextStyle, Ui,
    vec2,
};

use crate::ui::theme::{self, Theme};

/// A bordered area for one idea, as wide as there is room.
pub fn card<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    let theme = Theme::of(ui.ctx());
    Frame::new()
        .fill(theme.panel)
        .stroke(Stroke::new(1.0, theme.line))
        .corner_radius(CornerRadius::same(theme::RADIUS))
        .inner_margin(Margin::same(16))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            contents(ui)
        })
}

/// A bordered area that says where something stands, in the colour of its edge.
pub fn standing<R>(ui: &mut Ui, edge: Color32, contents: impl FnOnce(&mut Ui) -> R) -> InnerResponse<R> {
    let theme = Theme::of(ui.ctx());
    Frame::new()
        .fill(theme.panel)
        .stroke(Stroke::new(1.0, edge))
        .corner_radius(CornerRadius::same(theme::RADIUS))
        .inner_margin(Margin::symmetric(16, 12))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            contents(ui)
        })
}

/// A rounded button of little weight, as in the top bar.
pub fn chip(ui: &mut Ui, text: impl Into<String>) -> Response {
    let theme = Theme::of(ui.ctx());
    let text = RichText::new(text).text_style(TextStyle::Small).color(theme.text);
    ui.add(
        egui::Button::new(text)
            .corner_radius(CornerRadius::same(255))
            .fill(theme.panel),
    )
}

/// A card's name.
pub fn heading(ui: &mut Ui, text: impl Into<String>) -> Response {
    ui.label(RichText::new(text).strong())
}

/// A line of little weight.
pub fn small(ui: &mut Ui, text: impl Into<String>) -> Response {
    let theme = Theme::of(ui.ctx());
    ui.label(RichText::new(text).text_style(TextStyle::Small).color(theme.dim))
}

/// A number that the screen is about, with what it is.
pub fn stat(ui: &mut Ui, number: impl Into<String>, what: impl Into<String>) {
    ui.horizontal(|ui| {
        ui.label(RichText::new(number).text_style(theme::title()).strong());
        small(ui, what);
    });
}

/// A label's colour.
pub fn label_dot(ui: &mut Ui, colour: Color32) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(10.0, 10.0), Sense::hover());
    ui.painter().circle_filled(rect.center(), 5.0, colour);
    response
}

//! The title, and what the table shows.

use egui::{Align, ComboBox, Frame, Layout, Margin, RichText, Stroke, TextEdit, Ui, WidgetInfo};

use super::finder::{Filter, Order};

use super::results::{Results, class};
use crate::session::project::Project;
use crate::ui::Shared;
use crate::ui::actions::Action;
use crate::ui::number::{count, duration};
use crate::ui::theme::{self, Theme};
use crate::ui::widgets::{chip, keycap, small};

/// Height of a line with a button in it, so that the words before it stand in its middle.
const BUTTON: f32 = 28.0;

/// What the head is drawn from.
pub struct Head<'a> {
    pub results: &'a Results,
    /// Texts that have no label of the user's.
    pub texts: usize,
    /// The run that made the classifier; 0 where that is not known.
    pub run: u64,
    /// Seconds that classifying took.
    pub seconds: f64,
    pub project: &'a Project,
}

impl Head<'_> {
    /// Draws it; returns an action to carry out.
    pub fn show(&self, ui: &mut Ui, filter: &mut Filter) -> Option<Action> {
        let (wide, roomy) = (ui.available_width() > 700.0, ui.available_width() > 960.0);
        let mut action = None;
        if wide {
            ui.horizontal(|ui| {
                self.title(ui);
                if roomy {
                    self.origin(ui);
                }
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                    action = self.export(ui);
                    self.order(ui, filter);
                    self.label(ui, filter);
                    search(ui, filter, 150.0);
                });
            });
            if !roomy {
                self.origin(ui);
            }
        } else {
            ui.horizontal_wrapped(|ui| {
                self.title(ui);
                self.origin(ui);
            });
            ui.horizontal_wrapped(|ui| {
                let width = (ui.available_width() - 96.0).max(120.0);
                search(ui, filter, width);
                action = self.export(ui);
                self.label(ui, filter);
                self.order(ui, filter);
            });
        }
        if !filter.is_open() {
            self.shown(ui, filter);
        }
        action
    }

    fn title(&self, ui: &mut Ui) {
        let title = format!("{} texts labelled", count(self.texts));
        ui.label(RichText::new(title).text_style(theme::title()).strong());
    }

    /// Which run said so, how long it took, and how many labels are the user's own.
    fn origin(&self, ui: &mut Ui) {
        let own = self.results.rows.len() - self.texts;
        let mut text = format!("in {}", duration(self.seconds));
        if self.run > 0 {
            text = format!("by run {} {text}", self.run);
        }
        if own > 0 {
            text += &format!(", and {} by you", count(own));
        }
        small(ui, text);
    }

    fn export(&self, ui: &mut Ui) -> Option<Action> {
        let button = chip(ui, "Export");
        let hint = format!(
            "{} Labels can be read in there, too. (Ctrl E)",
            Action::Export.explanation()
        );
        button.on_hover_text(hint).clicked().then_some(Action::Export)
    }

    fn label(&self, ui: &mut Ui, filter: &mut Filter) {
        let name = |i: usize| class(self.project, &self.results.labels, &self.results.ids, i).0;
        let chosen = filter.label.map_or("Every label", name);
        let combo = ComboBox::from_id_salt("label")
            .selected_text(chosen)
            .width(112.0)
            .truncate();
        let shown = combo.show_ui(ui, |ui| {
            ui.selectable_value(&mut filter.label, None, "Every label");
            // Labels that are one by now stand there once.
            for i in (0..self.results.labels.len()).filter(|&i| self.results.first(i) == i) {
                ui.selectable_value(&mut filter.label, Some(i), name(i));
            }
        });
        named(&shown.response, "Label to show", chosen);
        shown
            .response
            .on_hover_text("Shows only the texts that the classifier gives one label.");
    }

    fn order(&self, ui: &mut Ui, filter: &mut Filter) {
        let name = |order: Order| match order {
            Order::File if filter.only.is_some() => "As listed",
            order => order.name(),
        };
        let names = Order::ALL.map(|order| (order, name(order)));
        let chosen = name(filter.order);
        let combo = ComboBox::from_id_salt("order").selected_text(chosen).width(124.0);
        let shown = combo.show_ui(ui, |ui| {
            for (order, name) in names {
                ui.selectable_value(&mut filter.order, order, name);
            }
        });
        named(&shown.response, "Order of the table", chosen);
        shown
            .response
            .on_hover_text("The order of the table. The least sure are the ones worth checking.");
    }

    /// What is shown where that is not everything, and the way back.
    fn shown(&self, ui: &mut Ui, filter: &mut Filter) {
        let mut parts = Vec::new();
        if let Some(only) = &filter.only {
            let texts = if only.texts.len() == 1 { "text" } else { "texts" };
            parts.push(format!("{} {texts}: {}", count(only.texts.len()), only.what));
        }
        if filter.below.is_some() {
            parts.push("left to check below the threshold".into());
        }
        if let Some(label) = filter.label {
            let name = class(self.project, &self.results.labels, &self.results.ids, label).0;
            parts.push(format!("labelled {name}"));
        }
        if !filter.search.trim().is_empty() {
            parts.push(format!("with \"{}\"", filter.search.trim()));
        }
        ui.scope(|ui| {
            ui.spacing_mut().interact_size.y = BUTTON;
            ui.horizontal_wrapped(|ui| {
                small(ui, format!("Shown: {}.", parts.join(", ")));
                if chip(ui, "Show all texts")
                    .on_hover_text("Back to every text.")
                    .clicked()
                {
                    *filter = Filter {
                        order: filter.order,
                        ..Filter::default()
                    };
                }
            });
        });
    }
}

fn search(ui: &mut Ui, filter: &mut Filter, width: f32) {
    let edit = TextEdit::singleline(&mut filter.search)
        .align(egui::Align2::LEFT_CENTER)
        .hint_text("Search")
        .char_limit(200)
        .desired_width(width);
    let search = ui.add(edit);
    search.widget_info(|| WidgetInfo::labeled(egui::Role::TextInput, true, "Search the texts"));
    search.on_hover_text("Shows only texts that hold these letters, small or large.");
}

/// A combination box says what it is for, not only what is chosen.
fn named(response: &egui::Response, what: &str, chosen: &str) {
    response.widget_info(|| WidgetInfo::labeled(egui::Role::ComboBox, true, format!("{what}: {chosen}")));
}

/// Labels that the classifier has not learned from, and the offer to train again.
pub fn news(ui: &mut Ui, shared: &mut Shared, news: usize) {
    let text = if news == 1 {
        "1 label is new since this classifier was trained.".to_owned()
    } else {
        format!(
            "{} labels are new since this classifier was trained.",
            count(news)
        )
    };
    let hint = "Trains on all your labels, the new ones too; then the texts are classified anew.";
    if notice(ui, text, !shared.run.busy(), ("Train again", "Ctrl Enter"), hint) {
        shared.act(Action::Train);
    }
}

/// Texts that were added since the others were classified, and the offer to classify them all.
pub fn missing(ui: &mut Ui, shared: &mut Shared, missing: usize) {
    let text = if missing == 1 {
        "1 text was added since and is not classified yet.".to_owned()
    } else {
        format!(
            "{} texts were added since and are not classified yet.",
            count(missing)
        )
    };
    let ready = !shared.run.busy() && shared.model.is_some();
    let button = ("Classify every text", "Ctrl Shift Enter");
    if notice(ui, text, ready, button, Action::Classify.explanation()) {
        shared.act(Action::Classify);
    }
}

/// Something that the table does not take account of, and a button with its key that sees to it. Whether it was pressed.
fn notice(ui: &mut Ui, text: String, ready: bool, (name, key): (&str, &str), hint: &str) -> bool {
    let theme = Theme::of(ui.ctx());
    let frame = Frame::new()
        .fill(theme.tint(theme.thaw, 0.1))
        .stroke(Stroke::new(1.0, theme.tint(theme.thaw, 0.5)))
        .corner_radius(theme::RADIUS)
        .inner_margin(Margin::symmetric(14, 8));
    let shown = frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.spacing_mut().interact_size.y = BUTTON;
        let line = ui.horizontal_wrapped(|ui| {
            ui.label(text);
            let button = ui.add_enabled(ready, egui::Button::new(name));
            let pressed = button.on_hover_text(hint).clicked();
            keycap(ui, key);
            pressed
        });
        line.inner
    });
    ui.add_space(8.0);
    shown.inner
}

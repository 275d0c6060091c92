//! The screen before there is something to show: each time the one thing to do next.

use egui::{ProgressBar, RichText, TextStyle, Ui, vec2};

use crate::session::protocol::Command;
use crate::ui::actions::Action;
use crate::ui::number::count;
use crate::ui::theme::{self, Theme};
use crate::ui::widgets::{card, keycap};
use crate::ui::{Screen, Shared};

/// Before there are texts.
pub fn no_texts(ui: &mut Ui, shared: &mut Shared) {
    let what = "Open some texts first";
    let then =
        "Label some of them and train; then every text gets a label here, with how far it can be trusted.";
    let buttons = [
        ("Open a file", Action::OpenFile, Some("Ctrl O")),
        ("Try the sample", Action::OpenSample, None),
    ];
    next(ui, shared, what, then, &buttons);
}

/// Before a classifier is trained.
pub fn no_model(ui: &mut Ui, shared: &mut Shared) {
    if shared.run.is_running() {
        let then = "When it is done, every text can be labelled here.";
        return next(
            ui,
            shared,
            "The classifier is being trained",
            then,
            &[("Watch it", Action::Show(Screen::Train), Some("Ctrl 3"))],
        );
    }
    let labelled = shared.project.as_ref().map_or(0, |open| open.project.labelled());
    if labelled == 0 {
        let then = "Label some texts; a classifier learns from them and labels the rest. A hundred are a good beginning.";
        next(
            ui,
            shared,
            "No text has a label yet",
            then,
            &[("Label texts", Action::Show(Screen::Label), Some("Ctrl 2"))],
        );
    } else {
        let texts = if labelled == 1 { "text has" } else { "texts have" };
        let then = format!(
            "{} {texts} your label. Train a classifier on them; then every text gets a label here, with how far it can be \
             trusted.",
            count(labelled)
        );
        next(
            ui,
            shared,
            "No classifier has been trained yet",
            &then,
            &[
                ("Go to training", Action::Show(Screen::Train), Some("Ctrl 3")),
                ("Export your labels", Action::Export, Some("Ctrl E")),
            ],
        );
    }
}

/// Before the texts are classified, and while they are.
pub fn not_yet(ui: &mut Ui, shared: &mut Shared, running: Option<(u64, u64)>) {
    let texts = shared
        .project
        .as_ref()
        .map_or(0, |open| open.project.texts.texts.len());
    let Some((done, total)) = running else {
        let what = "The classifier is ready";
        if shared.run.is_running() {
            let then = "Training is going on; the texts can be classified when it has ended.";
            return next(
                ui,
                shared,
                what,
                then,
                &[("Watch it", Action::Show(Screen::Train), Some("Ctrl 3"))],
            );
        }
        if shared.run.compares() {
            let then = "Methods are being compared; the texts can be classified when that has ended, or is stopped to go on later.";
            return next(ui, shared, what, then, &[("Watch it", Action::Compare, None)]);
        }
        let then = format!("It can label all {} texts of this project now.", count(texts));
        return next(
            ui,
            shared,
            what,
            &then,
            &[("Classify every text", Action::Classify, Some("Ctrl Shift Enter"))],
        );
    };
    card(ui, |ui| {
        let title = format!("Classifying {} texts", count(total as usize));
        ui.label(RichText::new(&title).text_style(theme::title()).strong());
        let share = done as f32 / total.max(1) as f32;
        let theme = Theme::of(ui.ctx());
        let bar = ProgressBar::new(share).desired_height(10.0).fill(theme.ice);
        let bar = ui.add(bar);
        bar.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, &title));
        let done = format!("{} done", count(done as usize));
        ui.label(RichText::new(done).text_style(TextStyle::Small).color(theme.dim));
        let stop = ui.button("Stop");
        if stop.on_hover_text("Ends it; nothing of it is kept.").clicked() {
            // An engine that has ended has nothing to stop.
            shared.engine.send(Command::Stop).ok();
        }
    });
}

/// While classifying waits for the engine. Whether the user no longer wants it.
pub fn waiting(ui: &mut Ui) -> bool {
    let card = card(ui, |ui| {
        let title = "The labels kept aside are being measured";
        ui.label(RichText::new(title).text_style(theme::title()).strong());
        let theme = Theme::of(ui.ctx());
        ui.label(RichText::new("Classifying begins when that has ended.").color(theme.dim));
        let stop = ui.button("Stop");
        stop.on_hover_text("The texts are not classified then.").clicked()
    });
    card.inner
}

/// A title, a sentence, and what to do; the first button is the one.
fn next(ui: &mut Ui, shared: &mut Shared, what: &str, then: &str, buttons: &[(&str, Action, Option<&str>)]) {
    let theme = Theme::of(ui.ctx());
    card(ui, |ui| {
        ui.add_space(8.0);
        ui.label(RichText::new(what).text_style(theme::title()).strong());
        ui.label(RichText::new(then).color(theme.dim));
        ui.add_space(8.0);
        ui.horizontal_wrapped(|ui| {
            for (i, &(name, action, key)) in buttons.iter().enumerate() {
                let name = RichText::new(name);
                let name = if i == 0 { name.strong() } else { name };
                let button = egui::Button::new(name).min_size(vec2(0.0, 44.0));
                if ui.add(button).on_hover_text(action.explanation()).clicked() {
                    shared.act(action);
                }
                if let Some(key) = key {
                    keycap(ui, key);
                    ui.add_space(8.0);
                }
            }
        });
        ui.add_space(8.0);
    });
}

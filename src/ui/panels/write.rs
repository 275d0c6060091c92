//! The language model before and after it was adapted, side by side: what has it learnt to say?

use std::path::PathBuf;
use std::time::SystemTime;

use egui::{RichText, ScrollArea, Slider, TextEdit, TextStyle, Ui};

use crate::session::adapted::language_model;
use crate::session::protocol::{Event, Generate, Job};
use crate::ui::Shared;
use crate::ui::side::Asker;
use crate::ui::theme::{self, Theme};
use crate::ui::widgets::{card, heading, small};

const TOKENS: usize = 60;

/// One model's continuation.
#[derive(Default)]
struct Column {
    text: Option<String>,
    failure: Option<String>,
}

/// What only this screen needs.
pub struct WritePanel {
    beginning: String,
    temperature: f64,
    /// Continuations so far: each gets a seed of its own.
    turn: u64,
    before: Column,
    after: Column,
    /// The adapted language model, where the project's classifier has one, and when it was made.
    adapted: Option<(PathBuf, SystemTime)>,
    /// Whether an answer is under way that another adapted model gives.
    outdated: bool,
}

impl Default for WritePanel {
    fn default() -> Self {
        Self {
            beginning: String::new(),
            temperature: 0.7,
            turn: 0,
            before: Column::default(),
            after: Column::default(),
            adapted: None,
            outdated: false,
        }
    }
}

impl WritePanel {
    /// Another project or another run has another language model, or none: whether that is so now.
    fn follow(&mut self, classifier: Option<&PathBuf>) -> bool {
        let adapted = classifier.and_then(|path| language_model(path));
        let is_other = self.adapted != adapted;
        if is_other {
            self.adapted = adapted;
            self.after = Column::default();
        }
        is_other
    }

    /// Draws the screen.
    pub fn show(&mut self, ui: &mut Ui, shared: &mut Shared) {
        if self.follow(shared.model.as_ref()) {
            self.outdated = shared.side.take_back(Asker::WriteAfter);
        }
        // On a phone, or in a larger size, what the model says afterwards lies below the edge.
        ScrollArea::vertical()
            .id_salt("write")
            .auto_shrink([false, false])
            .show(ui, |ui| self.contents(ui, shared));
    }

    fn contents(&mut self, ui: &mut Ui, shared: &mut Shared) {
        let theme = Theme::of(ui.ctx());
        ui.label(
            RichText::new("What has it learnt to say?")
                .text_style(theme::title())
                .strong(),
        );
        let hint = "A language model guesses the next word, again and again. Type a beginning and compare what the general \
                    model makes of it with what it makes of it after reading your texts (section 3.2 of the paper).";
        small(ui, hint);
        card(ui, |ui| {
            let edit = TextEdit::singleline(&mut self.beginning)
                .align(egui::Align2::LEFT_CENTER)
                .hint_text("A beginning, such as: I would like to")
                .font(theme::reading())
                .desired_width(f32::INFINITY);
            let field = ui.add(edit);
            field.widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Beginning"));
            let entered = field.lost_focus() && ui.input(|i| i.key_pressed(egui::Key::Enter));
            ui.horizontal_wrapped(|ui| {
                let slider = Slider::new(&mut self.temperature, 0.2..=1.5)
                    .text("temperature")
                    .fixed_decimals(1);
                ui.add(slider).on_hover_text(
                    "Below 1 the model keeps to its likeliest words; above 1 it takes more risks.",
                );
                let ready = !self.beginning.trim().is_empty();
                let go = ui
                    .add_enabled(ready, egui::Button::new("Go on"))
                    .on_hover_text("Writes a continuation (Enter)");
                if ready && (go.clicked() || entered) {
                    self.ask(shared);
                }
                if entered {
                    // The next beginning is typed at once.
                    field.request_focus();
                }
            });
        });
        ui.columns(
            if ui.available_width() < theme::NARROW {
                1
            } else {
                2
            },
            |columns| {
                let last = columns.len() - 1;
                let waiting = shared.side.busy(Asker::WriteBefore);
                column(
                    &mut columns[0],
                    "Before: general English",
                    &self.before,
                    waiting,
                    theme,
                );
                let waiting = shared.side.busy(Asker::WriteAfter);
                let ui = &mut columns[last];
                if self.adapted.is_some() {
                    column(ui, "After: adapted to your texts", &self.after, waiting, theme);
                } else {
                    card(ui, |ui| {
                        heading(ui, "After: adapted to your texts");
                        small(ui, missing(shared.model.is_some()));
                    });
                }
            },
        );
    }

    fn ask(&mut self, shared: &mut Shared) {
        self.turn += 1;
        let mut common = shared.settings.common();
        common.seed = common.seed.wrapping_add(self.turn);
        let job = |model| {
            Job::Generate(Generate {
                common: common.clone(),
                model,
                prompt: self.beginning.clone(),
                tokens: TOKENS,
                temperature: self.temperature,
                min_p: 0.01,
                samples: 1,
            })
        };
        let mut asked = shared.side.ask(Asker::WriteBefore, job(None));
        if let Some((model, _)) = &self.adapted {
            asked = asked.and(shared.side.ask(Asker::WriteAfter, job(Some(model.clone()))));
        }
        if let Err(error) = asked {
            shared.fail(format!("{error}; start the program again"));
        }
    }

    /// Takes in what the second engine says.
    pub fn answered(&mut self, asker: Asker, event: Event, _shared: &mut Shared) {
        if asker == Asker::WriteAfter && self.outdated {
            self.outdated = !event.ends_a_job();
            return;
        }
        let column = if asker == Asker::WriteBefore {
            &mut self.before
        } else {
            &mut self.after
        };
        match event {
            Event::Started { .. } => *column = Column::default(),
            Event::Line { text, .. } => column.text = Some(text),
            Event::Failed { message, device, .. } => {
                column.failure = Some(crate::ui::run::words(message, device))
            }
            _ => {}
        }
    }
}

/// Why there is nothing to compare with, and what to do.
fn missing(trained: bool) -> &'static str {
    if trained {
        "The classifier was trained without reading your texts first, or by an older version. Train again with \
         \"adapt first\" ticked to compare."
    } else {
        "There is no adapted model yet. Training makes one: it reads all your texts first."
    }
}

fn column(ui: &mut Ui, title: &str, column: &Column, waiting: bool, theme: Theme) {
    // Columns are justified, which suits no text.
    let lines = egui::Layout::top_down(egui::Align::LEFT);
    let contents = |ui: &mut Ui| {
        heading(ui, title);
        // Also above what it wrote before, until the next comes.
        if waiting {
            ui.horizontal(|ui| {
                ui.spinner();
                small(ui, "writing");
            });
        }
        match (&column.text, &column.failure) {
            (_, Some(message)) => {
                ui.label(RichText::new(message).color(theme.warm));
            }
            (Some(text), None) => {
                ui.label(
                    RichText::new(text)
                        .text_style(TextStyle::Body)
                        .size(16.0)
                        .line_height(Some(26.0)),
                );
            }
            (None, None) if !waiting => {
                small(ui, "Nothing written yet.");
            }
            (None, None) => {}
        }
    };
    card(ui, |ui| ui.with_layout(lines, contents));
}

#[cfg(test)]
mod tests {
    use egui_kittest::{Harness, kittest::Queryable as _};

    use super::*;

    fn screen(size: [f32; 2]) -> Harness<'static, (WritePanel, Shared)> {
        let state = (WritePanel::default(), Shared::for_tests(None));
        let mut harness = Harness::builder()
            .with_size(size)
            .with_context_setup(theme::install)
            .build_ui_state(|ui, (panel, shared)| panel.show(ui, shared), state);
        harness.run_steps(3);
        harness
    }

    #[test]
    fn what_it_says_afterwards_is_reached_on_the_smallest_screen() {
        let size = [336.0, 380.0];
        let mut harness = screen(size);
        let bottom = |h: &Harness<'_, (WritePanel, Shared)>| {
            let why = h.get_by_label_contains("There is no adapted model yet");
            why.rect().bottom()
        };
        assert!(bottom(&harness) > size[1], "it lies below the edge");
        harness.hover_at(egui::pos2(100.0, 200.0));
        harness.event(egui::Event::MouseWheel {
            unit: egui::MouseWheelUnit::Point,
            delta: egui::vec2(0.0, -2_000.0),
            phase: egui::TouchPhase::Move,
            source: egui::MouseWheelSource::Unknown,
            modifiers: egui::Modifiers::NONE,
        });
        harness.run_steps(20);
        let bottom = bottom(&harness);
        assert!(bottom <= size[1], "{bottom}");
    }

    #[test]
    fn after_enter_the_next_beginning_can_be_typed_at_once() {
        let mut harness = screen([1_000.0, 700.0]);
        harness.get_by_label("Beginning").focus();
        harness.run_steps(2);
        assert!(harness.ctx.text_edit_focused());
        harness.key_press(egui::Key::Enter);
        harness.run_steps(3);
        assert!(harness.ctx.text_edit_focused());
    }

    #[test]
    fn the_adapted_model_is_that_of_the_classifier() {
        let dir = tempfile::tempdir().unwrap();
        let (first, second) = (dir.path().join("first"), dir.path().join("second"));
        let model = first.join("language-model");
        std::fs::create_dir_all(&model).unwrap();
        std::fs::create_dir_all(&second).unwrap();
        std::fs::write(model.join("config.json"), "{}").unwrap();
        let mut panel = WritePanel::default();
        let adapted = |panel: &WritePanel| panel.adapted.as_ref().map(|(path, _)| path.clone());
        panel.follow(Some(&first));
        assert_eq!(adapted(&panel), Some(model));
        panel.after.text = Some("Once".into());
        panel.follow(Some(&first));
        assert!(
            panel.after.text.is_some(),
            "what it wrote stays while it is there"
        );
        // A classifier whose texts were not read first, and another project without any.
        panel.follow(Some(&second));
        assert_eq!((adapted(&panel), panel.after.text.as_ref()), (None, None));
        panel.follow(None);
        assert_eq!(adapted(&panel), None);
    }
}

//! The frame round the screens: rail, top bar, messages, keys.

use egui::{
    Align, CentralPanel, CornerRadius, Frame, Layout, Margin, Panel, RichText, Stroke, TextStyle, Ui,
};

use super::actions::Action;
use super::panels::Panels;
use super::run::Run;
use super::theme::{self, Theme};
use super::widgets::chip;
use super::{Screen, Shared};
use crate::session::Session;

/// The whole window.
pub struct App {
    shared: Shared,
    panels: Panels,
}

impl App {
    /// Starts the engine and shows the first screen.
    ///
    /// # Errors
    /// When the operating system gives no thread.
    pub fn new(ctx: &egui::Context) -> std::io::Result<Self> {
        theme::install(ctx);
        Ok(Self {
            shared: Shared {
                screen: Screen::Texts,
                project: None,
                insight: std::sync::Arc::default(),
                engine: Session::spawn()?,
                work_dir: std::env::temp_dir().join("unfreeze"),
                run: Run::default(),
                messages: Vec::new(),
                queue: Vec::new(),
            },
            panels: Panels::default(),
        })
    }

    /// What the screens share; for tests that look behind the window.
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Draws a frame. Free of `eframe`, so that tests can drive it.
    pub fn show(&mut self, ui: &mut Ui) {
        self.events();
        self.keys(ui);
        let narrow = ui.available_width() < theme::NARROW;
        self.top_bar(ui);
        self.rail(ui, narrow);
        let theme = Theme::of(ui.ctx());
        let margin = if narrow { 12 } else { 24 };
        CentralPanel::default()
            .frame(
                Frame::new()
                    .fill(theme.background)
                    .inner_margin(Margin::symmetric(margin, 16)),
            )
            .show(ui, |ui| self.panels.show(ui, &mut self.shared));
        self.carry_out(ui.ctx());
    }

    fn events(&mut self) {
        while let Ok(event) = self.shared.engine.events().try_recv() {
            self.shared.run.push(event);
        }
    }

    /// Keys of the actions that work on this screen. A focused text field keeps plain keys to itself.
    fn keys(&mut self, ui: &Ui) {
        let typing = ui.ctx().egui_wants_keyboard_input();
        for action in Action::ALL {
            let Some(shortcut) = action.shortcut() else {
                continue;
            };
            let here = action.screen().is_none_or(|s| s == self.shared.screen);
            if !here || (typing && shortcut.modifiers.is_none()) {
                continue;
            }
            if ui.input_mut(|i| i.consume_shortcut(&shortcut)) {
                self.shared.act(action);
            }
        }
    }

    fn top_bar(&mut self, ui: &mut Ui) {
        let theme = Theme::of(ui.ctx());
        Panel::top("top")
            .frame(
                Frame::new()
                    .fill(theme.panel)
                    .inner_margin(Margin::symmetric(16, 8)),
            )
            .show(ui, |ui| {
                ui.horizontal(|ui| {
                    ui.label(RichText::new("Unfreeze").strong());
                    if let Some(open) = &self.shared.project {
                        let texts = open.project.texts.texts.len();
                        ui.label(RichText::new(&open.project.name).color(theme.dim));
                        let count = RichText::new(format!("{texts} texts")).text_style(TextStyle::Small);
                        ui.label(count.color(theme.dim));
                    }
                    ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                        if chip(ui, "Theme").clicked() {
                            self.shared.act(Action::Theme);
                        }
                        if chip(ui, "Ctrl K").clicked() {
                            self.shared.act(Action::Palette);
                        }
                        chip(ui, "nothing leaves this machine");
                    });
                });
            });
    }

    fn rail(&mut self, ui: &mut Ui, narrow: bool) {
        let theme = Theme::of(ui.ctx());
        let frame = Frame::new().fill(theme.panel);
        if narrow {
            Panel::bottom("rail")
                .frame(frame.inner_margin(Margin::symmetric(4, 4)))
                .show(ui, |ui| {
                    ui.columns(Screen::ALL.len(), |columns| {
                        for (ui, screen) in columns.iter_mut().zip(Screen::ALL) {
                            self.rail_item(ui, screen);
                        }
                    });
                });
        } else {
            Panel::left("rail")
                .exact_size(76.0)
                .resizable(false)
                .frame(frame)
                .show(ui, |ui| {
                    ui.add_space(8.0);
                    for screen in Screen::ALL {
                        self.rail_item(ui, screen);
                    }
                });
        }
    }

    fn rail_item(&mut self, ui: &mut Ui, screen: Screen) {
        let theme = Theme::of(ui.ctx());
        let here = self.shared.screen == screen;
        let text = RichText::new(screen.name()).text_style(TextStyle::Small);
        let text = text.color(if here { theme.text } else { theme.dim });
        let button = egui::Button::selectable(here, text)
            .min_size(egui::vec2(ui.available_width(), 48.0))
            .corner_radius(CornerRadius::ZERO)
            .stroke(Stroke::NONE);
        if ui.add(button).on_hover_text(screen.explanation()).clicked() {
            self.shared.act(Action::Show(screen));
        }
    }

    fn carry_out(&mut self, ctx: &egui::Context) {
        for action in std::mem::take(&mut self.shared.queue) {
            match action {
                Action::Show(screen) => self.shared.screen = screen,
                Action::Undo | Action::Redo => self.step_back_or_forth(action),
                Action::Theme => {
                    let next = match ctx.options(|o| o.theme_preference) {
                        egui::ThemePreference::System => egui::ThemePreference::Light,
                        egui::ThemePreference::Light => egui::ThemePreference::Dark,
                        egui::ThemePreference::Dark => egui::ThemePreference::System,
                    };
                    ctx.set_theme(next);
                }
                Action::Larger => ctx.set_zoom_factor((ctx.zoom_factor() + 0.1).min(2.5)),
                Action::Smaller => ctx.set_zoom_factor((ctx.zoom_factor() - 0.1).max(0.6)),
                action => self.panels.act(action, &mut self.shared),
            }
        }
    }

    fn step_back_or_forth(&mut self, action: Action) {
        use crate::session::project::Action as Step;
        let Some(open) = &mut self.shared.project else {
            return;
        };
        let step = if action == Action::Undo {
            Step::Undo
        } else {
            Step::Redo
        };
        if let Err(why) = open.act(step) {
            self.shared.say(why.to_string());
        }
    }
}

impl eframe::App for App {
    fn ui(&mut self, ui: &mut Ui, _frame: &mut eframe::Frame) {
        self.show(ui);
    }
}

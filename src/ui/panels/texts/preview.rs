//! What was read, before anything is made of it: the table, what its columns are, and what is in it.

use std::path::Path;
use std::sync::Arc;

use egui::{Frame, Margin, Panel, RichText, ScrollArea, Stroke, Ui};

use super::adding::Adding;
use super::button::{Weight, button};
use super::columns::{self, Choice};
use super::findings::{self, Steps};
use super::reading;
use super::table::Rows;
use super::{GAP, SIDE, Want};
use crate::session::exchange::{Background, MOST_LABELS, Outcome, Plan, Reading, Sheet, Source};
use crate::session::survey::{Survey, survey};
use crate::ui::Shared;
use crate::ui::theme::{self, Theme};
use crate::ui::widgets::{grouped, small, texts};

/// Height of the table where everything is one column, in points.
const NARROW_TABLE: f32 = 420.0;

/// A table that was read.
pub(super) struct Preview {
    sheet: Arc<Sheet>,
    /// Where it was read from, and what was said of how.
    source: Source,
    reading: Reading,
    pub choice: Choice,
    /// What was found in the columns that are chosen, once it is.
    pub found: Option<Survey>,
    looking: Option<Background<Survey>>,
    /// How much of it the open project does not have yet.
    pub adding: Adding,
    steps: Steps,
    pub marked: Option<usize>,
    bring: Option<usize>,
}

impl Preview {
    /// That of a table that was read from there, so.
    pub fn new(sheet: Sheet, source: Source, reading: Reading, shared: &Shared) -> Self {
        let mut preview = Self {
            choice: Choice::of(&sheet),
            sheet: Arc::new(sheet),
            source,
            reading,
            found: None,
            looking: None,
            adding: Adding::default(),
            steps: Steps::default(),
            marked: None,
            bring: None,
        };
        preview.look(shared);
        preview
    }

    /// The file that it was read from, if it was one.
    pub fn path(&self) -> Option<&Path> {
        self.sheet.path.as_deref()
    }

    /// Where it was read from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Takes over what was chosen of the same columns, which were only read with other letters.
    pub fn choose_as(&mut self, before: &Self, shared: &Shared) {
        let same = self.reading.encoding != before.reading.encoding
            && self.source == before.source
            && self.sheet.has_header == before.sheet.has_header
            && self.sheet.columns.len() == before.sheet.columns.len();
        if same && self.choice != before.choice {
            self.choice = before.choice.clone();
            self.look(shared);
        }
    }

    /// Surveys the columns that are chosen, beside the window.
    fn look(&mut self, shared: &Shared) {
        self.steps = Steps::default();
        self.found = None;
        let sheet = Arc::clone(&self.sheet);
        let wake = Arc::clone(&shared.wake);
        self.looking = Some(survey(sheet, self.choice.texts.clone(), self.choice.label, wake));
    }

    /// Takes in what was found.
    pub fn poll(&mut self, shared: &mut Shared) {
        let plan = self.plan();
        self.adding.follow(plan, shared);
        match self.looking.as_ref().map(Background::poll) {
            None | Some(Outcome::Running) => return,
            Some(Outcome::Done(found)) => self.found = Some(found),
            Some(Outcome::Lost) => {
                shared.fail("The texts could not be looked over. They can be labelled all the same.");
                self.found = Some(Survey {
                    rows: self.sheet.rows.len(),
                    texts: self.sheet.rows.len(),
                    ..Survey::default()
                });
            }
        }
        self.looking = None;
    }

    /// What is made of it.
    pub fn plan(&self) -> Plan {
        Plan {
            sheet: Arc::clone(&self.sheet),
            text_columns: self.choice.texts.clone(),
            label_column: self.choice.label,
            use_labels: self.choice.use_labels,
            once_only: self.choice.once_only,
        }
    }

    /// Texts that the project would have, as far as that is known.
    fn count(&self) -> usize {
        match &self.found {
            Some(found) if self.choice.once_only => found.texts - found.repeated.len(),
            Some(found) => found.texts,
            None => self.sheet.rows.len(),
        }
    }

    /// Why it cannot be started yet.
    pub fn obstacle(&self) -> Option<&'static str> {
        if self.choice.texts.is_empty() {
            return Some("Choose the column that holds the text.");
        }
        match &self.found {
            Some(found) if found.texts == 0 => Some("Every text in these columns is empty: choose another."),
            Some(found) if found.labels.len() > MOST_LABELS => {
                Some("The column of labels has too many different values: choose another, or none.")
            }
            _ => None,
        }
    }

    /// What a place in the file is called.
    fn place(&self) -> &'static str {
        if self.sheet.counts_rows { "row" } else { "line" }
    }

    /// Draws it.
    pub fn show(&mut self, ui: &mut Ui, shared: &Shared, wants: &mut Vec<Want>) {
        if ui.available_width() < theme::NARROW {
            ScrollArea::vertical()
                .id_salt("preview-page")
                .auto_shrink([false, false])
                .show(ui, |ui| {
                    self.head(ui, shared, wants);
                    ui.add_space(GAP);
                    self.side(ui, shared, wants);
                    ui.add_space(GAP);
                    self.table(ui, NARROW_TABLE);
                });
        } else {
            let frame = Frame::new().inner_margin(Margin {
                left: 20,
                ..Margin::ZERO
            });
            Panel::right("texts-side")
                .exact_size(SIDE + 20.0)
                .resizable(false)
                .show_separator_line(false)
                .frame(frame)
                .show(ui, |ui| {
                    ScrollArea::vertical()
                        .id_salt("texts-side")
                        .auto_shrink([false, false])
                        .show(ui, |ui| self.side(ui, shared, wants));
                });
            self.head(ui, shared, wants);
            ui.add_space(8.0);
            let height = ui.available_height();
            self.table(ui, height);
        }
    }

    fn head(&self, ui: &mut Ui, shared: &Shared, wants: &mut Vec<Want>) {
        let theme = Theme::of(ui.ctx());
        ui.horizontal_wrapped(|ui| {
            let title = RichText::new(texts(self.count())).text_style(theme::title());
            ui.label(title.strong());
            ui.label(RichText::new(format!("in {}", self.sheet.source)).color(theme.dim));
        });
        ui.horizontal_wrapped(|ui| {
            let obstacle = self.obstacle();
            let start = |ui: &mut Ui| {
                let hint = "Makes a project file of these texts and shows the first one to label. The file they come from \
                            stays as it is.";
                button(ui, "Start labelling", "Enter", Weight::Main, hint).clicked()
            };
            let ready = obstacle.is_none();
            if ui.add_enabled_ui(ready, start).inner {
                wants.push(Want::Start);
            }
            self.adding.button(ui, shared, ready, wants);
            let hint = "Forgets what was read and goes back; nothing is changed.";
            if button(ui, "Other texts", "Esc", Weight::Usual, hint).clicked() {
                wants.push(Want::Back);
            }
            if let (Some(open), Some(path)) = (&shared.project, &self.sheet.path) {
                let name = &open.project.name;
                let hint = "Gives the labels in this file to the texts of the open project that are the same. You see what \
                            will change first.";
                let text = format!("Only take its labels for {name}");
                if button(ui, &text, "", Weight::Usual, hint).clicked() {
                    wants.push(Want::LabelsFrom(path.clone(), self.reading.clone()));
                }
            }
            if let Some(why) = obstacle {
                ui.label(RichText::new(why).color(theme.thaw));
            }
        });
        wants.extend(reading::encoding(ui, &self.sheet, &self.reading).map(Want::ReadAgain));
        if self.obstacle().is_none() {
            self.adding.say(ui, shared);
        }
    }

    fn side(&mut self, ui: &mut Ui, shared: &Shared, wants: &mut Vec<Want>) {
        ui.spacing_mut().item_spacing.y = GAP;
        wants.extend(reading::sheet(ui, &self.sheet, &self.reading).map(Want::ReadAgain));
        wants.extend(reading::header(ui, &self.sheet, &self.reading).map(Want::ReadAgain));
        if columns::show(ui, &self.sheet, &mut self.choice, self.found.as_ref()) {
            self.look(shared);
        }
        let labels = self.choice.label.is_some();
        let place = self.place();
        let bring = findings::show(ui, self.found.as_ref(), labels, &mut self.steps, place);
        if let Some(line) = bring {
            let row = self.sheet.rows.binary_search_by_key(&line, |row| row.line).ok();
            (self.marked, self.bring) = (row, row);
            ui.ctx().request_repaint();
        }
    }

    fn table(&mut self, ui: &mut Ui, height: f32) {
        let theme = Theme::of(ui.ctx());
        Frame::new()
            .fill(theme.panel)
            .stroke(Stroke::new(1.0, theme.line))
            .corner_radius(theme::RADIUS)
            .inner_margin(Margin::symmetric(12, 6))
            .show(ui, |ui| {
                let rows = Rows {
                    sheet: &self.sheet,
                    choice: &self.choice,
                    found: self.found.as_ref(),
                    marked: self.marked,
                    place: self.place(),
                };
                let foot = 24.0;
                ui.set_height(height - 14.0);
                rows.show(ui, height - foot - 16.0, self.bring.take());
                let columns = self.sheet.columns.len();
                let plural = if columns == 1 { "" } else { "s" };
                let shown = if columns > Rows::MOST_COLUMNS {
                    format!(", {} shown", Rows::MOST_COLUMNS)
                } else {
                    String::new()
                };
                let header = if self.sheet.has_header {
                    ""
                } else {
                    " · the file does not name its columns"
                };
                small(
                    ui,
                    format!(
                        "{} rows, {} column{plural}{shown}{header}",
                        grouped(self.sheet.rows.len()),
                        grouped(columns)
                    ),
                );
            });
    }
}

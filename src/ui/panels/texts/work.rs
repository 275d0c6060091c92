//! What goes on beside the window: choosing, reading, making and opening. One at a time.

use std::path::PathBuf;
use std::sync::Arc;

use egui::{ProgressBar, RichText, Ui};

use super::Want;
use super::button::{Weight, button};
use crate::session::exchange::{
    self, Addition, Background, NotRead, Outcome, Plan, Reading, Sheet, Source, Wake,
};
use crate::session::project::{OpenProject, Texts};
use crate::ui::theme::{self, Theme};
use crate::ui::widgets::{card, small};

/// Work that goes on.
pub(super) enum Work {
    /// The system's own window is open.
    Choosing(Background<Option<PathBuf>>),
    /// Texts are read.
    Reading {
        /// Whether they are the sample, which needs no preview.
        sample: bool,
        source: Source,
        /// What was said of how.
        reading: Reading,
        work: Background<Result<Sheet, NotRead>>,
    },
    /// A project of the sample is looked for.
    Seeking(Background<Option<OpenProject>>),
    /// A project is opened, or made where `new`.
    Opening {
        new: bool,
        name: String,
        work: Background<Result<OpenProject, String>>,
    },
    /// What a table adds to the open project is found out.
    Adding {
        name: String,
        work: Background<Result<Addition, String>>,
    },
    /// It is on its way to the project's file; the project itself tells when it is there.
    Growing {
        name: String,
        /// The texts that the project has then.
        texts: Arc<Texts>,
        /// What is said then.
        said: String,
    },
}

/// What has become of it.
pub(super) enum Ended {
    Chosen(Option<PathBuf>),
    /// There is no project of the sample yet.
    NoSample,
    Sample(Sheet),
    Read(Sheet, Source, Reading),
    NotRead(NotRead, Source, Reading),
    Opened(Box<OpenProject>),
    Prepared(Box<Addition>),
    Failed(String),
}

impl Work {
    pub fn read(source: Source, wake: Wake) -> Self {
        Self::Reading {
            sample: source == Source::Sample,
            source: source.clone(),
            reading: Reading::default(),
            work: exchange::open(source, wake),
        }
    }

    /// Reads what was read before, otherwise than it was guessed.
    pub fn read_again(source: Source, reading: Reading, wake: Wake) -> Self {
        Self::Reading {
            sample: false,
            source: source.clone(),
            reading: reading.clone(),
            work: exchange::open_again(source, reading, wake),
        }
    }

    pub fn find_sample(folder: PathBuf, wake: Wake) -> Self {
        Self::Seeking(exchange::find_sample(folder, wake))
    }

    pub fn open(path: PathBuf, wake: Wake) -> Self {
        let name = path.file_name().unwrap_or(path.as_os_str());
        Self::Opening {
            new: false,
            name: name.to_string_lossy().into_owned(),
            work: exchange::open_project(path, wake),
        }
    }

    pub fn make(plan: Plan, folder: Option<PathBuf>, wake: Wake) -> Self {
        Self::Opening {
            new: true,
            name: plan.sheet.source.clone(),
            work: exchange::create(plan, folder, wake),
        }
    }

    pub fn add(plan: Plan, texts: Arc<Texts>, wake: Wake) -> Self {
        Self::Adding {
            name: plan.sheet.source.clone(),
            work: exchange::add(plan, texts, wake),
        }
    }

    /// Reading that has come so far and goes no further.
    #[cfg(test)]
    pub fn stalled(name: &str, total: u64, done: u64) -> Self {
        Self::Reading {
            sample: false,
            source: Source::File(name.into()),
            reading: Reading::default(),
            work: Background::stalled(total, done),
        }
    }

    /// Whether it may be dropped. A project that is being made would lie there half wanted, and what is on its way to a file
    /// gets there.
    pub fn can_be_cancelled(&self) -> bool {
        !matches!(self, Self::Opening { .. } | Self::Growing { .. })
    }

    /// Whether a project takes the place of the open one when it ends, with nothing more to be asked.
    pub fn opens(&self) -> bool {
        match self {
            Self::Seeking(_) | Self::Opening { .. } => true,
            Self::Reading { sample, .. } => *sample,
            Self::Choosing(_) | Self::Adding { .. } | Self::Growing { .. } => false,
        }
    }

    /// Whether there is something to see of it.
    pub fn hides_the_screen(&self) -> bool {
        !matches!(self, Self::Choosing(_))
    }

    /// What has become of it, once it has ended.
    pub fn poll(&self) -> Option<Ended> {
        const LOST: &str = "The work broke off, and nothing was changed; try again.";
        let lost = || Ended::Failed(LOST.into());
        Some(match self {
            Self::Choosing(work) => match work.poll() {
                Outcome::Running => return None,
                Outcome::Done(path) => Ended::Chosen(path),
                Outcome::Lost => {
                    let how = "The system's window for choosing a file could not be opened; drop the file on this \
                               window instead.";
                    Ended::Failed(how.into())
                }
            },
            Self::Reading {
                sample,
                source,
                reading,
                work,
            } => match work.poll() {
                Outcome::Running => return None,
                Outcome::Done(Ok(sheet)) if *sample => Ended::Sample(sheet),
                Outcome::Done(Ok(sheet)) => Ended::Read(sheet, source.clone(), reading.clone()),
                Outcome::Done(Err(why)) => Ended::NotRead(why, source.clone(), reading.clone()),
                Outcome::Lost => lost(),
            },
            Self::Seeking(work) => match work.poll() {
                Outcome::Running => return None,
                Outcome::Done(Some(project)) => Ended::Opened(Box::new(project)),
                Outcome::Done(None) => Ended::NoSample,
                Outcome::Lost => lost(),
            },
            Self::Opening { work, .. } => match work.poll() {
                Outcome::Running => return None,
                Outcome::Done(Ok(project)) => Ended::Opened(Box::new(project)),
                Outcome::Done(Err(why)) => Ended::Failed(why),
                Outcome::Lost => lost(),
            },
            Self::Adding { work, .. } => match work.poll() {
                Outcome::Running => return None,
                Outcome::Done(Ok(addition)) => Ended::Prepared(Box::new(addition)),
                Outcome::Done(Err(why)) => Ended::Failed(why),
                Outcome::Lost => lost(),
            },
            Self::Growing { .. } => return None,
        })
    }

    /// How far it is, and the way out.
    pub fn show(&self, ui: &mut Ui, wants: &mut Vec<Want>) {
        let theme = Theme::of(ui.ctx());
        let (what, share) = match self {
            Self::Choosing(_) => return,
            Self::Seeking(_) => ("Opening the sample".to_string(), None),
            Self::Reading { source, work, .. } => (format!("Reading {}", source.name()), work.share()),
            Self::Opening { new: true, name, .. } => (format!("Making a project of {name}"), None),
            Self::Opening { name, .. } => (format!("Opening {name}"), None),
            Self::Adding { name, .. } => (format!("Comparing {name} with the project"), None),
            Self::Growing { name, .. } => (format!("Adding to {name}"), None),
        };
        let room = ui.available_size();
        ui.add_space((0.22 * room.y).clamp(0.0, 180.0));
        let width = room.x.min(560.0);
        let body = |ui: &mut Ui| {
            ui.label(RichText::new(&what).text_style(theme::title()).strong());
            match share {
                Some(share) => {
                    let bar = ProgressBar::new(share).fill(theme.ice).desired_height(8.0);
                    let bar = ui.add(bar);
                    bar.widget_info(|| egui::WidgetInfo::labeled(egui::Role::ProgressIndicator, true, &what));
                    small(ui, format!("{:.0} %", 100.0 * share));
                }
                None => {
                    ui.spinner();
                }
            }
            if self.can_be_cancelled() {
                let hint = "Stops reading; nothing is changed.";
                if button(ui, "Cancel", "Esc", Weight::Usual, hint).clicked() {
                    wants.push(Want::Cancel);
                }
            } else {
                small(ui, "Every text is written to disk before the first is shown.");
            }
        };
        ui.horizontal(|ui| {
            ui.add_space((room.x - width) / 2.0);
            ui.allocate_ui(egui::vec2(width, 0.0), |ui| card(ui, |ui| ui.vertical(body)));
        });
    }
}

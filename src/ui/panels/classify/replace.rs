//! Asking before an export replaces what is there.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use egui::{RichText, Ui};

use crate::session::exchange::{self as exchange, Format};
use crate::session::files;
use crate::ui::panels::texts::whole;
use crate::ui::theme::Theme;

/// What is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loss {
    File,
    /// What has the name of the file that the project's texts come from.
    Table,
    Folder,
}

impl Loss {
    fn sentence(self, name: &str) -> String {
        match self {
            Self::File => format!("{name} is there already. What it holds now would be lost."),
            Self::Table => format!(
                "{name} is there already, and the texts of this project come from a file of that name. That table would be \
                 lost: the export has only the rows that became texts, and other columns."
            ),
            Self::Folder => {
                format!("The folder {name} is there already. The data set in it would be lost.")
            }
        }
    }

    /// What the button for it says.
    fn yes(self) -> &'static str {
        match self {
            Self::File => "Replace it",
            Self::Table => "Replace the table",
            Self::Folder => "Replace the folder",
        }
    }
}

/// What waits for a yes.
#[derive(Debug)]
struct Question {
    path: PathBuf,
    format: Format,
    loss: Loss,
    /// Whether it has been drawn.
    shown: bool,
}

/// A file's length in bytes and when it was last changed, where the system tells.
type Stamp = Option<(u64, Option<SystemTime>)>;

fn stamp(path: &Path) -> Stamp {
    let data = files::metadata(path).ok()?;
    Some((data.len(), data.modified().ok()))
}

/// What may be replaced, and the question that is open.
#[derive(Debug, Default)]
pub struct Replacing {
    /// A path of which the system's own window has just asked.
    confirmed: Option<PathBuf>,
    /// What this window wrote, as it was then.
    written: HashMap<PathBuf, Stamp>,
    question: Option<Question>,
}

impl Replacing {
    /// The user chose this file in the system's own window, which asks before one that is there is chosen.
    pub fn confirmed(&mut self, path: PathBuf) {
        self.confirmed = Some(path);
    }

    /// The export is written.
    pub fn wrote(&mut self, path: &Path) {
        self.written.insert(whole(path), stamp(path));
    }

    /// Whether to ask before writing there, which is done from now on. `source` is what the file was called that the project's
    /// texts come from.
    pub fn asks(&mut self, path: &Path, format: Format, source: &str) -> bool {
        self.question = self.loss(path, format, source).map(|loss| Question {
            path: path.to_path_buf(),
            format,
            loss,
            shown: false,
        });
        self.question.is_some()
    }

    fn loss(&self, path: &Path, format: Format, source: &str) -> Option<Loss> {
        // What a browser puts among the downloads replaces nothing.
        let data = files::metadata(path).ok().filter(|_| exchange::ASKS_WHERE)?;
        let full = whole(path);
        let is_ours = self.written.get(&full) == Some(&stamp(path));
        if format.is_folder() {
            // Of a folder the system does not ask, and one with nothing in it is no loss.
            let holds =
                data.is_dir() && files::read_dir(path).is_ok_and(|mut entries| entries.next().is_some());
            return (holds && !is_ours).then_some(Loss::Folder);
        }
        let is_confirmed = self
            .confirmed
            .as_ref()
            .is_some_and(|chosen| whole(chosen) == full);
        if !data.is_file() || data.len() == 0 || is_confirmed || is_ours {
            return None;
        }
        let is_source = path.file_name().is_some_and(|name| name == source);
        Some(if is_source { Loss::Table } else { Loss::File })
    }

    /// Whether a question is open about this place; one about another is taken back.
    pub fn is_asking(&mut self, path: &Path, format: Format) -> bool {
        let still = |question: &Question| question.path == path && question.format == format;
        self.question = self.question.take().filter(still);
        self.question.is_some()
    }

    /// Takes the question back; whether there was one.
    pub fn take_back(&mut self) -> bool {
        self.question.take().is_some()
    }

    /// Forgets what belongs to one sitting before the window.
    pub fn leave(&mut self) {
        self.question = None;
        self.confirmed = None;
    }

    /// Draws the question; whether the answer is yes.
    pub fn show(&mut self, ui: &mut Ui) -> bool {
        let Some(question) = &mut self.question else {
            return false;
        };
        let path = &question.path;
        let name = path.file_name().unwrap_or(path.as_os_str()).display().to_string();
        let warm = Theme::of(ui.ctx()).warm;
        let sentence = ui.label(RichText::new(question.loss.sentence(&name)).color(warm));
        let (mut yes, mut no) = (false, false);
        ui.horizontal_wrapped(|ui| {
            let replace = ui.button(question.loss.yes());
            yes = replace
                .on_hover_text("Writes the export in its place. Undo does not bring it back.")
                .clicked();
            let keep = ui.button("Keep it");
            if !std::mem::replace(&mut question.shown, true) {
                // Enter, pressed once too often, loses nothing.
                keep.request_focus();
                ui.scroll_to_rect(sentence.rect.union(keep.rect), None);
            }
            no = keep
                .on_hover_text("Writes nothing, so that you can choose another place. (Esc)")
                .clicked();
        });
        if yes || no {
            self.question = None;
        }
        yes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(replacing: &Replacing, path: &Path) -> Option<Loss> {
        replacing.loss(path, Format::Csv, "reviews.csv")
    }

    #[test]
    fn only_what_would_be_lost_unasked_is_asked_about() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let mut replacing = Replacing::default();
        for name in ["labels.csv", "reviews.csv", "other.csv"] {
            std::fs::write(at(name), "text\n").unwrap();
        }
        std::fs::write(at("empty.csv"), "").unwrap();
        assert_eq!(asked(&replacing, &at("new.csv")), None);
        assert_eq!(asked(&replacing, &at("empty.csv")), None);
        assert_eq!(asked(&replacing, &at("labels.csv")), Some(Loss::File));
        assert_eq!(asked(&replacing, &at("reviews.csv")), Some(Loss::Table));
        // The system asked about one file; with another ending it is another.
        replacing.confirmed(at("labels.csv"));
        assert_eq!(asked(&replacing, &dir.path().join(".").join("labels.csv")), None);
        assert_eq!(asked(&replacing, &at("other.csv")), Some(Loss::File));
        replacing.leave();
        assert_eq!(asked(&replacing, &at("labels.csv")), Some(Loss::File));
    }

    #[test]
    fn what_this_window_wrote_is_its_own_until_another_program_changes_it() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let mut replacing = Replacing::default();
        for name in ["a.csv", "b.csv"] {
            std::fs::write(at(name), "text\n").unwrap();
            replacing.wrote(&at(name));
        }
        replacing.leave();
        std::fs::write(at("b.csv"), "text,label\n").unwrap();
        assert_eq!(asked(&replacing, &at("a.csv")), None);
        assert_eq!(asked(&replacing, &at("b.csv")), Some(Loss::File));
    }

    #[test]
    fn a_folder_is_asked_about_where_something_is_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("labels");
        let asked = |replacing: &Replacing| replacing.loss(&folder, Format::HuggingFace, "");
        let mut replacing = Replacing::default();
        std::fs::create_dir(&folder).unwrap();
        assert_eq!(asked(&replacing), None);
        std::fs::write(folder.join("README.md"), "x").unwrap();
        replacing.confirmed(folder.clone());
        assert_eq!(asked(&replacing), Some(Loss::Folder));
        replacing.wrote(&folder);
        assert_eq!(asked(&replacing), None);
    }
}

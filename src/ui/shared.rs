//! What every screen sees.

use std::sync::Arc;

use egui::Key;

use super::actions::Action;
use super::run::Run;
use super::settings::Settings;
use super::side::Side;
use crate::session::Session;
use crate::session::assistant::Insight;
use crate::session::clock::Instant;
use crate::session::exchange::Shelf;
use crate::session::project::folder::temporary_directory;
use crate::session::project::{OpenProject, TextId, Texts, Wake};
use crate::session::protocol::Command;

/// The screens of the rail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Screen {
    /// Which texts?
    #[default]
    Texts,
    /// What is this text?
    Label,
    /// What is happening inside?
    Train,
    /// Can I trust it?
    Classify,
    /// What has the language model learnt to say?
    Write,
}

impl Screen {
    /// In the order of the rail.
    pub const ALL: [Self; 5] = [Self::Texts, Self::Label, Self::Train, Self::Classify, Self::Write];

    /// Its name in the rail.
    pub fn name(self) -> &'static str {
        match self {
            Self::Texts => "Texts",
            Self::Label => "Label",
            Self::Train => "Train",
            Self::Classify => "Classify",
            Self::Write => "Write",
        }
    }

    /// What it is for, in a sentence.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Texts => "Open texts, choose the column, see what is in them.",
            Self::Label => "One text at a time, one key a label.",
            Self::Train => "Watch the language model thaw, layer by layer.",
            Self::Classify => "Every text with its label, and how far it can be trusted.",
            Self::Write => "Type a beginning and read how the language model goes on.",
        }
    }

    /// With the command key, its shortcut.
    pub fn key(self) -> Key {
        match self {
            Self::Texts => Key::Num1,
            Self::Label => Key::Num2,
            Self::Train => Key::Num3,
            Self::Classify => Key::Num4,
            Self::Write => Key::Num5,
        }
    }
}

/// A message that stays on the screen until it is read.
#[derive(Clone, Debug)]
pub struct Message {
    /// What happened and what to do.
    pub text: String,
    /// Whether something failed.
    pub failure: bool,
    /// What can be done about it; the message stays until that is done, or dismissed.
    pub offer: Option<Offer>,
    /// When.
    pub since: Instant,
}

/// Something that a message offers to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What its button says.
    pub name: &'static str,
    /// What it does.
    pub action: Action,
}

/// Something a screen would like the assistant to find out; the answer comes with a later [`Insight`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wish {
    /// The words that decide the suggestion for a text.
    Explain(TextId),
    /// The texts nearest to a text.
    Similar(TextId),
    /// A place on the map for every text.
    Map,
}

/// What every screen sees and may change.
pub struct Shared {
    /// The screen that is shown.
    pub screen: Screen,
    /// The project, once texts are open.
    pub project: Option<OpenProject>,
    /// What the assistant knows of the project.
    pub insight: Arc<Insight>,
    /// The engine that trains and classifies.
    pub engine: Session,
    /// A second engine for quick questions.
    pub side: Side,
    /// What the user has chosen for every project.
    pub settings: Settings,
    /// Draws the window again: what works beside it calls this when it has something to say.
    pub wake: Wake,
    /// The device that a run would use, and why, once it is known.
    pub device: Option<(String, String)>,
    /// Where projects are kept, and the list of recent ones.
    pub shelf: Shelf,
    /// Where models and unfinished runs of the project are kept.
    pub work_dir: std::path::PathBuf,
    /// The project's classifier, once one is trained or read from the project.
    pub model: Option<std::path::PathBuf>,
    /// What the engine has said of the run that is going on or was last.
    pub run: Run,
    /// Messages to the user, oldest first.
    pub messages: Vec<Message>,
    /// Actions to carry out at the end of the frame.
    pub queue: Vec<Action>,
    /// What the assistant is asked for at the end of the frame.
    pub wishes: Vec<Wish>,
    /// How many labels the user sets out to give.
    pub goal: usize,
    /// Whether another project is being opened, or made: what the engine would begin now for the open one would be stopped.
    pub opening: bool,
}

/// The labels that are enough for a first classifier.
pub const GOAL: usize = 100;

impl Shared {
    /// Whether the open project is the one with these texts; without any, whether none is open.
    pub fn holds(&self, texts: Option<&Arc<Texts>>) -> bool {
        match (texts, &self.project) {
            (Some(known), Some(open)) => Arc::ptr_eq(known, &open.project.texts),
            (None, None) => true,
            _ => false,
        }
    }

    /// What the window starts with: no project, an engine that waits.
    pub fn new(engine: Session, side: Side, settings: Settings, wake: Wake) -> Self {
        Self {
            screen: Screen::Texts,
            project: None,
            insight: Arc::default(),
            engine,
            side,
            settings,
            wake,
            device: None,
            shelf: Shelf::of_user(),
            work_dir: temporary_directory(),
            model: None,
            run: Run::default(),
            messages: Vec::new(),
            queue: Vec::new(),
            wishes: Vec::new(),
            goal: GOAL,
            opening: false,
        }
    }

    /// For the tests of one screen, without the window round it.
    ///
    /// # Panics
    /// When the operating system gives no thread.
    #[cfg(test)]
    pub fn for_tests(project: Option<OpenProject>) -> Self {
        let engine = Session::spawn().expect("a thread");
        let wake: Wake = Arc::new(|| ());
        let side = Side::spawn(Arc::clone(&wake)).expect("a thread");
        Self {
            project,
            shelf: Shelf::in_memory(),
            ..Self::new(engine, side, Settings::default(), wake)
        }
    }

    /// Goes on with this project instead of the one that is open, which is closed once all of it is on disk. What the
    /// engine does for that one is stopped, with a checkpoint.
    pub fn open(&mut self, project: OpenProject) {
        self.leave();
        self.withdraw_offers();
        self.run.change_project(super::run::kept::last(&project));
        self.project = Some(project);
        self.screen = Screen::Label;
    }

    /// Goes on with the project that is open as if it were opened again: it has more texts than before.
    pub fn open_again(&mut self) {
        self.leave();
        let last = self.project.as_ref().map_or(0, super::run::kept::last);
        self.run.change_project(last);
        // Whoever has gone to another screen meanwhile stays there.
        if self.screen == Screen::Texts {
            self.screen = Screen::Label;
        }
    }

    /// Whether more texts are on their way to the project's file: what would be done to its texts has to wait.
    pub fn is_growing(&self) -> bool {
        self.project.as_ref().is_some_and(OpenProject::is_growing)
    }

    /// Keeps the run of the open project, and stops what the engine does for it.
    fn leave(&mut self) {
        super::history::keep_now(self);
        if self.run.busy() {
            // An engine that has ended does nothing any more.
            self.engine.send(Command::Stop).ok();
        }
        let Some(left) = &self.project else { return };
        let name = &left.project.name;
        let on = "is stopped; open it again to go on from where it was.";
        self.say(match (self.run.is_running(), self.run.other_job()) {
            (true, _) => format!("Training on {name} {on}"),
            (_, Some("lab")) => format!("Comparing methods on {name} {on}"),
            (_, Some("predict")) => format!(
                "Classifying the texts of {name} is stopped; when it is open again, 'Classify every text' begins anew."
            ),
            _ => return,
        });
    }

    /// What the engine does for the open project that would be stopped if another one were opened; nothing where that could be
    /// done again in a moment.
    pub fn at_stake(&self) -> Option<String> {
        let name = &self.project.as_ref()?.project.name;
        if self.run.is_running() {
            let record = &self.run.record;
            let at = record.live().and_then(|at| record.at(at));
            let at = at.map_or(String::new(), |(stage, step)| {
                format!(": step {step} of {} ({})", stage.total, stage.name)
            });
            return Some(format!("Training on {name} goes on{at}."));
        }
        if self.run.is_elsewhere() {
            return None;
        }
        match self.run.other_job()? {
            "lab" => Some(format!("Methods are being compared on {name}.")),
            "predict" => Some(format!("The texts of {name} are being classified.")),
            _ => None,
        }
    }

    /// Tells the user something that went well or is worth knowing.
    pub fn say(&mut self, text: impl Into<String>) {
        self.message(text.into(), false, None);
    }

    /// Tells the user what failed and what to do.
    pub fn fail(&mut self, text: impl Into<String>) {
        self.message(text.into(), true, None);
    }

    /// Tells the user something and what can be done about it.
    pub fn offer(&mut self, text: impl Into<String>, failure: bool, offer: Offer) {
        self.message(text.into(), failure, Some(offer));
    }

    /// Takes back what messages offer: it can be done no more, or is being done.
    pub fn withdraw_offers(&mut self) {
        self.messages.retain(|message| message.offer.is_none());
    }

    fn message(&mut self, text: String, failure: bool, offer: Option<Offer>) {
        // Said again, it is still one thing to read.
        self.messages.retain(|message| message.text != text);
        self.messages.push(Message {
            text,
            failure,
            offer,
            since: Instant::now(),
        });
    }

    /// Has an action carried out at the end of the frame.
    pub fn act(&mut self, action: Action) {
        self.queue.push(action);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_again_is_shown_once_and_last() {
        let mut shared = Shared::for_tests(None);
        shared.fail("no room");
        shared.say("written");
        shared.fail("no room");
        let said: Vec<&str> = shared.messages.iter().map(|m| m.text.as_str()).collect();
        assert_eq!(said, ["written", "no room"]);
    }
}

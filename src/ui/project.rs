//! What goes on round an open project: its file is listened to, the assistant is told and asked, and what it finds
//! comes to the screens.

use std::sync::Arc;

use super::history::{History, keep_now};
use super::panels::Panels;
use super::shared::Wish;
use super::{Screen, Shared, steps};
use crate::session::Session;
use crate::session::assistant::{Assistant, Insight};
use crate::session::project::{Action as Step, Happened, OpenProject, Texts};

/// Follows whatever project is open.
#[derive(Default)]
pub struct Follower {
    /// The texts that the assistant looks over: another project has others.
    texts: Option<Arc<Texts>>,
    assistant: Option<Assistant>,
    history: History,
    /// What the assistant had to do without, once it was said.
    trouble: Option<String>,
}

impl Follower {
    /// Once a frame, before the screens are drawn.
    pub fn follow(&mut self, panels: &mut Panels, shared: &mut Shared) {
        self.notice_another(panels, shared);
        self.history.follow(panels, shared);
        let happened = shared.project.as_mut().map(OpenProject::poll).unwrap_or_default();
        let mut changed = false;
        let (mut undone, mut redone) = (0, 0);
        for happened in happened {
            changed |= matches!(happened, Happened::Acted(_));
            undone += usize::from(matches!(happened, Happened::Acted(Step::Undo)));
            redone += usize::from(matches!(happened, Happened::Acted(Step::Redo)));
            if let Some(why) = happened.failure() {
                shared.fail(why);
            }
            panels.happened(&happened, shared);
        }
        // The Label screen shows the text itself.
        if shared.screen != Screen::Label
            && let Some(open) = &shared.project
            && let Some(told) = steps::told(&open.project, undone, redone)
        {
            shared.say(told);
        }
        let (Some(assistant), Some(open)) = (&self.assistant, &shared.project) else {
            return;
        };
        if changed {
            assistant.tell(&open.project);
        }
        shared.insight = assistant.insight();
        if shared.insight.trouble != self.trouble {
            self.trouble.clone_from(&shared.insight.trouble);
            if let Some(why) = &self.trouble {
                shared.say(format!("Suggestions are less good than they could be: {why}."));
            }
        }
    }

    /// Once a frame, after the screens were drawn: hands on what they wish to know.
    pub fn ask(&self, shared: &mut Shared) {
        let wishes = std::mem::take(&mut shared.wishes);
        let Some(assistant) = &self.assistant else {
            return;
        };
        for wish in wishes {
            match wish {
                Wish::Explain(text) => assistant.explain(text),
                Wish::Similar(text) => assistant.similar(text),
                Wish::Map => assistant.map(),
            }
        }
    }

    /// The window closes: keeps the run, and brings the list of recent projects up to date.
    pub fn leave(&self, shared: &mut Shared) {
        keep_now(shared);
        if let Some(open) = &shared.project {
            shared.shelf.note_now(open);
        }
    }

    fn notice_another(&mut self, panels: &mut Panels, shared: &mut Shared) {
        if shared.holds(self.texts.as_ref()) {
            return;
        }
        self.texts = None;
        self.assistant = None;
        self.trouble = None;
        panels.opened();
        shared.insight = Arc::new(Insight::default());
        shared.model = None;
        self.history = History::default();
        let Some(open) = &shared.project else {
            return;
        };
        let texts = Arc::clone(&open.project.texts);
        self.texts = Some(Arc::clone(&texts));
        shared.work_dir = shared.shelf.work_dir(open.path());
        Session::work_in(&shared.work_dir);
        self.history = History::open(shared);
        match Assistant::spawn(texts, shared.settings.seed, Arc::clone(&shared.wake)) {
            Ok(assistant) => {
                assistant.tell(&open.project);
                self.assistant = Some(assistant);
            }
            Err(why) => shared.fail(format!(
                "Nothing can be suggested: the operating system gives no thread ({why}). Labelling works without."
            )),
        }
    }
}

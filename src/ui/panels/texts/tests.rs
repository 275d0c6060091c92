use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use egui::{CentralPanel, Event, Frame, Key, Modifiers, accesskit::Role, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use super::*;
use crate::session::exchange::Shelf;
use crate::session::project::{Action as Step, Answer, Texts};
use crate::ui::theme::{self, Theme};

mod adding;
mod hostile;
mod leaving;
mod pictures;
mod reading;
mod recent;

/// The screen with what the window does round it: the tick of every frame, the keys of actions, carrying them out.
struct Bench {
    panel: TextsPanel,
    shared: Shared,
    /// The folder that stands for the user's own.
    _home: tempfile::TempDir,
}

impl Bench {
    fn frame(&mut self, ui: &mut Ui) {
        if let Some(open) = &mut self.shared.project {
            open.poll();
        }
        for action in Action::ALL {
            if let Some(shortcut) = action.shortcut()
                && action.screen().is_none_or(|s| s == self.shared.screen)
                && ui.input_mut(|i| i.consume_shortcut(&shortcut))
            {
                self.shared.act(action);
            }
        }
        self.panel.tick(ui.ctx(), &mut self.shared);
        let theme = Theme::of(ui.ctx());
        let frame = Frame::new().fill(theme.background).inner_margin(16);
        CentralPanel::default().frame(frame).show(ui, |ui| {
            if self.shared.screen == Screen::Texts {
                self.panel.show(ui, &mut self.shared);
            }
        });
        for action in std::mem::take(&mut self.shared.queue) {
            match action {
                Action::Show(screen) => self.shared.screen = screen,
                // The system's own window cannot be driven from here.
                Action::OpenFile => panic!("no test opens the system's window"),
                action => self.panel.act(action, &mut self.shared),
            }
        }
    }

    fn project(&self) -> &OpenProject {
        self.shared.project.as_ref().expect("a project is open")
    }

    fn failures(&self) -> Vec<&str> {
        let failures = self.shared.messages.iter().filter(|m| m.failure);
        failures.map(|m| m.text.as_str()).collect()
    }
}

type Screenful = Harness<'static, Bench>;

const SIZE: (f32, f32) = (1204.0, 752.0);

fn screen_with(project: Option<OpenProject>, size: (f32, f32)) -> Screenful {
    screen_at(tempfile::tempdir().unwrap(), project, size)
}

fn screen_at(home: tempfile::TempDir, project: Option<OpenProject>, size: (f32, f32)) -> Screenful {
    let mut shared = Shared::for_tests(project);
    shared.shelf = Shelf::in_folder(home.path());
    let bench = Bench {
        panel: TextsPanel::default(),
        shared,
        _home: home,
    };
    let mut harness = Harness::builder()
        .with_size(vec2(size.0, size.1))
        .with_max_steps(64)
        .with_context_setup(theme::install)
        .build_ui_state(|ui, bench: &mut Bench| bench.frame(ui), bench);
    harness.run_steps(3);
    harness
}

fn screen() -> Screenful {
    screen_with(None, SIZE)
}

/// Draws frames until this holds.
fn until(h: &mut Screenful, what: &str, holds: impl Fn(&Bench) -> bool) {
    let since = Instant::now();
    loop {
        h.run_steps(1);
        if holds(h.state()) {
            break;
        }
        assert!(
            since.elapsed() < Duration::from_secs(120),
            "waited in vain: {what}"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    h.run_steps(3);
}

fn idle(h: &mut Screenful) {
    until(h, "the work ends", |b| {
        b.panel.work.is_none() && b.panel.preview.as_ref().is_none_or(|p| p.found.is_some())
    });
}

/// Chooses another sheet of the workbook that is shown or was refused.
fn choose_sheet(h: &mut Screenful, name: &str) {
    h.get_by_role_and_label(Role::ComboBox, "Sheet").click();
    h.run_steps(2);
    h.get_by_label(name).click();
    h.run_steps(2);
    idle(h);
}

#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|e| e.to_string())
    }
}

fn drop_file(h: &mut Screenful, path: &Path) {
    let file: egui::DroppedFileHandle = Arc::new(Dropped(path.to_path_buf()));
    h.input_mut().dropped_files.push(file);
    h.run_steps(1);
    h.input_mut().dropped_files.clear();
    idle(h);
}

fn file(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

fn small_project() -> OpenProject {
    let texts = Texts {
        source: "mail.csv".into(),
        texts: vec!["one".into(), "two".into(), "three".into()],
        ..Texts::default()
    };
    let mut open = OpenProject::in_memory("mail", Arc::new(texts));
    for action in [
        Step::CreateLabel { name: "good".into() },
        Step::CreateLabel { name: "bad".into() },
        Step::AnswerMany {
            texts: vec![0, 2],
            answer: Answer::Label(0),
            alike: false,
        },
    ] {
        open.act(action).unwrap();
    }
    open
}

const SMALL: &str = "id,text,label\n1,the parcel came late and wet,bad\n2,,good\n3,all is well with the order,good\n\
                     4,the parcel came late and wet,good\n5,where is the invoice for it,\n";

#[test]
fn the_sample_is_one_click_away_and_lands_on_label() {
    let mut h = screen();
    h.get_by_role_and_label(Role::Button, "Try the sample").click();
    h.run_steps(2);
    idle(&mut h);
    let bench = h.state();
    assert_eq!(bench.failures(), Vec::<&str>::new());
    assert_eq!(bench.shared.screen, Screen::Label);
    let open = bench.project();
    assert_eq!(open.project.texts.texts.len(), 600);
    assert_eq!(
        (open.project.labels().count(), open.project.labelled()),
        (6, 0),
        "labels to choose from, none given"
    );
    let folder = bench.shared.shelf.projects().unwrap();
    assert_eq!(open.path().unwrap(), folder.join("sample.unfreeze"));
}

/// The sample is gone on with where it was begun; another one is made only when it is asked for.
#[test]
fn the_sample_is_opened_again_with_its_labels() {
    let mut h = screen();
    let try_it = |h: &mut Screenful, action: Action| {
        h.state_mut().shared.act(action);
        h.run_steps(2);
        idle(h);
        assert_eq!(h.state().failures(), Vec::<&str>::new());
    };
    try_it(&mut h, Action::OpenSample);
    let open = h.state_mut().shared.project.as_mut().unwrap();
    open.act(Step::AnswerMany {
        texts: vec![3, 5],
        answer: Answer::Label(0),
        alike: false,
    })
    .unwrap();
    until(&mut h, "the labels are on disk", |b| {
        !b.shared.project.as_ref().unwrap().busy()
    });
    // It is open: there is nothing to open.
    try_it(&mut h, Action::OpenSample);
    assert_eq!(h.state().shared.screen, Screen::Label);
    h.state_mut().shared.project = None;
    try_it(&mut h, Action::OpenSample);
    assert_eq!(h.state().project().project.labelled(), 2);
    let folder = h.state().shared.shelf.projects().unwrap().to_path_buf();
    assert_eq!(
        h.state().project().path().unwrap(),
        folder.join("sample.unfreeze")
    );

    h.state_mut().shared.screen = Screen::Texts;
    h.run_steps(3);
    h.get_by_label_contains("Start the sample afresh").click();
    h.run_steps(3);
    idle(&mut h);
    let open = h.state().project();
    assert_eq!(open.project.labelled(), 0);
    assert_eq!(open.path().unwrap(), folder.join("sample-2.unfreeze"));
}

#[test]
fn a_key_opens_the_sample_too_but_not_with_a_modifier() {
    let mut h = screen();
    h.key_press_modifiers(Modifiers::ALT, Key::S);
    h.run_steps(2);
    assert!(h.state().panel.work.is_none());
    h.key_press(Key::S);
    h.run_steps(2);
    idle(&mut h);
    assert_eq!(h.state().project().project.texts.texts.len(), 600);
}

#[test]
fn a_dropped_table_is_shown_before_it_becomes_a_project() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), "mail.csv", SMALL.as_bytes());
    let mut h = screen();
    // Dropping works whatever screen is shown.
    h.state_mut().shared.screen = Screen::Train;
    drop_file(&mut h, &path);
    assert_eq!(h.state().shared.screen, Screen::Texts);
    assert!(
        h.state().shared.project.is_none(),
        "nothing is made before it is asked for"
    );
    h.get_by_label("4 texts");
    h.get_by_label("1 row has no text and will be left out.");
    h.get_by_label("line 3");
    h.get_by_label("1 row repeats the text of an earlier one.");
    h.get_by_label("1 of them has another label than the first: one of the two is wrong.");
    h.get_by_label("They seem to be in English.");
    h.get_by_role_and_label(Role::CheckBox, "Take over the 3 labels in it");
    h.get_by_role_and_label(Role::CheckBox, "Keep repeated texts once")
        .click();
    h.run_steps(3);
    h.get_by_label("3 texts");
    h.key_press(Key::Enter);
    h.run_steps(2);
    idle(&mut h);
    let bench = h.state();
    assert_eq!(bench.shared.screen, Screen::Label);
    let project = &bench.project().project;
    assert_eq!(
        project.texts.texts,
        [
            "the parcel came late and wet",
            "all is well with the order",
            "where is the invoice for it"
        ]
    );
    assert_eq!((project.name.as_str(), project.labelled()), ("mail", 2));
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        SMALL,
        "the file stays as it is"
    );
}

#[test]
fn other_columns_can_be_chosen_and_are_looked_over_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), "mail.csv", SMALL.as_bytes());
    let mut h = screen();
    drop_file(&mut h, &path);
    h.get_by_role_and_label(Role::CheckBox, "Text column text")
        .click();
    h.run_steps(2);
    idle(&mut h);
    h.get_by_label("Choose the column that holds the text.");
    h.key_press(Key::Enter);
    h.run_steps(2);
    assert!(h.state().panel.work.is_none(), "without a text nothing is made");
    h.get_by_role_and_label(Role::CheckBox, "Text column label")
        .click();
    h.run_steps(2);
    idle(&mut h);
    let preview = h.state().panel.preview.as_ref().unwrap();
    assert_eq!(
        (preview.choice.texts.as_slice(), preview.choice.label),
        ([2].as_slice(), None)
    );
    assert_eq!(preview.found.as_ref().unwrap().texts, 4);
    h.key_press(Key::Escape);
    h.run_steps(2);
    assert!(h.state().panel.preview.is_none());
    h.get_by_label("Which texts?");
}

#[test]
fn a_row_that_is_asked_for_comes_into_view() {
    let dir = tempfile::tempdir().unwrap();
    let mut csv = String::from("text,kind\n");
    for n in 0..5_000 {
        let text = if n == 4_321 {
            String::new()
        } else {
            format!("the message number {n} of many")
        };
        csv += &format!("{text},{}\n", ["a", "b"][n % 2]);
    }
    let path = file(dir.path(), "many.csv", csv.as_bytes());
    let mut h = screen();
    drop_file(&mut h, &path);
    assert!(h.query_by_label("no text, left out").is_none());
    h.get_by_role_and_label(Role::Button, "Show rows with no text")
        .click();
    h.run_steps(30);
    h.get_by_label("no text, left out");
    assert_eq!(h.state().panel.preview.as_ref().unwrap().marked, Some(4_321));
}

#[test]
fn a_hundred_thousand_rows_are_shown_by_their_first_and_all_become_texts() {
    let dir = tempfile::tempdir().unwrap();
    let mut csv = String::from("text,label\n");
    for n in 0..100_000 {
        csv += &format!(
            "\"this is message number {n}, and it is not the last\",{}\n",
            ["x", "y", ""][n % 3]
        );
    }
    let path = file(dir.path(), "many.csv", csv.as_bytes());
    let mut h = screen();
    drop_file(&mut h, &path);
    h.get_by_label("100,000 texts");
    // Only what is in view is laid out.
    let laid_out = h.query_all_by_label_contains("this is message number").count();
    assert!((5..60).contains(&laid_out), "{laid_out} rows");
    h.get_by_role_and_label(Role::Button, "Start labelling").click();
    h.run_steps(2);
    idle(&mut h);
    let project = &h.state().project().project;
    assert_eq!((project.texts.texts.len(), project.labelled()), (100_000, 66_667));
    assert_eq!(h.state().shared.screen, Screen::Label);
}

#[test]
fn pasted_lines_become_texts() {
    let mut h = screen();
    h.event(Event::Paste("the first text of these\nthe second one\n".into()));
    h.run_steps(2);
    idle(&mut h);
    h.get_by_label("2 texts");
    h.get_by_label("There is one column: a text a line. Labels are given here.");
    h.get_by_role_and_label(Role::Button, "Start labelling").click();
    h.run_steps(2);
    idle(&mut h);
    let open = h.state().project();
    assert_eq!(
        open.project.texts.texts,
        ["the first text of these", "the second one"]
    );
    assert_eq!(open.project.name, "pasted");
}

#[test]
fn on_another_screen_a_paste_is_none_of_ours() {
    let mut h = screen();
    h.state_mut().shared.screen = Screen::Write;
    h.event(Event::Paste("a text\nanother".into()));
    h.run_steps(3);
    assert!(h.state().panel.work.is_none() && h.state().panel.preview.is_none());
}

#[test]
fn the_open_project_is_summed_up_with_its_ways_on() {
    let mut h = screen_with(Some(small_project()), SIZE);
    h.get_by_label("2 of 3 texts labelled · from mail.csv");
    h.get_by_label("It lives in memory only: export the labels before you close the window.");
    h.get_by_role_and_label(Role::Button, "Export or import labels");
    h.key_press(Key::Enter);
    h.run_steps(2);
    assert_eq!(h.state().shared.screen, Screen::Label);
}

#[test]
fn labels_of_a_dropped_file_can_be_given_to_the_open_project() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(
        dir.path(),
        "labels.csv",
        b"text,label\none of these texts,bad\ntwo of these texts,good\n",
    );
    let mut h = screen_with(Some(small_project()), SIZE);
    drop_file(&mut h, &path);
    h.get_by_role_and_label(Role::Button, "Only take its labels for mail")
        .click();
    h.run_steps(2);
    assert_eq!(
        h.state_mut().panel.take_labels_from(),
        Some((path, Reading::default()))
    );
    assert!(h.state().panel.preview.is_none());
    assert_eq!(
        h.state().project().project.labelled(),
        2,
        "not before the user has seen what changes"
    );
}

#[test]
fn what_is_cancelled_never_arrives() {
    let dir = tempfile::tempdir().unwrap();
    let path = file(dir.path(), "mail.csv", SMALL.as_bytes());
    let mut h = screen();
    let bench = h.state_mut();
    let ctx = Context::default();
    let ended = Arc::new(AtomicBool::new(false));
    bench.shared.wake = {
        let ended = Arc::clone(&ended);
        Arc::new(move || ended.store(true, Ordering::SeqCst))
    };
    bench
        .panel
        .carry_out(&ctx, Want::Read(Source::File(path)), &mut bench.shared);
    assert!(bench.panel.work.is_some());
    bench.panel.carry_out(&ctx, Want::Cancel, &mut bench.shared);
    until(&mut h, "the reader ends", |_| ended.load(Ordering::SeqCst));
    assert!(h.state().panel.preview.is_none() && h.state().panel.work.is_none());
    assert_eq!(h.state().failures(), Vec::<&str>::new());
}

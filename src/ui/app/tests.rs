use std::path::Path;
use std::sync::mpsc::Sender;

use async_channel::Receiver;
use serde_json::{Value, json};

use super::*;
use crate::session::project::{Answer, OpenProject, Texts, Wake};
use crate::session::protocol::Command;
use crate::ui::Screen;
use crate::ui::run::Recipe;

/// A window over a project, and both ends of its engine.
fn window(open: OpenProject) -> (App, Receiver<Command>, Sender<Event>) {
    let (engine, commands, events) = Session::scripted();
    let shared = Shared {
        engine,
        ..Shared::for_tests(Some(open))
    };
    let app = App {
        asked_of: shared.settings.device,
        shared,
        panels: Panels::default(),
        follower: Follower::default(),
        palette: Palette::default(),
        over: Over::default(),
        engine_spoke: true,
        titled: news::NAME.into(),
        calls: false,
    };
    (app, commands, events)
}

/// A window over a project in this folder that trains, both ends of its engine, and what that tells when it is done.
fn about_to_finish(dir: &Path) -> (App, Receiver<Command>, Sender<Event>, Event) {
    let model = dir.join("model");
    std::fs::create_dir(&model).unwrap();
    std::fs::write(model.join("config.json"), "{}").unwrap();
    let wake: Wake = Arc::new(|| ());
    let texts = Texts {
        texts: vec!["a".into()],
        ..Texts::default()
    };
    let open = OpenProject::create(dir.join("p.unfreeze"), "p", Arc::new(texts), wake).unwrap();
    let (mut app, commands, events) = window(open);
    app.heard(Event::Note {
        message: "the screens look at the project".into(),
    });
    app.shared.run.begin(Recipe::default(), Vec::new());
    app.heard(Event::Started {
        job: "fit".into(),
        device: "made up".into(),
        reason: String::new(),
        seed: 0,
    });
    let result = json!({ "out": model }).as_object().cloned().unwrap();
    let job = "fit".into();
    (app, commands, events, Event::Done { job, result })
}

#[test]
fn a_classifier_that_is_finished_while_nothing_is_shown_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (mut app, commands, events, done) = about_to_finish(dir.path());
    events.send(done).unwrap();
    app.take_in();
    // Nobody listens when the window closes, so that nothing more is heard then.
    drop(commands);
    drop(app);
    let again = OpenProject::open(dir.path().join("p.unfreeze"), Arc::new(|| ())).unwrap();
    assert!(again.models().any(|(name, _)| name == "classifier"));
}

#[test]
fn a_classifier_that_is_finished_while_the_window_closes_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (app, _commands, events, done) = about_to_finish(dir.path());
    // It ends just before it hears that it is to stop.
    events.send(done).unwrap();
    drop(app);

    let again = OpenProject::open(dir.path().join("p.unfreeze"), Arc::new(|| ())).unwrap();
    assert!(again.models().any(|(name, _)| name == "classifier"));
    assert!(again.setting::<Value>("classifier lesson").is_some());
}

#[test]
fn the_end_of_a_run_is_told_while_another_screen_is_shown() {
    let dir = tempfile::tempdir().unwrap();
    let (mut app, _commands, events, done) = about_to_finish(dir.path());
    app.shared.screen = Screen::Label;
    assert_eq!(app.title(), "training · Unfreeze");
    events.send(done).unwrap();
    app.take_in();
    let said = |app: &App| {
        app.shared
            .messages
            .iter()
            .map(|m| m.text.clone())
            .collect::<Vec<_>>()
    };
    assert!(
        said(&app).iter().any(|m| m.starts_with("Training is done.")),
        "{:?}",
        said(&app)
    );
    assert!(app.calls && app.shared.run.is_unseen());
    assert_eq!(app.title(), "training is done · Unfreeze");
}

#[test]
fn a_run_that_fails_is_told_where_nothing_else_shows_it() {
    for screen in [Screen::Texts, Screen::Train] {
        let dir = tempfile::tempdir().unwrap();
        let (mut app, _commands, events, _) = about_to_finish(dir.path());
        app.shared.screen = screen;
        events
            .send(Event::Failed {
                message: "no room on the disk".into(),
                usage: false,
                device: None,
                diverged: None,
            })
            .unwrap();
        app.take_in();
        let messages = app.shared.messages.iter();
        let told: Vec<_> = messages
            .filter(|m| m.text.starts_with("Training failed: no room"))
            .collect();
        if screen == Screen::Train {
            assert!(told.is_empty(), "the banner says it");
        } else {
            let offer = told[0].offer.unwrap();
            assert_eq!(
                (told[0].failure, offer.action),
                (true, Action::Show(Screen::Train))
            );
        }
        assert!(app.calls);
        assert_eq!(app.title(), "training failed · Unfreeze");
    }
}

#[test]
fn the_way_on_after_an_engine_that_broke_off_is_that_of_what_it_was_doing() {
    let dir = tempfile::tempdir().unwrap();
    let said = |app: &App| {
        let mut messages = app.shared.messages.iter().map(|message| message.text.clone());
        messages.find(|text| text.contains("the engine broke off"))
    };
    let resume = "your labels are safe, and Resume on the Train screen goes on from the last checkpoint.";
    let again = "your labels are safe: try again.";
    for (name, groups, on) in [
        ("read", vec![], again),
        ("train", vec!["classifier".to_string()], resume),
    ] {
        let place = dir.path().join(name);
        std::fs::create_dir(&place).unwrap();
        let (mut app, _commands, events, _) = about_to_finish(&place);
        app.heard(Event::StageStarted {
            stage: name.into(),
            groups,
            total: 10,
            unit: "steps".into(),
        });
        drop(events);
        app.take_in();
        let run = said(&app).unwrap();
        assert!(run.ends_with(on), "{run}");
    }

    // A job of another kind has no checkpoint.
    let texts = Texts {
        texts: vec!["a".into()],
        ..Texts::default()
    };
    let (mut app, _commands, events) = window(OpenProject::in_memory("p", Arc::new(texts)));
    app.take_in();
    app.heard(Event::Note {
        message: "the screens look at the project".into(),
    });
    app.shared.model = Some(dir.path().to_path_buf());
    app.panels.act(Action::Classify, &mut app.shared);
    assert!(app.shared.run.busy());
    drop(events);
    app.take_in();
    let classifying = said(&app).unwrap();
    assert!(
        classifying.ends_with("your labels are safe: try again"),
        "{classifying}"
    );
}

#[test]
fn nobody_is_called_who_has_stopped_a_run() {
    let dir = tempfile::tempdir().unwrap();
    let (mut app, _commands, events, _) = about_to_finish(dir.path());
    let message = "as asked".into();
    events.send(Event::Stopped { message }).unwrap();
    app.take_in();
    assert!(!app.calls && !app.shared.run.is_unseen() && app.shared.messages.is_empty());
    assert_eq!(app.title(), "Unfreeze");
}

#[test]
fn a_step_that_is_taken_back_unseen_is_named() {
    let texts = Texts {
        texts: vec!["where is my parcel".into()],
        ..Texts::default()
    };
    let mut open = OpenProject::in_memory("p", Arc::new(texts));
    let name = "Post".into();
    open.act(Step::CreateLabel { name }).unwrap();
    open.act(Step::Answer {
        text: 0,
        answer: Answer::Label(0),
        suggested: None,
    })
    .unwrap();
    let (mut app, _commands, _events) = window(open);
    app.take_in();
    let said = |app: &mut App, screen, step| {
        app.shared.screen = screen;
        app.shared.messages.clear();
        app.step(step);
        app.take_in();
        let mut all = app.shared.messages.iter().map(|message| message.text.clone());
        all.find(|text| text.starts_with("Taken back") || text.starts_with("Done again"))
    };
    let back = "Taken back: the label of 'where is my parcel'. Redo gives it back.";
    assert_eq!(said(&mut app, Screen::Train, Step::Undo).as_deref(), Some(back));
    let again = "Done again: the label of 'where is my parcel'. Undo takes it back.";
    assert_eq!(said(&mut app, Screen::Texts, Step::Redo).as_deref(), Some(again));
    assert_eq!(said(&mut app, Screen::Label, Step::Undo), None, "it is in view");
}

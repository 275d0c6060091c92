use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::json;
use tempfile::TempDir;

use super::tests::{any_action, seen};
use super::*;
use crate::host::work::block_on;
use crate::io::project::{ProjectFile, filling};
use crate::session::Event;

mod grow;

fn texts(count: usize) -> Arc<Texts> {
    Arc::new(Texts {
        source: "test.csv".into(),
        texts: (0..count).map(|i| format!("text {i}")).collect(),
        extra_columns: vec!["id".into()],
        extra: (0..count).map(|i| vec![i.to_string()]).collect(),
        extra_json: Vec::new(),
    })
}

fn quiet() -> Wake {
    Arc::new(|| {})
}

fn new(texts_in_it: usize) -> (TempDir, OpenProject) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("test.unfreeze");
    let open = OpenProject::create(path, "test", texts(texts_in_it), quiet()).unwrap();
    (dir, open)
}

fn reopened(open: OpenProject) -> OpenProject {
    let path = open.path().unwrap().to_path_buf();
    drop(open);
    OpenProject::open(path, quiet()).unwrap()
}

/// Polls until `enough` happened.
fn wait(open: &mut OpenProject, enough: impl Fn(&[Happened], &OpenProject) -> bool) -> Vec<Happened> {
    let (mut happened, began) = (Vec::new(), Instant::now());
    loop {
        happened.extend(open.poll());
        if enough(&happened, open) {
            return happened;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "{happened:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Asks until there is an answer.
fn until<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "nothing happens");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn settle(open: &mut OpenProject) -> Vec<Happened> {
    wait(open, |_, open| !open.busy())
}

fn one(open: &mut OpenProject) -> Happened {
    wait(open, |happened, _| !happened.is_empty()).pop().unwrap()
}

fn create(name: &str) -> Action {
    Action::CreateLabel { name: name.into() }
}

fn label(text: TextId, label: LabelId) -> Action {
    Action::Answer {
        text,
        answer: Answer::Label(label),
        suggested: Some(0),
    }
}

#[test]
fn an_action_shows_only_once_it_is_on_disk() {
    let (_dir, mut open) = new(3);
    open.act(create("good")).unwrap();
    assert!(open.busy());
    assert_eq!(open.project.labels().count(), 0);
    // Each is checked as the ones before it will leave the project.
    open.act(label(0, 0)).unwrap();
    assert_eq!(open.act(label(0, 1)), Err(Refused::NoLabel(1)));
    open.act(Action::Undo).unwrap();
    open.act(Action::Redo).unwrap();
    assert_eq!(open.act(Action::Redo), Err(Refused::NothingToRedo));
    let happened = settle(&mut open);
    let acted = [create("good"), label(0, 0), Action::Undo, Action::Redo];
    assert_eq!(happened.len(), acted.len());
    for (happened, acted) in happened.iter().zip(acted) {
        assert!(
            matches!(happened, Happened::Acted(a) if *a == acted),
            "{happened:?}"
        );
    }
    assert_eq!((open.project.labelled(), open.steps()), (1, 4));
    let before = seen(&open.project);
    let open = reopened(open);
    assert_eq!(seen(&open.project), before);
    assert_eq!(open.steps(), 4);
    assert_eq!(open.project.texts, texts(3));
    assert_eq!(open.project.name, "test");
}

#[test]
fn closing_waits_for_what_was_sent() {
    let (_dir, mut open) = new(200);
    open.act(create("good")).unwrap();
    for text in 0..200 {
        open.act(label(text, 0)).unwrap();
    }
    open.set("goal", &100);
    let open = reopened(open);
    assert_eq!(open.project.labelled(), 200);
    assert_eq!(open.setting::<u32>("goal"), Some(100));
}

#[test]
fn the_window_is_woken_and_nothing_waits() {
    let dir = tempfile::tempdir().unwrap();
    let woken = Arc::new(AtomicUsize::new(0));
    let wake: Wake = {
        let woken = woken.clone();
        Arc::new(move || {
            woken.fetch_add(1, Ordering::SeqCst);
        })
    };
    let path = dir.path().join("a.unfreeze");
    let mut opening = Opening::create(path.clone(), "a".into(), texts(2), wake.clone());
    let mut open = until(|| opening.poll()).unwrap();
    assert!(opening.poll().is_none());
    until(|| (woken.load(Ordering::SeqCst) > 0).then_some(()));
    open.act(create("good")).unwrap();
    until(|| (woken.load(Ordering::SeqCst) > 1).then_some(()));
    assert_eq!(open.poll().len(), 1);

    let mut second = Opening::open(path, wake);
    let refused = until(|| second.poll()).unwrap_err().to_string();
    assert!(
        refused.ends_with("a.unfreeze: is open in another window of Unfreeze; close it there first"),
        "{refused}"
    );
}

#[test]
fn a_full_disk_is_told_and_the_project_goes_on() {
    let (dir, open) = new(50);
    let path = open.path().unwrap().to_path_buf();
    drop(open);
    let room = Arc::new(AtomicI64::new(i64::MAX));
    let storage = filling::storage(&path, room.clone());
    let at = path.clone();
    let opening = Opening::start_with(path.clone(), quiet(), dir.path().join("cache"), move || {
        ProjectFile::open_in(&at, storage, store::load)
    });
    let mut open = opening.wait().unwrap();
    open.act(create("good")).unwrap();
    settle(&mut open);
    let mut lost = 0;
    for text in 0..20 {
        room.store(i64::from(text % 2) * 1_000_000, Ordering::SeqCst);
        let before = seen(&open.project);
        let acts = [label(text, 0), label(text + 20, 0), Action::Undo];
        for action in acts.clone() {
            open.act(action).unwrap();
        }
        let happened = settle(&mut open);
        let mut not_saved = Vec::new();
        for what in &happened {
            if let Happened::NotSaved { actions, .. } = what {
                assert!(what.failure().unwrap().contains("no space left on the disk of "));
                not_saved.extend(actions.clone());
            }
        }
        lost += not_saved.len();
        match not_saved.len() {
            0 => assert_eq!(open.project.answer(text), Some(Answer::Label(0))),
            3 => assert_eq!(seen(&open.project), before),
            // The store took in some of them before the others came.
            _ => assert!(acts.ends_with(&not_saved)),
        }
    }
    assert!(lost > 10);
    room.store(i64::MAX, Ordering::SeqCst);
    open.act(label(49, 0)).unwrap();
    settle(&mut open);
    let (before, steps) = (seen(&open.project), open.steps());
    let open = reopened(open);
    assert_eq!((seen(&open.project), open.steps()), (before, steps));
}

#[cfg(unix)]
#[test]
fn a_project_that_was_moved_is_told_and_goes_on_once_it_is_back() {
    let (dir, mut open) = new(3);
    open.act(create("good")).unwrap();
    open.act(label(0, 0)).unwrap();
    settle(&mut open);
    let path = open.path().unwrap().to_path_buf();
    let elsewhere = dir.path().join("elsewhere.unfreeze");
    fs::rename(&path, &elsewhere).unwrap();
    open.act(label(1, 0)).unwrap();
    let said = settle(&mut open).iter().find_map(Happened::failure).unwrap();
    assert!(
        said.starts_with("Not saved: ") && said.contains("was moved"),
        "{said}"
    );
    // What is known of it stays, to be exported, and what was refused can be given again.
    assert_eq!((open.project.labelled(), open.steps()), (1, 2));
    fs::rename(&elsewhere, &path).unwrap();
    open.act(label(1, 0)).unwrap();
    settle(&mut open);
    assert_eq!(reopened(open).project.labelled(), 2);
}

#[test]
fn settings_and_runs_come_back() {
    let (_dir, mut open) = new(1);
    open.set("threshold", &0.9);
    open.set("columns", &vec!["text", "label"]);
    let event = |job: &str| Event::Started {
        job: job.into(),
        device: "CPU".into(),
        reason: "asked for".into(),
        seed: 1,
    };
    let first = open.save_run(None, json!({"error": 0.1}), vec![event("fit")]);
    let second = open.save_run(None, json!({"error": 0.2}), vec![]);
    open.save_run(
        Some(second),
        json!({"error": 0.3}),
        vec![event("fit"), event("train")],
    );
    assert_eq!((first, second), (0, 1));
    let mut open = reopened(open);
    assert_eq!(open.setting::<f64>("threshold"), Some(0.9));
    assert_eq!(open.setting::<Vec<String>>("columns").unwrap(), ["text", "label"]);
    assert_eq!(open.setting::<u8>("columns"), None);
    let headers: Vec<(u64, serde_json::Value)> = open.runs().map(|(run, h)| (run, h.clone())).collect();
    assert_eq!(headers, [(0, json!({"error": 0.1})), (1, json!({"error": 0.3}))]);
    open.load_run(1);
    let Happened::RunLoaded(1, events) = one(&mut open) else {
        panic!("no run came");
    };
    assert_eq!(
        serde_json::to_value(events).unwrap(),
        serde_json::to_value([event("fit"), event("train")]).unwrap()
    );
    open.load_run(7);
    let failure = one(&mut open).failure().unwrap();
    assert!(failure.ends_with("the project has no run number 8"), "{failure}");
}

fn tree(dir: &Path) -> Vec<(String, Vec<u8>)> {
    [
        "config.json",
        "model.safetensors",
        "backward/config.json",
        "backward/empty",
    ]
    .iter()
    .map(|name| (name.to_string(), fs::read(dir.join(name)).unwrap()))
    .collect()
}

#[test]
fn a_model_comes_back_while_answers_go_on() {
    let (dir, open) = new(20);
    let (path, cache) = (open.path().unwrap().to_path_buf(), dir.path().join("cache"));
    drop(open);
    let with_cache = || {
        let at = path.clone();
        let opening = Opening::start_with(path.clone(), quiet(), cache.clone(), move || {
            ProjectFile::open(&at, store::load)
        });
        opening.wait().unwrap()
    };
    let model = dir.path().join("model");
    fs::create_dir_all(model.join("backward")).unwrap();
    fs::write(model.join("config.json"), "{}").unwrap();
    let weights: Vec<u8> = (0..5_000_000_u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    fs::write(model.join("model.safetensors"), &weights).unwrap();
    fs::write(model.join("backward/config.json"), "{\"backward\":true}").unwrap();
    fs::write(model.join("backward/empty"), "").unwrap();

    let mut open = with_cache();
    open.put_model("classifier", &model);
    open.act(create("good")).unwrap();
    settle(&mut open);
    let saved = wait(&mut open, |_, open| open.models().count() == 1);
    assert!(saved.iter().all(|h| h.failure().is_none()), "{saved:?}");
    let (name, listing) = open.models().next().unwrap();
    assert_eq!((name, listing.bytes()), ("classifier", 5_000_000 + 2 + 17));
    drop(open);

    let mut open = with_cache();
    let take = |open: &mut OpenProject| {
        open.model_dir("classifier");
        match one(open) {
            Happened::ModelReady(name, dir) if name == "classifier" => dir,
            other => panic!("{other:?}"),
        }
    };
    let unpacked = take(&mut open);
    assert!(unpacked.starts_with(&cache));
    assert!(tree(&unpacked) == tree(&model));
    assert_eq!(fs::read_dir(&cache).unwrap().count(), 1);
    // The second time it is there already; what a crash damaged is unpacked again.
    assert_eq!(take(&mut open), unpacked);
    fs::write(unpacked.join("config.json"), "").unwrap();
    assert_eq!(take(&mut open), unpacked);
    assert!(tree(&unpacked) == tree(&model));
    open.model_dir("other");
    assert!(
        one(&mut open)
            .failure()
            .unwrap()
            .ends_with("has no model 'other'")
    );
    open.put_model("other", &dir.path().join("nowhere"));
    let failure = one(&mut open).failure().unwrap();
    assert!(failure.ends_with("the model was not saved"), "{failure}");
}

#[test]
fn predictions_are_there_again_until_they_are_forgotten_and_never_for_other_texts() {
    let (_dir, mut open) = new(3);
    let loaded = |open: &mut OpenProject| {
        open.load_predictions();
        match one(open) {
            Happened::PredictionsLoaded(loaded) => loaded.map(|p| *p),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(loaded(&mut open), None);
    let said = Predictions {
        run: 2,
        labels: vec!["a".into(), "b".into()],
        seconds: 0.5,
        texts: vec![0, 1, 2],
        probabilities: vec![0.5, 0.5, 1.0, 0.0, 0.25, 0.75],
    };
    open.set_predictions(Some(said.clone()));
    open.act(create("a")).unwrap();
    // Dropping waits for everything that was asked for.
    let mut open = reopened(open);
    assert_eq!(loaded(&mut open), Some(said.clone()));

    // The same bytes in a project of other texts say nothing.
    let (_other_dir, other) = new(2);
    let (from, to) = (
        open.path().unwrap().to_path_buf(),
        other.path().unwrap().to_path_buf(),
    );
    drop((open, other));
    let bytes = {
        let (mut file, ()) = ProjectFile::open(&from, |_| Ok(())).unwrap();
        file.view().unwrap().result("predictions").unwrap().unwrap()
    };
    let (mut file, ()) = ProjectFile::open(&to, |_| Ok(())).unwrap();
    file.set_result("predictions", Some(&bytes)).unwrap();
    drop(file);
    assert_eq!(loaded(&mut OpenProject::open(to, quiet()).unwrap()), None);

    let mut open = OpenProject::open(from, quiet()).unwrap();
    open.set_predictions(None);
    assert!(matches!(one(&mut open), Happened::PredictionsSet));
    assert_eq!(loaded(&mut reopened(open)), None);
    let mut memory = OpenProject::in_memory("m", texts(3));
    memory.set_predictions(Some(said.clone()));
    memory.poll();
    assert_eq!(loaded(&mut memory), Some(said));
}

#[test]
fn a_log_that_makes_no_sense_is_damage() {
    let (_dir, open) = new(3);
    let path = open.path().unwrap().to_path_buf();
    drop(open);
    let (mut file, _) = ProjectFile::open(&path, |_| Ok(())).unwrap();
    let step = serde_json::to_string(&label(3, 0)).unwrap();
    block_on(file.append(&[step])).unwrap();
    drop(file);
    let before = fs::read(&path).unwrap();
    let error = OpenProject::open(&path, quiet()).unwrap_err().to_string();
    assert!(
        error.contains("damaged (step 1: there is no text 4; the project has 3)"),
        "{error}"
    );
    assert!(fs::read(&path).unwrap() == before);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever was done, in however large bursts, the file holds the project that a run in memory gives.
    #[test]
    fn the_file_is_the_project(
        actions in prop::collection::vec((any_action(), any::<bool>()), 0..60),
    ) {
        let (_dir, mut open) = new(20);
        let mut memory = OpenProject::in_memory("test", texts(20));
        for (action, pause) in actions {
            prop_assert_eq!(open.act(action.clone()), memory.act(action));
            if pause {
                settle(&mut open);
                prop_assert_eq!(seen(&open.project), seen(&memory.project));
            }
        }
        let open = reopened(open);
        prop_assert_eq!(seen(&open.project), seen(&memory.project));
        prop_assert_eq!(open.project.undoable(), memory.project.undoable());
        prop_assert_eq!(open.project.redoable(), memory.project.redoable());
        prop_assert_eq!(open.steps(), memory.steps());
    }
}

//! Files of labels: which one is written, and one that is read while the project goes on.

use super::*;

/// Opens the window, chooses something in it, presses Write and waits for what is said.
fn written(h: &mut Screenful, choose: impl FnOnce(&mut Screenful)) -> String {
    h.state_mut().shared.messages.clear();
    h.key_press_modifiers(Modifiers::COMMAND, Key::E);
    h.run_ok();
    choose(h);
    h.run_ok();
    h.get_by_label("Write").click();
    h.run_ok();
    for _ in 0..100_000 {
        if !h.state().shared.messages.is_empty() {
            break;
        }
        h.step();
        std::thread::yield_now();
    }
    h.state().shared.messages[0].text.clone()
}

fn type_place(h: &mut Screenful, path: &Path) {
    h.get_by_label("Where to write").focus();
    h.run_ok();
    h.get_by_label("Where to write")
        .type_text(&path.display().to_string());
}

#[test]
fn another_format_writes_another_file() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let mut h = screen(Some(turns(20, 4)), WIDE, |_| {});
    let said = written(&mut h, |h| type_place(h, &at("labels.csv")));
    assert!(said.contains("labels.csv"), "{said}");
    let table = std::fs::read_to_string(at("labels.csv")).unwrap();
    let said = written(&mut h, |h| h.get_by_label("Parquet").click());
    assert!(said.contains("labels.parquet"), "{said}");
    written(&mut h, |h| h.get_by_label("Hugging Face folder").click());
    assert!(at("labels.parquet").is_file() && at("labels").is_dir());
    assert_eq!(std::fs::read_to_string(at("labels.csv")).unwrap(), table);
}

#[test]
fn a_file_that_is_there_is_replaced_after_a_yes_and_no_sooner() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("labels.csv");
    std::fs::write(&path, "mine").unwrap();
    let is_kept = || std::fs::read_to_string(&path).unwrap() == "mine";
    let mut h = screen(Some(turns(20, 4)), WIDE, |_| {});
    h.key_press_modifiers(Modifiers::COMMAND, Key::E);
    h.run_ok();
    type_place(&mut h, &path);
    h.run_ok();
    // Neither Esc nor Enter, which are pressed without reading, are a yes.
    for key in [Key::Escape, Key::Enter] {
        h.get_by_label("Write").click();
        h.run_ok();
        h.get_by_label("labels.csv is there already. What it holds now would be lost.");
        press(&mut h, key);
        assert!(h.query_by_label("Replace it").is_none() && is_kept());
        assert!(h.state().panel.export.is_shown());
    }
    // Another place needs no answer to the question about this one.
    h.get_by_label("Write").click();
    h.run_ok();
    h.get_by_label("Parquet").click();
    h.run_ok();
    assert!(h.query_by_label("Replace it").is_none());
    h.get_by_label("CSV").click();
    h.run_ok();
    h.get_by_label("Write").click();
    h.run_ok();
    h.get_by_label("Replace it").focus();
    h.run_ok();
    press(&mut h, Key::Enter);
    for _ in 0..100_000 {
        if !h.state().shared.messages.is_empty() {
            break;
        }
        h.step();
        std::thread::yield_now();
    }
    assert!(!is_kept() && !h.state().panel.export.is_shown());
    // What this window wrote itself it may write again.
    let said = written(&mut h, |_| {});
    assert!(said.contains("labels.csv"), "{said}");
}

#[test]
fn the_table_of_the_project_is_called_so_before_it_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let project = turns(20, 4);
    let path = dir.path().join(&project.project.texts.source);
    std::fs::write(&path, "text\nmessage number 1\n").unwrap();
    let mut h = screen(Some(project), WIDE, |_| {});
    h.key_press_modifiers(Modifiers::COMMAND, Key::E);
    h.run_ok();
    type_place(&mut h, &path);
    h.run_ok();
    h.get_by_label("Write").click();
    h.run_ok();
    h.get_by_label("Replace the table");
    h.get_by_label("Keep it").click();
    h.run_ok();
    assert_eq!(
        std::fs::read_to_string(&path).unwrap(),
        "text\nmessage number 1\n"
    );
}

#[test]
fn the_file_of_the_project_is_not_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("p.unfreeze");
    let texts = Texts {
        texts: vec!["one".into(), "two".into()],
        ..Texts::default()
    };
    let wake: crate::session::project::Wake = Arc::new(|| {});
    let mut open = OpenProject::create(path.clone(), "p", Arc::new(texts), Arc::clone(&wake)).unwrap();
    let name = "billing".into();
    open.act(Step::CreateLabel { name }).unwrap();
    label(&mut open, 0, 0);
    while open.busy() {
        open.poll();
        std::thread::yield_now();
    }
    let mut h = screen(Some(open), WIDE, |_| {});
    let detour = dir.path().join(".").join("p.unfreeze");
    let said = written(&mut h, |h| type_place(h, &detour));
    assert!(said.contains("the file of this project itself"), "{said}");
    drop(h);
    let again = OpenProject::open(path, wake).unwrap();
    assert_eq!(again.project.labelled(), 1);
}

#[test]
fn labels_from_a_file_are_compared_anew_with_a_project_that_went_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("labels.csv");
    // A label in Russian, in an encoding that only the user knows.
    std::fs::write(&path, b"text,label\nmessage number 7,\xEC\xE5\xF2\xEA\xE0\n").unwrap();
    let reading = Reading {
        encoding: Some("windows-1251".parse().unwrap()),
        ..Reading::default()
    };
    // The number that the file's new label was to have is given to another one.
    let go_on = |bench: &mut Bench, name: &str| {
        let name = name.into();
        bench.open().act(Step::CreateLabel { name }).unwrap();
    };
    let mut h = screen(Some(turns(20, 2)), WIDE, |bench| {
        bench.panel.notice(&mut bench.shared);
        let open = bench.shared.project.as_ref().unwrap();
        bench.panel.export.read(open, path, reading, Arc::new(|| {}));
        go_on(bench, "while it is read");
    });
    h.key_press_modifiers(Modifiers::COMMAND, Key::E);
    let offered = |h: &mut Screenful| {
        for _ in 0..100_000 {
            h.step();
            if h.query_by_label("Give these labels").is_some() {
                break;
            }
            std::thread::yield_now();
        }
        h.run_ok();
        h.run_steps(4);
        h.get_by_label("New labels: метка.");
    };
    offered(&mut h);
    go_on(h.state_mut(), "while it is shown");
    offered(&mut h);
    h.get_by_label("Give these labels").click();
    h.run_ok();
    let project = h.state().project();
    let Some(Answer::Label(id)) = project.answer(7) else {
        panic!("no label was given")
    };
    assert_eq!((id, project.label(id).unwrap().name.as_str()), (4, "метка"));
}

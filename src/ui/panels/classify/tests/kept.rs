//! What outlives the screen: evidence, the project's classifier, files of labels.

use egui_kittest::kittest::NodeT as _;

use super::*;
use crate::ui::panels::classify::coming::Coming;

#[test]
fn trust_and_the_classifier_are_kept_with_the_project() {
    let dir = tempfile::tempdir().unwrap();
    let model = dir.path().join("model");
    std::fs::create_dir(&model).unwrap();
    std::fs::write(model.join("config.json"), "{}").unwrap();
    let mut open = turns(60, 40);
    open.put_model(lesson::MODEL, &model);
    let mut learned = Lesson::begin(&open.project);
    let said: Vec<Prediction> = (0..40)
        .map(|row| Prediction {
            row,
            probabilities: predict(row as TextId),
        })
        .collect();
    learned.hear(&["billing".into(), "returns".into()], &said, &[]);
    open.set(lesson::SETTING, &learned);
    let h = screen(Some(open), WIDE, |_| {});
    assert_eq!(h.state().shared.model.as_ref(), Some(&model));
    h.get_by_label_contains("40 labels that it had not seen");
    h.get_by_label("Classify every text");
}

#[test]
fn a_run_that_goes_on_later_speaks_of_the_labels_that_it_was_given() {
    let mut open = turns(60, 0);
    for text in 10..50 {
        label(&mut open, text, truth(text));
    }
    let h = screen(Some(open), WIDE, |bench| {
        let record = Record {
            number: 3,
            status: Status::Running,
            ..Record::default()
        };
        // The project is opened again; more is labelled before the run goes on.
        bench.shared.run.restore(vec![record]);
        bench.panel.interrupted(None, &mut bench.shared);
        label(bench.open(), 3, truth(3));
        bench.shared.run.resume();
        bench.panel.notice(&mut bench.shared);
        bench.say(started("fit"));
        bench.say(Event::OutOfSample {
            labels: bench.classes(),
            predictions: (0..40)
                .map(|row| Prediction {
                    row,
                    probabilities: predict(10 + row as TextId),
                })
                .collect(),
            folds: vec![0; 40],
        });
        bench.say(done("fit", json!({"out": "/made/up/classifier"})));
    });
    let panel = &h.state().panel;
    let held_out: Vec<TextId> = panel.lesson.held_out.iter().map(|h| h.0).collect();
    assert_eq!(held_out, (10..50).collect::<Vec<_>>());
    assert_eq!(panel.lesson.run, 3);
    let known = &panel.known.as_ref().unwrap().1;
    assert_eq!((known.news, known.mistakes.len()), (1, 4));
}

#[test]
fn the_lesson_to_come_is_kept_until_the_project_has_the_classifier() {
    let kept = |bench: &Bench| Coming::kept(bench.shared.project.as_ref().unwrap());
    let mut h = screen(Some(turns(60, 40)), WIDE, |bench| {
        assert_eq!(kept(bench), None);
        bench.train(predict);
        // It is there, and the project has not said that its file is on disk.
        let coming = kept(bench).unwrap();
        assert_eq!((coming.lesson.run, coming.lesson.trained.len()), (1, 40));
        assert_eq!(coming.lesson.held_out.len(), 40);
    });
    assert_eq!(kept(h.state()), None);
    // A run that begins before an earlier one's classifier is on disk keeps its own.
    let bench = h.state_mut();
    bench.train(predict);
    label(bench.open(), 50, truth(50));
    bench.shared.run.begin(Recipe::default(), Vec::new());
    bench.panel.notice(&mut bench.shared);
    h.run_ok();
    let coming = kept(h.state()).unwrap();
    assert_eq!((coming.lesson.run, coming.lesson.trained.len()), (3, 41));
}

/// The window was killed, or the tab was discarded, between the end of a run and hearing of it.
#[test]
fn a_classifier_that_was_finished_unheard_is_taken_in_and_says_what_is_not_known_of_it() {
    let serde_json::Value::Object(result) = json!({
        "error": 0.14, "error_low": 0.08, "error_high": 0.24, "estimated_on": 40, "folds": 5,
        "baseline_error": 0.01, "baseline_error_low": 0.0, "baseline_error_high": 0.05, "rows": 40, "seconds": 80.0,
    }) else {
        panic!("an object")
    };
    let written = |written| crate::session::unfinished::Finished {
        out: "/made/up/classifier".into(),
        written,
        result: result.clone(),
    };
    let mut open = turns(60, 40);
    open.act(Step::KeepAside {
        texts: vec![40, 41, 42, 43],
    })
    .unwrap();
    let mut h = screen(Some(open), WIDE, |bench| {
        bench.panel.notice(&mut bench.shared);
        bench.shared.run.begin(Recipe::default(), Vec::new());
        bench.panel.notice(&mut bench.shared);
        // More is labelled before the window goes.
        for text in 40..46 {
            label(bench.open(), text, truth(text));
        }
        bench.panel = ClassifyPanel::default();
        bench.shared.run = crate::ui::run::Run::default();
        let older = bench.panel.unheard(&written(1), &mut bench.shared);
        assert!(older.is_none(), "it is an earlier run's");
        let unheard = bench.panel.unheard(&written(u64::MAX), &mut bench.shared);
        let (run, outcome) = unheard.unwrap();
        assert_eq!((run, outcome.estimate.unwrap().rows), (1, 40));
    });
    let bench = h.state();
    assert_eq!(bench.shared.model, Some("/made/up/classifier".into()));
    let lesson = &bench.panel.lesson;
    assert_eq!((lesson.run, lesson.trained.len()), (1, 40));
    assert!(Coming::kept(bench.shared.project.as_ref().unwrap()).is_none());
    h.get_by_label("Classify every text");
    h.get_by_label_contains("nobody listened when training told");
    // What is measured on labels that were kept aside is not set beside a number of others.
    h.state_mut().classify(predict);
    h.run_ok();
    let panel = &h.state().panel;
    let known = &panel.known.as_ref().unwrap().1;
    assert_eq!((known.judged.len(), known.news), (4, 2));
    assert!(panel.lesson.baseline.is_none_or(|b| b.rows == 4));
    assert!(h.query_by_label_contains("Counting words does better").is_none());
}

#[test]
fn a_classifier_of_another_project_is_not_taken() {
    let h = screen(Some(turns(60, 40)), WIDE, |bench| {
        bench.panel.notice(&mut bench.shared);
        bench.shared.run.begin(Recipe::default(), Vec::new());
        bench.panel.notice(&mut bench.shared);
        bench.say(started("fit"));
        bench.shared.project = Some(turns(50, 30));
        bench.panel.notice(&mut bench.shared);
        bench.say(done("fit", json!({"out": "/made/up/classifier"})));
    });
    assert_eq!(h.state().shared.model, None);
    h.get_by_label("No classifier has been trained yet");
}

#[test]
fn what_is_exported_is_what_the_table_says() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out.csv");
    let mut h = usual();
    h.key_press_modifiers(Modifiers::COMMAND, Key::E);
    h.run_ok();
    // The table's keys do not reach through the window.
    press(&mut h, Key::ArrowDown);
    assert_eq!(h.state().panel.selected, None);
    h.get_by_label("Where to write").focus();
    h.run_ok();
    h.get_by_label("Where to write")
        .type_text(&path.display().to_string());
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
    assert!(h.state().shared.messages[0].text.contains("out.csv"));
    assert!(!h.state().panel.export.is_shown());
    let written = std::fs::read_to_string(&path).unwrap();
    assert_eq!(written.lines().count(), 2_001);
    let results = h.state().panel.results.as_ref().unwrap();
    let (id, sure) = results.predicted(1_500).unwrap();
    let name = &h.state().project().label(id).unwrap().name;
    let line = written.lines().nth(1_501).unwrap();
    assert!(
        line.contains("message number 1500") && line.contains(name.as_str()),
        "{line}"
    );
    assert!(line.contains(&format!("{sure:.3}")[..4]), "{line} {sure}");
}

#[test]
fn labels_are_read_from_a_file_and_undone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("labels.csv");
    std::fs::write(&path, "text,label\nmessage number 7,fraud\nelsewhere,billing\n").unwrap();
    let mut h = screen(Some(turns(20, 2)), WIDE, |bench| {
        bench.panel.notice(&mut bench.shared);
        let open = bench.shared.project.as_ref().unwrap();
        bench
            .panel
            .export
            .read(open, path, Reading::default(), Arc::new(|| {}));
    });
    h.key_press_modifiers(Modifiers::COMMAND, Key::E);
    for _ in 0..100_000 {
        h.step();
        if h.query_by_label("Give these labels").is_some() {
            break;
        }
        std::thread::yield_now();
    }
    h.run_ok();
    h.get_by_label("New labels: fraud.");
    h.get_by_label("1 label is for a text that this project does not have.");
    h.run_steps(4);
    h.get_by_label("Give these labels").click();
    h.run_ok();
    assert_eq!(h.state().project().answer(7), Some(Answer::Label(2)));
}

#[test]
fn labels_can_be_read_in_before_there_is_any_to_export() {
    let mut h = screen(None, WIDE, |_| {});
    h.key_press_modifiers(Modifiers::COMMAND, Key::E);
    h.run_ok();
    let said = &h.state().shared.messages[0].text;
    assert!(said.contains("open some texts first"), "{said}");
    assert!(!h.state().panel.export.is_shown());

    let mut h = screen(Some(turns(20, 0)), WIDE, |_| {});
    h.key_press_modifiers(Modifiers::COMMAND, Key::E);
    h.run_ok();
    h.get_by_label("There is nothing to export yet: label some texts first.");
    let disabled = |h: &Screenful, name: &str| h.get_by_label(name).accesskit_node().is_disabled();
    assert!(disabled(&h, "Write") && !disabled(&h, "Import labels"));
    label(h.state_mut().open(), 7, 1);
    h.run_ok();
    assert!(!disabled(&h, "Write"));
}

#[test]
fn a_classifier_that_is_worse_than_counting_words_is_called_so() {
    let mut h = usual();
    assert!(h.query_by_label_contains("Counting words does better").is_none());
    h.state_mut().panel.lesson.baseline = Some(crate::ui::run::Share {
        error: 0.01,
        low: 0.0,
        high: 0.05,
        rows: 100,
        p: None,
    });
    h.run_ok();
    h.get_by_label_contains("Counting words does better");
}

#[test]
fn a_difference_that_may_be_chance_is_called_so_and_no_vote_is_advised() {
    let mut h = usual();
    assert!(h.query_by_label_contains("too close to tell").is_none());
    let lesson = &mut h.state_mut().panel.lesson;
    for share in [&mut lesson.baseline, &mut lesson.together] {
        let share = share.as_mut().unwrap();
        (share.error, share.p) = (0.01, Some(0.2));
    }
    h.run_ok();
    h.get_by_label_contains("too close to tell on these labels. If it voted too: 1 %");
    assert!(h.query_by_label_contains("Counting words does better").is_none());
    assert!(h.query_by_label_contains("TF-IDF votes too").is_none());
}

#[test]
fn a_label_that_no_class_is_of_is_shown_as_not_learned() {
    let mut open = turns(300, 120);
    open.act(Step::KeepAside {
        texts: (0..40).collect(),
    })
    .unwrap();
    let h = screen(Some(open), WIDE, |bench| {
        let classes = bench.classes();
        bench.train(predict);
        let rare = Step::CreateLabel { name: "rare".into() };
        bench.open().act(rare).unwrap();
        for text in 0..8 {
            label(bench.open(), text, 2);
        }
        bench.panel.running = Some((0, 0));
        bench.say(started("predict"));
        bench.say(Event::Predictions {
            labels: classes,
            predictions: (0..300)
                .map(|text| Prediction {
                    row: text as usize,
                    probabilities: predict(text),
                })
                .collect(),
        });
        bench.say(done("predict", json!({"rows": 300, "seconds": 1.0})));
    });
    let known = &h.state().panel.known.as_ref().unwrap().1;
    let report = known.report.as_ref().unwrap();
    assert_eq!(report.rows, 120);
    let given: Vec<usize> = report.confusion.iter().map(|row| row.iter().sum()).collect();
    assert_eq!(given, [56, 56, 8]);
    // They are the worst mistakes.
    let mut worst = known.mistakes[..8].to_vec();
    worst.sort_unstable();
    assert_eq!(worst, (0..8).collect::<Vec<TextId>>());
    assert_eq!(known.cell(2, 0), [1, 5, 7]);
    h.get_by_label_contains("texts labelled not learned are taken for billing");
}

#[test]
fn a_classifier_that_guesses_casts_no_doubt_on_labels() {
    // It is a little surer of the wrong label than it is of right ones on average.
    let guess = |text: TextId| match text % 4 {
        1 => vec![0.48, 0.52],
        3 => vec![0.47, 0.53],
        _ => vec![0.49, 0.51],
    };
    let h = screen(Some(turns(200, 60)), WIDE, |bench| {
        bench.train(guess);
        bench.classify(guess);
    });
    let known = &h.state().panel.known.as_ref().unwrap().1;
    assert!(!crate::session::trust::label_errors(&known.judged).is_empty());
    assert!(!known.mistakes.is_empty() && known.doubtful.is_empty());
    // Of labels that it has learned from it says nothing.
    let judged = known.judged.len();
    h.get_by_label(&format!(
        "None of the {judged} labels that it had not seen looks wrong."
    ));
}

/// Texts that were added since are no rows of the table, and can be classified with the others.
#[test]
fn texts_that_were_added_are_not_classified_yet() {
    let mut h = usual();
    assert!(h.query_by_label_contains("not classified yet").is_none());
    let open = h.state_mut().open();
    let of = Arc::clone(&open.project.texts);
    let mut texts = Texts::clone(&of);
    let new = ["a new message", "and another"].map(String::from);
    texts.texts.extend(new);
    open.grow(&of, Arc::new(texts), None).unwrap();
    h.run_steps(6);
    h.get_by_label("2 texts were added since and are not classified yet.");
    h.get_by_label("1,900 texts labelled");
    h.get_by_label("by run 1 in 41 s, and 100 by you");
    h.get_by_label("Classify every text").click();
    h.run_ok();
    assert_eq!(h.state().panel.running, Some((0, 2_002)));
}

/// A project that is opened again shows what its classifier said, without classifying; training forgets it.
#[test]
fn the_table_is_there_again_when_the_project_is_opened_again() {
    let mut h = usual();
    let confidence = |h: &Screenful| {
        let results = h.state().panel.results.as_ref()?;
        Some(
            results
                .rows
                .iter()
                .map(|r| (r.label, r.confidence))
                .collect::<Vec<_>>(),
        )
    };
    let before = confidence(&h);
    assert!(before.as_ref().is_some_and(|rows| rows.len() == 2_000));
    // Another screen of the same project, which knows nothing yet and has no model.
    let again = |h: &mut Screenful| {
        h.state_mut().panel = ClassifyPanel::default();
        h.state_mut().shared.model = None;
        h.run_steps(4);
    };
    again(&mut h);
    h.get_by_label("by run 1 in 41 s, and 100 by you");
    h.get_by_label_contains("left to check");
    assert_eq!(confidence(&h), before);
    assert!(h.query_by_label_contains("Classifying").is_none());

    // What an older classifier said is not shown as the new one's.
    h.state_mut().train(predict);
    again(&mut h);
    assert_eq!(confidence(&h), None);
    h.state_mut().classify(predict);
    again(&mut h);
    h.get_by_label("by run 2 in 41 s, and 100 by you");
    h.state_mut().panel.lesson.run = 7;
    let lesson = h.state().panel.lesson.clone();
    h.state_mut().open().set(lesson::SETTING, &lesson);
    again(&mut h);
    assert_eq!(confidence(&h), None);
}

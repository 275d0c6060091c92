use std::cell::RefCell;
use std::rc::Rc;

use super::super::console::Look;
use super::*;

/// A stream that a test reads back.
#[derive(Clone, Default)]
pub struct Buffer(Rc<RefCell<Vec<u8>>>);

impl io::Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Buffer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.borrow()).into_owned()
    }
}

/// A run of `fit`, as `--json` records it.
pub const RECORDED: &str = r#"
{"event":"started","job":"fit","device":"CPU (2 threads)","reason":"no GPU was found","seed":7}
{"event":"loaded","what":"labelled","path":"reviews.csv","rows":1000,"text_columns":["title","body"],"label_column":"stars","labels":[["neg",400],["pos",600]]}
{"event":"warning","message":"3 rows have no label"}
{"event":"note","message":"5-fold cross-validation, because labels are few"}
{"event":"stage_started","stage":"tokenize","groups":[],"total":1000,"unit":"texts"}
{"event":"progress","stage":"tokenize","done":500,"total":1000,"per_second":2500.0,"seconds_left":0.2}
{"event":"stage_done","stage":"tokenize","seconds":0.4}
{"event":"stage_started","stage":"train fold 1 of 5","groups":["embedding","rnn 1","head"],"total":1340,"unit":"steps"}
{"event":"step","stage":"train fold 1 of 5","step":1,"total":1340,"epoch":1,"loss":0.71,"cross_entropy":0.7,"groups":[{"rate":0.0,"frozen":true},{"rate":0.0,"frozen":true},{"rate":0.004,"frozen":false}],"tokens_per_second":3120.4,"seconds_left":200.0}
{"event":"step","stage":"train fold 1 of 5","step":2,"total":1340,"epoch":2,"loss":0.6,"cross_entropy":0.6,"ar":0.1,"tar":0.2,"groups":[{"rate":0.0,"frozen":true},{"rate":0.001,"frozen":false,"weight_norm":3.0},{"rate":0.004,"frozen":false}],"tokens_per_second":3100.0,"seconds_left":190.0}
{"event":"step","stage":"train fold 1 of 5","step":3,"total":1340,"epoch":3,"loss":0.5123,"cross_entropy":0.5,"groups":[{"rate":0.0005,"frozen":false},{"rate":0.001,"frozen":false},{"rate":0.004,"frozen":false}],"tokens_per_second":3100.0,"seconds_left":190.0}
{"event":"evaluation","stage":"train fold 1 of 5","epoch":3,"nll":0.4321,"error":0.125}
{"event":"saved","path":"my-model/checkpoint","step":1340}
{"event":"stage_done","stage":"train fold 1 of 5","seconds":200.0}
{"event":"paused","step":3}
{"event":"resumed"}
{"event":"line","text":"a line of the result"}
{"event":"classified","row":1,"text":"two\nlines","label":"pos","confidence":0.98765}
{"event":"table","title":"Labels","columns":["label","f1"],"rows":[["neg","0.91"],["pos","0.93"]]}
{"event":"done","job":"fit","error":0.083,"error_low":0.06,"error_high":0.11,"baseline_error":0.166,"accuracy":0.917,"classes":[{"label":"neg"}],"unheard_of":3}
"#;

pub fn recorded() -> Vec<Event> {
    RECORDED
        .trim()
        .lines()
        .map(|line| serde_json::from_str(line).expect(line))
        .collect()
}

fn told(events: &[Event], look: Look) -> (String, String) {
    let (out, err) = (Buffer::default(), Buffer::default());
    let context = Context {
        made: Some("my-model".into()),
        next: Some("classify --model my-model".into()),
    };
    let console = Console::new(look, Box::new(out.clone()), Box::new(err.clone()));
    let mut report = Report::new(console, context);
    for event in events {
        report.event(event).expect("a buffer takes everything");
    }
    (out.text(), err.text())
}

#[test]
fn a_recorded_run_is_told() {
    let (out, err) = told(&recorded(), Look::default());
    for line in [
        "fit on CPU (2 threads) (no GPU was found), seed 7",
        "labelled: reviews.csv, 1,000 rows, text from title + body, label from stars; neg 400, pos 600",
        "warning: 3 rows have no label",
        "5-fold cross-validation, because labels are few",
        "tokenize: 1,000 texts ...",
        "tokenize: done in 0.4s",
        "layer groups, first to last: embedding, rnn 1, head",
        "train fold 1 of 5: 1,340 steps ...",
        "train fold 1 of 5, epoch 1: **^ training head",
        "train fold 1 of 5, epoch 2: *^^ training rnn 1, head",
        "train fold 1 of 5, epoch 3: ^^^ training every layer group",
        "train fold 1 of 5, epoch 3: error 12.5 %, nll 0.4321",
        "checkpoint at step 1,340: my-model/checkpoint",
        "train fold 1 of 5: done in 3m 20s, 3 steps, loss 0.5123, 3,100 tokens/s",
        "paused at step 3",
        "going on",
        "error 8.3 % (95 % interval 6.0 % to 11.0 %): of 1,000 new texts about 83 (60 to 110) will be labelled wrongly",
        "written to my-model",
        "unheard of: 3",
        "next: unfreeze classify --model my-model",
    ] {
        assert!(err.lines().any(|told| told == line), "{line:?} is not in\n{err}");
    }
    assert!(err.contains("this model makes 50.0 % fewer mistakes"), "{err}");
    assert!(
        out.starts_with("a line of the result\npos\t0.988\ttwo lines\nLabels\n"),
        "{out}"
    );
    assert!(out.contains("| neg   | 0.91 |"), "{out}");
    assert_eq!(
        out.matches("neg").count(),
        1,
        "a table that the engine gave is not repeated\n{out}"
    );
    assert!((out + &err).is_ascii(), "the C locale has ASCII only");
}

#[test]
fn frozen_groups_are_ice_where_unicode_is() {
    let look = Look {
        unicode: true,
        ..Look::default()
    };
    let (out, err) = told(&recorded(), look);
    assert!(
        err.contains("❄❄▲ training head") && err.contains("❄▲▲ training rnn 1, head"),
        "{err}"
    );
    assert!(out.contains('┌'), "{out}");
}

#[test]
fn colours_only_on_a_terminal_that_wants_them() {
    let failed = Event::Failed {
        message: "no such file".into(),
        usage: false,
        device: None,
        diverged: None,
    };
    let (_, plain) = told(std::slice::from_ref(&failed), Look::default());
    assert_eq!(plain, "error: no such file\n");
    let (_, coloured) = told(
        &[failed],
        Look {
            color: true,
            ..Look::default()
        },
    );
    assert!(coloured.contains("\x1b[1;31merror:\x1b[0m no such file"));
}

#[test]
fn a_stage_inside_a_stage_gives_way_again() {
    let mut events = recorded();
    let step = events
        .iter()
        .position(|event| matches!(event, Event::Step { .. }))
        .expect("has steps");
    let inside = [
        r#"{"event":"stage_started","stage":"evaluate","groups":[],"total":9,"unit":"texts"}"#,
        r#"{"event":"progress","stage":"evaluate","done":9,"total":9,"per_second":1.0,"seconds_left":null}"#,
    ];
    for line in inside.into_iter().rev() {
        events.insert(step + 1, serde_json::from_str(line).expect(line));
    }
    let (_, err) = told(&events, Look::default());
    // The outer stage still knows its groups, and what was frozen.
    assert!(
        err.contains("*^^ training rnn 1, head") && err.contains("1 of 5: done in 3m 20s, 3 steps"),
        "{err}"
    );
    assert_eq!(err.matches("**^").count(), 1, "{err}");
}

#[test]
fn tables_are_made_of_a_result_that_came_without() {
    let done = r#"{"event":"done","job":"evaluate","error":0.1,"classes":[{"f1":0.5,"label":"neg"}],"confusion":[[3,1],[0,4]]}"#;
    let (out, _) = told(
        &[serde_json::from_str(done).expect("is an event")],
        Look::default(),
    );
    assert!(
        out.contains("| neg   | 0.5 |") && out.contains("confusion"),
        "{out}"
    );
}

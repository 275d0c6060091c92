//! With an engine that says what the test has it say: what is asked of it and when, and what is left where it breaks off.

use super::*;
use crate::session::Session;
use crate::session::protocol::{Command, Job};

#[test]
fn what_was_said_before_is_shown_again_where_classifying_anew_breaks_off() {
    let mut h = usual();
    let (engine, commands, _events) = Session::scripted();
    h.state_mut().shared.engine = engine;
    let message = "made up".to_owned();
    for ended in [
        Event::Stopped {
            message: message.clone(),
        },
        Event::Failed {
            message,
            usage: false,
            device: None,
            diverged: None,
        },
    ] {
        let bench = h.state_mut();
        bench.panel.act(Action::Classify, &mut bench.shared);
        assert!(commands.try_recv().is_ok() && bench.panel.results.is_none());
        bench.say(ended);
        h.run_steps(4);
        assert!(h.state().panel.running.is_none());
        assert_eq!(found_rows(&h), 2_000);
        h.get_by_label("by run 1 in 41 s, and 100 by you");
    }
}

#[test]
fn classifying_waits_until_the_labels_kept_aside_are_measured() {
    // Asked for while the model is measured.
    let waiting = || {
        let (engine, commands, events) = Session::scripted();
        let mut h = screen(Some(turns(20, 10)), WIDE, |bench| {
            bench.shared.engine = engine;
            bench.train(predict);
            bench.shared.run.measure();
        });
        h.get_by_label("Classify every text").click();
        h.run_ok();
        h.run_steps(2);
        assert!(h.state().panel.is_wanted() && commands.is_empty());
        let said = &h.state().shared.messages.last().unwrap().text;
        assert!(said.starts_with("Classifying begins when"), "{said}");
        h.get_by_label("The labels kept aside are being measured");
        (h, commands, events)
    };
    let measured = |h: &mut Screenful| {
        let bench = h.state_mut();
        bench.say(started("evaluate"));
        bench.say(done("evaluate", json!({"error": 0.1, "rows": 25})));
        h.run_steps(3);
    };

    let (mut h, commands, _events) = waiting();
    measured(&mut h);
    let Ok(Command::Start(job)) = commands.try_recv() else {
        panic!("nothing was asked of the engine")
    };
    assert!(matches!(*job, Job::Predict(_)));
    assert!(h.state().panel.running.is_some() && !h.state().panel.is_wanted());

    let (mut h, commands, _events) = waiting();
    h.get_by_label("Stop").click();
    h.run_ok();
    measured(&mut h);
    h.get_by_label("The classifier is ready");
    assert!(commands.is_empty(), "it was taken back");

    let (mut h, commands, _events) = waiting();
    h.state_mut().shared.project = Some(turns(30, 10));
    h.run_steps(2);
    measured(&mut h);
    assert!(commands.is_empty(), "it was for another project");
}

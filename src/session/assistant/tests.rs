//! A scripted user labels the built-in sample.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use super::mind::Mind;
use super::snapshot::Snapshot;
use super::*;
use crate::session::project::{Action, Answer, LabelId, TextId};

/// The sample's texts and true labels.
fn sample() -> (Arc<Texts>, Vec<LabelId>, Vec<String>) {
    let bytes = include_bytes!("../../../assets/sample/messages.csv");
    let table = crate::io::parse_table(
        Path::new("messages.csv"),
        bytes,
        &crate::io::TableOptions {
            text_columns: vec!["text".into()],
            label_column: Some("label".into()),
            labels: crate::io::Labels::Required,
            ..Default::default()
        },
    )
    .unwrap();
    let mut names: Vec<String> = table
        .rows
        .iter()
        .map(|r| table.label(r).unwrap().to_string())
        .collect();
    let of_rows = names.clone();
    names.sort();
    names.dedup();
    let label = |name: &String| names.iter().position(|n| n == name).unwrap() as LabelId;
    let truth = of_rows.iter().map(label).collect();
    let texts = table.rows.iter().map(|r| table.fields(r).join(" ")).collect();
    (texts_of(texts), truth, names)
}

fn texts_of(texts: Vec<String>) -> Arc<Texts> {
    Arc::new(Texts {
        texts,
        ..Texts::default()
    })
}

/// A user who knows the true labels, and the assistant beside them.
struct Script {
    mind: Mind,
    project: Project,
    truth: Vec<LabelId>,
    /// Every pick that was answered, in order.
    picks: Vec<Pick>,
}

impl Script {
    fn new(texts: &Arc<Texts>, truth: &[LabelId], names: &[String], seed: u64) -> Self {
        let mut project = Project::new("sample", Arc::clone(texts));
        for name in names {
            project.apply(Action::CreateLabel { name: name.clone() }).unwrap();
        }
        Self {
            mind: Mind::new(Arc::clone(texts), seed),
            project,
            truth: truth.to_vec(),
            picks: Vec::new(),
        }
    }

    fn settle(&mut self) {
        self.mind.hear(&Snapshot::from(&self.project));
        while self.mind.step().is_some() {}
    }

    /// Answers what the queue has first; whether there was anything.
    fn answer(&mut self) -> bool {
        let Some(&pick) = self.mind.insight.queue.first() else {
            return false;
        };
        if pick.reason == Reason::KeptAside {
            let texts = self.mind.insight.picks_aside(&self.project);
            assert!(texts.contains(&pick.text) || self.project.is_aside(pick.text));
            self.project.apply(Action::KeepAside { texts }).unwrap();
        }
        let answer = Answer::Label(self.truth[pick.text as usize]);
        let (text, suggested) = (pick.text, None);
        self.project
            .apply(Action::Answer {
                text,
                answer,
                suggested,
            })
            .unwrap();
        self.picks.push(pick);
        self.settle();
        self.check();
        true
    }

    /// What must hold at any time.
    fn check(&self) {
        let insight = &self.mind.insight;
        let queue: HashSet<TextId> = insight.queue.iter().map(|p| p.text).collect();
        assert_eq!(queue.len(), insight.queue.len(), "a text is in the queue twice");
        assert!(
            queue
                .iter()
                .all(|&t| !matches!(self.project.answer(t), Some(Answer::Label(_) | Answer::Unsure)))
        );
        assert!(
            self.mind.examples.iter().all(|e| !self.project.is_aside(e.0)),
            "trained on what is kept aside"
        );
        assert!(self.mind.measured.iter().all(|e| self.project.is_aside(e.0)));
        for row in insight.probabilities.values() {
            assert_eq!(row.len(), insight.labels.len());
            assert!((row.iter().sum::<f32>() - 1.0).abs() < 1e-3, "{row:?}");
        }
        if let Some(estimate) = insight.estimate {
            assert_eq!(estimate.trained_on, self.mind.examples.len());
            assert_eq!(estimate.measured_on, self.mind.measured.len());
            assert!(estimate.interval.0 <= estimate.error && estimate.error <= estimate.interval.1);
            assert!(
                insight
                    .history
                    .windows(2)
                    .all(|h| h[0].trained_on < h[1].trained_on)
            );
        }
    }

    /// Share of the texts without an answer whose suggestion is wrong.
    fn error(&self) -> f64 {
        let rest: Vec<TextId> = (0..self.truth.len() as TextId)
            .filter(|&t| self.project.answer(t).is_none())
            .collect();
        let suggested = |t: TextId| self.mind.insight.suggestion(t).unwrap().0;
        let wrong = rest
            .iter()
            .filter(|&&t| suggested(t) != self.truth[t as usize])
            .count();
        wrong as f64 / rest.len() as f64
    }
}

#[test]
fn a_hundred_labels_of_the_sample() {
    let (texts, truth, names) = sample();
    let mut script = Script::new(&texts, &truth, &names, 7);
    script.settle();
    assert_eq!(script.mind.insight.features, (600, 600));
    let mut errors = Vec::new();
    for n in 1..=100 {
        assert!(script.answer());
        if [20, 50, 100].contains(&n) {
            let insight = &script.mind.insight;
            println!(
                "{n} labels: {:.3} wrong, {:?}, {:?}",
                script.error(),
                insight.estimate,
                insight.churn
            );
            errors.push(script.error());
        }
    }
    assert!(errors[2] < errors[0], "{errors:?}");
    let insight = &script.mind.insight;
    assert_eq!(script.mind.measured.len(), 25);
    assert_eq!(script.mind.examples.len(), 75);
    let counted = |f: &dyn Fn(&Reason) -> bool| script.picks.iter().filter(|p| f(&p.reason)).count();
    let counts = [
        counted(&|r| *r == Reason::KeptAside),
        counted(&|r| *r == Reason::Random),
        counted(&|r| *r == Reason::Diverse),
        counted(&|r| matches!(r, Reason::Uncertain { first, second } if first != second)),
    ];
    assert_eq!(counts[0], 25);
    assert!(counts.iter().all(|&n| n >= 15), "{counts:?}");
    assert!(insight.churn.is_some_and(|c| c.labels >= 20 && c.changed < 0.8));
    assert!(insight.history.len() >= 5);
    // The words that decide lie where words lie, the strongest has weight 1.
    let next = insight.queue[0].text;
    let tints = &insight.tints[&next];
    let text = &texts.texts[next as usize];
    assert!(
        tints
            .iter()
            .all(|t| text.get(t.bytes.clone()).is_some_and(|w| !w.trim().is_empty()))
    );
    assert!(tints.iter().any(|t| t.weight == 1.0));
    // Taking all of it back leaves nothing to suggest.
    while script.project.apply(Action::Undo).is_ok() {}
    script.settle();
    assert!(script.mind.insight.labels.is_empty() && script.mind.insight.probabilities.is_empty());
    assert_eq!(script.mind.insight.estimate, None);
}

#[test]
fn the_seed_decides_what_is_asked() {
    let (texts, truth, names) = sample();
    let asked = |seed| {
        let mut script = Script::new(&texts, &truth, &names, seed);
        script.settle();
        (0..16).for_each(|_| assert!(script.answer()));
        (script.picks.clone(), script.mind.insight.queue.clone())
    };
    assert_eq!(asked(1), asked(1));
    assert_ne!(asked(1).0, asked(2).0);
}

#[test]
fn similar_texts_and_the_map() {
    let (texts, truth, _) = sample();
    let mut mind = Mind::new(Arc::clone(&texts), 3);
    for text in 0..10 {
        mind.find_similar(text);
    }
    mind.find_similar(99_999);
    mind.draw_map();
    while mind.step().is_some() {}
    let mut same = 0;
    for text in 0..10 {
        let similar = &mind.insight.similar[&text];
        assert_eq!(similar.len(), 30);
        assert!(!similar.contains(&text) && similar.iter().all(|&t| !mind.insight.is_reserved(t)));
        same += similar
            .iter()
            .take(5)
            .filter(|&&t| truth[t as usize] == truth[text as usize])
            .count();
    }
    // By chance a sixth of the 50.
    println!("{same} of 50 nearest texts have the same label");
    assert!(same >= 20);
    let map = &mind.insight.map;
    assert_eq!(map.len(), 600);
    assert!(map.iter().all(|(_, p)| p.iter().all(|x| (0.0..=1.0).contains(x))));
    let near = |i: usize| {
        let far = |j: &usize| (0..2).map(|a| (map[i].1[a] - map[*j].1[a]).powi(2)).sum::<f32>();
        (0..600)
            .filter(|&j| j != i)
            .min_by(|a, b| far(a).total_cmp(&far(b)))
            .unwrap()
    };
    let label = |i: usize| truth[map[i].0 as usize];
    let same = (0..600).filter(|&i| label(i) == label(near(i))).count();
    println!("{same} of 600 lie beside one of their label");
    assert!(same >= 200);
}

#[test]
fn skipped_texts_come_last_and_all_texts_come() {
    let (all, truth, names) = sample();
    let mut few: Vec<String> = all.texts[..12].to_vec();
    few.push("  \n".into());
    let mut truth = truth[..12].to_vec();
    truth.push(0);
    let mut script = Script::new(&texts_of(few), &truth, &names, 7);
    script.settle();
    let skipped = script.mind.insight.queue[0].text;
    let answer = Answer::Skipped;
    script
        .project
        .apply(Action::Answer {
            text: skipped,
            answer,
            suggested: None,
        })
        .unwrap();
    script.settle();
    while script.answer() {}
    assert_eq!(script.picks.len(), 13);
    assert_eq!(script.picks[12].text, skipped);
    assert_eq!(
        script.picks[11].text, 12,
        "a text without words comes after those with some"
    );
}

/// More texts are another draw of those to keep aside: what is aside stays so, and nothing that was learned from becomes so.
#[test]
fn texts_that_were_added_leave_apart_what_was_kept_apart() {
    let (all, truth, names) = sample();
    let few = texts_of(all.texts[..300].to_vec());
    let mut script = Script::new(&few, &truth, &names, 5);
    script.settle();
    (0..40).for_each(|_| assert!(script.answer()));
    let aside = script.project.aside().to_vec();
    let learned: Vec<TextId> = script.mind.examples.iter().map(|e| e.0).collect();
    assert!(!aside.is_empty() && !learned.is_empty());
    script.project.texts = Arc::clone(&all);
    script.mind = Mind::new(Arc::clone(&all), 5);
    script.settle();
    script.check();
    assert_eq!(script.mind.insight.features, (600, 600));
    (0..24).for_each(|_| assert!(script.answer()));
    assert!(aside.iter().all(|&text| script.project.is_aside(text)));
    assert!(learned.iter().all(|&text| !script.project.is_aside(text)));
    let new = script.picks[40..].iter().filter(|pick| pick.text >= 300).count();
    assert!(new > 0, "the new ones are asked for as well");
}

/// A table comes label by label.
#[test]
fn an_import_teaches_all_of_its_labels_from_the_first_ones_on() {
    let texts = texts_of((0..5_200).map(|i| format!("message number {i}")).collect());
    let mut project = Project::new("import", Arc::clone(&texts));
    let mut mind = Mind::new(texts, 1);
    for (id, name) in ["negative", "positive"].into_iter().enumerate() {
        project.apply(Action::CreateLabel { name: name.into() }).unwrap();
        let first = 2_500 * id as TextId;
        let given = Action::AnswerMany {
            texts: (first..first + 2_500).collect(),
            answer: Answer::Label(id as LabelId),
            alike: false,
        };
        project.apply(given).unwrap();
    }
    mind.hear(&Snapshot::from(&project));
    let imported = mind.examples.clone();
    let share = |part: &[(TextId, LabelId)]| {
        let positive = part.iter().filter(|e| e.1 == 1).count();
        positive as f64 / part.len() as f64
    };
    let last = imported.len() - 100;
    for part in [&imported[..], &imported[..100], &imported[last..]] {
        assert!((0.3..0.7).contains(&share(part)), "{}", share(part));
    }
    // What is labelled one by one comes last, and the earlier heads keep what they learned from.
    for text in 5_000..5_100 {
        let (answer, suggested) = (Answer::Label(0), None);
        project
            .apply(Action::Answer {
                text,
                answer,
                suggested,
            })
            .unwrap();
    }
    mind.hear(&Snapshot::from(&project));
    let (earlier, later) = mind.examples.split_at(imported.len());
    assert_eq!(earlier, imported);
    assert!(later.iter().map(|e| e.0).eq(5_000..5_100));
}

#[test]
fn odd_texts_do_no_harm() {
    let many = |n: usize, text: &str| texts_of(vec![text.to_string(); n]);
    for texts in [
        many(0, ""),
        many(1, ""),
        many(1, "one"),
        many(30, ""),
        many(10_000, "the same text"),
    ] {
        let truth: Vec<LabelId> = (0..texts.texts.len()).map(|i| (i % 2) as LabelId).collect();
        let mut script = Script::new(&texts, &truth, &["a".into(), "b".into()], 7);
        script.mind.draw_map();
        script.mind.find_similar(0);
        script.mind.explain(0);
        script.settle();
        assert_eq!(script.mind.insight.features.0, texts.texts.len());
        for _ in 0..20 {
            script.answer();
        }
        assert_eq!(script.mind.insight.map.len(), texts.texts.len());
        assert!(
            script
                .mind
                .insight
                .map
                .iter()
                .flat_map(|m| m.1)
                .all(f32::is_finite)
        );
        if texts.texts.len() > 5_000 {
            // What a new head makes of all texts comes in parts, so that a label is heard between them.
            let before = Arc::clone(&script.mind.insight.probabilities);
            assert_eq!(before.len(), texts.texts.len());
            let new = |mind: &Mind| {
                let rows = mind.insight.probabilities.iter();
                rows.filter(|row| !Arc::ptr_eq(row.1, &before[row.0])).count()
            };
            script.mind.hear(&Snapshot::from(&script.project));
            assert_eq!(script.mind.step(), Some(Told::Much));
            assert_eq!(new(&script.mind), 5_000);
            while script.mind.step().is_some() {}
            assert_eq!(new(&script.mind), texts.texts.len());
        }
    }
    // One label only: nothing to suggest, but no harm either.
    let (texts, _, _) = sample();
    let mut script = Script::new(&texts, &[0; 600], &["a".into()], 7);
    script.settle();
    (0..15).for_each(|_| assert!(script.answer()));
    assert!(script.mind.insight.labels.is_empty());
}

#[test]
fn the_thread_answers_and_ends() {
    let (texts, _, _) = sample();
    let (sender, woken) = channel();
    let wake = Arc::new(move || {
        sender.send(()).ok();
    });
    let assistant = Assistant::spawn(Arc::clone(&texts), 1, wake).unwrap();
    let wait = |done: &dyn Fn(&Insight) -> bool| {
        while !done(&assistant.insight()) {
            woken
                .recv_timeout(Duration::from_secs(120))
                .expect("the assistant says no more");
        }
    };
    wait(&|insight| !insight.queue.is_empty());
    wait(&|insight| insight.features.0 == 600);
    let mut project = Project::new("sample", texts);
    project.apply(Action::CreateLabel { name: "a".into() }).unwrap();
    let text = assistant.insight().queue[0].text;
    project
        .apply(Action::Answer {
            text,
            answer: Answer::Label(0),
            suggested: None,
        })
        .unwrap();
    assistant.tell(&project);
    wait(&|insight| insight.queue.iter().all(|p| p.text != text));
    drop(assistant);
    // The sender goes with the thread.
    while woken.recv_timeout(Duration::from_secs(120)).is_ok() {}
}

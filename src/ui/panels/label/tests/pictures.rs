//! Draws the screen on a software adapter in both modes and at two sizes; with `UNFREEZE_SHOTS=DIR` the pictures stay.

use super::*;
use crate::session::project::Label;

/// The sample's rows, by a parser as small as the file allows.
fn sample() -> Arc<Texts> {
    let csv = include_str!("../../../../../assets/sample/messages.csv");
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    for c in csv.chars() {
        match c {
            '"' => {
                if !quoted && !cell.is_empty() {
                    cell.push('"');
                }
                quoted = !quoted;
            }
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            '\r' => {}
            c => cell.push(c),
        }
    }
    let rows: Vec<Vec<String>> = rows.into_iter().skip(1).filter(|r| r.len() == 3).collect();
    Arc::new(Texts {
        source: "the built-in sample".into(),
        texts: rows.iter().map(|r| r[0].clone()).collect(),
        extra_columns: vec!["label".into(), "set".into()],
        extra: rows.iter().map(|r| r[1..].to_vec()).collect(),
        extra_json: Vec::new(),
    })
}

const NAMES: [&str; 6] = [
    "billing",
    "delivery",
    "returns",
    "product question",
    "technical problem",
    "praise",
];

/// Half-labelled, with what an assistant might know.
fn halfway(labelled: usize) -> (OpenProject, Insight) {
    let texts = sample();
    let mut open = open(texts.clone(), &NAMES);
    let labels: Vec<Label> = open.project.labels().cloned().collect();
    let truth = |t: usize| labels.iter().position(|l| l.name == texts.extra[t][0]).unwrap() as u16;
    for text in 0..labelled {
        let answer = if text % 17 == 5 {
            Answer::Unsure
        } else {
            Answer::Label(truth(text))
        };
        let step = Step::Answer {
            text: text as u32,
            answer,
            suggested: None,
        };
        open.act(step).unwrap();
    }
    open.act(Step::KeepAside {
        texts: vec![0, 9, 20],
    })
    .unwrap();
    let shown = (labelled..600)
        .max_by_key(|&t| texts.texts[t].len().min(300))
        .unwrap() as u32;
    let text = &texts.texts[shown as usize];
    let words: Vec<(usize, &str)> = text
        .split_whitespace()
        .map(|w| (w.as_ptr() as usize - text.as_ptr() as usize, w))
        .filter(|(_, w)| w.len() > 6)
        .collect();
    let tint = |(i, (at, word)): (usize, &(usize, &str))| Tint {
        bytes: *at..at + word.len(),
        label: [0, 1, 0, 2][i % 4],
        weight: 1.0 - 0.18 * i as f32,
    };
    let tints: Vec<Tint> = words.iter().take(5).enumerate().map(tint).collect();
    let estimate = |n: usize, error: f64, baseline: f64| Estimate {
        trained_on: n,
        measured_on: 12,
        error,
        interval: (error - 0.07, error + 0.07),
        baseline,
    };
    let probabilities = (0..600u32).map(|t| {
        let mut row = [0.02f32; 6];
        row[usize::from(truth(t as usize))] = 0.5 + 0.4 * ((t * 7919) % 100) as f32 / 100.0;
        if t == shown {
            row = [0.47, 0.41, 0.06, 0.03, 0.02, 0.01];
        }
        (t, Arc::from(row))
    });
    let around = |t: u32| {
        let jitter = |k: u32| ((t.wrapping_mul(k) >> 3) % 1000) as f32 / 1000.0;
        let turn = f32::from(truth(t as usize)) / 6.0 * std::f32::consts::TAU;
        let far = 0.16 * (jitter(2_654_435) + jitter(40_503) - 1.0);
        let side = 0.16 * (jitter(7_368_787) + jitter(93_251) - 1.0);
        [0.5 + 0.3 * turn.cos() + far, 0.5 + 0.3 * turn.sin() + side]
    };
    let similar: Vec<u32> = (300..600)
        .filter(|&t| truth(t as usize) == 0 && t != shown)
        .take(11)
        .collect();
    let history = vec![
        estimate(10, 0.44, 0.45),
        estimate(15, 0.37, 0.42),
        estimate(20, 0.31, 0.4),
        estimate(25, 0.22, 0.33),
        estimate(30, 0.18, 0.31),
    ];
    let insight = Insight {
        features: (600, 600),
        queue: vec![Pick {
            text: shown,
            reason: Reason::Uncertain { first: 0, second: 1 },
        }],
        labels: (0..6).collect(),
        probabilities: Arc::new(probabilities.collect()),
        estimate: history.last().copied(),
        history,
        churn: Some(Churn {
            labels: 20,
            changed: 0.06,
        }),
        tints: HashMap::from([(shown, Arc::from(tints))]),
        similar: HashMap::from([(shown, Arc::from(similar))]),
        map: (0..600).map(|t| (t, around(t))).collect(),
        ..Insight::default()
    };
    (open, insight)
}

/// Draws, and keeps the picture where asked to.
fn picture(h: &mut Screenful, name: &str) {
    for (mode, word) in [(egui::Theme::Light, "light"), (egui::Theme::Dark, "dark")] {
        h.ctx.set_theme(mode);
        h.run_steps(3);
        let image = h.render().expect("an adapter that draws");
        if let Ok(folder) = std::env::var("UNFREEZE_SHOTS") {
            let size = format!("{}x{}", image.width(), image.height());
            image
                .save(format!("{folder}/label-{name}-{word}-{size}.png"))
                .unwrap();
        }
    }
}

#[test]
fn the_screen_can_be_drawn() {
    for size in [(1204.0, 752.0), (1844.0, 1032.0), (390.0, 740.0)] {
        let (project, insight) = halfway(37);
        let mut h = screen(Some(project), insight, size);
        picture(&mut h, "read");
        press(&mut h, Key::S);
        picture(&mut h, "similar");
        press(&mut h, Key::M);
        picture(&mut h, "map");
        press(&mut h, Key::Escape);
        h.get_by_label(if size.0 < 500.0 { "labels" } else { "edit labels" })
            .click();
        h.run();
        picture(&mut h, "manager");
    }
}

#[test]
fn the_other_states_can_be_drawn() {
    for size in [(1204.0, 752.0), (390.0, 740.0)] {
        picture(&mut screen(None, Insight::default(), size), "empty");
        picture(
            &mut screen(Some(open(sample(), &[])), Insight::default(), size),
            "first",
        );
        let mut h = screen(Some(open(sample(), &NAMES)), Insight::default(), size);
        press(&mut h, Key::N);
        picture(&mut h, "new-label");
        let (project, insight) = halfway(120);
        picture(&mut screen(Some(project), insight, size), "enough");
        let many: Vec<String> = (0..34).map(|i| format!("a label called {i}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let long = "Zeile eins\nZeile zwei\n\n".to_owned() + &"a long text that goes on ".repeat(300);
        let project = open(texts(&[&long]), &many);
        picture(&mut screen(Some(project), Insight::default(), size), "many");
    }
}

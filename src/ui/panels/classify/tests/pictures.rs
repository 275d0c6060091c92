//! Draws the screen on a software adapter in both modes and at two sizes; with `UNFREEZE_SHOTS=DIR` the pictures stay.

use super::*;

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

/// The classes in the order of the classifier.
fn sorted() -> Vec<&'static str> {
    let mut names = NAMES.to_vec();
    names.sort_unstable();
    names
}

/// A number from 0 to 1 that belongs to a text.
fn chance(text: TextId, which: u32) -> f32 {
    let mixed = (text + 1)
        .wrapping_mul(2_654_435_761)
        .wrapping_add(which.wrapping_mul(40_503_977));
    ((mixed ^ (mixed >> 15)).wrapping_mul(2_246_822_519) >> 8) as f32 / (1 << 24) as f32
}

/// Mostly right, less often where it is less sure.
fn made_up(texts: &Texts, text: TextId) -> Vec<f32> {
    let truth = sorted()
        .iter()
        .position(|n| *n == texts.extra[text as usize][0])
        .unwrap();
    let sure = 0.42 + 0.57 * chance(text, 1).powf(0.45);
    let wrong = chance(text, 2) > sure + 0.12;
    let other = (truth + 1 + (chance(text, 3) * 2.0) as usize) % 6;
    let said = if wrong { other } else { truth };
    let mut p = vec![(1.0 - sure) * 0.1; 6];
    p[said] = sure;
    p[if wrong { truth } else { other }] = (1.0 - sure) * 0.6;
    p
}

fn project(labelled: usize) -> OpenProject {
    let texts = sample();
    let mut open = OpenProject::in_memory("messages", texts.clone());
    for name in NAMES {
        open.act(Step::CreateLabel { name: name.into() }).unwrap();
    }
    for text in 0..labelled {
        let truth = NAMES.iter().position(|n| *n == texts.extra[text][0]).unwrap();
        label(&mut open, text as TextId, truth as LabelId);
    }
    open
}

fn full(size: (f32, f32)) -> Screenful {
    let texts = sample();
    screen(Some(project(100)), size, |bench| {
        bench.train(|text| made_up(&texts, text));
        bench.classify(|text| made_up(&texts, text));
    })
}

/// What an explanation of a text may be: the long words count.
fn explain(h: &mut Screenful, asker: Asker, text: &str, said: usize, sure: f32) {
    let words = text.split_whitespace().enumerate().map(|(i, word)| {
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        let weight = match word.len() {
            0..=4 => 0.0,
            n if i % 3 == 2 => -0.03 * n as f32,
            n => 0.05 * n as f32,
        };
        let mut weights = vec![-weight / 5.0; 6];
        weights[said] = weight.min(sure - 0.02);
        WordWeight {
            start,
            end: start + word.len(),
            weights,
        }
    });
    let mut probabilities = vec![(1.0 - sure) / 5.0; 6];
    probabilities[said] = sure;
    let event = Event::Explanation {
        text: text.into(),
        labels: sorted().into_iter().map(String::from).collect(),
        probabilities,
        words: words.collect(),
    };
    let bench = h.state_mut();
    bench.panel.answered(asker, event, &mut bench.shared);
    h.run_ok();
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
                .save(format!("{folder}/classify-{name}-{word}-{size}.png"))
                .unwrap();
        }
    }
}

#[test]
fn the_screen_can_be_drawn() {
    for size in [(1204.0, 752.0), (1844.0, 1032.0), (390.0, 740.0), (390.0, 1720.0)] {
        let mut h = full(size);
        picture(&mut h, "whole");
        h.state_mut().panel.filter.order = Order::LeastSure;
        h.run_ok();
        for _ in 0..4 {
            press(&mut h, Key::ArrowDown);
        }
        let bench = h.state();
        let text = bench.panel.selected.unwrap();
        let words = bench.project().texts.texts[text as usize].clone();
        let row = bench.panel.results.as_ref().unwrap().of(text).unwrap();
        let said = bench.panel.results.as_ref().unwrap().rows[row].label;
        explain(&mut h, Asker::Why, &words, said, 0.6);
        h.get_by_label("A text to try").focus();
        h.run_ok();
        h.get_by_label("A text to try")
            .type_text("i moved, where do i tell you");
        h.run_ok();
        explain(&mut h, Asker::Try, "i moved, where do i tell you", 1, 0.93);
        picture(&mut h, "why");
        h.ctx.memory_mut(|m| m.stop_text_input());
        h.run_ok();
        press(&mut h, Key::Num1);
        h.get_by_label_contains("Worst mistakes").click();
        h.run_ok();
        picture(&mut h, "corrected");
        h.key_press_modifiers(Modifiers::COMMAND, Key::E);
        h.run_ok();
        picture(&mut h, "export");
    }
}

#[test]
fn the_other_states_can_be_drawn() {
    for size in [(1204.0, 752.0), (390.0, 740.0)] {
        picture(&mut screen(None, size, |_| {}), "empty");
        picture(&mut screen(Some(project(0)), size, |_| {}), "no-label");
        picture(&mut screen(Some(project(40)), size, |_| {}), "no-model");
        let texts = sample();
        let mut h = screen(Some(project(40)), size, |bench| {
            bench.train(|text| made_up(&texts, text))
        });
        picture(&mut h, "ready");
        h.state_mut().panel.running = Some((230, 600));
        picture(&mut h, "classifying");
        // Without any label that it had not seen.
        let mut h = screen(Some(project(40)), size, |bench| {
            bench.train(|text| made_up(&texts, text));
            bench.panel.lesson.held_out.clear();
            bench.classify(|text| made_up(&texts, text));
        });
        picture(&mut h, "unmeasured");
    }
}

#[test]
fn labels_from_a_file_can_be_drawn() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("labels.csv");
    let texts = sample();
    let mut csv = String::from("text,label\nnot one of these,billing\n");
    for text in texts
        .texts
        .iter()
        .filter(|t| !t.contains(['"', ',', '\n']))
        .take(60)
    {
        csv += &format!(
            "{text},{}\n",
            if text.len() % 3 == 0 { "fraud" } else { "returns" }
        );
    }
    std::fs::write(&path, csv).unwrap();
    for size in [(1204.0, 752.0), (390.0, 740.0)] {
        let path = path.clone();
        let mut h = screen(Some(project(20)), size, |bench| {
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
        picture(&mut h, "import");
    }
}

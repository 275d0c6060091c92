//! Draws the screen on a software adapter in both modes and at two sizes; with `UNFREEZE_SHOTS=DIR` the pictures stay.

use super::*;
use crate::session::project::recent::Recent;

/// Draws, and keeps the picture where asked to.
fn picture(h: &mut Screenful, name: &str) {
    for (mode, word) in [(egui::Theme::Light, "light"), (egui::Theme::Dark, "dark")] {
        h.ctx.set_theme(mode);
        h.run_steps(4);
        let image = h.render().expect("an adapter that draws");
        if let Ok(folder) = std::env::var("UNFREEZE_SHOTS") {
            let size = format!("{}x{}", image.width(), image.height());
            image
                .save(format!("{folder}/texts-{name}-{word}-{size}.png"))
                .unwrap();
        }
    }
}

/// A list as somebody has it after some weeks.
fn list(h: &mut Screenful) {
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let recent = |name: &str, texts, labelled, ago: u64| Recent {
        path: PathBuf::from(format!("/home/me/Documents/Unfreeze/{name}.unfreeze")),
        name: name.into(),
        texts,
        labelled,
        opened: now - ago,
    };
    h.state_mut().panel.recents.set(vec![
        recent("support-messages", 10_412, 37, 600),
        recent("reviews", 1_000, 212, 90_000),
        recent(
            "a rather long name of a project that somebody gave it",
            88_120,
            100,
            500_000,
        ),
    ]);
}

/// What a real export may look like: ids, columns in between, gaps, repetitions.
fn messages() -> Vec<u8> {
    let sample = include_str!("../../../../../assets/sample/messages.csv");
    let mut out = String::from("ticket,received,text,label\n");
    let mut n = 0;
    for line in sample
        .lines()
        .skip(1)
        .filter(|l| !l.contains('"') && l.matches(',').count() == 2)
    {
        let parts: Vec<&str> = line.split(',').collect();
        n += 1;
        out += &format!(
            "{},2025-0{}-1{},{},{}\n",
            70_000 + n,
            1 + n % 9,
            n % 10,
            parts[0],
            parts[1]
        );
        if n % 61 == 7 {
            out += &format!("{},2025-02-02,,\n", 90_000 + n);
        }
        if n % 83 == 3 {
            out += &format!("{},2025-02-02,{},other\n", 90_000 + n, parts[0]);
        }
    }
    out.into_bytes()
}

#[test]
fn the_screen_can_be_drawn() {
    let dir = tempfile::tempdir().unwrap();
    let csv = file(dir.path(), "messages.csv", &messages());
    for size in [(1204.0, 752.0), (390.0, 740.0)] {
        let mut h = screen_with(None, size);
        picture(&mut h, "first");
        list(&mut h);
        picture(&mut h, "again");
        drop_file(&mut h, &csv);
        picture(&mut h, "preview");
        h.get_by_role_and_label(Role::Button, "Show rows with a repeated text")
            .click();
        h.run_steps(20);
        picture(&mut h, "preview-row");
        let mut h = screen_with(Some(small_project()), size);
        list(&mut h);
        picture(&mut h, "open");
        drop_file(&mut h, &csv);
        picture(&mut h, "preview-open");
    }
}

#[test]
fn the_other_states_can_be_drawn() {
    let dir = tempfile::tempdir().unwrap();
    let russian =
        "Посылка не пришла, и никто не отвечает на письма\nГде мой заказ\nСпасибо, всё хорошо\n".repeat(40);
    let wide: String = (0..30).map(|n| format!("field {n},")).collect::<String>() + "comment\n";
    let cells: String = (0..30).map(|n| format!("{n},")).collect();
    let rows = |n: usize| {
        (0..n)
            .map(|i| format!("{cells}this is a comment that somebody wrote as number {i}\n"))
            .collect::<String>()
    };
    let files = [
        file(dir.path(), "russian.txt", russian.as_bytes()),
        file(dir.path(), "wide.csv", (wide + &rows(2_000)).as_bytes()),
    ];
    for size in [(1204.0, 752.0), (390.0, 740.0)] {
        for (path, name) in files.iter().zip(["russian", "wide"]) {
            let mut h = screen_with(None, size);
            drop_file(&mut h, path);
            picture(&mut h, name);
        }
        let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/workbooks/figures.xlsx");
        let mut h = screen_with(None, size);
        drop_file(&mut h, &book);
        picture(&mut h, "refused-sheet");
        choose_sheet(&mut h, "Labels");
        picture(&mut h, "sheet");
        let mut h = screen_with(None, size);
        h.input_mut().hovered_files.push(egui::HoveredFile {
            path: Some(PathBuf::from("/home/me/reviews.csv")),
            ..Default::default()
        });
        picture(&mut h, "hovered");
        let mut h = screen_with(None, size);
        let work = Work::stalled("reviews.csv", 1_000, 430);
        h.state_mut().panel.work = Some(work);
        picture(&mut h, "reading");
    }
}

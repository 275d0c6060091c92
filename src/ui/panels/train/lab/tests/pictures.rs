//! Draws the screen on a software adapter in both modes and at several sizes; with `UNFREEZE_SHOTS=DIR` the pictures stay.

use super::*;

#[test]
fn the_screen_can_be_drawn() {
    let folder = std::env::var_os("UNFREEZE_SHOTS").map(PathBuf::from);
    let dir = tempfile::tempdir().unwrap();
    let ready = || {
        let mut state = unasked(dir.path(), 84);
        state.panel.lab.open();
        state
    };
    let entry = || unasked(dir.path(), 84);
    let running = || {
        let mut state = unasked(dir.path(), 84);
        midway(&mut state);
        state
    };
    let reading = || {
        let mut state = unasked(dir.path(), 84);
        begin(&mut state);
        hear(&mut state, step("adapt", 40));
        state
    };
    let stopped = || {
        let mut state = running();
        let message = String::new();
        hear(&mut state, Event::Stopped { message });
        state
    };
    let done = || {
        let mut state = unasked(dir.path(), 84);
        begin(&mut state);
        let result = result(&rows());
        let job = "lab".into();
        hear(&mut state, Event::Done { job, result });
        let open = state.shared.project.as_mut().unwrap();
        let answer = Answer::Label(0);
        open.act(Step::Answer {
            text: 90,
            answer,
            suggested: None,
        })
        .unwrap();
        state
    };
    let few = || {
        let mut state = unasked(dir.path(), 12);
        state.panel.lab.open();
        state
    };
    let makers: [(&str, &dyn Fn() -> State); 7] = [
        ("entry", &entry),
        ("ready", &ready),
        ("reading", &reading),
        ("running", &running),
        ("stopped", &stopped),
        ("done", &done),
        ("few", &few),
    ];
    for (mode, theme) in [("dark", egui::Theme::Dark), ("light", egui::Theme::Light)] {
        for (width, size) in [("1280", WIDE), ("800", [744.0, 900.0]), ("390", [390.0, 1900.0])] {
            for (name, make) in makers {
                let mut harness = harness(make(), size, theme);
                harness.run_steps(3);
                let image = harness.render().expect("an adapter that draws");
                if let Some(folder) = &folder {
                    std::fs::create_dir_all(folder).unwrap();
                    let file = format!("lab-{name}-{mode}-{width}.png");
                    image.save(folder.join(file)).unwrap();
                }
            }
        }
    }
}

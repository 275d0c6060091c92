use super::*;

/// Pictures to look at, where a folder for them is named.
#[test]
fn pictures() {
    let Some(folder) = std::env::var_os("UNFREEZE_SHOTS") else {
        return;
    };
    let folder = PathBuf::from(folder);
    std::fs::create_dir_all(&folder).unwrap();
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
                let image = harness.render().unwrap();
                let file = format!("lab-{name}-{mode}-{width}.png");
                image.save(folder.join(file)).unwrap();
            }
        }
    }
}

//! Draws the screen on a software adapter in both modes and at several sizes; with `UNFREEZE_SHOTS=DIR` the pictures stay.

use super::*;

#[test]
fn the_screen_can_be_drawn() {
    let folder = std::env::var_os("UNFREEZE_SHOTS").map(std::path::PathBuf::from);
    let dir = tempfile::tempdir().unwrap();
    for (mode, theme) in [("dark", egui::Theme::Dark), ("light", egui::Theme::Light)] {
        for (width, size) in [
            ("1280", WIDE),
            ("1920", [1844.0, 1035.0]),
            ("390", [390.0, 740.0]),
        ] {
            let ready = || {
                let mut shared = shared(dir.path());
                shared.project = Some(project(600, 84));
                let panel = TrainPanel::default();
                State { panel, shared }
            };
            let done = || {
                let mut state = running(dir.path());
                finish(&mut state.shared.run, 0.18);
                state
            };
            let adapting = || {
                let mut state = running(dir.path());
                state.panel.seek = Some(Playhead { stage: 0, step: 70 });
                state
            };
            let failed = || {
                let mut state = running(dir.path());
                let open = project(600, 84);
                let Readiness::Ready(material) = ready::readiness(Some(&open.project)) else {
                    panic!("there are labels")
                };
                let recipe = &state.panel.recipe;
                let common = state.shared.settings.common();
                let job = start::fit(&open.project, &material, recipe, common, dir.path());
                state.panel.job = Some(Box::new(job));
                state.shared.run.record.device = "A graphics card".into();
                state.shared.run.push(Event::Failed {
                    message: "the device failed; run again with `--resume` or `--device cpu`".into(),
                    usage: false,
                    device: Some("the device failed while computing (device lost)".into()),
                    diverged: None,
                });
                state
            };
            let makers: [(&str, &dyn Fn() -> State); 5] = [
                ("running", &|| running(dir.path())),
                ("ready", &ready),
                ("done", &done),
                ("adapting", &adapting),
                ("failed", &failed),
            ];
            for (name, make) in makers {
                let mut harness = harness(make(), size, theme);
                harness.run_steps(3);
                let image = harness.render().expect("an adapter that draws");
                if let Some(folder) = &folder {
                    std::fs::create_dir_all(folder).unwrap();
                    image
                        .save(folder.join(format!("train-{name}-{mode}-{width}.png")))
                        .unwrap();
                }
            }
        }
    }
}

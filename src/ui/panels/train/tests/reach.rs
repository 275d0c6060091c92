//! At any width nothing lies over anything else, and keys reach what a pointer does.

use egui::accesskit::Role;

use super::*;

#[test]
fn numbers_and_titles_have_room_at_every_width() {
    let dir = tempfile::tempdir().unwrap();
    for width in [
        390.0, 720.0, 768.0, 844.0, 900.0, 950.0, 1_000.0, 1_100.0, 1_204.0,
    ] {
        let mut shared = shared(dir.path());
        shared.project = Some(project(600, 84));
        let panel = TrainPanel::default();
        let size = [width, 900.0];
        let mut harness = harness(State { panel, shared }, size, egui::Theme::Light);
        harness.run_steps(3);
        let mut rects = Vec::new();
        for name in ["η max", "cut_frac", "ratio", "÷ per layer"] {
            rects.push((name, harness.get_by_role_and_label(Role::Label, name).rect()));
            let number = format!("{name} as a number");
            rects.push((name, harness.get_by_label(&number).rect()));
        }
        let title = "Slanted triangular learning rates";
        rects.push((title, harness.get_by_label(title).rect()));
        rects.push(("place", harness.get_by_label_contains("log scale").rect()));
        for (at, (name, rect)) in rects.iter().enumerate() {
            assert!(rect.right() <= width, "{name} ends at {rect:?} of {width}");
            for (other, place) in &rects[..at] {
                let covers = rect.shrink(0.5).intersects(place.shrink(0.5));
                assert!(
                    !covers,
                    "{name} lies over {other} at {width}: {rect:?}, {place:?}"
                );
            }
        }
    }
}

#[test]
fn the_bar_of_progress_is_moved_by_keys() {
    let dir = tempfile::tempdir().unwrap();
    let mut harness = harness(running(dir.path()), WIDE, egui::Theme::Dark);
    harness.get_by_label("Progress").focus();
    harness.run_steps(3);
    let mut after = |key| {
        harness.key_press(key);
        harness.run_steps(2);
        harness.state().panel.seek.map(|at| at.step)
    };
    assert_eq!(after(egui::Key::ArrowLeft), Some(103));
    assert_eq!(after(egui::Key::Home), Some(1));
    assert_eq!(after(egui::Key::ArrowRight), Some(2));
    assert_eq!(after(egui::Key::PageUp), Some(7));
    assert_eq!(
        after(egui::Key::End),
        None,
        "the end of a run that goes on is the run itself"
    );
}

//! With a project file, which answers later.

use super::*;

#[test]
fn a_text_that_is_skipped_again_gives_way_to_the_next_once_that_is_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("skipped.unfreeze");
    let open = OpenProject::create(path, "skipped", numbered(2), Arc::new(|| {})).unwrap();
    let mut shared = Shared::for_tests(Some(open));
    // What the file reports is heard only here.
    let settle = |shared: &mut Shared| {
        let open = shared.project.as_mut().unwrap();
        while open.busy() {
            open.poll();
            std::thread::yield_now();
        }
    };
    let follow = |desk: &mut Desk, shared: &Shared| {
        let open = shared.project.as_ref().unwrap();
        desk.follow(&open.project, open.busy(), &shared.insight);
        desk.drawn();
        desk.text()
    };
    let skipped = Step::AnswerMany {
        texts: vec![0, 1],
        answer: Answer::Skipped,
        alike: false,
    };
    assert!(send(&mut shared, skipped));
    settle(&mut shared);
    let mut desk = Desk::new(2, SEED);
    desk.revisit();
    let mut now = 10.0;
    for (text, next) in [(0, 1), (1, 0)] {
        assert_eq!(follow(&mut desk, &shared), Some(text));
        assert!(desk.answer(&mut shared, Answer::Skipped, None, now));
        assert_eq!(follow(&mut desk, &shared), Some(text));
        assert!(desk.is_waiting(), "it is on its way");
        settle(&mut shared);
        assert_eq!(follow(&mut desk, &shared), Some(next));
        now += 0.01;
    }
}

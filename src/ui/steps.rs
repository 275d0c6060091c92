//! Steps of a project in words: what was taken back or done again, where nothing on the screen shows it.

use super::widgets::texts;
use crate::session::project::{Action as Step, Answer, Project, TextId};

/// Letters of a text that are told.
const LETTERS: usize = 40;

/// What has become of the project by taking back so many steps, or doing so many again, of which the last is known from the
/// project; nothing where there was none of either.
pub fn told(project: &Project, undone: usize, redone: usize) -> Option<String> {
    let (done, what, back) = match (undone, redone) {
        (0, 0) => return None,
        (0, _) => ("Done again", project.undoable(), "Undo takes it back."),
        _ => ("Taken back", project.redoable(), "Redo gives it back."),
    };
    let what = what.map_or_else(|| "the last step".into(), |step| words(step, project));
    Some(match undone.max(redone) {
        1 => format!("{done}: {what}. {back}"),
        many => format!("{done}: {many} steps, the last of them {what}. {back}"),
    })
}

/// A step, as something that can be taken back.
fn words(step: &Step, project: &Project) -> String {
    let one = |text: TextId| {
        let text = project.texts.texts.get(text as usize);
        let text = text.map_or("", |text| text.trim());
        let line = text.lines().next().unwrap_or_default();
        let cut: String = line.chars().take(LETTERS).collect();
        let more = if cut.len() < text.len() { " …" } else { "" };
        format!("'{cut}{more}'")
    };
    let labels = |count: usize| match count {
        1 => "the label of 1 text".to_string(),
        count => format!("the labels of {}", texts(count)),
    };
    match step {
        Step::Answer { text, answer, .. } => match answer {
            Answer::Label(_) => format!("the label of {}", one(*text)),
            Answer::Skipped => format!("skipping {}", one(*text)),
            Answer::Unsure => format!("that {} cannot be told", one(*text)),
        },
        Step::AnswerMany { texts, .. } => labels(texts.len()),
        Step::AnswerByName { given } => labels(given.iter().map(|(_, texts)| texts.len()).sum()),
        Step::Clear { text } => format!("that {} has no answer any more", one(*text)),
        Step::CreateLabel { name } => format!("the new label '{name}'"),
        Step::RenameLabel { name, .. } => format!("the new name '{name}' of a label"),
        Step::MergeLabels { .. } => "making one label of two".into(),
        Step::DeleteLabel { .. } => "deleting a label".into(),
        Step::KeepAside { texts: aside } => format!("keeping {} aside", texts(aside.len())),
        Step::Undo | Step::Redo => "the last step".into(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::session::project::Texts;

    #[test]
    fn what_was_taken_back_and_done_again_is_named() {
        let texts = Texts {
            texts: vec![
                "where is my parcel, which you promised to bring on Monday?".into(),
                "short".into(),
                "third".into(),
            ],
            ..Texts::default()
        };
        let mut project = Project::new("p", Arc::new(texts));
        let label = |text| Step::Answer {
            text,
            answer: Answer::Label(0),
            suggested: None,
        };
        let all = Step::AnswerMany {
            texts: vec![0, 1, 2],
            answer: Answer::Label(0),
            alike: false,
        };
        let create = Step::CreateLabel { name: "Post".into() };
        for step in [create, label(0), label(1), all] {
            project.apply(step).unwrap();
        }
        assert_eq!(told(&project, 0, 0), None);
        let mut undo = |steps: usize| {
            for _ in 0..steps {
                project.apply(Step::Undo).unwrap();
            }
            told(&project, steps, 0).unwrap()
        };
        assert_eq!(undo(1), "Taken back: the labels of 3 texts. Redo gives it back.");
        assert_eq!(undo(1), "Taken back: the label of 'short'. Redo gives it back.");
        let said = undo(1);
        assert!(
            said.contains("the label of 'where is my parcel, which you promised t …'"),
            "{said}"
        );
        project.apply(Step::Redo).unwrap();
        let said = told(&project, 0, 1).unwrap();
        assert!(said.starts_with("Done again: the label of 'where is"), "{said}");
        for _ in 0..2 {
            project.apply(Step::Undo).unwrap();
        }
        assert_eq!(
            told(&project, 2, 0).unwrap(),
            "Taken back: 2 steps, the last of them the new label 'Post'. Redo gives it back."
        );
    }
}

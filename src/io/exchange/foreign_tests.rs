//! Files that are not read as what they were written as: by other programs, of other parts of them, or without their folder.

use std::fs;

use super::*;
use crate::io::{TableOptions, read_table};

/// Two labels, a text without one, and one that was skipped.
fn labels() -> Vec<String> {
    ["billing", "returns"].map(String::from).to_vec()
}

fn texts() -> Vec<String> {
    ["one of them", "another", "a third", "the last"]
        .map(String::from)
        .to_vec()
}

fn view<'a>(labels: &'a [String], texts: &'a [String]) -> Export<'a> {
    Export {
        name: "mail",
        labels,
        texts,
        answers: &[
            Some(Given::Label(1)),
            Some(Given::Label(0)),
            None,
            Some(Given::Skipped),
        ],
        predictions: &[],
        extra_columns: &[],
        extra: &[],
        extra_json: &[],
    }
}

fn verdicts(file: &LabelFile) -> Vec<Option<Verdict>> {
    file.rows.iter().map(|row| row.verdict.clone()).collect()
}

fn given() -> Vec<Option<Verdict>> {
    let label = |name: &str| Some(Verdict::Label(name.into()));
    vec![label("returns"), label("billing"), None, Some(Verdict::Skipped)]
}

/// Text, label and further cells of every row of a file with these contents, and the names of the further columns.
fn read(name: &str, contents: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    fs::write(&path, contents).unwrap();
    let file = read_labels(&path).unwrap();
    let rows = file.rows.into_iter().map(|row| {
        let label = match row.verdict {
            Some(Verdict::Label(label)) => label,
            _ => String::new(),
        };
        [vec![row.text, label], row.others].concat()
    });
    (file.others, rows.collect())
}

#[test]
fn the_table_of_a_data_set_has_the_names_of_its_classes_without_the_card() {
    let dir = tempfile::tempdir().unwrap();
    let (labels, texts) = (labels(), texts());
    export(&view(&labels, &texts), Format::HuggingFace, dir.path()).unwrap();
    let path = dir.path().join("data/train.parquet");
    let file = read_labels(&path).unwrap();
    assert_eq!((file.format, verdicts(&file)), (Format::Parquet, given()));
    let table = read_table(&path, &TableOptions::default()).unwrap();
    let labels: Vec<_> = table.rows.iter().map(|row| table.label(row)).collect();
    assert_eq!(labels, [Some("returns"), Some("billing"), None, None]);
    assert_eq!(table.text_columns(), ["text"]);
}

#[test]
fn the_files_of_a_data_set_may_lie_side_by_side() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("labels");
    let (labels, texts) = (labels(), texts());
    for _ in 0..2 {
        export_side_by_side(&view(&labels, &texts), Format::HuggingFace, &folder).unwrap();
    }
    let mut names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["README.md", "train.parquet"]);
    let card = fs::read_to_string(folder.join("README.md")).unwrap();
    assert!(card.contains("    path: train.parquet\n"), "{card}");
    assert_eq!(verdicts(&read_labels(&folder).unwrap()), given());
    let path = dir.path().join("labels.csv");
    export_side_by_side(&view(&labels, &texts), Format::Csv, &path).unwrap();
    assert_eq!(verdicts(&read_labels(&path).unwrap()), given());
}

#[test]
fn texts_that_nobody_looked_at_are_no_answers_of_prodigy() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.jsonl");
    let (labels, texts) = (labels(), texts());
    export(&view(&labels, &texts), Format::Prodigy, &path).unwrap();
    let file = read_labels(&path).unwrap();
    assert_eq!(verdicts(&file), given());
    assert_eq!(file.others, ["row"], "our own word for it is no column");
}

#[test]
fn the_label_of_a_list_is_found_beside_its_text() {
    // As Label Studio writes it in short, after the tag of its template for sentiments.
    let (columns, rows) = read(
        "short.json",
        r#"[{"id":7,"text":"a film that I liked","sentiment":"Positive","annotator":1,"lead_time":3.2},
            {"id":8,"text":"not so good","sentiment":"Negative","annotator":1,"lead_time":1.5}]"#,
    );
    assert_eq!(columns, ["id", "annotator", "lead_time"]);
    assert_eq!(
        rows,
        [
            ["a film that I liked", "Positive", "7", "1", "3.2"],
            ["not so good", "Negative", "8", "1", "1.5"]
        ]
    );
    let (columns, rows) = read(
        "list.json",
        r#"[{"title":"News","text":"It rains.","category":"weather"},
            {"title":"More","text":"It pours.","category":null}]"#,
    );
    assert_eq!(columns, ["title"]);
    assert_eq!(
        rows,
        [["It rains.", "weather", "News"], ["It pours.", "", "More"]]
    );
}

#[test]
fn options_do_not_make_a_task_of_a_question_or_a_product() {
    let (_, rows) = read(
        "products.jsonl",
        "{\"text\":\"a warm coat\",\"options\":[\"red\",\"blue\"],\"label\":\"clothes\"}\n\
         {\"text\":\"a round table\",\"options\":[],\"label\":\"furniture\"}\n",
    );
    assert_eq!(rows, [["a warm coat", "clothes"], ["a round table", "furniture"]]);
    let (_, rows) = read(
        "questions.jsonl",
        "{\"question\":\"Which of these is a fish?\",\"options\":[{\"id\":1},{\"id\":2}],\"label\":\"biology\"}\n\
         {\"question\":\"Which of these is a king?\",\"options\":[{\"id\":1},{\"id\":2}],\"label\":\"history\"}\n",
    );
    assert_eq!(
        rows,
        [
            ["Which of these is a fish?", "biology"],
            ["Which of these is a king?", "history"]
        ]
    );
}

#[test]
fn a_label_that_is_not_the_answer_stays_beside_the_text() {
    let (columns, rows) = read(
        "binary.jsonl",
        "{\"text\":\"a\",\"label\":\"x\",\"answer\":\"accept\"}\n\
         {\"text\":\"b\",\"label\":\"y\",\"answer\":\"reject\"}\n",
    );
    assert_eq!(columns, ["label"]);
    assert_eq!(rows, [vec!["a", "x"], vec!["b", "", "y"]]);
}

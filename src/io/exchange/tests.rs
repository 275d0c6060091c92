use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;

/// A project that owns what an [`Export`] borrows.
#[derive(Clone, Debug)]
struct Project {
    labels: Vec<String>,
    texts: Vec<String>,
    answers: Vec<Option<Given>>,
    predictions: Vec<Option<(usize, f32)>>,
    extra_columns: Vec<String>,
    extra: Vec<Vec<String>>,
    extra_json: Vec<bool>,
}

impl Project {
    fn view(&self) -> Export<'_> {
        Export {
            name: "a \"project\": #1",
            labels: &self.labels,
            texts: &self.texts,
            answers: &self.answers,
            predictions: &self.predictions,
            extra_columns: &self.extra_columns,
            extra: &self.extra,
            extra_json: &self.extra_json,
        }
    }

    fn verdicts(&self) -> Vec<(usize, Verdict)> {
        let verdict = |given: &Given| match given {
            Given::Label(label) => Verdict::Label(self.labels[*label].clone()),
            Given::Skipped => Verdict::Skipped,
            Given::Unsure => Verdict::Unsure,
        };
        self.answers
            .iter()
            .enumerate()
            .filter_map(|(at, given)| Some((at, verdict(given.as_ref()?))))
            .collect()
    }
}

fn path(dir: &Path, format: Format) -> PathBuf {
    match format.extension() {
        "" => dir.join("folder"),
        end => dir.join(format!("{}.{end}", format.name())),
    }
}

fn small() -> Project {
    let words = |w: &[&str]| w.iter().map(|w| (*w).to_string()).collect::<Vec<_>>();
    Project {
        labels: words(&["billing", "no: \"1\"\n- x"]),
        texts: words(&["one, \"two\"\r\nthree", "same", "same", "=1+1", "last\t\u{1F600}"]),
        answers: vec![
            Some(Given::Label(1)),
            Some(Given::Label(0)),
            Some(Given::Skipped),
            None,
            Some(Given::Unsure),
        ],
        predictions: vec![Some((0, 0.25)), None, None, Some((1, 0.98768)), None],
        extra_columns: words(&["id", "label", "label"]),
        extra: (0..5)
            .map(|n| vec![n.to_string(), "x".into(), String::new()])
            .collect(),
        extra_json: Vec::new(),
    }
}

#[test]
fn every_format_brings_back_labels_skips_doubts_and_repeated_texts() {
    let dir = tempfile::tempdir().unwrap();
    let project = small();
    for format in Format::ALL {
        let path = path(dir.path(), format);
        export(&project.view(), format, &path).unwrap();
        let file = read_labels(&path).unwrap();
        assert_eq!(file.format, format);
        let found = match_labels(&project.texts, &file);
        let verdicts: Vec<_> = found.verdicts.into_iter().collect();
        assert_eq!(verdicts, project.verdicts(), "{}", format.name());
        assert_eq!((found.matched, found.without), (4, 1));
        assert_eq!((found.unmatched.len(), found.conflicting.len()), (0, 0));
        // A second export replaces the first.
        export(&project.view(), format, &path).unwrap();
    }
}

#[test]
fn tables_have_our_columns_first_and_rename_others_of_the_same_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.csv");
    export(&small().view(), Format::Csv, &path).unwrap();
    let text = fs::read_to_string(&path).unwrap();
    assert!(
        text.starts_with(
            "\u{feff}row,text,label,answer,predicted_label,confidence,id,original_label,original_original_label\n\
             1,\"one, \"\"two\"\"\r\nthree\",\"no: \"\"1\"\"\n- x\",label,billing,0.2500,0,x,\n2,same,billing,label,,,1,x,\n"
        ),
        "{text}"
    );
}

#[test]
fn prodigy_tasks_have_options_and_an_answer_on_every_line() {
    let mut out = Vec::new();
    prodigy::write(&small().view(), &mut out).unwrap();
    let tasks: Vec<serde_json::Value> = String::from_utf8(out)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(tasks.iter().all(|t| t["options"].as_array().unwrap().len() == 2));
    assert_eq!(tasks[1]["accept"], serde_json::json!(["billing"]));
    assert_eq!(
        (&tasks[1]["answer"], &tasks[2]["answer"]),
        (&"accept".into(), &"ignore".into())
    );
    // Without an answer it would be accepted as one that has no class.
    assert_eq!(
        (&tasks[3]["answer"], &tasks[3]["meta"]["answer"]),
        (&"ignore".into(), &"none".into())
    );
    assert_eq!(tasks[3]["meta"]["confidence"], 0.9877);
}

#[test]
fn label_studio_tasks_agree_with_the_configuration() {
    let mut out = Vec::new();
    label_studio::write(&small().view(), &mut out).unwrap();
    let tasks: Vec<serde_json::Value> = serde_json::from_slice(&out).unwrap();
    let result = &tasks[1]["annotations"][0]["result"][0];
    let configuration = label_studio_configuration(&small().labels);
    for name in [&result["from_name"], &result["to_name"]] {
        assert!(configuration.contains(&format!("name={name}")), "{configuration}");
    }
    assert!(configuration.contains("value=\"no: &quot;1&quot;\n- x\""));
    assert_eq!(tasks[2]["annotations"][0]["was_cancelled"], true);
    assert_eq!(tasks[3]["annotations"], serde_json::json!([]));
    assert_eq!(tasks[3]["predictions"][0]["score"], 0.9877);
}

#[test]
fn files_of_the_other_tools_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let read = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        let file = read_labels(&path).unwrap();
        let rows = file.rows.into_iter().map(|row| (row.text, row.verdict));
        (file.format, rows.collect::<Vec<_>>(), file.unusable)
    };
    let label = |text: &str, label: &str| (text.to_string(), Some(Verdict::Label(label.into())));
    let (format, rows, unusable) = read(
        "binary.jsonl",
        "{\"text\":\"a\",\"label\":\"x\",\"answer\":\"accept\",\"_input_hash\":1}\n\
         {\"text\":\"b\",\"label\":\"x\",\"answer\":\"reject\"}\n\
         {\"text\":\"c\",\"label\":\"x\",\"answer\":\"ignore\"}\n\
         {\"text\":\"d\",\"options\":[],\"accept\":[7],\"answer\":\"accept\"}\n\
         {\"text\":\"e\",\"accept\":[\"x\",\"y\"],\"answer\":\"accept\"}\n",
    );
    let skipped = ("c".to_string(), Some(Verdict::Skipped));
    assert_eq!(format, Format::Prodigy);
    let none = |text: &str| (text.to_string(), None);
    assert_eq!(
        rows,
        [label("a", "x"), none("b"), skipped, label("d", "7"), none("e")]
    );
    assert_eq!(unusable, [2, 5]);

    let (format, rows, unusable) = read(
        "full.json",
        r#"[{"id":5,"data":{"review":"a"},"annotations":[{"result":[{"value":{"choices":["x"]}}]}]},
            {"data":{"text":"b"},"annotations":[{"result":[{"value":{"choices":["x"]}}]},
                                                {"result":[{"value":{"choices":["y"]}}]}]},
            {"text":"c","label":"y"}, {"text":"d","label":{"choices":["x","y"]}}]"#,
    );
    assert_eq!(format, Format::LabelStudio);
    assert_eq!(rows, [label("a", "x"), none("b"), label("c", "y"), none("d")]);
    assert_eq!(unusable, [2, 4]);

    let (format, rows, _) = read("plain.csv", "review,sentiment\na b c,good\nd e f,\n");
    assert_eq!(format, Format::Csv);
    assert_eq!(rows, [label("a b c", "good"), ("d e f".to_string(), None)]);

    let folder = dir.path().join("hub");
    fs::create_dir(&folder).unwrap();
    let card = "---\ndataset_info:\n  features:\n  - name: label\n    dtype:\n      class_label:\n        names:\n          \
                '0': neg\n          '1': 'so''so'\n---\n";
    fs::write(folder.join("README.md"), card).unwrap();
    fs::write(
        folder.join("train.jsonl"),
        "{\"text\":\"a\",\"label\":1}\n{\"text\":\"b\",\"label\":-1}\n",
    )
    .unwrap();
    let file = read_labels(&folder).unwrap();
    assert_eq!(file.rows[0].verdict, Some(Verdict::Label("so'so".into())));
    assert_eq!(file.rows[1].verdict, None);
}

/// The columns beside text and label, and every row: text, label, the cells of these columns.
fn table_of(path: &Path) -> (Vec<String>, Vec<Vec<String>>) {
    let file = read_labels(path).unwrap();
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
fn what_tells_texts_apart_is_kept_beside_them() {
    let dir = tempfile::tempdir().unwrap();
    let read = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        table_of(&path)
    };
    let (columns, rows) = read(
        "full.json",
        r#"[{"id":5,"data":{"source":"mail","text":"a","id":"A-1"},"annotations":[{"result":[{"value":{"choices":["x"]}}]}]},
            {"id":6,"data":{"text":"b","stars":4,"list":[1],"none":null},"annotations":[]}]"#,
    );
    assert_eq!(columns, ["task_id", "source", "id", "stars"]);
    assert_eq!(rows[0], ["a", "x", "5", "mail", "A-1"]);
    assert_eq!(rows[1], ["b", "", "6", "", "", "4"]);

    let (columns, rows) = read(
        "short.json",
        r#"[{"id":"u7","text":"a","label":1,"seen":true}, {"text":"b","label":{"choices":["y"]}}]"#,
    );
    assert_eq!(columns, ["id", "seen"]);
    assert_eq!(rows, [vec!["a", "1", "u7", "true"], vec!["b", "y"]]);

    let (columns, rows) = read(
        "tasks.jsonl",
        "{\"text\":\"a\",\"_input_hash\":9,\"label\":\"x\",\"answer\":\"accept\",\"meta\":{\"id\":3,\"answer\":\"no\"}}\n\
         {\"text\":\"b\",\"options\":[],\"meta\":{\"id\":4}}\n",
    );
    assert_eq!(columns, ["_input_hash", "meta_answer", "id"]);
    assert_eq!(rows, [vec!["a", "x", "9", "no", "3"], vec!["b", "", "", "", "4"]]);

    fs::create_dir(dir.path().join("hub")).unwrap();
    fs::write(
        dir.path().join("hub/train.jsonl"),
        "{\"key\":\"k1\",\"text\":\"a\",\"label\":\"x\",\"lang\":\"en\"}\n",
    )
    .unwrap();
    let (columns, rows) = table_of(&dir.path().join("hub"));
    assert_eq!(columns, ["key", "lang"]);
    assert_eq!(rows, [["a", "x", "k1", "en"]]);
}

#[test]
fn a_list_without_a_field_called_text_is_guessed_as_a_table_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.json");
    let rows = r#"[{"id":"r1","review":"a film that I liked","sentiment":"pos"},
                   {"id":"r2","review":"not so good","sentiment":null}]"#;
    fs::write(&path, rows).unwrap();
    let (columns, rows) = table_of(&path);
    assert_eq!(columns, ["id"]);
    assert_eq!(
        rows,
        [["a film that I liked", "pos", "r1"], ["not so good", "", "r2"]]
    );
    fs::write(&path, r#"[{"id":1,"stars":4}]"#).unwrap();
    let error = read_labels(&path).unwrap_err().to_string();
    assert!(
        error.contains("no column holds text; the columns are 'id', 'stars'"),
        "{error}"
    );
}

#[test]
fn only_what_is_not_ascii_has_a_mark_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.csv");
    let mut project = small();
    project.texts[4] = "plain".into();
    export(&project.view(), Format::Csv, &path).unwrap();
    assert!(fs::read(&path).unwrap().starts_with(b"row,"));
    project.extra[2][1] = "café".into();
    export(&project.view(), Format::Csv, &path).unwrap();
    assert!(fs::read(&path).unwrap().starts_with(b"\xEF\xBB\xBFrow,"));
    let file = read_labels(&path).unwrap();
    assert_eq!((file.rows.len(), file.warnings.len()), (5, 0));
    assert_eq!(file.rows[0].row, Some(0));
}

#[test]
fn labels_in_another_encoding_are_read_with_a_word_about_it() {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in [
        ("a.csv", &b"text,label\ncaf\xE9,x\nthe,y\n"[..]),
        ("a.json", b"[{\"text\":\"caf\xE9\",\"label\":\"x\"}]"),
        ("a.jsonl", b"{\"text\":\"caf\xE9\",\"answer\":\"ignore\"}\n"),
    ] {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        let file = read_labels(&path).unwrap();
        assert_eq!(file.rows[0].text, "café", "{name}");
        let told = file.warnings[0].to_string();
        assert!(told.contains("read as Windows-1252"), "{name}: {told}");
    }
}

#[test]
fn minus_one_is_a_label_where_classes_are_not_numbered() {
    let dir = tempfile::tempdir().unwrap();
    let rows = [(-1, "a"), (0, "b"), (1, "c")];
    let lines: String = rows
        .iter()
        .map(|(label, text)| format!("{{\"text\":\"{text}\",\"label\":{label}}}\n"))
        .collect();
    fs::write(dir.path().join("train.jsonl"), lines).unwrap();
    let file = read_labels(dir.path()).unwrap();
    let found: Vec<_> = file.rows.into_iter().map(|row| row.verdict).collect();
    assert_eq!(
        found,
        ["-1", "0", "1"].map(|label| Some(Verdict::Label(label.into())))
    );
}

#[test]
fn a_task_without_a_text_is_named_by_its_number() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.json");
    fs::write(&path, "[\n\n{\"data\":{\"text\":\"a\"}},\n{\"id\":1}]").unwrap();
    let error = read_labels(&path).unwrap_err().to_string();
    assert!(
        error.ends_with("a.json: task 2: the object has no 'text'; add it or remove the task"),
        "{error}"
    );
}

#[test]
fn rows_that_match_nothing_or_contradict_are_reported() {
    let texts: Vec<String> = ["a", "b", "b", "c"].map(String::from).to_vec();
    let row = |line: u64, text: &str, label: &str| Labelled {
        line,
        row: None,
        text: text.into(),
        verdict: Some(Verdict::Label(label.into())),
        others: Vec::new(),
    };
    let file = LabelFile {
        rows: vec![
            row(1, "a\r\n", "x"),
            row(2, "b", "y"),
            row(3, "z", "x"),
            row(4, "a", "y"),
        ],
        unusable: vec![9],
        ..LabelFile::new(Format::Csv)
    };
    let found = match_labels(&texts, &file);
    assert_eq!(found.verdicts.keys().copied().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(found.unmatched, [3]);
    assert_eq!(found.conflicting, [(1, 4)]);
    assert_eq!((found.matched, found.unusable), (3, 1));
}

#[test]
fn a_number_that_belongs_to_another_text_is_not_believed() {
    let texts: Vec<String> = ["a", "b"].map(String::from).to_vec();
    let file = LabelFile {
        rows: vec![Labelled {
            line: 2,
            row: Some(0),
            text: "b".into(),
            verdict: Some(Verdict::Skipped),
            others: Vec::new(),
        }],
        ..LabelFile::new(Format::Csv)
    };
    let found = match_labels(&texts, &file).verdicts;
    assert_eq!(found.into_iter().collect::<Vec<_>>(), [(1, Verdict::Skipped)]);
}

#[test]
fn a_folder_that_is_not_an_export_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("thesis.txt"), "x").unwrap();
    let error = export(&small().view(), Format::HuggingFace, dir.path()).unwrap_err();
    assert!(
        error.to_string().contains("holds no data/train.parquet"),
        "{error}"
    );
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    // Nor is one in which something else lies beside it.
    fs::remove_file(dir.path().join("thesis.txt")).unwrap();
    export(&small().view(), Format::HuggingFace, dir.path()).unwrap();
    export(&small().view(), Format::HuggingFace, dir.path()).unwrap();
    fs::write(dir.path().join("data/mine.parquet"), "x").unwrap();
    let error = export(&small().view(), Format::HuggingFace, dir.path()).unwrap_err();
    assert!(error.to_string().contains("mine.parquet"), "{error}");
}

#[test]
fn damaged_files_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("a.json", "[{\"text\":"),
        ("b.json", "[{\"id\":1}]"),
        ("c.json", &"[".repeat(100_000)),
        ("d.jsonl", "{\"options\":[],\n"),
        ("e.csv", "row,text,label,answer,predicted_label,confidence\n1,\"a"),
        ("f.parquet", "PAR1"),
    ] {
        let path = dir.path().join(name);
        fs::write(&path, text).unwrap();
        let error = read_labels(&path).expect_err(name).to_string();
        assert!(!error.contains('\n') && error.contains(name), "{error}");
    }
    assert!(read_labels(&dir.path().join("none")).is_err());
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "\\PC{0,30}",
        2 => "[a-b,;|\t\r\n\" '\\\\-]{0,12}",
        1 => any::<String>(),
    ]
}

fn any_project() -> impl Strategy<Value = Project> {
    let labels = prop::collection::btree_set(any_text().prop_map(|t| t.trim().to_string()), 1..4)
        .prop_map(|labels| labels.into_iter().filter(|l| !l.is_empty()).collect::<Vec<_>>())
        .prop_filter("a label", |labels| !labels.is_empty());
    let columns = prop::collection::vec("[a-z]{1,6}|text|row|label", 0..3);
    (labels, columns, prop::collection::vec(any_text(), 1..12)).prop_flat_map(|(labels, columns, texts)| {
        let (n, k, c) = (texts.len(), labels.len(), columns.len());
        let given = prop_oneof![
            4 => (0..k).prop_map(|l| Some(Given::Label(l))),
            1 => Just(Some(Given::Skipped)),
            1 => Just(Some(Given::Unsure)),
            2 => Just(None),
        ];
        let predicted = prop::option::of((0..k, 0.0_f32..=1.0));
        (
            prop::collection::vec(given, n),
            prop::collection::vec(predicted, n),
            prop::collection::vec(prop::collection::vec(any_text(), c), n),
            prop::collection::vec(any::<bool>(), c),
        )
            .prop_map(move |(answers, predictions, extra, extra_json)| Project {
                labels: labels.clone(),
                texts: texts.clone(),
                answers,
                predictions,
                extra_columns: columns.clone(),
                extra,
                extra_json,
            })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever stands in texts and labels: what is written is what is read, text for text.
    #[test]
    fn what_is_written_is_read_again(project in any_project()) {
        let dir = tempfile::tempdir().unwrap();
        for format in Format::ALL {
            let path = path(dir.path(), format);
            export(&project.view(), format, &path).unwrap();
            let file = read_labels(&path).unwrap();
            prop_assert_eq!(file.format, format);
            let texts: Vec<&String> = file.rows.iter().map(|row| &row.text).collect();
            prop_assert_eq!(texts, project.texts.iter().collect::<Vec<_>>(), "{}", format.name());
            let found: Vec<_> = match_labels(&project.texts, &file).verdicts.into_iter().collect();
            prop_assert_eq!(found, project.verdicts(), "{}", format.name());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..80), kind in 0..4_usize) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(["a.csv", "a.json", "a.jsonl", "a.parquet"][kind]);
        fs::write(&path, &bytes).unwrap();
        let _ = read_labels(&path);
    }
}

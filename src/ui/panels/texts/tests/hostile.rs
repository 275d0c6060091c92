//! Files that are not what they should be.

use super::*;

#[test]
fn hostile_files_give_a_message_that_names_the_place_and_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str, bytes: &[u8]| file(dir.path(), name, bytes);
    let huge = [b"text,label\nfine,a\n\"".as_slice(), &vec![b'x'; 80 << 20]].concat();
    let folder = dir.path().join("folder.csv");
    std::fs::create_dir(&folder).unwrap();
    let cases: Vec<(PathBuf, &[&str])> = vec![
        (at("binary.csv", &[0, 159, 146, 150, 7, 0, 0, 1]), &["binary.csv"]),
        (
            at("ragged.csv", b"text,label\na b,c\nd e,f,g\n"),
            &["ragged.csv", "line 3", "3 fields"],
        ),
        (at("empty.csv", b""), &["empty.csv"]),
        (
            at("mixed.csv", b"text,label\ncaf\xc3\xa9 au lait,x\nth\xe9,y\n"),
            &["mixed.csv", "line 3", "UTF-8"],
        ),
        (
            at("open.csv", b"text,label\n\"never closed,a\nb,c\n"),
            &["open.csv", "line 2"],
        ),
        (at("huge.csv", &huge), &["huge.csv", "line 3"]),
        (
            at("broken.jsonl", b"{\"text\": \"a\"}\n{\"text\": \n"),
            &["broken.jsonl", "line 2"],
        ),
        (
            at("sheet.xlsx", b"PK\x03\x04rest"),
            &["sheet.xlsx", "damaged", "as CSV"],
        ),
        (
            at("sheet.numbers", b"PK\x03\x04rest"),
            &["sheet.numbers", ".xlsx"],
        ),
        (at("not.parquet", b"PAR1 but no more"), &["not.parquet"]),
        (at("not.csv.gz", b"no gzip at all"), &["not.csv.gz"]),
        (
            at(
                "no.unfreeze",
                b"no project at all, but long enough to be looked at",
            ),
            &["no.unfreeze", "not an Unfreeze project"],
        ),
        (dir.path().join("missing.csv"), &["missing.csv"]),
        (folder, &["folder.csv"]),
    ];
    let mut h = screen_with(Some(small_project()), SIZE);
    for (n, (path, words)) in cases.iter().enumerate() {
        drop_file(&mut h, path);
        let bench = h.state();
        let failures = bench.failures();
        assert_eq!(failures.len(), n + 1, "{}: {failures:?}", path.display());
        let said = failures.last().unwrap();
        for word in *words {
            assert!(said.contains(word), "{word} in: {said}");
        }
        assert!(!said.contains("--"), "no option of the terminal in: {said}");
        assert!(said.lines().count() == 1 && said.len() < 400, "one line: {said}");
        assert!(bench.panel.preview.is_none() && bench.panel.work.is_none());
        let project = &bench.project().project;
        assert_eq!((project.name.as_str(), project.labelled()), ("mail", 2));
    }
    let home = h.state().shared.shelf.projects().unwrap();
    assert_eq!(std::fs::read_dir(home).unwrap().count(), 0, "no project was made");
}

#[test]
fn accents_are_asked_for_where_the_encoding_is_guessed() {
    let dir = tempfile::tempdir().unwrap();
    let mut h = screen();
    let asks = |h: &Screenful| h.query_by_label_contains("read as Windows-1252").is_some();
    let text = "text;label\r\nthe café is closed;x\r\nopen;y\r\n";
    drop_file(&mut h, &file(dir.path(), "utf8.csv", text.as_bytes()));
    assert!(!asks(&h));
    let ansi = text.chars().map(|c| if c == 'é' { 0xe9 } else { c as u8 });
    let ansi: Vec<u8> = ansi.collect();
    drop_file(&mut h, &file(dir.path(), "ansi.csv", &ansi));
    assert!(asks(&h));
    h.get_by_label("in ansi.csv");
    let marked = format!("\u{feff}{text}");
    let marked: Vec<u8> = marked.encode_utf16().flat_map(u16::to_le_bytes).collect();
    drop_file(&mut h, &file(dir.path(), "unicode.csv", &marked));
    assert!(!asks(&h));
    h.get_by_label("in unicode.csv");
    assert_eq!(h.state().failures(), Vec::<&str>::new());
}

#[test]
fn a_text_of_many_megabytes_is_a_text() {
    let dir = tempfile::tempdir().unwrap();
    let long = "word ".repeat(1 << 20) + &"x".repeat(20 << 20);
    let csv = format!("text,label\nfine and short,a\n{long},b\n");
    let mut h = screen();
    drop_file(&mut h, &file(dir.path(), "long.csv", csv.as_bytes()));
    assert_eq!(h.state().failures(), Vec::<&str>::new());
    h.get_by_label("2 texts");
}

#[test]
fn a_hostile_file_leaves_the_preview_of_another_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let mut h = screen();
    drop_file(&mut h, &file(dir.path(), "mail.csv", SMALL.as_bytes()));
    drop_file(&mut h, &file(dir.path(), "empty.csv", b""));
    assert_eq!(h.state().failures().len(), 1);
    h.get_by_label("in mail.csv");
}

use super::*;
use proptest::prelude::*;

fn split(text: &[u8]) -> Vec<String> {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("a.txt");
    fs::write(&path, text).expect("written");
    let opened = documents(&[path], Splitting::Articles, &[], None).expect("opened");
    opened
        .map(|document| document.unwrap_or_else(|error| format!("ERROR {error}")))
        .collect()
}

#[test]
fn titles_start_articles_and_sections_do_not() {
    let text =
        " \n = One = \n \n First . \n \n = = Part = = \n \n a = b = c \n = x = \n more\n\n = Two = \n\nLast.";
    assert_eq!(
        split(text.as_bytes()),
        [
            "= One =\nFirst .\n= = Part = =\na = b = c\n= x =\nmore",
            "= Two =\nLast."
        ]
    );
}

#[test]
fn without_titles_blank_lines_part_documents() {
    assert_eq!(split(b"a\r\nb\r\n\r\n\r\nc\n"), ["a\nb", "c"]);
    assert_eq!(split(b"a\nb\nc"), ["a\nb\nc"]);
    assert_eq!(split(b"before\n\n= T =\n\na\n\nb"), ["before", "= T =\na\nb"]);
    assert!(
        split(b"\xC3\xA9\n\xFF")
            .concat()
            .contains("line 2, byte 3: not UTF-8")
    );
    assert_eq!(split(b"\n \n"), [""; 0]);
}

#[test]
fn endless_lines_and_articles_are_cut_between_words_and_nothing_is_lost() {
    let words = "wörd ".repeat(600_000);
    let parts = split(words.as_bytes());
    assert!(
        parts.len() > 2
            && parts
                .iter()
                .all(|part| part.len() <= LONGEST && part.ends_with("wörd"))
    );
    assert_eq!(parts.join(" ") + " ", words);
    let parts = split("é".repeat(LONGEST).as_bytes());
    assert_eq!(parts.concat(), "é".repeat(LONGEST));
    let lines = format!("= T =\n\n{}", "line of text\n".repeat(200_000));
    let parts = split(lines.as_bytes());
    assert!(parts.len() == 3 && parts.iter().all(|part| part.len() <= LONGEST));
    assert_eq!(parts.join("\n").lines().count(), 200_001);
}

#[test]
fn directories_are_walked_in_order_and_progress_reaches_the_total() {
    let dir = tempfile::tempdir().expect("a directory");
    fs::create_dir(dir.path().join("b")).expect("made");
    let write = |name: &str, bytes: &[u8]| fs::write(dir.path().join(name), bytes).expect("written");
    write("c.jsonl", b"{\"text\":\"fifth\"}\n{\"text\":\"\"}\n");
    write("a.txt", b"first\n\nsecond");
    write(
        "b/z.txt.zst",
        &zstd::encode_all(b"fourth".as_slice(), 1).expect("compressed"),
    );
    write("b/a.csv", b"id,title,body\n1,third,and more\n2,third too,still\n");
    write("picture.png", b"\xFF");
    write(".hidden.txt", b"no");
    write("papers.xlsx", b"PK\x03\x04");
    let paths = [dir.path().to_path_buf()];
    let progress = Progress::default();
    let all = documents(&paths, Splitting::Articles, &[], Some(&progress)).expect("opened");
    let all = all.collect::<Result<Vec<_>, _>>().expect("read");
    assert_eq!(
        all,
        [
            "first",
            "second",
            "third\nand more",
            "third too\nstill",
            "fourth",
            "fifth"
        ]
    );
    assert_eq!(progress.bytes(), total_bytes(&paths));
    let whole = documents(&[dir.path().join("a.txt")], Splitting::Files, &[], None).expect("opened");
    assert_eq!(
        whole.collect::<Result<Vec<_>, _>>().expect("read"),
        ["first\n\nsecond"]
    );
}

#[test]
fn a_table_stays_a_table_and_plain_text_runs_on() {
    let dir = tempfile::tempdir().expect("a directory");
    let read = |name: &str, bytes: &[u8], columns: &[&str]| {
        let path = dir.path().join(name);
        fs::write(&path, bytes).expect("written");
        let options = TableOptions {
            text_columns: columns.iter().map(ToString::to_string).collect(),
            labels: Labels::Ignored,
            ..TableOptions::default()
        };
        match texts(&path, Splitting::Articles, &options).expect("opened") {
            Texts::Running(all) => (true, all.collect::<Result<Vec<_>, _>>().expect("read")),
            Texts::Rows(table) => {
                let rows = table.examples().map(|(fields, _)| fields.join("|"));
                (false, rows.collect())
            }
        }
    };
    let owned = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    let lines = b"one line\nand another\n\nafter a gap\n";
    for name in ["a.txt", "a"] {
        assert_eq!(
            read(name, lines, &[]),
            (true, owned(&["one line\nand another", "after a gap"]))
        );
        let table = b"label\ttext\nx\tone text\ny\tanother\n";
        assert_eq!(read(name, table, &[]), (false, owned(&["one text", "another"])));
        let columns = read(name, b"text,by\none text,x\n", &["text"]);
        assert_eq!(columns, (false, owned(&["one text"])));
    }
    let json = b"{\"text\": \"one text\"}\n";
    assert_eq!(read("b", json, &[]), (false, owned(&["one text"])));
    assert_eq!(
        read("b.txt", json, &[]),
        (true, owned(&["{\"text\": \"one text\"}"]))
    );
    assert_eq!(read("c.csv", b"text\na b\n", &[]), (false, owned(&["a b"])));
    assert_eq!(read("d.txt", b"", &[]), (true, Vec::new()));
    let whole = texts(dir.path(), Splitting::Articles, &TableOptions::default());
    assert!(matches!(whole, Ok(Texts::Running(_))));
    // So it is in a corpus.
    let mut opened = documents(&[dir.path().join("b")], Splitting::Files, &[], None).expect("opened");
    assert_eq!(opened.next().expect("a document").expect("read"), "one text");
}

#[test]
fn files_whose_encoding_was_guessed_are_named() {
    let dir = tempfile::tempdir().expect("a directory");
    let write = |name: &str, bytes: &[u8]| fs::write(dir.path().join(name), bytes).expect("written");
    write("a.csv", b"text,label\ncaf\xE9 au lait,x\nthe other,y\n");
    write("b.txt", b"a caf\xE9\n");
    write("c.txt", "a café\n".as_bytes());
    for splitting in [Splitting::Articles, Splitting::Files] {
        let mut all = documents(&[dir.path().to_path_buf()], splitting, &[], None).expect("opened");
        let texts = all.by_ref().collect::<Result<Vec<_>, _>>().expect("read");
        assert_eq!(
            texts.iter().map(|text| text.trim()).collect::<Vec<_>>(),
            ["café au lait", "the other", "a café", "a café"]
        );
        let told: Vec<String> = all.warnings().iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 2);
        for (told, name) in told.iter().zip(["a.csv", "b.txt"]) {
            assert!(
                told.ends_with(&format!(
                    "{name} is not UTF-8 and was read as Windows-1252; are the accents right? If not, name its encoding \
                     with `--encoding`"
                )),
                "{told}"
            );
        }
    }
}

#[test]
fn corpora_in_an_encoding_that_is_named_are_read_whatever_they_are() {
    let dir = tempfile::tempdir().expect("a directory");
    // "Where is the parcel?" and "It came.", in Russian, in KOI8-R.
    let (asked, came) = (
        &b"\xE7\xC4\xC5 \xD0\xCF\xD3\xD9\xCC\xCB\xC1?"[..],
        &b"\xE5\xC5 \xD0\xD2\xC9\xCE\xC5\xD3\xCC\xC9."[..],
    );
    let running = [asked, b"\n\n", came, b"\n"].concat();
    let table = [b"text,label\n", asked, b",x\n", came, b",y\n"].concat();
    for (name, bytes) in [
        ("a.csv", &table),
        ("b.txt", &running),
        ("c", &running),
        ("d", &table),
    ] {
        fs::write(dir.path().join(name), bytes).expect("written");
    }
    let encoding = Some("koi8-r".parse().expect("its name"));
    let options = TableOptions {
        encoding,
        ..TableOptions::default()
    };
    for name in ["a.csv", "b.txt", "c", "d"] {
        let path = dir.path().join(name);
        let all = documents(std::slice::from_ref(&path), Splitting::Articles, &[], None).expect("opened");
        let mut all = all.written_in(encoding);
        let texts_of: Vec<String> = all.by_ref().map(|document| document.expect("a text")).collect();
        assert_eq!(texts_of, ["Где посылка?", "Ее принесли."], "{name}");
        assert!(all.warnings().is_empty(), "{name}");
        let again: Vec<String> = match texts(&path, Splitting::Articles, &options).expect("opened") {
            Texts::Running(documents) => documents.map(|document| document.expect("a text")).collect(),
            Texts::Rows(table) => table.examples().map(|(fields, _)| fields.join("\n")).collect(),
        };
        assert_eq!(again, texts_of, "{name}");
    }
}

fn total_bytes(paths: &[PathBuf]) -> u64 {
    compression::total_bytes(paths).expect("sizes")
}

#[test]
fn what_is_missing_is_named() {
    let dir = tempfile::tempdir().expect("a directory");
    let message = |path: PathBuf| match documents(&[path], Splitting::Articles, &[], None) {
        Err(error) => error.to_string(),
        Ok(mut opened) => opened.next().expect("an item").expect_err("an error").to_string(),
    };
    assert!(message(dir.path().join("no")).ends_with("no: no such file; check the path"));
    let none = message(dir.path().to_path_buf());
    assert!(none.ends_with("no text files in this directory; expected .txt, .csv, .tsv, .jsonl or .parquet"));
    fs::write(dir.path().join("a.csv"), "text,label\n").expect("written");
    assert!(message(dir.path().join("a.csv")).contains("only a header and no rows"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = split(&bytes);
    }

    #[test]
    fn every_word_comes_out_once_and_in_order(text in "[a=\n ]{0,60}") {
        let words = |text: &str| text.split_whitespace().map(str::to_string).collect::<Vec<_>>();
        prop_assert_eq!(words(&split(text.as_bytes()).join("\n")), words(&text));
    }
}

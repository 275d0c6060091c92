use super::*;
use proptest::prelude::*;

/// A row and the line it begins on.
type Numbered = (u64, Vec<String>);

fn read(text: &str, guess: Guess, header: Option<bool>) -> Result<(Vec<String>, Vec<Numbered>), String> {
    let opened =
        open(Path::new("a.csv"), text.as_bytes(), guess, header).map_err(|error| error.to_string())?;
    let Opened::Table(mut reader) = opened else {
        return Err("plain".to_string());
    };
    let rows = reader
        .by_ref()
        .map(|row| {
            row.map(|row| {
                (
                    row.line,
                    row.cells.iter().map(|cell| cell.as_str().to_string()).collect(),
                )
            })
        })
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    Ok((reader.columns().to_vec(), rows))
}

fn rows(text: &str) -> Vec<Numbered> {
    read(text, Guess::Any, None).expect("a readable table").1
}

#[test]
fn quotes_line_ends_and_blank_lines() {
    let text = "\u{feff}label,text\r\n\r\npos,\"a \"\"b\"\",\r\nc\"\r\nneg,\"Up\" is fun\r\nneg,\n";
    let expected = [
        (3, vec!["pos".to_string(), "a \"b\",\r\nc".to_string()]),
        (5, vec!["neg".to_string(), "\"Up\" is fun".to_string()]),
        (6, vec!["neg".to_string(), String::new()]),
    ];
    assert_eq!(rows(text), expected);
    assert_eq!(rows("label,text\rpos,a\rneg,b").len(), 2);
}

#[test]
fn delimiters_are_found() {
    for delimiter in [",", ";", "\t", "|"] {
        let text = "label,text\npos,good film\nneg,bad film; really\nneg,so so\n";
        let text = text.replace(';', "").replace(',', delimiter);
        assert_eq!(rows(&text)[1].1, ["neg", "bad film really"], "{delimiter:?}");
    }
    let semicolons = "text;label\nHello, you;a\nNo comma;b\n";
    assert_eq!(rows(semicolons)[0].1, ["Hello, you", "a"]);
    let tabs_inside = "label,text\nham,\"one\t\t\"\nspam,two\t\t\n";
    assert_eq!(rows(tabs_inside)[1].1, ["spam", "two\t\t"]);
    assert_eq!(rows("text\none text\nanother\n")[1].1, ["another"]);
}

#[test]
fn text_files_are_tables_only_when_sure() {
    assert!(read("text;label\na b;x\nc d;y\n", Guess::OnlyIfSure, None).is_ok());
    assert_eq!(
        read("Well, yes.\nNo, thanks.\n", Guess::OnlyIfSure, None),
        Err("plain".to_string())
    );
    assert_eq!(
        read("text; more\nnot; like; this\n", Guess::OnlyIfSure, None),
        Err("plain".to_string())
    );
}

#[test]
fn a_first_line_that_names_the_delimiter_is_no_row() {
    let expected = [(3, vec!["Hello, you".to_string(), "a".to_string()])];
    for (mark, delimiter) in [
        ("sep=;", ";"),
        ("\"sep=|\"", "|"),
        ("SEP=\t", "\t"),
        ("sep=^", "^"),
    ] {
        for end in ["\n", "\r\n", "\r"] {
            let [header, row] = ["said;by", "Hello, you;a"].map(|row| row.replace(';', delimiter));
            let text = [mark, &header, &row, ""].join(end);
            for guess in [Guess::Any, Guess::Tab, Guess::OnlyIfSure] {
                let (columns, rows) = read(&text, guess, Some(true)).expect("a table");
                assert_eq!(columns, ["said", "by"], "{text:?}");
                assert_eq!(rows, expected, "{text:?}");
            }
        }
    }
    let ragged = read("sep=;\ntext;label\na;b;c\n", Guess::Any, None).expect_err("ragged");
    assert!(ragged.starts_with("a.csv: line 3 has 3 fields"), "{ragged}");
    let none = read("sep=;\n", Guess::Any, None).expect_err("nothing");
    assert_eq!(none, "a.csv: the file is empty");
    // A text of these words is one.
    let (columns, rows) = read("text\nsep=;\n", Guess::Any, None).expect("a table");
    assert_eq!((columns.len(), rows[0].1[0].as_str()), (1, "sep=;"));
}

#[test]
fn plain_quotes_in_tab_separated_files_are_kept() {
    let rows = read(
        "ham\t\"Go until\nspam\tcall \"now\"\nham\tok\n",
        Guess::Tab,
        Some(false),
    )
    .expect("read")
    .1;
    assert_eq!(rows[0].1, ["ham", "\"Go until"]);
    assert_eq!(rows[1].1, ["spam", "call \"now\""]);
    let quoted = read("label\ttext\nham\t\"a\nb\"\n", Guess::Tab, None)
        .expect("read")
        .1;
    assert_eq!(quoted[0].1, ["ham", "a\nb"]);
}

#[test]
fn quotes_of_a_tab_separated_file_hold_wherever_its_beginning_is_cut_off() {
    let quoted = |field: &str| format!("\"{}\"", field.replace('"', "\"\""));
    for pad in 0..24 {
        // The second of these texts lies across the end of what is looked at.
        let text = "-".repeat(pad) + &"a line\nand \"another\"\n".repeat(2000);
        let mut file = "\"label\"\t\"text\"\n".to_string();
        for label in ["pos", "neg", "pos"] {
            file += &format!("{}\t{}\n", quoted(label), quoted(&text));
        }
        let rows = read(&file, Guess::Tab, None).expect("read").1;
        assert_eq!(rows.len(), 3, "{pad}");
        assert!(rows.iter().all(|(_, row)| row[1] == text), "{pad}");
        assert_eq!((&rows[1].1[0][..], &rows[2].1[0][..]), ("neg", "pos"));
    }
    let mut out = Vec::new();
    let fields = [["label", "text"], ["pos", "a\nb"], ["neg", "c"]];
    for row in fields
        .into_iter()
        .chain(std::iter::repeat_n(["pos", "d\ne"], 9000))
    {
        write_row(&mut out, '\t', row.into_iter()).expect("a vector takes it");
    }
    let file = String::from_utf8(out).expect("text");
    let rows = read(&file, Guess::Tab, None).expect("read").1;
    assert_eq!((rows.len(), &rows[0].1[1][..]), (9002, "a\nb"));
}

#[test]
fn plain_quotes_of_a_long_tab_separated_file_are_kept() {
    // One that nothing closes, and many of which each seems to close the one before.
    for every in [5000, 7] {
        let mut file = "label\ttext\n".to_string();
        for n in 0..5000 {
            let mark = if n % every == 0 { "\"" } else { "" };
            file += &format!("ham\t{mark}go until {n}\n");
        }
        let rows = read(&file, Guess::Tab, None).expect("read").1;
        assert_eq!((rows.len(), &rows[0].1[1][..]), (5000, "\"go until 0"));
    }
}

#[test]
fn columns_without_a_name_get_one_that_no_other_has() {
    let (columns, rows) = read(
        "v1,column3,,,\nham,\"Go until jurong point, crazy\",,,\nspam,Free entry in a weekly prize,,,\n",
        Guess::Any,
        None,
    )
    .expect("read");
    assert_eq!(columns, ["v1", "column3", "column3_", "column4", "column5"]);
    assert_eq!(rows.len(), 2);
}

#[test]
fn columns_of_one_name_are_told_apart() {
    let (columns, rows) = read(
        "When?,When? (2),When?,When?,What did you think of it when you came?\n1,2,3,4,a lot\n5,6,7,8,little\n",
        Guess::Any,
        None,
    )
    .expect("read");
    assert_eq!(columns[..4], ["When?", "When? (2)", "When? (3)", "When? (4)"]);
    assert_eq!(rows.len(), 2);
}

#[test]
fn faults_name_the_line() {
    let ragged = read("label,text\npos,a\nneg,b,c\n", Guess::Any, None).expect_err("ragged");
    assert_eq!(
        ragged,
        "a.csv: line 3 has 3 fields where the header has 2 fields; a field that contains the delimiter ',' or a \
         quote needs double quotes round it"
    );
    let open = read("label,text\npos,\"a\nneg,b\n", Guess::Any, None).expect_err("unclosed");
    assert_eq!(
        open,
        "a.csv: line 2: a double quote opens a field that is never closed or goes on after it; write each \
         quote inside a quoted field twice"
    );
    assert_eq!(
        read(" \n", Guess::Any, None).expect_err("blank"),
        "a.csv: the file is empty"
    );
}

#[test]
fn a_text_of_a_megabyte_on_one_line_is_one_field() {
    let text = format!("label,text\npos,{}\n", "word ".repeat(200_000));
    assert_eq!(rows(&text)[0].1[1].len(), 1_000_000);
}

#[test]
fn what_is_written_is_utf8_whatever_it_holds() {
    for text in ["plain", "é", "a\0b", "\u{1b}$B"] {
        let mut out = Vec::new();
        write_mark(&mut out, [text].into_iter()).expect("a vector takes it");
        for row in [["text", "more"], [text, "x"]] {
            write_row(&mut out, ',', row.into_iter()).expect("a vector takes it");
        }
        let out = String::from_utf8(out).expect("UTF-8");
        let (_, rows) = read(&out, Guess::Any, Some(true)).expect("read again");
        assert_eq!(rows[0].1, [text, "x"]);
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for guess in [Guess::Any, Guess::Tab, Guess::OnlyIfSure] {
            if let Ok(Opened::Table(reader)) = open(Path::new("a.csv"), bytes.as_slice(), guess, None) {
                let _ = reader.take_while(Result::is_ok).count();
            }
        }
    }

    #[test]
    fn marks_in_any_order_never_panic(text in "[a,;\t\"\r\n|é]{0,40}") {
        let _ = read(&text, Guess::Any, None);
        let _ = read(&text, Guess::Tab, Some(true));
    }

    #[test]
    fn what_is_written_reads_back(fields in proptest::collection::vec("[ab ,;\t\"\n\ré]{0,8}", 2..5)) {
            let mut out = Vec::new();
        let header = (0..fields.len()).map(|at| format!("text{at}")).collect::<Vec<_>>();
        write_row(&mut out, ',', header.iter().map(String::as_str)).expect("a vector takes it");
        write_row(&mut out, ',', fields.iter().map(String::as_str)).expect("a vector takes it");
        let mut parser = Parser::new(out.as_slice(), Dialect { delimiter: b',', quotes: true, line_end: b'\n' });
        prop_assert_eq!(parser.next_row().ok().flatten().map(|row| row.1), Some(header));
        prop_assert_eq!(parser.next_row().ok().flatten().map(|row| row.1), Some(fields));
    }
}

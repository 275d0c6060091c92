//! Workbooks as Excel and LibreOffice pack them, whole and damaged.

mod packing;

use proptest::prelude::*;

use super::super::table::{TableOptions, parse_table, read_table};
use super::*;
use packing::{
    excel, excel_parts, excel_sharing, open_document, open_document_parts, packed, rows, shared, visible,
};

const PLAIN: &[&[&str]] = &[
    &["said", "by whom"],
    &["The parcel is late again.", "Ann"],
    &["Thank you for the quick reply!", "Ben"],
];

/// What a file holds: the columns, and of each row its number and cells.
fn read_as(name: &str, bytes: &[u8], options: &TableOptions) -> Result<(Vec<String>, Vec<String>), String> {
    let table = parse_table(Path::new(name), bytes, options).map_err(|error| error.to_string())?;
    assert_eq!(table.place, "row");
    let row = |row: &Row| {
        let cells: Vec<&str> = row.cells.iter().map(Cell::as_str).collect();
        format!("{}: {}", row.line, cells.join(" | "))
    };
    Ok((table.columns.clone(), table.rows.iter().map(row).collect()))
}

fn read(bytes: &[u8]) -> Result<(Vec<String>, Vec<String>), String> {
    read_as("a.xlsx", bytes, &TableOptions::default())
}

fn warnings(bytes: &[u8]) -> Vec<Warning> {
    let table = parse_table(Path::new("a.xlsx"), bytes, &TableOptions::default()).expect("a table");
    table.warnings
}

#[test]
fn the_first_sheet_that_holds_something_is_the_table_and_the_others_are_named() {
    let mut sheets = vec![
        visible("Empty", 1, &[]),
        ("Old", "hidden", rows(1, &[&["text"], &["no"]])),
        visible("Mail", 1, PLAIN),
    ];
    let (columns, found) = read(&excel(&sheets)).expect("a table");
    assert_eq!(columns, ["said", "by whom"]);
    assert_eq!(
        found,
        [
            "2: The parcel is late again. | Ann",
            "3: Thank you for the quick reply! | Ben"
        ]
    );
    assert_eq!(warnings(&excel(&sheets)), []);

    sheets.push(visible("Forum", 1, &[&["text"], &["Where is the manual?"]]));
    let book = excel(&sheets);
    let table = parse_table(Path::new("a.xlsx"), &book, &TableOptions::default()).expect("a table");
    let said = table.warnings.first().expect("a warning").tell(table.place);
    assert!(
        said.contains("a.xlsx: only the sheet 'Mail' is read, not 'Forum'; `--sheet`"),
        "{said}"
    );
    let workbook = table.workbook.expect("it is one");
    assert_eq!(
        (workbook.sheet.as_str(), workbook.sheets),
        ("Mail", vec!["Mail".into(), "Forum".into()])
    );

    let named = |sheet: &str| TableOptions {
        sheet: Some(sheet.to_string()),
        ..TableOptions::default()
    };
    for (sheet, expected) in [
        ("Forum", "2: Where is the manual?"),
        ("forum ", "2: Where is the manual?"),
        ("Old", "2: no"),
    ] {
        let options = named(sheet);
        let (_, found) = read_as("a.xlsx", &book, &options).expect(sheet);
        assert_eq!(found, [expected]);
        let table = parse_table(Path::new("a.xlsx"), &book, &options).expect(sheet);
        assert!(table.warnings.is_empty(), "what is named is not asked about");
    }
    assert_eq!(
        read_as("a.xlsx", &book, &named("Post")),
        Err("a.xlsx: no sheet 'Post'; the sheets are 'Empty', 'Old', 'Mail', 'Forum'".into())
    );
}

#[test]
fn a_table_begins_where_its_cells_do() {
    // A gap of columns and rows before it, an empty row in it, a cell with nothing but a format beyond it.
    let mut cells = rows(
        4,
        &[
            &["", "", "text", "label"],
            &["", "", "The parcel is late.", "late"],
            &[],
            &["", "", "All is well.", "fine"],
        ],
    );
    cells += r#"<row r="1048576"><c r="XFD1048576" s="1"/></row>"#;
    let book = excel(&[("a", "visible", cells)]);
    let (columns, found) = read(&book).expect("a table");
    assert_eq!(columns, ["text", "label"]);
    assert_eq!(found, ["5: The parcel is late. | late", "7: All is well. | fine"]);
    assert_eq!(warnings(&book), []);
}

#[test]
fn a_title_above_the_table_is_left_out_and_told() {
    let wide: &[&[&str]] = &[
        &["Mail of the year"],
        &["id", "text", "label"],
        &["1", "The parcel is late.", "late"],
        &["2", "All is well.", "fine"],
    ];
    let apart: &[&[&str]] = &[
        &["Mail of the year"],
        &["as of January"],
        &[],
        &["text", "label"],
        &["The parcel is late.", "late"],
        &["All is well.", "fine"],
    ];
    for (cells, above, first) in [
        (wide, vec![1], "3: 1 | The parcel is late. | late"),
        (apart, vec![1, 2], "5: The parcel is late. | late"),
    ] {
        let book = excel(&[visible("a", 1, cells)]);
        assert_eq!(read(&book).expect("a table").1[0], first);
        assert_eq!(
            warnings(&book),
            [Warning::AboveTable {
                file: "a.xlsx".into(),
                lines: above
            }]
        );
        let without = TableOptions {
            header: Some(false),
            keep_empty_texts: true,
            ..TableOptions::default()
        };
        let (_, found) = read_as("a.xlsx", &book, &without).expect("a table");
        assert!(found[0].starts_with("1: Mail of the year"), "{}", found[0]);
    }
    let file = "a.xlsx".to_string();
    let told = Warning::AboveTable {
        file,
        lines: vec![1, 2],
    }
    .tell("line");
    assert_eq!(told, "a.xlsx: 2 rows above the table were left out: rows 1, 2");
}

#[test]
fn texts_are_not_taken_for_titles() {
    // One column; a note beside a few texts; a header that names one of two columns.
    let one: &[&[&str]] = &[&["text"], &["a b c"], &[], &["d e f"]];
    let noted: &[&[&str]] = &[
        &["text"],
        &["a b c"],
        &["d e f"],
        &["g h i", "see", "below"],
        &["j k l"],
    ];
    let named: &[&[&str]] = &[&["text"], &["a b c", "x"], &["d e f", "y"]];
    let wide: &[&[&str]] = &[&["text"], &["a b c", "x", "1"], &["d e f", "y", "2"]];
    for (cells, count) in [(one, 2), (noted, 4), (named, 2), (wide, 2)] {
        let book = excel(&[visible("a", 1, cells)]);
        let (columns, found) = read(&book).expect("a table");
        assert_eq!((columns[0].as_str(), found.len()), ("text", count));
        assert_eq!(warnings(&book), []);
    }
}

#[test]
fn cells_keep_what_they_show() {
    let cells = concat!(
        r#"<row r="1"><c r="A1" t="str"><v>text</v></c><c r="B1" t="str"><v>n</v></c><c r="C1" t="str"><v>on</v></c>"#,
        r#"<c r="D1" t="str"><v>done</v></c></row>"#,
        r#"<row r="2"><c r="A2" t="str"><v>one &amp; two_x000D_
three</v></c><c r="B2"><v>7</v></c><c r="C2" s="1"><v>45322</v></c><c r="D2" t="b"><v>1</v></c></row>"#,
        r#"<row r="3"><c r="A3" t="str"><v>four</v></c><c r="B3"><v>0.5</v></c><c r="C3" t="e"><v>#N/A</v></c></row>"#,
    );
    let book = excel(&[("a", "visible", cells.to_string())]);
    let (columns, found) = read(&book).expect("a table");
    assert_eq!(columns, ["text", "n", "on", "done"]);
    assert_eq!(
        found,
        [
            "2: one & two\r\nthree | 7 | 2024-01-31 | TRUE",
            "3: four | 0.5 |  | "
        ]
    );
}

#[test]
fn a_header_is_as_the_user_says() {
    let book = excel(&[visible("a", 1, PLAIN)]);
    let without = TableOptions {
        header: Some(false),
        ..TableOptions::default()
    };
    let (columns, found) = read_as("a.xlsx", &book, &without).expect("a table");
    assert_eq!(
        (columns.as_slice(), found.len()),
        (&["column1".to_string(), "column2".into()][..], 3)
    );
    assert_eq!(found[0], "1: said | by whom");
}

#[test]
fn what_a_workbook_is_told_from_its_contents() {
    let expected = read(&excel(&[visible("a", 1, PLAIN)]));
    let open = open_document(PLAIN);
    for name in ["a.ods", "a.xlsx", "a"] {
        let found = read_as(name, &open, &TableOptions::default());
        assert_eq!(found.as_ref().expect(name), expected.as_ref().expect("a table"));
    }
}

/// Files that other programs wrote; `tests/fixtures/workbooks.py` made them.
#[test]
fn every_format_holds_the_same() {
    let expected = [
        "2: The parcel is late again; where is it? | delivery | 1 | 2024-01-31 | TRUE",
        "3: Thank you for the quick reply, naïve as I was. | praise | 4.5 | 2024-01-31 | FALSE",
        "4: The second bill is wrong.\nPlease mend it. | billing | 2 | 2024-01-31 | TRUE",
    ];
    for name in ["mail.xlsx", "mail.xls", "mail.ods"] {
        let path = Path::new("tests/fixtures/workbooks").join(name);
        let bytes = std::fs::read(path).expect("it is part of the source");
        let (columns, found) = read_as(name, &bytes, &TableOptions::default()).expect(name);
        assert_eq!(columns, ["text", "label", "stars", "on", "open"], "{name}");
        assert_eq!(found, expected, "{name}");
        let table = parse_table(Path::new(name), &bytes, &TableOptions::default()).expect(name);
        assert_eq!(
            (table.text_columns(), table.label_column()),
            (vec!["text"], Some("label"))
        );
        let sheets = table.workbook.expect(name).sheets;
        assert_eq!(sheets, ["Mail", "Forum"], "{name}");
    }
}

#[test]
fn what_cannot_be_read_is_named_and_advised_on() {
    let empty = excel(&[visible("a", 1, &[])]);
    assert_eq!(read(&empty), Err("a.xlsx: the file is empty".into()));
    assert_eq!(read(b""), Err("a.xlsx: the file is empty".into()));
    let whole = excel(&[visible("a", 1, PLAIN)]);
    let other = packed(&[("readme.txt".into(), "no workbook".into())]);
    let contained = [b"\xD0\xCF\x11\xE0".as_slice(), &[0; 600]].concat();
    for damaged in [
        b"text,label\na,b\n".as_slice(),
        &whole[..whole.len() / 2],
        &other,
        &contained,
    ] {
        let message = read(damaged).expect_err("damaged");
        assert!(
            message.starts_with("a.xlsx: damaged or unsupported workbook: "),
            "{message}"
        );
        assert!(
            message.ends_with("; save it again as .xlsx, or the sheet as CSV"),
            "{message}"
        );
        assert!(!message.contains('\n'), "{message}");
    }
}

#[test]
fn shared_texts_are_read_with_their_letters_alone() {
    let texts = concat!(
        r#"count="3" uniqueCount="3"><si><t>text</t></si>"#,
        r#"<si><r><rPr><b/></rPr><t xml:space="preserve">The parcel </t></r><r><t>is late.</t></r></si>"#,
        "<si><t>東京_x000D_\nmail</t><rPh sb=\"0\" eb=\"2\"><t>トウキョウ</t></rPh></si>",
    );
    let sheet = ("a", "visible", shared([0, 1, 2, 1]));
    let (columns, found) = read(&excel_sharing(&[sheet], texts)).expect("a table");
    assert_eq!(columns, ["text"]);
    assert_eq!(
        found,
        [
            "2: The parcel is late.",
            "3: 東京\r\nmail",
            "4: The parcel is late."
        ]
    );
}

#[test]
fn a_shared_text_does_not_fill_the_memory() {
    let long = format!(r#"uniqueCount="1"><si><t>{}</t></si>"#, "long ".repeat(1 << 16));
    let sheet = || ("a", "visible", shared([0; 300]));
    assert_eq!(
        read(&excel_sharing(&[sheet()], &long)),
        Err("a.xlsx: too large for a workbook; save the sheet as CSV".into())
    );
    let promised = r#"uniqueCount="99999999999"><si><t>short</t></si>"#;
    let message = read(&excel_sharing(&[sheet()], promised)).expect_err("damaged");
    assert!(message.contains("fewer texts than it says"), "{message}");
}

#[test]
fn an_open_document_that_would_never_end_is_refused() {
    let with = |from: &str, to: &str| {
        let mut parts = open_document_parts(PLAIN);
        parts[2].1 = parts[2].1.replace(from, to);
        read_as("a.ods", &packed(&parts), &TableOptions::default())
    };
    assert!(with("Ann", "Anna").is_ok());
    let cut = with(
        "</table:table></office:spreadsheet></office:body></office:document-content>",
        "",
    );
    assert!(cut.expect_err("cut").contains("it ends too early"));
    let crossed = with("</table:table-cell>", "</table:table-row>");
    assert!(crossed.expect_err("crossed").contains("damaged"));
    let mut locked = open_document_parts(PLAIN);
    locked[1].1 = locked[1]
        .1
        .replace("/>", "><manifest:encryption-data/></manifest:manifest>");
    locked[2].1 = "no XML <at all".into();
    assert_eq!(
        read_as("a.ods", &packed(&locked), &TableOptions::default()),
        Err("a.ods: opens with a password only; save the workbook without one".into())
    );
    let blanks = with("Ann", r#"Ann<text:s text:c="2000000000"/>"#);
    assert!(blanks.expect_err("too large").contains("too large"));
}

#[test]
fn a_cover_is_passed_over_and_a_broken_sheet_is_no_reason_against_another() {
    let cover = || visible("Cover", 1, &[&["Survey of the year"]]);
    let broken = (
        "Broken",
        "visible",
        r#"<row><c r="?" t="str"><v>a</v></c></row>"#.to_string(),
    );
    let book = excel(&[cover(), visible("Mail", 1, PLAIN), broken]);
    let table = parse_table(Path::new("a.xlsx"), &book, &TableOptions::default()).expect("a table");
    let workbook = table.workbook.expect("it is one");
    assert_eq!(workbook.sheet, "Mail");
    assert_eq!(workbook.sheets, ["Cover", "Mail", "Broken"]);
    let numbers = visible("Numbers", 1, &[&["a", "b"], &["1", "2"], &["3", "4"]]);
    let message = read(&excel(&[cover(), numbers, visible("Mail", 1, PLAIN)])).expect_err("numbers");
    assert_eq!(
        message,
        "a.xlsx: no column holds text; the columns are 'a', 'b'; name one with --text-column; this is the sheet 'Numbers' of \
         'Cover', 'Numbers', 'Mail'; name another with --sheet"
    );
}

#[test]
fn formulas_without_a_value_are_told_of_and_errors_are_no_values() {
    let cells = concat!(
        r#"<row r="1"><c r="A1" t="str"><v>text</v></c><c r="B1" t="str"><v>label</v></c></row>"#,
        r#"<row r="2"><c r="A2" t="str"><v>one two</v></c><c r="B2"><f>"x"&amp;1</f><v/></c></row>"#,
        r#"<row r="3"><c r="A3" t="str"><v>three four</v></c><c r="B3" t="str"><f>"x"&amp;2</f><v>x2</v></c></row>"#,
        r##"<row r="4"><c r="A4" t="str"><v>five six</v></c><c r="B4" t="e"><v>#SPILL!</v></c></row>"##,
        r#"<row r="5"><c r="A5" t="str"><v>seven</v></c><c r="B5" t="str"><v>x3</v></c></row>"#,
    );
    let book = excel(&[("a", "visible", cells.to_string())]);
    let (_, found) = read(&book).expect("a table");
    assert_eq!(
        found,
        [
            "2: one two | ",
            "3: three four | x2",
            "4: five six | ",
            "5: seven | x3"
        ]
    );
    let file = "a.xlsx".to_string();
    assert!(warnings(&book).contains(&Warning::NotComputed { file, cells: 1 }));
}

#[test]
fn a_file_is_read_from_the_disk_as_from_memory() {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("mail.xlsx");
    std::fs::write(&path, excel(&[visible("a", 1, PLAIN)])).expect("written");
    let table = read_table(&path, &TableOptions::default()).expect("a table");
    assert_eq!((table.len(), table.text_columns()), (2, vec!["said"]));
    assert!(table.has_guessed_header());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What is changed is what is packed, so that no checksum gives it away.
    #[test]
    fn changed_bytes_never_crash_or_hang(
        changes in proptest::collection::vec((any::<usize>(), any::<usize>(), 0..128_u8), 1..6),
        open: bool,
    ) {
        let mut parts = if open {
            open_document_parts(PLAIN).to_vec()
        } else {
            excel_parts(&[visible("a", 1, PLAIN)])
        };
        for (part, at, byte) in changes {
            let count = parts.len();
            let text = &mut parts[part % count].1;
            let at = at % text.len();
            if text.is_char_boundary(at) && text.is_char_boundary(at + 1) {
                text.replace_range(at..=at, char::from(byte).encode_utf8(&mut [0; 4]));
            }
        }
        let _ = read(&packed(&parts));
    }
}

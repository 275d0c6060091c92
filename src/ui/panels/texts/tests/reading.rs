//! What was guessed of a file can be said.

use super::*;
use crate::session::exchange::Plan;

/// "Where is my pupil?" in Serbian, in Windows-1251, with a letter whose byte stands for nothing in Windows-1252.
const REFUSED: &[u8] = b"text,label\n\xC3\xE4\xE5 \xBC\xE5 \xEC\xEE\xBC \x90\xE0\xEA?,x\n\xEC\xEE\xBC,y\n";
const ASKED: &str = "What is it written in?";

fn plan(h: &Screenful) -> Plan {
    h.state().panel.preview.as_ref().unwrap().plan()
}

#[test]
fn whether_the_first_row_names_the_columns_is_the_users_to_say() {
    const FIRST_ROW: &str = "The first row names the columns";
    let dir = tempfile::tempdir().unwrap();
    let mut h = screen();
    drop_file(&mut h, &file(dir.path(), "mail.csv", SMALL.as_bytes()));
    let sheet = plan(&h).sheet;
    assert_eq!((sheet.has_header, sheet.rows.len()), (true, 5));
    for (named, rows) in [(false, 6), (true, 5)] {
        h.get_by_role_and_label(Role::CheckBox, FIRST_ROW).click();
        h.run_steps(2);
        idle(&mut h);
        let sheet = plan(&h).sheet;
        assert_eq!((sheet.has_header, sheet.rows.len()), (named, rows));
    }
    assert_eq!(h.state().failures(), Vec::<&str>::new());
    // JSON lines name theirs in every row.
    let lines = b"{\"text\": \"where is it\"}\n{\"text\": \"it came\"}\n";
    drop_file(&mut h, &file(dir.path(), "mail.jsonl", lines));
    h.get_by_label("in mail.jsonl");
    assert!(h.query_by_label(FIRST_ROW).is_none());
}

#[test]
fn a_file_of_other_letters_is_read_again_with_them_and_its_columns_stay_as_chosen() {
    let dir = tempfile::tempdir().unwrap();
    let mut h = screen();
    // "Where is my parcel?" in Russian, in Windows-1251.
    let text = b"\xC3\xE4\xE5 \xEC\xEE\xFF \xEF\xEE\xF1\xFB\xEB\xEA\xE0?";
    let csv = [&b"text,label\n"[..], text, b",x\n", text, b",y\n"].concat();
    drop_file(&mut h, &file(dir.path(), "mail.csv", &csv));
    let choice = &mut h.state_mut().panel.preview.as_mut().unwrap().choice;
    choice.set_label(None);
    h.run_steps(2);
    h.get_by_label("The file's letters").click();
    h.run_steps(2);
    h.get_by_label("Cyrillic (Windows-1251)").click();
    h.run_steps(2);
    idle(&mut h);
    assert_eq!(plan(&h).sheet.cell(0, 0), "Где моя посылка?");
    assert_eq!(plan(&h).label_column, None);
    h.get_by_label_contains("was read as Cyrillic");
    assert_eq!(h.state().failures(), Vec::<&str>::new());
}

#[test]
fn a_file_that_is_refused_is_read_in_the_encoding_that_is_chosen() {
    let dir = tempfile::tempdir().unwrap();
    let mut h = screen();
    // "Where is my pupil?" in Serbian, in Windows-1251, with a letter whose byte stands for nothing in Windows-1252.
    let text = b"\xC3\xE4\xE5 \xBC\xE5 \xEC\xEE\xBC \x90\xE0\xEA?";
    let csv = [&b"text,label\n"[..], text, b",x\n", text, b",y\n"].concat();
    let path = file(dir.path(), "mail.csv", &csv);
    drop_file(&mut h, &path);
    assert_eq!(h.state().failures().len(), 1);
    assert!(h.state().panel.preview.is_none());
    h.get_by_label_contains("mail.csv is not UTF-8. What is it written in?");
    h.get_by_label("The file's letters").click();
    h.run_steps(2);
    h.get_by_label("Cyrillic (Windows-1251)").click();
    h.run_steps(2);
    idle(&mut h);
    assert_eq!(plan(&h).sheet.cell(0, 0), "Где је мој ђак?");
    assert!(h.query_by_label_contains("What is it written in?").is_none());
    // Whoever does not know leaves it out.
    drop_file(&mut h, &file(dir.path(), "other.csv", &csv));
    h.get_by_label_contains("other.csv is not UTF-8");
    assert_eq!(plan(&h).sheet.source, "mail.csv");
    h.get_by_label("Leave it out").click();
    h.run_steps(2);
    assert!(h.query_by_label_contains("What is it written in?").is_none());
    assert_eq!(plan(&h).sheet.cell(0, 0), "Где је мој ђак?");
}

#[test]
fn labels_are_taken_from_a_file_in_the_encoding_that_was_chosen() {
    let dir = tempfile::tempdir().unwrap();
    let mut h = screen_with(Some(small_project()), SIZE);
    let path = file(dir.path(), "labels.csv", REFUSED);
    drop_file(&mut h, &path);
    h.get_by_label("The file's letters").click();
    h.run_steps(2);
    h.get_by_label("Cyrillic (Windows-1251)").click();
    h.run_steps(2);
    idle(&mut h);
    h.get_by_role_and_label(Role::Button, "Only take its labels for mail")
        .click();
    h.run_steps(2);
    let reading = Reading {
        encoding: Some("windows-1251".parse().unwrap()),
        ..Reading::default()
    };
    assert_eq!(h.state_mut().panel.take_labels_from(), Some((path, reading)));
}

#[test]
fn a_file_that_no_choice_can_help_is_not_asked_about() {
    let dir = tempfile::tempdir().unwrap();
    let mut h = screen();
    drop_file(
        &mut h,
        &file(dir.path(), "mail.csv", b"\xEF\xBB\xBFtext,label\ncaf\xE9,x\n"),
    );
    assert_eq!(h.state().failures().len(), 1);
    assert!(h.query_by_label_contains(ASKED).is_none());
}

#[test]
fn a_refused_file_is_left_out_with_a_key_and_when_texts_were_added() {
    let dir = tempfile::tempdir().unwrap();
    let mut h = screen_with(Some(small_project()), SIZE);
    let refused = file(dir.path(), "other.csv", REFUSED);
    drop_file(&mut h, &refused);
    h.get_by_label_contains(ASKED);
    h.key_press(Key::Escape);
    h.run_steps(2);
    assert!(h.query_by_label_contains(ASKED).is_none());
    assert_eq!(h.state().shared.screen, Screen::Texts);

    drop_file(&mut h, &file(dir.path(), "mail.csv", SMALL.as_bytes()));
    drop_file(&mut h, &refused);
    h.get_by_label_contains(ASKED);
    until(&mut h, "the new texts are counted", |b| {
        b.panel.preview.as_ref().is_some_and(|p| p.adding.found.is_some())
    });
    h.get_by_role_and_label(Role::Button, "Add to mail").click();
    h.run_steps(2);
    idle(&mut h);
    assert_eq!(h.state().shared.screen, Screen::Label);
    assert!(h.state().panel.refused.is_none());
}

#[test]
fn another_sheet_of_a_workbook_can_be_chosen() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/workbooks/mail.xlsx");
    let mut h = screen_with(Some(small_project()), SIZE);
    drop_file(&mut h, &path);
    assert_eq!(
        (plan(&h).sheet.rows.len(), plan(&h).sheet.name.as_str()),
        (3, "mail")
    );
    h.get_by_label("The first row names the columns");
    choose_sheet(&mut h, "Forum");
    assert_eq!(plan(&h).sheet.cell(1, 0), "Where is the manual?");
    h.get_by_role_and_label(Role::Button, "Only take its labels for mail")
        .click();
    h.run_steps(2);
    let reading = Reading {
        sheet: Some("Forum".into()),
        ..Reading::default()
    };
    assert_eq!(h.state_mut().panel.take_labels_from(), Some((path, reading)));
}

#[test]
fn a_workbook_whose_first_sheet_is_no_table_of_texts_offers_the_others() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/workbooks/figures.xlsx");
    let mut h = screen();
    drop_file(&mut h, &path);
    let said = h.state().failures().last().copied().unwrap();
    assert!(
        said.contains("no column holds text") && !said.contains("--"),
        "{said}"
    );
    assert!(said.ends_with("or another sheet; this is 'Figures'"), "{said}");
    h.get_by_label_contains("The sheet Figures of figures.xlsx is no table of texts.");
    choose_sheet(&mut h, "Labels");
    assert_eq!(plan(&h).sheet.cell(0, 0), "message number 7");
    assert!(h.query_by_label_contains("is no table of texts.").is_none());
}

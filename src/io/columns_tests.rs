use super::*;

fn guessed(names: &[&str], rows: &[&[&str]]) -> (Vec<String>, Option<String>) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_string()).collect();
    let rows: Vec<Row> = rows
        .iter()
        .map(|row| Row {
            line: 1,
            cells: row.iter().map(|field| Cell::Text((*field).to_string())).collect(),
        })
        .collect();
    let roles = guess(&names, true, &rows, Vec::new(), None, true);
    let name = |at: usize| names[at].clone();
    (roles.texts.into_iter().map(name).collect(), roles.label.map(name))
}

fn header(rows: &[&[&str]]) -> bool {
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|field| (*field).to_string()).collect())
        .collect();
    is_header(&rows[0], &rows[1..])
}

#[test]
fn names_decide_first() {
    let rows: &[&[&str]] = &[&["1", "2", "so good", "pos"], &["2", "9", "so bad", "neg"]];
    assert_eq!(
        guessed(&["id", "rating", "text", "label"], rows),
        (vec!["text".into()], Some("label".into()))
    );
    assert_eq!(
        guessed(&["id", "stars", "Review Body", "x"], rows).0,
        ["Review Body"]
    );
    assert_eq!(
        guessed(&["review_id", "stars", "words", "x"], rows),
        (vec!["words".into()], Some("stars".into()))
    );
    let classes: &[&[&str]] = &[&["so good", "1", "pos"], &["so bad", "0", "neg"]];
    assert_eq!(
        guessed(&["text", "label", "label_text"], classes).1,
        Some("label_text".into())
    );
    assert_eq!(
        guessed(&["label_text", "label", "x"], classes),
        (vec!["label_text".into()], Some("label".into()))
    );
    let titled: &[&[&str]] = &[&["News", "It rains.", "1"], &["More", "It pours.", "0"]];
    assert_eq!(guessed(&["title", "body", "y"], titled).0, ["title", "body"]);
    assert_eq!(guessed(&["title", "n", "y"], &[&["a b", "1", "1"]]).0, ["title"]);
}

#[test]
fn values_decide_without_names() {
    let rows: &[&[&str]] = &[
        &["a1", "x", "the first of them", "0.25"],
        &["a2", "y", "another one of them", "0.5"],
        &["a3", "x", "the third, a little longer", "0.75"],
        &["a4", "y", "and the last of them", "0.8"],
    ];
    assert_eq!(
        guessed(&["key", "kind", "what", "p"], rows),
        (vec!["what".into()], Some("kind".into()))
    );
}

#[test]
fn headers_are_told_from_rows() {
    assert!(header(&[&["label", "text"], &["pos", "fine"]]));
    assert!(header(&[&["kind", "what"], &["3", "fine"], &["4", "not fine"]]));
    assert!(header(&[&["", "Comment Text"], &["0", "a"]]));
    assert!(!header(&[
        &["3", "Oil prices", "Oil rose."],
        &["4", "Chips", "Chips fell."]
    ]));
    assert!(!header(&[
        &["ham", "Ok lar"],
        &["spam", "Win now"],
        &["ham", "Later then"]
    ]));
    assert!(!header(&[&["pos", "A fine film."], &["neg", "Bad."]]));
    assert!(!header(&[&["same", "same"], &["a", "b"]]));
    assert!(!header(&[&["same", "", "same", ""], &["a", "", "b", ""]]));
    assert!(!header(&[&["", ""], &["1", "2"]]));
}

#[test]
fn the_questions_of_a_survey_are_a_header() {
    let question = "What did you like most about the course?";
    assert!(header(&[
        &["Timestamp", question, "How would you rate it, from 1 to 5?"],
        &["2024/01/05 9:12:33 AM GMT+1", "The exercises", "4"],
        &["2024/01/06 10:01:02 PM GMT+1", "", "5"],
    ]));
    assert!(header(&[
        &["When?", "Anything else that you want to tell us.", "When?"],
        &["05.01.2024", "No", "05.01.2024 10:30"],
        &["06.01.2024", "Yes, a lot", "07.01.2024 08:15"],
    ]));
    // Nothing below is of another kind; it is of the same; what is in the first row comes again.
    assert!(!header(&[
        &[question, "yes"],
        &["What did you like least about the course?", "no"]
    ]));
    assert!(!header(&[
        &["2024-01-05", "This text is longer than a name would ever be", "5"],
        &["2024-01-06", "This one is too", "3"],
    ]));
    assert!(!header(&[
        &["This text is longer than a name would ever be", "spam", "none"],
        &["This one is too", "ham", "3"],
        &["And this", "spam", "4"],
    ]));
    assert!(!header(&[
        &["2024-01-05", "It rains"],
        &["2024-01-06", "It pours"]
    ]));
}

#[test]
fn a_header_may_leave_columns_without_a_name() {
    assert!(header(&[
        &["v1", "v2", "", "", ""],
        &["ham", "Go until jurong point, crazy", "", "", ""],
        &["spam", "Free entry in a weekly prize", "to win", "", ""]
    ]));
    assert!(header(&[&["text", "label", "", ""], &["fine", "pos", "", ""]]));
}

#[test]
fn a_class_that_is_called_like_a_column_is_no_header() {
    let rows: &[&[&str]] = &[
        &["spam", "Win now"],
        &["ham", "Ok lar"],
        &["spam", "Win a prize"],
        &["ham", "Later then"],
    ];
    assert!(!header(rows));
    assert!(header(&[&["spam", "sms"], rows[0], rows[1], rows[2]]));
    assert!(header(&[&["spam", "what"], &["1", "Win now"], &["0", "Ok lar"]]));
    // Two tables put together, with the header of each.
    let names: &[&str] = &["text", "label"];
    assert!(header(&[names, &["fine", "pos"], names, &["bad", "neg"]]));
}

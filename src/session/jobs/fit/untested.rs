//! Classes whose error is not measured, because no text of theirs can be held out.

use super::data::Data;
use crate::train::split::{Split, text_group};

/// Why there is no estimate at all, and what to do.
pub fn nothing(data: &Data) -> String {
    // A table cannot say it.
    let together = if data.given.iter().any(Option::is_some) {
        ", or that were labelled together because they are alike"
    } else {
        ""
    };
    format!(
        "every labelled text is the only one of its class (copies count as one text, and so do texts that differ only in case, \
         punctuation and spacing{together}), and none can be held out while another of its class is learned from; label other texts"
    )
}

/// Classes that are named; of more it is told how many.
const NAMED: usize = 5;

/// The numbers of the classes that no split holds a text out of; none where nothing is measured.
pub fn untested(data: &Data, splits: &[Split]) -> Vec<usize> {
    if splits.is_empty() {
        return Vec::new();
    }
    let mut tested = vec![false; data.names.len()];
    for &row in splits.iter().flat_map(|split| &split.valid) {
        tested[data.labels[row]] = true;
    }
    (0..tested.len()).filter(|&class| !tested[class]).collect()
}

/// Says of these classes that they are not measured, and why: a sentence or two, in which each of them is once.
pub fn told(data: &Data, untested: &[usize]) -> Vec<String> {
    let rows = |class: usize| (0..data.labels.len()).filter(move |&row| data.labels[row] == class);
    let is_one = |class: usize, group: &dyn Fn(usize) -> u64| {
        let mut groups = rows(class).map(group);
        let first = groups.next();
        groups.all(|group| Some(group) == first)
    };
    let (mut one_text, mut together, mut others) = (Vec::new(), Vec::new(), Vec::new());
    let joined = data.groups();
    for &class in untested {
        if is_one(class, &|row| text_group(&data.texts[row])) {
            one_text.push(class);
        } else if is_one(class, &|row| joined[row]) {
            together.push(class);
        } else {
            others.push(class);
        }
    }
    let mut told = Vec::new();
    let why = "always learned from, since nothing else would teach the class. The error is that of the other classes; label another text";
    let same = "one text (case, punctuation and spacing aside), which is";
    match one_text[..] {
        [] => {}
        [class] if rows(class).count() == 1 => told.push(format!(
            "The class '{}' is not measured: it has one text, which is {why} of it to have it measured",
            data.names[class]
        )),
        [class] => told.push(format!(
            "The class '{}' is not measured: its {} rows all have {same} {why} of it to have it measured",
            data.names[class],
            rows(class).count()
        )),
        _ => told.push(format!(
            "The classes {} are not measured: the rows of each have {same} {why} of each to have it measured",
            listed(data, &one_text)
        )),
    }
    let at_once = "labelled together because they are alike, and are";
    match together[..] {
        [] => {}
        [class] => told.push(format!(
            "The class '{}' is not measured: its {} texts were {at_once} {why} of it by itself to have it measured",
            data.names[class],
            rows(class).count()
        )),
        _ => told.push(format!(
            "The classes {} are not measured: the texts of each were {at_once} {why} of each by itself to have it measured",
            listed(data, &together)
        )),
    }
    if !others.is_empty() {
        told.push(format!(
            "No text of {} is held out, so that the error is that of the other classes",
            listed(data, &others)
        ));
    }
    told
}

/// The first of these classes by name.
fn listed(data: &Data, classes: &[usize]) -> String {
    let named = classes.iter().take(NAMED);
    let mut names: Vec<String> = named.map(|&class| format!("'{}'", data.names[class])).collect();
    let last = match classes.len().saturating_sub(NAMED) {
        0 => names.pop().unwrap_or_default(),
        more => format!("{more} more"),
    };
    if names.is_empty() {
        last
    } else {
        format!("{} and {last}", names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::split::Plan;

    /// Ten texts of one class, ten of another, and these further rows.
    fn data(further: &[(&str, &str)]) -> Data {
        let own = (0..20).map(|i| (format!("text {i}"), if i < 10 { "good" } else { "bad" }));
        let further = further.iter().map(|&(text, class)| (text.to_string(), class));
        let (texts, classes): (Vec<String>, Vec<&str>) = own.chain(further).unzip();
        let mut names: Vec<String> = Vec::new();
        let mut number = |class: &str| match names.iter().position(|name| name == class) {
            Some(at) => at,
            None => {
                names.push(class.to_string());
                names.len() - 1
            }
        };
        let labels: Vec<usize> = classes.into_iter().map(&mut number).collect();
        Data {
            rows: (0..texts.len()).collect(),
            texts,
            labels,
            names,
            fields: 1,
            ..Data::default()
        }
    }

    fn said(data: &Data) -> Vec<String> {
        let splits = Plan::KFold { k: 5 }.split(&data.labels, Some(&data.groups()), 1);
        told(data, &untested(data, &splits))
    }

    #[test]
    fn a_class_of_one_text_is_named_with_the_reason() {
        assert!(said(&data(&[])).is_empty());
        let said = said(&data(&[("no comment", "none"), ("No comment.", "none")]));
        assert_eq!(said.len(), 1);
        assert!(
            said[0].starts_with("The class 'none' is not measured: its 2 rows all have one text (case"),
            "{said:?}"
        );
    }

    #[test]
    fn a_class_of_one_row_and_one_that_was_labelled_together_are_named_with_the_reason() {
        let further = [("rare thing", "rare"), ("blue one", "blue"), ("blue two", "blue")];
        let mut data = data(&further);
        let said_of = said(&data);
        assert_eq!(said_of.len(), 1);
        assert!(
            said_of[0].starts_with(
                "The class 'rare' is not measured: it has one text, which is always learned from"
            ),
            "{said_of:?}"
        );
        data.given = vec![None; 21];
        data.given.extend([Some(4); 2]);
        let said_of = said(&data);
        assert_eq!(said_of.len(), 2);
        assert!(
            said_of[1]
                .starts_with("The class 'blue' is not measured: its 2 texts were labelled together because"),
            "{said_of:?}"
        );
    }

    #[test]
    fn only_of_texts_that_were_labelled_together_it_is_said_that_they_count_as_one() {
        let mut data = data(&[]);
        assert!(nothing(&data).contains("case, punctuation and spacing), and none"));
        data.given = vec![None; 19];
        data.given.push(Some(1));
        assert!(
            nothing(&data).contains("spacing, or that were labelled together because they are alike), and")
        );
    }

    #[test]
    fn of_many_classes_some_are_named() {
        let mut further = vec![("-", "none"), ("-", "none"), ("?", "unsure"), ("?", "unsure")];
        let some = said(&data(&further));
        assert!(
            some[0].starts_with("The classes 'none' and 'unsure' are not measured"),
            "{some:?}"
        );
        for class in ["a", "b", "c", "d", "e"] {
            further.extend([(class, class); 2]);
        }
        let many = said(&data(&further));
        assert!(
            many[0].starts_with("The classes 'none', 'unsure', 'a', 'b', 'c' and 2 more are not measured"),
            "{many:?}"
        );
    }

    #[test]
    fn what_only_shares_the_texts_of_others_is_told_apart() {
        // One text has two labels, one of them elsewhere too, and is never held out for the other's sake.
        let further = [
            ("both", "mixed"),
            ("both", "mixed"),
            ("both", "other"),
            ("or", "other"),
            ("or", "third"),
        ];
        let data = data(&further);
        assert!(said(&data)[0].starts_with("The classes 'mixed' and 'third'"));
        assert_eq!(
            said(&data)[1],
            "No text of 'other' is held out, so that the error is that of the other classes"
        );
        assert!(untested(&data, &[]).is_empty());
    }
}

//! The parts of the crate import one another in one direction only, so that each can be read and tested without those
//! above it:
//!
//! ```text
//! gpu -> ops -> model -> {train, io} -> session -> {cli, ui}        text and host are leaves
//! ```
//!
//! (an arrow reads "is used by"). This test reads every `crate::` path, and every `super::` path that leaves its part,
//! in `src/`.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "clippy.toml allows these in functions marked as tests, but not in their helpers"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each part with the paths it may import. `io` and `train` are on one level, but what a checkpoint holds is `train`'s
/// to say and `io`'s to write: `io` may name those plain types and nothing else of `train`.
const MAY_IMPORT: [(&str, &[&str]); 10] = [
    ("host", &[]),
    ("text", &[]),
    ("gpu", &["host"]),
    ("ops", &["gpu", "host"]),
    ("model", &["gpu", "ops"]),
    ("train", &["text", "gpu", "ops", "model", "host"]),
    (
        "io",
        &["text", "model", "host", "train::Error", "train::checkpoint"],
    ),
    ("session", &["text", "gpu", "ops", "model", "train", "io", "host"]),
    ("ui", &["session"]),
    ("cli", &["session", "ui"]),
];

fn parts() -> impl Iterator<Item = &'static str> {
    MAY_IMPORT.iter().map(|(part, _)| *part)
}

/// Blanks out comments and strings; every line stays where it is.
fn code_of(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let raw_hashes = raw_string_hashes(rest).filter(|_| !code.ends_with(is_identifier));
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            block_comment_length(rest)
        } else if let Some(hashes) = raw_hashes {
            let end = format!("\"{}", "#".repeat(hashes));
            let start = hashes + 2;
            rest[start..]
                .find(&end)
                .map_or(rest.len(), |at| start + at + end.len())
        } else if first == '"' {
            string_length(rest)
        } else if rest.starts_with("'\"'") {
            3
        } else if rest.starts_with("'\\\"'") {
            4
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        // A blank keeps what stood on either side apart.
        code.push(' ');
        code.extend(rest[..length].chars().filter(|&c| c == '\n'));
        rest = &rest[length..];
    }
    code
}

/// The number of hashes where a raw string begins.
fn raw_string_hashes(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix('r')?;
    let text = after.trim_start_matches('#');
    text.starts_with('"').then_some(after.len() - text.len())
}

fn block_comment_length(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        if rest.as_bytes()[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest.as_bytes()[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    at
}

fn string_length(rest: &str) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn is_identifier(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Reads what follows `crate::`: adds every path of it to `paths`, a group `a::{b, c}` as `a::b` and `a::c`. Returns
/// what is left of the text.
fn read_tree<'a>(text: &'a str, prefix: &str, paths: &mut Vec<String>) -> &'a str {
    let text = text.trim_start();
    if let Some(mut rest) = text.strip_prefix('{') {
        loop {
            rest = rest.trim_start();
            if let Some(after) = rest.strip_prefix('}') {
                return after;
            }
            let before = rest.len();
            rest = read_tree(rest, prefix, paths).trim_start();
            if let Some(alias) = rest.strip_prefix("as ") {
                rest = alias.trim_start().trim_start_matches(is_identifier).trim_start();
            }
            rest = rest.strip_prefix(',').unwrap_or(rest);
            if rest.len() == before {
                return rest; // no group that Rust would take
            }
        }
    }
    let end = text.find(|c| !is_identifier(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let rest = if name.is_empty() {
        rest.strip_prefix('*').unwrap_or(rest)
    } else {
        rest
    };
    let path = if prefix.is_empty() {
        name.to_string()
    } else {
        format!("{prefix}::{name}")
    };
    if let Some(after) = rest.trim_start().strip_prefix("::") {
        return read_tree(after, &path, paths);
    }
    paths.push(path);
    rest
}

/// Every path from the crate's root in the code of a file that is `depth` modules below it, with its line.
fn imports(source: &str, depth: usize) -> Vec<(usize, String)> {
    let code = code_of(source);
    let mut found = Vec::new();
    let mut at = 0;
    while at < code.len() {
        let rest = &code[at..];
        let first_of_word = !code[..at].ends_with(|c| is_identifier(c) || c == ':');
        let mut paths = Vec::new();
        let mut left = rest;
        if let Some(tree) = rest.strip_prefix("crate::").filter(|_| first_of_word) {
            left = read_tree(tree, "", &mut paths);
        } else if rest.starts_with("super::") && first_of_word {
            let mut levels = 0;
            while let Some(outer) = left.strip_prefix("super::") {
                (left, levels) = (outer, levels + 1);
            }
            let tree = left;
            left = read_tree(tree, "", &mut paths);
            // An inline module is deeper than its file: what `super` names there is of the same part, unless it has the
            // name of another.
            paths.retain(|path| levels >= depth && parts().any(|part| path.split("::").next() == Some(part)));
        }
        if !paths.is_empty() {
            let line = code[..at].matches('\n').count() + 1;
            found.extend(paths.into_iter().map(|path| (line, path)));
        }
        let read = rest.len() - left.len();
        at += if read > 0 {
            read
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
    }
    found
}

/// What the file at `path`, relative to `src/`, imports against the table, a line each.
fn violations(path: &Path, source: &str) -> Vec<String> {
    let names: Vec<String> = path
        .with_extension("")
        .iter()
        .map(|n| n.to_string_lossy().into_owned())
        .collect();
    let part = names[0].as_str();
    let depth = names.len() - usize::from(names.last().is_some_and(|name| name == "mod"));
    let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == part) else {
        return vec![format!(
            "{}: `{part}` has no place in MAY_IMPORT yet",
            path.display()
        )];
    };
    let permitted = |import: &str| {
        import.split("::").next() == Some(part)
            || allowed.iter().any(|a| {
                import
                    .strip_prefix(a)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
            })
    };
    imports(source, depth)
        .into_iter()
        .filter(|(_, import)| !permitted(import))
        .map(|(line, import)| {
            format!(
                "src/{}:{line}: `{part}` may not import `{import}`, only {allowed:?}",
                path.display()
            )
        })
        .collect()
}

fn rust_files(dir: &Path, found: &mut BTreeSet<PathBuf>) {
    for entry in fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.insert(path);
        }
    }
}

#[test]
fn imports_run_downward() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = BTreeSet::new();
    rust_files(&src, &mut files);
    let mut edges = 0;
    let mut wrong = Vec::new();
    for file in &files {
        let path = file.strip_prefix(&src).expect("a file of src");
        // The root declares the parts, and the program calls the terminal.
        if ["lib.rs", "main.rs"].iter().any(|root| path == Path::new(root)) {
            continue;
        }
        let source = fs::read_to_string(file).expect("a source file");
        edges += imports(&source, usize::MAX).len();
        wrong.extend(violations(path, &source));
    }
    assert!(wrong.is_empty(), "imports that run upward:\n{}", wrong.join("\n"));
    assert!(
        edges > 50,
        "only {edges} imports were found: the reader of paths is broken"
    );
}

#[test]
fn every_part_imports_only_parts_before_it() {
    for (at, (part, allowed)) in MAY_IMPORT.iter().enumerate() {
        for import in *allowed {
            let import = import.split("::").next().expect("a name");
            assert!(
                parts().take(at).any(|earlier| earlier == import),
                "{part} may import {import}, which is not below it"
            );
        }
    }
}

#[test]
fn upward_imports_are_caught() {
    let caught = |path: &str, source: &str| violations(Path::new(path), source).len();
    assert_eq!(caught("text/vocab.rs", "use crate::model::Tokens;"), 1);
    assert_eq!(
        caught(
            "ops/lstm/gpu.rs",
            "use crate::{gpu::kernel, model::{self, AwdLstm as A}};"
        ),
        2
    );
    assert_eq!(
        caught("io/table.rs", "fn f() -> crate::session::Event { todo!() }"),
        1
    );
    assert_eq!(
        caught(
            "io/table.rs",
            "use crate::train::{Error, checkpoint::Checkpoint, plan::Plan};"
        ),
        1
    );
    assert_eq!(caught("io/table.rs", "use crate::train::Errors;"), 1);
    assert_eq!(caught("train/plan.rs", "use super::super::session::Session;"), 1);
    assert_eq!(
        caught("cli/args/mod.rs", "use super::super::{model, session};"),
        1
    );
    assert_eq!(caught("cli/mod.rs", "use crate::train::*;"), 1);
    assert_eq!(caught("game/mod.rs", ""), 1);
    let report = violations(
        Path::new("model/mod.rs"),
        "//! Words.\n\nuse crate::train::plan;\n",
    );
    assert_eq!(
        report,
        ["src/model/mod.rs:3: `model` may not import `train::plan`, only [\"gpu\", \"ops\"]"]
    );
}

#[test]
fn downward_imports_comments_and_strings_pass() {
    let caught = |path: &str, source: &str| violations(Path::new(path), source);
    let none: [String; 0] = [];
    assert_eq!(
        caught(
            "session/mod.rs",
            "use crate::{gpu, io::{Error, Labels}, session::protocol};"
        ),
        none
    );
    assert_eq!(
        caught(
            "io/checkpoint.rs",
            "use crate::train::{Error, checkpoint::{self, Checkpoint}};"
        ),
        none
    );
    assert_eq!(
        caught(
            "text/mod.rs",
            "// crate::model\n/* crate::io /* crate::io */ crate::io */"
        ),
        none
    );
    assert_eq!(
        caught(
            "text/mod.rs",
            r##"const A: &str = "\" crate::io"; const B: &str = r#"crate::io " "#;"##
        ),
        none
    );
    assert_eq!(
        caught(
            "text/mod.rs",
            "const Q: char = '\"'; const A: &str = \"crate::io\";"
        ),
        none
    );
    assert_eq!(
        caught(
            "text/subword/mod.rs",
            "use super::train; pub(crate) use other_crate::model::X;"
        ),
        none
    );
}

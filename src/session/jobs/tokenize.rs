//! Tokens, a line an input line.

use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;

use rayon::prelude::*;
use serde_json::{Map, json};

use super::super::control::Control;
use super::super::engine::{JobError, Outcome};
use super::super::protocol::Event;
use crate::io::{Encoding, Error, ModelFiles, Warning, decode, stream_error};
use crate::text::{Tokenizer, word::WordTokenizer};

/// Lines that are cut in parallel at a time.
const LINES: usize = 2_000;

pub fn run(
    input: Option<&Path>,
    model: Option<&Path>,
    encoding: Option<Encoding>,
    control: &mut Control,
) -> Outcome {
    let tokenizer = match model {
        Some(path) => ModelFiles::read(path)?.tokenizer,
        None => Tokenizer::Word(WordTokenizer::new()),
    };
    let name = input.map_or_else(|| "standard input".to_string(), |p| p.display().to_string());
    let failed = |e: &std::io::Error| match e.kind() {
        std::io::ErrorKind::InvalidData => JobError::from(stream_error(Path::new(&name), e)),
        _ => JobError::Failed(format!("{name}: {e}")),
    };
    let stream: Box<dyn Read> = match input {
        Some(path) if !crate::host::fs::is_there(path) => {
            return Err(Error::NotFound {
                path: path.to_path_buf(),
            }
            .into());
        }
        Some(path) => Box::new(crate::host::fs::File::open(path).map_err(|e| failed(&e))?),
        None => Box::new(std::io::stdin()),
    };
    let mut reader = BufReader::new(decode(stream, encoding));
    let (mut lines, mut tokens) = (0, 0);
    let mut part = Vec::with_capacity(LINES);
    let mut flush = |part: &mut Vec<String>, control: &Control| {
        let cut: Vec<Vec<String>> = part.par_iter().map(|line| tokenizer.tokenize(line)).collect();
        for line in cut {
            tokens += line.len();
            // A token of white space (what `<br />` becomes) cannot be told from the separators, and a newline would
            // break the promise of a line an input line.
            let flat = line.iter().map(|t| t.replace('\n', ""));
            let visible: Vec<String> = flat.filter(|t| !t.trim().is_empty()).collect();
            let text = visible.join(" ");
            control.emit(Event::Line { text, tokens: line });
        }
        part.clear();
    };
    for line in reader.by_ref().lines() {
        if control.stop_asked() {
            return Err(JobError::Stopped(format!("the rest of {name} was not read")));
        }
        lines += 1;
        part.push(line.map_err(|e| failed(&e))?);
        if part.len() == LINES {
            flush(&mut part, control);
        }
    }
    flush(&mut part, control);
    if reader.get_ref().is_guessed() {
        control.warn(Warning::Guessed { file: name }.tell("line"));
    }
    let mut result = Map::new();
    result.insert("lines".into(), json!(lines));
    result.insert("tokens".into(), json!(tokens));
    Ok(result)
}

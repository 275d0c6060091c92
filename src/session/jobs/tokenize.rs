//! Tokens, a line an input line.

use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;

use rayon::prelude::*;
use serde_json::{Map, json};

use super::super::control::Control;
use super::super::engine::{JobError, Outcome};
use super::super::protocol::Event;
use crate::io::{Encoding, Error, ModelFiles, decode, stream_error};
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
    let failed = |line: usize, e: &std::io::Error| match e.kind() {
        std::io::ErrorKind::InvalidData if encoding.is_some() => {
            JobError::from(stream_error(Path::new(&name), e))
        }
        std::io::ErrorKind::InvalidData => JobError::Failed(format!(
            "{name}: line {line}: not UTF-8 text; save the file again with the encoding UTF-8, or name its encoding with \
             --encoding"
        )),
        _ => JobError::Failed(format!("{name}: {e}")),
    };
    let stream: Box<dyn Read> = match input {
        Some(path) if !crate::host::fs::is_there(path) => {
            return Err(Error::NotFound {
                path: path.to_path_buf(),
            }
            .into());
        }
        Some(path) => Box::new(crate::host::fs::File::open(path).map_err(|e| failed(0, &e))?),
        None => Box::new(std::io::stdin()),
    };
    let reader = BufReader::new(match encoding {
        Some(encoding) => decode(stream, encoding),
        None => stream,
    });
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
    for line in reader.lines() {
        if control.stop_asked() {
            return Err(JobError::Stopped(format!("the rest of {name} was not read")));
        }
        lines += 1;
        let mut line = line.map_err(|e| failed(lines, &e))?;
        // The mark with which some programs begin UTF-8 is no text.
        if lines == 1 && line.starts_with('\u{feff}') {
            line.remove(0);
        }
        part.push(line);
        if part.len() == LINES {
            flush(&mut part, control);
        }
    }
    flush(&mut part, control);
    let mut result = Map::new();
    result.insert("lines".into(), json!(lines));
    result.insert("tokens".into(), json!(tokens));
    Ok(result)
}

//! One numbering of tokens for a caller, where both directions of a classifier may have a vocabulary of their own.

use std::collections::HashSet;

use crate::io::{Error, ModelFiles};
use crate::text::Tokenizer;
use crate::text::vocab::FILLER;

/// The tokens in the order in which the caller numbers them.
#[derive(Debug)]
pub struct Numbering {
    /// Those of the first direction, then what others have beside them.
    pub tokens: Vec<String>,
    /// For each direction its own number of each token, where it differs.
    pub own: Vec<Option<Vec<i64>>>,
}

impl Numbering {
    /// Of a model's directions.
    ///
    /// # Errors
    /// They cut texts into different tokens: no numbering serves both.
    pub fn new(directions: &[ModelFiles]) -> Result<Self, Error> {
        let Some((first, others)) = directions.split_first() else {
            return Ok(Self {
                tokens: Vec::new(),
                own: Vec::new(),
            });
        };
        if others.iter().any(|other| !cut_alike(first, other)) {
            return Err(Error::Onnx {
                origin: first.origin.clone(),
                cause: format!(
                    "its two directions cut texts into different tokens; export the directory '{}' by itself",
                    others[0].origin
                ),
            });
        }
        let mut tokens = first.vocab.tokens().to_vec();
        for other in others {
            let known: HashSet<&str> = tokens.iter().map(String::as_str).collect();
            let new = other.vocab.tokens().iter();
            let new: Vec<String> = new
                .filter(|token| !known.contains(token.as_str()) && *token != FILLER)
                .cloned()
                .collect();
            tokens.extend(new);
        }
        let own = |files: &ModelFiles| {
            let vocab = &files.vocab;
            (vocab.tokens() != tokens)
                .then(|| tokens.iter().map(|token| i64::from(vocab.id(token))).collect())
        };
        let own = directions.iter().map(own).collect();
        Ok(Self { tokens, own })
    }
}

/// Words are the same whatever the vocabulary; subwords are not.
fn cut_alike(one: &ModelFiles, other: &ModelFiles) -> bool {
    match (&one.tokenizer, &other.tokenizer) {
        (Tokenizer::Word(_), Tokenizer::Word(_)) => true,
        (Tokenizer::Subword(a), Tokenizer::Subword(b)) => a
            .to_json()
            .is_ok_and(|json| b.to_json().is_ok_and(|other| json == other)),
        _ => false,
    }
}

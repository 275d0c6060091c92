//! Model cards: `README.md` with the fields of the Hugging Face hub.

use std::fmt::Write as _;

use serde_json::Value;

use crate::session::number;

/// One table of facts behind the card's head.
pub struct Card<'a> {
    /// `unfreeze-classifier`, ...
    pub title: &'a str,
    /// SPDX name or words; `unknown` where the corpus's owner has not said.
    pub licence: &'a str,
    /// Tags of the hub.
    pub tags: &'a [&'a str],
    /// What it is, in a sentence or two.
    pub summary: &'a str,
    /// Names and values.
    pub facts: &'a [(&'a str, String)],
    /// Known defects and limits.
    pub limits: &'a str,
}

impl Card<'_> {
    /// The card as Markdown.
    pub fn render(&self) -> String {
        let Self {
            title,
            licence,
            tags,
            summary,
            facts,
            limits,
        } = self;
        let mut out = format!("---\nlicense: {licence}\nlibrary_name: unfreeze\ntags:\n");
        for tag in *tags {
            writeln!(out, "- {tag}").ok();
        }
        write!(out, "---\n\n# {title}\n\n{summary}\n\n| | |\n|---|---|\n").ok();
        for (name, value) in *facts {
            writeln!(
                out,
                "| {name} | {} |",
                value.replace('|', "\\|").replace('\n', " ")
            )
            .ok();
        }
        write!(out, "\n## Limits\n\n{limits}\n").ok();
        out
    }
}

/// What the card of an adapted language model warns of.
pub const ADAPTED_LIMITS: &str =
    "It has read the texts that it was adapted to and may repeat parts of them: treat it as you treat them.";

/// The licence of the base model that `training`, of a model's configuration, goes back to.
pub fn licence(training: &Value) -> String {
    match (
        training.get("licence").and_then(Value::as_str),
        training.get("base"),
    ) {
        (Some(licence), _) => licence.to_string(),
        (None, Some(base)) => licence(base),
        (None, None) => "unknown".to_string(),
    }
}

/// The card of an adapted or imported language model.
pub fn language_model_card(licence: &str, facts: &[(&str, String)], limits: &str) -> String {
    let card = Card {
        title: "AWD-LSTM language model",
        licence,
        tags: &["text-generation", "ulmfit", "awd-lstm"],
        summary: "A language model for `unfreeze fit --model`, `unfreeze generate` and `unfreeze perplexity`.",
        facts,
        limits,
    };
    card.render()
}

/// A count with thousands separated.
pub fn count(n: usize) -> String {
    number::count(n as u64)
}

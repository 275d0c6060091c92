//! The lab: ways of training compared on the same labels and the same splits.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::job::{ClassifierOptions, Common, Estimate, LmOptions, Source};
use crate::train::plan::Method;

/// One way of training: a row of the paper's table 7, or of table 6 where stage 2 is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// How stage 3 fine-tunes.
    pub method: Method,
    /// Whether stage 2 comes before it. A method that starts from random weights has no use for it.
    pub adapt: bool,
}

impl Way {
    /// The paper's comparisons: ULMFiT, what it loses without stage 2 (table 6) and without pretraining (table 4), and the
    /// other rows of table 7.
    pub const ALL: [Self; 11] = [
        Self::of(Method::Ulmfit),
        Self {
            method: Method::Ulmfit,
            adapt: false,
        },
        Self::of(Method::Scratch),
        Self::of(Method::Full),
        Self::of(Method::FullDiscr),
        Self::of(Method::Last),
        Self::of(Method::ChainThaw),
        Self::of(Method::Freez),
        Self::of(Method::FreezDiscr),
        Self::of(Method::FreezStlr),
        Self::of(Method::FreezCos),
    ];

    /// A method as the paper runs it.
    pub const fn of(method: Method) -> Self {
        Self {
            method,
            adapt: !matches!(method, Method::Scratch),
        }
    }

    /// The name on the command line: the method's, with `-no-adapt` where stage 2 is left out.
    pub const fn name(self) -> &'static str {
        if self.adapt {
            return self.method.name();
        }
        match self.method {
            Method::Ulmfit => "ulmfit-no-adapt",
            Method::UlmfitCode => "ulmfit-code-no-adapt",
            Method::Scratch => "scratch",
            Method::Full => "full-no-adapt",
            Method::FullDiscr => "full-discr-no-adapt",
            Method::Last => "last-no-adapt",
            Method::ChainThaw => "chain-thaw-no-adapt",
            Method::Freez => "freez-no-adapt",
            Method::FreezDiscr => "freez-discr-no-adapt",
            Method::FreezStlr => "freez-stlr-no-adapt",
            Method::FreezCos => "freez-cos-no-adapt",
        }
    }

    /// Every way there is: each method, then each without stage 2 that could have it.
    pub fn every() -> impl Iterator<Item = Self> {
        let without = |method| Self { method, adapt: false };
        let bare = Method::ALL.into_iter().map(without);
        let methods = Method::ALL.into_iter().map(Self::of);
        methods.chain(bare.filter(|way| Self::of(way.method).adapt))
    }

    /// The way of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::every().find(|way| way.name() == name)
    }

    /// One line for tables.
    pub fn describe(self) -> String {
        let how = self.method.describe();
        if self == Self::of(self.method) {
            how.to_string()
        } else {
            format!("without stage 2: {how}")
        }
    }
}

/// The paper's comparisons on texts of one's own: every way is trained and measured on the same splits of the same labels.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Lab {
    /// Device and seed.
    pub common: Common,
    /// Labelled texts.
    pub data: Source,
    /// Further texts for stage 2, without labels or with labels that are not read.
    pub unlabelled: Option<Source>,
    /// The language model to start from; `None` is the built-in one.
    pub model: Option<PathBuf>,
    /// The language model that has read the texts: what has stage 2 starts from it, and nothing is read any more.
    #[serde(default)]
    pub adapted: Option<PathBuf>,
    /// The directory of results to make.
    pub out: PathBuf,
    /// What to compare; the others are judged against the first.
    pub ways: Vec<Way>,
    /// Stage 2, once for every way that has it.
    pub lm: LmOptions,
    /// Stage 3, the same for every way.
    pub classifier: ClassifierOptions,
    /// How the labels are split.
    pub estimate: Estimate,
    /// Go on from the last checkpoint.
    pub resume: bool,
    /// Replace an output directory that exists.
    pub overwrite: bool,
}

/// How one way of training, or a baseline, did on labels that it had not seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    /// [`Way::name`], or `tf-idf` or `most-frequent`.
    pub way: String,
    /// What it is, in a line.
    pub what: String,
    /// Share of wrong labels.
    pub error: f64,
    /// Lower end of its 95 % interval.
    pub error_low: f64,
    /// Upper end of its 95 % interval.
    pub error_high: f64,
    /// How often chance alone would set it as far from the first way as it is (McNemar's exact test); `None` for the first.
    pub p: Option<f64>,
    /// Seconds that its classifiers took to train, all folds together; stage 2 is not among them.
    pub seconds: f64,
}

/// A way of training that gave nothing to measure, since its training diverged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LeftOut {
    /// [`Way::name`].
    pub way: String,
    /// What happened.
    pub message: String,
}

impl Compared {
    /// The baseline that counts words.
    pub const TFIDF: &'static str = "tf-idf";
    /// The baseline that guesses.
    pub const MOST_FREQUENT: &'static str = "most-frequent";
    /// What the columns of a table of results are called.
    pub const COLUMNS: [&'static str; 7] =
        ["way", "error", "error_low", "error_high", "p", "seconds", "what"];

    /// What is compared under this name, in a line; nothing where it is unknown.
    pub fn describe(name: &str) -> String {
        match name {
            Self::TFIDF => "logistic regression on TF-IDF: counts words, knows no language".into(),
            Self::MOST_FREQUENT => "the label that most of the others have, whatever the text".into(),
            name => Way::parse(name).map_or_else(String::new, Way::describe),
        }
    }

    /// Its cells under [`Self::COLUMNS`].
    pub fn cells(&self) -> [String; 7] {
        [
            self.way.clone(),
            self.error.to_string(),
            self.error_low.to_string(),
            self.error_high.to_string(),
            self.p.map(|p| p.to_string()).unwrap_or_default(),
            self.seconds.to_string(),
            self.what.clone(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_has_a_name_of_its_own_that_is_understood() {
        let mut names: Vec<&str> = Way::every().map(Way::name).collect();
        assert_eq!(names.len(), 2 * Method::ALL.len() - 1);
        for (way, name) in Way::every().zip(&names) {
            assert_eq!(Way::parse(name), Some(way), "{name}");
            let method = way.method.name();
            assert_eq!(
                *name,
                if way == Way::of(way.method) {
                    method.into()
                } else {
                    format!("{method}-no-adapt")
                }
            );
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), 2 * Method::ALL.len() - 1);
        assert!(Way::ALL.iter().all(|way| Way::every().any(|other| other == *way)));
        // It never has stage 2.
        assert_eq!(Way::parse("scratch-no-adapt"), None);
        assert_eq!(Way::parse("none"), None);
        assert!(Way::ALL[1].describe().starts_with("without stage 2: "));
    }
}

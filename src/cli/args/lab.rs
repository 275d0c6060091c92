//! `unfreeze lab`: its options, and the job that they describe.

use std::path::{Path, PathBuf};

use clap::Args;

use super::columns::ColumnArgs;
use super::values;
use crate::session::protocol::{ClassifierOptions, Common, Estimate, Lab, LmOptions, Source, Way};

#[derive(Debug, Args)]
pub struct LabArgs {
    /// Labelled texts
    #[arg(long, value_name = "PATH")]
    pub data: PathBuf,
    #[command(flatten)]
    pub columns: ColumnArgs,
    /// The directory of results to make; without it the data's name with `-lab`, here
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Go on with an interrupted comparison
    #[arg(long)]
    pub resume: bool,
    /// Replace an output directory that exists, unless it holds anything else too
    #[arg(long)]
    pub overwrite: bool,
    /// The ways to compare, the one first that the others are judged against; without it the rows of the paper's tables 4 and 7,
    /// and table 6's without fine-tuning the language model
    ///
    /// A method of `fit --method`, or one with `-no-adapt` behind it: without stage 2
    #[arg(
        long, value_name = "NAME", value_delimiter = ',', value_parser = values::way()
    )]
    pub methods: Vec<Way>,
    /// Further texts for the language model; labels in them are not read
    #[arg(long, visible_alias = "unlabeled", value_name = "PATH")]
    pub unlabelled: Option<PathBuf>,
    /// The language model to start from; the built-in one without it
    #[arg(long, value_name = "DIR")]
    pub model: Option<PathBuf>,
    /// A language model that has read the texts, as `adapt` makes it: what has stage 2 starts from it, and stage 2 is not run
    #[arg(long, value_name = "DIR", conflicts_with_all = ["unlabelled", "lm_epochs", "lm_max_tokens"])]
    pub adapted: Option<PathBuf>,
    /// How the labels are split: auto, folds:K or holdout:F
    ///
    /// The same splits for every way. `auto` is folds:5 below 200 labels or with a class of fewer than 10, which trains five
    /// classifiers a way, and a hold-out above that, which trains one
    #[arg(long, value_name = "HOW", default_value = "auto", value_parser = values::split)]
    pub estimate: Estimate,
    /// Weight classes by the inverse of their frequency
    #[arg(long)]
    pub balance: bool,
    /// Passes over the labelled texts, gradual unfreezing included
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub epochs: Option<usize>,
    /// Tokens that are pooled, from the text's end
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub max_len: Option<usize>,
    /// Language model: passes over the texts
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub lm_epochs: Option<usize>,
    /// Language model: at most so many tokens, such as 3M
    #[arg(long, value_name = "N", value_parser = values::count)]
    pub lm_max_tokens: Option<usize>,
}

/// `reviews.csv.zst` in any directory gives `reviews-lab` in the one that one is in.
fn beside(data: &Path) -> PathBuf {
    let name = data.file_name().unwrap_or_default().to_string_lossy();
    let stem = name.trim_start_matches('.').split('.').next().unwrap_or_default();
    PathBuf::from(if stem.is_empty() {
        "lab".into()
    } else {
        format!("{stem}-lab")
    })
}

impl LabArgs {
    /// The job.
    pub fn into_job(self, common: Common) -> Lab {
        let further = |path| Source {
            path,
            text_columns: self.columns.text_columns.clone(),
            // Texts without labels need not have the column.
            label_column: None,
            encoding: self.columns.written.encoding,
            sheet: self.columns.sheet.clone(),
            rows: None,
        };
        Lab {
            common,
            unlabelled: self.unlabelled.map(further),
            out: self.out.unwrap_or_else(|| beside(&self.data)),
            data: Source {
                path: self.data,
                text_columns: self.columns.text_columns,
                label_column: self.columns.label_column,
                encoding: self.columns.written.encoding,
                sheet: self.columns.sheet,
                rows: None,
            },
            model: self.model,
            adapted: self.adapted,
            ways: if self.methods.is_empty() {
                Way::ALL.to_vec()
            } else {
                self.methods
            },
            lm: LmOptions {
                epochs: self.lm_epochs,
                max_tokens: self.lm_max_tokens,
                ..LmOptions::default()
            },
            classifier: ClassifierOptions {
                epochs: self.epochs,
                max_len: self.max_len,
                balance: self.balance,
                ..ClassifierOptions::default()
            },
            estimate: self.estimate,
            resume: self.resume,
            overwrite: self.overwrite,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_named_after_the_data() {
        assert_eq!(
            beside(Path::new("/data/reviews.csv.zst")),
            Path::new("reviews-lab")
        );
        assert_eq!(beside(Path::new(".hidden.csv")), Path::new("hidden-lab"));
        assert_eq!(beside(Path::new("..")), Path::new("lab"));
    }
}

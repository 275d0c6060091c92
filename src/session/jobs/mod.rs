//! One job a file.

pub mod adapt;
pub mod bench;
pub mod classify;
pub mod demo;
pub mod doctor;
pub mod evaluate;
pub mod explain;
pub mod export;
pub mod fit;
pub mod generate;
pub mod import;
pub mod kept;
pub mod lab;
pub mod perplexity;
pub mod predict;
pub mod pretrain;
pub mod tokenize;

mod aside;
mod card;
pub(super) mod load;
mod observe;
mod outputs;
mod prepare;
mod same;
mod work;

pub use aside::{LanguageModels, language_models};
pub use load::base_model;
pub use work::unfinished;

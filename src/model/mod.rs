//! The AWD-LSTM, its language model and its classifier (Merity et al. 2017; Howard & Ruder 2018).
//!
//! Sequences are time-major: tokens `[time, batch]`, activations `[time, batch, features]`.

pub mod awd_lstm;
pub mod classifier;
pub mod config;
pub mod dropout;
pub mod language_model;
pub mod parameter;
pub mod pooling;
pub(crate) mod read_back;
pub mod regularisation;
pub mod sampled_softmax;

pub use awd_lstm::{AwdLstm, Tokens};
pub use classifier::Classifier;
pub use config::{Architecture, Dropouts};
pub use language_model::LanguageModel;
pub use parameter::{Network, Parameter};
pub use pooling::Pooling;
pub use sampled_softmax::Targets;

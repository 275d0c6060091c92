//! The model that looks over the user's shoulder while they label.
//!
//! A frozen encoder turns every text into its concat-pooled features once (section 3.3 of the paper: the classifier's
//! input); a head on these features is trained in under a second whenever labels change. From it come suggestions, the
//! words that decide them, the order in which texts are asked for, an honest error on the texts kept aside, similar
//! texts and a map. It runs on a thread of its own and never holds up the window: the latest [`Insight`] is always there.

mod insight;

pub use insight::{Churn, Estimate, Insight, Pick, Reason, Tint};

//! **Unfreeze** runs ULMFiT (Howard & Ruder 2018) end to end on the user's own machine: an AWD-LSTM language model is
//! fine-tuned on the user's texts, then on the few that are labelled, with discriminative rates, slanted triangular
//! learning rates and gradual unfreezing.
//!
//! The library drives the same engine as the terminal:
//!
//! ```no_run
//! use unfreeze::session::protocol::{Command, Common, Event, Job};
//! use unfreeze::session::Session;
//!
//! let session = Session::spawn()?;
//! session.send(Command::Start(Box::new(Job::Demo { common: Common::default(), out: None })))?;
//! for event in session.events() {
//!     if let Event::Done { result, .. } = event {
//!         println!("error {}", result["error"]);
//!         break;
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

// Burn's tensor types nest deeper than the compiler's default allows for.
#![recursion_limit = "512"]

#[cfg(not(target_family = "wasm"))]
pub mod cli;
pub mod gpu;
pub mod host;
pub mod io;
pub mod model;
pub mod ops;
pub mod session;
pub mod text;
pub mod train;
pub mod ui;

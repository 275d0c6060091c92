//! The window: a fold over the engine's events and a project's log, drawn with egui.
//!
//! [`App`] owns the screens (`panels/`, one each) and what they share ([`Shared`]). Everything that can be done is an
//! [`Action`](actions::Action) with a name, an explanation and mostly a key; buttons, keys and the palette only name it.

pub mod actions;
mod app;
pub mod chrome;
mod history;
#[cfg(any(test, target_family = "wasm"))]
mod link;
#[cfg(not(target_family = "wasm"))]
mod native;
mod news;
pub mod number;
pub mod panels;
mod project;
pub mod run;
pub mod settings;
mod shared;
pub mod side;
mod steps;
pub mod theme;
#[cfg(target_family = "wasm")]
mod web;
pub mod widgets;

pub use app::App;
#[cfg(not(target_family = "wasm"))]
pub use native::{has_display, open_window};
pub use shared::{GOAL, Message, Offer, Screen, Shared, Wish};
#[cfg(target_family = "wasm")]
pub use web::open_window;

//! Windows for choosing a file: the operating system's, or the browser's.

#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(target_family = "wasm")]
mod web;

#[cfg(not(target_family = "wasm"))]
pub use native::{ASKS_WHERE, choose_file, choose_place, exports_folder, hand_over, let_go, shown};
#[cfg(not(target_family = "wasm"))]
pub(super) use native::{SHOWS_FILES, adopt};
#[cfg(target_family = "wasm")]
pub(in crate::session) use web::passes;
#[cfg(target_family = "wasm")]
pub use web::{
    ASKS_WHERE, choose_file, choose_place, exports_folder, hand_over, keep, let_go, shown, taking_in,
};
#[cfg(target_family = "wasm")]
pub(super) use web::{SHOWS_FILES, adopt};

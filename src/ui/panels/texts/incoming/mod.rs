//! Taking in a file that was dropped on the window, and asking for what is on the clipboard.

#[cfg(not(target_family = "wasm"))]
mod native;
#[cfg(target_family = "wasm")]
mod web;

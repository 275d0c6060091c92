//! What the program asks of whatever it runs in: an operating system, or a tab of a browser.
//!
//! Each part has one interface and two files behind it, `native.rs` and `web.rs`. Nothing above this part asks where it runs.

pub mod clock;
pub mod folders;
pub mod fs;
pub mod memory;
pub mod work;
pub mod zstd;

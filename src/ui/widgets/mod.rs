//! Small pieces that every screen is built from.

mod basic;
mod curves;
mod explained;
mod key_hint;
mod keycap;
mod label_button;
mod segments;
mod text_row;
mod ticks;

pub use super::number::{count as grouped, percent, range, texts};
pub use basic::{card, chip, heading, label_dot, small, standing, stat};
pub use curves::{Curve, curves};
pub use explained::Explained;
pub use key_hint::key_hint;
pub use keycap::{Keycap, keycap};
pub use label_button::{HEIGHT as BUTTON_HEIGHT, LabelButton};
pub use segments::{Segment, segments};
pub use text_row::{TextRow, one_line};
pub use ticks::tick_list;

//! Small pieces that every screen is built from.

mod basic;
mod curves;
mod key_hint;
mod label_button;
mod numbers;
mod segments;
mod text_row;
mod ticks;

pub use basic::{card, chip, heading, keycap, label_dot, small, standing, stat};
pub use curves::{Curve, curves};
pub use key_hint::key_hint;
pub use label_button::{HEIGHT as BUTTON_HEIGHT, LabelButton};
pub use numbers::{grouped, percent, range, texts};
pub use segments::{Segment, segments};
pub use text_row::{TextRow, one_line};
pub use ticks::tick_list;

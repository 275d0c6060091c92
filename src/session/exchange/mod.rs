//! What crosses the window's edge: tables of texts in, labels in and out.
//!
//! Everything that touches a file runs on a thread of its own as a [`Background`]; the window polls it once a frame.

mod background;
mod create;
mod json;
mod open;
mod sample;
mod sheet;
mod shelf;
mod transfer;

pub use crate::io::exchange::{Format, label_studio_configuration};
pub use background::{Background, Outcome, Wake};
pub use create::{MOST_LABELS, Plan, create, open_project, projects_folder};
pub use json::{from_json, to_json};
pub use open::{SAMPLE_NAME, Source, open};
pub use sample::{find_sample, is_sample};
pub use sheet::{Sheet, SheetRow};
pub use shelf::Shelf;
pub use transfer::{Imported, choose_file, choose_place, export_project, import_labels};

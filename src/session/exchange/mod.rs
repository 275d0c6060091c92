//! What crosses the window's edge: tables of texts in, labels in and out.
//!
//! Everything that touches a file runs beside the window as a [`Background`]; the window polls it once a frame.

mod add;
mod background;
mod create;
mod dialog;
mod json;
mod open;
mod reading;
mod sample;
mod sheet;
mod shelf;
mod table;
mod transfer;

pub use crate::io::exchange::{Format, label_studio_configuration};
pub use crate::io::{Encoding, Workbook};
pub use add::{Addition, Fresh, add, count_new};
pub use background::{Background, Outcome, Wake};
pub use create::{MOST_LABELS, Plan, create, open_project, projects_folder};
#[cfg(target_family = "wasm")]
pub(in crate::session) use dialog::passes;
pub use dialog::{ASKS_WHERE, choose_file, choose_place, exports_folder, hand_over, let_go, shown};
#[cfg(target_family = "wasm")]
pub use dialog::{keep, taking_in};
pub use json::{from_json, to_json};
pub use open::{SAMPLE_NAME, Source, open, open_again};
pub use reading::{NotRead, Reading};
pub use sample::{find_sample, is_sample};
pub use sheet::{Sheet, SheetRow};
pub use shelf::Shelf;
pub use table::write_table;
pub use transfer::{Imported, export_project, import_labels, where_it_went};

//! The assistant on a thread of its own.

use std::sync::Arc;

use crate::host::work::spawn;
use crate::session::assistant::{Shared, run};
use crate::session::project::Texts;

/// Starts it.
///
/// # Errors
/// When the operating system gives no thread.
pub fn start(shared: Arc<Shared>, texts: Arc<Texts>, seed: u64) -> std::io::Result<()> {
    spawn(
        "assistant",
        move || async move { run(&shared, texts, seed).await },
    )
    .map(drop)
}

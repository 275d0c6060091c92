//! A run that was interrupted, by a stop or by a crash, and can go on.

use std::path::Path;

use super::jobs;
use super::protocol::Fit;

/// The training that was interrupted on its way to the model directory `out`: the job that goes on with it.
pub fn training(out: &Path) -> Option<Fit> {
    let job: Fit = jobs::unfinished(out)?;
    Some(Fit {
        resume: true,
        overwrite: true,
        ..job
    })
}

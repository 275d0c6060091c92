//! A run that was interrupted, by a stop or by a crash, and can go on.

use std::path::{Path, PathBuf};

use super::exchange::{Background, Wake};
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

/// Looks for it beside the window: the job holds every text that it trains on.
pub fn look_for_training(out: PathBuf, wake: Wake) -> Background<Option<Fit>> {
    Background::start(0, wake, move |_| training(&out))
}

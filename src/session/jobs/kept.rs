//! The last classifier that was asked, kept for the next question: reading one takes far longer than one text does.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::super::control::Control;
use super::super::engine::JobError;
use super::super::protocol::{Common, DeviceChoice, Event};
use super::classify::{Loaded, TFIDF_FILE};
use crate::gpu::device::{self, Selected};
use crate::ops::reading::Rounding;

/// Files whose change makes a classifier another one.
const FILES: [&str; 7] = [
    "config.json",
    "labels.json",
    "model.safetensors",
    TFIDF_FILE,
    "backward/config.json",
    "backward/labels.json",
    "backward/model.safetensors",
];

/// When each file was last changed, and its length; `None` where there is no such file.
type Stamp = [Option<(SystemTime, u64)>; FILES.len()];

fn stamp(dir: &Path) -> Stamp {
    FILES.map(|name| {
        let data = crate::host::fs::metadata(dir.join(name)).ok()?;
        Some((data.modified().ok()?, data.len()))
    })
}

/// The device and the classifier of the last question.
#[derive(Default)]
pub struct Kept {
    device: Option<(DeviceChoice, Selected)>,
    model: Option<(PathBuf, Stamp, Loaded)>,
}

impl Kept {
    /// Announces the job and gives its classifier, which is read only if another was asked last or its files have
    /// changed since.
    pub async fn classifier(
        &mut self,
        control: &Control,
        job: &str,
        path: &Path,
        common: &Common,
    ) -> Result<&Loaded, JobError> {
        if self
            .device
            .as_ref()
            .is_none_or(|(choice, _)| *choice != common.device)
        {
            self.model = None;
            self.device = Some((common.device, device::select(common.device).await?));
        }
        let Some((_, selected)) = &self.device else {
            return Err(JobError::Failed("no device was opened".into()));
        };
        control.emit(Event::Started {
            job: job.to_string(),
            device: selected.name.clone(),
            reason: selected.reason.clone(),
            seed: common.seed,
        });
        let now = stamp(path);
        let fresh = self
            .model
            .take_if(|(of, then, _)| of == path && *then == now)
            .map(|(_, _, loaded)| loaded);
        let loaded = match fresh {
            Some(loaded) => loaded,
            None => {
                self.model = None;
                Loaded::read(control, path, &selected.device, Rounding::None).await?
            }
        };
        Ok(&self.model.insert((path.to_path_buf(), now, loaded)).2)
    }
}

//! Making and opening a project without holding up the window.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::channel;

use async_channel::{Receiver, TryRecvError};

use super::open::{Link, OpenProject};
use super::store::{Loaded, Store, Wake, create, load};
use super::{Texts, models};
use crate::host::work::{block_on, spawn};
use crate::io::project::{ProjectError, ProjectFile};

/// A project that is being made or opened.
#[derive(Debug)]
pub struct Opening {
    first: Receiver<Result<Box<Loaded>, ProjectError>>,
    link: Option<Link>,
}

impl Opening {
    /// Begins to open a project file; `wake` is called when it is open and at every report of its store.
    pub fn open(path: PathBuf, wake: Wake) -> Self {
        let at = path.clone();
        Self::start(path, wake, move || ProjectFile::open(&at, load))
    }

    /// Begins to make a project file and to open it. Nothing that exists is replaced.
    pub fn create(path: PathBuf, name: String, texts: Arc<Texts>, wake: Wake) -> Self {
        let at = path.clone();
        Self::start(path, wake, move || {
            create(&at, &name, &texts)?;
            ProjectFile::open(&at, load)
        })
    }

    fn start(
        path: PathBuf,
        wake: Wake,
        open: impl FnOnce() -> Result<(ProjectFile, Loaded), ProjectError> + Send + 'static,
    ) -> Self {
        Self::start_with(path, wake, models::cache_directory(), open)
    }

    pub(super) fn start_with(
        path: PathBuf,
        wake: Wake,
        cache: PathBuf,
        open: impl FnOnce() -> Result<(ProjectFile, Loaded), ProjectError> + Send + 'static,
    ) -> Self {
        let (opened, first) = async_channel::bounded(1);
        let (orders, inbox) = async_channel::unbounded();
        let (outbox, reports) = channel();
        let work = {
            let opened = opened.clone();
            move || async move {
                let opening = match open() {
                    Ok((mut file, loaded)) => file.settled().await.map(|()| (file, loaded)),
                    Err(why) => Err(why),
                };
                match opening {
                    Ok((file, loaded)) => {
                        let texts = Arc::clone(&loaded.project.texts);
                        let sent = opened.try_send(Ok(Box::new(loaded)));
                        wake();
                        if sent.is_ok() {
                            Store::new(file, texts, outbox, wake, cache).run(&inbox).await;
                        }
                    }
                    Err(why) => {
                        opened.try_send(Err(why)).ok();
                        wake();
                    }
                }
            }
        };
        let store = match spawn("project", work) {
            Ok(store) => Some(store),
            Err(error) => {
                opened.try_send(Err(ProjectError::disk(&path, &error))).ok();
                None
            }
        };
        Self {
            first,
            link: Some(Link::new(path, orders, reports, store)),
        }
    }

    /// The project, once, when it is open or cannot be.
    pub fn poll(&mut self) -> Option<Result<OpenProject, ProjectError>> {
        let opened = match self.first.try_recv() {
            Ok(opened) => Ok(opened),
            Err(TryRecvError::Empty) => return None,
            Err(TryRecvError::Closed) => Err(()),
        };
        Some(finish(self.link.take()?, opened))
    }

    /// Waits for it, holding up the thread: not in a tab.
    ///
    /// # Errors
    /// Those of [`OpenProject::open`] and [`OpenProject::create`].
    pub fn wait(self) -> Result<OpenProject, ProjectError> {
        block_on(self.opened())
    }

    /// The project, when it is open.
    ///
    /// # Errors
    /// Those of [`OpenProject::open`] and [`OpenProject::create`].
    pub async fn opened(mut self) -> Result<OpenProject, ProjectError> {
        let opened = self.first.recv().await.map_err(|_| ());
        let Some(link) = self.link.take() else {
            return Err(ProjectError::Disk {
                path: PathBuf::new(),
                cause: "this project was opened already".to_string(),
            });
        };
        finish(link, opened)
    }
}

fn finish(
    link: Link,
    opened: Result<Result<Box<Loaded>, ProjectError>, ()>,
) -> Result<OpenProject, ProjectError> {
    match opened {
        Ok(Ok(loaded)) => Ok(link.open(*loaded)),
        Ok(Err(why)) => Err(why),
        Err(()) => Err(link.ended()),
    }
}

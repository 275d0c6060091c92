//! The thread that owns a project file: orders in, reports out, in order.
//!
//! Actions that arrive together are committed together, so that a burst costs one `fsync`. Models are moved a piece at a
//! time between two commits; an answer never waits for more than one piece.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Sender;

use async_channel::{Receiver, TryRecvError};
use serde_json::Value;

use super::encoding::{read_texts, write_texts};
use super::models::{Put, Take};
use super::predictions::{Predictions, mark};
use super::{Action, Project, Texts};
use crate::host::work::breathe;
use crate::io::project::{ModelListing, ProjectError, ProjectFile, View};
use crate::session::Event;

/// The name of the predictions among the results of the file.
const PREDICTIONS: &str = "predictions";

/// Called whenever there is something to poll: a window asks to be drawn again.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// What the store is told.
#[derive(Debug)]
pub(super) enum Order {
    /// Append this action. One of a burst that is older than a failure is dropped: its sender was told already.
    Act { burst: u64, action: Action },
    /// Put these texts in place of those that are there, which are the first of them, and append the action that comes with
    /// them: both or neither. Dropped like an action.
    Grow {
        burst: u64,
        texts: Arc<Texts>,
        action: Option<Action>,
    },
    /// Keep a setting.
    Set { key: String, json: String },
    /// Keep a run.
    SaveRun {
        run: u64,
        header: Value,
        events: Vec<Event>,
    },
    /// Give the events of a run.
    LoadRun(u64),
    /// Keep the files of a directory as a model.
    PutModel { name: String, dir: PathBuf },
    /// Keep what the classifier said of the texts, or forget what is kept.
    SetPredictions(Option<Box<Predictions>>),
    /// Give what is kept of it.
    GetPredictions,
    /// Give a directory with the files of a model.
    TakeModel(String),
}

/// What the store reports.
#[derive(Debug)]
pub(super) enum Report {
    /// That many of the oldest actions are on disk.
    Saved(usize),
    /// The texts that came next are, and the action that comes with them.
    Grown,
    /// Nothing of what is under way will be.
    NotSaved(ProjectError),
    SettingFailed(String, ProjectError),
    RunSaved(u64),
    RunLoaded(u64, Vec<Event>),
    ModelSaved(String, ModelListing),
    ModelReady(String, PathBuf),
    PredictionsSet,
    PredictionsLoaded(Option<Box<Predictions>>),
    Failed(ProjectError),
}

/// What a project file held when it was opened.
#[derive(Debug)]
pub(super) struct Loaded {
    pub project: Project,
    pub settings: Vec<(String, Value)>,
    pub runs: Vec<(u64, Value)>,
    pub models: Vec<(String, ModelListing)>,
    pub actions: u64,
}

pub(super) fn load(view: &View) -> Result<Loaded, ProjectError> {
    let texts = view.texts(read_texts)?;
    let mut project = Project::new(view.name()?, Arc::new(texts));
    let mut actions = 0;
    view.actions(|json| {
        let action: Action = serde_json::from_str(json).map_err(|e| e.to_string())?;
        actions += 1;
        project.apply(action).map_err(|why| why.to_string())
    })?;
    let value = |what: String, json: &str| {
        serde_json::from_str(json).map_err(|e| view.damaged(&format!("{what}: {e}")))
    };
    let settings = view.settings()?.into_iter().map(|(key, json)| {
        let setting = value(format!("setting '{key}'"), &json)?;
        Ok((key, setting))
    });
    let runs = view
        .runs()?
        .into_iter()
        .map(|(run, json)| Ok((run, value(format!("run number {}", run + 1), &json)?)));
    Ok(Loaded {
        project,
        settings: settings.collect::<Result<_, _>>()?,
        runs: runs.collect::<Result<_, _>>()?,
        models: view.models()?,
        actions,
    })
}

/// Makes the file of a new project.
pub(super) fn create(path: &Path, name: &str, texts: &Texts) -> Result<(), ProjectError> {
    ProjectFile::create(path, name, |out| write_texts(texts, out))
}

/// The thread's life after the file is open.
pub(super) struct Store {
    file: ProjectFile,
    texts: Arc<Texts>,
    /// Theirs, once it was needed.
    mark: Option<u64>,
    reports: Sender<Report>,
    wake: Wake,
    /// Models under way, the first of them being moved.
    models: VecDeque<Moving>,
    /// Bursts up to this one have failed.
    failed: Option<u64>,
    cache: PathBuf,
}

enum Moving {
    In(Put),
    Out(Take),
}

impl Store {
    pub fn new(
        file: ProjectFile,
        texts: Arc<Texts>,
        reports: Sender<Report>,
        wake: Wake,
        cache: PathBuf,
    ) -> Self {
        Self {
            file,
            texts,
            mark: None,
            reports,
            wake,
            models: VecDeque::new(),
            failed: None,
            cache,
        }
    }

    /// Carries out orders until there can be no more of them; models that came before are then finished.
    pub async fn run(mut self, orders: &Receiver<Order>) {
        const MOST_TOGETHER: usize = 1024;
        let mut open = true;
        while open || !self.models.is_empty() {
            let first = if self.models.is_empty() {
                orders.recv().await.map_err(|_| TryRecvError::Closed)
            } else {
                orders.try_recv()
            };
            let mut together = Vec::new();
            match first {
                Ok(order) => {
                    together.push(order);
                    together.extend(std::iter::from_fn(|| orders.try_recv().ok()).take(MOST_TOGETHER));
                }
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Closed) => {
                    open = false;
                    // Nobody waits for an unpacked model any more.
                    self.models.retain(|m| matches!(m, Moving::In(_)));
                }
            }
            self.carry_out(together).await;
            self.move_models().await;
            breathe().await;
        }
    }

    async fn carry_out(&mut self, orders: Vec<Order>) {
        let mut actions: Vec<(u64, Action)> = Vec::new();
        for order in orders {
            if let Order::Act { burst, action } = order {
                actions.push((burst, action));
            } else {
                self.append(std::mem::take(&mut actions)).await;
                self.other(order).await;
            }
        }
        self.append(actions).await;
    }

    async fn append(&mut self, mut actions: Vec<(u64, Action)>) {
        actions.retain(|(burst, _)| self.failed.is_none_or(|failed| *burst > failed));
        let Some(&(burst, _)) = actions.last() else {
            return;
        };
        let json: Result<Vec<String>, serde_json::Error> =
            actions.iter().map(|(_, a)| serde_json::to_string(a)).collect();
        let done = match json {
            Ok(json) => self.file.append(&json).await,
            Err(error) => Err(self.unwritable(&error)),
        };
        match done {
            Ok(()) => self.report(Report::Saved(actions.len())),
            Err(why) => {
                self.failed = Some(burst);
                self.report(Report::NotSaved(why));
            }
        }
    }

    async fn other(&mut self, order: Order) {
        let report = match order {
            Order::Act { .. } => return,
            Order::Grow { burst, .. } if self.failed.is_some_and(|failed| burst <= failed) => return,
            Order::Grow { burst, texts, action } => match self.grow(texts, action.as_ref()).await {
                Ok(()) => Report::Grown,
                Err(why) => {
                    self.failed = Some(burst);
                    Report::NotSaved(why)
                }
            },
            Order::Set { key, json } => match self.set(&key, &json).await {
                Ok(()) => return,
                Err(why) => Report::SettingFailed(key, why),
            },
            Order::SaveRun { run, header, events } => match self.save_run(run, &header, &events).await {
                Ok(()) => Report::RunSaved(run),
                Err(why) => Report::Failed(why),
            },
            Order::LoadRun(run) => match self.load_run(run) {
                Ok(events) => Report::RunLoaded(run, events),
                Err(why) => Report::Failed(why),
            },
            Order::SetPredictions(predictions) => match self.set_predictions(predictions.as_deref()).await {
                Ok(()) => Report::PredictionsSet,
                Err(why) => Report::Failed(why),
            },
            Order::GetPredictions => match self.predictions() {
                Ok(predictions) => Report::PredictionsLoaded(predictions),
                Err(why) => Report::Failed(why),
            },
            Order::PutModel { name, dir } => {
                self.models.push_back(Moving::In(Put::new(name, dir)));
                return;
            }
            Order::TakeModel(name) => {
                self.models
                    .push_back(Moving::Out(Take::new(name, self.cache.clone())));
                return;
            }
        };
        self.report(report);
    }

    async fn grow(&mut self, texts: Arc<Texts>, action: Option<&Action>) -> Result<(), ProjectError> {
        let json = action.map(serde_json::to_string).transpose();
        let json: Vec<String> = json.map_err(|e| self.unwritable(&e))?.into_iter().collect();
        self.file.grow(|out| write_texts(&texts, out), &json).await?;
        (self.texts, self.mark) = (texts, None);
        Ok(())
    }

    async fn set(&mut self, key: &str, json: &str) -> Result<(), ProjectError> {
        self.file.set(key, json)?;
        self.file.settled().await
    }

    async fn save_run(&mut self, run: u64, header: &Value, events: &[Event]) -> Result<(), ProjectError> {
        let mut lines = Vec::new();
        for event in events {
            serde_json::to_writer(&mut lines, event).map_err(|e| self.unwritable(&e))?;
            lines.push(b'\n');
        }
        self.file.save_run(run, &header.to_string(), &lines)?;
        self.file.settled().await
    }

    fn load_run(&mut self, run: u64) -> Result<Vec<Event>, ProjectError> {
        let view = self.file.view()?;
        let lines = view.run_events(run)?;
        lines
            .split(|&b| b == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).map_err(|e| view.damaged(&e)))
            .collect()
    }

    fn mark(&mut self) -> u64 {
        *self.mark.get_or_insert_with(|| mark(&self.texts))
    }

    async fn set_predictions(&mut self, predictions: Option<&Predictions>) -> Result<(), ProjectError> {
        let of = self.mark();
        let bytes = predictions.map(|p| p.encode(of)).transpose();
        let bytes = bytes.map_err(|e| self.unwritable(&e))?;
        self.file.set_result(PREDICTIONS, bytes.as_deref())?;
        self.file.settled().await
    }

    fn predictions(&mut self) -> Result<Option<Box<Predictions>>, ProjectError> {
        let Some(bytes) = self.file.view()?.result(PREDICTIONS)? else {
            return Ok(None);
        };
        Ok(Predictions::decode(&bytes, &self.texts).map(Box::new))
    }

    /// One step of the first model under way.
    async fn move_models(&mut self) {
        let Some(moving) = self.models.front_mut() else {
            return;
        };
        let report = match moving {
            Moving::In(put) => match put.step(&mut self.file) {
                Ok(None) => return,
                Ok(Some(listing)) => match self.file.settled().await {
                    Ok(()) => Report::ModelSaved(put.name.clone(), listing),
                    Err(why) => Report::Failed(why),
                },
                Err(why) => Report::Failed(why),
            },
            Moving::Out(take) => match take.step(&mut self.file) {
                Ok(None) => return,
                Ok(Some(dir)) => Report::ModelReady(take.name.clone(), dir),
                Err(why) => Report::Failed(why),
            },
        };
        self.models.pop_front();
        self.report(report);
    }

    fn report(&self, report: Report) {
        // A window that has gone wants to know nothing.
        if self.reports.send(report).is_ok() {
            (self.wake)();
        }
    }

    fn unwritable(&self, error: &serde_json::Error) -> ProjectError {
        ProjectError::Disk {
            path: self.file.path().to_path_buf(),
            cause: error.to_string(),
        }
    }
}

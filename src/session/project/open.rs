//! A project that is open in this program: its state, and the file that every action reaches first.

mod grow;

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};

use async_channel::Sender;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::opening::Opening;
use super::predictions::Predictions;
use super::store::{Loaded, Order, Report, Wake};
use super::{Action, Project, Refused, Texts};
use crate::host::work::Work;
use crate::io::project::{ModelListing, ProjectError};
use crate::session::Event;
use grow::Sent;

/// A project and its file.
///
/// An action is applied only when it is on disk, so what the window shows is never lost. Nothing here waits: a thread
/// owns the file, and [`poll`](Self::poll) takes in what it reports.
#[derive(Debug)]
pub struct OpenProject {
    /// As it stands after everything that is on disk.
    pub project: Project,
    settings: BTreeMap<String, Value>,
    runs: BTreeMap<u64, Value>,
    models: BTreeMap<String, ModelListing>,
    steps: u64,
    /// What the next poll tells beside what the store reports.
    happened: Vec<Happened>,
    keeper: Keeper,
}

/// What became of something that was asked for.
#[derive(Debug)]
pub enum Happened {
    /// This action is on disk and applied.
    Acted(Action),
    /// These are not on disk and were not applied.
    NotSaved {
        /// The actions, in order.
        actions: Vec<Action>,
        /// Why.
        why: String,
    },
    /// More texts are on disk, and among those of the project.
    Grown,
    /// They are not, for this reason.
    NotGrown(String),
    /// A run is on disk.
    RunSaved(u64),
    /// The events of a run that were asked for.
    RunLoaded(u64, Vec<Event>),
    /// A model is on disk.
    ModelSaved(String),
    /// The files of a model that was asked for lie in this directory.
    ModelReady(String, PathBuf),
    /// What the classifier said is on disk, or forgotten.
    PredictionsSet,
    /// What it said of these texts, as it was asked for; `None` where nothing is kept.
    PredictionsLoaded(Option<Box<Predictions>>),
    /// Something else could not be done.
    Failed(String),
}

impl Happened {
    /// What the user must be told, where something failed.
    pub fn failure(&self) -> Option<String> {
        match self {
            Self::NotSaved { actions, why } if actions.len() == 1 => Some(format!("Not saved: {why}")),
            Self::NotSaved { actions, why } => {
                Some(format!("The last {} steps were not saved: {why}", actions.len()))
            }
            Self::NotGrown(why) => Some(format!("The texts were not added: {why}")),
            Self::Failed(why) => Some(why.clone()),
            _ => None,
        }
    }
}

/// What keeps the project.
#[derive(Debug)]
enum Keeper {
    Memory {
        runs: BTreeMap<u64, Vec<Event>>,
        models: BTreeMap<String, PathBuf>,
        predictions: Option<Box<Predictions>>,
    },
    File(Box<Link>),
}

/// The window's end of the store.
#[derive(Debug)]
pub(super) struct Link {
    path: PathBuf,
    /// `None` only while it is dropped.
    orders: Option<Sender<Order>>,
    reports: Receiver<Report>,
    store: Option<Work>,
    /// Sent and not reported yet.
    pending: VecDeque<Sent>,
    /// The project with all of that applied, once there are two of them or texts among them.
    ahead: Option<Project>,
    /// Failures so far. The store drops what was sent before it heard of one.
    burst: u64,
}

impl Drop for Link {
    /// Waits until everything that was sent is on disk and the file is unlocked.
    fn drop(&mut self) {
        self.orders = None;
        if let Some(store) = self.store.take() {
            // It panics only if redb does; what is on disk is safe then.
            store.finish();
        }
    }
}

impl OpenProject {
    /// A project that lives in memory only; everything happens at once.
    pub fn in_memory(name: impl Into<String>, texts: Arc<Texts>) -> Self {
        Self {
            project: Project::new(name, texts),
            settings: BTreeMap::new(),
            runs: BTreeMap::new(),
            models: BTreeMap::new(),
            steps: 0,
            happened: Vec::new(),
            keeper: Keeper::Memory {
                runs: BTreeMap::new(),
                models: BTreeMap::new(),
                predictions: None,
            },
        }
    }

    /// Makes a project file and opens it, waiting for both; a window uses [`Opening::create`].
    ///
    /// # Errors
    /// When there is a file already, or the disk refuses.
    pub fn create(
        path: impl Into<PathBuf>,
        name: impl Into<String>,
        texts: Arc<Texts>,
        wake: Wake,
    ) -> Result<Self, ProjectError> {
        Opening::create(path.into(), name.into(), texts, wake).wait()
    }

    /// Opens a project file, waiting for it; a window uses [`Opening::open`].
    ///
    /// # Errors
    /// When the file is not a project that this version can read, is damaged, or is open in another window.
    pub fn open(path: impl Into<PathBuf>, wake: Wake) -> Result<Self, ProjectError> {
        Opening::open(path.into(), wake).wait()
    }

    /// Its file, unless it lives in memory.
    pub fn path(&self) -> Option<&Path> {
        match &self.keeper {
            Keeper::Memory { .. } => None,
            Keeper::File(link) => Some(&link.path),
        }
    }

    /// Actions that are on disk, undone ones and the undoing included.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Sends an action to the file; it shows in `project` once it is durable and [`poll`](Self::poll) was called.
    ///
    /// Several may be under way: each is checked against the project as the ones before it will leave it.
    ///
    /// # Errors
    /// When the action makes no sense now.
    pub fn act(&mut self, action: Action) -> Result<(), Refused> {
        match &mut self.keeper {
            Keeper::Memory { .. } => {
                self.project.apply(action.clone())?;
                self.steps += 1;
                self.happened.push(Happened::Acted(action));
            }
            Keeper::File(link) => {
                if link.pending.is_empty() {
                    self.project.check(&action)?;
                } else {
                    let mut ahead = match link.ahead.take() {
                        Some(ahead) => ahead,
                        None => link.catch_up(&self.project)?,
                    };
                    let applied = ahead.apply(action.clone());
                    link.ahead = Some(ahead);
                    applied?;
                }
                link.pending.push_back(Sent::Act(action.clone()));
                let burst = link.burst;
                // Should the store be gone, the next poll says what was not saved.
                link.order(Order::Act { burst, action });
            }
        }
        Ok(())
    }

    /// Whether an action, or more texts, are not on disk yet.
    pub fn busy(&self) -> bool {
        match &self.keeper {
            Keeper::Memory { .. } => false,
            Keeper::File(link) => !link.pending.is_empty(),
        }
    }

    /// Applies what is on disk by now, and tells what happened since the last call, in order.
    pub fn poll(&mut self) -> Vec<Happened> {
        let mut happened = std::mem::take(&mut self.happened);
        while let Keeper::File(link) = &mut self.keeper {
            match link.reports.try_recv() {
                Ok(report) => self.take_in(report, &mut happened),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    if !link.pending.is_empty() {
                        let why = link.ended().to_string();
                        link.give_up(why, &mut happened);
                    }
                    break;
                }
            }
        }
        happened
    }

    fn take_in(&mut self, report: Report, happened: &mut Vec<Happened>) {
        let Keeper::File(link) = &mut self.keeper else {
            return;
        };
        happened.push(match report {
            Report::Saved(count) => {
                for sent in link.pending.drain(..count.min(link.pending.len())) {
                    let Sent::Act(action) = sent else { continue };
                    self.steps += 1;
                    // It was checked against this very state.
                    let applied = self.project.apply(action.clone());
                    debug_assert!(applied.is_ok());
                    happened.push(Happened::Acted(action));
                }
                if link.pending.is_empty() {
                    link.ahead = None;
                }
                return;
            }
            Report::Grown => {
                if let Some(sent) = link.pending.pop_front() {
                    // As above.
                    let applied = sent.apply(&mut self.project);
                    debug_assert!(applied.is_ok());
                    if let Sent::Grow(_, Some(action)) = sent {
                        self.steps += 1;
                        happened.push(Happened::Acted(action));
                    }
                }
                if link.pending.is_empty() {
                    link.ahead = None;
                }
                happened.push(Happened::Grown);
                return;
            }
            Report::NotSaved(why) => {
                link.give_up(why.to_string(), happened);
                return;
            }
            Report::SettingFailed(key, why) => {
                Happened::Failed(format!("Setting '{key}' was not saved: {why}"))
            }
            Report::RunSaved(run) => Happened::RunSaved(run),
            Report::RunLoaded(run, events) => Happened::RunLoaded(run, events),
            Report::ModelSaved(name, listing) => {
                self.models.insert(name.clone(), listing);
                Happened::ModelSaved(name)
            }
            Report::ModelReady(name, dir) => Happened::ModelReady(name, dir),
            Report::PredictionsSet => Happened::PredictionsSet,
            Report::PredictionsLoaded(predictions) => Happened::PredictionsLoaded(predictions),
            Report::Failed(why) => Happened::Failed(why.to_string()),
        });
    }

    /// A setting of the project, where it was set and is of this type.
    pub fn setting<T: DeserializeOwned>(&self, key: &str) -> Option<T> {
        T::deserialize(self.settings.get(key)?).ok()
    }

    /// Keeps a setting; it holds at once.
    pub fn set<T: Serialize>(&mut self, key: &str, value: &T) {
        let value = match serde_json::to_value(value) {
            Ok(value) => value,
            Err(error) => {
                let why = format!("Setting '{key}' was not saved: {error}");
                self.happened.push(Happened::Failed(why));
                return;
            }
        };
        if let Keeper::File(link) = &self.keeper {
            link.order(Order::Set {
                key: key.to_string(),
                json: value.to_string(),
            });
        }
        self.settings.insert(key.to_string(), value);
    }

    /// The runs of the project by their numbers, oldest first, each with what was said of it when it was saved.
    pub fn runs(&self) -> impl DoubleEndedIterator<Item = (u64, &Value)> {
        self.runs.iter().map(|(&run, header)| (run, header))
    }

    /// Keeps a run: `header` is a few words on it for a list, `events` everything that it told. Gives its number, under
    /// which it can be saved again with more events: `run` then.
    pub fn save_run(&mut self, run: Option<u64>, header: Value, events: Vec<Event>) -> u64 {
        let next = self.runs.last_key_value().map_or(0, |(&last, _)| last + 1);
        let run = run.unwrap_or(next);
        self.runs.insert(run, header.clone());
        match &mut self.keeper {
            Keeper::Memory { runs, .. } => {
                runs.insert(run, events);
                self.happened.push(Happened::RunSaved(run));
            }
            Keeper::File(link) => link.order(Order::SaveRun { run, header, events }),
        }
        run
    }

    /// Asks for the events of a run; a later poll brings [`Happened::RunLoaded`].
    pub fn load_run(&mut self, run: u64) {
        match &self.keeper {
            Keeper::Memory { runs, .. } => self.happened.push(match runs.get(&run) {
                Some(events) => Happened::RunLoaded(run, events.clone()),
                None => Happened::Failed(format!("The project has no run number {}", run + 1)),
            }),
            Keeper::File(link) => link.order(Order::LoadRun(run)),
        }
    }

    /// Keeps what the classifier said of the texts instead of what is kept; `None` forgets that. A later poll brings
    /// [`Happened::PredictionsSet`].
    pub fn set_predictions(&mut self, made: Option<Predictions>) {
        let made = made.map(Box::new);
        match &mut self.keeper {
            Keeper::Memory { predictions, .. } => {
                *predictions = made;
                self.happened.push(Happened::PredictionsSet);
            }
            Keeper::File(link) => link.order(Order::SetPredictions(made)),
        }
    }

    /// Asks for what the classifier said; a later poll brings [`Happened::PredictionsLoaded`].
    pub fn load_predictions(&mut self) {
        match &self.keeper {
            Keeper::Memory { predictions, .. } => {
                let loaded = Happened::PredictionsLoaded(predictions.clone());
                self.happened.push(loaded);
            }
            Keeper::File(link) => link.order(Order::GetPredictions),
        }
    }

    /// The models of the project with their files, by name. One that is being saved is not among them yet.
    pub fn models(&self) -> impl Iterator<Item = (&str, &ModelListing)> {
        self.models.iter().map(|(name, listing)| (name.as_str(), listing))
    }

    /// Keeps the files of a model directory under a name, instead of what had it; a later poll brings
    /// [`Happened::ModelSaved`]. The directory must stay as it is until then.
    pub fn put_model(&mut self, name: &str, dir: &Path) {
        let (name, dir) = (name.to_string(), dir.to_path_buf());
        match &mut self.keeper {
            Keeper::Memory { models, .. } => {
                models.insert(name.clone(), dir);
                self.models.insert(name.clone(), ModelListing::default());
                self.happened.push(Happened::ModelSaved(name));
            }
            Keeper::File(link) => link.order(Order::PutModel { name, dir }),
        }
    }

    /// Asks for a directory with the files of a model; a later poll brings [`Happened::ModelReady`]. It lies in the
    /// user's cache directory and must not be changed.
    pub fn model_dir(&mut self, name: &str) {
        match &self.keeper {
            Keeper::Memory { models, .. } => self.happened.push(match models.get(name) {
                Some(dir) => Happened::ModelReady(name.to_string(), dir.clone()),
                None => Happened::Failed(format!("The project has no model '{name}'")),
            }),
            Keeper::File(link) => link.order(Order::TakeModel(name.to_string())),
        }
    }
}

impl Link {
    pub(super) fn new(
        path: PathBuf,
        orders: Sender<Order>,
        reports: Receiver<Report>,
        store: Option<Work>,
    ) -> Self {
        Self {
            path,
            orders: Some(orders),
            reports,
            store,
            pending: VecDeque::new(),
            ahead: None,
            burst: 1,
        }
    }

    /// The project that was opened, with this its link to the store.
    pub(super) fn open(self, loaded: Loaded) -> OpenProject {
        OpenProject {
            project: loaded.project,
            settings: loaded.settings.into_iter().collect(),
            runs: loaded.runs.into_iter().collect(),
            models: loaded.models.into_iter().collect(),
            steps: loaded.actions,
            happened: Vec::new(),
            keeper: Keeper::File(Box::new(self)),
        }
    }

    /// What is said when the store is gone without a word.
    pub(super) fn ended(&self) -> ProjectError {
        ProjectError::Disk {
            path: self.path.clone(),
            cause: "its store ended; open the project again".to_string(),
        }
    }

    fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            let _ = orders.try_send(order);
        }
    }

    /// The project as the pending actions will leave it.
    fn catch_up(&self, project: &Project) -> Result<Project, Refused> {
        let mut ahead = project.clone();
        for sent in &self.pending {
            sent.apply(&mut ahead)?;
        }
        Ok(ahead)
    }

    /// Everything under way is lost.
    fn give_up(&mut self, why: String, happened: &mut Vec<Happened>) {
        self.burst += 1;
        self.ahead = None;
        let (mut actions, mut texts) = (Vec::new(), false);
        for sent in self.pending.drain(..) {
            match sent {
                Sent::Act(action) => actions.push(action),
                Sent::Grow(..) => texts = true,
            }
        }
        if texts {
            happened.push(Happened::NotGrown(why.clone()));
        }
        if !texts || !actions.is_empty() {
            happened.push(Happened::NotSaved { actions, why });
        }
    }
}

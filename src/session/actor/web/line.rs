//! A line to a worker, which has its own instance of the program: the page is drawn while it computes.
//!
//! What passes is `[files, message]`. `files` is what has changed among the sender's files since it last said something
//! ([`fs::Copy`]), as far as it concerns the other side, each `[path]` where nothing is left, `[path, null]` of a folder,
//! `[path, bytes, seconds]` of a file; `message` is a number, or CBOR.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use js_sys::{Array, Uint8Array};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::console;

use crate::host::fs::{self, Change, Copy};
use crate::io::project::EXTENSION;
use crate::session::exchange::passes;
use crate::session::project::folder::work_directory;

#[wasm_bindgen(raw_module = "./engine.js")]
extern "C" {
    /// A worker, as the page sees it.
    type Worker;

    #[wasm_bindgen(catch, js_name = start)]
    fn start_worker(
        kind: &str,
        heard: &Closure<dyn FnMut(Array)>,
        ended: &Closure<dyn FnMut(String)>,
    ) -> Result<Worker, JsValue>;

    fn post(worker: &Worker, message: &Array);

    fn close(worker: &Worker);

    fn tell(message: &Array);
}

/// The page's end. Dropped, it ends the worker.
pub(in crate::session) struct Line {
    worker: Worker,
    copy: Rc<RefCell<Copy>>,
    _heard: Closure<dyn FnMut(Array)>,
    _ended: Closure<dyn FnMut(String)>,
}

impl Line {
    /// Starts a worker of a kind. `heard` gets every message of it, and `ended` is called once, should it end by itself.
    ///
    /// # Errors
    /// When the browser gives no worker.
    pub fn start(
        kind: &str,
        mut heard: impl FnMut(JsValue) + 'static,
        ended: impl FnMut(String) + 'static,
    ) -> io::Result<Self> {
        let copy = Rc::new(RefCell::new(Copy::default()));
        let theirs = Rc::clone(&copy);
        let heard = Closure::<dyn FnMut(Array)>::new(move |message: Array| {
            take_over(&mut theirs.borrow_mut(), &message.get(0));
            // That it could not be kept is told by whoever needs it kept.
            spawn_local(async { fs::settled().await.unwrap_or_default() });
            heard(message.get(1));
        });
        let ended = Closure::<dyn FnMut(String)>::new(ended);
        let worker = start_worker(kind, &heard, &ended)
            .map_err(|error| io::Error::other(format!("the browser gives no worker ({error:?})")))?;
        Ok(Self {
            worker,
            copy,
            _heard: heard,
            _ended: ended,
        })
    }

    /// Says something, after what has changed among the files.
    pub fn say<T: Serialize>(&self, message: &T) {
        let files = changes(&mut self.copy.borrow_mut(), is_for_workers);
        post(&self.worker, &Array::of2(&files, &encoded(message)));
    }

    /// Says a number.
    pub fn count(&self, number: u32) {
        post(&self.worker, &Array::of2(&Array::new(), &number.into()));
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        close(&self.worker);
    }
}

/// The worker's end.
struct Here {
    copy: Copy,
    heard: Box<dyn FnMut(JsValue)>,
}

thread_local! {
    static HERE: RefCell<Option<Here>> = const { RefCell::new(None) };
}

/// In a worker: has this called with every message of the page.
pub(in crate::session) fn listen(heard: impl FnMut(JsValue) + 'static) {
    HERE.set(Some(Here {
        copy: Copy::default(),
        heard: Box::new(heard),
    }));
}

/// Takes what the page says.
#[wasm_bindgen]
pub fn hear(message: Array) {
    HERE.with_borrow_mut(|here| {
        let Some(here) = here else { return };
        take_over(&mut here.copy, &message.get(0));
        (here.heard)(message.get(1));
    });
}

/// In a worker: says something to the page, after what has changed among the files.
pub(in crate::session) fn tell_page<T: Serialize>(message: &T) {
    HERE.with_borrow_mut(|here| {
        let Some(here) = here else { return };
        let files = changes(&mut here.copy, is_for_others);
        tell(&Array::of2(&files, &encoded(message)));
    });
}

thread_local! {
    /// Where projects that were opened have their runs.
    static AT_WORK: RefCell<BTreeSet<PathBuf>> = const { RefCell::new(BTreeSet::new()) };
}

/// From now on workers have what is in this folder, where runs of a project write. It stays so: one may still write there when
/// another project is opened.
pub(in crate::session) fn work_in(folder: &Path) {
    AT_WORK.with_borrow_mut(|folders| folders.insert(folder.to_path_buf()));
}

/// Projects are the page's alone, and every label would send them again; so is what comes in or goes out.
fn is_for_others(path: &Path) -> bool {
    path.extension().is_none_or(|ending| ending != EXTENSION) && !passes(path)
}

/// On the page: of what runs have left, workers need that of the projects that are worked on.
fn is_for_workers(path: &Path) -> bool {
    let work = work_directory();
    let of_a_run = path.starts_with(&work) && path != work;
    let at_work = || AT_WORK.with_borrow(|folders| folders.iter().any(|folder| path.starts_with(folder)));
    is_for_others(path) && (!of_a_run || at_work())
}

fn changes(copy: &mut Copy, concern: impl Fn(&Path) -> bool) -> Array {
    let changes = copy.changes(concern).into_iter().map(|(path, change)| {
        let row = Array::of1(&path.to_string_lossy().as_ref().into());
        match change {
            Change::Gone => {}
            Change::Folder => {
                row.push(&JsValue::NULL);
            }
            Change::File { bytes, modified } => {
                let since = modified
                    .duration_since(SystemTime::UNIX_EPOCH)
                    .unwrap_or_default();
                row.push(&Uint8Array::from(bytes.as_slice()));
                row.push(&since.as_secs_f64().into());
            }
        }
        row
    });
    changes.collect()
}

fn take_over(copy: &mut Copy, files: &JsValue) {
    for row in files.unchecked_ref::<Array>().iter() {
        let row: Array = row.unchecked_into();
        let Some(path) = row.get(0).as_string().map(PathBuf::from) else {
            continue;
        };
        let change = match row.length() {
            1 => Change::Gone,
            2 => Change::Folder,
            _ => Change::File {
                bytes: row.get(1).unchecked_into::<Uint8Array>().to_vec(),
                modified: SystemTime::UNIX_EPOCH
                    + Duration::from_secs_f64(row.get(2).as_f64().unwrap_or(0.0)),
            },
        };
        if let Err(error) = copy.take_over(&path, change) {
            console::error_1(&format!("{}: {error}", path.display()).into());
        }
    }
}

fn encoded<T: Serialize>(value: &T) -> JsValue {
    let mut bytes = Vec::new();
    match ciborium::into_writer(value, &mut bytes) {
        Ok(()) => Uint8Array::from(bytes.as_slice()).into(),
        Err(error) => {
            console::error_1(&error.to_string().into());
            JsValue::NULL
        }
    }
}

/// What was said, where it is such a thing.
pub(in crate::session) fn decoded<T: DeserializeOwned>(value: &JsValue) -> Option<T> {
    let bytes = value.dyn_ref::<Uint8Array>()?.to_vec();
    ciborium::from_reader(bytes.as_slice())
        .map_err(|error| console::error_1(&error.to_string().into()))
        .ok()
}

//! Keeping files beyond the page's life, in the browser's database (`web/disk.js`).
//!
//! The memory is written to first and read from always; what changed is then kept as one transaction, which the browser has on
//! disk, whole or not at all, when [`settled`] returns. What is bulky and can be made again, such as the checkpoints of a run,
//! has a transaction of its own after it: without room for a checkpoint there may be room for a label.

use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use async_channel::{Receiver, Sender};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::prelude::*;

use super::kept::{Block, Entry, Kept, Transaction};
use crate::host::clock::Instant;

#[wasm_bindgen(raw_module = "./disk.js")]
extern "C" {
    /// `[entries, blocks]`, see `disk.js`.
    #[wasm_bindgen(catch)]
    async fn read() -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch)]
    async fn write(gone: Array, entries: Array, ends: Array, blocks: Array) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_name = askToKeep)]
    async fn ask_for_the_promise();

    #[wasm_bindgen(js_name = mayBeCleared)]
    fn is_not_promised() -> bool;
}

/// Asks the browser to keep everything until the user deletes it, and waits for its answer. It may put the question to the user.
pub async fn ask_to_keep() {
    ask_for_the_promise().await;
}

/// Whether the browser was asked to keep everything until the user deletes it, and has not promised to.
pub fn may_be_cleared() -> bool {
    is_not_promised()
}

/// The disk.
#[derive(Clone)]
struct Disk {
    /// Both ends of where what is known of it lies, while no transaction is under way: the next one is the difference to it.
    put: Sender<Kept>,
    take: Receiver<Kept>,
    /// The folder of what may have to wait for room.
    bulky: PathBuf,
    /// When what is bulky was refused, and why, if it was the last time.
    refused: Rc<RefCell<Option<(Instant, String)>>>,
}

thread_local! {
    static DISK: RefCell<Option<Disk>> = const { RefCell::new(None) };
}

/// How long a refusal holds: to try again copies all of a checkpoint, and a worker that trains says something at every step.
const HOLDS: Duration = Duration::from_secs(5);

/// Puts what the browser keeps of a folder into the memory, and keeps the folder from now on. Without this call nothing is
/// kept, as in a worker. `bulky` is a folder in it, of what may have to wait for room and can be made again. Files that are damaged
/// are left out; those outside of it are given.
///
/// # Errors
/// When the browser refuses, or what it keeps contradicts itself.
pub async fn keep(folder: &Path, bulky: &Path) -> io::Result<Vec<PathBuf>> {
    let found: Array = read().await.map_err(|e| failure(&e))?.into();
    let [entries, blocks] = [0, 1].map(|at| found.get(at).unchecked_into::<Array>());
    let entries = entries.iter().filter_map(entry);
    let blocks = blocks.iter().filter_map(block);
    let (kept, damaged) = Kept::restore(folder, bulky, entries.collect(), blocks.collect())?;
    let (put, take) = async_channel::bounded(1);
    put.try_send(kept).ok();
    DISK.set(Some(Disk {
        put,
        take,
        bulky: bulky.to_path_buf(),
        refused: Rc::default(),
    }));
    Ok(damaged)
}

/// Waits until every change made so far is on disk.
///
/// # Errors
/// When the browser refuses: it has no room left, or forgets everything it was given. What was on disk before is as it was.
pub async fn settled() -> io::Result<()> {
    settle(true).await
}

/// Waits until every change made so far is on disk, but for what comes to the bulky folder.
///
/// # Errors
/// As [`settled`].
pub async fn settled_without_bulk() -> io::Result<()> {
    settle(false).await
}

/// Why what is bulky is not on disk, where it was refused the last time.
pub fn bulk_refused() -> Option<String> {
    let disk = DISK.with_borrow(Clone::clone)?;
    let refused = disk.refused.borrow();
    refused.as_ref().map(|(_, why)| why.clone())
}

async fn settle(bulk: bool) -> io::Result<()> {
    let Some(disk) = DISK.with_borrow(Clone::clone) else {
        return Ok(());
    };
    // Both ends are kept, so there is always a next one.
    let Ok(mut kept) = disk.take.recv().await else {
        return Ok(());
    };
    let done = if bulk {
        with_bulk(&disk, &mut kept).await
    } else {
        carry_out(kept.transaction_without(&disk.bulky), &mut kept).await
    };
    disk.put.try_send(kept).ok();
    done
}

/// All at once, so that a finished run takes the place of an unfinished one or does not; only where that is refused, without what is
/// bulky.
async fn with_bulk(disk: &Disk, kept: &mut Kept) -> io::Result<()> {
    let holds = |(when, _): &(Instant, String)| when.elapsed() < HOLDS;
    let before = disk.refused.borrow().clone().filter(holds);
    let refused = match before {
        Some(before) => before,
        None => match carry_out(kept.transaction(), kept).await {
            Ok(()) => {
                disk.refused.replace(None);
                return Ok(());
            }
            Err(why) => (Instant::now(), why.to_string()),
        },
    };
    carry_out(kept.transaction_without(&disk.bulky), kept).await?;
    let (_, why) = &refused;
    let told = io::Error::other(why.clone());
    disk.refused.replace(Some(refused));
    Err(told)
}

/// Carries out a transaction; what is known of the disk is then what is kept with it, or as it was.
async fn carry_out((todo, then): (Transaction, Kept), kept: &mut Kept) -> io::Result<()> {
    if !todo.is_empty() {
        let [gone, entries, ends, blocks] = arrays(todo);
        let done = write(gone, entries, ends, blocks).await;
        done.map_err(|error| failure(&error))?;
    }
    *kept = then;
    Ok(())
}

fn failure(error: &JsValue) -> io::Error {
    let text = |key: &str| {
        js_sys::Reflect::get(error, &key.into())
            .ok()
            .and_then(|value| value.as_string())
            .unwrap_or_default()
    };
    if text("name") == "QuotaExceededError" {
        // Not `StorageFull`, whose message is about a disk.
        io::Error::other("the browser gives this page no more room; free some on this device and try again")
    } else {
        io::Error::other(format!("the browser does not keep it ({})", text("message")))
    }
}

fn name(path: PathBuf) -> JsValue {
    path.to_string_lossy().as_ref().into()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "the numbers count files and bytes, far below 2^53"
)]
fn number(value: u64) -> JsValue {
    JsValue::from_f64(value as f64)
}

fn arrays(todo: Transaction) -> [Array; 4] {
    let gone = todo.gone.into_iter().map(name).collect();
    let entries = todo.entries.into_iter().map(|Entry { path, file }| {
        let row = Array::of1(&name(path));
        let file = file.map(|(id, bytes, modified)| [id, bytes, modified]);
        for value in file.iter().flatten() {
            row.push(&number(*value));
        }
        row
    });
    let ends = (todo.ends.into_iter()).map(|(id, from)| Array::of2(&number(id), &number(from as u64)));
    let blocks = todo.blocks.into_iter().map(|block| {
        let bytes = Uint8Array::from(block.bytes.as_slice());
        Array::of3(&number(block.id), &number(block.index as u64), &bytes)
    });
    [gone, entries.collect(), ends.collect(), blocks.collect()]
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "what was written was such a number"
)]
fn whole(row: &Array, at: u32) -> Option<u64> {
    row.get(at).as_f64().map(|value| value as u64)
}

fn entry(row: JsValue) -> Option<Entry> {
    let row: Array = row.dyn_into().ok()?;
    let path = PathBuf::from(row.get(0).as_string()?);
    let file = (|| Some((whole(&row, 1)?, whole(&row, 2)?, whole(&row, 3)?)))();
    Some(Entry { path, file })
}

fn block(row: JsValue) -> Option<Block> {
    let row: Array = row.dyn_into().ok()?;
    Some(Block {
        id: whole(&row, 0)?,
        index: usize::try_from(whole(&row, 1)?).ok()?,
        bytes: row.get(2).dyn_into::<Uint8Array>().ok()?.to_vec(),
    })
}

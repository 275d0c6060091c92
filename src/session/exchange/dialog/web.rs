//! A page's ways to the user's files: the browser's window for choosing one, and a download.
//!
//! What was chosen is copied among the page's own files, so that everything behind this works on paths.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use js_sys::{Array, Function, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Document, File, HtmlAnchorElement, Url, Window, window};

use crate::host::{folders, fs};
use crate::io::exchange::Format;
use crate::session::exchange::background::{Background, Wake, Watch};
use crate::session::project::folder;

#[wasm_bindgen(raw_module = "./files.js")]
extern "C" {
    /// Whether there is room for a file; where there is none, the window tells so.
    fn fits(file: &File) -> bool;

    /// Has the window tell why a file does not come in. It lies above this part, and is reached through the page.
    fn complain(text: &str);

    /// Opens the browser's window for choosing a file, and gives the number of this question.
    fn ask() -> u32;

    /// The file that was chosen, once the user has answered the question of this number.
    #[wasm_bindgen(catch)]
    async fn answer(question: u32) -> Result<JsValue, JsValue>;
}

/// Lets the user choose a file of texts or labels; `None` where they chose none, or it does not come in, which they are told.
pub fn choose_file(_title: &'static str, wake: Wake) -> Background<Option<PathBuf>> {
    // At once: a browser opens its window only while it tells of the press, and the work begins after that.
    let question = ask();
    Background::start_async(0, wake, async move |watch| {
        wanted(told(chosen(question).await), watch)
    })
}

/// The path of a file that `copied` puts among the page's own, once it is there; `None` where it cannot be read, which the user
/// is told.
pub fn taking_in(
    copied: impl AsyncFnOnce() -> Result<PathBuf, String> + Send + 'static,
    wake: Wake,
) -> Background<Option<PathBuf>> {
    Background::start_async(0, wake, async move |watch| {
        let found = copied().await.map(Some);
        let path = told(found.map_err(|error| {
            // eframe gives it as it is printed for programmers, its stack below.
            let why = error.lines().next().unwrap_or_default();
            let why = why.trim_start_matches("JsValue(").trim_end_matches(')');
            unread("What was dropped", why)
        }));
        wanted(path, watch)
    })
}

/// What came in, where somebody still wants it: nobody else would let go of it.
fn wanted(path: Option<PathBuf>, watch: &Watch) -> Option<PathBuf> {
    if !watch.goes_on() {
        path.iter().for_each(|path| let_go(path));
    }
    path
}

/// What was found; what went wrong is for the window to tell.
fn told(found: Result<Option<PathBuf>, String>) -> Option<PathBuf> {
    found.unwrap_or_else(|why| {
        complain(&why);
        None
    })
}

/// What went wrong with a file, and what to do.
fn unread(what: &str, why: &str) -> String {
    format!("{what} could not be read ({why}). See whether other programs can open it, and try again.")
}

fn words(error: &JsValue) -> String {
    match error.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.message()),
        None => format!("{error:?}"),
    }
}

async fn chosen(question: u32) -> Result<Option<PathBuf>, String> {
    let answered = answer(question).await.map_err(|error| {
        let why = words(&error);
        format!(
            "The browser's window for choosing a file could not be opened ({why}); drop the file on this window instead."
        )
    })?;
    let Some(file) = answered.dyn_into::<File>().ok().filter(fits) else {
        return Ok(None);
    };
    let name = file.name();
    let bytes = JsFuture::from(file.array_buffer()).await;
    let bytes = bytes.map_err(|error| unread(&name, &words(&error)))?;
    let path = keep(&name, &Uint8Array::new(&bytes).to_vec());
    path.map(Some).map_err(|error| unread(&name, &error.to_string()))
}

/// Where files are that come from outside, each in a folder of its own.
fn opened() -> PathBuf {
    folders::temporary().join("opened")
}

/// Where files are that go out.
fn written() -> PathBuf {
    folders::temporary().join("written")
}

/// Whether a path is of what is only on its way in or out: nobody needs it but the page itself.
pub(in crate::session) fn passes(path: &Path) -> bool {
    path.starts_with(opened()) || path.starts_with(written())
}

/// Lets go of a file or folder that came in or went out; what it was made of or became is elsewhere. Any other stays.
pub fn let_go(path: &Path) {
    let incoming = opened();
    let number = path
        .strip_prefix(&incoming)
        .ok()
        .and_then(|rest| rest.iter().next());
    let own = number.map(|number| incoming.join(number));
    let path = own.as_deref().unwrap_or(path);
    if passes(path) {
        // One that is gone already needs nothing.
        let removed = if fs::is_dir(path) {
            fs::remove_dir_all(path)
        } else {
            fs::remove_file(path)
        };
        removed.ok();
    }
}

/// Puts a file that came from outside among the page's own. An older one of its name stays: it may be in use.
///
/// # Errors
/// When the memory does not suffice.
pub fn keep(name: &str, bytes: &[u8]) -> std::io::Result<PathBuf> {
    static CAME: AtomicU32 = AtomicU32::new(0);
    let number = CAME.fetch_add(1, Ordering::Relaxed);
    let folder = opened().join(number.to_string());
    fs::create_dir_all(&folder)?;
    let path = folder.join(name.rsplit(['/', '\\']).next().unwrap_or("file"));
    fs::write(&path, bytes)?;
    Ok(path)
}

/// Where to write; `name` is suggested. The browser asks, if it asks, when the file is handed over.
pub fn choose_place(name: String, _format: Format, wake: Wake) -> Background<Option<PathBuf>> {
    Background::start(0, wake, move |_| Some(exports_folder(Path::new("")).join(name)))
}

/// Whether it is the user who says where a file is written. The browser puts it among their downloads.
pub const ASKS_WHERE: bool = false;

/// Whether the user sees their project files without this program, and can delete them there. A page's own files are seen
/// by the page alone.
pub const SHOWS_FILES: bool = false;

/// Where a file is written before the browser gets it.
pub fn exports_folder(_beside: &Path) -> PathBuf {
    let folder = written();
    // Should it fail, so does the writing, which says so.
    fs::create_dir_all(&folder).ok();
    folder
}

/// Where projects are kept, for the user.
pub fn shown(_folder: &Path) -> String {
    "this browser, on this device".into()
}

/// A project file that came from outside is copied to where the page keeps its own, and let go of.
///
/// # Errors
/// When the memory does not suffice.
pub(in crate::session) fn adopt(path: PathBuf) -> std::io::Result<PathBuf> {
    let folder = folder::projects_directory();
    if path.starts_with(&folder) {
        return Ok(path);
    }
    fs::create_dir_all(&folder)?;
    let name = path.file_stem().unwrap_or_default().to_string_lossy();
    let place = folder::free_path(&folder, &name);
    let copied = fs::read(&path).and_then(|bytes| fs::write(&place, bytes));
    let_go(&path);
    copied.map(|()| place)
}

/// Gives a file that was written to the browser as a download; of a folder, every file in it.
///
/// # Errors
/// When it cannot be read, or the browser refuses.
pub fn hand_over(path: &Path) -> std::io::Result<()> {
    if fs::is_dir(path) {
        for entry in fs::read_dir(path)? {
            hand_over(&entry?.path())?;
        }
        return Ok(());
    }
    let bytes = fs::read(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    download(&name, &bytes).map_err(|error| std::io::Error::other(format!("{error:?}")))
}

/// Milliseconds for which a download has its address: Safari fetches it in a later task than the click's.
const FETCHED: i32 = 60_000;

fn download(name: &str, bytes: &[u8]) -> Result<(), JsValue> {
    let parts = Array::of1(&Uint8Array::from(bytes));
    let address = Url::create_object_url_with_blob(&Blob::new_with_u8_array_sequence(&parts)?)?;
    let link: HtmlAnchorElement = document()?.create_element("a")?.dyn_into()?;
    link.set_href(&address);
    link.set_download(name);
    link.click();
    let revoke = Closure::once_into_js(move || Url::revoke_object_url(&address).unwrap_or_default());
    let revoke: &Function = revoke.unchecked_ref();
    page()?.set_timeout_with_callback_and_timeout_and_arguments_0(revoke, FETCHED)?;
    Ok(())
}

fn page() -> Result<Window, JsValue> {
    window().ok_or_else(|| "there is no page".into())
}

fn document() -> Result<Document, JsValue> {
    page()?.document().ok_or_else(|| "there is no page".into())
}

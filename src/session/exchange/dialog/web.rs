//! A page's ways to the user's files: the browser's window for choosing one, and a download.
//!
//! What was chosen is copied among the page's own files, so that everything behind this works on paths.

use std::path::{Path, PathBuf};

use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, Document, HtmlAnchorElement, HtmlInputElement, Url, console, window};

use crate::host::{folders, fs};
use crate::io::exchange::Format;
use crate::session::exchange::background::{Background, Wake};
use crate::session::project::folder;

/// Lets the user choose a file of texts or labels; `None` where they chose none.
pub fn choose_file(_title: &'static str, wake: Wake) -> Background<Option<PathBuf>> {
    Background::start_async(0, wake, async |_| {
        chosen().await.unwrap_or_else(|error| {
            console::error_1(&error);
            None
        })
    })
}

/// The path of a file that `copied` puts among the page's own, once it is there; `None` where it cannot be read.
pub fn taking_in(
    copied: impl AsyncFnOnce() -> Result<PathBuf, String> + Send + 'static,
    wake: Wake,
) -> Background<Option<PathBuf>> {
    Background::start_async(0, wake, async move |_| {
        copied().await.map_or_else(
            |error| {
                console::error_1(&error.into());
                None
            },
            Some,
        )
    })
}

async fn chosen() -> Result<Option<PathBuf>, JsValue> {
    let input: HtmlInputElement = document()?.create_element("input")?.dyn_into()?;
    input.set_type("file");
    input.set_accept(".csv,.tsv,.txt,.jsonl,.json,.parquet,.gz,.zst,.unfreeze");
    let answered = Promise::new(&mut |resolve, _| {
        for event in ["change", "cancel"] {
            if let Err(error) = input.add_event_listener_with_callback(event, &resolve) {
                console::error_1(&error);
            }
        }
    });
    input.click();
    JsFuture::from(answered).await?;
    let Some(file) = input.files().and_then(|files| files.get(0)) else {
        return Ok(None);
    };
    let bytes = JsFuture::from(file.array_buffer()).await?;
    let path = keep(&file.name(), &Uint8Array::new(&bytes).to_vec());
    path.map(Some).map_err(|error| error.to_string().into())
}

/// Puts a file that came from outside among the page's own; it replaces an older one of its name.
///
/// # Errors
/// When the memory does not suffice.
pub fn keep(name: &str, bytes: &[u8]) -> std::io::Result<PathBuf> {
    let folder = folders::temporary().join("opened");
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

/// Where a file is written before the browser gets it.
pub fn exports_folder(_beside: &Path) -> PathBuf {
    let folder = folders::temporary().join("written");
    // Should it fail, so does the writing, which says so.
    fs::create_dir_all(&folder).ok();
    folder
}

/// Where projects are kept, for the user.
pub fn shown(_folder: &Path) -> String {
    "this browser, on this device".into()
}

/// A project file that came from outside is copied to where the page keeps its own.
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
    fs::write(&place, fs::read(&path)?)?;
    fs::remove_file(&path)?;
    Ok(place)
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

fn download(name: &str, bytes: &[u8]) -> Result<(), JsValue> {
    let parts = Array::of1(&Uint8Array::from(bytes));
    let address = Url::create_object_url_with_blob(&Blob::new_with_u8_array_sequence(&parts)?)?;
    let link: HtmlAnchorElement = document()?.create_element("a")?.dyn_into()?;
    link.set_href(&address);
    link.set_download(name);
    link.click();
    Url::revoke_object_url(&address)
}

fn document() -> Result<Document, JsValue> {
    window()
        .and_then(|window| window.document())
        .ok_or_else(|| "there is no page".into())
}

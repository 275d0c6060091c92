//! Fonts of the system behind the built-in ones, so that texts in any script can be read.

use std::sync::Arc;

use egui::{FontData, FontDefinitions, FontFamily};
use fontdb::{Database, Family, Query, Source};

/// Families that cover a script which the built-in fonts lack, the first one found is taken.
const SCRIPTS: [&[&str]; 8] = [
    // Han, kana, hangul.
    &[
        "Noto Sans CJK SC",
        "Noto Sans SC",
        "Source Han Sans SC",
        "PingFang SC",
        "Microsoft YaHei",
        "WenQuanYi Micro Hei",
        "WenQuanYi Zen Hei",
        "Droid Sans Fallback",
        "Hiragino Sans",
        "Yu Gothic",
        "Malgun Gothic",
    ],
    // Hangul, where the first has none.
    &[
        "Noto Sans CJK KR",
        "Noto Sans KR",
        "Malgun Gothic",
        "Apple SD Gothic Neo",
        "NanumGothic",
    ],
    // Arabic.
    &[
        "Noto Sans Arabic",
        "Noto Naskh Arabic",
        "Segoe UI",
        "Geeza Pro",
        "DejaVu Sans",
        "KacstOne",
    ],
    // Hebrew.
    &["Noto Sans Hebrew", "Segoe UI", "Arial Hebrew", "DejaVu Sans"],
    // Devanagari.
    &[
        "Noto Sans Devanagari",
        "Nirmala UI",
        "Kohinoor Devanagari",
        "Lohit Devanagari",
    ],
    // Thai.
    &["Noto Sans Thai", "Leelawadee UI", "Thonburi", "Loma"],
    // Armenian, Georgian, and what else a broad font has.
    &[
        "DejaVu Sans",
        "Noto Sans",
        "Segoe UI",
        "Arial Unicode MS",
        "FreeSans",
    ],
    // Symbols.
    &[
        "Noto Sans Symbols2",
        "Noto Sans Symbols",
        "Segoe UI Symbol",
        "Apple Symbols",
    ],
];

/// Looks for fonts on a thread of its own, so that the first frame does not wait for the disk.
pub fn install_later(ctx: &egui::Context) {
    let ctx = ctx.clone();
    let search = move || {
        let definitions = with_system_fonts(FontDefinitions::default());
        ctx.set_fonts(definitions);
        ctx.request_repaint();
    };
    if let Err(error) = std::thread::Builder::new().name("fonts".into()).spawn(search) {
        log::warn!("no thread to look for fonts: {error}");
    }
}

fn with_system_fonts(mut definitions: FontDefinitions) -> FontDefinitions {
    let mut database = Database::new();
    database.load_system_fonts();
    let mut taken = Vec::new();
    for families in SCRIPTS {
        let found = families.iter().find_map(|name| {
            let families = [Family::Name(name)];
            let id = database.query(&Query {
                families: &families,
                ..Query::default()
            })?;
            Some((id, *name))
        });
        let Some((id, name)) = found.filter(|(id, _)| !taken.contains(id)) else {
            continue;
        };
        let Some((data, index)) = bytes(&database, id) else {
            continue;
        };
        taken.push(id);
        definitions.font_data.insert(
            name.to_string(),
            Arc::new(FontData {
                index,
                ..FontData::from_owned(data)
            }),
        );
        for family in [FontFamily::Proportional, FontFamily::Monospace] {
            definitions
                .families
                .entry(family)
                .or_default()
                .push(name.to_string());
        }
    }
    definitions
}

fn bytes(database: &Database, id: fontdb::ID) -> Option<(Vec<u8>, u32)> {
    let (source, index) = database.face_source(id)?;
    match source {
        Source::Binary(data) => Some((data.as_ref().as_ref().to_vec(), index)),
        Source::File(path) | Source::SharedFile(path, _) => match std::fs::read(&path) {
            Ok(data) => Some((data, index)),
            Err(error) => {
                log::warn!("{}: {error}", path.display());
                None
            }
        },
    }
}

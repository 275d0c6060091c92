//! Encodings by name, for texts that do not say themselves what they are written in.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What texts are written in. As data it is its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Encoding(pub(super) &'static encoding_rs::Encoding);

/// Encodings to choose from, the likeliest first: a label of each, and for whom it is.
const LISTED: [(&str, &str); 25] = [
    ("windows-1252", "Western European (Windows-1252)"),
    ("windows-1250", "Central European (Windows-1250)"),
    ("windows-1251", "Cyrillic (Windows-1251)"),
    ("windows-1253", "Greek (Windows-1253)"),
    ("windows-1254", "Turkish (Windows-1254)"),
    ("windows-1257", "Baltic (Windows-1257)"),
    ("windows-1255", "Hebrew (Windows-1255)"),
    ("windows-1256", "Arabic (Windows-1256)"),
    ("windows-1258", "Vietnamese (Windows-1258)"),
    ("windows-874", "Thai (Windows-874)"),
    ("gb18030", "Chinese, simplified (GB18030, GBK)"),
    ("big5", "Chinese, traditional (Big5)"),
    ("shift_jis", "Japanese (Shift_JIS)"),
    ("euc-jp", "Japanese (EUC-JP)"),
    ("iso-2022-jp", "Japanese (ISO-2022-JP)"),
    ("euc-kr", "Korean (EUC-KR)"),
    ("koi8-r", "Russian (KOI8-R)"),
    ("koi8-u", "Ukrainian (KOI8-U)"),
    ("ibm866", "Cyrillic (IBM866)"),
    ("iso-8859-2", "Central European (ISO-8859-2)"),
    ("iso-8859-15", "Western European (ISO-8859-15)"),
    ("macintosh", "Western European (Macintosh)"),
    ("utf-16le", "Unicode (UTF-16, lower byte first)"),
    ("utf-16be", "Unicode (UTF-16, higher byte first)"),
    // For what seems to be UTF-16 for a stray NUL alone.
    ("utf-8", "Unicode (UTF-8)"),
];

/// Names that Windows and Python have for encodings and the web has not, without what stands between their parts.
const ALSO: [(&str, &str); 7] = [
    ("cp932", "shift_jis"),
    ("cp936", "gbk"),
    ("cp949", "euc-kr"),
    ("cp950", "big5"),
    ("utf16", "utf-16le"),
    ("utf16le", "utf-16le"),
    ("utf16be", "utf-16be"),
];

/// There is no encoding of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no encoding is called '{name}'; {}", advice(*.nearest))]
pub struct UnknownEncoding {
    name: String,
    nearest: Option<&'static str>,
}

fn advice(nearest: Option<&str>) -> String {
    nearest.map_or_else(
        || "name one such as shift_jis, gb18030, big5, euc-kr, windows-1251, iso-8859-2 or utf-16le".into(),
        |name| format!("did you mean '{name}'?"),
    )
}

impl Encoding {
    /// What is taken for the encoding of a text that is not Unicode and does not say what it is: Windows-1252.
    #[must_use]
    pub fn guess() -> Self {
        Self(encoding_rs::WINDOWS_1252)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// For whom it is, with its name.
    #[must_use]
    pub fn describe(self) -> &'static str {
        let mut listed = Self::listed();
        listed
            .find(|(encoding, _)| *encoding == self)
            .map_or(self.name(), |(_, words)| words)
    }

    /// Encodings to choose from, the likeliest first, each with for whom it is.
    pub fn listed() -> impl Iterator<Item = (Self, &'static str)> {
        let known = |&(label, words): &(&str, &'static str)| Some((Self::known(label)?, words));
        LISTED.iter().filter_map(known)
    }

    /// Whether it is UTF-8.
    pub(in crate::io) fn is_utf8(self) -> bool {
        self.0 == encoding_rs::UTF_8
    }

    fn known(name: &str) -> Option<Self> {
        // One that browsers refuse to read is none.
        let label = |name: &str| encoding_rs::Encoding::for_label_no_replacement(name.as_bytes());
        let bare = name.trim().to_lowercase().replace(['-', '_', ' '], "");
        let also = || {
            let mut others = ALSO.iter();
            let (_, of) = others.find(|(other, _)| *other == bare)?;
            label(of)
        };
        label(name)
            .or_else(|| label(&name.replace('_', "-")))
            .or_else(|| label(&bare))
            .or_else(also)
            .map(Self)
    }
}

impl FromStr for Encoding {
    type Err = UnknownEncoding;

    fn from_str(name: &str) -> Result<Self, UnknownEncoding> {
        Self::known(name).ok_or_else(|| {
            let wanted = name.trim().to_lowercase();
            let likeness = |label: &str| strsim::jaro_winkler(label, &wanted);
            let labels = LISTED.iter().map(|&(label, _)| label);
            let nearest = labels.max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
            UnknownEncoding {
                name: name.to_string(),
                nearest: nearest.filter(|label| likeness(label) > 0.8),
            }
        })
    }
}

impl TryFrom<String> for Encoding {
    type Error = UnknownEncoding;

    fn try_from(name: String) -> Result<Self, UnknownEncoding> {
        name.parse()
    }
}

impl From<Encoding> for String {
    fn from(encoding: Encoding) -> Self {
        encoding.name().into()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn named(name: &str) -> &'static str {
        name.parse::<Encoding>()
            .map_or_else(|error| panic!("{error}"), Encoding::name)
    }

    #[test]
    fn an_encoding_is_known_by_every_name_that_it_goes_by() {
        for (name, expected) in [
            ("Shift_JIS", "Shift_JIS"),
            ("sjis", "Shift_JIS"),
            ("CP932", "Shift_JIS"),
            ("gbk", "GBK"),
            ("gb18030", "gb18030"),
            ("big5", "Big5"),
            ("euc_kr", "EUC-KR"),
            ("cp1251", "windows-1251"),
            ("windows_1251", "windows-1251"),
            ("latin-1", "windows-1252"),
            ("ISO-8859-2", "ISO-8859-2"),
            ("koi8-r", "KOI8-R"),
            ("utf8", "UTF-8"),
            ("UTF-16", "UTF-16LE"),
            ("utf_16_be", "UTF-16BE"),
        ] {
            assert_eq!(named(name), expected, "{name}");
        }
    }

    #[test]
    fn an_unknown_name_brings_the_nearest_or_examples() {
        let refused = |name: &str| name.parse::<Encoding>().expect_err(name).to_string();
        assert_eq!(
            refused("shift_jsi"),
            "no encoding is called 'shift_jsi'; did you mean 'shift_jis'?"
        );
        assert!(refused("klingon").contains("name one such as shift_jis, gb18030"));
        // The web's names for what browsers do not read.
        assert!(refused("hz-gb-2312").contains("hz-gb-2312"));
    }

    #[test]
    fn those_to_choose_from_are_all_known_and_named_once() {
        let all: Vec<(Encoding, &str)> = Encoding::listed().collect();
        assert_eq!(all.len(), LISTED.len());
        let distinct: HashSet<Encoding> = all.iter().map(|(encoding, _)| *encoding).collect();
        assert_eq!(distinct.len(), all.len());
        assert_eq!(Encoding::guess(), all[0].0);
        for (encoding, words) in all {
            assert_eq!(encoding.describe(), words);
            let data = serde_json::to_string(&encoding).expect("a name");
            assert_eq!(data, format!("\"{}\"", encoding.name()));
            assert_eq!(
                serde_json::from_str::<Encoding>(&data).expect("read back"),
                encoding
            );
        }
        assert!(serde_json::from_str::<Encoding>("\"klingon\"").is_err());
    }
}

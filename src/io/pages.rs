//! Which letters the bytes above ASCII stand for, where a file does not say.
//!
//! Such a file was read as Windows-1252, in which every byte is one letter: so that it can be read again as any other page of
//! bytes without opening it again. A letter that a page does not have becomes the one that stands for damaged text.

use super::encoding::letter;

/// What a file that is not Unicode may be written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Page {
    /// Windows-1252, for the languages of Western Europe.
    #[default]
    Western,
    /// Windows-1250, for Polish, Czech, Hungarian and their neighbours.
    Central,
    /// Windows-1251, for Russian, Ukrainian, Bulgarian and Serbian.
    Cyrillic,
    /// Windows-1253.
    Greek,
    /// Windows-1254.
    Turkish,
    /// Windows-1257, for Lithuanian, Latvian and Estonian.
    Baltic,
}

impl Page {
    /// Every page, the likeliest first.
    pub const ALL: [Self; 6] = [
        Self::Western,
        Self::Central,
        Self::Cyrillic,
        Self::Greek,
        Self::Turkish,
        Self::Baltic,
    ];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Western => "Western European (Windows-1252)",
            Self::Central => "Central European (Windows-1250)",
            Self::Cyrillic => "Cyrillic (Windows-1251)",
            Self::Greek => "Greek (Windows-1253)",
            Self::Turkish => "Turkish (Windows-1254)",
            Self::Baltic => "Baltic (Windows-1257)",
        }
    }

    /// A text that was read as Windows-1252, as it is in this page.
    #[must_use]
    pub fn read_again(self, text: &str) -> String {
        let letters: Vec<char> = match self {
            Self::Western => return text.to_string(),
            Self::Central => CENTRAL,
            Self::Cyrillic => CYRILLIC,
            Self::Greek => GREEK,
            Self::Turkish => TURKISH,
            Self::Baltic => BALTIC,
        }
        .chars()
        .collect();
        let again = |was: char| byte(was).and_then(|byte| letters.get(usize::from(byte - 0x80)).copied());
        text.chars().map(|was| again(was).unwrap_or(was)).collect()
    }
}

/// The byte above ASCII that was read as this letter; `None` of ASCII, and of what no byte stands for.
fn byte(was: char) -> Option<u8> {
    match was {
        '\u{a0}'..='\u{ff}' => u8::try_from(was).ok(),
        '\0'..='\u{7f}' => None,
        _ => (0x80..=0x9f).find(|&byte| letter(byte) == was),
    }
}

// From 0x80 on, sixteen times eight letters.
const CENTRAL: &str = "\
    €\u{fffd}‚\u{fffd}„…†‡\u{fffd}‰Š‹ŚŤŽŹ\u{fffd}‘’“”•–—\u{fffd}™š›śťžź\
    \u{a0}ˇ˘Ł¤Ą¦§¨©Ş«¬\u{ad}®Ż°±˛ł´µ¶·¸ąş»Ľ˝ľż\
    ŔÁÂĂÄĹĆÇČÉĘËĚÍÎĎĐŃŇÓÔŐÖ×ŘŮÚŰÜÝŢß\
    ŕáâăäĺćçčéęëěíîďđńňóôőö÷řůúűüýţ˙\
    ";
const CYRILLIC: &str = "\
    ЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—\u{fffd}™љ›њќћџ\
    \u{a0}ЎўЈ¤Ґ¦§Ё©Є«¬\u{ad}®Ї°±Ііґµ¶·ё№є»јЅѕї\
    АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ\
    абвгдежзийклмнопрстуфхцчшщъыьэюя\
    ";
const GREEK: &str = "\
    €\u{fffd}‚ƒ„…†‡\u{fffd}‰\u{fffd}‹\u{fffd}\u{fffd}\u{fffd}\u{fffd}\u{fffd}‘’“”•–—\u{fffd}™\u{fffd}›\u{fffd}\u{fffd}\u{fffd}\u{fffd}\
    \u{a0}΅Ά£¤¥¦§¨©\u{fffd}«¬\u{ad}®\u{2015}°±²³΄µ¶·ΈΉΊ»Ό½ΎΏ\
    ΐΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡ\u{fffd}ΣΤΥΦΧΨΩΪΫάέήί\
    ΰαβγδεζηθικλμνξοπρςστυφχψωϊϋόύώ\u{fffd}\
    ";
const TURKISH: &str = "\
    €\u{fffd}‚ƒ„…†‡ˆ‰Š‹Œ\u{fffd}\u{fffd}\u{fffd}\u{fffd}‘’“”•–—˜™š›œ\u{fffd}\u{fffd}Ÿ\
    \u{a0}¡¢£¤¥¦§¨©ª«¬\u{ad}®¯°±²³´µ¶·¸¹º»¼½¾¿\
    ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏĞÑÒÓÔÕÖ×ØÙÚÛÜİŞß\
    àáâãäåæçèéêëìíîïğñòóôõö÷øùúûüışÿ\
    ";
const BALTIC: &str = "\
    €\u{fffd}‚\u{fffd}„…†‡\u{fffd}‰\u{fffd}‹\u{fffd}¨ˇ¸\u{fffd}‘’“”•–—\u{fffd}™\u{fffd}›\u{fffd}¯˛\u{fffd}\
    \u{a0}\u{fffd}¢£¤\u{fffd}¦§Ø©Ŗ«¬\u{ad}®Æ°±²³´µ¶·ø¹ŗ»¼½¾æ\
    ĄĮĀĆÄÅĘĒČÉŹĖĢĶĪĻŠŃŅÓŌÕÖ×ŲŁŚŪÜŻŽß\
    ąįāćäåęēčéźėģķīļšńņóōõö÷ųłśūüżž˙\
    ";

#[cfg(test)]
mod tests {
    use super::*;

    /// As it is read where nobody says what it is.
    fn guessed(bytes: &[u8]) -> String {
        bytes.iter().map(|&byte| letter(byte)).collect()
    }

    #[test]
    fn what_was_taken_for_western_european_is_read_again_in_its_own_page() {
        for (page, bytes, text) in [
            (Page::Western, &b"caf\xE9 \x80"[..], "café €"),
            (
                Page::Central,
                &b"\xA3\xF3d\x9F, P\xF8\xEDli\x9A"[..],
                "Łódź, Příliš",
            ),
            (
                Page::Cyrillic,
                &b"\xCF\xF0\xE8\xE2\xE5\xF2 \xB9 1"[..],
                "Привет № 1",
            ),
            (Page::Greek, &b"\xCA\xE1\xEB\xE7\xEC\xDD\xF1\xE1"[..], "Καλημέρα"),
            (Page::Turkish, &b"\xDDstanbul, \xFE\xF0\xFD"[..], "İstanbul, şğı"),
            (Page::Baltic, &b"\xD0iauliai, \xFEem\xEB"[..], "Šiauliai, žemė"),
        ] {
            assert_eq!(page.read_again(&guessed(bytes)), text, "{page:?}");
        }
    }

    #[test]
    fn every_page_has_a_letter_for_each_byte_and_leaves_ascii_alone() {
        let bytes: Vec<u8> = (0x80..=0xff).collect();
        for page in Page::ALL {
            let read = page.read_again(&guessed(&bytes));
            assert_eq!(read.chars().count(), 128, "{page:?}");
            assert!(read.chars().all(|letter| !letter.is_ascii()), "{page:?}");
            assert_eq!(page.read_again("a,\"b\"\n"), "a,\"b\"\n");
        }
    }
}

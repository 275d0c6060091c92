//! What texts are written in: the script from their letters, the language from its commonest words.

use std::collections::HashSet;

/// What texts seem to be written in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Guess {
    /// The script of most letters: "Latin", "Cyrillic", ...; empty without letters.
    pub script: &'static str,
    /// Share of the letters that are of this script, 0 to 1.
    pub share: f64,
    /// The language, where its commonest words stand out.
    pub language: Option<&'static str>,
}

impl Guess {
    /// Whether the base model, which has read English, can be expected to help. Texts too short to tell are believed.
    pub fn could_be_english(&self) -> bool {
        matches!(self.script, "" | "Latin") && self.language.is_none_or(|language| language == "English")
    }
}

/// First and last code point of the letters of a script.
const SCRIPTS: [(&str, &[(u32, u32)]); 14] = [
    ("Latin", &[(0x41, 0x24f), (0x1e00, 0x1eff), (0xff21, 0xff5a)]),
    ("Greek", &[(0x370, 0x3ff), (0x1f00, 0x1fff)]),
    ("Cyrillic", &[(0x400, 0x52f)]),
    ("Armenian", &[(0x530, 0x58f)]),
    ("Hebrew", &[(0x590, 0x5ff)]),
    ("Arabic", &[(0x600, 0x77f), (0x8a0, 0x8ff), (0xfb50, 0xfdff)]),
    ("Devanagari", &[(0x900, 0x97f)]),
    ("Bengali", &[(0x980, 0x9ff)]),
    ("Tamil", &[(0xb80, 0xbff)]),
    ("Thai", &[(0xe00, 0xe7f)]),
    ("Georgian", &[(0x10a0, 0x10ff)]),
    ("Korean", &[(0x1100, 0x11ff), (0xac00, 0xd7af)]),
    ("Japanese", &[(0x3040, 0x30ff)]),
    ("Chinese", &[(0x3400, 0x9fff), (0x20000, 0x2ffff)]),
];

/// Words that fill a good part of any text of a language, and few that two of these languages share.
const COMMON: [(&str, &str); 7] = [
    (
        "English",
        "the and of to is it you that was for with this my not have are on but be they at your what from",
    ),
    (
        "German",
        "der die das und ist nicht ich ein eine zu den mit auf für dem es sich auch wir sie von war aber",
    ),
    (
        "French",
        "le la les et est une un des du je que pas pour dans ne vous qui sur avec nous ce il au mais",
    ),
    (
        "Spanish",
        "el los las y es una que no por con para lo del se muy pero su me está como mi más al",
    ),
    (
        "Italian",
        "il di che è non per una sono con gli della mi ho le ma del anche si nel questo alla più",
    ),
    (
        "Dutch",
        "de het een en van ik is niet dat op te zijn voor met er maar ook je aan heb was bij naar",
    ),
    (
        "Portuguese",
        "o os que não é um uma para com do da em por mais muito eu foi mas meu no na se como",
    ),
];

/// Share of the words that must be among a language's commonest. Running English has about 0.3.
const ENOUGH: f64 = 0.12;
/// Words that must be seen before a language is named.
const FEWEST: usize = 20;

/// Guesses what texts are written in.
pub fn guess(texts: &[&str]) -> Guess {
    let mut letters = [0_usize; SCRIPTS.len()];
    for letter in texts
        .iter()
        .flat_map(|text| text.chars())
        .filter(|c| c.is_alphabetic())
    {
        let code = u32::from(letter);
        let within = |ranges: &[(u32, u32)]| ranges.iter().any(|&(a, b)| (a..=b).contains(&code));
        for (count, (_, ranges)) in letters.iter_mut().zip(SCRIPTS) {
            *count += usize::from(within(ranges));
        }
    }
    // Japanese mixes its own letters with Chinese ones.
    if let [.., japanese, chinese] = &mut letters
        && *japanese * 4 > *chinese
    {
        *japanese += std::mem::take(chinese);
    }
    let all: usize = letters.iter().sum();
    let most = letters.iter().zip(SCRIPTS).max_by_key(|(count, _)| **count);
    let Some((&count, (script, _))) = most.filter(|(count, _)| **count > 0) else {
        return Guess::default();
    };
    Guess {
        script,
        share: count as f64 / all as f64,
        language: (script == "Latin").then(|| language(texts)).flatten(),
    }
}

fn language(texts: &[&str]) -> Option<&'static str> {
    let words: Vec<String> = texts
        .iter()
        .flat_map(|text| text.split(|c: char| !c.is_alphabetic()))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    if words.len() < FEWEST {
        return None;
    }
    COMMON
        .iter()
        .map(|(language, common)| {
            let common: HashSet<&str> = common.split(' ').collect();
            let hits = words.iter().filter(|word| common.contains(word.as_str())).count();
            (*language, hits as f64 / words.len() as f64)
        })
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .filter(|(_, share)| *share >= ENOUGH)
        .map(|(language, _)| language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_told_by_their_commonest_words() {
        for (text, language) in [
            (
                "The parcel was on the table when I came home and it is not what you promised to my wife, but fine.",
                "English",
            ),
            (
                "Das Paket ist nicht da und ich habe es schon zwei Wochen lang mit der Post gesucht, aber wir sind auf dem Weg.",
                "German",
            ),
            (
                "Le colis est dans une boîte et je ne sais pas pour qui il est, mais vous avez des nouvelles sur le site.",
                "French",
            ),
            (
                "El paquete no está en mi casa y lo espero con muchas ganas, pero es muy tarde para los niños que quieren jugar.",
                "Spanish",
            ),
        ] {
            let found = guess(&[text]);
            assert_eq!(found.language, Some(language));
            assert_eq!(found.could_be_english(), language == "English");
        }
    }

    #[test]
    fn scripts_are_told_by_their_letters() {
        for (text, script) in [
            ("Посылка не пришла", "Cyrillic"),
            ("荷物が届きません", "Japanese"),
            ("包裹没有到", "Chinese"),
            ("الطرد لم يصل", "Arabic"),
            ("¿Qué? ok", "Latin"),
            ("123 :-)", ""),
        ] {
            assert_eq!(guess(&[text]).script, script, "{text}");
        }
        assert!(!guess(&["Посылка"]).could_be_english());
        assert!(guess(&["ok"]).could_be_english());
    }
}
